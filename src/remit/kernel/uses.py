"""Uses of authority: what a program did with what it was granted, for whoever watches."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Use:
    """One use that was made, and under which grant."""

    __slots__ = ("action", "grant", "is_directory", "kind", "name", "rule", "subject", "target")

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
        name: str = "",
    ) -> None:
        self.kind = kind
        """``file``, ``network`` or ``http``."""
        self.action = action
        """Of a file: ``see`` (that it is there, and its attributes), ``read``, ``write``, ``create``, ``delete``,
        ``rename`` or ``link``.

        Of a network: ``connect`` (TCP), ``send`` and ``receive`` (of the datagrams of a socket the first with each
        peer), ``listen`` (a local address that was taken; not any free port for datagrams, which nobody need be
        allowed), ``accept``, ``resolve``, or ``see`` (a peer that datagrams were to be exchanged with). Each is a use
        that was tried and allowed, whatever came of it: a connection may have been refused.

        Of HTTP: the method."""
        self.subject = subject
        """The path as the program sees it, links followed; an address with its port; the name that was looked up, in
        lower case; of ``http`` the URL without its query, as rules have it."""
        self.grant = grant
        """The path of the directory that was granted; the address of the socket that was handed over."""
        self.rule = rule
        """The rule that allowed it, where there are rules."""
        self.target = target
        """The new path, of ``rename`` and ``link``. What was there, if anything, was deleted before, which is a use of
        its own; so is that the new name was created.

        Of ``resolve``: the addresses that the program was told, with commas between them; the use is told before that,
        too, when the look-up has begun. Of ``listen`` at port 0: the address that it became. Of ``accept``: the local
        address; of ``receive`` the one that the program had asked for, if it had. Of ``http``: the address, when it is
        connected to; the use is told before that, too, when the host is looked up."""
        self.is_directory = is_directory
        """Of ``rename``: what was moved is a directory."""
        self.name = name
        """Of ``connect``, ``send``, ``receive`` and ``see``: the name that the program was told the address for, most
        recently."""

    def __str__(self) -> str:
        name = f" ({self.name})" if self.name else ""
        target = "" if self.target is None else f"{_BEFORE_TARGET.get(self.action, ' to ')}{self.target}"
        return f"{self.action} {self.subject}{name}{target}"

    def __repr__(self) -> str:
        return f"<Use {self.kind}: {self}>"


_BEFORE_TARGET = {"accept": " at ", "listen": " as ", "receive": " at ", "resolve": ": "}


if TYPE_CHECKING:
    Watcher = Callable[[Use], object]
    """Called after each use, on the thread of the program. What it raises ends the program. If it has an attribute
    `seeing` that is true, it is told of what is only looked at, too; with `once` that is True, it need not be told
    again of what it was told before by the same program."""
