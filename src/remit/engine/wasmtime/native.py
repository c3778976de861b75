"""What native host functions need of wasmtime: the addresses of its C functions, and of a memory."""

from __future__ import annotations

import ctypes

from remit.engine.wasmtime import library
from remit.engine.wasmtime.layout import EXTERN_ITEM

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from remit.engine.wasmtime.memory import Memory

MEMORY_SIZE = 24
"""``wasmtime_memory_t``."""


def function_addresses(names: Sequence[str]) -> list[int]:
    """Where the named functions of the C API lie. AttributeError for an unknown one."""
    handle = ctypes.PyDLL(library.PATH)
    return [ctypes.cast(handle[name], ctypes.c_void_p).value or 0 for name in names]


def notice(function: Callable[..., object], types: Sequence[Any]) -> tuple[int, object]:
    """Where native code finds a callback, and what keeps it: see :func:`.host_functions.make_notice`."""
    from remit.engine.wasmtime.host_functions import address_of, make_notice

    made = make_notice(function, types)
    return address_of(made), made


def memory_handle(memory: Memory) -> bytes:
    """The ``wasmtime_memory_t`` of a memory: what C functions take with the store's context."""
    return memory.extern[EXTERN_ITEM : EXTERN_ITEM + MEMORY_SIZE]
