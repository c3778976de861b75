"""Virtual time: the same in every run of a program that asks for it the same way, and over at once where it waits.

It begins at a fixed moment. Each reading of one of its clocks moves it by a fixed step, so that a program that asks
until some time has passed comes to an end, and no two readings are equal. When the program waits, and nothing that it
waits for is there at that moment, it jumps to the earliest timer (:class:`remit.kernel.clocks.VirtualClock`). What
comes from outside, by a pipe or a socket, is not deterministic anyway: what is not there when it is looked for comes
later than any timer.
"""

from __future__ import annotations

from remit.kernel.clocks import Clock, VirtualClock
from remit.kernel.errors import Code, KernelError
from remit.kernel.poll import Timer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.kernel.poll import Pollable

START = 946_684_800_000_000_000
"""The beginning of 2000, in UTC. Any moment would do that archives (from 1980) and clocks of 32 bits (to 2038) can say;
this one is easily told from a real one."""

STEP = 10_000
"""Nanoseconds that a reading takes. To ask takes about a microsecond of real time, so a program that asks until a
second has passed is ten times as fast as with a real clock; a million readings are ten seconds, which upset nobody."""

LATEST = 2**63 - 1
"""Time ends here, 292 years on: what waits for later gets up then, and the clock stands still. A wall clock that began
as late as it may then still fits the numbers of programs."""


class VirtualTime:
    """One time and its clocks: :attr:`wall`, :attr:`monotonic`, :attr:`cpu`.

    Programs on one asyncio loop may share one, and then it passes for all of them at once. Programs on several threads
    must not.
    """

    __slots__ = ("_clock", "_used", "cpu", "monotonic", "start", "step", "wall")

    def __init__(self, start: int = START, *, step: int = STEP, shared: bool = True) -> None:
        """`start`: the time of day at which it begins, in nanoseconds since 1970; `step`: what a reading takes.

        With `shared` false it is one program's: what others wait for is nothing to it. TypeError, ValueError.
        """
        self.start = _whole("start", start, 0)
        self.step = _whole("step", step, 1)
        self._clock = VirtualClock() if shared else _UnsharedClock()
        self._used = 0
        self.wall: Clock = _View(self, start)
        """The time of day."""
        self.monotonic: Clock = _View(self, 0)
        """The time since the beginning."""
        self.cpu: Clock = _CpuView(self)
        """What was spent on readings: waiting takes no processor time, and what else a program does takes none here."""

    def tick(self) -> int:
        """Somebody asks: a step later. Nanoseconds since the beginning."""
        clock = self._clock
        clock.advance_to(min(clock.now() + self.step, LATEST))
        self._used += self.step
        return clock.now()

    def __repr__(self) -> str:
        return f"<VirtualTime: {self._clock.now()} ns after {self.start}>"


def time_of(*clocks: Clock | None) -> VirtualTime | None:
    """The virtual time that the first of `clocks` tells that tells one."""
    for clock in clocks:
        if isinstance(clock, _View):
            return clock.time
    return None


class _UnsharedClock(VirtualClock):
    __slots__ = ()

    shared = False


class _View(Clock):
    """One of the clocks, `offset` ahead of the time since the beginning."""

    __slots__ = ("_offset", "time")

    def __init__(self, time: VirtualTime, offset: int) -> None:
        self.time = time
        self._offset = offset

    def now(self) -> int:
        return self.time.tick() + self._offset

    def resolution(self) -> int:
        return self.time.step

    def at(self, deadline: int) -> Pollable:
        return _Timer(self.time, min(deadline - self._offset, LATEST))


class _CpuView(_View):
    """Of what was spent on readings."""

    __slots__ = ()

    def __init__(self, time: VirtualTime) -> None:
        super().__init__(time, 0)

    def now(self) -> int:
        self.time.tick()
        return self.time._used

    def at(self, deadline: int) -> Pollable:
        raise KernelError(Code.NOT_SUPPORTED, "processor time stands still while a program waits for it")


class _Timer(Timer):
    """A timer of which the program may ask again and again whether it is over: that is a reading, too.

    The reactor does not ask it, but looks at its clock, so that how often it looks changes nothing.
    """

    __slots__ = ("_time",)

    def __init__(self, time: VirtualTime, deadline: int) -> None:
        super().__init__(time._clock, deadline)
        self._time = time

    def ready(self) -> bool:
        return self._time.tick() >= self.deadline


def _whole(name: str, value: int, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} is {value!r} ({type(value).__name__}): nanoseconds are wanted, as an int")
    if not least <= value <= LATEST:
        raise ValueError(f"{name} is {value}: {least} to {LATEST} nanoseconds are possible")
    return value
