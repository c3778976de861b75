"""A program under observation: what it uses of a remit, the least that would have done, and what is too much."""

from __future__ import annotations

from remit.filesystems.rules import RIGHTS, SEE, FileRule, rights_text
from remit.policy.learning import Learned
from remit.policy.network_observing import NetworkObservation
from remit.policy.remit import Remit
from remit.policy.remit_grants import DirectoryGrant, FileGrant

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from remit.kernel.uses import Use


NETWORK = "network"
"""In place of a directory, where the network is meant."""

MOST_SHOWN = 200
"""Characters of what a program chose."""

MOST_TOLD = 3
"""Rules that would have been enough, in one line."""


class Observation:
    """Of one run, or of several with the same remit: give it to them as `on_use`.

    ::

        given = remit.Remit(dirs=[remit.Remit.Directory("/data", "data", rights="all")])
        seen = remit.Observation(given)
        remit.run(["tool.wasm"], remit=given, on_use=seen)
        seen.smallest().save("remit.toml")

    Args:
        remit: What the program is granted, and what of it can be found to be needed, or too much. TypeError.
    """

    __slots__ = ("_learned", "_network", "_own", "_remit", "_used", "_whole", "accepted")

    seeing = True
    """It is told what is only looked at, too."""

    once = True
    """To be told the same again would change nothing."""

    def __init__(self, remit: Remit) -> None:
        if not isinstance(remit, Remit):
            raise TypeError(f"remit is {remit!r} ({type(remit).__name__}): a remit.Remit is wanted")
        self._remit = remit
        self._learned: dict[str, Learned] = {}
        """By the path of the directory that was granted."""
        self._own = frozenset([each.guest for each in remit.dirs if each.kind == "memory"])
        """Directories that are the program's own: that it uses them is all there is to learn."""
        self._used: dict[tuple[str, str], int] = {}
        """The rights that were used of each rule of each directory."""
        self._whole = {each.guest: f"{each.rights} **" for each in remit.dirs if each.rules is None}
        """The one rule of directories that have none, as it were."""
        self.accepted: set[str] = set()
        """Where sockets listen that were handed over, and that it took connections from."""
        self._network = NetworkObservation(remit) if remit.network != "none" else None

    def __call__(self, use: Use) -> None:
        if use.kind != "file":
            if use.grant:
                # Of sockets that were handed over there are no rules.
                self.accepted.add(use.grant)
            elif self._network is not None:
                self._network(use)
            return
        learned = self._learned.get(use.grant)
        if learned is None:
            learned = self._learned[use.grant] = Learned(use.grant)
        if use.grant not in self._own:
            learned(use)
        place = (use.grant, use.rule or self._whole.get(use.grant, ""))
        self._used[place] = self._used.get(place, 0) | RIGHTS.get(use.action, SEE)

    def smallest(self, known: Remit | None = None) -> Remit:
        """The remit with no directories, files and rights but those that were used.

        With `known`, what an earlier run was found to need: that, and what is missing from it.
        """
        dirs = [] if known is None else [*known.dirs]
        files = [] if known is None else [*known.files]
        for grant in self._remit.dirs:
            self._add_directory(dirs, grant)
        for file in self._remit.files:
            self._add_file(files, file)
        network, http = self._smallest_network(known)
        return self._remit.changed(dirs=dirs, files=files, network=network, http=http)

    def _smallest_network(self, known: Remit | None) -> tuple[Any, bool]:
        if self._network is not None:
            return self._network.smallest(self._remit, known)
        there = self._remit if known is None else known
        return there.network, there.http

    def unlearned(self) -> list[str]:
        """What :meth:`smallest` could not allow of what the program did, each in words."""
        found = [] if self._network is None else self._network.unlearned
        more = [
            f"{guest}: {learned.more:,} uses of more paths than are learned: grant it with patterns, as in 'read **'"
            for guest, learned in self._learned.items()
            if learned.more
        ]
        return more + [f"{NETWORK}: {each if len(each) <= MOST_SHOWN else each[:MOST_SHOWN] + '…'}" for each in found]

    def _add_directory(self, dirs: list[DirectoryGrant], grant: DirectoryGrant) -> None:
        learned = self._learned.get(grant.guest)
        if learned is None:
            return
        place = next((number for number, each in enumerate(dirs) if each.guest == grant.guest), None)
        if grant.kind == "memory":
            # It is the program's own: there is nobody to keep it from.
            if place is None:
                dirs.append(grant)
            return
        before = () if place is None else rules_of(dirs[place])
        rules = learned.rules([FileRule(each) for each in before])
        if place is None:
            # With no rule it is a directory that is there, and no more.
            dirs.append(with_rules(grant, rules or ["see ."]))
        elif rules:
            dirs[place] = with_rules(dirs[place], [*before, *rules])

    def _add_file(self, files: list[FileGrant], grant: FileGrant) -> None:
        learned = self._learned.get(grant.directory)
        if learned is None:
            return
        rights = 0
        for text in learned.rules():
            rule = FileRule(text)
            if rule.matches(rule.step(rule.begin(), grant.name)):
                rights |= rule.rights
        known = next((each for each in files if each.guest == grant.guest), None)
        if known is not None:
            rights |= FileRule(f"{known.rights} x").rights
            files.remove(known)
        if rights:
            files.append(FileGrant(grant.guest, grant.path, rights=rights_text(rights), source=grant.source))

    def suggestions(self) -> list[tuple[str, str, int]]:
        """Wider rules that may be meant: the directory, the rule, and how many others it would stand for."""
        from remit.policy.learning import suggestions

        found = [
            (grant, rule, len(others))
            for grant, learned in self._learned.items()
            for rule, others in suggestions(learned.rules())
        ]
        if self._network is not None:
            found += [(NETWORK, rule, len(others)) for rule, others in self._network.suggestions()]
        return found

    def unused(self) -> list[tuple[str, str]]:
        """Directories and rules (or "" for all of a directory) that nothing was used of; and of the network."""
        found = []
        for guest, rules in self._places():
            if guest not in self._learned:
                found.append((guest, ""))
            else:
                used = self._used_of(guest, rules)
                found += [(guest, rule) for rule in rules if rule not in used]
        if self._network is not None:
            found += [(NETWORK, rule) for rule in self._network.unused()]
        return found

    def too_wide(self) -> list[tuple[str, str, str]]:
        """Rules that give what was not used: the directory, the rule, and the rights that were; of the network, the
        rules that would have been enough."""
        found = []
        for guest, rules in self._places():
            rights = self._used_of(guest, rules)
            for rule in rules:
                used = rights.get(rule, 0)
                if used and FileRule(rule).rights & ~(used | SEE):
                    found.append((guest, rule, rights_text(used)))
        if self._network is not None:
            found += [(NETWORK, rule, _some_of(enough)) for rule, enough in self._network.too_wide()]
        return found

    def _used_of(self, guest: str, rules: Iterable[str]) -> dict[str, int]:
        """The rights of each rule that were used, and those that what was moved needed besides."""
        used = {rule: self._used[guest, rule] for rule in rules if (guest, rule) in self._used}
        learned = self._learned.get(guest)
        return used if learned is None else learned.needed_of([FileRule(rule) for rule in rules], used)

    def _places(self) -> list[tuple[str, tuple[str, ...]]]:
        from remit.filesystems.rules import literal

        places = [(each.guest, () if each.kind == "memory" else rules_of(each)) for each in self._remit.dirs]
        for file in self._remit.files:
            places.append((file.directory, (f"{file.rights} {literal(file.name)}",)))
        return places


def _some_of(texts: list[str]) -> str:
    """The first of them, and how many there are besides."""
    more = f" and {len(texts) - MOST_TOLD} more" if len(texts) > MOST_TOLD else ""
    return ", ".join(map(repr, texts[:MOST_TOLD])) + more


def rules_of(grant: DirectoryGrant) -> tuple[str, ...]:
    """The rules of a directory, however they are said."""
    return (f"{grant.rights} **",) if grant.rules is None else tuple(grant.rules)


def with_rules(grant: DirectoryGrant, rules: Iterable[str]) -> DirectoryGrant:
    """The same directory with other rules."""
    return grant.changed(rights=None, rules=rules)
