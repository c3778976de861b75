"""A running program: its store, its process, and how it is entered and waited for."""

from __future__ import annotations

import time

from remit.kernel.errors import Exit
from remit.kernel.poll import Pollable
from remit.kernel.reactor import Reactor
from remit.policy.build import build_process
from remit.runtime.sizes import store_limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from remit.engine.api import FiberCall
    from remit.engine.wasmtime.calls import Func
    from remit.engine.wasmtime.prepared import Instance
    from remit.engine.wasmtime.store import Store
    from remit.native.table import NativeDescriptorTable
    from remit.policy.grants import Grants
    from remit.runtime.awaited import Awaited
    from remit.runtime.program import Program

ENDLESS = (1 << 64) - 1
"""Fuel for a run without a limit, in a program that counts it all the same."""

CLOCKS_DIFFER = 0.01
"""Seconds by which timers of an asyncio loop may be early, and more."""

NATIVE_WITHOUT_FILES = {"clock_time_get", "random_get"}
"""What the native fast path does for a program that has no directories."""


class World:
    """One guest and all that belongs to it: close it."""

    __slots__ = ("_call", "_native", "instance", "process", "program", "reactor", "store")

    def __init__(
        self,
        program: Program,
        grants: Grants,
        *,
        fuel: int | None = None,
        max_memory: int | None = None,
        asynchronous: bool = False,
    ) -> None:
        """None for `fuel` is as good as endless. `asynchronous`: it is entered by the ``async`` methods only."""
        limits = store_limits(program.info, max_memory, program.name)
        self.program = program
        self.instance: Instance | None = None
        """None while its start function runs."""
        self._call: FiberCall | None = None
        self._native = native_table(grants) if _gains_by_native(program, grants) else None
        self.process = build_process(grants, self._native, own_thread=_on_own_thread(asynchronous))
        try:
            self.store: Store = program.module.engine.store(self.process, limits=limits)
            if self._native is not None:
                self._native.use_sources(self.process)
                self.store.set_native_data(self._native.address)
                self.store.keep(self._native)
            if program.metered:
                self.store.fuel = ENDLESS if fuel is None else fuel
        except BaseException:
            self.process.close()
            raise
        self.reactor = self.process.reactor = Reactor(_stop_check(self.store))
        self.store.on_interrupt = self.reactor.interrupt

    def set_deadline(self, deadline: float | None) -> None:
        """When the guest is stopped, busy or waiting (``time.monotonic()`` seconds)."""
        self.store.deadline = deadline
        self.reactor.deadline = deadline

    @property
    def busy(self) -> bool:
        """Whether a call is under way: it runs, or is suspended."""
        return self.store.running or self._call is not None

    @property
    def late(self) -> bool:
        """Whether its own time is over: a Timeout can be that of a program whose host function has entered this one."""
        deadline = self.store.deadline
        return deadline is not None and time.monotonic() >= deadline - CLOCKS_DIFFER

    def check(self) -> None:
        """Timeout if the time is over already. Who computes for less than a tick is not asked by anyone else."""
        self.reactor.check()

    def instantiate(self) -> Instance:
        """Make the instance, on this thread."""
        self.check()
        self.instance = self.program.prepared(native=self._native is not None).instantiate(self.store)
        self._begin()
        return self.instance

    async def instantiate_async(self) -> Instance:
        """Make the instance, suspended whenever it waits."""
        from remit.runtime.suspension import start_instantiate

        prepared = self.program.prepared(asynchronous=True, native=self._native is not None)
        instance: Instance = await self._drive(start_instantiate(prepared, self.store))
        self.instance = instance
        self._begin()
        return instance

    async def call_async(self, function: Func, *arguments: Any) -> Any:
        """Call a function of the instance, suspended whenever it waits. RuntimeError while another is under way."""
        from remit.runtime.suspension import start_call

        if self._call is not None:
            raise RuntimeError("a call is under way in this instance: await its end before the next one")
        return await self._drive(start_call(function, *arguments))

    async def _drive(self, call: FiberCall) -> Any:
        """Run a call to its end, giving way to others whenever it waits or has run for a while."""
        from asyncio import sleep

        self._call = call
        try:
            while not call.poll():
                pending = call.pending
                if pending is None:
                    await sleep(0)
                elif isinstance(pending.wait_for, Pollable):
                    await self.reactor.wait_async(pending.wait_for)
                else:
                    awaited: Awaited = pending.wait_for  # type: ignore[assignment] # there are these two, see bind.py
                    await awaited.wait(self.reactor.deadline)
            return call.result()
        finally:
            self._call = None
            call.close()

    def close(self) -> None:
        """Give everything back. RuntimeError while a call is under way, and then nothing is closed. Closing twice does
        nothing.
        """
        if self._call is not None:
            raise RuntimeError("a call is under way in this instance: cancel it, and await its end, before closing")
        # The store first: it refuses while a thread is in it, who would go on with numbers of the host's descriptors
        # that stand for other files by then.
        self.store.close()
        self.process.close()
        # Open the circles, so that all of it goes at once and not when Python looks for garbage: compiled code holds
        # descriptors, too.
        self.process.owner = self.store.data = self.store.on_interrupt = None

    def _begin(self) -> None:
        """Let the fast path use the guest's memory: from now on there is one."""
        exported = self.program.module.exports.get("memory")
        if self._native is not None and exported is not None and exported.kind == "memory":
            from remit.engine.wasmtime.native import memory_handle

            self._native.use_memory(memory_handle(self.store.memory))


def _stop_check(store: Store) -> Callable[[], None]:
    """What a reactor asks: whether the guest may go on waiting. It raises why not."""

    def check() -> None:
        reason = store.stop_reason(time.monotonic())
        if reason is not None:
            try:
                raise reason
            finally:
                del reason  # its traceback has this frame

    return check


def _on_own_thread(asynchronous: bool) -> bool:
    """Whether a guest runs on the thread of whoever enters it."""
    if not asynchronous:
        return True
    from remit.runtime.suspension import fibers_supported

    return fibers_supported()


def _gains_by_native(program: Program, grants: Grants) -> bool:
    """Whether the native fast path has anything to do for it. Otherwise it is spared the costs."""
    return bool(grants.dirs) or any(each.name in NATIVE_WITHOUT_FILES for each in program.info.imports)


def native_table(grants: Grants) -> NativeDescriptorTable | None:
    """A descriptor table that the native fast path shares, where there is one."""
    from remit.engine.wasmtime.native import function_addresses
    from remit.native.library import native_functions

    if not native_functions(function_addresses):
        return None
    from remit.native.table import NativeDescriptorTable

    return NativeDescriptorTable(grants.limits)


def run_start(world: World) -> int:
    """Run a command to its end on this thread; its exit status."""
    try:
        world.instantiate().export("_start")()
    except Exit as end:
        return end.status
    return 0


async def run_start_async(world: World) -> int:
    """As :func:`run_start`, suspended whenever it waits."""
    try:
        instance = await world.instantiate_async()
        await world.call_async(instance.export("_start"))
    except Exit as end:
        return end.status
    return 0
