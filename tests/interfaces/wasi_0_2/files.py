"""The filesystem as a program sees it, for tests: descriptors, and what calls on them answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from interfaces.wasi_0_2.world import Label, World
from remit.component.values.results import Err, Ok

FOLLOW = 1
CREATE, DIRECTORY, EXCLUSIVE, TRUNCATE = 1, 2, 4, 8
READ, WRITE, FILE_SYNC, DATA_SYNC, READ_SYNC, MUTATE = 1, 2, 4, 8, 16, 32

NO_CHANGE = Label("no-change")
NOW = Label("now")


class Moment:
    """A ``datetime``."""

    def __init__(self, seconds: int, nanoseconds: int = 0) -> None:
        self.seconds = seconds
        self.nanoseconds = nanoseconds


def at(seconds: int, nanoseconds: int = 0) -> Label:
    """A ``new-timestamp``."""
    return Label("timestamp", Moment(seconds, nanoseconds))


class Files:
    """What a program may do with a directory: its root is what is granted at `place`."""

    def __init__(self, world: World, place: str = "/") -> None:
        self.world = world
        granted = world.call("filesystem/preopens", "get-directories")
        self.root = {name: descriptor for descriptor, name in granted}[place]

    def call(self, method: str, *arguments: Any, of: Any = None) -> Ok | Err:
        """A method of a descriptor (`of`; else the root)."""
        descriptor = self.root if of is None else of
        result = self.world.call("filesystem/types", f"[method]descriptor.{method}", descriptor, *arguments)
        assert isinstance(result, (Ok, Err))
        return result

    def ok(self, method: str, *arguments: Any, of: Any = None) -> Any:
        result = self.call(method, *arguments, of=of)
        assert type(result) is Ok, result
        return result.value

    def err(self, method: str, *arguments: Any, of: Any = None) -> Any:
        result = self.call(method, *arguments, of=of)
        assert isinstance(result, Err), result
        return result.value

    def opens(self, path: str, flags: int = READ, how: int = 0, *, follow: int = FOLLOW, of: Any = None) -> Ok | Err:
        return self.call("open-at", follow, path, how, flags, of=of)

    def open(self, path: str, flags: int = READ, how: int = 0, *, follow: int = FOLLOW, of: Any = None) -> Any:
        """The descriptor."""
        return self.ok("open-at", follow, path, how, flags, of=of)

    def read(self, path: str) -> bytes:
        """All of a file."""
        descriptor = self.open(path)
        found, end = bytearray(), False
        while not end:
            data, end = self.ok("read", 1 << 20, len(found), of=descriptor)
            found += data
        descriptor.drop()
        return bytes(found)

    def write(self, path: str, data: bytes) -> None:
        """Make a file, or make it anew."""
        descriptor = self.open(path, WRITE, CREATE | TRUNCATE)
        assert self.ok("write", data, 0, of=descriptor) == len(data)
        descriptor.drop()

    def rows(self, of: Any = None) -> Iterator[tuple[str, str]]:
        """Name and type of what is in a directory."""
        stream = self.ok("read-directory", of=of)
        while True:
            row = self.world.ok("filesystem/types", "[method]directory-entry-stream.read-directory-entry", stream)
            if row is None:
                break
            yield row.name, row.type
        stream.drop()

    def names(self, of: Any = None) -> list[str]:
        return sorted(name for name, _ in self.rows(of))


def code(result: Ok | Err) -> Any:
    """The error code; None for what went well."""
    return result.value if isinstance(result, Err) else None
