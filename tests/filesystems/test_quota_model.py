"""Random operations behind a quota: after each of them what is really there is measured, and is within the limits."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from remit.filesystems.host import HostFilesystem
from remit.filesystems.memory import MemoryFilesystem
from remit.filesystems.quota import Quota
from remit.kernel.errors import Code, KernelError
from remit.kernel.files import Directory, File, Filesystem, FileType, How

MAX_BYTES, MAX_FILES = 40, 5

names = st.sampled_from(["a", "b", "c", "d"])
pieces = st.lists(st.binary(max_size=12), max_size=3)
offsets = st.integers(0, 60)
hows = st.sampled_from([how for how in range(32) if how & How.WRITE or not how & How.TRUNCATE])
places = st.sampled_from(["top", "below"])


class Measured:
    """How much there is: bytes of files and link targets, each counted once, and names and nameless open files."""

    def __init__(self) -> None:
        self.bytes = 0
        self.files = 0
        self.seen: set[tuple[int, int]] = set()

    def name(self, identity: tuple[int, int], size: int) -> None:
        self.files += 1
        self._content(identity, size)

    def handle(self, file: File) -> None:
        stat = file.stat()
        if not stat.links and (stat.device, stat.inode) not in self.seen:
            self.files += 1
            self._content((stat.device, stat.inode), stat.size)

    def _content(self, identity: tuple[int, int], size: int) -> None:
        if identity not in self.seen:
            self.seen.add(identity)
            self.bytes += size


def measure_host(place: Path) -> Measured:
    """By the host's own calls."""
    measured = Measured()
    for path in place.rglob("*"):
        status = path.lstat()
        measured.name((status.st_dev, status.st_ino), 0 if path.is_dir() else status.st_size)
    return measured


def measure_memory(memory: MemoryFilesystem) -> Measured:
    measured = Measured()
    for _, stat in memory.tree():
        measured.name((stat.device, stat.inode), 0 if stat.type is FileType.DIRECTORY else stat.size)
    return measured


class QuotaMachine(RuleBasedStateMachine):
    """What every kind of filesystem goes through; nobody else touches it."""

    files: Bundle[File] = Bundle("files")

    filesystem: Filesystem
    measure: Callable[[], Measured]

    def begin(self, filesystem: Filesystem, measure: Callable[[], Measured]) -> None:
        """A file of two names, a link, and a directory with a file are there, all the owner's."""
        self.filesystem, self.measure = filesystem, measure
        root = filesystem.root()
        root.make_directory("d")
        below = root.open_directory("d")
        for directory, name, size in ((root, "a", 30), (below, "b", 10)):
            file = directory.open_file(name, How.WRITE | How.CREATE)
            file.write_at(0, [memoryview(bytes(size))])
            file.close()
        root.link("a", below, "a")
        root.make_symbolic_link("c", "1234567")
        below.close()
        root.close()
        self.handles: list[File] = []
        self.quota = Quota(filesystem, max_bytes=MAX_BYTES, max_files=MAX_FILES)
        self.roots = {"top": self.quota.root()}
        self.roots["below"] = self.roots["top"].open_directory("d")
        start = self.now()
        self.least_bytes, self.least_files = start.bytes, start.files

    def now(self) -> Measured:
        measured = self.measure()
        for file in self.handles:
            measured.handle(file)
        return measured

    def teardown(self) -> None:
        for file in self.handles:
            file.close()
        self.handles.clear()
        self.exactly_what_is_there()
        for place in ("below", "top"):
            empty(self.roots[place])
        assert (self.quota.bytes_used, self.quota.files_used) == (0, 0)
        for directory in self.roots.values():
            directory.close()

    @invariant()
    def exactly_what_is_there(self) -> None:
        now = self.now()
        self.least_bytes = min(self.least_bytes, now.bytes)
        self.least_files = min(self.least_files, now.files)
        assert self.quota.bytes_used == now.bytes - self.least_bytes <= MAX_BYTES
        assert self.quota.files_used == now.files - self.least_files <= MAX_FILES

    def room(self) -> int:
        """Bytes that still fit, as measured."""
        return MAX_BYTES - (self.now().bytes - self.least_bytes)

    def names_left(self) -> int:
        return MAX_FILES - (self.now().files - self.least_files)

    def attempt(self, operation: Callable[..., object], *arguments: object) -> object:
        """Its result, or the code it fails with."""
        try:
            return operation(*arguments)
        except KernelError as error:
            return error.code

    def makes_a_name(self, operation: Callable[..., object], *arguments: object, size: int = 0) -> None:
        fits = self.names_left() > 0 and self.room() >= size
        assert (self.attempt(operation, *arguments) is not Code.NO_SPACE) or not fits

    @rule(target=files, at=places, name=names, how=hows)
    def open_file(self, at: str, name: str, how: int) -> File | MultipleResults[File]:
        fits = self.names_left() > 0
        opened = self.attempt(self.roots[at].open_file, name, how)
        if isinstance(opened, File):
            self.handles.append(opened)
            return opened
        assert opened is not Code.NO_SPACE or not fits
        return multiple()

    @rule(file=consumes(files))
    def close_file(self, file: File) -> None:
        file.close()
        self.handles.remove(file)

    def written(self, file: File, at: int | None, data: Sequence[bytes]) -> None:
        """Write, and see that what fits is written, no more and no less."""
        total, size, room = sum(map(len, data)), file.stat().size, self.room()
        offset = size if at is None else at
        views = [memoryview(piece) for piece in data]
        done = self.attempt(file.append, views) if at is None else self.attempt(file.write_at, at, views)
        if done is Code.BAD_DESCRIPTOR:
            return
        fits = min(total, max(size + room - offset, 0))
        assert done == (fits if fits or not total else Code.NO_SPACE)

    @rule(file=files, offset=offsets, data=pieces)
    def write_at(self, file: File, offset: int, data: list[bytes]) -> None:
        self.written(file, offset, data)

    @rule(file=files, data=pieces)
    def append(self, file: File, data: list[bytes]) -> None:
        self.written(file, None, data)

    @rule(file=files, size=st.integers(0, 90))
    def resize(self, file: File, size: int) -> None:
        fits = size - file.stat().size <= self.room()
        assert self.attempt(file.resize, size) in ((None if fits else Code.NO_SPACE), Code.BAD_DESCRIPTOR)

    @rule(file=files, offset=offsets, length=st.integers(0, 40))
    def allocate(self, file: File, offset: int, length: int) -> None:
        fits = offset + length - file.stat().size <= self.room()
        done = self.attempt(file.allocate, offset, length)
        assert done in ((None if fits else Code.NO_SPACE), Code.BAD_DESCRIPTOR, Code.INVALID)

    @rule(at=places, name=names)
    def make_directory(self, at: str, name: str) -> None:
        self.makes_a_name(self.roots[at].make_directory, name)

    @rule(at=places, name=names, to=st.sampled_from(["x", "1234567", "y" * 50]))
    def make_symbolic_link(self, at: str, name: str, to: str) -> None:
        self.makes_a_name(self.roots[at].make_symbolic_link, name, to, size=len(to))

    @rule(at=places, name=names, other=places, new=names)
    def link(self, at: str, name: str, other: str, new: str) -> None:
        self.makes_a_name(self.roots[at].link, name, self.roots[other], new)

    @rule(at=places, name=names, other=places, new=names)
    def rename(self, at: str, name: str, other: str, new: str) -> None:
        if (at, name) != ("top", "d") and (other, new) != ("top", "d"):
            assert self.attempt(self.roots[at].rename, name, self.roots[other], new) is not Code.NO_SPACE

    @rule(at=places, name=names)
    def unlink(self, at: str, name: str) -> None:
        self.attempt(self.roots[at].unlink, name)

    @rule(at=places, name=names)
    def remove_directory(self, at: str, name: str) -> None:
        if (at, name) != ("top", "d"):
            self.attempt(self.roots[at].remove_directory, name)


def empty(directory: Directory) -> None:
    for entry in list(directory.entries()):
        remove = directory.remove_directory if entry.type is FileType.DIRECTORY else directory.unlink
        remove(entry.name)


class InMemory(QuotaMachine):
    @initialize()
    def place(self) -> None:
        memory = MemoryFilesystem()
        self.begin(memory, lambda: measure_memory(memory))


class OnTheHost(QuotaMachine):
    @initialize()
    def place(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="remit-quota-"))
        self.host = HostFilesystem(self.path)
        self.begin(self.host, lambda: measure_host(self.path))

    def teardown(self) -> None:
        try:
            super().teardown()
        finally:
            self.host.close()
            shutil.rmtree(self.path)


class WithOthers(OnTheHost):
    """Somebody else uses the directory, too: what they add is all that comes on top."""

    added_bytes = added_files = 0

    @invariant()
    def exactly_what_is_there(self) -> None:
        now = self.now()
        assert now.bytes - self.least_bytes <= MAX_BYTES + self.added_bytes
        assert now.files - self.least_files <= MAX_FILES + self.added_files
        assert 0 <= self.quota.bytes_used <= MAX_BYTES
        assert 0 <= self.quota.files_used <= MAX_FILES

    def makes_a_name(self, operation: Callable[..., object], *arguments: object, size: int = 0) -> None:
        self.attempt(operation, *arguments)

    def names_left(self) -> int:
        return 0

    def room(self) -> int:
        return MAX_BYTES - self.quota.bytes_used

    @rule(name=st.sampled_from(["a", "d/a", "b"]), size=st.integers(0, 60))
    def somebody_writes(self, name: str, size: int) -> None:
        path = self.path / name
        if path.is_symlink() or path.is_dir():
            return
        before = path.stat().st_size if path.exists() else 0
        self.added_files += not path.exists()
        with path.open("ab") as file:
            file.truncate(size)
        self.added_bytes += max(size - before, 0)

    @rule(name=st.sampled_from(["a", "d/a", "b"]))
    def somebody_removes(self, name: str) -> None:
        path = self.path / name
        if path.is_symlink() or path.is_file():
            path.unlink()

    @rule(name=st.sampled_from(["a", "b"]), new=st.sampled_from(["c", "d/c"]))
    def somebody_moves(self, name: str, new: str) -> None:
        source, target = self.path / name, self.path / new
        if source.is_file() and not target.is_dir():
            os.replace(source, target)

    def teardown(self) -> None:
        for file in self.handles:
            file.close()
        self.handles.clear()
        for directory in self.roots.values():
            directory.close()
        self.host.close()
        shutil.rmtree(self.path)


@pytest.mark.parametrize("machine", [InMemory, OnTheHost, WithOthers])
def test_random_operations(machine: type[QuotaMachine]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=60,
            stateful_step_count=50,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
