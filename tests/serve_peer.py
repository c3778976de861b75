"""A server on the loopback network with a handler of the test's, and clients that send whatever a test wants."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from remit.kernel.errors import WouldBlock
from remit.kernel.files import File
from remit.kernel.reactor import Reactor
from remit.serve.exchange import ServerExchange
from remit.serve.server import Server
from remit.serve.settings import ServerLimits

if TYPE_CHECKING:
    from remit.serve.server import Handler

GET = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"
CLOSE = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"


def run(test: Coroutine[Any, Any, None]) -> None:
    """A test on a loop of its own, which must come to an end."""

    async def limited() -> None:
        async with asyncio.timeout(20):
            await test

    asyncio.run(limited())


@asynccontextmanager
async def serving(handler: Handler, limits: ServerLimits | None = None, *, failures: int = 0) -> AsyncIterator[Server]:
    """A server; at the end of the test it is shut down. So many of its `failures` are expected, and no others."""
    errors: list[BaseException] = []
    server = Server(handler, limits=limits, on_error=lambda _, error: errors.append(error))
    server.listen(socket.create_server(("127.0.0.1", 0)))
    try:
        yield server
    finally:
        await server.shut_down()
    assert len(errors) == failures, errors


class Client:
    """A connection to the server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def head(self) -> bytes:
        return await self.reader.readuntil(b"\r\n\r\n")

    async def rest(self) -> bytes:
        """All that comes until the server hangs up; one that cuts the connection ends it, too."""
        got = b""
        try:
            while part := await self.reader.read(65536):
                got += part
        except ConnectionResetError:
            pass
        return got

    async def response(self) -> tuple[int, bytes]:
        """Status and body of a response that declares its length."""
        head = await self.head()
        length = 0
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return int(head.split()[1]), await self.reader.readexactly(length)


@asynccontextmanager
async def client(server: Server) -> AsyncIterator[Client]:
    host, _, port = server.addresses[0].rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=1 << 20)
    try:
        yield Client(reader, writer)
    finally:
        writer.transport.abort()


async def talk(server: Server, data: bytes) -> bytes:
    """What the server says to `data` until it hangs up."""
    async with client(server) as peer:
        await peer.send(data)
        return await peer.rest()


async def answered(ask: Callable[[], Any]) -> Any:
    """What `ask` says once it does not want to wait any more."""
    reactor = Reactor()
    try:
        while True:
            try:
                return ask()
            except WouldBlock as block:
                await reactor.wait_async(block.pollable)
    finally:
        reactor.close()


async def read_all(stream: File, size: int = 65536) -> bytes:
    got, buffer = b"", bytearray(size)
    while count := await answered(lambda: stream.read([memoryview(buffer)])):
        got += buffer[:count]
    return got


async def write_all(stream: File, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[await answered(partial(stream.write, [view])) :]


async def hello(exchange: ServerExchange) -> None:
    """A handler that says hello."""
    body = exchange.respond(200, [("content-length", b"5")])
    await write_all(body.stream(), b"hello")
    body.finish(None)


async def echo(exchange: ServerExchange) -> None:
    """A handler that says what it is told, piece by piece, trailers included."""
    request = exchange.request
    line = f"{request.method} {request.authority} {request.path}\n".encode()
    fields = b"".join(b"%s: %s\n" % (name.encode(), value) for name, value in request.fields)
    body = exchange.respond(200, [])
    out = body.stream()
    await write_all(out, line + fields + b"\n")
    await write_all(out, await read_all(exchange.body.stream()))
    body.finish(await answered(exchange.body.trailers))
