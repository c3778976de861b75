"""How the owner of a filesystem uses it from Python: by paths, with bytes, without handles.

For putting a program's input in before it runs and taking its results out afterwards. Paths are relative to the
root, with slashes; a leading slash changes nothing. Symbolic links are shown and never followed.
"""

from __future__ import annotations

import errno

from remit.kernel.errors import Code, KernelError
from remit.kernel.files import Directory, File, Filesystem, FileType, How, Stat
from remit.kernel.resolver import MAX_OPEN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
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
                return _read(handles.to(names[:-1]), _last(names, path))
        except KernelError as error:
            raise os_error(error, path) from None

    def write_bytes(self, path: str, data: bytes | bytearray | memoryview) -> None:
        """Put `data` into the file at `path` and nothing else; it and the directories on the way are made."""
        names = split(path)
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise TypeError(f"data must be bytes, not {data!r}")
        try:
            with Walk(self.root()) as handles:
                directory = handles.to(names[:-1], make=True)
                file = directory.open_file(_last(names, path), How.WRITE | How.CREATE | How.TRUNCATE)
                try:
                    write_all(file, 0, memoryview(data).cast("B"))
                finally:
                    file.close()
        except KernelError as error:
            raise os_error(error, path) from None

    def tree(self) -> Iterator[tuple[str, Stat]]:
        """The path and the attributes of everything, in the order of the paths, a directory before what is in it."""
        with Walk(self.root()) as walk:
            yield from _below(walk)

    def to_dict(self) -> Tree:
        """Everything, in the form in which :class:`~remit.fs.Memory` takes it: a new nested dictionary."""
        found: Tree = {}
        places = [found]  # From the root down to where the walk stands.
        with Walk(self.root()) as walk:
            for path, stat in _below(walk):
                del places[len(walk.names) + 1 :]
                name = path.rpartition("/")[2]
                try:
                    if stat.type is FileType.DIRECTORY:
                        below: Tree = {}
                        places[-1][name] = below
                        places.append(below)
                    elif stat.type is FileType.SYMBOLIC_LINK:
                        places[-1][name] = SymbolicLink(walk.directory.read_link(name))
                    elif stat.type is FileType.REGULAR_FILE:
                        places[-1][name] = _read(walk.directory, name)
                except KernelError as error:
                    raise os_error(error, path) from None
        return found

    def read_link(self, path: str) -> str:
        """Where the symbolic link at `path` points."""
        names = split(path)
        try:
            with Walk(self.root()) as handles:
                return handles.to(names[:-1]).read_link(_last(names, path))
        except KernelError as error:
            raise os_error(error, path) from None

    def _fill(self, files: Mapping[str, Contents]) -> None:
        """Make `files`. TypeError or ValueError, naming the key, if that cannot be."""
        work: list[tuple[list[str], Mapping[str, Contents]]] = [([], files)]
        with Walk(self.root()) as walk:
            while work:
                above, mapping = work.pop()
                for key, contents in mapping.items():
                    names = above + split(key)
                    path = "/".join(names)
                    try:
                        _make(walk.to(names[:-1], make=True), _last(names, path), path, contents)
                        if not isinstance(contents, bytes | bytearray | memoryview | str | SymbolicLink):
                            walk.enter(names[-1], make=True)
                            work.append((names, contents))
                    except KernelError as error:
                        if error.code is Code.EXISTS:
                            raise ValueError(f"files[{path!r}] is given twice") from None
                        raise ValueError(f"files[{path!r}]: {error}") from None


def _make(directory: Directory, name: str, path: str, contents: Contents) -> None:
    """Make the file or link `name`. A mapping is let pass; TypeError for anything else."""
    if isinstance(contents, SymbolicLink):
        directory.make_symbolic_link(name, contents.target)
    elif isinstance(contents, bytes | bytearray | memoryview | str):
        data = contents.encode() if isinstance(contents, str) else contents
        file = directory.open_file(name, How.WRITE | How.CREATE | How.EXCLUSIVE)
        try:
            write_all(file, 0, memoryview(data).cast("B"))
        finally:
            file.close()
    elif not hasattr(contents, "items"):
        raise TypeError(
            f"files[{path!r}] is {contents!r} ({type(contents).__name__}): "
            "give bytes, str, a SymbolicLink, or a mapping for a directory"
        )


class Walk:
    """A walk from a root by single names: down, up again, and from any place to any other.

    It keeps the last directories open through which it came, and finds those before again by their names. So a
    walk through a whole tree, however deep, has few of them open, and opens each little more than once.
    """

    __slots__ = ("_opened", "_root", "names")

    def __init__(self, root: Directory) -> None:
        """`root` is closed with the walk."""
        self._root = root
        self._opened: list[Directory] = []
        self.names: list[str] = []
        """Those that lead from the root to where it stands. Not to be changed."""

    def __enter__(self) -> Walk:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close everything that it has open."""
        while self._opened:
            self._opened.pop().close()
        self._root.close()

    @property
    def directory(self) -> Directory:
        """Where it stands. It belongs to the walk."""
        if not self._opened:
            names, self.names = self.names, []
            for name in names:
                self._stand_in(name, (self._opened or [self._root])[-1].open_directory(name))
        return self._opened[-1] if self._opened else self._root

    def enter(self, name: str, *, make: bool = False) -> None:
        """Go into the directory `name`."""
        directory = self.directory
        try:
            below = directory.open_directory(name)
        except KernelError as error:
            if not make or error.code is not Code.NO_ENTRY:
                raise
            directory.make_directory(name)
            below = directory.open_directory(name)
        self._stand_in(name, below)

    def leave(self) -> None:
        """Go back up by one name."""
        self.names.pop()
        if self._opened:
            self._opened.pop().close()

    def to(self, names: Sequence[str], *, make: bool = False) -> Directory:
        """Go to the directory that `names` lead to from the root, by the shortest way."""
        shared = 0
        for here, there in zip(self.names, names, strict=False):
            if here != there:
                break
            shared += 1
        while len(self.names) > shared:
            self.leave()
        for name in names[shared:]:
            self.enter(name, make=make)
        return self.directory

    def _stand_in(self, name: str, directory: Directory) -> None:
        self.names.append(name)
        self._opened.append(directory)
        if len(self._opened) > MAX_OPEN:
            self._opened.pop(0).close()


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


def _read(directory: Directory, name: str) -> bytes:
    file = directory.open_file(name, How.READ)
    try:
        return read_all(file)
    finally:
        file.close()


def _below(walk: Walk) -> Iterator[tuple[str, Stat]]:
    """What is below where the walk stands, the root, in order; it stands in the directory of what was yielded last.

    Depth costs no recursion: a guest chooses it.
    """
    pending = [_last_first(walk.directory)]
    while pending:
        if not pending[-1]:
            pending.pop()
            if pending:
                walk.leave()
            continue
        name = pending[-1].pop()
        stat = walk.directory.lookup(name)
        yield "/".join([*walk.names, name]), stat
        if stat.type is FileType.DIRECTORY:
            walk.enter(name)
            pending.append(_last_first(walk.directory))


def _last_first(directory: Directory) -> list[str]:
    return sorted((entry.name for entry in directory.entries()), reverse=True)


def _last(names: list[str], path: str) -> str:
    if not names:
        raise ValueError(f"{path!r} is the root: name something in it")
    return names[-1]


def os_error(error: KernelError, path: str) -> OSError:
    """The error that :mod:`os` would raise."""
    number = _ERRNO.get(error.code, errno.EIO)
    return OSError(number, error.code.value, path)
