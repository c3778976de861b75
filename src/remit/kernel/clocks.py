"""Clocks: the permission to know the time, and to wait for one."""

from __future__ import annotations

import time

from remit.kernel.errors import Code, KernelError
from remit.kernel.poll import Pollable, Timer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

    _Name = Literal["monotonic", "process_time", "thread_time", "time"]


class Clock:
    """A clock. Its numbers are nanoseconds; wall clocks count from the Unix epoch, others from anywhere.

    Waiting for a clock takes `deadline - now()` nanoseconds of real time, asked again whenever they have passed. So
    a clock may run slower than real time; one that jumps forward is noticed at the end of that wait.
    """

    __slots__ = ()

    def now(self) -> int:
        """The time, in nanoseconds."""
        raise KernelError(Code.NOT_SUPPORTED, f"{type(self).__name__} has no now")

    def resolution(self) -> int:
        """The smallest step, in nanoseconds, at least 1."""
        return 1

    def at(self, deadline: int) -> Pollable:
        """Ready once :meth:`now` is `deadline` or later. NOT_SUPPORTED where that cannot be waited for."""
        return Timer(self, deadline)


class HostWallClock(Clock):
    """The time of day of the host."""

    __slots__ = ()

    def now(self) -> int:
        return time.time_ns()

    def resolution(self) -> int:
        return _resolution("time")


class HostMonotonicClock(Clock):
    """Real time that never goes back, counted from the making of this object.

    Not from the start of the host: a program has no business knowing when that was.
    """

    __slots__ = ("origin",)

    def __init__(self) -> None:
        self.origin = time.monotonic_ns()
        """What it counts from, on the host's own clock."""

    def now(self) -> int:
        return time.monotonic_ns() - self.origin

    def resolution(self) -> int:
        return _resolution("monotonic")


class HostCpuClock(Clock):
    """Processor time used since the making of this object, by the calling thread or by the whole host process.

    A guest runs on the thread that calls it, so a program run synchronously has its own time by `thread`. Guests that
    share a thread are counted together. It cannot be waited for: it stands still meanwhile.
    """

    __slots__ = ("_clock", "_now", "_origin")

    def __init__(self, *, thread: bool = True) -> None:
        thread = thread and hasattr(time, "thread_time_ns")
        self._clock: _Name = "thread_time" if thread else "process_time"
        self._now: Callable[[], int] = time.thread_time_ns if thread else time.process_time_ns
        self._origin = self._now()

    def now(self) -> int:
        # Below zero when another thread than the maker asks: it has done less than the maker had before.
        return max(0, self._now() - self._origin)

    def resolution(self) -> int:
        return _resolution(self._clock)

    def at(self, deadline: int) -> Pollable:
        raise KernelError(Code.NOT_SUPPORTED, "processor time stands still while a program waits for it")


class FixedClock(Clock):
    """A clock that always tells the same time, for runs that can be repeated.

    Waiting for a later time takes as long as on a real clock: otherwise a program that sleeps would never wake up.
    """

    __slots__ = ("_now",)

    def __init__(self, now: int) -> None:
        self._now = now

    def now(self) -> int:
        return self._now

    def at(self, deadline: int) -> Pollable:
        return Timer(AMBIENT_MONOTONIC_CLOCK, AMBIENT_MONOTONIC_CLOCK.now() + deadline - self._now)


class VirtualClock(Clock):
    """Time that passes only while nothing else can happen, and then at once.

    When a program waits for this clock and for nothing that is ready, the reactor moves the clock to the earliest
    time that is waited for. In a synchronous run that is the one program's. On an asyncio loop it is the
    earliest of all programs that share the clock, once none of them has moved for some turns of the loop. Real input
    that is not there at that moment comes later than any timer.

    Programs on several threads must not share one.
    """

    __slots__ = ("_now",)

    shared = True
    """Other programs of an asyncio loop may have it: then it waits for them, too. Those of
    :mod:`remit.kernel.virtual_clock` may be one program's."""

    def __init__(self, start: int = 0) -> None:
        self._now = start

    def now(self) -> int:
        return self._now

    def advance_to(self, deadline: int) -> None:
        """Move the clock forward; a deadline in the past changes nothing."""
        if deadline > self._now:
            self._now = deadline


class ShiftedClock(Clock):
    """Another clock with a number added: a wall clock that goes along with a virtual monotonic one."""

    __slots__ = ("_clock", "_offset")

    def __init__(self, clock: Clock, offset: int) -> None:
        self._clock = clock
        self._offset = offset

    def now(self) -> int:
        return self._clock.now() + self._offset

    def resolution(self) -> int:
        return self._clock.resolution()

    def at(self, deadline: int) -> Pollable:
        return self._clock.at(deadline - self._offset)


def _resolution(name: _Name) -> int:
    return max(1, round(time.get_clock_info(name).resolution * 1_000_000_000))


AMBIENT_WALL_CLOCK = HostWallClock()
AMBIENT_MONOTONIC_CLOCK = HostMonotonicClock()
