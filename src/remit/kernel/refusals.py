"""Failures that are refusals: the program was not granted what it asked for, and something would allow it.

Not every error that looks like one is: what the host itself forbids, or what can never be, no rule can allow.
"""

from __future__ import annotations

from remit.kernel.errors import Code, KernelError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


LEAVE = "leave"
"""What is wanted of a file by a path that leads out of the directory that was granted. No rule allows it."""


class Want:
    """What was asked for, and what would have allowed just that."""

    __slots__ = ("action", "directory", "kind", "origin", "rule", "subject")

    def __init__(
        self,
        kind: str,
        action: str,
        subject: str,
        rule: str = "",
        *,
        origin: object = None,
        directory: object = None,
    ) -> None:
        self.kind = kind
        """``file``, ``network`` or ``http``."""
        self.action = action
        """Of a file ``read``, ``write``, ``create``, ``delete`` or :data:`LEAVE`; of a network ``connect``, ``listen``,
        …"""
        self.subject = subject
        """The path below the directory that was granted; an address with its port; a method and a URL."""
        self.rule = rule
        """The text of the rule that would allow it, where that is not said by the other three."""
        self.origin = origin
        """Of a file: which grant it was asked of, as :attr:`remit.kernel.files.Directory.origin` has it."""
        self.directory = directory
        """Where that is not known: which directory."""

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


MAX_CAUSES = 1000
"""Refusals that are kept, each for a cause of its own. Those beyond are counted."""

MAX_LEAVING = 50
"""Attempts to leave that are kept besides: paths for them cost nothing, and must not hide anything else."""


class Refusal:
    """One cause: a program asked for something that it was not granted. Later it may ask again; that is not told."""

    __slots__ = ("action", "call", "code", "grant", "kind", "rule", "subject")

    def __init__(self, call: str, code: Code, want: Want, subject: str, grant: str = "") -> None:
        self.call = call
        """The function that it called first for it: ``path_open``, ``[method]descriptor.open-at``."""
        self.code = code
        """What it was told."""
        self.kind = want.kind
        self.action = want.action
        self.subject = subject
        """As :attr:`Want.subject`; of a file its path as the program sees it."""
        self.rule = want.rule
        self.grant = grant
        """Of a file: the guest path of the directory that it was asked of, if that is known."""

    def __str__(self) -> str:
        return f"{self.call}: {self.action} {self.subject}: {self.code.value}"

    def __repr__(self) -> str:
        return f"<Refusal {self}>"


class StoppedAtRefusal(Exception):
    """The program was to be stopped at the first refusal, and this is it.

    `stdout` and `stderr`: what it had written, if that was captured, as in :class:`remit.CompletedProcess`.
    """

    ends_guest = True
    stdout: bytes | str | None = None
    stderr: bytes | str | None = None
    stdout_truncated = False
    stderr_truncated = False
    refusals: tuple[Refusal, ...] = ()

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal)
        self.refusal = refusal

    def __str__(self) -> str:
        return f"stopped at the first refusal: {self.refusal}"


class Refusals:
    """What one program was refused."""

    __slots__ = ("_causes", "_leaving", "more", "on_refusal", "strict")

    def __init__(self) -> None:
        self._causes: dict[tuple[Want, object], Refusal] = {}
        self._leaving = 0
        """Those of them that are attempts to leave."""
        self.more = 0
        """Refusals beyond those that are kept."""
        self.on_refusal: Callable[[Refusal], object] | None = None
        """Called once for each cause that is kept, and if it has an attribute ``every`` that is true, for each refusal
        beyond those. What it raises ends the program."""
        self.strict = False
        """The first one ends the program: :class:`StoppedAtRefusal`."""

    def note(self, call: str, error: Refused, locate: Callable[[Want], tuple[str, str]]) -> None:
        """`call` was refused. `locate` gives the path of a wanted file as the program sees it, and of the
        directory that it was asked of."""
        want = error.want
        leaves = want.action == LEAVE
        # To leave is asked of a directory that may be any: what counts is the path.
        located = locate(want) if leaves else None
        cause = (want, located if leaves else id(want.origin))
        if cause in self._causes:
            return
        full = self._leaving >= MAX_LEAVING if leaves else len(self._causes) - self._leaving >= MAX_CAUSES
        if full:
            self.more += 1
            if getattr(self.on_refusal, "every", False):
                assert self.on_refusal is not None
                self.on_refusal(Refusal(call, error.code, want, *(located or locate(want))))
            return
        want.directory = None
        self._leaving += leaves
        refusal = self._causes[cause] = Refusal(call, error.code, want, *(located or locate(want)))
        if self.on_refusal is not None:
            self.on_refusal(refusal)
        if self.strict:
            raise StoppedAtRefusal(refusal)

    def __iter__(self) -> Iterator[Refusal]:
        return iter([*self._causes.values()])

    def __len__(self) -> int:
        return len(self._causes)


class Collected:
    """An `on_refusal` that keeps what one program was refused, as many causes as its own list. The rest is counted."""

    __slots__ = ("_leaving", "kept", "more")

    every = True

    def __init__(self) -> None:
        self.kept: list[Refusal] = []
        self._leaving = 0
        self.more = 0
        """How often it was refused something beyond those; to leave is not counted."""

    def __call__(self, refusal: Refusal) -> None:
        if refusal.action == LEAVE:
            if self._leaving < MAX_LEAVING:
                self._leaving += 1
                self.kept.append(refusal)
        elif len(self.kept) - self._leaving < MAX_CAUSES:
            self.kept.append(refusal)
        else:
            self.more += 1
