"""A running program: its store, its process, and how it is entered and waited for."""

from __future__ import annotations

import time

from remit.engine.wasmtime.store import StoreLimits
from remit.kernel.errors import Exit
from remit.kernel.poll import Pollable
from remit.kernel.reactor import Reactor
from remit.policy.build import build_process
from remit.runtime.awaited import Awaited

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from remit.engine.api import FiberCall, Func
    from remit.engine.wasmtime.prepared import Prepared
    from remit.engine.wasmtime.store import Store
    from remit.policy.grants import Grants
    from remit.runtime.program import Program

ENDLESS = (1 << 64) - 1
"""Fuel for a run without a limit, in a program that counts it all the same."""


class World:
    """One guest and all that belongs to it: close it."""

    __slots__ = ("process", "program", "reactor", "store")

    def __init__(
        self,
        program: Program,
        grants: Grants,
        *,
        owner: object = None,
        fuel: int | None = None,
        max_memory: int | None = None,
    ) -> None:
        """`owner` is whoever host functions find as ``process.owner``; None for `fuel` is as good as endless."""
        self.program = program
        limits = None if max_memory is None else StoreLimits(memory_bytes=max_memory)
        self.process = build_process(grants)
        try:
            self.store: Store = program.module.engine.store(self.process, limits=limits)
            if program.metered:
                self.store.fuel = ENDLESS if fuel is None else fuel
        except BaseException:
            self.process.close()
            raise
        self.process.owner = owner
        self.reactor = self.process.reactor = Reactor(self._check)
        self.store.on_interrupt = self.reactor.interrupt

    def set_deadline(self, deadline: float | None) -> None:
        """When the guest is stopped, busy or waiting (``time.monotonic()`` seconds)."""
        self.store.deadline = deadline
        self.reactor.deadline = deadline

    def _check(self) -> None:
        """Whether the guest may go on waiting."""
        reason = self.store.stop_reason(time.monotonic())
        if reason is not None:
            raise reason

    def close(self) -> None:
        """Give everything back."""
        self.process.close()
        self.store.close()


def run_start(world: World) -> int:
    """Run a command to its end on this thread; its exit status."""
    try:
        instance = world.program.prepared().instantiate(world.store)
        instance.export("_start")()
    except Exit as end:
        return end.status
    return 0


async def drive(call: FiberCall, reactor: Reactor) -> Any:
    """Run a call on a fiber to its end, giving way to others on the loop whenever it waits or has run for a while."""
    import asyncio

    try:
        while not call.poll():
            pending = call.pending
            if pending is None:
                await asyncio.sleep(0)
            elif isinstance(pending.wait_for, Pollable):
                await reactor.wait_async(pending.wait_for)
            else:
                assert isinstance(pending.wait_for, Awaited)
                await pending.wait_for.wait()
        return call.result()
    finally:
        call.close()


async def run_start_async(world: World) -> int:
    """As :func:`run_start`, on a fiber."""
    try:
        prepared: Prepared = world.program.prepared(fibers=True)
        instance = await drive(prepared.start_instantiate(world.store), world.reactor)
        start: Func = instance.export("_start")
        await drive(start.start(), world.reactor)
    except Exit as end:
        return end.status
    return 0
