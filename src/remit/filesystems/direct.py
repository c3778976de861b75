"""How the owner of a filesystem uses it from Python: by paths, with bytes, without handles.

For putting a program's input in before it runs and taking its results out afterwards. Paths are relative to the
root, with slashes; a leading slash changes nothing. Symbolic links are shown and never followed.
"""

from __future__ import annotations

import errno

from remit.kernel.errors import Code, KernelError
from remit.kernel.files import Directory, File, Filesystem, FileType, How, Stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import TypeAlias

    Contents: TypeAlias = "bytes | bytearray | memoryview | str | SymbolicLink | Mapping[str, Contents]"
    Tree: TypeAlias = "dict[str, bytes | SymbolicLink | Tree]"

_CHUNK = 1 << 20

_ERRNO = {
    Code.ACCESS: errno.EACCES,
    Code.EXISTS: errno.EEXIST,
    Code.IS_DIRECTORY: errno.EISDIR,
    Code.LOOP: errno.ELOOP,
    Code.NAME_TOO_LONG: errno.ENAMETOOLONG,
    Code.NO_ENTRY: errno.ENOENT,
    Code.NO_SPACE: errno.ENOSPC,
    Code.NOT_DIRECTORY: errno.ENOTDIR,
    Code.READ_ONLY: errno.EROFS,
}


class SymbolicLink:
    """In the contents of a filesystem: a symbolic link to `target`."""

    __slots__ = ("target",)

    def __init__(self, target: str) -> None:
        if not isinstance(target, str):
            raise TypeError(f"a link's target must be a str, not {target!r}")
        self.target = target

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SymbolicLink) and other.target == self.target

    def __hash__(self) -> int:
        return hash(self.target)

    def __repr__(self) -> str:
        return f"SymbolicLink({self.target!r})"


class DirectAccess(Filesystem):
    """A filesystem that its owner can also read and write by paths.

    Where something is not there, is of another kind or does not fit, these methods raise the `OSError` that
    the functions of :mod:`os` would: FileNotFoundError, IsADirectoryError, NotADirectoryError and so on.
    """

    __slots__ = ()

    def read_bytes(self, path: str) -> bytes:
        """What is in the file at `path`."""
        names = split(path)
        try:
            with Walk(self.root()) as handles:
                for name in names[:-1]:
                    handles.enter(name)
                file = handles.directory.open_file(_last(names, path), How.READ)
                try:
                    return read_all(file)
                finally:
                    file.close()
        except KernelError as error:
            raise os_error(error, path) from None

    def write_bytes(self, path: str, data: bytes | bytearray | memoryview) -> None:
        """Put `data` into the file at `path` and nothing else; it and the directories on the way are made."""
        names = split(path)
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise TypeError(f"data must be bytes, not {data!r}")
        try:
            with Walk(self.root()) as handles:
                for name in names[:-1]:
                    handles.enter(name, make=True)
                file = handles.directory.open_file(_last(names, path), How.WRITE | How.CREATE | How.TRUNCATE)
                try:
                    write_all(file, 0, memoryview(data).cast("B"))
                finally:
                    file.close()
        except KernelError as error:
            raise os_error(error, path) from None

    def tree(self) -> Iterator[tuple[str, Stat]]:
        """The path and the attributes of everything, in the order of the paths, a directory before what is in it."""
        with Walk(self.root()) as handles:
            yield from _below(handles.directory, "")

    def to_dict(self) -> Tree:
        """Everything, in the form in which :class:`~remit.fs.Memory` takes it: a new nested dictionary."""
        found: Tree = {}
        directories = {"": found}
        for path, stat in self.tree():
            above, _, name = path.rpartition("/")
            place = directories[above]
            if stat.type is FileType.DIRECTORY:
                place[name] = directories[path] = {}
            elif stat.type is FileType.SYMBOLIC_LINK:
                place[name] = SymbolicLink(self.read_link(path))
            elif stat.type is FileType.REGULAR_FILE:
                place[name] = self.read_bytes(path)
        return found

    def read_link(self, path: str) -> str:
        """Where the symbolic link at `path` points."""
        names = split(path)
        try:
            with Walk(self.root()) as handles:
                for name in names[:-1]:
                    handles.enter(name)
                return handles.directory.read_link(_last(names, path))
        except KernelError as error:
            raise os_error(error, path) from None

    def _fill(self, files: Mapping[str, Contents]) -> None:
        """Make `files`. TypeError or ValueError, naming the key, if that cannot be."""
        work: list[tuple[str, Mapping[str, Contents]]] = [("", files)]
        while work:
            above, mapping = work.pop()
            for key, contents in mapping.items():
                path = "/".join(split(above) + split(key))
                try:
                    self._make(path, contents)
                except KernelError as error:
                    if error.code is Code.EXISTS:
                        raise ValueError(f"files[{path!r}] is given twice") from None
                    raise ValueError(f"files[{path!r}]: {error}") from None
                if not isinstance(contents, bytes | bytearray | memoryview | str | SymbolicLink):
                    work.append((path, contents))

    def _make(self, path: str, contents: Contents) -> None:
        names = split(path)
        with Walk(self.root()) as handles:
            for name in names[:-1]:
                handles.enter(name, make=True)
            directory, name = handles.directory, _last(names, path)
            if isinstance(contents, SymbolicLink):
                directory.make_symbolic_link(name, contents.target)
            elif isinstance(contents, bytes | bytearray | memoryview | str):
                data = contents.encode() if isinstance(contents, str) else contents
                file = directory.open_file(name, How.WRITE | How.CREATE | How.EXCLUSIVE)
                try:
                    write_all(file, 0, memoryview(data).cast("B"))
                finally:
                    file.close()
            elif hasattr(contents, "items"):
                handles.enter(name, make=True)
            else:
                raise TypeError(
                    f"files[{path!r}] is {contents!r} ({type(contents).__name__}): "
                    "give bytes, str, a SymbolicLink, or a mapping for a directory"
                )


class Walk:
    """A walk down from a directory: the handle at the deepest place, the ones before it closed."""

    __slots__ = ("directory",)

    def __init__(self, directory: Directory) -> None:
        self.directory = directory

    def __enter__(self) -> Walk:
        return self

    def __exit__(self, *_: object) -> None:
        self.directory.close()

    def enter(self, name: str, *, make: bool = False) -> None:
        """Go into the directory `name`."""
        try:
            below = self.directory.open_directory(name)
        except KernelError as error:
            if not make or error.code is not Code.NO_ENTRY:
                raise
            self.directory.make_directory(name)
            below = self.directory.open_directory(name)
        self.directory.close()
        self.directory = below


def split(path: str) -> list[str]:
    """The names of a path below a root. ValueError for ``.``, ``..``, an empty name or a NUL; TypeError."""
    if not isinstance(path, str):
        raise TypeError(f"a path must be a str, as 'lib/data.txt', not {path!r}")
    names = path.strip("/").split("/")
    if names == [""]:
        return []
    if any(name in ("", ".", "..") or "\0" in name for name in names):
        raise ValueError(f"{path!r} is not a path below the root: write its names one by one, without '.' and '..'")
    return names


def read_all(file: File) -> bytes:
    """What is in an open file."""
    data = bytearray(file.stat().size)
    at = 0
    while True:
        if at == len(data):
            data += bytes(_CHUNK)
        count = file.read_at(at, [memoryview(data)[at:]])
        if not count:
            return bytes(data[:at])
        at += count


def write_all(file: File, offset: int, data: memoryview) -> None:
    """Write all of `data`, or raise."""
    while len(data):
        count = file.write_at(offset, [data[: 16 * _CHUNK]])
        offset += count
        data = data[count:]


def _below(directory: Directory, prefix: str) -> Iterator[tuple[str, Stat]]:
    """What is below an open directory, in order. Depth costs no recursion: a guest chooses it."""
    work = [prefix + entry.name for entry in directory.entries()]
    work.sort(reverse=True)
    while work:
        path = work.pop()
        with Walk(directory.reopen()) as handles:
            names = split(path)
            for name in names[:-1]:
                handles.enter(name)
            stat = handles.directory.lookup(names[-1])
            yield path, stat
            if stat.type is FileType.DIRECTORY:
                handles.enter(names[-1])
                work.extend(sorted((f"{path}/{entry.name}" for entry in handles.directory.entries()), reverse=True))


def _last(names: list[str], path: str) -> str:
    if not names:
        raise ValueError(f"{path!r} is the root: name something in it")
    return names[-1]


def os_error(error: KernelError, path: str) -> OSError:
    """The error that :mod:`os` would raise."""
    number = _ERRNO.get(error.code, errno.EIO)
    return OSError(number, error.code.value, path)
