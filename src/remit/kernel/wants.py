"""What a wait is for, taken apart into the kinds of things that hosts can wait for."""

from __future__ import annotations

import time

from remit.kernel.clocks import VirtualClock
from remit.kernel.host_poll import READ, WRITE
from remit.kernel.poll import Always, AnyOf, Condition, Event, HostReady, Never, Timer
from remit.kernel.reactor import LONGEST_NAP

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.kernel.poll import Pollable


class Wants:
    """A pollable taken apart: the things that are waited for, kind by kind."""

    __slots__ = ("always", "descriptors", "events", "timers", "virtual")

    def __init__(self, pollable: Pollable) -> None:
        self.always = False
        self.descriptors: dict[int, int] = {}
        """Host descriptors, each with what it is watched for."""
        self.events: list[Event] = []
        self.timers: list[Timer] = []
        """On clocks that go by themselves."""
        self.virtual: dict[VirtualClock, int] = {}
        """Clocks that the reactor moves, each with the first deadline."""
        self._add(pollable)

    def _add(self, pollable: Pollable) -> None:
        if isinstance(pollable, Timer):
            clock, deadline = pollable.clock, pollable.deadline
            if isinstance(clock, VirtualClock):
                self.virtual[clock] = min(deadline, self.virtual.get(clock, deadline))
            else:
                self.timers.append(pollable)
        elif isinstance(pollable, AnyOf):
            for each in pollable.pollables:
                self._add(each)
        elif isinstance(pollable, HostReady):
            descriptor = pollable.descriptor
            self.descriptors[descriptor] = self.descriptors.get(descriptor, 0) | (WRITE if pollable.write else READ)
        elif isinstance(pollable, Event):
            self.events.append(pollable)
        elif isinstance(pollable, Condition):
            # Whoever waits is woken for each step, and waits again: conditions are not asked here, only by their users.
            if pollable.ready():
                self.always = True
            else:
                self._add(pollable.next_step())
        elif isinstance(pollable, Always):
            self.always = True
        elif not isinstance(pollable, Never):
            raise TypeError(f"cannot wait for {pollable!r}: it is none of the kinds in remit.kernel.poll")

    def met(self) -> bool:
        """Whether anything but a descriptor is ready."""
        if self.always:
            return True
        for timer in self.timers:
            if timer.clock.now() >= timer.deadline:
                return True
        for clock, deadline in self.virtual.items():
            if clock.now() >= deadline:
                return True
        return any(event.ready() for event in self.events)

    def nap(self, until: int | None, longest: int = LONGEST_NAP) -> int:
        """Nanoseconds until the first timer or `until`, at most `longest`."""
        nap = longest
        for timer in self.timers:
            nap = min(nap, timer.deadline - timer.clock.now())
        if until is not None:
            nap = min(nap, until - time.monotonic_ns())
        return max(nap, 0)

    def advance_virtual_clocks(self) -> None:
        """Nothing else can happen: move each to the time that is waited for."""
        for clock, deadline in self.virtual.items():
            clock.advance_to(deadline)
