"""What a descriptor of ``wasi:filesystem`` stands for: an entry in the program's table of descriptors.

It counts towards the program's limit, and is closed when the descriptor and all streams over it are dropped.
"""

from __future__ import annotations

from remit.interfaces.wasi_0_2.sinks import Sink
from remit.kernel.descriptors import SYNC_ALL, SYNC_DATA, SYNC_READS
from remit.kernel.errors import Code, KernelError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.kernel.descriptors import OpenDirectory, OpenFile
    from remit.kernel.files import Directory, File, Node
    from remit.kernel.process import Process

FLAG_READ = 1
FLAG_WRITE = 2
FLAG_FILE_SYNC = 4
FLAG_DATA_SYNC = 8
FLAG_READ_SYNC = 16
FLAG_MUTATE = 32
"""``descriptor-flags``, by bit."""

_SYNC = FLAG_FILE_SYNC | FLAG_DATA_SYNC | FLAG_READ_SYNC


class Opened:
    """An open file or directory, and who needs it."""

    __slots__ = ("_number", "_process", "_sink", "_users", "entry", "flags", "readable", "synchronous", "writable")

    def __init__(self, process: Process, entry: OpenFile | OpenDirectory, flags: int, number: int | None) -> None:
        """`number`: its place in the table; None for what was granted, which stays open."""
        self.entry = entry
        self.flags = flags
        """The ``descriptor-flags`` that it was opened with."""
        file = None if entry.is_directory else entry.file
        self.readable = file if flags & FLAG_READ else None
        """The file, if it was opened for reading."""
        self.writable = file if flags & FLAG_WRITE else None
        self.synchronous = bool(flags & _SYNC)
        """What is written is to be put on stable storage at once."""
        self._process = process
        self._number = number
        self._users = 1
        self._sink: Sink | None = None

    def retain(self) -> None:
        """Somebody else needs it."""
        self._users += 1

    def release(self) -> None:
        """Somebody needs it no more."""
        self._users -= 1
        if not self._users and self._number is not None:
            self._process.descriptors.close(self._number)

    @property
    def file(self) -> File:
        """BAD_DESCRIPTOR if it is a directory."""
        if self.entry.is_directory:
            raise KernelError(Code.BAD_DESCRIPTOR, "it is a directory")
        return self.entry.file

    @property
    def directory(self) -> Directory:
        """NOT_DIRECTORY if it is a file."""
        if not self.entry.is_directory:
            raise KernelError(Code.NOT_DIRECTORY)
        return self.entry.directory

    @property
    def node(self) -> Node:
        return self.entry.directory if self.entry.is_directory else self.entry.file

    @property
    def sink(self) -> Sink:
        """Where all output streams into it go, if it is a stream itself: one after the other."""
        if self._sink is None:
            self._sink = Sink(self.file)
        return self._sink

    def synchronize(self) -> None:
        """Put what was written on stable storage, as the file was opened."""
        self.file.sync(data_only=not self.flags & (FLAG_FILE_SYNC | FLAG_READ_SYNC))


def sync_mode(flags: int) -> int:
    """The kernel's, of ``descriptor-flags``."""
    mode = SYNC_ALL if flags & FLAG_FILE_SYNC else 0
    mode |= SYNC_DATA if flags & FLAG_DATA_SYNC else 0
    return mode | (SYNC_READS if flags & FLAG_READ_SYNC else 0)
