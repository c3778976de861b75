"""What a filesystem in memory is made of: files, directories and links, without names or handles of their own.

:mod:`remit.filesystems.memory` puts handles in front. The overlay derives inodes that begin in another
filesystem and come into memory when they are changed.

Nothing here takes the lock: whoever calls holds :attr:`Volume.lock`.
"""

from __future__ import annotations

import _thread
import time
from sys import getsizeof

from remit.kernel.errors import Code, KernelError
from remit.kernel.files import NOW, DirectoryEntry, FileType, Stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from remit.kernel.clocks import Clock

PATH_BYTES = 4095
"""The longest path from the root to a name that is made, and the longest target of a symbolic link, in bytes of
UTF-8: PATH_MAX of Linux without its NUL. There, programs get deeper by descriptors; here, whoever lists what a program
made must not pay for the square of its depth."""

LARGEST_OFFSET = 2**63 - 1
"""The largest size of a file."""

_SPARE = 4096
"""What an array may keep beyond its bytes, besides the eighth by which Python lets it grow ahead."""

# Device numbers tell filesystems apart in `Stat`; these are far from the host's.
_devices = iter(range(1 << 40, 1 << 62))


class Volume:
    """What the inodes of one filesystem share: lock, clock, numbers, and how much of the host they use."""

    __slots__ = ("_last_number", "bytes_used", "device", "files_used", "lock", "max_bytes", "max_files", "now")

    def __init__(self, max_bytes: int, max_files: int, clock: Clock | None) -> None:
        self.lock = _thread.allocate_lock()
        self.now: Callable[[], int] = time.time_ns if clock is None else clock.now
        self.device = next(_devices)
        self.max_bytes = max_bytes
        self.max_files = max_files
        self.bytes_used = 0
        self.files_used = 0
        self._last_number = 0

    def number(self) -> int:
        """An inode number that was never used before."""
        self._last_number += 1
        return self._last_number

    def take_bytes(self, count: int) -> None:
        """Count bytes as used. NO_SPACE, before anything is counted, if they do not fit."""
        if self.bytes_used + count > self.max_bytes:
            raise KernelError(Code.NO_SPACE, f"max_bytes={self.max_bytes}")
        self.bytes_used += count

    def take_file(self) -> None:
        """Count a name or a nameless open file as used. NO_SPACE."""
        if self.files_used >= self.max_files:
            raise KernelError(Code.NO_SPACE, f"max_files={self.max_files}")
        self.files_used += 1


class Inode:
    """A file, a directory or a link, whatever it is called. It lives while it has a name or an open handle."""

    __slots__ = ("accessed", "changed", "charged", "device", "handles", "links", "modified", "number", "volume")

    type = FileType.UNKNOWN

    def __init__(self, volume: Volume) -> None:
        volume.take_file()
        self.volume = volume
        self.device = volume.device
        self.number = volume.number()
        self.charged = 1
        self.links = 1
        self.handles = 0
        self.accessed = self.modified = self.changed = volume.now()

    @property
    def size(self) -> int:
        """In bytes, as `Stat` tells it."""
        return 0

    def stat(self) -> Stat:
        """The attributes now."""
        return Stat(
            self.type,
            device=self.device,
            inode=self.number,
            links=self.links,
            size=self.size,
            accessed=self.accessed,
            modified=self.modified,
            changed=self.changed,
        )

    def set_times(self, accessed: int | None, modified: int | None) -> None:
        """As :meth:`remit.kernel.files.Node.set_times`."""
        now = self.volume.now()
        if accessed is not None:
            self.accessed = now if accessed == NOW else accessed
        if modified is not None:
            self.modified = now if modified == NOW else modified
        if accessed is not None or modified is not None:
            self.changed = now

    def add_link(self) -> None:
        """Count one more name. NO_SPACE: every name costs memory."""
        self.volume.take_file()
        self.charged += 1
        self.links += 1
        self.changed = self.volume.now()

    def drop_link(self) -> None:
        """Count one name less, and give the memory back with the last."""
        self.links -= 1
        self.changed = self.volume.now()
        if self.charged > self.names_charged():
            self.charged -= 1
            self.volume.files_used -= 1
        if not self.links and not self.handles:
            self.free()

    def names_charged(self) -> int:
        """How many files of `max_files` it takes: one for each name, and one while it has none."""
        return self.links or 1

    def opened(self) -> None:
        """A handle was made."""
        self.handles += 1

    def closed(self) -> None:
        """A handle was closed."""
        self.handles -= 1
        if not self.handles and not self.links:
            self.free()

    def free(self) -> None:
        """Neither names nor handles are left."""
        self.volume.files_used -= self.charged


class FileInode(Inode):
    """A regular file, its bytes in one array."""

    __slots__ = ("data",)

    type = FileType.REGULAR_FILE

    def __init__(self, volume: Volume) -> None:
        super().__init__(volume)
        self.data = bytearray()

    @property
    def size(self) -> int:
        return len(self.data)

    def read(self, offset: int, buffers: Sequence[memoryview]) -> int:
        """As :meth:`remit.kernel.files.File.read_at`."""
        size = len(self.data)
        if offset >= size:
            check_range(offset, buffers)
            return 0
        at = offset
        # The views must not outlive this call: an array that is looked at cannot change its length.
        with memoryview(self.data) as view:
            for buffer in buffers:
                end = at + len(buffer)
                if end > size:
                    buffer[: size - at] = view[at:size]
                    at = size
                    break
                buffer[:] = view[at:end]
                at = end
        return at - offset

    def write(self, offset: int, buffers: Sequence[memoryview]) -> int:
        """As :meth:`remit.kernel.files.File.write_at`."""
        total = check_range(offset, buffers)
        if total == 0:
            return 0
        old = len(self.data)
        end = offset + total
        if end > old:
            free = self.volume.max_bytes - self.volume.bytes_used
            if end - old > free:
                end = old + max(free, 0)
                if end <= offset:
                    raise KernelError(Code.NO_SPACE, f"max_bytes={self.volume.max_bytes}")
                buffers = first_bytes(buffers, end - offset)
        try:
            if offset > old:
                self.data += bytes(offset - old)
            at = offset
            for buffer in buffers:
                inside = min(len(buffer), len(self.data) - at)
                if inside > 0:
                    with memoryview(self.data) as view:
                        view[at : at + inside] = buffer[:inside]
                    if inside < len(buffer):
                        self.data += buffer[inside:]
                else:
                    self.data += buffer
                at += len(buffer)
        except MemoryError:
            del self.data[old:]
            raise KernelError(Code.NO_MEMORY, f"a file of {end} bytes") from None
        self.volume.bytes_used += len(self.data) - old
        self.modified = self.changed = self.volume.now()
        return end - offset

    def append(self, buffers: Sequence[memoryview]) -> int:
        """As :meth:`remit.kernel.files.File.append`."""
        return self.write(len(self.data), buffers)

    def resize(self, size: int) -> None:
        """As :meth:`remit.kernel.files.File.resize`."""
        if size > LARGEST_OFFSET:
            raise KernelError(Code.INVALID, f"size {size}")
        old = len(self.data)
        if size > old:
            self.volume.take_bytes(size - old)
            try:
                self.data += bytes(size - old)
            except MemoryError:
                self.volume.bytes_used -= size - old
                raise KernelError(Code.NO_MEMORY, f"a file of {size} bytes") from None
        else:
            del self.data[size:]
            self.volume.bytes_used -= old - size
            if getsizeof(self.data) - size > _SPARE + size // 8:
                # An array that shrinks keeps up to twice the memory that it needs.
                self.data = self.data[:]
        self.modified = self.changed = self.volume.now()

    def free(self) -> None:
        super().free()
        self.volume.bytes_used -= len(self.data)
        self.data.clear()


class LinkInode(Inode):
    """A symbolic link. Its target is kept as it is counted: some texts take four times their bytes."""

    __slots__ = ("_target",)

    type = FileType.SYMBOLIC_LINK

    def __init__(self, volume: Volume, target: str) -> None:
        encoded = encode_target(target)
        if not encoded:
            raise KernelError(Code.NO_ENTRY, "a link to nothing")
        if len(encoded) > PATH_BYTES:
            raise KernelError(Code.NAME_TOO_LONG, target[:40])
        super().__init__(volume)
        try:
            volume.take_bytes(len(encoded))
        except KernelError:
            volume.files_used -= 1
            raise
        self._target = encoded

    @property
    def target(self) -> str:
        """Where it points."""
        return self._target.decode("utf-8", "surrogateescape")

    @property
    def size(self) -> int:
        return len(self._target)

    def free(self) -> None:
        super().free()
        self.volume.bytes_used -= len(self._target)


class DirectoryInode(Inode):
    """A directory: names, and what they denote."""

    __slots__ = ("below", "children", "parent", "step")

    type = FileType.DIRECTORY

    def __init__(self, volume: Volume, parent: DirectoryInode | None) -> None:
        super().__init__(volume)
        self.links = 2
        self.parent = parent
        self.step = 0
        """How many bytes its name and a slash add to a path. 0 for the root, and until it has a name."""
        self.below = 0
        """How many bytes what was put in here, at any depth, adds at most. It may say too much until all is gone."""
        self.children: dict[str, Inode] = {}

    def check_path(self, name: str, below: int = 0) -> None:
        """NAME_TOO_LONG, unless `name`, and what is `below` it, may have their paths. At most 2,048 steps."""
        length = step_of(name) + below - 1
        directory: DirectoryInode | None = self
        while directory is not None and length <= PATH_BYTES:
            length += directory.step
            directory = directory.parent
        if length > PATH_BYTES:
            raise KernelError(Code.NAME_TOO_LONG, f"a path of more than {PATH_BYTES} bytes")

    def find(self, name: str) -> Inode | None:
        """What `name` denotes, if it is taken."""
        return self.children.get(name)

    def find_to_change(self, name: str) -> Inode | None:
        """As :meth:`find`, of something that is about to change."""
        return self.find(name)

    def add(self, name: str, inode: Inode) -> None:
        """Put `inode` under a free name, which :meth:`check_path` has let pass."""
        self.children[name] = inode
        below = step_of(name)
        if isinstance(inode, DirectoryInode):
            inode.parent = self
            inode.step = below
            below += inode.below
            self.links += 1
        # What a directory knows, the one above knows already.
        directory: DirectoryInode | None = self
        while directory is not None and directory.below < below:
            directory.below = below
            below += directory.step
            directory = directory.parent
        self.modified = self.changed = self.volume.now()

    def remove(self, name: str, inode: Inode) -> None:
        """Make a name free that denotes `inode`."""
        del self.children[name]
        if not self.children:
            self.below = 0
        if isinstance(inode, DirectoryInode):
            self.links -= 1
        self.modified = self.changed = self.volume.now()

    def is_empty(self) -> bool:
        """Whether no name is taken."""
        return not self.children

    def listing(self) -> list[DirectoryEntry]:
        """The names now, in the order in which they were made."""
        return [DirectoryEntry(name, inode.number, inode.type) for name, inode in self.children.items()]

    def is_in(self, other: DirectoryInode) -> bool:
        """Whether it is `other` or somewhere below it."""
        directory: DirectoryInode | None = self
        while directory is not None:
            if directory is other:
                return True
            directory = directory.parent
        return False

    def drop_link(self) -> None:
        """It was removed: nothing can be put into it any more, even by those who hold it open."""
        self.links = 0
        self.changed = self.volume.now()
        if not self.handles:
            self.free()


def step_of(name: str) -> int:
    """How many bytes of UTF-8 `name` and a slash add to a path."""
    return (len(name) if name.isascii() else len(name.encode("utf-8", "surrogatepass"))) + 1


def encode_target(target: str) -> bytes:
    """Where a link points, as bytes; those of the host that are no UTF-8 stay what they are."""
    return target.encode("utf-8", "surrogateescape")


def check_range(offset: int, buffers: Sequence[memoryview]) -> int:
    """How many bytes the buffers hold. INVALID if offsets cannot reach that far, as on Linux."""
    total = 0
    for buffer in buffers:
        total += len(buffer)
    if offset + total > LARGEST_OFFSET:
        raise KernelError(Code.INVALID, f"offset {offset} and {total} bytes")
    return total


def first_bytes(buffers: Sequence[memoryview], count: int) -> list[memoryview]:
    """The first `count` bytes of the buffers."""
    kept = []
    for buffer in buffers:
        kept.append(buffer[:count])
        count -= len(kept[-1])
        if not count:
            break
    return kept
