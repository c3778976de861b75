"""What a guest names, the host does not have to have: descriptors, buffers, waits, time."""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import struct
import time
from pathlib import Path

import pytest

import remit
from host_trees import descriptors_below
from passthrough import DATA, SCRATCH, Guest
from remit import fs
from remit.filesystems import host_linux
from remit.kernel.limits import Limits
from security.worlds import (
    CREAT,
    DIRECTORY,
    DQUOT,
    FAULT,
    FBIG,
    FD_READ,
    INVAL,
    LOOP,
    MFILE,
    NOMEM,
    NOSPC,
    OVERFLOW,
    SUCCESS,
    World,
)
from wat import wat

PATIENCE = 30
"""Seconds within which a run that hangs would not end; no test takes a noticeable part of it."""
GIB = 1 << 30


def resident() -> int:
    """Bytes of this process in memory now."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


RENUMBERING = """
(module
  (import "{module}" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "{module}" "fd_renumber" (func $fd_renumber (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0x1000) "file")
  (func $must (param $errno i32) (if (local.get $errno) (then unreachable)))
  (func $open (param $wanted i32)
    (call $must (call $path_open (i32.const 3) (i32.const 1) (i32.const 0x1000) (i32.const 4) (i32.const 0)
      (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 0x100)))
    (if (i32.ne (i32.load (i32.const 0x100)) (local.get $wanted)) (then unreachable)))
  (func (export "begin")
    (call $open (i32.const 4)) (call $open (i32.const 5)) (call $open (i32.const 6)) (call $open (i32.const 7)))
  (func (export "renumber") (param $pairs i32)
    (local $from i32)
    (loop $again
      (local.set $from (i32.add (i32.const 4) (i32.rem_u (local.get $pairs) (i32.const 3))))
      (call $must (call $fd_renumber (local.get $from) (i32.const 7)))
      (call $open (local.get $from))
      (call $must (call $fd_renumber (i32.const 7) (i32.const 7)))
      (br_if $again (local.tee $pairs (i32.sub (local.get $pairs) (i32.const 1)))))))
"""


def renumber(world: World, times: int) -> None:
    program = remit.load(wat(RENUMBERING.format(module=world.preview.MODULE)), cache=False)
    with pytest.MonkeyPatch.context() as patch:
        if not world.native:
            patch.setattr("remit.runtime.execute.native_table", lambda grants: None)
        instance = program.instantiate(dirs={"/": world.filesystem})
    with instance:
        instance.call("begin")
        before = descriptors_below(world.base)
        instance.call("renumber", 500)
        memory = resident()
        instance.call("renumber", times // 2 - 500)
        assert descriptors_below(world.base) == before
        assert resident() - memory < 4 << 20


def test_renumbering_leaks(world: World) -> None:
    renumber(world, 4000)


@pytest.mark.slow
@pytest.mark.parametrize("host_world", ["preview1-openat2-native", "preview0-portable-python"], indirect=True)
def test_a_million_renumbers(host_world: World) -> None:
    renumber(host_world, 1_000_000)


def test_one_guest_takes_all_descriptors(world: World) -> None:
    """Of the host it gets no more than the limit, and the host keeps working; also beyond the host's own limit."""
    guest = world.another(limits=Limits(descriptors=40))
    before = len(descriptors_below(world.base))
    for path, flags in (("file", 0), ("dir", DIRECTORY)):
        while (opened := guest.open(path, flags, rights=FD_READ | 1 << 14))[0] == SUCCESS:
            assert opened[1] < 40
        assert opened[0] == MFILE
        for fd in range(10, 30):
            assert guest.call("fd_close", fd) == SUCCESS
    assert len(descriptors_below(world.base)) - before <= 40
    Path(os.devnull).read_bytes()


def test_the_host_has_no_descriptor_left(world: World) -> None:
    """The guest is told; nothing else fails, and it goes on when there are some again."""
    guest = world.guest
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert guest.open("file", rights=FD_READ)[0] == SUCCESS
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(map(int, os.listdir("/proc/self/fd"))) + 1, hard))
    try:
        errnos = set()
        for _ in range(50):
            errnos.add(guest.open("file", rights=FD_READ)[0])
            errnos.add(guest.open("dir/inner/file", rights=FD_READ)[0])
            errnos.add(guest.open("dir", DIRECTORY, rights=FD_READ)[0])
            errnos.add(guest.stat("dir/inner/../file")[0])
            errnos.add(guest.call("fd_readdir", 3, DATA, 100, 0, SCRATCH))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert errnos <= {SUCCESS, MFILE, 41}, errnos
    assert guest.stat("dir/inner/../file")[0] == SUCCESS
    guest.close()


def test_the_default_limit_leaves_descriptors_to_the_host() -> None:
    """A process has 1,024 by default on most systems."""
    assert Limits().descriptors <= 512


TRANSFERS = ["fd_read", "fd_write", "fd_pread", "fd_pwrite"]


def transfer(guest: Guest, name: str, fd: int, vectors: int, count: int, offset: int = 0) -> int:
    middle = (offset,) if name in ("fd_pread", "fd_pwrite") else ()
    return guest.call(name, fd, vectors, count, *middle, SCRATCH)


@pytest.mark.parametrize("name", TRANSFERS)
def test_vectors_beyond_the_memory(world: World, name: str) -> None:
    guest = world.guest
    size = guest.size
    _, fd = guest.open("file", rights=(1 << 29) - 1 if world.writable else FD_READ | 4)
    if not world.writable and "write" in name:
        fd = 3  # no file can be opened for writing: the pointers of whatever is refused are not used either
    cases: list[list[tuple[int, int]]] = [
        [(DATA, GIB)],
        [(DATA, 0xFFFFFFFF)],
        [(size - 4, 5)],
        [(size - 3, 4)],
        [(size, 1)],
        [(0xFFFFFFFF, 0xFFFFFFFF)],
        [(0xFFFFFFFC, 8)],
        [(DATA, 1), (0xFFFFFFFE, 3)],
        [(DATA, 0), (size + 1, 1)],
    ]
    before = guest.memory.read(0, SCRATCH)
    for parts in cases:
        assert transfer(guest, name, fd, *guest.iovec(*parts)) != SUCCESS, parts
    for vectors, count in (
        (size - 4, 1),
        (size - 8, 2),
        (size, 1),
        (0xFFFFFFF8, 1),
        (0xFFFFFFF9, 1),
        (DATA, 10**8),
        (DATA, 1 << 29),
        (DATA, (1 << 29) + 1),
        (DATA, 0xFFFFFFFF),
    ):
        assert transfer(guest, name, fd, vectors, count) != SUCCESS, (vectors, count)
    assert guest.memory.read(0, SCRATCH) == before


def test_sums_over_four_gigabytes(world: World) -> None:
    """Each buffer is inside; all of them together are more than 32 bits say."""
    guest = world.another(pages=64, limits=Limits(io_bytes=1 << 20))
    _, fd = guest.open("file", rights=FD_READ | 4)
    count = 2048
    guest.memory.write(0x10000, struct.pack("<II", 0x100000, 3 << 20) * count)
    assert guest.call("fd_read", fd, 0x10000, count, SCRATCH) == SUCCESS
    assert guest.u32() == len(b"what is inside")
    assert guest.call("fd_pread", fd, 0x10000, count, 0, SCRATCH) == SUCCESS
    if world.writable:
        _, fd = guest.open("new", CREAT)
        assert guest.call("fd_write", fd, 0x10000, count, SCRATCH) == SUCCESS
        assert 0 < guest.u32() <= 3 << 20


@pytest.mark.parametrize("result", [-3, -1, 0, 0xFFFFFFFF, 0xFFFFFFFD])
def test_output_pointers_are_checked_before_any_side_effect(world: World, result: int) -> None:
    guest = world.guest
    address = result if result > 0 else guest.size + result
    vector = guest.iovec((DATA, 4))
    path = guest.path("made")
    assert guest.call("path_open", 3, 1, *path, CREAT, FD_READ, 0, 0, address) == FAULT
    assert guest.stat("made")[0] != SUCCESS
    assert guest.call("path_open", 3, 1, *guest.path("file"), 8, FD_READ, 0, 0, address) == FAULT
    _, fd = guest.open("file", rights=FD_READ | 0b100100 | (64 if world.writable else 0))
    for name in TRANSFERS:
        assert transfer_to(guest, name, fd, vector, address) != SUCCESS
    assert guest.call("fd_seek", fd, 3, 2 if guest.preview.LAYOUT.seek_set == 2 else 0, address) == FAULT
    assert guest.call("fd_tell", fd, address) == FAULT
    assert guest.call("fd_tell", fd, SCRATCH) == SUCCESS
    assert guest.u64() == 0, "nothing was moved"
    assert guest.read(fd) == (SUCCESS, b"what is inside")
    assert guest.call("path_readlink", 3, *guest.path("up"), DATA, 4, address) == FAULT
    assert guest.call("path_filestat_get", 3, 1, *guest.path("file"), address) == FAULT
    assert guest.call("clock_time_get", 0, 0, address) == FAULT
    assert guest.call("environ_sizes_get", SCRATCH, address) == FAULT
    assert guest.call("args_sizes_get", address, SCRATCH) == FAULT


def transfer_to(guest: Guest, name: str, fd: int, vector: tuple[int, int], result: int) -> int:
    middle = (0,) if name in ("fd_pread", "fd_pwrite") else ()
    return guest.call(name, fd, *vector, *middle, result)


FAR = (1 << 63) - 1


@pytest.mark.parametrize("offset", [FAR, FAR - 1, FAR - 3, 1 << 63, (1 << 64) - 1, (1 << 64) - 4, 1 << 62])
def test_offsets_overflow(world: World, offset: int) -> None:
    guest = world.guest
    rights = (1 << 29) - 1 if world.writable else FD_READ | 0b100100 | 1 << 7
    _, fd = guest.open("file", rights=rights)
    vector = guest.iovec((DATA, 4))
    whence = {0: guest.preview.LAYOUT.seek_set, 1: guest.preview.LAYOUT.seek_current, 2: guest.preview.LAYOUT.seek_end}
    assert guest.call("fd_pwrite", fd, *vector, offset, SCRATCH) != SUCCESS
    read = guest.call("fd_pread", fd, *vector, offset, SCRATCH)
    assert read in (SUCCESS, INVAL, OVERFLOW)
    assert read != SUCCESS or guest.u32() == 0
    if offset != 1 << 62:
        assert guest.call("fd_allocate", fd, offset, 4) != SUCCESS
        assert guest.call("fd_allocate", fd, 4, offset) != SUCCESS
        assert guest.call("fd_filestat_set_size", fd, offset) in (FBIG, INVAL, NOSPC, 76)
    assert guest.call("fd_advise", fd, offset, 4, 0) in (SUCCESS, INVAL)
    assert guest.call("fd_advise", fd, 4, offset, 0) in (SUCCESS, INVAL)
    for start in (0, 1, 2):
        errno = guest.call("fd_seek", fd, offset, whence[start], SCRATCH)
        if errno == SUCCESS and guest.u64() > 1 << 32:
            assert guest.call("fd_seek", fd, FAR, whence[1], SCRATCH) == OVERFLOW
            errno = guest.call("fd_read", fd, *vector, SCRATCH)
            assert errno in (SUCCESS, INVAL, OVERFLOW)
            assert errno != SUCCESS or guest.u32() == 0
            assert guest.call("fd_write", fd, *vector, SCRATCH) != SUCCESS
            two = guest.iovec((DATA, 100), (DATA, 100))
            assert guest.call("fd_read", fd, *two, SCRATCH) in (SUCCESS, INVAL, OVERFLOW)
    assert guest.call("fd_seek", fd, 0, whence[0], SCRATCH) == SUCCESS
    assert guest.read(fd) == (SUCCESS, b"what is inside")


def test_random_numbers_by_the_gigabyte(world: World) -> None:
    """It goes on in steps, so that the time limit is met: near 1 s, not after a gigabyte."""
    guest = world.another(pages=GIB >> 16 | 1, timeout=0.2)
    begin = time.monotonic()
    with pytest.raises(TimeoutError):
        guest.call("random_get", 0, GIB)
    assert time.monotonic() - begin < PATIENCE
    assert world.guest.call("random_get", 0, 32) == SUCCESS, "the host is not tired"
    assert world.guest.call("random_get", DATA, GIB) == FAULT


def poll(guest: Guest, subscriptions: int, events: int, count: int, result: int = SCRATCH) -> int:
    return guest.call("poll_oneoff", subscriptions, events, count, result)


def timer(guest: Guest, timeout: int, *, clock: int = 1, absolute: bool = False, userdata: int = 7) -> bytes:
    """A subscription to a clock."""
    layout = guest.preview.LAYOUT
    data: bytes = layout.clock.pack(userdata, 0, clock, timeout, 0, int(absolute))
    return data.ljust(layout.subscription_size, b"\0")


@pytest.mark.parametrize("count", [0, 1, 2, 3, 1 << 16, 1 << 26, 89478486, (1 << 32) - 1])
def test_poll_checks_all_that_it_reads(world: World, count: int) -> None:
    """In and out arrays at the end of the memory, one element inside."""
    guest = world.guest
    size, step = guest.size, guest.preview.LAYOUT.subscription_size
    one = timer(guest, 0)
    guest.memory.write(size - len(one), one)
    guest.memory.write(DATA, one)
    inside = count == 1
    assert (poll(guest, size - step, SCRATCH, count) == SUCCESS) == inside
    assert (poll(guest, DATA, size - 32, count) == SUCCESS) == inside
    for bad in (size - step + 1, size, 0xFFFFFFFF, 0xFFFFFFF8):
        assert poll(guest, bad, SCRATCH, count) == (FAULT if count else INVAL)
    for bad in (size - 31, size, 0xFFFFFFFF):
        assert poll(guest, DATA, bad, count) == (FAULT if count else INVAL)
    for bad in (size - 3, size, 0xFFFFFFFF):
        assert poll(guest, DATA, DATA, count, bad) == (FAULT if count else INVAL)


def test_many_subscriptions_are_limited(world: World) -> None:
    guest = world.another(pages=128, limits=Limits(poll_subscriptions=100))
    one = timer(guest, 0)
    guest.memory.write(0x100000, one * 1000)
    assert poll(guest, 0x100000, 0x200000, 100) == SUCCESS
    assert guest.u32() == 100
    assert poll(guest, 0x100000, 0x200000, 101) == NOMEM
    assert poll(guest, 0x100000, 0x200000, 1 << 16) in (NOMEM, FAULT)


def test_zero_timeouts_hang(world: World) -> None:
    guest = world.another(timeout=PATIENCE)
    for clock in (0, 1):
        for absolute in (False, True):
            guest.memory.write(DATA, timer(guest, 0, clock=clock, absolute=absolute))
            assert poll(guest, DATA, DATA + 256, 1) == SUCCESS
            assert guest.u32() == 1


def test_the_shorter_of_two_timers_ends_a_wait(world: World) -> None:
    guest = world.another(timeout=PATIENCE)
    for order in ((1_000_000, FAR), (FAR, 1_000_000), ((1 << 64) - 1, 0), (1_000_000, (1 << 64) - 1)):
        short = order.index(min(order))
        guest.memory.write(DATA, b"".join(timer(guest, each, userdata=n) for n, each in enumerate(order)))
        assert poll(guest, DATA, DATA + 256, 2) == SUCCESS
        assert (guest.u32(), guest.u64(DATA + 256)) == (1, short)


@pytest.mark.parametrize("timeout", [(1 << 64) - 1, 1 << 63, (1 << 63) - 1, (1 << 62)])
@pytest.mark.parametrize("absolute", [False, True])
def test_endless_durations_panic(world: World, timeout: int, absolute: bool) -> None:
    """They are waited for, until the time limit of the host ends it."""
    for clock in (0, 1):
        guest = world.another(timeout=0.02)
        guest.memory.write(DATA, timer(guest, timeout, clock=clock, absolute=absolute))
        begin = time.monotonic()
        with pytest.raises(TimeoutError):
            poll(guest, DATA, DATA + 256, 1)
        assert time.monotonic() - begin < PATIENCE
    assert world.guest.call("sched_yield") == SUCCESS


def test_a_memory_filesystem_eats_the_host(world: World) -> None:
    small = fs.Memory({"file": b"x"}, max_bytes=1 << 20, max_files=200)
    over = fs.Overlay(world.filesystem, max_bytes=1 << 20, max_files=200)
    guest = world.another({"/": small, "/over": over})
    used = resident()
    for root, filesystem in ((3, small), (4, over)):
        errno, fd = guest.open("big", CREAT, fd=root)
        assert errno == SUCCESS
        for offset in (1 << 20, GIB, 1 << 40, 1 << 62):
            assert guest.call("fd_pwrite", fd, *guest.iovec((DATA, 4)), offset, SCRATCH) == NOSPC
            assert guest.call("fd_filestat_set_size", fd, offset + 4) == NOSPC
            assert guest.call("fd_allocate", fd, offset, 4) == NOSPC
        while guest.call("fd_write", fd, *guest.iovec((0, guest.size)), SCRATCH) == SUCCESS:
            pass
        assert filesystem.bytes_used == 1 << 20
        number = 0
        while (errno := guest.call("path_create_directory", root, *guest.path(f"d{number}"))) == SUCCESS:
            number += 1
        assert (errno, number < 200) == (NOSPC, True)
        assert guest.open("one more", CREAT, fd=root)[0] == NOSPC
        assert guest.call("path_symlink", *guest.path("x" * 1000), root, *guest.path("link", 0x3000)) == NOSPC
        assert guest.call("path_link", root, 0, *guest.path("file"), root, *guest.path("second", 0x3000)) == NOSPC
        # A removed file that is still open counts, and gives all back with its last descriptor.
        assert guest.call("path_unlink_file", root, *guest.path("big")) == SUCCESS
        assert filesystem.bytes_used == 1 << 20
        assert guest.call("fd_close", fd) == SUCCESS
        assert filesystem.bytes_used < 1 << 20
    assert resident() - used < 16 << 20


def test_listings_that_are_kept_eat_the_host(world: World) -> None:
    """Each open directory keeps the listing that it began: 17 MB for 100,000 names, times every descriptor."""
    many = fs.Memory({"many": {str(number): b"" for number in range(200)}})
    guest = world.another({"/": many, "/world": world.filesystem}, limits=Limits(listing_entries=1000))
    process = guest.instance._world.process
    fds = [guest.open("many", DIRECTORY, rights=1 << 14)[1] for _ in range(20)]
    fds += [guest.open("dir", DIRECTORY, rights=1 << 14, fd=4)[1] for _ in range(20)]
    for fd in fds:
        assert guest.call("fd_readdir", fd, DATA, 100, 0, SCRATCH) == SUCCESS
        kept = [entry.listing for entry in process.listings if entry.listing is not None]
        assert sum(map(len, kept)) <= 1000
        assert len(process.listings) <= len(fds)
    # One that was forgotten goes on where it was.
    assert guest.call("fd_readdir", fds[0], DATA, 27, 100, SCRATCH) == SUCCESS
    assert guest.memory.read(DATA + 24, 2) == b"98"
    for fd in fds:
        assert guest.call("fd_close", fd) == SUCCESS
    assert guest.call("fd_readdir", 3, DATA, 100, 0, SCRATCH) == SUCCESS
    assert len(process.listings) == 1, "what was closed keeps nothing"


def test_a_walk_that_goes_up_and_down_for_ever(world: World) -> None:
    """40 links, each of them 600 directories down, up again, and to the next: half a million steps in one call."""
    if not world.writable:
        return
    guest = world.another(pages=4, timeout=PATIENCE)
    deep = 600
    fd = 3
    for _ in range(deep):
        assert guest.call("path_create_directory", fd, *guest.path("a")) == SUCCESS
        _, below = guest.open("a", DIRECTORY, rights=(1 << 29) - 1 - 64, fd=fd)
        assert fd == 3 or guest.call("fd_close", fd) == SUCCESS
        fd = below
    for number in range(39):
        target = "a/" * deep + "../" * deep + f"l{number + 1}"
        errno = guest.call("path_symlink", *guest.path(target), 3, *guest.path(f"l{number}", 0x3000))
        assert errno == SUCCESS
    assert guest.call("path_symlink", *guest.path("a"), 3, *guest.path("l39", 0x3000)) == SUCCESS
    assert guest.stat("l0")[0] in (LOOP, SUCCESS), "SUCCESS is the host's own walk, by the fast path"
    assert guest.open("l0", DIRECTORY, rights=0)[0] == LOOP
    assert guest.stat("l38")[0] == SUCCESS, "one of them is a long path like others"
    assert guest.stat("a/" * deep + "../" * (deep - 1) + "a")[0] == SUCCESS


def test_allocating_a_terabyte_where_the_host_cannot(host_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The C library then writes a byte to every block: hours in one call that nothing interrupts."""

    def not_supported(*_: object) -> int:
        ctypes.set_errno(errno.EOPNOTSUPP)
        return -1

    monkeypatch.setattr(host_linux, "_fallocate", not_supported)
    guest = host_world.guest
    _, fd = guest.open("new", CREAT)
    assert guest.call("fd_allocate", fd, 1 << 20, 1 << 40) == SUCCESS
    status = (host_world.granted / "new").stat()
    assert (status.st_size, status.st_blocks) == ((1 << 40) + (1 << 20), 0)
    assert guest.call("fd_allocate", fd, 0, 100) == SUCCESS
    assert (host_world.granted / "new").stat().st_size == (1 << 40) + (1 << 20), "it never shrinks"


@pytest.mark.parametrize("preview", ["wasi_unstable", "wasi_snapshot_preview1"])
@pytest.mark.parametrize(("length", "status"), [(0, SUCCESS), (1 << 16, DQUOT)])
def test_writing_for_ever_to_a_stream_that_is_kept(preview: str, native: bool, length: int, status: int) -> None:
    """200,000 empty writes change nothing; full ones end at the limit of what is captured."""
    text = f"""
    (module
      (import "{preview}" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
      (import "{preview}" "proc_exit" (func $exit (param i32)))
      (memory (export "memory") 2)
      (func (export "_start") (local $errno i32) (local $left i32)
        (i32.store (i32.const 0x104) (i32.const {length}))
        (local.set $left (i32.const 200000))
        (loop $again
          (local.set $errno (call $write (i32.const 1) (i32.const 0x100) (i32.const 1) (i32.const 0x200)))
          (local.set $left (i32.sub (local.get $left) (i32.const 1)))
          (br_if $again (i32.and (i32.eqz (local.get $errno)) (i32.ne (local.get $left) (i32.const 0)))))
        (call $exit (local.get $errno))))
    """
    with pytest.MonkeyPatch.context() as patch:
        if not native:
            patch.setattr("remit.runtime.execute.native_table", lambda grants: None)
        program = remit.load(wat(text), cache=False)
        done = remit.run(program, stdout=remit.PIPE, limits=Limits(captured_bytes=1 << 20))
    assert (done.returncode, len(done.stdout)) == (status, (1 << 20) * bool(length))
