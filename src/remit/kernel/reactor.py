"""The one place that waits: by blocking the thread, or (with :mod:`remit.kernel.loop`) on an asyncio loop."""

from __future__ import annotations

import _thread
import sys
import time

from remit.kernel.poll import Timer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Future
    from collections.abc import Callable, Coroutine

    from remit.kernel.host_poll import HostPoll
    from remit.kernel.loop import Watch
    from remit.kernel.poll import Pollable
    from remit.kernel.wake import WakeChannel
    from remit.kernel.wants import Wants

MILLISECOND = 1_000_000
SECOND = 1_000_000_000

LONGEST_NAP = 3600 * SECOND
"""A wait is cut into pieces of at most this, because the host's calls do not take every number."""

SIGNAL_NAP = 50 * MILLISECOND
"""The same on the main thread, where Python runs signal handlers: a signal that arrives just before the thread goes to
sleep does not wake it, and its handler runs at the end of the piece. (``set_wakeup_fd`` would take the signals
away from an asyncio loop of the caller.)"""


class Reactor:
    """Waits for one run. One thread at a time waits; anyone may :meth:`interrupt`."""

    __slots__ = ("_check", "_poll", "_wait_on_loop", "_wake", "deadline", "interrupted", "loop", "sleepers", "watch")

    def __init__(self, check: Callable[[], object] | None = None) -> None:
        """`check` is called when a wait ends and whenever it is interrupted; it raises whatever should stop the run."""
        self._check = check
        self._poll: HostPoll | None = None
        self._wake: WakeChannel | None = None
        self._wait_on_loop: Callable[[Reactor, Pollable], Coroutine[object, object, None]] | None = None
        self.deadline: float | None = None
        """No wait goes on after this moment (``time.monotonic()`` seconds) without `check` being called."""
        self.interrupted = False
        """:meth:`interrupt` was called, and `check` has not been since."""
        self.sleepers: set[Future[bool]] = set()
        """What the coroutines of this run wait for, so that an interruption finds them."""
        self.loop: AbstractEventLoop | None = None
        self.watch: Watch | None = None
        """The loop that it last waited on, and what is watched there."""

    def wait(self, pollable: Pollable) -> None:
        """Block the thread until `pollable` is ready, or raise what `check` raises.

        An interruption is noticed at once, or within a millisecond at the end of a timer.
        """
        if pollable.__class__ is Timer and pollable.ready():
            return self.check()  # the wait of a program that is late already: nothing below is needed
        from remit.kernel.wants import Wants  # Most short programs never wait.

        wants = Wants(pollable)
        until = self.until()
        longest = SIGNAL_NAP if _on_main_thread() else LONGEST_NAP
        while not wants.met() and not self._sleep(wants, until, longest):
            if until is not None and time.monotonic_ns() >= until:
                until = None  # once is enough: if `check` lets it go on, it goes on
            self.check()
        return self.check()

    def wait_async(self, pollable: Pollable) -> Coroutine[object, object, None]:
        """To be awaited: as :meth:`wait`, but other tasks of the running asyncio loop go on meanwhile.

        It may be cancelled at any point, and leaves nothing registered.
        """
        wait = self._wait_on_loop
        if wait is None:
            from remit.kernel.loop import wait_on_loop  # asyncio costs 40 ms

            wait = self._wait_on_loop = wait_on_loop
        return wait(self, pollable)

    def interrupt(self) -> None:
        """Have `check` called by whoever waits now, or next. From any thread or signal handler."""
        # In this order: a wait that does not see the flag has already made what is woken below.
        self.interrupted = True
        if self._wake is not None:
            self._wake.wake()
        for sleeper in tuple(self.sleepers):
            finish_from_anywhere(sleeper)

    def check(self) -> None:
        """Take note of an interruption: call `check`, if there is one."""
        self.interrupted = False
        if self._check is not None:
            self._check()

    def until(self) -> int | None:
        """:attr:`deadline` in nanoseconds of ``time.monotonic_ns()``."""
        return None if self.deadline is None else int(self.deadline * SECOND)

    def close(self) -> None:
        """Give back the descriptors. Closing twice does nothing; a wait after it opens them again."""
        self._poll = self.loop = self.watch = None
        wake, self._wake = self._wake, None
        if wake is not None:
            wake.close()

    def _sleep(self, wants: Wants, until: int | None, longest: int) -> bool:
        """Wait until something happens or some of the time has passed. True if one of the descriptors is ready."""
        if self._wake is None or self._poll is None:
            from remit.kernel.host_poll import READ, host_poll
            from remit.kernel.wake import WakeChannel

            self._wake = WakeChannel()
            self._poll = host_poll()
            self._poll.register(self._wake.descriptor, READ)
        poll = self._poll
        wake = self._wake.wake
        for descriptor, events in wants.descriptors.items():
            poll.register(descriptor, events)
        try:
            for event in wants.events:
                event.add_waker(wake)
            # A virtual clock does not wait: what is ready now comes first, then its time has come.
            nap = 0 if self.interrupted or wants.virtual else wants.nap(until, longest)
            # poll counts in milliseconds. With descriptors, a timer may be late by a part of one; without, the rest
            # of less than one is slept, and needs no waking.
            if wants.descriptors:
                nap += MILLISECOND - 1
            elif 0 < nap < MILLISECOND:
                time.sleep(nap / SECOND)
            happened = poll.poll(nap // MILLISECOND)
        finally:
            for event in wants.events:
                event.remove_waker(wake)
            for descriptor in wants.descriptors:
                poll.unregister(descriptor)
        if wants.virtual and not happened:
            wants.advance_virtual_clocks()
        ready = False
        for descriptor, _ in happened:
            if descriptor == self._wake.descriptor:
                self._wake.drain()
            else:
                ready = True
        return ready


def _on_main_thread() -> bool:
    threading = sys.modules.get("threading")  # not imported: then there is no other thread
    return threading is None or threading.main_thread().ident == _thread.get_ident()


def finish(sleeper: Future[bool], ready: bool = False) -> None:
    """End a wait on an asyncio loop, on its thread."""
    if not sleeper.done():
        sleeper.set_result(ready)


def finish_from_anywhere(sleeper: Future[bool]) -> None:
    """End a wait on an asyncio loop, from any thread or signal handler."""
    try:
        sleeper.get_loop().call_soon_threadsafe(finish, sleeper)
    except RuntimeError:  # the loop was closed meanwhile: nobody waits any more
        return
