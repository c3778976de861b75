"""A network of which each new use is asked for: what is asked, when, how often, and what an answer is good for."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest

import remit
from http_peer import Server, request, send
from network.talking import ANY, LOOPBACK, at, code_of, connected, free_port, until
from remit.http.exchange import ClientExchange
from remit.kernel.errors import Code, WouldBlock
from remit.kernel.http import HttpError
from remit.kernel.network import Network, Resolution, SocketAddress
from remit.kernel.reactor import Reactor
from remit.kernel.refusals import Refused
from remit.network.asked import MAX_REMEMBERED, AskedNetwork, Question
from remit.network.host_network import HostNetwork
from remit.network.memory import Memory
from remit.network.watched import WatchedNetwork

PUBLIC = bytes([93, 184, 215, 14])


class Asking:
    """Somebody who answers by what was asked: those for which `no` is true are refused."""

    def __init__(self, network: Network, *, no: Callable[[str], bool] = lambda question: False, **options: Any) -> None:
        self.asked: list[str] = []
        self.network = AskedNetwork(network, self._answer, **options)
        self._no = no

    def _answer(self, question: Question) -> str:
        self.asked.append(f"{question.kind}: {question}")
        return "no" if self._no(str(question)) else "yes"

    def told(self) -> list[str]:
        """Since the last time."""
        found = [*self.asked]
        self.asked.clear()
        return found


def test_each_new_use_is_asked_for_once(reactor: Reactor) -> None:
    it = Asking(HostNetwork(everything=True))
    server = it.network.tcp_socket(4)
    server.bind(at(0))
    assert it.told() == ["network: listen 127.0.0.1:0"]
    server.listen(5)
    place = server.local_address()
    for _ in range(2):
        client = it.network.tcp_socket(4)
        connected(reactor, client, place)
        until(reactor, server.accept).close()
        client.close()
    assert it.told() == [f"network: connect {place!r}"]
    server.close()


def test_nothing_is_done_before_or_after_a_no(reactor: Reactor) -> None:
    it = Asking(HostNetwork(everything=True), no=lambda question: True)
    with socket.create_server(("127.0.0.1", 0)) as server:
        place = at(server.getsockname()[1])
        client = it.network.tcp_socket(4)
        for _ in range(3):
            assert code_of(client.connect, place) is Code.ACCESS
        with pytest.raises(Refused) as caught:
            client.connect(place)
        assert caught.value.want.rule == f"connect:{place!r}"
        client.close()
        server.settimeout(0)
        with pytest.raises(BlockingIOError):
            server.accept()
    for _ in range(2):
        assert code_of(it.network.resolve, "EXAMPLE.test") is Code.ACCESS
    taken = it.network.tcp_socket(4)
    port = free_port()
    assert code_of(taken.bind, at(port)) is Code.ACCESS
    taken.close()
    assert it.told() == [
        f"network: connect {place!r}",
        "network: resolve example.test",
        f"network: listen 127.0.0.1:{port}",
    ]
    assert code_of(it.network.resolve, "no name") is Code.INVALID
    assert it.network.resolve("127.0.0.1").addresses() == [LOOPBACK]
    assert it.told() == [], "an address in text asks nobody"


class Names(Network):
    """Where names stand for what the test says. It has no sockets but such as note where they would connect."""

    def __init__(self) -> None:
        self.stands_for: dict[str, list[bytes]] = {}
        self.connected: list[str] = []

    def resolve(self, name: str) -> Resolution:
        found = self.stands_for[name.lower()]

        class Found(Resolution):
            def addresses(self) -> list[bytes]:
                return found

        return Found()

    def tcp_socket(self, family: int) -> Any:
        noted = self.connected

        class Noting(remit.net.TcpSocket):
            def connect(self, address: SocketAddress | None) -> None:
                noted.append(repr(address))

            def close(self) -> None:
                pass

        return Noting()


def test_who_has_a_name_cannot_have_it_stand_for_what_is_private() -> None:
    inner = Names()
    it = Asking(inner, no=lambda question: "10.0.0.5" in question)
    inner.stands_for["a.test"] = [PUBLIC]
    assert it.network.resolve("A.test").addresses() == [PUBLIC]
    it.network.tcp_socket(4).connect(SocketAddress(PUBLIC, 443))
    other = bytes([93, 184, 215, 15])
    inner.stands_for["a.test"] = [other, bytes([10, 0, 0, 5])]
    it.network.resolve("a.test").addresses()
    it.network.tcp_socket(4).connect(SocketAddress(other, 443))
    assert it.told() == ["network: resolve a.test", "network: connect 93.184.215.14:443 (a.test)"]
    with pytest.raises(remit.net.KernelError):
        it.network.tcp_socket(4).connect(SocketAddress(bytes([10, 0, 0, 5]), 443))
    assert it.told() == ["network: connect 10.0.0.5:443 (a.test)"]


def test_what_rules_allow_is_not_asked_for() -> None:
    inner = Names()
    it = Asking(inner, rules=["connect:*.a.test:443", "connect:10.0.0.5:80", "listen:127.0.0.1:8080"])
    inner.stands_for["www.a.test"] = [PUBLIC, bytes([10, 0, 0, 6])]
    it.network.resolve("www.a.test").addresses()
    it.network.tcp_socket(4).connect(SocketAddress(PUBLIC, 443))
    it.network.tcp_socket(4).connect(SocketAddress(bytes([10, 0, 0, 5]), 80))
    assert it.told() == []
    it.network.tcp_socket(4).connect(SocketAddress(PUBLIC, 80))
    it.network.tcp_socket(4).connect(SocketAddress(bytes([10, 0, 0, 6]), 443))
    assert it.told() == [
        "network: connect 93.184.215.14:80 (www.a.test)",
        "network: connect 10.0.0.6:443 (www.a.test)",
    ]


def test_datagrams(reactor: Reactor) -> None:
    network = Memory()
    it = Asking(network.member("a"))
    peer = network.member("b").udp_socket(4)
    peer.bind(at(53, ANY))
    there = SocketAddress(network.member("b").ips[4], 53)
    here = network.member("a").ips[4]
    own = it.network.udp_socket(4)
    own.bind(at(0, ANY))
    assert code_of(own.send_to, b"x", None) is not Code.ACCESS
    own.connect(there)
    assert it.told() == [], "nothing was done with anybody so far"
    own.send_to(b"x", None)
    own.send_to(b"x", None)
    assert it.told() == [f"network: send {there!r}"]
    own.connect(None)
    stranger = network.member("c").udp_socket(4)
    for each in (stranger, stranger, peer):
        each.send_to(b"y", SocketAddress(here, own.local_address().port))
    assert own.receive_from(10) == (b"y", there), "who was sent to is heard, and strangers are not"
    with pytest.raises(WouldBlock):
        own.receive_from(10)
    assert it.told() == [], "anybody can send a datagram: that is no question"
    stranger.close()
    listener = it.network.udp_socket(4)
    listener.bind(at(7000, ANY))
    peer.send_to(b"z", SocketAddress(here, 7000))
    assert listener.receive_from(10)[0] == b"z", "who may listen hears everybody"
    assert it.told() == ["network: listen 0.0.0.0:7000"]
    for each in (own, listener, peer):
        each.close()


def test_requests_are_one_question(reactor: Reactor) -> None:
    it = Asking(HostNetwork(everything=True), no=lambda question: "secret" in question)
    with Server() as server:
        # With a watcher in front, as while a program is learned of.
        network = WatchedNetwork(it.network, lambda use: None)
        authority = f"127.0.0.1:{server.port}"

        def begin(path: str) -> ClientExchange:
            return send(server, network=network, authority=authority, path=path)

        for path in ("/plain?key=1", "/plain?key=2"):
            exchange = begin(path)
            server.accept()
            assert server.take_head().startswith(f"GET {path} ".encode())
            server.hang_up()
            exchange.abandon()
        assert it.told() == [f"http: GET http://{authority}/plain"]
        for _ in range(2):
            with pytest.raises(HttpError, match="the answer was no"):
                begin("/secret")
        assert it.told() == [f"http: GET http://{authority}/secret"]
    known = Asking(HostNetwork(everything=True), rules=[f"http: GET http://{authority}/*"])
    known.network.request_rules().network_for(request(authority, path="/x"), "127.0.0.1", server.port)
    assert known.told() == []


def test_what_is_refused_anyway_is_no_question() -> None:
    it = Asking(HostNetwork(["http: GET http://127.0.0.1:1/a"]))
    with Server() as server, pytest.raises(HttpError):
        send(server, network=it.network, authority="127.0.0.1:1", path="/b")
    assert it.told() == []


def test_answers_are_bounded() -> None:
    inner = Names()
    it = Asking(inner)
    for port in range(1, MAX_REMEMBERED + 100):
        it.network.tcp_socket(4).connect(at(port, PUBLIC))
    assert len(it.network._answers._given) == MAX_REMEMBERED


def test_bad_answers_and_arguments() -> None:
    with pytest.raises(TypeError, match="ask must be a function"):
        remit.net.Asked(HostNetwork(), 5)  # type: ignore[arg-type]  # on purpose
    with pytest.raises(TypeError, match="network must be a Network"):
        remit.net.Asked("host", lambda question: True)  # type: ignore[arg-type]  # on purpose
    with pytest.raises(remit.net.RuleError):
        remit.net.Asked(HostNetwork(), lambda question: True, rules=["nonsense::"])
    network = remit.net.Asked(Names(), lambda question: "always")
    with pytest.raises(ValueError, match="ask returned 'always' for <Question"):
        network.tcp_socket(4).connect(at(1))

    def stop(question: Question) -> bool:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        remit.net.Asked(Names(), stop).tcp_socket(4).connect(at(1))
