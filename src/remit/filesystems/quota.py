"""Any filesystem, with a limit to what is added to it: a smaller permission on the same files.

What counts is the sum of the sizes of all files and link targets in it, and the number of its names. What is added is
counted, what is removed is given back whoever had made it, and the count never goes below zero: so removing
what was there before makes room for what was added before, and is not saved up.

Therefore the sum is never more than `max_bytes` above the least that it has been since the quota was made, and the
number of names never more than `max_files`. What others add around the quota comes on top of that; what they remove
is not given back.

A file counts by its size, holes included, because they can be filled later; once, however many names it has; and
until it has neither a name nor a handle that was opened through the quota. What the host spends in addition (blocks
that are not full, directories, names) is bounded by the number of names. What goes into streams (pipes, devices)
does not count.

Nothing behind a quota is plain enough for the native fast path: calls cost what they cost in Python.
"""

from __future__ import annotations

import _thread

from remit.filesystems.arguments import wanted_filesystem
from remit.filesystems.inodes import LARGEST_OFFSET, check_range, first_bytes
from remit.kernel.errors import Code, KernelError, WouldBlock
from remit.kernel.files import Advice, Directory, DirectoryEntry, File, Filesystem, FileType, How, Stat
from remit.kernel.limits import whole_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import TypeAlias, TypeVar

    _T = TypeVar("_T")
    Identity: TypeAlias = tuple[int, int]

MAX_FILES = 100_000
"""The default of `max_files`: a small part of the inodes of a usual disk."""


class Quota(Filesystem):
    """`filesystem`, which may grow by so much and no more: NO_SPACE beyond. What fits of a write is written.

    Several programs, on several threads, may use one quota, at once or one after the other, and share it. Grant
    all that is below one directory by one quota, parts of it as ``Subdirectory(quota, …)`` or ``ReadOnly(quota)``: two
    quotas over the same files do not see each other, and a handle that was opened around it keeps a removed file on
    the disk, unseen.

    Args:
        filesystem: What may grow. It tells its files apart by :attr:`~remit.fs.Stat.device` and `inode`, and counts
            their names in `links`.
        max_bytes: What the files and link targets may have together, above what is there now.
        max_files: How many names there may be, above those that there are now.
    """

    __slots__ = ("_account", "_filesystem")

    def __init__(self, filesystem: Filesystem, *, max_bytes: int, max_files: int = MAX_FILES) -> None:
        self._filesystem = wanted_filesystem("filesystem", filesystem)
        self._account = _Account(
            whole_number("max_bytes", max_bytes, "bytes"), whole_number("max_files", max_files, "names")
        )

    def root(self) -> Directory:
        return QuotaDirectory(self._filesystem.root(), self._account)

    @property
    def bytes_used(self) -> int:
        """How much of `max_bytes` is taken, removed files that are still open included."""
        return self._account.bytes_used

    @property
    def files_used(self) -> int:
        """How much of `max_files` is taken, removed files that are still open included."""
        return self._account.files_used


class _Account:
    """What was counted so far, and which files are open. Whoever calls holds :attr:`lock`."""

    __slots__ = ("bytes_used", "files_used", "forgotten", "handles", "lock", "max_bytes", "max_files", "nameless")

    def __init__(self, max_bytes: int, max_files: int) -> None:
        self.lock = _thread.allocate_lock()
        self.max_bytes = max_bytes
        self.max_files = max_files
        self.bytes_used = 0
        self.files_used = 0
        self.handles: dict[Identity, int] = {}
        """How many handles each open file has."""
        self.nameless: set[Identity] = set()
        """The open files whose last name was removed."""
        self.forgotten: list[Identity] = []
        """Handles that were dropped without being closed, for :meth:`_settle`."""

    def take(self, size: int, files: int) -> None:
        """Count what is about to be added: whatever interrupts it, it has not been forgotten. NO_SPACE."""
        if size > self.max_bytes - self.bytes_used:
            raise KernelError(Code.NO_SPACE, f"max_bytes={self.max_bytes}")
        if files > self.max_files - self.files_used:
            raise KernelError(Code.NO_SPACE, f"max_files={self.max_files}")
        self.bytes_used += size
        self.files_used += files

    def give_back(self, size: int, files: int) -> None:
        """Count what is gone, or was not added after all."""
        self.bytes_used = max(self.bytes_used - size, 0)
        self.files_used = max(self.files_used - files, 0)

    def lost_name(self, lost: Stat) -> None:
        """One name is gone of what was `lost` before."""
        self._settle()
        identity = lost.device, lost.inode
        if lost.links > 1 or (lost.type is not FileType.REGULAR_FILE and lost.type is not FileType.SYMBOLIC_LINK):
            self.give_back(0, 1)
        elif identity in self.handles:
            self.nameless.add(identity)
        else:
            self.give_back(lost.size, 1)

    def opened(self, file: File) -> Identity:
        """Count a handle that was made."""
        self._settle()
        stat = file.stat()
        identity = stat.device, stat.inode
        self.handles[identity] = self.handles.get(identity, 0) + 1
        return identity

    def close(self, file: File, identity: Identity) -> None:
        """Close a handle, and give back what its file took if nothing holds that any more."""
        self._settle()
        size = 0
        last = self.handles[identity] == 1 and identity in self.nameless
        try:
            if last:
                size = file.stat().size
        finally:
            file.close()
            if last:
                self.give_back(size, 1)
            self._drop(identity)

    def _drop(self, identity: Identity) -> None:
        left = self.handles[identity] - 1
        if left:
            self.handles[identity] = left
        else:
            del self.handles[identity]
            self.nameless.discard(identity)

    def _settle(self) -> None:
        """Count the handles that were forgotten. How large their files were is not known any more: it stays counted."""
        while self.forgotten:
            self._drop(self.forgotten.pop())


class QuotaDirectory(Directory):
    """A directory of a quota. It owns and closes the one it wraps."""

    __slots__ = ("_account", "_directory", "read_only")

    def __init__(self, directory: Directory, account: _Account) -> None:
        self._directory = directory
        self._account = account
        self.read_only = directory.read_only

    def stat(self) -> Stat:
        return self._directory.stat()

    def set_times(self, accessed: int | None, modified: int | None) -> None:
        self._directory.set_times(accessed, modified)

    def sync(self, *, data_only: bool) -> None:
        self._directory.sync(data_only=data_only)

    def close(self) -> None:
        self._directory.close()

    def lookup(self, name: str) -> Stat:
        return self._directory.lookup(name)

    def open_directory(self, name: str) -> Directory:
        return QuotaDirectory(self._directory.open_directory(name), self._account)

    def open_file(self, name: str, how: int) -> File:
        truncate = how & How.TRUNCATE and how & How.WRITE
        if truncate:
            # When it is open, so that what is cut is what was measured.
            how &= ~How.TRUNCATE
        with self._account.lock:
            if how & How.CREATE and (how & How.EXCLUSIVE or self._seen(name) is None):
                file = self._add(name, 0, self._directory.open_file, name, how)
            else:
                file = self._directory.open_file(name, how)
            if not file.seekable:
                return file
            try:
                opened = QuotaFile(file, self._account, writable=how & How.WRITE != 0)
                if truncate:
                    opened.set_size(0)
            except BaseException:
                file.close()
                raise
            return opened

    def reopen(self) -> Directory:
        return QuotaDirectory(self._directory.reopen(), self._account)

    def entries(self) -> Iterable[DirectoryEntry]:
        return self._directory.entries()

    def read_link(self, name: str) -> str:
        return self._directory.read_link(name)

    def make_directory(self, name: str) -> None:
        with self._account.lock:
            self._add(name, 0, self._directory.make_directory, name)

    def make_symbolic_link(self, name: str, target: str) -> None:
        size = len(target.encode("utf-8", "surrogateescape"))
        with self._account.lock:
            self._add(name, size, self._directory.make_symbolic_link, name, target)

    def link(self, name: str, target: Directory, target_name: str) -> None:
        other = self._same_quota(target)
        with self._account.lock:
            other._add(target_name, 0, self._directory.link, name, other._directory, target_name)

    def rename(self, name: str, target: Directory, target_name: str) -> None:
        other = self._same_quota(target)
        with self._account.lock:
            moved, replaced = self._seen(name), other._seen(target_name)
            self._directory.rename(name, other._directory, target_name)
            if moved is None or replaced is None:
                return
            if (moved.device, moved.inode) != (replaced.device, replaced.inode):
                self._account.lost_name(replaced)

    def unlink(self, name: str) -> None:
        with self._account.lock:
            removed = self._seen(name)
            self._directory.unlink(name)
            if removed is not None:
                self._account.lost_name(removed)

    def remove_directory(self, name: str) -> None:
        with self._account.lock:
            self._directory.remove_directory(name)
            self._account.give_back(0, 1)

    def set_times_of(self, name: str, accessed: int | None, modified: int | None) -> None:
        self._directory.set_times_of(name, accessed, modified)

    def walk(self, path: str) -> Directory | None:
        directory = self._directory.walk(path)
        return None if directory is None else QuotaDirectory(directory, self._account)

    def _seen(self, name: str) -> Stat | None:
        """What `name` denotes, or None; why it cannot be seen is for the operation itself to say."""
        try:
            return self._directory.lookup(name)
        except KernelError:
            return None

    def _add(self, name: str, size: int, make: Callable[..., _T], *arguments: object) -> _T:
        """Make `name`, and count it and what it holds. The lock is held."""
        account = self._account
        try:
            account.take(size, 1)
        except KernelError:
            if self.read_only:
                raise KernelError(Code.READ_ONLY, name) from None
            if self._seen(name) is not None:
                raise KernelError(Code.EXISTS, name) from None
            raise
        try:
            return make(*arguments)
        except (KernelError, WouldBlock) as error:
            if not _goes_on(error):
                account.give_back(size, 1)
            raise

    def _same_quota(self, target: Directory) -> QuotaDirectory:
        if self.read_only or target.read_only:
            raise KernelError(Code.READ_ONLY, "moving or linking out of or into a read-only filesystem")
        if isinstance(target, QuotaDirectory) and target._account is self._account:
            return target
        raise KernelError(Code.CROSS_DEVICE, "the target is not of this quota")


class QuotaFile(File):
    """An open file of a quota. It owns and closes the one it wraps."""

    __slots__ = ("_account", "_file", "_identity", "_writable")

    def __init__(self, file: File, account: _Account, *, writable: bool) -> None:
        """Take over `file`. The lock is held."""
        self._file = file
        self._account = account
        self._writable = writable
        self._identity: Identity | None = account.opened(file)

    def __del__(self) -> None:
        # This may be anywhere in any thread, so the lock cannot be waited for. And it may never have been opened.
        identity = getattr(self, "_identity", None)
        if identity is not None:
            self._account.forgotten.append(identity)

    def close(self) -> None:
        account = self._account
        with account.lock:
            identity = self._identity
            if identity is not None:
                self._identity = None
                account.close(self._file, identity)

    def stat(self) -> Stat:
        return self._file.stat()

    def set_times(self, accessed: int | None, modified: int | None) -> None:
        self._file.set_times(accessed, modified)

    def sync(self, *, data_only: bool) -> None:
        self._file.sync(data_only=data_only)

    def advise(self, offset: int, length: int, advice: Advice) -> None:
        self._file.advise(offset, length, advice)

    def read_at(self, offset: int, buffers: Sequence[memoryview]) -> int:
        return self._file.read_at(offset, buffers)

    def write_at(self, offset: int, buffers: Sequence[memoryview]) -> int:
        total = check_range(offset, buffers)
        if not total or not self._writable:
            return self._file.write_at(offset, buffers)
        with self._account.lock:
            size = self._file.stat().size
            if offset + total <= size:
                return self._file.write_at(offset, buffers)
            fitting = min(total, size + self._free() - offset)
            if fitting <= 0:
                raise self._full()
            if fitting < total:
                buffers = first_bytes(buffers, fitting)
            growth = offset + fitting - size
            count = self._lengthen(size, growth, self._file.write_at, offset, buffers)
            self._account.give_back(min(growth, fitting - count), 0)
            return count

    def append(self, buffers: Sequence[memoryview]) -> int:
        total = check_range(0, buffers)
        if not total or not self._writable:
            return self._file.append(buffers)
        with self._account.lock:
            fitting = min(total, self._free())
            if not fitting:
                raise self._full()
            if fitting < total:
                buffers = first_bytes(buffers, fitting)
            count = self._lengthen(self._file.stat().size, fitting, self._file.append, buffers)
            self._account.give_back(fitting - count, 0)
            return count

    def resize(self, size: int) -> None:
        if not self._writable:
            self._file.resize(size)
            return
        if size > LARGEST_OFFSET:
            raise KernelError(Code.FILE_TOO_LARGE, f"size {size}")
        with self._account.lock:
            self.set_size(size)

    def set_size(self, size: int) -> None:
        """Cut the file, or lengthen it. The lock is held."""
        before = self._file.stat().size
        if size > before:
            self._lengthen(before, size - before, self._file.resize, size)
        else:
            self._file.resize(size)
            self._account.give_back(before - size, 0)

    def allocate(self, offset: int, length: int) -> None:
        if length <= 0 or not self._writable:
            self._file.allocate(offset, length)
            return
        end = offset + length
        if end > LARGEST_OFFSET:
            raise KernelError(Code.FILE_TOO_LARGE, f"allocate {length} bytes at {offset}")
        with self._account.lock:
            size = self._file.stat().size
            self._lengthen(size, max(end - size, 0), self._file.allocate, offset, length)

    def _free(self) -> int:
        return self._account.max_bytes - self._account.bytes_used

    def _full(self) -> KernelError:
        return KernelError(Code.NO_SPACE, f"max_bytes={self._account.max_bytes}")

    def _lengthen(self, size: int, growth: int, change: Callable[..., _T], *arguments: object) -> _T:
        """Do what makes the file of `size` bytes longer, by no more than `growth`, and count that. The lock is held."""
        account = self._account
        account.take(growth, 0)
        try:
            return change(*arguments)
        except (KernelError, WouldBlock) as error:
            if not _goes_on(error):
                # A full disk may have given a part of what was to be allocated.
                grown = min(max(self._file.stat().size - size, 0), growth)
                account.give_back(growth - grown, 0)
            raise


def _goes_on(error: KernelError | WouldBlock) -> bool:
    """Whether what has failed for now will be done later, without being asked for here again."""
    return isinstance(error, WouldBlock) and error.resume is not None
