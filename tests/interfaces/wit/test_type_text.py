"""Types from text: what is written is what is read, and what is wrong is said with its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.component import types
from remit.interfaces.wit.type_text import TypeTextError, parse_function, parse_type

FILE = types.ResourceType("file")
NAMES: dict[str, types.ValType | types.ResourceType] = {"file": FILE, "size": types.U64}


def parsed(text: str) -> types.ValType:
    return parse_type(text, NAMES.__getitem__)


LABELS = st.from_regex(r"\A[a-z][a-z0-9]{0,6}\Z")


def value_types() -> st.SearchStrategy[types.ValType]:
    leaves: st.SearchStrategy[types.ValType] = st.one_of(
        st.sampled_from(types.PRIMITIVES),
        st.just(types.Own(FILE)),
        st.just(types.Borrow(FILE)),
        st.lists(LABELS, min_size=1, max_size=4, unique=True).map(lambda labels: types.Enum(tuple(labels))),
        st.lists(LABELS, min_size=1, max_size=4, unique=True).map(lambda labels: types.Flags(tuple(labels))),
    )

    def larger(inner: st.SearchStrategy[types.ValType]) -> st.SearchStrategy[types.ValType]:
        maybe = st.none() | inner
        named = st.dictionaries(LABELS, inner, min_size=1, max_size=3)
        return st.one_of(
            inner.map(types.List),
            st.builds(types.List, inner, st.integers(1, 99)),
            inner.map(types.Option),
            st.builds(types.Result, maybe, maybe),
            st.lists(inner, min_size=1, max_size=3).map(lambda each: types.Tuple(tuple(each))),
            named.map(lambda fields: types.Record(tuple(fields.items()))),
            st.dictionaries(LABELS, maybe, min_size=1, max_size=3).map(lambda c: types.Variant(tuple(c.items()))),
        )

    return st.recursive(leaves, larger, max_leaves=8)


@given(value_types())
def test_what_a_type_says_of_itself_is_read_back(type: types.ValType) -> None:
    assert parsed(str(type)) == type
    assert parsed(f"  {str(type).replace(' ', '  ')} ") == type


@given(st.text(alphabet="abu8<>(){},:=-> _list", max_size=30))
def test_any_text_is_a_type_or_an_error(text: str) -> None:
    try:
        parsed(text)
    except TypeTextError as error:
        message = str(error)
    else:
        return
    assert repr(text) in message


def test_names() -> None:
    assert parsed("size") is types.U64
    assert parsed("file") == types.Own(FILE)
    assert parsed("list<borrow<file>>") == types.List(types.Borrow(FILE))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a name is wanted, not the end"),
        ("fil", "no type is called fil, at token 1"),
        ("list<u8", "> is wanted, not the end"),
        ("list<u8, x>", "x is no length"),
        ("u8 u8", "u8 is too much, at token 1"),
        ("borrow<size>", "size is no resource"),
        ("record { a u8 }", ": is wanted, not u8"),
        ("option<>", "a name is wanted, not >"),
    ],
)
def test_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(TypeTextError, match=message):
        parsed(text)


def test_functions() -> None:
    type = parse_function("(a: u8, b: list<size>) -> result<_, string>", NAMES.__getitem__, types.Borrow(FILE))
    assert str(type) == "func(self: borrow<file>, a: u8, b: list<u64>) -> result<_, string>"
    assert str(parse_function("()", NAMES.__getitem__)) == "func()"
    with pytest.raises(TypeTextError, match=r"\( is wanted, not u8"):
        parse_function("u8", NAMES.__getitem__)
