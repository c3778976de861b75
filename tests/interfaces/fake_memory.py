"""A linear memory without an engine."""

from __future__ import annotations

from remit.engine.api import OutOfBounds


class FakeMemory:
    """The :class:`remit.engine.api.Memory` protocol over a bytearray."""

    def __init__(self, size: int) -> None:
        self.data = bytearray(size)
        self._view = memoryview(self.data)

    @property
    def size(self) -> int:
        return len(self.data)

    def view(self) -> memoryview:
        return self._view

    def read(self, address: int, length: int) -> bytes:
        self._check(address, length)
        return bytes(self.data[address : address + length])

    def write(self, address: int, data: bytes | bytearray | memoryview) -> None:
        self._check(address, len(data))
        self._view[address : address + len(data)] = data

    def u32(self, address: int) -> int:
        return int.from_bytes(self.read(address, 4), "little")

    def grow(self, pages: int) -> int:
        old = len(self.data)
        self._view.release()
        self.data.extend(bytes(pages << 16))
        self._view = memoryview(self.data)
        return old >> 16

    def _check(self, address: int, length: int) -> None:
        if not 0 <= address <= address + length <= len(self.data):
            raise OutOfBounds(f"{address:#x} + {length}")
