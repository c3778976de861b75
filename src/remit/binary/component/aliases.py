"""Aliases in the component format."""

from __future__ import annotations

from remit.binary.component import syntax
from remit.binary.component.reading import read_choice, read_name, read_sort
from remit.binary.reader import BinaryError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.binary.component.reading import ComponentReader

_EXPORT, _CORE_EXPORT, _OUTER = 0x00, 0x01, 0x02
_OUTER_SORTS = ("core module", "core type", "component", "type")
_CORE_EXPORT_SORTS = ("core func", "core table", "core memory", "core global", "core tag")


def read_alias(reader: ComponentReader) -> syntax.AliasExport | syntax.AliasOuter:
    start = reader.position
    sort = read_sort(reader)
    target = read_choice(reader, "target of an alias", (_EXPORT, _CORE_EXPORT, _OUTER))
    if target == _OUTER:
        if sort not in _OUTER_SORTS:
            raise BinaryError(f"an outer alias of a {sort}: only modules, components and types may be aliased", start)
        count = reader.u32("the number of scopes")
        return syntax.AliasOuter(start, sort, count, reader.u32("an index"))
    core = target == _CORE_EXPORT
    if core and sort not in _CORE_EXPORT_SORTS:
        raise BinaryError(f"an alias of a core instance's export that is a {sort}", start)
    if not core and sort.startswith("core ") and sort != "core module":
        raise BinaryError(f"an alias of an instance's export that is a {sort}", start)
    instance = reader.u32("an instance's index")
    return syntax.AliasExport(start, sort, instance, read_name(reader, "an export's name"), core=core)
