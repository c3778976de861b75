"""What can be waited for. Objects here only say *what*; :mod:`remit.kernel.reactor` does the waiting."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from remit.kernel.clocks import Clock


class Pollable:
    """A condition that is or is not met, and may be waited for. Asking never blocks."""

    __slots__ = ()

    def ready(self) -> bool:
        """Whether waiting for it would return at once."""
        raise NotImplementedError


class Always(Pollable):
    """Ready now. Waiting for it only gives others a turn (and interruption a chance)."""

    __slots__ = ()

    def ready(self) -> bool:
        return True


class Never(Pollable):
    """Never ready: who waits for it alone waits for an interruption."""

    __slots__ = ()

    def ready(self) -> bool:
        return False


class HostReady(Pollable):
    """A host descriptor can be read from, or written to, without blocking (or it has failed)."""

    __slots__ = ("descriptor", "write")

    def __init__(self, descriptor: int, *, write: bool = False) -> None:
        self.descriptor = descriptor
        self.write = write

    def ready(self) -> bool:
        import select

        poll = select.poll()
        poll.register(self.descriptor, select.POLLOUT if self.write else select.POLLIN)
        return bool(poll.poll(0))


class Timer(Pollable):
    """`clock` has reached `deadline` (nanoseconds on that clock)."""

    __slots__ = ("clock", "deadline")

    def __init__(self, clock: Clock, deadline: int) -> None:
        self.clock = clock
        self.deadline = deadline

    def ready(self) -> bool:
        return self.clock.now() >= self.deadline


class Event(Pollable):
    """Set by other code, from any thread; the wakers of those who wait are then called once each."""

    __slots__ = ("_set", "_wakers")

    def __init__(self) -> None:
        self._set = False
        self._wakers: list[Callable[[], None]] = []

    def ready(self) -> bool:
        return self._set

    def set(self) -> None:
        """Make it ready and wake everyone who waits."""
        self._set = True
        wakers, self._wakers = self._wakers, []
        for wake in wakers:
            wake()

    def clear(self) -> None:
        """Make it not ready again."""
        self._set = False

    def add_waker(self, wake: Callable[[], None]) -> None:
        """Have `wake` called at the next :meth:`set`; at once when it is already set.

        `wake` may be called from any thread and must return at once.
        """
        self._wakers.append(wake)
        if self._set:
            self.set()

    def remove_waker(self, wake: Callable[[], None]) -> None:
        """Forget `wake`, if it has not been called."""
        if wake in self._wakers:
            self._wakers.remove(wake)


class AnyOf(Pollable):
    """At least one of several is ready."""

    __slots__ = ("pollables",)

    def __init__(self, pollables: Sequence[Pollable]) -> None:
        self.pollables = pollables

    def ready(self) -> bool:
        return any(pollable.ready() for pollable in self.pollables)
