"""Load the native library, if this installation has it and this host can use it."""

from __future__ import annotations

import ctypes
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

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

STREAM_FUNCTIONS = {
    ("wasi:io/streams", "[method]input-stream.read"): "stream_read",
    ("wasi:io/streams", "[method]input-stream.blocking-read"): "stream_read",
    ("wasi:io/streams", "[method]output-stream.blocking-write-and-flush"): "stream_write",
}
"""The functions of interfaces of components that it takes over, and by which function of its own."""


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
        ("object", ctypes.c_uint32),
        ("read_only", ctypes.c_uint8),
        ("restricted", ctypes.c_uint8),
        ("reserved", ctypes.c_uint8 * 2),
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
        ("tape", ctypes.c_void_p),
        ("tell", ctypes.c_void_p),
        ("told", ctypes.c_void_p),
        ("told_count", ctypes.c_uint32),
        ("seeing", ctypes.c_uint8),
        ("reserved2", ctypes.c_uint8 * 3),
        ("judge", ctypes.c_void_p),
        ("verdicts", ctypes.c_void_p),
        ("verdict_count", ctypes.c_uint64),
        ("stamp", ctypes.c_uint64),
    )


class TapeBuffer(ctypes.Structure):
    """``struct tape`` of tape.h: where C leaves what it adds to a recording."""

    _fields_ = (
        ("buffer", ctypes.c_void_p),
        ("capacity", ctypes.c_uint64),
        ("used", ctypes.c_uint64),
        ("next", ctypes.c_uint32),
        ("read_at", ctypes.c_uint8),
        ("write_at", ctypes.c_uint8),
        ("open_file", ctypes.c_uint8),
        ("close", ctypes.c_uint8),
        ("lookup", ctypes.c_uint8),
        ("stat", ctypes.c_uint8),
        ("reserved", ctypes.c_uint8 * 6),
    )


class Told(ctypes.Structure):
    """``struct told`` of fastpath.c: a use that a watcher need not be told again."""

    _fields_ = (
        ("place", ctypes.c_int64),
        ("uses", ctypes.c_uint16),
        ("length", ctypes.c_uint16),
        ("path", ctypes.c_char * 116),
    )


class Verdict(ctypes.Structure):
    """``struct verdict`` of fastpath.c: what rules say of a path."""

    _fields_ = (
        ("place", ctypes.c_uint64),
        ("stamp", ctypes.c_uint64),
        ("rights", ctypes.c_uint16),
        ("length", ctypes.c_uint16),
        ("path", ctypes.c_char * 108),
    )


class Import(ctypes.Structure):
    """``struct import`` of fastpath.c: where the Python implementation of a function is."""

    _fields_ = (("python", ctypes.c_void_p), ("python_env", ctypes.c_void_p))


class Stream(ctypes.Structure):
    """``struct stream`` of streams.c: where in a file of the host's a stream is."""

    _fields_ = (
        ("host", ctypes.c_int32),
        ("kind", ctypes.c_uint32),
        ("offset", ctypes.c_int64),
        ("most", ctypes.c_uint64),
    )

    def close(self) -> None:
        """C does not go on with it any more."""
        self.kind = CLOSED
        self.host = -1


class Function(ctypes.Structure):
    """``struct func`` of engine.h: what wasmtime calls ``wasmtime_func_t``."""

    _fields_ = (("store_id", ctypes.c_uint64), ("private1", ctypes.c_void_p))


class Call(ctypes.Structure):
    """``struct call`` of streams.c: one import of one instance, with its canonical options."""

    _fields_ = (
        ("import_", Import),
        ("may_leave", ctypes.c_void_p),
        ("streams", ctypes.c_void_p),
        ("capacity", ctypes.c_uint64),
        ("memory", Memory),
        ("realloc", Function),
    )


CLOSED, INPUT, OUTPUT = range(3)
FREE, OTHER, REGULAR_FILE, DIRECTORY, WATCHED, TAPED, TAPED_DIRECTORY = range(7)

CREATED, READ, WRITTEN, SEEN = 1, 2, 4, 8
"""What C says was done with a path below a watched directory."""

TELL = (ctypes.c_uint32, ctypes.c_uint32, ctypes.c_char_p)
"""How it says so: the descriptor of the directory, what was done, and the path."""

JUDGE = (ctypes.c_uint32, ctypes.c_char_p, ctypes.c_void_p)
"""How it asks for the rights of a path: the descriptor of the directory, the path, and where the rights are put."""

_address_of: dict[str, int] | None = None


ENGINE_FUNCTIONS = (
    "wasmtime_caller_context",
    "wasmtime_context_get_data",
    "wasmtime_memory_data",
    "wasmtime_memory_data_size",
    "wasmtime_func_call_unchecked",
    "wasmtime_trap_new",
    "wasmtime_error_delete",
)
"""What it calls of the engine, in the order in which it is told."""


def native_functions(addresses_of: Callable[[Sequence[str]], Sequence[int]]) -> dict[str, int]:
    """The address of each function of :data:`FUNCTIONS` and :data:`STREAM_FUNCTIONS`; empty where the fast path cannot
    be used.

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
    for name, structures in (("native", (Slot, Table, Import, Told, TapeBuffer, Verdict)), ("streams", (Stream, Call))):
        sizes = getattr(library, f"remit_{name}_sizes", None)
        for which, structure in enumerate(structures):
            size = _size(sizes, which)
            if size != ctypes.sizeof(structure):
                raise ImportError(
                    f"{path} is of another version of Remit: {structure.__name__} has {size} bytes there and "
                    f"{ctypes.sizeof(structure)} here; install Remit again",
                    name="remit.native.fastpath",
                )
    if library.remit_native_init((ctypes.c_void_p * len(engine_functions))(*engine_functions)) != 0:
        return {}
    found: dict[str, int] = {}
    for name in (*FUNCTIONS, *STREAM_FUNCTIONS.values()):
        address = ctypes.cast(getattr(library, f"remit_{name}"), ctypes.c_void_p).value
        assert address is not None
        found[name] = address
    return found


def _size(sizes: Any, which: int) -> int:
    """Of a structure, as C has it. 0: it has none."""
    if sizes is None:
        return 0
    sizes.restype = ctypes.c_size_t
    sizes.argtypes = (ctypes.c_size_t,)
    size: int = sizes(which)
    return size
