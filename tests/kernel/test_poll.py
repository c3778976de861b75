"""What can be waited for, asked without waiting."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.kernel.clocks import VirtualClock
from remit.kernel.host_poll import READ, WRITE, SelectPoll, host_poll
from remit.kernel.poll import ALWAYS, NEVER, AnyOf, Event, HostReady, Timer

if TYPE_CHECKING:
    from remit.kernel.host_poll import HostPoll


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def test_a_pipe_is_readable_when_it_holds_bytes_and_writable_until_it_is_full(pipe: tuple[int, int]) -> None:
    read, write = pipe
    assert not HostReady(read).ready()
    assert HostReady(write, write=True).ready()
    os.set_blocking(write, False)
    assert os.write(write, bytes(1 << 20)) < 1 << 20
    assert HostReady(read).ready()
    assert not HostReady(write, write=True).ready()


def test_a_closed_descriptor_is_ready_so_that_the_operation_tells() -> None:
    read, write = os.pipe()
    os.close(read)
    os.close(write)
    assert HostReady(read).ready()


def test_a_timer_is_ready_from_its_deadline_on() -> None:
    clock = VirtualClock(10)
    assert Timer(clock, 10).ready()
    assert not Timer(clock, 11).ready()
    clock.advance_to(11)
    assert Timer(clock, 11).ready()


@given(st.lists(st.booleans()))
def test_any_of_is_ready_when_one_is(states: list[bool]) -> None:
    assert AnyOf([ALWAYS if state else NEVER for state in states]).ready() == any(states)


def test_set_calls_each_waker_once_in_order() -> None:
    event = Event()
    called: list[str] = []
    event.add_waker(lambda: called.append("first"))
    event.add_waker(lambda: called.append("second"))
    assert not called
    event.set()
    event.set()
    assert called == ["first", "second"]
    assert event.ready()
    event.clear()
    assert not event.ready()


def test_a_waker_added_to_a_set_event_is_called_at_once() -> None:
    event = Event()
    event.set()
    called: list[None] = []
    event.add_waker(lambda: called.append(None))
    assert called == [None]


def test_a_removed_waker_is_not_called_and_removing_it_again_does_nothing() -> None:
    event = Event()
    called: list[None] = []

    def wake() -> None:
        called.append(None)

    event.add_waker(wake)
    event.remove_waker(wake)
    event.remove_waker(wake)
    event.set()
    assert not called


def test_a_waker_may_add_another() -> None:
    event = Event()
    called: list[str] = []

    def wake() -> None:
        called.append("outer")
        event.clear()
        event.add_waker(lambda: called.append("inner"))

    event.add_waker(wake)
    event.set()
    assert called == ["outer", "inner"], "it is the same set that wakes it: missing it could wait for ever"


def test_no_waker_is_lost_or_called_twice_when_threads_race() -> None:
    """Each round one thread adds a waker while another sets the event: it must be called exactly once."""
    for _ in range(500):
        event = Event()
        calls: list[None] = []
        start = threading.Barrier(3)

        def add(event: Event = event, calls: list[None] = calls, start: threading.Barrier = start) -> None:
            start.wait()
            event.add_waker(lambda: calls.append(None))

        def set_it(event: Event = event, start: threading.Barrier = start) -> None:
            start.wait()
            event.set()

        threads = [threading.Thread(target=target) for target in (add, set_it, set_it)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(calls) == 1


@pytest.mark.parametrize("make", [host_poll, SelectPoll])
def test_select_stands_in_for_poll(make: Callable[[], HostPoll], pipe: tuple[int, int]) -> None:
    read, write = pipe
    poll = make()
    assert poll.poll(0) == []
    poll.register(read, READ)
    assert poll.poll(1) == []
    poll.register(write, WRITE)
    assert [descriptor for descriptor, _ in poll.poll(1000)] == [write]
    os.write(write, b"x")
    assert {descriptor for descriptor, _ in poll.poll(1000)} == {read, write}
    poll.unregister(write)
    assert [descriptor for descriptor, _ in poll.poll(1000)] == [read]
    with pytest.raises(KeyError):
        poll.unregister(write)


@pytest.mark.parametrize("make", [host_poll, SelectPoll])
def test_a_descriptor_that_cannot_be_asked_counts_as_ready(make: Callable[[], HostPoll]) -> None:
    read, write = os.pipe()
    os.close(read)
    os.close(write)
    poll = make()
    poll.register(read, READ)
    assert [descriptor for descriptor, _ in poll.poll(1000)] == [read]
