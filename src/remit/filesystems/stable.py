"""Any filesystem, with what differs between two places of the same files made the same.

Listings are in the order of the names. Files are numbered in the order in which the program comes to see them, all of
its directories together, so that a file with several names has one number; a file that is removed takes its number with
it, whatever the host does with its own. All are on one device.

The time at which a file was last changed is part of it, as what is in it: it is shown as it is. All other times tell of
the place, or of who looked, and the beginning of the run stands for those of directories and links. What the program
itself changes, it sees at the time of its own clock; on the host it has the host's time.
"""

from __future__ import annotations

from remit.filesystems.arguments import wanted_clock, wanted_filesystem
from remit.filesystems.wrapped import WrappedDirectory
from remit.kernel.errors import KernelError
from remit.kernel.files import NOW, Directory, DirectoryEntry, File, Filesystem, FileType, How, Stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from remit.kernel.clocks import Clock
    from remit.kernel.files import Advice, Node
    from remit.kernel.poll import Pollable

DEVICE = 1
"""What all files are on. Moving one between two directories may fail all the same, as between mounts on Linux."""


class Stable(Filesystem):
    """`filesystem`, as a program sees it whose `clock` is virtual. TypeError."""

    __slots__ = ("_filesystem", "_seen")

    def __init__(self, filesystem: Filesystem, clock: Clock) -> None:
        self._filesystem = wanted_filesystem("filesystem", filesystem)
        checked = wanted_clock(clock)
        assert checked is not None
        self._seen = Seen(checked)

    def root(self) -> Directory:
        return stable(self._filesystem.root(), self._seen)


def stable(directory: Directory, seen: Seen) -> Directory:
    """As :class:`Stable`, of a directory, with what one program has `seen` of all its own. It is owned, and closed."""
    return StableDirectory(directory, seen, seen.known_of(directory))


class _Known:
    """A file, directory or link that was seen: its number, and those of its times that the program has made."""

    __slots__ = ("accessed", "changed", "modified", "number")

    def __init__(self, number: int) -> None:
        self.number = number
        self.accessed: int | None = None
        self.modified: int | None = None
        self.changed: int | None = None


class Seen:
    """What one program has seen. It remembers what there is, not what there was."""

    __slots__ = ("_beginning", "_clock", "_known", "_last")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._beginning = clock.now()
        self._known: dict[tuple[int, int], _Known] = {}
        """By device and inode."""
        self._last = 0

    def known(self, stat: Stat) -> _Known:
        """What has these attributes."""
        found = self._known.get((stat.device, stat.inode))
        return self.made(stat) if found is None else found

    def made(self, stat: Stat) -> _Known:
        """The same, of something new: the host may have given it the number of something that is gone."""
        if not stat.inode:
            return _Known(0)  # Its filesystem cannot tell files apart.
        self._last += 1
        known = self._known[stat.device, stat.inode] = _Known(self._last)
        return known

    def known_of(self, node: Node, *, made: bool = False) -> _Known:
        """What a handle is on, which stays the same as long as it is open. `made`: by the program, just now."""
        try:
            stat = node.stat()
        except KernelError:
            return _Known(0)  # It can be used all the same; who asks for its attributes is told why not.
        return self.created(stat) if made else self.known(stat)

    def lost_name(self, stat: Stat) -> None:
        """What had these attributes has one name less. Handles on it keep what they know."""
        known = self._known.get((stat.device, stat.inode))
        if known is None:
            return
        if stat.links <= 1 or stat.type is FileType.DIRECTORY:
            del self._known[stat.device, stat.inode]
        known.changed = self._clock.now()

    def written(self, known: _Known) -> None:
        """The program changed what is in it."""
        known.modified = known.changed = self._clock.now()

    def renamed(self, known: _Known) -> None:
        """The program changed what it is called."""
        known.changed = self._clock.now()

    def created(self, stat: Stat) -> _Known:
        """The program made it."""
        known = self.made(stat)
        known.accessed = known.modified = known.changed = self._clock.now()
        return known

    def set_times(self, known: _Known, accessed: int | None, modified: int | None) -> None:
        """As :meth:`remit.kernel.files.Node.set_times`."""
        if accessed is None and modified is None:
            return
        now = self._clock.now()
        if accessed is not None:
            known.accessed = now if accessed == NOW else accessed
        if modified is not None:
            known.modified = now if modified == NOW else modified
        known.changed = now

    def shown(self, stat: Stat, known: _Known) -> Stat:
        """The attributes, as the program is told them."""
        modified = known.modified
        if modified is None:
            is_file = stat.type not in (FileType.DIRECTORY, FileType.SYMBOLIC_LINK)
            modified = stat.modified if is_file else self._beginning
        return Stat(
            stat.type,
            device=DEVICE,
            inode=known.number,
            links=stat.links,
            size=stat.size,
            accessed=modified if known.accessed is None else known.accessed,
            modified=modified,
            changed=modified if known.changed is None else known.changed,
        )


class StableDirectory(WrappedDirectory):
    """A directory as :class:`Stable` shows it. It owns and closes the one it wraps."""

    __slots__ = ("_known", "_seen")

    def __init__(self, directory: Directory, seen: Seen, known: _Known) -> None:
        super().__init__(directory)
        self._seen = seen
        self._known = known

    def stat(self) -> Stat:
        return self._seen.shown(self._directory.stat(), self._known)

    def set_times(self, accessed: int | None, modified: int | None) -> None:
        self._directory.set_times(accessed, modified)
        self._seen.set_times(self._known, accessed, modified)

    def lookup(self, name: str) -> Stat:
        stat = self._directory.lookup(name)
        return self._seen.shown(stat, self._seen.known(stat))

    def open_directory(self, name: str) -> Directory:
        return stable(self._directory.open_directory(name), self._seen)

    def open_file(self, name: str, how: int) -> File:
        makes = bool(how & How.CREATE) and self._find(name) is None
        file = self._directory.open_file(name, how)
        known = self._seen.known_of(file, made=makes)
        if makes:
            self._seen.written(self._known)
        elif how & How.TRUNCATE:
            self._seen.written(known)
        return StableFile(file, self._seen, known)

    def reopen(self) -> Directory:
        return StableDirectory(self._directory.reopen(), self._seen, self._known)

    def entries(self) -> Iterable[DirectoryEntry]:
        # Each is asked for: listings tell no devices, on some hosts no types, and of mounts the inodes below them.
        return [self._entry(entry) for entry in sorted(self._directory.entries(), key=lambda entry: entry.name)]

    def _entry(self, entry: DirectoryEntry) -> DirectoryEntry:
        stat = self._find(entry.name)
        if stat is None:
            return DirectoryEntry(entry.name, 0, entry.type)
        return DirectoryEntry(entry.name, self._seen.known(stat).number, stat.type)

    def read_link(self, name: str) -> str:
        return self._directory.read_link(name)

    def make_directory(self, name: str) -> None:
        self._directory.make_directory(name)
        self._made(name)

    def make_symbolic_link(self, name: str, target: str) -> None:
        self._directory.make_symbolic_link(name, target)
        self._made(name)

    def _made(self, name: str) -> None:
        stat = self._find(name)
        if stat is not None:
            self._seen.created(stat)
        self._seen.written(self._known)

    def link(self, name: str, target: Directory, target_name: str) -> None:
        other = target._directory if isinstance(target, StableDirectory) else target
        self._directory.link(name, other, target_name)
        self._moved(name, target)

    def rename(self, name: str, target: Directory, target_name: str) -> None:
        if not isinstance(target, StableDirectory):
            return self._directory.rename(name, target, target_name)
        replaced = target._find(target_name)
        moved = None if replaced is None else self._find(name)
        self._directory.rename(name, target._directory, target_name)
        if replaced is not None and moved is not None:
            if (replaced.device, replaced.inode) == (moved.device, moved.inode):
                return None  # Two names of one file: nothing has happened.
            self._seen.lost_name(replaced)
        self._seen.written(self._known)
        return target._moved(target_name, target)

    def _moved(self, name: str, target: Directory) -> None:
        """What is here called `name` has been given a name in `target`."""
        stat = self._find(name)
        if stat is not None:
            self._seen.renamed(self._seen.known(stat))
        if isinstance(target, StableDirectory):
            self._seen.written(target._known)

    def unlink(self, name: str) -> None:
        removed = self._find(name)
        self._directory.unlink(name)
        self._removed(removed)

    def remove_directory(self, name: str) -> None:
        removed = self._find(name)
        self._directory.remove_directory(name)
        self._removed(removed)

    def _removed(self, removed: Stat | None) -> None:
        if removed is not None:
            self._seen.lost_name(removed)
        self._seen.written(self._known)

    def set_times_of(self, name: str, accessed: int | None, modified: int | None) -> None:
        self._directory.set_times_of(name, accessed, modified)
        stat = self._find(name)
        if stat is not None:
            self._seen.set_times(self._seen.known(stat), accessed, modified)

    def walk(self, path: str) -> Directory | None:
        directory = self._directory.walk(path)
        return None if directory is None else stable(directory, self._seen)

    def _find(self, name: str) -> Stat | None:
        """The attributes of what is there, if that can be seen. What is wrong, the operation itself tells."""
        try:
            return self._directory.lookup(name)
        except KernelError:
            return None


class StableFile(File):
    """An open file as :class:`Stable` shows it. It owns and closes the one it wraps."""

    __slots__ = ("_file", "_known", "_seen", "seekable")

    def __init__(self, file: File, seen: Seen, known: _Known) -> None:
        self._file = file
        self._seen = seen
        self._known = known
        self.seekable = file.seekable

    def stat(self) -> Stat:
        return self._seen.shown(self._file.stat(), self._known)

    def set_times(self, accessed: int | None, modified: int | None) -> None:
        self._file.set_times(accessed, modified)
        self._seen.set_times(self._known, accessed, modified)

    def sync(self, *, data_only: bool) -> None:
        self._file.sync(data_only=data_only)

    def close(self) -> None:
        self._file.close()

    def read_at(self, offset: int, buffers: Sequence[memoryview]) -> int:
        return self._file.read_at(offset, buffers)

    def write_at(self, offset: int, buffers: Sequence[memoryview]) -> int:
        return self._wrote(self._file.write_at(offset, buffers))

    def append(self, buffers: Sequence[memoryview]) -> int:
        return self._wrote(self._file.append(buffers))

    def resize(self, size: int) -> None:
        self._file.resize(size)
        self._seen.written(self._known)

    def allocate(self, offset: int, length: int) -> None:
        self._file.allocate(offset, length)
        self._seen.written(self._known)

    def advise(self, offset: int, length: int, advice: Advice) -> None:
        self._file.advise(offset, length, advice)

    def read(self, buffers: Sequence[memoryview]) -> int:
        return self._file.read(buffers)

    def write(self, buffers: Sequence[memoryview]) -> int:
        return self._wrote(self._file.write(buffers))

    def when_readable(self) -> Pollable:
        return self._file.when_readable()

    def when_writable(self) -> Pollable:
        return self._file.when_writable()

    def _wrote(self, count: int) -> int:
        if count:
            self._seen.written(self._known)
        return count
