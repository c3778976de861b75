"""``select.poll`` where there is one, and the same on ``select.select`` where there is none (Windows)."""

from __future__ import annotations

import select

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    class HostPoll(Protocol):
        """The part of ``select.poll`` objects that is used here."""

        def register(self, descriptor: int, events: int, /) -> None:
            """Watch `descriptor` for :data:`READ` or :data:`WRITE` (or both, or'ed)."""

        def unregister(self, descriptor: int, /) -> None:
            """Watch it no more. KeyError if it is not watched."""

        def poll(self, milliseconds: int, /) -> list[tuple[int, int]]:
            """Wait that long for at least one of them; those that are ready or have failed."""


class SelectPoll:
    """A poll object on ``select.select``.

    Windows can ask sockets only. Anything else there counts as ready, so that a read of a pipe or a console blocks
    its thread instead of never being tried.
    """

    __slots__ = ("_events",)

    def __init__(self) -> None:
        self._events: dict[int, int] = {}

    def register(self, descriptor: int, events: int, /) -> None:
        self._events[descriptor] = events

    def unregister(self, descriptor: int, /) -> None:
        del self._events[descriptor]

    def poll(self, milliseconds: int, /) -> list[tuple[int, int]]:
        failed = [(descriptor, events) for descriptor, events in self._events.items() if not _selectable(descriptor)]
        if failed:
            return failed
        if not self._events:  # select refuses three empty lists on Windows
            import time

            time.sleep(milliseconds / 1000)
            return []
        reads = [descriptor for descriptor, events in self._events.items() if events & READ]
        writes = [descriptor for descriptor, events in self._events.items() if events & WRITE]
        # A connection that failed is told as exceptional, not as writable, on Windows.
        readable, writable, exceptional = select.select(reads, writes, writes, milliseconds / 1000)
        ready = dict.fromkeys(readable, READ)
        for descriptor in (*writable, *exceptional):
            ready[descriptor] = ready.get(descriptor, 0) | WRITE
        return list(ready.items())


def _selectable(descriptor: int) -> bool:
    try:
        select.select([descriptor], [], [], 0)
    except (OSError, ValueError):
        return False
    return True


READ: int = getattr(select, "POLLIN", 1)
WRITE: int = getattr(select, "POLLOUT", 4)

host_poll: Callable[[], HostPoll] = getattr(select, "poll", SelectPoll)
"""Makes a poll object. One thread at a time may use it."""
