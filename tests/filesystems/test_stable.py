"""What differs between two places of the same files is shown the same."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.filesystems.host import HostFilesystem
from remit.filesystems.memory import MemoryFilesystem
from remit.filesystems.mounts import Mounts
from remit.filesystems.overlay import Overlay
from remit.filesystems.restricted import Restricted
from remit.filesystems.stable import DEVICE, Seen, Stable, stable
from remit.kernel.errors import Code, KernelError
from remit.kernel.files import NOW, Directory, File, Filesystem, FileType, How, Stat
from remit.kernel.virtual_clock import START, STEP, VirtualTime
from remit.testing import check_filesystem

NAMES = ["z", "A", "ü", "b", "10", "9", "a", "link", "sub"]
DAY = 86_400 * 10**9


def rooted(filesystem: Filesystem, time: VirtualTime | None = None) -> Directory:
    return Stable(filesystem, (time or VirtualTime()).wall).root()


def number(directory: Directory, name: str) -> int:
    return directory.lookup(name).inode


def make_tree(top: Path, *, seed: int) -> None:
    """The same files, made in another order."""
    top.mkdir()
    order = random.Random(seed)
    names = NAMES[:]
    order.shuffle(names)
    for name in names:
        for each in range(order.randrange(3)):
            (top / f"gone {each}").touch()
        if name == "sub":
            (top / name).mkdir()
        elif name == "link":
            (top / name).symlink_to("z")
        else:
            (top / name).write_text(name)
            os.utime(top / name, ns=(seed * DAY, 10 * DAY))
        for gone in top.glob("gone *"):
            gone.unlink()
    os.link(top / "z", top / "sub" / "also z")


def told(directory: Directory) -> list[tuple[object, ...]]:
    """All that a program can learn of a directory, but for sizes of directories."""
    found: list[tuple[object, ...]] = []
    for entry in directory.entries():
        stat = directory.lookup(entry.name)
        size = None if stat.type is FileType.DIRECTORY else stat.size
        assert entry.inode == stat.inode
        row = (entry.name, entry.type, stat.type, stat.device, stat.inode, stat.links, size)
        found.append((*row, stat.accessed, stat.modified, stat.changed))
        if stat.type is FileType.DIRECTORY:
            below = directory.open_directory(entry.name)
            found += told(below)
            assert below.stat().inode == stat.inode
            below.close()
    return found


def test_the_same_files_are_shown_the_same(tmp_path: Path) -> None:
    shown = []
    for seed in range(1, 4):
        make_tree(tmp_path / str(seed), seed=seed)
        root = rooted(HostFilesystem(str(tmp_path / str(seed))))
        shown.append((root.stat().inode, told(root)))
        root.close()
    assert shown[0] == shown[1] == shown[2]
    first, rows = shown[0]
    assert first == 1
    assert [row[0] for row in rows] == [*sorted([*NAMES, "also z"], key=lambda name: name.replace("also z", "sub0"))]
    numbers = {str(row[0]): int(str(row[4])) for row in rows}
    assert numbers["z"] == numbers["also z"]
    assert sorted({first, *numbers.values()}) == list(range(1, len(NAMES) + 2))
    assert {row[3] for row in rows} == {DEVICE}


def test_the_contract_on_a_host_directory(tmp_path: Path) -> None:
    made: list[Path] = []

    def make() -> Filesystem:
        made.append(tmp_path / str(len(made)))
        made[-1].mkdir()
        return Stable(HostFilesystem(str(made[-1])), VirtualTime(2 * 10**18).wall)

    assert check_filesystem(make) > 60


def test_times_of_files_are_their_own_and_those_of_directories_the_beginning(tmp_path: Path) -> None:
    (tmp_path / "f").touch()
    os.utime(tmp_path / "f", ns=(1, 2 * DAY))
    (tmp_path / "d").mkdir()
    (tmp_path / "l").symlink_to("f")
    root = rooted(HostFilesystem(str(tmp_path)))
    for name, time in (("f", 2 * DAY), ("d", START + STEP), ("l", START + STEP)):
        stat = root.lookup(name)
        assert (stat.accessed, stat.modified, stat.changed) == (time, time, time)
    root.close()


def test_what_the_program_changes_has_the_time_of_its_clock(tmp_path: Path) -> None:
    before = os.stat(tmp_path).st_mtime_ns
    time = VirtualTime()
    root = rooted(HostFilesystem(str(tmp_path)), time)
    file = root.open_file("f", How.READ | How.WRITE | How.CREATE)
    assert file.stat().modified == START + 2 * STEP
    assert root.stat().modified == START + 3 * STEP
    file.write_at(0, [memoryview(b"text")])
    written = file.stat().modified
    assert written == START + 4 * STEP == file.stat().changed
    assert file.stat().accessed == START + 2 * STEP, "reading and writing leave it"
    file.read_at(0, [memoryview(bytearray(4))])
    file.write_at(9, [])
    assert file.stat().modified == written
    assert os.stat(tmp_path / "f").st_mtime_ns >= before, "the host has its own time"
    file.set_times(5, NOW)
    assert (file.stat().accessed, file.stat().modified) == (5, START + 5 * STEP)
    assert os.stat(tmp_path / "f").st_atime_ns == 5
    file.close()
    assert root.lookup("f").modified == START + 5 * STEP
    root.close()


def test_changes_of_names_have_times(tmp_path: Path) -> None:
    time = VirtualTime()
    root = rooted(MemoryFilesystem({"d": {}, "f": b""}), time)
    below = root.open_directory("d")

    def changed(directory: Directory) -> bool:
        return directory.stat().modified == time._clock.now() + START

    root.make_directory("new")
    assert changed(root)
    root.make_symbolic_link("l", "f")
    assert changed(root)
    root.link("f", below, "g")
    assert changed(below)
    assert root.lookup("f").changed > START + STEP
    root.rename("l", below, "l")
    assert root.stat().modified < below.lookup("l").changed < below.stat().modified
    assert changed(below)
    root.remove_directory("new")
    assert changed(root)
    before = time._clock.now()
    below.rename("g", root, "f")
    assert time._clock.now() == before, "two names of one file: nothing happens"
    for directory in (root, below):
        directory.close()


def test_numbers_of_what_is_gone_are_not_used_again(tmp_path: Path) -> None:
    """However the host uses its own."""
    root = rooted(HostFilesystem(str(tmp_path)))
    numbers = []
    for _ in range(5):
        root.open_file("f", How.WRITE | How.CREATE | How.EXCLUSIVE).close()
        numbers.append(number(root, "f"))
        root.make_directory("d")
        numbers.append(number(root, "d"))
        root.open_file("g", How.WRITE | How.CREATE | How.EXCLUSIVE).close()
        numbers.append(number(root, "g"))
        root.rename("g", root, "f")
        assert number(root, "f") == numbers[-1]
        root.unlink("f")
        root.remove_directory("d")
    assert numbers == list(range(2, 17))
    root.close()


def test_what_is_gone_is_forgotten(tmp_path: Path) -> None:
    """A program that makes and removes files for ever does not fill the memory."""
    seen = Seen(VirtualTime().wall)
    root = stable(HostFilesystem(str(tmp_path)).root(), seen)
    for number in range(200):
        root.open_file(f"f{number}", How.WRITE | How.CREATE).close()
        root.link(f"f{number}", root, "second")
        root.make_directory("d")
        below = root.open_directory("d")
        root.rename(f"f{number}", below, "moved")
        root.rename("second", root, "replaced")
        below.unlink("moved")
        below.close()
        root.remove_directory("d")
        assert len(seen._known) <= 2
    root.close()


def test_open_files_keep_their_numbers(tmp_path: Path) -> None:
    (tmp_path / "f").touch()
    root = rooted(HostFilesystem(str(tmp_path)))
    first, second = root.open_file("f", How.READ), root.open_file("f", How.READ)
    root.unlink("f")
    root.open_file("f", How.WRITE | How.CREATE).close()
    assert first.stat().inode == second.stat().inode == 2
    assert number(root, "f") == 3
    for handle in (first, second, root):
        handle.close()


def test_one_program_sees_one_file_in_two_directories_as_one(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    (tmp_path / "a" / "f").touch()
    os.link(tmp_path / "a" / "f", tmp_path / "b" / "g")
    seen = Seen(VirtualTime().wall)
    a, b = (stable(HostFilesystem(str(tmp_path / name)).root(), seen) for name in ("a", "b"))
    assert number(a, "f") == number(b, "g") == 3
    a.unlink("f")
    assert number(b, "g") == 3
    a.close()
    b.close()


def test_directories_of_other_filesystems_are_told_apart() -> None:
    """Numbers of the wrapped ones may be equal, and listings do not say of which they are."""
    one, other = MemoryFilesystem({"f": b""}), MemoryFilesystem({"f": b""})
    root = rooted(Mounts({"/one": one, "/other": other}))
    rows = told(root)
    assert [row[0] for row in rows] == ["one", "f", "other", "f"]
    assert len({row[4] for row in rows}) == 4
    root.close()


def test_an_overlay_keeps_numbers_when_it_copies(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("old")
    os.link(tmp_path / "f", tmp_path / "g")
    root = rooted(Overlay(HostFilesystem(str(tmp_path))))
    before = number(root, "f")
    file = root.open_file("f", How.WRITE)
    file.write_at(0, [memoryview(b"new")])
    assert file.stat().inode == number(root, "f") == before
    file.close()
    root.close()


def test_rules_refuse_what_they_refuse() -> None:
    inner = MemoryFilesystem({"seen": b"", "hidden": b""})
    root = rooted(Restricted(inner, ["read seen"]))
    with pytest.raises(KernelError) as caught:
        root.unlink("seen")
    refused = caught.value.code
    plain = Restricted(inner, ["read seen"]).root()
    with pytest.raises(KernelError) as caught:
        plain.unlink("seen")
    assert caught.value.code is refused
    assert root.origin is not None
    with pytest.raises(KernelError) as caught:
        root.open_file("new", How.WRITE | How.CREATE)
    assert caught.value.code in (Code.ACCESS, Code.READ_ONLY, Code.NOT_PERMITTED)
    root.close()
    plain.close()


class Numberless(Filesystem):
    """It has two files, and no numbers."""

    def root(self) -> Directory:
        return NumberlessDirectory()


class NumberlessDirectory(Directory):
    def stat(self) -> Stat:
        return Stat(FileType.DIRECTORY)

    def lookup(self, name: str) -> Stat:
        return Stat(FileType.REGULAR_FILE, modified=7)

    def open_file(self, name: str, how: int) -> File:
        if name == "odd":
            return File()
        return NumberlessFile()

    def close(self) -> None:
        pass


class NumberlessFile(File):
    def stat(self) -> Stat:
        return Stat(FileType.REGULAR_FILE, modified=7)

    def resize(self, size: int) -> None:
        pass


def test_a_filesystem_without_numbers_stays_without() -> None:
    root = rooted(Numberless())
    one, other = root.open_file("one", How.WRITE), root.open_file("other", How.WRITE)
    one.resize(1)
    assert (one.stat().inode, other.stat().inode) == (0, 0)
    assert one.stat().modified > START
    assert other.stat().modified == 7, "they are not taken for one"


def test_a_handle_without_attributes_can_be_used() -> None:
    root = rooted(Numberless())
    file = root.open_file("odd", How.READ)
    assert file.when_readable().ready()
    with pytest.raises(KernelError) as caught:
        file.stat()
    assert caught.value.code is Code.NOT_SUPPORTED


@given(st.lists(st.tuples(st.sampled_from(["make", "link", "move", "remove"]), st.integers(0, 3), st.integers(0, 3))))
def test_numbers_agree_with_a_model(steps: list[tuple[str, int, int]]) -> None:
    """Each name is one file, and each file has the number that comes next when it is made."""
    root = rooted(MemoryFilesystem())
    model: dict[str, int] = {}
    last = 1
    for step, first, second in steps:
        name, other = f"f{first}", f"f{second}"
        try:
            if step == "make":
                root.open_file(name, How.WRITE | How.CREATE | How.EXCLUSIVE).close()
                last = model[name] = last + 1
            elif step == "link":
                root.link(name, root, other)
                model[other] = model[name]
            elif step == "move":
                root.rename(name, root, other)
                if model[name] != model.get(other):
                    model[other] = model.pop(name)
            else:
                root.unlink(name)
                del model[name]
        except KernelError:
            pass  # It is there, or not there; what is, the next line says.
        assert {entry.name: entry.inode for entry in root.entries()} == model
    root.close()
