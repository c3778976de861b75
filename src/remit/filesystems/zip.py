"""A zip archive as a filesystem that is read, and never changed."""

from __future__ import annotations

import stat
from calendar import timegm
from struct import Struct

from remit.filesystems.archive import (
    MAX_MEMBERS,
    Archive,
    DirectoryNode,
    FileNode,
    LeftOut,
    LinkNode,
    Refused,
    UnpackedReader,
    read_source,
)
from remit.filesystems.archive_source import Source
from remit.filesystems.inodes import PATH_BYTES
from remit.filesystems.unpacking import (
    BZIP2_COST,
    DEFLATE_COST,
    LZMA_COST,
    MAX_DICTIONARY,
    SLACK_BYTES,
    Inflater,
    Input,
    Unpacked,
)
from remit.kernel.errors import Code, KernelError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from typing import IO
    from zipfile import ZipInfo

    from remit.filesystems.archive import Node, Reader
    from remit.filesystems.unpacking import Decompressor

MAX_BYTES = 256 << 20
"""The default of `max_bytes`: a second of deflate, some of bzip2. On the host's disk, but for the first 16 MiB."""

DIRECTORY_BYTES = 64 << 20
"""The largest central directory that is read."""

_END = b"PK\x05\x06"
_END_BYTES = 22 + 0xFFFF
_LOCAL_HEAD = b"PK\x03\x04"
_ENTRY = b"PK\x01\x02"
_LOCAL = Struct("<4s22xHH")
_UNIX = 3
_ENCRYPTED = 0x01 | 0x40
_PATCHED = 0x20
_STORED, _DEFLATED, _BZIP2, _LZMA = 0, 8, 12, 14
_TIMES = 0x5455
_SECOND = 1_000_000_000


class ZipArchive(Archive):
    """What is in a zip archive, to be read: ``Zip("site.zip")``.

    A packed member is unpacked as far as it is read and kept while it is open, so that it can be read at any offset:
    in memory, and beyond 16 MiB in a temporary file that has no name. Reading the end first takes as long as unpacking
    it all; `max_bytes` is also what keeps that short. Members that are stored as they are, are read in the archive.
    Checksums are compared where a member was read from its beginning to its end.

    The central directory says what there is. Of several members with one name the last one counts. Slashes at the
    beginning of a name are dropped; left out are names with ``..``, with NUL or too long, what is said to be in
    something that is no directory, and devices. Symbolic links are links, and lead no further than the archive.
    Times are taken for UTC where an archive does not say which zone they are of.

    To a program, damaged members are IO when they are read; encrypted ones are ACCESS, those that are packed otherwise
    than by deflate, bzip2 or LZMA are NOT_SUPPORTED, and packed ones larger than `max_bytes` are FILE_TOO_LARGE.

    Args:
        source: The archive: a path, bytes, or a binary file that can seek, which stays the caller's to close.
        max_bytes: What may be unpacked at a time, of all members that are open. NO_SPACE beyond.
        max_members: How many members and directories there may be.

    Raises:
        ValueError: It is no zip archive, or has too many members.
        OSError: It cannot be read.
    """

    __slots__ = ()

    def __init__(
        self,
        source: str | os.PathLike[str] | bytes | bytearray | memoryview | IO[bytes],
        *,
        max_bytes: int = MAX_BYTES,
        max_members: int = MAX_MEMBERS,
    ) -> None:
        super().__init__(source, max_bytes, max_members)

    def index(self) -> None:
        from zipfile import ZipFile

        guard = _Guard(self.source, self.members.most)
        try:
            # It reads the central directory and nothing else.
            with ZipFile(guard) as file:
                members: list[ZipInfo] = file.infolist()
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001  (zipfile raises whatever damaged bytes make of its code)
            if guard.failure is not None:
                raise guard.failure from None
            raise ValueError(f"not a zip archive that can be read: {error}") from None
        for member in members:
            self.members.count()
            # zipfile's own `filename` ends at a NUL.
            name = member.orig_filename
            try:
                self.members.put(name, _node(name, member))
            except LeftOut as why:
                self.members.leave_out(name, why)


def is_zip(path: str) -> bool:
    """Whether the file at `path` begins as most zip archives do, or ends as all do. ValueError for no file; OSError.

    What is a tar archive by its beginning is none, though it may end with a member that is one.
    """
    source = Source(path)
    try:
        head = source.read(0, 512)
        if head.startswith((_LOCAL_HEAD, _END)):
            return True
        return head[257:262] != b"ustar" and _END in source.read(max(source.size - _END_BYTES, 0), _END_BYTES)
    finally:
        source.close()


class _Guard:
    """The archive, as zipfile reads it. It refuses what would take too much."""

    __slots__ = ("_at", "_most", "_source", "failure")

    def __init__(self, source: Source, most: int) -> None:
        self._source = source
        self._most = most
        self._at = 0
        self.failure: Exception | None = None
        """What zipfile must not take for damage of the archive."""

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + (0, self._at, self._source.size)[whence]
        if self._at < 0:
            raise OSError("an offset before the beginning")  # As files do: zipfile relies on it.
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, count: int = -1) -> bytes:
        left = max(self._source.size - self._at, 0)
        count = left if count < 0 else min(count, left)
        if count > DIRECTORY_BYTES:
            self.failure = Refused(f"the directory of the archive has {count} bytes, more than {DIRECTORY_BYTES}")
            raise self.failure
        try:
            data = self._source.read(self._at, count)
        except OSError as error:
            self.failure = error
            raise
        self._at += len(data)
        # Before zipfile makes an object of each.
        if data.count(_ENTRY) > self._most:
            self.failure = Refused(f"the archive has more than max_members={self._most} members")
            raise self.failure
        return data

    def close(self) -> None:
        pass


def _node(name: str, member: ZipInfo) -> Node:
    """What a member is. LeftOut."""
    modified = _modified(member)
    mode = member.external_attr >> 16 if member.create_system == _UNIX else 0
    kind = stat.S_IFMT(mode)
    if name.endswith("/") or kind == stat.S_IFDIR:
        return DirectoryNode(modified)
    if kind == stat.S_IFLNK:
        if not 0 < member.file_size <= PATH_BYTES:
            raise LeftOut(f"a link with a target of {member.file_size} bytes")
        return _Link(member, modified)
    if kind not in (0, stat.S_IFREG):
        raise LeftOut("it is neither a file nor a directory nor a link")
    if not 0 <= member.file_size < 2**63:
        raise LeftOut(f"a file of {member.file_size} bytes")
    return _File(member, modified)


def _modified(member: ZipInfo) -> int:
    """Nanoseconds, of the field that has them in UTC, or else of the one in which DOS had them."""
    extra = member.extra
    while len(extra) >= 4:
        kind, length = int.from_bytes(extra[:2], "little"), int.from_bytes(extra[2:4], "little")
        if kind == _TIMES and length >= 5 and len(extra) >= 9 and extra[4] & 1:
            return int.from_bytes(extra[5:9], "little", signed=True) * _SECOND
        extra = extra[4 + length :]
    year, month, day, hour, minute, second = member.date_time
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return 0
    return timegm((year, month, day, hour, minute, second)) * _SECOND


class _Place:
    """Where a member is, and how it is packed."""

    __slots__ = ("_at", "_crc", "_flags", "_method", "_packed_size", "_size")

    def __init__(self, member: ZipInfo) -> None:
        self._at = member.header_offset
        self._flags = member.flag_bits
        self._method = member.compress_type
        self._packed_size = member.compress_size
        self._size = member.file_size
        self._crc = member.CRC

    def begin(self, archive: Archive) -> Reader:
        """What reads it. KernelError if it cannot be."""
        if self._flags & _ENCRYPTED:
            raise KernelError(Code.ACCESS, "the member is encrypted")
        if self._flags & _PATCHED or self._method not in (_STORED, _DEFLATED, _BZIP2, _LZMA):
            raise KernelError(Code.NOT_SUPPORTED, f"the member is packed by method {self._method}")
        if self._method == _STORED:
            return _StoredReader(self, archive.source)
        if self._size > archive.max_bytes:
            raise KernelError(Code.FILE_TOO_LARGE, f"{self._size} bytes, more than max_bytes={archive.max_bytes}")
        if self._packed_size > 2 * self._size + SLACK_BYTES:
            raise KernelError(Code.IO, f"{self._packed_size} packed bytes for {self._size}")
        return UnpackedReader(Unpacked(archive.store, self._size, self._crc, lambda: self._input(archive.source)))

    def start(self, source: Source) -> int:
        """Where its bytes begin. KernelError."""
        if not 0 <= self._at < source.size or self._packed_size < 0:
            raise KernelError(Code.IO, "the member is not in the archive")
        head = read_source(source, self._at, _LOCAL.size)
        if len(head) < _LOCAL.size or not head.startswith(_LOCAL_HEAD):
            raise KernelError(Code.IO, "the member does not begin where it is said to")
        _, name, extra = _LOCAL.unpack(head)
        start: int = self._at + _LOCAL.size + name + extra
        if start + self._packed_size > source.size:
            raise KernelError(Code.IO, "the member ends after the archive")
        return start

    def _input(self, source: Source) -> Input:
        start, length = self.start(source), self._packed_size
        decompressor: Decompressor
        try:
            if self._method == _LZMA:
                return _lzma_input(source, start, length, self._size)
            if self._method == _BZIP2:
                import bz2

                decompressor, cost = bz2.BZ2Decompressor(), BZIP2_COST
            else:
                decompressor, cost = Inflater(-15), DEFLATE_COST
        except ImportError as error:
            raise KernelError(Code.NOT_SUPPORTED, str(error)) from None
        return Input(source, start, length, decompressor, cost)

    def all(self, archive: Archive) -> bytes:
        """What is in it. KernelError."""
        reader = self.begin(archive)
        try:
            data = b""
            while len(data) < self._size:
                data += reader.read(len(data), self._size - len(data))
            return data
        finally:
            reader.close()


def _lzma_input(source: Source, start: int, length: int, size: int) -> Input:
    """LZMA in a zip archive begins with its settings, and has them in no form that the library reads by itself."""
    import lzma

    head = read_source(source, start, 9)
    if len(head) < 9 or head[2:4] != b"\x05\x00" or head[4] >= 225 or length < 9:
        raise KernelError(Code.IO, "damaged settings of LZMA")
    positions, contexts = divmod(head[4], 9)
    pb, lp = divmod(positions, 5)
    # More of it than the member has is never used.
    dictionary = max(min(int.from_bytes(head[5:9], "little"), size), 4096)
    if dictionary > MAX_DICTIONARY:
        raise KernelError(Code.NOT_SUPPORTED, f"a dictionary of {dictionary} bytes, more than {MAX_DICTIONARY}")
    settings = {"id": lzma.FILTER_LZMA1, "dict_size": dictionary, "lc": contexts, "lp": lp, "pb": pb}
    try:
        decompressor = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[settings])
    except (lzma.LZMAError, ValueError) as error:
        raise KernelError(Code.IO, f"damaged settings of LZMA: {error}") from None
    return Input(source, start + 9, length - 9, decompressor, LZMA_COST + dictionary)


class _File(FileNode):
    __slots__ = ("_place",)

    def __init__(self, member: ZipInfo, modified: int) -> None:
        super().__init__(member.file_size, modified)
        self._place = _Place(member)

    def begin(self, archive: Archive) -> Reader:
        return self._place.begin(archive)


class _Link(LinkNode):
    __slots__ = ("_place",)

    def __init__(self, member: ZipInfo, modified: int) -> None:
        super().__init__(member.file_size, modified)
        self._place = _Place(member)

    def target(self, archive: Archive) -> str:
        data = self._place.all(archive)
        if b"\0" in data:
            raise KernelError(Code.IO, "a link with NUL in its target")
        return data.decode("utf-8", "surrogateescape")


class _StoredReader:
    """Reads a member that is in the archive as it is."""

    __slots__ = ("_checked", "_crc", "_place", "_source", "_start")

    def __init__(self, place: _Place, source: Source) -> None:
        if place._packed_size != place._size:
            raise KernelError(Code.IO, "two sizes of a member that is not packed")
        self._place = place
        self._source = source
        self._start = place.start(source)
        self._checked = 0
        self._crc = 0

    def read(self, offset: int, count: int) -> bytes:
        import zlib

        size = self._place._size
        data = read_source(self._source, self._start + offset, min(count, size - offset))
        if offset <= self._checked < offset + len(data):
            self._crc = zlib.crc32(memoryview(data)[self._checked - offset :], self._crc)
            self._checked = offset + len(data)
            if self._checked == size and self._crc != self._place._crc:
                self._checked, self._crc = 0, 0
                raise KernelError(Code.IO, "the checksum is wrong")
        return data

    def close(self) -> None:
        pass
