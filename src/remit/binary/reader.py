"""A bounded reader of the binary format's primitives: bytes, LEB128 numbers, names, vectors' lengths.

Every error says at which offset of the whole file it happened. Nothing is allocated for a length that the
input names before it is known that so many bytes are there.
"""

from __future__ import annotations

# As many of one thing as engines accept (the JavaScript interface's "Limits"): each costs us an object.
MOST_ITEMS = 1_000_000


class BinaryError(ValueError):
    """The bytes are not what they claim to be. `offset` is where, in bytes from the start of the file."""

    def __init__(self, problem: str, offset: int) -> None:
        super().__init__(f"{problem} (at offset {offset:#x})")
        self.problem = problem
        self.offset = offset


def quoted(name: str) -> str:
    """A name as an error shows it: escaped, and no more than the beginning of one that is as long as the file."""
    return repr(name) if len(name) <= 80 else f"{name[:80]!r}…"


class Reader:
    """Reads `data` from `position` up to `end`, forwards. All methods raise BinaryError at a violation."""

    __slots__ = ("data", "end", "position")

    def __init__(self, data: bytes | memoryview, position: int = 0, end: int | None = None) -> None:
        self.data = data
        self.position = position
        self.end = len(data) if end is None else end

    @property
    def remaining(self) -> int:
        return self.end - self.position

    def byte(self, what: str) -> int:
        """One byte; `what` names it in the error."""
        position = self.position
        if position >= self.end:
            raise BinaryError(f"unexpected end in {what}", position)
        self.position = position + 1
        return self.data[position]

    def u32(self, what: str) -> int:
        """An unsigned LEB128 number below 2^32."""
        position = self.position
        if position < self.end:
            value = self.data[position]
            if value < 0x80:
                self.position = position + 1
                return value
        return self._unsigned(what, 32)

    def u64(self, what: str) -> int:
        """An unsigned LEB128 number below 2^64."""
        return self._unsigned(what, 64)

    def s33(self, what: str) -> int:
        """A signed LEB128 number of 33 bits: a heap type."""
        return self._signed(what, 33)

    def s64(self, what: str) -> int:
        """A signed LEB128 number of 64 bits."""
        return self._signed(what, 64)

    def s32(self, what: str) -> int:
        """A signed LEB128 number of 32 bits."""
        return self._signed(what, 32)

    def _unsigned(self, what: str, bits: int) -> int:
        start = self.position
        value = shift = 0
        while True:
            byte = self.byte(what)
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
            shift += 7
            if shift >= bits:
                raise BinaryError(f"{what} is longer than a {bits}-bit number can be", start)
        if value >> bits:
            raise BinaryError(f"{what} does not fit in {bits} bits", start)
        return value

    def _signed(self, what: str, bits: int) -> int:
        start = self.position
        value = shift = 0
        while True:
            byte = self.byte(what)
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
            if shift >= bits:
                raise BinaryError(f"{what} is longer than a {bits}-bit number can be", start)
        if byte & 0x40:
            value -= 1 << shift
        if not -(1 << (bits - 1)) <= value < 1 << (bits - 1):
            raise BinaryError(f"{what} does not fit in {bits} bits", start)
        return value

    def count(self, what: str, least: int = 1) -> int:
        """The length of a vector whose items take at least `least` bytes each, so many being left."""
        start = self.position
        count = self.u32(f"the number of {what}")
        if count * least > self.end - self.position:
            raise BinaryError(f"{count} {what} do not fit in the {self.end - self.position} bytes left", start)
        if count > MOST_ITEMS:
            raise BinaryError(f"{count} {what}, more than the {MOST_ITEMS} that engines accept", start)
        return count

    def skip(self, length: int, what: str) -> int:
        """Pass over `length` bytes; where they started."""
        start = self.position
        if length > self.end - start:
            raise BinaryError(f"{what} of {length} bytes with {self.end - start} bytes left", start)
        self.position = start + length
        return start

    def name(self, what: str) -> str:
        """A name: its length, then UTF-8."""
        start = self.position
        # Most names are short and whole; a large component has thousands.
        if start < self.end and (length := self.data[start]) < 0x80 and start + length < self.end:
            start += 1
            self.position = start + length
        else:
            length = self.u32(f"the length of {what}")
            start = self.skip(length, what)
        try:
            return str(self.data[start : start + length], "utf-8")
        except UnicodeDecodeError as error:
            raise BinaryError(f"{what} is not UTF-8", start + error.start) from None
