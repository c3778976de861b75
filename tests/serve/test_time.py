"""Time, and the end: clients and programs that are slow, many, or still there when the server is to stop."""

from __future__ import annotations

import asyncio
import socket
from contextlib import AsyncExitStack

import pytest

from remit.serve.exchange import ServerExchange
from remit.serve.server import Server
from remit.serve.settings import ServerLimits
from serve_peer import CLOSE, GET, client, echo, hello, run, serving, talk, write_all

SHORT = 0.3


async def late(server: Server, what: str) -> None:
    while what not in server.metrics.lateness:
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("start", [b"G", b"GET / HTTP/1.1\r\nhost: a\r\nx: "])
def test_a_head_that_trickles(start: bytes) -> None:
    async def test() -> None:
        async with serving(hello, ServerLimits(head_time=SHORT)) as server, client(server) as peer:
            await peer.send(start)
            while "head" not in server.metrics.lateness:
                await peer.send(b"a")  # a byte at a time does not make it younger
                await asyncio.sleep(0.02)
            assert (await peer.rest()).startswith(b"HTTP/1.1 408 ")

    run(test())


def test_the_second_head_trickles() -> None:
    async def test() -> None:
        async with serving(hello, ServerLimits(head_time=SHORT)) as server, client(server) as peer:
            await peer.send(GET + b"GET / HT")
            assert await peer.response() == (200, b"hello")
            assert (await peer.rest()).startswith(b"HTTP/1.1 408 ")

    run(test())


def test_idle_connections_are_closed() -> None:
    async def test() -> None:
        async with serving(hello, ServerLimits(keep_alive=SHORT)) as server, client(server) as peer:
            await peer.send(GET)
            assert await peer.response() == (200, b"hello")
            assert await peer.rest() == b""
            assert server.metrics.lateness == {"idle": 1}

    run(test())


def test_a_body_that_stalls() -> None:
    async def test() -> None:
        async with serving(echo, ServerLimits(body_idle=SHORT)) as server:
            answer = await talk(server, b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nab")
            assert server.metrics.lateness == {"body": 1}
            assert not answer.endswith(b"0\r\n\r\n")  # the echo had begun

    run(test())


async def never(exchange: ServerExchange) -> None:
    await asyncio.Event().wait()


async def half(exchange: ServerExchange) -> None:
    await write_all(exchange.respond(200, []).stream(), b"half")
    await asyncio.Event().wait()


def test_programs_that_never_answer() -> None:
    async def test() -> None:
        async with serving(never, ServerLimits(request_time=SHORT)) as server:
            assert (await talk(server, GET)).startswith(b"HTTP/1.1 504 Gateway Timeout")

    run(test())


def test_programs_that_never_end_their_answer() -> None:
    async def test() -> None:
        async with serving(half, ServerLimits(request_time=SHORT)) as server:
            answer = await talk(server, GET)
            assert answer.startswith(b"HTTP/1.1 200 ")
            assert b"half" in answer
            assert not answer.endswith(b"0\r\n\r\n")

    run(test())


def test_connections_beyond_the_limit_wait_their_turn() -> None:
    async def test() -> None:
        async with serving(hello, ServerLimits(connections=2)) as server:
            async with client(server) as one, client(server) as two:
                for peer in (one, two):
                    await peer.send(GET)
                    assert await peer.response() == (200, b"hello")
                third = asyncio.create_task(talk(server, CLOSE))
                await asyncio.sleep(0.1)
                assert not third.done()
                assert server.metrics.connections == 2
            assert (await third).endswith(b"hello")

    run(test())


def test_hundreds_of_idle_connections_leave_others_alone() -> None:
    async def test() -> None:
        async with serving(hello, ServerLimits(connections=400)) as server, AsyncExitStack() as idle:
            for _ in range(200):
                await idle.enter_async_context(client(server))
            assert (await talk(server, CLOSE)).endswith(b"hello")

    run(test())


def test_at_the_end_requests_under_way_are_answered() -> None:
    async def test() -> None:
        release = asyncio.Event()

        async def handler(exchange: ServerExchange) -> None:
            await release.wait()
            await hello(exchange)

        server = Server(handler)
        server.listen(socket.create_server(("127.0.0.1", 0)))
        async with client(server) as busy, client(server) as idle, client(server) as coming:
            await busy.send(GET)
            await coming.send(GET[:10])
            while not server.metrics.begun:
                await asyncio.sleep(0.01)
            ending = asyncio.create_task(server.shut_down())
            await asyncio.sleep(0.1)
            assert await idle.rest() == b""
            await coming.send(GET[10:])
            release.set()
            for peer in (busy, coming):
                answer = await peer.rest()
                assert answer.startswith(b"HTTP/1.1 200 ")
                assert answer.endswith(b"hello")
                assert b"connection: close" in answer.lower()
            assert await ending

    run(test())


def test_connections_that_the_host_took_already_are_answered() -> None:
    async def test() -> None:
        server = Server(hello)
        listener = socket.create_server(("127.0.0.1", 0))
        server.listen(listener)
        address = listener.getsockname()
        # They connect and ask, and the loop has had no turn since.
        sockets = [socket.create_connection(address) for _ in range(100)]
        for each in sockets:
            each.sendall(CLOSE)
        assert await server.shut_down()
        for each in sockets:
            with each:
                assert each.recv(1000).startswith(b"HTTP/1.1 200 OK")

    run(test())


def test_the_end_comes_after_the_grace_period() -> None:
    async def test() -> None:
        server = Server(never, limits=ServerLimits(grace=SHORT))
        server.listen(socket.create_server(("127.0.0.1", 0)))
        async with client(server) as peer:
            await peer.send(GET)
            while not server.metrics.begun:
                await asyncio.sleep(0.01)
            assert not await server.shut_down()
            await peer.rest()
        assert server.metrics.cancelled == 1

    run(test())


@pytest.mark.parametrize("name", ["connections", "head_bytes", "head_time", "request_time", "grace", "keep_alive"])
@pytest.mark.parametrize("value", [0, -1, True, "5", None, float("nan")])
def test_limits_that_are_none(name: str, value: object) -> None:
    with pytest.raises((TypeError, ValueError), match=name):
        ServerLimits(**{name: value})  # type: ignore[arg-type]  # that is the test


def test_as_many_connections_as_may_be_there_are_served() -> None:
    """Also if they all come at once."""

    async def test() -> None:
        limit = 200
        async with serving(hello, ServerLimits(connections=limit)) as server, AsyncExitStack() as stack:
            peers = await asyncio.gather(*[stack.enter_async_context(client(server)) for _ in range(limit)])
            for peer in peers:
                await peer.send(GET)
            async with asyncio.timeout(20):
                answers = [await peer.response() for peer in peers]
            assert answers == [(200, b"hello")] * limit

    run(test())
