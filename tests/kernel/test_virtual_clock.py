"""Virtual time: the same in every run, and over at once where it is waited for."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.kernel.clocks import FixedClock, HostWallClock
from remit.kernel.errors import Code, KernelError
from remit.kernel.poll import ALWAYS, AnyOf, Event, HostReady
from remit.kernel.reactor import Reactor
from remit.kernel.virtual_clock import LATEST, START, STEP, VirtualTime, time_of

SECOND = 1_000_000_000
HOUR = 3600 * SECOND
TIMES = st.integers(-(2**63), 2**64) | st.sampled_from([0, 1, 2**63 - 1, 2**63, 2**64 - 1]) | st.integers(0, HOUR)


@pytest.fixture
def reactor() -> Iterator[Reactor]:
    reactor = Reactor()
    yield reactor
    reactor.close()


def test_it_begins_in_2000_and_each_reading_moves_it() -> None:
    virtual = VirtualTime()
    assert time.gmtime(START / SECOND)[:6] == (2000, 1, 1, 0, 0, 0)
    assert [virtual.monotonic.now() for _ in range(3)] == [STEP, 2 * STEP, 3 * STEP]
    assert virtual.wall.now() == START + 4 * STEP
    assert virtual.cpu.now() == 5 * STEP
    assert {clock.resolution() for clock in (virtual.wall, virtual.monotonic, virtual.cpu)} == {STEP}


def test_beginning_and_step_can_be_said() -> None:
    virtual = VirtualTime(0, step=7)
    assert (virtual.wall.now(), virtual.monotonic.now(), virtual.cpu.now()) == (7, 14, 21)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"start": -1}, ValueError),
        ({"start": 2**63}, ValueError),
        ({"start": 1.5}, TypeError),
        ({"step": 0}, ValueError),
        ({"step": True}, TypeError),
    ],
)
def test_what_it_cannot_be(arguments: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error, match="nanoseconds"):
        VirtualTime(**arguments)


def test_waiting_takes_no_time_and_no_processor_time(reactor: Reactor) -> None:
    virtual = VirtualTime()
    before = time.monotonic()
    reactor.wait(AnyOf([virtual.monotonic.at(9 * HOUR), virtual.wall.at(START + 5 * HOUR)]))
    assert time.monotonic() - before < 5
    assert virtual.monotonic.now() == 5 * HOUR + STEP
    assert virtual.cpu.now() == 2 * STEP
    with pytest.raises(KernelError) as caught:
        virtual.cpu.at(0)
    assert caught.value.code is Code.NOT_SUPPORTED


def test_the_looks_of_the_reactor_are_no_readings() -> None:
    """However a wait is made, and however often it is interrupted, the program finds the same time."""

    def synchronous(virtual: VirtualTime) -> None:
        reactor = Reactor()
        for _ in range(3):
            reactor.interrupt()
            reactor.wait(virtual.monotonic.at(HOUR))
        reactor.close()

    def asynchronous(virtual: VirtualTime) -> None:
        async def wait() -> None:
            reactor = Reactor()
            for _ in range(3):
                reactor.interrupt()
                await reactor.wait_async(virtual.monotonic.at(HOUR))

        asyncio.run(wait())

    for wait in (synchronous, asynchronous):
        virtual = VirtualTime()
        wait(virtual)
        assert virtual.monotonic.now() == HOUR + STEP


def test_what_is_there_comes_before_the_timer(reactor: Reactor) -> None:
    virtual = VirtualTime()
    event = Event()
    read, write = os.pipe()
    try:
        reactor.wait(AnyOf([virtual.monotonic.at(HOUR), HostReady(write, write=True)]))
        event.set()
        reactor.wait(AnyOf([virtual.monotonic.at(HOUR), event]))
        assert virtual.monotonic.now() == STEP
        reactor.wait(AnyOf([virtual.monotonic.at(HOUR), HostReady(read)]))
        assert virtual.monotonic.now() == HOUR + STEP, "nothing was there to read"
    finally:
        os.close(read)
        os.close(write)


def test_others_on_the_loop_do_not_hold_up_a_program_with_a_time_of_its_own() -> None:
    async def main() -> None:
        virtual = VirtualTime(shared=False)
        busy = Reactor()

        async def sleep() -> None:
            reactor = Reactor()
            for hours in range(1, 4):
                await reactor.wait_async(virtual.monotonic.at(hours * HOUR))

        sleeper = asyncio.create_task(sleep())
        for _ in range(10_000):
            await busy.wait_async(ALWAYS)
            if sleeper.done():
                break
        assert sleeper.done()
        assert virtual.monotonic.now() == 3 * HOUR + STEP

    asyncio.run(main())


def test_asking_a_timer_again_and_again_comes_to_an_end() -> None:
    timer = VirtualTime().monotonic.at(SECOND)
    for _ in range(SECOND // STEP - 1):
        assert not timer.ready()
    assert timer.ready()


def test_asking_the_time_again_and_again_comes_to_an_end() -> None:
    virtual = VirtualTime()
    deadline = virtual.wall.now() + 3 * SECOND
    while virtual.wall.now() < deadline:
        continue
    assert virtual.wall.now() == deadline + STEP


@pytest.mark.parametrize("deadline", [2**63 - 1, 2**63, 2**64 - 1, 2**80])
def test_the_end_of_time_is_reached_and_stays(reactor: Reactor, deadline: int) -> None:
    virtual = VirtualTime(LATEST)
    for _ in range(3):
        timer = virtual.monotonic.at(deadline)
        reactor.wait(timer)
        assert timer.ready()
        assert virtual.monotonic.now() == LATEST
        assert virtual.wall.now() == 2 * LATEST < 2**64


def test_a_deadline_that_has_passed_is_over(reactor: Reactor) -> None:
    virtual = VirtualTime()
    for deadline in (0, -1, -(2**70)):
        assert virtual.wall.at(deadline).ready()
        reactor.wait(virtual.wall.at(deadline))


def test_whose_time_a_clock_tells() -> None:
    virtual = VirtualTime()
    assert time_of(None, HostWallClock(), virtual.wall) is virtual
    assert time_of(virtual.monotonic, VirtualTime().wall) is virtual
    assert time_of(FixedClock(0), None) is None


@given(
    st.integers(0, LATEST),
    st.integers(1, HOUR),
    st.lists(st.tuples(st.sampled_from(["wall", "monotonic", "cpu", "ask", "wait", "wait for wall"]), TIMES)),
)
def test_it_agrees_with_a_model(start: int, step: int, operations: list[tuple[str, int]]) -> None:
    """One number that goes forward: by a step at each reading, to the deadline at each wait, and never past the end."""
    virtual = VirtualTime(start, step=step)
    reactor = Reactor()
    now = used = 0
    for operation, deadline in operations:
        if operation == "wait":
            reactor.wait(virtual.monotonic.at(deadline))
            now = max(now, min(deadline, LATEST))
            continue
        if operation == "wait for wall":
            reactor.wait(AnyOf([virtual.wall.at(deadline), virtual.wall.at(deadline + 1)]))
            now = max(now, min(deadline - start, LATEST))
            continue
        now, used = min(now + step, LATEST), used + step
        if operation == "wall":
            assert virtual.wall.now() == start + now
        elif operation == "monotonic":
            assert virtual.monotonic.now() == now
        elif operation == "cpu":
            assert virtual.cpu.now() == used
        else:
            assert virtual.monotonic.at(deadline).ready() == (deadline <= now or now == LATEST)
    reactor.close()
