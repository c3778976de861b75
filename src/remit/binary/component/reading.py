"""What all of the component format's parts read: counts with limits, names with attributes, sorts, optional parts."""

from __future__ import annotations

from remit.binary.component import limits
from remit.binary.reader import MOST_ITEMS, BinaryError, Reader

CORE_SORTS = {
    0x00: "core func",
    0x01: "core table",
    0x02: "core memory",
    0x03: "core global",
    0x04: "core tag",
    0x10: "core type",
    0x11: "core module",
    0x12: "core instance",
}
_VALUE = 0x02
_SORTS = {0x01: "func", 0x03: "type", 0x04: "component", 0x05: "instance"}


class UnsupportedFeature(BinaryError):
    """Well-formed, as far as can be seen, but using a feature of the specification that Remit does not have.

    `feature` is what the specification calls it.
    """

    def __init__(self, feature: str, offset: int) -> None:
        super().__init__(f"{feature} is not supported", offset)
        self.feature = feature


class Items:
    """How many items, of all vectors of one component, may still come: each of them costs us an object or two, and
    may cost the file a byte."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = MOST_ITEMS

    def spend(self, count: int, offset: int) -> None:
        self.left -= count
        if self.left < 0:
            raise BinaryError(f"more than the {MOST_ITEMS} items that Remit accepts in one component", offset)


class ComponentReader(Reader):
    """A reader of one section, or of a whole component."""

    __slots__ = ("items",)

    def __init__(self, data: bytes | memoryview, position: int, end: int | None, items: Items) -> None:
        super().__init__(data, position, end)
        self.items = items


def read_count(reader: ComponentReader, what: str, most: int, least: int = 1) -> int:
    """The length of a vector of at most `most` items that take at least `least` bytes each."""
    start = reader.position
    count = reader.count(what, least)
    if count > most:
        raise BinaryError(f"{count} {what}, more than the {most} that engines accept", start)
    reader.items.spend(count, start)
    return count


def read_name(reader: ComponentReader, what: str) -> str:
    start = reader.position
    name = reader.name(what)
    if reader.position - start > limits.NAME:
        raise BinaryError(f"{what} is longer than the {limits.NAME} bytes that engines accept", start)
    return name


def read_choice(reader: ComponentReader, what: str, choices: tuple[int, ...] = (0, 1)) -> int:
    """A byte that must be one of these."""
    start = reader.position
    byte = reader.byte(what)
    if byte not in choices:
        raise BinaryError(f"unknown {what} {byte:#04x}", start)
    return byte


def read_core_sort(reader: ComponentReader) -> str:
    start = reader.position
    byte = reader.byte("a core sort")
    sort = CORE_SORTS.get(byte)
    if sort is None:
        raise BinaryError(f"unknown core sort {byte:#04x}", start)
    return sort


def read_sort(reader: ComponentReader) -> str:
    start = reader.position
    byte = reader.byte("a sort")
    if byte == 0x00:
        return read_core_sort(reader)
    if byte == _VALUE:
        raise UnsupportedFeature("a value definition", start)
    sort = _SORTS.get(byte)
    if sort is None:
        raise BinaryError(f"unknown sort {byte:#04x}", start)
    return sort


def read_name_attributes(reader: ComponentReader) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The name of an import or export, and the pairs of its attributes."""
    form = read_choice(reader, "form of a name", (0, 1, 2))
    name = read_name(reader, "the name of an import or export")
    if form < 2:
        return name, ()
    attributes: list[tuple[str, str]] = []
    for _ in range(read_count(reader, "attributes", 3, least=2)):
        start = reader.position
        kind = read_choice(reader, "attribute of a name", (0, 1, 2))
        if kind == 1:
            raise UnsupportedFeature("a versionsuffix (a canonical interface name)", start)
        keyword = "implements" if kind == 0 else "external-id"
        if any(keyword == other for other, _ in attributes):
            raise BinaryError(f"a second {keyword} of one name", start)
        attributes.append((keyword, read_name(reader, f"the value of {keyword}")))
    return name, tuple(attributes)
