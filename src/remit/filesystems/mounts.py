"""Several filesystems in one tree."""

from __future__ import annotations

import time

from remit.filesystems.arguments import wanted_filesystem, wanted_mapping
from remit.filesystems.direct import split
from remit.kernel.errors import Code, KernelError
from remit.kernel.files import Directory, DirectoryEntry, File, Filesystem, FileType, How, Stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Device numbers of the directories that no filesystem has; far from the host's and from those of memory.
_devices = iter(range(1 << 62, 1 << 63))


class Mounts(Filesystem):
    """Several filesystems in one tree: ``Mounts({"/": Host("base"), "/data": Memory(), "/data/in": ReadOnly(…)})``.

    What is mounted hides what the filesystem around has at that place. A place that the filesystem around does not have
    is there nevertheless, as are the directories on the way to it; without a ``"/"`` that goes for the root too.
    Directories that are there only for that purpose cannot be changed: READ_ONLY.

    A mount point, and a directory on the way to one, can neither be removed nor renamed nor replaced: BUSY. Nothing
    is renamed or linked from one mount to another, even if both show the same files: CROSS_DEVICE.

    Args:
        filesystems: For each place, a path from the root, what is there. Their order does not matter.

    Raises:
        ValueError: A place is not a path, or is given twice.
    """

    __slots__ = ("_top",)

    def __init__(self, filesystems: Mapping[str, Filesystem]) -> None:
        wanted_mapping("filesystems", filesystems, "{'/data': remit.fs.Memory()}")
        device = next(_devices)
        numbers = iter(range(1, 1 << 62))
        self._top = _Place(device, next(numbers))
        for path, filesystem in filesystems.items():
            place = self._top
            for name in split(path):
                if name not in place.below:
                    place.below[name] = _Place(device, next(numbers))
                place = place.below[name]
            if place.filesystem is not None:
                raise ValueError(f"mounts: {path!r} is given twice")
            place.filesystem = wanted_filesystem(f"filesystems[{path!r}]", filesystem)
        self._top.note_read_only()

    def root(self) -> Directory:
        return self._top.open(None, None)


class _Place:
    """A directory that is a mount point or on the way to one."""

    __slots__ = ("below", "filesystem", "read_only", "stat")

    def __init__(self, device: int, number: int) -> None:
        now = time.time_ns()
        self.filesystem: Filesystem | None = None
        self.below: dict[str, _Place] = {}
        self.read_only = True
        self.stat = Stat(
            FileType.DIRECTORY, device=device, inode=number, links=2, accessed=now, modified=now, changed=now
        )

    def note_read_only(self) -> None:
        """Find out whether everything mounted here and below is read-only."""
        if self.filesystem is not None:
            root = self.filesystem.root()
            self.read_only = root.read_only
            root.close()
        for place in self.below.values():
            place.note_read_only()
            self.read_only = self.read_only and place.read_only

    def open(self, around: Directory | None, mount: _Place | None, name: str = "") -> MountDirectory:
        """Open it; `around` is the directory, in `mount`, that has it as `name`."""
        if self.filesystem is not None:
            return MountDirectory(self.filesystem.root(), self, self)
        if around is not None:
            try:
                return MountDirectory(around.open_directory(name), self, mount)
            except KernelError as error:
                if error.code not in (Code.NO_ENTRY, Code.NOT_DIRECTORY, Code.LOOP):
                    raise
        return MountDirectory(None, self, None)


_NOWHERE = _Place(0, 0)
"""A directory that has no mounts below it."""


class MountDirectory(Directory):
    """An open directory of a tree of mounts: of the filesystem mounted there, if any, and what is mounted below."""

    __slots__ = ("_directory", "_mount", "_place", "read_only")

    def __init__(self, directory: Directory | None, place: _Place, mount: _Place | None) -> None:
        """Take over `directory`, which is part of what is mounted at `mount`."""
        self._directory = directory
        self._place = place
        self._mount = mount
        self.read_only = (directory is None or directory.read_only) and place.read_only

    def stat(self) -> Stat:
        return self._place.stat if self._directory is None else self._directory.stat()

    def set_times(self, accessed: int | None, modified: int | None) -> None:
        self._changeable().set_times(accessed, modified)

    def sync(self, *, data_only: bool) -> None:
        if self._directory is not None:
            self._directory.sync(data_only=data_only)

    def close(self) -> None:
        if self._directory is not None:
            self._directory.close()

    def lookup(self, name: str) -> Stat:
        place = self._place.below.get(name)
        if place is None:
            return self._existing(name).lookup(name)
        opened = place.open(self._directory, self._mount, name)
        try:
            return opened.stat()
        finally:
            opened.close()

    def open_directory(self, name: str) -> Directory:
        place = self._place.below.get(name)
        if place is None:
            return MountDirectory(self._existing(name).open_directory(name), _NOWHERE, self._mount)
        return place.open(self._directory, self._mount, name)

    def open_file(self, name: str, how: int) -> File:
        if name in self._place.below:
            exclusive = how & How.CREATE and how & How.EXCLUSIVE
            raise KernelError(Code.EXISTS if exclusive else Code.IS_DIRECTORY, name)
        return (self._changeable() if how & How.CREATE else self._existing(name)).open_file(name, how)

    def reopen(self) -> Directory:
        directory = None if self._directory is None else self._directory.reopen()
        return MountDirectory(directory, self._place, self._mount)

    def entries(self) -> Sequence[DirectoryEntry]:
        found = [] if self._directory is None else list(self._directory.entries())
        if not self._place.below:
            return found
        found = [entry for entry in found if entry.name not in self._place.below]
        found += [DirectoryEntry(name, self.lookup(name).inode, FileType.DIRECTORY) for name in self._place.below]
        return found

    def read_link(self, name: str) -> str:
        if name in self._place.below:
            raise KernelError(Code.INVALID, f"{name} is a mount point")
        return self._existing(name).read_link(name)

    def make_directory(self, name: str) -> None:
        self._check_free(name)
        self._changeable().make_directory(name)

    def make_symbolic_link(self, name: str, target: str) -> None:
        self._check_free(name)
        self._changeable().make_symbolic_link(name, target)

    def link(self, name: str, target: Directory, target_name: str) -> None:
        other = self._same_mount(target)
        if isinstance(target, MountDirectory):
            target._check_free(target_name)
        if name in self._place.below:
            raise KernelError(Code.NOT_PERMITTED, f"{name} is a directory")
        self._changeable().link(name, other, target_name)

    def rename(self, name: str, target: Directory, target_name: str) -> None:
        other = self._same_mount(target)
        self._check_not_busy(name)
        if isinstance(target, MountDirectory):
            target._check_not_busy(target_name)
        self._changeable().rename(name, other, target_name)

    def unlink(self, name: str) -> None:
        if name in self._place.below:
            raise KernelError(Code.IS_DIRECTORY, name)
        self._changeable().unlink(name)

    def remove_directory(self, name: str) -> None:
        self._check_not_busy(name)
        self._changeable().remove_directory(name)

    def set_times_of(self, name: str, accessed: int | None, modified: int | None) -> None:
        if name not in self._place.below:
            self._changeable().set_times_of(name, accessed, modified)
            return
        opened = self.open_directory(name)
        try:
            opened.set_times(accessed, modified)
        finally:
            opened.close()

    def walk(self, path: str) -> Directory | None:
        if self._directory is None or self._place.below:
            return None
        directory = self._directory.walk(path)
        return None if directory is None else MountDirectory(directory, _NOWHERE, self._mount)

    def _existing(self, name: str) -> Directory:
        """The directory that may have `name`."""
        if self._directory is None:
            raise KernelError(Code.NO_ENTRY, name)
        return self._directory

    def _changeable(self) -> Directory:
        if self._directory is None:
            raise KernelError(Code.READ_ONLY, "a directory that is only on the way to a mount point")
        return self._directory

    def _check_free(self, name: str) -> None:
        if name in self._place.below:
            raise KernelError(Code.EXISTS, name)

    def _check_not_busy(self, name: str) -> None:
        if name in self._place.below:
            raise KernelError(Code.BUSY, f"{name} is a mount point or on the way to one")

    def _same_mount(self, target: Directory) -> Directory:
        """The directory behind `target`. READ_ONLY or CROSS_DEVICE if nothing can be moved there."""
        if self._changeable().read_only or target.read_only:
            raise KernelError(Code.READ_ONLY, "moving or linking out of or into a read-only filesystem")
        if not isinstance(target, MountDirectory) or target._mount is not self._mount:
            raise KernelError(Code.CROSS_DEVICE, "the target is of another mount")
        return target._changeable()
