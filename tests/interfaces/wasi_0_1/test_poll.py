from __future__ import annotations

import struct
from collections.abc import Callable

import pytest

from interfaces.guest import BADF, FAULT, INVAL, NOMEM, NOTCAPABLE, NOTSUP, ROOT, SIZE, SUCCESS, Guest
from interfaces.streams import Pipe
from remit.engine.api import Pending
from remit.filesystems.memory import MemoryFilesystem
from remit.kernel import rights
from remit.kernel.clocks import HostCpuClock, VirtualClock
from remit.kernel.limits import Limits
from remit.kernel.poll import AnyOf, Timer

MakeGuest = Callable[..., Guest]
REALTIME, MONOTONIC = 0, 1
CLOCK, FD_READ, FD_WRITE = 0, 1, 2
ABSTIME = 1
Event = tuple[int, int, int, int, int]
"""Userdata, error, type, number of bytes, flags."""


def on_clock(guest: Guest, userdata: int, timeout: int, *, clock: int = MONOTONIC, flags: int = 0) -> bytes:
    head = struct.pack("<QB7x", userdata, CLOCK)
    identifier = struct.pack("<Q", 2**64 - 1) if guest.preview.MODULE == "wasi_unstable" else b""
    return head + identifier + struct.pack("<I4xQQH6x", clock, timeout, 2**64 - 1, flags)


def on_fd(guest: Guest, userdata: int, type: int, fd: int) -> bytes:
    return struct.pack("<QB7xI", userdata, type, fd).ljust(guest.preview.LAYOUT.subscription_size, b"\xff")


def arguments(guest: Guest, *subscriptions: bytes) -> tuple[int, int, int, int]:
    """The arguments of a call, with room for the events at 0x8000."""
    return guest.put(b"".join(subscriptions)), 0x8000, len(subscriptions), guest.OUT


def events(guest: Guest) -> list[Event]:
    data = guest.memory.read(0x8000, 32 * guest.u32())
    return list(struct.iter_unpack("<QHB5xQH6x", data))


def deadlines(block: Pending) -> list[int]:
    found = []
    waited_for = block.wait_for
    for pollable in waited_for.pollables if isinstance(waited_for, AnyOf) else [waited_for]:
        assert isinstance(pollable, Timer)
        found.append(pollable.deadline)
    return found


@pytest.mark.parametrize("clock", [REALTIME, MONOTONIC])
def test_a_relative_time(guest: Guest, clock: int) -> None:
    start = guest.clock.now()
    block = guest.blocked("poll_oneoff", *arguments(guest, on_clock(guest, 7, 500, clock=clock)))
    assert deadlines(block) == [start + 500]
    # Woken too early: it waits for the same moment.
    guest.clock.advance_to(start + 499)
    again = block.resume()
    assert isinstance(again, Pending)
    assert deadlines(again) == [start + 500]
    guest.clock.advance_to(start + 500)
    assert again.resume() == SUCCESS
    assert events(guest) == [(7, 0, CLOCK, 0, 0)]


@pytest.mark.parametrize("clock", [REALTIME, MONOTONIC])
def test_an_absolute_time(guest: Guest, clock: int) -> None:
    now = guest.clock.now()
    guest.ok("poll_oneoff", *arguments(guest, on_clock(guest, 1, now, clock=clock, flags=ABSTIME)))
    guest.ok("poll_oneoff", *arguments(guest, on_clock(guest, 1, 0, clock=clock, flags=ABSTIME)))
    block = guest.blocked("poll_oneoff", *arguments(guest, on_clock(guest, 1, now + 9, clock=clock, flags=ABSTIME)))
    assert deadlines(block) == [now + 9]


def test_no_time_at_all(guest: Guest) -> None:
    guest.ok("poll_oneoff", *arguments(guest, on_clock(guest, 1, 0), on_clock(guest, 2, 10), on_clock(guest, 3, 0)))
    assert events(guest) == [(1, 0, CLOCK, 0, 0), (3, 0, CLOCK, 0, 0)]


def test_two_times(guest: Guest) -> None:
    start = guest.clock.now()
    block = guest.blocked("poll_oneoff", *arguments(guest, on_clock(guest, 1, 900), on_clock(guest, 2, 300)))
    assert deadlines(block) == [start + 900, start + 300]
    guest.clock.advance_to(start + 300)
    assert block.resume() == SUCCESS
    assert events(guest) == [(2, 0, CLOCK, 0, 0)]


@pytest.mark.parametrize("flags", [0, ABSTIME])
@pytest.mark.parametrize("timeout", [2**64 - 1, 2**63, 2**63 - 1])
def test_for_ever(guest: Guest, timeout: int, flags: int) -> None:
    block = guest.blocked("poll_oneoff", *arguments(guest, on_clock(guest, 1, timeout, flags=flags)))
    assert deadlines(block) == [2**63 - 1]


def test_the_clocks_are_told_apart(make_guest: MakeGuest) -> None:
    wall = VirtualClock(10**18)
    guest = make_guest(wall_clock=wall)
    block = guest.blocked(
        "poll_oneoff", *arguments(guest, on_clock(guest, 1, 5, clock=REALTIME), on_clock(guest, 2, 5, clock=MONOTONIC))
    )
    assert deadlines(block) == [10**18 + 5, guest.clock.now() + 5]
    wall.advance_to(10**18 + 5)
    assert block.resume() == SUCCESS
    assert events(guest) == [(1, 0, CLOCK, 0, 0)]


def test_processor_time_is_no_alarm(guest: Guest) -> None:
    guest.ok("poll_oneoff", *arguments(guest, on_clock(guest, 1, 5, clock=2)))
    assert events(guest) == [(1, INVAL, CLOCK, 0, 0)]
    guest.data.cpu_clock = HostCpuClock()
    guest.ok("poll_oneoff", *arguments(guest, on_clock(guest, 1, 5, clock=3)))
    assert events(guest) == [(1, NOTSUP, CLOCK, 0, 0)]


def test_files_are_always_ready(guest: Guest) -> None:
    fd = guest.file("f", b"0123456789")
    guest.seek(fd, 4)
    subscriptions = (on_fd(guest, 1, FD_READ, fd), on_fd(guest, 2, FD_WRITE, fd), on_clock(guest, 3, 100))
    guest.ok("poll_oneoff", *arguments(guest, *subscriptions))
    assert events(guest) == [(1, 0, FD_READ, 6, 0), (2, 0, FD_WRITE, 1, 0)]
    guest.seek(fd, 40)
    guest.ok("poll_oneoff", *arguments(guest, *subscriptions))
    assert events(guest)[0] == (1, 0, FD_READ, 0, 0)


def test_streams_are_waited_for(make_guest: MakeGuest) -> None:
    stdin, stdout = Pipe(), Pipe()
    guest = make_guest(stdin=stdin, stdout=stdout)
    start = guest.clock.now()
    subscriptions = (on_fd(guest, 1, FD_READ, 0), on_fd(guest, 2, FD_WRITE, 1), on_clock(guest, 3, 100))
    block = guest.blocked("poll_oneoff", *arguments(guest, *subscriptions))
    assert isinstance(block.wait_for, AnyOf)
    assert block.wait_for.pollables[:2] == [stdin.ready, stdout.ready]
    stdout.ready.set()
    assert block.resume() == SUCCESS
    assert events(guest) == [(2, 0, FD_WRITE, 1, 0)]
    stdin.ready.set()
    guest.clock.advance_to(start + 100)
    guest.ok("poll_oneoff", *arguments(guest, *subscriptions))
    assert events(guest) == [(1, 0, FD_READ, 1, 0), (2, 0, FD_WRITE, 1, 0)]


def test_what_is_wrong_with_a_descriptor_is_an_event(guest: Guest) -> None:
    guest.file("f")
    lacking = guest.open("f", base=rights.FILE_READ)
    guest.ok(
        "poll_oneoff",
        *arguments(
            guest,
            on_clock(guest, 1, 100),
            on_fd(guest, 2, FD_READ, 99),
            on_fd(guest, 3, FD_WRITE, 2**32 - 1),
            on_fd(guest, 4, FD_READ, ROOT),
            on_fd(guest, 5, FD_READ, lacking),
            on_fd(guest, 6, FD_WRITE, 0),
        ),
    )
    assert events(guest) == [
        (2, BADF, FD_READ, 0, 0),
        (3, BADF, FD_WRITE, 0, 0),
        (4, BADF, FD_READ, 0, 0),
        (5, NOTCAPABLE, FD_READ, 0, 0),
        (6, NOTCAPABLE, FD_WRITE, 0, 0),
    ]


def test_subscriptions_that_make_no_sense(guest: Guest) -> None:
    good = on_clock(guest, 1, 0)
    for bad in (
        on_fd(guest, 1, 3, 0),
        on_fd(guest, 1, 255, 0),
        on_clock(guest, 1, 0, clock=4),
        on_clock(guest, 1, 0, clock=2**32 - 1),
        on_clock(guest, 1, 0, flags=2),
    ):
        assert guest.call("poll_oneoff", *arguments(guest, good, bad)) == INVAL
    assert not any(guest.memory.read(0x8000, 64))


def test_nothing_to_wait_for(guest: Guest) -> None:
    assert guest.call("poll_oneoff", 0x1000, 0x8000, 0, guest.OUT) == INVAL
    assert guest.call("poll_oneoff", 2**32 - 1, 2**32 - 1, 0, 2**32 - 1) == INVAL


@pytest.mark.parametrize("count", [1, 2, 2**16, 2**32 - 1])
def test_every_element_is_checked(guest: Guest, count: int) -> None:
    size = guest.preview.LAYOUT.subscription_size
    one = guest.put(on_clock(guest, 1, 0))
    short = SIZE - count * size + 1 if count < 3 else one
    assert guest.call("poll_oneoff", max(short, 0), 0x8000, count, guest.OUT) == FAULT
    events_at = SIZE - count * 32 + 1 if count < 3 else one
    assert guest.call("poll_oneoff", one, max(events_at, 0), count, guest.OUT) == FAULT
    for bad in (SIZE - 3, 2**32 - 1):
        assert guest.call("poll_oneoff", one, 0x8000, 1, bad) == FAULT
    assert guest.memory.read(0x8000, 64) == bytes(64)
    assert guest.u32() == 0


def test_both_arrays_may_end_with_the_memory(guest: Guest) -> None:
    subscription = on_clock(guest, 9, 0)
    guest.memory.write(SIZE - len(subscription), subscription)
    guest.ok("poll_oneoff", SIZE - len(subscription), SIZE - 32, 1, guest.OUT)
    assert guest.memory.read(SIZE - 32, 8) == struct.pack("<Q", 9)


def test_the_arrays_may_overlap(guest: Guest) -> None:
    address = guest.put(b"".join(on_clock(guest, number, 0) for number in range(5)))
    guest.ok("poll_oneoff", address, address, 5, guest.OUT)
    assert guest.u32() == 5
    data = guest.memory.read(address, 160)
    assert [row[0] for row in struct.iter_unpack("<QHB5xQH6x", data)] == list(range(5))


def test_the_limit(make_guest: MakeGuest) -> None:
    guest = make_guest(filesystem=MemoryFilesystem(), limits=Limits(poll_subscriptions=3))
    guest.ok("poll_oneoff", *arguments(guest, *[on_clock(guest, 1, 0)] * 3))
    assert guest.call("poll_oneoff", *arguments(guest, *[on_clock(guest, 1, 0)] * 4)) == NOMEM
