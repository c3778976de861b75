"""Streams that need nothing from the host."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.kernel.errors import Code, KernelError
from remit.kernel.files import FileType
from remit.streams.memory import BytesInput, Capture, NullInput, NullOutput, scatter

PIECES = st.lists(st.binary(max_size=40), max_size=6)


def views(pieces: list[bytes]) -> list[memoryview]:
    return [memoryview(piece) for piece in pieces]


@given(st.binary(max_size=200), st.lists(st.lists(st.integers(0, 30), max_size=4), max_size=10))
def test_given_bytes_are_read_in_order_then_the_end(data: bytes, reads: list[list[int]]) -> None:
    stream = BytesInput(data)
    left = data
    for sizes in [*reads, [250], [1]]:
        buffers = [bytearray(size) for size in sizes]
        count = stream.read([memoryview(buffer) for buffer in buffers])
        assert count == min(sum(sizes), len(left))
        assert b"".join(buffers)[:count] == left[:count]
        left = left[count:]
    assert not left
    assert stream.when_readable().ready()


def test_numbers_of_any_size_are_given_as_their_bytes() -> None:
    buffer = bytearray(8)
    assert BytesInput(memoryview(bytes([1, 0, 2, 0])).cast("H")).read([memoryview(buffer)]) == 4
    assert buffer == bytes([1, 0, 2, 0, 0, 0, 0, 0])


@given(st.lists(PIECES))
def test_without_a_limit_everything_is_kept(writes: list[list[bytes]]) -> None:
    stream = Capture()
    for pieces in writes:
        assert stream.write(views(pieces)) == sum(map(len, pieces))
    assert stream.getvalue() == b"".join(b"".join(pieces) for pieces in writes)


@given(PIECES, st.integers(0, 100))
def test_a_limit_is_filled_to_the_last_byte_and_then_refuses(pieces: list[bytes], limit: int) -> None:
    stream = Capture(limit)
    whole = b"".join(pieces)
    kept = whole[:limit]
    if whole and not limit:
        with pytest.raises(KernelError) as caught:
            stream.write(views(pieces))
        assert caught.value.code is Code.QUOTA
    else:
        assert stream.write(views(pieces)) == len(kept)
    assert stream.getvalue() == kept
    assert stream.truncated == (len(whole) > limit)
    rest = limit - len(kept)
    if rest:
        assert stream.write([memoryview(bytes(rest))]) == rest
        assert stream.truncated == (len(whole) > limit), "exactly as much as there is room for"
    with pytest.raises(KernelError) as caught:
        stream.write([memoryview(b"x")])
    assert caught.value.code is Code.QUOTA
    assert stream.truncated
    assert stream.write([memoryview(b"")]) == 0
    assert len(stream.getvalue()) == limit


def test_what_was_captured_does_not_follow_the_programs_memory() -> None:
    memory = bytearray(b"before")
    stream = Capture()
    stream.write([memoryview(memory)])
    memory[:] = b"after!"
    assert stream.getvalue() == b"before"


def test_nothing() -> None:
    assert NullInput().read([memoryview(bytearray(5))]) == 0
    assert NullOutput().write(views([b"abc", b"", b"de"])) == 5


@pytest.mark.parametrize("stream", [NullInput(), NullOutput(), BytesInput(b""), Capture()])
def test_none_is_a_terminal_or_seekable(stream: NullInput | NullOutput | BytesInput | Capture) -> None:
    assert stream.stat().type is FileType.UNKNOWN
    assert not stream.seekable
    with pytest.raises(KernelError):
        stream.read_at(0, [])
    stream.close()


@given(st.binary(max_size=100), st.lists(st.integers(0, 40), max_size=5))
def test_scatter_fills_buffers_in_order_and_leaves_the_rest(data: bytes, sizes: list[int]) -> None:
    buffers = [bytearray(b"\xff" * size) for size in sizes]
    count = scatter(memoryview(data), [memoryview(buffer) for buffer in buffers])
    whole = b"".join(buffers)
    assert whole == data[:count] + b"\xff" * (len(whole) - count)
    assert count == min(len(data), sum(sizes))
