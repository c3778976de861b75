"""Somebody exchanges a directory and a link to the outside while a program walks through that name."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from functools import partial
from typing import TYPE_CHECKING

import pytest

from host_trees import SECRET, descriptors_below, outcome
from remit.filesystems.host import HostFilesystem
from remit.kernel import paths
from remit.kernel.errors import Code, KernelError
from remit.kernel.files import Directory, File, How

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="renameat2 exchanges two names in one step")

AT_FDCWD = -100
RENAME_EXCHANGE = 2
INSIDE = b"inside"
# What a program may be told while the ground moves under it.
EXPECTED = {Code.NOT_CAPABLE, Code.NO_ENTRY, Code.NOT_DIRECTORY, Code.LOOP, Code.NOT_EMPTY, Code.EXISTS}

swaps = pytest.mark.parametrize("swaps", [10_000, pytest.param(100_000, marks=pytest.mark.slow)])


def exchange(one: Path, other: Path, swaps: int) -> None:
    """Exchange two names, again and again."""
    renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    one_path, other_path = os.fsencode(one), os.fsencode(other)
    for _ in range(swaps):
        failed = renameat2(AT_FDCWD, one_path, AT_FDCWD, other_path, RENAME_EXCHANGE)
        assert not failed, os.strerror(ctypes.get_errno())


def race(one: Path, other: Path, swaps: int, attempt: Callable[[], None]) -> set[Code | None]:
    """Make attempts while another thread exchanges two names; the ways they ended."""
    swapper = threading.Thread(target=exchange, args=(one, other, swaps))
    ends: set[Code | None] = set()
    swapper.start()
    try:
        while swapper.is_alive():
            try:
                attempt()
                ends.add(None)
            except KernelError as error:
                ends.add(error.code)
    finally:
        swapper.join()
    return ends


@pytest.fixture(params=["portable", "openat2"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Directory]:
    """`granted/d/secret`, `granted/a/b/secret`, and the same names outside."""
    for name, content in (("granted", INSIDE), ("outside", SECRET)):
        for place in ("", "d", "a", "a/b"):
            (tmp_path / name / place).mkdir(parents=True, exist_ok=True)
            (tmp_path / name / place / "secret").write_bytes(content)
    filesystem = HostFilesystem(tmp_path / "granted", openat2=request.param == "openat2")
    directory = filesystem.root()
    yield directory
    directory.close()
    filesystem.close()
    assert descriptors_below(tmp_path) == []


def read(directory: Directory, path: str, *, follow: bool) -> bytes:
    opened = paths.open_at(directory, path, follow=follow, how=How.READ)
    try:
        assert isinstance(opened, File)
        buffer = bytearray(64)
        return bytes(buffer[: opened.read_at(0, [memoryview(buffer)])])
    finally:
        opened.close()


@swaps
@pytest.mark.parametrize("target", ["../outside/d", "../outside/d/", "absolute"])
def test_a_directory_becomes_a_link(root: Directory, tmp_path: Path, target: str, swaps: int) -> None:
    link = tmp_path / "granted" / "link"
    link.symlink_to(str(tmp_path / "outside/d") if target == "absolute" else target)

    def attempt() -> None:
        for path in ("d/secret", "d/../d/secret", "link/secret", "a/../d/./secret"):
            assert read(root, path, follow=False) == INSIDE

    assert race(link, tmp_path / "granted" / "d", swaps, attempt) <= {None, *EXPECTED}


@swaps
def test_a_file_becomes_a_link(root: Directory, tmp_path: Path, swaps: int) -> None:
    link = tmp_path / "granted" / "d" / "link"
    link.symlink_to("../../outside/secret")

    def attempt() -> None:
        for follow in (False, True):
            assert read(root, "d/secret", follow=follow) == INSIDE

    ends = race(link, tmp_path / "granted" / "d" / "secret", swaps, attempt)
    assert ends <= {None, *EXPECTED}


@swaps
def test_a_directory_is_moved_away_while_a_walk_stands_in_it(root: Directory, tmp_path: Path, swaps: int) -> None:
    """`..` in a directory that has just been moved out of the grant would be a directory of the outside."""

    def attempt() -> None:
        # `a/b` itself may be the one that was outside a moment ago; what lies above it must not.
        assert read(root, "a/b/../secret", follow=False) == INSIDE
        assert read(root, "a/b/../../secret", follow=False) == INSIDE

    assert race(tmp_path / "granted/a/b", tmp_path / "outside/a/b", swaps, attempt) <= {None, *EXPECTED}


@swaps
def test_nothing_is_made_changed_or_removed_outside(root: Directory, tmp_path: Path, swaps: int) -> None:
    link = tmp_path / "granted" / "link"
    link.symlink_to("../outside/d")
    outside = tmp_path / "outside" / "d"

    def make() -> None:
        paths.open_at(root, "d/made", follow=True, how=How.WRITE | How.CREATE).close()

    actions: list[Callable[[], None]] = [
        make,
        partial(paths.make_directory_at, root, "d/directory"),
        partial(paths.symlink_at, "x", root, "d/symlink"),
        partial(paths.link_at, root, "secret", root, "d/linked"),
        partial(paths.rename_at, root, "d/made", root, "d/renamed"),
        partial(paths.set_times_at, root, "d/secret", 1, 2, follow=True),
        partial(paths.unlink_at, root, "d/renamed"),
        partial(paths.unlink_at, root, "d/symlink"),
        partial(paths.unlink_at, root, "d/linked"),
        partial(paths.remove_directory_at, root, "d/directory"),
    ]

    def attempt() -> None:
        for action in actions:
            assert outcome(action) in {None, *EXPECTED}, action
        assert os.listdir(outside) == ["secret"]

    race(link, tmp_path / "granted" / "d", swaps, attempt)
    assert os.listdir(outside) == ["secret"]
    assert (outside / "secret").read_bytes() == SECRET
    assert (outside / "secret").stat().st_mtime_ns > 2
