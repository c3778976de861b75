"""Values as text: what is written is read again, and what is no value is refused with its place."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.cli.wave_reader import parse
from remit.cli.wave_writer import written
from remit.component.types import (
    BOOL,
    CHAR,
    F32,
    F64,
    S8,
    STRING,
    U8,
    U64,
    Borrow,
    Enum,
    Flags,
    List,
    Option,
    Record,
    ResourceType,
    Result,
    Tuple,
    ValType,
    Variant,
)
from remit.component.values.results import Err, Ok, Some
from remit.component.values.variants import Case

POINT = Record((("x", S8), ("note", Option(STRING))))
SHAPE = Variant((("dot", POINT), ("none", None)))
COLOUR = Enum(("red", "light-blue", "none"))
STYLE = Flags(("filled", "dashed"))


@pytest.mark.parametrize(
    ("text", "type", "value"),
    [
        (" true ", BOOL, True),
        ("-128", S8, -128),
        ("18446744073709551615", U64, 2**64 - 1),
        ("1.5e3", F64, 1500.0),
        ("-inf", F32, float("-inf")),
        ('"a \\"b\\" \\u{1F600}\\n"', STRING, 'a "b" \U0001f600\n'),
        ("'\\''", CHAR, "'"),
        ("[1,2 , 3,]", List(U8), [1, 2, 3]),
        ("[]", List(U8), []),
        ("[1, 2]", List(U8, 2), [1, 2]),
        ('(1, "x")', Tuple((U8, STRING)), (1, "x")),
        ("{x: 3}", POINT, {"x": 3, "note": None}),
        ('{note: "n", x: 3}', POINT, {"x": 3, "note": "n"}),
        ('{note: some("n"), x: 3,}', POINT, {"x": 3, "note": "n"}),
        ("none", SHAPE, "none"),
        ("light-blue", COLOUR, "light-blue"),
        ("%none", COLOUR, "none"),
        ("{}", STYLE, set()),
        ("{dashed, filled}", STYLE, {"filled", "dashed"}),
        ("none", Option(U8), None),
        ("7", Option(U8), 7),
        ("some(none)", Option(Option(U8)), Some(None)),
        ("ok", Result(None, STRING), Ok()),
        ('err("no")', Result(None, STRING), Err("no")),
        ("5", Result(U8, None), Ok(5)),
        ("err", Result(U8, None), Err()),
    ],
)
def test_what_is_read(text: str, type: ValType, value: Any) -> None:
    assert parse(text, type) == value


def test_cases_with_values() -> None:
    case = parse("dot({x: 1})", SHAPE)
    assert isinstance(case, Case)
    assert (case.label, case.value) == ("dot", {"x": 1, "note": None})


@pytest.mark.parametrize(
    ("text", "type", "message"),
    [
        ("", BOOL, "one of false, true is missing at the end"),
        ("yes", BOOL, "one of false, true is expected at character 1, not 'yes'"),
        ("true false", BOOL, "the end is expected at character 6, not 'false'"),
        ("256", U8, "256 is out of range for u8, which takes 0 to 255"),
        ("1_0", U8, "a whole number is expected at character 1"),
        ("0x10", U8, "a whole number is expected"),
        ("9" * 5000, U64, "a whole number is expected"),
        ("1_0.5", F64, "a number is expected"),
        ("infinity", F64, "a number is expected"),
        ("NaN", F64, "a number is expected"),
        ("\u0661", F64, "a number is expected"),
        ("\u0661", U8, "a whole number is expected"),
        ("1e39", F32, r"1e39 does not fit in an f32 \(inf is infinity\)"),
        ("-1e400", F64, r"-1e400 does not fit in an f64 \(inf is infinity\)"),
        ('"open', STRING, '`"` is missing at the end'),
        ('"\\q"', STRING, "a character's escape is expected at character 3"),
        ('"\\u{D800}"', STRING, "a character's escape is expected"),
        ('"\\u{}"', STRING, "a character's escape is expected"),
        ('"\\u{ 41}"', STRING, "a character's escape is expected"),
        ('"\\u{+41}"', STRING, "a character's escape is expected"),
        ('"\\u{4_1}"', STRING, "a character's escape is expected"),
        ('"\\', STRING, "a character's escape is missing"),
        ("'ab'", CHAR, "one character is expected in single quotes, not 'ab'"),
        ("[1, 2", List(U8), "`,` is missing at the end"),
        ("[1]", List(U8, 2), "2 items are expected, not 1"),
        ("(1)", Tuple((U8, U8)), "`,` is expected at character 3"),
        ("{y: 1}", POINT, "one of x, note is expected at character 2"),
        ("{x: 1, x: 2}", POINT, "one of note is expected"),
        ("{}", POINT, "the field x is missing"),
        ("dot", SHAPE, r"`\(` is missing at the end"),
        ("none(1)", SHAPE, "the end is expected"),
        ("{dotted}", STYLE, "one of filled, dashed is expected"),
        ("5", Option(Option(U8)), r"some\(…\) or none is expected"),
        ("5", Result(None, None), "ok or err is expected"),
        ("1", Borrow(ResourceType("file")), "a borrow cannot be written as text"),
    ],
)
def test_what_is_refused(text: str, type: ValType, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse(text, type)


def test_deep_nesting_is_refused() -> None:
    type: ValType = U8
    for _ in range(200):
        type = List(type)
    with pytest.raises(ValueError, match="nested too deep"):
        parse("[" * 200 + "]" * 200, type)


VALUES = st.one_of(
    st.tuples(st.just(BOOL), st.booleans()),
    st.tuples(st.just(S8), st.integers(-128, 127)),
    st.tuples(st.just(F64), st.floats(allow_nan=False)),
    st.tuples(st.just(STRING), st.text(st.characters(exclude_categories=["Cs"]))),
    st.tuples(st.just(CHAR), st.characters(exclude_categories=["Cs"])),
    st.tuples(st.just(List(STRING)), st.lists(st.text(st.characters(exclude_categories=["Cs"])))),
    st.tuples(st.just(Option(U8)), st.none() | st.integers(0, 255)),
    st.tuples(
        st.just(Option(Option(BOOL))), st.none() | st.builds(Some, st.none() | st.booleans()).map(lambda value: value)
    ),
    st.tuples(st.just(Result(U8, STRING)), st.builds(Ok, st.integers(0, 255)) | st.builds(Err, st.just("a\0'\""))),
    st.tuples(st.just(Tuple((U8, CHAR))), st.tuples(st.integers(0, 255), st.sampled_from("a'\"\\\n\u200b"))),
)


@given(st.floats(width=32, allow_nan=False))
def test_an_f32_is_written_with_the_digits_that_it_has(value: float) -> None:
    text = written(value, F32)
    assert struct.unpack("<f", struct.pack("<f", parse(text, F32)))[0] == value
    assert len(text.replace("-", "").replace(".", "").replace("0", "").partition("e")[0]) <= 9


def test_numbers_are_as_short_as_can_be() -> None:
    tenth, third = struct.unpack("<ff", struct.pack("<ff", 0.1, 1 / 3))
    assert [written(each, F32) for each in (tenth, third, 0.5, float("inf"), 16777216.0)] == [
        "0.1",
        "0.33333334",
        "0.5",
        "inf",
        "16777216",
    ]
    assert written(0.1, F64) == "0.1"


@given(VALUES)
def test_what_is_written_is_read_again(pair: tuple[ValType, Any]) -> None:
    type, value = pair
    text = written(value, type)
    assert text.isprintable()
    assert parse(text, type) == value


@given(st.text(), st.sampled_from([BOOL, U8, F64, STRING, CHAR, List(U8), POINT, SHAPE, STYLE, Option(POINT)]))
def test_any_text_is_read_or_refused(text: str, type: ValType) -> None:
    said = ""
    try:
        parse(text, type)
    except ValueError as error:
        said = str(error)
    assert said.isprintable()
