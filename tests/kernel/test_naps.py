"""Many sleepers on one loop. A loop with a clock of its own makes the order certain and takes no time."""

from __future__ import annotations

import asyncio
import gc
import random
import weakref
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.kernel.naps import MOST_ABANDONED, Naps

Sleeper = asyncio.Future[bool]


class StoppedLoop(asyncio.SelectorEventLoop):
    """Its clock stands still until nothing is left to do now, then jumps to the next timer."""

    now = 1000.0

    def time(self) -> float:
        return self.now

    def _run_once(self) -> None:
        # asyncio's own, which type checkers do not see.
        timers = [timer.when() for timer in self._scheduled if not timer.cancelled()]  # type: ignore[attr-defined]
        if timers and not self._ready:  # type: ignore[attr-defined]
            self.now = max(self.now, min(timers))
        super()._run_once()  # type: ignore[misc]


@pytest.fixture
def loop() -> Iterator[StoppedLoop]:
    loop = StoppedLoop()
    yield loop
    loop.close()


def begin(naps: Naps, loop: StoppedLoop, seconds: float) -> Sleeper:
    sleeper: Sleeper = loop.create_future()
    numbers[sleeper] = naps.begin(loop, loop.now + seconds, sleeper)
    return sleeper


numbers: weakref.WeakKeyDictionary[Sleeper, int] = weakref.WeakKeyDictionary()


def end(naps: Naps, sleeper: Sleeper) -> None:
    sleeper.cancel()
    naps.end(numbers[sleeper])


def test_everyone_wakes_up_in_order_and_none_too_early(loop: StoppedLoop) -> None:
    naps = Naps()
    woken: list[tuple[float, float]] = []

    async def sleep(length: float) -> None:
        await begin(naps, loop, length)
        woken.append((length, loop.now))

    lengths = [float(each) for each in range(50)] * 2
    random.Random(1).shuffle(lengths)
    everyone = asyncio.gather(*[loop.create_task(sleep(length)) for length in lengths])
    loop.run_until_complete(everyone)
    assert woken == [(length, 1000 + length) for length in sorted(lengths)]
    assert len(naps) == 0


def test_one_who_comes_later_may_wake_up_first(loop: StoppedLoop) -> None:
    naps = Naps()
    late = begin(naps, loop, 5)
    early = begin(naps, loop, 1)
    assert loop.run_until_complete(early)
    assert (loop.now, late.done()) == (1001, False)
    assert loop.run_until_complete(late)
    assert loop.now == 1005


@pytest.mark.parametrize("seconds", [0, -3])
def test_a_time_that_has_passed(loop: StoppedLoop, seconds: float) -> None:
    assert loop.run_until_complete(begin(Naps(), loop, seconds))
    assert loop.now == 1000


def test_a_nap_that_ended_early_is_forgotten_at_once_or_in_time(loop: StoppedLoop) -> None:
    naps = Naps()
    first, second = begin(naps, loop, 1), begin(naps, loop, 2)
    end(naps, first)
    assert loop.run_until_complete(second)
    assert (loop.now, len(naps)) == (1002, 0)
    end(naps, begin(naps, loop, 9))
    assert len(naps) == 0
    assert loop.run_until_complete(begin(naps, loop, 1))


def test_abandoned_naps_do_not_pile_up(loop: StoppedLoop) -> None:
    naps = Naps()
    stays = begin(naps, loop, 10)
    for _ in range(10 * MOST_ABANDONED):
        end(naps, begin(naps, loop, 3600))
        assert len(naps) <= MOST_ABANDONED + 3
    assert loop.run_until_complete(stays)
    assert loop.now == 1010


@pytest.mark.parametrize(("live", "cancelled"), [(50, 300), (10, 500), (1, 600), (300, 50)])
def test_a_mass_cancellation_wakes_nobody_else_and_keeps_nobody_from_waking(
    loop: StoppedLoop, live: int, cancelled: int
) -> None:
    """All are done before the first of them says so."""
    naps = Naps()
    stay = [begin(naps, loop, 10 + n) for n in range(live)]
    go = [begin(naps, loop, 5) for _ in range(cancelled)]
    for sleeper in go:
        sleeper.cancel()
    for sleeper in go:
        naps.end(numbers[sleeper])
    loop.run_until_complete(asyncio.gather(*stay))
    assert (loop.now, len(naps)) == (1010 + live - 1, 0)


def test_one_that_is_cancelled_in_the_turn_in_which_it_rings_counts_for_nothing(loop: StoppedLoop) -> None:
    naps = Naps()
    other = begin(naps, loop, 5)
    for _ in range(3):
        rung = begin(naps, loop, 1)
        loop.run_until_complete(rung)
        naps.end(numbers[rung])
        naps.end(numbers[rung])
    assert loop.run_until_complete(other)
    assert loop.now == 1005


@given(st.lists(st.tuples(st.sampled_from(["begin", "cancel", "end", "turn"]), st.integers(0, 40)), max_size=60))
def test_whatever_comes_every_nap_that_nobody_ended_ends_in_its_time(plan: list[tuple[str, int]]) -> None:
    with closing(StoppedLoop()) as loop:
        naps = Naps()
        open_naps: dict[Sleeper, float] = {}
        for action, number in plan:
            if action == "begin":
                open_naps[begin(naps, loop, number)] = loop.now + number
            elif action == "turn":
                loop.run_until_complete(asyncio.sleep(number / 4))
            elif open_naps:
                sleeper = [*open_naps][number % len(open_naps)]
                sleeper.cancel()
                if action == "end":
                    naps.end(numbers[sleeper])
                    del open_naps[sleeper]
        for sleeper, when in open_naps.items():
            if not sleeper.cancelled():
                assert loop.run_until_complete(sleeper)
                assert loop.now >= when
            naps.end(numbers[sleeper])
        assert len(naps) == 0


def test_a_loop_is_kept_only_while_somebody_sleeps() -> None:
    naps = Naps()
    loop = StoppedLoop()
    loop.run_until_complete(begin(naps, loop, 1))
    end(naps, begin(naps, loop, 3600))
    loop.close()
    gone = weakref.ref(loop)
    del loop
    gc.collect()
    assert gone() is None
