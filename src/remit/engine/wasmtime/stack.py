"""How deep programs may run each other: a guest entered from a host function is on the same stack as the one that
called that function.

The library gives each store its share of stack from wherever it is entered, and nobody looks whether there is so much
left. So a stack takes a certain number of stores, and who goes beyond gets an exception instead of a crash. Within one
store guests share one share, however often they are entered again.
"""

from __future__ import annotations

import ctypes
import sys

from remit.engine.wasmtime.config import FIBER_STACK, HOST_SHARE, MAX_WASM_STACK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LEVEL = MAX_WASM_STACK + HOST_SHARE
"""Bytes of stack for one guest and the host functions that it calls."""

FIBER_LEVELS = FIBER_STACK // LEVEL

UNKNOWN_STACK = 8 << 20
"""Bytes, where the system cannot be asked: what it is on most of them."""


def thread_levels() -> int:
    """How many stores may be entered on the stack of this thread, one from within another."""
    return _stack_bytes() // LEVEL


def too_deep(levels: int) -> RuntimeError:
    """The exception for one store too many."""
    if not levels:
        return RuntimeError(
            f"the stack of this thread is too small for a guest: {LEVEL:,} bytes are needed; "
            f"call threading.stack_size({LEVEL}) before the thread is started"
        )
    return RecursionError(
        f"{levels} programs, or components of one, call each other here already, and the stack takes no more"
    )


def _stack_bytes() -> int:
    # Unions and structures of unknown length are given more than any system uses.
    if sys.platform == "win32":
        low, high = ctypes.c_size_t(), ctypes.c_size_t()
        ctypes.windll.kernel32.GetCurrentThreadStackLimits(ctypes.byref(low), ctypes.byref(high))
        return high.value - low.value
    system = ctypes.CDLL(None)
    own = _function(system, "pthread_self", ctypes.c_void_p)
    if own is None:
        return UNKNOWN_STACK
    apple = _function(system, "pthread_get_stacksize_np", ctypes.c_size_t, ctypes.c_void_p)
    if apple is not None:
        size: int = apple(own())
        return size
    of_thread = _function(system, "pthread_getattr_np", ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
    if of_thread is None:
        return UNKNOWN_STACK
    attributes = ctypes.create_string_buffer(256)
    if of_thread(own(), attributes):
        return UNKNOWN_STACK
    length = ctypes.c_size_t()
    failed = system.pthread_attr_getstacksize(attributes, ctypes.byref(length))
    system.pthread_attr_destroy(attributes)
    return UNKNOWN_STACK if failed else length.value


def _function(system: ctypes.CDLL, name: str, result: type, *parameters: type) -> Any:
    """None where the system has no such function."""
    try:
        function = system[name]
    except AttributeError:
        return None
    function.restype = result
    function.argtypes = parameters
    return function
