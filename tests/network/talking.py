"""What tests of sockets do: connect, wait, and see how something fails."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest

from remit.kernel.errors import Code, KernelError, WouldBlock
from remit.kernel.network import SocketAddress
from remit.kernel.reactor import Reactor

LOOPBACK = b"\x7f\0\0\1"
ANY = bytes(4)


def at(port: int, ip: bytes = LOOPBACK) -> SocketAddress:
    return SocketAddress(ip, port)


def until(reactor: Reactor, function: Any, *arguments: Any) -> Any:
    """Its result, when it has one."""
    while True:
        try:
            return function(*arguments)
        except WouldBlock as blocked:
            reactor.wait(blocked.pollable)


def code_of(function: Callable[..., object], *arguments: Any) -> Code:
    """How it fails."""
    with pytest.raises(KernelError) as caught:
        function(*arguments)
    return caught.value.code


def connected(reactor: Reactor, client: Any, address: SocketAddress) -> None:
    """Connect, and wait for that."""
    try:
        client.connect(address)
    except WouldBlock:
        until(reactor, client.connect, None)


def free_port() -> int:
    """One that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])
