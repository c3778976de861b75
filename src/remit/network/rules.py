"""Rules: which addresses a network reaches, and which names it looks up. What no rule allows is refused.

::

    example.com:443           connect to what this name stands for, at that port
    *.example.com:80-89       to what any name below it stands for
    203.0.113.7               to this address, at any port
    10.0.0.0/8:5432           to these addresses
    [2001:db8::1]:443         IPv6 addresses with ports are written in brackets
    *:443                     to any public address, and look up any name
    listen:127.0.0.1:8080     take connections and datagrams there

A rule without a port means every port. Loopback, private, link-local and other special addresses are reached only
where a rule names them by address: neither ``*`` nor a name covers them, whatever the name stands for. ``localhost`` is
the one name that stands for loopback addresses.
"""

from __future__ import annotations

import _thread

from remit.network.addresses import MAPPED, is_public, parse_ip, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.kernel.network import SocketAddress

CONNECT = "connect"
LISTEN = "listen"
MAX_PORT = 65535
LOOPBACK = ("127.0.0.0/8", "::1")


class RuleError(ValueError):
    """What is wrong with the text of a rule."""


class _Block:
    """Addresses with the same first bits."""

    __slots__ = ("_first", "_mask", "_size")

    def __init__(self, ip: bytes, prefix: int) -> None:
        bits = 8 * len(ip)
        self._size = len(ip)
        self._mask = ((1 << prefix) - 1) << (bits - prefix)
        self._first = int.from_bytes(ip, "big")
        if self._first & ~self._mask:
            raise RuleError("has bits beyond its prefix")

    def __contains__(self, ip: bytes) -> bool:
        return len(ip) == self._size and int.from_bytes(ip, "big") & self._mask == self._first


class Rule:
    """One line: a direction, addresses or names, and ports."""

    __slots__ = ("_block", "_name", "direction", "high", "low", "text")

    def __init__(self, text: str) -> None:
        """RuleError."""
        if not isinstance(text, str):
            raise TypeError(f"a rule for the network is a str, not {text!r}")
        self.text = text
        try:
            self._parse(text)
        except RuleError as error:
            raise RuleError(
                f"network rule {text!r} {error}; write HOST:PORT, as in 'example.com:443', '10.0.0.0/8:80-90', "
                "'[::1]:8080', '*:443' or 'listen:127.0.0.1:8080'"
            ) from None

    def _parse(self, text: str) -> None:
        self.direction = CONNECT
        for direction in (CONNECT, LISTEN):
            if text.startswith(f"{direction}:"):
                self.direction = direction
                text = text[len(direction) + 1 :]
                break
        target, ports = _split(text)
        self.low, self.high = _ports(ports)
        self._block: _Block | None = None
        self._name = ""
        """``*``, ``example.com`` or ``*.example.com``, without upper case."""
        if target == "*":
            if self.direction == LISTEN:
                raise RuleError("must name an address to listen at: 0.0.0.0 and [::] are all of the host's")
            self._name = "*"
            return
        address, slash, prefix = target.partition("/")
        ip = parse_ip(address)
        if ip is not None:
            if ip[:12] == MAPPED:
                raise RuleError(f"has an IPv4 address mapped into IPv6; write {text_of(ip[12:])}")
            if self.direction == CONNECT and not any(ip) and prefix in ("", str(8 * len(ip))):
                raise RuleError("has the address of no host; write 'listen:' before it, or '*' for any public one")
            self._block = _Block(ip, _prefix(prefix, 8 * len(ip)) if slash else 8 * len(ip))
            return
        if slash:
            raise RuleError(f"has no address before the slash, but {address!r}")
        if ":" in target:
            raise RuleError(f"has no IPv6 address, but {target!r}")
        self._name = _checked_name(target)
        if self.direction == LISTEN:
            raise RuleError("must name an address to listen at")

    def names(self, ip: bytes) -> bool:
        """Whether the rule means this address as such, and not as one of all, or of a name."""
        return self._block is not None and ip in self._block

    def allows_any(self, ip: bytes) -> bool:
        """Whether it means any public address, and this is one."""
        return self._name == "*" and is_public(ip)

    def has_port(self, port: int) -> bool:
        return self.low <= port <= self.high

    def covers_name(self, name: str) -> bool:
        """Whether it allows to look up `name`, in lower case and without a dot at the end."""
        if self._name in ("*", name):
            return True
        return self._name.startswith("*.") and name.endswith(self._name[1:]) and len(name) > len(self._name) - 1

    def __repr__(self) -> str:
        return f"Rule({self.text!r})"


def _split(text: str) -> tuple[str, str]:
    """The target, and what is said of ports."""
    if text.startswith("["):
        target, bracket, rest = text[1:].partition("]")
        if not bracket or ":" not in target or (rest and not rest.startswith(":")):
            raise RuleError("has brackets that hold no IPv6 address")
        return target, rest[1:] if rest else "*"
    if text.count(":") > 1:
        return text, "*"  # an IPv6 address without a port, or nothing that makes sense
    target, colon, ports = text.partition(":")
    if not target or (colon and not ports):
        raise RuleError("is not complete")
    return target, ports if colon else "*"


def _ports(text: str) -> tuple[int, int]:
    if text == "*":
        return 0, MAX_PORT
    low, dash, high = text.partition("-")
    numbers = [low, high] if dash else [low, low]
    if not all(each.isascii() and each.isdigit() and len(each) <= 5 for each in numbers):
        raise RuleError(f"has no port, but {text!r}")
    first, last = map(int, numbers)
    if not first <= last <= MAX_PORT:
        raise RuleError(f"has the ports {text}")
    return first, last


def _prefix(text: str, bits: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= bits):
        raise RuleError(f"has the prefix length {text!r}")
    return int(text)


def _checked_name(text: str) -> str:
    name = text.lower().removesuffix(".")
    labels = name.removeprefix("*.").split(".")
    fine = all(label and len(label) < 64 and all(each.isalnum() or each in "-_" for each in label) for label in labels)
    if not fine or not name.isascii() or len(name) > 253:
        raise RuleError(f"has no name or address, but {text!r}")
    if labels[-1].isdigit() or labels[-1].startswith("0x"):
        # As URLs have it: a last label like a number makes it an IPv4 address, and hosts read such ones differently.
        raise RuleError(f"has something like an address that is none: {text!r}")
    return name


class Rules:
    """All that a network allows. `everything`: also what no rule could name without naming it."""

    __slots__ = ("_rules", "everything")

    def __init__(self, rules: Iterable[str | Rule] = (), *, everything: bool = False) -> None:
        """RuleError."""
        if isinstance(rules, str):
            raise TypeError(f"the rules of a network are a list, not the str {rules!r}")
        self._rules: list[Rule] = []
        for each in rules:
            rule = each if isinstance(each, Rule) else Rule(each)
            if rule.covers_name("localhost") and not rule.covers_name("any-other"):
                ports = f"{rule.low}-{rule.high}"
                self._rules += [
                    Rule(f"{block}:{ports}" if "." in block else f"[{block}]:{ports}") for block in LOOPBACK
                ]
            self._rules.append(rule)
        self.everything = everything

    def allows(self, direction: str, address: SocketAddress, pinned: Pins | None = None) -> bool:
        """Whether `address` may be reached, or listened at. `pinned`: what names stood for."""
        if self.everything:
            return True
        for rule in self._rules:
            if rule.direction == direction and rule.has_port(address.port):
                if rule.names(address.ip) or rule.allows_any(address.ip):
                    return True
                if pinned is not None and rule in pinned.of(address.ip):
                    return True
        return False

    def allows_host(self, direction: str, ip: bytes) -> bool:
        """Whether any port of `ip` may be reached, as far as addresses go."""
        return self.everything or any(
            rule.direction == direction and (rule.names(ip) or rule.allows_any(ip)) for rule in self._rules
        )

    def for_name(self, name: str) -> list[Rule] | None:
        """The rules that allow to look up `name`; None if nothing does."""
        found = [rule for rule in self._rules if rule.direction == CONNECT and rule.covers_name(name)]
        return found if found or self.everything else None

    def __repr__(self) -> str:
        return "Rules(everything)" if self.everything else f"Rules({[rule.text for rule in self._rules]})"


MAX_PINNED = 4096
"""Addresses that are kept of what names stood for; the oldest go first."""


class Pins:
    """What names stood for when they were looked up: those addresses and no others may be connected to by a name."""

    __slots__ = ("_lock", "_rules")

    def __init__(self) -> None:
        self._lock = _thread.allocate_lock()
        self._rules: dict[bytes, tuple[Rule, ...]] = {}

    def add(self, ip: bytes, rules: Iterable[Rule]) -> None:
        """On any thread."""
        with self._lock:
            known = self._rules.pop(ip, ())
            self._rules[ip] = (*known, *[rule for rule in rules if rule not in known])
            if len(self._rules) > MAX_PINNED:
                del self._rules[next(iter(self._rules))]

    def of(self, ip: bytes) -> tuple[Rule, ...]:
        return self._rules.get(ip, ())
