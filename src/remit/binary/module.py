"""What can be known of a core module without compiling it: its imports, exports, memories, custom sections."""

from __future__ import annotations

from remit.binary.types import MemoryType, TableType, type_from_tuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from remit.binary.types import ExternType


class Import:
    """Something that the module needs from outside."""

    __slots__ = ("module", "name", "type")

    def __init__(self, module: str, name: str, type: ExternType) -> None:
        self.module = module
        self.name = name
        self.type = type

    @property
    def kind(self) -> str:
        """``func``, ``table``, ``memory``, ``global`` or ``tag``."""
        return self.type.kind

    def __repr__(self) -> str:
        return f"Import({self.module!r}, {self.name!r}, {self.type!r})"


class Export:
    """Something that the module offers. `index` is its place in the index space of its kind, imports first."""

    __slots__ = ("index", "name", "type")

    def __init__(self, name: str, index: int, type: ExternType) -> None:
        self.name = name
        self.index = index
        self.type = type

    @property
    def kind(self) -> str:
        """``func``, ``table``, ``memory``, ``global`` or ``tag``."""
        return self.type.kind

    def __repr__(self) -> str:
        return f"Export({self.name!r}, {self.index!r}, {self.type!r})"


class CustomSection:
    """A section for tools: `size` bytes of content from `offset` in the file."""

    __slots__ = ("name", "offset", "size")

    def __init__(self, name: str, offset: int, size: int) -> None:
        self.name = name
        self.offset = offset
        self.size = size

    def __repr__(self) -> str:
        return f"CustomSection({self.name!r}, {self.offset:#x}, {self.size})"


class ModuleInfo:
    """The outside of a core module."""

    __slots__ = ("custom_sections", "exports", "has_heap", "imports", "memories", "size", "start", "tables")

    def __init__(
        self,
        imports: tuple[Import, ...],
        exports: tuple[Export, ...],
        memories: tuple[MemoryType, ...],
        tables: tuple[TableType, ...],
        has_heap: bool,
        custom_sections: tuple[CustomSection, ...],
        start: int | None,
        size: int,
    ) -> None:
        self.imports = imports
        self.exports = exports
        self.memories = memories
        """All of them, imported ones first."""
        self.tables = tables
        """All of them, imported ones first."""
        self.has_heap = has_heap
        """It declares objects (structures, arrays) or exceptions: these live on a heap that the engine collects."""
        self.custom_sections = custom_sections
        self.start = start
        """The index of the function that runs at instantiation, or None."""
        self.size = size
        """The module's size in bytes."""

    def to_tuple(self) -> tuple[Any, ...]:
        """Nothing but tuples, strings, numbers and None: a cache keeps it by ``marshal``."""
        return (
            tuple([(each.module, each.name, each.type.to_tuple()) for each in self.imports]),
            tuple([(each.name, each.index, each.type.to_tuple()) for each in self.exports]),
            tuple([memory.to_tuple() for memory in self.memories]),
            tuple([table.to_tuple() for table in self.tables]),
            self.has_heap,
            tuple([(each.name, each.offset, each.size) for each in self.custom_sections]),
            self.start,
            self.size,
        )

    @classmethod
    def from_tuple(cls, parts: tuple[Any, ...]) -> ModuleInfo:
        """The inverse of :meth:`to_tuple`."""
        imports, exports, memories, tables, has_heap, custom_sections, start, size = parts
        return cls(
            tuple([Import(module, name, type_from_tuple(type)) for module, name, type in imports]),
            tuple([Export(name, index, type_from_tuple(type)) for name, index, type in exports]),
            tuple([MemoryType(*memory[1:]) for memory in memories]),
            tuple([TableType(*table[1:]) for table in tables]),
            has_heap,
            tuple([CustomSection(name, offset, size) for name, offset, size in custom_sections]),
            start,
            size,
        )

    def __repr__(self) -> str:
        return f"<ModuleInfo: {len(self.imports)} imports, {len(self.exports)} exports, {self.size} bytes>"


def decode_module(data: bytes | memoryview) -> ModuleInfo:
    """Read a core module's outside; code and data are passed over, and are for the engine to judge.

    BinaryError says what is wrong and where.
    """
    # A start from the cache never decodes, so it should not pay for importing the decoder.
    from remit.binary.decoder import Decoder

    return Decoder(data).decode()
