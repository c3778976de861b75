"""What ``wasi:filesystem/types`` calls the kernel's values: types, attributes, times, ways to open."""

from __future__ import annotations

from _struct import Struct

from remit.interfaces.wasi_0_2.clocks import SECOND, datetime_of
from remit.interfaces.wasi_0_2.file_streams import MAX_OFFSET
from remit.interfaces.wasi_0_2.opened import FLAG_READ, FLAG_WRITE
from remit.kernel.errors import Code, KernelError
from remit.kernel.files import NOW, Advice, FileType, How

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from remit.interfaces.wasi_0_2.clocks import Datetime
    from remit.kernel.files import DirectoryEntry, Stat

DESCRIPTOR_TYPE = {
    FileType.UNKNOWN: "unknown",
    FileType.BLOCK_DEVICE: "block-device",
    FileType.CHARACTER_DEVICE: "character-device",
    FileType.DIRECTORY: "directory",
    FileType.FIFO: "fifo",
    FileType.SYMBOLIC_LINK: "symbolic-link",
    FileType.REGULAR_FILE: "regular-file",
    FileType.SOCKET: "socket",
}

ADVICE = {
    "normal": Advice.NORMAL,
    "sequential": Advice.SEQUENTIAL,
    "random": Advice.RANDOM,
    "will-need": Advice.WILL_NEED,
    "dont-need": Advice.DONT_NEED,
    "no-reuse": Advice.NO_REUSE,
}

OPEN_CREATE = 1
OPEN_DIRECTORY = 2
OPEN_EXCLUSIVE = 4
OPEN_TRUNCATE = 8
"""``open-flags``."""

_IDENTITY = Struct("<QQ")
_MAX_U64 = (1 << 64) - 1


class DescriptorStat:
    """A ``descriptor-stat``."""

    __slots__ = (
        "data_access_timestamp",
        "data_modification_timestamp",
        "link_count",
        "size",
        "status_change_timestamp",
        "type",
    )

    def __init__(self, stat: Stat) -> None:
        self.type = DESCRIPTOR_TYPE[stat.type]
        self.link_count = stat.links
        self.size = stat.size
        self.data_access_timestamp = datetime_of(stat.accessed)
        self.data_modification_timestamp = datetime_of(stat.modified)
        self.status_change_timestamp = datetime_of(stat.changed)


class MetadataHash:
    """A ``metadata-hash-value``: the same for all names of a file, whatever is written to it, and telling nothing else.

    Programs made for WASI 0.1 get it as the number of the inode, so it must not change with the file.
    """

    __slots__ = ("lower", "upper")

    def __init__(self, stat: Stat, key: bytes) -> None:
        from _blake2 import blake2b  # hashlib costs 2 ms

        identity = _IDENTITY.pack(stat.device & _MAX_U64, stat.inode & _MAX_U64)
        self.lower, self.upper = _IDENTITY.unpack(blake2b(identity, digest_size=16, key=key).digest())


class DirectoryRow:
    """A ``directory-entry``."""

    __slots__ = ("name", "type")

    def __init__(self, entry: DirectoryEntry) -> None:
        self.type = DESCRIPTOR_TYPE[entry.type]
        self.name = entry.name


def how_of(open_flags: int, flags: int) -> int:
    """The kernel's, of ``open-flags`` and ``descriptor-flags``."""
    # What is not opened for writing is opened for reading, whether that was asked for or not: there is no third way.
    how = How.READ if flags & FLAG_READ or not flags & FLAG_WRITE else 0
    if flags & FLAG_WRITE:
        how |= How.WRITE
    if open_flags & OPEN_CREATE:
        how |= How.CREATE
        if open_flags & OPEN_EXCLUSIVE:
            how |= How.EXCLUSIVE
    if open_flags & OPEN_TRUNCATE:
        how |= How.TRUNCATE | How.WRITE
    return how


def time_of(wanted: Any) -> int | None:
    """A ``new-timestamp``, as the kernel takes it."""
    if wanted.label == "no-change":
        return None
    if wanted.label == "now":
        return NOW
    when: Datetime = wanted.value
    if when.nanoseconds >= SECOND:
        raise KernelError(Code.INVALID, "a second has 10**9 nanoseconds")
    time = when.seconds * SECOND + when.nanoseconds
    if time > MAX_OFFSET:
        raise KernelError(Code.OVERFLOW)
    return time
