"""What stands for a guest: a memory and an allocator that records its calls."""

from __future__ import annotations

from remit.component.abi.context import LiftLowerContext
from remit.component.handles import Resource
from remit.component.instance_state import ComponentInstance
from remit.component.types import ResourceType
from remit.engine.api import OutOfBounds, Trap


class FakeMemory:
    """The :class:`remit.engine.api.Memory` protocol over a bytearray."""

    def __init__(self, data: bytearray) -> None:
        self.data = data

    @property
    def size(self) -> int:
        return len(self.data)

    def view(self) -> memoryview:
        return memoryview(self.data)

    def read(self, address: int, length: int) -> bytes:
        if not 0 <= address <= address + length <= len(self.data):
            raise OutOfBounds(f"{address:#x} + {length}")
        return bytes(self.data[address : address + length])

    def write(self, address: int, data: bytes | bytearray | memoryview) -> None:
        self.read(address, len(data))
        self.data[address : address + len(data)] = data

    def u32(self, address: int) -> int:
        return int.from_bytes(self.read(address, 4), "little")

    def grow(self, pages: int) -> int:
        old = len(self.data)
        self.data.extend(bytes(pages << 16))
        return old >> 16


class Heap:
    """A memory of `size` bytes, and an allocator that goes forward from `first`; it may give one wrong address."""

    def __init__(self, size: int, *, first: int = 64, wrong_at: int | None = None, wrong_by: int = 0) -> None:
        self.data = bytearray(size)
        self.calls: list[tuple[int, int, int, int]] = []
        self._wrong_at = wrong_at
        self._wrong_by = wrong_by
        self._last = first

    def realloc(self, old: int, old_size: int, alignment: int, size: int) -> int | None:
        """None: the guest traps."""
        self.calls.append((old, old_size, alignment, size))
        if old and size < old_size:
            return old
        address = -(-self._last // alignment) * alignment
        if address + size > len(self.data):
            return None
        self._last = address + size
        self.data[address : address + old_size] = self.data[old : old + old_size]
        if len(self.calls) == self._wrong_at:
            address += self._wrong_by
            self._last += self._wrong_by  # no two parts of a value may overlap: their order would show
        return address


class Guest:
    """An instance over a heap, and its context."""

    def __init__(
        self, heap: Heap | None = None, encoding: str = "utf8", resources: dict[ResourceType, Resource] | None = None
    ) -> None:
        self.heap = Heap(1 << 14) if heap is None else heap
        self.instance = ComponentInstance()
        self.cx = LiftLowerContext(
            self.instance,
            memory=FakeMemory(self.heap.data),
            realloc=self._realloc,
            string_encoding=encoding,
            resources=resources,
        )

    def _realloc(self, old: int, old_size: int, alignment: int, size: int) -> int:
        address = self.heap.realloc(old, old_size, alignment, size)
        if address is None:
            raise Trap("unreachable", "unreachable")
        return address if address < 1 << 31 else address - (1 << 32)  # as engines give an i32
