"""Sockets of the host's network and its rules: what a program may reach, and what reaches it."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from network.talking import code_of, connected, until
from remit.kernel.errors import Code, KernelError, WouldBlock
from remit.kernel.network import OPTIONS, SocketAddress
from remit.kernel.reactor import Reactor
from remit.kernel.refusals import Refused
from remit.network.host_network import HostNetwork
from remit.network.internet import MAX_DROPPED
from remit.network.rules import Rule

LOOPBACK = b"\x7f\0\0\1"
ANY = ["localhost", "listen:127.0.0.0/8", "listen:[::1]:0-65535"]


def here(port: int = 0) -> SocketAddress:
    return SocketAddress(LOOPBACK, port)


def test_a_connection(reactor: Reactor) -> None:
    network = HostNetwork(ANY)
    server, client = network.tcp_socket(4), network.tcp_socket(4)
    server.bind(here())
    server.listen(10)
    connected(reactor, client, server.local_address())
    accepted = until(reactor, server.accept)
    assert accepted.remote_address() == client.local_address()
    assert client.send([memoryview(b"hello")]) == 5
    room = bytearray(10)
    assert until(reactor, accepted.receive, [memoryview(room)])[0] == 5
    assert room[:5] == b"hello"
    client.connect(None)  # it has succeeded, and that stays so
    for each in (server, client, accepted):
        each.close()


def test_states(reactor: Reactor) -> None:
    network = HostNetwork(ANY)
    one = network.tcp_socket(4)
    assert code_of(one.local_address) is Code.INVALID_STATE
    assert code_of(one.listen, 1) is Code.INVALID_STATE
    assert code_of(one.accept) is Code.INVALID_STATE
    assert code_of(one.connect, None) is Code.INVALID_STATE
    assert code_of(one.remote_address) is Code.NOT_CONNECTED
    one.bind(here())
    assert code_of(one.bind, here()) is Code.INVALID_STATE
    one.listen(1)
    assert code_of(one.listen, 1) is Code.INVALID_STATE
    assert code_of(one.connect, here(1)) is Code.INVALID_STATE
    other = network.tcp_socket(4)
    assert code_of(other.bind, one.local_address()) is Code.ADDRESS_IN_USE
    one.close()
    other.close()


def test_nobody_there(reactor: Reactor) -> None:
    network = HostNetwork(ANY)
    taken = network.tcp_socket(4)
    taken.bind(here())
    client = network.tcp_socket(4)
    assert code_of(connected, reactor, client, taken.local_address()) is Code.CONNECTION_REFUSED
    taken.close()
    client.close()


@pytest.mark.parametrize(
    "ip", [b"\0\0\0\0", b"\xe0\0\0\1", b"\xff\xff\xff\xff", bytes(10) + b"\xff\xff\x7f\0\0\1", bytes(15) + b"\1"]
)
def test_addresses_that_no_ipv4_socket_connects_to(ip: bytes) -> None:
    client = HostNetwork(everything=True).tcp_socket(4)
    assert code_of(client.connect, SocketAddress(ip, 80)) is Code.INVALID
    client.close()


def test_mapped_addresses_are_refused_also_by_sockets_of_ipv6() -> None:
    for everything in (HostNetwork(everything=True).tcp_socket(6), HostNetwork(everything=True).udp_socket(6)):
        mapped = SocketAddress(bytes(10) + b"\xff\xff\x7f\0\0\1", 80)
        assert code_of(everything.connect, mapped) is Code.INVALID
        everything.close()


def test_what_no_rule_allows() -> None:
    network = HostNetwork(["203.0.113.1", "127.0.0.1:1"])
    client, server, datagrams = network.tcp_socket(4), network.tcp_socket(4), network.udp_socket(4)
    assert code_of(client.connect, here(2)) is Code.ACCESS
    assert code_of(client.connect, SocketAddress(b"\x0a\0\0\1", 80)) is Code.ACCESS
    assert code_of(server.bind, here()) is Code.ACCESS
    assert code_of(server.bind, SocketAddress(bytes(4), 0)) is Code.ACCESS
    assert code_of(datagrams.connect, here(2)) is Code.ACCESS
    assert code_of(datagrams.send_to, b"x", here(2)) is Code.ACCESS
    assert code_of(datagrams.bind, here(5353)) is Code.ACCESS
    for each in (client, server, datagrams):
        each.close()


def test_datagrams(reactor: Reactor) -> None:
    network = HostNetwork(ANY)
    server, client = network.udp_socket(4), network.udp_socket(4)
    assert code_of(server.receive_from, 10) is Code.INVALID_STATE
    assert code_of(client.send_to, b"x", None) is Code.INVALID
    server.bind(here())
    client.connect(server.local_address())
    client.send_to(b"hello", None)
    data, sender = until(reactor, server.receive_from, 3)
    assert (data, sender.ip) == (b"hel", LOOPBACK)
    server.send_to(b"back", sender)
    assert until(reactor, client.receive_from, 100) == (b"back", server.local_address())
    assert code_of(client.send_to, b"x", here(9)) is Code.INVALID
    client.connect(None)
    assert code_of(client.remote_address) is Code.NOT_CONNECTED
    assert code_of(client.send_to, bytes(70000), server.local_address()) is Code.MESSAGE_SIZE
    server.close()
    client.close()


def test_who_is_connected_to_is_an_address_and_a_port_and_nothing_more(reactor: Reactor) -> None:
    network = HostNetwork(ANY)
    server, client = network.udp_socket(6), network.udp_socket(6)
    try:
        server.bind(SocketAddress(bytes(15) + b"\1", 0))
    except KernelError:
        pytest.skip("this machine has no IPv6")
    port = server.local_address().port
    client.connect(SocketAddress(bytes(15) + b"\1", port, flow_info=7))
    client.send_to(b"hello", SocketAddress(bytes(15) + b"\1", port))
    _, sender = until(reactor, server.receive_from, 10)
    server.send_to(b"back", sender)
    assert until(reactor, client.receive_from, 10)[0] == b"back"
    server.close()
    client.close()


def test_strangers_are_not_heard_and_do_not_hold_up_anybody() -> None:
    # It may send to port 1 only, so that it hears from nobody else.
    client = HostNetwork(["127.0.0.1:1"]).udp_socket(4)
    client.bind(SocketAddress(bytes(4), 0))
    port = client.local_address().port
    stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for _ in range(MAX_DROPPED + 10):
        stranger.sendto(b"x", ("127.0.0.1", port))
    for _ in range(3):
        with pytest.raises(WouldBlock):
            client.receive_from(10)
    stranger.close()
    client.close()


def test_one_call_drops_so_many_and_lets_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    client: Any = HostNetwork(["127.0.0.1:1"]).udp_socket(4)
    client.bind(SocketAddress(bytes(4), 0))
    asked = 0

    class Flood:
        def recvfrom(self, size: int) -> tuple[bytes, tuple[str, int]]:
            nonlocal asked
            asked += 1
            return b"x", ("127.0.0.1", 2)

    real = client._socket
    client._socket = Flood()
    with pytest.raises(WouldBlock):
        client.receive_from(10)
    assert asked == MAX_DROPPED
    client._socket = real
    client.close()


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("option", OPTIONS)
def test_options(family: int, option: str) -> None:
    one = HostNetwork().tcp_socket(family)
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
    one.close()


def test_datagrams_have_no_options_of_tcp() -> None:
    one = HostNetwork().udp_socket(4)
    assert code_of(one.option, "keep_alive") is Code.NOT_SUPPORTED
    assert one.option("hop_limit") > 0
    one.close()


def test_a_socket_that_cannot_be_set_up_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []

    class Broken(socket.socket):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            made.append(self)

        def setsockopt(self, *arguments: Any) -> None:
            raise OSError(95, "Operation not supported")

    monkeypatch.setattr(socket, "socket", Broken)
    assert code_of(HostNetwork().tcp_socket, 4) is Code.NOT_SUPPORTED
    assert code_of(HostNetwork().udp_socket, 6) is Code.NOT_SUPPORTED
    assert [each.fileno() for each in made] == [-1, -1]


@pytest.mark.parametrize(
    ("word", "fine"),
    [("connect", {"connect"}), ("send", {"send"}), ("receive", {"receive"}), ("", {"connect", "send", "receive"})],
)
def test_each_direction_is_allowed_by_its_word(reactor: Reactor, word: str, fine: set[str]) -> None:
    own = HostNetwork(ANY)
    listener, peer = own.tcp_socket(4), own.udp_socket(4)
    for each in (listener, peer):
        each.bind(here())
    listener.listen(1)
    prefix = f"{word}:" if word else ""
    ports = f"{listener.local_address().port}", f"{peer.local_address().port}"
    network = HostNetwork([f"{prefix}127.0.0.1:{port}" for port in ports])
    client, datagrams = network.tcp_socket(4), network.udp_socket(4)
    wants = set()

    def tried(action: str, function: Any, *arguments: Any) -> None:
        try:
            function(*arguments)
        except Refused as refused:
            wants.add(refused.want.rule)
            assert action not in fine
        else:
            assert action in fine

    tried("connect", connected, reactor, client, listener.local_address())
    datagrams.bind(SocketAddress(LOOPBACK, 0))
    tried("send", datagrams.send_to, b"x", peer.local_address())
    peer.send_to(b"hello", datagrams.local_address())
    try:
        heard = datagrams.receive_from(10)[0] == b"hello"
    except WouldBlock:
        heard = False
    assert heard == ("receive" in fine)
    assert wants <= {f"connect:127.0.0.1:{ports[0]}", f"send:127.0.0.1:{ports[1]}"}
    for each in (listener, peer, client, datagrams):
        each.close()


def test_a_refusal_says_what_would_allow_it() -> None:
    network = HostNetwork()
    client, datagrams = network.tcp_socket(4), network.udp_socket(6)
    for function, arguments, rule in (
        (client.connect, (here(80),), "connect:127.0.0.1:80"),
        (client.bind, (here(0),), "listen:127.0.0.1:0"),
        (datagrams.bind, (SocketAddress(bytes(16), 53),), "listen:[::]:53"),
        (datagrams.send_to, (b"x", SocketAddress(bytes(15) + b"\1", 53)), "send:[::1]:53"),
        (datagrams.connect, (SocketAddress(bytes(15) + b"\1", 53),), "send:[::1]:53"),
        (network.resolve, ("A.test.",), "resolve:a.test"),
    ):
        with pytest.raises(Refused) as caught:
            function(*arguments)
        assert caught.value.code is Code.ACCESS
        assert caught.value.want.rule == rule
        Rule(rule)
    client.close()
    datagrams.close()
