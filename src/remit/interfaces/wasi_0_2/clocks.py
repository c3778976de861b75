"""``wasi:clocks``: the clocks that a program was handed."""

from __future__ import annotations

from remit.engine.api import Trap
from remit.interfaces.wasi_0_2.poll import Pollable
from remit.interfaces.wit.declaration import Interface, func

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.kernel.clocks import Clock

SECOND = 1_000_000_000
MAX_U64 = (1 << 64) - 1


class Datetime:
    """A ``datetime``: seconds since the Unix epoch, and nanoseconds below 10**9."""

    __slots__ = ("nanoseconds", "seconds")

    def __init__(self, seconds: int, nanoseconds: int) -> None:
        self.seconds = seconds
        self.nanoseconds = nanoseconds

    def __repr__(self) -> str:
        return f"Datetime({self.seconds}, {self.nanoseconds})"


def datetime_of(nanoseconds: int) -> Datetime | None:
    """None for what it cannot say: times before the epoch."""
    if nanoseconds < 0:
        return None
    seconds, rest = divmod(nanoseconds, SECOND)
    return Datetime(min(seconds, MAX_U64), rest)


def granted(clock: Clock | None, what: str) -> Clock:
    """The clock; the interface has no way to refuse one, so asking for one that is not there ends the program."""
    if clock is None:
        raise Trap(f"the program was not granted a {what} clock", "not_granted")
    return clock


class MonotonicClock(Interface):
    name = "wasi:clocks/monotonic-clock"
    version = "0.2.12"
    types = {"instant": "u64", "duration": "u64"}
    uses = {"pollable": "wasi:io/poll"}

    @property
    def _clock(self) -> Clock:
        return granted(self.process.monotonic_clock, "monotonic")

    @func("() -> instant")
    def now(self) -> int:
        return min(max(self._clock.now(), 0), MAX_U64)

    @func("() -> duration")
    def resolution(self) -> int:
        return self._clock.resolution()

    @func("(when: instant) -> pollable")
    def subscribe_instant(self, when: int) -> Pollable:
        return Pollable(self._clock.at(when))

    @func("(when: duration) -> pollable")
    def subscribe_duration(self, duration: int) -> Pollable:
        clock = self._clock
        return Pollable(clock.at(clock.now() + duration))


class WallClock(Interface):
    name = "wasi:clocks/wall-clock"
    version = "0.2.12"
    types = {"datetime": "record { seconds: u64, nanoseconds: u32 }"}

    @property
    def _clock(self) -> Clock:
        return granted(self.process.wall_clock, "wall")

    @func("() -> datetime")
    def now(self) -> Datetime:
        return datetime_of(max(self._clock.now(), 0)) or Datetime(0, 0)

    @func("() -> datetime")
    def resolution(self) -> Datetime:
        return Datetime(*divmod(self._clock.resolution(), SECOND))


class TimezoneDisplay:
    """A ``timezone-display``; ``utc-offset`` is in seconds."""

    __slots__ = ("in_daylight_saving_time", "name", "utc_offset")

    def __init__(self) -> None:
        self.utc_offset = 0
        self.name = "UTC"
        self.in_daylight_saving_time = False


class Timezone(Interface):
    """Where the program is: nowhere in particular. What the host's time zone is, is none of its business."""

    name = "wasi:clocks/timezone"
    version = "0.2.12"
    types = {
        "timezone-display": "record { utc-offset: s32, name: string, in-daylight-saving-time: bool }",
    }
    uses = {"datetime": "wasi:clocks/wall-clock"}

    @func("(when: datetime) -> timezone-display")
    def display(self, when: Datetime) -> TimezoneDisplay:
        return TimezoneDisplay()

    @func("(when: datetime) -> s32")
    def utc_offset(self, when: Datetime) -> int:
        return 0
