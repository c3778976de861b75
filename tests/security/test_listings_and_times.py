"""What the host writes into the guest's memory: entries, attributes, and what is between them."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator

import pytest

from passthrough import DATA, SCRATCH, Guest
from security.worlds import (
    CREAT,
    DIRECTORY,
    FAULT,
    FD_READ,
    FD_WRITE,
    SUCCESS,
    World,
)

FILL = b"\xa5"
DIRENT = struct.Struct("<QQIB3s")


def entries(guest: Guest, fd: int, length: int, cookie: int = 0) -> Iterator[tuple[int, bytes, bytes]]:
    """Next cookie, name and padding of each whole entry that a call writes into `length` bytes."""
    guest.memory.write(DATA, FILL * (length + 64))
    assert guest.call("fd_readdir", fd, DATA, length, cookie, SCRATCH) == SUCCESS
    used = guest.u32()
    assert used <= length
    assert guest.memory.read(DATA + used, length + 64 - used) == FILL * (length + 64 - used), "not one byte beyond"
    written = guest.memory.read(DATA, used)
    while len(written) >= DIRENT.size:
        following, _, size, _, padding = DIRENT.unpack_from(written)
        name, written = written[DIRENT.size : DIRENT.size + size], written[DIRENT.size + size :]
        if len(name) == size:
            yield following, name, padding


def test_padding_of_entries_is_zero_and_the_last_one_may_be_cut(world: World) -> None:
    guest = world.guest
    whole = list(entries(guest, 3, 4096))
    names = [name for _, name, _ in whole]
    assert {b".", b"..", b"file", b"dir"} <= set(names)
    assert {padding for _, _, padding in whole} == {bytes(3)}
    for length in range(200):
        cut = list(entries(guest, 3, length))
        assert cut == whole[: len(cut)]
    found, cookie = [], 0
    while batch := list(entries(guest, 3, 100, cookie)):
        found += [name for _, name, _ in batch]
        cookie = batch[-1][0]
    assert found == names


def test_a_listing_goes_on_by_cookie_while_the_directory_changes(world: World) -> None:
    guest = world.guest
    if world.writable:
        assert guest.call("path_create_directory", 3, *guest.path("many")) == SUCCESS
        for number in range(50):
            errno, fd = guest.open(f"many/{number}", CREAT)
            assert errno == SUCCESS
            assert guest.call("fd_close", fd) == SUCCESS
    else:
        many = world.granted / "many"
        many.mkdir()
        for number in range(50):
            (many / str(number)).touch()
        world.freeze()
    errno, many_fd = guest.open("many", DIRECTORY, rights=1 << 14)
    assert errno == SUCCESS
    seen: list[bytes] = []
    cookie = 0
    while batch := list(entries(guest, many_fd, 64, cookie)):
        for following, name, _ in batch:
            seen.append(name)
            cookie = following
            if world.writable and name not in (b".", b".."):
                assert guest.call("path_unlink_file", 3, *guest.path(b"many/" + name)) == SUCCESS
    assert sorted(seen) == sorted([b".", b"..", *(str(number).encode() for number in range(50))])


@pytest.mark.parametrize("cookie", [1 << 31, 1 << 32, (1 << 63) - 1, 1 << 63, (1 << 64) - 1])
def test_cookies_at_the_extremes(world: World, cookie: int) -> None:
    guest = world.guest
    for length in (0, 1, 24, 1000):
        assert list(entries(guest, 3, length, cookie)) == []
        list(entries(guest, 3, length, 0))
        assert list(entries(guest, 3, length, cookie)) == []


def test_a_buffer_of_a_listing_beyond_the_memory(world: World) -> None:
    guest = world.guest
    for address, length in ((DATA, 1 << 30), (guest.size - 4, 5), (guest.size, 1), (0xFFFFFFFF, 1), (DATA, 0xFFFFFFFF)):
        assert guest.call("fd_readdir", 3, address, length, 0, SCRATCH) == FAULT
    for used in (guest.size - 3, 0xFFFFFFFD):
        assert guest.call("fd_readdir", 3, DATA, 64, 0, used) == FAULT


EXTREMES = [0, -1, -(10**9), -(1 << 31) * 10**9, 1, (1 << 31) * 10**9, (1 << 33) * 10**9, 1 << 62]


@pytest.mark.parametrize("time", EXTREMES)
def test_times_before_the_epoch_and_at_the_extremes(world: World, time: int) -> None:
    os.utime(world.granted / "file", ns=(time, time))
    os.utime(world.granted / "dir", ns=(time, time))
    os.utime(world.granted / "to-file", ns=(time, time), follow_symlinks=False)
    kept = (world.granted / "file").stat().st_mtime_ns
    world.freeze()
    shown = [world.guest, world.another({"/": world.made()})]
    for guest in shown:
        expected = max(kept, 0)
        for path in ("file", "dir", "to-file", "dir/../file"):
            for follow in (0, 1):
                errno, found = guest.stat(path, follow=follow)
                assert errno == SUCCESS
                assert world.kind == "memory" or found[6] == expected, "the nearest that can be told"
        for path, rights in (("file", FD_READ), ("dir", 1 << 14)):
            errno, fd = guest.open(path, rights=rights | 1 << 21)
            assert errno == SUCCESS
            assert guest.call("fd_filestat_get", fd, SCRATCH) == SUCCESS
            assert world.kind == "memory" or guest.filestat()[6] == expected


@pytest.mark.parametrize("time", [0, 1, (1 << 31) * 10**9, (1 << 63) - 1, 1 << 63, (1 << 64) - 2, (1 << 64) - 1])
def test_a_guest_sets_times_at_the_extremes(world: World, time: int) -> None:
    guest = world.guest
    assert (
        guest.call("path_filestat_set_times", 3, 1, *guest.path("file"), time, time, 5) == SUCCESS
    ) == world.writable
    assert guest.stat("file")[0] == SUCCESS
    rights = FD_READ | (FD_WRITE if world.writable else 0) | 1 << 23 | 1 << 21
    errno, fd = guest.open("file", rights=rights)
    assert errno == SUCCESS
    assert (guest.call("fd_filestat_set_times", fd, time, time, 5) == SUCCESS) == world.writable
    assert guest.call("fd_filestat_get", fd, SCRATCH) == SUCCESS
