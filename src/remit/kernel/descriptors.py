"""Descriptors: the numbers by which a program names what it has open.

An entry is an :class:`OpenFile` or an :class:`OpenDirectory`. The table owns its entries: removing one, or
putting another in its place, closes what it holds.
"""

from __future__ import annotations

from remit.kernel import rights as right
from remit.kernel.errors import Code, KernelError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Literal

    from remit.kernel.files import Directory, DirectoryEntry, File, FileType

SYNC_DATA = 1
"""Every write returns when its data is on stable storage."""
SYNC_ALL = 2
"""Every write returns when its data and the file's attributes are on stable storage."""
SYNC_READS = 4
"""Reads see only what is on stable storage; as on Linux, kept by writing like :data:`SYNC_ALL`."""


class OpenFile:
    """An open file or stream, the position in it, and how it is used."""

    __slots__ = ("_type", "append", "file", "inheriting", "nonblock", "position", "rights", "sync")

    is_directory: Literal[False] = False

    def __init__(
        self,
        file: File,
        *,
        rights: int,
        inheriting: int = 0,
        append: bool = False,
        nonblock: bool = False,
        sync: int = 0,
    ) -> None:
        self.file = file
        self.rights = rights
        self.inheriting = inheriting
        self.append = append
        """Every write goes to the end."""
        self.nonblock = nonblock
        """What would wait fails with WOULD_BLOCK instead."""
        self.sync = sync
        """A set of SYNC_DATA, SYNC_ALL, SYNC_READS."""
        self.position = 0
        """Where the next read or write begins; of no meaning for a stream."""
        self._type: FileType | None = None

    @property
    def type(self) -> FileType:
        """The type of the file: it never changes, so it is asked once."""
        if self._type is None:
            self._type = self.file.stat().type
        return self._type

    def close(self) -> None:
        """Close the file."""
        self.file.close()


class OpenDirectory:
    """An open directory."""

    __slots__ = ("directory", "inheriting", "listing", "preopen", "rights")

    is_directory: Literal[True] = True

    def __init__(
        self,
        directory: Directory,
        *,
        preopen: str | None = None,
        rights: int = right.DIRECTORY,
        inheriting: int = right.ALL,
    ) -> None:
        self.directory = directory
        self.preopen = preopen
        """The guest path under which it was granted; None if the program opened it itself."""
        self.rights = rights
        self.inheriting = inheriting
        self.listing: Sequence[DirectoryEntry] | None = None
        """What was in it when the program began to list it: positions in it stay good while names come and go."""

    def close(self) -> None:
        """Close the directory."""
        self.listing = None
        self.directory.close()


def open_stream(file: File, *, read: bool = False, write: bool = False) -> OpenFile:
    """An entry for a stream that is handed to a program: a standard stream, a socket (both directions)."""
    rights = right.STREAM
    if not read:
        rights &= ~right.FILE_READ
    if not write:
        rights &= ~right.FILE_WRITE
    return OpenFile(file, rights=rights, inheriting=rights)


class DescriptorTable:
    """Entries by number. A new one gets the lowest free number, as POSIX promises.

    `limit` is the most that can be open at once; beyond it, TOO_MANY_DESCRIPTORS.
    """

    __slots__ = ("_entries", "_free", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._entries: dict[int, OpenFile | OpenDirectory] = {}
        # A set of bits: the numbers below the highest ever given that are not in use. Dense, because an entry
        # can only be moved onto a number that is taken.
        self._free = 0

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[int]:
        return iter(sorted(self._entries))

    # -- What changes the table: a native mirror of it overrides the next four. --------------

    def insert(self, entry: OpenFile | OpenDirectory) -> int:
        """Take an entry in and return its number. TOO_MANY_DESCRIPTORS: then the entry has been closed."""
        entries = self._entries
        if len(entries) >= self.limit:
            entry.close()
            raise self._full()
        free = self._free
        if free:
            lowest = free & -free
            self._free = free ^ lowest
            number = lowest.bit_length() - 1
        else:
            number = len(entries)
        entries[number] = entry
        return number

    def remove(self, number: int) -> OpenFile | OpenDirectory:
        """Take an entry out without closing it. BAD_DESCRIPTOR."""
        try:
            entry = self._entries.pop(number)
        except KeyError:
            raise KernelError(Code.BAD_DESCRIPTOR) from None
        self._free |= 1 << number
        return entry

    def renumber(self, source: int, target: int) -> None:
        """Move an entry onto the number of another, which is closed, in one step. BAD_DESCRIPTOR if one is not open."""
        entries = self._entries
        if source not in entries or target not in entries:
            raise KernelError(Code.BAD_DESCRIPTOR)
        if source == target:
            return
        replaced = entries[target]
        entries[target] = entries.pop(source)
        self._free |= 1 << source
        replaced.close()

    def _take_all(self) -> list[OpenFile | OpenDirectory]:
        """Take every entry out, in the order of their numbers, without closing any."""
        taken = [self._entries[number] for number in self]
        self._entries.clear()
        self._free = 0
        return taken

    # ------------------------------------------------------------------------------------------

    def get(self, number: int) -> OpenFile | OpenDirectory:
        """The entry. BAD_DESCRIPTOR if there is none."""
        try:
            return self._entries[number]
        except KeyError:
            raise KernelError(Code.BAD_DESCRIPTOR) from None

    def file(self, number: int, rights: int) -> OpenFile:
        """The open file. BAD_DESCRIPTOR if there is none or it is a directory; NOT_CAPABLE without all of `rights`."""
        try:
            entry = self._entries[number]
        except KeyError:
            raise KernelError(Code.BAD_DESCRIPTOR) from None
        if entry.is_directory:
            raise KernelError(Code.BAD_DESCRIPTOR, "it is a directory")
        if entry.rights & rights != rights:
            raise KernelError(Code.NOT_CAPABLE)
        return entry

    def directory(self, number: int, rights: int) -> OpenDirectory:
        """The open directory. BAD_DESCRIPTOR; NOT_DIRECTORY for a file; NOT_CAPABLE without all of `rights`."""
        try:
            entry = self._entries[number]
        except KeyError:
            raise KernelError(Code.BAD_DESCRIPTOR) from None
        if not entry.is_directory:
            raise KernelError(Code.NOT_DIRECTORY)
        if entry.rights & rights != rights:
            raise KernelError(Code.NOT_CAPABLE)
        return entry

    def any(self, number: int, rights: int) -> OpenFile | OpenDirectory:
        """The entry, whatever it is. BAD_DESCRIPTOR; NOT_CAPABLE without all of `rights`."""
        entry = self.get(number)
        if entry.rights & rights != rights:
            raise KernelError(Code.NOT_CAPABLE)
        return entry

    def reserve(self) -> None:
        """TOO_MANY_DESCRIPTORS unless one more entry fits: asked before making something that will need a number."""
        if len(self._entries) >= self.limit:
            raise self._full()

    def close(self, number: int) -> None:
        """Remove an entry and close it. BAD_DESCRIPTOR."""
        self.remove(number).close()

    def close_all(self) -> None:
        """Close everything. If closing fails for some, the others are closed too, and the first failure is raised."""
        failure: KernelError | None = None
        for entry in self._take_all():
            try:
                entry.close()
            except KernelError as error:
                failure = failure or error
        if failure is not None:
            raise failure

    def _full(self) -> KernelError:
        return KernelError(Code.TOO_MANY_DESCRIPTORS, f"the limit is {self.limit} descriptors")
