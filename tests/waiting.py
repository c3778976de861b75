"""Helpers for tests that wait: things that happen on another thread once the waiting one has gone to sleep."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from remit.kernel.poll import Event


class AnnouncingEvent(Event):
    """An event that tells when someone begins to wait for it. It is never set by itself."""

    __slots__ = ("waited_for",)

    def __init__(self) -> None:
        super().__init__()
        self.waited_for = threading.Event()

    def add_waker(self, wake: Callable[[], None]) -> None:
        super().add_waker(wake)
        self.waited_for.set()


@contextmanager
def once_asleep(action: Callable[[], object]) -> Iterator[Event]:
    """Wait for the event it gives (among others): `action` is then called on another thread."""
    event = AnnouncingEvent()

    def act() -> None:
        event.waited_for.wait()
        action()

    thread = threading.Thread(target=act)
    thread.start()
    try:
        yield event
    finally:
        event.waited_for.set()
        thread.join()


def open_descriptors() -> list[int]:
    """The descriptors of this process that are open."""
    found = []
    for descriptor in range(256):
        try:
            os.fstat(descriptor)
        except OSError:
            continue
        found.append(descriptor)
    return found
