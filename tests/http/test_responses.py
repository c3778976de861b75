"""Responses, of servers that are well-meaning, careless and hostile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

import pytest

from http_peer import Names, Server, failure, read_all, read_some, request, send, wait
from remit.http.exchange import MAX_INFORMATIONAL, MAX_UNREAD
from remit.kernel.clocks import VirtualClock
from remit.kernel.errors import Code, KernelError, WouldBlock
from remit.kernel.http import RequestOptions, Response
from remit.kernel.reactor import Reactor

T = TypeVar("T")


def answer(data: bytes, *, method: str = "GET") -> tuple[int, bytes]:
    """Status and body of a response, after which the server hangs up."""
    with Server() as server:
        exchange = send(server, method=method)
        server.take_head()
        server.say(data)
        server.hang_up()
        response = wait(exchange.response)
        return response.status, read_all(response.body.stream())


def outcome(data: bytes) -> str:
    """How it fails: before there is a response, or in its body."""
    with Server() as server:
        exchange = send(server)
        server.take_head()
        server.say(data)
        server.hang_up()

        taken: list[Response] = []

        def all_of_it() -> bytes:
            if not taken:
                taken.append(exchange.response())
            buffer = bytearray(65536)
            while taken[0].body.stream().read([memoryview(buffer)]):
                pass
            return b""

        return failure(all_of_it)


HELLO = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("data", "body"),
    [
        (HELLO + b"content-length: 5\r\n\r\nhello", b"hello"),
        (HELLO + b"content-length: 5\r\n\r\nhello and garbage", b"hello"),
        (HELLO + b"transfer-encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n", b"hello"),
        (HELLO + b"\r\nhello", b"hello"),
        (b"HTTP/1.0 200 OK\r\n\r\nhello", b"hello"),
        (
            b"HTTP/1.1 100 \r\n\r\nHTTP/1.1 103 \r\na: x\r\n\r\n" + HELLO + b"content-length: 5\r\n\r\nhello",
            b"hello",
        ),
        (HELLO + b"content-length: 5\r\ncontent-length: 5\r\n\r\nhello", b"hello"),
    ],
)
def test_how_bodies_end(data: bytes, body: bytes) -> None:
    assert answer(data) == (200, body)


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
def test_responses_without_a_body(method: str, status: int) -> None:
    assert answer(b"HTTP/1.1 %d \r\ncontent-length: 5\r\n\r\n" % status, method=method) == (status, b"")


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", "HTTP-response-incomplete"),
        (b"HTTP/1.1 200", "HTTP-response-incomplete"),
        (b"HTTP/1.1 100 \r\n\r\n", "HTTP-response-incomplete"),
        (HELLO + b"content-length: 5\r\n\r\nhell", "HTTP-response-incomplete"),
        (HELLO + b"transfer-encoding: chunked\r\n\r\n5\r\nhel", "HTTP-response-incomplete"),
        (HELLO + b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n", "HTTP-response-incomplete"),
        (HELLO + b"transfer-encoding: chunked\r\n\r\nxyz\r\n", "HTTP-protocol-error"),
        (HELLO + b"transfer-encoding: chunked\r\n\r\n-1\r\n", "HTTP-protocol-error"),
        (HELLO + b"transfer-encoding: chunked\r\n\r\n" + b"f" * 30 + b"\r\n", "HTTP-protocol-error"),
        (HELLO + b"transfer-encoding: gzip, chunked\r\n\r\n", "HTTP-protocol-error"),
        (HELLO + b"content-length: 5\r\ncontent-length: 6\r\n\r\nhello", "HTTP-protocol-error"),
        (HELLO + b"content-length: -5\r\n\r\nhello", "HTTP-protocol-error"),
        (HELLO + b"a\0b: c\r\n\r\n", "HTTP-protocol-error"),
        (HELLO + b"no colon\r\n\r\n", "HTTP-protocol-error"),
        (b"HTTP/1.1 101 \r\nupgrade: evil\r\n\r\n", "HTTP-protocol-error"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "HTTP-protocol-error"),
        (b"\x15\x03\x01\0\x02\x02\x16", "HTTP-protocol-error"),
        (HELLO + b"a: " + b"x" * 200_000, "HTTP-response-header-section-size"),
        (HELLO + b"a:\r\n" * 100_000 + b"\r\n", "HTTP-response-header-section-size"),
        (HELLO + b"a:\r\n" * 2000 + b"\r\n", "HTTP-response-header-section-size"),
        (
            HELLO + b"transfer-encoding: chunked\r\n\r\n0\r\n" + b"a:\r\n" * 100_000 + b"\r\n",
            "HTTP-response-trailer-section-size",
        ),
        (b"HTTP/1.1 100 \r\n\r\n" * (MAX_INFORMATIONAL + 1), "HTTP-protocol-error"),
    ],
)
def test_what_goes_wrong_is_named(data: bytes, kind: str) -> None:
    assert outcome(data) == kind


def test_length_and_chunks_are_chunks() -> None:
    both = HELLO + b"content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    assert answer(both) == (200, b"hello")


def test_a_byte_at_a_time_both_ways() -> None:
    data = b"HTTP/1.1 100 \r\n\r\n" + HELLO + b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nsum: 7\r\n\r\n"
    with Server() as server:
        exchange = send(server, method="POST", has_body=True)
        stream = exchange.body.stream()
        server.accept()
        for each in b"abc":
            wait(lambda each=each: stream.write([memoryview(bytes([each]))]))  # type: ignore[misc]
        exchange.body.finish(None)
        assert b"\r\n\r\n1\r\na" in server.take_head() + server.take_head()[:6]
        head = exchange.when_response()
        for each in data[:-1]:
            server.say(bytes([each]))
            head.ready()
        response = wait(exchange.response)
        assert read_some(response.body.stream(), 1) == b"h"
        assert not response.body.when_trailers().ready()
        with pytest.raises(WouldBlock):
            response.body.trailers()
        server.say(data[-1:])
        assert read_all(response.body.stream(), 1) == b"ello"
        assert wait(response.body.trailers) == [("sum", b"7")]


def test_what_comes_in_waits_for_the_program_in_bounded_memory() -> None:
    with Server() as server:
        exchange = send(server)
        server.take_head()
        assert server.connection is not None
        server.say(HELLO + b"\r\n")
        response = wait(exchange.response)
        with pytest.raises(TimeoutError):  # noqa: PT012
            while True:  # until nothing fits any more
                response.body.stream().when_readable().ready()
                server.connection.send(bytes(1 << 16))
        assert exchange.unread <= 4 * MAX_UNREAD
        # Nothing of the server's could move it now, so whoever waits for trailers does not turn in circles.
        assert not response.body.when_trailers().ready()
        assert not exchange.next_step().ready()


def test_many_small_chunks_cost_no_more_than_their_bytes() -> None:
    chunks = b"1\r\nx\r\n" * 50_000
    assert answer(HELLO + b"transfer-encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n") == (200, b"x" * 50_000)


def test_a_response_is_taken_once_and_closing_twice_closes_once() -> None:
    with Server() as server:
        exchange = send(server)
        server.take_head()
        server.say(HELLO + b"content-length: 5\r\n\r\nhe")
        response = wait(exchange.response)
        with pytest.raises(KernelError) as caught:
            exchange.response()
        assert caught.value.code is Code.INVALID_STATE
        exchange.close()
        exchange.close()
        server.say(b"llo")
        assert read_all(response.body.stream()) == b"hello"
        assert server.connection is not None
        response.body.close()
        response.body.close()
        assert server.connection.recv(1) == b""


def slow(options: RequestOptions, data: bytes, clock: VirtualClock) -> str:
    from remit.http.client import Client

    with Server() as server:
        client = Client(Names(), clock=clock)
        exchange = server.client = client.send(request(f"example.test:{server.port}"), options, has_body=False)
        if data:
            server.take_head()
            server.say(data)
        response: list[Response] = []

        def all_of_it() -> int:
            if not response:
                response.append(exchange.response())
            return response[0].body.stream().read([memoryview(bytearray(100))])

        if b"\r\n\r\n" in data:
            assert wait(all_of_it) == 1
        return failure(all_of_it)


@pytest.mark.parametrize("duration", [0, 5_000_000_000])
def test_timeouts(duration: int) -> None:
    assert slow(RequestOptions(first_byte=duration), b"", VirtualClock()) == "HTTP-response-timeout"
    assert slow(RequestOptions(between_bytes=duration), HELLO + b"\r\nx", VirtualClock()) == "connection-read-timeout"


def test_no_time_to_connect() -> None:
    assert slow(RequestOptions(connect=0), b"", VirtualClock()) == "connection-timeout"


def test_a_head_that_trickles_is_no_first_byte() -> None:
    assert slow(RequestOptions(first_byte=1000), b"HTTP/1.1 200 OK\r\nx", VirtualClock()) == "HTTP-response-timeout"


def test_the_longest_durations_are_no_error() -> None:
    longest = 2**64 - 1
    with Server() as server:
        exchange = send(server, options=RequestOptions(longest, longest, longest))
        server.take_head()
        server.say(HELLO + b"content-length: 1\r\n\r\nx")
        assert read_all(wait(exchange.response).body.stream()) == b"x"


def test_a_slow_program_is_no_slow_server() -> None:
    from remit.http.client import Client

    clock = VirtualClock()
    with Server() as server:
        options = RequestOptions(between_bytes=1000)
        client = Client(Names(), clock=clock)
        exchange = server.client = client.send(request(f"a.test:{server.port}"), options, has_body=False)
        server.take_head()
        server.say(HELLO + b"\r\n" + b"x" * 10)
        response = wait(exchange.response)
        assert read_some(response.body.stream()) == b"x" * 10
        server.say(b"y")
        clock.advance_to(10**12)
        assert read_some(response.body.stream()) == b"y"


async def answered(reactor: Reactor, ask: Callable[[], T]) -> T:
    while True:
        try:
            return ask()
        except WouldBlock as block:
            await reactor.wait_async(block.pollable)


def test_on_an_asyncio_loop() -> None:
    async def ask(server: Server) -> tuple[int, bytes]:
        reactor = Reactor()
        try:
            exchange = send(server)
            server.moves_client = False  # it goes on here, and not on the server's thread
            serving = asyncio.get_running_loop().run_in_executor(None, serve, server)
            response = await answered(reactor, exchange.response)
            stream, got, buffer = response.body.stream(), b"", bytearray(3)
            while count := await answered(reactor, lambda: stream.read([memoryview(buffer)])):
                got += buffer[:count]
            await serving
            return response.status, got
        finally:
            reactor.close()

    def serve(server: Server) -> None:
        server.take_head()
        server.say(HELLO + b"content-length: 10\r\n\r\nhello")
        server.say(b"world")

    with Server() as server:
        assert asyncio.run(ask(server)) == (200, b"helloworld")
