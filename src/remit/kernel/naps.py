"""The naps of all programs on one asyncio loop: what they wait for most, and only for some time to pass.

A loop's own timers are Python objects, which are compared in Python, and each is called through a context of its own.
With a thousand programs asleep that is a fifth of all that waking one costs. Here a heap of tuples does the same in C,
and the loop has one timer: for whoever wakes up first.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from math import inf

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Future, TimerHandle

MOST_ABANDONED = 100
"""Naps given up before the heap is looked through for them, if they are also more than half of it."""


class Naps:
    """Who is asleep on one loop, and until when (seconds of ``loop.time()``)."""

    __slots__ = ("_alarm", "_alarm_time", "_heap", "_number", "_sleepers")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int]] = []
        """When, and the number of a nap; some may have ended."""
        self._sleepers: dict[int, Future[bool]] = {}
        """Those that have not, by number."""
        self._number = 0
        self._alarm: TimerHandle | None = None
        self._alarm_time = inf

    def begin(self, loop: AbstractEventLoop, when: float, sleeper: Future[bool]) -> int:
        """Have `sleeper` end with True at `when`. Returns its number, for :meth:`end` when nobody waits."""
        self._number = number = self._number + 1
        heappush(self._heap, (when, number))
        self._sleepers[number] = sleeper
        if when < self._alarm_time:
            self._set_alarm(loop, when)
        return number

    def end(self, number: int) -> None:
        """The nap is over, in whatever way."""
        if self._sleepers.pop(number, None) is None:
            return
        if not self._sleepers:
            self._heap.clear()
            self._clear_alarm()
        elif len(self._heap) > 2 * len(self._sleepers) + MOST_ABANDONED:
            self._heap = [nap for nap in self._heap if nap[1] in self._sleepers]
            heapify(self._heap)

    def __len__(self) -> int:
        return len(self._heap)

    def _set_alarm(self, loop: AbstractEventLoop, when: float) -> None:
        self._clear_alarm()
        self._alarm = loop.call_at(when, self._ring, loop)
        self._alarm_time = when

    def _clear_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
            self._alarm_time = inf

    def _ring(self, loop: AbstractEventLoop) -> None:
        # A loop may call a little early; whom it was set for wakes up all the same.
        now = max(loop.time(), self._alarm_time)
        self._alarm = None
        self._alarm_time = inf
        heap = self._heap
        while heap and heap[0][0] <= now:
            sleeper = self._sleepers.pop(heappop(heap)[1], None)
            if sleeper is not None and not sleeper.done():
                sleeper.set_result(True)
        if self._sleepers:
            self._set_alarm(loop, heap[0][0])
        else:
            heap.clear()
