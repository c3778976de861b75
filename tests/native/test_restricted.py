"""The fast path in directories that are read-only or have rules: it does what the Python implementation does."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import remit
from file_calls import PATH, STEPS, SUCCESS, contents, perform, plant
from passthrough import DATA, SCRATCH, Guest
from remit import fs
from remit.engine.wasmtime.native import function_addresses
from remit.filesystems.host_files import HostFile
from remit.filesystems.read_only import ReadOnlyDirectory, ReadOnlyFile
from remit.filesystems.restricted import RestrictedDirectory
from remit.kernel.limits import Limits
from remit.native import table
from remit.native.library import native_functions

pytestmark = pytest.mark.skipif(
    not native_functions(function_addresses), reason="the native library was not built (no C compiler, or not Linux)"
)

CREAT, DIRECTORY, EXCL, TRUNC = 1, 2, 4, 8
READ, WRITE = 1 << 1, 1 << 6
ACCES, NOENT, ROFS, NOTCAPABLE = 2, 44, 69, 76
Wrap = Callable[[fs.Filesystem], fs.Filesystem]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Guest]]:
    guests: list[Guest] = []

    def make(wrap: Wrap, **options: Any) -> Guest:
        granted = wrap(fs.Host(plant(tmp_path / f"tree{len(guests)}")))
        guests.append(Guest({"/": granted}, **{"native": True, **options}))
        return guests[-1]

    yield make
    for guest in guests:
        guest.close()


def refuse(*_: object, **__: object) -> Any:
    raise AssertionError("Python was asked")


def opens(guest: Guest, path: str, rights: int = READ, oflags: int = 0, fd: int = 3) -> int:
    """The errno; the descriptor is in the memory."""
    return guest.call("path_open", fd, 1, *guest.path(path), oflags, rights, rights, 0, SCRATCH)


@pytest.mark.parametrize(
    "wrap",
    [
        fs.ReadOnly,
        lambda host: fs.Restricted(host, ["read **"]),
        lambda host: fs.Restricted(host, ["read *", "see **"]),
    ],
    ids=["read-only", "read all", "read some"],
)
def test_reading_is_really_served_by_it(
    make: Callable[..., Guest], wrap: Wrap, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest = make(wrap)
    for kind, method in (
        (RestrictedDirectory, "open_file"),
        (RestrictedDirectory, "lookup"),
        (ReadOnlyDirectory, "open_file"),
        (ReadOnlyDirectory, "lookup"),
        (ReadOnlyFile, "read_at"),
        (ReadOnlyFile, "stat"),
        (HostFile, "read_at"),
    ):
        monkeypatch.setattr(kind, method, refuse)
    for _ in range(2):
        assert guest.call("path_filestat_get", 3, 1, *guest.path("file"), SCRATCH) == SUCCESS
        assert guest.call("path_filestat_get", 3, 1, *guest.path("nothing"), SCRATCH) == NOENT
        assert opens(guest, "file", READ | 1 << 21) == SUCCESS
        fd = guest.u32()
        assert guest.call("fd_read", fd, *guest.iovec((DATA, 4)), SCRATCH) == SUCCESS
        assert guest.memory.read(DATA, 4) == b"0123"
        assert guest.call("fd_filestat_get", fd, SCRATCH) == SUCCESS
        assert guest.call("fd_close", fd) == SUCCESS


def test_writing_is_where_rules_allow_it(make: Callable[..., Guest], monkeypatch: pytest.MonkeyPatch) -> None:
    guest = make(lambda host: fs.Restricted(host, ["read,write file", "write,create new", "read dir/inner"]))
    monkeypatch.setattr(RestrictedDirectory, "open_file", refuse)
    for path, rights, oflags in (("file", READ | WRITE, TRUNC), ("new", WRITE, CREAT | EXCL), ("dir/inner", READ, 0)):
        assert opens(guest, path, rights, oflags) == SUCCESS
        fd = guest.u32()
        guest.memory.write(DATA, b"data")
        assert (guest.call("fd_write", fd, *guest.iovec((DATA, 4)), SCRATCH) == SUCCESS) == bool(rights & WRITE)
        assert guest.call("fd_close", fd) == SUCCESS


@pytest.mark.parametrize("path", ["file", "dir/inner"])
def test_what_is_open_to_be_read_stays_as_it_is(make: Callable[..., Guest], tmp_path: Path, path: str) -> None:
    """By no call that Python serves, either: what C has opened is as read-only as what Python has."""
    for number, wrap in enumerate((fs.ReadOnly, lambda host: fs.Restricted(host, ["read **"]))):
        guest = make(wrap)
        tree = tmp_path / f"tree{number}"
        before = contents(tree), (tree / path).stat().st_mtime_ns
        assert opens(guest, path, (1 << 30) - 1 & ~WRITE) == SUCCESS
        fd = guest.u32()
        for name, arguments in (
            ("fd_write", (*guest.iovec((DATA, 4)), SCRATCH)),
            ("fd_pwrite", (*guest.iovec((DATA, 4)), 0, SCRATCH)),
            ("fd_filestat_set_size", (0,)),
            ("fd_filestat_set_times", (1, 1, 5)),
            ("fd_allocate", (0, 1 << 16)),
        ):
            assert guest.call(name, fd, *arguments) != SUCCESS, name
        assert (contents(tree), (tree / path).stat().st_mtime_ns) == before


def test_rules_that_are_added_hold_at_once(make: Callable[..., Guest]) -> None:
    granted: list[fs.Restricted] = []

    def wrap(host: fs.Filesystem) -> fs.Filesystem:
        granted.append(fs.Restricted(host, ["read dir/**"]))
        return granted[0]

    guest = make(wrap)
    assert opens(guest, "file") == NOENT
    assert opens(guest, "dir/inner", WRITE) == ACCES
    granted[0].allow("read file")
    granted[0].allow("write dir/*")
    assert opens(guest, "file") == SUCCESS
    assert opens(guest, "dir/inner", WRITE) == SUCCESS


def test_a_directory_that_is_moved_has_the_rules_of_where_it_is(make: Callable[..., Guest]) -> None:
    """Also one that another program has open, which shares the filesystem."""
    granted: list[fs.Filesystem] = []

    def wrap(host: fs.Filesystem) -> fs.Filesystem:
        granted.append(fs.Restricted(host, ["all dir/**", "create,delete other/**"]))
        return granted[0]

    guest = make(wrap)
    other = make(lambda host: granted[0])
    places = []
    for each in (guest, other):
        assert opens(each, "dir", 1 << 13 | READ | 1 << 18, DIRECTORY) == SUCCESS
        places.append(each.u32())
        for _ in range(2):
            assert opens(each, "inner", fd=places[-1]) == SUCCESS
    assert guest.call("path_rename", 3, *guest.path("dir"), 3, *guest.path("other", 0x3000)) == SUCCESS
    for each, place in zip((guest, other), places, strict=True):
        assert opens(each, "inner", fd=place) == ACCES
        assert each.call("path_filestat_get", place, 1, *each.path("inner"), SCRATCH) == SUCCESS


def test_who_is_gone_is_told_of_nothing(tmp_path: Path) -> None:
    granted = fs.Restricted(fs.Host(plant(tmp_path / "tree")), ["read **"])
    guest = Guest({"/": granted}, native=True)
    assert opens(guest, "file") == SUCCESS
    assert len(granted._policy.listeners) == 1
    guest.close()
    del guest
    gc.collect()
    assert len(granted._policy.listeners) == 0
    granted.allow("all **")


def test_what_a_rule_raises_ends_the_program(make: Callable[..., Guest], monkeypatch: pytest.MonkeyPatch) -> None:
    guest = make(lambda host: fs.Restricted(host, ["read **"]))

    def fails(*_: object) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(RestrictedDirectory, "rights_of", fails)
    with pytest.raises(ZeroDivisionError):
        opens(guest, "file")


def test_a_subclass_may_allow_less(make: Callable[..., Guest]) -> None:
    class Picky(RestrictedDirectory):
        def open_file(self, name: str, how: int) -> Any:
            raise remit.KernelError(remit.Code.ACCESS, name)

    class PickyRoot(fs.Filesystem):
        def __init__(self, inner: fs.Filesystem) -> None:
            self.inner = inner

        def root(self) -> fs.Directory:
            root = self.inner.root()
            assert isinstance(root, RestrictedDirectory)
            return Picky(root._directory, root._place)

    guest = make(lambda host: PickyRoot(fs.Restricted(host, ["read **"])))
    assert opens(guest, "file") == ACCES


RULES = st.lists(
    st.builds(
        "{} {}".format,
        st.sampled_from(["see", "read", "write", "create", "read,write", "read,write,create", "delete", "all"]),
        st.sampled_from(
            ["**", "*", "file", "dir", "dir/**", "dir/inner", "new", "d*/*", "**/inner", "to-*", "?ew", "."]
        ),
    ),
    min_size=1,
    max_size=4,
)
MOVES = st.tuples(st.just("rename"), PATH, PATH)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rules=RULES, steps=st.lists(STEPS | MOVES, min_size=1, max_size=25), few=st.booleans())
def test_random_calls_end_alike_under_rules(
    tmp_path_factory: pytest.TempPathFactory, rules: list[str], steps: list[tuple[Any, ...]], few: bool
) -> None:
    both_ways(tmp_path_factory.mktemp("both"), lambda host: fs.Restricted(host, rules), steps, few=few)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS | MOVES, min_size=1, max_size=25))
def test_random_calls_end_alike_where_nothing_changes(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[Any, ...]]
) -> None:
    both_ways(tmp_path_factory.mktemp("both"), fs.ReadOnly, steps)


class Watching:
    """A watcher, as an audit log is one, or one that is told of what is looked at, too, as learning is."""

    def __init__(self, seeing: bool, once: bool) -> None:
        self.seeing = seeing
        self.once = once
        self.uses: list[str] = []

    def __call__(self, use: remit.Use) -> None:
        told = f"{use} by {use.rule}"
        if not self.once or told not in self.uses:
            self.uses.append(told)


WATCHING = st.sampled_from([(False, False), (True, False), (True, True)])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS | MOVES, min_size=1, max_size=25), watching=WATCHING)
def test_random_calls_are_told_alike_where_nothing_changes(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[Any, ...]], watching: tuple[bool, bool]
) -> None:
    both_ways(tmp_path_factory.mktemp("both"), fs.ReadOnly, steps, watching=watching)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rules=RULES, steps=st.lists(STEPS | MOVES, min_size=1, max_size=25), watching=WATCHING)
def test_random_calls_are_told_alike_under_rules(
    tmp_path_factory: pytest.TempPathFactory,
    rules: list[str],
    steps: list[tuple[Any, ...]],
    watching: tuple[bool, bool],
) -> None:
    both_ways(tmp_path_factory.mktemp("both"), lambda host: fs.Restricted(host, rules), steps, watching=watching)


def test_what_is_told_under_rules_is_told_by_it(make: Callable[..., Guest], monkeypatch: pytest.MonkeyPatch) -> None:
    watching = Watching(seeing=False, once=False)
    guest = make(lambda host: fs.Restricted(host, ["read dir/*", "write,create new"]), on_use=watching)
    monkeypatch.setattr(RestrictedDirectory, "open_file", refuse)
    assert opens(guest, "dir/inner") == SUCCESS
    assert opens(guest, "new", WRITE, CREAT) == SUCCESS
    assert watching.uses == [
        "read /dir/inner by read dir/*",
        "create /new by write,create new",
        "write /new by write,create new",
    ]


def both_ways(
    base: Path,
    wrap: Wrap,
    steps: list[tuple[Any, ...]],
    *,
    few: bool = False,
    watching: tuple[bool, bool] | None = None,
) -> None:
    limits = Limits(descriptors=8, io_bytes=1 << 16)
    refusals: dict[str, list[str]] = {"fast": [], "plain": []}
    guests = {}
    watchers: dict[str, Watching | None] = {}
    with pytest.MonkeyPatch.context() as patch:
        # With room for four paths each one is soon another's.
        patch.setattr(table, "VERDICTS", 4 if few else 1 << 13)
        for name, native in (("fast", True), ("plain", False)):
            told = watchers[name] = None if watching is None else Watching(*watching)
            guests[name] = Guest(
                {"/": wrap(fs.Host(plant(base / name)))},
                native=native,
                limits=limits,
                on_refusal=lambda refusal, name=name: refusals[name].append(str(refusal)),
                on_use=told,
            )
    try:
        for step in steps:
            assert perform(guests["fast"], step) == perform(guests["plain"], step), step
            assert refusals["fast"] == refusals["plain"], step
            fast, plain = watchers["fast"], watchers["plain"]
            assert fast is None or plain is None or fast.uses == plain.uses, step
        assert contents(base / "fast") == contents(base / "plain")
        assert (base / "outside").read_bytes() == b"secret"
    finally:
        for guest in guests.values():
            guest.close()
