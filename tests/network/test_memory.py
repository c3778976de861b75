"""A network in memory: its sockets, its names, and the ends that the host's own code has."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from http_peer import read_all, request, wait, write_all
from network.talking import code_of
from remit.http.client import Client
from remit.kernel.errors import Code, KernelError, WouldBlock
from remit.kernel.http import RequestOptions
from remit.kernel.network import OPTIONS, SocketAddress
from remit.network import memory_sockets
from remit.network.memory import FIRST_FREE_PORT, LAST_PORT, Memory

LOOPBACK = {4: b"\x7f\0\0\1", 6: bytes(15) + b"\1"}


@pytest.fixture
def network() -> Memory:
    return Memory()


def anywhere(port: int = 0, family: int = 4) -> SocketAddress:
    return SocketAddress(bytes(4 if family == 4 else 16), port)


def blocks(function: Callable[..., object], *arguments: Any) -> Any:
    """What it waits for."""
    with pytest.raises(WouldBlock) as caught:
        function(*arguments)
    assert not caught.value.pollable.ready()
    return caught.value.pollable


def listening(member: Any, port: int = 80, backlog: int = 10, family: int = 4) -> Any:
    made = member.tcp_socket(family)
    made.bind(anywhere(port, family))
    made.listen(backlog)
    return made


def pair(network: Memory, family: int = 4) -> tuple[Any, Any]:
    """Both ends of a connection."""
    server = listening(network.member("server"), 0, family=family)
    client = network.member("client").tcp_socket(family)
    client.connect(SocketAddress(network.member("server").ips[family], server.local_address().port))
    accepted = server.accept()
    server.close()
    return client, accepted


def sent(socket: Any, data: bytes) -> int:
    count: int = socket.send([memoryview(data)])
    return count


def received(socket: Any, size: int = 1 << 20, *, peek: bool = False) -> bytes:
    room = bytearray(size)
    count, _ = socket.receive([memoryview(room)], peek=peek)
    return bytes(room[:count])


def test_addresses_and_ports_are_the_same_each_time() -> None:
    for _ in range(2):
        network = Memory()
        assert network.member("a").addresses == ("10.0.0.2", "fd72:656d:6974::2")
        assert network.member("b.test").addresses == ("10.0.0.3", "fd72:656d:6974::3")
        assert network.member("A") is network.member("a.")
        sockets = [network.member("a").tcp_socket(4) for _ in range(2)]
        for number, each in enumerate(sockets):
            each.bind(anywhere())
            assert each.local_address().port == FIRST_FREE_PORT + number


def test_names(network: Memory) -> None:
    a, b = network.member("a"), network.member("b")
    for name in ("b", "B", "b."):
        assert a.resolve(name).addresses() == [b.ips[4], b.ips[6]]
    assert b.resolve("localhost").addresses() == [*LOOPBACK.values()]
    assert b.resolve("[::1]").addresses() == [LOOPBACK[6]]
    assert code_of(a.resolve("c").addresses) is Code.NO_ENTRY
    assert code_of(a.resolve, "no name") is Code.INVALID
    network.member("c")
    assert a.resolve("c").addresses()
    for wrong in ("", "a b", "1.2.3.4", "::1", "1.2.3", "localhost", "x.localhost", "a" * 64):
        with pytest.raises(ValueError, match="name"):
            network.member(wrong)


@pytest.mark.parametrize("family", [4, 6])
def test_a_connection(network: Memory, family: int) -> None:
    client, accepted = pair(network, family)
    assert accepted.remote_address() == client.local_address()
    assert client.remote_address() == accepted.local_address()
    assert client.local_address().ip == network.member("client").ips[family]
    client.connect(None)  # it has succeeded, and that stays so
    when = blocks(received, accepted)
    assert sent(client, b"hello") == 5
    assert when.ready()
    assert received(accepted, peek=True) == received(accepted, 3) + b"lo"
    assert received(accepted) == b"lo"
    client.shutdown(receive=False, send=True)
    assert received(accepted) == b""
    assert code_of(sent, client, b"x") is Code.PIPE
    assert sent(accepted, b"back") == 4
    accepted.close()
    assert received(client) == b"back"
    assert received(client) == b""


def test_states(network: Memory) -> None:
    one = network.member("a").tcp_socket(4)
    for function in (one.local_address, one.accept):
        assert code_of(function) is Code.INVALID_STATE
    assert code_of(one.listen, 1) is Code.INVALID_STATE
    assert code_of(one.connect, None) is Code.INVALID_STATE
    assert code_of(one.remote_address) is Code.NOT_CONNECTED
    assert code_of(sent, one, b"x") is Code.NOT_CONNECTED
    assert code_of(received, one) is Code.NOT_CONNECTED
    one.bind(anywhere(80))
    assert code_of(one.bind, anywhere(81)) is Code.INVALID_STATE
    one.listen(1)
    assert code_of(one.listen, 1) is Code.INVALID_STATE
    assert code_of(one.connect, SocketAddress(LOOPBACK[4], 80)) is Code.INVALID_STATE
    blocks(one.accept)
    client, _ = pair(network)
    assert code_of(client.listen, 1) is Code.INVALID_STATE
    assert code_of(client.connect, SocketAddress(LOOPBACK[4], 80)) is Code.INVALID_STATE


@pytest.mark.parametrize("ip", [bytes(4), b"\xe0\0\0\1", b"\xff" * 4, bytes(10) + b"\xff\xff\x7f\0\0\1", LOOPBACK[6]])
def test_addresses_that_no_ipv4_socket_connects_to(network: Memory, ip: bytes) -> None:
    member = network.member("a")
    assert code_of(member.tcp_socket(4).connect, SocketAddress(ip, 80)) is Code.INVALID
    assert code_of(member.tcp_socket(4).connect, SocketAddress(LOOPBACK[4], 0)) is Code.INVALID
    assert code_of(member.tcp_socket(6).connect, SocketAddress(bytes(10) + b"\xff\xff\x7f\0\0\1", 80)) is Code.INVALID


def test_nothing_but_members_is_reached(network: Memory) -> None:
    member = network.member("a")
    for text in (b"\x01\x01\x01\x01", b"\x0a\0\0\x63", b"\xa9\xfe\xa9\xfe"):
        assert code_of(member.tcp_socket(4).connect, SocketAddress(text, 80)) is Code.HOST_UNREACHABLE
    assert code_of(member.tcp_socket(4).bind, SocketAddress(b"\x0a\0\0\x63", 0)) is Code.ADDRESS_NOT_AVAILABLE
    assert (
        code_of(member.tcp_socket(4).bind, SocketAddress(network.member("b").ips[4], 0)) is Code.ADDRESS_NOT_AVAILABLE
    )
    member.udp_socket(4).send_to(b"x", SocketAddress(b"\x01\x01\x01\x01", 53))  # lost
    # Loopback is each one's own.
    listening(network.member("b"), 80)
    assert code_of(member.tcp_socket(4).connect, SocketAddress(LOOPBACK[4], 80)) is Code.CONNECTION_REFUSED
    assert (
        code_of(member.tcp_socket(4).connect, SocketAddress(network.member("b").ips[4], 81)) is Code.CONNECTION_REFUSED
    )
    own = member.tcp_socket(4)
    own.bind(SocketAddress(LOOPBACK[4], 0))
    assert code_of(own.connect, SocketAddress(network.member("b").ips[4], 80)) is Code.HOST_UNREACHABLE


def test_an_address_is_taken_until_it_is_given_back(network: Memory) -> None:
    member = network.member("a")
    first = listening(member, 80)
    for ip in (bytes(4), LOOPBACK[4], member.ips[4]):
        assert code_of(member.tcp_socket(4).bind, SocketAddress(ip, 80)) is Code.ADDRESS_IN_USE
    for other in (member.udp_socket(4), network.member("b").tcp_socket(4)):
        other.bind(anywhere(80))
    member.tcp_socket(6).bind(anywhere(80, 6))
    first.close()
    first.close()
    again = listening(member, 80)
    del again
    gc.collect()
    listening(member, 80)  # what was forgotten without being closed is free as well
    one, two = member.tcp_socket(4), member.tcp_socket(4)
    one.bind(SocketAddress(LOOPBACK[4], 90))
    two.bind(SocketAddress(member.ips[4], 90))


def test_ports_come_to_an_end(network: Memory) -> None:
    member = network.member("a")
    kept = [member.udp_socket(4) for _ in range(FIRST_FREE_PORT, LAST_PORT + 1)]
    for each in kept:
        each.bind(anywhere())
    assert code_of(member.udp_socket(4).bind, anywhere()) is Code.ADDRESS_IN_USE
    kept[7].close()
    last = member.udp_socket(4)
    last.bind(anywhere())
    assert last.local_address().port == FIRST_FREE_PORT + 7


def test_a_sender_waits_for_the_receiver(network: Memory) -> None:
    client, accepted = pair(network)
    total = sent(client, bytes(1 << 20))
    assert total == memory_sockets.DEFAULT_BUFFER
    when = blocks(sent, client, b"x")
    assert not client.when_writable().ready()
    assert sent(client, b"") == 0
    assert len(received(accepted, 10)) == 10
    assert when.ready()
    assert sent(client, bytes(100)) == 10
    accepted.set_option("receive_buffer", 1 << 62)
    assert accepted.option("receive_buffer") == memory_sockets.LARGEST_BUFFER
    assert sent(client, bytes(1 << 20)) == memory_sockets.LARGEST_BUFFER - memory_sockets.DEFAULT_BUFFER


def test_who_has_gone(network: Memory) -> None:
    client, accepted = pair(network)
    sent(client, b"never read")
    accepted.close()
    assert code_of(sent, client, b"x") is Code.PIPE
    assert received(client) == b""
    client, accepted = pair(network)
    accepted.shutdown(receive=True, send=False)
    assert sent(client, bytes(1 << 20)) == 1 << 20, "nobody wants it, and it is kept nowhere"
    assert received(accepted) == b""
    assert code_of(lambda: client.shutdown(receive=False, send=False)) is Code.INVALID
    client, accepted = pair(network)
    when = blocks(received, client)
    client.close()
    assert when.ready()
    assert code_of(received, client) is Code.NOT_CONNECTED


def test_a_backlog_is_so_long(network: Memory) -> None:
    server = listening(network.member("server"), backlog=2)
    address = SocketAddress(network.member("server").ips[4], 80)
    clients = [network.member("client").tcp_socket(4) for _ in range(4)]
    for each in clients[:2]:
        each.connect(address)
    when = blocks(clients[2].connect, address)
    assert code_of(clients[2].connect, address) is Code.INVALID_STATE
    blocks(clients[2].connect, None)
    assert clients[2].when_writable() is when
    server.accept()
    assert when.ready()
    clients[2].connect(None)
    sent(clients[2], b"early")
    blocks(clients[3].connect, address)
    server.close()
    assert code_of(clients[3].connect, None) is Code.CONNECTION_REFUSED
    assert code_of(received, clients[2]) is Code.CONNECTION_RESET
    assert code_of(sent, clients[2], b"x") is Code.PIPE


@pytest.mark.parametrize("family", [4, 6])
def test_datagrams(network: Memory, family: int) -> None:
    server, client = network.member("server").udp_socket(family), network.member("client").udp_socket(family)
    assert code_of(server.receive_from, 10) is Code.INVALID_STATE
    assert code_of(client.send_to, b"x", None) is Code.INVALID
    server.bind(anywhere(53, family))
    at = SocketAddress(network.member("server").ips[family], 53)
    client.connect(at)
    when = blocks(server.receive_from, 10)
    client.send_to(b"hello", None)
    assert when.ready()
    data, sender = server.receive_from(3)
    assert (data, sender.ip) == (b"hel", network.member("client").ips[family])
    server.send_to(b"back", sender)
    network.member("host").udp_socket(family).send_to(b"from a stranger", sender)
    assert client.receive_from(100) == (b"back", at)
    blocks(client.receive_from, 100)
    assert code_of(client.send_to, b"x", SocketAddress(LOOPBACK[family], 9)) is Code.INVALID
    client.connect(None)
    assert code_of(client.remote_address) is Code.NOT_CONNECTED
    assert code_of(client.send_to, bytes(65508), at) is Code.MESSAGE_SIZE
    client.send_to(b"one", at)
    server.connect(SocketAddress(LOOPBACK[family], 9))
    blocks(server.receive_from, 10)


def test_datagrams_that_nobody_takes_are_lost_and_not_kept(network: Memory) -> None:
    server, client = network.member("server").udp_socket(4), network.member("client").udp_socket(4)
    server.bind(anywhere(53))
    at = SocketAddress(network.member("server").ips[4], 53)
    for _ in range(100_000):
        client.send_to(b"", at)
    for _ in range(100):
        client.send_to(bytes(65507), at)
    count = 0
    while server.when_readable().ready():
        server.receive_from(1)
        count += 1
    assert count == memory_sockets.DATAGRAM_BUFFER // memory_sockets.DATAGRAM_COST
    server.set_option("receive_buffer", 1)
    client.send_to(bytes(65507), at)
    assert len(server.receive_from(1 << 20)[0]) == 65507


@pytest.mark.parametrize("option", OPTIONS)
def test_options(network: Memory, option: str) -> None:
    one = network.member("a").tcp_socket(4)
    for value in (0, -1):
        if option != "keep_alive":
            assert code_of(one.set_option, option, value) is Code.INVALID
    second = 1_000_000_000
    value = {"keep_alive": 1, "keep_alive_idle": 2 * second, "keep_alive_interval": 3 * second}.get(option, 5)
    if "buffer" in option:
        value = 65536
    one.set_option(option, value)
    assert one.option(option) == value
    one.set_option(option, 1 if option in ("keep_alive", "hop_limit") else 1 << 62)
    assert one.option(option) > 0
    if option.startswith("keep_alive"):
        assert code_of(network.member("a").udp_socket(4).option, option) is Code.NOT_SUPPORTED


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_bytes_arrive_in_order_whatever_is_done(data: st.DataObject) -> None:
    client, accepted = pair(Memory())
    put, got = b"", b""
    number = 0
    for _ in range(data.draw(st.integers(1, 30))):
        size = data.draw(st.sampled_from([0, 1, 1000, 40_000, 100_000]))
        step = data.draw(st.sampled_from(["send", "receive", "peek", "resize"]))
        try:
            if step == "send":
                number += 1
                parts = [
                    memoryview(bytes([number]) * (size // 2)),
                    memoryview(bytes([number + 100]) * (size - size // 2)),
                ]
                put += b"".join(parts)[: client.send(parts)]
            elif step == "resize":
                accepted.set_option("receive_buffer", max(1, size))
            elif size:
                found = received(accepted, size, peek=step == "peek")
                assert put[len(got) :].startswith(found)
                got += b"" if step == "peek" else found
        except WouldBlock as block:
            waited = block.pollable
            assert not waited.ready()
        assert accepted.when_readable().ready() == (len(put) > len(got))
        assert len(put) - len(got) <= memory_sockets.LARGEST_BUFFER
    client.close()
    while more := received(accepted):
        got += more
    assert got == put


def test_threads_wake_each_other(network: Memory) -> None:
    """By ends that are plain to use: one thread sends more than fits, another one receives."""
    payload = bytes(range(256)) * 4000

    def serve() -> None:
        with network.listen("server", 80) as listener, listener.accept(timeout=20) as connection:
            got = b""
            while part := connection.receive(timeout=20):
                got += part
            connection.send(got[::-1], timeout=20)

    thread = threading.Thread(target=serve)
    thread.start()
    network.wait_for_listener("server", 80, timeout=20)
    with network.connect("server", 80, timeout=20) as connection:
        assert connection.remote_address == (network.member("server").addresses[0], 80)
        connection.send(payload, timeout=20)
        connection.finish()
        got = b""
        while part := connection.receive(timeout=20):
            got += part
    thread.join()
    assert got == payload[::-1]


def test_tasks_of_one_loop_wake_each_other(network: Memory) -> None:
    async def serve(number: int) -> None:
        with network.listen(f"server{number}", 80) as listener:
            for _ in range(3):
                with await listener.accept_async(timeout=20) as connection:
                    await connection.send_async(bytes(200_000) + await connection.receive_async(), timeout=20)

    async def ask(number: int) -> None:
        await network.wait_for_listener_async(f"server{number}", 80, timeout=20)
        for _ in range(3):
            with await network.connect_async(f"server{number}", 80, timeout=20) as connection:
                await connection.send_async(b"x")
                got = b""
                while part := await connection.receive_async(timeout=20):
                    got += part
                assert got == bytes(200_000) + b"x"

    async def everything() -> None:
        await asyncio.gather(*(task(number) for number in range(5) for task in (ask, serve)))

    asyncio.run(everything())


def test_errors_of_plain_ends_are_pythons(network: Memory) -> None:
    with pytest.raises(LookupError, match="no member 'server'"):
        network.connect("server", 80)
    network.member("server")
    with pytest.raises(ConnectionRefusedError):
        network.connect("server", 80)
    with pytest.raises(TimeoutError):
        network.wait_for_listener("server", 80, timeout=0.01)
    listener = network.listen("server", 80, backlog=1)
    with pytest.raises(OSError, match="in use"):
        network.listen("server", 80)
    with pytest.raises(TimeoutError):
        listener.accept(timeout=0.01)
    first = network.connect("server", 80)
    with pytest.raises(TimeoutError):
        network.connect("server", 80, timeout=0.01)
    with pytest.raises(TimeoutError):
        first.receive(timeout=0.01)
    with pytest.raises(ValueError, match="at least one"):
        first.receive(0)
    listener.close()
    listener.close()
    with pytest.raises(ConnectionResetError):
        first.receive()
    with pytest.raises(BrokenPipeError):
        first.send(b"x")
    with pytest.raises(OSError, match="closed"):
        listener.accept()
    first.close()
    with pytest.raises(OSError, match="not connected"):
        first.receive()
    assert network.listen("server").port == FIRST_FREE_PORT


def test_closing_ends_a_wait_on_another_thread(network: Memory) -> None:
    listener = network.listen("server", 80)
    failures = []

    def accept() -> None:
        try:
            listener.accept(timeout=20)
        except OSError as error:
            failures.append(error)

    thread = threading.Thread(target=accept)
    thread.start()
    listener.close()
    thread.join(10)
    assert not thread.is_alive()
    assert not isinstance(failures[0], TimeoutError)


def test_requests_by_the_client(network: Memory) -> None:
    def serve() -> None:
        with network.listen("api.example.com", 80) as listener, listener.accept(timeout=20) as connection:
            head = b""
            while b"hello" not in head:
                head += connection.receive(timeout=20)
            connection.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(head) + head)

    thread = threading.Thread(target=serve)
    thread.start()
    network.wait_for_listener("api.example.com", 80, timeout=20)
    client = Client(network.member("client"))
    exchange = client.send(request("api.example.com", method="POST"), RequestOptions(), has_body=True)
    write_all(exchange.body.stream(), b"hello")
    exchange.body.finish(None)
    said = read_all(wait(exchange.response).body.stream())
    assert said.startswith(b"POST / HTTP/1.1\r\nhost: api.example.com\r\n")
    thread.join()
    with pytest.raises(KernelError, match="DNS-error"):
        wait(client.send(request("nobody.test"), RequestOptions(), has_body=False).response)
    with pytest.raises(KernelError, match="connection-refused"):
        wait(client.send(request("api.example.com"), RequestOptions(), has_body=False).response)
