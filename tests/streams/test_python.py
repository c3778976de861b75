"""Python's file objects and functions as streams, as `input_stream` and `output_stream` choose them."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.kernel.errors import Code, KernelError, WouldBlock
from remit.kernel.files import File
from remit.streams.factory import input_stream, output_stream
from remit.streams.host import HostOutput


def take(stream: File, *sizes: int) -> bytes:
    """One read into buffers of these sizes."""
    buffers = [bytearray(size) for size in sizes]
    count = stream.read([memoryview(buffer) for buffer in buffers])
    return b"".join(buffers)[:count]


def take_all(stream: File) -> bytes:
    return b"".join(iter(lambda: take(stream, 3, 4), b""))


def put(stream: File, *pieces: bytes) -> None:
    """Write all of it."""
    left = b"".join(pieces)
    while left:
        left = left[stream.write([memoryview(left[:4]), memoryview(left[4:])]) :]


class PlainAnswering:
    """A file object whose ``write`` answers always the same."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def write(self, data: bytes) -> Any:
        return self.answer


class Answering(io.RawIOBase):
    """The same, by the rules of :mod:`io`."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def write(self, data: Any) -> Any:
        return self.answer


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file"


class TestInput:
    @given(st.binary(max_size=100))
    def test_a_binary_file_object(self, data: bytes) -> None:
        assert take_all(input_stream(io.BytesIO(data))) == data

    @given(st.text(st.characters(exclude_categories=["Cs"]), max_size=100))
    def test_a_text_object_without_bytes_below_is_read_as_utf_8(self, text: str) -> None:
        assert take_all(input_stream(io.StringIO(text, newline=""))) == text.encode()

    @pytest.mark.parametrize("mode", ["rb", "r", "r+b", "r+"])
    def test_an_open_file_goes_on_where_it_was_read_to(self, path: Path, mode: str) -> None:
        path.write_bytes(b"first line\nsecond line\n")
        with path.open(mode) as file:
            file.readline()
            assert take(input_stream(file), 6) == b"second"
            assert file.read() in (" line\n", b" line\n"), "what the program did not take is still there"

    def test_a_compressed_file_is_read_decompressed(self, path: Path) -> None:
        with gzip.open(path, "wb") as file:
            file.write(b"plain")
        with gzip.open(path, "rb") as file:
            assert take_all(input_stream(file)) == b"plain"

    def test_a_pipe_that_holds_nothing_does_not_block(self) -> None:
        read, write = os.pipe()
        with open(read, "rb") as reader, open(write, "wb", buffering=0) as writer:
            stream = input_stream(reader)
            with pytest.raises(WouldBlock) as caught:
                take(stream, 5)
            assert not stream.when_readable().ready()
            writer.write(b"line 1\nline 2\n")
            assert caught.value.pollable.ready()
            assert take(stream, 7) == b"line 1\n"
            assert stream.when_readable().ready(), "what was not asked for has not been taken from the pipe"
            assert take(stream, 100) == b"line 2\n"
            writer.close()
            assert take(stream, 5) == b""

    def test_a_raw_pipe_that_another_made_non_blocking(self) -> None:
        read, write = os.pipe()
        os.set_blocking(read, False)
        with open(read, "rb", buffering=0) as reader, open(write, "wb", buffering=0) as writer:
            stream = input_stream(reader)
            with pytest.raises(WouldBlock):
                take(stream, 5)
            writer.write(b"x")
            assert take(stream, 5) == b"x"

    def test_the_output_of_another_process(self) -> None:
        with subprocess.Popen([sys.executable, "-c", "print('other')"], stdout=subprocess.PIPE) as other:
            other.wait()
            stream = input_stream(other.stdout)
            assert take(stream, 100) == b"other\n"
            assert take(stream, 100) == b""

    def test_a_function(self) -> None:
        asked: list[int] = []
        pieces = iter([b"ab", bytearray(b"cdefgh"), memoryview(b"i"), b""])

        def source(count: int) -> Any:
            asked.append(count)
            return next(pieces)

        stream = input_stream(source)
        assert take(stream, 3, 2) == b"ab"
        assert take(stream, 4) == b"cdef"
        assert stream.when_readable().ready()
        assert take(stream, 4) == b"gh"
        assert take(stream, 0) == b""
        assert take(stream, 4) == b"i"
        assert take(stream, 9) == b""
        assert asked == [5, 4, 4, 9]

    def test_text_of_an_object_is_utf_8(self) -> None:
        class Source:
            pieces = iter(["ü", ""])

            def read(self, count: int) -> str:
                return next(self.pieces)

        stream = input_stream(Source())
        assert take(stream, 1) + take(stream, 1) == "ü".encode()
        assert take(stream, 9) == b""

    def test_an_array_that_the_function_uses_again(self) -> None:
        array = bytearray(b"first")
        stream = input_stream(lambda count: array)
        assert take(stream, 2) == b"fi"
        array[:] = b"XXXXX"
        assert take(stream, 9) == b"rst"

    @pytest.mark.parametrize("wrong", [None, 5, ["x"], "text"])
    def test_a_function_that_returns_something_else(self, wrong: object) -> None:
        with pytest.raises(
            TypeError, match=r"stdin: <function .* returned .*: bytes are wanted, b'' at the end"
        ) as caught:
            take(input_stream(lambda count: wrong), 1)
        assert repr(wrong) in str(caught.value)

    @pytest.mark.parametrize("wrong", [None, 5])
    def test_an_object_that_returns_something_else(self, wrong: object) -> None:
        class Source:
            def read(self, count: int) -> object:
                return wrong

        with pytest.raises(TypeError, match=r"stdin: <bound method .*Source\.read .* returned .*: bytes are wanted"):
            take(input_stream(Source()), 1)

    @pytest.mark.parametrize("mode", ["wb", "w", "ab"])
    def test_a_file_that_is_open_for_writing(self, path: Path, mode: str) -> None:
        with path.open(mode) as file, pytest.raises(ValueError, match="stdin is not open for reading: <_io"):
            input_stream(file)

    @pytest.mark.parametrize("make", [tempfile.TemporaryFile, io.BytesIO, io.StringIO])
    def test_what_is_closed(self, make: Callable[[], Any]) -> None:
        file = make()
        file.close()
        with pytest.raises(ValueError, match="stdin is closed: <_io"):
            input_stream(file)
        with pytest.raises(ValueError, match="stderr is closed: <_io"):
            output_stream(file, name="stderr")

    @pytest.mark.parametrize("error", [ZeroDivisionError("own"), OSError(5, "own"), BlockingIOError("own")])
    def test_what_it_raises_is_not_an_error_of_the_program(self, error: Exception) -> None:
        def source(count: int) -> bytes:
            raise error

        with pytest.raises(type(error)) as caught:
            take(input_stream(source), 1)
        assert caught.value is error


class TestOutput:
    def test_a_binary_object_gets_bytes_that_it_may_keep(self) -> None:
        got: list[object] = []

        class Sink:
            def write(self, data: bytes) -> None:
                got.append(data)

        memory = bytearray(b"abc")
        stream = output_stream(Sink())
        assert stream.write([memoryview(memory), memoryview(b"def")]) == 6
        memory[:] = b"XXX"
        assert got == [b"abcdef"]
        assert stream.write([memoryview(b"")]) == 0
        assert len(got) == 1

    @given(st.text(max_size=50), st.lists(st.integers(0, 60)))
    def test_a_text_object_gets_whole_characters(self, text: str, cuts: list[int]) -> None:
        data = text.encode("utf-8", "replace")
        sink = io.StringIO(newline="")
        stream = output_stream(sink)
        places = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
        for start, end in pairwise(places):
            assert stream.write([memoryview(data[start:end])]) == end - start
        stream.close()
        assert sink.getvalue() == data.decode()

    def test_what_is_not_utf_8_is_replaced_in_text(self) -> None:
        sink = io.StringIO()
        stream = output_stream(sink)
        put(stream, b"a\xffb\xe2\x82")
        assert sink.getvalue() == "a�b"
        stream.close()
        assert sink.getvalue() == "a�b�"

    @pytest.mark.parametrize("mode", ["wb", "w", "w+b", "a"])
    def test_an_open_file_and_the_program_write_in_turns(self, path: Path, mode: str) -> None:
        text = "b" not in mode
        with path.open(mode) as file:
            stream = output_stream(file)
            assert isinstance(stream, HostOutput)
            for number in range(3):
                file.write(f"python {number}\n" if text else f"python {number}\n".encode())
                put(stream, f"program {number}\n".encode())
            stream.close()
        expected = "".join(f"python {number}\nprogram {number}\n" for number in range(3))
        assert path.read_text() == expected

    def test_a_temporary_file_can_be_read_back(self) -> None:
        with tempfile.TemporaryFile() as file:
            put(output_stream(file), b"written")
            file.seek(0)
            assert file.read() == b"written"
        with tempfile.NamedTemporaryFile("w+") as named:
            named.write("python, ")
            put(output_stream(named), b"program")
            named.seek(0)
            assert named.read() == "python, program"
        with tempfile.SpooledTemporaryFile() as spooled:
            put(output_stream(spooled), b"written")
            spooled.seek(0)
            assert spooled.read() == b"written"

    def test_a_compressed_file_is_written_compressed(self, path: Path) -> None:
        with gzip.open(path, "wb") as file:
            put(output_stream(file), b"plain" * 10)
        with gzip.open(path, "rb") as file:
            assert file.read() == b"plain" * 10

    def test_text_over_memory(self) -> None:
        memory = io.BytesIO()
        text = io.TextIOWrapper(memory, "latin-1", newline="\r\n")
        text.write("ü\n")
        put(output_stream(text), b"\xff\n")
        text.write("ü\n")
        text.flush()
        assert memory.getvalue() == b"\xfc\r\n\xff\n\xfc\r\n", "bytes are not the text layer's business"

    def test_sys_stdout_as_a_test_runner_replaces_it(self, capsys: pytest.CaptureFixture[str]) -> None:
        stream = output_stream(sys.stdout)
        print("one")
        put(stream, b"two\n")
        print("three")
        assert capsys.readouterr().out == "one\ntwo\nthree\n"

    def test_a_full_pipe_does_not_block(self) -> None:
        read, write = os.pipe()
        with open(read, "rb", buffering=0), open(write, "wb") as writer:
            stream = output_stream(writer)
            block = fill(stream)
            assert not block.pollable.ready()
            assert not stream.when_writable().ready()

    def test_nobody_reads_the_pipe_any_more(self) -> None:
        read, write = os.pipe()
        os.close(read)
        with open(write, "wb") as writer, pytest.raises(KernelError) as caught:
            put(output_stream(writer), b"x")
        assert caught.value.code is Code.PIPE

    def test_a_raw_object_may_take_less_or_nothing_yet(self) -> None:
        read, write = os.pipe()

        class Slow(io.RawIOBase):
            def __init__(self) -> None:
                self.got: list[bytes] = []
                self.answers = iter([2, None, 3])

            def fileno(self) -> int:
                return write

            def write(self, data: Any) -> Any:
                answer = next(self.answers)
                if answer is not None:
                    self.got.append(bytes(data[:answer]))
                return answer

        slow = Slow()
        stream = output_stream(slow)
        assert stream.write([memoryview(b"abcde")]) == 2
        with pytest.raises(WouldBlock) as caught:
            stream.write([memoryview(b"cde")])
        assert caught.value.pollable.ready()
        assert stream.write([memoryview(b"cde")]) == 3
        assert b"".join(slow.got) == b"abcde"
        os.close(read)
        os.close(write)

    def test_a_function(self) -> None:
        got: list[bytes] = []
        put(output_stream(got.append), b"abc", b"def")
        assert b"".join(got) == b"abcdef"

    @pytest.mark.parametrize("answer", ["", 0, 500, None, [1]])
    def test_what_a_function_returns_means_nothing(self, answer: object) -> None:
        assert output_stream(lambda data: answer).write([memoryview(b"abc")]) == 3

    @pytest.mark.parametrize("raw", [False, True])
    @pytest.mark.parametrize(
        ("answer", "error", "message"),
        [
            (-1, ValueError, "returned -1, and was given 3 bytes: it may take 1 to 3"),
            (0, ValueError, "returned 0, and was given 3 bytes"),
            (4, ValueError, "returned 4, and was given 3 bytes"),
            ("abc", TypeError, r"returned 'abc' \(str\): the number of bytes that it took is wanted, or None for all"),
            (True, TypeError, r"returned True \(bool\)"),
            (2.0, TypeError, r"returned 2\.0 \(float\)"),
        ],
    )
    def test_an_object_that_takes_what_it_was_not_given(
        self, answer: object, error: type[Exception], message: str, raw: bool
    ) -> None:
        stream = output_stream(Answering(answer) if raw else PlainAnswering(answer), name="stderr")
        with pytest.raises(error, match=f"^stderr: <bound method .* {message}"):
            stream.write([memoryview(b"ab"), memoryview(b"c")])
        assert stream.write([memoryview(b"")]) == 0

    @pytest.mark.parametrize("answer", [1, 2, 3])
    def test_an_object_that_takes_a_part(self, answer: int) -> None:
        for sink in (Answering(answer), PlainAnswering(answer)):
            assert output_stream(sink).write([memoryview(b"ab"), memoryview(b"c")]) == answer

    def test_a_raw_object_that_would_block_cannot_be_waited_for(self) -> None:
        with pytest.raises(ValueError, match=r"stdout: .* returned None, which means that it would block, and has no"):
            output_stream(Answering(None)).write([memoryview(b"abc")])

    @pytest.mark.parametrize("mode", ["rb", "r"])
    def test_a_file_that_is_open_for_reading(self, path: Path, mode: str) -> None:
        path.touch()
        with path.open(mode) as file, pytest.raises(ValueError, match="stdout is not open for writing: <_io"):
            output_stream(file)

    def test_text_that_would_have_to_be_awaited(self) -> None:
        async def coroutine() -> None:
            return None

        class Sink:
            encoding = "utf-8"

            def write(self, text: str) -> object:
                return coroutine()

        with pytest.raises(TypeError, match="returned an awaitable: that needs run_async"):
            output_stream(Sink()).write([memoryview(b"abc")])

    @pytest.mark.parametrize("error", [ZeroDivisionError("own"), OSError(28, "own"), BrokenPipeError("own")])
    def test_what_it_raises_is_not_an_error_of_the_program(self, error: Exception) -> None:
        def sink(data: bytes) -> None:
            raise error

        with pytest.raises(type(error)) as caught:
            put(output_stream(sink), b"x")
        assert caught.value is error


def fill(stream: File) -> WouldBlock:
    """Write until nothing more is taken."""
    while True:
        try:
            stream.write([memoryview(bytes(10_000))])
        except WouldBlock as block:
            return block
