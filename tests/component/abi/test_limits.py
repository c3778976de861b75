"""What guests may make the host spend: sizes are refused before memory is spent on them."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from component.abi.guest import Guest, Heap
from remit.component.abi.compiler import Compiler
from remit.component.abi.layout import Layouts, UnsupportedType
from remit.component.abi.limits import MAX_FLAT_PARAMS, MAX_LIST_BYTE_LENGTH, MAX_STRING_BYTE_LENGTH
from remit.component.types import BOOL, STRING, U8, U32, U64, FuncType, List, Record, Result, Tuple, ValType, Variant
from remit.engine.api import Trap


def lift(type: ValType, address: int, length: int, guest: Guest) -> Any:
    return Compiler().python(FuncType((("it", type),))).lift_params(guest.cx, None, address, length)[0]


@pytest.mark.parametrize("type", [List(U8), List(U64), List(BOOL), List(STRING), List(Record((("a", U32),)))])
def test_lists_outside_of_memory_trap(type: List) -> None:
    guest = Guest()
    size = Layouts().of(type.element).size
    end = len(guest.heap.data)
    assert len(lift(type, end - size, 1, guest)) == 1
    assert len(lift(type, end, 0, guest)) == 0
    for address, length in ((end, 1), (end - size, 2), (0, end + 1), (-size, 1), (end + size, 0)):
        with pytest.raises(Trap, match=r"list out of bounds of memory|list too long"):
            lift(type, address, length, guest)
    with pytest.raises(Trap, match="list too long"):
        lift(type, 0, MAX_LIST_BYTE_LENGTH // size + 1, guest)
    with pytest.raises(Trap, match="list too long"):
        lift(type, 0, -1, guest)
    if size > 1:
        with pytest.raises(Trap, match="list pointer not aligned"):
            lift(type, 1, 1, guest)


@pytest.mark.parametrize(
    ("encoding", "length"), [("utf8", 1), ("utf16", 1), ("latin1+utf16", 1), ("latin1+utf16", -(1 << 31))]
)
def test_strings_outside_of_memory_trap(encoding: str, length: int) -> None:
    guest = Guest(encoding=encoding)
    end = len(guest.heap.data)
    with pytest.raises(Trap, match="string out of bounds of memory"):
        lift(STRING, end, length | 1, guest)
    with pytest.raises(Trap, match="string too long"):
        lift(STRING, 0, length | (MAX_STRING_BYTE_LENGTH + 1), guest)
    if encoding != "utf8":
        with pytest.raises(Trap, match="string pointer not aligned"):
            lift(STRING, 1, length | 1, guest)


def test_a_list_of_strings_cannot_name_the_same_bytes_again_and_again() -> None:
    guest = Guest(Heap(1 << 20))
    count, length = 1 << 14, 1 << 19
    struct.pack_into(f"<{2 * count}I", guest.heap.data, 0, *[1 << 19, length] * count)
    for type in (List(STRING), List(List(U8))):
        guest.cx.max_lifted = 1 << 26
        with pytest.raises(Trap, match="values too large: those of one call would take more than 67108864 bytes"):
            lift(type, 0, count, guest)
        guest.cx.max_lifted = 0
        assert lift(type, 0, 0, guest) == []


def test_small_items_count_for_what_they_take_in_python() -> None:
    guest = Guest(Heap(1 << 20))
    guest.cx.max_lifted = 1 << 25
    assert len(lift(List(U8), 0, 1 << 20, guest)) == 1 << 20
    assert len(lift(List(BOOL), 0, 1 << 20, guest)) == 1 << 20
    for type in (List(Record((("a", U8),))), List(Tuple((U8,))), List(Variant((("a", U8), ("b", U8))))):
        with pytest.raises(Trap, match="values too large"):
            lift(type, 0, (1 << 20) // Layouts().of(type.element).size, guest)


def test_the_limit_is_for_each_call() -> None:
    guest = Guest()
    guest.cx.max_lifted = 1000
    core = Compiler().entries(FuncType((("it", List(U8)),))).lower(guest.cx, lambda it: None)
    for _ in range(5):
        core(None, 0, 900)
    with pytest.raises(Trap, match="values too large"):
        core(None, 0, 1001)


def doubled(type: ValType, levels: int, wrap: Any) -> ValType:
    for _ in range(levels):
        type = wrap(type)
    return type


@pytest.mark.parametrize(
    "wrap",
    [
        lambda type: Result(type, type),
        lambda type: Variant((("a", type), ("b", type), ("c", None))),
        lambda type: List(Result(type, type)),
        lambda type: List(Tuple((type, type))),
        lambda type: Tuple((Result(type, None), Result(List(type), List(type)))),
    ],
)
def test_types_that_use_types_twice_make_no_exponential_code(wrap: Any) -> None:
    # Sixteen levels would be 65,536 leaves, if each use were written out.
    type = doubled(U32, 13, wrap)
    compiler = Compiler()
    code = compiler.python(FuncType((("it", type),), type))
    assert all((code.lift_params, code.lift_result, code.lower_params, code.lower_result))
    made = [each for each in code.namespace.values.values() if getattr(each, "__module__", None) is None]
    assert 4 < len(made) < 400
    assert sum(len(each.__code__.co_code) for each in made if hasattr(each, "__code__")) < 100_000


def test_large_types_are_refused_or_lie_in_memory() -> None:
    assert Layouts().of(List(U8, MAX_FLAT_PARAMS)).flat == ("i32",) * MAX_FLAT_PARAMS
    assert Layouts().of(List(U8, (1 << 32) - 1)).flat is None
    with pytest.raises(UnsupportedType, match="larger than any memory"):
        Layouts().of(doubled(U8, 30, lambda type: Tuple((type, type, type))))
    with pytest.raises(UnsupportedType, match="larger than any memory"):
        Layouts().of(List(List(U8, 1 << 31), 1 << 31))
    code = Compiler().python(FuncType((("it", List(U32, 1 << 28)),)))
    with pytest.raises(Trap, match="pointer out of bounds"):
        code.lift_params(Guest().cx, None, 0)


def test_a_variant_of_many_cases_is_quick_to_tell_apart() -> None:
    type = Variant(tuple((f"case-{index}", U32) for index in range(3000)))
    code = Compiler().python(FuncType((("it", type),)))
    [value] = code.lift_params(Guest().cx, None, 2999, 7)
    assert (value.label, value.value) == ("case-2999", 7)
    assert code.lower_params(Guest().cx, None, (value,)) == (2999, 7)
    with pytest.raises(Trap, match="invalid variant discriminant: 3000 of 3000 cases"):
        code.lift_params(Guest().cx, None, 3000, 0)
