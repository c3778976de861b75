"""Linear memories, without copies.

A view stays valid for as long as somebody holds it: it keeps the C store alive, and memories never move, as
they are reserved at the largest size they may have (``memory_may_move`` is off). Growing leaves old views at their
old length.
"""

from __future__ import annotations

import ctypes
import struct
import sys

from remit.engine.api import OutOfBounds
from remit.engine.wasmtime import library
from remit.engine.wasmtime.errors import take_error_message
from remit.engine.wasmtime.layout import EXTERN_ITEM, Slot, addressof

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from remit.binary.types import MemoryType
    from remit.engine.wasmtime.context import Context

_read_u32 = struct.Struct("<I").unpack_from
_data_size = library.memory_data_size


class _Span(ctypes.c_ubyte * sys.maxsize):  # type: ignore[misc]  # ctypes makes array types at run time
    """Memory from some address on. One class for all sizes, as making a class costs more than making an instance."""

    __slots__ = ("owner",)
    owner: object


class Memory:
    """A linear memory of an instance (:class:`remit.engine.api.Memory`)."""

    __slots__ = ("_context", "_extern", "_item", "_length", "_view", "type")

    def __init__(self, context: Context, extern: Any, type: MemoryType | None) -> None:
        self._context = context
        self._extern = extern
        self._item: int = addressof(extern) + EXTERN_ITEM
        self._length = -1
        self._view = memoryview(b"")
        self.type = type

    @property
    def size(self) -> int:
        """The size now, in bytes."""
        size: int = _data_size(self._context.address, self._item)
        return size

    @property
    def extern_address(self) -> int:
        """Where its ``wasmtime_extern_t`` lies."""
        return self._item - EXTERN_ITEM

    @property
    def extern(self) -> bytes:
        """A copy of the ``wasmtime_extern_t``, for native code."""
        return bytes(self._extern.raw)

    def view(self) -> memoryview:
        """All of it, writable, format ``B``. It sees what the guest does; after growth ask for a new one."""
        length = _data_size(self._context.address, self._item)
        if length != self._length:
            self._refresh(length)
        return self._view

    def read(self, address: int, length: int) -> bytes:
        """A copy. OutOfBounds outside of the memory."""
        view = self.view()
        if address < 0 or length < 0 or address + length > self._length:
            raise self._outside(address, length)
        return bytes(view[address : address + length])

    def write(self, address: int, data: bytes | bytearray | memoryview) -> None:
        """Copy in. OutOfBounds outside of the memory, and then nothing is written."""
        view = self.view()
        length = data.nbytes if isinstance(data, memoryview) else len(data)
        if address < 0 or address + length > self._length:
            raise self._outside(address, length)
        view[address : address + length] = data

    def u32(self, address: int) -> int:
        """The little-endian number at `address`. OutOfBounds."""
        view = self.view()
        if address < 0 or address + 4 > self._length:
            raise self._outside(address, 4)
        number: int = _read_u32(view, address)[0]
        return number

    def grow(self, pages: int) -> int:
        """Grow by `pages`; the old size in pages. ValueError beyond the memory's maximum or the store's limit."""
        if pages < 0:
            raise ValueError(f"a memory cannot grow by {pages} pages")
        before = Slot()
        error = library.memory_grow(self._context.address, self._item, pages, before.address)
        if error:
            raise ValueError(take_error_message(error))
        return before.value

    def forget(self) -> None:
        """Drop the kept view, which would keep the store."""
        self._length = -1
        self._view = memoryview(b"")

    def _refresh(self, length: int) -> None:
        if length == 0:
            self._view = memoryview(bytearray())
        else:
            span = _Span.from_address(library.memory_data(self._context.address, self._item))
            span.owner = self._context.owner
            self._view = memoryview(span)[:length].cast("B")
        self._length = length

    def _outside(self, address: int, length: int) -> OutOfBounds:
        return OutOfBounds(f"{length} bytes at {address:#x} are not inside of a memory of {self._length:#x} bytes")
