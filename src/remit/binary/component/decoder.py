"""Components in the binary format, section by section.

Modules and components inside are passed over: they are bytes from here to there, to be decoded when somebody wants
to know. So decoding costs time and memory in proportion to what the component says, not to its size.
"""

from __future__ import annotations

from remit.binary.component import limits, syntax
from remit.binary.component.aliases import read_alias
from remit.binary.component.canonical import read_canon
from remit.binary.component.core_types import read_core_type
from remit.binary.component.reading import (
    ComponentReader,
    Items,
    UnsupportedFeature,
    read_choice,
    read_core_sort,
    read_count,
    read_name,
    read_name_attributes,
    read_sort,
)
from remit.binary.component.types import read_extern_type, read_import, read_type
from remit.binary.reader import BinaryError

MAGIC = b"\0asm"
COMPONENT = b"\x0d\0\x01\0"
"""Version 13, layer 1."""

_CUSTOM, _CORE_MODULE, _COMPONENT, _START, _VALUE = 0, 1, 4, 9, 12
_NAMES = {
    0: "custom",
    1: "core module",
    2: "core instance",
    3: "core type",
    4: "component",
    5: "instance",
    6: "alias",
    7: "type",
    8: "canonical definition",
    9: "start",
    10: "import",
    11: "export",
    12: "value",
}


def decode_component(data: bytes | memoryview, start: int = 0, end: int | None = None) -> syntax.Component:
    """Decode the component in `data` from `start` to `end`. BinaryError says what is wrong and where.

    :class:`~remit.binary.component.reading.UnsupportedFeature`, which is one, names what Remit does not have.
    """
    reader = ComponentReader(data, start, end, Items())
    _read_header(reader)
    definitions: list[syntax.Node] = []
    custom_sections: list[tuple[str, int, int]] = []
    readers = {
        2: _read_core_instance,
        3: read_core_type,
        5: _read_instance,
        6: read_alias,
        7: _read_type_definition,
        8: read_canon,
        10: read_import,
        11: _read_export,
    }
    while reader.remaining:
        offset = reader.position
        number = reader.byte("a section's number")
        if number not in _NAMES:
            raise BinaryError(f"unknown section number {number}", offset)
        size = reader.u32("a section's size")
        body = reader.skip(size, f"the {_NAMES[number]} section")
        section = ComponentReader(data, body, body + size, reader.items)
        reader.items.spend(1, offset)
        if number == _CUSTOM:
            name = section.name("a custom section's name")
            custom_sections.append((name, section.position, section.remaining))
            continue
        if number == _CORE_MODULE:
            definitions.append(syntax.CoreModule(body, body + size))
            continue
        if number == _COMPONENT:
            definitions.append(syntax.NestedComponent(body, body + size))
            continue
        if number == _VALUE:
            raise UnsupportedFeature("a value definition", offset)
        if number == _START:
            definitions.append(_read_start(section))
        else:
            read = readers[number]
            count = read_count(section, f"{_NAMES[number]}s", limits.INDEX_SPACE)
            definitions += [read(section) for _ in range(count)]
        if section.remaining:
            raise BinaryError(f"{section.remaining} bytes too many in the {_NAMES[number]} section", section.position)
    return syntax.Component(definitions, custom_sections, start, reader.end)


def _read_header(reader: ComponentReader) -> None:
    start = reader.position
    header = bytes(reader.data[start : min(start + 8, reader.end)])
    if header[:4] != MAGIC[: len(header)] or not header:
        raise BinaryError("not a WebAssembly component: it does not start with \\0asm", start)
    if len(header) < 8:
        raise BinaryError("unexpected end in the header", start + len(header))
    if header[6:] == b"\0\0":
        raise BinaryError("a core module, not a component", start + 4)
    if header[4:] != COMPONENT:
        raise BinaryError(f"unknown version {int.from_bytes(header[4:], 'little'):#x} of components", start + 4)
    reader.position = start + 8


def _read_core_instance(reader: ComponentReader) -> syntax.Node:
    start = reader.position
    named: list[syntax.Named] = []
    if read_choice(reader, "form of core instance") == 0:
        module = reader.u32("a core module's index")
        for _ in range(read_count(reader, "arguments", limits.ARGUMENTS, least=3)):
            offset = reader.position
            name = read_name(reader, "an argument's name")
            read_choice(reader, "sort of a core argument", (0x12,))
            named.append(syntax.Named(offset, name, "core instance", reader.u32("a core instance's index")))
        return syntax.CoreInstantiate(start, module, named)
    for _ in range(read_count(reader, "exports", limits.ARGUMENTS, least=3)):
        offset = reader.position
        name = read_name(reader, "an export's name")
        sort = read_core_sort(reader)
        named.append(syntax.Named(offset, name, sort, reader.u32("an index")))
    return syntax.CoreInlineExports(start, named)


def _read_instance(reader: ComponentReader) -> syntax.Node:
    start = reader.position
    named: list[syntax.Named] = []
    if read_choice(reader, "form of instance") == 0:
        component = reader.u32("a component's index")
        for _ in range(read_count(reader, "arguments", limits.ARGUMENTS, least=3)):
            offset = reader.position
            name = read_name(reader, "an argument's name")
            sort = read_sort(reader)
            named.append(syntax.Named(offset, name, sort, reader.u32("an index")))
        return syntax.Instantiate(start, component, named)
    for _ in range(read_count(reader, "exports", limits.ARGUMENTS, least=4)):
        offset = reader.position
        name, attributes = read_name_attributes(reader)
        sort = read_sort(reader)
        named.append(syntax.Named(offset, name, sort, reader.u32("an index"), attributes))
    return syntax.InlineExports(start, named)


def _read_type_definition(reader: ComponentReader) -> syntax.TypeDefinition:
    return syntax.TypeDefinition(reader.position, read_type(reader))


def _read_export(reader: ComponentReader) -> syntax.Export:
    start = reader.position
    name, attributes = read_name_attributes(reader)
    sort = read_sort(reader)
    index = reader.u32("an index")
    type = read_extern_type(reader) if read_choice(reader, "presence of an export's type") else None
    return syntax.Export(start, name, attributes, sort, index, type)


def _read_start(reader: ComponentReader) -> syntax.Start:
    start = reader.position
    function = reader.u32("the start function")
    arguments = [reader.u32("a value's index") for _ in range(read_count(reader, "arguments", limits.ARGUMENTS))]
    return syntax.Start(start, function, arguments, reader.u32("the number of results"))
