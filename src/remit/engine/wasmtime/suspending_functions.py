"""Host functions that may suspend the guest: as in :mod:`.host_functions`, but for calls on fibers.

What such a function starts is finished later, by whoever polls the fiber; C asks a *continuation* whether it is.
"""

from __future__ import annotations

import ctypes
import struct

from remit.engine.api import Pending
from remit.engine.wasmtime.host_functions import address_of, park
from remit.engine.wasmtime.layout import ADDRESS_SPACE, RAW_SIZE, VAL_SIZE, VAL_VALUE, write_byte, write_pointer
from remit.engine.wasmtime.threads import local
from remit.engine.wasmtime.values import VAL_KINDS, coerce_results

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from remit.engine.wasmtime.fibers import Answered
    from remit.engine.wasmtime.values import Signature

_size = ctypes.c_size_t
SuspendingCallback = ctypes.CFUNCTYPE(None, _size, _size, _size, _size, _size, _size, _size, _size)
"""``wasmtime_func_async_callback_t``: env, caller, arguments, their number, results, theirs, trap, continuation."""

_VALS = {"i32": "8xi20x", "i64": "8xq16x", "f32": "8xf20x", "f64": "8xd16x", "v128": "8x16s8x"}
_UNSIGNED_VALS = {"i32": "8xI20x", "i64": "8xQ16x"}
_REFERENCE = "8xQ16x"

_Continuation = ctypes.CFUNCTYPE(ctypes.c_bool, _size)


def make_suspending_callback(function: Callable[..., Any], signature: Signature, *, unsigned: bool) -> Any:
    """A callback for a function that may return :class:`Pending`. It gets checked values (``wasmtime_val_t``)."""
    unpack = struct.Struct("<" + "".join([_val_format(kind, unsigned) for kind in signature.type.params])).unpack_from
    store_results = _store_errno if signature.type.results == ("i32",) else _store_results
    answered = (signature, function)
    cells = ADDRESS_SPACE

    def callback(
        _env: int, caller: int, arguments: int, _count: int, results: int, _results: int, trap: int, continuation: int
    ) -> None:
        # First of all, as C aborts the process when there is none.
        write_pointer(ADDRESS_SPACE, continuation, _CONTINUE)
        state = local.state
        try:
            state.caller = caller
            fiber = state.fiber
            if fiber is None:
                raise RuntimeError(
                    "a host function that may suspend was called where the guest cannot be suspended: "
                    "enter it by Func.start, and not from within a host function"
                )
            state.host = True
            result = function(state.store, *unpack(cells, arguments))
            state.host = False
            if isinstance(result, Pending):
                fiber.wait(result, (store_results, answered, results), trap)
            else:
                store_results(answered, results, result)
                fiber.go_on()
        except BaseException as error:  # noqa: BLE001 - parked for the call that entered the guest
            state.host = False
            write_pointer(ADDRESS_SPACE, trap, park(state, error))
            if state.fiber is not None:
                state.fiber.go_on()

    return SuspendingCallback(callback)


def _val_format(kind: str, unsigned: bool) -> str:
    """A checked value (``wasmtime_val_t``) as ``struct`` reads it."""
    return (unsigned and _UNSIGNED_VALS.get(kind)) or _VALS.get(kind, _REFERENCE)


_pack_i32 = struct.Struct("<B7xi").pack_into


def _store_errno(answered: Answered, results: int, returned: Any) -> None:
    """One i32, which is what most functions return: the common numbers at once, the rest the long way."""
    if type(returned) is int and 0 <= returned < 0x8000_0000:
        _pack_i32(ADDRESS_SPACE, results, 0, returned)
    else:
        _store_results(answered, results, returned)


def _store_results(answered: Answered, results: int, returned: Any) -> None:
    signature, function = answered
    kinds = signature.type.results
    values = coerce_results(local.state.store, signature.type, returned, function)
    raw = bytearray(RAW_SIZE * max(len(kinds), 1))
    signature.pack_results(raw, 0, *values)
    for n, kind in enumerate(kinds):
        cell = results + VAL_SIZE * n
        write_byte(ADDRESS_SPACE, cell, VAL_KINDS[kind])
        ADDRESS_SPACE[cell + VAL_VALUE : cell + VAL_VALUE + RAW_SIZE] = raw[RAW_SIZE * n : RAW_SIZE * (n + 1)]


def _continue(_env: int) -> bool:
    """C asks whether the suspended host call is done. Only the fiber that is polled now can be meant."""
    state = local.state
    fiber = state.fiber
    return fiber is None or fiber.pending is None or (fiber.due and fiber.resume(state))


_continuation = _Continuation(_continue)
_CONTINUE = address_of(_continuation)
