"""Rules: which addresses a network reaches, and which names it looks up. What no rule allows is refused.

::

    example.com:443           reach what this name stands for, at that port
    *.example.com:80-89       what any name below it stands for
    203.0.113.7               this address, at any port
    10.0.0.0/8:5432           these addresses
    [2001:db8::1]:443         IPv6 addresses with ports are written in brackets
    *:443                     any public address, and look up any name

    connect:10.0.0.0/8:5432   of that only connections (TCP)
    send:10.0.0.53:53         only datagrams (UDP) that go there
    receive:10.0.0.53:53      only datagrams that come from there
    resolve:*.example.com     only look up names
    resolve:10.0.0.0/8        and be told these addresses, where names stand for them
    listen:127.0.0.1:8080     take connections and datagrams there

    http: GET,HEAD https://api.example.com/v1/*     send such requests (see remit.network.requests)

A rule without a word before it is all of ``connect``, ``send``, ``receive`` and ``resolve`` for what it names. To
reach is these first three. The words are narrower: each allows what it says, and ``connect``, ``send`` and
``receive`` with a name (or ``*.name``) also that such names are looked up, as they mean what these stood for then.
``connect:*`` and the like look up nothing: that takes ``resolve:*``.

A rule without a port means every port; ``resolve`` has none. Loopback, private, link-local and other special
addresses are reached only where a rule names them by address: neither ``*`` nor a name covers them, whatever the name
stands for. ``localhost`` is the one name that stands for loopback addresses: it is as if the rule named 127.0.0.0/8
and ::1, too.

What a look-up tells is public addresses, and special ones that some rule names by address with any of the words but
``listen``; if there is none, it is refused. What a name stood for may then be reached by the rules that have the
name.

``listen`` is for the local address: datagrams that arrive at one that was bound under it are heard whoever sent them.
Elsewhere only those are heard that come from where ``receive`` allows.
"""

from __future__ import annotations

import _thread

from remit.network.addresses import MAPPED, is_public, parse_ip, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.kernel.network import SocketAddress
    from remit.network.requests import Requests

CONNECT = "connect"
SEND = "send"
RECEIVE = "receive"
RESOLVE = "resolve"
LISTEN = "listen"
REACH = (CONNECT, SEND, RECEIVE)

_MEANT = {
    "": frozenset({*REACH, RESOLVE}),
    CONNECT: frozenset({CONNECT}),
    SEND: frozenset({SEND}),
    RECEIVE: frozenset({RECEIVE}),
    RESOLVE: frozenset({RESOLVE}),
    LISTEN: frozenset({LISTEN}),
}
"""What rules are for, by the word that they begin with."""

HTTP = "http:"
"""What rules for requests begin with."""

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

    @property
    def is_one(self) -> bool:
        """Whether it is one address."""
        return self._mask + 1 == 1 << 8 * self._size

    def __contains__(self, ip: bytes) -> bool:
        return len(ip) == self._size and int.from_bytes(ip, "big") & self._mask == self._first


class Rule:
    """One line: what it is for, addresses or names, and ports."""

    __slots__ = ("_block", "_name", "actions", "high", "low", "requests", "text")

    def __init__(self, text: str) -> None:
        """RuleError."""
        if not isinstance(text, str):
            raise TypeError(f"a rule for the network is a str, not {text!r}")
        self.text = text
        self.actions: frozenset[str] = frozenset()
        """Of :data:`CONNECT` and its like; none for a rule for requests."""
        self.requests: Requests | None = None
        """What a rule for requests is for."""
        self._block: _Block | None = None
        self._name = ""
        """``*``, ``example.com`` or ``*.example.com``, without upper case."""
        try:
            self._parse(text)
        except RuleError as error:
            if text.startswith(HTTP):
                form = "write http: METHODS URL, as in 'http: GET,HEAD https://example.com/v1/*'"
            else:
                form = (
                    "write HOST:PORT, as in 'example.com:443', '10.0.0.0/8:80-90', '[::1]:8080', '*:443' or "
                    "'listen:127.0.0.1:8080'"
                )
            raise RuleError(f"network rule {text!r} {error}; {form}") from None

    def _parse(self, text: str) -> None:
        if text.startswith(HTTP):
            from remit.network.requests import Requests

            self.requests = Requests(text[len(HTTP) :])
            self.low = self.high = self.requests.port
            self._parse_target(self.requests.target)
            return
        word, colon, rest = text.partition(":")
        if not colon or word not in _MEANT or not word:
            word, rest = "", text
        self.actions = _MEANT[word]
        target, ports = _split(rest)
        if word == RESOLVE and (rest.startswith("[") or rest != target):
            raise RuleError("is for looking up, which has no port")
        self.low, self.high = _ports(ports)
        self._parse_target(target)

    def _parse_target(self, target: str) -> None:
        listens = LISTEN in self.actions
        if target == "*":
            if listens:
                raise RuleError("must name an address to listen at: 0.0.0.0 and [::] are all of the host's")
            self._name = "*"
            return
        address, slash, prefix = target.partition("/")
        ip = parse_ip(address)
        if ip is not None:
            if ip[:12] == MAPPED:
                raise RuleError(f"has an IPv4 address mapped into IPv6; write {text_of(ip[12:])}")
            if not listens and not any(ip) and prefix in ("", str(8 * len(ip))):
                raise RuleError("has the address of no host; write 'listen:' before it, or '*' for any public one")
            self._block = _Block(ip, _prefix(prefix, 8 * len(ip)) if slash else 8 * len(ip))
            return
        if slash:
            raise RuleError(f"has no address before the slash, but {address!r}")
        if ":" in target:
            raise RuleError(f"has no IPv6 address, but {target!r}")
        self._name = _checked_name(target)
        if listens:
            raise RuleError("must name an address to listen at")

    def names(self, ip: bytes) -> bool:
        """Whether the rule means this address as such, and not as one of all, or of a name."""
        return self._block is not None and ip in self._block

    def allows_any(self, ip: bytes) -> bool:
        """Whether it means any public address, and this is one."""
        return self._name == "*" and is_public(ip)

    @property
    def is_for_one_host(self) -> bool:
        """Whether it means one address or one name, and not several."""
        return "*" not in self._name if self._block is None else self._block.is_one

    def has_port(self, port: int) -> bool:
        return self.low <= port <= self.high

    def covers_name(self, name: str) -> bool:
        """Whether it means what `name`, in lower case and without a dot at the end, stands for."""
        if self._name in ("*", name):
            return True
        return self._name.startswith("*.") and name.endswith(self._name[1:]) and len(name) > len(self._name) - 1

    def looks_up(self, name: str) -> bool:
        """Whether it allows to look up `name`, as :meth:`covers_name` has it."""
        if self._name == "*":
            return RESOLVE in self.actions
        return bool(self.actions) and self.covers_name(name)

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
    if labels[-1].replace("-", "").isdigit() or labels[-1].startswith("0x"):
        # As URLs have it: a last label like a number makes it an IPv4 address, and hosts read such ones differently.
        # And `send:80-90` is not for a host called 80-90.
        raise RuleError(f"has something like an address that is none: {text!r}")
    return name


class Rules:
    """All that a network allows. `everything`: also what no rule could name without naming it."""

    __slots__ = ("_rules", "everything", "for_requests")

    def __init__(self, rules: Iterable[str | Rule] = (), *, everything: bool = False) -> None:
        """RuleError."""
        if isinstance(rules, str):
            raise TypeError(f"the rules of a network are a list, not the str {rules!r}")
        self._rules: list[Rule] = []
        self.for_requests: list[Rule] = []
        """Those that are for requests, and for nothing else."""
        for each in rules:
            rule = each if isinstance(each, Rule) else Rule(each)
            if rule.requests is not None:
                self.for_requests.append(rule)
                continue
            if rule.covers_name("localhost") and not rule.covers_name("any-other"):
                self._rules += [_Loopback(rule, block) for block in LOOPBACK]
            self._rules.append(rule)
        self.everything = everything

    def with_rule(self, rule: Rule) -> Rules:
        """These and one more, and none for requests."""
        return Rules([*self._rules, rule])

    def allows(self, action: str, address: SocketAddress, pinned: Pins | None = None) -> bool:
        """Whether `address` may be reached, or listened at. `pinned`: what names stood for."""
        return self.everything or self.allowing(action, address, pinned) is not None

    def allowing(self, action: str, address: SocketAddress, pinned: Pins | None = None) -> Rule | None:
        """The first rule by which it is allowed, as :meth:`allows` has it, if there is one."""
        for rule in self._rules:
            if action in rule.actions and rule.has_port(address.port):
                if rule.names(address.ip) or rule.allows_any(address.ip):
                    return rule
                if pinned is not None and rule in pinned.of(address.ip):
                    return rule
        return None

    def tells(self, ip: bytes) -> bool:
        """Whether look-ups may tell an address that is not public."""
        return self.everything or self.telling(ip) is not None

    def telling(self, ip: bytes) -> Rule | None:
        """The first rule by which they may, if there is one."""
        return next((rule for rule in self._rules if rule.names(ip) and LISTEN not in rule.actions), None)

    def looking_up(self, name: str) -> Rule | None:
        """The first rule that allows to look up `name`, if there is one."""
        return next((rule for rule in self._rules if rule.looks_up(name)), None)

    def for_name(self, name: str) -> list[Rule] | None:
        """The rules for what `name` stands for; None if nothing allows to look it up."""
        if not self.everything and self.looking_up(name) is None:
            return None
        return [rule for rule in self._rules if rule.covers_name(name)]

    def __repr__(self) -> str:
        return "Rules(everything)" if self.everything else f"Rules({[rule.text for rule in self._rules]})"


class _Loopback(Rule):
    """What a rule for ``localhost`` says of loopback addresses."""

    __slots__ = ()

    def __init__(self, rule: Rule, block: str) -> None:
        super().__init__(block)
        self.text = rule.text
        self.actions = rule.actions
        self.low, self.high = rule.low, rule.high


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
