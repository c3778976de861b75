"""What is particular to the filesystem in memory; the common contract is checked by test_contract."""

from __future__ import annotations

import threading
import tracemalloc
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remit.filesystems.direct import SymbolicLink, Walk
from remit.filesystems.inodes import PATH_BYTES
from remit.filesystems.memory import NAME_COST, MemoryDirectory, MemoryFilesystem
from remit.filesystems.overlay import Overlay
from remit.kernel.clocks import Clock
from remit.kernel.errors import Code, KernelError
from remit.kernel.files import Directory, File, FileType, How

if TYPE_CHECKING:
    from remit.filesystems.direct import Contents

RW = How.READ | How.WRITE


def write(file: File, offset: int, data: bytes) -> int:
    return file.write_at(offset, [memoryview(data)])


def new_file(root: Directory, name: str = "f") -> File:
    return root.open_file(name, RW | How.CREATE)


def refused(code: Code) -> pytest.RaisesExc[KernelError]:
    return pytest.RaisesExc(KernelError, check=lambda error: error.code is code)


def test_is_filled_from_nested_mappings_and_paths() -> None:
    files: dict[str, Contents] = {
        "main.py": b"print(1)",
        "lib/x.txt": "tëxt",
        "lib": {"deep/er": {"y": bytearray(b"y")}},
        "empty": {},
        "/slash/": {},
        "link": SymbolicLink("lib/x.txt"),
    }
    filesystem = MemoryFilesystem(files)
    assert filesystem.to_dict() == {
        "main.py": b"print(1)",
        "lib": {"x.txt": "tëxt".encode(), "deep": {"er": {"y": b"y"}}},
        "empty": {},
        "slash": {},
        "link": SymbolicLink("lib/x.txt"),
    }
    assert MemoryFilesystem(filesystem.to_dict()).to_dict() == filesystem.to_dict()
    assert [path for path, _ in filesystem.tree()] == [
        "empty",
        "lib",
        "lib/deep",
        "lib/deep/er",
        "lib/deep/er/y",
        "lib/x.txt",
        "link",
        "main.py",
        "slash",
    ]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a/../b": b""}, "'a/../b' is not a path below the root"),
        ({"a//b": b""}, "'a//b' is not a path"),
        ({"": b""}, "is the root"),
        ({"a\0b": b""}, "is not a path"),
        ({"a": b"", "a/b": b""}, r"files\['a/b'\]: not a directory"),
        ({"a/b": b"", "a": {"b": b""}}, r"files\['a/b'\] is given twice"),
        ({"a": b"12345678901"}, r"files\['a'\]: no space left on device: max_bytes=10"),
        ({f"f{n}": b"" for n in range(6)}, r"files\['f5'\]: no space left on device"),
        ({"n" * 256: b""}, "file name too long"),
    ],
)
def test_refuses_contents_that_cannot_be(files: dict[str, bytes], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MemoryFilesystem(files, max_bytes=10, max_files=5)


def test_the_owner_reads_and_writes_by_paths() -> None:
    filesystem = MemoryFilesystem({"d/f": b"old", "l": SymbolicLink("d/f")})
    assert filesystem.read_bytes("d/f") == b"old"
    filesystem.write_bytes("d/f", b"x")
    filesystem.write_bytes("new/dir/g", memoryview(b"big" * 1_000_000))
    assert filesystem.read_bytes("/d/f") == b"x"
    assert filesystem.read_bytes("new/dir/g") == b"big" * 1_000_000
    assert filesystem.read_link("l") == "d/f"
    with pytest.raises(FileNotFoundError, match="d/nothing"):
        filesystem.read_bytes("d/nothing")
    with pytest.raises(IsADirectoryError):
        filesystem.read_bytes("d")
    with pytest.raises(NotADirectoryError):
        filesystem.write_bytes("d/f/g", b"")
    with pytest.raises(ValueError, match=r"\.\."):
        filesystem.read_bytes("../d")
    with pytest.raises(OSError, match="no space"):
        filesystem.write_bytes("huge", bytes(filesystem._volume.max_bytes + 1))


def test_a_far_write_costs_nothing_and_is_refused() -> None:
    filesystem = MemoryFilesystem(max_bytes=1000)
    file = new_file(filesystem.root())
    for offset in (1 << 40, 2**63 - 2):
        with refused(Code.NO_SPACE):
            write(file, offset, b"x")
        with refused(Code.NO_SPACE):
            file.resize(offset)
        with refused(Code.NO_SPACE):
            file.allocate(offset, 1)
    with refused(Code.INVALID):
        write(file, 2**63 - 2, b"xy")
    with refused(Code.INVALID):
        file.resize(2**63)
    with refused(Code.FILE_TOO_LARGE):
        file.allocate(2**63 - 1, 1)
    assert file.stat().size == filesystem.bytes_used == 0


def test_a_write_goes_as_far_as_there_is_space() -> None:
    filesystem = MemoryFilesystem(max_bytes=10)
    file = new_file(filesystem.root())
    assert file.write_at(4, [memoryview(b"abcd"), memoryview(b"efgh"), memoryview(b"ijkl")]) == 6
    assert filesystem.read_bytes("f") == b"\0\0\0\0abcdef"
    with refused(Code.NO_SPACE):
        file.append([memoryview(b"x")])
    assert write(file, 8, b"123") == 2
    assert filesystem.read_bytes("f") == b"\0\0\0\0abcd12"
    assert filesystem.bytes_used == 10


def test_space_comes_back_with_the_last_name_and_handle() -> None:
    filesystem = MemoryFilesystem({"keep": b"12"}, max_bytes=100, max_files=6)
    root = filesystem.root()
    file = new_file(root)
    write(file, 0, b"x" * 98)
    root.link("f", root, "g")
    root.make_directory("d")
    assert (filesystem.bytes_used, filesystem.files_used) == (100, 4)
    with refused(Code.NO_SPACE):
        root.make_symbolic_link("l", "t")
    assert filesystem.files_used == 4
    root.unlink("f")
    root.rename("keep", root, "g")
    assert (filesystem.bytes_used, filesystem.files_used) == (100, 3)
    file.close()
    file.close()
    assert (filesystem.bytes_used, filesystem.files_used) == (2, 2)
    directory = root.open_directory("d")
    root.remove_directory("d")
    assert filesystem.files_used == 2
    directory.close()
    assert filesystem.files_used == 1
    root.make_symbolic_link("l", "t" * 98)
    root.unlink("l")
    root.unlink("g")
    assert (filesystem.bytes_used, filesystem.files_used) == (0, 0)


def test_the_number_of_names_is_limited() -> None:
    filesystem = MemoryFilesystem(max_files=3)
    root = filesystem.root()
    root.make_directory("d")
    new_file(root).close()
    root.link("f", root, "g")
    for make in (
        lambda: root.make_directory("x"),
        lambda: root.link("f", root, "x"),
        lambda: root.make_symbolic_link("x", "y"),
        lambda: new_file(root, "x"),
    ):
        with refused(Code.NO_SPACE):
            make()
    assert sorted(entry.name for entry in root.entries()) == ["d", "f", "g"]


def test_times_come_from_its_clock() -> None:
    class Ticks(Clock):
        ticks = 0

        def now(self) -> int:
            self.ticks += 1
            return self.ticks

    filesystem = MemoryFilesystem(clock=Ticks())
    root = filesystem.root()
    file = new_file(root)
    first = file.stat().modified
    write(file, 0, b"x")
    assert first < file.stat().modified == file.stat().changed < 100


def test_numbers_are_stable_and_tell_filesystems_apart() -> None:
    one, two = MemoryFilesystem({"f": b""}), MemoryFilesystem({"f": b""})
    root = one.root()
    before = root.lookup("f")
    root.rename("f", root, "g")
    after = root.lookup("g")
    assert (before.device, before.inode) == (after.device, after.inode)
    assert two.root().lookup("f").device != before.device


def make_deep(directory: Directory, name: str = "d") -> int:
    """Make directories in directories until that is refused; how many there are."""
    depth = 0
    with refused(Code.NAME_TOO_LONG):
        while depth < PATH_BYTES:
            directory.make_directory(name)
            below = directory.open_directory(name)
            directory.close()
            directory = below
            depth += 1
    return depth


def test_no_path_becomes_longer_than_a_host_allows() -> None:
    filesystem = MemoryFilesystem()
    assert make_deep(filesystem.root()) == 2048
    [*_, (deepest, _)] = filesystem.tree()
    assert len(deepest) == PATH_BYTES
    root = filesystem.root()
    directory = filesystem_walk(root, 2046)
    makers: list[Callable[[str], object]] = [
        directory.make_directory,
        lambda name: directory.make_symbolic_link(name, "x"),
        lambda name: new_file(directory, name).close(),
        lambda name: root.link("file", directory, name),
        lambda name: root.rename("file", directory, name),
    ]
    for make in makers:
        new_file(root, "file").close()
        make("né")
        new_file(root, "file").close()
        with refused(Code.NAME_TOO_LONG):
            make("long")
        directory.rename("né", root, "gone")
        (root.remove_directory if root.lookup("gone").type is FileType.DIRECTORY else root.unlink)("gone")


def filesystem_walk(directory: Directory, depth: int) -> Directory:
    for _ in range(depth):
        directory = directory.open_directory("d")
    return directory


def test_what_is_moved_takes_all_its_depth_along() -> None:
    filesystem = MemoryFilesystem({"half": {}, "target": {"d" * 255: {}}})
    root = filesystem.root()
    levels = make_deep(root.open_directory("half"))
    before = [path for path, _ in filesystem.tree()]
    target = root.open_directory("target")
    with refused(Code.NAME_TOO_LONG):
        root.rename("half", target.open_directory("d" * 255), "half")
    with refused(Code.NAME_TOO_LONG):
        root.rename("half", target, "d" * 255)
    assert [path for path, _ in filesystem.tree()] == before
    # Without what is in it, it fits.
    half = root.open_directory("half")
    half.rename("d", root, "d")
    root.rename("half", target.open_directory("d" * 255), "half")
    assert levels > 2000


names = st.sampled_from(["a", "bb", "é"])
places = st.lists(names, max_size=4)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["make", "move", "remove"]), places, names, places, names), max_size=40))
def test_random_moves_keep_to_the_length_of_paths(steps: list[tuple[str, list[str], str, list[str], str]]) -> None:
    filesystem = MemoryFilesystem()
    overlay = Overlay(MemoryFilesystem({"a/bb": {}}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("remit.filesystems.inodes.PATH_BYTES", 10)
        for root in (filesystem.root(), overlay.root()):
            for what, place, name, other, new in steps:
                try:
                    directory = Walk(root.reopen()).to(place)
                    if what == "make":
                        directory.make_directory(name)
                    elif what == "move":
                        directory.rename(name, Walk(root.reopen()).to(other), new)
                    else:
                        directory.remove_directory(name)
                except KernelError:
                    continue
    assert all(len(path.encode()) <= 10 for path, _ in filesystem.tree())
    # What is below was never measured: "a/bb" may be moved as it is.
    assert all(len(path.encode()) <= 10 + len("/bb") for path, _ in overlay.tree())


def test_a_deep_tree_is_listed_in_as_many_steps_as_it_has_directories(monkeypatch: pytest.MonkeyPatch) -> None:
    filesystem = MemoryFilesystem()
    directory = filesystem.root()
    for _ in range(1000):
        for name in ("a", "d", "z"):
            directory.make_directory(name)
        new_file(directory).close()
        directory = directory.open_directory("d")
    opened: list[Directory] = []
    real = MemoryDirectory.open_directory

    def counted(self: MemoryDirectory, name: str) -> Directory:
        opened.append(self)
        return real(self, name)

    monkeypatch.setattr(MemoryDirectory, "open_directory", counted)
    assert sum(1 for _ in filesystem.tree()) == 4000
    # Each once, and on the way up those that were closed are found again, 32 at a time.
    assert len(opened) < 3000 + 1000 * 1000 / 32
    opened.clear()
    contents = filesystem.to_dict()
    assert len(opened) < 3000 + 1000 * 1000 / 32
    opened.clear()
    MemoryFilesystem(contents)
    assert len(opened) < 12_000


def memory_per_name(make: Callable[[Directory, str], object], wide: bool) -> float:
    """What an entry with a longest name costs the host, beyond what is counted in bytes."""
    filesystem = MemoryFilesystem()
    root = filesystem.root()
    count = 700  # Just after a dictionary has grown.
    tracemalloc.start()
    try:
        for number in range(count):
            make(root, f"{number:05}".ljust(251, "x") + ("😀" if wide else "xxxx"))
        return (tracemalloc.get_traced_memory()[0] - filesystem.bytes_used) / count
    finally:
        tracemalloc.stop()


def make_filled_directory(root: Directory, name: str) -> None:
    root.make_directory(name)
    root.open_directory(name).make_directory(name)


@pytest.mark.parametrize(
    ("make", "names"),
    [
        (lambda root, name: new_file(root, name).close(), 1),
        (lambda root, name: write(new_file(root, name), 0, b"x"), 1),
        (lambda root, name: root.make_directory(name), 1),
        (make_filled_directory, 2),
        (lambda root, name: root.make_symbolic_link(name, "x" * 4091 + "😀"), 1),
    ],
)
def test_a_name_costs_no_more_than_it_says(make: Callable[[Directory, str], object], names: int) -> None:
    assert memory_per_name(make, wide=False) < names * 800
    assert memory_per_name(make, wide=True) < names * NAME_COST


def test_a_file_that_was_cut_gives_its_memory_back() -> None:
    filesystem = MemoryFilesystem()
    file = new_file(filesystem.root())
    tracemalloc.start()
    try:
        write(file, 0, bytes(8_000_000))
        file.resize(4_100_000)
        assert tracemalloc.get_traced_memory()[0] < 4_200_000
    finally:
        tracemalloc.stop()


def test_programs_on_several_threads_may_share_one() -> None:
    filesystem = MemoryFilesystem({"d": {}, "log": b""})
    wrong: list[BaseException] = []

    def work(number: int) -> None:
        try:
            root = filesystem.root()
            log = root.open_file("log", How.WRITE)
            for step in range(300):
                name = f"{number}.{step}"
                file = new_file(root, name)
                write(file, 0, b"x" * 100)
                root.rename(name, root, "same")
                file.close()
                log.append([memoryview(b"0123456789")])
            log.close()
        except BaseException as error:  # noqa: BLE001  (a thread's failure is handed to the test)
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert filesystem.read_bytes("log") == b"0123456789" * 1200
    assert filesystem.bytes_used == 12_000 + 100
    assert filesystem.files_used == 3
