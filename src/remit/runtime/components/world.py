"""A component that runs: its instances and their stores, its process, and how it is entered."""

from __future__ import annotations

from _thread import RLock
from functools import cache  # ctypes has imported it already

from remit.component.guest_resources import GuestHandles, plain_class
from remit.component.instances import HostFunction
from remit.component.types import InstanceType, TypeBound
from remit.component.values.results import Err, Ok
from remit.engine.api import Pending
from remit.engine.wasmtime.signals import guarded
from remit.engine.wasmtime.store import Tank
from remit.interfaces.wit.declaration import Host
from remit.kernel.errors import Exit, WouldBlock
from remit.policy.build import build_process, tape_of
from remit.runtime.sizes import component_limits
from remit.runtime.world import ENDLESS, World, check_deterministic, runs_on_own_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from typing import Any

    from remit.component.embedding import Embedding
    from remit.component.guest_resources import GuestResource
    from remit.component.handles import Resource
    from remit.component.instances import Function, Instance
    from remit.component.types import ResourceType
    from remit.engine.wasmtime.store import Store
    from remit.policy.grants import Grants
    from remit.runtime.components.program import Component


class ComponentWorld(World):
    """One component and what it is granted."""

    __slots__ = (
        "_asynchronous",
        "_conversion",
        "_handing",
        "_has_directories",
        "_imports",
        "_limits",
        "_on_thread",
        "class_of",
        "component",
        "host",
        "instance",
        "tank",
    )

    def __init__(
        self,
        component: Component,
        grants: Grants,
        *,
        fuel: int | None = None,
        max_memory: int | None = None,
        asynchronous: bool = False,
    ) -> None:
        """See :class:`remit.runtime.execute.ModuleWorld`."""
        check_deterministic(grants, component.engine.config)
        census = component.census
        self._limits = component_limits(census, max_memory, component.name)
        self._has_directories = bool(grants.dirs)
        self.component = component
        self.instance: Instance | None = None
        """None while it is made."""
        self._imports: Mapping[str, Any] = {}
        self._handing = RLock()
        self._asynchronous = asynchronous
        self._on_thread = asynchronous and not (runs_on_own_thread(asynchronous=True) and census.stores < 2)
        self.tank = Tank(ENDLESS if fuel is None else fuel) if component.metered else None
        tape = tape_of(grants)
        super().__init__(build_process(grants, own_thread=not self._on_thread, tape=tape), grants.trace, tape)
        try:
            self._begin_tape(component, fuel, max_memory)
        except BaseException:
            if tape is not None:
                tape.end("closed")
            self.process.close()
            raise
        self.host = Host(self.process)
        self._conversion = GuestHandles(self._class_of)
        self.class_of: Callable[[Resource], type[GuestResource] | None] | None = None
        """Of the resources that the instance exports. None: nobody calls those."""

    def instantiate(self) -> Instance:
        """Make the instance, on this thread."""
        self.check()
        from remit.runtime.components.embeddings import Blocking

        native = (
            native_stream_functions() if self._has_directories and self._trace is None and self.tape is None else {}
        )
        return self._instantiate(Blocking(self._new_store, self._conversion, self.reactor, native, self._trace))

    async def instantiate_async(self) -> Instance:
        """Make the instance. Its start functions may not wait."""
        self.check()
        if not self._on_thread:
            from remit.runtime.components.embeddings import OnFibers

            return self._instantiate(OnFibers(self._new_store, self._conversion))
        from remit.runtime.components.embeddings import OnThreads
        from remit.runtime.on_threads import ThreadCall

        embedding = OnThreads(self._new_store, self._conversion)
        instance: Instance = await self._drive(ThreadCall(self.stores, lambda: self._instantiate(embedding)))
        return instance

    def call(self, function: Function, *arguments: Any) -> Any:
        """Call a function that the instance exports, on this thread."""
        if isinstance(function, HostFunction):
            return self.call_host(function.function, *arguments)
        return guarded(function, *arguments)

    async def call_async(self, function: Function, *arguments: Any) -> Any:
        """The same, suspended whenever it waits. RuntimeError while another call is under way."""
        if isinstance(function, HostFunction):
            return await self.call_host_async(function.function, *arguments)
        return await self.drive(lambda: function(*arguments), lambda: function.steps(*arguments))

    def call_host(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call a function of the host's that the component hands on, on this thread. RuntimeError while another thread
        is in one."""
        self._enter()
        if not self._handing.acquire(False):
            raise RuntimeError("the instance is running in another thread: one thread at a time may enter it")
        outer, self._call = self._call, function
        try:
            result = function(*arguments)
            while isinstance(result, Pending):
                self.reactor.wait(result.wait_for)  # type: ignore[arg-type]  # no awaitables on a thread
                result = result.resume()
            return result
        finally:
            self._call = outer
            self._handing.release()

    async def call_host_async(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """The same, suspended whenever it waits. RuntimeError while another call is under way."""
        self._enter()
        self._check_idle()
        self._call = function
        try:
            result = function(*arguments)
            while isinstance(result, Pending):
                await self._wait_for(result)
                result = result.resume()
            return result
        finally:
            self._call = None

    def _enter(self) -> None:
        if self.instance is None:
            raise RuntimeError("the instance is closed")
        self.check()

    def _check_idle(self) -> None:
        if self._call is not None:
            raise RuntimeError("a call is under way in this instance: await its end before the next one")

    def imported_resource(self, type: ResourceType) -> Resource | None:
        """What a resource type of its imports stands for; None if it is none of them."""
        for name, imported in self.component.imports.items():
            if isinstance(imported, InstanceType):
                for label, inner in imported.exports.items():
                    if isinstance(inner, TypeBound) and inner.fresh and inner.type is type:
                        return self._imports[name].exports[label]  # type: ignore[no-any-return]  # by its name
            elif isinstance(imported, TypeBound) and imported.type is type:
                return self._imports[name]  # type: ignore[no-any-return]  # by its name
        return None

    async def drive(self, whole: Callable[[], Any], steps: Callable[[], Generator[Any, Any, Any]]) -> Any:
        """Enter the guest: all at once where it has a thread of its own, else step by step on fibers."""
        self._check_idle()
        self.check()
        if self._on_thread:
            from remit.runtime.on_threads import ThreadCall

            return await self._drive(ThreadCall(self.stores, whole))
        generator = steps()
        try:
            step = next(generator)
            while True:
                core, flat = step
                step = generator.send(await self._drive(core.start(*flat)))
        except StopIteration as end:
            return end.value

    def run(self) -> int:
        try:
            self.instantiate()
            status = _status(self.call(self._entry()))
        except Exit as end:
            status = end.status
        while True:
            try:
                self.host.finish()
                return status
            except WouldBlock as block:
                self.reactor.wait(block.pollable)

    async def run_async(self) -> int:
        try:
            await self.instantiate_async()
            status = _status(await self.call_async(self._entry()))
        except Exit as end:
            status = end.status
        await self.finish_async()
        return status

    async def finish_async(self) -> None:
        """Do what the program had given out to be done later."""
        while True:
            try:
                return self.host.finish()
            except WouldBlock as block:
                await self.reactor.wait_async(block.pollable)

    def close(self) -> None:
        super().close()
        self.instance = None
        self._imports = {}
        if self.component.keep_codes is not None:
            self.component.keep_codes()

    def _entry(self) -> Function:
        """The function ``run`` of ``wasi:cli/run``."""
        assert self.instance is not None
        run: Any = self.instance.exports[self.component.entry or ""]
        function: Function = run.exports["run"]
        return function

    def _instantiate(self, embedding: Embedding) -> Instance:
        arguments = self.component.links.arguments(self.host, asynchronous=self._asynchronous, trace=self._trace)
        self._imports = arguments
        if self._trace is not None:
            embedding.dropping = self._trace.dropping
        self.instance = self.component.loaded.instantiate(arguments, embedding)
        return self.instance

    def _class_of(self, resource: Resource) -> type[GuestResource]:
        found = None if self.class_of is None else self.class_of(resource)
        return found or plain_class(resource)

    def _new_store(self) -> Store:
        store = self.component.engine.store(self.process, limits=self._limits)
        self.stores.add(store)
        store.on_interrupt = self.reactor.interrupt
        store.deadline = self.reactor.deadline
        store.tank = self.tank
        return store


@cache
def native_stream_functions() -> Mapping[tuple[str, str] | None, int]:
    """The addresses of the functions of C for streams, by what they serve. Empty where there are none."""
    from remit.engine.wasmtime.native import function_addresses
    from remit.native.library import STREAM_FUNCTIONS, native_functions

    found = native_functions(function_addresses)
    return {served: found[name] for served, name in STREAM_FUNCTIONS.items() if found}


def _status(result: Ok | Err) -> int:
    return 0 if type(result) is Ok else 1
