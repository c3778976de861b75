"""Which directories of a run share a quota."""

from __future__ import annotations

from pathlib import Path

import pytest

from remit.cli.host_directories import HostDirectories
from remit.cli.report import CommandError
from remit.cli.values import DirectoryGrant
from remit.fs import Code, Filesystem, Host, How, KernelError, Quota, Subdirectory

LIMITS = {"max_bytes": 100}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("a/b/c", "ab", "z"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "to-b").symlink_to("a/b")
    return tmp_path


def opened(tree: Path, *grants: str, limits: dict[str, int] | None = None) -> list[Filesystem]:
    """What becomes of grants like ``a/b`` and ``a:ro``."""
    wanted = []
    for grant in grants:
        name, _, mode = grant.partition(":")
        wanted.append(DirectoryGrant(str(tree / name), name, mode == "ro"))
    directories = HostDirectories(wanted, LIMITS if limits is None else limits)
    return [directories.open("--dir", grant.host) for grant in wanted]


def fill(filesystem: Filesystem, name: str, size: int) -> int:
    """How much of `size` bytes can be written to a new file."""
    root = filesystem.root()
    try:
        file = root.open_file(name, How.WRITE | How.CREATE)
        try:
            return file.write_at(0, [memoryview(bytes(size))])
        except KernelError as error:
            assert error.code is Code.NO_SPACE  # noqa: PT017 - with it nothing is written
            return 0
        finally:
            file.close()
    finally:
        root.close()


def test_each_may_grow_by_so_much(tree: Path) -> None:
    a, other, z = opened(tree, "a", "ab", "z:ro")
    assert (fill(a, "f", 500), fill(other, "f", 500)) == (100, 100)
    assert type(z) is Host


def test_without_limits_they_are_what_they_are(tree: Path) -> None:
    assert [type(each) for each in opened(tree, "a", "a/b", limits={})] == [Host, Host]


@pytest.mark.parametrize("grants", [("a", "a/b/c"), ("a/b/c", "a"), ("a", "to-b"), ("a", "a"), ("a/", "a/b/../b")])
def test_those_that_overlap_share_it(tree: Path, grants: tuple[str, str]) -> None:
    one, two = opened(tree, *grants)
    assert (fill(one, "f", 70), fill(two, "g", 70)) == (70, 30)
    one.root().rename("f", two.root(), "moved")


@pytest.mark.parametrize(("writable", "frozen"), [("a", "a/b:ro"), ("a/b", "a:ro"), ("a/b/c", "a/b/c:ro")])
def test_what_is_removed_here_and_open_there_counts(tree: Path, writable: str, frozen: str) -> None:
    one, two = opened(tree, writable, frozen)
    innermost = tree / "a" / "b" / "c"
    here, there = (
        Subdirectory(part, str(innermost.relative_to(tree / grant.removesuffix(":ro"))).strip("."))
        for part, grant in ((one, writable), (two, frozen))
    )
    assert fill(here, "f", 60) == 60
    reader = there.root().open_file("f", How.READ)
    here.root().unlink("f")
    assert fill(one, "g", 60) == 40
    reader.close()
    assert fill(one, "h", 60) == 60


def test_the_whole_host(tree: Path) -> None:
    directories = HostDirectories([DirectoryGrant("/", "/", True), DirectoryGrant(str(tree / "a"), "a", False)], LIMITS)
    assert type(directories.open("--dir", "/")) is Quota
    assert fill(directories.open("--dir", str(tree / "a")), "f", 500) == 100


def test_what_cannot_be_opened_is_named_as_it_was_written(tree: Path) -> None:
    for path, message in (
        ("nowhere", "--dir: nowhere: cannot grant a directory: No such file"),
        ("a\0b", "--dir: 'a\\x00b': "),
    ):
        directories = HostDirectories([DirectoryGrant(path, "x", False)], LIMITS)
        with pytest.raises(CommandError) as caught:
            directories.open("--dir", path)
        assert str(caught.value).startswith(message)
