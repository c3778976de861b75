"""What can be waited for. Objects here only say *what*; :mod:`remit.kernel.reactor` does the waiting."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from remit.kernel.clocks import Clock


class Pollable:
    """A condition that is or is not met, and may be waited for. Asking never blocks.

    The kinds in this module are all there are: what else can be waited for is told by an :class:`Event`, or is a
    subclass of :class:`Condition`.
    """

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


ALWAYS = Always()
NEVER = Never()


class HostReady(Pollable):
    """A host descriptor can be read from, or written to, without blocking (or it has failed)."""

    __slots__ = ("descriptor", "write")

    def __init__(self, descriptor: int, *, write: bool = False) -> None:
        self.descriptor = descriptor
        self.write = write

    def ready(self) -> bool:
        from remit.kernel.host_poll import READ, WRITE, host_poll

        # Not kept: a poll object refuses to be used by two threads at once, and making one costs half a microsecond.
        poll = host_poll()
        poll.register(self.descriptor, WRITE if self.write else READ)
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
    """Set by other code, from any thread or signal handler; the wakers of those who wait are then called once each.

    There is no lock, which a signal handler could find held by the very thread that it interrupts. Instead every
    step is one indivisible operation on one list, and a waker belongs to whoever takes it out.
    """

    __slots__ = ("_set", "_wakers")

    def __init__(self) -> None:
        self._set = False
        self._wakers: list[Callable[[], None]] = []

    def ready(self) -> bool:
        return self._set

    def set(self) -> None:
        """Make it ready and wake everyone who waits."""
        self._set = True
        self._wake()

    def clear(self) -> None:
        """Make it not ready again."""
        self._set = False

    def add_waker(self, wake: Callable[[], None]) -> None:
        """Have `wake` called at the next :meth:`set`; at once when it is already set.

        `wake` may be called from any thread and must return at once.
        """
        self._wakers.append(wake)
        # After the append: a set that came between has missed the new waker, or has called it already.
        if self._set:
            self._wake()

    def remove_waker(self, wake: Callable[[], None]) -> None:
        """Forget `wake`, if it has not been called."""
        try:
            self._wakers.remove(wake)
        except ValueError:
            return

    def _wake(self) -> None:
        wakers = self._wakers
        while wakers:
            try:
                wake = wakers.pop(0)
            except IndexError:  # another thread took the last one since we looked
                return
            wake()


class Condition(Pollable):
    """Something that takes steps of its own to become ready: a handshake, a message that comes in pieces.

    Asking takes those steps that can be taken now. Whoever waits waits for what the next step needs, and asks again.
    """

    __slots__ = ()

    def next_step(self) -> Pollable:
        """What has to be ready before asking again can say anything else: of the other kinds, and never this."""
        raise NotImplementedError


class AnyOf(Pollable):
    """At least one of several is ready."""

    __slots__ = ("pollables",)

    def __init__(self, pollables: Sequence[Pollable]) -> None:
        self.pollables = pollables

    def ready(self) -> bool:
        return any(pollable.ready() for pollable in self.pollables)
