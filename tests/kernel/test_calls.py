from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.kernel.calls import MAX_DATA, MAX_TEXT, Call, Symbol, data, escaped, quoted, shown


@given(st.text())
def test_what_is_shown_has_nothing_for_a_terminal(text: str) -> None:
    for told in (escaped(text), quoted(text), shown(text), shown([text]), shown({"a": text})):
        assert told.isprintable()
        assert len(told) <= 10 * MAX_TEXT + 20


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a b", "a b"),
        ('"\\', '\\"\\\\'),
        ("\n\r\t", "\\n\\r\\t"),
        ("\x1b[2J", "\\u{1b}[2J"),
        ("\u202e", "\\u{202e}"),
        ("\udcff", "\\xff"),
        ("a" * 257, "a" * 256 + "…"),
    ],
)
def test_escaped(text: str, told: str) -> None:
    assert escaped(text) == told


@given(st.binary(), st.integers(0, 2**40))
def test_data_is_short_and_printable(beginning: bytes, length: int) -> None:
    told = data(beginning, length)
    assert told.isprintable()
    assert len(told) < 4 * MAX_DATA + 30


def test_data() -> None:
    assert data(b"abc", 3) == '"abc"'
    assert data(b"abcdef", 3) == '"abc"'
    assert data(b"a" * 40, 40) == f'"{"a" * 32}"…(40 bytes)'
    assert data(b"\xff\x00", 2) == '"\\xff\\u{0}"'


def test_values() -> None:
    assert shown([1, -1.5, True, None, "a", Symbol("B"), {"c": "d"}]) == '[1, -1.5, true, none, "a", B, {c: "d"}]'


def test_names() -> None:
    def name(interface: str) -> str:
        return Call(1, 1, interface, "f", 0.0).name

    assert [name(each) for each in ("wasi_unstable", "wasi_snapshot_preview1", "")] == ["f", "f", "f"]
    assert [name(each) for each in ("env", "wasi:io/streams@0.2.0")] == ["env#f", "wasi:io/streams#f"]
