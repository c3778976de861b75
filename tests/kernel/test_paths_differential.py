"""Random operations on random trees: the portable walk, openat2 and plain `os` agree.

`os` is the truth wherever a path stays inside. Where it does not, the two walks on the host check each other, and the
tree beside the granted one shows that nothing happened there.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from host_trees import SECRET, contents, open_descriptors, outcome, snapshot
from remit.filesystems.host import HostFilesystem
from remit.host_errors import translated
from remit.kernel import paths
from remit.kernel.errors import Code
from remit.kernel.files import Directory, File, FileType, How

if TYPE_CHECKING:
    pass

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the truth here is Linux")

# The names of the tree that every plan starts with: directories a and b, files f, links l and m, and one that is free.
components = st.sampled_from([*"aaabbffllmmn", "..", ".", ""])
relative = st.builds(
    lambda parts, slash: "/".join(parts).lstrip("/") + slash,
    st.lists(components, min_size=1, max_size=4),
    st.sampled_from(["", "", "", "/"]),
)
# The ways out that single components do not spell.
anywhere = st.one_of(*[relative] * 6, st.sampled_from(["../outside", "../outside/secret", "a/../../outside/x"]))
hows = st.sampled_from(
    [
        How.READ,
        How.WRITE,
        How.READ | How.WRITE,
        How.READ | How.CREATE,
        How.WRITE | How.CREATE,
        How.WRITE | How.CREATE | How.EXCLUSIVE,
        How.WRITE | How.TRUNCATE,
        How.WRITE | How.CREATE | How.TRUNCATE,
    ]
)


nothing = st.just("")
reading = st.just(How.READ)


class Operation(NamedTuple):
    verb: str
    path: str
    other: str = ""
    follow: bool = False
    how: int = How.READ
    directory_required: bool = False


def any_operation(
    verb: str,
    path: st.SearchStrategy[str] = anywhere,
    other: st.SearchStrategy[str] = nothing,
    how: st.SearchStrategy[int] = reading,
    *,
    directory_required: bool = False,
) -> st.SearchStrategy[Operation]:
    return st.builds(
        Operation,
        st.just(verb),
        path,
        other,
        st.booleans(),
        how,
        st.just(directory_required),
    )


operations = st.one_of(
    any_operation("mkdir"),
    any_operation("mkdir", relative),
    any_operation("symlink", anywhere, anywhere),
    any_operation("symlink", components, relative),
    any_operation("open", how=hows),
    any_operation("open", relative, how=hows),
    any_operation("open", directory_required=True),
    any_operation("stat"),
    any_operation("readlink"),
    any_operation("unlink"),
    any_operation("rmdir"),
    any_operation("rename", anywhere, anywhere),
    any_operation("link", anywhere, anywhere),
    any_operation("utime"),
)


def in_the_kernel(root: Directory, operation: Operation) -> object:
    """Do it by `remit.kernel.paths`; the result in terms that `os` shares."""
    verb, path, other, follow, how, directory_required = operation
    match verb:
        case "mkdir":
            paths.make_directory_at(root, path)
        case "symlink":
            paths.symlink_at(other, root, path)
        case "open":
            opened = paths.open_at(root, path, follow=follow, how=how, directory_required=directory_required)
            try:
                if isinstance(opened, File) and how & How.WRITE:
                    opened.append([memoryview(b"x")])
                return opened.stat().type
            finally:
                opened.close()
        case "stat":
            status = paths.stat_at(root, path, follow=follow)
            return status.type, status.type is not FileType.DIRECTORY and (status.size, status.links)
        case "readlink":
            return paths.read_link_at(root, path)
        case "unlink":
            paths.unlink_at(root, path)
        case "rmdir":
            paths.remove_directory_at(root, path)
        case "rename":
            paths.rename_at(root, path, root, other)
        case "link":
            paths.link_at(root, path, root, other, follow=follow)
        case _:
            paths.set_times_at(root, path, 1, 2, follow=follow)
    return None


TYPES = {stat.S_IFREG: FileType.REGULAR_FILE, stat.S_IFDIR: FileType.DIRECTORY, stat.S_IFLNK: FileType.SYMBOLIC_LINK}


def by_os(root: int, operation: Operation) -> object:
    """Do it by `os`, unconfined."""
    verb, path, other, follow, how, directory_required = operation
    match verb:
        case "mkdir":
            os.mkdir(path, dir_fd=root)
        case "symlink":
            os.symlink(other, path, dir_fd=root)
        case "open":
            flags = (0, os.O_RDONLY, os.O_WRONLY, os.O_RDWR)[how & 3]
            flags |= os.O_CREAT if how & How.CREATE else 0
            flags |= os.O_EXCL if how & How.EXCLUSIVE else 0
            flags |= os.O_TRUNC if how & How.TRUNCATE else 0
            flags |= os.O_DIRECTORY if directory_required else 0
            flags |= 0 if follow else os.O_NOFOLLOW
            descriptor = os.open(path, flags, 0o666, dir_fd=root)
            try:
                kind = TYPES[stat.S_IFMT(os.fstat(descriptor).st_mode)]
                if kind is FileType.REGULAR_FILE and how & How.WRITE:
                    os.lseek(descriptor, 0, os.SEEK_END)
                    os.write(descriptor, b"x")
                return kind
            finally:
                os.close(descriptor)
        case "stat":
            status = os.stat(path, dir_fd=root, follow_symlinks=follow)
            kind = TYPES[stat.S_IFMT(status.st_mode)]
            return kind, kind is not FileType.DIRECTORY and (status.st_size, status.st_nlink)
        case "readlink":
            return os.readlink(path, dir_fd=root)
        case "unlink":
            os.unlink(path, dir_fd=root)
        case "rmdir":
            os.rmdir(path, dir_fd=root)
        case "rename":
            os.rename(path, other, src_dir_fd=root, dst_dir_fd=root)
        case "link":
            os.link(path, other, src_dir_fd=root, dst_dir_fd=root, follow_symlinks=follow)
        case _:
            os.utime(path, ns=(1, 2), dir_fd=root, follow_symlinks=follow)
    return None


def truth(root: int, operation: Operation) -> object:
    try:
        return by_os(root, operation)
    except OSError as error:
        if operation.verb in ("link", "symlink") and error.errno == errno.EEXIST and not is_directory(root, operation):
            # POSIX wants ENOTDIR for the name of a file followed by a slash, and the WASI suite asks for it.
            return Code.NOT_DIRECTORY
        return translated(error).code


def is_directory(root: int, operation: Operation) -> bool:
    """Whether the new name of a link or a hard link, which is taken, may be followed by a slash."""
    path = operation.other if operation.verb == "link" else operation.path
    if not path.endswith("/"):
        return True
    status = os.stat(path.rstrip("/"), dir_fd=root, follow_symlinks=False)
    return stat.S_ISDIR(status.st_mode)


def plant(directory: Path, targets: list[str]) -> None:
    """The tree that every plan starts with."""
    (directory / "a/b").mkdir(parents=True)
    (directory / "b/a/b").mkdir(parents=True)
    for name in ("f", "a/f", "a/b/f"):
        (directory / name).write_bytes(b"inside")
    for name, target in zip(("l", "m", "a/l", "a/b/m", "b/l"), targets, strict=True):
        (directory / name).symlink_to(target)


@settings(max_examples=150, deadline=None)
@given(st.lists(anywhere.filter(bool), min_size=5, max_size=5), st.lists(operations, min_size=1, max_size=20))
@example(["n/"] * 5, [Operation("open", "l", follow=True, how=How.WRITE | How.CREATE)])
@example(["../outside/"] * 5, [Operation("rename", "l/", "b")])
@example(["a"] * 5, [Operation("link", "l/", "n")])
def test_all_walks_agree_with_the_host(targets: list[str], plan: list[Operation]) -> None:
    with tempfile.TemporaryDirectory() as place:
        before = open_descriptors()
        base = Path(place)
        outside = base / "outside"
        outside.mkdir()
        (outside / "secret").write_bytes(SECRET)
        for name in ("portable", "openat2", "truth"):
            plant(base / name, targets)
        untouched = snapshot(outside)

        portable = HostFilesystem(base / "portable", openat2=False).root()
        openat2 = HostFilesystem(base / "openat2").root()
        plain = os.open(base / "truth", os.O_RDONLY)
        try:
            for operation in plan:
                result = outcome(partial(in_the_kernel, portable, operation))
                assert outcome(partial(in_the_kernel, openat2, operation)) == result, operation
                if result is not Code.NOT_CAPABLE:
                    assert truth(plain, operation) == result, operation
        finally:
            portable.close()
            openat2.close()
            os.close(plain)

        assert contents(base / "portable") == contents(base / "truth")
        assert contents(base / "openat2") == contents(base / "truth")
        assert snapshot(outside) == untouched
        assert open_descriptors() == before
