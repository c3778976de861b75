"""A remit: all that one program is granted, in plain values. Nothing here touches the machine.

The options of the command line, the file ``remit.toml`` (:mod:`remit.policy.remit_file`) and Python are three
spellings of it. :mod:`remit.policy.granting` opens what it names.
"""

from __future__ import annotations

import os

from remit.kernel.limits import Limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from remit.kernel.limits import Limits as _Limits

KINDS = ("host", "memory", "overlay", "archive", "fsspec")
"""Where the files of a directory come from."""

READ_KINDS = ("archive", "fsspec")
"""Those that are read, and never changed."""

MAX_ENTRIES = 10_000
"""Of each list: arguments, variables, directories, rules, addresses."""

OWN_LIMITS = ("timeout", "fuel", "memory", "disk", "files")
"""Those beside the fields of :class:`remit.Limits`."""

LIMITS = (*OWN_LIMITS, *Limits.__slots__)

LARGEST = (1 << 64) - 1


class RemitError(ValueError):
    """What is wrong with a remit: of a file its name, the line, what it is, and what to do about it."""


class StreamFile:
    """A file of the host as a standard stream. Output replaces what is in it, or is added with `append`."""

    __slots__ = ("append", "path")

    def __init__(self, path: str | os.PathLike[str], *, append: bool = False) -> None:
        self.path = _path(path, "path")
        self.append = append

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StreamFile) and (self.path, self.append) == (other.path, other.append)

    def __hash__(self) -> int:
        return hash((self.path, self.append))

    def __repr__(self) -> str:
        return f"Stream({self.path!r}{', append=True' if self.append else ''})"


class DirectoryGrant:
    """One directory of the program's.

    Args:
        guest: What the program knows it by.
        path: The directory or archive of the host; the others have none.
        kind: ``host``, ``memory``, ``overlay`` (a host directory, copied on write), ``archive``, ``fsspec``.
        url: What fsspec opens (:class:`remit.fs.Fsspec`).
        rights: What the program may do with everything in it: ``read``, ``read,write``, …, ``all``.
        rules: In its place, what it may do with which paths: texts of :mod:`remit.filesystems.rules`. Of a host
            directory one of the two must be said; archives and what fsspec opens are read, and the others are the
            program's own.
        max_bytes: What is in it, or is added to it, at most.
        max_files: Likewise files, directories and links.
        source: Where this was said, for messages.

    Raises:
        RemitError: That cannot be. TypeError.
    """

    __slots__ = ("guest", "kind", "max_bytes", "max_files", "path", "rights", "rules", "source", "url")

    def __init__(
        self,
        guest: str,
        path: str | os.PathLike[str] | None = None,
        *,
        kind: str = "host",
        url: str | None = None,
        rights: str | None = None,
        rules: Iterable[str] | None = None,
        max_bytes: int | None = None,
        max_files: int | None = None,
        source: str = "",
    ) -> None:
        self.guest = _text(guest, "guest")
        if kind not in KINDS:
            raise RemitError(f"kind is {kind!r}: there are {', '.join(KINDS)}")
        self.kind = kind
        if (path is None) != (kind in ("memory", "fsspec")):
            raise RemitError(f"a directory of the kind {kind!r} has {'a' if path is None else 'no'} path")
        if (url is None) == (kind == "fsspec"):
            raise RemitError(
                "url is missing: say what fsspec opens, as in url = 'memory://notes'"
                if url is None
                else f"url is for directories of the kind 'fsspec', and this one is of the kind {kind!r}"
            )
        self.path = None if path is None else _path(path, "path")
        self.url = None if url is None else _url(url)
        if rights is not None and rules is not None:
            raise RemitError("rights and rules are two ways to say the same: give one")
        self.rules = None if rules is None else _rules(rules)
        if rights is None and rules is None:
            if kind == "host":
                raise RemitError("say what it may do there: rights = 'read' or 'all', or rules for some paths")
            rights = "read" if kind in READ_KINDS else "all"
        self.rights = None if rights is None else _rights(rights)
        self.max_bytes = _count("max_bytes", max_bytes)
        self.max_files = _count("max_files", max_files)
        if kind in READ_KINDS and (max_bytes, max_files) != (None, None):
            what = "an archive" if kind == "archive" else "what fsspec opens"
            raise RemitError(f"{what} is not written to: it has no max_bytes and max_files")
        self.source = source

    @property
    def writable(self) -> bool:
        """It may be changed, as far as what is granted goes."""
        if self.rules is None:
            return self.rights != "read"
        return any(rule.partition(" ")[0] != "read" for rule in self.rules)

    def changed(self, **fields: Any) -> DirectoryGrant:
        """One with other `fields`."""
        return DirectoryGrant(**{**{name: getattr(self, name) for name in self.__slots__}, **fields})

    def _key(self) -> tuple[object, ...]:
        return tuple([getattr(self, name) for name in self.__slots__ if name != "source"])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DirectoryGrant) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        return f"Directory({_shown(self, [name for name in self.__slots__ if name != 'source'])})"


class FileGrant:
    """One file of the host: the program sees it, and nothing else of the directory that it is in.

    `guest` and `path` end in the same name, because a directory has one name for each file. RemitError.
    """

    __slots__ = ("guest", "path", "rights", "source")

    def __init__(self, guest: str, path: str | os.PathLike[str], *, rights: str = "read", source: str = "") -> None:
        self.guest = _text(guest, "guest")
        self.path = _path(path, "path")
        self.rights = _rights(rights)
        self.source = source
        for what, text in (("guest", self.guest), ("path", self.path)):
            if text.rpartition("/")[2] in ("", ".", ".."):
                raise RemitError(f"{what} is {text!r}, which ends in no name of a file")
        if self.name != os.path.basename(self.path):
            raise RemitError(
                f"the program would see {self.path!r} as {self.guest!r}: a single file keeps its name; rename "
                "one of them, or grant the directory"
            )

    @property
    def name(self) -> str:
        return self.guest.rpartition("/")[2]

    @property
    def directory(self) -> str:
        """The guest's name of the directory that it is in."""
        parent, slash, _ = self.guest.rpartition("/")
        return (parent.rstrip("/") or "/") if slash else "."

    def _key(self) -> tuple[str, str, str]:
        return self.guest, self.path, self.rights

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FileGrant) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        return f"File({_shown(self, ['guest', 'path', 'rights'])})"


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
        self.program = None if program is None else _path(program, "program")
        self.sha256 = None if sha256 is None else _sha256(sha256)
        self.name = None if name is None else _text(name, "name")
        self.arguments = tuple([_text(each, "an argument", empty=True) for each in _items("arguments", arguments)])
        self.env = _environment(env or {})
        self.stdin = _stream("stdin", stdin, ("inherit", "null"))
        self.stdout = _stream("stdout", stdout, ("inherit", "null"))
        self.stderr = _stream("stderr", stderr, ("inherit", "null", "stdout"))
        self.dirs = _grants("dirs", dirs, DirectoryGrant)
        self.files = _grants("files", files, FileGrant)
        self._check_places()
        self.network = _network(network)
        self.http = _flag("http", http)
        self.listen = tuple([_text(each, "an address") for each in _items("listen", listen)])
        self.time = _count("time", time)
        if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int)):
            raise TypeError(f"seed is {seed!r} ({type(seed).__name__}): an int is wanted")
        self.seed = seed
        self.allow_interfaces = None if allow_interfaces is None else _interfaces(allow_interfaces)
        self.deny_interfaces = _interfaces(deny_interfaces)
        self.replaced_interfaces = _replaced(replaced_interfaces or {})
        self.deterministic = _flag("deterministic", deterministic)
        self.strict = _flag("strict", strict)
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
                    limits[name] = _seconds(value)
                else:
                    limits[name] = _count(name, value)
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
        return f"Remit({_shown(self, told)})"


def _shown(thing: object, names: Iterable[str]) -> str:
    return ", ".join([f"{name}={getattr(thing, name)!r}" for name in names if getattr(thing, name) is not None])


def _way(base: str, other: str) -> str:
    """The path of the directory `other` from the directory `base`."""
    if base == other:
        return ""
    way = os.path.relpath(os.path.realpath(other or "."), os.path.realpath(base or "."))
    return "" if way == "." else way


def _with_path(grant: DirectoryGrant, moved: Any) -> DirectoryGrant:
    return grant if grant.path is None else grant.changed(path=moved(grant.path))


def _text(value: Any, name: str, *, empty: bool = False) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} is {value!r} ({type(value).__name__}): a str is wanted")
    if not value and not empty:
        raise RemitError(f"{name} is empty")
    if "\0" in value:
        raise RemitError(f"{name} is {value!r}, with a NUL in it")
    return value


def _path(value: Any, name: str) -> str:
    return _text(os.fspath(value) if isinstance(value, os.PathLike) else value, name)


def _url(value: Any) -> str:
    url = _text(value, "url")
    if "://" not in url and "::" not in url:
        raise RemitError(f"url is {url!r}, which is none; write PROTOCOL://…, or path for a directory of this machine")
    return url


def _items(name: str, values: Any) -> list[Any]:
    if isinstance(values, (str, bytes)) or hasattr(values, "items") or not hasattr(values, "__iter__"):
        raise TypeError(f"{name} is {values!r} ({type(values).__name__}): a list is wanted")
    items = list(values)
    if len(items) > MAX_ENTRIES:
        raise RemitError(f"{name} has {len(items):,} entries: {MAX_ENTRIES:,} are possible")
    return items


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{name} is {value!r} ({type(value).__name__}): True or False is wanted")
    return value


def _count(name: str, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} is {value!r} ({type(value).__name__}): an int is wanted, 0 to {LARGEST}")
    if not 0 <= value <= LARGEST:
        raise RemitError(f"{name} is {value}: 0 to {LARGEST} is possible")
    return value


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"timeout is {value!r} ({type(value).__name__}): seconds are wanted, as an int or a float")
    if not 0 < value * 10**9 <= LARGEST:
        raise RemitError(f"timeout is {value}: seconds are wanted, more than 0; leave it out for no limit")
    return value


def _sha256(value: str) -> str:
    digest = _text(value, "sha256").lower()
    if len(digest) != 64 or not all(each in "0123456789abcdef" for each in digest):
        raise RemitError(f"sha256 is {value!r}: 64 hexadecimal digits are wanted, as sha256sum(1) tells them")
    return digest


def _environment(env: Any) -> dict[str, str | None]:
    if not hasattr(env, "items"):
        raise TypeError(f"env is {env!r} ({type(env).__name__}): names and values are wanted, as in {{'LANG': 'C'}}")
    _items("env", list(env))
    found: dict[str, str | None] = {}
    for name, value in env.items():
        if "=" in _text(name, "the name of a variable"):
            raise RemitError(f"the variable {name!r} has a '=' in its name")
        found[name] = None if value is None else _text(value, f"the variable {name!r}", empty=True)
    return found


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
    items = _items(name, values)
    for each in items:
        if not isinstance(each, kind):
            raise TypeError(f"{name}: each is a remit.Remit.{kind.__name__.removesuffix('Grant')}, not {each!r}")
    return tuple(items)


def _network(value: Any) -> str | tuple[str, ...]:
    if isinstance(value, str):
        if value not in ("none", "host"):
            raise RemitError(f"network is {value!r}: 'none', 'host' or a list of rules such as ['example.com:443']")
        return value
    items = _items("network", value)
    if items:
        from remit.network.rules import Rule

        for each in items:
            Rule(each)
    return tuple(items) or "none"


def _interfaces(values: Any) -> tuple[str, ...]:
    return tuple([_interface(each) for each in _items("interfaces", values)])


def _interface(value: Any) -> str:
    name, hash, function = _text(value, "an interface").partition("#")
    if not name or (hash and not function):
        raise RemitError(f"{value!r} is no interface; write its name, or NAME#FUNCTION for one function")
    return str(value)


def _replaced(values: Any) -> dict[str, str]:
    if not hasattr(values, "items"):
        raise TypeError(
            f"replaced_interfaces is {values!r} ({type(values).__name__}): names and 'module:object' are wanted"
        )
    _items("replaced_interfaces", list(values))
    found = {_interface(name): reference(value) for name, value in values.items()}
    for name in found:
        whole = name.partition("#")[0]
        if whole != name and whole in found:
            raise RemitError(f"{name} is replaced by itself, and {whole} whole: let one object have all of it")
    return found


def reference(value: Any) -> str:
    """The text of a module and an object in it, which is imported when it is needed. RemitError; TypeError."""
    module, _, path = _text(value, "an object").partition(":")
    if not all(each.isidentifier() for each in [*module.split("."), *path.split(".")]):
        raise RemitError(f"{value!r} is no object of Python's; write 'module:object', as in 'mypkg.clocks:Fixed'")
    return str(value)


def _rights(text: str) -> str:
    if text in ("read", "all"):
        return text
    from remit.filesystems.rules import FileRule, rights_text

    return rights_text(FileRule(f"{_text(text, 'rights')} **").rights)


def _rules(rules: Any) -> tuple[str, ...]:
    from remit.filesystems.rules import FileRule, file_rules

    items = _items("rules", rules)
    if not items:
        raise RemitError("there are no rules, so nothing could be done there: leave the directory out")
    return tuple([rule.text for rule in file_rules([FileRule(each) for each in items])])
