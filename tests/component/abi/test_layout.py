from __future__ import annotations

import pytest

from remit.component.abi.layout import Layouts, UnsupportedType, despecialize, join
from remit.component.types import (
    BOOL,
    CHAR,
    F32,
    F64,
    S64,
    STRING,
    U8,
    U16,
    U32,
    U64,
    Borrow,
    Enum,
    Flags,
    FuncType,
    List,
    Option,
    Own,
    Record,
    ResourceType,
    Result,
    Tuple,
    ValType,
    Variant,
)

FILE = ResourceType("file")


def labels(count: int) -> tuple[str, ...]:
    return tuple(f"l{index}" for index in range(count))


@pytest.mark.parametrize(
    ("type", "alignment", "size", "flat"),
    [
        (BOOL, 1, 1, "i32"),
        (U16, 2, 2, "i32"),
        (S64, 8, 8, "i64"),
        (F32, 4, 4, "f32"),
        (F64, 8, 8, "f64"),
        (CHAR, 4, 4, "i32"),
        (STRING, 4, 8, "i32 i32"),
        (List(U64), 4, 8, "i32 i32"),
        (List(U64, 2), 8, 16, "i64 i64"),
        (Own(FILE), 4, 4, "i32"),
        (Borrow(FILE), 4, 4, "i32"),
        (Record((("a", U8), ("b", U32), ("c", U8))), 4, 12, "i32 i32 i32"),
        (Tuple((U8, U64, U16)), 8, 24, "i32 i64 i32"),
        (Flags(labels(8)), 1, 1, "i32"),
        (Flags(labels(9)), 2, 2, "i32"),
        (Flags(labels(17)), 4, 4, "i32"),
        (Enum(labels(256)), 1, 1, "i32"),
        (Enum(labels(257)), 2, 2, "i32"),
        (Option(U8), 1, 2, "i32 i32"),
        (Option(U64), 8, 16, "i32 i64"),
        (Result(None, None), 1, 1, "i32"),
        (Result(F32, U8), 4, 8, "i32 i32"),
        (Result(F32, F64), 8, 16, "i32 i64"),
        (Variant((("a", STRING), ("b", F64), ("c", None))), 8, 16, "i32 i64 i32"),
    ],
)
def test_layouts(type: ValType, alignment: int, size: int, flat: str) -> None:
    layout = Layouts().of(type)
    assert (layout.alignment, layout.size) == (alignment, size)
    assert layout.flat == tuple(flat.split())


def test_join() -> None:
    assert [
        join(a, b) for a, b in (("i32", "f32"), ("f32", "f32"), ("i32", "i64"), ("f32", "f64"), ("f64", "i64"))
    ] == [
        "i32",
        "f32",
        "i64",
        "i64",
        "i64",
    ]


def test_despecialize() -> None:
    assert despecialize(Tuple((U8, BOOL))) == Record((("0", U8), ("1", BOOL)))
    assert despecialize(Option(U8)) == Variant((("none", None), ("some", U8)))
    assert despecialize(Result(None, U8)) == Variant((("ok", None), ("error", U8)))
    assert despecialize(Enum(("a",))) == Variant((("a", None),))
    assert despecialize(U8) is U8


def test_flatten_functype() -> None:
    layouts = Layouts()

    def core(params: int, result: ValType | None) -> tuple[object, object]:
        type = FuncType(tuple((label, U32) for label in labels(params)), result)
        return layouts.flatten_functype(type, "lift"), layouts.flatten_functype(type, "lower")

    flat = ("i32",)
    assert core(1, None) == ((flat, ()), (flat, ()))
    assert core(16, F32) == ((flat * 16, ("f32",)), (flat * 16, ("f32",)))
    assert core(17, F32) == ((flat, ("f32",)), (flat, ("f32",)))
    assert core(1, STRING) == ((flat, flat), (flat * 2, ()))
    assert core(16, STRING) == ((flat * 16, flat), (flat * 17, ()))


@pytest.mark.parametrize(
    "type", [Record(()), Tuple(()), Variant(()), Enum(()), Flags(()), Flags(labels(33)), List(U8, 0)]
)
def test_types_that_no_component_may_have(type: ValType) -> None:
    with pytest.raises(UnsupportedType):
        Layouts().of(type)
