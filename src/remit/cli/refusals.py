"""What a program was refused, told at its end, with the option that would allow it."""

from __future__ import annotations

import os
import shlex

from remit.cli.report import complain, shown
from remit.kernel.refusals import LEAVE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from remit.kernel.refusals import Refusal
    from remit.policy.remit import Remit

MOST_LINES = 20
"""What is told of one program. The others count."""


def tell(refusals: Iterable[Refusal], options: dict[str, Any], file: Remit | None = None, more: int = 0) -> None:
    """Say on standard error what a program was refused that ran with these `options`, and a remit `file`.

    `more`: how often it was refused something besides.
    """
    report = RefusalReport(options, file)
    for refusal in refusals:
        report.add(refusal)
    report.more += more
    report.tell()


class RefusalReport:
    """Of one run, or of all requests of a server."""

    __slots__ = ("_file", "_lines", "_options", "more")

    def __init__(self, options: dict[str, Any], file: Remit | None = None) -> None:
        """`options`: the command line's, and the remit file that they add to."""
        self._options = options
        self._file = file
        self._lines: dict[str, None] = {}
        self.more = 0

    def add(self, refusal: Refusal) -> str | None:
        """The line for it, if there is none yet."""
        line = f"refused: {shown(refusal.call)}: {refusal.action} {shown(refusal.subject)}: {refusal.code.value}"
        remedy = self._remedy(refusal)
        line = f"{line}; {remedy}" if remedy else line
        if line in self._lines:
            return None
        if len(self._lines) >= MOST_LINES:
            self.more += 1
            return None
        self._lines[line] = None
        return line

    def tell(self) -> None:
        """Say it all on standard error."""
        for line in self._lines:
            complain(line)
        if self.more:
            complain(f"refused: {self.more:,} more things")

    def _remedy(self, refusal: Refusal) -> str:
        if self._file is not None:
            from remit.policy.remedies import remedy

            return remedy(self._file, refusal)
        if refusal.action == LEAVE:
            from remit.policy.remedies import NEVER

            return NEVER
        if refusal.kind in ("network", "http"):
            from remit.policy.remedies import is_rule

            if is_rule(refusal.rule):
                return f"--allow-net '{shown(refusal.rule)}' would allow it"
            return "--allow-net RULE would allow some" if refusal.action == "open" else ""
        if refusal.kind != "file":
            return ""
        around = [
            grant for grant in self._options.get("dir", ()) if grant.read_only and _is_in(refusal.subject, grant.guest)
        ]
        if not around:
            return self._outside(refusal)
        grant = max(around, key=lambda each: (each.guest == refusal.grant, len(each.guest)))
        place = grant.host if grant.host == grant.guest else f"{grant.host}::{grant.guest}"
        return f"--dir {_word(place)} (without :ro) would allow it"

    def _outside(self, refusal: Refusal) -> str:
        """What lies in none of its directories, and was asked for all the same."""
        path = refusal.subject
        if not path.startswith("/") or any(_is_in(path, grant.guest) for grant in self._options.get("dir", ())):
            return ""
        directory = path.rpartition("/")[0]
        if not directory:
            # All of the host is no remedy for one thing at its top.
            if not os.path.isdir(path):
                return "a remit file can allow it, with a [[file]]"
            directory = path
        return f"--dir {_word(f'{directory}:ro' if refusal.action == 'read' else directory)} would allow it"


def _word(text: str) -> str:
    """As one word of a shell's."""
    return shlex.quote(shown(text))


def _is_in(path: str, directory: str) -> bool:
    return path == directory or path.startswith(directory.rstrip("/") + "/")
