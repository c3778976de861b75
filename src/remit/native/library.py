"""Load the native library, if this installation has it and this host can use it."""

from __future__ import annotations

import ctypes
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FUNCTIONS = (
    "clock_time_get",
    "fd_close",
    "fd_fdstat_get",
    "fd_filestat_get",
    "fd_pread",
    "fd_pwrite",
    "fd_read",
    "fd_seek",
    "fd_tell",
    "fd_write",
    "path_filestat_get",
    "path_open",
    "random_get",
)
"""The functions of wasi_snapshot_preview1 that it takes over."""


class Slot(ctypes.Structure):
    """``struct slot`` of fastpath.c."""

    _fields_ = (
        ("host", ctypes.c_int32),
        ("kind", ctypes.c_uint8),
        ("known", ctypes.c_uint8),
        ("flags", ctypes.c_uint16),
        ("rights", ctypes.c_uint64),
        ("inheriting", ctypes.c_uint64),
        ("position", ctypes.c_int64),
    )


class Memory(ctypes.Structure):
    """``struct memory`` of fastpath.c: what wasmtime calls ``wasmtime_memory_t``."""

    _fields_ = (("store_id", ctypes.c_uint64), ("private1", ctypes.c_uint64), ("private2", ctypes.c_uint64))


class Table(ctypes.Structure):
    """``struct table`` of fastpath.c."""

    _fields_ = (
        ("slots", ctypes.c_void_p),
        ("capacity", ctypes.c_uint32),
        ("lowest_free", ctypes.c_uint32),
        ("used", ctypes.c_uint32),
        ("reserved1", ctypes.c_uint32),
        ("io_bytes", ctypes.c_uint64),
        ("file_rights", ctypes.c_uint64),
        ("all_rights", ctypes.c_uint64),
        ("path_bytes", ctypes.c_uint32),
        ("io_vectors", ctypes.c_uint32),
        ("host_clock", ctypes.c_uint8 * 2),
        ("host_random", ctypes.c_uint8),
        ("has_memory", ctypes.c_uint8),
        ("clock_origin", ctypes.c_uint64 * 2),
        ("memory", Memory),
    )


class Import(ctypes.Structure):
    """``struct import`` of fastpath.c: where the Python implementation of a function is."""

    _fields_ = (("python", ctypes.c_void_p), ("python_env", ctypes.c_void_p))


FREE, OTHER, REGULAR_FILE, DIRECTORY = range(4)

_address_of: dict[str, int] | None = None


ENGINE_FUNCTIONS = (
    "wasmtime_caller_context",
    "wasmtime_context_get_data",
    "wasmtime_memory_data",
    "wasmtime_memory_data_size",
)
"""What it calls of the engine."""


def native_functions(addresses_of: Callable[[Sequence[str]], Sequence[int]]) -> dict[str, int]:
    """The address of each function of :data:`FUNCTIONS`; empty where the fast path cannot be used.

    `addresses_of` finds the engine's functions. ``REMIT_NATIVE=0`` in the environment turns the fast path off.
    """
    global _address_of
    if _address_of is None:
        wanted = os.environ.get("REMIT_NATIVE", "1") != "0"
        _address_of = _load(addresses_of(ENGINE_FUNCTIONS)) if wanted else {}
    return _address_of


def import_of(python: int) -> tuple[int, object]:
    """What a native function that hands on to the callback at `python` is given: its address, and what keeps it."""
    made = Import(python=python)
    return ctypes.addressof(made), made


def _load(engine_functions: Sequence[int]) -> dict[str, int]:
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fastpath.so")
    if not os.path.exists(path):
        return {}
    library = ctypes.CDLL(path)
    library.remit_native_sizes.restype = ctypes.c_size_t
    library.remit_native_sizes.argtypes = (ctypes.c_size_t,)
    for which, structure in enumerate((Slot, Table, Import)):
        size = library.remit_native_sizes(which)
        if size != ctypes.sizeof(structure):
            raise ImportError(
                f"{path} is of another version of Remit: {structure.__name__} has {size} bytes there and "
                f"{ctypes.sizeof(structure)} here; install Remit again"
            )
    if library.remit_native_init(*map(ctypes.c_void_p, engine_functions)) != 0:
        return {}
    found: dict[str, int] = {}
    for name in FUNCTIONS:
        address = ctypes.cast(getattr(library, f"remit_{name}"), ctypes.c_void_p).value
        assert address is not None
        found[name] = address
    return found
