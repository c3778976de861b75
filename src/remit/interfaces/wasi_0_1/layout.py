"""How structures lie in guest memory, and the constants, where the two previews differ and where they agree.

Source: ``typenames.witx`` of each version. All numbers are little-endian; padding is written as zeros.
"""

from __future__ import annotations

from struct import Struct

IOVEC = Struct("<II")
"""``iovec``, ``ciovec``: address, length."""

FDSTAT = Struct("<BxH4xQQ")
"""``fdstat``: filetype, flags, base rights, inheriting rights."""

PRESTAT = Struct("<B3xI")
"""``prestat``: tag, length of the name."""

DIRENT = Struct("<QQIB3x")
"""``dirent``: next cookie, inode, length of the name (which follows), filetype."""

EVENT = Struct("<QHB5xQH6x")
"""``event``: userdata, error, type, number of bytes, flags."""

SUBSCRIPTION_HEAD = Struct("<QB7xI")
"""``subscription``: userdata, type, and the descriptor if that type has one."""


class Layout:
    """What one preview does its own way."""

    __slots__ = ("clock", "filestat", "rights", "seek_current", "seek_end", "seek_set", "subscription_size")

    def __init__(
        self,
        *,
        filestat: str,
        clock: str,
        subscription_size: int,
        seek_set: int,
        seek_current: int,
        seek_end: int,
        rights: int,
    ) -> None:
        self.filestat = Struct(filestat)
        """``filestat``: device, inode, filetype, links, size, accessed, modified, changed."""
        self.clock = Struct(clock)
        """``subscription`` to a clock: userdata, type, clock, timeout, precision, flags."""
        self.subscription_size = subscription_size
        self.seek_set = seek_set
        self.seek_current = seek_current
        self.seek_end = seek_end
        self.rights = rights
        """The rights that this version knows."""
