"""The contract of files and directories in the plainest way, with paths and `os`: the yardstick of the others.

It has no confinement and no speed, and shares no code with what it is compared to.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Sequence
from pathlib import Path

from remit.kernel.errors import Code, KernelError
from remit.kernel.files import NOW, Directory, DirectoryEntry, File, Filesystem, FileType, How, Stat

_CODES = {
    "EBADF": Code.BAD_DESCRIPTOR,
    "EEXIST": Code.EXISTS,
    "EFBIG": Code.FILE_TOO_LARGE,
    "EINVAL": Code.INVALID,
    "EISDIR": Code.IS_DIRECTORY,
    "ELOOP": Code.LOOP,
    "ENAMETOOLONG": Code.NAME_TOO_LONG,
    "ENOENT": Code.NO_ENTRY,
    "ENOSPC": Code.NO_SPACE,
    "ENOTDIR": Code.NOT_DIRECTORY,
    "ENOTEMPTY": Code.NOT_EMPTY,
    "EOVERFLOW": Code.OVERFLOW,
    "EPERM": Code.NOT_PERMITTED,
    "EXDEV": Code.CROSS_DEVICE,
}

_TYPES = {stat.S_IFDIR: FileType.DIRECTORY, stat.S_IFREG: FileType.REGULAR_FILE, stat.S_IFLNK: FileType.SYMBOLIC_LINK}


class _Errors:
    """As a context: an OSError inside becomes the KernelError of the same name."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            assert error.errno is not None
            raise KernelError(_CODES[errno.errorcode[error.errno]], str(error)) from None
        if isinstance(error, OverflowError):
            raise KernelError(Code.OVERFLOW) from None


_errors = _Errors()


def _stat(found: os.stat_result) -> Stat:
    return Stat(
        _TYPES[stat.S_IFMT(found.st_mode)],
        device=found.st_dev,
        inode=found.st_ino,
        links=found.st_nlink,
        size=found.st_size,
        accessed=found.st_atime_ns,
        modified=found.st_mtime_ns,
        changed=found.st_ctime_ns,
    )


def _set_times(place: int | str, at: int | None, accessed: int | None, modified: int | None) -> None:
    with _errors:
        if at is None:
            found = os.stat(place)
        else:
            found = os.stat(place, dir_fd=at, follow_symlinks=False)
        if accessed is None and modified is None:
            return
        # `os.utime` sets both times and knows no "now" for one of them.
        times = tuple(
            old if new is None else time.time_ns() if new == NOW else new
            for old, new in ((found.st_atime_ns, accessed), (found.st_mtime_ns, modified))
        )
        if at is None:
            os.utime(place, ns=(times[0], times[1]))
        else:
            os.utime(place, ns=(times[0], times[1]), dir_fd=at, follow_symlinks=False)


class OsFile(File):
    def __init__(self, descriptor: int, how: int) -> None:
        self.descriptor = descriptor
        self.how = how

    def stat(self) -> Stat:
        return _stat(os.fstat(self.descriptor))

    def set_times(self, accessed: int | None, modified: int | None) -> None:
        _set_times(self.descriptor, None, accessed, modified)

    def close(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def read_at(self, offset: int, buffers: Sequence[memoryview]) -> int:
        with _errors:
            return os.preadv(self.descriptor, list(buffers), offset)
        raise AssertionError

    def write_at(self, offset: int, buffers: Sequence[memoryview]) -> int:
        with _errors:
            return os.pwritev(self.descriptor, list(buffers), offset)
        raise AssertionError

    def append(self, buffers: Sequence[memoryview]) -> int:
        return self.write_at(os.fstat(self.descriptor).st_size, buffers)

    def resize(self, size: int) -> None:
        if not self.how & How.WRITE:
            raise KernelError(Code.BAD_DESCRIPTOR)
        with _errors:
            os.ftruncate(self.descriptor, size)

    def allocate(self, offset: int, length: int) -> None:
        with _errors:
            os.posix_fallocate(self.descriptor, offset, length)


class OsDirectory(Directory):
    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def stat(self) -> Stat:
        return _stat(os.fstat(self.descriptor))

    def set_times(self, accessed: int | None, modified: int | None) -> None:
        _set_times(self.descriptor, None, accessed, modified)

    def close(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def lookup(self, name: str) -> Stat:
        with _errors:
            return _stat(os.stat(name, dir_fd=self.descriptor, follow_symlinks=False))
        raise AssertionError

    def open_directory(self, name: str) -> Directory:
        if self.lookup(name).type is FileType.SYMBOLIC_LINK:
            raise KernelError(Code.LOOP)
        with _errors:
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
            return OsDirectory(os.open(name, flags, dir_fd=self.descriptor))
        raise AssertionError

    def open_file(self, name: str, how: int) -> File:
        flags = (os.O_RDONLY, os.O_RDONLY, os.O_WRONLY, os.O_RDWR)[how & 3] | os.O_NOFOLLOW
        for bit, flag in ((How.CREATE, os.O_CREAT), (How.EXCLUSIVE, os.O_EXCL), (How.TRUNCATE, os.O_TRUNC)):
            flags |= flag if how & bit else 0
        with _errors:
            descriptor = os.open(name, flags, dir_fd=self.descriptor)
            if stat.S_ISDIR(os.fstat(descriptor).st_mode):
                os.close(descriptor)
                raise KernelError(Code.IS_DIRECTORY)
            return OsFile(descriptor, how)
        raise AssertionError

    def reopen(self) -> Directory:
        return OsDirectory(os.open(".", os.O_RDONLY | os.O_DIRECTORY, dir_fd=self.descriptor))

    def entries(self) -> Sequence[DirectoryEntry]:
        with os.scandir(self.descriptor) as found:
            return [
                DirectoryEntry(
                    entry.name, entry.inode(), _TYPES[stat.S_IFMT(entry.stat(follow_symlinks=False).st_mode)]
                )
                for entry in found
            ]

    def read_link(self, name: str) -> str:
        with _errors:
            return os.readlink(name, dir_fd=self.descriptor)
        raise AssertionError

    def make_directory(self, name: str) -> None:
        with _errors:
            os.mkdir(name, dir_fd=self.descriptor)

    def make_symbolic_link(self, name: str, target: str) -> None:
        with _errors:
            os.symlink(target, name, dir_fd=self.descriptor)

    def link(self, name: str, target: Directory, target_name: str) -> None:
        with _errors:
            os.link(
                name,
                target_name,
                src_dir_fd=self.descriptor,
                dst_dir_fd=_descriptor(target),
                follow_symlinks=False,
            )

    def rename(self, name: str, target: Directory, target_name: str) -> None:
        with _errors:
            os.rename(name, target_name, src_dir_fd=self.descriptor, dst_dir_fd=_descriptor(target))

    def unlink(self, name: str) -> None:
        with _errors:
            os.unlink(name, dir_fd=self.descriptor)

    def remove_directory(self, name: str) -> None:
        with _errors:
            os.rmdir(name, dir_fd=self.descriptor)

    def set_times_of(self, name: str, accessed: int | None, modified: int | None) -> None:
        _set_times(name, self.descriptor, accessed, modified)


def _descriptor(target: Directory) -> int:
    if target.read_only:
        raise KernelError(Code.READ_ONLY)
    if not isinstance(target, OsDirectory):
        raise KernelError(Code.CROSS_DEVICE)
    return target.descriptor


class OsFilesystem(Filesystem):
    """What is in a directory of the host."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def root(self) -> Directory:
        return OsDirectory(os.open(self.path, os.O_RDONLY | os.O_DIRECTORY))
