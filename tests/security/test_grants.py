"""What was granted and what was not: nothing at all, read-only beside writable, one inside of another."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from types import ModuleType

import pytest

from host_trees import snapshot
from passthrough import DATA, SCRATCH, Guest
from remit import fs
from remit.interfaces import preview0, preview1
from security.worlds import (
    ALL,
    APPEND,
    BADF,
    CREAT,
    DIRECTORY,
    EXCL,
    FD_READ,
    FD_WRITE,
    NOTCAPABLE,
    SUCCESS,
    TRUNC,
    World,
)

SECOND = 0x3000
PREVIEWS = pytest.mark.parametrize("preview", [preview0, preview1], ids=["preview0", "preview1"])


@PREVIEWS
def test_no_grant_meant_everything(
    preview: ModuleType, native: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"in the working directory")
    (tmp_path / "dir").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("A_SECRET", "of the host")
    before = snapshot(tmp_path)
    guest = Guest({}, native=native, preview=preview)
    path = guest.path("file")
    other = guest.path("dir", SECOND)
    for fd in (*range(8), 0xFFFFFFFF, 0xFFFFFF9C):  # AT_FDCWD at the end
        calls = [
            guest.call("path_open", fd, 1, *path, CREAT, ALL, ALL, 0, SCRATCH),
            guest.call("path_open", fd, 1, *guest.path("/etc/passwd", 0x3800), 0, FD_READ, 0, 0, SCRATCH),
            guest.call("path_filestat_get", fd, 1, *path, SCRATCH),
            guest.call("path_filestat_set_times", fd, 1, *path, 1, 1, 5),
            guest.call("path_create_directory", fd, *guest.path("made", 0x3800)),
            guest.call("path_unlink_file", fd, *path),
            guest.call("path_remove_directory", fd, *other),
            guest.call("path_rename", fd, *path, fd, *other),
            guest.call("path_link", fd, 0, *path, fd, *other),
            guest.call("path_symlink", *path, fd, *other),
            guest.call("path_readlink", fd, *path, DATA, 64, SCRATCH),
            guest.call("fd_readdir", fd, DATA, 1024, 0, SCRATCH),
            guest.call("fd_prestat_get", fd, SCRATCH),
            guest.call("fd_prestat_dir_name", fd, DATA, 64),
        ]
        assert SUCCESS not in calls, (fd, calls)
    for fd in range(3, 16):
        assert guest.call("fd_fdstat_get", fd, SCRATCH) == BADF, "no directory, no socket, nothing inherited"
        for sock in ("sock_recv", "sock_send", "sock_shutdown"):
            count = {"sock_recv": 6, "sock_send": 5, "sock_shutdown": 2}[sock]
            assert guest.call(sock, fd, *[0] * (count - 1)) != SUCCESS
    assert guest.call("environ_sizes_get", SCRATCH, SCRATCH + 4) == SUCCESS
    assert (guest.u32(), guest.u32(SCRATCH + 4)) == (0, 0), "the environment is empty"
    guest.close()
    assert snapshot(tmp_path) == before


@pytest.fixture
def read_only_beside_writable(world: World) -> tuple[World, Guest]:
    """3 is the tree of the world, read-only; 4 is the same tree or one on the same device, writable."""
    writable = world.base / "writable"
    writable.mkdir()
    (writable / "own").write_bytes(b"own")
    guest = world.another({"/ro": fs.ReadOnly(world.filesystem), "/rw": fs.Host(writable)})
    world.freeze(world.granted)
    return world, guest


def test_a_read_only_file_made_writable_by_a_second_name(read_only_beside_writable: tuple[World, Guest]) -> None:
    world, guest = read_only_beside_writable
    for source, target in itertools.product(("file", "dir/file", "to-file", "to-file/"), ("new", "own")):
        for follow in (0, 1):
            assert guest.call("path_link", 3, follow, *guest.path(source), 4, *guest.path(target, SECOND)) != SUCCESS
        assert guest.call("path_rename", 3, *guest.path(source), 4, *guest.path(target, SECOND)) != SUCCESS
        assert guest.call("path_rename", 4, *guest.path("own"), 3, *guest.path(source, SECOND)) != SUCCESS
        assert guest.call("path_link", 4, 0, *guest.path("own"), 3, *guest.path("made", SECOND)) != SUCCESS
    assert sorted(os.listdir(world.base / "writable")) == ["own"]
    for fd in (3, 4):
        errno, directory = guest.open(".", DIRECTORY, rights=ALL & ~FD_WRITE, fd=fd)
        assert errno == SUCCESS
        assert guest.call("path_link", 3, 0, *guest.path("file"), directory, *guest.path("new", SECOND)) != SUCCESS
        assert guest.call("path_rename", directory, *guest.path("dir"), 7 - fd, *guest.path("d", SECOND)) != SUCCESS


def test_truncation_by_opening_in_a_read_only_grant(world: World) -> None:
    guest = world.another({"/": fs.ReadOnly(world.filesystem)})
    before = snapshot(world.granted)
    for path, follow, oflags, fdflags in itertools.product(
        ("file", "to-file", "dir/file", "dangling", "new", "dir"), (0, 1), range(16), (0, APPEND, 4, 31)
    ):
        for rights in (ALL, FD_READ, FD_WRITE, 0, 1 << 22, 1 << 23, 1 << 8):
            errno, fd = guest.open(path, oflags, rights=rights, fdflags=fdflags, follow=follow)
            if errno == SUCCESS:
                assert not oflags & TRUNC or oflags & DIRECTORY
                assert guest.write(fd, b"x") != SUCCESS
                assert guest.call("fd_pwrite", fd, *guest.iovec((DATA, 1)), 0, SCRATCH) != SUCCESS
                assert guest.call("fd_filestat_set_size", fd, 0) != SUCCESS
                assert guest.call("fd_allocate", fd, 0, 100) != SUCCESS
                assert guest.call("fd_filestat_set_times", fd, 1, 1, 5) != SUCCESS
                assert guest.call("fd_close", fd) == SUCCESS
    assert snapshot(world.granted) == before


def test_middle_grants_were_lost(world: World) -> None:
    names = ["/a", "/a/b", "/c", "/a/b/c", "."]
    for order in itertools.permutations(names, 5):
        if order[0] not in ("/a/b", "."):
            continue
        trees = {name: fs.Memory({"who": name}) for name in order}
        guest = world.another({**trees, "/world": world.filesystem})
        for fd, name in enumerate(order, 3):
            assert guest.call("fd_prestat_get", fd, SCRATCH) == SUCCESS
            assert guest.call("fd_prestat_dir_name", fd, DATA, guest.u32(SCRATCH + 4)) == SUCCESS
            assert guest.memory.read(DATA, guest.u32(SCRATCH + 4)) == name.encode()
            errno, who = guest.open("who", fd=fd)
            assert errno == SUCCESS
            assert guest.read(who) == (SUCCESS, name.encode())
        assert guest.open("file", rights=FD_READ, fd=8)[0] == SUCCESS
        assert guest.call("fd_prestat_get", 9, SCRATCH) == BADF or guest.call("fd_prestat_get", 20, SCRATCH) == BADF
        guest.close()


def test_rights_only_shrink(world: World) -> None:
    guest = world.guest
    errno, fd = guest.open("file", rights=FD_READ)
    assert errno == SUCCESS
    assert guest.write(fd, b"x") == NOTCAPABLE
    for base, inheriting in ((ALL, 0), (FD_READ | FD_WRITE, 0), ((1 << 64) - 1, 0), (0, 1 << 63)):
        assert guest.call("fd_fdstat_set_rights", fd, base, inheriting) == NOTCAPABLE
    errno, directory = guest.open("dir", DIRECTORY, rights=1 << 13 | FD_READ)
    assert errno == SUCCESS
    assert guest.call("fd_fdstat_set_rights", directory, 1 << 13, FD_READ) == SUCCESS
    assert guest.open("file", rights=FD_READ, fd=directory)[0] == SUCCESS
    assert guest.open("file", rights=FD_READ | FD_WRITE, fd=directory)[0] == NOTCAPABLE
    assert guest.open("file", TRUNC, rights=FD_READ, fd=directory)[0] == NOTCAPABLE
    assert guest.open("new", CREAT | EXCL, rights=FD_READ, fd=directory)[0] == NOTCAPABLE
    assert guest.call("fd_fdstat_set_rights", 3, 0, 0) == SUCCESS
    assert guest.open("file", rights=FD_READ)[0] == NOTCAPABLE
    assert guest.stat("file")[0] == NOTCAPABLE


def test_what_is_said_of_the_root_says_nothing_of_what_is_above(world: World) -> None:
    """`..` in a listing, and every way to name the root, show the root itself."""
    guest = world.guest
    errno, root = guest.stat(".")
    assert errno == SUCCESS
    assert guest.call("fd_readdir", 3, DATA, 4096, 0, SCRATCH) == SUCCESS
    listed = guest.memory.read(DATA, guest.u32())
    inodes = [int.from_bytes(listed[offset + 8 : offset + 16], "little") for offset in (0, 25)]
    assert inodes == [root[1], root[1]]
    assert os.stat(world.base).st_ino not in inodes
    for path in ("dir/..", "./dir/../.", "to-dir/..", "dir/inner/../.."):
        errno, found = guest.stat(path)
        assert (errno, found[:3]) == (SUCCESS, root[:3])
