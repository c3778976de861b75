"""Which directories of a run share a quota."""

from __future__ import annotations

from pathlib import Path

import pytest

from remit.fs import Code, Filesystem, Host, How, KernelError, Quota, Subdirectory
from remit.policy.quotas import Place, Quotas


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("a/b/c", "ab", "z"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "to-b").symlink_to("a/b")
    return tmp_path


def opened(tree: Path, *grants: str) -> list[Filesystem]:
    """What becomes of grants like ``a/b`` and ``a:ro``."""
    wanted = []
    for grant in grants:
        name, _, mode = grant.partition(":")
        wanted.append(Place(str(tree / name), mode == "ro"))
    quotas = Quotas(wanted, {"max_bytes": 100})
    return [quotas.limited(grant.host, Host(grant.host)) for grant in wanted]


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
    quotas = Quotas([Place("/", True), Place(str(tree / "a"), False)], {"max_files": 1})
    assert type(quotas.limited("/", Host("/"))) is Quota
    part = quotas.limited(str(tree / "a"), Host(tree / "a"))
    assert fill(part, "f", 500) == 500
    with pytest.raises(KernelError) as caught:
        part.root().make_directory("d")
    assert caught.value.code is Code.NO_SPACE


def test_paths_that_can_be_none_are_for_others_to_refuse(tree: Path) -> None:
    quotas = Quotas([Place("a\0b", False), Place(str(tree), True)], {"max_bytes": 100})
    assert type(quotas.limited(str(tree), Host(tree))) is Host
