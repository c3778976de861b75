"""Learning with somebody who is asked: what a program is granted becomes the most that it can be allowed."""

from __future__ import annotations

import os

from remit.filesystems.asked import Asked
from remit.filesystems.decoy import Decoy
from remit.policy.build import open_ambient_network
from remit.policy.observing import rules_of, with_rules
from remit.policy.remit import Remit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from remit.filesystems.asked import Question
    from remit.kernel.refusals import Refusal
    from remit.network.asked import Question as NetworkQuestion
    from remit.policy.remit_grants import DirectoryGrant


class Asking:
    """Of one run, which is granted `remit`: each new use of its directories or its network is a question to `ask`.

    What `known` allows, which an earlier run has needed, is not asked for. Directories in memory are the program's own.
    """

    __slots__ = ("_ask", "_asked", "_denied", "_known", "_remit")

    def __init__(self, remit: Remit, ask: Callable[[Any], str], known: Remit | None = None) -> None:
        self._remit = remit
        self._ask = ask
        self._known = known
        self._asked: dict[str, Asked] = {}
        self._denied: set[tuple[str, str]] = set()

    def around(self, options: dict[str, Any]) -> None:
        """Put the questions around what was opened of the remit, and is in these options of :func:`remit.run`."""
        self._around_directories(options["dirs"])
        network = options.get("network")
        if network is not None:
            from remit.network.asked import AskedNetwork

            everything = network == "host"
            opened = open_ambient_network(() if everything else network, everything=everything)
            known = () if self._known is None or isinstance(self._known.network, str) else self._known.network
            options["network"] = AskedNetwork(opened, self._answer_of_network, rules=known)

    def _around_directories(self, dirs: dict[str, Any]) -> None:
        own = {each.guest for each in self._remit.dirs if each.kind == "memory"}
        for guest, filesystem in dirs.items():
            if guest not in own and not isinstance(filesystem, Decoy):
                rules = self._rules(guest)
                asked = self._asked[guest] = Asked(filesystem, self._answer, path=guest, rules=rules)
                dirs[guest] = asked

    def _answer(self, question: Question) -> str:
        answer = self._ask(question)
        if answer == "no":
            self._denied.add(("file", question.path))
        return answer

    def _answer_of_network(self, question: NetworkQuestion) -> str:
        answer = self._ask(question)
        if answer == "no":
            self._denied.add((question.kind, question.subject))
        return answer

    def _rules(self, guest: str) -> tuple[str, ...]:
        grant = self._granted(guest)
        known = self._known_of(guest)
        if grant is None or known is None or _place(self._known, known) != _place(self._remit, grant):
            return ()
        return rules_of(known)

    def _granted(self, guest: str) -> DirectoryGrant | None:
        return next((each for each in self._remit.dirs if each.guest == guest), None)

    def _known_of(self, guest: str) -> DirectoryGrant | None:
        return next((each for each in (self._known.dirs if self._known else ()) if each.guest == guest), None)

    def remembered(self, known: Remit | None) -> Remit | None:
        """`known`, and what was allowed for whole directories, which says more than what was used of them."""
        if not any(asked.always for asked in self._asked.values()):
            return known
        base = Remit() if known is None else known
        dirs = {each.guest: each for each in base.dirs}
        for guest, asked in self._asked.items():
            grant = dirs.get(guest, self._granted(guest))
            if asked.always and grant is not None:
                before = rules_of(grant) if guest in dirs else ()
                dirs[guest] = with_rules(grant, dict.fromkeys([*before, *asked.always]).keys())
        return base.changed(dirs=list(dirs.values()))

    def was_denied(self, refusal: Refusal) -> bool:
        """Whether somebody said so, who need not be told."""
        return (refusal.kind, refusal.subject) in self._denied


def _place(remit: Remit | None, grant: DirectoryGrant) -> str | None:
    """Where its files are, however that is written."""
    if grant.path is None or remit is None:
        return grant.url
    return os.path.realpath(remit.path_of(grant.path))
