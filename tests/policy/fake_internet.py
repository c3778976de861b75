"""An internet that is played: names and what they stand for, peers that answer, and a journal of what went out.

The network is the real one of the host, with its rules; what is played is the host's sockets and its resolver.
"""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

from remit.http.client import Client
from remit.kernel.errors import KernelError, WouldBlock
from remit.kernel.http import HttpError, Request, RequestOptions
from remit.kernel.network import Network, SocketAddress
from remit.network import host_network
from remit.network.addresses import parse_ip, text_of

NAMES = {
    "a.test": ["1.1.1.1", "2606:4700::1111"],
    "b.a.test": ["1.1.1.1", "10.0.0.1"],
    "c.test": ["10.0.0.1"],
    "localhost": ["127.0.0.1", "::1"],
}
PUBLIC = ("1.1.1.1", "8.8.8.8", "2606:4700::1111")
ADDRESSES = (*PUBLIC, "10.0.0.1", "10.0.0.2", "127.0.0.1", "::1")
REFUSING_PORT = 9
PORTS = (REFUSING_PORT, 80, 443)

Step = tuple[Any, ...]


class Internet:
    """Everything that one program meets."""

    def __init__(self) -> None:
        self.journal: list[object] = []
        self.inbox: list[tuple[str, int]] = []
        """Who sends a datagram next."""

    @contextlib.contextmanager
    def played(self) -> Iterator[None]:
        def new_socket(family: int, kind: int, protocol: int, options: object = ()) -> _Socket:
            return _Socket(self, kind, family)

        with (
            mock.patch.object(host_network, "new_socket", new_socket),
            mock.patch.object(host_network, "LOOK_UPS", _LookUps(self)),
        ):
            yield


class _LookUps:
    """At once, and on this thread."""

    def __init__(self, world: Internet) -> None:
        self._world = world

    def begin(self, look_up: Any) -> None:
        self._world.journal.append(("looked up", look_up.name))
        with mock.patch.object(socket, "getaddrinfo", _getaddrinfo):
            look_up.run()


def _getaddrinfo(name: str, port: object, **_: Any) -> list[Any]:
    if name not in NAMES:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return [(socket.AF_INET6 if ":" in ip else socket.AF_INET, 1, 6, "", (ip, 0)) for ip in NAMES[name]]


class _Socket:
    """What is asked of a socket of the host's."""

    def __init__(self, world: Internet, kind: int, family: int) -> None:
        self.type = kind
        self._world = world
        self._family = family
        self._name: tuple[Any, ...] = ("0.0.0.0", 0) if family == 4 else ("::", 0, 0, 0)

    def setblocking(self, flag: bool) -> None:
        assert not flag

    def fileno(self) -> int:
        return 0

    def getsockopt(self, level: int, number: int) -> int:
        return 0

    def getsockname(self) -> tuple[Any, ...]:
        return self._name

    def bind(self, name: tuple[Any, ...]) -> None:
        self._world.journal.append(("bound", name))
        self._name = (name[0], name[1] or 50000, *name[2:])

    def listen(self, backlog: int) -> None:
        self._world.journal.append("listens")

    def connect(self, name: tuple[Any, ...]) -> None:
        self._world.journal.append(("connected", name))
        if name[1] == REFUSING_PORT:
            raise ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")

    def sendto(self, data: bytes, flags: int, name: tuple[Any, ...]) -> None:
        self._world.journal.append(("sent", name))

    def recvfrom(self, limit: int) -> tuple[bytes, tuple[Any, ...]]:
        if not self._world.inbox:
            raise BlockingIOError
        ip, port = self._world.inbox.pop()
        return b"hello", (ip, port) if ":" not in ip else (ip, port, 0, 0)

    def sendmsg(self, buffers: list[memoryview], *_: object) -> int:
        data = b"".join(buffers)
        self._world.journal.append(("said", data))
        return len(data)

    def recvmsg_into(self, buffers: list[memoryview], *_: object) -> Any:
        raise BlockingIOError

    def close(self) -> None:
        return


def address(ip: str, port: int) -> SocketAddress:
    found = parse_ip(ip)
    assert found is not None
    return SocketAddress(found, port)


def perform(world: Internet, network: Network, client: Client | None, step: Step) -> object:
    """The outcome of one thing that a program does."""
    try:
        return _VERBS[step[0]](world, network, client, *step[1:])
    except HttpError as error:
        return error.kind
    except KernelError as error:
        return error.code
    except WouldBlock:
        return "nothing came"


def _resolve(world: Internet, network: Network, client: Client | None, name: str) -> object:
    return [text_of(ip) for ip in network.resolve(name).addresses()]


def _connect(world: Internet, network: Network, client: Client | None, ip: str, port: int) -> object:
    there = address(ip, port)
    network.tcp_socket(there.family).connect(there)
    return "connected"


def _reach(world: Internet, network: Network, client: Client | None, name: str, port: int) -> object:
    """As most programs do: look it up, and try what it stands for."""
    found = network.resolve(name).addresses()
    outcomes: list[object] = [[text_of(ip) for ip in found]]
    for ip in found:
        outcomes.append(perform(world, network, client, ("connect", text_of(ip), port)))
        if outcomes[-1] == "connected":
            break
    return outcomes


def _send(world: Internet, network: Network, client: Client | None, ip: str, port: int) -> object:
    there = address(ip, port)
    own = network.udp_socket(there.family)
    own.send_to(b"x", there)
    own.send_to(b"x", there)
    return "sent"


def _hear(world: Internet, network: Network, client: Client | None, ip: str, port: int, at: int) -> object:
    there = address(ip, port)
    own = network.udp_socket(there.family)
    own.bind(SocketAddress(bytes(len(there.ip)), at))
    world.inbox = [(ip, port)]
    return own.receive_from(10)


def _meet(world: Internet, network: Network, client: Client | None, ip: str, port: int) -> object:
    there = address(ip, port)
    network.udp_socket(there.family).connect(there)
    return "met"


def _listen(world: Internet, network: Network, client: Client | None, ip: str, port: int) -> object:
    there = address(ip, port)
    own = network.tcp_socket(there.family)
    own.bind(there)
    own.listen(1)
    return "listens"


def _request(
    world: Internet, network: Network, client: Client | None, method: str, authority: str, path: str
) -> object:
    if client is None:
        return "HTTP-request-denied"
    exchange = client.send(Request(method, "http", authority, path, ()), RequestOptions(), has_body=False)
    exchange.when_response().ready()
    exchange.check()
    return "asked"


_VERBS: dict[str, Callable[..., object]] = {
    "resolve": _resolve,
    "connect": _connect,
    "reach": _reach,
    "send": _send,
    "hear": _hear,
    "meet": _meet,
    "listen": _listen,
    "request": _request,
}
