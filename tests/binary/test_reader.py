from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binary import build
from remit.binary.reader import MOST_ITEMS, BinaryError, Reader


@given(st.integers(0, 2**32 - 1), st.binary(max_size=4))
def test_u32_round_trip(value: int, after: bytes) -> None:
    data = build.unsigned(value)
    reader = Reader(data + after)
    assert reader.u32("a number") == value
    assert reader.position == len(data)


@given(st.integers(0, 2**64 - 1))
def test_u64_round_trip(value: int) -> None:
    assert Reader(build.unsigned(value)).u64("a number") == value


@given(st.integers(-(2**63), 2**63 - 1))
def test_s64_round_trip(value: int) -> None:
    assert Reader(build.signed(value)).s64("a number") == value


@given(st.integers(-(2**31), 2**31 - 1))
def test_s32_round_trip(value: int) -> None:
    assert Reader(build.signed(value)).s32("a number") == value


@given(st.integers(-(2**32), 2**32 - 1))
def test_s33_round_trip(value: int) -> None:
    assert Reader(build.signed(value)).s33("a number") == value


@given(st.integers(2**32, 2**70))
def test_u32_refuses_what_does_not_fit(value: int) -> None:
    with pytest.raises(BinaryError) as caught:
        Reader(b"\0\0" + build.unsigned(value), 2).u32("a number")
    assert caught.value.offset == 2
    assert "a number" in str(caught.value)
    assert "0x2" in str(caught.value)


@given(st.one_of(st.integers(2**31, 2**60), st.integers(-(2**60), -(2**31) - 1)))
def test_s32_refuses_what_does_not_fit(value: int) -> None:
    with pytest.raises(BinaryError):
        Reader(build.signed(value)).s32("a number")


def test_a_padded_number_is_fine_up_to_its_longest_form() -> None:
    assert Reader(b"\x85\x80\x80\x80\x00").u32("a number") == 5
    with pytest.raises(BinaryError, match="longer than a 32-bit number"):
        Reader(b"\x85\x80\x80\x80\x80\x00").u32("a number")
    assert Reader(b"\xff\xff\xff\xff\x7f").s32("a number") == -1
    with pytest.raises(BinaryError, match="longer than a 32-bit number"):
        Reader(b"\xff\xff\xff\xff\xff\x7f").s32("a number")


@given(st.binary(max_size=12), st.sampled_from(["u32", "u64", "s32", "s33", "s64"]))
def test_any_bytes_give_a_number_or_an_error_inside_of_them(data: bytes, kind: str) -> None:
    reader = Reader(data)
    try:
        value = getattr(reader, kind)("a number")
    except BinaryError as error:
        value, reader.position = 0, error.offset
    assert isinstance(value, int)
    assert 0 <= reader.position <= len(data)


def test_the_end_is_respected_though_there_is_more_data() -> None:
    with pytest.raises(BinaryError, match="unexpected end in a number"):
        Reader(b"\x80\x80\x01", 0, 2).u32("a number")
    with pytest.raises(BinaryError, match="unexpected end"):
        Reader(b"abc", 1, 1).byte("a byte")
    with pytest.raises(BinaryError, match="with 1 bytes left"):
        Reader(b"abc", 1, 2).skip(2, "a body")


def test_a_count_is_checked_before_anything_is_made() -> None:
    with pytest.raises(BinaryError, match="4294967295 things do not fit in the 1 bytes left") as caught:
        Reader(b"\xff\xff\xff\xff\x0f\x00").count("things")
    assert caught.value.offset == 0
    assert Reader(b"\x02aabb").count("things", least=2) == 2
    with pytest.raises(BinaryError, match="do not fit"):
        Reader(b"\x02aab").count("things", least=2)


def test_a_count_beyond_what_engines_accept() -> None:
    count = build.unsigned(MOST_ITEMS + 1)
    with pytest.raises(BinaryError, match="more than the 1000000 that engines accept"):
        Reader(count + bytes(MOST_ITEMS + 1)).count("things")


@given(st.text())
def test_name_round_trip(text: str) -> None:
    assert Reader(build.name(text)).name("a name") == text
    assert Reader(memoryview(build.name(text))).name("a name") == text


def test_a_name_that_is_not_utf8_is_located() -> None:
    with pytest.raises(BinaryError, match="a name is not UTF-8") as caught:
        Reader(b"\x03ab\xff").name("a name")
    assert caught.value.offset == 3
