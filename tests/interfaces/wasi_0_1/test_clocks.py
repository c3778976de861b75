from __future__ import annotations

from collections.abc import Callable

from interfaces.guest import FAULT, INVAL, OVERFLOW, SIZE, Guest
from remit.kernel.clocks import FixedClock, HostCpuClock

MakeGuest = Callable[..., Guest]


def test_time_and_resolution(make_guest: MakeGuest) -> None:
    guest = make_guest(wall_clock=FixedClock(1_700_000_000_123_456_789), monotonic_clock=FixedClock(5))
    for number, expected in ((0, 1_700_000_000_123_456_789), (1, 5)):
        guest.ok("clock_time_get", number, 2**64 - 1, guest.OUT)
        assert guest.u64() == expected
        guest.ok("clock_res_get", number, guest.OUT)
        assert guest.u64() >= 1


def test_processor_time_is_there_if_it_was_granted(make_guest: MakeGuest) -> None:
    guest = make_guest()
    assert guest.call("clock_time_get", 2, 0, guest.OUT) == INVAL
    guest.data.cpu_clock = HostCpuClock()
    guest.ok("clock_time_get", 2, 0, guest.OUT)
    guest.ok("clock_time_get", 3, 0, guest.OUT2)
    assert guest.u64(guest.OUT) <= guest.u64(guest.OUT2)


def test_unknown_clocks(make_guest: MakeGuest) -> None:
    guest = make_guest()
    for number in (4, 2**32 - 1):
        assert guest.call("clock_time_get", number, 0, guest.OUT) == INVAL
        assert guest.call("clock_res_get", number, guest.OUT) == INVAL


def test_a_time_that_cannot_be_expressed(make_guest: MakeGuest) -> None:
    guest = make_guest(wall_clock=FixedClock(-1))
    assert guest.call("clock_time_get", 0, 0, guest.OUT) == OVERFLOW
    guest.data.wall_clock = FixedClock(2**64)
    assert guest.call("clock_time_get", 0, 0, guest.OUT) == OVERFLOW


def test_pointers_out_of_bounds(make_guest: MakeGuest) -> None:
    guest = make_guest()
    for bad in (SIZE - 7, SIZE, 2**32 - 1):
        assert guest.call("clock_time_get", 1, 0, bad) == FAULT
        assert guest.call("clock_res_get", 1, bad) == FAULT
