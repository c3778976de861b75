from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.make import instantiate
from remit.engine.wasmtime import Config

ECHO = instantiate(
    """(module
      (func (export "i32") (param i32) (result i32) local.get 0)
      (func (export "i64") (param i64) (result i64) local.get 0)
      (func (export "f32") (param f32) (result f32) local.get 0)
      (func (export "f64") (param f64) (result f64) local.get 0)
      (func (export "v128") (param v128) (result v128) local.get 0)
      (func (export "funcref") (param funcref) (result funcref) local.get 0)
      (func (export "externref") (param externref) (result externref) local.get 0)
      (func (export "swap") (param i32 i64 f32 f64) (result f64 f32 i64 i32)
        local.get 3 local.get 2 local.get 1 local.get 0)
      (func (export "nothing"))
      (func (export "seven") (result i32) i32.const 7)
      (func (export "get") (result funcref) ref.func $seven)
      (func $seven (result i32) i32.const 7)
      (elem declare func $seven)
      (global (export "counter") (mut i64) (i64.const 5))
      (global (export "limit") f32 (f32.const 1.5))
      (table (export "table") 2 4 funcref)
      (type $number (func (result i32)))
      (func (export "call") (param i32) (result i32) local.get 0 call_indirect (type $number)))"""
)


def echo(name: str, *values: Any) -> Any:
    return ECHO.export(name)(*values)


@given(st.integers(-(2**31), 2**32 - 1))
def test_i32_takes_signed_and_unsigned_and_returns_signed(value: int) -> None:
    assert echo("i32", value) == (value if value < 2**31 else value - 2**32)


@given(st.integers(-(2**63), 2**64 - 1))
def test_i64_takes_signed_and_unsigned_and_returns_signed(value: int) -> None:
    assert echo("i64", value) == (value if value < 2**63 else value - 2**64)


@given(st.floats(allow_nan=False))
def test_f64_is_exact(value: float) -> None:
    assert echo("f64", value) == value


@given(st.floats(width=32, allow_nan=False))
def test_f32_is_exact_for_its_own_values(value: float) -> None:
    assert echo("f32", value) == value


@pytest.mark.parametrize(("value", "result"), [(1e300, math.inf), (-1e300, -math.inf), (3, 3.0)])
def test_f32_rounds(value: float, result: float) -> None:
    assert echo("f32", value) == result


def test_not_a_number() -> None:
    assert math.isnan(echo("f32", math.nan))
    assert math.isnan(echo("f64", math.nan))


@given(st.binary(min_size=16, max_size=16))
def test_v128_as_bytes_or_as_a_number(value: bytes) -> None:
    assert echo("v128", value) == value
    assert echo("v128", int.from_bytes(value, "little")) == value


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("i32", 2**32, r"argument 1 is 4294967296: out of range for i32, which takes -2\*\*31 to 2\*\*32 - 1"),
        ("i32", -(2**31) - 1, "out of range for i32"),
        ("i64", 2**64, "out of range for i64"),
        ("i64", -(2**63) - 1, "out of range for i64"),
        ("v128", 2**128, "out of range for v128"),
        ("v128", -1, "out of range for v128"),
    ],
)
def test_numbers_out_of_range(name: str, value: int, message: str) -> None:
    with pytest.raises(OverflowError, match=message):
        echo(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("i32", 1.0),
        ("i32", "1"),
        ("i64", None),
        ("f32", "1"),
        ("f64", None),
        ("v128", b"short"),
        ("v128", 1.5),
        ("funcref", 5),
        ("externref", "an object"),
    ],
)
def test_values_of_a_wrong_type(name: str, value: object) -> None:
    with pytest.raises(TypeError, match=f"argument 1 is .*wanted for {name}"):
        echo(name, value)


@pytest.mark.parametrize("arguments", [(), (1, 2)])
def test_a_wrong_number_of_arguments_names_the_type(arguments: tuple[int, ...]) -> None:
    with pytest.raises(TypeError, match=rf"{len(arguments)} arguments for a function of type \(i32\) -> \(i32\)"):
        echo("i32", *arguments)


def test_several_results_are_a_tuple_and_none_is_none() -> None:
    assert echo("swap", 1, -2, 0.5, 0.25) == (0.25, 0.5, -2, 1)
    assert echo("nothing") is None


def test_null_references() -> None:
    assert echo("funcref", None) is None
    assert echo("externref", None) is None


def test_function_references_go_in_and_out() -> None:
    function = ECHO.export("seven")
    returned = echo("funcref", function)
    assert repr(returned) == "<funcref>"
    assert echo("funcref", returned) is not None
    table = ECHO.export("table")
    table[1] = echo("get")
    assert echo("call", 1) == 7
    table[0] = function
    assert echo("call", 0) == 7
    assert table[0] is not None
    table[0] = None
    assert table[0] is None


def test_a_function_of_another_store_is_refused() -> None:
    other = instantiate('(module (func (export "f")))').export("f")
    with pytest.raises(ValueError, match="another store"):
        echo("funcref", other)
    with pytest.raises(ValueError, match="another store"):
        ECHO.export("table")[0] = other


def test_tables_have_bounds_and_grow_to_their_maximum() -> None:
    table = instantiate('(module (table (export "t") 2 4 funcref))').export("t")
    assert len(table) == 2
    for index in (-1, 2):
        with pytest.raises(IndexError, match="in a table of 2 elements"):
            table[index]
        with pytest.raises(IndexError, match="in a table of 2 elements"):
            table[index] = None
    assert table.grow(2) == 2
    with pytest.raises(ValueError, match="grow"):
        table.grow(1)
    with pytest.raises(ValueError, match="cannot grow by -1"):
        table.grow(-1)
    with pytest.raises(TypeError, match="wanted for funcref"):
        table[0] = 3


def test_globals_are_read_and_set() -> None:
    counter = ECHO.export("counter")
    counter.value = 2**64 - 1
    assert counter.value == -1
    with pytest.raises(OverflowError, match="the value is"):
        counter.value = 2**64
    with pytest.raises(AttributeError, match="constant"):
        ECHO.export("limit").value = 1.0
    assert ECHO.export("limit").value == 1.5


def test_an_unknown_export_names_what_there_is() -> None:
    with pytest.raises(KeyError, match="there is f, m"):
        instantiate('(module (func (export "f")) (memory (export "m") 1))').export("g")
    with pytest.raises(KeyError, match="there is nothing"):
        instantiate("(module)").export("g")


def test_an_export_is_one_object() -> None:
    assert ECHO.export("i32") is ECHO.export("i32")
    assert repr(ECHO.export("i32")) == "<Func (i32) -> (i32)>"


def test_references_of_other_kinds_come_out_but_do_not_go_back() -> None:
    instance = instantiate(
        """(module (func (export "make") (result anyref) (ref.i31 (i32.const 3)))
           (func (export "take") (param anyref))
           (global (export "g") (mut anyref) (ref.i31 (i32.const 4))))""",
        Config(gc=True),
    )
    made = instance.export("make")()
    assert made is not None
    with pytest.raises(TypeError, match="wanted for"):
        instance.export("take")(made)
    instance.export("take")(None)
    assert instance.export("g").value is not None
    with pytest.raises(TypeError, match="cannot be made by the host"):
        instance.export("g").value = None
