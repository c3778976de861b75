"""Any filesystem, with somebody who is told what is done with it.

What is told are uses of names: looking, listing, opening, making, removing, moving. What is done with an open file is
what it was opened for, and costs no more than without a watcher.
"""

from __future__ import annotations

from remit.filesystems.arguments import wanted_filesystem
from remit.filesystems.restricted import HiddenDirectory
from remit.filesystems.wrapped import WrappedDirectory
from remit.kernel.errors import Code, KernelError
from remit.kernel.files import Directory, File, Filesystem, FileType, How
from remit.kernel.uses import Use

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, TypeVar

    from remit.kernel.files import DirectoryEntry, Stat
    from remit.kernel.uses import Watcher

    _T = TypeVar("_T")

_IS_THERE = frozenset({Code.EXISTS, Code.IS_DIRECTORY, Code.NOT_DIRECTORY, Code.NOT_EMPTY})
"""What nobody is told of a name that is not there."""


class Watched(Filesystem):
    """`filesystem`, which is granted as `path`, with `watcher` told of each use that succeeds.

    With `seeing` that includes what is only looked at (``see``), which is most of what many programs do. A directory
    that is moved while it is open is still told of by its old path.
    """

    __slots__ = ("_filesystem", "_grant", "_seeing", "_watcher")

    def __init__(self, filesystem: Filesystem, path: str, watcher: Watcher, *, seeing: bool = True) -> None:
        self._filesystem = wanted_filesystem("filesystem", filesystem)
        self._grant = path
        self._seeing = seeing
        self._watcher = watcher

    def root(self) -> Directory:
        return watched(self._filesystem.root(), self._grant, self._watcher, seeing=self._seeing)


def watched(directory: Directory, path: str, watcher: Watcher, *, seeing: bool = True) -> Directory:
    """As :class:`Watched`, of a directory that is granted as `path`. It is owned, and closed."""
    return WatchedDirectory(directory, path, _Watch(path, watcher, seeing))


class _Watch:
    """Of one grant."""

    __slots__ = ("grant", "seeing", "watcher")

    def __init__(self, grant: str, watcher: Watcher, seeing: bool) -> None:
        self.grant = grant
        self.watcher = watcher
        self.seeing = seeing


class WatchedDirectory(WrappedDirectory):
    """A directory with a watcher. It owns and closes the one it wraps."""

    __slots__ = ("_below", "_path", "_watch")

    def __init__(self, directory: Directory, path: str, watch: _Watch) -> None:
        super().__init__(directory)
        self._path = path
        self._below = f"{path.rstrip('/')}/"
        self._watch = watch

    @property
    def inner(self) -> Directory:
        """The directory that it stands before."""
        return self._directory

    @property
    def place(self) -> tuple[str, str]:
        """The grant, and the path that it is told of by."""
        return self._watch.grant, self._path

    def _at(self, name: str) -> str:
        return self._below + name if name else self._path

    def _tell(
        self, action: str, name: str, target: str | None = None, *, right: str = "", is_directory: bool = False
    ) -> None:
        watch = self._watch
        if action == "see" and not watch.seeing:
            return
        watch.watcher(
            Use(
                "file",
                action,
                self._below + name if name else self._path,
                grant=watch.grant,
                rule=self._directory.allowed_by(right or action, name),
                target=target,
                is_directory=is_directory,
            )
        )

    def _do(self, name: str, operation: Callable[..., _T], *arguments: Any) -> _T:
        """An operation on `name`. If it fails because that is there, it was seen."""
        try:
            return operation(*arguments)
        except KernelError as error:
            if error.code in _IS_THERE:
                self._tell("see", name)
            raise

    def walk(self, path: str) -> Directory | None:
        # Each step is told. What is hidden is none: nothing is in it that could be used.
        way = self._directory.walk(path)
        if isinstance(way, HiddenDirectory):
            return way
        if way is not None:
            way.close()
        return None

    def stat(self) -> Stat:
        found = self._directory.stat()
        self._tell("see", "")
        return found

    def set_times(self, accessed: int | None, modified: int | None) -> None:
        self._directory.set_times(accessed, modified)
        self._tell("write", "")

    def reopen(self) -> Directory:
        return WatchedDirectory(self._directory.reopen(), self._path, self._watch)

    def lookup(self, name: str) -> Stat:
        found = self._directory.lookup(name)
        self._tell("see", name)
        return found

    def open_directory(self, name: str) -> Directory:
        below = self._do(name, self._directory.open_directory, name)
        self._tell("see", name)
        return WatchedDirectory(below, self._at(name), self._watch)

    def entries(self) -> Iterable[DirectoryEntry]:
        found = self._directory.entries()
        self._tell("read", "")
        return found

    def read_link(self, name: str) -> str:
        target = self._do(name, self._directory.read_link, name)
        self._tell("see", name)
        return target

    def open_file(self, name: str, how: int) -> File:
        makes = bool(how & How.CREATE) and not self._is_there(name)
        file = self._do(name, self._directory.open_file, name, how)
        if makes:
            self._tell("create", name)
        if how & How.READ:
            self._tell("read", name)
        if how & (How.WRITE | How.TRUNCATE):
            self._tell("write", name)
        if not how & (How.READ | How.WRITE | How.TRUNCATE) and not makes:
            self._tell("see", name)
        return file

    def tell_done(self, path: str, actions: tuple[str, ...]) -> None:
        """Native code has done this on its own.

        `path` is names, none of them that of a link, so the directories on the way were seen.
        """
        watch = self._watch
        if watch.seeing:
            end = path.find("/")
            while end >= 0:
                self._tell("see", path[:end])
                end = path.find("/", end + 1)
        subject = self._below + path
        directory = self._directory
        for action in actions:
            watch.watcher(Use("file", action, subject, grant=watch.grant, rule=directory.allowed_by(action, path)))

    def _is_there(self, name: str) -> bool:
        try:
            self._directory.lookup(name)
        except KernelError as error:
            if error.code is Code.NO_ENTRY:
                return False
            raise
        return True

    def make_directory(self, name: str) -> None:
        self._do(name, self._directory.make_directory, name)
        self._tell("create", name)

    def make_symbolic_link(self, name: str, target: str) -> None:
        self._do(name, self._directory.make_symbolic_link, name, target)
        self._tell("create", name)

    def link(self, name: str, target: Directory, target_name: str) -> None:
        other = self._inner(target)
        self._between(name, target, target_name, self._directory.link, name, other, target_name)
        new = self._new_path(target, target_name)
        if isinstance(target, WatchedDirectory):
            target._tell("create", target_name)
        self._tell("link", name, new, right="see")

    def rename(self, name: str, target: Directory, target_name: str) -> None:
        other = self._inner(target)
        replaces = isinstance(target, WatchedDirectory) and target._kind_of(target_name) is not None
        is_directory = self._kind_of(name) is FileType.DIRECTORY
        self._between(name, target, target_name, self._directory.rename, name, other, target_name)
        self._tell("delete", name)
        if isinstance(target, WatchedDirectory):
            if replaces:
                target._tell("delete", target_name)
            target._tell("create", target_name)
        new = self._new_path(target, target_name)
        self._tell("rename", name, new, right="delete", is_directory=is_directory)

    def _between(
        self, name: str, target: Directory, target_name: str, operation: Callable[..., None], *arguments: Any
    ) -> None:
        """As :meth:`_do`, with two names."""
        if isinstance(target, WatchedDirectory):
            self._do(name, target._do, target_name, operation, *arguments)
        else:
            self._do(name, operation, *arguments)

    def _kind_of(self, name: str) -> FileType | None:
        try:
            return self._directory.lookup(name).type
        except KernelError:
            # Whatever it is, moving will tell.
            return None

    @staticmethod
    def _inner(target: Directory) -> Directory:
        return target._directory if isinstance(target, WatchedDirectory) else target

    @staticmethod
    def _new_path(target: Directory, name: str) -> str:
        return target._at(name) if isinstance(target, WatchedDirectory) else name

    def unlink(self, name: str) -> None:
        self._do(name, self._directory.unlink, name)
        self._tell("delete", name)

    def remove_directory(self, name: str) -> None:
        self._do(name, self._directory.remove_directory, name)
        self._tell("delete", name)

    def set_times_of(self, name: str, accessed: int | None, modified: int | None) -> None:
        self._directory.set_times_of(name, accessed, modified)
        self._tell("write", name)
