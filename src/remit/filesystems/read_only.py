"""Any filesystem, made unchangeable: a smaller permission on the same files.

What can be read through it is what the wrapped filesystem has at that moment: others may still change it.
"""

from __future__ import annotations

from remit.filesystems.arguments import wanted_filesystem
from remit.filesystems.unchangeable import UnchangeableDirectory, UnchangeableFile
from remit.kernel.errors import Code, KernelError
from remit.kernel.files import Advice, Directory, DirectoryEntry, File, Filesystem, How, Stat
from remit.kernel.refusals import Refused, Want

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from remit.kernel.poll import Pollable


class ReadOnly(Filesystem):
    """`filesystem`, without any operation that changes it: they raise READ_ONLY."""

    __slots__ = ("_filesystem",)

    def __init__(self, filesystem: Filesystem) -> None:
        self._filesystem = wanted_filesystem("filesystem", filesystem)

    def root(self) -> Directory:
        return ReadOnlyDirectory(self._filesystem.root(), self)


class ReadOnlyDirectory(UnchangeableDirectory):
    """A directory that cannot be changed through this object. It owns and closes the one it wraps."""

    __slots__ = ("_directory", "_is_certain", "_origin", "_path")

    def __init__(self, directory: Directory, origin: object = None, path: str = "", *, is_certain: bool = True) -> None:
        """`path` is where it lies in what was granted, as far as that can be said without walking there again: where it
        is not `is_certain`, there may have been links on the way."""
        self._directory = directory
        self._path = path
        self._is_certain = is_certain
        self._origin = origin

    @property
    def inner(self) -> Directory:
        """The directory that it stands before."""
        return self._directory

    @property
    def origin(self) -> object:
        return self._origin

    def path_from_origin(self, path: str) -> str:
        return self._path_of(path) if self._is_certain else path

    def refusal(self, action: str, name: str) -> KernelError:
        path = self._path_of(name)
        return Refused(Code.READ_ONLY, f"{action} {path or '.'}", want=Want("file", action, path, origin=self.origin))

    def _path_of(self, name: str) -> str:
        return f"{self._path}/{name}".strip("/") if self._path else name

    def stat(self) -> Stat:
        return self._directory.stat()

    def sync(self, *, data_only: bool) -> None:
        self._directory.sync(data_only=data_only)

    def close(self) -> None:
        self._directory.close()

    def lookup(self, name: str) -> Stat:
        return self._directory.lookup(name)

    def open_directory(self, name: str) -> Directory:
        return self._below(self._directory.open_directory(name), name, is_certain=self._is_certain)

    def open_to_read(self, name: str, *, readable: bool) -> File:
        return ReadOnlyFile(self._directory.open_file(name, How.READ if readable else 0))

    def reopen(self) -> Directory:
        return ReadOnlyDirectory(self._directory.reopen(), self.origin, self._path, is_certain=self._is_certain)

    def entries(self) -> Iterable[DirectoryEntry]:
        return self._directory.entries()

    def read_link(self, name: str) -> str:
        return self._directory.read_link(name)

    def walk(self, path: str) -> Directory | None:
        directory = self._directory.walk(path)
        return None if directory is None else self._below(directory, path, is_certain=False)

    def _below(self, directory: Directory, path: str, *, is_certain: bool) -> ReadOnlyDirectory:
        return ReadOnlyDirectory(directory, self.origin, self._path_of(path), is_certain=is_certain)


class ReadOnlyFile(UnchangeableFile):
    """An open file that cannot be changed through this object. It owns and closes the one it wraps."""

    __slots__ = ("_file", "seekable")

    def __init__(self, file: File) -> None:
        self._file = file
        self.seekable = file.seekable

    @property
    def inner(self) -> File:
        """The file that it stands before."""
        return self._file

    def stat(self) -> Stat:
        return self._file.stat()

    def sync(self, *, data_only: bool) -> None:
        self._file.sync(data_only=data_only)

    def close(self) -> None:
        self._file.close()

    def read_at(self, offset: int, buffers: Sequence[memoryview]) -> int:
        return self._file.read_at(offset, buffers)

    def read(self, buffers: Sequence[memoryview]) -> int:
        return self._file.read(buffers)

    def when_readable(self) -> Pollable:
        return self._file.when_readable()

    def write(self, buffers: Sequence[memoryview]) -> int:
        raise _not_writable()

    def advise(self, offset: int, length: int, advice: Advice) -> None:
        self._file.advise(offset, length, advice)


def _not_writable() -> KernelError:
    return KernelError(Code.BAD_DESCRIPTOR, "opened through a read-only filesystem")
