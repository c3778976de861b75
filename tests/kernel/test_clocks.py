"""Clocks, host and otherwise."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.kernel.clocks import (
    AMBIENT_MONOTONIC_CLOCK,
    AMBIENT_WALL_CLOCK,
    Clock,
    FixedClock,
    HostCpuClock,
    HostMonotonicClock,
    ShiftedClock,
    VirtualClock,
)
from remit.kernel.errors import Code, KernelError

TIMES = st.integers(-(2**63), 2**64)


def test_the_wall_clock_counts_from_the_epoch() -> None:
    before = time.time_ns()
    now = AMBIENT_WALL_CLOCK.now()
    assert before <= now <= time.time_ns()


def test_the_monotonic_clock_begins_near_zero_and_never_goes_back() -> None:
    clock = HostMonotonicClock()
    times = [clock.now() for _ in range(1000)]
    assert times == sorted(times)
    assert 0 <= times[0] < time.monotonic_ns()


@pytest.mark.parametrize("thread", [True, False])
def test_processor_time_goes_on_with_work(thread: bool) -> None:
    clock = HostCpuClock(thread=thread)
    before = clock.now()
    deadline = before + clock.resolution()
    while clock.now() < deadline:
        sum(range(1000))
    assert clock.now() > before >= 0


def test_processor_time_cannot_be_waited_for() -> None:
    with pytest.raises(KernelError) as caught:
        HostCpuClock().at(10**9)
    assert caught.value.code is Code.NOT_SUPPORTED


@pytest.mark.parametrize(
    "clock", [AMBIENT_WALL_CLOCK, AMBIENT_MONOTONIC_CLOCK, HostCpuClock(), FixedClock(0), VirtualClock()]
)
def test_every_resolution_is_a_positive_number(clock: Clock) -> None:
    assert clock.resolution() >= 1


def test_a_fixed_clock_stands_still_but_waiting_for_it_ends() -> None:
    clock = FixedClock(500)
    assert clock.now() == 500
    assert clock.at(500).ready()
    assert clock.at(499).ready()
    soon = clock.at(501)
    while not soon.ready():
        pass
    assert clock.now() == 500
    assert not clock.at(500 + 3600 * 10**9).ready()


@given(TIMES, TIMES)
def test_a_virtual_clock_goes_forward_only(start: int, deadline: int) -> None:
    clock = VirtualClock(start)
    timer = clock.at(deadline)
    assert timer.ready() == (deadline <= start)
    clock.advance_to(deadline)
    assert clock.now() == max(start, deadline)
    assert timer.ready()


@given(TIMES, TIMES, TIMES)
def test_a_shifted_clock_agrees_with_its_own_timers(start: int, offset: int, deadline: int) -> None:
    inner = VirtualClock(start)
    clock = ShiftedClock(inner, offset)
    assert clock.now() == start + offset
    assert clock.resolution() == 1
    timer = clock.at(deadline)
    assert timer.ready() == (clock.now() >= deadline)
    inner.advance_to(deadline - offset)
    assert timer.ready()
