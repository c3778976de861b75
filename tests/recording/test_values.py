"""Values of recordings as bytes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.recording.values import Damaged, Data, Number, Reader, write, write_length

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4).map(tuple),
    max_leaves=20,
)


@given(PLAIN)
def test_what_is_written_is_read(value: Any) -> None:
    into = bytearray()
    write(into, value)
    reader = Reader(bytes(into))
    assert reader.value() == value
    assert reader.at_end


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_damaged(data: bytes) -> None:
    reader = Reader(data)
    try:
        while not reader.at_end:
            reader.value()
    except Damaged:
        return


def test_names_that_are_no_text() -> None:
    into = bytearray()
    write(into, "a\udcff")
    assert Reader(bytes(into)).value() == "a\udcff"


def test_objects_and_data() -> None:
    into = bytearray()
    write(into, (Number(300), Data.of([memoryview(b"ab"), memoryview(b"c")])))
    number, data = Reader(bytes(into)).value()
    assert (number.number, data.length, repr(data)) == (300, 3, repr(Data.of([b"abc"])))
    assert Data.of([b"abd"]).checksum != data.checksum


def test_values_that_are_none_of_these() -> None:
    with pytest.raises(TypeError, match=r"1\.5 cannot be recorded"):
        write(bytearray(), 1.5)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"?",
        b"i",
        b"i" + b"\x80" * 30 + b"\x01",
        b"s\x05ab",
        b"s\x01\xff",
        b"b\xff\xff\xff\xff\x0f",
        b"t\xff\xff\xff\xff\xff\xff\xff\x0f",
        b"t\x01" * 40 + b"N",
        b"d\x05ab",
    ],
)
def test_damage(data: bytes) -> None:
    with pytest.raises(Damaged):
        Reader(data).value()


@given(st.integers(0, 2**70))
def test_lengths(number: int) -> None:
    into = bytearray()
    write_length(into, number)
    assert Reader(bytes(into)).length() == number
