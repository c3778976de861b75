"""Rules of the network: their text, and what they allow. What no rule says is refused."""

from __future__ import annotations

import ipaddress
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.kernel.network import SocketAddress
from remit.network.rules import CONNECT, LISTEN, MAX_PINNED, Pins, Rule, RuleError, Rules


def at(text: str, port: int = 443) -> SocketAddress:
    return SocketAddress(ipaddress.ip_address(text).packed, port)


def allowed(rules: list[str], text: str, port: int = 443, direction: str = CONNECT) -> bool:
    return Rules(rules).allows(direction, at(text, port))


@pytest.mark.parametrize(
    "text",
    [
        *("", ":", ":80", "example.com:", "example.com:x", "example.com:-1", "example.com:70000", "example.com:9-1"),
        *(
            "exa mple.com",
            "example..com",
            ".example.com",
            "example.com..",
            "-:",
            "a/b",
            "*.*.com",
            "e*ample.com",
            "*com",
        ),
        *("10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/", "10.0.0.0/x", "example.com/8", "[10.0.0.1]:80", "[::1", "[::1]x"),
        *("::1/129", "1.2.3", "1", "127.1", "0x7f000001", "127.0.0.0x1", "2130706433", "1.2.3.4.5", "256.1.1.1"),
        *("::ffff:127.0.0.1", "[::ffff:1.2.3.4]:80", "0.0.0.0", "0.0.0.0:80", "[::]:80", "::"),
        *("connect:listen:1.2.3.4", "listen:connect:1.2.3.4:80", "listen:*:80", "listen:*", "listen:example.com:80"),
        *("http://example.com", "example.com/path", "user@example.com", "a" * 64 + ".com", "a." * 127 + "com", "é.com"),
        *("\N{FULLWIDTH DIGIT ONE}.1.1.1", "example.com:\N{ARABIC-INDIC DIGIT EIGHT}", "example.com\0", "ｅxample.com"),
    ],
)
def test_texts_that_are_no_rule(text: str) -> None:
    with pytest.raises(RuleError, match="network rule") as caught:
        Rule(text)
    assert repr(text) in str(caught.value)
    assert f"write {'http: METHODS URL' if text.startswith('http:') else 'HOST:PORT'}" in str(caught.value)


def test_what_is_no_text_at_all() -> None:
    with pytest.raises(TypeError, match="str"):
        Rule(80)  # type: ignore[arg-type]  # that is what is tested
    with pytest.raises(TypeError, match="list"):
        Rules("example.com")


def test_nothing_is_allowed_unless_it_is_said() -> None:
    for text in ("127.0.0.1", "1.1.1.1", "::1", "2a00::1"):
        assert not allowed([], text)
        assert not allowed([], text, direction=LISTEN)
    assert Rules().for_name("example.com") is None


def test_an_address() -> None:
    assert allowed(["203.0.113.7"], "203.0.113.7", 1)
    assert not allowed(["203.0.113.7"], "203.0.113.8")
    assert not allowed(["203.0.113.7:80"], "203.0.113.7", 81)
    assert allowed(["203.0.113.7:80-82"], "203.0.113.7", 82)
    assert not allowed(["203.0.113.7:80-82"], "203.0.113.7", 83)
    assert not allowed(["203.0.113.7"], "203.0.113.7", direction=LISTEN)
    assert allowed(["listen:203.0.113.7"], "203.0.113.7", direction=LISTEN)
    assert not allowed(["listen:203.0.113.7"], "203.0.113.7")
    assert allowed(["[2001:db8::1]:443"], "2001:db8::1")
    assert allowed(["2001:db8::1"], "2001:db8::1", 9)


@given(st.integers(0, 2**32 - 1), st.integers(1, 32), st.integers(0, 2**32 - 1))
def test_blocks_are_what_python_takes_them_for(number: int, prefix: int, other: int) -> None:
    block = ipaddress.IPv4Network((number, prefix), strict=False)
    if block == ipaddress.ip_network("0.0.0.0/32"):
        return  # of no host
    rules = [str(block)]
    for address in (ipaddress.ip_address(other), block[0], block[-1]):
        assert allowed(rules, str(address)) == (address in block)


@given(st.integers(0, 2**128 - 1), st.integers(1, 127), st.integers(0, 2**128 - 1))
def test_and_those_of_ipv6(number: int, prefix: int, other: int) -> None:
    block = ipaddress.IPv6Network((number, prefix), strict=False)
    if block.network_address.ipv4_mapped:
        with pytest.raises(RuleError, match="mapped"):
            Rules([f"[{block}]:443"])
        return
    rules = Rules([f"[{block}]:443"])
    for address in (ipaddress.ip_address(other), block[0], block[-1]):
        assert rules.allows(CONNECT, at(str(address))) == (address in block)


@pytest.mark.parametrize(
    "inside", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fe80::1", "fc00::1", "224.0.0.1"]
)
def test_any_address_is_any_public_one(inside: str) -> None:
    assert allowed(["*:443"], "1.1.1.1")
    assert not allowed(["*:443"], "1.1.1.1", 80)
    assert not allowed(["*"], inside)
    assert allowed(["*", inside], inside)


def test_localhost_is_the_name_of_loopback_addresses() -> None:
    for text in ("127.0.0.1", "127.1.2.3", "::1"):
        assert allowed(["localhost:443"], text)
        assert not allowed(["localhost:80"], text)
        assert not allowed(["*.localhost"], text)
    assert not allowed(["localhost"], "10.0.0.1")


@pytest.mark.parametrize(
    ("rule", "name", "covered"),
    [
        ("example.com", "example.com", True),
        ("EXAMPLE.com.", "example.com", True),
        ("example.com", "www.example.com", False),
        ("example.com", "badexample.com", False),
        ("example.com", "example.com.evil.net", False),
        ("*.example.com", "www.example.com", True),
        ("*.example.com", "a.b.example.com", True),
        ("*.example.com", "example.com", False),
        ("*.example.com", "badexample.com", False),
        ("*.example.com", ".example.com", False),
        ("*", "example.com", True),
        ("1.2.3.4", "example.com", False),
        ("listen:1.2.3.4:80", "example.com", False),
    ],
)
def test_names(rule: str, name: str, covered: bool) -> None:
    assert bool(Rules([rule]).for_name(name)) is covered


def test_a_name_opens_what_it_stood_for_and_nothing_else() -> None:
    rules = Rules(["example.com:443"])
    pins = Pins()
    pins.add(at("1.1.1.1").ip, rules.for_name("example.com") or ())
    assert rules.allows(CONNECT, at("1.1.1.1"), pins)
    assert not rules.allows(CONNECT, at("1.1.1.1", 80), pins)
    assert not rules.allows(CONNECT, at("1.1.1.2"), pins)
    assert not rules.allows(CONNECT, at("1.1.1.1"))
    assert not rules.allows(LISTEN, at("1.1.1.1"), pins)


def test_pins_are_as_many_and_no_more_whoever_adds_them() -> None:
    pins = Pins()
    rule = Rule("*")

    def add(first: int) -> None:
        for number in range(5000):
            pins.add(bytes([first, 0, number >> 8, number & 255]), [rule])

    threads = [threading.Thread(target=add, args=(first,)) for first in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = sum(bool(pins.of(bytes([first, 0, n >> 8, n & 255]))) for first in range(1, 5) for n in range(5000))
    assert kept == MAX_PINNED


def test_everything_is_everything() -> None:
    rules = Rules(everything=True)
    assert rules.allows(CONNECT, at("127.0.0.1"))
    assert rules.allows(LISTEN, at("::1"))
    assert rules.for_name("example.com") == []


def test_which_rule_it_is() -> None:
    """The first one that allows it."""
    rules = Rules(["connect:10.0.0.0/8:80", "10.0.0.1", "*.a.test:443", "resolve:*", "listen:10.0.0.1"])
    pins = Pins()
    pins.add(b"\x01\1\1\1", rules.for_name("b.a.test") or ())

    def text(rule: Rule | None) -> str | None:
        return None if rule is None else rule.text

    at = SocketAddress
    assert text(rules.allowing("connect", at(b"\x0a\0\0\1", 80))) == "connect:10.0.0.0/8:80"
    assert text(rules.allowing("connect", at(b"\x0a\0\0\1", 81))) == "10.0.0.1"
    assert text(rules.allowing("connect", at(b"\x0a\0\0\2", 81))) is None
    assert text(rules.allowing("connect", at(b"\1\1\1\1", 443))) is None
    assert text(rules.allowing("connect", at(b"\1\1\1\1", 443), pins)) == "*.a.test:443"
    assert text(rules.looking_up("b.a.test")) == "*.a.test:443"
    assert text(rules.looking_up("c.test")) == "resolve:*"
    assert text(rules.telling(b"\x0a\0\0\1")) == "connect:10.0.0.0/8:80"
    assert rules.telling(b"\x0b\0\0\1") is None
    assert text(Rules(["localhost:80"]).telling(b"\x7f\0\0\1")) == "localhost:80", "it is told as it was written"


def test_rules_for_one_thing() -> None:
    for one in ("connect:a.test:80", "10.0.0.1", "[::1]:80", "10.0.0.1/32", "localhost", "resolve:a.test"):
        assert Rule(one).is_for_one_host, one
    for several in ("*", "*.a.test:80", "10.0.0.0/31", "::/0", "0.0.0.0/0", "resolve:*"):
        assert not Rule(several).is_for_one_host, several
