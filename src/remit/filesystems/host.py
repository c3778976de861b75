"""A directory of the host, granted to a program.

It is held by its descriptor and never by its path: it stays the same directory wherever it is moved, and all that is
reached through it is reached by single names relative to that descriptor, links never followed
(``O_NOFOLLOW``). :mod:`remit.kernel.resolver` walks; on Linux :mod:`remit.filesystems.host_linux` does it in one step.
"""

from __future__ import annotations

import errno
import os
import stat
import sys

from remit.filesystems.host_files import HostFile, HostStream, OpaqueHostFile, host_stat, set_host_times
from remit.filesystems.host_names import host_name
from remit.host_errors import translated
from remit.kernel.errors import Code, KernelError
from remit.kernel.files import Directory, DirectoryEntry, File, Filesystem, FileType, How, Stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

if sys.platform == "linux":
    from remit.filesystems import host_linux

# Where a host lacks a flag, the check after opening does its work.
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_CLOEXEC = getattr(os, "O_CLOEXEC", 0)
_OPEN_DIRECTORY = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | _CLOEXEC
_OPEN_PLACE = getattr(os, "O_PATH", 0) | getattr(os, "O_DIRECTORY", 0) | _CLOEXEC
# Opening a pipe or a device must not wait for its other side, nor make it our terminal.
_OPEN_FILE = _NOFOLLOW | _CLOEXEC | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)


def _open_flags(how: int) -> int:
    flags = _OPEN_FILE | (0, os.O_RDONLY, os.O_WRONLY, os.O_RDWR)[how & (How.READ | How.WRITE)]
    if how & How.CREATE:
        flags |= os.O_CREAT
    if how & How.EXCLUSIVE:
        flags |= os.O_EXCL
    if how & How.TRUNCATE:
        flags |= os.O_TRUNC
    return flags


_FLAGS = tuple(_open_flags(how) for how in range(32))
_MADE_HERE = How.CREATE | How.EXCLUSIVE
_WRITE = How.WRITE
_READ_WRITE = How.READ | How.WRITE


class HostDirectory(Directory):
    """An open directory of the host."""

    __slots__ = ("_beneath", "_descriptor", "_place")

    def __init__(
        self, descriptor: int, *, beneath: Callable[[int, bytes], int | None] | None, place: bool = False
    ) -> None:
        """Take over `descriptor`.

        `beneath` opens a directory below a descriptor by a whole path, and is handed on to what is opened from here.
        A `place` is a descriptor that only serves look-ups: it must be opened again to be listed or synchronised.
        """
        self._descriptor = descriptor
        self._beneath = beneath
        self._place = place

    def __del__(self) -> None:
        # A signal handler may have raised before there was a descriptor.
        if hasattr(self, "_descriptor"):
            self.close()

    def close(self, close: Callable[[int], None] = os.close) -> None:
        # As Python ends, the module `os` may be gone already.
        descriptor = self._descriptor
        if descriptor >= 0:
            self._descriptor = -1
            close(descriptor)

    def host_descriptor(self) -> int | None:
        # Without the walk in one step there is none in native code either.
        return None if self._place or self._beneath is None else self._descriptor

    def stat(self) -> Stat:
        try:
            return host_stat(os.fstat(self._descriptor))
        except OSError as error:
            raise translated(error) from error

    def set_times(self, accessed: int | None, modified: int | None) -> None:
        set_host_times(self._descriptor, b".", accessed, modified)

    def sync(self, *, data_only: bool) -> None:
        directory = self._reopened(_OPEN_DIRECTORY)
        try:
            os.fsync(directory)
        except OSError as error:
            raise translated(error) from error
        finally:
            os.close(directory)

    def lookup(self, name: str) -> Stat:
        try:
            return host_stat(os.stat(host_name(name), dir_fd=self._descriptor, follow_symlinks=False))
        except OSError as error:
            raise translated(error) from error

    def open_directory(self, name: str) -> Directory:
        try:
            return self._open_directory(host_name(name))
        except OSError as error:
            if error.errno in (errno.ENOTDIR, errno.ELOOP, errno.EMLINK):
                raise self._not_a_directory(name) from error
            raise translated(error) from error

    def _open_directory(self, name: bytes) -> HostDirectory:
        try:
            descriptor = os.open(name, _OPEN_DIRECTORY | _NOFOLLOW, dir_fd=self._descriptor)
        except PermissionError:
            # Passing through a directory needs less permission than listing it.
            if not hasattr(os, "O_PATH"):
                raise
            descriptor = os.open(name, _OPEN_PLACE | _NOFOLLOW, dir_fd=self._descriptor)
            return HostDirectory(descriptor, beneath=self._beneath, place=True)
        return HostDirectory(descriptor, beneath=self._beneath)

    def _not_a_directory(self, name: str) -> KernelError:
        """LOOP if it is a link: the host's answers to O_DIRECTORY with O_NOFOLLOW do not tell."""
        try:
            kind = self.lookup(name).type
        except KernelError as error:
            return error
        # A directory now was a link then: who takes it for one and cannot read it tries again.
        was_link = kind is FileType.SYMBOLIC_LINK or kind is FileType.DIRECTORY
        return KernelError(Code.LOOP if was_link else Code.NOT_DIRECTORY, name)

    def open_file(self, name: str, how: int) -> File:
        try:
            descriptor = os.open(host_name(name), _FLAGS[how], 0o666, dir_fd=self._descriptor)
        except OSError as error:
            raise self._open_error(name, error) from error
        if how & _MADE_HERE != _MADE_HERE:
            # Only what was not made just now can be anything but a regular file.
            try:
                mode = os.fstat(descriptor).st_mode
                if stat.S_ISDIR(mode):
                    raise KernelError(Code.IS_DIRECTORY, name)
            except BaseException:
                os.close(descriptor)
                raise
            if not stat.S_ISREG(mode):
                return HostStream(descriptor)
        if how & _READ_WRITE:
            return HostFile(descriptor, writable=how & _WRITE != 0)
        return OpaqueHostFile(descriptor, writable=False)

    def _open_error(self, name: str, error: OSError) -> KernelError:
        # Some hosts say EMLINK for O_NOFOLLOW.
        if error.errno == errno.EMLINK:
            return KernelError(Code.LOOP, name)
        return translated(error)

    def reopen(self) -> Directory:
        try:
            return self._open_directory(b".")
        except OSError as error:
            raise translated(error) from error

    def _reopened(self, flags: int) -> int:
        try:
            return os.open(b".", flags, dir_fd=self._descriptor)
        except OSError as error:
            raise translated(error) from error

    def entries(self) -> list[DirectoryEntry]:
        # A descriptor of its own: reading a directory moves a position that all copies of a descriptor share.
        descriptor = self._reopened(_OPEN_DIRECTORY)
        found: list[DirectoryEntry] = []
        try:
            with os.scandir(descriptor) as listing:
                for entry in listing:
                    name = entry.name
                    if not name.isascii():
                        try:
                            name = os.fsencode(name).decode()
                        except UnicodeDecodeError:
                            continue
                    found.append(DirectoryEntry(name, entry.inode(), _entry_type(entry)))
        except OSError as error:
            raise translated(error) from error
        finally:
            os.close(descriptor)
        return found

    def read_link(self, name: str) -> str:
        try:
            target = os.readlink(host_name(name), dir_fd=self._descriptor)
        except OSError as error:
            raise translated(error) from error
        # Bytes that are no UTF-8 stay what they are, so that the link can be followed; no guest is shown them.
        return target.decode("utf-8", "surrogateescape")

    def make_directory(self, name: str) -> None:
        try:
            os.mkdir(host_name(name), dir_fd=self._descriptor)
        except OSError as error:
            raise translated(error) from error

    def make_symbolic_link(self, name: str, target: str) -> None:
        try:
            os.symlink(target.encode("utf-8", "surrogateescape"), host_name(name), dir_fd=self._descriptor)
        except OSError as error:
            raise translated(error) from error

    def link(self, name: str, target: Directory, target_name: str) -> None:
        try:
            os.link(
                host_name(name),
                host_name(target_name),
                src_dir_fd=self._descriptor,
                dst_dir_fd=self._other_side(target),
                follow_symlinks=False,
            )
        except OSError as error:
            raise translated(error) from error

    def rename(self, name: str, target: Directory, target_name: str) -> None:
        try:
            os.rename(
                host_name(name),
                host_name(target_name),
                src_dir_fd=self._descriptor,
                dst_dir_fd=self._other_side(target),
            )
        except OSError as error:
            raise translated(error) from error

    def _other_side(self, target: Directory) -> int:
        """Its descriptor, for a link or a rename; CROSS_DEVICE if it has none, or something in front.

        So is a subclass other than this one: it may refuse names, and is not asked here.
        """
        if target.read_only:
            raise KernelError(Code.READ_ONLY)
        if not isinstance(target, HostDirectory) or type(target) not in (HostDirectory, type(self)):
            raise KernelError(Code.CROSS_DEVICE, f"from {type(self).__name__} to {type(target).__name__}")
        return target._descriptor

    def unlink(self, name: str) -> None:
        try:
            os.unlink(host_name(name), dir_fd=self._descriptor)
        except OSError as error:
            # POSIX says EPERM for a directory, Linux EISDIR.
            if error.errno == errno.EPERM and self.lookup(name).type is FileType.DIRECTORY:
                raise KernelError(Code.IS_DIRECTORY, name) from error
            raise translated(error) from error

    def remove_directory(self, name: str) -> None:
        try:
            os.rmdir(host_name(name), dir_fd=self._descriptor)
        except OSError as error:
            raise translated(error) from error

    def set_times_of(self, name: str, accessed: int | None, modified: int | None) -> None:
        set_host_times(self._descriptor, host_name(name), accessed, modified)

    def walk(self, path: str) -> Directory | None:
        beneath = self._beneath
        if beneath is None or type(self) is not HostDirectory:
            # A subclass may refuse what lies on the way: it is asked for each name.
            return None
        descriptor = beneath(self._descriptor, path.encode("utf-8", "surrogateescape"))
        return None if descriptor is None else HostDirectory(descriptor, beneath=beneath, place=True)


def _entry_type(entry: os.DirEntry[str]) -> FileType:
    if entry.is_symlink():
        return FileType.SYMBOLIC_LINK
    if entry.is_file(follow_symlinks=False):
        return FileType.REGULAR_FILE
    if entry.is_dir(follow_symlinks=False):
        return FileType.DIRECTORY
    try:
        return host_stat(entry.stat(follow_symlinks=False)).type
    except FileNotFoundError:
        return FileType.UNKNOWN


def open_ambient_directory(path: str | os.PathLike[str], *, openat2: bool = True) -> HostDirectory:
    """Open a directory by its path on the host, with the full authority of this process.

    `openat2=False` makes every walk below it portable, by single names. FileNotFoundError, NotADirectoryError or
    PermissionError, naming the path; NotImplementedError where Python cannot work relative to directory descriptors.
    """
    if os.open not in os.supports_dir_fd:
        raise NotImplementedError(
            f"cannot grant {os.fspath(path)!r}: host directories are not supported on {sys.platform} yet; "
            "use a memory filesystem"
        )
    try:
        descriptor = os.open(path, _OPEN_DIRECTORY)
    except OSError as error:
        raise type(error)(error.errno, f"cannot grant a directory: {error.strerror}", os.fspath(path)) from error
    beneath = None
    if sys.platform == "linux" and openat2 and host_linux.openat2_available():
        beneath = host_linux.open_beneath
    return HostDirectory(descriptor, beneath=beneath)


class HostFilesystem(Filesystem):
    """The tree below a directory of the host, which is opened at once and held until :meth:`close`.

    After that it can be granted no more: ValueError.
    """

    __slots__ = ("_path", "_root")

    def __init__(self, path: str | os.PathLike[str], *, openat2: bool = True) -> None:
        """As :func:`open_ambient_directory`."""
        if not isinstance(path, (str, bytes, os.PathLike)):
            raise TypeError(f"a host directory's path must be a str or os.PathLike, not {path!r}")
        self._path = os.fspath(path)
        self._root = open_ambient_directory(path, openat2=openat2)

    def root(self) -> Directory:
        if self._root._descriptor < 0:
            raise ValueError(f"the host directory {self._path!r} is closed")
        return self._root.reopen()

    def close(self) -> None:
        """Give the directory back; what was opened through it stays open."""
        self._root.close()

    def __enter__(self) -> HostFilesystem:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Host({self._path!r})"
