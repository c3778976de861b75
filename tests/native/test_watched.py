"""The fast path below a directory with a watcher tells what the Python way tells, and does what that does."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import remit
from file_calls import FD_READ, FD_WRITE, PATH, SPOTS, STEPS, SUCCESS, contents, perform, plant
from host_trees import descriptors_below
from passthrough import SCRATCH, Guest
from remit.engine.wasmtime.native import function_addresses
from remit.kernel.limits import Limits
from remit.native import table
from remit.native.library import native_functions
from remit.native.table import NativeDescriptorTable
from remit.runtime import execute

pytestmark = pytest.mark.skipif(
    not native_functions(function_addresses), reason="the native library was not built (no C compiler, or not Linux)"
)

CREAT, DIRECTORY, EXCL, TRUNC = 1, 2, 4, 8
BADF, MFILE, NOENT, NOTDIR = 8, 33, 44, 54
BOTH = [True, False]


class StopError(Exception):
    """What a watcher raises."""


class Watcher:
    """It keeps what it is told, and raises when it is told a number of times; with `once`, of different things."""

    def __init__(self, *, seeing: bool = False, once: bool = False, raises_at: int | None = None) -> None:
        self.seeing = seeing
        self.once = once
        self._left = raises_at
        self.told: list[tuple[object, ...]] = []

    def __call__(self, use: remit.Use) -> None:
        what = (str(use), use.kind, use.grant, use.rule, use.is_directory)
        again = self.once and what in self.told
        self.told.append(what)
        if again:
            return
        if self._left is not None:
            if not self._left:
                raise StopError
            self._left -= 1

    @property
    def texts(self) -> list[object]:
        return [each[0] for each in self.told]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Guest]]:
    guests: list[Guest] = []

    def make(watcher: Callable[[remit.Use], object], *, native: bool = True, **options: Any) -> Guest:
        tree = plant(tmp_path / f"tree{len(guests)}")
        guest = Guest({"/data": tree}, native=native, on_use=watcher, **options)
        guests.append(guest)
        return guest

    yield make
    for guest in guests:
        guest.close()


def table_of(guest: Guest) -> NativeDescriptorTable:
    descriptors = guest.instance._world.process.descriptors
    assert isinstance(descriptors, NativeDescriptorTable)
    return descriptors


def opened_by_c(guest: Guest, fd: int) -> bool:
    return fd not in set(table_of(guest)._entries)


def tree_of(guest: Guest) -> Path:
    directory: Any = guest.instance._world.process.descriptors.get(3)
    return Path(os.readlink(f"/proc/self/fd/{directory.directory.inner.host_descriptor()}"))


# -- What is served ---------------------------------------------------------------------------------


def test_opening_is_served_by_it_and_told(make: Callable[..., Guest]) -> None:
    watcher = Watcher()
    guest = make(watcher)
    errno, fd = guest.open("file", rights=FD_READ)
    assert (errno, fd) == (SUCCESS, 4)
    assert opened_by_c(guest, fd)
    assert guest.read(fd) == (SUCCESS, b"0123456789")
    assert guest.stat("dir/inner")[0] == SUCCESS
    assert guest.open("dir/new", CREAT)[0] == SUCCESS
    assert guest.open("dir/new", CREAT | TRUNC, rights=FD_WRITE)[0] == SUCCESS
    assert all(opened_by_c(guest, fd) for fd in (4, 5, 6))
    assert watcher.told == [
        ("read /data/file", "file", "/data", "", False),
        ("create /data/dir/new", "file", "/data", "", False),
        ("read /data/dir/new", "file", "/data", "", False),
        ("write /data/dir/new", "file", "/data", "", False),
        ("write /data/dir/new", "file", "/data", "", False),
    ]


def test_directories_that_it_opens_are_watched_by_their_paths(make: Callable[..., Guest]) -> None:
    watcher = Watcher()
    guest = make(watcher)
    _, directory = guest.open("dir", DIRECTORY, rights=FD_READ)
    guest.call("fd_close", directory)
    errno, directory = guest.open("dir", DIRECTORY, rights=(1 << 30) - 1)
    if errno != SUCCESS:
        # The rights to write are none of a directory's.
        errno, directory = guest.open("dir", DIRECTORY, rights=((1 << 30) - 1) & ~FD_WRITE)
    assert errno == SUCCESS
    _, fd = guest.open("inner", fd=directory, rights=FD_READ)
    assert opened_by_c(guest, fd)
    assert watcher.texts == ["read /data/dir/inner"]


def test_who_sees_is_told_of_each_step(make: Callable[..., Guest]) -> None:
    watcher = Watcher(seeing=True)
    guest = make(watcher)
    assert guest.stat("dir/inner")[0] == SUCCESS
    assert guest.open("dir/inner", rights=FD_READ)[0] == SUCCESS
    assert guest.stat("nothing")[0] == NOENT
    assert guest.stat("dir/nothing")[0] == NOENT
    assert watcher.texts == [
        "see /data/dir",
        "see /data/dir/inner",
        "see /data/dir",
        "read /data/dir/inner",
        "see /data/dir",
    ]


def test_what_need_not_be_told_again_is_not(make: Callable[..., Guest]) -> None:
    watcher = Watcher(seeing=True, once=True)
    guest = make(watcher)
    for _ in range(3):
        for path in ("file", "dir/inner"):
            assert guest.stat(path)[0] == SUCCESS
            errno, fd = guest.open(path, rights=FD_READ)
            assert errno == SUCCESS
            assert guest.call("fd_close", fd) == SUCCESS
    assert guest.open("file", rights=FD_READ | FD_WRITE)[0] == SUCCESS
    assert watcher.texts == [
        *("see /data/file", "read /data/file", "see /data/dir", "see /data/dir/inner", "see /data/dir"),
        *("read /data/dir/inner", "read /data/file", "write /data/file"),
    ]


def test_who_need_not_be_told_again_is_told_of_the_way_first(make: Callable[..., Guest]) -> None:
    watcher = Watcher(seeing=True, once=True)
    guest = make(watcher)
    for _ in range(2):
        assert guest.stat("dir/nothing")[0] == NOENT
        assert guest.open("dir/nothing", rights=FD_READ)[0] == NOENT
        errno, fd = guest.open("dir/new", CREAT | TRUNC, rights=FD_WRITE)
        assert errno == SUCCESS
        assert opened_by_c(guest, fd)
        assert guest.stat("nothing/x")[0] == NOENT
        assert guest.open("file/x", CREAT, rights=FD_READ)[0] == NOTDIR
    assert watcher.texts == [
        "see /data/dir",
        *("see /data/dir", "create /data/dir/new", "write /data/dir/new"),
        *("see /data/dir", "write /data/dir/new"),
    ]


def test_more_uses_than_are_remembered(make: Callable[..., Guest], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "TOLD", 8)
    watcher = Watcher(once=True)
    guest = make(watcher)
    for number in range(40):
        for _ in range(2):
            errno, fd = guest.open(f"f{number}", CREAT, rights=FD_READ)
            assert errno == SUCCESS
            assert guest.call("fd_close", fd) == SUCCESS
    told = [f"{action} /data/f{number}" for number in range(40) for action in ("create", "read")]
    assert list(dict.fromkeys(watcher.texts)) == told


@pytest.mark.parametrize("remembered", [4, table.TOLD])
def test_the_same_name_in_two_directories_is_two_uses(
    make: Callable[..., Guest], monkeypatch: pytest.MonkeyPatch, remembered: int
) -> None:
    monkeypatch.setattr(table, "TOLD", remembered)
    watcher = Watcher(once=True)
    guest = make(watcher)
    (tree_of(guest) / "dir" / "file").touch()
    rights = ((1 << 30) - 1) & ~FD_WRITE
    for fd in (3, guest.open("dir", DIRECTORY, rights=rights)[1]):
        for _ in range(2):
            assert guest.open("file", rights=FD_READ, fd=fd)[0] == SUCCESS
    assert watcher.texts == [
        *("read /data/file", "read /data/dir/file"),
    ]


def test_the_same_path_of_two_grants_is_two_uses(tmp_path: Path) -> None:
    tree = plant(tmp_path / "tree")
    watcher = Watcher(once=True)
    guest = Guest({"/": tree, "/dir": tree / "dir"}, native=True, on_use=watcher)
    _, below = guest.open("dir", DIRECTORY, rights=((1 << 30) - 1) & ~FD_WRITE)
    for fd in (4, below, 4, below):
        assert guest.open("inner", rights=FD_READ, fd=fd)[0] == SUCCESS
    guest.close()
    assert [(each[0], each[2]) for each in watcher.told] == [("read /dir/inner", "/dir"), ("read /dir/inner", "/")]


def test_a_mock_is_told_each_time(make: Callable[..., Guest]) -> None:
    """It has every attribute, but says nothing by that."""
    watcher = Mock()
    guest = make(watcher)
    for _ in range(3):
        assert guest.open("file", rights=FD_READ)[0] == SUCCESS
    assert watcher.call_count == 3


def test_paths_of_any_length_are_told(make: Callable[..., Guest]) -> None:
    name = "n" * 250
    for once in BOTH:
        watcher = Watcher(once=once)
        guest = make(watcher)
        for _ in range(2):
            assert guest.open(name, CREAT, rights=FD_READ)[0] == SUCCESS
        assert watcher.texts == [f"create /data/{name}", f"read /data/{name}", f"read /data/{name}"]


# -- The watcher ------------------------------------------------------------------------------------


@pytest.mark.parametrize("native", BOTH)
@pytest.mark.parametrize(
    ("seeing", "once", "path", "oflags", "raises_at", "told", "made"),
    [
        (False, False, "new", CREAT, 0, ["create /data/new"], True),
        (False, False, "new", CREAT, 1, ["create /data/new", "read /data/new"], True),
        (False, True, "dir/inner", TRUNC, 0, ["read /data/dir/inner"], False),
        # Nothing is done after what was told before.
        (True, False, "dir/new", CREAT, 0, ["see /data/dir"], False),
        (True, True, "dir/new", CREAT, 0, ["see /data/dir"], False),
        (True, True, "dir/nothing", 0, 0, ["see /data/dir"], False),
    ],
)
def test_what_a_watcher_raises_ends_it(
    make: Callable[..., Guest],
    tmp_path: Path,
    native: bool,
    seeing: bool,
    once: bool,
    path: str,
    oflags: int,
    raises_at: int,
    told: list[str],
    made: bool,
) -> None:
    watcher = Watcher(seeing=seeing, once=once, raises_at=raises_at)
    guest = make(watcher, native=native)
    before = len(descriptors_below(tmp_path))
    with pytest.raises(StopError):
        guest.open(path, oflags)
    assert watcher.texts == told
    assert (tmp_path / "tree0" / path).exists() == (made or path == "dir/inner")
    assert len(descriptors_below(tmp_path)) == before
    assert guest.call("fd_close", 4) == BADF, "nobody has its number"


def test_a_watcher_that_raises_at_a_look(make: Callable[..., Guest]) -> None:
    for native in BOTH:
        guest = make(Watcher(seeing=True, raises_at=0), native=native)
        with pytest.raises(StopError):
            guest.stat("file")


@pytest.mark.parametrize("native", BOTH)
def test_a_watcher_that_uses_the_program(make: Callable[..., Guest], native: bool) -> None:
    """It takes the number that the file was to have, and makes the memory move."""
    told: list[str] = []

    def watch(use: remit.Use) -> None:
        told.append(str(use))
        if len(told) == 1:
            assert guest.open("dir/inner", rights=FD_READ) == (SUCCESS, 4)
            guest.memory.grow(200)

    guest = make(watch, native=native)
    assert guest.open("file", rights=FD_READ) == (SUCCESS, 5)
    assert guest.read(5) == (SUCCESS, b"0123456789")
    assert guest.read(4) == (SUCCESS, b"inner")
    assert told == ["read /data/file", "read /data/dir/inner"]


@pytest.mark.parametrize("native", BOTH)
def test_a_watcher_that_takes_the_last_descriptor(make: Callable[..., Guest], tmp_path: Path, native: bool) -> None:
    told: list[str] = []

    def watch(use: remit.Use) -> None:
        told.append(str(use))
        if len(told) == 1:
            assert guest.open("dir/inner", rights=FD_READ) == (SUCCESS, 4)

    guest = make(watch, native=native, limits=Limits(descriptors=5))
    before = len(descriptors_below(tmp_path))
    assert guest.open("file", rights=FD_READ) == (MFILE, -1)
    assert guest.open("file", rights=FD_READ) == (MFILE, -1)
    assert len(descriptors_below(tmp_path)) == before + 1
    assert told == ["read /data/file", "read /data/dir/inner"]


# -- Paths and what lies there ----------------------------------------------------------------------

SPECIAL = [
    *("fifo", "to-file", "to-dir/inner", "dir/../file", "dir/..", "dir//inner", "./file", "dir/./inner", "dangling"),
    *("dir/", "file/", "file/x", "out", "absolute", "", "/file", "a\0b", "a/b\0", "\udcff", "é", "n" * 256, "n" * 5000),
    *(
        "dir/" + "n" * 256,
        "d.",
        "dir/up/file",
        "dir/up/../dir/inner",
        "dir/to-file",
        "..",
        ".",
        "sub/deep/x",
        "up/file",
    ),
]


def plant_more(root: Path) -> Path:
    plant(root)
    os.mkfifo(root / "fifo")
    (root / "é").write_bytes(b"e")
    (root / "d.").write_bytes(b"dot")
    (root / "dir" / "up").symlink_to("..")
    (root / "dir" / "to-file").symlink_to("../file")
    (root / "sub" / "deep").mkdir(parents=True)
    return root


@pytest.mark.parametrize("seeing", BOTH)
@pytest.mark.parametrize("follow", [0, 1])
@pytest.mark.parametrize("path", SPECIAL)
def test_paths_that_are_not_plain(tmp_path: Path, path: str, follow: int, seeing: bool) -> None:
    outcomes = []
    data = path.encode("utf-8", "surrogateescape")
    for native in BOTH:
        tree = plant_more(tmp_path / ("fast" if native else "slow"))
        watcher = Watcher(seeing=seeing)
        guest = Guest({"/": tree}, native=native, on_use=watcher)
        done: list[object] = [guest.stat(data, follow=follow)[0]]
        for oflags in range(16):
            for rights in (0, FD_READ, FD_WRITE, FD_READ | FD_WRITE):
                if path == "fifo" and rights == FD_WRITE:
                    continue  # nobody reads it
                errno, fd = guest.open(data, oflags, rights=rights, follow=follow)
                done.append(errno)
                if errno == SUCCESS:
                    guest.call("fd_close", fd)
        guest.close()
        outcomes.append((done, watcher.told, {name: what for name, what in contents(tree).items() if name != "fifo"}))
        assert (tmp_path / "outside").read_bytes() == b"secret"
    assert outcomes[0] == outcomes[1]


def test_a_file_that_is_cut_is_cut(make: Callable[..., Guest]) -> None:
    watcher = Watcher()
    guest = make(watcher)
    tree = tree_of(guest)
    for oflags in (TRUNC, CREAT | TRUNC):
        (tree / "file").write_bytes(b"0123456789")
        errno, fd = guest.open("file", oflags, rights=FD_WRITE)
        assert errno == SUCCESS
        assert opened_by_c(guest, fd)
        assert (tree / "file").read_bytes() == b""
    assert watcher.texts == ["write /data/file"] * 2


def test_a_directory_is_not_cut_nor_told(make: Callable[..., Guest]) -> None:
    watcher = Watcher()
    guest = make(watcher)
    assert guest.open("dir", CREAT | TRUNC)[0] != SUCCESS
    assert watcher.told == []


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
def test_files_of_others_are_opened_as_the_system_has_it(make: Callable[..., Guest]) -> None:
    """What the system forbids in shared directories (fs.protected_regular) is asked of it as without a watcher."""
    outcomes = []
    for native in BOTH:
        watcher = Watcher()
        guest = make(watcher, native=native)
        shared = tree_of(guest)
        os.chmod(shared, 0o1777)
        os.chmod(shared / "file", 0o666)
        os.chown(shared / "file", 12345, -1)
        done = [guest.open("file", oflags, rights=FD_WRITE)[0] for oflags in (CREAT, 0, TRUNC, CREAT | TRUNC)]
        outcomes.append((done, watcher.told))
        if native:
            assert [opened_by_c(guest, fd) for fd in (4, 5, 6, 7)] == [False, True, True, False]
    assert outcomes[0] == outcomes[1]


def test_links_that_take_the_place_of_files_meanwhile(tmp_path: Path) -> None:
    """Nothing outside is reached, and what is told is what was read."""
    import threading

    tree = plant(tmp_path / "tree")
    (tree / "real").mkdir()
    (tree / "real" / "x").write_bytes(b"real")
    (tree / "other").mkdir()
    (tree / "other" / "x").write_bytes(b"other")
    watcher = Watcher()
    guest = Guest({"/": tree}, native=True, on_use=watcher)
    ending = threading.Event()

    def swap() -> None:
        os.rename(tree / "real", tree / "kept")
        targets = ["kept", "other", "../../", "/etc", ".."]
        count = 0
        while not ending.is_set():
            os.symlink(targets[count % len(targets)], tree / "new-link")
            os.rename(tree / "new-link", tree / "way")
            count += 1

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        found = set()
        for _ in range(1500):
            del watcher.told[:]
            errno, fd = guest.open("way/x", rights=FD_READ)
            if errno == SUCCESS:
                _, content = guest.read(fd)
                guest.call("fd_close", fd)
                found.add((content, *watcher.texts))
            else:
                assert watcher.told == []
    finally:
        ending.set()
        thread.join()
        guest.close()
    assert found <= {(b"real", "read /kept/x"), (b"other", "read /other/x")}


# -- What is not plainly a host directory -----------------------------------------------------------


@pytest.mark.parametrize(
    "wrap",
    [
        remit.fs.ReadOnly,
        lambda host: remit.fs.Restricted(host, ["read **"]),
        lambda host: remit.fs.Restricted(host, ["all **"]),
        lambda host: remit.fs.Quota(host, max_bytes=1000),
        remit.fs.Overlay,
    ],
    ids=["read-only", "rules", "all", "quota", "overlay"],
)
def test_what_stands_before_a_directory_is_not_passed_by(tmp_path: Path, wrap: Callable[[Any], Any]) -> None:
    outcomes = []
    for native in BOTH:
        tree = plant(tmp_path / ("fast" if native else "slow"))
        watcher = Watcher(seeing=True)
        with remit.fs.Host(tree) as host:
            guest = Guest({"/": wrap(host)}, native=native, on_use=watcher)
            done = [guest.open("new", CREAT), guest.open("file", rights=FD_READ), guest.open("file", TRUNC)]
            done += [guest.open("dir/inner", rights=FD_READ)]
            guest.close()
        outcomes.append((done, watcher.told, contents(tree)))
    assert outcomes[0] == outcomes[1]
    assert outcomes[0][1]


def test_deterministic_programs_see_directories_as_they_should(tmp_path: Path) -> None:
    tree = plant(tmp_path / "tree")
    program = remit.load(Path(__file__).parents[2] / "examples" / "demo" / "notes.wasm", deterministic=True)
    (tree / "a.txt").write_text("three short words")
    watcher = Watcher()
    remit.run([program], dirs={"/notes": tree}, stdout=remit.DEVNULL, deterministic=True, on_use=watcher)
    assert "read /notes/a.txt" in watcher.texts


def test_asynchronous_programs_are_watched_alike(tmp_path: Path) -> None:
    program = remit.load(Path(__file__).parents[2] / "examples" / "demo" / "notes.wasm")
    outcomes = []
    for native in BOTH:
        tree = tmp_path / ("fast" if native else "slow")
        tree.mkdir()
        (tree / "a.txt").write_text("three short words")
        with pytest.MonkeyPatch.context() as patch:
            if not native:
                patch.setattr(execute, "native_table", lambda grants: None)
            for raises_at in (None, 0, 1, 2, 3):
                watcher = Watcher(raises_at=raises_at)
                run = remit.run_async([program], dirs={"/notes": tree}, stdout=remit.DEVNULL, on_use=watcher)
                (tree / "summary.txt").unlink(missing_ok=True)
                if raises_at is None:
                    asyncio.run(run)
                else:
                    with pytest.raises(StopError):
                        asyncio.run(run)
                outcomes.append((native, raises_at, watcher.told, (tree / "summary.txt").exists()))
    half = len(outcomes) // 2
    assert [each[1:] for each in outcomes[:half]] == [each[1:] for each in outcomes[half:]]
    assert len(outcomes[0][2]) == 4


def test_no_watcher_no_difference(tmp_path: Path) -> None:
    tree = plant(tmp_path / "tree")
    guest = Guest({"/": tree}, native=True)
    assert not table_of(guest).table.tell
    assert guest.open("to-file")[0] == SUCCESS
    assert opened_by_c(guest, 4)
    guest.close()


# -- Random sequences, through both -----------------------------------------------------------------

MORE = st.one_of(
    STEPS,
    STEPS,
    st.tuples(st.sampled_from(["path_create_directory", "path_remove_directory"]), st.sampled_from([3, 4, 5]), PATH),
    st.tuples(st.just("path_rename"), st.sampled_from([3, 4, 5]), PATH, PATH),
    st.tuples(st.just("path_symlink"), st.sampled_from([3, 4, 5]), PATH, PATH),
    st.tuples(st.just("open directory"), st.sampled_from([3, 4, 5]), PATH),
    st.tuples(st.just("open"), st.just(3), st.just(1), PATH, st.sampled_from([0, CREAT, CREAT | TRUNC, TRUNC]),
              st.sampled_from([FD_READ, FD_WRITE, FD_READ | FD_WRITE]), st.just(0), st.just(SCRATCH)),
    st.tuples(st.just("stat"), st.just(3), st.integers(0, 1), PATH, st.just(SCRATCH) | SPOTS),
)  # fmt: skip


def more(guest: Guest, step: tuple[Any, ...]) -> object:
    name, *rest = step
    if name == "open directory":
        return guest.open(rest[1], DIRECTORY, rights=((1 << 30) - 1) & ~FD_WRITE, fd=rest[0])
    if name in ("path_create_directory", "path_remove_directory"):
        return guest.call(name, rest[0], *guest.path(rest[1]))
    if name == "path_rename":
        return guest.call(name, rest[0], *guest.path(rest[1]), 3, *guest.path(rest[2], 0x2000))
    if name == "path_symlink":
        return guest.call(name, *guest.path(rest[1]), rest[0], *guest.path(rest[2], 0x2000))
    return perform(guest, step)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(MORE, min_size=1, max_size=25),
    st.booleans(),
    st.booleans(),
    st.none() | st.integers(0, 12),
)
def test_random_calls_end_and_are_told_alike(
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[Any, ...]],
    seeing: bool,
    once: bool,
    raises_at: int | None,
) -> None:
    base = tmp_path_factory.mktemp("both")
    limits = Limits(descriptors=8, io_bytes=1 << 16)
    outcomes = []
    for native in BOTH:
        watcher = Watcher(seeing=seeing, once=once, raises_at=raises_at)
        tree = plant(base / ("fast" if native else "slow"))
        guest = Guest({"/": tree}, native=native, limits=limits, on_use=watcher)
        done: list[object] = []
        try:
            for step in steps:
                done.append((step, more(guest, step)))
        except StopError:
            done.append("stopped")
        finally:
            guest.close()
        told = list(dict.fromkeys(watcher.told)) if once else watcher.told
        outcomes.append((done, told, contents(tree)))
    assert outcomes[0] == outcomes[1]
    assert (base / "outside").read_bytes() == b"secret"
