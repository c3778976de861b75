"""The host's own pipes, terminals and files as streams: what a program inherits as stdin, stdout and stderr.

An inherited descriptor is shared with other processes, and ``O_NONBLOCK`` belongs to what is shared: setting
it would break the shell that started us. So that nothing here blocks nevertheless, an operation is done

* as it is, on a regular file, which is always ready;
* with ``RWF_NOWAIT``, which asks for this one call not to block (pipes and sockets of Linux);
* on a descriptor of our own for the same terminal (writing to terminals of Linux);
* else after asking ``poll``, and writing no more than a pipe that is ready takes without blocking. Only here, when
  another process takes the room or the bytes in between, a call can block.
"""

from __future__ import annotations

import errno
import os
import stat

from remit.kernel.errors import WouldBlock
from remit.kernel.files import File, FileType, Stat
from remit.kernel.poll import ALWAYS, HostReady, Pollable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.kernel.errors import KernelError

_NO_WAIT: int = getattr(os, "RWF_NOWAIT", 0)

# What the kernel says to RWF_NOWAIT where it, or this kind of file, does not have it.
_NOT_THERE = (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS, errno.ESPIPE)

_PSEUDOTERMINAL_MULTIPLEXER = (5, 2)


class _HostStream(File):
    """What reading and writing have in common."""

    __slots__ = ("_descriptor", "_direct", "_no_wait", "_owned", "_pollable", "_terminal")

    seekable = False

    def __init__(self, descriptor: int, *, owned: bool = False) -> None:
        """`owned`: closing this closes the descriptor; otherwise whoever lent it does."""
        try:
            mode = os.fstat(descriptor).st_mode
        except OSError:
            # Closed by whoever started us. The number may soon be someone else's file: it is not used.
            descriptor, mode, owned = -1, 0, False
        self._descriptor = descriptor
        self._owned = owned
        self._direct = descriptor < 0 or stat.S_ISREG(mode)
        self._no_wait = _NO_WAIT
        self._terminal = stat.S_ISCHR(mode) and os.isatty(descriptor)
        self._pollable: Pollable = ALWAYS if self._direct else HostReady(descriptor, write=self._writes)

    _writes = False

    def stat(self) -> Stat:
        """Whether it is a terminal, and nothing else: a program behaves the same with a pipe and with a file.

        Only terminals are character devices here. Programs take every character device for a
        terminal, also ``/dev/null``.
        """
        return Stat(FileType.CHARACTER_DEVICE if self._terminal else FileType.UNKNOWN, links=0)

    def close(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        if self._owned and descriptor >= 0:
            os.close(descriptor)


class HostInput(_HostStream):
    """Reads from a descriptor of the host."""

    __slots__ = ()

    def read(self, buffers: Sequence[memoryview]) -> int:
        try:
            if self._direct:
                return _readv(self._descriptor, buffers)
            if self._no_wait:
                try:
                    return os.preadv(self._descriptor, buffers, -1, self._no_wait)
                except OSError as error:
                    if error.errno not in _NOT_THERE:
                        raise
                    self._no_wait = 0
            if not self._pollable.ready():
                raise WouldBlock(self._pollable)
            return _readv(self._descriptor, buffers)
        except BlockingIOError:
            raise WouldBlock(self._pollable) from None
        except OSError as error:
            raise _translated(error) from error

    def when_readable(self) -> Pollable:
        return self._pollable


class HostOutput(_HostStream):
    """Writes to a descriptor of the host."""

    __slots__ = ("_private",)

    _writes = True

    def __init__(self, descriptor: int, *, owned: bool = False) -> None:
        super().__init__(descriptor, owned=owned)
        self._private = -1
        """A terminal's second descriptor, ours alone and non-blocking; made by the first write."""

    def write(self, buffers: Sequence[memoryview]) -> int:
        try:
            if self._direct:
                return _writev(self._descriptor, buffers)
            if self._private >= 0:
                return _writev(self._private, buffers)
            if self._no_wait:
                try:
                    return os.pwritev(self._descriptor, buffers, -1, self._no_wait)
                except OSError as error:
                    if error.errno not in _NOT_THERE:
                        raise
                    self._no_wait = 0
                if self._terminal:
                    self._private = _reopened(self._descriptor)
                    if self._private >= 0:
                        return _writev(self._private, buffers)
            if not self._pollable.ready():
                raise WouldBlock(self._pollable)
            return _writev(self._descriptor, _first(buffers, _pipe_buffer()))
        except BlockingIOError:
            raise WouldBlock(self._pollable) from None
        except OSError as error:
            raise _translated(error) from error

    def sync(self, *, data_only: bool) -> None:
        if not self._direct:
            return
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            raise _translated(error) from error

    def when_writable(self) -> Pollable:
        return self._pollable

    def close(self) -> None:
        private, self._private = self._private, -1
        if private >= 0:
            os.close(private)
        super().close()


def _pipe_buffer() -> int:
    """A pipe that is ready takes this much without blocking."""
    import select

    return getattr(select, "PIPE_BUF", 512)


def _translated(error: OSError) -> KernelError:
    from remit.host_errors import translated  # The table of all errors, for streams that seldom fail.

    return translated(error)


def _reopened(descriptor: int) -> int:
    """The same terminal, opened once more for us alone and non-blocking; -1 where that cannot be done."""
    device = os.fstat(descriptor).st_rdev
    if (os.major(device), os.minor(device)) == _PSEUDOTERMINAL_MULTIPLEXER:
        return -1  # the other side of a terminal: opening it makes a new one
    try:
        return os.open(f"/proc/self/fd/{descriptor}", os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return -1  # no /proc, or a terminal of another user


def _first(buffers: Sequence[memoryview], limit: int) -> Sequence[memoryview]:
    """The buffers up to `limit` bytes in all."""
    chosen = []
    for buffer in buffers:
        if len(buffer) >= limit:
            chosen.append(buffer[:limit])
            break
        chosen.append(buffer)
        limit -= len(buffer)
    return chosen


def _readv_by_read(descriptor: int, buffers: Sequence[memoryview]) -> int:
    for buffer in buffers:
        if buffer:
            data = os.read(descriptor, len(buffer))
            buffer[: len(data)] = data
            return len(data)
    return 0


def _writev_by_write(descriptor: int, buffers: Sequence[memoryview]) -> int:
    for buffer in buffers:
        if buffer:
            return os.write(descriptor, buffer)
    return 0


# Windows has no scattered reads and writes; one buffer at a time is a short one.
_readv = getattr(os, "readv", _readv_by_read)
_writev = getattr(os, "writev", _writev_by_write)


def is_regular(descriptor: int) -> bool:
    """Whether it is a regular file, which is always ready."""
    return stat.S_ISREG(os.fstat(descriptor).st_mode)
