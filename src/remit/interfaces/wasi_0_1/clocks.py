"""``clock_res_get`` and ``clock_time_get``."""

from __future__ import annotations

from remit.interfaces.wasi_0_1.guest_memory import MAX_U64, U64, check
from remit.kernel.errors import Code, KernelError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.engine.api import Memory
    from remit.kernel.clocks import Clock
    from remit.kernel.process import Process

REALTIME = 0
MONOTONIC = 1
PROCESS_CPU_TIME = 2
THREAD_CPU_TIME = 3


def clock(process: Process, number: int) -> Clock:
    """The clock with a ``clockid``. INVALID if it is unknown, or the program does not have it."""
    if number == MONOTONIC:
        found = process.monotonic_clock
    elif number == REALTIME:
        found = process.wall_clock
    elif number in (PROCESS_CPU_TIME, THREAD_CPU_TIME):  # a program has one thread
        found = process.cpu_clock
    else:
        found = None
    if found is None:
        raise KernelError(Code.INVALID, f"there is no clock {number}")
    return found


def clock_res_get(process: Process, memory: Memory, number: int, resolution_ptr: int) -> None:
    """Write the resolution of a clock, in nanoseconds."""
    view = memory.view()
    check(view, resolution_ptr, 8)
    U64.pack_into(view, resolution_ptr, clock(process, number).resolution())


def clock_time_get(process: Process, memory: Memory, number: int, precision: int, time_ptr: int) -> None:
    """Write the time of a clock, in nanoseconds; the precision asked for changes nothing.

    OVERFLOW for a time before the epoch, which cannot be expressed.
    """
    view = memory.view()
    check(view, time_ptr, 8)
    now = clock(process, number).now()
    if not 0 <= now <= MAX_U64:
        raise KernelError(Code.OVERFLOW, f"time {now}")
    U64.pack_into(view, time_ptr, now)
