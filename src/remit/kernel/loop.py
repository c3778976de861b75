"""Waiting on an asyncio loop, for many programs at once. Only :mod:`remit.kernel.reactor` uses this."""

from __future__ import annotations

import asyncio
import time
import weakref

from remit.kernel.clocks import VirtualClock
from remit.kernel.host_poll import READ, WRITE
from remit.kernel.naps import Naps
from remit.kernel.poll import HostReady, Timer
from remit.kernel.reactor import SECOND, Reactor, finish, finish_from_anywhere
from remit.kernel.wants import Wants

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.kernel.poll import Pollable

QUIET_TURNS = 16
"""So many turns of the loop without a program beginning to wait mean that all of them wait. What one program tells
another, or a callback a program, takes three or four."""

ASKING_INTERVAL = 0.01
"""Seconds between two looks at a descriptor on a loop that cannot watch it (the proactor loop of Windows)."""


async def wait_on_loop(reactor: Reactor, pollable: Pollable) -> None:
    """Suspend the running task until `pollable` is ready, or raise what the reactor's check raises."""
    loop = asyncio.get_running_loop()
    watch = reactor.watch
    if watch is None or reactor.loop is not loop:
        watch = reactor.watch = _watch_of(loop)
        reactor.loop = loop
    watch.waits_begun += 1
    if isinstance(pollable, Timer) and not isinstance(pollable.clock, VirtualClock):
        seconds = (pollable.deadline - pollable.clock.now()) / SECOND
        if reactor.deadline is None or time.monotonic() + seconds < reactor.deadline:
            return await _nap(reactor, loop, watch.naps, loop.time() + seconds)
    return await _wait(reactor, loop, watch, pollable)


async def _nap(reactor: Reactor, loop: asyncio.AbstractEventLoop, naps: Naps, when: float) -> None:
    """What most waits are, at a fraction of the cost of the others: nothing else to wait for."""
    sleeper: asyncio.Future[bool] = loop.create_future()
    reactor.sleepers.add(sleeper)
    if reactor.interrupted:
        finish(sleeper)
    nap = naps.begin(loop, when, sleeper)
    try:
        await sleeper
    finally:
        reactor.sleepers.discard(sleeper)
        naps.end(nap)
    reactor.check()


async def _wait(reactor: Reactor, loop: asyncio.AbstractEventLoop, watch: Watch, pollable: Pollable) -> None:
    until = reactor.until()
    wants = Wants(pollable)
    if wants.met():
        await asyncio.sleep(0)
        return reactor.check()
    while not (await _sleep(reactor, loop, watch, wants, until) or wants.met()):
        if until is not None and time.monotonic_ns() >= until:
            until = None
        reactor.check()
    return reactor.check()


async def _sleep(
    reactor: Reactor, loop: asyncio.AbstractEventLoop, watch: Watch, wants: Wants, until: int | None
) -> bool:
    """Suspend until something happens or some of the time has passed. True if one of the descriptors is ready."""
    sleeper: asyncio.Future[bool] = loop.create_future()
    reactor.sleepers.add(sleeper)
    timer = None
    wake: Callable[[], None] | None = None
    try:
        if reactor.interrupted:
            finish(sleeper)
        if wants.timers or until is not None:
            timer = loop.call_at(loop.time() + wants.nap(until) / SECOND, finish, sleeper)
        if wants.descriptors:
            watch.add_descriptors(loop, wants.descriptors, sleeper)
        if wants.virtual:
            watch.add_virtual(loop, wants.virtual, sleeper)
        if wants.events:

            def wake() -> None:
                finish_from_anywhere(sleeper)

            for event in wants.events:
                event.add_waker(wake)
        return await sleeper
    finally:
        reactor.sleepers.discard(sleeper)
        if timer is not None:
            timer.cancel()
        if wants.descriptors:
            watch.remove_descriptors(loop, wants.descriptors, sleeper)
        if wants.virtual:
            watch.remove_virtual(wants.virtual, sleeper)
        if wake is not None:
            for event in wants.events:
                event.remove_waker(wake)


class Watch:
    """What is watched on one loop: a loop keeps one callback per descriptor, and programs share descriptors."""

    __slots__ = ("_deadlines", "_registered", "_sleepers", "naps", "waits_begun")

    def __init__(self) -> None:
        self._sleepers: dict[tuple[int, bool], list[asyncio.Future[bool]]] = {}
        """(descriptor, for writing) -> who waits for it."""
        self._registered: set[tuple[int, bool]] = set()
        self._deadlines: dict[VirtualClock, dict[asyncio.Future[bool], int]] = {}
        self.naps = Naps()
        self.waits_begun = 0

    def add_descriptors(
        self, loop: asyncio.AbstractEventLoop, descriptors: dict[int, int], sleeper: asyncio.Future[bool]
    ) -> None:
        for key in _keys(descriptors):
            sleepers = self._sleepers.setdefault(key, [])
            sleepers.append(sleeper)
            if len(sleepers) == 1:
                self._register(loop, key)

    def remove_descriptors(
        self, loop: asyncio.AbstractEventLoop, descriptors: dict[int, int], sleeper: asyncio.Future[bool]
    ) -> None:
        for key in _keys(descriptors):
            sleepers = self._sleepers.get(key, [])
            if sleeper in sleepers:
                sleepers.remove(sleeper)
                if not sleepers:
                    del self._sleepers[key]
                    self._unregister(loop, key)

    def _register(self, loop: asyncio.AbstractEventLoop, key: tuple[int, bool]) -> None:
        descriptor, write = key
        try:
            if write:
                loop.add_writer(descriptor, self._fire, loop, key)
            else:
                loop.add_reader(descriptor, self._fire, loop, key)
            self._registered.add(key)
        except OSError:
            # A regular file is always ready, and epoll refuses it; one that is closed is for the operation to tell.
            loop.call_soon(self._fire, loop, key)
        except NotImplementedError:
            loop.call_later(ASKING_INTERVAL, self._ask, loop, key)

    def _unregister(self, loop: asyncio.AbstractEventLoop, key: tuple[int, bool]) -> None:
        if key not in self._registered:
            return
        self._registered.remove(key)
        descriptor, write = key
        if loop.is_closed():
            return
        if write:
            loop.remove_writer(descriptor)
        else:
            loop.remove_reader(descriptor)

    def _fire(self, loop: asyncio.AbstractEventLoop, key: tuple[int, bool]) -> None:
        self._unregister(loop, key)
        for sleeper in self._sleepers.pop(key, ()):
            finish(sleeper, True)

    def _ask(self, loop: asyncio.AbstractEventLoop, key: tuple[int, bool]) -> None:
        if key not in self._sleepers:
            return
        descriptor, write = key
        if HostReady(descriptor, write=write).ready():
            self._fire(loop, key)
        else:
            loop.call_later(ASKING_INTERVAL, self._ask, loop, key)

    def add_virtual(
        self, loop: asyncio.AbstractEventLoop, deadlines: dict[VirtualClock, int], sleeper: asyncio.Future[bool]
    ) -> None:
        for clock, deadline in deadlines.items():
            sleepers = self._deadlines.get(clock)
            if sleepers is None:
                sleepers = self._deadlines[clock] = {}
                loop.call_soon(self._turn, loop, clock, sleepers, 0, self.waits_begun)
            sleepers[sleeper] = deadline

    def remove_virtual(self, deadlines: dict[VirtualClock, int], sleeper: asyncio.Future[bool]) -> None:
        for clock in deadlines:
            sleepers = self._deadlines.get(clock, {})
            if sleepers.pop(sleeper, None) is not None and not sleepers:
                del self._deadlines[clock]

    def _turn(
        self,
        loop: asyncio.AbstractEventLoop,
        clock: VirtualClock,
        sleepers: dict[asyncio.Future[bool], int],
        quiet: int,
        waits_begun: int,
    ) -> None:
        """Called at each turn of the loop while programs wait for a virtual clock: move it once all of them wait."""
        if not sleepers or self._deadlines.get(clock) is not sleepers:
            return  # nobody waits any more; who comes next begins anew
        # Of a clock that is one program's, that one waits: how busy others are must not hold it up.
        quiet = quiet + 1 if waits_begun == self.waits_begun or not clock.shared else 0
        if quiet > QUIET_TURNS:
            clock.advance_to(min(sleepers.values()))
            now = clock.now()
            for sleeper, deadline in sleepers.items():
                if deadline <= now:
                    finish(sleeper)
            quiet = 0
        loop.call_soon(self._turn, loop, clock, sleepers, quiet, self.waits_begun)


def _keys(descriptors: dict[int, int]) -> list[tuple[int, bool]]:
    return [
        (descriptor, kind == WRITE)
        for descriptor, events in descriptors.items()
        for kind in (READ, WRITE)
        if events & kind
    ]


_watches: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Watch] = weakref.WeakKeyDictionary()
"""One for each loop that has been waited on: a loop has no place for it, and its thread is the only one to use it."""


def _watch_of(loop: asyncio.AbstractEventLoop) -> Watch:
    watch = _watches.get(loop)
    if watch is None:
        # What still waits on a loop that was closed keeps it, and would keep all that was in its programs.
        for other in [*_watches]:
            if other.is_closed():
                _watches.pop(other, None)
        watch = _watches[loop] = Watch()
    return watch
