"""Any filesystem, made unchangeable: a smaller permission on the same files.

What can be read through it is what the wrapped filesystem has at that moment: others may still change it.
"""

from __future__ import annotations

from remit.filesystems.arguments import wanted_filesystem
from remit.kernel.errors import Code, KernelError
from remit.kernel.files import Advice, Directory, DirectoryEntry, File, Filesystem, FileType, How, Stat
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


class ReadOnlyDirectory(Directory):
    """A directory that cannot be changed through this object. It owns and closes the one it wraps."""

    __slots__ = ("_directory", "_path", "origin")

    read_only = True

    def __init__(self, directory: Directory, origin: object = None, path: str = "") -> None:
        """`path` is where it lies in what was granted, as far as that can be said without walking there again."""
        self._directory = directory
        self._path = path
        self.origin = origin

    def refusal(self, action: str, name: str) -> KernelError:
        path = self._path_of(name)
        return Refused(Code.READ_ONLY, f"{action} {path or '.'}", want=Want("file", action, path, origin=self.origin))

    def _path_of(self, name: str) -> str:
        return f"{self._path}/{name}".strip("/") if self._path else name

    def stat(self) -> Stat:
        return self._directory.stat()

    def set_times(self, accessed: int | None, modified: int | None) -> None:
        raise self.refusal("write", "")

    def sync(self, *, data_only: bool) -> None:
        self._directory.sync(data_only=data_only)

    def close(self) -> None:
        self._directory.close()

    def lookup(self, name: str) -> Stat:
        return self._directory.lookup(name)

    def open_directory(self, name: str) -> Directory:
        return ReadOnlyDirectory(self._directory.open_directory(name), self.origin, self._path_of(name))

    def open_file(self, name: str, how: int) -> File:
        if how & (How.WRITE | How.CREATE | How.TRUNCATE):
            self._check_how(name, how)
        return ReadOnlyFile(self._directory.open_file(name, how & How.READ))

    def _check_how(self, name: str, how: int) -> None:
        """Raise what opening would, in the order in which Linux looks at things."""
        try:
            found = self._directory.lookup(name).type
        except KernelError as error:
            if error.code is Code.NO_ENTRY and how & How.CREATE:
                raise self.refusal("create", name) from None
            raise
        if how & How.CREATE and how & How.EXCLUSIVE:
            raise KernelError(Code.EXISTS, name)
        if found is FileType.DIRECTORY:
            raise KernelError(Code.IS_DIRECTORY, name)
        if found is FileType.SYMBOLIC_LINK:
            raise KernelError(Code.LOOP, name)
        if how & (How.WRITE | How.TRUNCATE):
            raise self.refusal("write", name)

    def reopen(self) -> Directory:
        return ReadOnlyDirectory(self._directory.reopen(), self.origin, self._path)

    def entries(self) -> Iterable[DirectoryEntry]:
        return self._directory.entries()

    def read_link(self, name: str) -> str:
        return self._directory.read_link(name)

    def make_directory(self, name: str) -> None:
        raise self.refusal("create", name)

    def make_symbolic_link(self, name: str, target: str) -> None:
        raise self.refusal("create", name)

    def link(self, name: str, target: Directory, target_name: str) -> None:
        raise self.refusal("write", name)

    def rename(self, name: str, target: Directory, target_name: str) -> None:
        raise self.refusal("delete", name)

    def unlink(self, name: str) -> None:
        raise self.refusal("delete", name)

    def remove_directory(self, name: str) -> None:
        raise self.refusal("delete", name)

    def set_times_of(self, name: str, accessed: int | None, modified: int | None) -> None:
        raise self.refusal("write", name)

    def walk(self, path: str) -> Directory | None:
        directory = self._directory.walk(path)
        return None if directory is None else ReadOnlyDirectory(directory, self.origin, self._path_of(path))


class ReadOnlyFile(File):
    """An open file that cannot be changed through this object. It owns and closes the one it wraps."""

    __slots__ = ("_file", "seekable")

    def __init__(self, file: File) -> None:
        self._file = file
        self.seekable = file.seekable

    def stat(self) -> Stat:
        return self._file.stat()

    def set_times(self, accessed: int | None, modified: int | None) -> None:
        raise KernelError(Code.READ_ONLY, "set_times")

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

    def write_at(self, offset: int, buffers: Sequence[memoryview]) -> int:
        raise _not_writable()

    def append(self, buffers: Sequence[memoryview]) -> int:
        raise _not_writable()

    def write(self, buffers: Sequence[memoryview]) -> int:
        raise _not_writable()

    def resize(self, size: int) -> None:
        raise _not_writable()

    def allocate(self, offset: int, length: int) -> None:
        if length == 0:
            raise KernelError(Code.INVALID, "nothing to allocate")
        raise _not_writable()

    def advise(self, offset: int, length: int, advice: Advice) -> None:
        self._file.advise(offset, length, advice)


def _not_writable() -> KernelError:
    return KernelError(Code.BAD_DESCRIPTOR, "opened through a read-only filesystem")
