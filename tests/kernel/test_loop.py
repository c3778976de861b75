"""Waiting on an asyncio loop."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import time
import weakref
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from remit.kernel.clocks import AMBIENT_MONOTONIC_CLOCK, VirtualClock
from remit.kernel.poll import ALWAYS, NEVER, AnyOf, Event, HostReady, Pollable
from remit.kernel.reactor import Reactor

MILLISECOND = 1_000_000
HOUR = 3600 * 1_000_000_000


class Stop(Exception):
    """What a check raises in these tests."""


def stop() -> None:
    raise Stop


def run(coroutine: Coroutine[Any, Any, None]) -> None:
    """A loop of its own, in debug mode, that shows what was left behind."""
    asyncio.run(coroutine, debug=True)


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def after(nanoseconds: int) -> Pollable:
    return AMBIENT_MONOTONIC_CLOCK.at(AMBIENT_MONOTONIC_CLOCK.now() + nanoseconds)


async def turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def waiting(pollable: Pollable, reactor: Reactor | None = None) -> asyncio.Task[None]:
    """A task that has begun to wait."""
    task = asyncio.create_task((reactor or Reactor()).wait_async(pollable))
    await turns()
    assert not task.done()
    return task


def watched(loop: asyncio.AbstractEventLoop, descriptor: int) -> bool:
    return bool(loop.remove_reader(descriptor)) or bool(loop.remove_writer(descriptor))


def test_what_is_ready_gives_others_one_turn_and_calls_check() -> None:
    async def main() -> None:
        order: list[str] = []

        async def wait(ready: Pollable) -> None:
            await Reactor(lambda: order.append("checked")).wait_async(ready)

        async def other() -> None:
            order.append("other")

        for ready in (ALWAYS, after(0), AnyOf([NEVER, ALWAYS])):
            order.clear()
            await asyncio.gather(wait(ready), other())
            assert order == ["other", "checked"]

    run(main())


@pytest.mark.parametrize("microseconds", [10, 900, 2300, 11_000])
def test_a_timer_has_been_reached_when_its_wait_ends(microseconds: int) -> None:
    async def main() -> None:
        timer = after(microseconds * 1000)
        await Reactor().wait_async(timer)
        assert timer.ready()

    run(main())


def test_many_programs_sleep_at_the_same_time() -> None:
    async def main() -> None:
        awake = 0

        async def program() -> None:
            nonlocal awake
            reactor = Reactor()
            for _ in range(3):
                await reactor.wait_async(after(MILLISECOND))
            awake += 1

        await asyncio.gather(*(program() for _ in range(200)))
        assert awake == 200

    asyncio.run(main())


def test_many_programs_wait_for_one_descriptor(pipe: tuple[int, int]) -> None:
    async def main() -> None:
        read, write = pipe
        tasks = [await waiting(HostReady(read)) for _ in range(5)]
        tasks[0].cancel()
        tasks[3].cancel()
        await turns()
        assert not tasks[1].done()
        os.write(write, b"x")
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [isinstance(result, asyncio.CancelledError) for result in results] == [True, False, False, True, False]
        assert not watched(asyncio.get_running_loop(), read)
        os.read(read, 1)
        again = await waiting(HostReady(read))
        os.write(write, b"x")
        await again

    run(main())


def test_one_descriptor_in_both_directions_and_with_a_timer(pipe: tuple[int, int]) -> None:
    async def main() -> None:
        read, write = pipe
        await Reactor().wait_async(AnyOf([HostReady(write), HostReady(write, write=True), after(HOUR)]))
        timer = after(MILLISECOND)
        await Reactor().wait_async(AnyOf([HostReady(read), timer]))
        assert timer.ready()
        assert not watched(asyncio.get_running_loop(), read)
        assert not watched(asyncio.get_running_loop(), write)

    run(main())


def test_a_regular_file_and_a_closed_descriptor_are_ready(tmp_path: os.PathLike[str]) -> None:
    async def main() -> None:
        descriptor = os.open(os.path.join(tmp_path, "file"), os.O_RDWR | os.O_CREAT)
        await Reactor().wait_async(HostReady(descriptor))
        await Reactor().wait_async(HostReady(descriptor, write=True))
        os.close(descriptor)
        await Reactor().wait_async(HostReady(descriptor))

    run(main())


def test_a_loop_that_cannot_watch_descriptors_asks_them(pipe: tuple[int, int]) -> None:
    def refuse(*_: object) -> None:
        raise NotImplementedError

    async def main() -> None:
        loop = asyncio.get_running_loop()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(loop, "add_reader", refuse)
            patch.setattr(loop, "add_writer", refuse)
            read, write = pipe
            await Reactor().wait_async(HostReady(write, write=True))
            task = await waiting(HostReady(read))
            gone = await waiting(HostReady(read))
            gone.cancel()
            os.write(write, b"x")
            await task

    run(main())


def test_an_event_is_set_from_the_loop_and_from_another_thread() -> None:
    async def main() -> None:
        event = Event()
        tasks = [await waiting(AnyOf([event, after(HOUR)])) for _ in range(3)]
        event.set()
        await asyncio.gather(*tasks)
        event.clear()
        task = await waiting(event)
        thread = threading.Thread(target=event.set)
        thread.start()
        await task
        thread.join()

    run(main())


def test_an_interrupt_from_another_thread_stops_the_wait() -> None:
    async def main() -> None:
        for pollable in (NEVER, after(HOUR), Event()):
            reactor = Reactor(stop)
            task = await waiting(pollable, reactor)
            thread = threading.Thread(target=reactor.interrupt)
            thread.start()
            with pytest.raises(Stop):
                await task
            thread.join()
            assert not reactor.sleepers

    run(main())


def test_an_interrupt_before_the_wait_is_not_lost() -> None:
    async def main() -> None:
        reactor = Reactor(stop)
        reactor.interrupt()
        with pytest.raises(Stop):
            await reactor.wait_async(NEVER)

    run(main())


def test_an_interrupt_that_check_lets_pass_does_not_end_the_wait() -> None:
    async def main() -> None:
        event = Event()
        checks: list[None] = []
        reactor = Reactor(lambda: checks.append(None))
        task = await waiting(event, reactor)
        reactor.interrupt()
        await turns()
        assert len(checks) == 1
        assert not task.done()
        event.set()
        await task

    run(main())


def test_interrupting_after_the_loop_is_gone_does_nothing() -> None:
    reactor = Reactor()
    loop = asyncio.new_event_loop()
    task = loop.create_task(reactor.wait_async(NEVER))
    loop.run_until_complete(turns())
    loop.close()
    reactor.interrupt()
    coroutine = task.get_coro()
    assert coroutine is not None
    coroutine.close()
    assert not reactor.sleepers


def test_the_deadline_bounds_a_wait() -> None:
    async def main() -> None:
        for pollable in (NEVER, after(HOUR), Event()):
            deadline = time.monotonic() + 0.003

            def check(deadline: float = deadline) -> None:
                if time.monotonic() >= deadline:
                    raise Stop

            reactor = Reactor(check)
            reactor.deadline = deadline
            with pytest.raises(Stop):
                await reactor.wait_async(pollable)

    run(main())


def test_a_deadline_that_check_lets_pass_is_asked_about_once() -> None:
    async def main() -> None:
        checks: list[None] = []
        reactor = Reactor(lambda: checks.append(None))
        reactor.deadline = time.monotonic() - 1
        timer = after(5 * MILLISECOND)
        await reactor.wait_async(timer)
        assert timer.ready()
        assert len(checks) <= 3

    run(main())


class CountedEvent(Event):
    """Counts who waits for it."""

    __slots__ = ("waiters",)

    def __init__(self) -> None:
        super().__init__()
        self.waiters = 0

    def add_waker(self, wake: Callable[[], None]) -> None:
        self.waiters += 1
        super().add_waker(wake)

    def remove_waker(self, wake: Callable[[], None]) -> None:
        self.waiters -= 1
        super().remove_waker(wake)


def test_cancelling_at_any_turn_leaves_nothing_registered(pipe: tuple[int, int]) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        clock = VirtualClock()
        for count in range(6):
            event = CountedEvent()
            everything: list[Pollable] = [HostReady(pipe[0]), event, after(HOUR)]
            for pollable in (AnyOf(everything), AnyOf([*everything, ALWAYS]), AnyOf([event, clock.at(HOUR)])):
                reactor = Reactor()
                task = asyncio.create_task(reactor.wait_async(pollable))
                await turns(count)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                assert not reactor.sleepers
                assert event.waiters == 0
                assert not watched(loop, pipe[0])
        await turns(100)
        assert clock.now() == 0, "nobody waits for it any more"

    run(main())


def test_a_cancelled_reactor_can_wait_again() -> None:
    async def main() -> None:
        reactor = Reactor()
        task = await waiting(NEVER, reactor)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await reactor.wait_async(after(MILLISECOND))

    run(main())


def test_a_virtual_clock_follows_all_programs_that_share_it() -> None:
    async def main() -> None:
        clock = VirtualClock()
        order: list[tuple[str, int]] = []

        async def program(name: str, step: int, count: int) -> None:
            reactor = Reactor()
            for _ in range(count):
                await reactor.wait_async(clock.at(clock.now() + step))
                order.append((name, clock.now()))

        await asyncio.gather(program("two", 2 * HOUR, 3), program("three", 3 * HOUR, 2))
        assert order[:3] == [("two", 2 * HOUR), ("three", 3 * HOUR), ("two", 4 * HOUR)]
        assert sorted(order[3:]) == [("three", 6 * HOUR), ("two", 6 * HOUR)]

    run(main())


def test_virtual_time_waits_for_what_programs_tell_each_other() -> None:
    """One program needs several turns to answer; the other's timeout must not pass meanwhile."""

    async def main() -> None:
        clock = VirtualClock()
        asked, answered = Event(), Event()

        async def server() -> None:
            reactor = Reactor()
            await reactor.wait_async(asked)
            for _ in range(30):
                await reactor.wait_async(ALWAYS)
            answered.set()

        async def client() -> None:
            asked.set()
            await Reactor().wait_async(AnyOf([answered, clock.at(HOUR)]))
            assert answered.ready()
            assert clock.now() == 0

        await asyncio.gather(client(), server())

    run(main())


def test_real_time_goes_on_beside_a_virtual_clock() -> None:
    async def main() -> None:
        clock = VirtualClock()

        async def virtual() -> None:
            await Reactor().wait_async(clock.at(HOUR))

        timer = after(2 * MILLISECOND)

        async def real() -> None:
            await Reactor().wait_async(timer)

        await asyncio.gather(virtual(), real())
        assert clock.now() == HOUR
        assert timer.ready()

    run(main())


def test_a_loop_is_not_kept_alive() -> None:
    async def main() -> weakref.ref[asyncio.AbstractEventLoop]:
        await Reactor().wait_async(after(1000))
        return weakref.ref(asyncio.get_running_loop())

    reference = asyncio.run(main())
    gc.collect()
    assert reference() is None
