"""Sockets of the host, and listeners made for a program."""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Iterator

import pytest

from remit.kernel.errors import Code, KernelError, WouldBlock
from remit.kernel.files import FileType
from remit.kernel.reactor import Reactor
from remit.kernel.sockets import Socket
from remit.network.host import HostSocket, open_ambient_listener


@pytest.fixture
def listener() -> Iterator[HostSocket]:
    listener = open_ambient_listener("127.0.0.1:0")
    yield listener
    listener.close()


@pytest.fixture
def pair() -> Iterator[tuple[HostSocket, socket.socket]]:
    """A connected stream: ours, and the other side."""
    ours, theirs = socket.socketpair()
    stream = HostSocket(ours)
    yield stream, theirs
    stream.close()
    theirs.close()


def connect(listener: HostSocket) -> socket.socket:
    host, _, port = listener.address.rpartition(":")
    return socket.create_connection((host, int(port)))


def take(stream: Socket, *sizes: int, peek: bool = False) -> tuple[bytes, bool]:
    buffers = [bytearray(size) for size in sizes]
    count, cut = stream.receive([memoryview(buffer) for buffer in buffers], peek=peek)
    return b"".join(buffers)[:count], cut


def put(stream: Socket, *pieces: bytes) -> int:
    return stream.send([memoryview(piece) for piece in pieces])


def code_of(error: pytest.ExceptionInfo[KernelError]) -> Code:
    return error.value.code


def test_a_listener_accepts_connections_one_by_one(listener: HostSocket, reactor: Reactor) -> None:
    assert listener.listening
    assert not listener.datagram
    with pytest.raises(WouldBlock) as caught:
        listener.accept()
    assert not caught.value.pollable.ready()
    with connect(listener) as first, connect(listener) as second:
        for client in (first, second):
            reactor.wait(listener.when_readable())
            connection = listener.accept()
            assert not connection.listening
            client.sendall(b"hello")
            reactor.wait(connection.when_readable())
            assert take(connection, 9) == (b"hello", False)
            assert put(connection, b"he", b"", b"re") == 4
            assert client.recv(9) == b"here"
            connection.close()
            assert client.recv(9) == b""
    with pytest.raises(WouldBlock):
        listener.accept()


def test_only_a_listener_accepts(pair: tuple[HostSocket, socket.socket]) -> None:
    with pytest.raises(KernelError) as caught:
        pair[0].accept()
    assert code_of(caught) is Code.INVALID


def test_a_listener_does_nothing_else(listener: HostSocket) -> None:
    with pytest.raises(KernelError) as caught:
        take(listener, 1)
    assert code_of(caught) is Code.NOT_CONNECTED
    with pytest.raises(KernelError) as caught:
        put(listener, b"x")
    assert code_of(caught) in (Code.NOT_CONNECTED, Code.PIPE)


def test_receiving_and_peeking(pair: tuple[HostSocket, socket.socket]) -> None:
    stream, other = pair
    with pytest.raises(WouldBlock) as caught:
        take(stream, 5)
    assert not stream.when_readable().ready()
    other.sendall(b"abcdef")
    assert caught.value.pollable.ready()
    assert take(stream, 2, 0, 2, peek=True) == (b"abcd", False)
    assert take(stream, 2, 0, 2) == (b"abcd", False)
    buffer = bytearray(9)
    assert stream.read([memoryview(buffer)]) == 2
    assert buffer[:2] == b"ef"
    other.close()
    assert take(stream, 5) == (b"", False)
    assert take(stream, 5) == (b"", False)


def test_sending_until_it_is_full_and_then_to_nobody(pair: tuple[HostSocket, socket.socket]) -> None:
    stream, other = pair
    done, block = 0, None
    while block is None:
        try:
            done += stream.write([memoryview(bytes(100_000))])
        except WouldBlock as caught:
            block = caught
    assert not block.pollable.ready()
    while done:
        done -= len(other.recv(done))
    assert block.pollable.ready()
    assert put(stream, b"x") == 1
    other.close()
    with pytest.raises(KernelError) as error:
        put(stream, b"x")
    assert code_of(error) in (Code.PIPE, Code.CONNECTION_RESET)


def test_a_connection_that_the_other_side_resets(listener: HostSocket, reactor: Reactor) -> None:
    client = connect(listener)
    reactor.wait(listener.when_readable())
    connection = listener.accept()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    reactor.wait(connection.when_readable())
    with pytest.raises(KernelError) as caught:
        take(connection, 1)
    assert code_of(caught) is Code.CONNECTION_RESET
    connection.close()


@pytest.mark.parametrize(("receive", "send"), [(True, False), (False, True), (True, True)])
def test_shutting_down(pair: tuple[HostSocket, socket.socket], receive: bool, send: bool) -> None:
    stream, other = pair
    stream.shutdown(receive=receive, send=send)
    if send:
        assert other.recv(1) == b""
        with pytest.raises(KernelError) as caught:
            put(stream, b"x")
        assert code_of(caught) is Code.PIPE
    if receive:
        assert take(stream, 1) == (b"", False)
    else:
        other.sendall(b"still")
        assert take(stream, 9) == (b"still", False)


def test_shutting_down_what_cannot_be(pair: tuple[HostSocket, socket.socket], listener: HostSocket) -> None:
    with pytest.raises(KernelError) as caught:
        pair[0].shutdown(receive=False, send=False)
    assert code_of(caught) is Code.INVALID
    unconnected = HostSocket(socket.socket())
    with pytest.raises(KernelError) as caught:
        unconnected.shutdown(receive=True, send=True)
    assert code_of(caught) is Code.NOT_CONNECTED
    unconnected.close()


def test_a_datagram_keeps_its_boundaries_and_tells_when_it_was_cut() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with theirs:
        stream = HostSocket(ours)
        assert stream.datagram
        assert not stream.listening
        theirs.send(b"first")
        theirs.send(b"second")
        assert take(stream, 3, 1) == (b"firs", True)
        assert take(stream, 3, 9) == (b"second", False)
        assert put(stream, b"a", b"b") == 2
        assert theirs.recv(9) == b"ab"
        stream.close()


def test_on_a_host_without_scattered_calls() -> None:
    class Plain:
        """A socket as Windows has it."""

        def __init__(self, inner: socket.socket) -> None:
            for name in ("setblocking", "type", "getsockopt", "fileno", "recv", "send", "close"):
                setattr(self, name, getattr(inner, name))

    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        ours, theirs = socket.socketpair(socket.AF_UNIX, kind)
        with ours, theirs:
            stream = HostSocket(Plain(ours))  # type: ignore[arg-type] # it has what is used
            with pytest.raises(WouldBlock):
                take(stream, 1)
            theirs.send(b"abcdef")
            assert take(stream, 0, 2, 3, peek=True)[0] == (b"ab" if kind is socket.SOCK_STREAM else b"abcde")
            assert take(stream, 0, 2, 9)[0] == (b"ab" if kind is socket.SOCK_STREAM else b"abcdef")
            assert put(stream, b"", b"cd", b"ef") == (2 if kind is socket.SOCK_STREAM else 4)


def test_a_socket_is_told_as_one_and_closed_once(listener: HostSocket) -> None:
    assert listener.stat().type is FileType.SOCKET
    assert not listener.seekable
    assert listener.host_descriptor() is None
    listener.close()
    listener.close()
    with pytest.raises(KernelError) as caught:
        listener.accept()
    assert code_of(caught) is Code.BAD_DESCRIPTOR


def test_the_address_can_be_connected_to(listener: HostSocket) -> None:
    host, _, port = listener.address.rpartition(":")
    assert host == "127.0.0.1"
    assert 0 < int(port) < 65536


def test_an_ipv6_listener() -> None:
    try:
        listener = open_ambient_listener("[::1]:0")
    except OSError as error:
        pytest.skip(f"this host has no IPv6: {error}")
    assert listener.address.startswith("[::1]:")
    listener.close()


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("", "write HOST:PORT"),
        ("127.0.0.1", "write HOST:PORT"),
        (":80", "write HOST:PORT"),
        ("127.0.0.1:", "write HOST:PORT"),
        ("127.0.0.1:http", "write HOST:PORT"),
        ("127.0.0.1:-1", "write HOST:PORT"),
        ("127.0.0.1:65536", "write HOST:PORT"),
        ("127.0.0.1:٣", "write HOST:PORT"),
        ("127.0.0.1:" + "9" * 5000, "write HOST:PORT"),
        ("::1:80", "in brackets"),
        ("no host:80", "no address or name of this host"),
        ("a\0b:80", "no address or name of this host"),
        ("ä" * 70 + ":80", "no address or name of this host"),
        ("\udcff:80", "no address or name of this host"),
    ],
)
def test_what_is_not_an_address(address: str, told: str) -> None:
    with pytest.raises(ValueError, match=told) as caught:
        open_ambient_listener(address)
    assert repr(address) in str(caught.value)


def test_an_address_that_the_host_refuses(listener: HostSocket) -> None:
    with pytest.raises(OSError, match=r"cannot listen on '127\.0\.0\.1:") as caught:
        open_ambient_listener(listener.address)
    assert caught.value.errno == errno.EADDRINUSE
    with pytest.raises(OSError, match=r"cannot listen on '192\.0\.2\.1:0'"):
        open_ambient_listener("192.0.2.1:0")
