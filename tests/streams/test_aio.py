"""asyncio's streams and coroutine functions as streams of a program."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest

from remit.kernel.errors import Code, KernelError, WouldBlock
from remit.kernel.files import File
from remit.kernel.reactor import Reactor
from remit.streams.factory import input_stream, output_stream


def run(coroutine: Coroutine[Any, Any, None]) -> None:
    asyncio.run(coroutine, debug=True)


async def completed(operation: Callable[[], int]) -> int:
    """Do what a runtime does with an operation that would block: wait, then go on."""
    reactor = Reactor()
    step: Callable[[], object] = operation
    while True:
        try:
            result = step()
        except WouldBlock as block:
            await reactor.wait_async(block.pollable)
            step = block.resume or operation
        else:
            assert isinstance(result, int)
            return result


async def take(stream: File, size: int) -> bytes:
    buffer = bytearray(size)
    count = await completed(lambda: stream.read([memoryview(buffer)]))
    return bytes(buffer[:count])


async def put(stream: File, data: bytes) -> int:
    return await completed(lambda: stream.write([memoryview(data)]))


async def put_for_ever(stream: File) -> None:
    while True:
        await put(stream, bytes(1000))


async def connected(serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> Any:
    """A server on a local port, and a client's two streams."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    return server, reader, writer


def test_a_stream_reader_gives_what_arrives_then_the_end() -> None:
    async def main() -> None:
        reader = asyncio.StreamReader()
        stream = input_stream(reader, asynchronous=True)
        with pytest.raises(WouldBlock):
            stream.read([memoryview(bytearray(5))])
        assert stream.read([memoryview(bytearray(0))]) == 0
        reader.feed_data(b"abcdefgh")
        assert await take(stream, 3) == b"abc"
        assert await take(stream, 3) == b"de", "the rest of what the first read asked for"
        assert await take(stream, 9) == b"fgh"
        reader.feed_eof()
        assert await take(stream, 3) == b""
        assert await take(stream, 3) == b""

    run(main())


def test_what_the_program_does_not_ask_for_stays_in_the_reader() -> None:
    async def main() -> None:
        reader = asyncio.StreamReader()
        reader.feed_data(b"for the program and for the caller")
        stream = input_stream(reader, asynchronous=True)
        assert await take(stream, 15) == b"for the program"
        stream.close()
        reader.feed_eof()
        assert await reader.read() == b" and for the caller"

    run(main())


def test_waiting_for_input_without_reading_it() -> None:
    async def main() -> None:
        reader = asyncio.StreamReader()
        stream = input_stream(reader, asynchronous=True)
        readable = stream.when_readable()
        assert not readable.ready()
        assert stream.when_readable() is readable
        reader.feed_data(b"abc")
        await Reactor().wait_async(readable)
        assert await take(stream, 2) == b"ab"
        assert stream.when_readable().ready()
        assert await take(stream, 2) == b"c"
        stream.close()

    run(main())


def test_an_async_function_as_input() -> None:
    async def main() -> None:
        asked: list[int] = []

        async def source(count: int) -> bytes:
            asked.append(count)
            await asyncio.sleep(0)
            return b"x" * min(count, 3 - len(asked)) if len(asked) < 3 else b""

        stream = input_stream(source, asynchronous=True)
        assert [await take(stream, 7) for _ in range(3)] == [b"xx", b"x", b""]
        assert asked == [7, 7, 7]

    run(main())


def test_an_async_function_as_output_has_ended_when_the_write_has() -> None:
    async def main() -> None:
        got: list[bytes] = []

        async def sink(data: bytes) -> None:
            await asyncio.sleep(0)
            got.append(data)

        stream = output_stream(sink, asynchronous=True)
        for number in range(3):
            assert await put(stream, b"%d" % number) == 1
            assert got[-1] == b"%d" % number
            assert stream.when_writable().ready()
        assert await put(stream, b"") == 0
        assert len(got) == 3

    run(main())


def test_a_second_writer_waits_for_the_first() -> None:
    """Two descriptors of a program, or two programs, may share one stream."""

    async def main() -> None:
        got: list[bytes] = []
        inside = 0

        async def sink(data: bytes) -> None:
            nonlocal inside
            inside += 1
            assert inside == 1
            await asyncio.sleep(0)
            got.append(data)
            inside -= 1

        stream = output_stream(sink, asynchronous=True)
        await asyncio.gather(*(put(stream, b"%d" % number) for number in range(5)))
        assert sorted(got) == [b"0", b"1", b"2", b"3", b"4"]

    run(main())


@pytest.mark.parametrize("error", [ZeroDivisionError("own"), OSError(5, "own"), ConnectionResetError("own")])
def test_what_an_async_function_raises_is_not_an_error_of_the_program(error: Exception) -> None:
    async def main() -> None:
        async def fail(argument: Any) -> bytes:
            await asyncio.sleep(0)
            raise error

        with pytest.raises(type(error)) as caught:
            await take(input_stream(fail, asynchronous=True), 1)
        assert caught.value is error
        with pytest.raises(type(error)) as caught:
            await put(output_stream(fail, asynchronous=True), b"x")
        assert caught.value is error

    run(main())


def test_a_connection_both_ways() -> None:
    async def main() -> None:
        async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while data := await reader.read(1000):
                writer.write(data.upper())
                await writer.drain()
            writer.close()

        server, reader, writer = await connected(echo)
        source, sink = input_stream(reader, asynchronous=True), output_stream(writer, asynchronous=True)
        assert await put(sink, b"loud") == 4
        assert await take(source, 10) == b"LOUD"
        writer.write_eof()
        assert await take(source, 10) == b""
        writer.close()
        await writer.wait_closed()
        server.close()
        await server.wait_closed()

    run(main())


def test_a_lost_connection_is_an_error_that_the_program_sees() -> None:
    async def main() -> None:
        reader = asyncio.StreamReader()
        stream = input_stream(reader, asynchronous=True)
        reader.set_exception(ConnectionResetError(104, "reset"))
        with pytest.raises(KernelError) as caught:
            await take(stream, 1)
        assert caught.value.code is Code.CONNECTION_RESET

        async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.transport.abort()

        server, reader, writer = await connected(hang_up)
        sink = output_stream(writer, asynchronous=True)
        with pytest.raises(KernelError) as caught:
            await put_for_ever(sink)
        assert caught.value.code in (Code.CONNECTION_RESET, Code.PIPE)
        writer.transport.abort()
        server.close()
        await server.wait_closed()

    run(main())


@pytest.mark.parametrize("turns", range(5))
def test_closing_at_any_turn_cancels_what_goes_on(turns: int) -> None:
    async def main() -> None:
        ended: list[str] = []

        async def hang(argument: Any) -> bytes:
            try:
                await asyncio.Event().wait()
            finally:
                ended.append("ended")
            raise AssertionError

        before = asyncio.all_tasks()
        for stream, begin in (
            (input_stream(hang, asynchronous=True), "read"),
            (output_stream(hang, asynchronous=True), "write"),
        ):
            ended.clear()
            with pytest.raises(WouldBlock):
                getattr(stream, begin)([memoryview(bytearray(1))])
            for _ in range(turns):
                await asyncio.sleep(0)
            stream.close()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert asyncio.all_tasks() == before
            assert ended == (["ended"] if turns else [])

    run(main())


def test_a_failure_that_nobody_comes_back_for_is_not_complained_about(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async def fail(count: int) -> bytes:
            raise ZeroDivisionError

        stream = input_stream(fail, asynchronous=True)
        stream.when_readable()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        stream.close()

    run(main())
    assert not [record for record in caplog.records if "never retrieved" in record.message]


def test_what_an_async_function_reads_is_bytes() -> None:
    async def main() -> None:
        for wrong in (None, "text", 5):

            async def read(count: int, wrong: Any = wrong) -> Any:
                return wrong

            with pytest.raises(TypeError, match=r"stdin: <function .* returned .*: bytes are wanted") as caught:
                await take(input_stream(read, asynchronous=True), 1)
            assert repr(wrong) in str(caught.value)

    run(main())


def test_an_async_object_may_take_a_part() -> None:
    class Sink:
        answer: Any

        async def write(self, data: bytes) -> Any:
            return self.answer

    async def main() -> None:
        sink = Sink()
        stream = output_stream(sink, name="stderr", asynchronous=True)
        for sink.answer, taken in ((None, 3), (2, 2), (3, 3)):
            assert await put(stream, b"abc") == taken
        for sink.answer in (0, -1, 4):
            with pytest.raises(ValueError, match=f"stderr: .* returned {sink.answer}, and was given 3 bytes"):
                await put(stream, b"abc")
        sink.answer = "abc"
        with pytest.raises(TypeError, match=r"stderr: .* returned 'abc' \(str\)"):
            await put(stream, b"abc")
        assert await put(output_stream(sink.write, asynchronous=True), b"abc") == 3, "a function takes all"

    run(main())
