"""What the worlds of modules and of components have in common: a process, its stores, how they wait and are stopped."""

from __future__ import annotations

import time

from remit.engine.api import Timeout
from remit.kernel.poll import Pollable
from remit.kernel.reactor import Reactor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from remit.engine.api import FiberCall, Pending
    from remit.engine.wasmtime.config import Config
    from remit.engine.wasmtime.store import Store
    from remit.kernel.process import Process
    from remit.policy.grants import Grants
    from remit.recording.tape import Tape
    from remit.runtime.awaited import Awaited
    from remit.runtime.runnable import Runnable
    from remit.runtime.tracing import Tracer

CLOCKS_DIFFER = 0.01
"""Seconds by which timers of an asyncio loop may be early, and more."""

ENDLESS = (1 << 64) - 1
"""Fuel for a run without a limit, in a program that counts it all the same."""


class Stores:
    """The stores of one program, stopped and suspended together.

    Calls between them are on one stack, so a call that may be suspended has all of them.
    """

    __slots__ = ("_all", "_deadline", "_interruption")

    def __init__(self) -> None:
        self._all: list[Store] = []
        # For a program that has none: all that it does is the host's.
        self._deadline: float | None = None
        self._interruption: BaseException | None = None

    def add(self, store: Store) -> None:
        self._all.append(store)

    @property
    def running(self) -> bool:
        """Whether a thread is in one of them."""
        return any(store.running for store in self._all)

    def set_deadline(self, deadline: float | None) -> None:
        self._deadline = deadline
        for store in self._all:
            store.deadline = deadline

    def stop_reason(self, now: float) -> BaseException | None:
        """Why the guest must stop, if it must. An interruption is given once."""
        found, self._interruption = self._interruption, None
        for store in self._all:
            reason = store.stop_reason(now)
            found = found or reason
        if found is None and self._deadline is not None and now >= self._deadline:
            found = Timeout("the time limit is over")
        return found

    def interrupt(self, reason: BaseException) -> None:
        """Stop the guest soon, from any thread."""
        if not self._all:
            self._interruption = reason
        for store in self._all:
            store.interrupt(reason)

    def suspend(self) -> None:
        """A call takes them, which may be suspended. RuntimeError if that cannot be."""
        for number, store in enumerate(self._all):
            try:
                store.suspend()
            except RuntimeError:
                for taken in self._all[:number]:
                    taken.release(usable=True)
                raise

    def release(self, *, usable: bool) -> None:
        """The call gives them back."""
        for store in self._all:
            store.release(usable=usable)

    def close(self) -> None:
        """RuntimeError while a guest runs."""
        for store in self._all:
            store.close()
            # Open the circles, so that all of it goes at once and not when Python looks for garbage.
            store.data = store.on_interrupt = None


class World:
    """One program that runs, and all that belongs to it: close it."""

    __slots__ = ("_call", "_trace", "process", "reactor", "stores", "tape")

    def __init__(self, process: Process, trace: Any = None, tape: Tape | None = None) -> None:
        """`trace`: who is told of its calls, as :class:`remit.policy.grants.Grants` has it. `tape`: what is between it
        and its outside."""
        self.tape = tape
        self._call: object = None
        """What is under way, where that can be suspended or is the host's."""
        self._trace: Tracer | None = None
        if trace is not None:
            from remit.runtime.tracing import tracer_of

            self._trace = tracer_of(trace)
        self.process = process
        self.stores = Stores()
        self.reactor = process.reactor = Reactor(_stop_check(self.stores))

    def set_deadline(self, deadline: float | None) -> None:
        """When the guest is stopped, busy or waiting (``time.monotonic()`` seconds)."""
        self.stores.set_deadline(deadline)
        self.reactor.deadline = deadline

    @property
    def deadline(self) -> float | None:
        return self.reactor.deadline

    @property
    def busy(self) -> bool:
        """Whether a call is under way: it runs, or is suspended."""
        return self._call is not None or self.stores.running

    @property
    def late(self) -> bool:
        """Whether its own time is over: a Timeout can be that of a program whose host function has entered this one."""
        deadline = self.reactor.deadline
        return deadline is not None and time.monotonic() >= deadline - CLOCKS_DIFFER

    def check(self) -> None:
        """Timeout if the time is over already. Who computes for less than a tick is not asked by anyone else."""
        self.reactor.check()

    def interrupt(self, reason: BaseException) -> None:
        """Stop the call that is under way, or else the next one; from any thread."""
        self.stores.interrupt(reason)
        self.reactor.interrupt()

    def run(self) -> int:
        """Run a command to its end on this thread; its exit status."""
        raise NotImplementedError

    async def run_async(self) -> int:
        """As :meth:`run`, suspended whenever it waits."""
        raise NotImplementedError

    def _begin_tape(self, program: Runnable, fuel: int | None, max_memory: int | None) -> None:
        """Tell the tape what is about to run. OSError."""
        if self.tape is None:
            return
        config = program.engine_config
        about = {"name": program.name, "path": program.path, "sha256": program.digest()}
        settings = {"fuel": config.fuel, "gc": config.gc, "deterministic": config.deterministic}
        self.tape.begin(self.process, {"program": about, "engine": settings, "fuel": fuel, "max_memory": max_memory})

    def ended(self, end: int | BaseException) -> None:
        """Tell the tape how it ended: its exit status, or what stopped it. OSError."""
        if self.tape is None:
            return
        if isinstance(end, int):
            self.tape.end("exit", end)
        else:
            from remit.runtime.ends import end_of

            self.tape.end(*end_of(end))

    def close(self) -> None:
        """Give everything back. RuntimeError while a call is under way, and then nothing is closed. Closing twice does
        nothing.
        """
        if self._call is not None:
            raise RuntimeError("a call is under way in this instance: cancel it, and await its end, before closing")
        # The stores first: they refuse while a thread is inside, who would go on with numbers of the host's descriptors
        # that stand for other files by then.
        self.stores.close()
        if self.tape is not None:
            self.tape.end("closed")
        self.process.close()
        self.process.owner = None
        if self._trace is not None:
            self._trace.close()

    async def _wait_for(self, pending: Pending) -> None:
        if isinstance(pending.wait_for, Pollable):
            await self.reactor.wait_async(pending.wait_for)
        else:
            awaited: Awaited = pending.wait_for  # type: ignore[assignment] # there are these two, see bind.py
            await awaited.wait(self.reactor.deadline)

    async def _drive(self, call: FiberCall) -> Any:
        """Run a call to its end, giving way to others whenever it waits or has run for a while."""
        from asyncio import sleep

        self._call = call
        try:
            while not call.poll():
                pending = call.pending
                if pending is None:
                    await sleep(0)
                else:
                    await self._wait_for(pending)
            return call.result()
        except BaseException as error:
            if self._trace is not None:
                self._trace.stopped(error)
            raise
        finally:
            self._call = None
            call.close()


def _stop_check(stores: Stores) -> Callable[[], None]:
    """What a reactor asks: whether the guest may go on waiting. It raises why not."""

    def check() -> None:
        reason = stores.stop_reason(time.monotonic())
        if reason is not None:
            try:
                raise reason
            finally:
                del reason  # its traceback has this frame

    return check


def check_deterministic(grants: Grants, config: Config) -> None:
    """ValueError where a program that was compiled by `config` cannot run as `grants` want it."""
    if grants.deterministic and not config.deterministic:
        raise ValueError(
            "the program is not compiled for deterministic runs: load it with remit.load(..., deterministic=True)"
        )


def runs_on_own_thread(*, asynchronous: bool) -> bool:
    """Whether a guest runs on the thread of whoever enters it."""
    if not asynchronous:
        return True
    from remit.runtime.suspension import fibers_supported

    return fibers_supported()
