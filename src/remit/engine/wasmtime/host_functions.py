"""From C to a Python function and back: the callbacks behind every import that is written in Python.

One callback per import and linker, not per store: it finds its store by the thread it runs in. It must never let
an exception out, as there is nothing but C above it: what is raised is parked in the thread's state, the guest
traps, and the call that entered the guest raises it again.
"""

from __future__ import annotations

import ctypes
import struct

from remit.engine.wasmtime import library
from remit.engine.wasmtime.layout import ADDRESS_SPACE
from remit.engine.wasmtime.threads import local
from remit.engine.wasmtime.values import coerce_results, from_raw

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from remit.engine.wasmtime.threads import ThreadState
    from remit.engine.wasmtime.values import Signature

_size = ctypes.c_size_t
Callback = ctypes.CFUNCTYPE(_size, _size, _size, _size, _size)
"""``wasmtime_func_unchecked_callback_t``: env, caller, cells, number of cells; the trap or NULL."""

_NOT_PACKED = (struct.error, OverflowError, TypeError)


def address_of(callback: Any) -> int:
    """Where C finds the function. It is valid for as long as `callback` lives."""
    address: int = struct.unpack("@P", callback)[0]
    return address


def park(state: ThreadState, error: BaseException) -> int:
    """Keep `error` for the call that entered the guest; the trap that brings the guest down.

    The caller has set ``state.host`` to False before: a signal handler could raise at the beginning of this function.
    """
    state.parked = error
    trap: int = library.trap_new(b"host function failed", 20)
    return trap


def make_notice(function: Callable[..., object], types: Sequence[Any]) -> Any:
    """A callback by which native code tells Python of something, in the middle of a host call; keep it.

    C calls it with the ``wasmtime_caller_t`` and arguments of these ctypes `types`, `function` gets the store and those
    arguments, and C gets a trap that it must return, or NULL.
    """

    def callback(caller: int, *arguments: Any) -> int:
        state = local.state
        try:
            state.host = True
            state.caller = caller
            function(state.store, *arguments)
            state.host = False
            return 0
        except BaseException as error:  # noqa: BLE001 - parked for the call that entered the guest
            state.host = False
            return park(state, error)

    return ctypes.CFUNCTYPE(_size, _size, *types)(callback)


def make_callback(function: Callable[..., Any], signature: Signature, *, unsigned: bool) -> Any:
    """A callback for `function`; keep it while any store may call it."""
    unpack = signature.unpack_arguments_unsigned if unsigned else signature.unpack_arguments
    if signature.has_references:
        return Callback(_with_references(function, signature, unpack))
    if not signature.type.results:
        return Callback(_without_result(function, signature, unpack))
    if len(signature.type.results) == 1:
        return Callback(_with_one_result(function, signature, unpack))
    return Callback(_with_results(function, signature, unpack))


# The same few lines several times: a common inner function would cost a fifth of the whole call. The first thing after
# an exception is to clear `host`, with no call in between: Python looks for signals at calls, and what a handler raises
# in an except clause would leave the callback.


def _with_one_result(function: Callable[..., Any], signature: Signature, unpack: Callable[..., Any]) -> Any:
    pack = signature.pack_results
    cells = ADDRESS_SPACE

    def callback(_env: int, caller: int, address: int, _count: int) -> int:
        state = local.state
        try:
            state.host = True
            state.caller = caller
            result = function(state.store, *unpack(cells, address))
            state.host = False
            try:
                pack(cells, address, result)
            except _NOT_PACKED:
                pack(cells, address, *coerce_results(state.store, signature.type, result, function))
            return 0
        except BaseException as error:  # noqa: BLE001 - parked for the call that entered the guest
            state.host = False
            return park(state, error)

    return callback


def _without_result(function: Callable[..., Any], signature: Signature, unpack: Callable[..., Any]) -> Any:
    cells = ADDRESS_SPACE

    def callback(_env: int, caller: int, address: int, _count: int) -> int:
        state = local.state
        try:
            state.host = True
            state.caller = caller
            result = function(state.store, *unpack(cells, address))
            state.host = False
            if result is not None:
                coerce_results(state.store, signature.type, result, function)
            return 0
        except BaseException as error:  # noqa: BLE001 - parked for the call that entered the guest
            state.host = False
            return park(state, error)

    return callback


def _with_results(function: Callable[..., Any], signature: Signature, unpack: Callable[..., Any]) -> Any:
    pack = signature.pack_results
    cells = ADDRESS_SPACE

    def callback(_env: int, caller: int, address: int, _count: int) -> int:
        state = local.state
        try:
            state.host = True
            state.caller = caller
            result = function(state.store, *unpack(cells, address))
            state.host = False
            pack(cells, address, *coerce_results(state.store, signature.type, result, function))
            return 0
        except BaseException as error:  # noqa: BLE001 - parked for the call that entered the guest
            state.host = False
            return park(state, error)

    return callback


def _with_references(function: Callable[..., Any], signature: Signature, unpack: Callable[..., Any]) -> Any:
    pack = signature.pack_results
    params = signature.type.params
    cells = ADDRESS_SPACE

    def callback(_env: int, caller: int, address: int, _count: int) -> int:
        state = local.state
        try:
            state.caller = caller
            arguments = from_raw(state.store, params, unpack(cells, address))
            state.host = True
            result = function(state.store, *arguments)
            state.host = False
            pack(cells, address, *coerce_results(state.store, signature.type, result, function))
            return 0
        except BaseException as error:  # noqa: BLE001 - parked for the call that entered the guest
            state.host = False
            return park(state, error)

    return callback
