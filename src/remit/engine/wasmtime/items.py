"""Instances whose imports are given one by one, in order, by whoever knows where they are: for components.

An *item* is what an instance exports, as the library has it: bytes that can be handed to another instance of the same
store without anybody looking at them. A component of a dynamic language passes thousands of them between its modules.
"""

from __future__ import annotations

import ctypes

from remit.engine.wasmtime import library
from remit.engine.wasmtime.host_functions import Callback, address_of, park
from remit.engine.wasmtime.layout import (
    ADDRESS_SPACE,
    EXTERN_FUNC,
    EXTERN_ITEM,
    EXTERN_SIZE,
    FUNC_SIZE,
    INSTANCE_SIZE,
    addressof,
    read_pointer,
)
from remit.engine.wasmtime.prepared import Instance, InstanceAndTrap
from remit.engine.wasmtime.store import raise_pending
from remit.engine.wasmtime.threads import local
from remit.engine.wasmtime.values import coerce_results, new_functype, signature_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from remit.binary.types import FuncType
    from remit.engine.api import Exports, Items
    from remit.engine.wasmtime.module import Module
    from remit.engine.wasmtime.store import Store

_FUNC_KIND = bytes([EXTERN_FUNC]) + bytes(EXTERN_ITEM - 1)
_Func = ctypes.c_char * FUNC_SIZE
_PADDING = bytes(EXTERN_SIZE - EXTERN_ITEM - FUNC_SIZE)


def instantiate(store: Store, module: Module, items: Items = (), exports: Exports = ()) -> Instance:
    """An instance of `module`, with imports by their places: `items`, and what other instances of the store export, by
    its name. Its start function runs, if it has one.

    The library checks the types. KeyError for a name that is not there; EngineError; Trap, or whatever a host function
    raised.
    """
    if store.engine is not module.engine:
        raise ValueError("the store belongs to another engine than the module")
    store.modules.append(module)
    # Also when it fails: a table of another instance may hold functions of this one by then.
    store.keep(module)
    count = len(module.facts[0])
    imports = ctypes.create_string_buffer(count * EXTERN_SIZE)
    at = addressof(imports)
    for place, item in items:
        ADDRESS_SPACE[at + place * EXTERN_SIZE : at + (place + 1) * EXTERN_SIZE] = item
    for instance, names in exports:
        instance.give(names, at)
    buffer = InstanceAndTrap()
    address = addressof(buffer)
    error = store.execute(
        None,
        library.instance_new,
        store.context_address,
        module.pointer,
        at,
        count,
        address,
        address + INSTANCE_SIZE,
    )
    [trap] = read_pointer(buffer, INSTANCE_SIZE)
    if error or trap:
        raise store.failure(error, trap)
    raise_pending()
    return Instance(store, module, buffer)


def host_function(store: Store, type: FuncType, function: Callable[..., Any]) -> bytes:
    """A function of the host's, as an item of `store`: it takes the store and signed arguments, and gives one result
    at most. It is kept as long as the store.
    """
    functype, number = _registered(store, type, function)
    return _new_item(store, functype, _CALLBACK, number)


def native_function(
    store: Store, type: FuncType, address: int, function: Callable[..., Any], environment: Callable[[int, int], Any]
) -> bytes:
    """A C function (``wasmtime_func_unchecked_callback_t``) at `address`, as an item of `store`.

    It is trusted: nothing checks what it does. `environment` makes the ctypes structure that it is given, of the
    C callback and its argument that have `function` do the call; that lives as long as the store.
    """
    functype, number = _registered(store, type, function)
    given = environment(_CALLBACK, number)
    store.keep(given)
    return _new_item(store, functype, address, addressof(given))


def _registered(store: Store, type: FuncType, function: Callable[..., Any]) -> tuple[int, int]:
    """The C API's type, and the number of `function` in the store."""
    types = store.engine.host_types
    key = (type.params, type.results)
    known = types.get(key)
    if known is None:
        signature = signature_of(type)
        pack = signature.pack_results if type.results else None
        known = types.setdefault(key, (new_functype(type), signature.unpack_arguments, pack))
    functype, unpack, pack = known
    functions = store.host_functions
    functions.append((function, unpack, pack, type))
    return functype, len(functions) - 1


def _new_item(store: Store, functype: int, function: int, environment: int) -> bytes:
    made = _Func()
    library.func_new_unchecked(store.context_address, functype, function, environment, None, addressof(made))
    return _FUNC_KIND + made.raw + _PADDING


def _callback(number: int, caller: int, address: int, _count: int) -> int:
    """Any of them: which one, its number says. As in :mod:`.host_functions`, and in the same order."""
    state = local.state
    try:
        state.host = True
        state.caller = caller
        store: Any = state.store
        function, unpack, pack, type = store.host_functions[number]
        result = function(store, *unpack(ADDRESS_SPACE, address))
        state.host = False
        if pack is None:
            if result is not None:
                coerce_results(store, type, result, function)
            return 0
        try:
            pack(ADDRESS_SPACE, address, result)
        except Exception:  # noqa: BLE001 - whatever it is, the slow way says it in words
            pack(ADDRESS_SPACE, address, *coerce_results(store, type, result, function))
        return 0
    except BaseException as error:  # noqa: BLE001 - parked for the call that entered the guest
        state.host = False
        return park(state, error)


_the_callback = Callback(_callback)
_CALLBACK = address_of(_the_callback)
