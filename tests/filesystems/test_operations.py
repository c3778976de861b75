"""Random operations, in lockstep on every filesystem and on plain `os`: equal results, equal errors, equal trees."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

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

from os_filesystem import OsFilesystem
from remit.filesystems.host import HostFilesystem
from remit.filesystems.memory import MemoryFilesystem
from remit.filesystems.mounts import Mounts
from remit.filesystems.overlay import Overlay
from remit.filesystems.quota import Quota
from remit.filesystems.subdirectory import Subdirectory
from remit.kernel import paths
from remit.kernel.errors import Code, KernelError
from remit.kernel.files import Directory, File, Filesystem, FileType, How, Stat

# Times before this are those that were set; later ones are of the moment, which differs.
_SET_BEFORE = 1_200_000_000 * 1_000_000_000

Files = tuple[File, ...]
Directories = tuple[Directory, ...]
_Handle = TypeVar("_Handle", File, Directory)

names = st.sampled_from(["a", "b", "c", "d", "é"])
targets = st.sampled_from(["a", "b/c", "../a", ".", "nothing", "b/", "/a", "d/../b"])
times = st.one_of(st.none(), st.sampled_from([0, 10**18, 10**18 + 123_456_789, -(10**9)]))
# Not both left as they are: then Linux does not even look whether the file is there.
two_times = st.tuples(times, times).filter(lambda both: both != (None, None))
pieces = st.lists(st.binary(max_size=8), max_size=3)
hows = st.sampled_from([how for how in range(1, 32) if how & 3 and (how & How.WRITE or not how & How.TRUNCATE)])
parts = st.sampled_from(["a", "b", "c", "d", "é", ".", "..", ""])
long_paths = st.lists(parts, min_size=1, max_size=4).map("/".join)
follow = st.booleans()


def _fill(root: Directory) -> None:
    """What is there at first: a file with two names, links of several kinds, directories in directories."""
    _put(root, "a", b"0123456789")
    root.make_directory("b")
    b = root.open_directory("b")
    _put(b, "c", b"in b")
    root.link("a", b, "a")
    b.make_directory("d")
    d = b.open_directory("d")
    _put(d, "a", b"deep")
    d.make_symbolic_link("b", "../../a")
    d.close()
    b.close()
    root.make_symbolic_link("c", "b/d")


def _fill_more(root: Directory) -> None:
    b = root.open_directory("b")
    b.make_symbolic_link("é", "nothing")
    b.make_directory("b")
    b.close()
    root.make_directory("é")
    root.link("a", root, "d")


def _put(directory: Directory, name: str, data: bytes) -> None:
    file = directory.open_file(name, How.WRITE | How.CREATE)
    file.write_at(0, [memoryview(data)])
    file.close()


def _filled(filesystem: Filesystem, *fillers: Callable[[Directory], None]) -> Filesystem:
    root = filesystem.root()
    for fill in fillers:
        fill(root)
    root.close()
    return filesystem


def _everywhere(place: Path) -> dict[str, Filesystem]:
    """All the same tree, each made in its own way."""
    for name in ("os", "host", "quota", "lower"):
        (place / name).mkdir()
    both = (_fill, _fill_more)
    half = Overlay(_filled(MemoryFilesystem(), _fill))
    return {
        "os": _filled(OsFilesystem(place / "os"), *both),
        "memory": _filled(MemoryFilesystem(), *both),
        "host": _filled(HostFilesystem(str(place / "host")), *both),
        "quota on a host": _filled(Quota(HostFilesystem(str(place / "quota")), max_bytes=1 << 20), *both),
        "overlay on nothing": _filled(Overlay(MemoryFilesystem()), *both),
        "overlay on half": _filled(half, _fill_more),
        "overlay on all": Overlay(_filled(MemoryFilesystem(), *both)),
        "overlay on a host": Overlay(_filled(OsFilesystem(place / "lower"), *both)),
        "overlay on an overlay": Overlay(_filled(Overlay(_filled(MemoryFilesystem(), _fill)), _fill_more)),
        "mounts and subdirectory": Subdirectory(
            Mounts({"/": _filled(Subdirectory(MemoryFilesystem({"x/y": {}}), "x/y"), *both)}), ""
        ),
    }


def _seen(stat: Stat) -> tuple[object, ...]:
    """What must be equal everywhere. Sizes and links of directories are each filesystem's own affair."""
    modified = stat.modified if stat.modified < _SET_BEFORE else "now"
    if stat.type is FileType.DIRECTORY:
        return stat.type, modified
    return stat.type, stat.size, stat.links, modified


def _result(operation: Callable[[int], object], number: int) -> object:
    try:
        return operation(number)
    except KernelError as error:
        return error.code


class Operations(RuleBasedStateMachine):
    """Handles come in tuples: one for each filesystem, in the order of `_everywhere`."""

    directories: Bundle[Directories] = Bundle("directories")
    files: Bundle[Files] = Bundle("files")

    def __init__(self) -> None:
        super().__init__()
        self.place = Path(tempfile.mkdtemp(prefix="remit-operations-"))
        self.filesystems = _everywhere(self.place)
        self.handles: list[File | Directory] = []
        self.steps = 0

    def teardown(self) -> None:
        try:
            self.same_trees()
        finally:
            for handle in self.handles:
                handle.close()
            shutil.rmtree(self.place)

    def everywhere(self, operation: Callable[[int], object]) -> object:
        """The result of an operation, which must be the same on each filesystem."""
        results = [_result(operation, number) for number in range(len(self.filesystems))]
        for name, result in zip(self.filesystems, results, strict=True):
            assert result == results[0], f"{name}: {result}; os: {results[0]}"
        return results[0]

    def opened(self, operation: Callable[[int], _Handle]) -> tuple[_Handle, ...] | MultipleResults[tuple[_Handle, ...]]:
        """The handles that an operation opens everywhere, as the value for a bundle; none if it fails everywhere."""
        found: list[_Handle] = []

        def run(number: int) -> None:
            handle = operation(number)
            self.handles.append(handle)
            found.append(handle)

        return tuple(found) if self.everywhere(run) is None else multiple()

    @initialize(target=directories)
    def open_roots(self) -> Directories | MultipleResults[Directories]:
        filesystems = list(self.filesystems.values())
        return self.opened(lambda number: filesystems[number].root())

    @rule(at=directories, name=names)
    def lookup(self, at: Directories, name: str) -> None:
        self.everywhere(lambda number: _seen(at[number].lookup(name)))

    @rule(at=directories)
    def entries(self, at: Directories) -> None:
        self.everywhere(lambda number: sorted((entry.name, entry.type.name) for entry in at[number].entries()))
        self.everywhere(lambda number: _seen(at[number].stat()))

    @rule(target=directories, at=directories, name=names)
    def open_directory(self, at: Directories, name: str) -> Directories | MultipleResults[Directories]:
        return self.opened(lambda number: at[number].open_directory(name))

    @rule(target=directories, at=directories)
    def reopen(self, at: Directories) -> Directories | MultipleResults[Directories]:
        return self.opened(lambda number: at[number].reopen())

    @rule(target=files, at=directories, name=names, how=hows)
    def open_file(self, at: Directories, name: str, how: int) -> Files | MultipleResults[Files]:
        return self.opened(lambda number: at[number].open_file(name, how))

    @rule(at=directories, name=names)
    def read_link(self, at: Directories, name: str) -> None:
        self.everywhere(lambda number: at[number].read_link(name))

    @rule(at=directories, name=names)
    def make_directory(self, at: Directories, name: str) -> None:
        self.everywhere(lambda number: at[number].make_directory(name))

    @rule(at=directories, name=names, to=targets)
    def make_symbolic_link(self, at: Directories, name: str, to: str) -> None:
        self.everywhere(lambda number: at[number].make_symbolic_link(name, to))

    @rule(at=directories, name=names, other=directories, new=names)
    def link(self, at: Directories, name: str, other: Directories, new: str) -> None:
        self.everywhere(lambda number: at[number].link(name, other[number], new))

    @rule(at=directories, name=names, other=directories, new=names)
    def rename(self, at: Directories, name: str, other: Directories, new: str) -> None:
        self.everywhere(lambda number: at[number].rename(name, other[number], new))

    @rule(at=directories, name=names)
    def unlink(self, at: Directories, name: str) -> None:
        self.everywhere(lambda number: at[number].unlink(name))

    @rule(at=directories, name=names)
    def remove_directory(self, at: Directories, name: str) -> None:
        self.everywhere(lambda number: at[number].remove_directory(name))

    @rule(at=directories, name=names, both=two_times)
    def set_times_of(self, at: Directories, name: str, both: tuple[int | None, int | None]) -> None:
        self.everywhere(lambda number: at[number].set_times_of(name, *both))
        if both[0] is not None:
            self.everywhere(lambda number: at[number].lookup(name).accessed)

    @rule(at=directories, both=two_times)
    def set_times(self, at: Directories, both: tuple[int | None, int | None]) -> None:
        self.everywhere(lambda number: at[number].set_times(*both))

    @rule(file=files, both=two_times)
    def set_times_of_file(self, file: Files, both: tuple[int | None, int | None]) -> None:
        self.everywhere(lambda number: file[number].set_times(*both))
        if both[0] is not None:
            self.everywhere(lambda number: file[number].stat().accessed)

    @rule(file=files)
    def stat(self, file: Files) -> None:
        self.everywhere(lambda number: _seen(file[number].stat()))

    @rule(file=files, offset=st.integers(0, 40), sizes=st.lists(st.integers(0, 16), max_size=3))
    def read_at(self, file: Files, offset: int, sizes: list[int]) -> None:
        def read(number: int) -> object:
            buffers = [bytearray(b"." * size) for size in sizes]
            return file[number].read_at(offset, [memoryview(buffer) for buffer in buffers]), buffers

        self.everywhere(read)

    @rule(file=files, offset=st.integers(0, 40), data=pieces)
    def write_at(self, file: Files, offset: int, data: list[bytes]) -> None:
        self.everywhere(lambda number: file[number].write_at(offset, [memoryview(piece) for piece in data]))

    @rule(file=files, data=pieces)
    def append(self, file: Files, data: list[bytes]) -> None:
        self.everywhere(lambda number: file[number].append([memoryview(piece) for piece in data]))

    @rule(file=files, size=st.integers(0, 50))
    def resize(self, file: Files, size: int) -> None:
        self.everywhere(lambda number: file[number].resize(size))

    @rule(file=files, offset=st.integers(0, 40), length=st.integers(1, 20))
    def allocate(self, file: Files, offset: int, length: int) -> None:
        self.everywhere(lambda number: file[number].allocate(offset, length))
        # Filesystems of Linux differ in whether this sets the time when nothing had to be done.
        self.everywhere(lambda number: file[number].set_times(None, 10**18))

    @rule(file=consumes(files))
    def close_file(self, file: Files) -> None:
        for handle in file:
            handle.close()

    @rule(at=directories, path=long_paths, follow=follow)
    def stat_at(self, at: Directories, path: str, follow: bool) -> None:
        self.everywhere(lambda number: _seen(paths.stat_at(at[number], path, follow=follow)))

    @rule(target=files, at=directories, path=long_paths, follow=follow, how=hows)
    def open_at(self, at: Directories, path: str, follow: bool, how: int) -> Files | MultipleResults[Files]:
        def open_it(number: int) -> File:
            opened = paths.open_at(at[number], path, follow=follow, how=how)
            if isinstance(opened, Directory):
                opened.close()
                raise KernelError(Code.IS_DIRECTORY)
            return opened

        return self.opened(open_it)

    @rule(at=directories, path=long_paths, other=directories, new=long_paths)
    def rename_at(self, at: Directories, path: str, other: Directories, new: str) -> None:
        self.everywhere(lambda number: paths.rename_at(at[number], path, other[number], new))

    @rule(at=directories, path=long_paths, other=directories, new=long_paths)
    def link_at(self, at: Directories, path: str, other: Directories, new: str) -> None:
        self.everywhere(lambda number: paths.link_at(at[number], path, other[number], new))

    @rule(at=directories, path=long_paths)
    def remove_at(self, at: Directories, path: str) -> None:
        self.everywhere(lambda number: paths.unlink_at(at[number], path))
        self.everywhere(lambda number: paths.remove_directory_at(at[number], path))

    @rule(at=directories, path=long_paths)
    def make_directory_at(self, at: Directories, path: str) -> None:
        self.everywhere(lambda number: paths.make_directory_at(at[number], path))

    @invariant()
    def sometimes_same_trees(self) -> None:
        self.steps += 1
        if self.steps % 8 == 0:
            self.same_trees()

    def same_trees(self) -> None:
        """Everything below the roots is equal: names, types, contents, and which names are one file."""
        filesystems = list(self.filesystems.values())

        def tree(number: int) -> object:
            found: list[tuple[object, ...]] = []
            first: dict[tuple[int, int], str] = {}
            root = filesystems[number].root()
            _describe(root, "", found, first)
            root.close()
            return found

        self.everywhere(tree)


def _describe(
    directory: Directory, prefix: str, found: list[tuple[object, ...]], first: dict[tuple[int, int], str]
) -> None:
    for entry in sorted(directory.entries(), key=lambda entry: entry.name):
        path = prefix + entry.name
        stat = directory.lookup(entry.name)
        assert (entry.inode, entry.type) == (stat.inode, stat.type)
        row: tuple[object, ...] = (path, first.setdefault((stat.device, stat.inode), path), *_seen(stat))
        if stat.type is FileType.REGULAR_FILE:
            file = directory.open_file(entry.name, How.READ)
            buffer = bytearray(stat.size + 1)
            found.append((*row, bytes(buffer[: file.read_at(0, [memoryview(buffer)])])))
            file.close()
        elif stat.type is FileType.SYMBOLIC_LINK:
            found.append((*row, directory.read_link(entry.name)))
        else:
            found.append(row)
            below = directory.open_directory(entry.name)
            _describe(below, f"{path}/", found, first)
            below.close()


def _run(examples: int, steps: int) -> None:
    run_state_machine_as_test(
        Operations,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )


@pytest.mark.skipif(not hasattr(os, "preadv"), reason="plain os has no pread here")
def test_random_operations_have_equal_results() -> None:
    _run(40, 30)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "preadv"), reason="plain os has no pread here")
def test_many_random_operations_have_equal_results() -> None:
    _run(200, 60)  # others in each run: what one does not find, the next may
