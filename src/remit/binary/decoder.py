"""Core modules in the binary format (core specification, "Binary Format"): section by section, outside only."""

from __future__ import annotations

from remit.binary.expressions import skip_constant_expression
from remit.binary.module import CustomSection, Export, Import, ModuleInfo
from remit.binary.reader import MOST_ITEMS, BinaryError, Reader, quoted
from remit.binary.type_section import (
    read_global_type,
    read_memory_type,
    read_table_type,
    read_type_section,
)
from remit.binary.types import TagType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.binary.types import ExternType, FuncType, GlobalType, MemoryType, TableType

MAGIC = b"\0asm"
CORE_MODULE = b"\x01\0\0\0"
"""Version 1, layer 0."""

CUSTOM = 0
# The sections' numbers in the order in which they must come, and their names.
SECTIONS = {
    1: "type",
    2: "import",
    3: "function",
    4: "table",
    5: "memory",
    13: "tag",
    6: "global",
    7: "export",
    8: "start",
    9: "element",
    12: "data count",
    10: "code",
    11: "data",
}
_PLACE = {number: place for place, number in enumerate(SECTIONS)}
_KINDS = ("func", "table", "memory", "global", "tag")


class Decoder:
    """Decodes one module, once."""

    def __init__(self, data: bytes | memoryview) -> None:
        if isinstance(data, memoryview):
            data = data.cast("B") if data.format != "B" or data.ndim != 1 else data
        self.data = data
        self.types: list[FuncType | None] = []
        self.imports: list[Import] = []
        self.exports: list[Export] = []
        self.custom_sections: list[CustomSection] = []
        self.imported_functions: list[FuncType] = []
        self.functions = Reader(b"")
        self.function_count = 0
        self.tables: list[TableType] = []
        self.memories: list[MemoryType] = []
        self.globals: list[GlobalType] = []
        self.tags: list[TagType] = []
        self.start: int | None = None

    def decode(self) -> ModuleInfo:
        reader = Reader(self.data)
        self._read_header(reader)
        readers = {
            1: self._read_types,
            2: self._read_imports,
            3: self._read_functions,
            4: self._read_tables,
            5: self._read_memories,
            13: self._read_tags,
            6: self._read_globals,
            7: self._read_exports,
            8: self._read_start,
        }
        last = -1
        while reader.remaining:
            offset = reader.position
            number = reader.byte("a section's number")
            size = reader.u32("a section's size")
            name = "custom" if number == CUSTOM else SECTIONS.get(number)
            if name is None:
                raise BinaryError(f"unknown section number {number}", offset)
            body = reader.skip(size, f"the {name} section")
            section = Reader(self.data, body, body + size)
            if number == CUSTOM:
                self._read_custom(section)
                continue
            if _PLACE[number] <= last:
                raise BinaryError(f"a second {name} section, or one out of order", offset)
            last = _PLACE[number]
            read = readers.get(number)
            if read is not None:
                read(section)
                if section.remaining and number != 3:
                    raise BinaryError(f"{section.remaining} bytes too many in the {name} section", section.position)
        return ModuleInfo(
            tuple(self.imports),
            tuple(self.exports),
            tuple(self.memories),
            tuple(self.tables),
            bool(self.tags) or None in self.types,
            tuple(self.custom_sections),
            self.start,
            len(self.data),
        )

    def _read_header(self, reader: Reader) -> None:
        start = reader.skip(min(8, reader.remaining), "the header")
        header = bytes(self.data[start : start + 8])
        if header[:4] != MAGIC[: len(header)] or not header:
            raise BinaryError("not a WebAssembly module: it does not start with \\0asm", 0)
        if len(header) < 8:
            raise BinaryError("unexpected end in the header", len(header))
        if header[6:8] == b"\x01\0":
            raise BinaryError("a component, not a core module", 4)
        if header[4:] != CORE_MODULE:
            raise BinaryError(f"unknown version {int.from_bytes(header[4:], 'little'):#x}", 4)

    def _read_custom(self, section: Reader) -> None:
        if len(self.custom_sections) == MOST_ITEMS:
            raise BinaryError(f"more than {MOST_ITEMS} custom sections", section.position)
        name = section.name("a custom section's name")
        self.custom_sections.append(CustomSection(name, section.position, section.remaining))

    def _read_types(self, section: Reader) -> None:
        self.types = read_type_section(section)

    def _function_type(self, index: int, offset: int) -> FuncType:
        type = self.types[index] if index < len(self.types) else None
        if type is None:
            raise BinaryError(f"type {index} is not a function's type", offset)
        return type

    def _read_imports(self, section: Reader) -> None:
        for _ in range(section.count("imports", least=4)):
            module = section.name("an import's module")
            name = section.name("an import's name")
            self.imports.append(Import(module, name, self._read_extern_type(section)))

    def _read_extern_type(self, section: Reader) -> ExternType:
        offset = section.position
        kind = section.byte("an import's kind")
        if kind == 0:
            offset = section.position
            function = self._function_type(section.u32("a function's type"), offset)
            self.imported_functions.append(function)
            return function
        if kind == 1:
            table = read_table_type(section)
            self.tables.append(table)
            return table
        if kind == 2:
            memory = read_memory_type(section)
            self.memories.append(memory)
            return memory
        if kind == 3:
            variable = read_global_type(section)
            self.globals.append(variable)
            return variable
        if kind == 4:
            return self._read_tag(section)
        raise BinaryError(f"unknown kind of import {kind}", offset)

    def _read_tag(self, section: Reader) -> TagType:
        offset = section.position
        if section.byte("a tag's attribute") != 0:
            raise BinaryError("unknown attribute of a tag", offset)
        offset = section.position
        type = self._function_type(section.u32("a tag's type"), offset)
        tag = TagType(type.params, type.results)
        self.tags.append(tag)
        return tag

    def _read_functions(self, section: Reader) -> None:
        # Only the types of exported functions matter here, so the numbers are read when those are known.
        self.function_count = section.count("functions")
        self.functions = section

    def _read_tables(self, section: Reader) -> None:
        for _ in range(section.count("tables", least=3)):
            if bytes(self.data[section.position : section.position + 2]) == b"\x40\0":
                section.position += 2
                self.tables.append(read_table_type(section))
                skip_constant_expression(section)
            else:
                self.tables.append(read_table_type(section))

    def _read_memories(self, section: Reader) -> None:
        for _ in range(section.count("memories", least=2)):
            self.memories.append(read_memory_type(section))

    def _read_tags(self, section: Reader) -> None:
        for _ in range(section.count("tags", least=2)):
            self._read_tag(section)

    def _read_globals(self, section: Reader) -> None:
        for _ in range(section.count("globals", least=3)):
            self.globals.append(read_global_type(section))
            skip_constant_expression(section)

    def _read_exports(self, section: Reader) -> None:
        found: list[tuple[str, int, int, int]] = []
        names: set[str] = set()
        for _ in range(section.count("exports", least=3)):
            offset = section.position
            name = section.name("an export's name")
            if name in names:
                raise BinaryError(f"a second export named {quoted(name)}", offset)
            names.add(name)
            offset = section.position
            kind = section.byte("an export's kind")
            if kind >= len(_KINDS):
                raise BinaryError(f"unknown kind of export {kind}", offset)
            found.append((name, kind, section.u32("an export's index"), offset))
        functions = self._function_types([index for _, kind, index, _ in found if kind == 0])
        spaces: tuple[list[TableType], list[MemoryType], list[GlobalType], list[TagType]]
        spaces = (self.tables, self.memories, self.globals, self.tags)
        for name, kind, index, offset in found:
            type: ExternType | None
            if kind == 0:
                type = functions.get(index)
            else:
                space = spaces[kind - 1]
                type = space[index] if index < len(space) else None
            if type is None:
                raise BinaryError(f"export {quoted(name)} names {_KINDS[kind]} {index}, and there is none", offset)
            self.exports.append(Export(name, index, type))

    def _function_types(self, indices: list[int]) -> dict[int, FuncType]:
        """The types of these functions; those that do not exist are left out."""
        imported = len(self.imported_functions)
        types = {index: self.imported_functions[index] for index in indices if index < imported}
        wanted = {index - imported for index in indices if imported <= index < imported + self.function_count}
        if wanted:
            for number in range(max(wanted) + 1):
                offset = self.functions.position
                index = self.functions.u32("a function's type")
                if number in wanted:
                    types[number + imported] = self._function_type(index, offset)
        return types

    def _read_start(self, section: Reader) -> None:
        offset = section.position
        self.start = section.u32("the start function")
        if self.start >= len(self.imported_functions) + self.function_count:
            raise BinaryError(f"the start function {self.start} does not exist", offset)
