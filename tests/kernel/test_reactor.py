"""Waiting by blocking the thread."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.kernel.clocks import (
    AMBIENT_MONOTONIC_CLOCK,
    AMBIENT_WALL_CLOCK,
    Clock,
    FixedClock,
    ShiftedClock,
    VirtualClock,
)
from remit.kernel.poll import ALWAYS, NEVER, AnyOf, Event, HostReady, Pollable
from remit.kernel.reactor import Reactor
from waiting import once_asleep, open_descriptors

MILLISECOND = 1_000_000
HOUR = 3600 * 1_000_000_000


class Stop(Exception):
    """What a check raises in these tests."""


class Check:
    """Counts its calls, and stops the run at one of them."""

    def __init__(self, stop_at: int = 0) -> None:
        self.calls = 0
        self.stop_at = stop_at

    def __call__(self) -> None:
        self.calls += 1
        if self.calls == self.stop_at:
            raise Stop


@pytest.fixture
def reactor() -> Iterator[Reactor]:
    reactor = Reactor()
    yield reactor
    reactor.close()


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def after(nanoseconds: int, clock: Clock = AMBIENT_MONOTONIC_CLOCK) -> Pollable:
    return clock.at(clock.now() + nanoseconds)


@pytest.mark.parametrize(
    "ready", [ALWAYS, after(-1), after(0), AnyOf([NEVER, ALWAYS]), AnyOf([NEVER, AnyOf([after(HOUR), after(0)])])]
)
def test_what_is_ready_returns_after_one_check_and_opens_nothing(ready: Pollable) -> None:
    check = Check()
    before = open_descriptors()
    reactor = Reactor(check)
    reactor.wait(ready)
    assert check.calls == 1
    assert open_descriptors() == before


@pytest.mark.parametrize("microseconds", [10, 500, 1000, 2300, 11_000])
@pytest.mark.parametrize("clock", [AMBIENT_MONOTONIC_CLOCK, AMBIENT_WALL_CLOCK])
def test_a_timer_has_been_reached_when_its_wait_ends(reactor: Reactor, clock: Clock, microseconds: int) -> None:
    timer = after(microseconds * 1000, clock)
    reactor.wait(timer)
    assert timer.ready()


def test_a_timer_is_reached_while_a_descriptor_is_waited_for_too(reactor: Reactor, pipe: tuple[int, int]) -> None:
    timer = after(2 * MILLISECOND)
    reactor.wait(AnyOf([HostReady(pipe[0]), timer]))
    assert timer.ready()


def test_waiting_does_not_spin(reactor: Reactor, pipe: tuple[int, int]) -> None:
    """The processor does nothing between the two ends of a wait."""
    check = Check()
    reactor = Reactor(check)
    for pollable in (after(30 * MILLISECOND), AnyOf([after(30 * MILLISECOND), HostReady(pipe[0])])):
        check.calls = 0
        reactor.wait(pollable)
        assert check.calls <= 4
    reactor.close()


def test_a_descriptor_that_becomes_readable_ends_the_wait(reactor: Reactor, pipe: tuple[int, int]) -> None:
    read, write = pipe
    with once_asleep(partial(os.write, write, b"x")) as asleep:
        reactor.wait(AnyOf([asleep, HostReady(read)]))
    assert HostReady(read).ready()
    assert not asleep.ready()


def test_a_descriptor_that_becomes_writable_ends_the_wait(reactor: Reactor, pipe: tuple[int, int]) -> None:
    read, write = pipe
    os.set_blocking(write, False)
    written = os.write(write, bytes(1 << 20))
    assert not HostReady(write, write=True).ready()
    with once_asleep(partial(os.read, read, written)) as asleep:
        reactor.wait(AnyOf([asleep, HostReady(write, write=True)]))
    assert HostReady(write, write=True).ready()


def test_one_descriptor_may_be_waited_for_in_both_directions(reactor: Reactor, pipe: tuple[int, int]) -> None:
    write = pipe[1]
    reactor.wait(AnyOf([HostReady(write), HostReady(write, write=True)]))
    reactor.wait(AnyOf([HostReady(write, write=True), HostReady(write)]))


def test_the_end_of_a_pipe_ends_the_wait(reactor: Reactor) -> None:
    read, write = os.pipe()
    with once_asleep(partial(os.close, write)) as asleep:
        reactor.wait(AnyOf([asleep, HostReady(read)]))
    assert os.read(read, 1) == b""
    os.close(read)


def test_a_closed_descriptor_ends_the_wait(reactor: Reactor) -> None:
    reactor.wait(after(MILLISECOND))  # now it has what it wakes itself with, which could take the same number
    read, write = os.pipe()
    os.close(read)
    os.close(write)
    reactor.wait(HostReady(read))


def test_an_event_set_by_another_thread_ends_the_wait(reactor: Reactor) -> None:
    event = Event()
    with once_asleep(event.set) as asleep:
        reactor.wait(AnyOf([asleep, event, after(HOUR)]))
    assert event.ready()


def test_an_event_wakes_every_reactor_that_waits_for_it() -> None:
    event = Event()
    asleep = threading.Barrier(5)

    class Counted(Event):
        __slots__ = ()

        def add_waker(self, wake: object) -> None:
            asleep.wait()

    def run() -> None:
        reactor = Reactor()
        reactor.wait(AnyOf([event, Counted()]))
        reactor.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    asleep.wait()
    event.set()
    for thread in threads:
        thread.join()


def test_nothing_stays_registered(reactor: Reactor, pipe: tuple[int, int]) -> None:
    event = Event()
    reactor.wait(AnyOf([event, HostReady(pipe[0]), after(MILLISECOND)]))
    os.write(pipe[1], b"x")  # would end the next wait at once if it were still watched
    timer = after(MILLISECOND)
    reactor.wait(timer)
    assert timer.ready()
    woken: list[None] = []
    event.add_waker(lambda: woken.append(None))
    event.set()
    assert woken == [None]


def test_an_interrupt_stops_a_wait_when_check_says_so() -> None:
    for pollable in (NEVER, after(HOUR), AnyOf([after(HOUR), Event()])):
        reactor = Reactor(Check(stop_at=1))
        with once_asleep(reactor.interrupt) as asleep, pytest.raises(Stop):
            reactor.wait(AnyOf([asleep, pollable]))
        reactor.close()


def test_an_interrupt_that_check_lets_pass_does_not_end_the_wait() -> None:
    event = Event()
    check = Check()
    reactor = Reactor(check)

    def act() -> None:
        reactor.interrupt()
        while not check.calls:
            time.sleep(0)
        event.set()

    with once_asleep(act) as asleep:
        reactor.wait(AnyOf([asleep, event]))
    assert event.ready()
    assert check.calls >= 2
    reactor.close()


def test_an_interrupt_before_the_wait_is_not_lost() -> None:
    reactor = Reactor(Check(stop_at=1))
    reactor.interrupt()
    with pytest.raises(Stop):
        reactor.wait(NEVER)
    reactor.close()


def test_the_deadline_bounds_every_wait() -> None:
    for pollable in (NEVER, after(HOUR), Event()):
        deadline = time.monotonic() + 0.003

        def check(deadline: float = deadline) -> None:
            if time.monotonic() >= deadline:
                raise Stop

        reactor = Reactor(check)
        reactor.deadline = deadline
        with pytest.raises(Stop):
            reactor.wait(pollable)
        reactor.close()


def test_a_deadline_that_check_lets_pass_is_asked_about_once() -> None:
    check = Check()
    reactor = Reactor(check)
    reactor.deadline = time.monotonic() - 1
    timer = after(5 * MILLISECOND)
    reactor.wait(timer)
    assert timer.ready()
    assert check.calls <= 5
    reactor.close()


@given(st.integers(2**62, 2**70))
def test_far_deadlines_are_no_error(nanoseconds: int) -> None:
    reactor = Reactor(Check(stop_at=1))
    reactor.interrupt()
    with pytest.raises(Stop):
        reactor.wait(after(nanoseconds))
    reactor.close()


def test_a_virtual_clock_jumps_to_the_first_deadline(reactor: Reactor) -> None:
    clock = VirtualClock()
    reactor.wait(AnyOf([clock.at(7 * HOUR), clock.at(3 * HOUR), clock.at(5 * HOUR)]))
    assert clock.now() == 3 * HOUR


def test_a_wall_clock_can_go_along_with_a_virtual_one(reactor: Reactor) -> None:
    monotonic = VirtualClock()
    wall = ShiftedClock(monotonic, 1_000_000 * HOUR)
    reactor.wait(after(HOUR, monotonic))
    assert wall.now() == 1_000_001 * HOUR
    reactor.wait(after(HOUR, wall))
    assert monotonic.now() == 2 * HOUR


def test_what_is_ready_comes_before_virtual_time(reactor: Reactor, pipe: tuple[int, int]) -> None:
    clock = VirtualClock()
    os.write(pipe[1], b"x")
    reactor.wait(AnyOf([clock.at(HOUR), HostReady(pipe[0])]))
    assert clock.now() == 0
    reactor.wait(AnyOf([clock.at(HOUR), HostReady(pipe[1])]))
    assert clock.now() == HOUR


def test_waiting_for_a_fixed_clock_ends(reactor: Reactor) -> None:
    clock = FixedClock(77)
    reactor.wait(clock.at(77 + 2 * MILLISECOND))
    assert clock.now() == 77


def test_only_known_kinds_can_be_waited_for(reactor: Reactor) -> None:
    class Odd(Pollable):
        __slots__ = ()

        def ready(self) -> bool:
            return False

    with pytest.raises(TypeError, match="Odd"):
        reactor.wait(AnyOf([ALWAYS, Odd()]))


def test_closing_gives_descriptors_back_and_makes_no_cycles() -> None:
    gc.collect()
    gc.disable()
    try:
        before = open_descriptors()
        for _ in range(10):
            reactor = Reactor(Check())
            reactor.wait(AnyOf([after(MILLISECOND // 4), Event()]))
            assert open_descriptors() != before
            reactor.close()
            reactor.close()
            reactor.interrupt()
            assert open_descriptors() == before
            del reactor
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_interrupting_while_another_thread_closes_is_safe() -> None:
    for _ in range(200):
        reactor = Reactor()
        reactor.wait(after(MILLISECOND // 4))
        thread = threading.Thread(target=reactor.interrupt)
        thread.start()
        reactor.close()
        read, write = os.pipe()  # likely the same numbers: nothing may be written to them
        thread.join()
        assert not HostReady(read).ready()
        os.close(read)
        os.close(write)


SIGNALLED = """
import os, signal, sys, time
from remit.kernel.clocks import AMBIENT_MONOTONIC_CLOCK
from remit.kernel.poll import NEVER, AnyOf, HostReady
from remit.kernel.reactor import Reactor

class Stop(Exception):
    pass

stopped = False

def check():
    if stopped:
        raise Stop

reactor = Reactor(check)

def handler(number, frame):
    global stopped
    stopped = True
    reactor.interrupt()

signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.02)
pollable = {
    "never": NEVER,
    "timer": AMBIENT_MONOTONIC_CLOCK.at(AMBIENT_MONOTONIC_CLOCK.now() + 10**13),
    "descriptor": HostReady(os.pipe()[0]),
}[sys.argv[1]]
try:
    reactor.wait(pollable)
except Stop:
    print("stopped")
"""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs SIGALRM")
@pytest.mark.parametrize("kind", ["never", "timer", "descriptor"])
def test_a_signal_handler_that_does_not_raise_stops_a_wait(kind: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SIGNALLED, kind], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "stopped\n"


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="needs pthread_kill")
def test_a_signal_handler_that_raises_leaves_nothing_registered(pipe: tuple[int, int]) -> None:
    reactor = Reactor()
    main = threading.get_ident()

    def handler(number: int, frame: object) -> None:
        raise Stop

    previous = signal.signal(signal.SIGUSR1, handler)
    try:
        with once_asleep(partial(signal.pthread_kill, main, signal.SIGUSR1)) as asleep, pytest.raises(Stop):
            reactor.wait(AnyOf([asleep, HostReady(pipe[0])]))
    finally:
        signal.signal(signal.SIGUSR1, previous)
    os.write(pipe[1], b"x")
    timer = after(MILLISECOND)
    reactor.wait(timer)
    assert timer.ready()
    reactor.close()
