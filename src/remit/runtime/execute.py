"""A module that runs: its store, its process, and how it is entered."""

from __future__ import annotations

from remit.kernel.errors import Exit
from remit.policy.build import build_process, tape_of
from remit.runtime.sizes import store_limits
from remit.runtime.world import ENDLESS, World, check_deterministic, runs_on_own_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from remit.engine.wasmtime.calls import Func
    from remit.engine.wasmtime.prepared import Instance
    from remit.engine.wasmtime.store import Store
    from remit.kernel.files import File
    from remit.native.table import NativeDescriptorTable
    from remit.policy.grants import Grants
    from remit.recording.tape import Tape
    from remit.runtime.program import Program

NATIVE_WITHOUT_FILES = {"clock_time_get", "random_get"}
"""What the native fast path does for a program that has no directories."""


class ModuleWorld(World):
    """One guest that is a core module."""

    __slots__ = ("_native", "instance", "program", "store")

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
        check_deterministic(grants, program.module.engine.config)
        limits = store_limits(program.info, max_memory, program.name)
        self.program = program
        self.instance: Instance | None = None
        """None while its start function runs."""
        own_thread = runs_on_own_thread(asynchronous=asynchronous)
        tape = tape_of(grants)
        self._native = native_table(grants) if _gains_by_native(program, grants, tape) else None
        if tape is not None and self._native is not None:
            _share(tape, self._native)
        super().__init__(build_process(grants, self._native, own_thread=own_thread, tape=tape), grants.trace, tape)
        try:
            self._begin_tape(program, fuel, max_memory)
            self.store: Store = program.module.engine.store(self.process, limits=limits)
            self.stores.add(self.store)
            if self._native is not None:
                self._native.use_sources(self.process)
                self.store.set_native_data(self._native.address)
                self.store.keep(self._native)
            if program.metered:
                self.store.fuel = ENDLESS if fuel is None else fuel
        except BaseException:
            if tape is not None:
                tape.end("closed")
            self.process.close()
            raise
        self.store.on_interrupt = self.reactor.interrupt

    def instantiate(self) -> Instance:
        """Make the instance, on this thread."""
        self.check()
        prepared = self.program.prepared(native=self._native is not None, trace=self._trace)
        self.instance = prepared.instantiate(self.store)
        self._begin()
        return self.instance

    async def instantiate_async(self) -> Instance:
        """Make the instance, suspended whenever it waits."""
        from remit.runtime.suspension import start_instantiate

        prepared = self.program.prepared(asynchronous=True, native=self._native is not None, trace=self._trace)
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

    def run(self) -> int:
        try:
            self.instantiate().export("_start")()
        except Exit as end:
            return end.status
        return 0

    async def run_async(self) -> int:
        try:
            instance = await self.instantiate_async()
            await self.call_async(instance.export("_start"))
        except Exit as end:
            return end.status
        return 0

    def _begin(self) -> None:
        """Let the fast path use the guest's memory: from now on there is one."""
        if self._native is not None and self.program.module.has_memory:
            from remit.engine.wasmtime.native import memory_handle

            self._native.use_memory(memory_handle(self.store.memory))


def _share(tape: Tape, native: NativeDescriptorTable) -> None:
    """Let the fast path serve what is recorded, and add to the recording."""
    from remit.native.tape import NativeTape
    from remit.recording.objects import TapedFile
    from remit.recording.tape import PLACE, attributes_of, behind

    def taped(file: File, number: int) -> File:
        made: File = tape.stand_in(TapedFile, file, number, attributes_of(TapedFile, file))
        return made

    shared = NativeTape(PLACE)
    native.use_tape(shared, behind, taped)
    tape.also(shared)


def _gains_by_native(program: Program, grants: Grants, tape: Tape | None) -> bool:
    """Whether the native fast path has anything to do for it. Otherwise it is spared the costs."""
    if grants.trace is not None or (tape is not None and tape.replays):
        return False  # nobody would be told of what C does
    return bool(grants.dirs) or any(each.name in NATIVE_WITHOUT_FILES for each in program.info.imports)


def native_table(grants: Grants) -> NativeDescriptorTable | None:
    """A descriptor table that the native fast path shares, where there is one."""
    from remit.engine.wasmtime.native import function_addresses
    from remit.native.library import native_functions

    if not native_functions(function_addresses):
        return None
    from remit.native.table import NativeDescriptorTable

    table = NativeDescriptorTable(grants.limits)
    if grants.on_use is not None:
        table.use_watcher(grants.on_use, _tell())
    table.use_rules(_judge)
    return table


_notices: dict[str, tuple[int, object]] = {}
"""By which the fast path calls Python: the address, and what keeps it. One serves all programs."""


def _tell() -> int:
    if "tell" not in _notices:
        from remit.engine.wasmtime.native import notice
        from remit.native.library import TELL
        from remit.native.table import tell_use

        _notices["tell"] = notice(tell_use, TELL)
    return _notices["tell"][0]


def _judge() -> int:
    if "judge" not in _notices:
        from remit.engine.wasmtime.native import notice
        from remit.native.library import JUDGE
        from remit.native.table import judge_path

        _notices["judge"] = notice(judge_path, JUDGE)
    return _notices["judge"][0]
