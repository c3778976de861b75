"""Open files of the host: regular ones, and those that are streams."""

from __future__ import annotations

import errno
import os
import stat
import sys

from remit.host_errors import translated
from remit.kernel.errors import Code, KernelError, WouldBlock
from remit.kernel.files import NOW, Advice, File, FileType, Stat
from remit.kernel.poll import HostReady

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from remit.kernel.poll import Pollable

_LINUX_TIMES = sys.platform == "linux" and sys.maxsize > 2**32
if _LINUX_TIMES:
    from remit.filesystems import host_linux

_TYPES = {
    stat.S_IFBLK: FileType.BLOCK_DEVICE,
    stat.S_IFCHR: FileType.CHARACTER_DEVICE,
    stat.S_IFDIR: FileType.DIRECTORY,
    stat.S_IFIFO: FileType.FIFO,
    stat.S_IFREG: FileType.REGULAR_FILE,
    stat.S_IFSOCK: FileType.SOCKET,
    stat.S_IFLNK: FileType.SYMBOLIC_LINK,
}

_ADVICE = {
    advice: getattr(os, name)
    for advice, name in (
        (Advice.NORMAL, "POSIX_FADV_NORMAL"),
        (Advice.SEQUENTIAL, "POSIX_FADV_SEQUENTIAL"),
        (Advice.RANDOM, "POSIX_FADV_RANDOM"),
        (Advice.WILL_NEED, "POSIX_FADV_WILLNEED"),
        (Advice.DONT_NEED, "POSIX_FADV_DONTNEED"),
        (Advice.NO_REUSE, "POSIX_FADV_NOREUSE"),
    )
    if hasattr(os, name)
}

_MAX_OFFSET = 2**63 - 1
_IOV_MAX = 1024
_RWF_APPEND = getattr(os, "RWF_APPEND", 0)


def host_stat(result: os.stat_result) -> Stat:
    """The host's attributes in the kernel's terms."""
    return Stat(
        _TYPES.get(result.st_mode & 0o170000, FileType.UNKNOWN),
        device=result.st_dev,
        inode=result.st_ino,
        links=result.st_nlink,
        size=result.st_size,
        accessed=result.st_atime_ns,
        modified=result.st_mtime_ns,
        changed=result.st_ctime_ns,
    )


def set_host_times(descriptor: int, name: bytes | None, accessed: int | None, modified: int | None) -> None:
    """Set the times of `name` in a directory, a link not followed, or (None) of the open file itself.

    Times beyond the range of the host's filesystem end up at its border; OVERFLOW beyond the host's own numbers.
    """
    if _LINUX_TIMES:
        host_linux.set_times(descriptor, name, accessed, modified)
        return
    import time

    now = time.time_ns()
    try:
        if name is None:
            os.utime(descriptor, ns=_both(accessed, modified, now, os.fstat(descriptor)))
        else:
            before = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
            times = _both(accessed, modified, now, before)
            os.utime(name, ns=times, dir_fd=descriptor, follow_symlinks=False)
    except OSError as error:
        raise translated(error) from error
    except OverflowError as error:
        raise KernelError(Code.OVERFLOW, f"times {accessed}, {modified}") from error


def _both(accessed: int | None, modified: int | None, now: int, before: os.stat_result) -> tuple[int, int]:
    """The two times as the standard library wants them, which can neither leave one alone nor say "now"."""
    return (
        before.st_atime_ns if accessed is None else now if accessed == NOW else accessed,
        before.st_mtime_ns if modified is None else now if modified == NOW else modified,
    )


class _HostNode(File):
    """What regular files and streams have in common: a descriptor."""

    __slots__ = ("_descriptor",)

    def __init__(self, descriptor: int) -> None:
        """Take over `descriptor`."""
        self._descriptor = descriptor

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

    def stat(self) -> Stat:
        try:
            return host_stat(os.fstat(self._descriptor))
        except OSError as error:
            raise translated(error) from error

    def set_times(self, accessed: int | None, modified: int | None) -> None:
        set_host_times(self._descriptor, None, accessed, modified)

    def sync(self, *, data_only: bool) -> None:
        try:
            if data_only and hasattr(os, "fdatasync"):
                os.fdatasync(self._descriptor)
            else:
                os.fsync(self._descriptor)
        except OSError as error:
            raise translated(error) from error


class HostFile(_HostNode):
    """A regular file of the host."""

    __slots__ = ("_writable",)

    def __init__(self, descriptor: int, *, writable: bool) -> None:
        """Take over `descriptor`, which was opened for writing or not."""
        super().__init__(descriptor)
        self._writable = writable

    def host_descriptor(self) -> int | None:
        return self._descriptor

    def read_at(self, offset: int, buffers: Sequence[memoryview]) -> int:
        if len(buffers) > _IOV_MAX:
            return _in_parts(self.read_at, offset, buffers)
        try:
            return os.preadv(self._descriptor, buffers, offset)
        except OSError as error:
            raise translated(error) from error
        except OverflowError as error:
            raise KernelError(Code.INVALID, f"offset {offset}") from error

    def write_at(self, offset: int, buffers: Sequence[memoryview]) -> int:
        if len(buffers) > _IOV_MAX:
            return _in_parts(self.write_at, offset, buffers)
        try:
            return os.pwritev(self._descriptor, buffers, offset)
        except OSError as error:
            raise translated(error) from error
        except OverflowError as error:
            raise KernelError(Code.INVALID, f"offset {offset}") from error

    def append(self, buffers: Sequence[memoryview]) -> int:
        if len(buffers) > _IOV_MAX:
            # In one step with finding the end: so all at once.
            buffers = [memoryview(b"".join(buffers))]
        try:
            if _RWF_APPEND:
                try:
                    return os.pwritev(self._descriptor, buffers, 0, _RWF_APPEND)
                except OSError as error:
                    if error.errno != errno.EOPNOTSUPP:
                        raise
            return self._append_by_flag(buffers)
        except OSError as error:
            raise translated(error) from error

    def _append_by_flag(self, buffers: Sequence[memoryview]) -> int:
        """Append where a single write cannot ask for it: the flag is ours alone, as the open file is."""
        import fcntl

        flags = fcntl.fcntl(self._descriptor, fcntl.F_GETFL)
        fcntl.fcntl(self._descriptor, fcntl.F_SETFL, flags | os.O_APPEND)
        try:
            return os.writev(self._descriptor, buffers)
        finally:
            fcntl.fcntl(self._descriptor, fcntl.F_SETFL, flags)

    def resize(self, size: int) -> None:
        self._require_writable()
        if size > _MAX_OFFSET:
            raise KernelError(Code.FILE_TOO_LARGE, f"size {size}")
        try:
            os.ftruncate(self._descriptor, size)
        except OSError as error:
            raise translated(error) from error

    def allocate(self, offset: int, length: int) -> None:
        if length <= 0 or offset < 0:
            raise KernelError(Code.INVALID, f"allocate {length} bytes at {offset}")
        self._require_writable()
        if offset + length > _MAX_OFFSET:
            raise KernelError(Code.FILE_TOO_LARGE, f"allocate {length} bytes at {offset}")
        try:
            promised = _LINUX_TIMES and host_linux.allocate(self._descriptor, offset, length)
            if not promised and os.fstat(self._descriptor).st_size < offset + length:
                os.ftruncate(self._descriptor, offset + length)
        except OSError as error:
            raise translated(error) from error

    def advise(self, offset: int, length: int, advice: Advice) -> None:
        if offset > _MAX_OFFSET or length > _MAX_OFFSET:
            raise KernelError(Code.INVALID, f"advise {length} bytes at {offset}")
        if advice in _ADVICE:
            try:
                os.posix_fadvise(self._descriptor, offset, length, _ADVICE[advice])
            except OSError as error:
                raise translated(error) from error

    def _require_writable(self) -> None:
        if not self._writable:
            raise KernelError(Code.BAD_DESCRIPTOR, "not opened for writing")


def _in_parts(transfer: Callable[[int, Sequence[memoryview]], int], offset: int, buffers: Sequence[memoryview]) -> int:
    """Read or write more buffers than the host takes in one call; an error ends it short once there was some effect."""
    done = 0
    for first in range(0, len(buffers), _IOV_MAX):
        part = buffers[first : first + _IOV_MAX]
        try:
            count = transfer(offset + done, part)
        except KernelError:
            if not done:
                raise
            break
        done += count
        if count < sum(map(len, part)):
            break
    return done


class OpaqueHostFile(HostFile):
    """A regular file opened neither for reading nor for writing: something to hold and to ask about."""

    __slots__ = ()

    def host_descriptor(self) -> int | None:
        # The host has no such mode: its descriptor could be read from.
        return None

    def read_at(self, offset: int, buffers: Sequence[memoryview]) -> int:
        raise KernelError(Code.BAD_DESCRIPTOR, "not opened for reading")


class HostStream(_HostNode):
    """A pipe, a terminal, a device: opened without blocking, read and written in order."""

    __slots__ = ()

    seekable = False

    def read(self, buffers: Sequence[memoryview]) -> int:
        try:
            return os.readv(self._descriptor, buffers[:_IOV_MAX])
        except BlockingIOError as error:
            raise WouldBlock(HostReady(self._descriptor)) from error
        except OSError as error:
            raise translated(error) from error

    def write(self, buffers: Sequence[memoryview]) -> int:
        try:
            return os.writev(self._descriptor, buffers[:_IOV_MAX])
        except BlockingIOError as error:
            raise WouldBlock(HostReady(self._descriptor, write=True)) from error
        except OSError as error:
            raise translated(error) from error

    def when_readable(self) -> Pollable:
        return HostReady(self._descriptor)

    def when_writable(self) -> Pollable:
        return HostReady(self._descriptor, write=True)
