"""The C functions of wasmtime that Remit uses, declared by hand; nothing else is touched.

Pointers are plain ints here (``c_void_p`` in, int or None out): they cost least, and none of them leaves
:mod:`remit.engine.wasmtime`. Structures are byte buffers with their layout in :mod:`.layout`.

A function is declared on one of two handles. ``_quick`` keeps the interpreter lock: right for calls that take less
than a microsecond, as giving the lock up and taking it back costs more than they do. ``_long`` gives the
lock up: for whatever compiles, maps memory or runs guest code.
"""

from __future__ import annotations

import ctypes
from ctypes import c_bool, c_char_p, c_int64, c_size_t, c_uint8, c_uint32, c_uint64, c_void_p

from remit.engine.wasmtime.location import find

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

PATH, VERSION = find()

_long = ctypes.CDLL(PATH)
_quick = ctypes.PyDLL(PATH)


def _declare(library: ctypes.CDLL, name: str, result: Any, *parameters: Any) -> Callable[..., Any]:
    function = library[name]
    function.restype = result
    function.argtypes = parameters
    return function


# wasm_config_t *
config_new = _declare(_quick, "wasm_config_new", c_void_p)


def config_set(config: int, name: str, value: bool | int) -> None:
    """``wasmtime_config_<name>_set``; sizes are ``size_t`` or ``uint64_t``, which are the same on 64-bit platforms."""
    kind = c_bool if isinstance(value, bool) else c_uint64
    _declare(_quick, f"wasmtime_config_{name}_set", None, c_void_p, kind)(config, value)


# wasm_engine_t *
engine_new = _declare(_long, "wasm_engine_new_with_config", c_void_p, c_void_p)
engine_increment_epoch = _declare(_quick, "wasmtime_engine_increment_epoch", None, c_void_p)

# wasmtime_module_t *; the result of the first four is a wasmtime_error_t *
module_new = _declare(_long, "wasmtime_module_new", c_void_p, c_void_p, c_void_p, c_size_t, c_void_p)
module_validate = _declare(_long, "wasmtime_module_validate", c_void_p, c_void_p, c_void_p, c_size_t)
module_serialize = _declare(_long, "wasmtime_module_serialize", c_void_p, c_void_p, c_void_p)
module_deserialize = _declare(_long, "wasmtime_module_deserialize", c_void_p, c_void_p, c_void_p, c_size_t, c_void_p)
module_deserialize_file = _declare(_long, "wasmtime_module_deserialize_file", c_void_p, c_void_p, c_char_p, c_void_p)
module_delete = _declare(_long, "wasmtime_module_delete", None, c_void_p)

# wasmtime_store_t *, wasmtime_context_t *
store_new = _declare(_quick, "wasmtime_store_new", c_void_p, c_void_p, c_void_p, c_void_p)
store_context = _declare(_quick, "wasmtime_store_context", c_void_p, c_void_p)
store_delete = _declare(_long, "wasmtime_store_delete", None, c_void_p)
store_limiter = _declare(_quick, "wasmtime_store_limiter", None, c_void_p, c_int64, c_int64, c_int64, c_int64, c_int64)
store_epoch_deadline_callback = _declare(
    _quick, "wasmtime_store_epoch_deadline_callback", None, c_void_p, c_void_p, c_void_p, c_void_p
)
context_set_epoch_deadline = _declare(_quick, "wasmtime_context_set_epoch_deadline", None, c_void_p, c_uint64)
context_set_data = _declare(_quick, "wasmtime_context_set_data", None, c_void_p, c_void_p)
context_set_fuel = _declare(_quick, "wasmtime_context_set_fuel", c_void_p, c_void_p, c_uint64)
context_get_fuel = _declare(_quick, "wasmtime_context_get_fuel", c_void_p, c_void_p, c_void_p)

# wasmtime_linker_t *, wasmtime_instance_pre_t *
linker_new = _declare(_quick, "wasmtime_linker_new", c_void_p, c_void_p)
linker_delete = _declare(_quick, "wasmtime_linker_delete", None, c_void_p)
_DEFINE = (c_void_p, c_char_p, c_size_t, c_char_p, c_size_t, c_void_p, c_void_p, c_void_p, c_void_p)
linker_define_func_unchecked = _declare(_quick, "wasmtime_linker_define_func_unchecked", c_void_p, *_DEFINE)
linker_define_async_func = _declare(_quick, "wasmtime_linker_define_async_func", c_void_p, *_DEFINE)
linker_define = _declare(
    _quick, "wasmtime_linker_define", c_void_p, c_void_p, c_void_p, c_char_p, c_size_t, c_char_p, c_size_t, c_void_p
)
linker_instantiate_pre = _declare(_long, "wasmtime_linker_instantiate_pre", c_void_p, c_void_p, c_void_p, c_void_p)
instance_pre_instantiate = _declare(
    _long, "wasmtime_instance_pre_instantiate", c_void_p, c_void_p, c_void_p, c_void_p, c_void_p
)
instance_pre_delete = _declare(_quick, "wasmtime_instance_pre_delete", None, c_void_p)
instance_new = _declare(
    _long, "wasmtime_instance_new", c_void_p, c_void_p, c_void_p, c_void_p, c_size_t, c_void_p, c_void_p
)
instance_export_get = _declare(
    _quick, "wasmtime_instance_export_get", c_bool, c_void_p, c_void_p, c_char_p, c_size_t, c_void_p
)
caller_export_get = _declare(_quick, "wasmtime_caller_export_get", c_bool, c_void_p, c_char_p, c_size_t, c_void_p)

# Calls, plain and on fibers (wasmtime_call_future_t *)
func_call_unchecked = _declare(
    _long, "wasmtime_func_call_unchecked", c_void_p, c_void_p, c_void_p, c_void_p, c_size_t, c_void_p
)
func_new_unchecked = _declare(
    _quick, "wasmtime_func_new_unchecked", None, c_void_p, c_void_p, c_void_p, c_void_p, c_void_p, c_void_p
)
func_from_raw = _declare(_quick, "wasmtime_func_from_raw", None, c_void_p, c_void_p, c_void_p)
func_to_raw = _declare(_quick, "wasmtime_func_to_raw", c_void_p, c_void_p, c_void_p)
func_call_async = _declare(
    _quick,
    "wasmtime_func_call_async",
    c_void_p,
    c_void_p,
    c_void_p,
    c_void_p,
    c_size_t,
    c_void_p,
    c_size_t,
    c_void_p,
    c_void_p,
)
instance_pre_instantiate_async = _declare(
    _quick, "wasmtime_instance_pre_instantiate_async", c_void_p, c_void_p, c_void_p, c_void_p, c_void_p, c_void_p
)
call_future_poll = _declare(_long, "wasmtime_call_future_poll", c_bool, c_void_p)
call_future_delete = _declare(_long, "wasmtime_call_future_delete", None, c_void_p)

# Memories, globals, tables
memory_data = _declare(_quick, "wasmtime_memory_data", c_void_p, c_void_p, c_void_p)
memory_data_size = _declare(_quick, "wasmtime_memory_data_size", c_size_t, c_void_p, c_void_p)
memory_grow = _declare(_long, "wasmtime_memory_grow", c_void_p, c_void_p, c_void_p, c_uint64, c_void_p)
global_get = _declare(_quick, "wasmtime_global_get", None, c_void_p, c_void_p, c_void_p)
global_set = _declare(_quick, "wasmtime_global_set", c_void_p, c_void_p, c_void_p, c_void_p)
table_get = _declare(_quick, "wasmtime_table_get", c_bool, c_void_p, c_void_p, c_uint64, c_void_p)
table_set = _declare(_quick, "wasmtime_table_set", c_void_p, c_void_p, c_void_p, c_uint64, c_void_p)
table_size = _declare(_quick, "wasmtime_table_size", c_uint64, c_void_p, c_void_p)
table_grow = _declare(_quick, "wasmtime_table_grow", c_void_p, c_void_p, c_void_p, c_uint64, c_void_p, c_void_p)

val_unroot = _declare(_quick, "wasmtime_val_unroot", None, c_void_p)

# Types
valtype_new = _declare(_quick, "wasm_valtype_new", c_void_p, c_uint8)
valtype_v128 = _declare(_quick, "wasmtime_wasm_valtype_v128", c_void_p)
valtype_vec_new = _declare(_quick, "wasm_valtype_vec_new", None, c_void_p, c_size_t, c_void_p)
functype_new = _declare(_quick, "wasm_functype_new", c_void_p, c_void_p, c_void_p)
functype_delete = _declare(_quick, "wasm_functype_delete", None, c_void_p)

# Errors, traps, frames
error_new = _declare(_quick, "wasmtime_error_new", c_void_p, c_char_p)
error_message = _declare(_quick, "wasmtime_error_message", None, c_void_p, c_void_p)
error_trace = _declare(_quick, "wasmtime_error_wasm_trace", None, c_void_p, c_void_p)
error_delete = _declare(_quick, "wasmtime_error_delete", None, c_void_p)
trap_new = _declare(_quick, "wasmtime_trap_new", c_void_p, c_char_p, c_size_t)
trap_code = _declare(_quick, "wasmtime_trap_code", c_bool, c_void_p, c_void_p)
trap_message = _declare(_quick, "wasm_trap_message", None, c_void_p, c_void_p)
trap_trace = _declare(_quick, "wasm_trap_trace", None, c_void_p, c_void_p)
trap_delete = _declare(_quick, "wasm_trap_delete", None, c_void_p)
frame_func_index = _declare(_quick, "wasm_frame_func_index", c_uint32, c_void_p)
frame_module_offset = _declare(_quick, "wasm_frame_module_offset", c_size_t, c_void_p)
frame_func_name = _declare(_quick, "wasmtime_frame_func_name", c_void_p, c_void_p)
frame_module_name = _declare(_quick, "wasmtime_frame_module_name", c_void_p, c_void_p)
frame_vec_delete = _declare(_quick, "wasm_frame_vec_delete", None, c_void_p)
byte_vec_delete = _declare(_quick, "wasm_byte_vec_delete", None, c_void_p)
