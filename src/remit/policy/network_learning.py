"""From what a program was seen to do with the network to the smallest rules that allow it.

Each rule that is learned is for one thing: one direction, one name or address, one port; or one method, host and path.
It is made of what was read out of a use, and then read as rules are: whatever names and paths a program chose, a rule
that would mean more than the one thing is none, and is told as what cannot be learned.
"""

from __future__ import annotations

from remit.network.addresses import is_public, parse_address, parse_ip, text_of
from remit.network.requests import allowing, for_connection
from remit.network.rules import CONNECT, HTTP, LISTEN, REACH, RECEIVE, RESOLVE, SEND, Pins, Rule, RuleError, Rules
from remit.network.watched import SEE
from remit.policy.remit_values import MAX_ENTRIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from remit.kernel.network import SocketAddress
    from remit.kernel.uses import Use

MANY = 10
"""Rules that differ in one thing only, from which on one for all of them is worth suggesting."""

MAX_CHARACTERS = 256 << 10
"""Of what is learned, with `MAX_LEARNED` things: more is no remit that anybody reads."""

MAX_LEARNED = MAX_ENTRIES // 2

_HTTP = "http"


class Room:
    """How much can still be learned."""

    __slots__ = ("_characters", "_things", "refused")

    def __init__(self) -> None:
        self._things = MAX_LEARNED
        self._characters = MAX_CHARACTERS
        self.refused = 0
        """Uses that there was no room for."""

    def take(self, thing: tuple[str, ...]) -> bool:
        """Whether there is room for it, which is taken then."""
        size = sum(map(len, thing))
        if not self._things or size > self._characters:
            self.refused += 1
            return False
        self._things -= 1
        self._characters -= size
        return True


class LearnedNetwork:
    """Call it with the uses of kind ``network`` and ``http`` that a watcher is told.

    What was done once or a million times is one thing here, and there is :class:`Room` for so many.
    """

    __slots__ = ("_room", "_things", "unlearned")

    def __init__(self, room: Room) -> None:
        self._room = room
        self._things: dict[tuple[str, ...], None] = {}
        """What was done, and with whom."""
        self.unlearned: list[str] = []
        """What :meth:`rules` found to be none that any rule could allow, last time."""

    def __call__(self, use: Use) -> None:
        if use.kind == "http":
            # What came to no connection was no request, and perhaps not for want of a name: it may have been refused.
            if use.target is not None:
                self.add(_HTTP, use.action, use.subject, use.target)
            return
        if use.action in (*REACH, SEE):
            at = None if use.target is None else parse_address(use.target)
            # Where it had asked for a port, everybody is heard.
            if at is None or not at.port:
                self.add(use.action, use.subject, use.name, "" if at is None else repr(at))
        elif use.action == LISTEN:
            self.add(LISTEN, use.subject)
        elif use.action == RESOLVE:
            self.add(RESOLVE, use.subject)
            for ip in special_addresses(use):
                self.add(RESOLVE, use.subject, text_of(ip))

    def add(self, *thing: str) -> None:
        """What a use was of, in the one form for it."""
        if thing not in self._things and self._room.take(thing):
            self._things[thing] = None

    @property
    def has_requests(self) -> bool:
        return any(thing[0] == _HTTP for thing in self._things)

    def rules(self, known: Sequence[str] = (), *, free_requests: bool = False) -> list[str]:
        """The texts of the rules that `known` lacks.

        `free_requests`: where these have none for requests, requests go wherever they lead. Such a set stays so: one
        rule for requests would take away what it allows.
        """
        return _Making(self, sorted(self._things), known, free_requests).found()


class _Making:
    """Of rules, once."""

    __slots__ = ("_free", "_ips", "_known", "_learned", "_names", "_rules", "_texts", "_things")

    def __init__(
        self, learned: LearnedNetwork, things: list[tuple[str, ...]], known: Sequence[str], free_requests: bool
    ) -> None:
        self._learned = learned
        self._things = things
        self._rules = Rules(known)
        self._known = frozenset(known)
        self._free = free_requests and bool(known) and not self._rules.for_requests
        self._texts: dict[str, None] = {}
        """What was found, in order."""
        self._names: set[str] = set()
        """Those that it allows to look up."""
        self._ips: set[bytes] = set()
        """Those that it names, so that look-ups may tell them."""

    def found(self) -> list[str]:
        learned = self._learned
        learned.unlearned = []
        self._listen()
        # Those without a name first: what they open is open by a name, too.
        for named in (False, True):
            self._reach(named)
            self._meet(named)
        self._request()
        self._look_up()
        self._tell()
        return [*self._texts]

    def _of(self, *kinds: str, size: int) -> list[tuple[str, ...]]:
        return [thing for thing in self._things if thing[0] in kinds and len(thing) == size]

    def _add(self, text: str) -> None:
        if text in self._known:
            return
        try:
            Rule(text)
        except RuleError:
            # A name may stand for the address of no host, as it does where name servers block some.
            self._fail(" ".join(text.split(":", 1)))
        else:
            self._texts[text] = None

    def _has(self, text: str) -> bool:
        return text in self._texts or text in self._known

    def _fail(self, text: str) -> None:
        self._learned.unlearned.append(text)

    # Each step relies on what those before it have found.

    def _reach(self, named: bool) -> None:
        for action, subject, name, at in self._of(*REACH, size=4):
            if bool(name) != named:
                continue
            address = parse_address(subject)
            if address is None:
                self._fail(f"{action} {subject}")
            elif not self._reaches(action, address, name) and not self._is_heard(at):
                self._add(self._rule(action, address, name))

    def _is_heard(self, at: str) -> bool:
        """Whether everybody is, by who has asked for that local address."""
        address = parse_address(at)
        return address is not None and (self._has(f"{LISTEN}:{address!r}") or self._rules.allows(LISTEN, address))

    def _rule(self, action: str, address: SocketAddress, name: str) -> str:
        # A name means public addresses, and no others.
        if name and is_public(address.ip) and _is_name(name):
            self._names.add(name)
            return f"{action}:{name}:{address.port}"
        self._ips.add(address.ip)
        return f"{action}:{address!r}"

    def _reaches(self, action: str, address: SocketAddress, name: str) -> bool:
        """Whether that is allowed already, given that `name` stood for it."""
        if self._has(f"{action}:{address!r}"):
            return True
        pins = None
        if name and is_public(address.ip):
            if self._has(f"{action}:{name}:{address.port}"):
                return True
            pins = Pins()
            pins.add(address.ip, self._rules.for_name(name) or ())
        return self._rules.allows(action, address, pins)

    def _meet(self, named: bool) -> None:
        """A peer that no datagram was exchanged with: one direction is enough."""
        for _, subject, name, _ in self._of(SEE, size=4):
            if bool(name) != named:
                continue
            address = parse_address(subject)
            if address is None:
                self._fail(f"{SEE} {subject}")
            elif not any(self._reaches(action, address, name) for action in (RECEIVE, SEND)):
                self._add(self._rule(RECEIVE, address, name))

    def _listen(self) -> None:
        for _, subject in self._of(LISTEN, size=2):
            address = parse_address(subject)
            if address is None:
                self._fail(f"{LISTEN} {subject}")
            elif not self._rules.allows(LISTEN, address):
                self._add(f"{LISTEN}:{address!r}")

    def _request(self) -> None:
        targets: dict[tuple[str, str], list[SocketAddress]] = {}
        for _, method, url, target in self._of(_HTTP, size=4):
            address = parse_address(target)
            targets.setdefault((method, url), []).extend(() if address is None else (address,))
        for (method, url), addresses in targets.items():
            rule = request_rule(method, url)
            if rule is None:
                self._fail(f"{method} {url}")
            elif self._free:
                if not any(self._is_free(rule, each) for each in addresses):
                    self._fail(f"{method} {url}: requests go wherever the network leads, and it does not lead there")
            else:
                if not self._has(rule.text) and not self._requests(rule):
                    self._add(rule.text)
                self._reach_special(rule, addresses)

    def _requests(self, rule: Rule) -> bool:
        asked = rule.requests
        assert asked is not None
        method = next(iter(asked.methods or ()))
        host = f"[{asked.target}]" if ":" in asked.target else asked.target
        return allowing(self._rules.for_requests, method, asked.scheme, host, asked.port, asked.path) is not None

    def _is_free(self, rule: Rule, address: SocketAddress) -> bool:
        """Whether the network leads there, for whoever may send requests over it."""
        assert rule.requests is not None
        host = rule.requests.target
        if parse_ip(host) is not None:
            return self._rules.allows(CONNECT, address)
        return self._rules.for_name(host) is not None and self._reaches(CONNECT, address, host)

    def _reach_special(self, rule: Rule, addresses: list[SocketAddress]) -> None:
        """A host that is a name stands for special addresses only where those are named, too."""
        assert rule.requests is not None
        allowed = Rules([for_connection(rule.requests)])
        for address in addresses:
            if is_public(address.ip) or allowed.allows(CONNECT, address) or self._reaches(CONNECT, address, ""):
                continue
            self._add(self._rule(CONNECT, address, ""))

    def _look_up(self) -> None:
        for _, name in self._of(RESOLVE, size=2):
            if name in self._names or self._rules.for_name(name) is not None:
                continue
            if _is_name(name):
                self._add(f"{RESOLVE}:{name}")
            else:
                self._fail(f"{RESOLVE} {name}")

    def _tell(self) -> None:
        """The addresses that are told only where they are named."""
        local = f"{RESOLVE}:localhost"
        by_name = Rules([local] if local in self._texts else ())
        for text in sorted({thing[2] for thing in self._of(RESOLVE, size=3)}):
            ip = parse_ip(text)
            if ip is None or ip in self._ips or self._has(f"{RESOLVE}:{text}"):
                continue
            if not self._rules.tells(ip) and not by_name.tells(ip):
                self._add(f"{RESOLVE}:{text}")


def special_addresses(use: Use) -> list[bytes]:
    """Those that a look-up told which are not public."""
    found = [parse_ip(each) for each in use.target.split(", ")] if use.target else []
    return [ip for ip in found if ip is not None and not is_public(ip)]


def suggestions(rules: Iterable[str]) -> list[tuple[str, list[str]]]:
    """Wider rules that may be meant, each with those that it would stand for. None of them is taken by itself."""
    groups: dict[str, list[str]] = {}
    for text in rules:
        for wider in _wider(text):
            groups.setdefault(wider, []).append(text)
    return [(wider, texts) for wider, texts in groups.items() if len(texts) >= MANY]


def _wider(text: str) -> list[str]:
    """With any path in the same place, any name beside it, any port."""
    if text.startswith(HTTP):
        return [f"{text[: text.rindex('/')]}/*"]
    word, target, port = parts(text)
    if not port:
        return []
    _, _, parent = target.partition(".")
    # All that ends in `.com` nobody means.
    beside = [f"{word}:*.{parent}:{port}"] if "." in parent and _is_name(target) else []
    return [*beside, f"{word}:{target}"]


def parts(text: str) -> tuple[str, str, str]:
    """Of a rule that was learned, and is none for requests: its word, its target, and its port, if it has one."""
    word, _, rest = text.partition(":")
    if word == RESOLVE:
        return word, rest, ""
    target, _, port = rest.rpartition(":")
    return word, target, port


def request_rule(method: str, url: str) -> Rule | None:
    """The rule for such requests and no others, if there can be one."""
    try:
        rule = Rule(f"http: {method} {url}")
    except RuleError:
        return None
    return rule if rule.requests is not None and rule.requests.is_for_one else None


def _is_name(name: str) -> bool:
    """Whether rules can name it, and nothing else by it."""
    try:
        rule = Rule(f"{RESOLVE}:{name}")
    except RuleError:
        return False
    return rule.covers_name(name) and not rule.covers_name(f"x.{name}")
