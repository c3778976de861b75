"""Damaged components: refused in bounded steps, with an offset; or still valid. Never anything else."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from component.validation import examples
from remit.binary.reader import BinaryError
from remit.component.validation.component import validate_component
from remit.component.validation.errors import ValidationError
from wat import wat

CORPUS = [wat(text) for text in examples.ALL.values()]


@pytest.mark.parametrize("name", examples.ALL)
def test_undamaged(name: str) -> None:
    assert validate_component(wat(examples.ALL[name])).steps


class _Lines:
    """Counts the lines that run."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, frame: FrameType, event: str, _: object) -> Any:
        self.count += event == "line"
        return self


def refused(data: bytes) -> tuple[bool, int]:
    """Whether it is refused, and after how many lines."""
    lines = _Lines()
    offset = None
    previous = sys.gettrace()
    sys.settrace(lines)
    try:
        validate_component(data)
    except (BinaryError, ValidationError) as error:
        offset = error.offset
    finally:
        sys.settrace(previous)
    assert offset is None or 0 <= offset <= len(data)
    return offset is not None, lines.count


@given(st.sampled_from(CORPUS), st.lists(st.tuples(st.integers(8, 5000), st.integers(0, 255)), min_size=1, max_size=4))
def test_bytes_changed(component: bytes, changes: list[tuple[int, int]]) -> None:
    data = bytearray(component)
    for place, value in changes:
        data[8 + place % (len(data) - 8)] = value
    _, lines = refused(bytes(data))
    assert lines < 400 * len(data) + 10_000


@given(st.sampled_from(CORPUS), st.data())
def test_cut_short(component: bytes, data: st.DataObject) -> None:
    assert refused(component[: data.draw(st.integers(0, 7))])[0]
    refused(component[: data.draw(st.integers(8, len(component) - 1))])


@given(st.sampled_from(CORPUS), st.sampled_from(CORPUS), st.data())
def test_spliced(one: bytes, other: bytes, data: st.DataObject) -> None:
    cut = data.draw(st.integers(8, len(one)))
    start = data.draw(st.integers(8, len(other)))
    refused(one[:cut] + other[start:])


@given(st.binary(max_size=300))
def test_anything_after_the_header(body: bytes) -> None:
    refused(b"\0asm\x0d\0\x01\0" + body)
