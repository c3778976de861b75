"""What is particular to an overlay: what is below never changes; changes are listed, applied, discarded."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from os_filesystem import OsFilesystem
from remit.filesystems.direct import SymbolicLink
from remit.filesystems.host import HostFilesystem
from remit.filesystems.memory import MemoryFilesystem
from remit.filesystems.overlay import Overlay
from remit.filesystems.read_only import ReadOnly
from remit.kernel import paths
from remit.kernel.errors import Code, KernelError
from remit.kernel.files import NOW, Directory, DirectoryEntry, File, Filesystem, FileType, How

RW = How.READ | How.WRITE


def lower_files(big: int = 300_000) -> MemoryFilesystem:
    return MemoryFilesystem(
        {
            "big": b"0123456789" * big,
            "file": b"abc",
            "dir": {"inner": b"inner", "deep": {"x": b"x", "y": b"y"}},
            "other": {"z": b"z"},
            "link": SymbolicLink("file"),
        }
    )


def rows(filesystem: MemoryFilesystem | Overlay) -> list[tuple[object, ...]]:
    """Everything about everything."""
    return [
        (path, stat.type, stat.size, stat.links, stat.inode, stat.accessed, stat.modified, stat.changed)
        for path, stat in filesystem.tree()
    ]


def listed(overlay: Overlay) -> list[str]:
    """The changes, as words."""
    return [f"{change.kind} {change.path}" for change in overlay.changes()]


def write(directory: Directory, name: str, data: bytes) -> None:
    file = directory.open_file(name, How.WRITE | How.CREATE)
    file.write_at(0, [memoryview(data)])
    file.close()


def refused(code: Code) -> pytest.RaisesExc[KernelError]:
    return pytest.RaisesExc(KernelError, check=lambda error: error.code is code)


def change_much(root: Directory) -> None:
    """One of each kind of change."""
    write(root, "file", b"ABCDE")
    write(root, "new", b"new")
    root.rename("dir", root, "moved")
    root.make_directory("dir")
    directory = root.open_directory("dir")
    write(directory, "replaced", b"r")
    moved = root.open_directory("moved")
    moved.unlink("inner")
    moved.rename("deep", directory, "deep")
    root.unlink("link")
    root.make_symbolic_link("link", "elsewhere")
    other = root.open_directory("other")
    root.rename("new", other, "z")
    other.link("z", root, "second")
    root.set_times_of("big", 5, 10**18)
    for handle in (directory, moved, other):
        handle.close()


def test_what_is_below_never_changes() -> None:
    lower = lower_files()
    before, contents = rows(lower), lower.to_dict()
    overlay = Overlay(lower)
    root = overlay.root()
    assert rows(overlay) == before
    change_much(root)
    root.close()
    assert overlay.to_dict() == {
        "big": b"0123456789" * 300_000,
        "dir": {"replaced": b"r", "deep": {"x": b"x", "y": b"y"}},
        "file": b"ABCDE",
        "link": SymbolicLink("elsewhere"),
        "moved": {},
        "other": {"z": b"new"},
        "second": b"new",
    }
    assert (rows(lower), lower.to_dict()) == (before, contents)
    overlay.discard()
    assert (overlay.to_dict(), overlay.changes(), overlay.bytes_used) == (contents, [], 0)


def test_what_is_on_the_host_below_never_changes(tmp_path: Path) -> None:
    (tmp_path / "dir" / "deep").mkdir(parents=True)
    for name in ("big", "file", "dir/inner", "dir/deep/x", "dir/deep/y"):
        (tmp_path / name).write_bytes(b"data of " + name.encode())
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "z").write_bytes(b"z")
    (tmp_path / "link").symlink_to("file")

    def state() -> list[tuple[object, ...]]:
        found: list[tuple[object, ...]] = []
        for path in sorted(tmp_path.rglob("*")):
            stat = path.lstat()
            data = path.read_bytes() if path.is_file() else b""
            found.append((path, stat.st_ino, stat.st_mode, stat.st_nlink, stat.st_mtime_ns, stat.st_ctime_ns, data))
        return found

    before = state()
    overlay = Overlay(OsFilesystem(tmp_path))
    root = overlay.root()
    change_much(root)
    root.close()
    assert state() == before
    assert len(overlay.changes()) > 10
    assert state() == before


def test_changes_are_listed_in_order() -> None:
    overlay = Overlay(lower_files())
    assert overlay.changes() == []
    root = overlay.root()
    change_much(root)
    root.close()
    assert listed(overlay) == [
        "modified big",
        "removed dir",
        "added dir",
        "removed dir/deep",
        "added dir/deep",
        "removed dir/deep/x",
        "added dir/deep/x",
        "removed dir/deep/y",
        "added dir/deep/y",
        "removed dir/inner",
        "added dir/replaced",
        "modified file",
        "modified link",
        "added moved",
        "modified other/z",
        "added second",
    ]


@pytest.mark.parametrize("elsewhere", [False, True])
def test_changes_are_applied(elsewhere: bool) -> None:
    lower = lower_files()
    target = lower_files() if elsewhere else lower
    overlay = Overlay(lower)
    root = overlay.root()
    change_much(root)
    root.close()
    wanted, changes, before = overlay.to_dict(), overlay.changes(), rows(lower)
    assert overlay.apply(target if elsewhere else None) == changes
    assert target.to_dict() == wanted
    stats = dict(target.tree())
    assert stats["second"].inode == stats["other/z"].inode
    assert stats["big"].modified == 10**18
    assert overlay.changes() == (changes if elsewhere else [])
    assert overlay.to_dict() == wanted
    assert overlay.bytes_used == 0 or elsewhere
    assert not elsewhere or rows(lower) == before


def test_files_that_change_places_are_applied() -> None:
    lower = MemoryFilesystem({"a": b"was a", "b": b"was b", "d": {"f": b"was d/f"}, "e": {"f": b"was e/f"}})
    overlay = Overlay(lower)
    root = overlay.root()
    for one, two in (("a", "b"), ("d", "e")):
        root.rename(one, root, "t")
        root.rename(two, root, one)
        root.rename("t", root, two)
    root.close()
    wanted = overlay.to_dict()
    assert wanted == {"a": b"was b", "b": b"was a", "d": {"f": b"was e/f"}, "e": {"f": b"was d/f"}}
    overlay.apply()
    assert lower.to_dict() == wanted


def test_applying_what_does_not_fit_changes_nothing() -> None:
    lower = MemoryFilesystem({"a": b"x" * 100})
    overlay = Overlay(lower, max_bytes=50)
    root = overlay.root()
    root.rename("a", root, "b")
    root.close()
    with pytest.raises(OSError, match="no space left"):
        overlay.apply()
    assert lower.to_dict() == {"a": b"x" * 100}
    assert listed(overlay) == ["removed a", "added b"]


def test_applying_to_what_may_not_be_written_says_so() -> None:
    overlay = Overlay(ReadOnly(MemoryFilesystem({"a": b"x"})))
    overlay.write_bytes("a", b"y")
    with pytest.raises(OSError, match="read-only") as caught:
        overlay.apply()
    assert caught.value.filename == "a"
    assert overlay.read_bytes("a") == b"y"


def test_undoing_a_change_leaves_no_change() -> None:
    overlay = Overlay(lower_files())
    root = overlay.root()
    root.rename("file", root, "away")
    root.rename("dir", root, "gone")
    assert len(overlay.changes()) == 12
    root.rename("away", root, "file")
    root.rename("gone", root, "dir")
    write(root, "t", b"t")
    root.unlink("t")
    assert overlay.changes() == []
    root.close()


def test_looking_around_keeps_nothing() -> None:
    overlay = Overlay(lower_files())
    for _ in range(3):
        assert len(list(overlay.tree())) == 10
        overlay.to_dict()
    assert overlay._root.children == {}
    assert overlay._root._directory is None


def test_handles_opened_before_a_change_see_it() -> None:
    overlay = Overlay(lower_files())
    root = overlay.root()
    reader = root.open_file("file", How.READ)
    number = reader.stat().inode
    write(root, "file", b"ABCDE")
    buffer = bytearray(9)
    assert reader.read_at(0, [memoryview(buffer)]) == 5
    assert buffer[:5] == b"ABCDE"
    assert reader.stat().inode == number == root.lookup("file").inode


def test_names_below_of_one_file_stay_one_file() -> None:
    lower = lower_files()
    root = lower.root()
    below = root.open_directory("other")
    root.link("file", below, "same")
    overlay = Overlay(lower)
    top = overlay.root()
    other = top.open_directory("other")
    write(top, "file", b"ABC")
    assert overlay.read_bytes("other/same") == b"ABC"
    top.unlink("file")
    assert other.lookup("same").links == 1
    write(other, "same", b"xyz")
    assert overlay.read_bytes("other/same") == b"xyz"
    assert lower.read_bytes("file") == b"abc"


def test_opening_for_writing_copies_nothing_before_a_write() -> None:
    overlay = Overlay(lower_files(), max_bytes=10)
    root = overlay.root()
    file = root.open_file("big", RW)
    assert overlay.bytes_used == 0
    with refused(Code.NO_SPACE):
        file.write_at(0, [memoryview(b"x")])
    assert (overlay.bytes_used, file.stat().size, overlay.changes()) == (0, 3_000_000, [])
    file.resize(4)
    assert overlay.bytes_used == 4
    assert overlay.read_bytes("big") == b"0123"
    root.open_file("file", How.WRITE | How.TRUNCATE).close()
    assert overlay.bytes_used == 4
    root.unlink("big")
    file.close()
    assert overlay.bytes_used == 0


def test_removing_and_moving_cost_nothing() -> None:
    overlay = Overlay(lower_files(), max_bytes=0, max_files=0)
    root = overlay.root()
    root.rename("dir", root, "moved")
    root.unlink("file")
    root.set_times_of("big", NOW, NOW)
    with refused(Code.NO_SPACE):
        root.make_directory("new")
    with refused(Code.NO_SPACE):
        root.link("big", root, "two")
    assert (overlay.bytes_used, overlay.files_used) == (0, 0)


class _Counted(Filesystem):
    """Counts the handles that are open."""

    def __init__(self, filesystem: Filesystem) -> None:
        self.filesystem = filesystem
        self.open: set[int] = set()
        self.most = 0
        self.opened = 0

    def note(self, handle: object) -> None:
        self.open.add(id(handle))
        self.opened += 1
        self.most = max(self.most, len(self.open))

    def root(self) -> Directory:
        return _CountedDirectory(self, self.filesystem.root())


class _CountedDirectory(Directory):
    def __init__(self, owner: _Counted, directory: Directory) -> None:
        self.owner = owner
        self.directory = directory
        for name in ("lookup", "stat", "make_directory", "unlink", "remove_directory", "set_times_of", "read_link"):
            setattr(self, name, getattr(directory, name))  # The rest is the directory's own.
        owner.note(self)

    def close(self) -> None:
        self.owner.open.discard(id(self))
        self.directory.close()

    def open_directory(self, name: str) -> Directory:
        return _CountedDirectory(self.owner, self.directory.open_directory(name))

    def open_file(self, name: str, how: int) -> File:
        return self.directory.open_file(name, how)

    def entries(self) -> Sequence[DirectoryEntry]:
        return list(self.directory.entries())


def test_handles_below_are_bounded_by_handles_here() -> None:
    lower = MemoryFilesystem()
    for number in range(200):
        lower.write_bytes(f"d{number}/e/f", b"x")
    counted = _Counted(lower)
    overlay = Overlay(counted)
    root = overlay.root()
    for number in range(200):
        directory = root.open_directory(f"d{number}")
        below = directory.open_directory("e")
        write(below, "f", b"y")
        write(below, "g", b"y")
        below.close()
        directory.close()
    assert counted.most < 12
    root.close()
    assert len(overlay.changes()) == 400
    assert not counted.open


def deep_files(depth: int) -> _Counted:
    """Directories in directories, with two names in each; the first, `top`, is beside the root's."""
    lower = MemoryFilesystem({"top": {}})
    directory = lower.root().open_directory("top")
    for _ in range(depth):
        directory.make_directory("d")
        write(directory, "f", b"f")
        directory = directory.open_directory("d")
    return _Counted(lower)


def rename_top(overlay: Overlay, name: str) -> None:
    root = overlay.root()
    root.rename("top", root, name)
    root.close()


def test_changes_of_a_deep_tree_take_as_many_steps_as_it_has_names() -> None:
    depth = 1000
    lower = deep_files(depth)
    overlay = Overlay(lower)
    rename_top(overlay, "moved")
    lower.opened = 0
    assert len(overlay.changes()) == 2 * (2 * depth + 1)
    # Removed: each directory. Added: each for its listing and its two names.
    assert lower.opened < 8 * depth + depth * depth / 16
    assert not lower.open
    target = _Counted(MemoryFilesystem({"top": {}}))
    lower.opened = 0
    overlay.apply(target)
    assert target.opened < 12 * depth + depth * depth / 16
    assert lower.opened < 20 * depth + depth * depth / 16
    assert sum(1 for _ in Overlay(target).tree()) == 2 * depth + 1


def test_what_is_put_in_below_counts_when_it_is_moved() -> None:
    overlay = Overlay(deep_files(1500))
    root = overlay.root()
    root.make_directory("n" * 255)
    aside = root.open_directory("n" * 255)
    for _ in range(500):
        aside.make_directory("e")
        aside = aside.open_directory("e")
    # Nobody has looked how deep it is below.
    root.rename("top", aside, "top")
    aside.rename("top", root, "top")
    directory = root.open_directory("top")
    for _ in range(1499):
        directory = directory.open_directory("d")
    write(directory, "new", b"")
    with refused(Code.NAME_TOO_LONG):
        root.rename("top", aside, "top")
    directory.unlink("new")
    assert listed(overlay)[0] == f"added {'n' * 255}"


def test_what_is_very_deep_below_can_be_read_and_is_not_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    overlay = Overlay(deep_files(50))
    monkeypatch.setattr("remit.filesystems.inodes.PATH_BYTES", 40)
    monkeypatch.setattr("remit.filesystems.overlay.LISTED_BYTES", 80)
    assert sum(1 for _ in overlay.tree()) == 101
    deepest = "top" + "/d" * 49
    assert overlay.read_bytes(f"{deepest}/f") == b"f"
    with pytest.raises(OSError, match="name too long"):
        overlay.write_bytes(f"{deepest}/g", b"")
    assert overlay.changes() == []
    rename_top(overlay, "moved")
    with pytest.raises(OSError, match="too deep to be listed"):
        overlay.changes()
    root = overlay.root()
    root.rename("moved", root, "top")
    assert overlay.changes() == []


def test_a_link_below_whose_target_is_no_text_can_be_looked_at(tmp_path: Path) -> None:
    os.symlink(b"\xff", bytes(tmp_path / "link"))
    overlay = Overlay(HostFilesystem(str(tmp_path)))
    root = overlay.root()
    assert root.lookup("link").size == 1
    assert root.read_link("link") == "\udcff"
    root.close()


def test_special_files_are_seen_and_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    overlay = Overlay(HostFilesystem(str(tmp_path)))
    root = overlay.root()
    assert root.lookup("pipe").type is FileType.FIFO
    with refused(Code.NOT_SUPPORTED):
        root.open_file("pipe", How.READ)
    root.rename("pipe", root, "tube")
    assert listed(overlay) == ["removed pipe", "added tube"]
    root.unlink("tube")
    assert listed(overlay) == ["removed pipe"]
    root.close()


places = st.sampled_from(
    ["file", "dir", "dir/inner", "dir/deep", "dir/deep/x", "other", "other/z", "link", "same", "n"]
)
operations = st.lists(
    st.tuples(st.sampled_from(["rename", "link", "write", "remove", "symlink", "mkdir", "times"]), places, places),
    max_size=12,
)


@settings(max_examples=150, deadline=None)
@given(operations)
def test_applying_random_changes_makes_below_what_is_here(steps: list[tuple[str, str, str]]) -> None:
    def small() -> MemoryFilesystem:
        lower = lower_files(big=1)
        root = lower.root()
        root.link("file", root, "same")
        return lower

    lower, elsewhere = small(), small()
    before, contents = rows(lower), lower.to_dict()
    overlay = Overlay(lower)
    root = overlay.root()
    for what, one, two in steps:
        _step(root, what, one, two)
    assert (rows(lower), lower.to_dict()) == (before, contents)
    wanted = overlay.to_dict()
    changes = overlay.changes()
    assert sorted(changes, key=lambda change: change.path.split("/")) == changes
    assert overlay.apply(elsewhere) == changes
    assert elsewhere.to_dict() == wanted
    assert overlay.apply() == changes
    assert (lower.to_dict(), overlay.to_dict(), overlay.changes()) == (wanted, wanted, [])
    root.close()


def _step(root: Directory, what: str, one: str, two: str) -> None:
    """One operation, which may fail."""
    try:
        if what == "rename":
            paths.rename_at(root, one, root, two)
        elif what == "link":
            paths.link_at(root, one, root, two)
        elif what == "write":
            _write_at(root, one)
        elif what == "remove":
            (paths.remove_directory_at if one in ("dir/deep", "other") else paths.unlink_at)(root, one)
        elif what == "symlink":
            paths.symlink_at(two, root, one)
        elif what == "mkdir":
            paths.make_directory_at(root, one)
        else:
            paths.set_times_at(root, one, 10**18, 10**18, follow=False)
    except KernelError:
        return


def _write_at(root: Directory, path: str) -> None:
    file = paths.open_at(root, path, follow=False, how=How.WRITE | How.CREATE)
    assert isinstance(file, File)
    file.append([memoryview(b"more")])
    file.close()
