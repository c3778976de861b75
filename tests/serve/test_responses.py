"""What goes out: responses that are whole or visibly not, whatever a program does."""

from __future__ import annotations

import asyncio

import pytest

from remit.kernel.errors import WouldBlock
from remit.kernel.http import HttpError
from remit.serve.exchange import ServerExchange
from remit.serve.settings import ServerLimits
from serve_peer import CLOSE, GET, Client, answered, client, hello, run, serving, talk, write_all


def conversation(handler: object, request: bytes = CLOSE, *, failures: int = 0) -> bytes:
    found = []

    async def test() -> None:
        async with serving(handler, failures=failures) as server:  # type: ignore[arg-type]  # whatever a test has
            found.append(await talk(server, request))

    run(test())
    return found[0]


def test_a_response() -> None:
    head, _, body = conversation(hello).partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"HTTP/1.1 200 OK"
    assert {line.partition(b":")[0].lower() for line in lines[1:]} == {b"content-length", b"date", b"connection"}
    assert body == b"hello"


@pytest.mark.parametrize("method", [b"HEAD"])
def test_no_body_goes_out_where_there_can_be_none(method: bytes) -> None:
    head, _, body = conversation(hello, CLOSE.replace(b"GET", method)).partition(b"\r\n\r\n")
    assert b"content-length: 5" in head.lower()
    assert body == b""


@pytest.mark.parametrize("status", [204, 304])
def test_statuses_without_a_body(status: int) -> None:
    async def handler(exchange: ServerExchange) -> None:
        body = exchange.respond(status, [])
        await write_all(body.stream(), b"that nobody wants")
        body.finish(None)

    head, _, body = conversation(handler).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert body == b""


def test_old_clients_get_no_chunks() -> None:
    async def handler(exchange: ServerExchange) -> None:
        exchange.inform(103, [("link", b"x")])
        body = exchange.respond(200, [])
        await write_all(body.stream(), b"hello")
        body.finish(None)

    head, _, body = conversation(handler, b"GET / HTTP/1.0\r\n\r\n").partition(b"\r\n\r\n")
    assert b"chunked" not in head
    assert b"103" not in head
    assert body == b"hello"


def test_an_informational_response_comes_first() -> None:
    async def handler(exchange: ServerExchange) -> None:
        exchange.inform(103, [("link", b"</style.css>")])
        await hello(exchange)
        with pytest.raises(HttpError):
            exchange.inform(103, [])

    assert conversation(handler).startswith(b"HTTP/1.1 103 Early Hints\r\nlink: </style.css>\r\n\r\nHTTP/1.1 200 OK")


def test_an_answer_is_given_once() -> None:
    async def handler(exchange: ServerExchange) -> None:
        await hello(exchange)
        with pytest.raises(HttpError):
            exchange.respond(200, [])
        exchange.fail(HttpError("internal-error"))

    assert conversation(handler).endswith(b"\r\n\r\nhello")


@pytest.mark.parametrize("status", [100, 101, 199])
def test_statuses_that_are_none_of_a_response(status: int) -> None:
    async def handler(exchange: ServerExchange) -> None:
        exchange.respond(status, [])

    assert conversation(handler, failures=1).startswith(b"HTTP/1.1 500 ")


async def nothing(exchange: ServerExchange) -> None:
    pass


async def raises(exchange: ServerExchange) -> None:
    raise ValueError("on purpose")


@pytest.mark.parametrize(("handler", "failures"), [(nothing, 0), (raises, 1)])
def test_no_answer_at_all(handler: object, failures: int) -> None:
    assert conversation(handler, failures=failures).startswith(b"HTTP/1.1 500 Internal Server Error")


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("internal-error", 500),
        ("HTTP-request-denied", 403),
        ("DNS-error", 502),
        ("connection-timeout", 504),
        ("connection-limit-reached", 503),
    ],
)
def test_a_program_gives_an_error_in_place_of_a_response(kind: str, status: int) -> None:
    async def handler(exchange: ServerExchange) -> None:
        exchange.fail(HttpError(kind))

    assert conversation(handler).startswith(b"HTTP/1.1 %d " % status)


@pytest.mark.parametrize("how", ["short", "aborted", "raises", "left"])
def test_what_is_not_whole_does_not_look_so(how: str) -> None:
    async def handler(exchange: ServerExchange) -> None:
        body = exchange.respond(200, [("content-length", b"10")] if how == "short" else [])
        await write_all(body.stream(), b"hello")
        if how == "short":
            with pytest.raises(HttpError) as caught:
                body.finish(None)
            assert caught.value.kind == "HTTP-response-body-size"
        elif how == "aborted":
            body.abort()
        elif how == "raises":
            raise ValueError("on purpose")

    answer = conversation(handler, failures=how == "raises")
    assert answer.startswith(b"HTTP/1.1 200 OK") or answer == b""
    assert not answer.endswith(b"0\r\n\r\n")


def test_more_than_was_declared_is_not_sent() -> None:
    async def handler(exchange: ServerExchange) -> None:
        body = exchange.respond(200, [("content-length", b"2")])
        with pytest.raises(HttpError) as caught:
            await write_all(body.stream(), b"hello")
        assert caught.value.kind == "HTTP-response-body-size"

    assert not conversation(handler).endswith(b"hello")


@pytest.mark.parametrize("name", ["content-length", "transfer-encoding", "host", "connection"])
def test_trailers_that_are_none(name: str) -> None:
    async def handler(exchange: ServerExchange) -> None:
        body = exchange.respond(200, [])
        body.finish([(name, b"1")])

    assert not conversation(handler, failures=1).endswith(b"0\r\n\r\n")


@pytest.mark.parametrize("request_", [CLOSE, b"GET / HTTP/1.0\r\n\r\n"])
@pytest.mark.parametrize("fields", [[], [("content-length", b"5")]])
def test_trailers_that_have_no_place(request_: bytes, fields: list[tuple[str, bytes]]) -> None:
    async def handler(exchange: ServerExchange) -> None:
        body = exchange.respond(200, fields)
        await write_all(body.stream(), b"hello")
        body.finish([("x-sum", b"5")])

    answer = conversation(handler, request_)
    if fields or b"1.0" in request_:
        assert answer.endswith(b"\r\n\r\nhello")
    else:
        assert answer.endswith(b"5\r\nhello\r\n0\r\nx-sum: 5\r\n\r\n")


def test_a_client_that_takes_nothing_makes_the_program_wait_in_bounded_memory() -> None:
    taken = 0

    async def handler(exchange: ServerExchange) -> None:
        nonlocal taken
        out = exchange.respond(200, []).stream()
        piece = memoryview(bytes(65536))
        while True:
            taken += await answered(lambda: out.write([piece]))

    async def test() -> None:
        # What the host's sockets keep, a few megabytes, is not the server's.
        async with serving(handler, ServerLimits(write_stall=0.5)) as server, client(server) as peer:
            await peer.send(GET)
            while server.metrics.lateness != {"write": 1}:
                await asyncio.sleep(0.05)

    run(test())
    assert taken < 16 << 20


def test_a_response_that_goes_on_while_the_client_takes_it() -> None:
    size = 5_000_000

    async def handler(exchange: ServerExchange) -> None:
        body = exchange.respond(200, [("content-length", b"%d" % size)])
        await write_all(body.stream(), bytes(size))
        body.finish(None)

    assert len(conversation(handler).partition(b"\r\n\r\n")[2]) == size


def test_a_body_that_nobody_reads_makes_the_client_wait_in_bounded_memory() -> None:
    held = 0

    async def handler(exchange: ServerExchange) -> None:
        nonlocal held
        exchange.body.when_readable()
        for _ in range(20):
            await asyncio.sleep(0.01)
            held = max(held, exchange.body.unread)
        await hello(exchange)

    async def send(peer: Client) -> None:
        try:
            while True:
                await peer.send(bytes(65536))
        except (ConnectionError, asyncio.CancelledError):
            return

    async def test() -> None:
        async with serving(handler) as server, client(server) as peer:
            await peer.send(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 60000000\r\n\r\n")
            sender = asyncio.create_task(send(peer))
            assert (await peer.head()).startswith(b"HTTP/1.1 200 ")
            sender.cancel()
            await sender

    run(test())
    assert 0 < held < 1 << 20


def test_a_client_that_goes_ends_its_program() -> None:
    ended = asyncio.Event()

    async def handler(exchange: ServerExchange) -> None:
        out = exchange.respond(200, []).stream()
        try:
            while True:
                await answered(lambda: out.write([memoryview(b"more")]))
                await asyncio.sleep(0.001)
        except (asyncio.CancelledError, HttpError, WouldBlock):
            ended.set()
            raise

    async def test() -> None:
        async with serving(handler) as server:
            async with client(server) as peer:
                await peer.send(GET)
                await peer.head()
            await ended.wait()
            assert (await talk(server, b"nonsense\r\n\r\n")).startswith(b"HTTP/1.1 400")

    run(test())


def test_a_client_that_has_said_all_may_still_listen() -> None:
    async def test() -> None:
        async with serving(hello) as server, client(server) as peer:
            await peer.send(GET)
            peer.writer.write_eof()
            assert (await peer.rest()).endswith(b"hello")

    run(test())
