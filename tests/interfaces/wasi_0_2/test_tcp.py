"""``wasi:sockets/tcp``: what a pollable says, whenever it was made."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from interfaces.wasi_0_2.world import Label, World
from remit.component.values.results import Err, Ok
from remit.engine.api import Pending
from remit.policy.build import open_ambient_network

TCP = "[method]tcp-socket."


class Address:
    """An ``ipv4-socket-address``."""

    def __init__(self, port: int) -> None:
        self.address = (127, 0, 0, 1)
        self.port = port


@pytest.fixture
def world() -> Iterator[World]:
    with World(network=open_ambient_network(everything=True)) as made:
        yield made


def made_with_pollable(world: World) -> tuple[Any, Any]:
    made = world.ok("sockets/tcp-create-socket", "create-tcp-socket", Label("ipv4"))
    return made, world.call("sockets/tcp", f"{TCP}subscribe", made)


def start(world: World, operation: str, made: Any, *arguments: Any) -> None:
    world.ok("sockets/tcp", f"{TCP}start-{operation}", made, *arguments)


def test_one_pollable_for_a_socket_that_listens(world: World) -> None:
    network = world.call("sockets/instance-network", "instance-network")
    made, pollable = made_with_pollable(world)
    assert pollable.ready()
    start(world, "bind", made, network, Label("ipv4", Address(0)))
    world.ok("sockets/tcp", f"{TCP}finish-bind", made)
    start(world, "listen", made)
    world.ok("sockets/tcp", f"{TCP}finish-listen", made)
    port = world.ok("sockets/tcp", f"{TCP}local-address", made).value.port
    for _ in range(2):
        assert world.call("sockets/tcp", f"{TCP}accept", made) == Err("would-block")
        pending = world.call("io/poll", "[method]pollable.block", pollable)
        assert isinstance(pending, Pending), "nobody has come, so it waits"
        with socket.create_connection(("127.0.0.1", port)) as client:
            world.finished(pending)
            connection, incoming, outgoing = world.ok("sockets/tcp", f"{TCP}accept", made)
            client.sendall(b"hello")
            assert world.ok("io/streams", "[method]input-stream.blocking-read", incoming, 5) == b"hello"
            world.ok("io/streams", "[method]output-stream.blocking-write-and-flush", outgoing, b"there")
            assert client.recv(5) == b"there"
        for each in (connection, incoming, outgoing):
            each.drop()


def test_one_pollable_for_a_socket_that_connects(world: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        network = world.call("sockets/instance-network", "instance-network")
        made, pollable = made_with_pollable(world)
        start(world, "connect", made, network, Label("ipv4", Address(server.getsockname()[1])))
        assert world.finished(world.call("io/poll", "[method]pollable.block", pollable)) is None
        assert isinstance(world.call("sockets/tcp", f"{TCP}finish-connect", made), Ok)
        made.drop()
        assert pollable.ready(), "it outlives the socket, and keeps it open"
        pollable.drop()
