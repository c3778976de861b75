"""Plain values as bytes, and back: what a recording consists of.

None, bool, int, str, bytes, tuples of them; :class:`Data`, which stands for bytes that are known by their length and
checksum; and :class:`Number`, which stands for a kernel object. Reading is bounded: what a file says of lengths is
never believed.
"""

from __future__ import annotations

from zlib import crc32

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

MAX_DEPTH = 16
"""Tuples in tuples. What is recorded has three or four."""


MAX_VALUES = 1 << 20
"""In one call or outcome: a listing has three for each entry, and programs may have 2**18 entries."""


class Damaged(ValueError):
    """These bytes are no recorded values."""


class Data:
    """Bytes that the program gave away: how many, and which, as far as a checksum tells."""

    __slots__ = ("checksum", "length")

    def __init__(self, length: int, checksum: int) -> None:
        self.length = length
        self.checksum = checksum

    @classmethod
    def of(cls, buffers: Sequence[memoryview | bytes]) -> Data:
        length = checksum = 0
        for buffer in buffers:
            length += len(buffer)
            checksum = crc32(buffer, checksum)
        return cls(length, checksum)

    def __repr__(self) -> str:
        return f"{self.length} bytes ({self.checksum:08x})"


class Number:
    """A kernel object, by the number that it has in the recording."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number

    def __repr__(self) -> str:
        return f"#{self.number}"


def write(into: bytearray, value: Any) -> None:
    """Append `value`. TypeError for what is none of these."""
    kind = value.__class__
    if kind is int:
        if 0 <= value < 64:
            into += _SMALL[value]
            return
        into += b"i"
        write_length(into, value << 1 if value >= 0 else (~value << 1) | 1)
    elif kind is str:
        data = value.encode("utf-8", "surrogatepass")
        into += b"s"
        write_length(into, len(data))
        into += data
    elif kind is bytes:
        into += b"b"
        write_length(into, len(value))
        into += value
    elif kind is tuple:
        into += b"t"
        write_length(into, len(value))
        for each in value:
            if each.__class__ is int and 0 <= each < 64:
                into += _SMALL[each]
            else:
                write(into, each)
    elif value is None:
        into += b"N"
    elif kind is bool:
        into += b"T" if value else b"F"
    elif kind is Data:
        into += b"d"
        write_length(into, value.length)
        into += value.checksum.to_bytes(4, "little")
    elif kind is Number:
        into += b"o"
        write_length(into, value.number)
    else:
        raise TypeError(f"{value!r} cannot be recorded")


def write_length(into: bytearray, number: int) -> None:
    """A number from 0 up, in seven bits a byte."""
    if number < 0x80:
        into.append(number)
        return
    while number > 0x7F:
        into.append(number & 0x7F | 0x80)
        number >>= 7
    into.append(number)


class Reader:
    """Values one after the other. Damaged."""

    __slots__ = ("_at", "_data", "_left")

    def __init__(self, data: bytes | memoryview) -> None:
        self._data = data
        self._at = 0
        self._left = MAX_VALUES

    @property
    def at_end(self) -> bool:
        return self._at >= len(self._data)

    def length(self) -> int:
        number = shift = 0
        while True:
            byte = self._take(1)[0]
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                return number
            shift += 7
            if shift > 140:
                raise Damaged("a number that is too long")

    def byte(self) -> int:
        return self._take(1)[0]

    def rest(self) -> bytes | memoryview:
        """All that is left."""
        return self._take(len(self._data) - self._at)

    def value(self, depth: int = 0) -> Any:
        self._left -= 1
        if self._left < 0:
            raise Damaged("more values than there can be")
        tag = bytes(self._take(1))
        if tag == b"i":
            number = self.length()
            return ~(number >> 1) if number & 1 else number >> 1
        if tag == b"s":
            try:
                return bytes(self._take(self.length())).decode("utf-8", "surrogatepass")
            except UnicodeDecodeError:
                raise Damaged("text that is none") from None
        if tag == b"b":
            return bytes(self._take(self.length()))
        if tag == b"t":
            count = self.length()
            if depth >= MAX_DEPTH or count > min(self._left, len(self._data) - self._at):
                raise Damaged("a tuple that cannot be")
            return tuple([self.value(depth + 1) for _ in range(count)])
        if tag == b"d":
            return Data(self.length(), int.from_bytes(self._take(4), "little"))
        if tag == b"o":
            return Number(self.length())
        try:
            return _CONSTANTS[tag]
        except KeyError:
            raise Damaged(f"a value of the unknown kind {tag!r}") from None

    def _take(self, count: int) -> bytes | memoryview:
        end = self._at + count
        if end > len(self._data):
            raise Damaged("it ends in the middle of a value")
        found = self._data[self._at : end]
        self._at = end
        return found


_SMALL = [b"i" + bytes([2 * number]) for number in range(64)]
"""What most numbers are."""

_CONSTANTS: dict[bytes, bool | None] = {b"N": None, b"T": True, b"F": False}
