"""What C adds to a recording, until Python takes it."""

from __future__ import annotations

import ctypes

from remit.native.library import TapeBuffer

CAPACITY = 1 << 20
"""Bytes that C may have. What needs more is Python's."""


class NativeTape:
    """The buffer that C and Python share."""

    __slots__ = ("_bytes", "_struct", "_view")

    def __init__(self, read_at: int, write_at: int, capacity: int = CAPACITY) -> None:
        """The numbers of these two methods in the recording."""
        self._bytes = (ctypes.c_uint8 * capacity)()
        self._view = memoryview(self._bytes).cast("B")
        self._struct = TapeBuffer(
            buffer=ctypes.addressof(self._bytes), capacity=capacity, read_at=read_at, write_at=write_at
        )

    @property
    def address(self) -> int:
        """Where C finds it."""
        return ctypes.addressof(self._struct)

    def take(self) -> memoryview | None:
        """What is there: to be used before C has another turn. None: nothing."""
        used = self._struct.used
        if not used:
            return None
        self._struct.used = 0
        return self._view[:used]
