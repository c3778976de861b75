"""What of the rules for the network is unused, or too wide for what was done by them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from policy.fake_internet import Step
from policy.test_network_learning import performed
from remit.kernel.uses import Use
from remit.network.host_network import HostNetwork
from remit.network.watched import WatchedNetwork
from remit.policy.network_observing import NetworkObservation
from remit.policy.remit import Remit


def observed(rules: list[str] | str, steps: Sequence[Step]) -> NetworkObservation:
    observation = NetworkObservation(Remit(network=rules))
    network = HostNetwork(everything=True) if isinstance(rules, str) else HostNetwork(rules)
    performed(WatchedNetwork(network, observation), steps)
    return observation


ASKS = "http: GET http://a.test/x"
GET: Step = ("request", "GET", "a.test", "/x")


@pytest.mark.parametrize(
    ("rule", "steps", "enough"),
    [
        # Just that.
        ("connect:a.test:443", [("reach", "a.test", 443)], None),
        ("connect:A.TEST:443", [("reach", "a.test", 443)], None),
        ("connect:1.1.1.1/32:443-443", [("connect", "1.1.1.1", 443)], None),
        ("listen:127.0.0.1:80", [("listen", "127.0.0.1", 80)], None),
        ("connect:localhost:80", [("reach", "localhost", 80)], None),
        (ASKS, [GET], None),
        # For several a pattern is what may be meant.
        ("connect:*:443", [("connect", "1.1.1.1", 443), ("connect", "8.8.8.8", 443)], None),
        ("connect:a.test", [("reach", "a.test", 443), ("reach", "a.test", 80)], None),
        ("http: GET http://a.test/*", [GET, ("request", "GET", "a.test", "/y")], None),
        # A pattern for one.
        ("connect:*:443", [("connect", "1.1.1.1", 443)], ["connect:1.1.1.1:443"]),
        ("connect:*.a.test:80", [("reach", "b.a.test", 80)], ["connect:b.a.test:80"]),
        ("connect:10.0.0.0/8:80", [("connect", "10.0.0.1", 80)], ["connect:10.0.0.1:80"]),
        ("resolve:*", [("resolve", "a.test")], ["resolve:a.test"]),
        ("listen:127.0.0.0/8:80", [("listen", "127.0.0.1", 80)], ["listen:127.0.0.1:80"]),
        ("http: GET http://a.test/*", [GET], [ASKS]),
        ("http: GET http://*/x", [GET], [ASKS]),
        ("http: * http://a.test/x", [GET], [ASKS]),
        # A right, a method or a port too much.
        ("a.test:443", [("reach", "a.test", 443)], ["connect:a.test:443"]),
        ("connect:a.test:443", [("resolve", "a.test")], ["resolve:a.test"]),
        ("connect:a.test:80-443", [("reach", "a.test", 443)], ["connect:a.test:443"]),
        ("connect:a.test", [("reach", "a.test", 443)], ["connect:a.test:443"]),
        ("listen:127.0.0.1", [("listen", "127.0.0.1", 80)], ["listen:127.0.0.1:80"]),
        ("listen:0.0.0.0:0", [("hear", "8.8.8.8", 53, 0)], ["receive:8.8.8.8:53"]),
        ("http: GET,PUT http://a.test/x", [GET], [ASKS]),
        ("connect:a.test:80", [GET], [ASKS]),
    ],
)
def test_each_by_itself(rule: str, steps: list[Step], enough: list[str] | None) -> None:
    observation = observed([rule], steps)
    assert observation.unused() == []
    assert observation.too_wide() == ([] if enough is None else [(rule, enough)])


def test_what_needs_two_rules_uses_both() -> None:
    rules = ["connect:10.0.0.1:80", "resolve:c.test"]
    observation = observed(rules, [("reach", "c.test", 80)])
    assert (observation.unused(), observation.too_wide()) == ([], [])
    observation = observed(["resolve:10.0.0.1", "resolve:c.test"], [("resolve", "c.test")])
    assert (observation.unused(), observation.too_wide()) == ([], [])
    observation = observed(["http: GET http://c.test/x", "connect:10.0.0.1:80"], [("request", "GET", "c.test", "/x")])
    assert (observation.unused(), observation.too_wide()) == ([], [])


def test_what_nothing_was_done_by() -> None:
    rules = ["connect:a.test:443", "resolve:*", "connect:8.8.8.8:53", "http: GET http://a.test/y", ASKS]
    assert observed(rules, [("reach", "a.test", 443), GET]).unused() == [rules[1], rules[2], rules[3]]
    assert observed(rules, []).unused() == rules
    assert observed("host", []).unused() == [""]
    assert observed(["host"], []).unused() == ["host"], "that is the name of somebody"
    exact = observed(["connect:host:80", "host"], [])
    exact(Use("network", "connect", "1.1.1.1:80", name="host", rule="connect:host:80"))
    exact(Use("network", "resolve", "host", rule="connect:host:80"))
    assert (exact.unused(), exact.too_wide()) == (["host"], [])
    assert observed("host", [("connect", "8.8.8.8", 80)]).too_wide() == [("host", ["connect:8.8.8.8:80"])]
    assert observed("none", []).unused() == []


def test_who_is_accepted_uses_the_rule() -> None:
    observation = NetworkObservation(Remit(network=["listen:127.0.0.1:80"]))
    observation(Use("network", "accept", "127.0.0.1:5000", rule="listen:127.0.0.1:80", target="127.0.0.1:80"))
    assert (observation.unused(), observation.too_wide()) == ([], [])
