"""Values of components as they are told in a trace."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.component.types import (
    Borrow,
    Enum,
    Flags,
    FuncType,
    List,
    Option,
    Own,
    Primitive,
    Record,
    ResourceType,
    Result,
    Tuple,
    Variant,
)
from remit.component.values.results import Err, Ok, Some
from remit.interfaces.wit import tracing
from remit.interfaces.wit.tracing import Decoder, Resources
from remit.kernel.calls import Call, shown

U8, U32, F64, STRING, CHAR, BOOL = [Primitive(kind) for kind in ("u8", "u32", "f64", "string", "char", "bool")]
POINT = Record((("x", U32), ("long-name", STRING)))
SHAPE = Variant((("dot", POINT), ("empty", None)))
COLOUR = Enum(("red", "light-blue"))
STYLE = Flags(("filled", "dashed"))


class Case:
    def __init__(self, label: str, *value: Any) -> None:
        self.label = label
        if value:
            [self.value] = value


class Point:
    x = 1
    long_name = "a"


def told(value: Any, type: Any, resources: Resources | None = None) -> str:
    call = Call(1, 1, "docs:a/b", "f", 0.0)
    Decoder("docs:a/b", FuncType((("v", type),), None), resources or Resources()).begin(call, (value,))
    return shown(call.arguments["v"])


@pytest.mark.parametrize(
    ("value", "type", "text"),
    [
        (5, U32, "5"),
        (-1.5, F64, "-1.5"),
        (True, BOOL, "true"),
        ("a\n", STRING, '"a\\n"'),
        ("\x1b", CHAR, '"\\u{1b}"'),
        (b"ab\xff", List(U8), '"ab\\xff"'),
        ([1, 2], List(U32), "[1, 2]"),
        ((1, "a"), Tuple((U32, STRING)), '(1, "a")'),
        (Point(), POINT, '{x: 1, long-name: "a"}'),
        ({"x": 1, "long-name": "a"}, POINT, '{x: 1, long-name: "a"}'),
        (Case("dot", Point()), SHAPE, 'dot({x: 1, long-name: "a"})'),
        (Case("empty"), SHAPE, "empty"),
        ("empty", SHAPE, "empty"),
        (Case("red"), COLOUR, "red"),
        ("light-blue", COLOUR, "light-blue"),
        (3, STYLE, "{filled, dashed}"),
        ({"dashed"}, STYLE, "{dashed}"),
        (None, Option(U32), "none"),
        (1, Option(U32), "some(1)"),
        (Some(None), Option(Option(U32)), "some(none)"),
        (Ok(1), Result(U32, None), "ok(1)"),
        (Err("a"), Result(None, STRING), 'err("a")'),
    ],
)
def test_values(value: Any, type: Any, text: str) -> None:
    assert told(value, type) == text


def test_resources() -> None:
    resources = Resources()
    type = Own(ResourceType("thing"))
    first, second = object(), object()
    assert [told(each, type, resources) for each in (first, second, first)] == ["thing#1", "thing#2", "thing#1"]
    assert told(second, Borrow(ResourceType("")), resources) == "resource#2"


def test_a_resource_that_is_returned_is_a_new_one() -> None:
    resources = Resources()
    decoder = Decoder("docs:a/b", FuncType((), Own(ResourceType("thing"))), resources)
    same = object()
    numbers = []
    for _ in range(2):
        call = Call(1, 1, "docs:a/b", "f", 0.0)
        decoder.end(call, (), None, same)
        numbers.append(str(call.results["result"]))
    assert numbers == ["thing#1", "thing#2"]


def test_resources_that_are_remembered_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "MAX_RESOURCES", 10)
    resources = Resources()
    kept = [object() for _ in range(100)]
    for each in kept:
        told(each, Own(ResourceType("thing")), resources)
    assert len(resources._numbers) == 10
    assert told(kept[0], Own(ResourceType("thing")), resources) == "thing#101"


def test_large_and_deep_values_are_cut() -> None:
    deep: Any = STRING
    value: Any = "x" * 10_000
    for _ in range(200):
        deep, value = List(deep), [value] * 50
    before = time.process_time()
    for large, type in (
        (value, deep),
        ([["a" * 1000] * 1000] * 1000, List(List(STRING))),
        (bytes(1 << 24), List(U8)),
        ("\x1b" * (1 << 24), STRING),
        (range(1 << 30), List(U32)),
    ):
        text = told(large, type)
        assert len(text) <= 2 * tracing.MAX_VALUE + 1
        assert text.isprintable()
        assert "…" in text
    assert time.process_time() - before < 2


class Hostile:
    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __str__(self) -> str:
        raise RuntimeError("str")


@pytest.mark.parametrize("type", [U32, STRING, CHAR, BOOL, List(U8), List(U32), Tuple((U32,)), POINT, SHAPE, COLOUR])
def test_values_of_another_type(type: Any) -> None:
    wrong: list[Any] = [Hostile(), None, 5, "nothing", [Hostile()], {}, (1, 2, 3), b"\x1b"]
    for value in wrong:
        assert told(value, type).isprintable()


texts = st.text(max_size=600)
values = st.recursive(
    st.one_of(
        st.tuples(texts, st.just(STRING)),
        st.tuples(st.binary(), st.just(List(U8))),
        st.tuples(st.characters(), st.just(CHAR)),
        st.tuples(st.floats(), st.just(F64)),
    ),
    lambda inner: st.one_of(
        inner.map(lambda pair: ([pair[0]] * 20, List(pair[1]))),
        inner.map(lambda pair: (Err(pair[0]), Result(None, pair[1]))),
        st.tuples(inner, texts).map(lambda both: (Case(both[1], both[0][0]), Variant(((both[1], both[0][1]),)))),
    ),
    max_leaves=4,
)


@given(values)
def test_any_value(pair: tuple[Any, Any]) -> None:
    text = told(*pair)
    assert text.isprintable()
    assert text != "?"
    assert len(text) <= 2 * tracing.MAX_VALUE + 1
