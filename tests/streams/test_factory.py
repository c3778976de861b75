"""What callers may hand over as a standard stream, and what they are told otherwise."""

from __future__ import annotations

import asyncio
import functools
import io
import os
import subprocess
import sys
from typing import Any
from unittest.mock import Mock

import pytest

from remit.kernel.files import File
from remit.streams.factory import input_stream, output_stream
from remit.streams.memory import DEVNULL, Capture, NullInput, NullOutput


def take(stream: File, size: int) -> bytes:
    buffer = bytearray(size)
    return bytes(buffer[: stream.read([memoryview(buffer)])])


@pytest.mark.parametrize("data", [b"bytes", bytearray(b"bytes"), memoryview(b"bytes")])
def test_bytes_are_the_input_itself(data: Any) -> None:
    assert take(input_stream(data), 10) == b"bytes"


def test_a_str_may_be_meant_as_text_or_as_a_path() -> None:
    with pytest.raises(TypeError, match=r"stdin is 'data\.txt' \(str\): give the bytes to be read, or the open file"):
        input_stream("data.txt")
    with pytest.raises(TypeError, match=r"stderr cannot be 'log\.txt' \(str\): give a file object"):
        output_stream("log.txt", name="stderr")


def test_the_numbers_are_those_of_subprocess() -> None:
    assert subprocess.DEVNULL == DEVNULL
    assert isinstance(input_stream(subprocess.DEVNULL), NullInput)
    assert isinstance(output_stream(subprocess.DEVNULL), NullOutput)
    for name in ("PIPE", "STDOUT"):
        with pytest.raises(ValueError, match=name):
            input_stream(getattr(subprocess, name))
        with pytest.raises(ValueError, match=name):
            output_stream(getattr(subprocess, name))


def test_a_kernel_file_is_taken_as_it_is() -> None:
    stream = Capture()
    assert output_stream(stream) is stream
    assert input_stream(stream) is stream


def test_a_host_descriptor() -> None:
    read, write = os.pipe()
    output_stream(write).write([memoryview(b"through")])
    assert take(input_stream(read), 10) == b"through"
    os.close(read)
    os.close(write)
    with pytest.raises(ValueError, match=f"stdin cannot be the descriptor {read}: Bad file descriptor"):
        input_stream(read)
    with pytest.raises(ValueError, match=f"stderr cannot be the descriptor {write}: Bad"):
        output_stream(write, name="stderr")
    with pytest.raises(ValueError, match=f"stdout cannot be the descriptor {2**80}: "):
        output_stream(2**80)


@pytest.mark.parametrize("wrong", [True, 1.5, None, ["line"], object(), io.BytesIO])
def test_anything_else_is_refused_with_what_is_accepted(wrong: object) -> None:
    with pytest.raises(TypeError, match=rf"stdin cannot be .* \({type(wrong).__name__}\): give bytes,"):
        input_stream(wrong)
    with pytest.raises(TypeError, match=rf"stdout cannot be .* \({type(wrong).__name__}\): give a file object,"):
        output_stream(wrong)


def test_bytes_are_no_output() -> None:
    with pytest.raises(TypeError, match=r"stdout cannot be .* \(bytearray\)"):
        output_stream(bytearray())


async def coroutine_function(argument: Any) -> bytes:
    return b""


class AsyncObject:
    async def read(self, count: int) -> bytes:
        return b""

    async def write(self, data: bytes) -> None:
        return None


class AsyncCallable:
    async def __call__(self, argument: Any) -> bytes:
        return b""


ASYNCHRONOUS = [
    coroutine_function,
    functools.partial(coroutine_function),
    functools.partial(functools.partial(coroutine_function)),
    AsyncObject(),
    AsyncObject().read,
    AsyncCallable(),
]


@pytest.mark.parametrize("value", ASYNCHRONOUS)
def test_what_is_asynchronous_needs_run_async(value: object) -> None:
    for choose in (input_stream, output_stream):
        with pytest.raises(TypeError, match="use run_async"):
            choose(value)
        stream = choose(value, asynchronous=True)
        assert type(stream).__name__ in ("AsyncInput", "AsyncOutput")


def test_asyncio_streams_need_run_async() -> None:
    async def main() -> None:
        reader = asyncio.StreamReader()
        with pytest.raises(TypeError, match="a StreamReader that is asynchronous needs an asyncio loop: use run_async"):
            input_stream(reader)

    asyncio.run(main())


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_plain_function_that_returns_a_coroutine(asynchronous: bool) -> None:
    """That cannot be seen beforehand. The coroutine is closed: it would warn that nobody awaited it."""

    def plain(argument: Any) -> Any:
        return coroutine_function(argument)

    with pytest.raises(TypeError, match="returned an awaitable: that needs run_async"):
        take(input_stream(plain, asynchronous=asynchronous), 1)
    with pytest.raises(TypeError, match="returned an awaitable"):
        output_stream(plain, asynchronous=asynchronous).write([memoryview(b"x")])


def test_a_mock_is_a_function_like_any_other() -> None:
    sink = Mock(spec=[], return_value=None)
    output_stream(sink).write([memoryview(b"x")])
    sink.assert_called_once_with(b"x")


def test_nothing_of_asyncio_is_needed_to_choose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "asyncio")
    monkeypatch.delitem(sys.modules, "functools")
    assert take(input_stream(lambda count: b"x"), 1) == b"x"
