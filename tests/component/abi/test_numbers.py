from __future__ import annotations

import math
import struct
from typing import Any

import pytest

from component.abi.guest import Guest
from remit.component.abi.compiler import Compiler
from remit.component.types import (
    CHAR,
    F32,
    F64,
    S8,
    S64,
    U8,
    U32,
    U64,
    FuncType,
    List,
    Primitive,
    Result,
    Tuple,
    ValType,
)
from remit.engine.api import Trap

NANS = {"f32": ("<I", "<f", 0x7FC00000, 0xFFA12345), "f64": ("<Q", "<d", 0x7FF8000000000000, 0xFFF4000000000001)}


def code(type: ValType) -> Any:
    return Compiler().python(FuncType((("it", type),), type))


@pytest.mark.parametrize("type", [F32, F64])
def test_every_nan_becomes_the_canonical_one(type: Primitive) -> None:
    bits, number, canonical, other = NANS[type.kind]
    nan = struct.unpack(number, struct.pack(bits, other))[0]

    def canonical_bits(value: float) -> int:
        return int(struct.unpack(bits, struct.pack(number, value))[0])

    [lifted] = code(type).lift_params(Guest().cx, None, nan)
    assert canonical_bits(lifted) == canonical
    [flat] = code(type).lower_result(Guest().cx, None, nan)
    assert canonical_bits(flat) == canonical

    # In memory, one by one and all at once; and as the bits that a joined core value holds.
    guest = Guest()
    for kind in (List(type), List(Tuple((type, U8)))):
        step = code(kind)._layouts.of(kind.element).size
        struct.pack_into(bits, guest.heap.data, 0, other)
        struct.pack_into(bits, guest.heap.data, step, canonical)
        [items] = code(kind).lift_params(guest.cx, None, 0, 2)
        assert [canonical_bits(item[0] if isinstance(item, tuple) else item) for item in items] == [canonical] * 2
        given = [(nan, 1), (1.5, 1)] if kind.element is not type else [nan, 1.5]
        address, _ = code(kind).lower_params(guest.cx, None, (given,))
        assert struct.unpack_from(bits, guest.heap.data, address)[0] == canonical
    joined = Result(type, U64)
    [value] = code(joined).lift_params(guest.cx, None, 0, other if type is F32 else other - (1 << 64))
    assert canonical_bits(value.value) == canonical
    assert code(joined).lower_params(guest.cx, None, (value.__class__(nan),)) == (0, canonical)


def test_infinities_of_both_signs_are_no_nan() -> None:
    guest = Guest()
    values = [math.inf, -math.inf, 1.0]
    assert code(List(F64)).lift_params(guest.cx, None, *code(List(F64)).lower_params(guest.cx, None, (values,))) == (
        values,
    )


@pytest.mark.parametrize(
    ("value", "expected"), [(1e300, math.inf), (-1e300, -math.inf), (3.4028235677973366e38, math.inf), (7, 7.0)]
)
def test_an_f32_is_rounded(value: float, expected: float) -> None:
    guest = Guest()
    assert code(F32).lower_params(guest.cx, None, (value,)) == (expected,)
    for items in ([value], [value, math.nan]):
        address, _ = code(List(F32)).lower_params(guest.cx, None, (items,))
        assert struct.unpack_from("<f", guest.heap.data, address) == (expected,)


@pytest.mark.parametrize("code_point", [0xD800, 0xDFFF, 0x110000, 0xFFFFFFFF])
def test_invalid_chars_trap(code_point: int) -> None:
    guest = Guest()
    with pytest.raises(Trap, match="invalid char value"):
        code(CHAR).lift_params(guest.cx, None, code_point - (1 << 32))
    struct.pack_into("<II", guest.heap.data, 0, 65, code_point)
    with pytest.raises(Trap, match="invalid char value in a list, item 1"):
        code(List(CHAR)).lift_params(guest.cx, None, 0, 2)


def test_core_values_are_cut_to_the_type() -> None:
    guest = Guest()
    for type, flat, expected in (
        (U8, 256 + 7, 7),
        (S8, 255, -1),
        (S8, 128, -128),
        (U32, -1, 0xFFFFFFFF),
        (U64, -1, (1 << 64) - 1),
        (S64, -1, -1),
    ):
        assert code(type).lift_params(guest.cx, None, flat) == (expected,)
    with pytest.raises(Trap, match="invalid variant discriminant: 4294967295 of 2 cases"):
        code(Result(None, None)).lift_params(guest.cx, None, -1)


def test_a_buffer_of_numbers_is_a_list_of_numbers() -> None:
    from array import array

    guest = Guest()
    address, length = code(List(U32)).lower_params(guest.cx, None, (array("I", [1, 2, 3]),))
    assert length == 3
    assert struct.unpack_from("<3I", guest.heap.data, address) == (1, 2, 3)
