"""How a guest is suspended while it waits, on an asyncio loop: on a fiber, or where there are none on a thread.

Both kinds of call are driven in the same way (:class:`remit.engine.api.FiberCall`); nothing else in Remit knows
which of the two it is.
"""

from __future__ import annotations

from remit.engine.api import Pending
from remit.engine.wasmtime.fibers import fibers_supported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from remit.binary.types import FuncType
    from remit.engine.api import FiberCall
    from remit.engine.wasmtime.calls import Func
    from remit.engine.wasmtime.linker import Linker
    from remit.engine.wasmtime.prepared import Prepared
    from remit.engine.wasmtime.store import Store as EngineStore

__all__ = ["awaiting", "define_suspending", "fibers_supported", "start_call", "start_instantiate"]


def define_suspending(
    linker: Linker, module: str, name: str, type: FuncType, function: Callable[..., Any], *, unsigned: bool = False
) -> None:
    """Provide a host function that may return :class:`remit.engine.api.Pending`."""
    if fibers_supported():
        linker.define_suspending(module, name, type, function, unsigned=unsigned)
    else:
        from remit.runtime.on_threads import handed_over

        linker.define(module, name, type, handed_over(function), unsigned=unsigned)


def start_call(function: Func, *arguments: Any) -> FiberCall:
    """Begin a call that can be suspended. RuntimeError if the store is in use."""
    if fibers_supported():
        return function.start(*arguments)
    from remit.runtime.on_threads import ThreadCall

    return ThreadCall(function.store, lambda: function(*arguments))


def start_instantiate(prepared: Prepared, store: EngineStore) -> FiberCall:
    """Begin the making of an instance, whose start function can be suspended."""
    if fibers_supported():
        return prepared.start_instantiate(store)
    from remit.runtime.on_threads import ThreadCall

    return ThreadCall(store, lambda: prepared.instantiate(store), starts=True)


def awaiting(function: Callable[..., Any]) -> Callable[..., Any]:
    """A caller's function. If what it returns is awaitable, it is awaited while the guest is suspended."""

    def call(*arguments: Any) -> Any:
        result = function(*arguments)
        if not hasattr(result, "__await__"):
            return result
        from remit.runtime.awaited import Awaited

        awaited = Awaited(result)
        return Pending(awaited, awaited.result)

    call.__qualname__ = getattr(function, "__qualname__", repr(function))
    return call
