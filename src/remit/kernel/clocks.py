"""Clocks: the permission to know the time, and to wait for one."""

from __future__ import annotations

from remit.kernel.errors import Code, KernelError
from remit.kernel.poll import Pollable, Timer


class Clock:
    """A clock. Its numbers are nanoseconds; wall clocks count from the Unix epoch, others from anywhere."""

    __slots__ = ()

    def now(self) -> int:
        """The time, in nanoseconds."""
        raise KernelError(Code.NOT_SUPPORTED, f"{type(self).__name__} has no now")

    def resolution(self) -> int:
        """The smallest step, in nanoseconds, at least 1."""
        return 1

    def at(self, deadline: int) -> Pollable:
        """Ready once :meth:`now` is `deadline` or later."""
        return Timer(self, deadline)
