"""What zip and tar archives have in common: the tree that their members make, and the handles on it.

The tree is made when the archive is opened, from names that may be anything; members are read when they are read.
Nothing is ever extracted to the host by a name.
"""

from __future__ import annotations

import _thread

from remit.filesystems.archive_source import PageStore, Source
from remit.filesystems.direct import DirectAccess
from remit.filesystems.inodes import PATH_BYTES, check_range
from remit.filesystems.unchangeable import UnchangeableDirectory, UnchangeableFile
from remit.kernel.errors import Code, KernelError
from remit.kernel.files import Directory, DirectoryEntry, File, FileType, Stat
from remit.kernel.limits import whole_number
from remit.kernel.resolver import MAX_NAME_BYTES, check_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType
    from typing import Any, Protocol

    from remit.filesystems.unpacking import Unpacked

    class Readable(Protocol):
        """An archive's bytes, unpacked or not."""

        size: int

        def read(self, offset: int, count: int) -> bytes: ...

    class Reader(Protocol):
        """What reads one member, as long as somebody has it open."""

        def read(self, offset: int, count: int) -> bytes:
            """Up to `count` bytes, at least one. KernelError."""

        def close(self) -> None:
            """Nobody has it open any more."""


MAX_MEMBERS = 100_000
"""The default of `max_members`: at most 160 MB, and as much again while the archive is opened."""

TOLD = 100
"""Members that are left out, and told of."""

_READ_BYTES = 16 << 20
"""Bytes that one read moves."""

_LATEST = 2**63 - 1

# Device numbers tell filesystems apart in `Stat`; these are far from the host's, from memory's and from mounts'.
_devices = iter(range(1 << 61, 1 << 62))


class LeftOut(Exception):
    """A member is not served, and why."""


class Refused(ValueError):
    """Why an archive is not opened."""


class Node:
    """What a name in an archive denotes."""

    __slots__ = ("links", "modified", "number")

    type = FileType.UNKNOWN
    size = 0

    def __init__(self, modified: int) -> None:
        self.number = 0
        self.links = 0
        self.modified = max(min(modified, _LATEST), -_LATEST)


class FileNode(Node):
    """A regular file. Subclasses read it."""

    __slots__ = ("handles", "reader", "size")

    type = FileType.REGULAR_FILE

    def __init__(self, size: int, modified: int) -> None:
        super().__init__(modified)
        self.size = size
        self.handles = 0
        self.reader: Reader | None = None

    def begin(self, archive: Archive) -> Reader:
        """What reads it. KernelError if that cannot be."""
        raise NotImplementedError


class LinkNode(Node):
    """A symbolic link. Subclasses know where it points."""

    __slots__ = ("size",)

    type = FileType.SYMBOLIC_LINK

    def __init__(self, size: int, modified: int) -> None:
        super().__init__(modified)
        self.size = size

    def target(self, archive: Archive) -> str:
        """Where it points. KernelError."""
        raise NotImplementedError


class DirectoryNode(Node):
    """A directory, which may be there only because something is said to be in it."""

    __slots__ = ("children",)

    type = FileType.DIRECTORY

    def __init__(self, modified: int) -> None:
        super().__init__(modified)
        self.links = 2
        self.children: dict[str, Node] = {}


class Tree:
    """The names of an archive, put in one after the other as tools that extract it would."""

    __slots__ = ("_count", "_last_number", "_root_given", "left_out", "most", "root")

    def __init__(self, most: int) -> None:
        self.most = most
        self._count = 0
        self._last_number = 0
        self.left_out: list[str] = []
        self.root = DirectoryNode(0)
        self._root_given = False
        self._number(self.root)

    def count(self, more: int = 1) -> None:
        """Count members, directories on the way to them, and pieces of files. Refused if they are too many."""
        self._count += more
        if self._count > self.most:
            raise Refused(f"the archive has more than max_members={self.most} members and directories")

    def leave_out(self, name: str, why: object) -> None:
        """Note that a member is not served."""
        if len(self.left_out) < TOLD:
            self.left_out.append(f"{name[:MAX_NAME_BYTES]!r}: {why}")

    def put(self, name: str, node: Node) -> None:
        """Make `name` denote `node`. LeftOut; Refused."""
        names = clean(name)
        if not names:
            if not isinstance(node, DirectoryNode):
                raise LeftOut("it would replace the root")
            self.root.modified = node.modified
            self._root_given = True
            return
        if not self._root_given:
            self.root.modified = max(self.root.modified, node.modified)
        directory = self._way_to(names, node.modified)
        present = directory.children.get(names[-1])
        if isinstance(present, DirectoryNode):
            if isinstance(node, DirectoryNode):
                present.modified = node.modified
                return
            if present.children:
                raise LeftOut("a directory that is not empty has this name")
        if present is node:
            return
        if present is not None:
            self._remove(directory, names[-1], present)
        self._add(directory, names[-1], node)

    def find(self, name: str) -> Node:
        """What `name` denotes until now, links not followed. LeftOut."""
        node: Node = self.root
        for each in clean(name):
            below = node.children.get(each) if isinstance(node, DirectoryNode) else None
            if below is None:
                raise LeftOut("a hard link to nothing that came before")
            node = below
        return node

    def _way_to(self, names: list[str], modified: int) -> DirectoryNode:
        """The directory that is to have the last of the names, which is made if need be."""
        directory = self.root
        for name in names[:-1]:
            below = directory.children.get(name)
            if below is None:
                self.count()
                below = DirectoryNode(modified)
                self._add(directory, name, below)
            if not isinstance(below, DirectoryNode):
                raise LeftOut("it is said to be in something that is no directory")
            directory = below
        return directory

    def _number(self, node: Node) -> None:
        self._last_number += 1
        node.number = self._last_number

    def _add(self, directory: DirectoryNode, name: str, node: Node) -> None:
        if not node.number:
            self._number(node)
        directory.children[name] = node
        if isinstance(node, DirectoryNode):
            directory.links += 1
        else:
            node.links += 1

    def _remove(self, directory: DirectoryNode, name: str, node: Node) -> None:
        del directory.children[name]
        if isinstance(node, DirectoryNode):
            directory.links -= 1
        else:
            node.links -= 1


def clean(name: str) -> list[str]:
    """The single names in the name of a member. LeftOut if it cannot be one here."""
    if "\0" in name:
        raise LeftOut("NUL in the name")
    try:
        encoded = name.encode()
    except UnicodeEncodeError:
        raise LeftOut("the name is not UTF-8") from None
    if len(encoded) > PATH_BYTES:
        raise LeftOut(f"the name has more than {PATH_BYTES} bytes")
    names = [each for each in name.split("/") if each not in ("", ".")]
    if ".." in names:
        raise LeftOut("'..' in the name")
    if len(encoded) > MAX_NAME_BYTES and any(len(each.encode()) > MAX_NAME_BYTES for each in names):
        raise LeftOut(f"a part of the name has more than {MAX_NAME_BYTES} bytes")
    return names


class Archive(DirectAccess):
    """A filesystem that is in an archive."""

    __slots__ = ("_closed", "_handles", "device", "lock", "max_bytes", "members", "source", "store")

    def __init__(self, source: Any, max_bytes: int, max_members: int) -> None:
        self.max_bytes = whole_number("max_bytes", max_bytes, "bytes")
        self.members = Tree(whole_number("max_members", max_members, "names"))
        self.lock = _thread.allocate_lock()
        self.store = PageStore(self.max_bytes)
        self.device = next(_devices)
        self._handles = 0
        self._closed = False
        self.source = Source(source)
        try:
            self.index()
        except BaseException:
            self.source.close()
            self.store.close()
            raise

    def index(self) -> None:
        """Make the tree. ValueError for what is no such archive; OSError."""
        raise NotImplementedError

    def root(self) -> Directory:
        with self.lock:
            if self._closed:
                raise ValueError("the archive is closed")
            return ArchiveDirectory(self, self.members.root)

    @property
    def left_out(self) -> list[str]:
        """Members that are not served and why, in words; at most the first hundred."""
        return self.members.left_out.copy()

    def close(self) -> None:
        """Give the archive back. Handles that are still open stay so. Closing twice does nothing."""
        with self.lock:
            self._closed = True
            self._close_unused()

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def opened(self) -> None:
        """A handle was made."""
        self._handles += 1

    def released(self) -> None:
        """A handle was closed."""
        self._handles -= 1
        self._close_unused()

    def _close_unused(self) -> None:
        if self._closed and not self._handles:
            self.source.close()
            self.store.close()

    def stat(self, node: Node) -> Stat:
        """The attributes of a node."""
        return Stat(
            node.type,
            device=self.device,
            inode=node.number,
            links=node.links,
            size=node.size,
            accessed=node.modified,
            modified=node.modified,
            changed=node.modified,
        )


class ArchiveDirectory(UnchangeableDirectory):
    """An open directory of an archive."""

    __slots__ = ("_archive", "_closed", "_node")

    def __init__(self, archive: Archive, node: DirectoryNode) -> None:
        archive.opened()
        self._archive = archive
        self._node = node
        self._closed = False

    def stat(self) -> Stat:
        return self._archive.stat(self._node)

    def close(self) -> None:
        with self._archive.lock:
            if not self._closed:
                self._closed = True
                self._archive.released()

    def lookup(self, name: str) -> Stat:
        return self._archive.stat(self._find(name))

    def open_directory(self, name: str) -> Directory:
        node = self._find(name)
        if isinstance(node, DirectoryNode):
            with self._archive.lock:
                return ArchiveDirectory(self._archive, node)
        raise KernelError(Code.LOOP if isinstance(node, LinkNode) else Code.NOT_DIRECTORY, name)

    def open_to_read(self, name: str, *, readable: bool) -> File:
        node = self._find(name)
        if not isinstance(node, FileNode):
            raise KernelError(Code.LOOP if isinstance(node, LinkNode) else Code.IS_DIRECTORY, name)
        with self._archive.lock:
            return ArchiveFile(self._archive, node, readable=readable)

    def reopen(self) -> Directory:
        with self._archive.lock:
            return ArchiveDirectory(self._archive, self._node)

    def entries(self) -> Sequence[DirectoryEntry]:
        return [DirectoryEntry(name, node.number, node.type) for name, node in self._node.children.items()]

    def read_link(self, name: str) -> str:
        node = self._find(name)
        if not isinstance(node, LinkNode):
            raise KernelError(Code.INVALID, f"{name} is not a link")
        with self._archive.lock:
            return node.target(self._archive)

    def _find(self, name: str) -> Node:
        node = self._node.children.get(name)
        if node is None:
            check_name(name)
            raise KernelError(Code.NO_ENTRY, name)
        return node


class ArchiveFile(UnchangeableFile):
    """An open file of an archive."""

    __slots__ = ("_archive", "_closed", "_node", "_readable", "_reader")

    def __init__(self, archive: Archive, node: FileNode, *, readable: bool) -> None:
        if node.reader is None:
            node.reader = node.begin(archive)
        self._reader = node.reader
        node.handles += 1
        archive.opened()
        self._archive = archive
        self._node = node
        self._readable = readable
        self._closed = False

    def stat(self) -> Stat:
        return self._archive.stat(self._node)

    def close(self) -> None:
        with self._archive.lock:
            if self._closed:
                return
            self._closed = True
            self._node.handles -= 1
            if not self._node.handles:
                self._node.reader = None
                self._reader.close()
            self._archive.released()

    def read_at(self, offset: int, buffers: Sequence[memoryview]) -> int:
        if not self._readable:
            raise KernelError(Code.BAD_DESCRIPTOR, "not opened for reading")
        wanted = min(check_range(offset, buffers), self._node.size - offset, _READ_BYTES)
        if wanted <= 0:
            return 0
        done = 0
        try:
            with self._archive.lock:
                for buffer in buffers:
                    at = 0
                    end = min(len(buffer), wanted - done)
                    while at < end:
                        piece = self._reader.read(offset + done, end - at)
                        buffer[at : at + len(piece)] = piece
                        at += len(piece)
                        done += len(piece)
        except KernelError:
            if not done:
                raise
        return done


class UnpackedReader:
    """Reads a member that is packed."""

    __slots__ = ("_unpacked",)

    def __init__(self, unpacked: Unpacked) -> None:
        self._unpacked = unpacked

    def read(self, offset: int, count: int) -> bytes:
        unpacked = self._unpacked
        end = min(offset + count, unpacked.size)
        if unpacked.ready < end:
            unpacked.advance(end)
        return unpacked.piece(offset, count)

    def close(self) -> None:
        self._unpacked.close()


def read_source(source: Readable, offset: int, count: int) -> bytes:
    """Bytes of the archive itself, at least one. KernelError."""
    try:
        data = source.read(offset, count)
    except (OSError, ValueError) as error:
        raise KernelError(Code.IO, f"the archive cannot be read: {error}") from None
    if not data:
        raise KernelError(Code.IO, "the archive ends too early")
    return data
