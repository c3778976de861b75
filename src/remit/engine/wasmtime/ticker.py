"""The one clock of all engines: every tick, running guests look up whether they must stop or give way.

A guest looks up at loop heads and function entries (an *epoch* check is two instructions), and calls back only
when the epoch moved. Nothing ticks while no guest runs, so an idle process is never woken.
"""

from __future__ import annotations

import _thread
import os
import time

from remit.engine.wasmtime import library

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.engine.wasmtime.store import Store

INTERVAL = 0.02
"""Seconds between ticks: a busy guest stops within two of them."""

IDLE_TICKS = 5
"""How long it goes on when nothing runs, so that a series of short calls does not start and stop it each time."""

entered: set[Store] = set()
"""The stores that some thread is in. Adding and removing is one atomic operation, so calls need no lock."""


class Ticker:
    """Ticks for all engines of the process, in a thread that is started when it is first needed."""

    def __init__(self) -> None:
        self.asleep = True
        self._engines: list[int] = []
        self._reset()

    def _reset(self) -> None:
        """Also after a fork: the child has no thread yet, and locks in whatever state they were."""
        self.asleep = True
        self._started = False
        self._guard = _thread.allocate_lock()
        self._wake = _thread.allocate_lock()
        self._wake.acquire()

    def add(self, engine: int) -> None:
        self._engines.append(engine)

    def wake(self) -> None:
        """Called after a store was put into `entered`, when `asleep` says so."""
        with self._guard:
            if not self.asleep:
                return
            if self._started:
                self.asleep = False
                self._wake.release()
            else:
                # First: it may fail, and then the next guest tries again.
                _thread.start_new_thread(self._run, ())
                self._started = True
                self.asleep = False

    def _run(self) -> None:
        idle = 0
        while True:
            time.sleep(INTERVAL)
            for engine in self._engines:
                library.engine_increment_epoch(engine)
            idle = 0 if entered else idle + 1
            if idle > IDLE_TICKS:
                self._sleep()
                idle = 0

    def _sleep(self) -> None:
        self.asleep = True
        # Whoever entered before it read `asleep` as true did not wake us.
        if entered:
            with self._guard:
                if self.asleep:
                    self.asleep = False
                    return
        self._wake.acquire()


ticker = Ticker()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=ticker._reset)
