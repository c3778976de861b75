"""A server that tests play by hand, on the loopback network, and a client that is asked what it can say by now."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Sequence
from functools import partial
from types import TracebackType
from typing import TypeVar

from remit.http.client import Client
from remit.http.exchange import ClientExchange
from remit.kernel.errors import WouldBlock
from remit.kernel.files import File
from remit.kernel.http import HttpError, Request, RequestOptions
from remit.kernel.network import Network, Resolution, TcpSocket
from remit.kernel.reactor import Reactor
from remit.network.host_network import HostNetwork

T = TypeVar("T")


class Found(Resolution):
    """A look-up that is done."""

    def __init__(self, found: Sequence[bytes]) -> None:
        self._found = found

    def addresses(self) -> Sequence[bytes]:
        return self._found


class Names(Network):
    """Every name stands for the same addresses; connections are the host's, to 127.0.0.0/8 only."""

    def __init__(self, *addresses: str) -> None:
        self._found = [socket.inet_aton(each) for each in addresses or ["127.0.0.1"]]
        self._host = HostNetwork(["127.0.0.0/8"])
        self.asked: list[str] = []

    def tcp_socket(self, family: int) -> TcpSocket:
        return self._host.tcp_socket(family)

    def resolve(self, name: str) -> Resolution:
        self.asked.append(name)
        return Found(self._found)


class Server:
    """Listens; takes one connection at a time, and says what a test wants it to."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.01)
        self.client: ClientExchange | None = None
        """Closed at the end."""
        self.moves_client = True
        """A client takes no steps by itself: it is moved while nothing has come."""
        self.port = self._listener.getsockname()[1]
        self.connection: socket.socket | None = None

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hang_up()
        self._listener.close()
        if self.client is not None:
            self.client.abandon()

    def accept(self) -> socket.socket:
        self.connection, _ = self._meanwhile(self._listener.accept)
        self.connection.settimeout(0.01)
        return self.connection

    def take_head(self) -> bytes:
        """The request up to its blank line; what follows stays where it is."""
        connection = self.connection or self.accept()
        got = b""
        while not got.endswith(b"\r\n\r\n"):
            more = self._meanwhile(lambda: connection.recv(1))
            assert more, got
            got += more
        return got

    def _meanwhile(self, ask: Callable[[], T]) -> T:
        """What `ask` says, while the client goes on."""
        for _ in range(1000):
            if self.client is not None and self.moves_client:
                self.client.when_response().ready()
            try:
                return ask()
            except TimeoutError:
                continue
        raise AssertionError("nothing happened")

    def say(self, data: bytes) -> None:
        """All of it; the client takes what does not fit."""
        assert self.connection is not None
        connection = self.connection
        while data:
            data = data[self._meanwhile(partial(connection.send, data)) :]

    def hang_up(self) -> None:
        if self.connection is not None:
            self.connection.close()


def request(authority: str, *, method: str = "GET", path: str = "/", scheme: str = "http", **fields: str) -> Request:
    named = [(name.replace("_", "-"), value.encode()) for name, value in fields.items()]
    return Request(method, scheme, authority, path, named)


def send(
    server: Server,
    *,
    method: str = "GET",
    options: RequestOptions | None = None,
    has_body: bool = False,
    network: Network | None = None,
    authority: str = "",
    **fields: str,
) -> ClientExchange:
    """To a server, by a client of its own."""
    wanted = request(authority or f"example.test:{server.port}", method=method, **fields)
    server.client = Client(network or Names()).send(wanted, options or RequestOptions(), has_body=has_body)
    return server.client


def wait(ask: Callable[[], T]) -> T:
    """What `ask` says once it does not want to wait any more."""

    until = time.monotonic() + 20

    def give_up() -> None:
        if time.monotonic() > until:
            raise AssertionError("nothing happened")

    reactor = Reactor(give_up)
    reactor.deadline = until
    try:
        while True:
            try:
                return ask()
            except WouldBlock as block:
                reactor.wait(block.pollable)
    finally:
        reactor.close()


def read_some(stream: File, size: int = 65536) -> bytes:
    buffer = bytearray(size)
    return bytes(buffer[: wait(lambda: stream.read([memoryview(buffer)]))])


def read_all(stream: File, size: int = 65536) -> bytes:
    got = b""
    while part := read_some(stream, size):
        got += part
    return got


def write_all(stream: File, data: bytes) -> None:
    while data:
        rest = memoryview(data)
        data = data[wait(partial(stream.write, [rest])) :]


def failure(ask: Callable[[], object]) -> str:
    """The kind of HttpError that it ends with."""
    try:
        said = wait(ask)
    except HttpError as error:
        return error.kind
    raise AssertionError(f"no error, but {said!r}")
