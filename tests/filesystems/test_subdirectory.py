"""What is particular to a sub-directory: how it is found, and that it stays."""

from __future__ import annotations

import pytest

from remit.filesystems.direct import SymbolicLink
from remit.filesystems.memory import MemoryFilesystem
from remit.filesystems.subdirectory import Subdirectory
from remit.kernel import paths
from remit.kernel.errors import Code, KernelError


def memory() -> MemoryFilesystem:
    return MemoryFilesystem({"a/b/f": b"f", "file": b"", "link": SymbolicLink("a"), "up": SymbolicLink("..")})


@pytest.mark.parametrize(
    ("path", "error", "words"),
    [
        ("a/x/y", FileNotFoundError, "subdirectory 'a/x/y': there is no 'x'"),
        ("file", NotADirectoryError, "'file' is not a directory"),
        ("a/b/f/g", NotADirectoryError, "'f' is not a directory"),
        ("link/b", NotADirectoryError, "'link' is a symbolic link"),
        ("up", NotADirectoryError, "'up' is a symbolic link"),
        ("..", ValueError, "not a path"),
        ("a/../..", ValueError, "not a path"),
    ],
)
def test_says_why_it_cannot_be(path: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error) as caught:
        Subdirectory(memory(), path)
    assert words in str(caught.value)


def test_stays_the_same_directory_when_it_is_moved() -> None:
    filesystem = memory()
    top = filesystem.root()
    with Subdirectory(filesystem, "/a/b/") as below:
        top.rename("a", top, "moved")
        top.make_directory("a")
        root = below.root()
    assert [entry.name for entry in root.entries()] == ["f"]
    with pytest.raises(KernelError) as caught:
        paths.stat_at(root, "..", follow=True)
    assert caught.value.code is Code.NOT_CAPABLE


def test_two_parts_of_one_filesystem_exchange_files() -> None:
    filesystem = MemoryFilesystem({"a/f": b"x", "b": {}})
    one, two = Subdirectory(filesystem, "a").root(), Subdirectory(filesystem, "b").root()
    one.rename("f", two, "g")
    assert filesystem.to_dict() == {"a": {}, "b": {"g": b"x"}}


def test_leaves_no_handle_behind() -> None:
    filesystem = MemoryFilesystem({"a/b": {}})
    with pytest.raises(FileNotFoundError):
        Subdirectory(filesystem, "a/x")
    Subdirectory(filesystem, "a/b").close()
    root = filesystem.root()
    a = root.open_directory("a")
    a.remove_directory("b")
    a.close()
    root.remove_directory("a")
    assert filesystem.files_used == 0
