"""What programs are refused of the network: noted, with the rule that would allow it, and that rule does."""

from __future__ import annotations

from typing import Any

import remit
from python_guests import component
from wasi_0_2.http import H, server_port
from wasi_0_2.prelude import PRELUDE
from wasi_0_2.sockets import LISTEN

REQUEST = (
    PRELUDE
    + H
    + """
try:
    send(request("/plain", method=Method_Post()))
except Err as error:
    print(type(error.value).__name__)
else:
    print("sent")
"""
)
SOCKETS = (
    PRELUDE
    + LISTEN
    + """
refused(Net.ACCESS_DENIED, ip_name_lookup.resolve_addresses, net, "a.test")
s = tcp_create_socket.create_tcp_socket(V4)
refused(Net.ACCESS_DENIED, s.start_connect, net, address("10.0.0.1", 80))
"""
)


def ran(source: str, network: Any) -> tuple[str, list[str]]:
    """What it printed, and the rules that would allow what it was refused."""
    done = remit.run(
        [component("script"), source],
        network=network,
        env={"SERVER": f"localhost:{server_port()}"},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return str(done.stdout).strip(), [refusal.rule for refusal in done.refusals]


def test_a_request_that_is_refused_is_allowed_by_the_rule_that_is_told() -> None:
    url = f"http://localhost:{server_port()}/plain"
    for network in (None, [f"http: GET {url}"], ["http: POST http://localhost/plain"]):
        said, rules = ran(REQUEST, network)
        assert said == "ErrorCode_HttpRequestDenied"
        assert rules == [f"http: POST {url}"]
        assert ran(REQUEST, [*(network or ()), *rules]) == ("sent", [])
    # Without rules for requests it is the connection that is missing.
    said, rules = ran(REQUEST, ["a.test"])
    assert rules == [f"connect:localhost:{server_port()}"]
    assert ran(REQUEST, ["a.test", *rules]) == ("sent", [])


def test_sockets_that_are_refused() -> None:
    assert ran(SOCKETS, ["b.test"])[1] == ["resolve:a.test", "connect:10.0.0.1:80"]
