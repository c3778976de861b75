from __future__ import annotations

from collections.abc import Callable

import pytest

from interfaces.guest import (
    ALL,
    CREAT,
    DIRECTORY,
    DSYNC,
    EXCL,
    EXIST,
    FAULT,
    ILSEQ,
    INVAL,
    ISDIR,
    LOOP,
    NAMETOOLONG,
    NOENT,
    NONBLOCK,
    NOTCAPABLE,
    NOTDIR,
    NOTEMPTY,
    ROFS,
    ROOT,
    RSYNC,
    SIZE,
    SUCCESS,
    SYNC,
    TRUNC,
    Guest,
)
from remit.filesystems.memory import MemoryFilesystem
from remit.filesystems.read_only import ReadOnlyDirectory
from remit.kernel import rights
from remit.kernel.descriptors import OpenDirectory

MakeGuest = Callable[..., Guest]

# Every function that takes a path, called on `path`; others are given what works.
CALLS: dict[str, Callable[[Guest, int, tuple[int, int]], int]] = {
    "create_directory": lambda g, fd, path: g.call("path_create_directory", fd, *path),
    "filestat_get": lambda g, fd, path: g.call("path_filestat_get", fd, 0, *path, g.OUT),
    "filestat_set_times": lambda g, fd, path: g.call("path_filestat_set_times", fd, 0, *path, 1, 1, 5),
    "link_source": lambda g, fd, path: g.call("path_link", fd, 0, *path, ROOT, *g.path("new")),
    "link_target": lambda g, fd, path: g.call("path_link", ROOT, 0, *g.path("file"), fd, *path),
    "open": lambda g, fd, path: g.call("path_open", fd, 0, *path, 0, 0, 0, 0, g.OUT),
    "readlink": lambda g, fd, path: g.call("path_readlink", fd, *path, 0x8000, 100, g.OUT),
    "remove_directory": lambda g, fd, path: g.call("path_remove_directory", fd, *path),
    "rename_source": lambda g, fd, path: g.call("path_rename", fd, *path, ROOT, *g.path("new")),
    "rename_target": lambda g, fd, path: g.call("path_rename", ROOT, *g.path("file"), fd, *path),
    "symlink": lambda g, fd, path: g.call("path_symlink", *g.path("file"), fd, *path),
    "symlink_target": lambda g, fd, path: g.call("path_symlink", *path, fd, *g.path("new")),
    "unlink_file": lambda g, fd, path: g.call("path_unlink_file", fd, *path),
}
RIGHT = {
    "create_directory": rights.PATH_CREATE_DIRECTORY,
    "filestat_get": rights.PATH_STAT,
    "filestat_set_times": rights.PATH_SET_TIMES,
    "link_source": rights.PATH_LINK_SOURCE,
    "link_target": rights.PATH_LINK_TARGET,
    "open": rights.PATH_OPEN,
    "readlink": rights.PATH_READ_LINK,
    "remove_directory": rights.PATH_REMOVE_DIRECTORY,
    "rename_source": rights.PATH_RENAME_SOURCE,
    "rename_target": rights.PATH_RENAME_TARGET,
    "symlink": rights.PATH_SYMLINK,
    "symlink_target": rights.PATH_SYMLINK,
    "unlink_file": rights.PATH_UNLINK,
}


@pytest.fixture(params=sorted(CALLS))
def name(request: pytest.FixtureRequest) -> str:
    value: str = request.param
    return value


def snapshot(guest: Guest) -> list[tuple[str, int, int]]:
    """The names in the root, their sizes and times."""
    directory = guest.data.descriptors.directory(ROOT, 0).directory
    stats = {entry.name: directory.lookup(entry.name) for entry in directory.entries()}
    return sorted((name, stat.size, stat.modified) for name, stat in stats.items())


def test_malformed_paths_do_nothing(guest: Guest, name: str) -> None:
    guest.file("file", b"abc")
    before = snapshot(guest)
    for path, errno in (
        (b"file\0", INVAL),
        (b"a\0b", INVAL),
        (b"\0", INVAL),
        (b"\xff", ILSEQ),
        (b"a\xc3", ILSEQ),
        (b"\xed\xa0\x80", ILSEQ),
        (b"x" * 4097, NAMETOOLONG),
        (b"", NOENT),
    ):
        assert CALLS[name](guest, ROOT, guest.path(path)) == errno, path
    for pointer in ((SIZE - 3, 4), (2**32 - 1, 2**32 - 1), (0, SIZE + 1), (0, 2**30)):
        assert CALLS[name](guest, ROOT, pointer) == FAULT
    assert snapshot(guest) == before


def test_paths_stay_below_the_directory(guest: Guest, name: str) -> None:
    guest.file("file", b"abc")
    guest.ok("path_create_directory", ROOT, *guest.path("dir"))
    fd = guest.open_directory("dir")
    before = snapshot(guest)
    for path in ("/", "/file", "..", "../file", "./../file", "../dir/x"):
        errno = CALLS[name](guest, fd, guest.path(path))
        if name == "symlink_target" and not path.startswith("/"):
            assert errno == SUCCESS  # a link may say so; following it is refused
            assert guest.try_open("new", fd=fd) == NOTCAPABLE
            guest.ok("path_unlink_file", fd, *guest.path("new"))
        else:
            assert errno == NOTCAPABLE, path
    assert [row[:1] for row in snapshot(guest)] == [row[:1] for row in before]


def test_each_call_needs_its_right(guest: Guest, name: str) -> None:
    guest.file("file", b"abc")
    before = snapshot(guest)
    fd = guest.open_directory(".")
    guest.ok("fd_fdstat_set_rights", fd, rights.DIRECTORY & ~RIGHT[name], 0)
    assert CALLS[name](guest, fd, guest.path("file2")) == NOTCAPABLE
    guest.ok("fd_fdstat_set_rights", fd, RIGHT[name] & rights.DIRECTORY & ~RIGHT[name], 0)
    assert CALLS[name](guest, fd, guest.path("file2")) == NOTCAPABLE
    assert snapshot(guest) == before


def test_a_file_is_no_place_to_start(guest: Guest, name: str) -> None:
    fd = guest.file("file", b"abc")
    assert CALLS[name](guest, fd, guest.path("x")) == NOTDIR
    assert CALLS[name](guest, 0, guest.path("x")) == NOTDIR
    assert CALLS[name](guest, 99, guest.path("x")) == 8


def test_without_a_directory_nothing_can_be_named(make_guest: MakeGuest, name: str) -> None:
    guest = make_guest()
    assert CALLS[name](guest, ROOT, guest.path("x")) == 8


def test_unknown_lookup_flags(guest: Guest) -> None:
    guest.file("f")
    path = guest.path("f")
    for flags in (2, 2**32 - 1):
        assert guest.call("path_filestat_get", ROOT, flags, *path, guest.OUT) == INVAL
        assert guest.call("path_filestat_set_times", ROOT, flags, *path, 0, 0, 0) == INVAL
        assert guest.try_open("f", follow=flags) == INVAL
    for flags in (1, 2):
        assert guest.call("path_link", ROOT, flags, *path, ROOT, *guest.path("g")) == INVAL


def test_the_operations(guest: Guest) -> None:
    guest.ok("path_create_directory", ROOT, *guest.path("d"))
    assert guest.call("path_create_directory", ROOT, *guest.path("d")) == EXIST
    guest.file("d/f", b"abc")
    guest.ok("path_link", ROOT, 0, *guest.path("d/f"), ROOT, *guest.path("g"))
    assert guest.path_stat("g")["nlink"] == 2
    guest.ok("path_rename", ROOT, *guest.path("g"), ROOT, *guest.path("d/h"))
    assert guest.call("path_remove_directory", ROOT, *guest.path("d")) == NOTEMPTY
    assert guest.call("path_unlink_file", ROOT, *guest.path("d")) == ISDIR
    guest.ok("path_unlink_file", ROOT, *guest.path("d/h"))
    guest.ok("path_unlink_file", ROOT, *guest.path("d/f"))
    guest.ok("path_remove_directory", ROOT, *guest.path("d"))
    assert guest.call("path_filestat_get", ROOT, 0, *guest.path("d"), guest.OUT) == NOENT


def test_times_by_path(guest: Guest) -> None:
    guest.file("f")
    guest.ok("path_symlink", *guest.path("f"), ROOT, *guest.path("l"))
    guest.ok("path_filestat_set_times", ROOT, 1, *guest.path("l"), 10, 20, 5)
    assert (guest.path_stat("f")["atim"], guest.path_stat("f")["mtim"]) == (10, 20)
    guest.ok("path_filestat_set_times", ROOT, 0, *guest.path("l"), 30, 40, 5)
    assert guest.path_stat("l", follow=0)["mtim"] == 40
    assert guest.path_stat("f")["mtim"] == 20


def test_readlink(guest: Guest) -> None:
    guest.ok("path_symlink", *guest.path("zielgröße"), ROOT, *guest.path("l"))
    target = "zielgröße".encode()
    for length in (0, 1, len(target), 50):
        buffer = guest.put(b"#" * 50)
        guest.ok("path_readlink", ROOT, *guest.path("l"), buffer, length, guest.OUT)
        cut = target[:length]
        assert guest.u32() == len(cut)
        assert guest.memory.read(buffer, 50) == cut.ljust(50, b"#")
    assert guest.call("path_readlink", ROOT, *guest.path("l"), SIZE - 3, 4, guest.OUT) == FAULT
    assert guest.call("path_readlink", ROOT, *guest.path("l"), 0, 4, SIZE - 3) == FAULT
    assert guest.call("path_readlink", ROOT, *guest.path("."), 0, 4, guest.OUT) == INVAL


# -- path_open ------------------------------------------------------------------------------------


def test_open_creates_truncates_and_excludes(guest: Guest) -> None:
    assert guest.try_open("f") == NOENT
    fd = guest.open("f", CREAT | EXCL)
    guest.write(fd, b"abc")
    assert guest.try_open("f", CREAT | EXCL) == EXIST
    assert guest.pread(guest.open("f", CREAT), 9) == b"abc"
    assert guest.pread(guest.open("f", EXCL), 9) == b"abc"
    guest.open("f", TRUNC, base=0)
    assert guest.path_stat("f")["size"] == 0
    for flags in (16, 2**16, 2**32 - 1):
        assert guest.try_open("f", flags) == INVAL
    for fdflags in (32, 2**16, 2**32 - 1):
        assert guest.try_open("f", fdflags=fdflags) == INVAL


def test_open_directories(guest: Guest) -> None:
    guest.file("f")
    guest.ok("path_create_directory", ROOT, *guest.path("d"))
    directory = guest.open("d", base=rights.FILE_READ)
    assert guest.fdstat(directory)[:3] == (3, 0, 0)
    guest.open("d", DIRECTORY, base=rights.FILE_READ | rights.DIRECTORY)
    guest.open("d", base=0, fdflags=NONBLOCK)
    for oflags in (0, DIRECTORY):
        assert guest.try_open("d", oflags, base=rights.FILE_READ | rights.FILE_WRITE) == ISDIR
    assert guest.try_open("d", TRUNC, base=0) == ISDIR
    assert guest.try_open("f", DIRECTORY, base=0) == NOTDIR
    assert guest.try_open("d", DIRECTORY | CREAT, base=0) == INVAL
    assert guest.try_open("f/", base=0) == NOTDIR


def test_open_follows_links_if_asked(guest: Guest) -> None:
    guest.file("f", b"abc")
    guest.ok("path_symlink", *guest.path("f"), ROOT, *guest.path("l"))
    assert guest.try_open("l", follow=0) == LOOP
    assert guest.pread(guest.open("l"), 9) == b"abc"
    guest.ok("path_symlink", *guest.path("loop"), ROOT, *guest.path("loop"))
    assert guest.try_open("loop") == LOOP


def test_rights_of_what_is_opened(guest: Guest) -> None:
    known = guest.preview.LAYOUT.rights
    guest.file("f")
    guest.ok("path_create_directory", ROOT, *guest.path("d"))
    assert guest.fdstat(guest.open("f"))[2:] == (rights.FILE, known)
    assert guest.fdstat(guest.open("f", base=2**64 - 1, inheriting=2**64 - 1))[2:] == (rights.FILE, known)
    assert guest.fdstat(guest.open_directory("d"))[2:] == (rights.DIRECTORY, known)
    some = rights.FILE_READ | rights.FILE_TELL | rights.PATH_OPEN
    assert guest.fdstat(guest.open("f", base=some, inheriting=some))[2:] == (some & rights.FILE, some)
    assert guest.fdstat(guest.open("f", base=0, inheriting=0))[2:] == (0, 0)


def test_rights_cannot_grow_on_the_way_down(guest: Guest) -> None:
    guest.ok("path_create_directory", ROOT, *guest.path("d"))
    guest.file("d/f", b"abc")
    passed_on = ALL & ~(rights.FILE_WRITE | rights.PATH_UNLINK)
    start = guest.open(".", base=rights.DIRECTORY, inheriting=passed_on)
    assert guest.try_open("d", fd=start, base=rights.DIRECTORY, inheriting=0) == NOTCAPABLE
    below = guest.open("d", fd=start, base=rights.DIRECTORY & passed_on, inheriting=passed_on)
    assert guest.call("path_unlink_file", below, *guest.path("f")) == NOTCAPABLE
    assert guest.try_open("f", fd=below, base=rights.FILE_WRITE, inheriting=0) == NOTCAPABLE
    assert guest.try_open("f", fd=below, base=0, inheriting=rights.FILE_WRITE) == NOTCAPABLE


def test_rights_for_creating_and_truncating(guest: Guest) -> None:
    guest.file("f", b"abc")
    for lacking, oflags in ((rights.PATH_CREATE_FILE, CREAT), (rights.PATH_RESIZE, TRUNC)):
        fd = guest.open(".", base=rights.DIRECTORY & ~lacking)
        for path in ("f", "new"):
            assert guest.try_open(path, oflags, fd=fd, base=0, inheriting=0) == NOTCAPABLE
    assert [row[:2] for row in snapshot(guest)] == [("f", 3)]


@pytest.mark.parametrize(
    ("fdflags", "lacking", "errno"),
    [
        (DSYNC, rights.FILE_DATASYNC | rights.FILE_SYNC, NOTCAPABLE),
        (DSYNC, rights.FILE_DATASYNC, SUCCESS),
        (DSYNC, rights.FILE_SYNC, SUCCESS),
        (SYNC, rights.FILE_SYNC, NOTCAPABLE),
        (RSYNC | DSYNC, rights.FILE_SYNC, NOTCAPABLE),
        (SYNC, rights.FILE_DATASYNC, SUCCESS),
    ],
)
def test_rights_for_opening_synchronised(guest: Guest, fdflags: int, lacking: int, errno: int) -> None:
    guest.file("f")
    fd = guest.open(".", base=rights.DIRECTORY, inheriting=ALL & ~lacking)
    assert guest.try_open("f", fd=fd, base=rights.FILE_READ, inheriting=0, fdflags=fdflags) == errno


def test_a_bad_result_pointer_opens_and_makes_nothing(guest: Guest) -> None:
    for bad in (SIZE - 3, SIZE, 2**32 - 4, 2**32 - 1):
        assert guest.call("path_open", ROOT, 0, *guest.path("new"), CREAT, ALL, ALL, 0, bad) == FAULT
    assert snapshot(guest) == []
    assert list(guest.data.descriptors) == [0, 1, 2, ROOT]


@pytest.mark.parametrize("oflags", range(16))
@pytest.mark.parametrize("base", [0, rights.FILE_READ, rights.FILE_WRITE, rights.FILE_READ | rights.FILE_WRITE])
def test_nothing_that_is_read_only_changes(guest: Guest, oflags: int, base: int) -> None:
    guest.file("f", b"abc")
    before = snapshot(guest)
    directory = guest.data.descriptors.directory(ROOT, 0).directory
    fd = guest.data.descriptors.insert(OpenDirectory(ReadOnlyDirectory(directory.reopen())))
    for path in ("f", "new"):
        errno = guest.try_open(path, oflags, fd=fd, base=base, inheriting=0)
        if path == "f" and not base & rights.FILE_WRITE and oflags in (0, CREAT, EXCL):
            assert errno == SUCCESS
        else:
            assert errno in {ROFS, EXIST, NOENT, NOTDIR, INVAL, ISDIR}
    assert snapshot(guest) == before


def test_a_second_name_does_not_make_a_read_only_file_writable(make_guest: MakeGuest) -> None:
    guest = make_guest(filesystem=MemoryFilesystem())
    guest.file("f", b"abc")
    directory = guest.data.descriptors.directory(ROOT, 0).directory
    read_only = guest.data.descriptors.insert(OpenDirectory(ReadOnlyDirectory(directory.reopen())))
    before = snapshot(guest)
    path, new = guest.path("f"), guest.path("new")
    assert guest.call("path_link", read_only, 0, *path, ROOT, *new) == ROFS
    assert guest.call("path_rename", read_only, *path, ROOT, *new) == ROFS
    assert guest.call("path_rename", ROOT, *path, read_only, *new) == ROFS
    assert guest.call("path_link", ROOT, 0, *path, read_only, *new) == ROFS
    assert snapshot(guest) == before
