"""What a guest may add to a directory is limited, and nothing that it calls gets it more."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from passthrough import DATA, SCRATCH, Guest
from remit import fs
from remit.native.library import OTHER
from remit.native.table import NativeDescriptorTable
from security.worlds import (
    ALL,
    APPEND,
    CREAT,
    DIRECTORY,
    EXCL,
    FD_READ,
    FD_WRITE,
    INSIDE,
    NATIVE,
    NOSPC,
    PREVIEWS,
    SUCCESS,
    TRUNC,
    XDEV,
    World,
)

SECOND = 0x3000
MAX_BYTES, MAX_FILES = 10_000, 30
BIG = 1 << 16

KINDS = [f"{preview}-{kind}-{native}" for preview in PREVIEWS for kind in ("openat2", "memory") for native in NATIVE]


class Limited:
    """A guest in a world whose one directory has a quota, and what is really there."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.quota = fs.Quota(world.filesystem, max_bytes=MAX_BYTES, max_files=MAX_FILES)
        self.guest = world.another({"/": self.quota})
        self.start = self.measure()

    def measure(self) -> tuple[int, int]:
        """Bytes and names there now, with what has no name any more and is still open in this process."""
        filesystem = self.world.filesystem
        if isinstance(filesystem, fs.Memory):
            return filesystem.bytes_used, filesystem.files_used
        tree = self.world.granted
        there = [path.lstat() for path in tree.rglob("*")]
        device = tree.stat().st_dev
        held = [status for status in map(status_of, os.listdir("/proc/self/fd")) if status is not None]
        nameless = {each.st_ino: each for each in held if stat.S_ISREG(each.st_mode) and not each.st_nlink}
        sizes = {each.st_ino: each.st_size for each in there if not stat.S_ISDIR(each.st_mode)}
        sizes |= {number: each.st_size for number, each in nameless.items() if each.st_dev == device}
        return sum(sizes.values()), len(there) + len(nameless)

    def check(self) -> None:
        """No more is there than may be."""
        size, files = self.measure()
        assert size - self.start[0] <= self.quota.bytes_used <= MAX_BYTES
        assert files - self.start[1] <= self.quota.files_used <= MAX_FILES

    def call(self, name: str, *arguments: int) -> int:
        """The errno of a call, after which the limits hold."""
        errno = self.guest.call(name, *arguments)
        self.check()
        return errno

    def open(self, name: str, oflags: int = CREAT, **options: int) -> int:
        errno, fd = self.guest.open(name, oflags, **options)
        self.check()
        return fd if errno == SUCCESS else -errno

    def write(self, fd: int, size: int, offset: int | None = None) -> int:
        """How many bytes were written, or the negative errno."""
        vectors = self.guest.iovec((0, min(size, self.guest.size)))
        name, where = ("fd_write", ()) if offset is None else ("fd_pwrite", (offset,))
        errno = self.call(name, fd, *vectors, *where, SCRATCH)
        return -errno if errno else self.guest.u32()

    def close(self, fd: int) -> None:
        assert self.call("fd_close", fd) == SUCCESS

    def unlink(self, name: str) -> int:
        return self.call("path_unlink_file", 3, *self.guest.path(name))

    def link(self, name: str, new: str) -> int:
        return self.call("path_link", 3, 0, *self.guest.path(name), 3, *self.guest.path(new, SECOND))

    def rename(self, name: str, new: str) -> int:
        return self.call("path_rename", 3, *self.guest.path(name), 3, *self.guest.path(new, SECOND))

    def symlink(self, target: str, name: str) -> int:
        return self.call("path_symlink", *self.guest.path(target), 3, *self.guest.path(name, SECOND))


def status_of(descriptor: str) -> os.stat_result | None:
    try:
        return os.fstat(int(descriptor))
    except OSError:
        return None


@pytest.fixture(params=KINDS)
def limited(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Limited]:
    """Both previews × a directory of the host and one in memory × the fast path on and off."""
    preview, kind, native = request.param.split("-")
    world = World(tmp_path / "world", preview, kind, native)
    yield Limited(world)
    world.check()


def test_every_way_to_grow_a_file(limited: Limited) -> None:
    guest = limited.guest
    for fdflags in (0, APPEND):
        fd = limited.open("new", CREAT | TRUNC, fdflags=fdflags)
        assert limited.write(fd, BIG) == MAX_BYTES, "what fits is written"
        assert limited.write(fd, 1) == -NOSPC
        assert limited.write(fd, 1, MAX_BYTES) == -NOSPC
        assert limited.write(fd, BIG, MAX_BYTES - 10) in (10, -NOSPC), "the latter at the end of the file"
        for size in (MAX_BYTES + 1, 1 << 40, (1 << 63) - 1, 1 << 63, (1 << 64) - 1):
            assert limited.call("fd_filestat_set_size", fd, size) != SUCCESS
            assert limited.call("fd_allocate", fd, size - 1, 1) != SUCCESS
            assert limited.write(fd, 1, size - 1) < 0
        assert limited.call("fd_filestat_set_size", fd, 0) == SUCCESS
        assert limited.write(fd, 1, MAX_BYTES - 1) in (1, -NOSPC)
        assert limited.call("fd_filestat_set_size", fd, 0) == SUCCESS
        assert limited.call("fd_allocate", fd, 0, MAX_BYTES) == SUCCESS
        assert limited.call("fd_filestat_set_size", fd, MAX_BYTES) == SUCCESS
        limited.close(fd)
    other = limited.open("file", 0)
    assert limited.write(other, len(INSIDE)) == len(INSIDE), "what was there can be overwritten"
    assert limited.write(other, 1) == -NOSPC
    assert limited.unlink("new") == SUCCESS
    assert limited.write(other, 1) == 1
    assert limited.quota.bytes_used == 1
    assert guest.stat("file")[1][4] == len(INSIDE) + 1


def test_the_native_path_never_writes_behind_it(limited: Limited) -> None:
    """Neither the directory, nor what is opened or made in it, nor what takes its number, is in the table of C."""
    table = limited.guest.instance._world.process.descriptors
    if not isinstance(table, NativeDescriptorTable):
        return
    fds = [3, limited.open("new"), limited.open("file", 0), limited.open("file", 0, rights=FD_READ)]
    fds += [limited.open("dir", DIRECTORY, rights=ALL & ~FD_WRITE), limited.open("dir/inner/../new")]
    assert min(fds) == 3
    assert {table._slots[fd].kind for fd in fds} == {OTHER}
    assert limited.call("fd_renumber", fds[1], fds[2]) == SUCCESS
    limited.close(fds[3])
    again = limited.open("new", 0)
    assert {table._slots[fd].kind for fd in (fds[2], again)} == {OTHER}
    assert limited.write(fds[2], BIG) == MAX_BYTES


def test_removed_files_that_stay_open(limited: Limited) -> None:
    """They are on the disk until they are closed, and no listing shows them."""
    fds = []
    for _ in range(20):
        fd = limited.open("new", CREAT | EXCL)
        limited.write(fd, MAX_BYTES // 15)
        assert limited.unlink("new") == SUCCESS
        fds.append(fd)
    assert limited.quota.bytes_used == MAX_BYTES
    fds.append(limited.open("new"))
    assert limited.write(fds[-1], 1) == -NOSPC
    assert limited.call("fd_renumber", fds[0], fds[1]) == SUCCESS
    assert limited.quota.bytes_used == MAX_BYTES - MAX_BYTES // 15
    for fd in fds[1:]:
        limited.close(fd)
    assert (limited.quota.bytes_used, limited.quota.files_used) == (0, 1)
    # By being replaced, and with a second handle and a second name.
    first, second = limited.open("new", 0), limited.open("new", 0)
    assert limited.link("new", "dir/second") == SUCCESS
    assert limited.write(first, BIG) == MAX_BYTES
    limited.open("empty-file")
    assert limited.rename("empty-file", "new") == SUCCESS
    assert limited.rename("new", "dir/second") == SUCCESS
    limited.close(first)
    assert limited.write(limited.open("new"), 1) == -NOSPC
    limited.close(second)
    assert limited.write(limited.open("new"), BIG) == MAX_BYTES


def test_empty_things_without_end(limited: Limited) -> None:
    guest = limited.guest
    ways: list[Callable[[str], int]] = [
        lambda name: min(limited.open(name, CREAT | EXCL), 0),
        lambda name: -limited.call("path_create_directory", 3, *guest.path(name)),
        lambda name: -limited.symlink("x", name),
        lambda name: -limited.link("file", name),
        lambda name: min(limited.open(f"dir/inner/{name}", CREAT), 0),
    ]
    for number in range(MAX_FILES):
        assert ways[number % len(ways)](f"n{number}") == SUCCESS, number
    for way in ways:
        assert way("more") == -NOSPC
    assert limited.quota.files_used == MAX_FILES
    assert -limited.open("dir", CREAT | EXCL) not in (SUCCESS, NOSPC), "what is there is said to be there"


def test_targets_of_links_without_end(limited: Limited) -> None:
    number = 0
    while (errno := limited.symlink("x" * 4000, f"l{number}")) == SUCCESS:
        number += 1
    assert (errno, number) == (NOSPC, MAX_BYTES // 4000)


def test_what_was_there_is_no_credit(limited: Limited) -> None:
    """A program that removes all there is, and one that removes it again and again, has no more than before."""
    for name in ("file", "dir/file", "dir/inner/file"):
        assert limited.unlink(name) == SUCCESS
    assert limited.write(limited.open("new"), BIG) == MAX_BYTES
    for _ in range(5):
        assert limited.link("new", "again") == SUCCESS
        assert limited.unlink("new") == SUCCESS
        assert limited.rename("again", "new") == SUCCESS
        assert limited.rename("new", "new") == SUCCESS
        assert limited.unlink("again") != SUCCESS
        limited.close(limited.open("new", CREAT))
        assert limited.write(limited.open("dir/new"), 1) == -NOSPC


def test_from_one_quota_into_another(limited: Limited) -> None:
    other = fs.Quota(limited.world.made(), max_bytes=MAX_BYTES)
    guest = limited.guest = limited.world.another({"/": limited.quota, "/other": other})
    limited.write(limited.open("new"), 100)
    for name in ("path_rename", "path_link"):
        flags = (0,) if name == "path_link" else ()
        for source, target in ((3, 4), (4, 3)):
            path = guest.path("new" if source == 3 else "file")
            assert limited.call(name, source, *flags, *path, target, *guest.path("moved", SECOND)) == XDEV


def test_two_guests_on_two_threads(limited: Limited) -> None:
    """They share one quota, and race for what is left of it."""
    guests = [limited.guest, limited.world.another({"/": limited.quota})]

    def work(guest: Guest, seed: int) -> None:
        random = Random(seed)
        for _ in range(150):
            errno, fd = guest.open(f"f{random.randrange(3)}", random.choice([0, CREAT, CREAT | TRUNC]))
            if errno == SUCCESS:
                guest.call("fd_write", fd, *guest.iovec((DATA, random.randrange(4000))), SCRATCH)
                guest.call("fd_filestat_set_size", fd, random.randrange(6000))
            name, new = f"f{random.randrange(3)}", f"f{random.randrange(5)}"
            guest.call("path_link", 3, 0, *guest.path(name), 3, *guest.path(new, SECOND))
            guest.call("path_rename", 3, *guest.path(name), 3, *guest.path(new, SECOND))
            guest.call("path_unlink_file", 3, *guest.path(new))
            if errno == SUCCESS:
                assert guest.call("fd_close", fd) == SUCCESS

    threads = [threading.Thread(target=work, args=(guest, seed)) for seed, guest in enumerate(guests)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    limited.check()
    for number in range(5):
        limited.unlink(f"f{number}")
    assert (limited.quota.bytes_used, limited.quota.files_used) == (0, 0)


@pytest.mark.parametrize("seed", range(3))
def test_anything_in_any_order(limited: Limited, seed: int) -> None:
    """The limits hold after every call."""
    random = Random(seed)
    names = ["file", "new", "dir/new", "dir/file", "n2"]
    fds: list[int] = []
    for _ in range(200):
        name, new = random.choice(names), random.choice(names)
        size = random.choice([0, 1, 100, 3000, 9999, MAX_BYTES, BIG, 1 << 40])
        fd = random.choice(fds) if fds else 3
        action = random.randrange(10)
        if action == 0 and len(fds) < 12:
            flags = random.choice([0, CREAT, CREAT | TRUNC, CREAT | EXCL, TRUNC])
            opened = limited.open(name, flags, fdflags=random.choice([0, APPEND]))
            fds += [opened] if opened > 0 else []
        elif action == 1 and fds:
            fds.remove(fd)
            limited.close(fd)
        elif action == 2:
            limited.write(fd, size)
        elif action == 3:
            limited.write(fd, size, random.choice([0, 10, 5000, MAX_BYTES, 1 << 40]))
        elif action == 4:
            limited.call("fd_filestat_set_size", fd, size)
        elif action == 5:
            limited.call("fd_allocate", fd, random.randrange(MAX_BYTES), size)
        elif action == 6:
            limited.unlink(name)
        elif action == 7:
            limited.rename(name, new)
        elif action == 8:
            limited.link(name, new)
        else:
            limited.symlink("no/" * random.randrange(1, 300), new)
    for fd in fds:
        limited.close(fd)
    for name in names:
        limited.unlink(name)
    assert (limited.quota.bytes_used, limited.quota.files_used) == (0, 0)
