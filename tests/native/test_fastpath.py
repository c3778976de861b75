"""The fast path does what the Python implementation does: the same calls through both, on equal trees."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from file_calls import FD_READ, STEPS, SUCCESS, contents, perform, plant
from host_trees import descriptors_below
from passthrough import DATA, SCRATCH, SIZE, Guest
from remit.engine.wasmtime.native import function_addresses
from remit.kernel.limits import Limits
from remit.native.library import FUNCTIONS, STREAM_FUNCTIONS, native_functions
from remit.native.table import NativeDescriptorTable, SlotFile

pytestmark = pytest.mark.skipif(
    not native_functions(function_addresses), reason="the native library was not built (no C compiler, or not Linux)"
)

CREAT, DIRECTORY, EXCL, TRUNC = 1, 2, 4, 8
APPEND, NONBLOCK = 1, 4
BADF, FAULT, INVAL, MFILE, NOENT, NOTCAPABLE, ROFS = 8, 21, 28, 33, 44, 76, 69


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Guest]]:
    guests: list[Guest] = []

    def make(**options: Any) -> Guest:
        guest = Guest({"/": plant(tmp_path / f"tree{len(guests)}")}, **{"native": True, **options})
        guests.append(guest)
        return guest

    yield make
    for guest in guests:
        guest.close()


def table_of(guest: Guest) -> NativeDescriptorTable:
    table = guest.instance._world.process.descriptors
    assert isinstance(table, NativeDescriptorTable)
    return table


def known_to_python(guest: Guest) -> set[int]:
    return set(table_of(guest)._entries)


def test_the_calls_are_really_served_by_it(make: Callable[..., Guest]) -> None:
    guest = make()
    errno, fd = guest.open("file")
    assert (errno, fd) == (SUCCESS, 4)
    assert fd not in known_to_python(guest), "Python opened it"
    assert guest.call("fd_read", fd, *guest.iovec((DATA, 4)), SCRATCH) == SUCCESS
    assert guest.call("fd_seek", fd, 1, 1, SCRATCH) == SUCCESS
    assert guest.u64() == 5
    assert guest.call("fd_filestat_get", fd, SCRATCH) == SUCCESS
    assert guest.call("fd_fdstat_get", fd, SCRATCH) == SUCCESS
    assert fd not in known_to_python(guest), "Python was asked"
    assert guest.call("fd_close", fd) == SUCCESS
    assert guest.call("fd_close", fd) == BADF


def test_python_takes_over_what_it_opened(make: Callable[..., Guest]) -> None:
    guest = make()
    _, fd = guest.open("file")
    assert guest.call("fd_read", fd, *guest.iovec((DATA, 3)), SCRATCH) == SUCCESS
    assert guest.call("fd_filestat_set_size", fd, 4) == SUCCESS
    entry = table_of(guest).get(fd)
    assert isinstance(entry, SlotFile)
    assert entry.position == 3
    # And back: what Python knows now, C goes on serving, from the same position.
    assert guest.call("fd_read", fd, *guest.iovec((DATA, 10)), SCRATCH) == SUCCESS
    assert guest.u32() == 1
    assert entry.position == 4
    assert guest.call("fd_close", fd) == SUCCESS
    assert guest.call("fd_read", fd, *guest.iovec((DATA, 10)), SCRATCH) == BADF
    assert fd not in known_to_python(guest)


def test_append_and_flags_go_both_ways(make: Callable[..., Guest]) -> None:
    guest = make()
    _, fd = guest.open("file", fdflags=APPEND)
    guest.memory.write(DATA, b"end")
    assert guest.call("fd_write", fd, *guest.iovec((DATA, 3)), SCRATCH) == SUCCESS
    assert guest.call("fd_fdstat_set_flags", fd, NONBLOCK) == SUCCESS
    assert guest.call("fd_fdstat_get", fd, SCRATCH) == SUCCESS
    assert struct.unpack("<H", guest.memory.read(SCRATCH + 2, 2)) == (NONBLOCK,)
    assert guest.call("fd_tell", fd, SCRATCH) == SUCCESS
    assert guest.u64() == 13


def test_rights_given_up_are_gone_for_both(make: Callable[..., Guest]) -> None:
    guest = make()
    _, fd = guest.open("file")
    assert guest.call("fd_fdstat_set_rights", fd, FD_READ, 0) == SUCCESS
    assert guest.call("fd_write", fd, *guest.iovec((DATA, 3)), SCRATCH) == NOTCAPABLE
    assert guest.call("fd_read", fd, *guest.iovec((DATA, 3)), SCRATCH) == SUCCESS
    assert guest.call("fd_fdstat_set_rights", 3, 0, 0) == SUCCESS
    assert guest.open("file")[0] == NOTCAPABLE
    assert guest.call("path_filestat_get", 3, 1, *guest.path("file"), SCRATCH) == NOTCAPABLE


def test_descriptors_are_limited_and_lowest_first(make: Callable[..., Guest]) -> None:
    guest = make(limits=Limits(descriptors=7))
    assert [guest.open("file") for _ in range(4)] == [(SUCCESS, 4), (SUCCESS, 5), (SUCCESS, 6), (MFILE, -1)]
    assert guest.open("dir", DIRECTORY, rights=FD_READ)[0] == MFILE
    assert guest.call("fd_close", 5) == SUCCESS
    assert guest.open("dir", DIRECTORY, rights=FD_READ) == (SUCCESS, 5)
    assert guest.call("fd_renumber", 6, 4) == SUCCESS
    assert guest.open("file") == (SUCCESS, 6)


def test_renumbering_moves_the_position(make: Callable[..., Guest]) -> None:
    guest = make()
    _, first = guest.open("file")
    _, second = guest.open("dir/inner")
    assert guest.call("fd_seek", first, 7, 0, SCRATCH) == SUCCESS
    assert guest.call("fd_renumber", first, second) == SUCCESS
    assert guest.call("fd_read", second, *guest.iovec((DATA, 10)), SCRATCH) == SUCCESS
    assert guest.memory.read(DATA, guest.u32()) == b"789"
    assert guest.call("fd_tell", first, SCRATCH) == BADF


def test_host_descriptors_are_given_back(make: Callable[..., Guest], tmp_path: Path) -> None:
    guest = make()
    before = len(descriptors_below(tmp_path))
    for _ in range(20):
        assert guest.open("file")[0] == SUCCESS
    for fd in range(4, 14):
        assert guest.call("fd_close", fd) == SUCCESS
    assert len(descriptors_below(tmp_path)) == before + 10
    guest.close()
    assert descriptors_below(tmp_path) == []


@pytest.mark.parametrize("path", ["out", "absolute", "up/outside", "../outside", "dir/../../outside", "/etc/passwd"])
@pytest.mark.parametrize("oflags", [0, CREAT, TRUNC, CREAT | TRUNC, CREAT | EXCL])
def test_nothing_outside_is_reached(make: Callable[..., Guest], tmp_path: Path, path: str, oflags: int) -> None:
    guest = make()
    assert guest.open(path, oflags)[0] != SUCCESS
    assert guest.call("path_filestat_get", 3, 1, *guest.path(path), SCRATCH) != SUCCESS
    assert (tmp_path / "outside").read_bytes() == b"secret"


def test_bad_pointers_are_refused_before_anything_happens(make: Callable[..., Guest]) -> None:
    guest = make()
    path = guest.path("new")
    assert guest.call("path_open", 3, 1, *path, CREAT, FD_READ, 0, 0, SIZE - 3) == FAULT
    assert guest.call("path_filestat_get", 3, 1, *path, SCRATCH) == NOENT
    _, fd = guest.open("file")
    for address in (SIZE - 3, 0xFFFFFFFF, 0xFFFFFFFD):
        assert guest.call("fd_read", fd, *guest.iovec((DATA, 4)), address) == FAULT
        assert guest.call("fd_seek", fd, 1, 0, address) == FAULT
    assert guest.call("fd_read", fd, *guest.iovec((SIZE - 4, 5)), SCRATCH) == FAULT
    assert guest.call("fd_read", fd, *guest.iovec((0xFFFFFFFF, 0xFFFFFFFF)), SCRATCH) == FAULT
    assert guest.call("fd_read", fd, SIZE - 4, 1, SCRATCH) == FAULT
    assert guest.call("fd_tell", fd, SCRATCH) == SUCCESS
    assert guest.u64() == 0
    assert guest.call("random_get", SIZE - 1, 2) == FAULT
    assert guest.call("clock_time_get", 0, 0, SIZE - 7) == FAULT


def test_the_clock_and_random_numbers_that_were_granted_are_the_ones_it_gives(make: Callable[..., Guest]) -> None:
    from remit.kernel.clocks import FixedClock

    guest = make(wall_clock=FixedClock(12345), random=7)
    assert guest.call("clock_time_get", 0, 0, SCRATCH) == SUCCESS
    assert guest.u64() == 12345
    assert guest.call("random_get", DATA, 32) == SUCCESS
    again = make(random=7)
    assert again.call("random_get", DATA, 32) == SUCCESS
    assert guest.memory.read(DATA, 32) == again.memory.read(DATA, 32)


def test_the_monotonic_clock_counts_from_the_same_moment_as_in_python(make: Callable[..., Guest]) -> None:
    """Otherwise a program that reads the clock here and sleeps until a time there never wakes, and knows the uptime."""
    guest = make()
    assert guest.call("clock_time_get", 1, 0, SCRATCH) == SUCCESS
    in_c = guest.u64()
    clock = guest.instance._world.process.monotonic_clock
    assert clock is not None
    in_python = clock.now()
    assert in_c <= in_python < in_c + 60_000_000_000
    assert in_python < 600_000_000_000


def test_every_function_it_takes_over_is_there() -> None:
    assert set(native_functions(function_addresses)) == {*FUNCTIONS, *STREAM_FUNCTIONS.values()}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEPS, min_size=1, max_size=25))
def test_random_calls_end_alike(tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[Any, ...]]) -> None:
    base = tmp_path_factory.mktemp("both")
    limits = Limits(descriptors=8, io_bytes=1 << 16)
    fast = Guest({"/": plant(base / "fast")}, native=True, limits=limits)
    plain = Guest({"/": plant(base / "plain")}, native=False, limits=limits)
    try:
        for step in steps:
            assert perform(fast, step) == perform(plain, step), step
        assert contents(base / "fast") == contents(base / "plain")
        assert (base / "outside").read_bytes() == b"secret"
    finally:
        fast.close()
        plain.close()
