"""Somebody exchanges a directory and a link to the outside while a guest goes through that name."""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from host_trees import SECRET
from passthrough import DATA, SCRATCH
from security.worlds import CREAT, FD_READ, INSIDE, ON_THE_HOST, SUCCESS, TRUNC, World

AT_FDCWD, RENAME_EXCHANGE = -100, 2

# What differs between the previews is not on the way from a path to the host: one of them does for the long races.
LONG = [pytest.param(world, 100_000, marks=pytest.mark.slow) for world in ON_THE_HOST if world.startswith("preview1")]
swaps = pytest.mark.parametrize(
    ("host_world", "swaps"), [*((world, 3_000) for world in ON_THE_HOST), *LONG], indirect=["host_world"]
)


def exchange(one: Path, other: Path, swaps: int) -> None:
    renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    names = os.fsencode(one), os.fsencode(other)
    for _ in range(swaps):
        assert renameat2(AT_FDCWD, names[0], AT_FDCWD, names[1], RENAME_EXCHANGE) == 0


def race(one: Path, other: Path, swaps: int, attempt: Callable[[], None]) -> None:
    swapper = threading.Thread(target=exchange, args=(one, other, swaps))
    swapper.start()
    try:
        while swapper.is_alive():
            attempt()
    finally:
        swapper.join()


@swaps
@pytest.mark.parametrize("target", ["../outside/dir", "../outside/dir/", "absolute"])
def test_check_then_use(host_world: World, target: str, swaps: int) -> None:
    """Never one byte of the outside, nor its size or number."""
    guest, granted = host_world.guest, host_world.granted
    (granted / "d").mkdir()
    (granted / "d" / "secret").write_bytes(INSIDE)
    (granted / "link").symlink_to(str(host_world.outside / "dir") if target == "absolute" else target)
    outside = (host_world.outside / "dir" / "secret").stat().st_ino
    seen: set[bytes] = set()

    def attempt() -> None:
        for path in ("d/secret", "d/../d/secret", "./d//secret", "link/secret"):
            errno, fd = guest.open(path, rights=FD_READ | 1 << 21)
            if errno == SUCCESS:
                seen.add(guest.read(fd)[1])
                assert guest.call("fd_filestat_get", fd, SCRATCH) == SUCCESS
                assert guest.filestat()[1] != outside
                assert guest.call("fd_close", fd) == SUCCESS
            for follow in (0, 1):
                errno, found = guest.stat(path, follow=follow)
                assert errno != SUCCESS or found[1] != outside
        errno, fd = guest.open("d", 2, rights=1 << 14 | FD_READ)
        if errno == SUCCESS:
            assert guest.call("fd_readdir", fd, DATA, 200, 0, SCRATCH) == SUCCESS
            assert outside.to_bytes(8, "little") not in guest.memory.read(DATA, guest.u32())
            assert guest.call("fd_close", fd) == SUCCESS

    race(granted / "d", granted / "link", swaps, attempt)
    assert seen <= {INSIDE}
    assert SECRET not in seen


@swaps
def test_check_then_change(host_world: World, swaps: int) -> None:
    """Nothing is made, cut, renamed or removed outside; the world compares it."""
    guest, granted = host_world.guest, host_world.granted
    (granted / "d").mkdir()
    (granted / "d" / "secret").write_bytes(INSIDE)
    (granted / "link").symlink_to("../outside/dir")

    def attempt() -> None:
        for path in ("d/made", "d/secret"):
            errno, fd = guest.open(path, CREAT | TRUNC)
            if errno == SUCCESS:
                guest.write(fd, b"by the guest")
                guest.call("fd_close", fd)
        guest.call("path_filestat_set_times", 3, 1, *guest.path("d/secret"), 1, 1, 5)
        guest.call("path_create_directory", 3, *guest.path("d/directory"))
        guest.call("path_rename", 3, *guest.path("d/made"), 3, *guest.path("d/renamed", 0x3000))
        guest.call("path_link", 3, 0, *guest.path("file"), 3, *guest.path("d/linked", 0x3000))
        guest.call("path_symlink", *guest.path("file"), 3, *guest.path("d/symlink", 0x3000))
        for name in ("made", "renamed", "linked", "symlink"):
            guest.call("path_unlink_file", 3, *guest.path(f"d/{name}"))
        guest.call("path_remove_directory", 3, *guest.path("d/directory"))

    race(granted / "d", granted / "link", swaps, attempt)


@swaps
def test_a_file_becomes_a_link(host_world: World, swaps: int) -> None:
    guest, granted = host_world.guest, host_world.granted
    (granted / "link").symlink_to("../outside/secret")
    seen: set[bytes] = set()

    def attempt() -> None:
        for follow in (0, 1):
            errno, fd = guest.open("file", rights=FD_READ, follow=follow)
            if errno == SUCCESS:
                seen.add(guest.read(fd)[1])
                assert guest.call("fd_close", fd) == SUCCESS

    race(granted / "file", granted / "link", swaps, attempt)
    assert seen <= {INSIDE}
