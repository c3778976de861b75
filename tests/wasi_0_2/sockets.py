"""Scenarios: ``wasi:sockets``, over the loopback of this machine."""

from __future__ import annotations

from typing import Any

from wasi_0_2.runner import Scenario


def loopback() -> dict[str, Any]:
    return {"network": ["127.0.0.0/8", "[::1]:*", "listen:127.0.0.1", "listen:[::1]:*", "localhost"]}


def connect_only() -> dict[str, Any]:
    return {"network": ["127.0.0.1:1-65535"]}


LISTEN = """
net = instance_network.instance_network()
def listening(family=V4, at=address()):
    s = tcp_create_socket.create_tcp_socket(family)
    s.start_bind(net, at); s.finish_bind()
    s.start_listen(); s.finish_listen()
    return s
def connect(to, family=V4):
    s = tcp_create_socket.create_tcp_socket(family)
    s.start_connect(net, to)
    return s, until(s.finish_connect, s.subscribe)
def accept(server):
    return until(server.accept, server.subscribe)
"""

SCENARIOS = [
    Scenario(
        "a conversation",
        LISTEN
        + """
server = listening()
assert server.is_listening() and server.address_family() == V4
where = server.local_address()
client, (source, sink) = connect(where)
peer, peer_source, peer_sink = accept(server)
assert client.remote_address() == where and peer.remote_address() == client.local_address()
sink.blocking_write_and_flush(b"hello")
assert peer_source.blocking_read(100) == b"hello"
peer_sink.blocking_write_and_flush(b"goodbye")
assert source.blocking_read(100) == b"goodbye"
client.shutdown(tcp.ShutdownType.SEND)
refused(StreamError_Closed, peer_source.blocking_read, 1)
peer.shutdown(tcp.ShutdownType.BOTH)
refused(StreamError_Closed, source.blocking_read, 1)
""",
        loopback,
    ),
    Scenario(
        "a conversation by IPv6",
        LISTEN
        + """
server = listening(V6, address6((0, 0, 0, 0, 0, 0, 0, 1)))
client, (source, sink) = connect(server.local_address(), V6)
assert client.address_family() == V6
accept(server)
""",
        loopback,
    ),
    Scenario(
        "steps out of their order",
        LISTEN
        + """
s = tcp_create_socket.create_tcp_socket(V4)
S = Net.INVALID_STATE
for function in (s.local_address, s.remote_address, s.accept, s.start_listen):
    refused(S, function)
refused(S, s.shutdown, tcp.ShutdownType.SEND)
for function in (s.finish_bind, s.finish_listen, s.finish_connect):
    refused(Net.NOT_IN_PROGRESS, function)
s.start_bind(net, address())
refused(Net.CONCURRENCY_CONFLICT, s.start_bind, net, address())
s.finish_bind()
refused(S, s.start_bind, net, address())
s.start_listen()
refused(Net.CONCURRENCY_CONFLICT, s.start_listen)
s.finish_listen()
refused(Net.WOULD_BLOCK, s.accept)
refused(S, s.start_connect, net, address(port=1))
refused(Net.NOT_SUPPORTED, s.set_listen_backlog_size, 5)
t = tcp_create_socket.create_tcp_socket(V4)
refused(Net.INVALID_ARGUMENT, t.set_listen_backlog_size, 0)
t.set_listen_backlog_size(2**64 - 1)
""",
        loopback,
    ),
    Scenario(
        "addresses that are none",
        LISTEN
        + """
A = Net.INVALID_ARGUMENT
for wrong in (address("0.0.0.0", 80), address("127.0.0.1", 0), address("224.0.0.1", 80), address("255.255.255.255", 80),
              address6((0, 0, 0, 0, 0, 0, 0, 1), 80)):
    refused(A, tcp_create_socket.create_tcp_socket(V4).start_connect, net, wrong)
mapped, group = (0, 0, 0, 0, 0, 0xFFFF, 0x7F00, 1), (0xFF02, 0, 0, 0, 0, 0, 0, 1)
for wrong in (address6((0,) * 8, 80), address6(mapped, 80), address6(group, 80)):
    refused(A, tcp_create_socket.create_tcp_socket(V6).start_connect, net, wrong)
refused(A, tcp_create_socket.create_tcp_socket(V4).start_bind, net, address("224.0.0.1"))
refused(A, tcp_create_socket.create_tcp_socket(V6).start_bind, net, address())
""",
        loopback,
    ),
    Scenario(
        "an address that is taken",
        LISTEN
        + """
server = listening()
s = tcp_create_socket.create_tcp_socket(V4)
refused(Net.ADDRESS_IN_USE, s.start_bind, net, server.local_address())
""",
        loopback,
    ),
    Scenario(
        "an address of another machine",
        LISTEN
        + """
for create in (tcp_create_socket.create_tcp_socket, udp_create_socket.create_udp_socket):
    refused(Net.ADDRESS_NOT_BINDABLE, create(V4).start_bind, net, address("192.0.2.1"))
""",
        lambda: {"network": ["listen:192.0.2.1"]},
    ),
    Scenario(
        "nobody there",
        LISTEN
        + """
server = listening()
where = server.local_address()
server.__exit__(None, None, None)
s = tcp_create_socket.create_tcp_socket(V4)
s.start_connect(net, where)
def finish():
    return until(s.finish_connect, s.subscribe)
refused(Net.CONNECTION_REFUSED, finish)
refused(Net.INVALID_STATE, s.start_connect, net, where)
""",
        loopback,
    ),
    Scenario(
        "what the network does not allow",
        LISTEN
        + """
for forbidden in (address("127.0.0.2", 80), address("10.0.0.1", 80), address("93.184.216.34", 80)):
    refused(Net.ACCESS_DENIED, tcp_create_socket.create_tcp_socket(V4).start_connect, net, forbidden)
refused(Net.ACCESS_DENIED, tcp_create_socket.create_tcp_socket(V4).start_bind, net, address())
refused(Net.ACCESS_DENIED, ip_name_lookup.resolve_addresses, net, "localhost")
""",
        connect_only,
    ),
    Scenario(
        "options",
        LISTEN
        + """
A = Net.INVALID_ARGUMENT
s = tcp_create_socket.create_tcp_socket(V4)
s.set_keep_alive_enabled(True)
assert s.keep_alive_enabled()
s.set_keep_alive_enabled(False)
assert not s.keep_alive_enabled()
for name, value, wrong in (("keep_alive_idle_time", 5 * 10**9, 0), ("keep_alive_interval", 7 * 10**9, 0),
                           ("keep_alive_count", 3, 0), ("hop_limit", 42, 0), ("receive_buffer_size", 0x10000, 0),
                           ("send_buffer_size", 0x10000, 0)):
    refused(A, getattr(s, "set_" + name), wrong)
    getattr(s, "set_" + name)(value)
    assert getattr(s, name)() >= value, name
s.set_keep_alive_idle_time(1)
assert s.keep_alive_idle_time() == 10**9
s.set_keep_alive_interval(2**64 - 1)
s.set_keep_alive_count(2**32 - 1)
s.set_receive_buffer_size(2**64 - 1)
u = udp_create_socket.create_udp_socket(V6)
refused(A, u.set_unicast_hop_limit, 0)
u.set_unicast_hop_limit(9)
assert u.unicast_hop_limit() == 9
for name in ("receive_buffer_size", "send_buffer_size"):
    refused(A, getattr(u, "set_" + name), 0)
    getattr(u, "set_" + name)(0x10000)
    assert getattr(u, name)() >= 0x10000
""",
        loopback,
    ),
    Scenario(
        "datagrams",
        LISTEN
        + """
def bound(family=V4, at=address()):
    s = udp_create_socket.create_udp_socket(family)
    assert s.address_family() == family
    refused(Net.INVALID_STATE, s.local_address)
    refused(Net.INVALID_STATE, s.stream, None)
    refused(Net.NOT_IN_PROGRESS, s.finish_bind)
    s.start_bind(net, at); s.finish_bind()
    wait(s.subscribe())
    return s
one, two = bound(), bound()
incoming, outgoing = two.stream(None)
refused(Net.INVALID_STATE, two.remote_address)
assert incoming.receive(10) == []
theirs, mine = one.stream(two.local_address())
assert one.remote_address() == two.local_address()
assert mine.check_send() > 0
assert mine.send([udp.OutgoingDatagram(b"a", None), udp.OutgoingDatagram(b"b" * 100, two.local_address())]) == 2
found = []
while len(found) < 2:
    wait(incoming.subscribe())
    found += incoming.receive(1)
assert [each.data for each in found] == [b"a", b"b" * 100]
assert found[0].remote_address == one.local_address()
assert incoming.receive(0) == []
wait(outgoing.subscribe())
outgoing.check_send()
refused(Net.INVALID_ARGUMENT, outgoing.send, [udp.OutgoingDatagram(b"x", None)])
outgoing.check_send()
refused(Net.DATAGRAM_TOO_LARGE, outgoing.send, [udp.OutgoingDatagram(bytes(65508), one.local_address())])
mine.check_send()
refused(Net.INVALID_ARGUMENT, mine.send, [udp.OutgoingDatagram(b"x", address("127.0.0.1", 9))])
""",
        loopback,
    ),
    Scenario(
        "datagrams that may not be sent",
        """
net = instance_network.instance_network()
s = udp_create_socket.create_udp_socket(V4)
s.start_bind(net, address("0.0.0.0")); s.finish_bind()
for forbidden in (address("10.0.0.1", 53), address("127.0.0.2", 53)):
    refused(Net.ACCESS_DENIED, s.stream, forbidden)
    _, outgoing = s.stream(None)
    outgoing.check_send()
    refused(Net.ACCESS_DENIED, outgoing.send, [udp.OutgoingDatagram(b"x", forbidden)])
    _.__exit__(None, None, None); outgoing.__exit__(None, None, None)
""",
        connect_only,
    ),
    Scenario(
        "more datagrams than permitted",
        """
net = instance_network.instance_network()
s = udp_create_socket.create_udp_socket(V4)
s.start_bind(net, address()); s.finish_bind()
_, outgoing = s.stream(None)
outgoing.send([udp.OutgoingDatagram(b"x", s.local_address())])
""",
        loopback,
        trap="where check-send permitted 0",
    ),
    Scenario(
        "names",
        """
net = instance_network.instance_network()
def resolve(name):
    with ip_name_lookup.resolve_addresses(net, name) as found:
        addresses = []
        while (one := until(found.resolve_next_address, found.subscribe)) is not None:
            addresses.append(one.value)
        return addresses
assert (127, 0, 0, 1) in resolve("localhost")
assert resolve("127.0.0.1") == [(127, 0, 0, 1)]
assert resolve("::1") == [(0, 0, 0, 0, 0, 0, 0, 1)]
refused(Net.INVALID_ARGUMENT, ip_name_lookup.resolve_addresses, net, "not a name")
refused(Net.INVALID_ARGUMENT, ip_name_lookup.resolve_addresses, net, "")
refused(Net.ACCESS_DENIED, ip_name_lookup.resolve_addresses, net, "example.com")
""",
        loopback,
    ),
    Scenario(
        "so many sockets may be open",
        """
kept = [tcp_create_socket.create_tcp_socket(V4) for _ in range(2)]
refused(Net.NEW_SOCKET_LIMIT, tcp_create_socket.create_tcp_socket, V4)
refused(Net.NEW_SOCKET_LIMIT, udp_create_socket.create_udp_socket, V4)
kept.pop().__exit__(None, None, None)
udp_create_socket.create_udp_socket(V4)
""",
        lambda: {**loopback(), "limits": __import__("remit").Limits(descriptors=5)},
    ),
]
