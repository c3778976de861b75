"""A filesystem in memory: as strict about its size as a small disk, and gone with the last reference to it.

It behaves as Linux's tmpfs does, with two choices of its own: reading does not change the time of access
(like a disk mounted with `noatime`), and holes cost as much as data, so that `max_bytes` (and an eighth, by which
Python lets a file that grows be ahead) and :data:`NAME_COST` for each of `max_files` are the most memory it can use.
A path has at most :data:`~remit.filesystems.inodes.PATH_BYTES`, even where it is made by descriptors.

Several programs, on several threads, may use one: each operation holds the filesystem's one lock, and so
happens entirely before or after any other.
"""

from __future__ import annotations

from remit.filesystems.arguments import wanted_clock, wanted_mapping
from remit.filesystems.direct import DirectAccess
from remit.filesystems.inodes import DirectoryInode, FileInode, Inode, LinkInode, Volume
from remit.kernel.errors import Code, KernelError
from remit.kernel.files import Directory, DirectoryEntry, File, FileType, How, Stat
from remit.kernel.limits import whole_number
from remit.kernel.resolver import check_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from remit.filesystems.direct import Contents
    from remit.kernel.clocks import Clock

MAX_BYTES = 256 << 20
"""The default of `max_bytes`: room for a compiler's output, and no danger to the host."""

MAX_FILES = 100_000
"""The default of `max_files`: at most 160 MB beside `max_bytes`."""

NAME_COST = 1600
"""What a name costs the host at most, in bytes, with the empty file, directory or link that it denotes: a short one
350, the longest in ASCII 600, and this if its characters need four bytes each in Python."""


class MemoryFile(File):
    """An open file of a :class:`MemoryFilesystem`."""

    __slots__ = ("_closed", "_inode", "_lock", "_readable", "_writable")

    def __init__(self, inode: FileInode, how: int) -> None:
        inode.opened()
        self._inode = inode
        self._lock = inode.volume.lock
        self._readable = bool(how & How.READ)
        self._writable = bool(how & How.WRITE)
        self._closed = False

    def stat(self) -> Stat:
        with self._lock:
            return self._inode.stat()

    def set_times(self, accessed: int | None, modified: int | None) -> None:
        with self._lock:
            self._inode.set_times(accessed, modified)

    def close(self) -> None:
        with self._lock:
            if not self._closed:
                self._closed = True
                self._inode.closed()

    def read_at(self, offset: int, buffers: Sequence[memoryview]) -> int:
        if not self._readable:
            raise KernelError(Code.BAD_DESCRIPTOR, "not opened for reading")
        with self._lock:
            return self._inode.read(offset, buffers)

    def write_at(self, offset: int, buffers: Sequence[memoryview]) -> int:
        self._check_writable()
        with self._lock:
            return self._inode.write(offset, buffers)

    def append(self, buffers: Sequence[memoryview]) -> int:
        self._check_writable()
        with self._lock:
            return self._inode.append(buffers)

    def resize(self, size: int) -> None:
        self._check_writable()
        with self._lock:
            self._inode.resize(size)

    def allocate(self, offset: int, length: int) -> None:
        if length == 0:
            raise KernelError(Code.INVALID, "nothing to allocate")
        self._check_writable()
        end = offset + length
        if end >= 2**63:
            raise KernelError(Code.FILE_TOO_LARGE, f"offset {offset} and {length} bytes")
        with self._lock:
            if end > self._inode.size:
                self._inode.resize(end)

    def _check_writable(self) -> None:
        if not self._writable:
            raise KernelError(Code.BAD_DESCRIPTOR, "not opened for writing")


class MemoryDirectory(Directory):
    """An open directory of a :class:`MemoryFilesystem`."""

    __slots__ = ("_closed", "_inode", "_lock", "_volume")

    def __init__(self, inode: DirectoryInode) -> None:
        inode.opened()
        self._inode = inode
        self._volume = inode.volume
        self._lock = inode.volume.lock
        self._closed = False

    def stat(self) -> Stat:
        with self._lock:
            return self._inode.stat()

    def set_times(self, accessed: int | None, modified: int | None) -> None:
        with self._lock:
            self._inode.set_times(accessed, modified)

    def close(self) -> None:
        with self._lock:
            if not self._closed:
                self._closed = True
                self._inode.closed()

    def lookup(self, name: str) -> Stat:
        with self._lock:
            return self._find(name).stat()

    def open_directory(self, name: str) -> Directory:
        with self._lock:
            inode = self._find(name)
            if isinstance(inode, DirectoryInode):
                return MemoryDirectory(inode)
            raise KernelError(Code.LOOP if isinstance(inode, LinkInode) else Code.NOT_DIRECTORY, name)

    def open_file(self, name: str, how: int) -> File:
        if how & How.TRUNCATE and not how & How.WRITE:
            raise KernelError(Code.INVALID, "TRUNCATE without WRITE")
        with self._lock:
            inode = self._inode.find(name)
            if inode is None:
                if not how & How.CREATE:
                    raise _missing(name)
                self._check_new(name)
                inode = FileInode(self._volume)
                self._inode.add(name, inode)
            elif how & How.CREATE and how & How.EXCLUSIVE:
                raise KernelError(Code.EXISTS, name)
            if not isinstance(inode, FileInode):
                raise KernelError(_NOT_A_FILE.get(inode.type, Code.NOT_SUPPORTED), name)
            file = MemoryFile(inode, how)
            if how & How.TRUNCATE:
                inode.resize(0)
            return file

    def reopen(self) -> Directory:
        with self._lock:
            return MemoryDirectory(self._inode)

    def entries(self) -> Sequence[DirectoryEntry]:
        with self._lock:
            return self._inode.listing()

    def read_link(self, name: str) -> str:
        with self._lock:
            inode = self._find(name)
            if isinstance(inode, LinkInode):
                return inode.target
            raise KernelError(Code.INVALID, f"{name} is not a link")

    def make_directory(self, name: str) -> None:
        with self._lock:
            self._check_free(name)
            self._inode.add(name, DirectoryInode(self._volume, self._inode))

    def make_symbolic_link(self, name: str, target: str) -> None:
        with self._lock:
            self._check_free(name)
            self._inode.add(name, LinkInode(self._volume, target))

    def link(self, name: str, target: Directory, target_name: str) -> None:
        other = self._same_filesystem(target)
        with self._lock:
            inode = self._find(name, to_change=True)
            other._check_free(target_name)
            if isinstance(inode, DirectoryInode):
                raise KernelError(Code.NOT_PERMITTED, f"{name} is a directory")
            inode.add_link()
            other._inode.add(target_name, inode)

    def rename(self, name: str, target: Directory, target_name: str) -> None:
        other = self._same_filesystem(target)
        with self._lock:
            moved = self._find(name, to_change=True)
            replaced = other._inode.find_to_change(target_name)
            if replaced is None:
                other._check_new(target_name)
            if isinstance(moved, DirectoryInode) and other._inode.is_in(moved):
                raise KernelError(Code.INVALID, f"{name} into itself")
            if isinstance(replaced, DirectoryInode) and self._inode.is_in(replaced):
                raise KernelError(Code.NOT_EMPTY, target_name)
            if moved is replaced:
                return
            if replaced is not None:
                if isinstance(moved, DirectoryInode):
                    if not isinstance(replaced, DirectoryInode):
                        raise KernelError(Code.NOT_DIRECTORY, target_name)
                    if not replaced.is_empty():
                        raise KernelError(Code.NOT_EMPTY, target_name)
                elif isinstance(replaced, DirectoryInode):
                    raise KernelError(Code.IS_DIRECTORY, target_name)
            if isinstance(moved, DirectoryInode):
                other._inode.check_path(target_name, moved.below)
            if replaced is not None:
                other._inode.remove(target_name, replaced)
                replaced.drop_link()
            self._inode.remove(name, moved)
            other._inode.add(target_name, moved)
            moved.changed = self._volume.now()

    def unlink(self, name: str) -> None:
        with self._lock:
            inode = self._find(name, to_change=True)
            if isinstance(inode, DirectoryInode):
                raise KernelError(Code.IS_DIRECTORY, name)
            self._inode.remove(name, inode)
            inode.drop_link()

    def remove_directory(self, name: str) -> None:
        with self._lock:
            inode = self._find(name, to_change=True)
            if not isinstance(inode, DirectoryInode):
                raise KernelError(Code.NOT_DIRECTORY, name)
            if not inode.is_empty():
                raise KernelError(Code.NOT_EMPTY, name)
            self._inode.remove(name, inode)
            inode.drop_link()

    def set_times_of(self, name: str, accessed: int | None, modified: int | None) -> None:
        with self._lock:
            self._find(name, to_change=True).set_times(accessed, modified)

    def _find(self, name: str, *, to_change: bool = False) -> Inode:
        inode = self._inode.find_to_change(name) if to_change else self._inode.find(name)
        if inode is None:
            raise _missing(name)
        return inode

    def _check_free(self, name: str) -> None:
        if self._inode.find(name) is not None:
            raise KernelError(Code.EXISTS, name)
        self._check_new(name)

    def _check_new(self, name: str) -> None:
        if not self._inode.links:
            raise KernelError(Code.NO_ENTRY, "the directory was removed")
        check_name(name)
        self._inode.check_path(name)

    def _same_filesystem(self, target: Directory) -> MemoryDirectory:
        if target.read_only:
            raise KernelError(Code.READ_ONLY, "the target directory")
        if isinstance(target, MemoryDirectory) and target._volume is self._volume:
            return target
        raise KernelError(Code.CROSS_DEVICE, "the target is of another filesystem")


_NOT_A_FILE = {FileType.DIRECTORY: Code.IS_DIRECTORY, FileType.SYMBOLIC_LINK: Code.LOOP}


def _missing(name: str) -> KernelError:
    check_name(name)
    return KernelError(Code.NO_ENTRY, name)


class MemoryFilesystem(DirectAccess):
    """A filesystem in memory, filled from `files` and limited in size.

    Args:
        files: What is in it at first. A name denotes a file (`bytes`, or `str` written as UTF-8), a
            directory (a mapping of the same kind, maybe empty) or a :class:`SymbolicLink`; a key with
            slashes makes the directories on the way: ``{"main.py": b"…", "lib/data.txt": "text", "empty": {}}``.
        max_bytes: The bytes that all files and link targets may have together. NO_SPACE beyond.
        max_files: How many names there may be. NO_SPACE beyond.
        clock: Where the times of files come from; the host's clock if not given.

    Raises:
        TypeError: Something is of another type than said.
        ValueError: A key is not a path inside, is given twice, or all do not fit.
    """

    __slots__ = ("_root", "_volume")

    def __init__(
        self,
        files: Mapping[str, Contents] | None = None,
        *,
        max_bytes: int = MAX_BYTES,
        max_files: int = MAX_FILES,
        clock: Clock | None = None,
    ) -> None:
        size = whole_number("max_bytes", max_bytes, "bytes")
        names = whole_number("max_files", max_files, "names")
        self._volume = Volume(size, names + 1, wanted_clock(clock))
        self._root = DirectoryInode(self._volume, None)
        if files is not None:
            self._fill(wanted_mapping("files", files, "{'main.py': b'…'}"))

    def root(self) -> Directory:
        with self._volume.lock:
            return MemoryDirectory(self._root)

    @property
    def bytes_used(self) -> int:
        """How much of `max_bytes` is taken, open files without a name included."""
        return self._volume.bytes_used

    @property
    def files_used(self) -> int:
        """How much of `max_files` is taken, open files without a name included."""
        return self._volume.files_used - 1
