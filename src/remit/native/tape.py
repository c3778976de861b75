"""What C adds to a recording, until Python takes it."""

from __future__ import annotations

import ctypes

from remit.native.library import TapeBuffer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

METHODS = ("read_at", "write_at", "open_file", "close", "lookup", "stat")

CAPACITY = 1 << 20
"""Bytes that C may have. What needs more is Python's."""


class NativeTape:
    """The buffer that C and Python share."""

    __slots__ = ("_bytes", "_struct", "_view")

    def __init__(self, places: Mapping[str, int], capacity: int = CAPACITY) -> None:
        """`places`: the numbers of methods in the recording."""
        self._bytes = (ctypes.c_uint8 * capacity)()
        self._view = memoryview(self._bytes).cast("B")
        self._struct = TapeBuffer(
            buffer=ctypes.addressof(self._bytes), capacity=capacity, **{name: places[name] for name in METHODS}
        )

    @property
    def address(self) -> int:
        """Where C finds it."""
        return ctypes.addressof(self._struct)

    @property
    def next(self) -> int:
        """The number of the next object."""
        number: int = self._struct.next
        return number

    @next.setter
    def next(self, number: int) -> None:
        self._struct.next = number

    @property
    def used(self) -> int:
        """Bytes of entries that C has made. Set it to 0 when they are taken."""
        number: int = self._struct.used
        return number

    @used.setter
    def used(self, number: int) -> None:
        self._struct.used = number

    def made(self) -> memoryview:
        """Those entries: to be used before C has another turn."""
        return self._view[: self._struct.used]
