"""A running program: its store, its process, and how it is entered and waited for."""

from __future__ import annotations

import time

from remit.engine.wasmtime.native import function_addresses, memory_handle
from remit.engine.wasmtime.store import StoreLimits
from remit.kernel.errors import Exit
from remit.kernel.poll import Pollable
from remit.kernel.reactor import Reactor
from remit.native.library import native_functions
from remit.policy.build import build_process, has_host_clocks, has_host_random
from remit.runtime.awaited import Awaited

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from remit.engine.api import FiberCall
    from remit.engine.wasmtime.prepared import Instance
    from remit.engine.wasmtime.store import Store
    from remit.native.table import NativeDescriptorTable
    from remit.policy.grants import Grants
    from remit.runtime.program import Program

ENDLESS = (1 << 64) - 1
"""Fuel for a run without a limit, in a program that counts it all the same."""


class World:
    """One guest and all that belongs to it: close it."""

    __slots__ = ("_native", "process", "program", "reactor", "store")

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
        self._native = native_table(grants)
        self.process = build_process(grants, self._native)
        try:
            self.store: Store = program.module.engine.store(self.process, limits=limits)
            if self._native is not None:
                self.store.set_native_data(self._native.address)
                self.store.keep(self._native)
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

    def instantiate(self) -> Instance:
        """Make the instance, on this thread."""
        instance = self.program.prepared().instantiate(self.store)
        self._begin()
        return instance

    async def instantiate_async(self) -> Instance:
        """Make the instance, on a fiber."""
        instance: Instance = await self.drive(self.program.prepared(fibers=True).start_instantiate(self.store))
        self._begin()
        return instance

    async def drive(self, call: FiberCall) -> Any:
        """Run a call on a fiber to its end, giving way to others whenever it waits or has run for a while."""
        import asyncio

        try:
            while not call.poll():
                pending = call.pending
                if pending is None:
                    await asyncio.sleep(0)
                elif isinstance(pending.wait_for, Pollable):
                    await self.reactor.wait_async(pending.wait_for)
                else:
                    assert isinstance(pending.wait_for, Awaited)
                    await pending.wait_for.wait()
            return call.result()
        finally:
            call.close()

    def close(self) -> None:
        """Give everything back."""
        self.process.close()
        self.store.close()

    def _begin(self) -> None:
        """Let the fast path use the guest's memory: from now on there is one."""
        if self._native is not None and any(e.name == "memory" for e in self.program.info.exports):
            self._native.use_memory(memory_handle(self.store.memory))

    def _check(self) -> None:
        """Whether the guest may go on waiting."""
        reason = self.store.stop_reason(time.monotonic())
        if reason is not None:
            raise reason


def native_table(grants: Grants) -> NativeDescriptorTable | None:
    """A descriptor table that the native fast path shares, where there is one."""
    if not native_functions(function_addresses):
        return None
    from remit.native.table import NativeDescriptorTable

    return NativeDescriptorTable(
        grants.limits, host_clocks=has_host_clocks(grants), host_random=has_host_random(grants)
    )


def run_start(world: World) -> int:
    """Run a command to its end on this thread; its exit status."""
    try:
        world.instantiate().export("_start")()
    except Exit as end:
        return end.status
    return 0


async def run_start_async(world: World) -> int:
    """As :func:`run_start`, on a fiber."""
    try:
        instance = await world.instantiate_async()
        await world.drive(instance.export("_start").start())
    except Exit as end:
        return end.status
    return 0
