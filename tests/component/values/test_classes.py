"""The Python classes of records, variants, enums and flags."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from remit.component import types
from remit.component.types import STRING, U8, U32
from remit.component.values import accept
from remit.component.values.classes import Classes
from remit.component.values.names import class_name, constant_name, python_name
from remit.component.values.results import Err, Ok, Some


def made(type: types.ValType, name: str = "Thing") -> Any:
    classes = Classes()
    classes.name(type, name)
    assert classes.of(type) is classes.of(type)
    return classes.of(type)


def test_names() -> None:
    assert python_name("content-type") == "content_type"
    assert python_name("class") == "class_"
    assert python_name("HTTP-error") == "http_error"
    assert constant_name("no-entry") == "NO_ENTRY"
    assert constant_name("class") == "CLASS"
    assert class_name("directory-entry") == "DirectoryEntry"
    assert class_name("HTTP-error") == "HTTPError"
    assert class_name("none") == "None_"
    for label in ("_a", "a.b", "ä", "", "1a"):
        with pytest.raises(ValueError, match="not a kebab-case name"):
            python_name(label)


def test_records() -> None:
    point = made(types.Record((("x", U32), ("class", STRING), ("self", U8))), "Point")
    one = point(1, class_="a", self=2)
    assert (one.x, one.class_, one.self) == (1, "a", 2)
    assert repr(one) == "Point(x=1, class_='a', self=2)"
    assert one == point(1, "a", 2)
    assert one != point(1, "a", 3)
    assert one != made(types.Record((("x", U32),)), "Point")(1)
    match one:
        case point(x, name):
            assert (x, name) == (1, "a")
    with pytest.raises(AttributeError):
        one.y = 3
    with pytest.raises(TypeError, match="missing 2 required"):
        point(1)
    with pytest.raises(TypeError, match="unhashable"):
        hash(one)


def test_two_fields_cannot_have_one_name() -> None:
    with pytest.raises(ValueError, match="two fields have one name"):
        made(types.Record((("a-b", U8), ("A-b", U8))))
    with pytest.raises(ValueError, match="two cases have one name"):
        made(types.Variant((("a-b", U8), ("aB", U8))))


def test_variants() -> None:
    shape = made(types.Variant((("circle", U32), ("none", None), ("named-one", STRING))), "Shape")
    value = shape.Circle(3)
    match value:
        case shape.None_():
            raise AssertionError
        case shape.Circle(radius):
            assert radius == 3
    assert isinstance(value, shape)
    assert repr(value) == "Shape.Circle(3)"
    assert repr(shape.None_()) == "Shape.None_()"
    assert value == shape.Circle(3) != shape.Circle(4)
    assert shape.None_() == shape.None_() != value
    assert len({shape.None_(), shape.None_(), value, shape.Circle(3)}) == 2
    assert [each.label for each in shape.case_classes] == ["circle", "none", "named-one"]


def test_enums() -> None:
    code = made(types.Enum(("no-entry", "class")), "Code")
    assert repr(code.NO_ENTRY) == "Code.NO_ENTRY"
    assert str(code.CLASS) == "class"
    assert [each.index for each in code.members] == [0, 1]
    assert code.NO_ENTRY != code.CLASS
    assert copy.deepcopy([code.CLASS]) == [code.CLASS]
    assert copy.copy(code.CLASS) is code.CLASS


def test_flags() -> None:
    mode = made(types.Flags(("read", "write", "try-it")), "Mode")
    both = mode.READ | mode.WRITE
    assert repr(both) == "Mode.READ | Mode.WRITE"
    assert repr(mode(0)) == "Mode(0)"
    assert mode.READ in both
    assert mode.TRY_IT not in both
    assert list(both) == ["read", "write"]
    assert both - mode.READ == mode.WRITE
    assert both ^ mode.READ == mode.WRITE
    assert ~both == mode.TRY_IT
    assert both & mode.READ == mode.READ == 1
    assert not mode(0)
    assert isinstance(~both, mode)


def test_ok_err_some() -> None:
    assert Ok(1) == Ok(1) != Ok(2)
    assert Err(1) == Err(1) != Ok(1)
    assert Some(None) == Some(None) != Some(1)
    assert (repr(Ok()), repr(Err("x")), repr(Err()), repr(Some(1))) == ("Ok()", "Err('x')", "Err()", "Some(1)")
    assert (str(Err("no entry")), str(Err())) == ("no entry", "")
    assert len({Ok(1), Ok(1), Err(1), Some(1)}) == 3
    match Err("no"):
        case Err(why):
            assert why == "no"


class Fields:
    x = 1
    class_ = "a"


@pytest.mark.parametrize("value", [Fields(), {"x": 1, "class_": "a"}, {"x": 1, "class": "a"}])
def test_records_are_taken_from_any_object_or_mapping(value: object) -> None:
    record = made(types.Record((("x", U32), ("class", STRING))))
    taken = accept.record(value, record)
    assert (taken.x, taken.class_) == (1, "a")


def test_cases_and_members_of_equal_types_are_taken_by_their_labels() -> None:
    variant = types.Variant((("a", U8), ("b", None)))
    one, other = made(variant), made(variant)
    assert accept.case(one.A(3), other) == (0, 3)
    assert accept.case(one.B(), other) == (1, None)
    assert accept.case("b", other) == (1, None)
    assert accept.as_case(one.A(3), other) == other.A(3)
    assert accept.as_case("b", other) == other.B()
    with pytest.raises(TypeError, match="without a value"):
        accept.case(made(types.Variant((("b", U8),))).B(1), other)
    with pytest.raises(TypeError, match="A, B"):
        accept.case(one, other)
    enum = types.Enum(("x", "y"))
    assert accept.member(made(enum).Y, made(enum)) == 1
    assert accept.member("y", made(enum)) == 1


def test_flags_are_taken_from_ints_and_labels() -> None:
    mode = made(types.Flags(("read", "write")))
    assert accept.bits(3, mode) == accept.bits({"read", "write"}, mode) == accept.bits(mode(3), mode) == 3
    assert accept.bits([], mode) == 0


def test_bytes_are_taken_from_any_buffer() -> None:
    assert accept.octets(memoryview(b"abcdef")[::2]) == b"ace"
    assert accept.octets(memoryview(bytes(8)).cast("I")) == bytes(8)
    assert accept.octets((1, 2)) == b"\1\2"
    for wrong in ("a", 7, None, {1: 2}):
        with pytest.raises(TypeError, match="bytes is wanted"):
            accept.octets(wrong)


def test_sequences_but_not_text_or_iterators() -> None:
    assert accept.sequence(range(3)) == [0, 1, 2]
    for wrong in ("abc", {1: 2}, iter([1]), {1}, 7):
        with pytest.raises(TypeError, match="a list is wanted"):
            accept.sequence(wrong)


def test_a_class_can_be_adopted_for_an_equal_type() -> None:
    classes = Classes()
    first, second = types.Enum(("a",)), types.Enum(("a",))
    classes.adopt(second, classes.of(first))
    assert classes.of(second) is classes.of(first)
