"""Failures that are refusals: the program was not granted what it asked for, and something would allow it.

Not every error that looks like one is: what the host itself forbids, or what can never be, no rule can allow.
"""

from __future__ import annotations

from remit.kernel.errors import Code, KernelError


class Want:
    """What was asked for, and what would have allowed just that."""

    __slots__ = ("action", "kind", "rule", "subject")

    def __init__(self, kind: str, action: str, subject: str, rule: str = "") -> None:
        self.kind = kind
        """``file``, ``network`` or ``http``."""
        self.action = action
        """Of a file ``read``, ``write``, ``create`` or ``delete``; of a network ``connect``, ``listen``, …"""
        self.subject = subject
        """The path below the directory that was granted; an address with its port; a method and a URL."""
        self.rule = rule
        """The text of the rule that would allow it, where that is not said by the other three."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Want) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[str, str, str, str]:
        return self.kind, self.action, self.subject, self.rule

    def __repr__(self) -> str:
        return f"Want({', '.join(map(repr, self._key()))})"


class Refused(KernelError):
    """The program may not do that. The guest is told the code, as of any failure."""

    __slots__ = ("want",)

    def __init__(self, code: Code, detail: str = "", *, want: Want) -> None:
        super().__init__(code, detail)
        self.want = want
