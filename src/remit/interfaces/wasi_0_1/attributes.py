"""``fd_*`` that concern the file behind a descriptor: attributes, size, times, stable storage."""

from __future__ import annotations

from remit.interfaces.wasi_0_1.guest_memory import MAX_U64, check
from remit.interfaces.wasi_0_1.io import MAX_OFFSET
from remit.interfaces.wasi_0_1.types import file_type, times
from remit.kernel.errors import Code, KernelError
from remit.kernel.files import Advice
from remit.kernel.rights import (
    FILE_ADVISE,
    FILE_ALLOCATE,
    FILE_DATASYNC,
    FILE_RESIZE,
    FILE_SET_TIMES,
    FILE_STAT,
    FILE_SYNC,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.engine.api import Memory
    from remit.interfaces.wasi_0_1.layout import Layout
    from remit.kernel.descriptors import OpenDirectory, OpenFile
    from remit.kernel.files import Node, Stat
    from remit.kernel.process import Process

ADVICE = (
    Advice.NORMAL,
    Advice.SEQUENTIAL,
    Advice.RANDOM,
    Advice.WILL_NEED,
    Advice.DONT_NEED,
    Advice.NO_REUSE,
)
"""``advice``, by number."""


def node_of(entry: OpenFile | OpenDirectory) -> Node:
    """The file or directory behind a descriptor."""
    return entry.directory if entry.is_directory else entry.file


def filestat(layout: Layout, stat: Stat, kind: int) -> bytes:
    """A ``filestat``. A time before the epoch or beyond the range becomes its nearest end: files may have any time."""
    return layout.filestat.pack(
        stat.device & MAX_U64,
        stat.inode & MAX_U64,
        kind,
        min(stat.links, 0xFFFF_FFFF),
        stat.size,
        min(max(stat.accessed, 0), MAX_U64),
        min(max(stat.modified, 0), MAX_U64),
        min(max(stat.changed, 0), MAX_U64),
    )


def make_fd_filestat_get(layout: Layout) -> Callable[..., None]:
    """``fd_filestat_get``, with the ``filestat`` of a version."""
    size = layout.filestat.size

    def fd_filestat_get(process: Process, memory: Memory, fd: int, filestat_ptr: int) -> None:
        """Write the attributes of an open file or directory."""
        view = memory.view()
        check(view, filestat_ptr, size)
        node = node_of(process.descriptors.any(fd, FILE_STAT))
        stat = node.stat()
        view[filestat_ptr : filestat_ptr + size] = filestat(layout, stat, file_type(stat.type, node))

    return fd_filestat_get


def fd_filestat_set_size(process: Process, fd: int, size: int) -> None:
    """Cut a file, or lengthen it with zeros."""
    entry = process.descriptors.file(fd, FILE_RESIZE)
    if size > MAX_OFFSET:
        raise KernelError(Code.FILE_TOO_LARGE)
    entry.file.resize(size)


def fd_filestat_set_times(process: Process, fd: int, accessed: int, modified: int, fstflags: int) -> None:
    """Set the times of an open file or directory."""
    wanted = times(accessed, modified, fstflags)
    node_of(process.descriptors.any(fd, FILE_SET_TIMES)).set_times(*wanted)


def fd_advise(process: Process, fd: int, offset: int, length: int, advice: int) -> None:
    """Say how a part of a file will be used. SEEK for a stream."""
    if advice >= len(ADVICE):
        raise KernelError(Code.INVALID, f"advice {advice}")
    entry = process.descriptors.file(fd, 0)
    if not entry.file.seekable:
        raise KernelError(Code.SEEK)
    if not entry.rights & FILE_ADVISE:
        raise KernelError(Code.NOT_CAPABLE)
    if offset > MAX_OFFSET or length > MAX_OFFSET:
        raise KernelError(Code.INVALID)
    entry.file.advise(offset, length, ADVICE[advice])


def fd_allocate(process: Process, fd: int, offset: int, length: int) -> None:
    """Make sure that a range of a file can be written; it becomes part of the file."""
    entry = process.descriptors.file(fd, FILE_ALLOCATE)
    if not length:
        raise KernelError(Code.INVALID)
    if offset + length > MAX_OFFSET:
        raise KernelError(Code.FILE_TOO_LARGE)
    entry.file.allocate(offset, length)


def fd_datasync(process: Process, fd: int) -> None:
    """Return when the data is on stable storage."""
    node_of(process.descriptors.any(fd, FILE_DATASYNC)).sync(data_only=True)


def fd_sync(process: Process, fd: int) -> None:
    """Return when data and attributes are on stable storage."""
    node_of(process.descriptors.any(fd, FILE_SYNC)).sync(data_only=False)
