"""How instances of components run: on the thread of the caller, on fibers, or on a thread of their own.

Fibers carry a guest that is one instance with a store. Where components call each other, Python is on the stack between
them, and none of it can be suspended: then all of them run on a thread of their own, which waits.
"""

from __future__ import annotations

from remit.component.embedding import Embedding
from remit.component.instances import HostFunction
from remit.engine.api import Pending
from remit.engine.wasmtime.calls import Func
from remit.engine.wasmtime.items import native_function
from remit.engine.wasmtime.memory import Memory
from remit.engine.wasmtime.native import memory_handle
from remit.engine.wasmtime.trampolines import Trampolines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from remit.binary.types import FuncType as CoreFuncType
    from remit.component.abi.context import HandleConversion, LiftLowerContext
    from remit.engine.api import Store
    from remit.kernel.reactor import Reactor
    from remit.runtime.tracing import Tracer


class Blocking(Embedding):
    """Whoever waits blocks the thread."""

    __slots__ = ("_reactor", "_trace", "native_functions")

    def __init__(
        self,
        new_store: Callable[[], Any],
        conversion: HandleConversion,
        reactor: Reactor,
        native: Mapping[tuple[str, str] | None, int],
        trace: Tracer | None = None,
    ) -> None:
        """`native`: the addresses of the functions of C that may serve what the guest calls. `trace` is told if it is
        stopped while it waits."""
        super().__init__(new_store, conversion)
        self._reactor = reactor
        self._trace = trace
        self.native_functions: Mapping[tuple[str, str] | None, int] = native

    def native_function(
        self,
        store: Any,
        type: CoreFuncType,
        function: Callable[..., Any],
        name: tuple[str, str],
        context: LiftLowerContext,
    ) -> bytes:
        memory, realloc = context.memory, context.realloc
        if not isinstance(memory, Memory) or not isinstance(realloc, Func | None):
            # An allocator that is itself a function of Python.
            return self.core_function(store, type, function, blocks=False)
        from remit.native.streams import SharedHandles

        instance = context.instance
        shared = instance.handles.native
        if not isinstance(shared, SharedHandles):
            shared = instance.handles.native = SharedHandles(instance.leave)
            store.keep(shared)
        address = self.native_functions[name]
        options = memory_handle(memory), None if realloc is None else realloc.function
        return native_function(
            store, type, address, function, lambda python, argument: shared.call(python, argument, *options)
        )

    def wait(self, caller: Store, pending: Pending) -> Any:
        result: Any = pending
        while type(result) is Pending:
            try:
                self._reactor.wait(result.wait_for)  # type: ignore[arg-type]  # no awaitables on a thread
            except BaseException as error:
                caller.stopped()  # by its time limit, an interruption, or a signal handler
                if self._trace is not None:
                    self._trace.stopped(error)
                raise
            result = result.resume()
        return result


class OnFibers(Embedding):
    """Whoever waits is suspended."""

    __slots__ = ("_trampolines",)

    suspends = True

    def __init__(self, new_store: Callable[[], Any], conversion: HandleConversion) -> None:
        super().__init__(new_store, conversion)
        self._trampolines: dict[Any, Trampolines] = {}

    def core_function(self, store: Any, type: CoreFuncType, function: Callable[..., Any], *, blocks: bool) -> bytes:
        if not blocks:
            return super().core_function(store, type, function, blocks=False)
        trampolines = self._trampolines.get(store)
        if trampolines is None:
            trampolines = self._trampolines[store] = Trampolines(store)
        return trampolines.add(type, function)

    def complete(self, store: Any) -> None:
        trampolines = self._trampolines.get(store)
        if trampolines is not None:
            trampolines.fill()


class OnThreads(Embedding):
    """Whoever waits does so on the guests' own thread; what it calls is done on the loop's.

    Only the function itself: arguments and results are taken from the guest, and given to it, on the guest's thread.
    """

    __slots__ = ()

    suspends = True
    all_alike = True
    """What belongs to the loop is touched by its thread only."""

    def called(self, function: HostFunction) -> HostFunction:
        from remit.runtime.on_threads import handed_over

        # What is never called is never looked for.
        handed = handed_over(lambda _, *arguments: function.function(*arguments))
        return function.calling(lambda *arguments: handed(None, *arguments), blocks=True)
