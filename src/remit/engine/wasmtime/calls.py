"""Calling an instance's functions from Python."""

from __future__ import annotations

from remit.engine.wasmtime import library
from remit.engine.wasmtime.layout import EXTERN_ITEM, FUNC_SIZE, RAW_SIZE, addressof, read_pointer
from remit.engine.wasmtime.store import raise_pending
from remit.engine.wasmtime.values import function_reference, signature_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from remit.binary.types import FuncType
    from remit.engine.wasmtime.fibers import FiberCall
    from remit.engine.wasmtime.store import Store


class Func:
    """A function of an instance (:class:`remit.engine.api.Func`)."""

    __slots__ = ("_extern", "_function", "_signature", "store", "type")

    def __init__(self, store: Store, extern: Any, type: FuncType) -> None:
        self.store = store
        self._extern = extern
        self._function: int = addressof(extern) + EXTERN_ITEM
        self._signature = signature_of(type)
        self.type = type

    def __call__(self, *arguments: Any) -> Any:
        """Call it and wait: None, the result, or a tuple of them; integers are signed.

        TypeError or OverflowError name a bad argument. Trap, Timeout, or whatever a host function raised. RuntimeError
        if an import wants to suspend the guest: that takes :meth:`start`.
        """
        store = self.store
        if store.fibers_only and not store.running:
            return self._call_on_fiber(arguments)
        signature = self._signature
        raw = signature.encode(store, arguments)
        address = addressof(raw)
        error = store.execute(
            None,
            library.func_call_unchecked,
            store.context.address,
            self._function,
            address + RAW_SIZE,
            signature.cells,
            address,
        )
        [trap] = read_pointer(raw)
        if error or trap:
            raise store.failure(error, trap)
        raise_pending()
        return signature.decode(store, raw)

    def start(self, *arguments: Any) -> FiberCall:
        """Begin a call on a fiber of its own; nothing runs before the first poll.

        RuntimeError if the store is in use.
        """
        from remit.engine.wasmtime.fibers import start_call

        return start_call(self.store, self._extern, self._signature, arguments)

    def _call_on_fiber(self, arguments: tuple[Any, ...]) -> Any:
        """An import of the store may suspend, and the library aborts the process where that happens outside a fiber."""
        call = self.start(*arguments)
        while not call.poll():
            if call.pending is not None:
                call.close()
                raise RuntimeError("the function waits for something: call it by Func.start")
        return call.result()

    @property
    def extern_address(self) -> int:
        """Where its ``wasmtime_extern_t`` lies."""
        return self._function - EXTERN_ITEM

    @property
    def function(self) -> bytes:
        """The ``wasmtime_func_t``."""
        content: bytes = self._extern.raw[EXTERN_ITEM : EXTERN_ITEM + FUNC_SIZE]
        return content

    def raw(self, store: Store) -> int:
        """As a ``funcref`` of `store`. ValueError if it belongs to another one."""
        return function_reference(store, self.store, self._function)

    def __repr__(self) -> str:
        return f"<Func {self.type}>"
