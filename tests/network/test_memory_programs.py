"""Programs of one process that reach each other by name, on threads and on one asyncio loop."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

import remit
from python_guests import component
from remit.net import Memory
from wasi_0_2.http import H
from wasi_0_2.prelude import PRELUDE
from wasi_0_2.runner import Scenario, run
from wasi_0_2.sockets import LISTEN, SCENARIOS

SERVER = (
    PRELUDE
    + LISTEN
    + """
server = listening(at=address("0.0.0.0", 80))
for _ in range(2):
    peer, source, sink = accept(server)
    said = source.blocking_read(100)
    answer = b"HTTP/1.1 200 OK\\r\\ncontent-length: 5\\r\\n\\r\\nhello" if said[:3] == b"GET" else said[::-1]
    sink.blocking_write_and_flush(answer)
    peer.shutdown(tcp.ShutdownType.SEND)
    for each in (source, sink, peer):
        each.__exit__(None, None, None)
"""
)

CLIENT = (
    PRELUDE
    + LISTEN
    + """
with ip_name_lookup.resolve_addresses(net, "server") as found:
    ip = until(found.resolve_next_address, found.subscribe).value
client, (source, sink) = connect(address(".".join(map(str, ip)), 80))
sink.blocking_write_and_flush(b"abc")
assert source.blocking_read(100) == b"cba"
with ip_name_lookup.resolve_addresses(net, "nobody") as found:
    refused(Net.NAME_UNRESOLVABLE, found.resolve_next_address)
def elsewhere():
    s = tcp_create_socket.create_tcp_socket(V4)
    s.start_connect(net, address("93.184.216.34", 80))
    return until(s.finish_connect, s.subscribe)
refused(Net.REMOTE_UNREACHABLE, elsewhere)
"""
)

REQUEST = (
    PRELUDE
    + H
    + """
response = send(request(authority="server", scheme=Scheme_Http()))
assert response.status() == 200
assert text(response)[0] == b"hello"
"""
)


def options(network: Memory, name: str) -> dict[str, Any]:
    return {"network": network.member(name), "capture_output": True, "text": True, "timeout": 20}


def check(done: Any) -> None:
    assert (done.returncode, done.stderr) == (0, "")


def test_programs_on_threads() -> None:
    network = Memory()
    script = component("script")
    results: list[Any] = []

    def serve() -> None:
        results.append(remit.run([script, SERVER], **options(network, "server")))

    thread = threading.Thread(target=serve)
    thread.start()
    network.wait_for_listener("server", 80, timeout=20)
    for name, source in (("client", CLIENT), ("other", REQUEST)):
        check(remit.run([script, source], **options(network, name)))
    thread.join(60)
    check(results[0])


def test_programs_on_one_loop() -> None:
    network = Memory()
    script = component("script")

    async def run_all() -> None:
        server = asyncio.create_task(remit.run_async([script, SERVER], **options(network, "server")))
        await network.wait_for_listener_async("server", 80, timeout=20)
        clients = [remit.run_async([script, each], **options(network, "client")) for each in (CLIENT, REQUEST)]
        for each in [*await asyncio.gather(*clients), await server]:
            check(each)

    asyncio.run(run_all())


def test_a_program_and_the_hosts_own_code() -> None:
    network = Memory()
    script = component("script")
    with network.listen("server", 80) as listener:

        def answer() -> None:
            with listener.accept(timeout=20) as connection:
                connection.send(connection.receive(timeout=20)[::-1])

        thread = threading.Thread(target=answer)
        thread.start()
        check(remit.run([script, CLIENT], **options(network, "client")))
        thread.join()


# What these scenarios expect is that of a machine with a loopback; here each member is one.
ON_LOOPBACK = [each for each in SCENARIOS if each.grants.__name__ == "loopback"]


@pytest.mark.parametrize("scenario", ON_LOOPBACK, ids=lambda each: each.name)
def test_scenarios_of_the_hosts_network(scenario: Scenario) -> None:
    refused = 'refused(Net.ACCESS_DENIED, ip_name_lookup.resolve_addresses, net, "example.com")'
    source = PRELUDE + scenario.source.replace(refused, "")
    run(Scenario(scenario.name, source, lambda: {"network": Memory().member("a")}, scenario.trap, scenario.status))
