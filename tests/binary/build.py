"""Writes the binary format, for tests: the inverse of what is tested, kept as simple as can be."""

from __future__ import annotations

from collections.abc import Iterable

from remit.binary.types import FuncType, GlobalType, MemoryType, TableType, TagType

HEADER = b"\0asm\x01\0\0\0"
NUMBERS = {"i32": 0x7F, "i64": 0x7E, "f32": 0x7D, "f64": 0x7C, "v128": 0x7B, "funcref": 0x70, "externref": 0x6F}

ExternalType = FuncType | TableType | MemoryType | GlobalType | TagType


def unsigned(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def signed(value: int) -> bytes:
    out = bytearray()
    while not -64 <= value < 64:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value & 0x7F])


def vector(items: Iterable[bytes]) -> bytes:
    listed = list(items)
    return unsigned(len(listed)) + b"".join(listed)


def name(text: str) -> bytes:
    data = text.encode()
    return unsigned(len(data)) + data


def section(number: int, body: bytes) -> bytes:
    return bytes([number]) + unsigned(len(body)) + body


def custom(title: str, body: bytes) -> bytes:
    return section(0, name(title) + body)


def function(type: FuncType) -> bytes:
    return (
        b"\x60"
        + vector(bytes([NUMBERS[each]]) for each in type.params)
        + vector(bytes([NUMBERS[each]]) for each in type.results)
    )


def limits(minimum: int, maximum: int | None, flags: int) -> bytes:
    flags |= maximum is not None
    return bytes([flags]) + unsigned(minimum) + (unsigned(maximum) if maximum is not None else b"")


def memory(type: MemoryType) -> bytes:
    own_size = type.page_size != 65536
    data = limits(type.minimum, type.maximum, 2 * type.shared | 4 * type.is_64 | 8 * own_size)
    return data + unsigned(type.page_size.bit_length() - 1) if own_size else data


def table(type: TableType) -> bytes:
    return bytes([NUMBERS[type.element]]) + limits(type.minimum, type.maximum, 4 * type.is_64)


def variable(type: GlobalType) -> bytes:
    return bytes([NUMBERS[type.value], type.mutable])


def external(type: ExternalType, types: list[FuncType]) -> bytes:
    """An import's type; function types are added to `types` as they are needed."""
    if isinstance(type, TableType):
        return b"\x01" + table(type)
    if isinstance(type, MemoryType):
        return b"\x02" + memory(type)
    if isinstance(type, GlobalType):
        return b"\x03" + variable(type)
    of = FuncType(type.params, type.results)
    if of not in types:
        types.append(of)
    return (b"\x00" if isinstance(type, FuncType) else b"\x04\x00") + unsigned(types.index(of))


def importing(imports: Iterable[tuple[str, str, ExternalType]]) -> bytes:
    """A module with these imports, all exported again under ``<kind> <index>``."""
    types: list[FuncType] = []
    written: list[bytes] = []
    exports: list[bytes] = []
    counts: dict[str, int] = {}
    for module, field, type in imports:
        written.append(name(module) + name(field) + external(type, types))
        index = counts.setdefault(type.kind, 0)
        counts[type.kind] += 1
        kind = ("func", "table", "memory", "global", "tag").index(type.kind)
        exports.append(name(f"{type.kind} {index}") + bytes([kind]) + unsigned(index))
    return (
        HEADER
        + section(1, vector(function(type) for type in types))
        + section(2, vector(written))
        + section(7, vector(exports))
    )
