"""Core types in the component format: recursion groups as in modules, and the types of modules."""

from __future__ import annotations

from remit.binary.component import limits, syntax
from remit.binary.component.reading import read_choice, read_count, read_name
from remit.binary.reader import BinaryError
from remit.binary.type_section import read_global_type, read_memory_type, read_rec_type, read_table_type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.binary.component.reading import ComponentReader

_MODULE_TYPE = 0x50
_NOT_FINAL = 0x00
"""Before a core ``sub``, whose own 0x50 means a module type here."""
_ALIAS_OF_TYPE, _ALIAS_OUTER = 0x10, 0x01


def read_core_type(reader: ComponentReader) -> syntax.CoreTypeDefinition | syntax.CoreModuleType:
    start = reader.position
    if not reader.remaining:
        raise BinaryError("unexpected end in a core type", start)
    form = reader.data[start]
    if form == _MODULE_TYPE:
        reader.position += 1
        return _read_module_type(reader, start)
    if form == _NOT_FINAL:
        reader.position += 1
        if not reader.remaining or reader.data[reader.position] != _MODULE_TYPE:
            raise BinaryError("unknown form of core type 0x00", start)
    return syntax.CoreTypeDefinition(start, read_rec_type(reader))


def _read_module_type(reader: ComponentReader, start: int) -> syntax.CoreModuleType:
    declarations: list[syntax.Node] = []
    for _ in range(read_count(reader, "declarations", limits.TYPE_DECLARATIONS, least=2)):
        offset = reader.position
        kind = reader.byte("a declaration")
        if kind == 0x00:
            module = read_name(reader, "an import's module")
            name = read_name(reader, "an import's name")
            declarations.append(syntax.CoreImport(offset, module, name, _read_extern_type(reader)))
        elif kind == 0x01:
            # A module type cannot stand in a module type, so 0x50 is a core `sub` again.
            declarations.append(syntax.CoreTypeDefinition(offset, read_rec_type(reader)))
        elif kind == 0x02:
            read_choice(reader, "sort of an alias", (_ALIAS_OF_TYPE,))
            read_choice(reader, "target of an alias", (_ALIAS_OUTER,))
            count = reader.u32("the number of scopes")
            declarations.append(syntax.AliasOuter(offset, "core type", count, reader.u32("a type's index")))
        elif kind == 0x03:
            name = read_name(reader, "an export's name")
            declarations.append(syntax.CoreExport(offset, name, _read_extern_type(reader)))
        else:
            raise BinaryError(f"unknown declaration {kind:#04x} in a module type", offset)
    return syntax.CoreModuleType(start, declarations)


def _read_extern_type(reader: ComponentReader) -> syntax.CoreExternRef:
    start = reader.position
    kind = reader.byte("the kind of an import or export")
    if kind == 0:
        return syntax.CoreExternRef(start, "func", reader.u32("a function's type"), None)
    if kind == 1:
        return syntax.CoreExternRef(start, "table", 0, read_table_type(reader))
    if kind == 2:
        return syntax.CoreExternRef(start, "memory", 0, read_memory_type(reader))
    if kind == 3:
        return syntax.CoreExternRef(start, "global", 0, read_global_type(reader))
    if kind == 4:
        read_choice(reader, "attribute of a tag", (0,))
        return syntax.CoreExternRef(start, "tag", reader.u32("a tag's type"), None)
    raise BinaryError(f"unknown kind {kind:#04x} of core import or export", start)
