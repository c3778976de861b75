"""Sizes and fields of the C API's structures, and plain reads and writes of memory by address.

Everything here is for 64-bit little-endian platforms, which is all that wasmtime's wheels exist for.
"""

from __future__ import annotations

import ctypes
import struct
import sys

INSTANCE_SIZE = 16  # wasmtime_instance_t
FUNC_SIZE = 16  # wasmtime_func_t
EXTERN_SIZE = 32  # wasmtime_extern_t: a kind in the first byte, the item at offset 8
EXTERN_ITEM = 8
VAL_SIZE = 32  # wasmtime_val_t: a kind in the first byte, the value at offset 8
VAL_VALUE = 8
RAW_SIZE = 16  # wasmtime_val_raw_t

EXTERN_FUNC, EXTERN_GLOBAL, EXTERN_TABLE, EXTERN_MEMORY = 0, 1, 2, 3

ADDRESS_SPACE = memoryview((ctypes.c_char * sys.maxsize).from_address(0)).cast("B")
"""All memory of the process, indexed by address: for ``struct``'s ``unpack_from`` and ``pack_into``.

Reading a callback's arguments through it costs half of making a ctypes object for each call.
"""

POINTER = struct.Struct("<Q")
read_pointer = POINTER.unpack_from
write_pointer = POINTER.pack_into
write_byte = struct.Struct("<B").pack_into

addressof = ctypes.addressof


class Slot:
    """Room for one pointer that C fills in."""

    __slots__ = ("_buffer", "address")

    def __init__(self) -> None:
        self._buffer = ctypes.create_string_buffer(8)
        self.address = addressof(self._buffer)

    @property
    def value(self) -> int:
        number: int = read_pointer(self._buffer)[0]
        return number


class ByteVec:
    """A ``wasm_byte_vec_t``, or another vector of the C API: its length, then where its items are."""

    __slots__ = ("_buffer", "address")

    def __init__(self) -> None:
        self._buffer = ctypes.create_string_buffer(16)
        self.address = addressof(self._buffer)

    @property
    def parts(self) -> tuple[int, int]:
        size, data = struct.unpack("<QQ", self._buffer.raw)
        return size, data


def vec_bytes(address: int) -> bytes:
    """The content of the ``wasm_byte_vec_t`` at `address`."""
    size, data = struct.unpack_from("<QQ", ADDRESS_SPACE, address)
    return ctypes.string_at(data, size)
