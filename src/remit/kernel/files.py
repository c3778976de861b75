"""What a file and a directory are: the contracts that every filesystem implements.

The object is the permission. A guest that holds a :class:`Directory` may do what that object does
and nothing else; a wrapper that refuses (read-only, quota) is a smaller permission. Implementations
subclass these classes; an operation that is left out answers ``NOT_SUPPORTED``.

Directories work on *single names*: never a path, never ``.`` or ``..``, never empty, no slash and no
NUL inside. Walking a path, following links and staying inside is the work of
:mod:`remit.kernel.resolver`, once for all filesystems. Names are ``str``; a host name that is not valid
UTF-8 cannot be named by a guest and is left out of listings.

No operation follows a symbolic link, and none blocks: one that cannot finish at once raises
:class:`~remit.kernel.errors.WouldBlock`.

Every failure is a :class:`~remit.kernel.errors.KernelError`; the docstrings name the codes that
callers rely on. Others (``IO``, ``NO_SPACE``, ``QUOTA``, …) can always happen.

Times are nanoseconds since the Unix epoch, signed. Sizes and offsets are bytes.
"""

from __future__ import annotations

from remit.kernel.errors import Code, KernelError
from remit.kernel.poll import ALWAYS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from enum import Enum

    from remit.kernel.poll import Pollable
else:
    from remit.kernel.enumeration import Enum


class FileType(Enum):
    """What a name denotes."""

    UNKNOWN = "unknown"
    BLOCK_DEVICE = "block device"
    CHARACTER_DEVICE = "character device"
    DIRECTORY = "directory"
    FIFO = "fifo"
    REGULAR_FILE = "regular file"
    SOCKET = "socket"
    SYMBOLIC_LINK = "symbolic link"


class Stat:
    """The attributes of a file, a directory or a link, at one moment."""

    __slots__ = ("accessed", "changed", "device", "inode", "links", "modified", "size", "type")

    def __init__(
        self,
        type: FileType,
        *,
        device: int = 0,
        inode: int = 0,
        links: int = 1,
        size: int = 0,
        accessed: int = 0,
        modified: int = 0,
        changed: int = 0,
    ) -> None:
        self.type = type
        self.device = device
        self.inode = inode
        self.links = links
        self.size = size
        self.accessed = accessed
        self.modified = modified
        self.changed = changed

    def __repr__(self) -> str:
        return f"Stat({', '.join(f'{name}={getattr(self, name)!r}' for name in self.__slots__)})"


class DirectoryEntry:
    """One row of a listing: a single name, the inode number and the type of what it denotes."""

    __slots__ = ("inode", "name", "type")

    def __init__(self, name: str, inode: int, type: FileType) -> None:
        self.name = name
        self.inode = inode
        self.type = type

    def __repr__(self) -> str:
        return f"DirectoryEntry({self.name!r}, inode={self.inode}, type={self.type})"


class How:
    """How :meth:`Directory.open_file` opens: a set of bits."""

    READ = 1
    WRITE = 2
    CREATE = 4
    """Make the file if the name is free."""
    EXCLUSIVE = 8
    """With CREATE: fail with EXISTS if the name is taken, even by a dangling link."""
    TRUNCATE = 16
    """Cut the file to length 0. Only with WRITE: a filesystem that may not be written refuses it."""


class Advice(Enum):
    """How a part of a file will be used (``posix_fadvise``)."""

    NORMAL = "normal"
    SEQUENTIAL = "sequential"
    RANDOM = "random"
    WILL_NEED = "will need"
    DONT_NEED = "don't need"
    NO_REUSE = "no reuse"


NOW = -(2**63)
"""In place of a time: the moment at which the filesystem sets it."""


def _unsupported(node: object, operation: str) -> KernelError:
    return KernelError(Code.NOT_SUPPORTED, f"{type(node).__name__} has no {operation}")


class Node:
    """What files and directories have in common. A node is an open handle: close it once."""

    __slots__ = ()

    def stat(self) -> Stat:
        """The attributes now."""
        raise _unsupported(self, "stat")

    def set_times(self, accessed: int | None, modified: int | None) -> None:
        """Set the times, each to a number, to :data:`NOW`, or (None) not at all.

        READ_ONLY where the object may not be changed.
        """
        raise _unsupported(self, "set_times")

    def sync(self, *, data_only: bool) -> None:
        """Return when what was written is on stable storage; `data_only` leaves attributes out."""

    def close(self) -> None:
        """Give the handle back. Closing twice does nothing; any other use after it is a bug."""

    def host_descriptor(self) -> int | None:
        """The host's descriptor, when this object adds nothing to it.

        The native fast path works on that number *instead of* this object. Every wrapper that checks,
        counts, records or changes anything must keep this default.
        """
        return None


class File(Node):
    """An open file.

    With :attr:`seekable` it is an array of bytes, read and written at offsets; whoever opened it keeps the
    position. Otherwise (a pipe, a terminal, a character device) it is a stream, :meth:`read` and
    :meth:`write` only.

    Buffers are writable or readable byte memoryviews, filled or consumed in order, like ``preadv``.
    """

    __slots__ = ()

    seekable: bool = True

    def read_at(self, offset: int, buffers: Sequence[memoryview]) -> int:
        """Fill the buffers from `offset` on; the number of bytes read, 0 at or after the end.

        BAD_DESCRIPTOR if not opened for reading; SEEK for a stream.
        """
        raise _unsupported(self, "read_at")

    def write_at(self, offset: int, buffers: Sequence[memoryview]) -> int:
        """Write the buffers from `offset` on, with zeros between the old end and `offset`.

        The number of bytes written, less than asked only where space ran out after the first.
        BAD_DESCRIPTOR if not opened for writing; SEEK for a stream; FILE_TOO_LARGE; NO_SPACE; QUOTA.
        """
        raise _unsupported(self, "write_at")

    def append(self, buffers: Sequence[memoryview]) -> int:
        """Write the buffers at the end, in one step with finding the end. As :meth:`write_at`."""
        raise _unsupported(self, "append")

    def resize(self, size: int) -> None:
        """Cut the file, or lengthen it with zeros. BAD_DESCRIPTOR if not opened for writing."""
        raise _unsupported(self, "resize")

    def allocate(self, offset: int, length: int) -> None:
        """Make sure that the range can be written: the file is lengthened to `offset + length` if shorter.

        BAD_DESCRIPTOR if not opened for writing; INVALID if `length` is 0; FILE_TOO_LARGE; NO_SPACE.
        """
        raise _unsupported(self, "allocate")

    def advise(self, offset: int, length: int, advice: Advice) -> None:
        """Take note of how a range will be used (`length` 0: to the end). No effect is promised."""

    def read(self, buffers: Sequence[memoryview]) -> int:
        """Take the next bytes of a stream: at least one, or 0 at its end.

        WouldBlock while there are none.
        """
        raise _unsupported(self, "read")

    def write(self, buffers: Sequence[memoryview]) -> int:
        """Put bytes into a stream; the number taken, at least one unless all buffers are empty.

        WouldBlock while it is full; PIPE if nobody can read them any more.
        """
        raise _unsupported(self, "write")

    def when_readable(self) -> Pollable:
        """Ready while :meth:`read` would not raise WouldBlock: there are bytes, the end, or an error to be told."""
        return ALWAYS

    def when_writable(self) -> Pollable:
        """Ready while :meth:`write` would not raise WouldBlock."""
        return ALWAYS


class Directory(Node):
    """An open directory, and with it the permission to use what is below it."""

    __slots__ = ()

    read_only: bool = False
    """Nothing below can be changed through this object: every changing operation raises READ_ONLY."""

    @property
    def origin(self) -> object:
        """Which of a program's grants it is part of, if that refuses something: what refusals name."""
        return None

    def path_from_origin(self, path: str) -> str:
        """`path`, which begins here, as it is from the grant that this is part of, where that is known."""
        return path

    def refusal(self, action: str, name: str) -> KernelError:
        """The READ_ONLY error where this object is :attr:`read_only`, of ``write``, ``create`` or ``delete``.

        `name` is a name in it, or "" for the directory itself.
        """
        return KernelError(Code.READ_ONLY, f"{action} {name or 'a directory'}")

    def allowed_by(self, right: str, name: str) -> str:
        """The text of the rule that gives `right` to `name`, where there are rules. "" is the directory itself.

        It may be a path of several names, none of them that of a link.
        """
        return ""

    def lookup(self, name: str) -> Stat:
        """The attributes of `name` itself, a link not followed. NO_ENTRY; NAME_TOO_LONG."""
        raise _unsupported(self, "lookup")

    def open_directory(self, name: str) -> Directory:
        """Open a directory. NO_ENTRY; NOT_DIRECTORY (a file); LOOP (a link, wherever it points)."""
        raise _unsupported(self, "open_directory")

    def open_file(self, name: str, how: int) -> File:
        """Open, and with :data:`How.CREATE` make, a file.

        NO_ENTRY; LOOP if it is a link; EXISTS with EXCLUSIVE if the name is taken; IS_DIRECTORY if it is a
        directory; READ_ONLY if `how` has WRITE, CREATE (of a free name) or TRUNCATE and this object is read-only.
        """
        raise _unsupported(self, "open_file")

    def reopen(self) -> Directory:
        """A new, independent handle on this same directory."""
        raise _unsupported(self, "reopen")

    def entries(self) -> Iterable[DirectoryEntry]:
        """What is in it at this moment, without ``.`` and ``..``, each name once, in a stable order."""
        raise _unsupported(self, "entries")

    def read_link(self, name: str) -> str:
        """Where the link points, as it is written. NO_ENTRY; INVALID if it is not a link."""
        raise _unsupported(self, "read_link")

    def make_directory(self, name: str) -> None:
        """Make an empty directory. EXISTS (a dangling link included); READ_ONLY."""
        raise _unsupported(self, "make_directory")

    def make_symbolic_link(self, name: str, target: str) -> None:
        """Make a link with any target: only following it can be refused. EXISTS; READ_ONLY."""
        raise _unsupported(self, "make_symbolic_link")

    def link(self, name: str, target: Directory, target_name: str) -> None:
        """Give the file `name` of this directory the second name `target_name` in `target`.

        A link is linked, not followed. NO_ENTRY; NOT_PERMITTED for a directory; EXISTS; CROSS_DEVICE if
        `target` is of another filesystem; READ_ONLY if either side is: a second name in a writable
        place would make a read-only file writable.
        """
        raise _unsupported(self, "link")

    def rename(self, name: str, target: Directory, target_name: str) -> None:
        """Move `name` to `target_name` in `target`, in one step, replacing what is there.

        NO_ENTRY; IS_DIRECTORY (a file onto a directory); NOT_DIRECTORY (a directory onto a file); NOT_EMPTY;
        INVALID (a directory into itself); CROSS_DEVICE if `target` is of another filesystem; READ_ONLY if
        either side is. Two names of one file: nothing happens.
        """
        raise _unsupported(self, "rename")

    def unlink(self, name: str) -> None:
        """Remove a file or a link. NO_ENTRY; IS_DIRECTORY; READ_ONLY. Open handles keep working."""
        raise _unsupported(self, "unlink")

    def remove_directory(self, name: str) -> None:
        """Remove an empty directory. NO_ENTRY; NOT_DIRECTORY (a file or a link); NOT_EMPTY; READ_ONLY."""
        raise _unsupported(self, "remove_directory")

    def set_times_of(self, name: str, accessed: int | None, modified: int | None) -> None:
        """As :meth:`Node.set_times`, of `name` itself, a link not followed. NO_ENTRY; READ_ONLY."""
        raise _unsupported(self, "set_times_of")

    def walk(self, path: str) -> Directory | None:
        """Open the directory at a relative `path` in one step, or None: "do it by single names".

        The path is as a program wrote it: it may have empty components, ``.`` and ``..``, but no NUL.

        An implementation that answers must give what the resolver's own walk would: links
        followed, never above this directory (NOT_CAPABLE), absolute link targets refused (NOT_CAPABLE),
        at most 40 links (LOOP).
        """
        return None


class Filesystem:
    """Something with a root directory: what a caller grants to a program."""

    __slots__ = ()

    def root(self) -> Directory:
        """A new handle on the root directory; the caller closes it."""
        raise _unsupported(self, "root")
