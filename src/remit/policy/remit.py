"""A remit: all that one program is granted, in plain values. Nothing here touches the machine.

The options of the command line, the file ``remit.toml`` (:mod:`remit.policy.remit_file`) and Python are three
spellings of it. :mod:`remit.policy.granting` opens what it names.
"""

from __future__ import annotations

import os

from remit.kernel.limits import Limits
from remit.policy.remit_grants import DirectoryGrant, FileGrant, StreamFile
from remit.policy.remit_values import (
    RemitError,
    checked_count,
    checked_environment,
    checked_flag,
    checked_interfaces,
    checked_items,
    checked_network,
    checked_path,
    checked_replaced,
    checked_seconds,
    checked_sha256,
    checked_text,
    fields_shown,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from remit.kernel.limits import Limits as _Limits
    from remit.kernel.refusals import Refusal

OWN_LIMITS = ("timeout", "fuel", "memory", "disk", "files")
"""Those beside the fields of :class:`remit.Limits`."""

LIMITS = (*OWN_LIMITS, *Limits.__slots__)


class Remit:
    """All that one program is granted. What is left out, it does not get.

    Args:
        program: The path of the program.
        sha256: The digest of its file, in hexadecimal: another one is refused.
        name: What it is told as its own name; None: the file's.
        arguments: Those after its name, if a run gives no others.
        env: Its environment variables; None as a value hands on the variable of this process.
        stdin: ``inherit``, ``null``, or a :attr:`Remit.Stream`.
        stdout: Likewise.
        stderr: Likewise, or ``stdout`` for the same stream.
        dirs: Its directories (:attr:`Remit.Directory`), in the order in which it finds them.
        files: Single files (:attr:`Remit.File`).
        network: ``none``, ``host``, or a list of rules (:mod:`remit.network.rules`).
        http: Whether it may send HTTP requests over that.
        listen: Addresses to listen at; the sockets are handed over.
        time: Its time of day stands still there, in nanoseconds since 1970; None: the host's clock.
        seed: What its random numbers are made from; None: the host's.
        allow_interfaces: The only interfaces and functions that it may import; None: all.
        deny_interfaces: Those that it may not.
        replaced_interfaces: Those that Python objects answer: ``module:object`` by the name of an interface or a
            function. Nothing is imported before a program runs, or :meth:`imports` is called.
        deterministic: It does the same in every run, as :func:`remit.run` says of that option.
        strict: The first thing that it is refused ends it.
        limits: By the names in :data:`LIMITS`: ``timeout`` in seconds, ``fuel``, ``memory``, ``disk`` and ``files`` of
            each directory, and the fields of :class:`remit.Limits`.
        base: What relative paths begin at; "" is the working directory.

    Raises:
        RemitError: Something cannot be. TypeError.
    """

    __slots__ = (
        "allow_interfaces",
        "arguments",
        "base",
        "deny_interfaces",
        "deterministic",
        "dirs",
        "env",
        "files",
        "http",
        "limits",
        "listen",
        "name",
        "network",
        "program",
        "replaced_interfaces",
        "seed",
        "sha256",
        "sources",
        "stderr",
        "stdin",
        "stdout",
        "strict",
        "time",
    )

    Directory = DirectoryGrant
    File = FileGrant
    Stream = StreamFile

    def __init__(
        self,
        *,
        program: str | os.PathLike[str] | None = None,
        sha256: str | None = None,
        name: str | None = None,
        arguments: Iterable[str] = (),
        env: Mapping[str, str | None] | None = None,
        stdin: str | StreamFile = "inherit",
        stdout: str | StreamFile = "inherit",
        stderr: str | StreamFile = "inherit",
        dirs: Iterable[DirectoryGrant] = (),
        files: Iterable[FileGrant] = (),
        network: str | Iterable[str] = "none",
        http: bool = True,
        listen: Iterable[str] = (),
        time: int | None = None,
        seed: int | None = None,
        allow_interfaces: Iterable[str] | None = None,
        deny_interfaces: Iterable[str] = (),
        replaced_interfaces: Mapping[str, str] | None = None,
        deterministic: bool = False,
        strict: bool = False,
        limits: Mapping[str, float] | None = None,
        base: str | os.PathLike[str] = "",
        sources: Mapping[str, str] | None = None,
    ) -> None:
        """`sources`: where single values were said, for messages."""
        self.base = os.fspath(base)
        self.sources = dict(sources or ())
        self.program = None if program is None else checked_path(program, "program")
        self.sha256 = None if sha256 is None else checked_sha256(sha256)
        self.name = None if name is None else checked_text(name, "name")
        self.arguments = tuple(
            [checked_text(each, "an argument", empty=True) for each in checked_items("arguments", arguments)]
        )
        self.env = checked_environment(env or {})
        self.stdin = _stream("stdin", stdin, ("inherit", "null"))
        self.stdout = _stream("stdout", stdout, ("inherit", "null"))
        self.stderr = _stream("stderr", stderr, ("inherit", "null", "stdout"))
        self.dirs = _grants("dirs", dirs, DirectoryGrant)
        self.files = _grants("files", files, FileGrant)
        self._check_places()
        self.network = checked_network(network)
        self.http = checked_flag("http", http)
        self.listen = tuple([checked_text(each, "an address") for each in checked_items("listen", listen)])
        self.time = checked_count("time", time)
        if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int)):
            raise TypeError(f"seed is {seed!r} ({type(seed).__name__}): an int is wanted")
        self.seed = seed
        self.allow_interfaces = None if allow_interfaces is None else checked_interfaces(allow_interfaces)
        self.deny_interfaces = checked_interfaces(deny_interfaces)
        self.replaced_interfaces = checked_replaced(replaced_interfaces or {})
        self.deterministic = checked_flag("deterministic", deterministic)
        self.strict = checked_flag("strict", strict)
        self.limits = self._limits(limits or {})

    def _check_places(self) -> None:
        """Each directory of the program's is one thing. RemitError."""
        taken: set[str] = set()
        for each in self.dirs:
            if each.guest in taken:
                raise RemitError(
                    f"{each.source or 'dirs'}: the program has a directory {each.guest!r} already; give this one "
                    "another name"
                )
            taken.add(each.guest)
        sources: dict[str, str] = {}
        names: set[tuple[str, str]] = set()
        for file in self.files:
            where, host = file.source or "files", os.path.dirname(file.path)
            if file.directory in taken:
                raise RemitError(
                    f"{where}: the program has a directory {file.directory!r} already, and {file.guest!r} would be in "
                    "it; say it by rules of that directory"
                )
            if sources.setdefault(file.directory, host) != host:
                raise RemitError(
                    f"{where}: files of {sources[file.directory] or '.'!r} and of {host or '.'!r} cannot both be in "
                    f"{file.directory!r}; give them different directories"
                )
            if (file.directory, file.name) in names:
                raise RemitError(f"{where}: the program has a file {file.guest!r} already")
            names.add((file.directory, file.name))

    def _limits(self, given: Mapping[str, float]) -> dict[str, Any]:
        limits: dict[str, Any] = {}
        for name, value in given.items():
            if name not in LIMITS:
                raise RemitError(f"there is no limit {name!r}, but {', '.join(LIMITS)}")
            try:
                if name in Limits.__slots__:
                    limits[name] = getattr(Limits(**{name: value}), name)  # type: ignore[arg-type]  # it checks that
                elif name == "timeout":
                    limits[name] = checked_seconds(value)
                else:
                    limits[name] = checked_count(name, value)
            except ValueError as error:
                source = self.sources.get(f"limits.{name}")
                raise RemitError(f"{source}: {error}" if source else str(error)) from None
        return {name: limits[name] for name in LIMITS if name in limits}

    def kernel_limits(self) -> _Limits | None:
        """Those of :class:`remit.Limits`; None where nothing is said of them."""
        fields = {name: value for name, value in self.limits.items() if name in Limits.__slots__}
        return Limits(**fields) if fields else None

    def fields(self) -> dict[str, Any]:
        """What would make an equal one."""
        return {name: getattr(self, name) for name in self.__slots__}

    def changed(self, **fields: Any) -> Remit:
        """One with other `fields`."""
        return Remit(**{**self.fields(), **fields})

    def path_of(self, path: str) -> str:
        """A path of it, for the working directory."""
        return os.path.join(self.base, path)

    def based_on(self, base: str) -> Remit:
        """The same, with paths that begin at the directory `base`; what is absolute stays so."""
        # Names are put in front, and none taken away: what leads up after a link leads up from where that points.
        way = _way(base, self.base)

        def moved(path: str) -> str:
            return path if os.path.isabs(path) else os.path.join(way, path)

        fields = self.fields()
        fields["base"] = base
        if self.program is not None:
            fields["program"] = moved(self.program)
        for name in ("stdin", "stdout", "stderr"):
            stream = fields[name]
            if isinstance(stream, StreamFile):
                fields[name] = StreamFile(moved(stream.path), append=stream.append)
        fields["dirs"] = [_with_path(each, moved) for each in self.dirs]
        fields["files"] = [
            FileGrant(each.guest, moved(each.path), rights=each.rights, source=each.source) for each in self.files
        ]
        return Remit(**fields)

    def remedy(self, refusal: Refusal) -> str:
        """What would allow a program under this remit what it was refused: TOML, and where in its file it belongs.

        "" if nothing is known that would. TypeError for what is no :class:`remit.Refusal`.
        """
        from remit.kernel.refusals import Refusal
        from remit.policy.remedies import remedy

        if not isinstance(refusal, Refusal):
            raise TypeError(f"refusal is {refusal!r} ({type(refusal).__name__}): a remit.Refusal is wanted")

        return remedy(self, refusal)

    def imports(self) -> dict[str, Any]:
        """The objects of :attr:`replaced_interfaces`, imported now, for :func:`remit.load`. RemitError."""
        from remit.policy.replacing import replacements

        return replacements(self)

    # The file.

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Remit:
        """Read the file at `path`. RemitError says what is wrong with it, and in which line; OSError."""
        from remit.policy.remit_file.reader import load

        return load(os.fspath(path))

    @classmethod
    def from_toml(cls, text: str, *, base: str | os.PathLike[str] = "", name: str = "remit.toml") -> Remit:
        """What `text` says; relative paths begin at the directory `base`. RemitError, with `name` for the file."""
        from remit.policy.remit_file.reader import parse

        return parse(text, name=name, base=os.fspath(base))

    def to_toml(self) -> str:
        """The file for it. RemitError for a path or a text that is no Unicode."""
        from remit.policy.remit_file.writer import text_of

        return text_of(self)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the file, in place of what is there; relative paths become relative to its directory. OSError."""
        from remit.policy.remit_file.writer import save

        save(self, os.fspath(path))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Remit) and self._key() == other._key()

    __hash__ = None  # type: ignore[assignment]  # it has dictionaries

    def _key(self) -> tuple[object, ...]:
        return (*[getattr(self, name) for name in self.__slots__ if name != "sources"], list(self.env))

    def __repr__(self) -> str:
        plain = Remit(base=self.base)
        told = [name for name in self.__slots__ if name != "sources" and getattr(self, name) != getattr(plain, name)]
        return f"Remit({fields_shown(self, told)})"


def _way(base: str, other: str) -> str:
    """The path of the directory `other` from the directory `base`."""
    if base == other:
        return ""
    way = os.path.relpath(os.path.realpath(other or "."), os.path.realpath(base or "."))
    return "" if way == "." else way


def _with_path(grant: DirectoryGrant, moved: Any) -> DirectoryGrant:
    return grant if grant.path is None else grant.changed(path=moved(grant.path))


def _stream(name: str, value: Any, words: tuple[str, ...]) -> str | StreamFile:
    if isinstance(value, StreamFile):
        return value
    if not isinstance(value, str):
        raise TypeError(
            f"{name} is {value!r} ({type(value).__name__}): {', '.join(words)} or a remit.Remit.Stream is wanted"
        )
    if value not in words:
        raise RemitError(f"{name} is {value!r}: {', '.join(words)} or a file is possible")
    return value


def _grants(name: str, values: Any, kind: type) -> tuple[Any, ...]:
    items = checked_items(name, values)
    for each in items:
        if not isinstance(each, kind):
            raise TypeError(f"{name}: each is a remit.Remit.{kind.__name__.removesuffix('Grant')}, not {each!r}")
    return tuple(items)
