"""Strings between Python, memories, and two memories, in the three encodings.

A string that the host makes is stored by one allocation of the right size. One that comes from another component is
stored as the specification says: what it allocates first, and how it grows and shrinks, depends on the encoding it had
there. Source: ``CanonicalABI.md``, "load_string" and "store_string".
"""

from __future__ import annotations

from remit.component.abi.limits import MAX_STRING_BYTE_LENGTH
from remit.component.abi.traps import lifted_too_much, string_outside, trap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from remit.component.abi.context import LiftLowerContext

UTF16_TAG = 1 << 31
"""In the length of a latin1+utf16 string: it is utf16."""


class Text:
    """A string on its way from one memory to another."""

    __slots__ = ("code_units", "encoding", "latin1_or_utf16", "raw", "text")

    def __init__(self, text: str, raw: memoryview, encoding: str, code_units: int, latin1_or_utf16: bool) -> None:
        self.text = text
        self.raw = raw
        """As it lies in the memory that it comes from. Valid until that memory's instance runs again."""
        self.encoding = encoding
        """The Python name of what it really is."""
        self.code_units = code_units
        self.latin1_or_utf16 = latin1_or_utf16
        """It comes from a memory with that encoding."""


# Loading.


def _range(cx: LiftLowerContext, view: memoryview, address: int, byte_length: int, alignment: int) -> memoryview:
    if byte_length > MAX_STRING_BYTE_LENGTH or address & (alignment - 1) or address + byte_length > len(view):
        string_outside(address, byte_length, alignment, len(view))
    cx.left -= byte_length
    if cx.left < 0:
        lifted_too_much(cx.max_lifted)
    return view[address : address + byte_length]


def _load_utf8(cx: LiftLowerContext, view: memoryview, address: int, code_units: int) -> str:
    # The lines of _range and _decode: this one is called most.
    end = address + code_units
    if code_units > MAX_STRING_BYTE_LENGTH or end > len(view):
        string_outside(address, code_units, 1, len(view))
    cx.left -= code_units
    if cx.left < 0:
        lifted_too_much(cx.max_lifted)
    try:
        return str(view[address:end], "utf-8")
    except UnicodeDecodeError as error:
        trap(f"invalid utf-8 in a string: {error.reason} at byte {error.start}")


def _load_utf16(cx: LiftLowerContext, view: memoryview, address: int, code_units: int) -> str:
    return _decode(_range(cx, view, address, 2 * code_units, 2), "utf-16-le")


def _load_latin1_or_utf16(cx: LiftLowerContext, view: memoryview, address: int, tagged_code_units: int) -> str:
    if tagged_code_units & UTF16_TAG:
        return _decode(_range(cx, view, address, 2 * (tagged_code_units ^ UTF16_TAG), 2), "utf-16-le")
    return str(_range(cx, view, address, tagged_code_units, 2), "latin-1")


def _decode(raw: memoryview, encoding: str) -> str:
    try:
        return str(raw, encoding)
    except UnicodeDecodeError as error:
        trap(f"invalid {encoding[:6]} in a string: {error.reason} at byte {error.start}")


LOAD: dict[str, Callable[[LiftLowerContext, memoryview, int, int], str]] = {
    "utf8": _load_utf8,
    "utf16": _load_utf16,
    "latin1+utf16": _load_latin1_or_utf16,
}


def load_text(cx: LiftLowerContext, view: memoryview, address: int, tagged_code_units: int) -> Text:
    """Checked like any string, and kept with what `store` needs to know about it."""
    encoding, alignment, unit, code_units = "utf-8", 1, 1, tagged_code_units
    if cx.string_encoding != "utf8":
        encoding, alignment, unit = "utf-16-le", 2, 2
        if cx.string_encoding == "latin1+utf16":
            if tagged_code_units & UTF16_TAG:
                code_units ^= UTF16_TAG
            else:
                encoding, unit = "latin-1", 1
    raw = _range(cx, view, address, unit * code_units, alignment)
    return Text(_decode(raw, encoding), raw, encoding, code_units, cx.string_encoding == "latin1+utf16")


# Storing what the host made.


def _store_utf8(cx: LiftLowerContext, value: Any) -> tuple[int, int]:
    data = _encode(value, "utf-8")
    length = len(data)
    address = cx.allocate(1, length)
    cx.memory.view()[address : address + length] = data
    return address, length


def _store_utf16(cx: LiftLowerContext, value: Any) -> tuple[int, int]:
    data = _encode(value, "utf-16-le")
    address = cx.allocate(2, len(data))
    cx.write(address, data)
    return address, len(data) // 2


def _store_latin1_or_utf16(cx: LiftLowerContext, value: Any) -> tuple[int, int]:
    try:
        data, tag, unit = _encode(value, "latin-1"), 0, 1
    except UnicodeEncodeError:
        data, tag, unit = _encode(value, "utf-16-le"), UTF16_TAG, 2
    address = cx.allocate(2, len(data))
    cx.write(address, data)
    return address, len(data) // unit | tag


def _encode(value: Any, encoding: str) -> bytes:
    """TypeError, ValueError: the caller finds out which argument it was."""
    if not isinstance(value, str):
        raise TypeError("a str is wanted")
    data = value.encode(encoding)
    if len(data) > MAX_STRING_BYTE_LENGTH:
        raise ValueError("too long")
    return data


STORE: dict[str, Callable[[LiftLowerContext, Any], tuple[int, int]]] = {
    "utf8": _store_utf8,
    "utf16": _store_utf16,
    "latin1+utf16": _store_latin1_or_utf16,
}


# Storing what comes from another memory.


def _copy(cx: LiftLowerContext, source: Text, alignment: int) -> int:
    address = cx.allocate(alignment, len(source.raw))
    cx.write(address, source.raw)
    return address


def _transfer_to_utf8(cx: LiftLowerContext, source: Text) -> tuple[int, int]:
    units = source.code_units
    if source.encoding == "utf-8":
        return _copy(cx, source, 1), units
    address = cx.allocate(1, units)
    data = source.text.encode()
    ascii_length = _encodable(source.text, "ascii")
    cx.write(address, data[:ascii_length])
    if ascii_length == len(data):
        return address, units
    worst_case = units * (3 if source.encoding == "utf-16-le" else 2)
    address = cx.reallocate(address, units, 1, worst_case)
    cx.write(address + ascii_length, data[ascii_length:])
    if worst_case > len(data):
        address = cx.reallocate(address, worst_case, 1, len(data))
    return address, len(data)


def _transfer_to_utf16(cx: LiftLowerContext, source: Text) -> tuple[int, int]:
    units = source.code_units
    if source.encoding == "utf-16-le":
        return _copy(cx, source, 2), units
    data = source.text.encode("utf-16-le")
    address = cx.allocate(2, 2 * units)
    cx.write(address, data)
    if len(data) < 2 * units:
        address = cx.reallocate(address, 2 * units, 2, len(data))
    return address, len(data) // 2


def _transfer_to_latin1_or_utf16(cx: LiftLowerContext, source: Text) -> tuple[int, int]:
    if source.encoding == "latin-1":
        return _copy(cx, source, 2), source.code_units
    if source.latin1_or_utf16:
        return _transfer_probable_utf16(cx, source)
    units, text = source.code_units, source.text
    address = cx.allocate(2, units)
    latin1_length = _encodable(text, "latin-1")
    cx.write(address, text[:latin1_length].encode("latin-1"))
    if latin1_length == len(text):
        if latin1_length < units:
            address = cx.reallocate(address, units, 2, latin1_length)
        return address, latin1_length
    address = cx.reallocate(address, units, 2, 2 * units)
    # What the guest moved, not what was written: it is the guest's memory.
    widened = bytearray(2 * latin1_length)
    widened[::2] = cx.memory.view()[address : address + latin1_length]
    data = text.encode("utf-16-le")
    cx.write(address, widened + data[len(widened) :])
    if 2 * units > len(data):
        address = cx.reallocate(address, 2 * units, 2, len(data))
    return address, len(data) // 2 | UTF16_TAG


def _transfer_probable_utf16(cx: LiftLowerContext, source: Text) -> tuple[int, int]:
    address = _copy(cx, source, 2)
    if _encodable(source.text, "latin-1") < len(source.text):
        return address, source.code_units | UTF16_TAG
    data = source.text.encode("latin-1")
    cx.write(address, data)
    return cx.reallocate(address, 2 * source.code_units, 1, len(data)), len(data)


def _encodable(text: str, encoding: str) -> int:
    """How many of the first characters can be written in `encoding`."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError as error:
        return error.start
    return len(text)


TRANSFER: dict[str, Callable[[LiftLowerContext, Text], tuple[int, int]]] = {
    "utf8": _transfer_to_utf8,
    "utf16": _transfer_to_utf16,
    "latin1+utf16": _transfer_to_latin1_or_utf16,
}
