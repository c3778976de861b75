"""Calls that can be suspended: each runs on a stack of its own, a fiber, and is driven by polling.

A host function on a fiber starts some work and returns :class:`remit.engine.api.Pending`; then C leaves the fiber's
stack as it is and returns from the poll. No Python frame is left on that stack, ever: Python's own state would not
survive that. So wherever a host function's Python code is on the stack (it called back into the guest), the guest
can neither be suspended by an import nor give way at a tick.

In one store there is one fiber, and while it is suspended nothing else may enter the store: the library aborts the
process when two suspended calls of one store are interleaved.
"""

from __future__ import annotations

import ctypes
import sys
import time

from remit.engine.api import EngineError, Pending
from remit.engine.wasmtime import library
from remit.engine.wasmtime.host_functions import park
from remit.engine.wasmtime.layout import (
    ADDRESS_SPACE,
    EXTERN_ITEM,
    RAW_SIZE,
    VAL_SIZE,
    VAL_VALUE,
    addressof,
    read_pointer,
    write_byte,
    write_pointer,
)
from remit.engine.wasmtime.store import take_pending
from remit.engine.wasmtime.values import VAL_KINDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from remit.engine.wasmtime.store import Store
    from remit.engine.wasmtime.threads import ThreadState
    from remit.engine.wasmtime.values import Signature

    Answered = tuple[Signature, Callable[..., Any]]
    """A host function, and the layout of its values."""
    StoreResults = Callable[[Answered, int, Any], None]


def fibers_supported() -> bool:
    """Whether calls can be suspended on this interpreter.

    CPython 3.14 and later compare the C stack pointer with the bounds of the thread's own stack whenever Python
    code calls Python code through C; on a fiber's stack that check ends in RecursionError or a fatal error. There a
    thread for each store takes the place of fibers.
    """
    return sys.version_info < (3, 14) or sys.implementation.name != "cpython"


class FiberCall:
    """See :class:`remit.engine.api.FiberCall`. Drive it: ``while not call.poll(): wait for call.pending``."""

    __slots__ = (
        "_done",
        "_finish",
        "_future",
        "_keep",
        "_out",
        "_owner",
        "_raised",
        "_results",
        "_trap",
        "due",
        "pending",
        "store",
    )

    def __init__(self, store: Store, begin: Callable[[int, int], int], finish: Callable[[], Any], keep: object) -> None:
        self._future = 0
        if not fibers_supported():
            raise EngineError("this Python cannot suspend calls: see remit.engine.wasmtime.fibers.fibers_supported")
        store.suspend()
        self.store = store
        self.pending: Pending | None = None
        self._out = ctypes.create_string_buffer(16)
        self._keep = keep
        self._finish = finish
        self.due = True
        """Whether the time of `pending` has come."""
        self._done = False
        self._raised: BaseException | None = None
        self._trap = 0
        self._results: tuple[StoreResults, Answered, int]
        address = addressof(self._out)
        self._owner = store.context.owner
        self._future = begin(address, address + 8)
        # Not before: a signal handler may raise instead, and then nobody would release it.
        self._owner.suspend()

    def poll(self) -> bool:
        """Run the guest until it ends (True) or is suspended (False).

        After False, wait for `pending` before the next poll; if that is None the guest only gave others a turn.
        RuntimeError if the call was closed.
        """
        if self._done:
            return True
        if not self._future:
            raise RuntimeError("the call was closed")
        store = self.store
        reason = store.stop_reason(time.monotonic())
        if reason is not None:
            self._drop(usable=False)
            self._raised, self._done = reason, True
            return True
        self.due = True
        # The ticks since the last poll are not this slice's: without this it would give way at once.
        library.context_set_epoch_deadline(store.context.address, 1)
        ended = store.execute(self, library.call_future_poll, self._future)
        if ended:
            self._end()
        else:
            self._raised = take_pending()
            if self._raised is not None:
                self._drop(usable=False)
                self._done = True
        return self._done

    def result(self) -> Any:
        """What the finished call returned; raises what it raised. RuntimeError while it is not finished."""
        if not self._done:
            raise RuntimeError("the call has not ended")
        if self._raised is not None:
            raise self._raised
        return self._finish()

    def close(self) -> None:
        """Drop it. A suspended guest is unwound, and its store may not be entered again.

        RuntimeError from within the call itself.
        """
        if self._future:
            self._drop(usable=False)
        if self._raised is not None:
            # The traceback of what came out of `result` has this object: neither would go without a collection.
            self._raised = RuntimeError("the call was closed")

    def __del__(self) -> None:
        if getattr(self, "_future", 0):  # not there yet when a signal handler interrupted its making
            self.close()

    # For the host functions of the call.

    def wait(self, pending: Pending, results: tuple[StoreResults, Answered, int], trap: int) -> None:
        """A host function will have its result later; `results` says how it is stored and where."""
        self.pending = pending
        self._results = results
        self._trap = trap
        self.due = False

    def go_on(self) -> None:
        """A host function is done already."""
        self.pending = None

    def resume(self, state: ThreadState) -> bool:
        """Go on with the host function whose time has come; whether it is done now."""
        assert self.pending is not None
        try:
            state.host = True
            result = self.pending.resume()
            state.host = False
            if isinstance(result, Pending):
                self.pending = result
                self.due = False
                return False
            store_results, answered, address = self._results
            store_results(answered, address, result)
        except BaseException as error:  # noqa: BLE001 - parked for the poll that entered the guest
            state.host = False
            write_pointer(ADDRESS_SPACE, self._trap, park(state, error))
        self.pending = None
        return True

    def _end(self) -> None:
        trap, error = (read_pointer(self._out, place)[0] for place in (0, 8))
        self._drop(usable=True)
        self._done = True
        self.pending = None
        self._raised = self.store.failure(error, trap) if trap or error else take_pending()

    def _drop(self, *, usable: bool) -> None:
        if self.store.running:
            raise RuntimeError("the call is running: it cannot be closed from within")
        future, self._future = self._future, 0
        library.call_future_delete(future)
        self._owner.release()
        self.pending = None
        self._keep = None
        self.store.release(usable=usable)


def start_call(store: Store, extern: Any, signature: Signature, arguments: tuple[Any, ...]) -> FiberCall:
    """Begin a call of the function in a ``wasmtime_extern_t``."""
    params, results = signature.type.params, signature.type.results
    for kind in params + results:
        if kind not in VAL_KINDS or kind.endswith("ref"):
            raise TypeError(f"a function of type {signature.type} cannot be called on a fiber: {kind}")
    raw = signature.encode(store, arguments).raw
    vals = ctypes.create_string_buffer(VAL_SIZE * (len(params) + len(results)) + 1)
    for n, kind in enumerate(params):
        cell = raw[RAW_SIZE * (n + 1) : RAW_SIZE * (n + 2)]
        write_byte(vals, VAL_SIZE * n, VAL_KINDS[kind])
        vals[VAL_SIZE * n + VAL_VALUE : VAL_SIZE * n + VAL_VALUE + RAW_SIZE] = cell
    address = addressof(vals)
    results_at = VAL_SIZE * len(params)

    def begin(trap: int, error: int) -> int:
        future: int = library.func_call_async(
            store.context_address,
            addressof(extern) + EXTERN_ITEM,
            address,
            len(params),
            address + results_at,
            len(results),
            trap,
            error,
        )
        return future

    def finish() -> Any:
        cells = [vals.raw[at : at + RAW_SIZE] for at in range(results_at + VAL_VALUE, len(vals) - 1, VAL_SIZE)]
        return signature.decode(store, b"".join([bytes(RAW_SIZE), *cells]))

    return FiberCall(store, begin, finish, (extern, vals))
