"""Types in the binary format: value types, limits, and the type section with its recursion groups.

Only function types are kept whole, since only they can be a function's or a tag's type; structures,
arrays and continuations are passed over, and hold their place in the index space as None.
"""

from __future__ import annotations

from remit.binary.reader import BinaryError
from remit.binary.types import PAGE, FuncType, GlobalType, MemoryType, TableType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.binary.reader import Reader

_NUMBERS = {0x7F: "i32", 0x7E: "i64", 0x7D: "f32", 0x7C: "f64", 0x7B: "v128"}
# Abstract heap types, by their byte: the heap type's name, and the short name of the nullable reference to it.
_HEAPS = {
    0x75: ("nocont", "nullcontref"),
    0x74: ("noexn", "nullexnref"),
    0x73: ("nofunc", "nullfuncref"),
    0x72: ("noextern", "nullexternref"),
    0x71: ("none", "nullref"),
    0x70: ("func", "funcref"),
    0x6F: ("extern", "externref"),
    0x6E: ("any", "anyref"),
    0x6D: ("eq", "eqref"),
    0x6C: ("i31", "i31ref"),
    0x6B: ("struct", "structref"),
    0x6A: ("array", "arrayref"),
    0x69: ("exn", "exnref"),
    0x68: ("cont", "contref"),
}
_VALUES = _NUMBERS | {byte: names[1] for byte, names in _HEAPS.items()}
_PACKED = {0x78: "i8", 0x77: "i16"}

_REF_NULL, _REF = 0x63, 0x64
_SHARED = 0x65
_FUNC, _STRUCT, _ARRAY, _CONT = 0x60, 0x5F, 0x5E, 0x5D
_SUB, _SUB_FINAL, _REC = 0x50, 0x4F, 0x4E

_LIMIT_MAXIMUM, _LIMIT_SHARED, _LIMIT_64, _LIMIT_PAGE_SIZE = 1, 2, 4, 8


def read_value_type(reader: Reader) -> str:
    start = reader.position
    byte = reader.byte("a value type")
    name = _VALUES.get(byte)
    if name is not None:
        return name
    if byte == _REF_NULL:
        return f"(ref null {_read_heap_type(reader)})"
    if byte == _REF:
        return f"(ref {_read_heap_type(reader)})"
    if byte == _SHARED:
        return f"(ref null {_read_shared_heap_type(reader)})"
    raise BinaryError(f"unknown value type {byte:#04x}", start)


def read_reference_type(reader: Reader) -> str:
    start = reader.position
    name = read_value_type(reader)
    if name in _NUMBERS.values():
        raise BinaryError(f"{name} where a reference type is needed", start)
    return name


def _read_heap_type(reader: Reader) -> str:
    start = reader.position
    number = reader.s33("a heap type")
    if number >= 0:
        return str(number)
    if number == _SHARED - 0x80:
        return _read_shared_heap_type(reader)
    if number + 0x80 not in _HEAPS:
        raise BinaryError(f"unknown heap type {number}", start)
    return _HEAPS[number + 0x80][0]


def _read_shared_heap_type(reader: Reader) -> str:
    start = reader.position
    byte = reader.byte("a shared heap type")
    if byte not in _HEAPS:
        raise BinaryError(f"unknown heap type {byte:#04x}", start)
    return f"(shared {_HEAPS[byte][0]})"


def skip_heap_type(reader: Reader) -> None:
    _read_heap_type(reader)


def read_table_type(reader: Reader) -> TableType:
    element = read_reference_type(reader)
    flags = _read_flags(reader, "a table", _LIMIT_MAXIMUM | _LIMIT_SHARED | _LIMIT_64)
    minimum, maximum = _read_limits(reader, flags)
    return TableType(element, minimum, maximum, bool(flags & _LIMIT_64))


def read_memory_type(reader: Reader) -> MemoryType:
    flags = _read_flags(reader, "a memory", _LIMIT_MAXIMUM | _LIMIT_SHARED | _LIMIT_64 | _LIMIT_PAGE_SIZE)
    minimum, maximum = _read_limits(reader, flags)
    page_size = PAGE
    if flags & _LIMIT_PAGE_SIZE:
        start = reader.position
        power = reader.u32("a page size")
        if power > 16:
            raise BinaryError(f"a page size of 2^{power} bytes", start)
        page_size = 1 << power
    return MemoryType(minimum, maximum, bool(flags & _LIMIT_SHARED), bool(flags & _LIMIT_64), page_size)


def _read_flags(reader: Reader, what: str, known: int) -> int:
    start = reader.position
    flags = reader.byte(f"the limits of {what}")
    if flags & ~known:
        raise BinaryError(f"unknown flags {flags:#04x} in the limits of {what}", start)
    return flags


def _read_limits(reader: Reader, flags: int) -> tuple[int, int | None]:
    number = reader.u64 if flags & _LIMIT_64 else reader.u32
    minimum = number("a minimum size")
    return minimum, number("a maximum size") if flags & _LIMIT_MAXIMUM else None


def read_global_type(reader: Reader) -> GlobalType:
    value = read_value_type(reader)
    start = reader.position
    flags = reader.byte("a global's mutability")
    if flags & ~3:  # Bit 1 marks a global shared between threads.
        raise BinaryError(f"unknown mutability {flags:#04x} of a global", start)
    return GlobalType(value, bool(flags & 1))


def read_type_section(reader: Reader) -> list[FuncType | None]:
    """The type index space; None where a type is not a function's."""
    types: list[FuncType | None] = []
    for _ in range(reader.count("types")):
        types += read_rec_type(reader)
    return types


def read_rec_type(reader: Reader) -> list[FuncType | None]:
    """One recursion group, most often of one type; None where a type is not a function's."""
    if reader.remaining and reader.data[reader.position] == _REC:
        reader.position += 1
        return [_read_sub_type(reader) for _ in range(reader.count("types of a recursion group"))]
    return [_read_sub_type(reader)]


def _read_sub_type(reader: Reader) -> FuncType | None:
    form = reader.byte("a type")
    if form in (_SUB, _SUB_FINAL):
        for _ in range(reader.count("supertypes")):
            reader.u32("a supertype")
        form = reader.byte("a type")
    if form == _SHARED:
        form = reader.byte("a type")
    if form == _FUNC:
        params = tuple([read_value_type(reader) for _ in range(reader.count("parameters"))])
        return FuncType(params, tuple([read_value_type(reader) for _ in range(reader.count("results"))]))
    if form == _STRUCT:
        for _ in range(reader.count("fields", least=2)):
            _skip_field(reader)
    elif form == _ARRAY:
        _skip_field(reader)
    elif form == _CONT:
        reader.u32("a continuation's type")
    else:
        raise BinaryError(f"unknown form of type {form:#04x}", reader.position - 1)
    return None


def _skip_field(reader: Reader) -> None:
    if reader.remaining and reader.data[reader.position] in _PACKED:
        reader.position += 1
    else:
        read_value_type(reader)
    start = reader.position
    if reader.byte("a field's mutability") > 1:
        raise BinaryError("unknown mutability of a field", start)
