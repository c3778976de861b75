"""What the checks of a filesystem are written with: handles that close themselves, and claims with clear messages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from remit.kernel.errors import Code, KernelError
from remit.kernel.files import Directory, File, Filesystem, FileType, How, Node

RW = How.READ | How.WRITE

_AnyNode = TypeVar("_AnyNode", bound=Node)

SAMPLE_FILE = b"The quick brown fox jumps over the lazy dog.\n"


@dataclass(frozen=True)
class Features:
    """What a filesystem has; see :func:`remit.testing.check_filesystem`."""

    hard_links: bool
    symbolic_links: bool
    times: bool
    time_step: int
    exact_names: bool
    name_bytes: int

    def has(self, needs: Iterable[str]) -> bool:
        """Whether all the features named in `needs` are there; ``no x`` names the lack of one."""
        return all(not getattr(self, name[3:]) if name.startswith("no ") else getattr(self, name) for name in needs)


@dataclass(frozen=True)
class Check:
    """One claim of the contract, and the function that tries it."""

    title: str
    function: Callable[[Bench], None]
    needs: tuple[str, ...]


@dataclass
class Checks:
    """The checks of one module: ``@CHECKS.add("what must hold")``."""

    checks: list[Check] = field(default_factory=list)

    def add(self, title: str, *needs: str) -> Callable[[Callable[[Bench], None]], Callable[[Bench], None]]:
        """Register a function as a check for filesystems that have the features `needs`."""

        def register(function: Callable[[Bench], None]) -> Callable[[Bench], None]:
            self.checks.append(Check(title, function, needs))
            return function

        return register

    def __iter__(self) -> Iterator[Check]:
        return iter(self.checks)


class Foreign(Directory):
    """A directory of a filesystem that nobody knows."""

    __slots__ = ("read_only",)

    def __init__(self, *, read_only: bool) -> None:
        self.read_only = read_only


class Bench:
    """One filesystem under test."""

    def __init__(self, filesystem: Filesystem, features: Features) -> None:
        self.filesystem = filesystem
        self.features = features
        self._handles: list[Node] = []
        root = filesystem.root()
        holds(isinstance(root, Directory), f"root() must return a Directory, not {root!r}")
        self.root = self.keep(root)

    def close(self) -> None:
        """Close every handle that was kept, the last one first."""
        for handle in reversed(self._handles):
            handle.close()

    def keep(self, handle: _AnyNode) -> _AnyNode:
        """Have `handle` closed at the end of the check."""
        self._handles.append(handle)
        return handle

    def open(self, name: str, how: int = RW, *, at: Directory | None = None) -> File:
        """Open a file."""
        return self.keep((at or self.root).open_file(name, how))

    def create(self, name: str, data: bytes = b"", *, at: Directory | None = None) -> File:
        """Make a file with contents, open for both."""
        file = self.open(name, RW | How.CREATE | How.EXCLUSIVE, at=at)
        if data:
            same(file.write_at(0, [memoryview(data)]), len(data), "the count that write_at returned")
        return file

    def directory(self, name: str, *, at: Directory | None = None) -> Directory:
        """Make a directory and open it."""
        (at or self.root).make_directory(name)
        return self.enter(name, at=at)

    def enter(self, name: str, *, at: Directory | None = None) -> Directory:
        """Open a directory."""
        return self.keep((at or self.root).open_directory(name))

    def link(self, name: str, target: str, *, at: Directory | None = None) -> None:
        """Make a symbolic link where the filesystem has them."""
        if self.features.symbolic_links:
            (at or self.root).make_symbolic_link(name, target)

    def contents(self, name: str, *, at: Directory | None = None) -> bytes:
        """What is in a file."""
        file = (at or self.root).open_file(name, How.READ)
        try:
            return read(file)
        finally:
            file.close()

    def is_file(self, name: str, data: bytes, *, at: Directory | None = None) -> None:
        """Claim that `name` is a file with these contents."""
        same(self.contents(name, at=at), data, f"the contents of {name!r}")

    def has(self, names: Iterable[str], *, at: Directory | None = None) -> None:
        """Claim that the directory has these names and no others, in its listing and in lookups."""
        directory = at or self.root
        same(sorted(listing(directory)), sorted(names), "the names listed")
        for name in names:
            same(directory.lookup(name).type, listing(directory)[name], f"the type of {name!r}")

    def lacks(self, name: str, *, at: Directory | None = None) -> None:
        """Claim that the name is free."""
        fails(Code.NO_ENTRY, (at or self.root).lookup, name)


def fill_sample(directory: Directory, *, symbolic_links: bool = True) -> None:
    """Put the sample for checking a read-only filesystem into an empty directory.

    It has a file ``file``, a directory ``directory`` with a file ``inner``, an empty directory ``empty``, and the
    symbolic links ``link`` to the file and ``dangling`` to nothing.
    """
    _put(directory, "file", SAMPLE_FILE)
    directory.make_directory("directory")
    directory.make_directory("empty")
    below = directory.open_directory("directory")
    try:
        _put(below, "inner", b"inner\n")
    finally:
        below.close()
    if symbolic_links:
        directory.make_symbolic_link("link", "file")
        directory.make_symbolic_link("dangling", "nothing")


def _put(directory: Directory, name: str, data: bytes) -> None:
    file = directory.open_file(name, How.WRITE | How.CREATE | How.EXCLUSIVE)
    try:
        file.write_at(0, [memoryview(data)])
    finally:
        file.close()


def same(actual: object, expected: object, what: str) -> None:
    """Claim that two values are equal."""
    if actual != expected:
        raise AssertionError(f"{what}: {_short(actual)}, expected {_short(expected)}")


def holds(condition: object, what: str) -> None:
    """Claim that something is true."""
    if not condition:
        raise AssertionError(what)


def fails(code: Code | tuple[Code, ...], operation: Callable[..., Any], *arguments: object) -> None:
    """Claim that an operation raises KernelError with `code`, or one of several."""
    codes = code if isinstance(code, tuple) else (code,)
    wanted = " or ".join(each.name for each in codes)
    call = f"{operation.__name__}({', '.join(_short(argument) for argument in arguments)})"
    try:
        result = operation(*arguments)
    except KernelError as error:
        if error.code not in codes:
            raise AssertionError(f"{call} raised {error.code.name}, expected {wanted}") from None
    else:
        if isinstance(result, Node):
            result.close()
        raise AssertionError(f"{call} returned {_short(result)}, expected {wanted}")


def read(file: File) -> bytes:
    """Everything in an open file."""
    data = b""
    while True:
        buffer = bytearray(1 << 16)
        count = file.read_at(len(data), [memoryview(buffer)])
        if not count:
            return data
        data += buffer[:count]


def write(file: File, offset: int, *pieces: bytes) -> int:
    """Write pieces, each as a buffer of its own."""
    return file.write_at(offset, [memoryview(piece) for piece in pieces])


def append(file: File, *pieces: bytes) -> int:
    """Append pieces, each as a buffer of its own."""
    return file.append([memoryview(piece) for piece in pieces])


def listing(directory: Directory) -> dict[str, FileType]:
    """The names in a directory and what its listing says they are. Fails if a name comes twice."""
    entries = list(directory.entries())
    found = {entry.name: entry.type for entry in entries}
    same(len(found), len(entries), "the number of entries, each name once")
    return found


def _short(value: object) -> str:
    text = value.name if isinstance(value, Code | FileType) else repr(value)
    return text if len(text) <= 120 else f"{text[:100]}… ({len(text)} characters)"
