"""``poll_oneoff``: wait for clocks, and for descriptors that can be read or written."""

from __future__ import annotations

from remit.interfaces.wasi_0_1.clocks import THREAD_CPU_TIME, clock
from remit.interfaces.wasi_0_1.errno import ERRNO, SUCCESS
from remit.interfaces.wasi_0_1.guest_memory import U32
from remit.interfaces.wasi_0_1.layout import EVENT, SUBSCRIPTION_HEAD
from remit.kernel.errors import Code, KernelError, WouldBlock
from remit.kernel.poll import ALWAYS, AnyOf
from remit.kernel.rights import FILE_READ, FILE_WRITE, POLL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.engine.api import Memory
    from remit.interfaces.wasi_0_1.layout import Layout
    from remit.kernel.descriptors import OpenFile
    from remit.kernel.poll import Pollable
    from remit.kernel.process import Process

EVENTTYPE_CLOCK = 0
EVENTTYPE_FD_READ = 1
EVENTTYPE_FD_WRITE = 2
SUBSCRIPTION_CLOCK_ABSTIME = 1

_LATEST = 2**63 - 1
"""No deadline is later: 292 years are as good as for ever, and fit the numbers of every host."""


class _Subscription:
    """What is waited for, and what to tell the guest when it has come."""

    __slots__ = ("entry", "error", "pollable", "type", "userdata")

    def __init__(self, userdata: int, type: int, pollable: Pollable = ALWAYS, error: int = SUCCESS) -> None:
        self.userdata = userdata
        self.type = type
        self.pollable = pollable
        self.error = error
        """Why it cannot be waited for; told at once."""
        self.entry: OpenFile | None = None

    def event(self) -> bytes:
        """The ``event``. How much a stream has is not known before it is read: at least one byte."""
        size = 0
        entry = self.entry
        if entry is not None:
            size = 1
            if self.type == EVENTTYPE_FD_READ and entry.file.seekable:
                size = max(entry.file.stat().size - entry.position, 0)
        return EVENT.pack(self.userdata, self.error, self.type, size, 0)


def make_poll_oneoff(layout: Layout) -> Callable[..., WouldBlock | None]:
    """``poll_oneoff``, with the ``subscription`` of a version."""
    step = layout.subscription_size

    def poll_oneoff(
        process: Process, memory: Memory, subscriptions_ptr: int, events_ptr: int, count: int, nevents_ptr: int
    ) -> WouldBlock | None:
        """Wait until at least one subscription is met, and write an event for each that is.

        INVALID for none at all; NO_MEMORY for more than the limit. What is wrong with one descriptor or clock is told
        by an event.
        """
        view = memory.view()
        if not count:
            raise KernelError(Code.INVALID)
        end = subscriptions_ptr + count * step
        if max(end, events_ptr + count * EVENT.size, nevents_ptr + 4) > len(view):
            raise KernelError(Code.FAULT)
        if count > process.limits.poll_subscriptions:
            raise KernelError(Code.NO_MEMORY)
        # No comprehensions here and below: they cost a program that sleeps more than what they say.
        subscriptions = []
        for address in range(subscriptions_ptr, end, step):
            subscriptions.append(_read(process, layout, view, address))
        return _finish(memory, subscriptions, events_ptr, nevents_ptr)

    return poll_oneoff


def _finish(memory: Memory, subscriptions: list[_Subscription], events_ptr: int, nevents_ptr: int) -> WouldBlock | None:
    """Write the events of what is met; if nothing is, wait and try again. Deadlines stay as they were."""
    met = []
    for it in subscriptions:
        if it.pollable.ready():
            met.append(it.event())
    if not met:
        if len(subscriptions) == 1:
            pollable = subscriptions[0].pollable
        else:
            pollable = AnyOf([it.pollable for it in subscriptions])
        return WouldBlock(pollable, lambda: _finish(memory, subscriptions, events_ptr, nevents_ptr))
    view = memory.view()
    view[events_ptr : events_ptr + len(met) * EVENT.size] = b"".join(met)
    U32.pack_into(view, nevents_ptr, len(met))
    return None


def _read(process: Process, layout: Layout, view: memoryview, address: int) -> _Subscription:
    """Decode one subscription. INVALID if it makes no sense in itself."""
    userdata, type, fd = SUBSCRIPTION_HEAD.unpack_from(view, address)
    if type == EVENTTYPE_CLOCK:
        _, _, number, timeout, _, flags = layout.clock.unpack_from(view, address)
        if flags & ~SUBSCRIPTION_CLOCK_ABSTIME or number > THREAD_CPU_TIME:
            raise KernelError(Code.INVALID, f"clock {number}, flags {flags:#x}")
        try:
            source = clock(process, number)
            deadline = timeout if flags else source.now() + timeout
            return _Subscription(userdata, type, source.at(min(deadline, _LATEST)))
        except KernelError as error:
            return _Subscription(userdata, type, error=ERRNO[error.code])
    if type not in (EVENTTYPE_FD_READ, EVENTTYPE_FD_WRITE):
        raise KernelError(Code.INVALID, f"event type {type}")
    try:
        if type == EVENTTYPE_FD_READ:
            entry = process.descriptors.file(fd, FILE_READ | POLL)
            subscription = _Subscription(userdata, type, entry.file.when_readable())
        else:
            entry = process.descriptors.file(fd, FILE_WRITE | POLL)
            subscription = _Subscription(userdata, type, entry.file.when_writable())
    except KernelError as error:
        return _Subscription(userdata, type, error=ERRNO[error.code])
    subscription.entry = entry
    return subscription
