"""Learning rules of the network: under them a program does the same again, with any of them less it does not, and
nothing else can be done.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from policy.fake_internet import ADDRESSES, NAMES, PORTS, PUBLIC, Internet, Step, perform
from remit.http.client import Client
from remit.kernel.uses import Use
from remit.network.host_network import HostNetwork
from remit.network.rules import Rule
from remit.network.watched import WatchedNetwork
from remit.policy.network_learning import MANY, MAX_LEARNED, LearnedNetwork, Room, suggestions
from remit.policy.network_observing import NetworkObservation
from remit.policy.observing import Observation
from remit.policy.remit import Remit

Outcome = tuple[list[object], list[object]]


def performed(network: Any, steps: Iterable[Step], *, http: bool = True) -> Outcome:
    """What came of each step, and what went out."""
    world = Internet()
    with world.played():
        client = Client(network) if http else None
        return [perform(world, network, client, step) for step in steps], world.journal


def learned(steps: Sequence[Step], *, known: Remit | None = None) -> tuple[Remit, list[str]]:
    """The smallest remit, and what could not be learned."""
    observation = Observation(Remit(network="host"))
    performed(WatchedNetwork(HostNetwork(everything=True), observation), steps)
    found = observation.smallest(known)
    return found, observation.unlearned()


def rules(steps: Sequence[Step]) -> list[str]:
    network = learned(steps)[0].network
    return [] if network == "none" else list(network)


def bound(remit: Remit, steps: Sequence[Step]) -> Outcome:
    network = HostNetwork(() if remit.network == "none" else remit.network)
    return performed(network, steps, http=remit.http and remit.network != "none")


def free(steps: Sequence[Step]) -> Outcome:
    return performed(HostNetwork(everything=True), steps)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([("reach", "a.test", 443)], ["connect:a.test:443"]),
        ([("connect", "1.1.1.1", 443)], ["connect:1.1.1.1:443"]),
        ([("connect", "2606:4700::1111", 443)], ["connect:[2606:4700::1111]:443"]),
        ([("resolve", "A.Test.")], ["resolve:a.test"]),
        ([("resolve", "none.test")], ["resolve:none.test"]),
        ([("connect", "1.1.1.1", 443), ("resolve", "a.test")], ["connect:1.1.1.1:443", "resolve:a.test"]),
        (
            [("connect", "1.1.1.1", 443), ("reach", "a.test", 443)],
            ["connect:1.1.1.1:443", "resolve:a.test"],
        ),
        ([("resolve", "c.test")], ["resolve:c.test", "resolve:10.0.0.1"]),
        ([("reach", "c.test", 80)], ["connect:10.0.0.1:80", "resolve:c.test"]),
        ([("reach", "b.a.test", 80)], ["connect:b.a.test:80", "resolve:10.0.0.1"]),
        (
            [("reach", "localhost", 80)],
            ["connect:127.0.0.1:80", "resolve:localhost"],
        ),
        ([("send", "8.8.8.8", 53), ("hear", "8.8.8.8", 53, 0)], ["receive:8.8.8.8:53", "send:8.8.8.8:53"]),
        ([("resolve", "a.test"), ("send", "1.1.1.1", 53)], ["send:a.test:53"]),
        ([("hear", "8.8.8.8", 53, 5353), ("hear", "10.0.0.1", 1, 5353)], ["listen:0.0.0.0:5353"]),
        ([("meet", "8.8.8.8", 53)], ["receive:8.8.8.8:53"]),
        ([("meet", "8.8.8.8", 53), ("send", "8.8.8.8", 53)], ["send:8.8.8.8:53"]),
        ([("listen", "127.0.0.1", 0)], ["listen:127.0.0.1:0"]),
        ([("listen", "::1", 80)], ["listen:[::1]:80"]),
        ([("request", "GET", "A.test", "/v1/x?secret=1")], ["http: GET http://a.test/v1/x"]),
        ([("request", "GET", "a.test:8080", "/")], ["http: GET http://a.test:8080/"]),
        ([("request", "PUT", "localhost:8080", "/a*b")], ["http: PUT http://localhost:8080/a%2Ab"]),
        ([("request", "GET", "10.0.0.1", "/")], ["http: GET http://10.0.0.1/"]),
        ([("request", "GET", "[::1]:80", "/")], ["http: GET http://[::1]/"]),
        ([("request", "GET", "c.test", "/")], ["http: GET http://c.test/", "connect:10.0.0.1:80"]),
        ([("request", "GET", "none.test", "/")], []),
        ([], []),
    ],
)
def test_the_smallest_rules(steps: list[Step], expected: list[str]) -> None:
    remit, unlearned = learned(steps)
    assert (rules(steps), unlearned) == (expected, [])
    assert remit.http == (any(each.startswith("http:") for each in expected) or not expected)


def test_what_is_tried_and_refused_by_the_other_side_is_learned_too() -> None:
    steps: list[Step] = [("reach", "a.test", 9), ("connect", "8.8.8.8", 9)]
    assert rules(steps) == ["connect:8.8.8.8:9", "connect:a.test:9"]
    assert bound(learned(steps)[0], steps) == free(steps)


def test_what_the_offer_refuses_is_not_learned() -> None:
    remit = Remit(network=["resolve:*", "connect:8.8.8.8:80"])
    observation = Observation(remit)
    steps: list[Step] = [
        ("reach", "a.test", 443),
        ("request", "GET", "a.test", "/"),
        ("connect", "8.8.8.8", 80),
        ("resolve", "c.test"),
    ]
    performed(WatchedNetwork(HostNetwork(remit.network), observation), steps)
    assert observation.smallest().network == ("connect:8.8.8.8:80", "resolve:a.test", "resolve:c.test")


def test_what_no_rule_can_say_is_told() -> None:
    steps: list[Step] = [
        ("request", "get", "a.test", "/"),
        ("request", "GET", "a.test", "/a//b"),
        ("request", "GET", "a.test", "/%2e%2e/x"),
        ("resolve", "x.1"),
    ]
    remit, unlearned = learned(steps)
    assert remit.network == "none"
    assert unlearned == [
        "network: GET http://a.test/%2e%2e/x",
        "network: GET http://a.test/a//b",
        "network: get http://a.test/",
        "network: resolve x.1",
    ]


def test_many_of_them_are_short_lines() -> None:
    observation = Observation(Remit(network="host"))
    observation(Use("http", "GET", "http://a.test//" + "x" * 10_000, target="1.1.1.1:80"))
    observation.smallest()
    [line] = observation.unlearned()
    assert len(line) < 250


def test_requests_over_tls() -> None:
    learning = LearnedNetwork(Room())
    for url in ("https://a.test/x", "https://a.test:8443/x", "https://[2606:4700::1111]/"):
        learning(Use("http", "GET", url, target="1.1.1.1:443"))
    assert learning.rules() == [
        "http: GET https://[2606:4700::1111]/",
        "http: GET https://a.test/x",
        "http: GET https://a.test:8443/x",
    ]


# What was learned before.


def merged(known: list[str] | str, steps: Sequence[Step], *, http: bool = False) -> tuple[Any, bool, list[str]]:
    remit, unlearned = learned(steps, known=Remit(network=known, http=http))
    return remit.network, remit.http, unlearned


def test_runs_add_up() -> None:
    assert merged(["connect:a.test:443"], [("reach", "a.test", 443)]) == (("connect:a.test:443",), False, [])
    assert merged(["connect:a.test:443"], [("reach", "a.test", 80)]) == (
        *(("connect:a.test:443", "connect:a.test:80"), False, []),
    )
    assert merged(["connect:*:443", "resolve:*"], [("reach", "a.test", 443)])[0] == ("connect:*:443", "resolve:*")
    assert merged(["connect:*:443"], [("reach", "a.test", 443)])[0] == ("connect:*:443", "resolve:a.test")
    assert merged(["10.0.0.0/8"], [("reach", "c.test", 80)])[0] == ("10.0.0.0/8", "resolve:c.test")
    assert merged(["resolve:10.0.0.0/8"], [("resolve", "c.test")])[0] == ("resolve:10.0.0.0/8", "resolve:c.test")
    assert merged(["receive:8.8.8.8"], [("meet", "8.8.8.8", 53)])[0] == ("receive:8.8.8.8",)
    assert merged("none", [("reach", "a.test", 443)]) == (("connect:a.test:443",), False, [])
    # Nothing is taken away, and what is there already stays what it is.
    assert merged("host", [("reach", "a.test", 443)], http=True) == ("host", True, [])
    assert merged(["connect:a.test"], [], http=True) == (("connect:a.test",), True, [])


def test_requests_of_several_runs() -> None:
    get, put = ("request", "GET", "a.test", "/x"), ("request", "PUT", "a.test", "/y")
    known = ["http: GET http://a.test/*"]
    assert merged(known, [get], http=True) == (tuple(known), True, [])
    assert merged(known, [put], http=True) == ((*known, "http: PUT http://a.test/y"), True, [])
    # Rules that were learned from sockets let nobody send requests; the first request makes rules for these.
    assert merged(["connect:a.test:80"], [get]) == (("connect:a.test:80", "http: GET http://a.test/x"), True, [])
    # Where requests go wherever the network leads, a first rule for requests would forbid what is allowed.
    assert merged(["connect:a.test:80"], [get], http=True) == (("connect:a.test:80",), True, [])
    network, http, [unlearned] = merged(["connect:8.8.8.8:80"], [get], http=True)
    assert (network, http) == (("connect:8.8.8.8:80",), True)
    assert unlearned.startswith("network: GET http://a.test/x: requests go wherever the network leads")
    # Somebody has said that there shall be none.
    for known_network in ("host", known):
        network, http, [unlearned] = merged(known_network, [get], http=False)
        assert (network, http) == (known_network if known_network == "host" else tuple(known), False)
        assert unlearned == "network: HTTP requests: http = false"


def test_without_a_network_that_is_offered_the_known_one_stays() -> None:
    known = Remit(network=["connect:a.test:443"], http=False)
    found = Observation(Remit()).smallest(known)
    assert (found.network, found.http) == (("connect:a.test:443",), False)


# Bounds.


def test_a_flood_is_learned_up_to_a_bound() -> None:
    observation = NetworkObservation(Remit(network="host"))
    for number in range(MAX_LEARNED + 100):
        observation(Use("network", "connect", f"1.{number >> 16}.{number >> 8 & 255}.{number & 255}:80"))
        observation(Use("network", "accept", f"1.1.1.1:{number}"))
        observation(Use("network", "receive", f"1.1.1.1:{number}", target="0.0.0.0:53"))
    network, _ = observation.smallest(Remit(network="host"), None)
    assert len(network) == MAX_LEARNED
    assert observation.unlearned == ["100 more uses: they are too many"]
    Remit(network=network).to_toml()
    network, _ = observation.smallest(Remit(), Remit(network=[f"connect:8.8.8.8:{port}" for port in range(9990)]))
    assert len(network) == 10_000
    long = NetworkObservation(Remit(network="host"))
    for number in range(1000):
        long(Use("http", "GET", f"http://a.test/{number}{'x' * 60_000}", target="1.1.1.1:80"))
    network, _ = long.smallest(Remit(), None)
    assert len(network) == 4
    assert long.unlearned == ["996 more uses: they are too many"]


# What programs choose must not become what rules mean.


HOSTILE = st.text(
    alphabet=st.one_of(st.sampled_from("*,.:/[]%?#@ \n\r\t\"'\\-0123456789abcdefABCDEF"), st.characters()), max_size=30
)


@settings(max_examples=1000, deadline=None)
@given(HOSTILE, HOSTILE, st.sampled_from(["GET", "GET,PUT", "*", "", "a b", "GET http://x/"]), st.integers(0, 70000))
def test_names_and_paths_cannot_widen_a_rule(text: str, other: str, method: str, port: int) -> None:
    learning = LearnedNetwork(Room())
    for use in (
        Use("network", "resolve", text, target=other),
        Use("network", "connect", f"{text}:{port}"),
        Use("network", "connect", f"1.1.1.1:{port}", name=text),
        Use("network", "send", text, name=other),
        Use("network", "listen", text),
        Use("network", "see", other, name=text),
        Use("http", method, f"http://{text}/{other}", target="1.1.1.1:80"),
        Use("http", method, f"https://a.test/{other}", target=text),
        Use("http", "GET", text, target="10.0.0.1:80"),
        Use("http", text, "http://a.test/", target="10.0.0.1:80"),
    ):
        learning(use)
    found = learning.rules()
    for each in found:
        rule = Rule(each)
        assert len(rule.actions) == 1 or rule.requests is not None, each
        assert rule.is_for_one_host, each
        assert rule.low == rule.high or each.startswith("resolve:"), each
        assert rule.requests is None or rule.requests.is_for_one, each
        assert each.isprintable()
        assert each.isascii()
    again = Remit.from_toml(Remit(network=found or "none").to_toml())
    assert again.network == (tuple(found) or "none")


@pytest.mark.parametrize("ip", ["0.0.0.0", "::", "::ffff:1.2.3.4"])
def test_addresses_that_no_rule_names(ip: str) -> None:
    learning = LearnedNetwork(Room())
    learning(Use("network", "resolve", "blocked.test", target=ip))
    at = f"[{ip}]:80" if ":" in ip else f"{ip}:80"
    learning(Use("network", "connect", at))
    learning(Use("network", "connect", at, name="blocked.test"))
    rules = learning.rules()
    assert [each for each in rules if "blocked.test" in each]
    assert Remit.from_toml(Remit(network=rules).to_toml()).network == tuple(rules)
    assert [*map(Rule, rules)]


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("*", None),
        ("*.a.test", None),
        ("a.test:80", None),
        ("a.test,b.test", None),
        ("a.test b.test", None),
        ("a.test\nresolve:*", None),
        ('a.test", "resolve:*', None),
        ("10.0.0.0/8", None),
        ("1.2.3", None),
        ("0x7f.1", None),
        ("80-90", None),
        ("", None),
        ("x" * 64, None),
        ("connect", "resolve:connect"),
        ("xn--bcher-kva.test", "resolve:xn--bcher-kva.test"),
    ],
)
def test_names_that_look_like_more(name: str, rule: str | None) -> None:
    learning = LearnedNetwork(Room())
    learning(Use("network", "resolve", name))
    learning(Use("network", "connect", "1.1.1.1:443", name=name))
    if rule is None:
        assert learning.rules() == ["connect:1.1.1.1:443"], "then it is an address"
        assert learning.unlearned == [f"resolve {name}"]
    else:
        assert learning.rules() == [f"connect:{name}:443"]


# All together.


_name = st.sampled_from([*NAMES, "A.Test.", "none.test"])
_ip = st.sampled_from(ADDRESSES)
_port = st.sampled_from(PORTS)
_authority = st.sampled_from(
    ["a.test", "A.test:443", "c.test", "b.a.test", "localhost:443", "10.0.0.1", "[::1]", "none.test"]
)
_paths = st.sampled_from(["/", "/a", "/a/", "/a/b?q", "/%61", "/a*", "/*"])
_step = st.one_of(
    st.tuples(st.just("resolve"), _name),
    st.tuples(st.sampled_from(["connect", "send", "meet"]), _ip, _port),
    st.tuples(st.just("reach"), _name, _port),
    st.tuples(st.just("hear"), _ip, _port, st.sampled_from([0, 53])),
    st.tuples(st.just("listen"), st.sampled_from(["127.0.0.1", "0.0.0.0", "::"]), st.sampled_from([0, 80])),
    st.tuples(st.just("request"), st.sampled_from(["GET", "PUT"]), _authority, _paths),
)
_steps = st.lists(_step, max_size=7)


def _without_lost_requests(steps: list[Step]) -> list[Step]:
    """A request that came to no connection is not learned."""
    return [step for step in steps if step[0] != "request" or step[2] != "none.test"]


@settings(max_examples=400, deadline=None)
@given(_steps)
def test_under_what_was_learned_all_goes_the_same_way(steps: list[Step]) -> None:
    steps = _without_lost_requests(steps)
    remit, unlearned = learned(steps)
    assert not unlearned
    assert bound(remit, steps) == free(steps)


@settings(max_examples=200, deadline=None)
@given(_steps)
@example([("meet", "2606:4700::1111", 9), ("reach", "a.test", 9), ("hear", "2606:4700::1111", 9, 0)])
def test_nothing_of_it_is_too_much(steps: list[Step]) -> None:
    """Without any one rule something goes another way."""
    steps = _without_lost_requests(steps)
    names = {str(step[1]).lower().removesuffix(".") for step in steps if step[0] in ("resolve", "reach")}
    if {"a.test", "b.a.test"} <= names:
        # They stand for the same address, now. Each is learned for itself.
        return
    remit, _ = learned(steps)
    wanted = free(steps)
    texts = [] if remit.network == "none" else list(remit.network)
    for text in texts:
        fewer = [each for each in texts if each != text]
        # Without any for requests, these would go wherever the others lead.
        http = any(each.startswith("http:") for each in fewer)
        assert bound(remit.changed(network=fewer or "none", http=http), steps) != wanted, text


@settings(max_examples=200, deadline=None)
@given(_steps, _steps)
def test_two_runs_are_learned_as_one(first: list[Step], then: list[Step]) -> None:
    first, then = _without_lost_requests(first), _without_lost_requests(then)
    known, _ = learned(first)
    both, unlearned = learned(then, known=known)
    assert not unlearned
    for steps in (first, then):
        assert bound(both, steps) == free(steps)
    assert learned(then, known=both)[0] == both, "there is nothing to add"


class Model:
    """What was done, said in words of its own: by what a program tried, and not by what a watcher was told."""

    def __init__(self, steps: list[Step]) -> None:
        self.looked_up: set[str] = set()
        self.told: set[str] = set()
        self.reached: set[tuple[str, str, int]] = set()
        """Direction, name or address, and port."""
        self.listened: set[tuple[str, int]] = set()
        self.requests: set[tuple[str, str, str]] = set()
        self.connected: set[tuple[str, int]] = set()
        """Special addresses that requests have led to."""
        self._names: dict[str, str] = {}
        for step in steps:
            getattr(self, f"_{step[0]}")(*step[1:])

    def _resolve(self, name: str) -> None:
        plain = name.lower().removesuffix(".")
        self.looked_up.add(plain)
        for ip in NAMES.get(plain, ()):
            self.told.add(ip)
            self._names[ip] = plain

    def _go(self, direction: str, ip: str, port: int) -> None:
        self.reached.add((direction, self._names.get(ip, ip) if ip in PUBLIC else ip, port))

    def _connect(self, ip: str, port: int) -> None:
        self._go("connect", ip, port)

    def _reach(self, name: str, port: int) -> None:
        self._resolve(name)
        for ip in NAMES.get(name.lower().removesuffix("."), ()):
            self._connect(ip, port)
            if port != PORTS[0]:
                break

    def _send(self, ip: str, port: int) -> None:
        self._go("send", ip, port)

    def _hear(self, ip: str, port: int, at: int) -> None:
        if at:
            self.listened.add(("::" if ":" in ip else "0.0.0.0", at))
        else:
            self._go("receive", ip, port)

    def _meet(self, ip: str, port: int) -> None:
        self._go("receive", ip, port)

    def _listen(self, ip: str, port: int) -> None:
        self.listened.add((ip, port))

    def _request(self, method: str, authority: str, path: str) -> None:
        plain = path.partition("?")[0].replace("%61", "a").replace("*", "%2A")
        self.requests.add((method, authority.lower(), plain))
        host = authority.lower().strip("[]").removesuffix(":443")
        port = 443 if authority.endswith(":443") else 80
        for ip in NAMES.get(host, ()):
            self.connected.add((ip, port))

    def allows(self, step: Step) -> bool:
        """Whether such a step may come to anything, where nothing was done before it."""
        verb, *rest = step
        if verb == "resolve":
            return rest[0].lower().removesuffix(".") in self.looked_up
        if verb == "reach":
            name = rest[0].lower().removesuffix(".")
            ips = NAMES.get(name, ())
            return name in self.looked_up and any(
                ("connect", name, rest[1]) in self.reached or self.allows(("connect", ip, rest[1])) for ip in ips
            )
        if verb == "connect":
            special = rest[0] not in PUBLIC
            return ("connect", *rest) in self.reached or (special and tuple(rest) in self.connected)
        if verb == "send":
            return ("send", *rest) in self.reached
        if verb == "meet":
            return any((direction, *rest) in self.reached for direction in ("send", "receive"))
        if verb == "hear":
            ip, port, at = rest
            return ("receive", ip, port) in self.reached or ("::" if ":" in ip else "0.0.0.0", at) in self.listened
        if verb == "listen":
            return tuple(rest) in self.listened
        model = Model([step])
        return model.requests <= self.requests


@settings(max_examples=400, deadline=None)
@given(_steps, st.lists(_step, min_size=10, max_size=30))
def test_nothing_else_can_be_done(steps: list[Step], others: list[Step]) -> None:
    remit, _ = learned(steps)
    model = Model(steps)
    for other in others:
        outcomes, journal = bound(remit, [other])
        if other[0] == "hear":
            journal = [
                each for each in journal if each != ("bound", ("0.0.0.0", 0)) and each != ("bound", ("::", 0, 0, 0))
            ]
            allowed = isinstance(outcomes[0], tuple) or bool(journal)
        elif other[0] == "reach":
            allowed = any(isinstance(each, tuple) and each[0] == "connected" for each in journal)
        else:
            allowed = bool(journal) or outcomes[0] == "met"
        assert not allowed or model.allows(other), (remit.network, other, outcomes)
        if other[0] in ("resolve", "reach") and isinstance(outcomes[0], list) and other[0] == "resolve":
            specials = {ip for ip in outcomes[0] if ip not in PUBLIC}
            assert specials <= model.told | {ip for ip, _ in model.connected} | {ip for _, ip, _ in model.reached}


# What may be meant.


def test_suggestions_are_apart() -> None:
    paths = [f"http: GET http://a.test/v1/{number}" for number in range(MANY)]
    assert suggestions(paths) == [("http: GET http://a.test/v1/*", paths)]
    assert suggestions([*paths[1:], "http: PUT http://a.test/v1/0", "http: GET http://a.test/v1/x/0"]) == []
    names = [f"connect:n{number}.a.test:443" for number in range(MANY)]
    assert suggestions(names) == [("connect:*.a.test:443", names)]
    assert suggestions([f"connect:n{number}.test:443" for number in range(MANY)]) == [], "nobody means all of .test"
    ports = [f"connect:[::1]:{number}" for number in range(MANY)]
    assert suggestions(ports) == [("connect:[::1]", ports)]
    hosts = [f"connect:1.1.1.{number}:443" for number in range(MANY)]
    assert suggestions(hosts) == []
    for wider, texts in suggestions([*paths, *names, *ports]):
        Rule(wider)
        assert wider not in texts
    observation = Observation(Remit(network="host"))
    for number in range(MANY):
        observation(Use("http", "GET", f"http://a.test/v1/{number}", target="1.1.1.1:80"))
    assert observation.suggestions() == [("network", "http: GET http://a.test/v1/*", MANY)]
    assert observation.smallest().network == tuple(paths)
