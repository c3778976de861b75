"""A tar archive as a filesystem that is read, and never changed."""

from __future__ import annotations

from bisect import bisect_right

from remit.filesystems.archive import (
    MAX_MEMBERS,
    Archive,
    DirectoryNode,
    FileNode,
    LeftOut,
    LinkNode,
    Refused,
    read_source,
)
from remit.filesystems.archive_source import PAGE_BYTES
from remit.filesystems.inodes import PATH_BYTES, encode_target
from remit.filesystems.unpacking import Input, stream_decompressor
from remit.kernel.errors import Code, KernelError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Callable
    from tarfile import TarInfo
    from typing import IO

    from remit.filesystems.archive import Node, Readable, Reader, Tree
    from remit.filesystems.archive_source import PageStore, Source
    from remit.filesystems.unpacking import Decompressor

MAX_BYTES = 1 << 30
"""The default of `max_bytes`. It is on the host's disk, but for the first 16 MiB."""

HEADER_BYTES = 1 << 20
"""What is read of the headers of one member: names, attributes, and where its holes are."""

MAX_STREAMS = 1 << 16
"""Packed streams, one after the other, that an archive is made of. Tools that pack in parallel make one for 64 KiB."""

_BLOCK = 512
_SECOND = 1_000_000_000
_ZERO = bytes(PAGE_BYTES)


class TarArchive(Archive):
    """What is in a tar archive, to be read: ``Tar("site.tar.gz")``.

    It may be packed by gzip, bzip2 or xz. Then it is unpacked as a whole when it is opened, into memory, and beyond
    16 MiB into a temporary file that has no name. Otherwise members are read where they are.

    Of several members with one name the last one counts, but a directory that has something in it stays. Slashes at the
    beginning of a name are dropped; left out are names with ``..``, with NUL, too long or not UTF-8, what is said to be
    in something that is no directory, devices and pipes, and hard links to what did not come before them. Symbolic
    links are links, and lead no further than the archive. Holes are read as zeros.

    Args:
        source: The archive: a path, bytes, or a binary file that can seek, which stays the caller's to close.
        max_bytes: What it may be when it is unpacked.
        max_members: How many members, directories and pieces of files with holes there may be.

    Raises:
        ValueError: It is no tar archive or a damaged one, or is larger than that.
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
        plain = self._plain()
        guard = _Guard(plain)
        try:
            self._read_members(plain, guard)
        except (OSError, MemoryError, Refused):
            raise
        except Exception as error:  # noqa: BLE001  (tarfile raises whatever damaged headers make of its code)
            if guard.refused:
                raise ValueError(guard.refused) from None
            raise ValueError(f"not a tar archive that can be read: {error}") from None

    def _plain(self) -> Readable:
        """The archive, unpacked if it was packed. ValueError; OSError."""
        source = self.source
        try:
            make = stream_decompressor(source.read(0, 6))
        except ImportError as error:
            raise ValueError(f"the archive cannot be unpacked by this Python: {error}") from None
        if make is None:
            return source
        try:
            return _UnpackedSource(source, self.store, make)
        except KernelError as error:
            if error.code is Code.NO_SPACE:
                raise ValueError(
                    f"the archive is larger than max_bytes={self.max_bytes} when unpacked, or: {error}"
                ) from None
            raise ValueError(f"the archive cannot be unpacked: {error}") from None

    def _read_members(self, plain: Readable, guard: _Guard) -> None:
        import tarfile

        tree = self.members
        with tarfile.open(fileobj=guard, mode="r:", encoding="utf-8", errors="surrogateescape") as file:  # type: ignore[call-overload]  # it needs no more of a file than that
            while True:
                guard.left = HEADER_BYTES
                member: TarInfo | None = file.next()
                if member is None:
                    break
                file.members.clear()  # It would keep all of them.
                self.members.count()
                pieces = _pieces(member, plain.size)
                try:
                    if member.islnk():
                        node = tree.find(member.linkname)
                        if isinstance(node, DirectoryNode):
                            raise LeftOut("a hard link to a directory")
                    else:
                        node = _node(member, pieces, plain, tree)
                    tree.put(member.name, node)
                except LeftOut as why:
                    tree.leave_out(member.name, why)
            end = plain.read(file.offset, _BLOCK)
            if end.strip(b"\0"):
                raise Refused(f"the archive is damaged at byte {file.offset}")


class _Guard:
    """The archive, as tarfile reads it: no more than so much for one member, however its headers are made."""

    __slots__ = ("_at", "_source", "left", "refused")

    def __init__(self, source: Readable) -> None:
        self._source = source
        self._at = 0
        self.left = HEADER_BYTES
        self.refused = ""

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + (0, self._at, self._source.size)[whence]
        if self._at < 0:
            raise ValueError("an offset before the beginning")
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, count: int = -1) -> bytes:
        left = max(self._source.size - self._at, 0)
        count = left if count < 0 else min(count, left)
        self.left -= max(count, _BLOCK)
        if self.left < 0:
            self.refused = f"the headers of one member have more than {HEADER_BYTES} bytes"
            raise ValueError(self.refused)
        data = self._source.read(self._at, count)
        self._at += len(data)
        return data

    def close(self) -> None:
        pass


class _UnpackedSource:
    """What a packed archive is when it is unpacked. Read as :class:`~remit.filesystems.archive_source.Source` is."""

    __slots__ = ("_pages", "_store", "size")

    def __init__(self, source: Source, store: PageStore, make: Callable[[], Decompressor]) -> None:
        self._store = store
        self._pages: list[int] = []
        self.size = 0
        fill = bytearray()
        at = streams = 0
        while at < source.size:
            if at and not (more := source.read(at, PAGE_BYTES)).strip(b"\0"):
                at += len(more) or source.size  # Padding after the end.
                continue
            streams += 1
            if streams > MAX_STREAMS:
                raise KernelError(Code.IO, f"more than {MAX_STREAMS} packed streams")
            packed = Input(source, at, source.size - at, make())
            while not packed.decompressor.eof:
                made = packed.unpack(PAGE_BYTES - len(fill))
                fill += made
                if len(fill) == PAGE_BYTES:
                    self._keep(fill)
            at = packed.behind
        if fill:
            self._keep(fill)

    def _keep(self, fill: bytearray) -> None:
        page = self._store.take()
        self._store.write(page, bytes(fill))
        self._pages.append(page)
        self.size += len(fill)
        fill.clear()

    def read(self, offset: int, count: int) -> bytes:
        """Up to `count` bytes, fewer only at the end. OSError."""
        count = min(count, self.size - offset)
        pieces = []
        while count > 0:
            page, start = divmod(offset, PAGE_BYTES)
            try:
                piece = self._store.read(self._pages[page], start, min(count, PAGE_BYTES - start))
            except KernelError as error:
                raise OSError(f"what was unpacked cannot be read: {error}") from None
            pieces.append(piece)
            offset += len(piece)
            count -= len(piece)
        return b"".join(pieces)


def _pieces(member: TarInfo, archive_size: int) -> list[tuple[int, int, int]]:
    """Where the bytes of a file are: offset in it, length, offset in the archive. Refused if they are not there."""
    if not member.isreg():
        return []
    if member.size < 0:
        raise Refused(f"the archive says that {member.name[:255]!r} has {member.size} bytes")
    sparse: list[tuple[int, int]] | None = member.sparse  # type: ignore[assignment]  # typeshed has it otherwise
    given = [(0, member.size)] if sparse is None else sparse
    pieces = []
    at = member.offset_data
    end = 0
    for offset, length in given:
        if length < 0 or offset < end or offset + length > member.size:
            raise Refused(f"the archive has holes in {member.name[:255]!r} that overlap")
        if length:
            pieces.append((offset, length, at))
        at += length
        end = offset + length
    if at > archive_size:
        raise Refused(f"the archive ends within {member.name[:255]!r}")
    return pieces


def _node(member: TarInfo, pieces: list[tuple[int, int, int]], plain: Readable, tree: Tree) -> Node:
    """What a member is. LeftOut; ValueError if there are too many pieces."""
    modified = _modified(member)
    if member.isdir():
        return DirectoryNode(modified)
    if member.issym():
        return _Link(member.linkname, modified)
    if not member.isreg():
        raise LeftOut("it is neither a file nor a directory nor a link")
    if member.size >= 2**63:
        raise LeftOut(f"a file of {member.size} bytes")
    if len(pieces) > 1:
        tree.count(len(pieces) - 1)
    return _File(member.size, modified, pieces, plain)


def _modified(member: TarInfo) -> int:
    seconds = member.mtime
    try:
        return int(seconds * _SECOND)
    except (OverflowError, ValueError):  # Headers can say "inf" and "nan".
        return 0


class _File(FileNode):
    __slots__ = ("_pieces", "_plain")

    def __init__(self, size: int, modified: int, pieces: list[tuple[int, int, int]], plain: Readable) -> None:
        super().__init__(size, modified)
        self._plain = plain
        self._pieces = pieces

    def begin(self, archive: Archive) -> Reader:
        return self

    def read(self, offset: int, count: int) -> bytes:
        """Up to `count` bytes that are there, at least one. KernelError."""
        number = bisect_right(self._pieces, offset, key=_offset_of) - 1
        if number >= 0:
            start, length, at = self._pieces[number]
            if offset < start + length:
                return read_source(self._plain, at + offset - start, min(count, start + length - offset))
        following = self._pieces[number + 1][0] if number + 1 < len(self._pieces) else self.size
        return _ZERO[: min(count, following - offset)]

    def close(self) -> None:
        """Nothing was opened."""


def _offset_of(piece: tuple[int, int, int]) -> int:
    return piece[0]


class _Link(LinkNode):
    __slots__ = ("_target",)

    def __init__(self, target: str, modified: int) -> None:
        try:
            encoded = encode_target(target)
        except UnicodeEncodeError:
            raise LeftOut("a link with a target that is no text") from None
        if not 0 < len(encoded) <= PATH_BYTES or b"\0" in encoded:
            raise LeftOut(f"a link with a target of {len(encoded)} bytes, or with NUL in it")
        super().__init__(len(encoded), modified)
        self._target = target

    def target(self, archive: Archive) -> str:
        return self._target
