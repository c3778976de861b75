"""Scenarios: ``wasi:cli``, ``clocks``, ``random`` and ``io``."""

from __future__ import annotations

import remit
from remit.kernel.clocks import VirtualClock
from wasi_0_2.runner import Scenario

SCENARIOS = [
    Scenario(
        "arguments and variables",
        """
assert environment.get_arguments()[0] == "script.wasm"
assert environment.get_environment() == [("A", "1"), ("B", "")]
assert environment.initial_cwd() is None
""",
        lambda: {"env": {"A": "1", "B": ""}},
    ),
    Scenario("an end by itself", "exit.exit(Ok(None))"),
    Scenario("a failure", "exit.exit(Err(None))", status=1),
    Scenario(
        "standard streams",
        """
with stdin.get_stdin() as source:
    assert source.blocking_read(100) == b"question"
    refused(StreamError_Closed, source.read, 1)
    with source.subscribe() as ready:
        assert ready.ready()
with stdout.get_stdout() as out:
    assert out.check_write() >= 4096
    out.write(b"answer")
    out.flush()
    out.blocking_flush()
    with out.subscribe() as ready:
        ready.block()
with stderr.get_stderr() as out:
    out.blocking_write_and_flush(b"")
assert terminal_stdin.get_terminal_stdin() is None
assert terminal_stdout.get_terminal_stdout() is None
assert terminal_stderr.get_terminal_stderr() is None
""",
        lambda: {"input": "question"},
    ),
    Scenario(
        "more than was permitted",
        """
with stdout.get_stdout() as out:
    out.write(b"x" * (out.check_write() + 1))
""",
        trap="where check-write permitted",
    ),
    Scenario(
        "a blocking write of too much",
        """
with stdout.get_stdout() as out:
    out.blocking_write_and_flush(bytes(4097))
""",
        trap="4096 are allowed",
    ),
    Scenario("a poll of nothing", "poll.poll([])", trap="poll of no pollables"),
    Scenario(
        "clocks",
        """
first = monotonic_clock.now()
assert monotonic_clock.resolution() >= 1
with monotonic_clock.subscribe_instant(first) as past, monotonic_clock.subscribe_duration(10**15) as never:
    assert past.ready() and not never.ready()
    assert poll.poll([never, past]) == [1]
with monotonic_clock.subscribe_duration(10**7) as soon:
    soon.block()
assert monotonic_clock.now() >= first + 10**7
with monotonic_clock.subscribe_duration(0) as now, monotonic_clock.subscribe_instant(2**64 - 1) as last:
    assert poll.poll([last, now, now]) == [1, 2]
when = wall_clock.now()
assert when.seconds > 1_600_000_000 and when.nanoseconds < 10**9
step = wall_clock.resolution()
assert step.seconds == 0 and step.nanoseconds >= 1
""",
        lambda: {"monotonic_clock": VirtualClock(5)},
    ),
    Scenario(
        "random numbers",
        """
assert len(random.get_random_bytes(1000)) == 1000
assert random.get_random_bytes(0) == b""
assert random.get_random_u64() != random.get_random_u64()
assert len(insecure.get_insecure_random_bytes(3)) == 3
insecure.get_insecure_random_u64()
assert len(insecure_seed.insecure_seed()) == 2
""",
    ),
    Scenario("too many random numbers", "random.get_random_bytes(2**40)", trap="random bytes in one call"),
    Scenario(
        "no grants at all",
        """
assert preopens.get_directories() == []
refused(Net.ACCESS_DENIED, tcp_create_socket.create_tcp_socket, V4)
refused(Net.ACCESS_DENIED, udp_create_socket.create_udp_socket, V6)
refused(Net.ACCESS_DENIED, ip_name_lookup.resolve_addresses, instance_network.instance_network(), "localhost")
from wit_world.imports.wasi_http_types import OutgoingRequest, Fields, ErrorCode_HttpRequestDenied
request = OutgoingRequest(Fields())
request.set_authority("localhost")
refused(ErrorCode_HttpRequestDenied, outgoing_handler.handle, request, None)
""",
        lambda: {"limits": remit.Limits()},
    ),
]
