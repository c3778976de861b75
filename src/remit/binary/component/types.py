"""Types in the component format: of values, functions and resources; declarations inside of component types."""

from __future__ import annotations

from remit.binary.component import limits, syntax
from remit.binary.component.aliases import read_alias
from remit.binary.component.core_types import read_core_type
from remit.binary.component.reading import (
    UnsupportedFeature,
    read_choice,
    read_count,
    read_name,
    read_name_attributes,
)
from remit.binary.reader import BinaryError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.binary.component.reading import ComponentReader
    from remit.binary.component.syntax import ValTypeRef

PRIMITIVES = {
    0x7F: "bool",
    0x7E: "s8",
    0x7D: "u8",
    0x7C: "s16",
    0x7B: "u16",
    0x7A: "s32",
    0x79: "u32",
    0x78: "s64",
    0x77: "u64",
    0x76: "f32",
    0x75: "f64",
    0x74: "char",
    0x73: "string",
    0x64: "error-context",
}
_RECORD, _VARIANT, _LIST, _TUPLE, _FLAGS, _ENUM, _OPTION, _RESULT = 0x72, 0x71, 0x70, 0x6F, 0x6E, 0x6D, 0x6B, 0x6A
_OWN, _BORROW, _FIXED_LIST, _STREAM, _FUTURE, _MAP = 0x69, 0x68, 0x67, 0x66, 0x65, 0x63
_FUNC, _COMPONENT, _INSTANCE, _ASYNC_FUNC, _RESOURCE = 0x40, 0x41, 0x42, 0x43, 0x3F
_CORE_NUMBERS = {0x7F: "i32", 0x7E: "i64", 0x7D: "f32", 0x7C: "f64"}


def read_val_type(reader: ComponentReader) -> ValTypeRef:
    start = reader.position
    number = reader.s33("a value type")
    if number >= 0:
        return number
    keyword = PRIMITIVES.get(number + 0x80)
    if keyword is None:
        raise BinaryError(f"unknown value type {number}", start)
    return keyword


def read_optional_val_type(reader: ComponentReader) -> ValTypeRef | None:
    return read_val_type(reader) if read_choice(reader, "presence of a type") else None


def read_core_number_type(reader: ComponentReader) -> str:
    start = reader.position
    byte = reader.byte("a core value type")
    name = _CORE_NUMBERS.get(byte)
    if name is None:
        raise BinaryError(f"unknown core number type {byte:#04x}", start)
    return name


def _read_labels(reader: ComponentReader, what: str, most: int, *, typed: bool) -> list[syntax.Label]:
    labels = []
    for _ in range(read_count(reader, what, most)):
        start = reader.position
        name = read_name(reader, "a label")
        labels.append(syntax.Label(start, name, read_val_type(reader) if typed else None))
    return labels


def _read_cases(reader: ComponentReader) -> list[syntax.Label]:
    cases = []
    for _ in range(read_count(reader, "cases", limits.FIELDS, least=3)):
        start = reader.position
        name = read_name(reader, "a label")
        cases.append(syntax.Label(start, name, read_optional_val_type(reader)))
        read_choice(reader, "end of a case", (0,))
    return cases


def read_result_list(reader: ComponentReader) -> ValTypeRef | None:
    if read_choice(reader, "form of a result") == 0:
        return read_val_type(reader)
    read_choice(reader, "number of results", (0,))
    return None


def read_type(reader: ComponentReader, depth: int = 0) -> syntax.Node:
    """One ``deftype``, which `depth` others enclose."""
    start = reader.position
    form = reader.byte("a type")
    if form in PRIMITIVES:
        return syntax.PrimitiveType(start, PRIMITIVES[form])
    if form in (_FUNC, _ASYNC_FUNC):
        params = _read_labels(reader, "parameters", limits.PARAMETERS, typed=True)
        return syntax.FuncType(start, params, read_result_list(reader), is_async=form == _ASYNC_FUNC)
    if form == _RECORD:
        return syntax.LabelledType(start, "record", _read_labels(reader, "fields", limits.FIELDS, typed=True))
    if form == _VARIANT:
        return syntax.LabelledType(start, "variant", _read_cases(reader))
    if form == _FLAGS:
        return syntax.LabelledType(start, "flags", _read_labels(reader, "flags", limits.FLAGS, typed=False))
    if form == _ENUM:
        return syntax.LabelledType(start, "enum", _read_labels(reader, "cases", limits.FIELDS, typed=False))
    if form in (_LIST, _OPTION):
        return syntax.CompoundType(start, "list" if form == _LIST else "option", [read_val_type(reader)])
    if form == _FIXED_LIST:
        element = read_val_type(reader)
        return syntax.CompoundType(start, "list", [element], reader.u32("the length of a list"))
    if form == _TUPLE:
        count = read_count(reader, "types of a tuple", limits.FIELDS)
        return syntax.CompoundType(start, "tuple", [read_val_type(reader) for _ in range(count)])
    if form == _RESULT:
        ok = read_optional_val_type(reader)
        return syntax.CompoundType(start, "result", [ok, read_optional_val_type(reader)])
    if form in (_STREAM, _FUTURE):
        keyword = "stream" if form == _STREAM else "future"
        return syntax.CompoundType(start, keyword, [read_optional_val_type(reader)])
    if form in (_OWN, _BORROW):
        return syntax.HandleType(start, "own" if form == _OWN else "borrow", reader.u32("a resource type's index"))
    if form == _MAP:
        raise UnsupportedFeature("the map type", start)
    if form == _RESOURCE:
        representation = read_core_number_type(reader)
        destructor = reader.u32("a destructor") if read_choice(reader, "presence of a destructor") else None
        return syntax.ResourceType(start, representation, destructor)
    if form in (_COMPONENT, _INSTANCE):
        return _read_declared_type(reader, start, form, depth + 1)
    raise BinaryError(f"unknown form of type {form:#04x}", start)


def _read_declared_type(reader: ComponentReader, start: int, form: int, depth: int) -> syntax.DeclaredType:
    if depth > limits.TYPE_NESTING:
        raise BinaryError(f"types inside types, more than {limits.TYPE_NESTING} deep", start)
    declarations: list[syntax.Node] = []
    for _ in range(read_count(reader, "declarations", limits.TYPE_DECLARATIONS)):
        offset = reader.position
        kind = reader.byte("a declaration")
        if kind == 0x00:
            declarations.append(read_core_type(reader))
        elif kind == 0x01:
            declarations.append(syntax.TypeDefinition(offset, read_type(reader, depth)))
        elif kind == 0x02:
            declarations.append(read_alias(reader))
        elif kind == 0x03 and form == _COMPONENT:
            declarations.append(read_import(reader))
        elif kind == 0x04:
            name, attributes = read_name_attributes(reader)
            type = read_extern_type(reader)
            declarations.append(syntax.Export(offset, name, attributes, type.sort, None, type))
        else:
            raise BinaryError(f"unknown declaration {kind:#04x} in a type", offset)
    return syntax.DeclaredType(start, "component" if form == _COMPONENT else "instance", declarations)


_EXTERN_SORTS = {0x01: "func", 0x04: "component", 0x05: "instance"}


def read_extern_type(reader: ComponentReader) -> syntax.ExternTypeRef:
    start = reader.position
    form = reader.byte("the type of an import or export")
    if form == 0x00:
        read_choice(reader, "core sort of an import or export", (0x11,))
        return syntax.ExternTypeRef(start, "core module", reader.u32("a core type's index"))
    if form == 0x02:
        raise UnsupportedFeature("a value definition", start)
    if form == 0x03:
        bound = read_choice(reader, "bound of a type")
        return syntax.ExternTypeRef(start, "type", None if bound else reader.u32("a type's index"))
    sort = _EXTERN_SORTS.get(form)
    if sort is None:
        raise BinaryError(f"unknown sort {form:#04x} of an import or export", start)
    return syntax.ExternTypeRef(start, sort, reader.u32("a type's index"))


def read_import(reader: ComponentReader) -> syntax.Import:
    start = reader.position
    name, attributes = read_name_attributes(reader)
    return syntax.Import(start, name, attributes, read_extern_type(reader))
