from __future__ import annotations

from collections.abc import Callable

import pytest

from interfaces.guest import (
    AGAIN,
    ALL,
    APPEND,
    BADF,
    DSYNC,
    FAULT,
    FBIG,
    INVAL,
    IO,
    NONBLOCK,
    NOTCAPABLE,
    OVERFLOW,
    PIPE,
    ROOT,
    RSYNC,
    SIZE,
    SPIPE,
    SUCCESS,
    SYNC,
    Guest,
)
from interfaces.streams import Pipe
from remit.engine.api import Pending
from remit.filesystems.memory import MemoryFilesystem
from remit.kernel import rights
from remit.kernel.descriptors import OpenFile
from remit.kernel.errors import Code, KernelError
from remit.kernel.files import File, FileType, Stat
from remit.kernel.limits import Limits

MakeGuest = Callable[..., Guest]
LAST = 2**63 - 1


# -- files ---------------------------------------------------------------------------------------


def test_reading_and_writing_move_the_position(guest: Guest) -> None:
    fd = guest.file("f")
    guest.ok("fd_write", fd, *guest.source(b"ab", b"", b"cde"), guest.OUT)
    assert guest.u32() == 5
    guest.ok("fd_tell", fd, guest.OUT)
    assert guest.u64() == 5
    guest.seek(fd, 1)
    first, second = guest.room(2), guest.room(4)
    guest.ok("fd_read", fd, *guest.iovecs((first, 2), (second, 4)), guest.OUT)
    assert guest.u32() == 4
    assert guest.memory.read(first, 2) + guest.memory.read(second, 4) == b"bcde\0\0"
    assert guest.read(fd, 10) == b""


def test_positioned_calls_leave_the_position(guest: Guest) -> None:
    fd = guest.file("f", b"0123456789")
    guest.seek(fd, 3)
    assert guest.pread(fd, 4, 5) == b"5678"
    assert guest.pread(fd, 4, 100) == b""
    guest.ok("fd_pwrite", fd, *guest.source(b"XY"), 8, guest.OUT)
    assert guest.u32() == 2
    assert guest.read(fd, 100) == b"34567XY"


def test_append(guest: Guest) -> None:
    guest.file("f", b"abc")
    fd = guest.open("f", fdflags=APPEND)
    guest.seek(fd, 1)
    assert guest.write(fd, b"de") == 2
    guest.ok("fd_tell", fd, guest.OUT)
    assert guest.u64() == 5
    guest.ok("fd_pwrite", fd, *guest.source(b"f"), 0, guest.OUT)
    assert guest.pread(fd, 100) == b"abcdef"
    guest.ok("fd_fdstat_set_flags", fd, 0)
    guest.seek(fd, 0)
    guest.write(fd, b"A")
    assert guest.pread(fd, 100) == b"Abcdef"


class Synced(File):
    """Counts what is made stable."""

    def __init__(self) -> None:
        self.synced: list[bool] = []

    def stat(self) -> Stat:
        return Stat(FileType.REGULAR_FILE)

    def write_at(self, offset: int, buffers: object) -> int:
        return 1

    def sync(self, *, data_only: bool) -> None:
        self.synced.append(data_only)


@pytest.mark.parametrize(
    ("flags", "expected"), [(0, []), (DSYNC, [True]), (SYNC, [False]), (RSYNC | DSYNC, [False]), (RSYNC, [False])]
)
def test_sync_flags(guest: Guest, flags: int, expected: list[bool]) -> None:
    file = Synced()
    fd = guest.data.descriptors.insert(OpenFile(file, rights=rights.FILE))
    guest.ok("fd_fdstat_set_flags", fd, flags)
    assert guest.fdstat_flags(fd) == flags
    guest.write(fd, b"x")
    guest.ok("fd_pwrite", fd, *guest.source(b"x"), 0, guest.OUT)
    assert file.synced == expected * 2


def test_files_never_wait(guest: Guest) -> None:
    fd = guest.file("f", b"abc", fdflags=NONBLOCK)
    assert guest.read(fd, 3) == b"abc"
    assert guest.read(fd, 3) == b""


def test_a_directory_has_no_bytes(guest: Guest) -> None:
    vectors = guest.source(b"x")
    for call in (
        ("fd_read", ROOT, *vectors, guest.OUT),
        ("fd_write", ROOT, *vectors, guest.OUT),
        ("fd_pread", ROOT, *vectors, 0, guest.OUT),
        ("fd_pwrite", ROOT, *vectors, 0, guest.OUT),
    ):
        assert guest.call(*call) == BADF


@pytest.mark.parametrize("name", ["fd_read", "fd_pread", "fd_write", "fd_pwrite"])
def test_rights(guest: Guest, name: str) -> None:
    guest.file("f", b"abc")
    needed = rights.FILE_READ if name.endswith("read") else rights.FILE_WRITE
    lacking = [ALL & ~needed]
    if name.startswith("fd_p"):
        lacking.append(ALL & ~rights.FILE_SEEK)
    for base in lacking:
        fd = guest.open("f", base=base)
        offset = (0,) if name.startswith("fd_p") else ()
        assert guest.call(name, fd, *guest.source(b"x"), *offset, guest.OUT) == NOTCAPABLE
    assert guest.path_stat("f")["size"] == 3


def test_offsets_that_cannot_be(guest: Guest) -> None:
    fd = guest.file("f", b"abc")
    vectors = guest.source(b"x")
    for offset in (LAST + 1, 2**64 - 1):
        assert guest.call("fd_pread", fd, *vectors, offset, guest.OUT) == INVAL
        assert guest.call("fd_pwrite", fd, *vectors, offset, guest.OUT) == INVAL
    assert guest.call("fd_pread", fd, *vectors, LAST, guest.OUT) == OVERFLOW
    assert guest.call("fd_pwrite", fd, *vectors, LAST, guest.OUT) == FBIG
    guest.seek(fd, LAST)
    assert guest.call("fd_read", fd, *vectors, guest.OUT) == OVERFLOW
    assert guest.call("fd_write", fd, *vectors, guest.OUT) == FBIG
    assert guest.path_stat("f")["size"] == 3


# -- guest memory ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["fd_read", "fd_pread", "fd_write", "fd_pwrite"])
def test_bad_pointers_have_no_effect(guest: Guest, name: str) -> None:
    fd = guest.file("f", b"abcdef")
    offset = (2,) if name.startswith("fd_p") else ()
    buffer = guest.put(b"######")
    good, one = guest.iovecs((buffer, 6))
    before = bytes(guest.memory.data)

    def call(vectors: int, count: int, result: int) -> int:
        return guest.call(name, fd, vectors, count, *offset, result)

    for result in (SIZE - 3, SIZE, 2**32 - 1, 2**32 - 4):
        assert call(good, one, result) == FAULT
    for vectors, count in ((SIZE - 4, 1), (SIZE - 3, 1), (SIZE, 1), (2**32 - 4, 1), (2**32 - 8, 2**29), (0, 10**8)):
        assert call(vectors, count, guest.OUT) == FAULT
    assert bytes(guest.memory.data) == before
    for pair in ((SIZE - 5, 6), (SIZE, 1), (2**32 - 1, 2**32 - 1), (0, 2**30), (1, SIZE)):
        assert call(*guest.iovecs(pair), guest.OUT) == FAULT
        assert call(*guest.iovecs((buffer, 6), pair), guest.OUT) == FAULT
    assert guest.memory.read(buffer, 6) == b"######"
    guest.ok("fd_tell", fd, guest.OUT)
    assert guest.u64() == 0
    assert guest.pread(fd, 10) == b"abcdef"


def test_vectors_may_be_at_the_very_end(guest: Guest) -> None:
    fd = guest.file("f", b"abcdef")
    guest.memory.write(SIZE - 8, (SIZE - 12).to_bytes(4, "little") + (4).to_bytes(4, "little"))
    guest.ok("fd_read", fd, SIZE - 8, 1, SIZE - 16)
    assert guest.memory.read(SIZE - 16, 8) == b"\4\0\0\0abcd"
    guest.ok("fd_read", fd, SIZE, 0, guest.OUT)
    assert guest.u32() == 0


def test_an_empty_buffer_may_be_anywhere(guest: Guest) -> None:
    fd = guest.file("f", b"abc")
    buffer = guest.room(3)
    guest.ok("fd_read", fd, *guest.iovecs((2**32 - 1, 0), (buffer, 3)), guest.OUT)
    assert guest.memory.read(buffer, 3) == b"abc"


@pytest.mark.parametrize("name", ["fd_read", "fd_write"])
@pytest.mark.parametrize("stream", [False, True])
def test_large_transfers_are_cut(make_guest: MakeGuest, name: str, stream: bool) -> None:
    limits = Limits(io_bytes=1000, io_vectors=4)
    guest = make_guest(
        filesystem=MemoryFilesystem(), limits=limits, stdin=Pipe(bytes(5000)), stdout=Pipe(5000, 5000, 5000, 5000)
    )
    guest.data.limits = Limits()
    fd = guest.file("f", bytes(5000))
    guest.data.limits = limits
    if stream:
        fd = 0 if name == "fd_read" else 1
    buffer = 0x8000
    for vectors, expected in (
        ([(buffer, 1001)], 1000),
        ([(buffer, 600), (buffer, 600)], 1000),
        ([(buffer, 500), (buffer, 500), (buffer, 1)], 1000),
        ([(buffer, 10)] * 9, 40),
    ):
        guest.ok(name, fd, *guest.iovecs(*vectors), guest.OUT)
        assert guest.u32() == expected


def test_many_vectors_cost_nothing(make_guest: MakeGuest) -> None:
    # 2**17 vectors of 1 MiB each: their sum is over 2**32 many times.
    guest = make_guest(filesystem=MemoryFilesystem(), size=4 << 20, limits=Limits(io_bytes=5000))
    fd = guest.file("f")
    count = 1 << 17
    vectors = 2 << 20
    guest.memory.write(vectors, b"\0\0\0\0\0\0\x10\0" * count)
    guest.ok("fd_write", fd, vectors, count, guest.OUT)
    assert guest.u32() == 5000
    guest.seek(fd, 0)
    guest.ok("fd_read", fd, vectors, count, guest.OUT)
    assert guest.u32() == 5000


# -- streams --------------------------------------------------------------------------------------


def test_a_read_waits_for_the_first_bytes(make_guest: MakeGuest) -> None:
    guest = make_guest(stdin=(pipe := Pipe(None, b"abc")))
    buffer = guest.put(b"#####")
    block = guest.blocked("fd_read", 0, *guest.iovecs((buffer, 5)), guest.OUT)
    assert block.wait_for is pipe.ready
    assert block.resume() == SUCCESS
    assert (guest.u32(), guest.memory.read(buffer, 5)) == (3, b"abc##")
    assert guest.read(0, 5) == b""


def test_a_stream_may_go_on_by_itself(make_guest: MakeGuest) -> None:
    guest = make_guest(
        stdin=Pipe(None, None, b"abc", resumable=True), stdout=Pipe(None, 1, None, None, 5, resumable=True)
    )
    buffer = guest.put(b"#####")
    block = guest.blocked("fd_read", 0, *guest.iovecs((buffer, 5)), guest.OUT)
    again = block.resume()
    assert isinstance(again, Pending)
    assert again.resume() == SUCCESS
    assert (guest.u32(), guest.memory.read(buffer, 5)) == (3, b"abc##")
    block = guest.blocked("fd_write", 1, *guest.source(b"abc"), guest.OUT)
    for _ in range(2):
        again = block.resume()
        assert isinstance(again, Pending)
        block = again
    assert block.resume() == SUCCESS
    assert guest.u32() == 3


def test_reading_nothing_does_not_wait(make_guest: MakeGuest) -> None:
    guest = make_guest(stdin=Pipe(None))
    guest.ok("fd_read", 0, *guest.iovecs((0, 0)), guest.OUT)
    guest.ok("fd_read", 0, 0, 0, guest.OUT)


def test_a_write_goes_on_until_all_is_taken(make_guest: MakeGuest) -> None:
    pipe = Pipe(2, None, 1, 1, None, 10)
    guest = make_guest(stdout=pipe)
    block = guest.blocked("fd_write", 1, *guest.source(b"abc", b"defg"), guest.OUT)
    assert pipe.written == b"ab"
    again = block.resume()
    assert isinstance(again, Pending)
    assert pipe.written == b"abcd"
    assert again.resume() == SUCCESS
    assert pipe.written == b"abcdefg"
    assert guest.u32() == 7


def test_a_non_blocking_stream_says_again(make_guest: MakeGuest) -> None:
    pipe = Pipe(None, 2, None)
    guest = make_guest(stdin=Pipe(None, b"abc"), stdout=pipe)
    guest.ok("fd_fdstat_set_flags", 0, NONBLOCK)
    guest.ok("fd_fdstat_set_flags", 1, NONBLOCK)
    assert guest.call("fd_read", 0, *guest.iovecs((0x2000, 5)), guest.OUT) == AGAIN
    assert guest.read(0, 5) == b"abc"
    assert guest.call("fd_write", 1, *guest.source(b"abcd"), guest.OUT) == AGAIN
    guest.ok("fd_write", 1, *guest.source(b"abcd"), guest.OUT)
    assert guest.u32() == 2
    assert pipe.written == b"ab"


def test_a_failure_after_the_first_byte_is_told_by_the_next_call(make_guest: MakeGuest) -> None:
    broken = KernelError(Code.PIPE)
    guest = make_guest(stdin=Pipe(KernelError(Code.IO)), stdout=Pipe(2, broken, broken))
    assert guest.write(1, b"abc") == 2
    assert guest.call("fd_write", 1, *guest.source(b"c"), guest.OUT) == PIPE
    assert guest.call("fd_read", 0, *guest.iovecs((0x2000, 5)), guest.OUT) == IO


def test_a_failure_while_going_on_by_itself(make_guest: MakeGuest) -> None:
    broken = KernelError(Code.PIPE)
    guest = make_guest(stdout=Pipe(2, None, broken, None, broken, resumable=True))
    block = guest.blocked("fd_write", 1, *guest.source(b"abc"), guest.OUT)
    assert block.resume() == SUCCESS
    assert guest.u32() == 2
    block = guest.blocked("fd_write", 1, *guest.source(b"c"), guest.OUT)
    assert block.resume() == PIPE


def test_streams_have_no_offsets(make_guest: MakeGuest) -> None:
    guest = make_guest()
    assert guest.call("fd_pread", 0, *guest.source(b"x"), 0, guest.OUT) == SPIPE
    assert guest.call("fd_pwrite", 1, *guest.source(b"x"), 0, guest.OUT) == SPIPE


def test_streams_go_one_way(make_guest: MakeGuest) -> None:
    guest = make_guest()
    assert guest.call("fd_write", 0, *guest.source(b"x"), guest.OUT) == NOTCAPABLE
    assert guest.call("fd_read", 1, *guest.source(b"x"), guest.OUT) == NOTCAPABLE
