"""The quota: what counts, when it is given back, and what a program cannot do to get more."""

from __future__ import annotations

import linecache
import os
import stat
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from host_trees import contents
from remit.filesystems.host import HostFilesystem
from remit.filesystems.memory import MemoryFile, MemoryFilesystem
from remit.filesystems.mounts import Mounts
from remit.filesystems.overlay import Overlay
from remit.filesystems.quota import Quota
from remit.filesystems.read_only import ReadOnly
from remit.filesystems.subdirectory import Subdirectory
from remit.kernel.errors import Code, KernelError, WouldBlock
from remit.kernel.files import Directory, DirectoryEntry, File, Filesystem, FileType, How, Stat
from remit.kernel.poll import ALWAYS
from remit.testing import check_filesystem

RW = How.READ | How.WRITE
NEW = RW | How.CREATE


def views(*pieces: bytes) -> list[memoryview]:
    return [memoryview(piece) for piece in pieces]


def refused(operation: Callable[..., object], *arguments: object) -> Code:
    """The code that an operation fails with."""
    with pytest.raises(KernelError) as caught:
        operation(*arguments)
    return caught.value.code


class Place:
    """A quota over a small tree of the owner's: a file of 100 bytes, and a directory with a link of 4."""

    def __init__(self, filesystem: Filesystem, **limits: int) -> None:
        self.quota = Quota(filesystem, **{"max_bytes": 50, "max_files": 5, **limits})
        self.root = self.quota.root()

    @property
    def used(self) -> tuple[int, int]:
        return self.quota.bytes_used, self.quota.files_used

    def open(self, name: str, how: int = NEW) -> File:
        return self.root.open_file(name, how)

    def put(self, name: str, size: int) -> None:
        """A file of `size` bytes, closed."""
        file = self.open(name)
        assert file.write_at(0, views(bytes(size))) == size
        file.close()


@pytest.fixture(params=["host", "memory", "overlay"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Place]:
    """Places over each kind of filesystem."""

    def made(**limits: int) -> Place:
        tree: dict[str, Any] = {"owned": bytes(100), "dir": {"inner": b"x"}}
        if request.param == "host":
            (tmp_path / "owned").write_bytes(bytes(100))
            (tmp_path / "dir").mkdir()
            (tmp_path / "dir" / "inner").write_bytes(b"x")
            return Place(HostFilesystem(tmp_path), **limits)
        memory = MemoryFilesystem(tree)
        return Place(memory if request.param == "memory" else Overlay(memory), **limits)

    return made


@pytest.mark.parametrize("limits", [{"max_bytes": 1 << 40}, {"max_bytes": 1 << 62, "max_files": 1 << 40}])
def test_the_contract_over_a_host_directory(tmp_path: Path, limits: dict[str, int]) -> None:
    """What the checks make is given back when it is removed."""
    made: list[tuple[Quota, HostFilesystem]] = []

    def place() -> Filesystem:
        path = tmp_path / str(len(made))
        path.mkdir()
        host = HostFilesystem(path)
        made.append((Quota(host, **limits), host))
        return made[-1][0]

    assert check_filesystem(place) > 60
    for quota, host in made:
        root = quota.root()
        remove_all(root)
        root.close()
        host.close()
        assert (quota.bytes_used, quota.files_used) == (0, 0)


def remove_all(directory: Directory) -> None:
    for entry in list(directory.entries()):
        if entry.type is FileType.DIRECTORY:
            below = directory.open_directory(entry.name)
            remove_all(below)
            below.close()
            directory.remove_directory(entry.name)
        else:
            directory.unlink(entry.name)


def test_growth_counts_and_overwriting_does_not(make: Callable[..., Place]) -> None:
    place = make()
    file = place.open("owned", RW)
    assert file.write_at(0, views(bytes(60), bytes(40))) == 100
    assert place.used == (0, 0)
    assert file.write_at(90, views(bytes(30))) == 30
    assert place.used == (20, 0)
    assert file.append(views(bytes(5), b"", bytes(5))) == 10
    assert place.used == (30, 0)
    file.resize(140)
    file.allocate(100, 41)
    file.allocate(0, 141)
    assert place.used == (41, 0)
    file.resize(100)
    assert place.used == (0, 0)


def test_what_fits_is_written(make: Callable[..., Place]) -> None:
    place = make()
    file = place.open("f")
    assert file.write_at(0, views(bytes(30), bytes(30), bytes(30))) == 50
    assert file.stat().size == 50
    assert refused(file.write_at, 50, views(b"x")) is Code.NO_SPACE
    assert refused(file.append, views(b"x")) is Code.NO_SPACE
    assert refused(file.resize, 51) is Code.NO_SPACE
    assert refused(file.allocate, 50, 1) is Code.NO_SPACE
    assert file.write_at(45, views(bytes(20))) == 5
    assert file.write_at(70, views(b"")) == 0
    assert file.append(views()) == 0
    file.resize(48)
    assert file.append(views(b"a", b"bc")) == 2
    assert place.used == (50, 1)
    assert file.stat().size == 50


def test_holes_cost_as_much_as_data(make: Callable[..., Place]) -> None:
    place = make()
    file = place.open("f")
    for offset in (50, 1 << 20, 1 << 40, 1 << 62):
        assert refused(file.write_at, offset, views(b"x")) is Code.NO_SPACE
        assert refused(file.resize, offset + 1) is Code.NO_SPACE
        assert refused(file.allocate, offset, 1) is Code.NO_SPACE
    assert (file.stat().size, place.used) == (0, (0, 1))
    assert file.write_at(49, views(b"xyz")) == 1
    assert place.used == (50, 1)
    assert file.write_at(0, views(bytes(49))) == 49


def test_numbers_that_are_no_offsets_are_refused_uncounted(make: Callable[..., Place]) -> None:
    place = make(max_bytes=2**64)
    file = place.open("f")
    for offset in (2**63 - 1, 2**63, 2**64 - 1):
        assert refused(file.write_at, offset, views(b"xx")) is Code.INVALID
        assert refused(file.resize, offset + 1) is Code.FILE_TOO_LARGE
        assert refused(file.allocate, offset, 1) is Code.FILE_TOO_LARGE
    assert refused(file.allocate, 0, 0) is Code.INVALID
    assert place.used == (0, 1)


def test_a_handle_that_cannot_write_is_told_so_first(make: Callable[..., Place]) -> None:
    place = make(max_bytes=0)
    file = place.open("owned", How.READ)
    assert refused(file.write_at, 100, views(b"x")) is Code.BAD_DESCRIPTOR
    assert refused(file.append, views(b"x")) is Code.BAD_DESCRIPTOR
    assert refused(file.resize, 1000) is Code.BAD_DESCRIPTOR
    assert refused(file.resize, 1) is Code.BAD_DESCRIPTOR
    assert refused(file.allocate, 100, 1) is Code.BAD_DESCRIPTOR
    assert place.used == (0, 0)


def test_names_count_and_come_back(make: Callable[..., Place]) -> None:
    place = make()
    root = place.root
    place.open("f").close()
    root.make_directory("d")
    root.make_symbolic_link("l", "to")
    root.link("f", root, "f2")
    root.link("l", root, "l2")
    assert place.used == (2, 5)
    for make_it, arguments in (
        (root.open_file, ("new", NEW)),
        (root.open_file, ("new", NEW | How.EXCLUSIVE)),
        (root.make_directory, ("new",)),
        (root.make_symbolic_link, ("new", "x")),
        (root.link, ("f", root, "new")),
    ):
        assert refused(make_it, *arguments) is Code.NO_SPACE
        assert refused(root.lookup, "new") is Code.NO_ENTRY
    place.open("f").close()
    for name in ("l", "f", "l2", "f2"):
        root.unlink(name)
    root.remove_directory("d")
    assert place.used == (0, 0)


def test_what_is_there_already_is_said_even_when_nothing_fits(make: Callable[..., Place]) -> None:
    """Programs make directories that exist, and go on when they are told so."""
    place = make(max_bytes=0, max_files=0)
    root = place.root
    assert refused(root.make_directory, "dir") is Code.EXISTS
    assert refused(root.make_symbolic_link, "dir", "x") is Code.EXISTS
    assert refused(root.link, "owned", root, "dir") is Code.EXISTS
    assert refused(root.open_file, "owned", NEW | How.EXCLUSIVE) is Code.EXISTS
    assert refused(root.open_file, "dir", NEW) is Code.IS_DIRECTORY
    place.open("owned", NEW).close()
    assert place.used == (0, 0)


def test_what_fails_costs_nothing(make: Callable[..., Place]) -> None:
    place = make()
    root = place.root
    for _ in range(10):
        assert refused(root.make_directory, "dir") is Code.EXISTS
        assert refused(root.make_directory, "n" * 300) is Code.NAME_TOO_LONG
        assert refused(root.make_symbolic_link, "dir", "target") is Code.EXISTS
        assert refused(root.link, "missing", root, "new") is Code.NO_ENTRY
        assert refused(root.link, "dir", root, "new") is Code.NOT_PERMITTED
        assert refused(root.open_file, "dir", NEW | How.EXCLUSIVE) is Code.EXISTS
        assert refused(root.open_file, "n" * 300, NEW) is Code.NAME_TOO_LONG
        assert refused(root.rename, "owned", root, "dir") is Code.IS_DIRECTORY
        assert refused(root.unlink, "missing") is Code.NO_ENTRY
        assert refused(root.remove_directory, "dir") is Code.NOT_EMPTY
    assert place.used == (0, 0)


def test_targets_of_links_are_bytes(make: Callable[..., Place]) -> None:
    place = make()
    root = place.root
    assert refused(root.make_symbolic_link, "l", "é" * 26) is Code.NO_SPACE
    root.make_symbolic_link("l", "é" * 25)
    assert place.used == (50, 1)
    root.link("l", root, "l2")
    root.unlink("l")
    assert place.used == (50, 1)
    root.unlink("l2")
    assert place.used == (0, 0)


def test_a_file_counts_once_however_many_names_it_has(make: Callable[..., Place]) -> None:
    place = make()
    place.put("f", 20)
    place.root.link("f", place.root, "g")
    assert place.used == (20, 2)
    place.root.unlink("f")
    assert place.used == (20, 1)
    place.root.unlink("g")
    assert place.used == (0, 0)


def test_a_removed_file_counts_until_its_last_handle_is_closed(make: Callable[..., Place]) -> None:
    place = make()
    file = place.open("f")
    reader = place.open("f", How.READ)
    file.write_at(0, views(bytes(10)))
    place.root.link("f", place.root, "g")
    place.root.unlink("f")
    place.root.unlink("g")
    assert place.used == (10, 1)
    assert file.write_at(0, views(bytes(100))) == 50
    assert refused(file.append, views(b"x")) is Code.NO_SPACE
    file.close()
    file.close()
    assert place.used == (50, 1)
    reader.close()
    assert place.used == (0, 0)
    place.put("f", 50)
    assert place.used == (50, 1)


def test_a_new_file_does_not_inherit_what_an_old_one_owed(make: Callable[..., Place]) -> None:
    """Hosts use the number of a file again as soon as it is gone."""
    place = make()
    for _ in range(20):
        file = place.open("f", NEW | How.EXCLUSIVE)
        file.write_at(0, views(bytes(30)))
        place.root.unlink("f")
        file.close()
        place.put("f", 40)
        assert place.used == (40, 1)
        place.open("f", How.READ).close()
        assert place.used == (40, 1)
        place.root.unlink("f")
        assert place.used == (0, 0)


def test_renaming_over_a_file_removes_it(make: Callable[..., Place]) -> None:
    place = make()
    root = place.root
    place.put("new", 30)
    handle = place.open("owned", How.READ)
    root.rename("new", root, "owned")
    assert place.used == (30, 1), "the file of 100 bytes is still open"
    handle.close()
    assert place.used == (0, 0)
    place.put("a", 10)
    place.put("b", 20)
    root.rename("a", root, "b")
    assert place.used == (10, 1)
    root.rename("b", root, "c")
    root.rename("c", root, "c")
    root.link("c", root, "d")
    root.rename("c", root, "d")
    assert place.used == (10, 2), "two names of one file: nothing happens"
    root.make_symbolic_link("link", "12345")
    root.rename("link", root, "d")
    assert place.used == (15, 2)
    root.rename("c", root, "d")
    assert place.used == (10, 1)


def test_renaming_over_a_directory_removes_it(make: Callable[..., Place]) -> None:
    place = make()
    place.root.make_directory("a")
    place.root.make_directory("b")
    place.root.rename("a", place.root, "b")
    assert place.used == (0, 1)
    below = place.root.open_directory("dir")
    place.root.rename("b", below, "b")
    assert place.used == (0, 1)
    below.remove_directory("b")
    assert place.used == (0, 0)


@pytest.mark.parametrize("how", [How.WRITE | How.TRUNCATE, NEW | How.TRUNCATE])
def test_truncating_gives_back(make: Callable[..., Place], how: int) -> None:
    place = make()
    place.put("f", 30)
    file = place.open("f", how)
    assert (file.stat().size, place.used) == (0, (0, 1))
    place.open("new", NEW | How.TRUNCATE).close()
    assert place.used == (0, 2)


def test_what_was_there_is_not_saved_up_when_it_is_removed(make: Callable[..., Place]) -> None:
    """It makes room for what was added before, and no more."""
    place = make()
    place.put("f", 20)
    place.root.unlink("owned")
    assert place.used == (0, 0)
    file = place.open("g")
    assert file.write_at(0, views(bytes(100))) == 50
    assert place.used == (50, 1)


def test_a_program_that_rewrites_what_is_there_needs_no_more_than_the_largest_file(make: Callable[..., Place]) -> None:
    place = make(max_bytes=100)
    for _ in range(5):
        place.put("owned.new", 100)
        place.root.rename("owned.new", place.root, "owned")
        file = place.open("owned", RW | How.TRUNCATE)
        assert file.write_at(0, views(bytes(100))) == 100
        file.close()
        place.root.unlink("owned")
        place.put("owned", 100)
        place.open("owned", RW | How.TRUNCATE).close()
        assert place.used == (0, 1)
        place.put("owned", 100)
        place.root.unlink("owned")


def test_everything_that_leads_below_is_behind_the_quota(make: Callable[..., Place]) -> None:
    place = make(max_bytes=5)
    reopened = place.root.reopen()
    below = reopened.open_directory("dir")
    walked = place.root.walk("dir/../dir/.")
    for directory in (reopened, below, walked):
        if directory is not None:
            file = directory.open_file("f", NEW)
            assert file.write_at(0, views(bytes(10))) == 5
            assert (file.host_descriptor(), directory.host_descriptor()) == (None, None)
            file.close()
            directory.unlink("f")
    assert place.used == (0, 0)


def test_nothing_is_moved_or_linked_across_the_quota(tmp_path: Path) -> None:
    host = HostFilesystem(tmp_path)
    (tmp_path / "f").write_bytes(b"f")
    quota, other = Quota(host, max_bytes=9), Quota(host, max_bytes=9)
    roots = [quota.root(), other.root(), host.root()]
    for source in roots:
        for target in roots:
            if source is not target:
                assert refused(source.rename, "f", target, "g") is Code.CROSS_DEVICE
                assert refused(source.link, "f", target, "g") is Code.CROSS_DEVICE
    frozen = ReadOnly(quota).root()
    assert refused(roots[0].rename, "f", frozen, "g") is Code.READ_ONLY
    again = quota.root()
    roots[0].rename("f", again, "g")
    again.rename("g", again.reopen(), "f")
    assert contents(tmp_path) == {"f": ("file", b"f")}


def test_parts_of_it_share_it() -> None:
    memory = MemoryFilesystem({"a": {}, "b": {}})
    quota = Quota(memory, max_bytes=10)
    parts = Mounts({"/a": Subdirectory(quota, "a"), "/b": Subdirectory(quota, "b"), "/ro": ReadOnly(quota)})
    root = parts.root()
    file = root.open_directory("a").open_file("f", NEW)
    assert file.write_at(0, views(bytes(7))) == 7
    other = root.open_directory("b").open_file("f", NEW)
    assert other.write_at(0, views(bytes(7))) == 3
    reader = root.open_directory("ro").open_directory("a").open_file("f", How.READ)
    file.close()
    root.open_directory("a").unlink("f")
    assert quota.bytes_used == 10, "it is open in the view that cannot be changed"
    reader.close()
    assert quota.bytes_used == 3


def test_a_quota_in_a_quota() -> None:
    inner = Quota(MemoryFilesystem(), max_bytes=10, max_files=2)
    outer = Quota(inner, max_bytes=100, max_files=100)
    root = outer.root()
    file = root.open_file("f", NEW)
    assert file.write_at(0, views(bytes(50))) == 10
    root.make_directory("d")
    assert refused(root.make_directory, "e") is Code.NO_SPACE
    root.unlink("f")
    file.resize(8)
    assert file.append(views(bytes(50))) == 2
    assert (inner.bytes_used, outer.bytes_used) == (10, 10)
    file.close()
    assert (inner.bytes_used, outer.bytes_used, inner.files_used, outer.files_used) == (0, 0, 1, 1)


def test_what_cannot_be_written_to_stays_so() -> None:
    root = Quota(ReadOnly(MemoryFilesystem({"f": b"x"})), max_bytes=10).root()
    assert root.read_only
    assert refused(root.open_file, "f", RW) is Code.READ_ONLY
    assert refused(root.make_directory, "d") is Code.READ_ONLY
    assert refused(root.unlink, "f") is Code.READ_ONLY


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the host has no pipes with names")
def test_pipes_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    place = Place(HostFilesystem(tmp_path), max_bytes=0)
    pipe = place.open("pipe", RW | How.TRUNCATE)
    assert pipe.write(views(b"12345")) == 5
    assert pipe.read([memoryview(bytearray(9))]) == 5
    pipe.close()
    place.root.unlink("pipe")
    assert place.used == (0, 0)


def test_a_host_that_changes_the_files_meanwhile(tmp_path: Path) -> None:
    """What it adds does not count, and what it takes away is not given back."""
    place = Place(HostFilesystem(tmp_path), max_bytes=50)
    file = place.open("f")
    file.write_at(0, views(bytes(30)))
    (tmp_path / "f").write_bytes(bytes(1000))
    assert place.used == (30, 1)
    assert file.append(views(bytes(30))) == 20
    (tmp_path / "f").write_bytes(b"")
    assert place.used == (50, 1)
    assert refused(file.append, views(b"x")) is Code.NO_SPACE
    (tmp_path / "f").unlink()
    assert refused(file.append, views(b"x")) is Code.NO_SPACE
    file.close()
    assert place.used == (50, 1)
    (tmp_path / "f").write_bytes(bytes(2000))
    place.root.unlink("f")
    assert place.used == (0, 0)


def test_a_handle_that_was_forgotten_is_a_handle_no_more(tmp_path: Path) -> None:
    place = Place(HostFilesystem(tmp_path))
    file = place.open("f")
    file.write_at(0, views(bytes(20)))
    del file
    place.root.unlink("f")
    assert place.used == (0, 0)
    for round in range(3):
        file = place.open("f")
        file.write_at(0, views(bytes(20)))
        other = place.open("f")
        del file
        place.root.unlink("f")
        assert place.used == (20, 1), round
        other.close()
        assert place.used == (0, 0), round
    # What it had when it was removed is not known any more: then nothing is given back. A file that takes its number
    # is not mistaken for it.
    file = place.open("f")
    file.write_at(0, views(bytes(20)))
    place.root.unlink("f")
    del file
    place.put("g", 10)
    place.open("g", How.READ).close()
    assert place.used == (30, 2)
    place.root.unlink("g")
    assert place.used == (20, 1)


def test_many_threads_on_one_quota(tmp_path: Path) -> None:
    (tmp_path / "owned").write_bytes(bytes(1000))
    host = HostFilesystem(tmp_path)
    quota = Quota(host, max_bytes=5000, max_files=20)
    begin = threading.Barrier(4)
    failures: list[KernelError] = []

    def step(root: Directory, number: int, turn: int) -> None:
        file = root.open_file(f"f{turn % 3}", NEW)
        try:
            file.append(views(bytes(100 * number)))
            file.write_at(turn * 7, views(bytes(50)))
            file.resize(file.stat().size // 2 + turn)
            root.rename(f"f{turn % 3}", root, f"f{turn % 5}")
            root.make_directory(f"d{number}{turn}")
            root.unlink(f"f{turn % 4}")
        finally:
            file.close()

    def work(number: int) -> None:
        root = quota.root()
        begin.wait()
        for turn in range(120):
            try:
                step(root, number, turn)
            except KernelError as error:
                if error.code not in (Code.NO_SPACE, Code.NO_ENTRY):
                    failures.append(error)
        root.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    paths = list(tmp_path.rglob("*"))
    size = sum(path.stat().st_size for path in paths if path.is_file()) - 1000
    assert (size, len(paths) - 1) == (quota.bytes_used, quota.files_used)
    assert size <= 5000
    root = quota.root()
    remove_all(root)
    root.close()
    host.close()
    assert (quota.bytes_used, quota.files_used) == (0, 0)


class FullFile(MemoryFile):
    """As on a disk that is full before all that was asked for is allocated."""

    def allocate(self, offset: int, length: int) -> None:
        super().allocate(offset, length // 2)
        raise KernelError(Code.NO_SPACE)


def test_a_disk_that_is_full_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("remit.filesystems.memory.MemoryFile", FullFile)
    place = Place(MemoryFilesystem())
    file = place.open("f")
    assert refused(file.allocate, 0, 30) is Code.NO_SPACE
    assert (file.stat().size, place.used) == (15, (15, 1))


class Interrupted(Exception):
    """What a signal handler raises."""


def interrupted_at(step: int, change: Callable[[], object]) -> bool:
    """Make `change`, with an exception before line number `step` of the quota's code. False: it was not reached.

    Not where Python calls a trace and never a signal handler: before a lock is given back, at `try`, while collecting.
    """
    left = step

    def is_a_place(frame: FrameType) -> bool:
        line = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
        return not line.startswith(("with ", "try:")) and frame.f_code.co_name != "__del__"

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal left
        if not frame.f_code.co_filename.endswith(os.path.join("filesystems", "quota.py")):
            return None
        if event == "line" and is_a_place(frame):
            left -= 1
            if left == 0:
                raise Interrupted
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        change()
    except Interrupted:
        return True
    finally:
        sys.settrace(before)
    return False


def close_removed(root: Directory, file: File) -> None:
    root.unlink("f")
    file.close()


CHANGES: dict[str, Callable[[Directory, File], object]] = {
    "write": lambda root, file: file.write_at(3, views(bytes(90))),
    "append": lambda root, file: file.append(views(bytes(90))),
    "lengthen": lambda root, file: file.resize(40),
    "shorten": lambda root, file: file.resize(1),
    "allocate": lambda root, file: file.allocate(0, 40),
    "create": lambda root, file: root.open_file("new", NEW).close(),
    "truncate": lambda root, file: root.open_file("f", RW | How.TRUNCATE).close(),
    "make a directory": lambda root, file: root.make_directory("new"),
    "make a link": lambda root, file: root.make_symbolic_link("new", "12345"),
    "link": lambda root, file: root.link("f", root, "new"),
    "rename": lambda root, file: root.rename("f", root, "g"),
    "unlink": lambda root, file: root.unlink("g"),
    "close": close_removed,
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_interrupts_it_no_more_is_there_than_was_counted(change: str, tmp_path: Path) -> None:
    for step in range(1, 200):
        path = tmp_path / str(step)
        path.mkdir()
        host = HostFilesystem(path)
        place = Place(host)
        place.put("g", 8)
        file = place.open("f")
        file.write_at(0, views(bytes(10)))
        reached = interrupted_at(step, lambda: CHANGES[change](place.root, file))  # noqa: B023 - called at once
        there = [each.lstat() for each in path.iterdir()]
        sizes = {status.st_ino: 0 if stat.S_ISDIR(status.st_mode) else status.st_size for status in there}
        assert sum(sizes.values()) <= place.quota.bytes_used <= 50
        assert len(there) <= place.quota.files_used <= 5
        place.put("after", 0)
        file.close()
        place.root.close()
        host.close()
        if not reached:
            assert step > 3
            return
    raise AssertionError("it never got through")


class Slow(Filesystem):
    """A filesystem whose every change must be waited for: it is then done by `resume`, or on the second try."""

    def __init__(self, *, resume: bool) -> None:
        self.memory = MemoryFilesystem()
        self.resume = resume
        self.asked = False

    def root(self) -> Directory:
        return SlowDirectory(self)

    def later(self, operation: Callable[..., Any], *arguments: Any) -> Any:
        self.asked = not self.asked
        if self.asked:
            raise WouldBlock(ALWAYS, (lambda: operation(*arguments)) if self.resume else None)
        return operation(*arguments)


class SlowDirectory(Directory):
    def __init__(self, slow: Slow) -> None:
        self.slow = slow
        self.directory = slow.memory.root()

    def lookup(self, name: str) -> Stat:
        return self.directory.lookup(name)

    def entries(self) -> Sequence[DirectoryEntry]:
        return list(self.directory.entries())

    def open_file(self, name: str, how: int) -> File:
        return SlowFile(self.slow, self.directory.open_file(name, how))

    def make_directory(self, name: str) -> None:
        self.slow.later(self.directory.make_directory, name)


class SlowFile(File):
    def __init__(self, slow: Slow, file: File) -> None:
        self.slow = slow
        self.file = file

    def stat(self) -> Stat:
        return self.file.stat()

    def write_at(self, offset: int, buffers: Sequence[memoryview]) -> int:
        done: int = self.slow.later(self.file.write_at, offset, buffers)
        return done


def test_what_has_to_be_waited_for_counts_once() -> None:
    slow = Slow(resume=False)
    place = Place(slow)
    file = place.open("f")
    for _ in range(10):
        slow.asked = False
        with pytest.raises(WouldBlock):
            file.write_at(0, views(bytes(20)))
        slow.asked = False
        with pytest.raises(WouldBlock):
            place.root.make_directory("d")
    assert place.used == (0, 1)
    assert file.write_at(0, views(bytes(20))) == 20
    assert place.used == (20, 1)


def test_what_goes_on_later_counts_at_once() -> None:
    slow = Slow(resume=True)
    place = Place(slow)
    file = place.open("f")
    with pytest.raises(WouldBlock) as caught:
        file.write_at(0, views(bytes(40)))
    assert refused(file.write_at, 40, views(bytes(20))) is Code.NO_SPACE
    assert caught.value.resume is not None
    assert caught.value.resume() == 40
    assert (file.stat().size, place.used) == (40, (40, 1))
    slow.asked = False
    with pytest.raises(WouldBlock) as caught:
        place.root.make_directory("d")
    assert place.used == (40, 2)
    assert caught.value.resume is not None
    caught.value.resume()
    assert place.used == (40, 2)
    assert [entry.name for entry in place.root.entries()] == ["f", "d"]
