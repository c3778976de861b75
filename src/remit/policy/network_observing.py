"""What a program uses of the network that it is granted, rule by rule."""

from __future__ import annotations

from remit.kernel.uses import Use
from remit.network.addresses import is_public, parse_address, text_of
from remit.network.rules import CONNECT, LISTEN, REACH, RESOLVE, Rule, Rules
from remit.policy.network_learning import LearnedNetwork, Room, parts, special_addresses, suggestions
from remit.policy.remit_values import MAX_ENTRIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.policy.remit import Remit

WHOLE = "host"
"""What a remit grants in place of rules: all of the network."""

_NO_RULE = ""
"""By which uses of that are allowed. (A rule may be called `host`.)"""


class NetworkObservation:
    """Of one run, or of several with the same remit. It is called with uses of kind ``network`` and ``http``."""

    __slots__ = ("_by_rule", "_learned", "_room", "_rules", "_texts", "_used", "unlearned")

    def __init__(self, remit: Remit) -> None:
        granted = remit.network
        self._texts: tuple[str, ...] = () if granted == "none" else (_NO_RULE,) if granted == WHOLE else tuple(granted)
        self._rules = Rules(() if isinstance(granted, str) else granted)
        self._room = Room()
        self._learned = LearnedNetwork(self._room)
        rooms = Room()
        # What was done by a rule is only compared with it; so all of them have so much room together.
        self._by_rule = {text: LearnedNetwork(rooms) for text in self._texts}
        self._used: set[str] = set()
        """Rules that something was done by."""
        self.unlearned: list[str] = []
        """What :meth:`smallest` could not allow, and why."""

    def __call__(self, use: Use) -> None:
        self._learned(use)
        if use.rule in self._by_rule:
            self._used.add(use.rule)
            self._by_rule[use.rule](_without_addresses(use))
        if use.kind == "http":
            address = None if use.target is None else parse_address(use.target)
            if address is not None and not is_public(address.ip) and use.rule.startswith("http:"):
                # The one for the request is not enough there.
                self._note_thing(self._rules.allowing(CONNECT, address), CONNECT, repr(address), "", "")
        elif use.action == RESOLVE:
            for ip in special_addresses(use):
                self._note_thing(self._rules.telling(ip), RESOLVE, use.subject, text_of(ip))

    def _note_thing(self, rule: Rule | None, *thing: str) -> None:
        if rule is not None and rule.text in self._by_rule:
            self._used.add(rule.text)
            self._by_rule[rule.text].add(*thing)

    def smallest(self, offered: Remit, known: Remit | None) -> tuple[str | list[str], bool]:
        """What is to be granted of the network, and whether requests may be sent over it.

        With `known`, what an earlier run was found to need: that, and what is missing from it.
        """
        before = offered.changed(network="none") if known is None else known
        self.unlearned = []
        if before.network == WHOLE or (not before.http and Rules(_rules_of(before)).for_requests):
            # Somebody has said so. What they do not want is not for a run to change.
            if self._learned.has_requests and not before.http:
                self.unlearned.append("HTTP requests: http = false")
            return before.network if isinstance(before.network, str) else list(before.network), before.http
        there = _rules_of(before)
        found = self._learned.rules(there, free_requests=before.http)
        self.unlearned += self._learned.unlearned
        room = MAX_ENTRIES - len(there)
        if self._room.refused or len(found) > room:
            self.unlearned.append(f"{self._room.refused + max(0, len(found) - room):,} more uses: they are too many")
        found = found[:room]
        http = before.http
        if any(Rule(text).requests is not None for text in found):
            http = True
        elif found and not there:
            # Where no rule is for requests, they would go wherever the others lead.
            http = False
        return [*there, *found] or "none", http

    def suggestions(self) -> list[tuple[str, list[str]]]:
        """Wider rules that may be meant, with those that each would stand for."""
        return suggestions(self._learned.rules())

    def unused(self) -> list[str]:
        """Rules that nothing was done by, in order; "" is all of the network."""
        return [text for text in self._texts if text not in self._used]

    def too_wide(self) -> list[tuple[str, list[str]]]:
        """Rules (or `WHOLE`) that allow more than was done by them, with those that would have been enough."""
        found = []
        for text in dict.fromkeys(self._texts):
            enough = self._by_rule[text].rules()
            if enough and (text == _NO_RULE or _is_wider(Rule(text), enough)):
                found.append((text or WHOLE, enough))
        return found


def _rules_of(remit: Remit) -> tuple[str, ...]:
    return () if isinstance(remit.network, str) else tuple(remit.network)


def _without_addresses(use: Use) -> Use:
    """A look-up, without what it told: that may be by another rule."""
    return Use(use.kind, use.action, use.subject) if use.action == RESOLVE else use


def _is_wider(rule: Rule, enough: Sequence[str]) -> bool:
    """Whether it does not name what was done: there is a right, a method or a port too much, or a pattern for one."""
    if rule.requests is not None:
        return _asks_wider(rule, enough)
    done = [parts(text) for text in enough if Rule(text).requests is None]
    words = {word for word, _, _ in done}
    targets = {target for _, target, _ in done}
    ports = {port for _, _, port in done if port}
    if not done:
        return True  # It was requests only: rules for these say more of them.
    if LISTEN in rule.actions:
        # Datagrams of whoever sends some come to any free port that it lets a socket be bound to.
        if LISTEN not in words:
            return len(done) == 1
    elif rule.actions.intersection(REACH) - words:
        return True
    if len(ports) == 1 and rule.low != rule.high:
        return True
    return len(targets) == 1 and not rule.is_for_one_host


def _asks_wider(rule: Rule, enough: Sequence[str]) -> bool:
    asked = rule.requests
    assert asked is not None
    done = [each.requests for each in map(Rule, enough) if each.requests is not None]
    methods = {method for each in done for method in each.methods or ()}
    if not done:
        return False
    if asked.methods is None:
        if len(methods) == 1:
            return True
    elif asked.methods - methods:
        return True
    one_path = asked.path.endswith("*") and len({each.path for each in done}) == 1
    return one_path or ("*" in asked.target and len({each.target for each in done}) == 1)
