"""A network with a watcher: what is told, by which rule, how often, and that nothing else changes."""

from __future__ import annotations

import asyncio
import socket
import tracemalloc
from typing import Any

import pytest

import remit
from http_peer import Server, failure, request
from network.talking import ANY, LOOPBACK, at, code_of, connected, free_port, until
from python_guests import component
from remit.http.client import Client
from remit.http.watched import WatchedClient
from remit.kernel.errors import Code, WouldBlock
from remit.kernel.http import HttpError, RequestOptions
from remit.kernel.network import Network, SocketAddress
from remit.kernel.reactor import Reactor
from remit.kernel.uses import Use
from remit.network import watched
from remit.network.host import HostSocket
from remit.network.host_network import HostNetwork
from remit.network.memory import Memory
from remit.network.watched import WatchedListener, WatchedNetwork
from wasi_0_2.http import H, server_port
from wasi_0_2.prelude import PRELUDE
from wasi_0_2.runner import Scenario, run
from wasi_0_2.sockets import SCENARIOS


class Watching:
    def __init__(self, network: Network, *, seeing: bool = True) -> None:
        self.uses: list[Use] = []
        self.network = WatchedNetwork(network, self.uses.append, seeing=seeing)

    def told(self) -> list[str]:
        """Since the last time."""
        found = [str(use) for use in self.uses]
        self.uses.clear()
        return found


def test_a_connection_of_the_host(reactor: Reactor) -> None:
    it = Watching(HostNetwork(["localhost", "listen:127.0.0.0/8"]))
    server, client = it.network.tcp_socket(4), it.network.tcp_socket(4)
    server.bind(at(0))
    port = server.local_address().port
    assert [(str(each), each.rule) for each in it.uses] == [
        (f"listen 127.0.0.1:0 as 127.0.0.1:{port}", "listen:127.0.0.0/8")
    ]
    it.told()
    server.listen(5)
    assert server.listening
    assert it.told() == [], "that was allowed when the address was taken"
    try:
        client.connect(at(port))
    except WouldBlock:
        assert it.uses, "it is told when it has begun"
        until(reactor, client.connect, None)
    assert [(str(each), each.rule) for each in it.uses] == [(f"connect 127.0.0.1:{port}", "localhost")]
    it.told()
    accepted = until(reactor, server.accept)
    assert it.told() == [f"accept {client.local_address()!r} at 127.0.0.1:{port}"]
    client.send([memoryview(b"hello")])
    room = bytearray(10)
    assert until(reactor, accepted.read, [memoryview(room)]) == 5
    accepted.write([memoryview(b"x")])
    assert it.told() == [], "what goes through is not told"
    for each in (server, client, accepted):
        each.close()


def test_what_was_refused_or_could_not_be_is_no_use(reactor: Reactor) -> None:
    it = Watching(HostNetwork(["127.0.0.1:1"]))
    client, datagrams = it.network.tcp_socket(4), it.network.udp_socket(4)
    assert code_of(client.connect, at(2)) is Code.ACCESS
    assert code_of(client.connect, at(1, ANY)) is Code.INVALID
    assert code_of(client.connect, None) is Code.INVALID_STATE
    assert code_of(client.bind, at(8080)) is Code.ACCESS
    assert code_of(client.listen, 1) is Code.INVALID_STATE
    assert code_of(datagrams.send_to, b"", at(2)) is Code.ACCESS
    assert code_of(datagrams.send_to, b"", None) is Code.INVALID
    assert code_of(datagrams.connect, at(2)) is Code.ACCESS
    assert code_of(it.network.resolve, "example.com") is Code.ACCESS
    assert code_of(it.network.resolve, "no name") is Code.INVALID
    assert it.told() == []
    client.close()
    datagrams.close()


def test_what_was_tried_is_a_use_whatever_comes_of_it(reactor: Reactor) -> None:
    it = Watching(HostNetwork(everything=True))
    port = free_port()
    client = it.network.tcp_socket(4)
    assert code_of(connected, reactor, client, at(port)) is Code.CONNECTION_REFUSED
    assert it.told() == [f"connect 127.0.0.1:{port}"]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = at(taken.getsockname()[1])
        other = it.network.tcp_socket(4)
        assert code_of(other.bind, place) is Code.ADDRESS_IN_USE
        assert it.told() == [f"listen {place!r}"]
    client.close()
    other.close()


def test_of_datagrams_the_first_with_each_peer(reactor: Reactor) -> None:
    network = Memory()
    it, peer = Watching(network.member("a")), network.member("b").udp_socket(4)
    peer.bind(at(53, ANY))
    there = SocketAddress(network.member("b").ips[4], 53)
    own = it.network.udp_socket(4)
    own.bind(at(0, ANY))
    assert it.told() == [], "any free port is what nobody need be allowed"
    for _ in range(3):
        own.send_to(b"x", there)
    assert it.told() == [f"send {there!r}"]
    for _ in range(3):
        peer.send_to(b"y", SocketAddress(network.member("a").ips[4], own.local_address().port))
        assert own.receive_from(10)[0] == b"y"
    assert it.told() == [f"receive {there!r} at 0.0.0.0:0"]
    other = it.network.udp_socket(4)
    other.connect(there)
    assert it.told() == [f"see {there!r}"]
    other.send_to(b"x", None)
    other.send_to(b"x", None)
    assert it.told() == [f"send {there!r}"], "each socket for itself"
    listener = it.network.udp_socket(4)
    listener.bind(at(7000, ANY))
    peer.send_to(b"z", SocketAddress(network.member("a").ips[4], 7000))
    listener.receive_from(10)
    assert it.told() == ["listen 0.0.0.0:7000", f"receive {there!r} at 0.0.0.0:7000"]
    for each in (own, other, listener, peer):
        each.close()


def test_without_seeing_what_was_not_done_is_not_told() -> None:
    network = Memory()
    it = Watching(network.member("a"), seeing=False)
    own = it.network.udp_socket(4)
    own.connect(SocketAddress(network.member("b").ips[4], 53))
    assert it.told() == []
    own.close()


def test_rules_for_datagrams_by_direction(reactor: Reactor) -> None:
    free = HostNetwork(everything=True).udp_socket(4)
    free.bind(at(0))
    peer = free.local_address()
    for rules, received in (
        (["send:127.0.0.1", "receive:127.0.0.0/8"], "receive:127.0.0.0/8"),
        (["send:127.0.0.1", "listen:127.0.0.1:0"], "listen:127.0.0.1:0"),
    ):
        it = Watching(HostNetwork(rules))
        own = it.network.udp_socket(4)
        own.bind(at(0))
        own.send_to(b"x", peer)
        free.send_to(b"y", own.local_address())
        until(reactor, own.receive_from, 10)
        assert [(each.action, each.rule) for each in it.uses] == [("send", "send:127.0.0.1"), ("receive", received)]
        own.close()
    free.close()


def test_look_ups_are_told_when_they_begin_and_when_the_answer_is_given() -> None:
    network = Memory()
    member = network.member("server.test")
    it = Watching(network.member("a"))
    found = it.network.resolve("Server.TEST.")
    assert it.told() == ["resolve server.test"], "the question alone says something to somebody"
    ips = found.addresses()
    assert found.addresses() == ips
    assert it.told() == [f"resolve server.test: {', '.join(member.addresses)}"]
    found.close()
    assert it.network.resolve("127.0.0.1").addresses() == [LOOPBACK]
    assert it.network.resolve("[::1]").addresses() == [bytes(15) + b"\1"]
    assert it.told() == [], "nothing is looked up"
    nobody = it.network.resolve("nobody.test")
    assert code_of(nobody.addresses) is Code.NO_ENTRY
    assert it.told() == ["resolve nobody.test"]


def test_names_of_what_is_connected_to() -> None:
    network = Memory()
    with network.listen("server.test", 80):
        it = Watching(network.member("a"))
        there = SocketAddress(network.member("server.test").ips[4], 80)
        before = it.network.tcp_socket(4)
        before.connect(there)
        assert it.told() == [f"connect {there!r}"], "nobody has told the program that name"
        it.network.resolve("server.test").addresses()
        it.told()
        after, datagrams = it.network.tcp_socket(4), it.network.udp_socket(4)
        after.connect(there)
        datagrams.send_to(b"", there)
        assert it.told() == [f"connect {there!r} (server.test)", f"send {there!r} (server.test)"]
        for each in (before, after, datagrams):
            each.close()


class _Nowhere(Network):
    """Sends everything to nowhere, and lets every name stand for many addresses."""

    __slots__ = ()

    def udp_socket(self, family: int) -> Any:
        from remit.kernel.network import UdpSocket

        class Sink(UdpSocket):
            def send_to(self, data: memoryview | bytes, address: SocketAddress | None) -> None:
                pass

            def close(self) -> None:
                pass

        return Sink()

    def resolve(self, name: str) -> Any:
        from remit.kernel.network import Resolution

        class Answer(Resolution):
            def addresses(self) -> list[bytes]:
                first = int(name.partition(".")[0].removeprefix("n"))
                return [(first * 100 + number).to_bytes(4, "big") for number in range(100)]

        return Answer()


def test_a_flood_takes_no_memory() -> None:
    """Peers without end, names without end, and datagrams without end to one peer."""
    count = 0

    def watcher(use: Use) -> None:
        nonlocal count
        count += 1

    network = WatchedNetwork(_Nowhere(), watcher)
    own = network.udp_socket(4)
    for _ in range(20_000):
        own.send_to(b"x", at(53))
    assert count == 1
    tracemalloc.start()
    try:
        for number in range(20_000):
            own.send_to(b"x", SocketAddress(number.to_bytes(4, "big"), 53))
        for number in range(500):
            network.resolve(f"n{number}.test").addresses()
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 1 + 20_000 + 2 * 500
    assert len(network._watch._first) == len(network._watch._names) == watched.MAX_KNOWN
    assert used < 4 << 20


def test_what_the_watcher_raises_ends_it_and_nothing_stays_open() -> None:
    network = Memory()
    closed: list[object] = []

    def stop(use: Use) -> None:
        if use.action != "listen":
            raise ZeroDivisionError

    own = WatchedNetwork(network.member("a"), stop)
    with pytest.raises(ZeroDivisionError):
        own.resolve("host")
    server = own.tcp_socket(4)
    server.bind(at(80, ANY))
    server.listen(5)
    with network.connect("a", 80) as peer:
        with pytest.raises(ZeroDivisionError):
            server.accept()
        assert peer.receive(timeout=10) == b"", "whoever had connected is told that it is over"
    server.close()
    assert not closed


def test_a_listener_that_is_handed_over(reactor: Reactor) -> None:
    uses: list[Use] = []
    with socket.create_server(("127.0.0.1", 0)) as host:
        place = f"127.0.0.1:{host.getsockname()[1]}"
        listener = WatchedListener(HostSocket(host), uses.append)
        assert listener.listening
        with socket.create_connection(host.getsockname()[:2]) as client:
            mine = f"127.0.0.1:{client.getsockname()[1]}"
            connection = until(reactor, listener.accept)
            connection.write([memoryview(b"hello")])
            assert client.recv(10) == b"hello"
            connection.close()
        listener.close()
    assert [(str(each), each.grant) for each in uses] == [(f"accept {mine} at {place}", place)]


def test_a_listener_at_a_path(reactor: Reactor, tmp_path: Any) -> None:
    uses: list[Use] = []
    with socket.socket(socket.AF_UNIX) as host, socket.socket(socket.AF_UNIX) as client:
        host.bind(str(tmp_path / "socket"))
        host.listen()
        listener = WatchedListener(HostSocket(host), uses.append)
        client.connect(str(tmp_path / "socket"))
        until(reactor, listener.accept).close()
    assert uses[0].grant == str(tmp_path / "socket")


# Requests.


def test_a_request_is_told_with_its_rule_and_where_it_went() -> None:
    for rules, rule in ((["http: GET,POST http://localhost:{port}/*"], ""), (["localhost"], "localhost")):
        with Server() as server:
            given = [each.format(port=server.port) for each in rules]
            it = Watching(HostNetwork(given))
            wanted = request(f"LOCALHOST:{server.port}", path="/a*b?token=secret")
            server.client = Client(it.network).send(wanted, RequestOptions(), has_body=False)
            server.take_head()
            url = f"GET http://localhost:{server.port}/a%2Ab"
            assert it.uses[0].target is None
            assert str(it.uses[-1]) == f"{url} to 127.0.0.1:{server.port}"
            assert {each.kind for each in it.uses} == {"http"}, "what it takes to send it is part of it"
            assert {each.rule for each in it.uses} == {rule or given[0]}


def test_a_request_that_is_refused_or_goes_nowhere() -> None:
    it = Watching(HostNetwork(["http: GET http://localhost/a"]))
    with pytest.raises(HttpError):
        Client(it.network).send(request("localhost", path="/b"), RequestOptions(), has_body=False)
    assert it.told() == []
    memory = Watching(Memory().member("a"))
    exchange = Client(memory.network).send(request("nobody.test"), RequestOptions(), has_body=False)
    assert failure(exchange.response) == "DNS-error"
    assert memory.told() == ["GET http://nobody.test/"], "a name was looked up for it, and that is all"


def test_no_secret_of_a_request_is_told() -> None:
    told: list[Use] = []

    class Anything(Client):
        def send(self, *arguments: Any, **named: Any) -> Any:
            return None

    client = WatchedClient(Anything(Memory().member("a")), told.append)
    for authority, path in (("me:password@a.test", "/a?key=1"), ("a.test", "/a//b?key=1"), ("a.test", "*")):
        client.send(request(authority, path=path), RequestOptions(), has_body=False)
    assert [each.subject for each in told] == ["http://a.test/a", "http://a.test/a//b", "http://a.test*"]


# Whole programs.


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.name)
def test_nothing_else_changes(scenario: Scenario) -> None:
    uses: list[Use] = []
    run(
        Scenario(
            scenario.name,
            PRELUDE + scenario.source,
            lambda: {**scenario.grants(), "on_use": uses.append},
            scenario.trap,
            scenario.status,
        )
    )
    assert {each.kind for each in uses} <= {"network"}


REQUEST = PRELUDE + H + 'print(send(request("/plain")).status())\n'


def ran(on_use: Any, *, asynchronous: bool = False) -> Any:
    options: dict[str, Any] = {
        "network": ["localhost"],
        "env": {"SERVER": f"localhost:{server_port()}"},
        "capture_output": True,
        "text": True,
        "timeout": 30,
        "on_use": on_use,
    }
    if asynchronous:
        return asyncio.run(remit.run_async([component("script"), REQUEST], **options))
    return remit.run([component("script"), REQUEST], **options)


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_watcher_can_stop_a_request(asynchronous: bool) -> None:
    """Also where it is connected while the program waits."""
    uses: list[Use] = []
    done = ran(uses.append)
    assert (done.stdout, done.stderr) == ("200\n", "")
    assert uses[0].target is None
    for stop_at in range(len(uses)):
        left = stop_at

        def stop(use: Use) -> None:
            nonlocal left
            if not left:
                raise ZeroDivisionError(str(use))
            left -= 1

        with pytest.raises(ZeroDivisionError, match="GET http://localhost"):
            ran(stop, asynchronous=asynchronous)
