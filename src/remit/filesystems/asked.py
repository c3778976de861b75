"""Any filesystem, of which a program gets what somebody allows who is asked before it is used.

What is allowed becomes a rule of :class:`~remit.filesystems.restricted.Restricted`: that refuses what no rule allows,
the question is about just that, and after a yes it is tried again. So nothing is ever done that the rules do not say.
Nobody is asked for what is not there: the program is told the same as of what is hidden.
"""

from __future__ import annotations

from remit.filesystems.arguments import wanted_filesystem
from remit.filesystems.restricted import HiddenDirectory, Restricted
from remit.filesystems.rules import MAX_RULES, RIGHTS, SEE, FileRule, RuleError, literal, rights_text
from remit.kernel.errors import Code, KernelError
from remit.kernel.files import Directory, File, Filesystem, How
from remit.kernel.refusals import Refused
from remit.kernel.resolver import check_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeVar

    from remit.kernel.files import DirectoryEntry, Stat
    from remit.kernel.refusals import Want

    _T = TypeVar("_T")

NO, YES, ALWAYS = "no", "yes", "always"
ANSWERS = (NO, YES, ALWAYS)


class Question:
    """What a program is about to do for the first time. ``str()`` is a sentence's worth of it, and may hold anything
    that paths can: show it escaped.
    """

    __slots__ = ("directory", "path", "rights")

    def __init__(self, rights: str, path: str, directory: str) -> None:
        self.rights = rights
        """As in rules: ``see``, ``read``, ``write,create``, …"""
        self.path = path
        """As the program sees it. If all below it is meant, as when a directory is moved, it ends in ``/**``."""
        self.directory = directory
        """What ``always`` allows these rights for: all that is in it and below."""

    def __str__(self) -> str:
        return f"{self.rights} {self.path}"

    def __repr__(self) -> str:
        return f"<Question {str(self)!r}>"


class Asked(Filesystem):
    """`filesystem`, as far as `ask` allows: ``Asked(Host("project"), ask)``.

    Args:
        filesystem: What is granted at most.
        ask: Called with a :class:`Question`, on the thread of the program, before it is done. ``"yes"`` or True allows
            it, from now on; ``"always"`` allows the same for all in that directory and below; ``"no"`` or False refuses
            it, from now on. What it raises ends the program.
        path: What the program knows it by, for questions.
        rules: What is allowed without asking.

    Raises:
        RuleError: One of `rules` is none (a ValueError).
    """

    __slots__ = ("_ask", "_path", "_refused", "_restricted", "always")

    def __init__(
        self,
        filesystem: Filesystem,
        ask: Callable[[Question], str | bool],
        *,
        path: str = "/",
        rules: Iterable[str | FileRule] = (),
    ) -> None:
        if not callable(ask):
            raise TypeError(f"ask must be a function of a Question, not {ask!r}")
        self._restricted = Restricted(wanted_filesystem("filesystem", filesystem), rules)
        self._ask = ask
        self._path = path.rstrip("/")
        self._refused: set[tuple[str, str]] = set()
        self.always: list[str] = []
        """The rules of which ``always`` was said."""

    @property
    def rules(self) -> tuple[FileRule, ...]:
        """What is allowed by now."""
        return self._restricted.rules

    def root(self) -> Directory:
        return self.root_of(lambda inner: inner)

    def root_of(self, dressed: Callable[[Directory], Directory]) -> Directory:
        """The root; `dressed` puts something around what is asked for, that so sees only what was allowed."""
        return AskedDirectory(dressed(self._restricted.root()), self)

    def settle(self, refused: Refused, rights: int, *, inside: bool = False) -> None:
        """Ask for `rights` to what was refused, and allow it; or raise that. `inside`: it is a directory as such."""
        want = refused.want
        text = rights_text(rights)
        if (text, want.subject) in self._refused:
            raise refused
        # The rule of a whole tree says so itself: names may look like one.
        path = want.subject.removesuffix("/**") if want.rule else want.subject
        pattern = f"{literal(path)}/**" if want.rule else literal(path)
        if not self._can_have(f"{text} {pattern}"):
            raise refused
        directory = path if inside else path.rpartition("/")[0]
        question = Question(text, self._shown(want.subject), self._shown(directory) or "/")
        answer = self._ask(question)
        if answer is False or answer == NO:
            self._refused.add((text, want.subject))
            raise refused
        if answer == ALWAYS:
            rule = f"{text} {literal(directory)}/**" if directory else f"{text} **"
            self.always.append(rule)
        elif answer is True or answer == YES:
            rule = f"{text} {pattern}"
        else:
            raise ValueError(f"ask returned {answer!r} for {question!r}: {', '.join(ANSWERS)}, True or False is wanted")
        self._restricted.allow(rule)

    def _can_have(self, rule: str) -> bool:
        """Whether a rule can say it: paths can be longer, and there may be too many."""
        if len(self.rules) >= MAX_RULES:
            return False
        try:
            FileRule(rule)
        except RuleError:
            return False
        return True

    @property
    def origin(self) -> object:
        """What its own refusals name."""
        return self._restricted.origin

    def _shown(self, path: str) -> str:
        return f"{self._path}/{path}" if path else self._path

    def __repr__(self) -> str:
        return f"<Asked {[rule.text for rule in self.rules]}>"


def is_there(directory: Directory, name: str) -> bool:
    """Whether a name is taken, also by what is hidden."""
    try:
        directory.lookup(name)
    except Refused:
        return True
    except KernelError as error:
        return error.code is not Code.NO_ENTRY
    return True


def _asked_for(want: Want) -> int:
    return RIGHTS[want.action]


class _AskingDirectory(Directory):
    """Operations by single names: each is tried until it is not refused, or nobody allows it."""

    __slots__ = ()

    asked: Asked

    def _in_directory(self, operation: Callable[[Directory], _T]) -> _T:
        """`operation`, in the directory that this stands for."""
        raise NotImplementedError

    def _try(
        self,
        operation: Callable[[Directory], _T],
        rights: Callable[[Want], int] = _asked_for,
        *,
        inside: bool = False,
    ) -> _T:
        """`rights` says which are missing."""
        settled: set[tuple[int, Want]] = set()
        while True:
            try:
                return self._in_directory(operation)
            except Refused as refused:
                want = refused.want
                if want.kind != "file" or want.origin is not self.asked.origin:
                    raise  # by what is below, where no answer helps
                wanted = rights(want), want
                if wanted in settled:
                    raise
                settled.add(wanted)
                self.asked.settle(refused, wanted[0], inside=inside)

    def entered(self, name: str) -> Directory:
        """What this stands for, for `name` to be made in it: close it."""
        raise NotImplementedError

    @property
    def origin(self) -> object:
        return self.asked.origin

    def _on(self, name: str, operation: Callable[[Directory], _T], rights: Callable[[Want], int] = _asked_for) -> _T:
        """As :meth:`_try`, on a name in it."""
        check_name(name)
        return self._try(operation, rights)

    def lookup(self, name: str) -> Stat:
        return self._on(name, lambda inner: inner.lookup(name), lambda want: SEE)

    def open_directory(self, name: str) -> Directory:
        return AskedDirectory(self._on(name, lambda inner: inner.open_directory(name), lambda want: SEE), self.asked)

    def read_link(self, name: str) -> str:
        return self._on(name, lambda inner: inner.read_link(name), lambda want: SEE)

    def open_file(self, name: str, how: int) -> File:
        missing = 0

        def attempt(inner: Directory) -> File:
            # All that this takes is one question.
            nonlocal missing
            needs = [right for right, flags in _NEEDS if how & flags]
            if how & How.CREATE and not is_there(inner, name):
                needs.append("create")
            missing = 0
            for right in needs:
                if not inner.allowed_by(right, name):
                    missing |= RIGHTS[right]
            return inner.open_file(name, how)

        return self._on(name, attempt, lambda want: missing or SEE)

    def make_directory(self, name: str) -> None:
        self._on(name, lambda inner: inner.make_directory(name))

    def make_symbolic_link(self, name: str, target: str) -> None:
        self._on(name, lambda inner: inner.make_symbolic_link(name, target))

    def link(self, name: str, target: Directory, target_name: str) -> None:
        check_name(target_name)
        with _Entered(target, target_name) as other:
            self._on(name, lambda inner: inner.link(name, other, target_name))

    def rename(self, name: str, target: Directory, target_name: str) -> None:
        check_name(target_name)
        with _Entered(target, target_name) as other:
            self._on(name, lambda inner: inner.rename(name, other, target_name))

    def unlink(self, name: str) -> None:
        self._on(name, lambda inner: inner.unlink(name))

    def remove_directory(self, name: str) -> None:
        self._on(name, lambda inner: inner.remove_directory(name))

    def set_times_of(self, name: str, accessed: int | None, modified: int | None) -> None:
        self._on(name, lambda inner: inner.set_times_of(name, accessed, modified))


_NEEDS = (("read", How.READ), ("write", How.WRITE | How.TRUNCATE))


class _Entered:
    """The target of a move, without what asks around it."""

    __slots__ = ("_name", "_opened", "_target")

    def __init__(self, target: Directory, name: str) -> None:
        self._target = target
        self._name = name
        self._opened: Directory | None = None

    def __enter__(self) -> Directory:
        if not isinstance(self._target, _AskingDirectory):
            return self._target
        self._opened = self._target.entered(self._name)
        return self._opened

    def __exit__(self, *_: object) -> None:
        if self._opened is not None:
            self._opened.close()


class AskedDirectory(_AskingDirectory):
    """A directory of which each new use is asked for. It owns and closes the one it wraps."""

    __slots__ = ("asked", "directory", "read_only")

    def __init__(self, directory: Directory, asked: Asked) -> None:
        self.directory = directory
        self.asked = asked
        self.read_only = directory.read_only

    def _in_directory(self, operation: Callable[[Directory], _T]) -> _T:
        return operation(self.directory)

    def entered(self, name: str) -> Directory:
        return self.directory.reopen()

    def close(self) -> None:
        self.directory.close()

    def path_from_origin(self, path: str) -> str:
        return self.directory.path_from_origin(path)

    def refusal(self, action: str, name: str) -> KernelError:
        return self.directory.refusal(action, name)

    def allowed_by(self, right: str, name: str) -> str:
        return self.directory.allowed_by(right, name)

    def stat(self) -> Stat:
        return self.directory.stat()

    def sync(self, *, data_only: bool) -> None:
        self.directory.sync(data_only=data_only)

    def reopen(self) -> Directory:
        return AskedDirectory(self.directory.reopen(), self.asked)

    def walk(self, path: str) -> Directory | None:
        """None where nothing is hidden on the way; otherwise what asks with the whole path in hand."""
        way = self.directory.walk(path)
        if way is None:
            return None
        way.close()
        return _HiddenWay(self, path) if isinstance(way, HiddenDirectory) else None

    def way(self, path: str) -> Directory:
        """Where `path` leads, as far as that may be known: close it. KernelError."""
        way = self.directory.walk(path)
        if way is not None:
            return way
        directory = self.directory.reopen()
        try:
            for name in path.split("/"):
                below = directory.open_directory(name)
                directory.close()
                directory = below
        except BaseException:
            directory.close()
            raise
        return directory

    def entries(self) -> Iterable[DirectoryEntry]:
        return self._try(lambda inner: inner.entries(), inside=True)

    def set_times(self, accessed: int | None, modified: int | None) -> None:
        self._try(lambda inner: inner.set_times(accessed, modified), inside=True)


class _HiddenWay(_AskingDirectory):
    """A directory that a path leads through, and of which nothing is allowed yet. What is asked for in it is the end of
    the path: that alone decides.
    """

    __slots__ = ("_path", "_start", "asked", "read_only")

    def __init__(self, start: AskedDirectory, path: str) -> None:
        """`start` outlives it: it is where the path begins."""
        self._start = start
        self._path = path
        self.asked = start.asked
        self.read_only = start.read_only

    def _in_directory(self, operation: Callable[[Directory], _T]) -> _T:
        directory = self._start.way(self._path)
        try:
            return operation(directory)
        finally:
            directory.close()

    def entered(self, name: str) -> Directory:
        def enter(inner: Directory) -> Directory:
            if isinstance(inner, HiddenDirectory):
                inner.make_directory(name)  # which it refuses, whatever is to be made
            return inner.reopen()

        return self._try(enter)

    def close(self) -> None:
        """Nothing is open."""
