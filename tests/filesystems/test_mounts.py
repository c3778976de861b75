"""What is particular to mounts: places, listings, and what may not be moved."""

from __future__ import annotations

from itertools import permutations

import pytest

from remit.filesystems.memory import MemoryFilesystem
from remit.filesystems.mounts import Mounts
from remit.filesystems.read_only import ReadOnly
from remit.kernel import paths
from remit.kernel.errors import Code, KernelError
from remit.kernel.files import NOW, Directory, File, Filesystem, FileType, How


def refused(code: Code) -> pytest.RaisesExc[KernelError]:
    return pytest.RaisesExc(KernelError, check=lambda error: error.code is code)


def names(directory: Directory, path: str = ".") -> list[str]:
    opened = paths.open_at(directory, path, follow=True, how=0)
    assert isinstance(opened, Directory)
    found = sorted(entry.name for entry in opened.entries())
    opened.close()
    return found


def contents(directory: Directory, path: str) -> bytes:
    opened = paths.open_at(directory, path, follow=True, how=How.READ)
    assert isinstance(opened, File)
    buffer = bytearray(100)
    count = opened.read_at(0, [memoryview(buffer)])
    opened.close()
    return bytes(buffer[:count])


def five() -> dict[str, Filesystem]:
    return {
        "/": MemoryFilesystem({"f": b"root", "data": {"hidden": b""}, "a": {"seen": b"a/seen"}}),
        "/data": MemoryFilesystem({"f": b"data", "x": {"hidden": b""}}),
        "/data/x": MemoryFilesystem({"f": b"data/x"}),
        "/a/b": ReadOnly(MemoryFilesystem({"f": b"a/b"})),
        "/way/to/m": MemoryFilesystem({"f": b"m"}),
    }


@pytest.mark.parametrize("order", list(permutations(range(5)))[::7])
def test_mounts_may_be_given_in_any_order(order: tuple[int, ...]) -> None:
    given = list(five().items())
    root = Mounts(dict(given[number] for number in order)).root()
    assert names(root) == ["a", "data", "f", "way"]
    assert names(root, "a") == ["b", "seen"]
    assert names(root, "data") == ["f", "x"]
    assert names(root, "data/x") == ["f"]
    assert names(root, "way") == ["to"]
    found = {path: contents(root, path) for path in ("f", "data/f", "data/x/f", "a/b/f", "a/seen", "way/to/m/f")}
    assert found == {
        "f": b"root",
        "data/f": b"data",
        "data/x/f": b"data/x",
        "a/b/f": b"a/b",
        "a/seen": b"a/seen",
        "way/to/m/f": b"m",
    }
    assert contents(root, "data/x/../../way/to/../../data/f") == b"data"
    with refused(Code.NOT_CAPABLE):
        names(root, "data/../..")


def test_what_is_on_the_way_to_a_mount_is_there_and_cannot_be_changed() -> None:
    root = Mounts({"way/to": MemoryFilesystem()}).root()
    way = root.open_directory("way")
    stat = root.lookup("way")
    assert (stat.type, stat.inode) == (FileType.DIRECTORY, way.stat().inode)
    for directory in (root, way):
        with refused(Code.READ_ONLY):
            directory.make_directory("new")
        with refused(Code.READ_ONLY):
            directory.open_file("new", How.WRITE | How.CREATE)
        with refused(Code.READ_ONLY):
            directory.set_times(NOW, NOW)
        with refused(Code.NO_ENTRY):
            directory.lookup("new")
        with refused(Code.NO_ENTRY):
            directory.open_file("new", How.READ)
    way.open_directory("to").make_directory("new")
    assert names(root, "way/to") == ["new"]


def test_a_mount_point_is_busy() -> None:
    root = Mounts(five()).root()
    data = root.open_directory("data")
    for at, name in ((root, "data"), (root, "a"), (root, "way"), (data, "x")):
        with refused(Code.BUSY):
            at.remove_directory(name)
        with refused(Code.BUSY):
            at.rename(name, at, "new")
        with refused(Code.IS_DIRECTORY):
            at.unlink(name)
        with refused(Code.EXISTS):
            at.make_directory(name)
        with refused(Code.EXISTS):
            at.make_symbolic_link(name, "x")
        with refused(Code.EXISTS):
            at.open_file(name, How.WRITE | How.CREATE | How.EXCLUSIVE)
        with refused(Code.IS_DIRECTORY):
            at.open_file(name, How.READ)
        with refused(Code.INVALID):
            at.read_link(name)
        with refused(Code.BUSY):
            at.rename("f", at, name)
        with refused(Code.EXISTS):
            at.link("f", at, name)
        with refused(Code.NOT_PERMITTED):
            at.link(name, at, "new")
    root.set_times_of("data", 1, 2)
    assert (data.stat().accessed, data.stat().modified) == (1, 2)


def test_nothing_moves_between_mounts() -> None:
    memory = MemoryFilesystem({"f": b"f", "d": {}})
    root = Mounts({"one": memory, "two": memory, "frozen": ReadOnly(memory)}).root()
    one, two, frozen = (root.open_directory(name) for name in ("one", "two", "frozen"))
    for operation in (one.rename, one.link):
        for target, code in ((two, Code.CROSS_DEVICE), (memory.root(), Code.CROSS_DEVICE), (frozen, Code.READ_ONLY)):
            with refused(code):
                operation("f", target, "g")
    for operation in (frozen.rename, frozen.link):
        with refused(Code.READ_ONLY):
            operation("f", one, "g")
    one.rename("f", one.open_directory("d"), "g")
    assert contents(root, "two/d/g") == b"f"


def test_read_only_is_said_only_if_nothing_below_can_be_changed() -> None:
    frozen = ReadOnly(MemoryFilesystem({"d": {}}))
    assert Mounts({"/": frozen, "x": frozen}).root().read_only
    root = Mounts({"/": frozen, "x/y": MemoryFilesystem()}).root()
    assert not root.read_only
    assert root.open_directory("d").read_only
    assert not root.open_directory("x").read_only
    with refused(Code.READ_ONLY):
        root.make_directory("new")


@pytest.mark.parametrize("path", ["a/../b", ".", "a//b", "a\0"])
def test_a_place_must_be_a_path(path: str) -> None:
    with pytest.raises(ValueError, match="not a path"):
        Mounts({path: MemoryFilesystem()})


def test_a_place_is_given_once() -> None:
    with pytest.raises(ValueError, match="'a/' is given twice"):
        Mounts({"/a": MemoryFilesystem(), "a/": MemoryFilesystem()})
