"""``fd_*`` that concern the descriptor itself: closing, renumbering, flags, rights, position, and what was granted."""

from __future__ import annotations

from remit.interfaces.wasi_0_1.guest_memory import U64, check, slice_of
from remit.interfaces.wasi_0_1.io import MAX_OFFSET
from remit.interfaces.wasi_0_1.layout import FDSTAT, PRESTAT
from remit.interfaces.wasi_0_1.types import FDFLAGS, FILETYPE_DIRECTORY, file_type, flags_of, set_flags
from remit.kernel.errors import Code, KernelError
from remit.kernel.rights import FILE_SEEK, FILE_SET_FLAGS, FILE_TELL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.engine.api import Memory
    from remit.interfaces.wasi_0_1.layout import Layout
    from remit.kernel.descriptors import OpenFile
    from remit.kernel.process import Process

PREOPENTYPE_DIR = 0


def fd_close(process: Process, fd: int) -> None:
    """Close a descriptor, one that was granted included."""
    process.descriptors.close(fd)


def fd_renumber(process: Process, fd: int, to: int) -> None:
    """Move a descriptor onto another, which is closed. Both must be open."""
    process.descriptors.renumber(fd, to)


def fd_prestat_get(process: Process, memory: Memory, fd: int, prestat_ptr: int) -> None:
    """Describe a directory that was granted. BAD_DESCRIPTOR for everything else, which ends a program's search."""
    view = memory.view()
    check(view, prestat_ptr, PRESTAT.size)
    entry = process.descriptors.get(fd)
    if not entry.is_directory or entry.preopen is None:
        raise KernelError(Code.BAD_DESCRIPTOR)
    PRESTAT.pack_into(view, prestat_ptr, PREOPENTYPE_DIR, len(entry.preopen.encode()))


def fd_prestat_dir_name(process: Process, memory: Memory, fd: int, path: int, path_len: int) -> None:
    """Write the guest path of a directory that was granted. NAME_TOO_LONG if it does not fit."""
    target = slice_of(memory.view(), path, path_len)
    entry = process.descriptors.get(fd)
    if not entry.is_directory or entry.preopen is None:
        raise KernelError(Code.NOT_DIRECTORY)
    name = entry.preopen.encode()
    if len(name) > path_len:
        raise KernelError(Code.NAME_TOO_LONG)
    target[: len(name)] = name


def make_fd_fdstat_get(layout: Layout) -> Callable[..., None]:
    """``fd_fdstat_get``, showing the rights that a version knows."""

    def fd_fdstat_get(process: Process, memory: Memory, fd: int, fdstat_ptr: int) -> None:
        """Write the type, the flags and the rights of a descriptor."""
        view = memory.view()
        check(view, fdstat_ptr, FDSTAT.size)
        entry = process.descriptors.get(fd)
        if entry.is_directory:
            kind, flags = FILETYPE_DIRECTORY, 0
        else:
            kind, flags = file_type(entry.type, entry.file), flags_of(entry)
        known = layout.rights
        FDSTAT.pack_into(view, fdstat_ptr, kind, flags, entry.rights & known, entry.inheriting & known)

    return fd_fdstat_get


def fd_fdstat_set_flags(process: Process, fd: int, flags: int) -> None:
    """Set append, non-blocking and sync mode anew."""
    if flags & ~FDFLAGS:
        raise KernelError(Code.INVALID, f"fdflags {flags:#x}")
    set_flags(process.descriptors.file(fd, FILE_SET_FLAGS), flags)


def fd_fdstat_set_rights(process: Process, fd: int, base: int, inheriting: int) -> None:
    """Give up rights. NOT_CAPABLE to ask for one that the descriptor does not have."""
    entry = process.descriptors.get(fd)
    if base & ~entry.rights or inheriting & ~entry.inheriting:
        raise KernelError(Code.NOT_CAPABLE)
    entry.rights = base
    entry.inheriting = inheriting


def make_fd_seek(layout: Layout) -> Callable[..., None]:
    """``fd_seek``, with the ``whence`` of a version."""
    from_start, from_position, from_end = layout.seek_set, layout.seek_current, layout.seek_end

    def fd_seek(process: Process, memory: Memory, fd: int, delta: int, whence: int, position_ptr: int) -> None:
        """Move the position. INVALID before the start; OVERFLOW beyond what can be expressed; SEEK for a stream."""
        if delta > MAX_OFFSET:
            delta -= 1 << 64
        still = whence == from_position and delta == 0
        entry = _seekable(process, fd, FILE_TELL if still else FILE_SEEK)
        view = memory.view()
        if position_ptr + 8 > len(view):
            raise KernelError(Code.FAULT)
        if whence == from_position:
            position = entry.position + delta
        elif whence == from_start:
            position = delta
        elif whence == from_end:
            position = entry.file.stat().size + delta
        else:
            raise KernelError(Code.INVALID, f"whence {whence}")
        if position < 0:
            raise KernelError(Code.INVALID)
        if position > MAX_OFFSET:
            raise KernelError(Code.OVERFLOW)
        entry.position = position
        U64.pack_into(view, position_ptr, position)

    return fd_seek


def fd_tell(process: Process, memory: Memory, fd: int, position_ptr: int) -> None:
    """Write the position. SEEK for a stream."""
    entry = _seekable(process, fd, FILE_TELL)
    view = memory.view()
    check(view, position_ptr, 8)
    U64.pack_into(view, position_ptr, entry.position)


def _seekable(process: Process, fd: int, needed: int) -> OpenFile:
    """The file whose position is meant; the right to seek includes the right to tell."""
    entry = process.descriptors.file(fd, 0)
    if not entry.file.seekable:
        raise KernelError(Code.SEEK)
    if not entry.rights & (needed | FILE_SEEK):
        raise KernelError(Code.NOT_CAPABLE)
    return entry
