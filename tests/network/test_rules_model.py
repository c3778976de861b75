"""Rules against a model that was written from what the docstring of remit.network.rules says, and from nothing else."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address

from hypothesis import given, settings
from hypothesis import strategies as st

from remit.kernel.network import SocketAddress
from remit.network.rules import Pins, Rule, RuleError, Rules

Address = IPv4Address | IPv6Address

# Few of each, so that what is asked for often is what a rule is near to.
NAMES = ("a.test", "b.a.test", "c.b.a.test", "ba.test", "localhost", "x.localhost", "connect", "80")
PUBLIC = ("1.1.1.1", "8.8.8.8", "2606:4700::1111")
SPECIAL = (
    "127.0.0.1",
    "127.9.9.9",
    "::1",
    "10.0.0.1",
    "10.0.0.2",
    "192.168.1.1",
    "169.254.169.254",
    "fd00::1",
    "fe80::1",
)
ADDRESSES = [ipaddress.ip_address(each) for each in PUBLIC + SPECIAL]
BLOCKS = ("10.0.0.0/8", "10.0.0.0/31", "127.0.0.0/8", "0.0.0.0/0", "1.0.0.0/8", "fd00::/8", "::/0", "::1/128")
PORTS = (0, 1, 53, 79, 80, 81, 443, 65535)
WORDS = ("", "connect", "send", "receive", "resolve", "listen")


@st.composite
def rules(draw: st.DrawFn) -> str:
    """Texts like those in the docstring."""
    word = draw(st.sampled_from(WORDS))
    targets = ["*", *NAMES, *("*." + each for each in NAMES), *map(str, ADDRESSES), *BLOCKS]
    target = draw(st.sampled_from(targets))
    low, high = sorted(draw(st.lists(st.sampled_from(PORTS), min_size=2, max_size=2)))
    port = draw(st.sampled_from(["", ":*", f":{low}", f":{low}-{high}"]))
    if ":" in target and port:
        target = f"[{target}]"
    return (f"{word}:" if word else "") + target + port


class Model:
    """One rule, as the docstring has it."""

    def __init__(self, text: str) -> None:
        word, colon, rest = text.partition(":")
        if word not in WORDS or not word or not colon:
            word, rest = "", text
        self.may = {word} if word else {"connect", "send", "receive", "resolve"}
        if rest.startswith("["):
            target, _, ports = rest[1:].partition("]")
            ports = ports.removeprefix(":")
        elif rest.count(":") > 1:
            target, ports = rest, ""
        else:
            target, _, ports = rest.partition(":")
        low, _, high = ports.partition("-")
        self.ports = range(65536) if ports in ("", "*") else range(int(low), int(high or low) + 1)
        self.name = ""
        self.networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
        try:
            self.networks.append(ipaddress.ip_network(target))
        except ValueError:
            self.name = target
        if target == "localhost":
            self.networks += [ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1")]

    def names(self, address: Address) -> bool:
        return any(address in network for network in self.networks)

    def has_name(self, name: str) -> bool:
        if self.name.startswith("*."):
            return name.endswith(self.name[1:])
        return self.name in ("*", name)

    def looks_up(self, name: str) -> bool:
        return self.has_name(name) and (self.name != "*" or "resolve" in self.may)


def model_allows(
    models: Sequence[Model], action: str, address: Address, port: int, stood_for: dict[str, Address]
) -> bool:
    public = str(address) in PUBLIC
    for model in models:
        if action not in model.may or port not in model.ports:
            continue
        if model.names(address) or (public and model.name == "*"):
            return True
        if public and any(model.has_name(name) and address == found for name, found in stood_for.items()):
            return True
    return False


def at(address: Address, port: int) -> SocketAddress:
    return SocketAddress(address.packed, port)


@settings(max_examples=400, deadline=None)
@given(
    st.lists(rules(), max_size=4), st.dictionaries(st.sampled_from(NAMES[:-1]), st.sampled_from(ADDRESSES), max_size=3)
)
def test_rules_allow_what_their_text_says(texts: list[str], answers: dict[str, Address]) -> None:
    kept = []
    for text in texts:
        try:
            Rule(text)
        except RuleError:
            continue
        kept.append(text)
    real, models = Rules(kept), [Model(text) for text in kept]
    pins = Pins()
    stood_for = {}
    for name, address in answers.items():
        found = real.for_name(name)
        assert (found is not None) == any(model.looks_up(name) for model in models), (kept, name)
        if found is not None and str(address) in PUBLIC:
            pins.add(address.packed, found)
            stood_for[name] = address
    for address in ADDRESSES:
        told = any(model.names(address) and "listen" not in model.may for model in models)
        assert real.tells(address.packed) == told, (kept, address)
        for port in PORTS:
            for action in WORDS[1:]:
                expected = model_allows(models, action, address, port, {} if action == "listen" else stood_for)
                got = real.allows(action, at(address, port), None if action == "listen" else pins)
                assert got == expected, (kept, action, address, port)


@given(st.text(alphabet="connectlisv:*.-0123456789/[]afhtp %", max_size=24))
def test_any_text_is_refused_or_names_no_special_address_by_a_star_or_a_name(text: str) -> None:
    try:
        rule = Rule(text)
    except RuleError:
        return
    assert rule.text == text
    if any(sign.isdigit() for sign in text) or ":" in text.removeprefix("connect:"):
        return
    assert not Rules([rule]).allows("connect", at(ipaddress.ip_address("10.0.0.1"), 80)), text


def test_what_looks_like_a_port_is_no_host() -> None:
    for word in ("connect", "send", "receive", "resolve"):
        for port in ("80", "80-90"):
            try:
                Rule(f"{word}:{port}")
            except RuleError:
                continue
            raise AssertionError(f"{word}:{port} is neither a host called {word} nor one called {port}")
