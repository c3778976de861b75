"""Copy-on-write over any filesystem: the one below is read and never changed; changes stay in memory.

To the program it is one plain filesystem, in which a moved directory is moved without being copied, a file keeps its
number when it is written to, and all names and handles of a file agree. What changed can be listed, written to
the filesystem below or elsewhere, or dropped.

Whoever changes the filesystem below meanwhile may or may not be seen, file by file.
"""

from __future__ import annotations

import errno

from remit.filesystems.arguments import wanted_clock, wanted_filesystem
from remit.filesystems.direct import DirectAccess, os_error, split
from remit.filesystems.inodes import PATH_BYTES, DirectoryInode, Inode
from remit.filesystems.memory import MAX_BYTES, MAX_FILES, MemoryDirectory
from remit.filesystems.overlay_apply import apply_changes
from remit.filesystems.overlay_inodes import (
    LookingBelow,
    LowerDirectoryInode,
    LowerFileInode,
    LowerInode,
    OverlayVolume,
)
from remit.kernel.errors import KernelError
from remit.kernel.files import FileType
from remit.kernel.limits import whole_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal

    from remit.kernel.clocks import Clock
    from remit.kernel.files import Directory, Filesystem, Stat

    Kind = Literal["added", "modified", "removed"]


LISTED_BYTES = 4 * PATH_BYTES
"""The longest path in a list of changes. What a program makes has shorter ones, and so has what it moves, unless the
filesystem below is deeper than paths can say; then a list of all paths could be larger than memory."""


class Change:
    """One difference between an overlay and what is below it."""

    __slots__ = ("kind", "path", "replaced", "type")

    def __init__(self, kind: Kind, path: str, type: FileType, *, replaced: bool = False) -> None:
        self.kind = kind
        self.path = path
        self.type = type
        self.replaced = replaced
        """Of "modified": the name denotes another file or link now; other names of the old one are not concerned."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Change) and (self.kind, self.path, self.type) == (other.kind, other.path, other.type)

    def __hash__(self) -> int:
        return hash((self.kind, self.path, self.type))

    def __repr__(self) -> str:
        return f"Change({self.kind!r}, {self.path!r}, {self.type})"


class Overlay(DirectAccess):
    """A filesystem that begins as `lower`, and never changes it.

    A file is copied into memory when it is written to for the first time; handles that were opened before see what is
    written, as on a plain filesystem. Device and inode numbers stay those of `lower`. A file with several
    names in `lower` is one file here too: what is written by one name is read by all.

    Args:
        lower: What is there at first.
        max_bytes: The bytes that new and changed files and new link targets may have together. NO_SPACE beyond.
        max_files: How many names may be added. Removing costs nothing.
        clock: Where the times of changes come from; the host's clock if not given.
    """

    __slots__ = ("_clock", "_lower", "_max_bytes", "_max_files", "_root", "_volume")

    def __init__(
        self,
        lower: Filesystem,
        *,
        max_bytes: int = MAX_BYTES,
        max_files: int = MAX_FILES,
        clock: Clock | None = None,
    ) -> None:
        self._lower = wanted_filesystem("lower", lower)
        self._max_bytes = whole_number("max_bytes", max_bytes, "bytes")
        self._max_files = whole_number("max_files", max_files, "names")
        self._clock = wanted_clock(clock)
        self.discard()

    def root(self) -> Directory:
        with self._volume.lock:
            return MemoryDirectory(self._root)

    @property
    def bytes_used(self) -> int:
        """How much of `max_bytes` is taken."""
        return self._volume.bytes_used

    @property
    def files_used(self) -> int:
        """How much of `max_files` is taken."""
        return self._volume.files_used

    def discard(self) -> None:
        """Forget all changes. Handles that are open go on in what was; new ones begin at `lower` again."""
        self._volume = OverlayVolume(self._lower, self._max_bytes, self._max_files, self._clock)
        root = self._lower.root()
        try:
            self._root = LowerDirectoryInode(self._volume, None, (), root.stat())
        finally:
            root.close()

    def changes(self) -> list[Change]:
        """What is other than in `lower`, in the order of the paths, everything below a new or lost directory included.

        "modified" are files whose bytes or times were set (even to what they were), and names that now denote
        another file or link. What was moved is "removed" there and "added" here; a directory that stays is not listed
        for its times.

        Raises:
            OSError: ENAMETOOLONG, a path is longer than :data:`LISTED_BYTES`: `lower` must be very deep.
        """
        with self._volume.lock, LookingBelow(self._volume):
            found = [_short(change) for change in _changes(self._root)]
            found += map(_short, _other_names(self._root, {change.path for change in found}))
        # No name has a NUL, and nothing comes before it: this is the order of the lists of names.
        found.sort(key=lambda change: (change.path.replace("/", "\0"), change.kind != "removed"))
        return found

    def apply(self, target: Filesystem | None = None) -> list[Change]:
        """Write the changes to `target`, or to `lower` and then forget them here; what was written.

        Do it when no program is using either. Files that were moved within `lower` are brought into memory first,
        so that their old place can be overwritten.

        Raises:
            OSError: Something cannot be written; the changes before it, in the order of :meth:`changes`, are, and
                nothing is forgotten. Or the moved files do not fit `max_bytes`; then nothing is written.
        """
        if target is not None:
            wanted_filesystem("target", target)
        changes = self.changes()
        if target is not None:
            apply_changes(changes, self, target)
            return changes
        self._bring(changes)
        apply_changes(changes, self, self._lower)
        self.discard()
        return changes

    def _bring(self, changes: list[Change]) -> None:
        """Have what is new or other here, whatever happens to it below from now on. OSError."""
        names: list[str] = []
        inodes: list[Inode] = [self._root]  # Those that the names lead to.
        with self._volume.lock, LookingBelow(self._volume):
            for change in changes:
                if change.kind == "removed":
                    continue
                path = split(change.path)
                shared = 0
                while shared < min(len(names), len(path)) and names[shared] == path[shared]:
                    shared += 1
                del inodes[shared + 1 :]
                for name in path[shared:]:
                    directory = inodes[-1]
                    assert isinstance(directory, DirectoryInode)
                    found = directory.find(name)
                    assert found is not None
                    directory.children[name] = found
                    inodes.append(found)
                names = path
                inode = inodes[-1]
                if isinstance(inode, LowerFileInode):
                    try:
                        inode.copy_up()
                    except KernelError as error:
                        raise os_error(error, change.path) from None


def _short(change: Change) -> Change:
    if len(change.path) > LISTED_BYTES:
        raise OSError(errno.ENAMETOOLONG, "changes in what is below are too deep to be listed", change.path[:64] + "…")
    return change


def _changes(root: LowerDirectoryInode) -> Iterator[Change]:
    work = [(root, "")]
    while work:
        directory, prefix = work.pop()
        for name in sorted({*directory.children, *directory.hidden}):
            path = prefix + name
            inode = directory.children.get(name)
            below = directory.stat_below(name)
            if isinstance(inode, LowerInode) and inode.is_at((*directory.origin, name), below):
                if isinstance(inode, LowerDirectoryInode):
                    work.append((inode, path + "/"))
                elif inode.rewritten:
                    yield Change("modified", path, inode.type)
            elif inode is not None and below is not None and _replaces(inode, below):
                yield Change("modified", path, inode.type, replaced=True)
            else:
                if below is not None:
                    yield from _removed(directory, name, path, below)
                if inode is not None:
                    yield from _added(inode, path)


def _other_names(root: LowerDirectoryInode, listed: set[str]) -> Iterator[Change]:
    """The names that were never used of files that were changed by another: only then all are looked at."""
    numbers = {inode.number for inode in root.overlay.several_names.values() if inode.rewritten}
    work: list[tuple[DirectoryInode, str]] = [(root, "")] if numbers else []
    while work:
        directory, prefix = work.pop()
        for entry in directory.listing():
            path = prefix + entry.name
            if entry.type is not FileType.DIRECTORY and (entry.inode not in numbers or path in listed):
                continue
            inode = directory.find(entry.name)
            if isinstance(inode, DirectoryInode):
                work.append((inode, path + "/"))
            elif isinstance(inode, LowerInode) and inode.rewritten:
                yield Change("modified", path, inode.type)


def _replaces(inode: Inode, below: Stat) -> bool:
    return inode.type is below.type and inode.type is not FileType.DIRECTORY


def _added(inode: Inode, path: str) -> Iterator[Change]:
    work = [(inode, path)]
    while work:
        inode, path = work.pop()
        yield Change("added", path, inode.type)
        if isinstance(inode, DirectoryInode):
            for entry in inode.listing():
                child = inode.find(entry.name)
                if child is not None:
                    work.append((child, f"{path}/{entry.name}"))


def _removed(directory: LowerDirectoryInode, name: str, path: str, below: Stat) -> Iterator[Change]:
    yield Change("removed", path, below.type)
    if below.type is not FileType.DIRECTORY:
        return
    origin = (*directory.origin, name)
    work = [(origin, path)]
    while work:
        origin, path = work.pop()
        opened = directory.overlay.open_below(origin)
        try:
            entries = list(opened.entries())
        finally:
            opened.close()
        for entry in entries:
            yield Change("removed", f"{path}/{entry.name}", entry.type)
            if entry.type is FileType.DIRECTORY:
                work.append(((*origin, entry.name), f"{path}/{entry.name}"))
