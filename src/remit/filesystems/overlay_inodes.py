"""The inodes of an overlay that begin in the filesystem below it.

One is made whenever a name below is looked at, and is forgotten again unless somebody holds it open or it was changed:
so looking around in a large tree costs no memory. While it exists it is the only one for its file, which
makes all names and handles agree. It keeps the path below, not a handle, because a guest decides how many there
are; handles below are open only while the overlay's own are.
"""

from __future__ import annotations

from remit.filesystems.direct import Walk
from remit.filesystems.inodes import DirectoryInode, FileInode, Inode, LinkInode, Volume, encode_target, step_of
from remit.kernel.errors import Code, KernelError
from remit.kernel.files import Directory, DirectoryEntry, FileType, How, Stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.kernel.clocks import Clock
    from remit.kernel.files import File, Filesystem

_CHUNK = 1 << 20


class OverlayVolume(Volume):
    """What the inodes of one overlay share."""

    __slots__ = ("lower", "several_names", "walk")

    def __init__(self, lower: Filesystem, max_bytes: int, max_files: int, clock: Clock | None) -> None:
        super().__init__(max_bytes, max_files, clock)
        self.lower = lower
        self.walk: Walk | None = None
        self.several_names: dict[tuple[int, int], LowerInode] = {}
        """Files with several names below, by device and inode number there: all names must find one inode."""

    def open_below(self, path: tuple[str, ...]) -> Directory:
        """Open a directory of the filesystem below."""
        if not path:
            return self.lower.root()
        if self.walk is not None:
            return self.walk.to(path[:-1]).open_directory(path[-1])
        with Walk(self.lower.root()) as walk:
            return walk.to(path[:-1]).open_directory(path[-1])


class LookingBelow:
    """While it is entered, directories below are opened from the one before: for looking at many, one after another."""

    __slots__ = ("_volume",)

    def __init__(self, volume: OverlayVolume) -> None:
        self._volume = volume

    def __enter__(self) -> None:
        self._volume.walk = Walk(self._volume.lower.root())

    def __exit__(self, *_: object) -> None:
        assert self._volume.walk is not None
        self._volume.walk.close()
        self._volume.walk = None


class LowerInode(Inode):
    """What a thing has in addition that began below.

    It has no `__slots__`, because Python lets a class have only one base with them, and the classes below have
    two.
    """

    origin: tuple[str, ...]
    """Its path below."""
    home: LowerDirectoryInode | None
    """The directory whose name led to it first; None for the root."""
    changed_here: bool
    """It must not be forgotten: it, its names or its times are no longer as below."""
    rewritten: bool
    """Its bytes or its times are no longer as below."""
    links_below: int

    def begin(
        self, volume: OverlayVolume, home: LowerDirectoryInode | None, origin: tuple[str, ...], stat: Stat
    ) -> None:
        """Take the attributes that it has below. It costs nothing of the quota."""
        self.volume = volume
        self.home = home
        self.origin = origin
        self.changed_here = self.rewritten = False
        self.charged = self.handles = 0
        self.device, self.number = stat.device, stat.inode
        self.links = self.links_below = stat.links
        self.accessed, self.modified, self.changed = stat.accessed, stat.modified, stat.changed

    def keep(self) -> None:
        """Be what its name denotes from now on, until :meth:`forget`."""
        if self.home is not None and not self.changed_here:
            self.home.children[self.origin[-1]] = self
            if self.has_several_names:
                self.overlay.several_names[self.device, self.number] = self

    def forget(self) -> None:
        """Go, if nobody holds it and it is as below: it can be made again. So may the directories that led to it."""
        inode: LowerInode = self
        while inode.home is not None and inode.can_be_made_again():
            home, name = inode.home, inode.origin[-1]
            if home.children.get(name) is not inode:
                break
            del home.children[name]
            self.overlay.several_names.pop((inode.device, inode.number), None)
            inode = home

    def can_be_made_again(self) -> bool:
        """Whether nobody holds it and it is as below."""
        return not self.handles and not self.changed_here

    @property
    def has_several_names(self) -> bool:
        """Whether another name below may denote it too."""
        return self.links_below > 1 and self.type is not FileType.DIRECTORY

    @property
    def overlay(self) -> OverlayVolume:
        """Its volume, which is an overlay's."""
        assert isinstance(self.volume, OverlayVolume)
        return self.volume

    def is_at(self, path: tuple[str, ...], below: Stat | None) -> bool:
        """Whether it is what the path denotes below, where `below` is."""
        return below is not None and (
            self.origin == path
            or (self.has_several_names and (below.device, below.inode) == (self.device, self.number))
        )

    def set_times(self, accessed: int | None, modified: int | None) -> None:
        super().set_times(accessed, modified)
        self.changed_here = self.rewritten = True

    def add_link(self) -> None:
        super().add_link()
        self.changed_here = True

    def drop_link(self) -> None:
        super().drop_link()
        self.changed_here = True

    def names_charged(self) -> int:
        """Names that are below anyway cost nothing here."""
        return max(self.links - self.links_below, 0)

    def opened(self) -> None:
        self.keep()
        super().opened()

    def closed(self) -> None:
        super().closed()
        self.forget()


class LowerFileInode(LowerInode, FileInode):
    """A regular file, read below until it is changed for the first time, then a copy in memory.

    Handles that were opened before that go on with the copy, as they would on a plain filesystem.
    """

    def __init__(self, volume: OverlayVolume, home: LowerDirectoryInode, origin: tuple[str, ...], stat: Stat) -> None:
        self.begin(volume, home, origin, stat)
        self.data = bytearray()
        self.copied = False
        self._size = stat.size
        self._file: File | None = None

    @property
    def size(self) -> int:
        return len(self.data) if self.copied else self._size

    def opened(self) -> None:
        if not self.copied:
            self._below()
        super().opened()

    def closed(self) -> None:
        super().closed()
        if not self.handles:
            self._let_go()

    def read(self, offset: int, buffers: Sequence[memoryview]) -> int:
        if self.copied:
            return super().read(offset, buffers)
        return self._below().read_at(offset, buffers)

    def write(self, offset: int, buffers: Sequence[memoryview]) -> int:
        if any(len(buffer) for buffer in buffers):
            self.copy_up()
        return super().write(offset, buffers)

    def append(self, buffers: Sequence[memoryview]) -> int:
        return self.write(self.size, buffers)

    def resize(self, size: int) -> None:
        self.copy_up(size)
        super().resize(size)

    def copy_up(self, wanted: int = 2**63) -> None:
        """Bring the first `wanted` bytes into memory, where they can be changed. NO_SPACE, and it stays as it was."""
        self.keep()
        if not self.copied:
            data = bytearray()
            try:
                file = self._below()
                while len(data) < wanted:
                    # Not what the size says: below, somebody else may be writing.
                    count = min(_CHUNK, wanted - len(data))
                    chunk = bytearray(count)
                    count = file.read_at(len(data), [memoryview(chunk)])
                    if not count:
                        break
                    self.volume.take_bytes(count)
                    data += memoryview(chunk)[:count]
            except BaseException:
                self.volume.bytes_used -= len(data)
                raise
            self.data = data
            self.copied = True
            self._let_go()
        self.changed_here = self.rewritten = True

    def _below(self) -> File:
        """The file below, open for reading."""
        if self._file is None:
            assert self.home is not None
            self._file = self.home.open_file_below(self.origin, How.READ)
        return self._file

    def _let_go(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


class LowerLinkInode(LowerInode, LinkInode):
    """A symbolic link. Nothing can be changed in it but its times."""

    def __init__(
        self, volume: OverlayVolume, home: LowerDirectoryInode, origin: tuple[str, ...], stat: Stat, target: str
    ) -> None:
        self.begin(volume, home, origin, stat)
        self._target = encode_target(target)

    def free(self) -> None:
        """The target was never charged."""
        self.volume.files_used -= self.charged


class LowerSpecialInode(LowerInode):
    """A pipe, a socket or a device: it can be seen, moved and removed, and not opened."""

    def __init__(self, volume: OverlayVolume, home: LowerDirectoryInode, origin: tuple[str, ...], stat: Stat) -> None:
        self.begin(volume, home, origin, stat)
        self.type = stat.type


class LowerDirectoryInode(LowerInode, DirectoryInode):
    """A directory whose names are those below, but for the ones that were put in or taken out here."""

    def __init__(
        self, volume: OverlayVolume, home: LowerDirectoryInode | None, origin: tuple[str, ...], stat: Stat
    ) -> None:
        self.begin(volume, home, origin, stat)
        self.parent = home
        self.step = step_of(origin[-1]) if origin else 0
        self.below = 0
        self.children = {}
        self.hidden: set[str] = set()
        """Names that are below and no longer here. In :attr:`children` they may denote something else."""
        self._directory: Directory | None = None

    def can_be_made_again(self) -> bool:
        return not self.children and super().can_be_made_again()

    def closed(self) -> None:
        super().closed()
        self._let_go()

    def find(self, name: str) -> Inode | None:
        inode = self.children.get(name)
        if inode is None and self.links and name not in self.hidden:
            return self._begin(name)
        return inode

    def find_to_change(self, name: str) -> Inode | None:
        inode = self.find(name)
        if isinstance(inode, LowerInode):
            inode.keep()
        return inode

    def add(self, name: str, inode: Inode) -> None:
        super().add(name, inode)
        self.changed_here = True
        if isinstance(inode, LowerInode):
            inode.changed_here = True

    def remove(self, name: str, inode: Inode) -> None:
        if name not in self.hidden and self.stat_below(name) is not None:
            self.hidden.add(name)
        # A file that was found by another of its names is not here under this one.
        self.children.setdefault(name, inode)
        super().remove(name, inode)
        # Some filesystems count no subdirectories; 0 would say that this directory was removed.
        self.links = max(self.links, 1)
        self.changed_here = True
        if isinstance(inode, LowerInode):
            inode.changed_here = True

    def is_empty(self) -> bool:
        return not self.children and not self.listing()

    def listing(self) -> list[DirectoryEntry]:
        """The names that are also below first, in the order there, then the others."""
        if not self.links:
            return []
        found = []
        below = set()
        try:
            for entry in self._below().entries():
                inode = self.children.get(entry.name)
                if inode is not None:
                    found.append(DirectoryEntry(entry.name, inode.number, inode.type))
                elif entry.name not in self.hidden:
                    found.append(entry)
                below.add(entry.name)
        finally:
            self._let_go()
        for name, inode in self.children.items():
            if name not in below:
                found.append(DirectoryEntry(name, inode.number, inode.type))
        return found

    def stat_below(self, name: str) -> Stat | None:
        """What `name` is below, if it is there."""
        try:
            return self._below().lookup(name)
        except KernelError as error:
            if error.code is Code.NO_ENTRY:
                return None
            raise
        finally:
            self._let_go()

    def open_file_below(self, origin: tuple[str, ...], how: int) -> File:
        """Open a file below whose name first led here."""
        try:
            return self._below().open_file(origin[-1], how)
        finally:
            self._let_go()

    def _begin(self, name: str) -> Inode | None:
        """The inode for a name below."""
        try:
            stat = self._below().lookup(name)
            known = self.overlay.several_names.get((stat.device, stat.inode)) if stat.links > 1 else None
            if known is not None and stat.type is known.type:
                return known
            origin = (*self.origin, name)
            if stat.type is FileType.REGULAR_FILE:
                return LowerFileInode(self.overlay, self, origin, stat)
            if stat.type is FileType.DIRECTORY:
                return LowerDirectoryInode(self.overlay, self, origin, stat)
            if stat.type is FileType.SYMBOLIC_LINK:
                return LowerLinkInode(self.overlay, self, origin, stat, self._below().read_link(name))
            return LowerSpecialInode(self.overlay, self, origin, stat)
        except KernelError as error:
            if error.code is Code.NO_ENTRY:
                return None
            raise
        finally:
            self._let_go()

    def _below(self) -> Directory:
        """The directory below. It stays open as long as this one; else :meth:`_let_go` closes it."""
        if self._directory is None:
            home = self.home
            if home is not None and home._directory is not None:
                self._directory = home._directory.open_directory(self.origin[-1])
            else:
                self._directory = self.overlay.open_below(self.origin)
        return self._directory

    def _let_go(self) -> None:
        if self._directory is not None and not self.handles:
            self._directory.close()
            self._directory = None
