"""A descriptor table that the fast path shares.

The slots, in memory that C reads and writes too, say which numbers are taken and hold all that the fast path
needs of a plain host file: position, flags, rights. Python's entries for such files keep nothing of their own but
the file object, so both sides see one truth. A file that C opened gets its Python entry
when Python first asks for it.

A signal handler may raise between any two steps here. So a slot is taken out of C's sight first and put back last,
when an entry owns what it names: C never works on a number of the host's that may have been closed.
"""

from __future__ import annotations

import ctypes
import os
import sys

from remit.kernel import rights as right
from remit.kernel.clocks import HostMonotonicClock, HostWallClock
from remit.kernel.descriptors import SYNC_ALL, SYNC_DATA, SYNC_READS, DescriptorTable, OpenDirectory, OpenFile
from remit.kernel.errors import KernelError
from remit.kernel.files import FileType
from remit.kernel.random import HostRandom
from remit.native.library import (
    CREATED,
    DIRECTORY,
    FREE,
    OTHER,
    READ,
    REGULAR_FILE,
    SEEN,
    TAPED,
    TAPED_DIRECTORY,
    WATCHED,
    WRITTEN,
    Memory,
    Slot,
    Table,
    Told,
    Verdict,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, Protocol

    from remit.filesystems.read_only import ReadOnlyDirectory, ReadOnlyFile
    from remit.filesystems.restricted import RestrictedDirectory
    from remit.filesystems.watched import WatchedDirectory
    from remit.kernel.files import Directory, File
    from remit.kernel.limits import Limits
    from remit.kernel.process import Process
    from remit.kernel.uses import Watcher
    from remit.native.tape import NativeTape

    class Running(Protocol):
        """The store of a module that runs, as far as it is known here."""

        data: Process


# WASI's fdflags, which C puts into the guest's memory as they are.
_APPEND, _DSYNC, _NONBLOCK, _RSYNC, _SYNC = 1, 2, 4, 8, 16
_SYNC_FLAGS = ((SYNC_DATA, _DSYNC), (SYNC_READS, _RSYNC), (SYNC_ALL, _SYNC))

_NAMES = ((CREATED, "create"), (READ, "read"), (WRITTEN, "write"), (SEEN, "see"))
_ACTIONS = tuple([tuple([name for use, name in _NAMES if uses & use]) for uses in range(16)])

TOLD = 1 << 15
"""Uses that are remembered where none need be told twice, which takes 4 MiB."""

MOST_JUDGED = (1 << 32) - 1
"""Directories with rules that are told apart."""

VERDICTS = 1 << 13
"""Paths of which it is remembered what rules say, which takes 1 MiB."""


class SlotFile(OpenFile):
    """An open plain host file whose state is in a slot."""

    __slots__ = ("slot",)

    def __init__(self, file: File, slot: Slot) -> None:
        self.file = file
        self.slot = slot
        self._type = FileType.REGULAR_FILE

    def _get_rights(self) -> int:
        return int(self.slot.rights)

    def _set_rights(self, rights: int) -> None:
        self.slot.rights = rights

    def _get_inheriting(self) -> int:
        return int(self.slot.inheriting)

    def _set_inheriting(self, rights: int) -> None:
        self.slot.inheriting = rights

    def _get_position(self) -> int:
        return int(self.slot.position)

    def _set_position(self, position: int) -> None:
        self.slot.position = position

    def _get_append(self) -> bool:
        return bool(self.slot.flags & _APPEND)

    def _set_append(self, append: bool) -> None:
        self._set_flag(_APPEND, append)

    def _get_nonblock(self) -> bool:
        return bool(self.slot.flags & _NONBLOCK)

    def _set_nonblock(self, nonblock: bool) -> None:
        self._set_flag(_NONBLOCK, nonblock)

    def _get_sync(self) -> int:
        flags = self.slot.flags
        return sum(kernel for kernel, wasi in _SYNC_FLAGS if flags & wasi)

    def _set_sync(self, sync: int) -> None:
        for kernel, wasi in _SYNC_FLAGS:
            self._set_flag(wasi, bool(sync & kernel))

    def _set_flag(self, flag: int, value: bool) -> None:
        self.slot.flags = self.slot.flags | flag if value else self.slot.flags & ~flag

    rights = property(_get_rights, _set_rights)
    inheriting = property(_get_inheriting, _set_inheriting)
    position = property(_get_position, _set_position)
    append = property(_get_append, _set_append)
    nonblock = property(_get_nonblock, _set_nonblock)
    sync = property(_get_sync, _set_sync)


class TapedSlotFile(SlotFile):
    """One whose calls are recorded. What Python asks of it goes to the recording, too: also what it is."""

    __slots__ = ()

    def __init__(self, file: File, slot: Slot) -> None:
        self.file = file
        self.slot = slot
        self._type = None


class SlotDirectory(OpenDirectory):
    """An open host directory whose rights are in a slot."""

    __slots__ = ("slot",)

    def __init__(self, directory: Directory, preopen: str | None, slot: Slot) -> None:
        self.directory = directory
        self.preopen = preopen
        self.listing = None
        self.slot = slot

    def _get_rights(self) -> int:
        return int(self.slot.rights)

    def _set_rights(self, rights: int) -> None:
        self.slot.rights = rights

    def _get_inheriting(self) -> int:
        return int(self.slot.inheriting)

    def _set_inheriting(self, rights: int) -> None:
        self.slot.inheriting = rights

    rights = property(_get_rights, _set_rights)
    inheriting = property(_get_inheriting, _set_inheriting)


class _Entries(dict[int, "OpenFile | OpenDirectory"]):
    """Python's entries; asking for a number that only C knows yet makes its entry."""

    __slots__ = ("_slots", "taped")

    def __init__(self, slots: ctypes.Array[Slot]) -> None:
        self._slots = slots
        self.taped: Callable[[File, int], File] | None = None
        """What stands for a file whose calls are recorded, by its number there."""

    def __missing__(self, number: int) -> OpenFile | OpenDirectory:
        if not 0 <= number < len(self._slots) or self._slots[number].kind == FREE or self._slots[number].known:
            raise KeyError(number)
        import fcntl

        from remit.filesystems.host_files import HostFile

        slot = self._slots[number]
        writable = fcntl.fcntl(slot.host, fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDONLY
        kind, slot.kind = slot.kind, FREE
        file: File = HostFile(slot.host, writable=writable)
        if slot.read_only:
            from remit.filesystems.read_only import ReadOnlyFile

            file = ReadOnlyFile(file)
        entry: SlotFile
        if kind == TAPED:
            assert self.taped is not None
            entry = TapedSlotFile(self.taped(file, slot.object), slot)
        else:
            entry = SlotFile(file, slot)
        self[number] = entry
        slot.known = 1
        slot.kind = kind
        return entry


class NativeDescriptorTable(DescriptorTable):
    """A descriptor table whose plain host files C can use. One thread at a time, as every table."""

    __slots__ = (
        "__weakref__",
        "_behind",
        "_judge",
        "_judged",
        "_places",
        "_slots",
        "_tape",
        "_told",
        "_verdicts",
        "table",
    )

    def __init__(self, limits: Limits) -> None:
        super().__init__(limits.descriptors)
        self._slots = (Slot * limits.descriptors)()
        self._told: ctypes.Array[Told] | None = None
        self._places: dict[tuple[str, str], int] = {}
        """Grants and paths of watched directories, by which C knows what it has told."""
        self._judge: Callable[[], int] | None = None
        self._verdicts: ctypes.Array[Verdict] | None = None
        self._judged = 0
        """Directories with rules that C was given so far: each has a number of its own."""
        self._entries = _Entries(self._slots)
        self._tape: NativeTape | None = None
        self._behind: Callable[[Any], tuple[Any, int] | None] | None = None
        self.table = Table(
            slots=ctypes.addressof(self._slots),
            capacity=limits.descriptors,
            io_bytes=limits.io_bytes,
            file_rights=right.FILE,
            all_rights=right.ALL,
            path_bytes=limits.path_bytes,
            io_vectors=limits.io_vectors,
        )

    @property
    def address(self) -> int:
        """Where C finds the table."""
        return ctypes.addressof(self.table)

    def use_sources(self, process: Process) -> None:
        """Let C read those clocks, and that source of random bytes, that are the host's own and nothing else."""
        monotonic = process.monotonic_clock
        self.table.host_clock[0] = type(process.wall_clock) is HostWallClock
        if type(monotonic) is HostMonotonicClock:
            self.table.host_clock[1] = True
            self.table.clock_origin[1] = monotonic.origin
        self.table.host_random = type(process.random) is HostRandom

    def use_tape(
        self,
        tape: NativeTape,
        behind: Callable[[Any], tuple[Any, int] | None],
        taped: Callable[[File, int], File],
    ) -> None:
        """Let C serve files whose calls are recorded, before any is opened. `behind` tells of one, or of a directory,
        the real one and its number; of others None. `taped` makes what stands for a file that C has opened."""
        self._tape, self._behind = tape, behind
        entries: Any = self._entries
        entries.taped = taped
        self.table.tape = tape.address

    def use_watcher(self, watcher: Watcher, tell: int) -> None:
        """Let C work in directories with a watcher, before any is opened. `tell` is the address of what calls
        :func:`tell_use`, and outlives the table.
        """
        self.table.seeing = bool(getattr(watcher, "seeing", False))
        if getattr(watcher, "once", False) is True:
            self._told = (Told * TOLD)()
            self.table.told = ctypes.addressof(self._told)
            self.table.told_count = TOLD
        self.table.tell = tell

    def use_rules(self, judge: Callable[[], int]) -> None:
        """Let C work in directories with rules. `judge` gives the address of what calls :func:`judge_path`, which
        outlives the table."""
        self._judge = judge

    def rules_changed(self) -> None:
        """What rules have said before may not be true any more: of a directory that was moved, or has more of them. On
        any thread."""
        self.table.stamp += 1

    def use_memory(self, memory: bytes) -> None:
        """Begin: `memory` is wasmtime's handle on the guest's memory."""
        ctypes.memmove(ctypes.addressof(self.table) + Table.memory.offset, memory, ctypes.sizeof(Memory))
        self.table.has_memory = 1

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __iter__(self) -> Iterator[int]:
        return iter([number for number in range(self.table.used) if self._slots[number].kind != FREE])

    def insert(self, entry: OpenFile | OpenDirectory) -> int:
        try:
            number = self._lowest_free()
        except KernelError:
            entry.close()
            raise
        slot = self._slots[number]
        self._entries[number], kind = self._shared(entry, slot)
        slot.kind = kind
        self.table.lowest_free = number + 1
        self.table.used = max(self.table.used, number + 1)
        return number

    def remove(self, number: int) -> OpenFile | OpenDirectory:
        entry = detached(self.get(number))
        self._free_slot(number)
        del self._entries[number]
        return entry

    def renumber(self, source: int, target: int) -> None:
        moved, replaced = self.get(source), self.get(target)
        if source == target:
            return
        content = Slot.from_buffer_copy(self._slots[source])
        kind, content.kind = content.kind, FREE
        self._free_slot(source)
        self._slots[target] = content
        if isinstance(moved, (SlotFile, SlotDirectory)):
            moved.slot = self._slots[target]
        self._entries[target] = moved
        del self._entries[source]
        self._slots[target].kind = kind
        replaced.close()

    def reserve(self) -> None:
        self._lowest_free()

    def _take_all(self) -> list[OpenFile | OpenDirectory]:
        taken = [self.get(number) for number in self]
        ctypes.memset(self._slots, 0, ctypes.sizeof(Slot) * self.table.used)
        self._entries.clear()
        self.table.used = self.table.lowest_free = 0
        return taken

    def __del__(self) -> None:
        # The file objects close what they hold; what only C knows of has none yet. There may be no table, if making
        # it failed.
        for number in self if hasattr(self, "table") else ():
            self.get(number)

    def _lowest_free(self) -> int:
        slots = self._slots
        for number in range(self.table.lowest_free, len(slots)):
            if slots[number].kind == FREE:
                self.table.lowest_free = number
                return number
        raise self._full()

    def _free_slot(self, number: int) -> None:
        self._slots[number] = Slot()
        self.table.lowest_free = min(self.table.lowest_free, number)

    def _shared(self, entry: OpenFile | OpenDirectory, slot: Slot) -> tuple[OpenFile | OpenDirectory, int]:
        """The entry that keeps its state in the slot, if C can use it, otherwise `entry` itself; and its kind.

        The slot is filled in but for its kind: it stays free until the table owns the entry. C does what the methods of
        two classes do, so it serves those and no subclass, which may do less. (They are imported here because who has
        no host file need not know what one is.)
        """
        slot.known = 1
        slot.host = -1
        if isinstance(entry, OpenDirectory):
            directory = entry.directory
            watched = self._watched(directory)
            taped = None if self._behind is None else self._behind(directory)
            inner = directory if watched is None else watched.inner
            restricted = reading = None
            if taped is not None:
                inner = taped[0]
            else:
                restricted = self._restricted(inner)
                reading = read_only_directory(inner)
                stands_before = restricted or reading
                inner = inner if stands_before is None else stands_before.inner
            host = inner.host_descriptor()
            if host is None:
                return entry, OTHER
            from remit.filesystems.host import HostDirectory

            if type(inner) is not HostDirectory:
                return entry, OTHER
            if taped is not None and inner.read_only:
                return entry, OTHER
            slot.host = host
            slot.read_only = reading is not None
            shared_directory = SlotDirectory(directory, entry.preopen, slot)
            shared_directory.rights, shared_directory.inheriting = entry.rights, entry.inheriting
            if taped is not None:
                slot.object = taped[1]
                return shared_directory, TAPED_DIRECTORY
            if restricted is not None:
                self._judged += 1
                slot.object, slot.restricted = self._judged, True
            if watched is None:
                return shared_directory, DIRECTORY
            if self._told is not None:
                slot.position = self._places.setdefault(watched.place, len(self._places) + 1)
            return shared_directory, WATCHED
        file = entry.file
        taped = None if self._behind is None else self._behind(file)
        real = file if taped is None else taped[0]
        reading_file = read_only_file(file)
        if reading_file is not None:
            real = reading_file.inner
        host = real.host_descriptor()
        if host is None:
            return entry, OTHER
        from remit.filesystems.host_files import HostFile

        if type(real) is not HostFile or not real.seekable:
            return entry, OTHER
        if taped is not None:
            slot.host, slot.object = host, taped[1]
            recorded = TapedSlotFile(file, slot)
            _copy_state(entry, recorded)
            return recorded, TAPED
        slot.host = host
        slot.read_only = reading_file is not None
        shared = SlotFile(file, slot)
        _copy_state(entry, shared)
        return shared, REGULAR_FILE

    def _restricted(self, directory: Directory) -> RestrictedDirectory | None:
        """`directory`, if it is one with rules that C can ask for."""
        if self._judge is None or self._judged == MOST_JUDGED:
            return None
        restricted = restricted_directory(directory)
        if restricted is None or restricted.inner.read_only:
            return None
        if self._verdicts is None:
            self._verdicts = (Verdict * VERDICTS)()
            self.table.verdicts = ctypes.addressof(self._verdicts)
            self.table.verdict_count = VERDICTS
            self.table.judge = self._judge()
        restricted.tell_changes(self)
        return restricted

    def _watched(self, directory: Directory) -> WatchedDirectory | None:
        """`directory`, if it is one with the watcher that C can tell."""
        if not self.table.tell:
            return None
        from remit.filesystems.watched import WatchedDirectory

        return directory if type(directory) is WatchedDirectory else None


def tell_use(store: Running, number: int, uses: int, path: bytes) -> None:
    """What C calls when it has done something below a watched directory: see `TELL`."""
    watched: WatchedDirectory = store.data.descriptors.get(number).directory  # type: ignore[union-attr, assignment]  # by the kind of its slot
    watched.tell_done(path.decode("ascii"), _ACTIONS[uses])


def judge_path(store: Running, number: int, path: bytes, rights: int) -> None:
    """What C calls to know what rules say of a path below a directory: see `JUDGE`."""
    directory: Any = store.data.descriptors.get(number).directory  # type: ignore[union-attr]  # by the kind of its slot
    restricted: RestrictedDirectory = directory if hasattr(directory, "rights_of") else directory.inner
    ctypes.c_uint32.from_address(rights).value = restricted.rights_of(path.decode("ascii"))


# The wrappers that C stands in for, told by their very classes: a subclass may do less. Their modules are not imported:
# that takes as long as a short run, and whoever has an object has its module.


def read_only_directory(directory: Directory) -> ReadOnlyDirectory | None:
    """`directory`, if it is one."""
    found: ReadOnlyDirectory | None = _of(directory, "remit.filesystems.read_only", "ReadOnlyDirectory")
    return found


def read_only_file(file: File) -> ReadOnlyFile | None:
    """`file`, if it is one."""
    found: ReadOnlyFile | None = _of(file, "remit.filesystems.read_only", "ReadOnlyFile")
    return found


def restricted_directory(directory: Directory) -> RestrictedDirectory | None:
    """`directory`, if it is one."""
    found: RestrictedDirectory | None = _of(directory, "remit.filesystems.restricted", "RestrictedDirectory")
    return found


def _of(it: Any, module: str, name: str) -> Any:
    return it if type(it) is getattr(sys.modules.get(module), name, None) else None


def detached(entry: OpenFile | OpenDirectory) -> OpenFile | OpenDirectory:
    """An entry like `entry` that keeps its own state."""
    if isinstance(entry, SlotFile):
        plain = OpenFile(entry.file, rights=0)
        _copy_state(entry, plain)
        return plain
    if isinstance(entry, SlotDirectory):
        entry.listing = None
        return OpenDirectory(entry.directory, preopen=entry.preopen, rights=entry.rights, inheriting=entry.inheriting)
    return entry


def _copy_state(source: OpenFile, target: OpenFile) -> None:
    for name in ("rights", "inheriting", "append", "nonblock", "sync", "position"):
        setattr(target, name, getattr(source, name))
