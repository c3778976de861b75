"""Floats as bits, characters as numbers, and lists of numbers at once.

Every NaN becomes the canonical one, in both directions: guests cannot tell values apart by what the specification
leaves open. Source: ``CanonicalABI.md``, "Loading", "Storing".
"""

from __future__ import annotations

import struct

from remit.component.abi.traps import trap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NAN = struct.unpack("<d", struct.pack("<Q", 0x7FF8000000000000))[0]
"""Packed as an f32 it is 0x7fc00000, the canonical NaN there."""

MAX_F32 = struct.unpack("<f", struct.pack("<I", 0x7F7FFFFF))[0]

_pack_u32, _unpack_f32 = struct.Struct("<I").pack, struct.Struct("<f").unpack
_pack_u64, _unpack_f64 = struct.Struct("<Q").pack, struct.Struct("<d").unpack
_pack_f32, _unpack_s32 = struct.Struct("<f").pack, struct.Struct("<i").unpack
_pack_f64, _unpack_s64 = struct.Struct("<d").pack, struct.Struct("<q").unpack


def f32_of_bits(bits: int) -> float:
    """Of the low 32 bits."""
    value: float = _unpack_f32(_pack_u32(bits & 0xFFFFFFFF))[0]
    return value if value == value else NAN


def f64_of_bits(bits: int) -> float:
    value: float = _unpack_f64(_pack_u64(bits & 0xFFFFFFFFFFFFFFFF))[0]
    return value if value == value else NAN


def bits_of_f32(value: float) -> int:
    """As a signed i32."""
    bits: int = _unpack_s32(_pack_f32(value))[0]
    return bits


def bits_of_f64(value: float) -> int:
    """As a signed i64."""
    bits: int = _unpack_s64(_pack_f64(value))[0]
    return bits


def to_f64(value: Any) -> float:
    """A number as a float, with the one NaN. TypeError."""
    if isinstance(value, str) or not (hasattr(value, "__float__") or hasattr(value, "__index__")):
        raise TypeError("a float is wanted")
    number = float(value)
    return number if number == number else NAN


def to_f32(value: Any) -> float:
    """A number as a float that packs as an f32: too large ones are infinite, as IEEE 754 rounds them. TypeError."""
    number = to_f64(value)
    try:
        _pack_f32(number)
    except OverflowError:
        return float("inf") if number > 0 else float("-inf")
    return number


def convert_i32_to_char(code_point: int) -> str:
    check_char(code_point)
    return chr(code_point)


def check_char(code_point: int) -> int:
    if code_point >= 0x110000 or 0xD800 <= code_point <= 0xDFFF:
        trap(f"invalid char value {code_point:#x}")
    return code_point


def load_numbers(buffer: memoryview | bytes, offset: int, length: int, code: str) -> list[Any]:
    """`length` numbers (or bools) that lie one after the other."""
    return list(struct.unpack_from(f"<{length}{code}", buffer, offset))


def load_floats(buffer: memoryview | bytes, offset: int, length: int, code: str) -> list[float]:
    values: list[float] = load_numbers(buffer, offset, length, code)
    total = sum(values)
    if total != total:  # or infinities of both signs
        return [each if each == each else NAN for each in values]
    return values


def load_chars(buffer: memoryview | bytes, offset: int, length: int) -> list[str]:
    try:
        return list(str(memoryview(buffer)[offset : offset + 4 * length], "utf-32-le"))
    except UnicodeDecodeError as error:
        trap(f"invalid char value in a list, item {error.start // 4}")


def store_numbers(values: Any, length: int, code: str) -> bytes:
    """TypeError, OverflowError or struct.error for what does not fit."""
    return struct.pack(f"<{length}{code}", *values)


def store_floats(values: Any, length: int, code: str) -> bytes:
    """TypeError or struct.error for what is no number."""
    total = sum(values)
    if total == total:
        try:
            return struct.pack(f"<{length}{code}", *values)
        except OverflowError:
            pass  # too large for an f32: converted below
    convert = to_f32 if code == "f" else to_f64
    return struct.pack(f"<{length}{code}", *[convert(each) for each in values])
