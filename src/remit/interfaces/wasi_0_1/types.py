"""Numbers of WASI 0.1 that stand for kernel values: file types, descriptor flags, times to set."""

from __future__ import annotations

from remit.kernel.descriptors import SYNC_ALL, SYNC_DATA, SYNC_READS
from remit.kernel.errors import Code, KernelError
from remit.kernel.files import NOW, FileType
from remit.kernel.sockets import Socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.kernel.descriptors import OpenFile
    from remit.kernel.files import Node

FILETYPE_DIRECTORY = 3
FILETYPE_SOCKET_DGRAM = 5

FILETYPE: dict[FileType, int] = {
    FileType.UNKNOWN: 0,
    FileType.BLOCK_DEVICE: 1,
    FileType.CHARACTER_DEVICE: 2,
    FileType.DIRECTORY: FILETYPE_DIRECTORY,
    FileType.FIFO: 0,  # WASI 0.1 has no number for it
    FileType.REGULAR_FILE: 4,
    FileType.SOCKET: 6,
    FileType.SYMBOLIC_LINK: 7,
}
"""``filetype``; a socket counts as a byte stream unless more is known."""

FDFLAGS_APPEND = 1
FDFLAGS_DSYNC = 2
FDFLAGS_NONBLOCK = 4
FDFLAGS_RSYNC = 8
FDFLAGS_SYNC = 16
FDFLAGS = FDFLAGS_APPEND | FDFLAGS_DSYNC | FDFLAGS_NONBLOCK | FDFLAGS_RSYNC | FDFLAGS_SYNC

LOOKUP_FOLLOW = 1

_ATIM = 1
_ATIM_NOW = 2
_MTIM = 4
_MTIM_NOW = 8


def file_type(type: FileType, node: Node) -> int:
    """The ``filetype`` of an open node of that type."""
    if type is FileType.SOCKET and isinstance(node, Socket) and node.datagram:
        return FILETYPE_SOCKET_DGRAM
    return FILETYPE[type]


def flags_of(entry: OpenFile) -> int:
    """The ``fdflags`` of an open file."""
    flags = 0
    if entry.append:
        flags |= FDFLAGS_APPEND
    if entry.nonblock:
        flags |= FDFLAGS_NONBLOCK
    sync = entry.sync
    if sync:
        if sync & SYNC_DATA:
            flags |= FDFLAGS_DSYNC
        if sync & SYNC_READS:
            flags |= FDFLAGS_RSYNC
        if sync & SYNC_ALL:
            flags |= FDFLAGS_SYNC
    return flags


def set_flags(entry: OpenFile, flags: int) -> None:
    """Use an open file as valid ``fdflags`` say."""
    entry.append = bool(flags & FDFLAGS_APPEND)
    entry.nonblock = bool(flags & FDFLAGS_NONBLOCK)
    sync = 0
    if flags & FDFLAGS_DSYNC:
        sync |= SYNC_DATA
    if flags & FDFLAGS_RSYNC:
        sync |= SYNC_READS
    if flags & FDFLAGS_SYNC:
        sync |= SYNC_ALL
    entry.sync = sync


def follows(lookupflags: int) -> bool:
    """Whether ``lookupflags`` ask to follow a link at the end of a path. INVALID for unknown flags."""
    if lookupflags & ~LOOKUP_FOLLOW:
        raise KernelError(Code.INVALID, f"lookupflags {lookupflags:#x}")
    return lookupflags == LOOKUP_FOLLOW


def times(accessed: int, modified: int, fstflags: int) -> tuple[int | None, int | None]:
    """The times that ``fstflags`` ask to set. INVALID for a time that is asked to be both given and now."""
    if fstflags > 15 or fstflags & 3 == 3 or fstflags & 12 == 12:
        raise KernelError(Code.INVALID, f"fstflags {fstflags:#x}")
    return (
        NOW if fstflags & _ATIM_NOW else accessed if fstflags & _ATIM else None,
        NOW if fstflags & _MTIM_NOW else modified if fstflags & _MTIM else None,
    )
