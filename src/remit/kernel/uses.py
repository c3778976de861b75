"""Uses of authority: what a program did with what it was granted, for whoever watches."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Use:
    """One use that was made, and under which grant."""

    __slots__ = ("action", "grant", "is_directory", "kind", "rule", "subject", "target")

    def __init__(
        self,
        kind: str,
        action: str,
        subject: str,
        *,
        grant: str = "",
        rule: str = "",
        target: str | None = None,
        is_directory: bool = False,
    ) -> None:
        self.kind = kind
        """``file``, ``network`` or ``http``."""
        self.action = action
        """Of a file: ``see`` (that it is there, and its attributes), ``read``, ``write``, ``create``, ``delete``,
        ``rename`` or ``link``."""
        self.subject = subject
        """The path as the program sees it, links followed; an address with its port; a method and a URL."""
        self.grant = grant
        """The path of the directory that was granted."""
        self.rule = rule
        """The rule that allowed it, where there are rules."""
        self.target = target
        """The new path, of ``rename`` and ``link``. What was there, if anything, was deleted before, which is a use of
        its own; so is that the new name was created."""
        self.is_directory = is_directory
        """Of ``rename``: what was moved is a directory."""

    def __str__(self) -> str:
        target = "" if self.target is None else f" to {self.target}"
        return f"{self.action} {self.subject}{target}"

    def __repr__(self) -> str:
        return f"<Use {self.kind}: {self}>"


if TYPE_CHECKING:
    Watcher = Callable[[Use], object]
    """Called after each use, on the thread of the program. What it raises ends the program. If it has an attribute
    `seeing` that is true, it is told of what is only looked at, too; with `once` that is True, it need not be told
    again of what it was told before by the same program."""
