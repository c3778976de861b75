from __future__ import annotations

from collections.abc import Callable

import pytest

from interfaces.guest import (
    ALL,
    APPEND,
    BADF,
    CREAT,
    FAULT,
    INVAL,
    MFILE,
    NAMETOOLONG,
    NONBLOCK,
    NOTCAPABLE,
    NOTDIR,
    OVERFLOW,
    ROOT,
    RSYNC,
    SIZE,
    SPIPE,
    SYNC,
    Guest,
)
from interfaces.streams import Pipe, PipeSocket
from remit.filesystems.memory import MemoryFilesystem
from remit.kernel import rights
from remit.kernel.descriptors import OpenDirectory, open_stream
from remit.kernel.limits import Limits

MakeGuest = Callable[..., Guest]
LAST = 2**63 - 1


def test_close(guest: Guest) -> None:
    fd = guest.file("f")
    guest.ok("fd_close", fd)
    assert guest.call("fd_close", fd) == BADF
    guest.ok("fd_close", ROOT)
    assert guest.call("fd_prestat_get", ROOT, guest.OUT) == BADF
    for unknown in (99, 2**31, 2**32 - 1):
        assert guest.call("fd_close", unknown) == BADF


def test_numbers_are_reused_lowest_first(guest: Guest) -> None:
    numbers = [guest.file(name) for name in "abcd"]
    assert numbers == [4, 5, 6, 7]
    guest.ok("fd_close", 6)
    guest.ok("fd_close", 4)
    assert [guest.file(name) for name in "efg"] == [4, 6, 8]


def test_renumber(guest: Guest) -> None:
    first, second = guest.file("a", b"A"), guest.file("b", b"B")
    guest.seek(first, 1)
    guest.ok("fd_renumber", first, second)
    assert guest.call("fd_tell", first, guest.OUT) == BADF
    guest.ok("fd_tell", second, guest.OUT)
    assert guest.u64() == 1
    assert guest.pread(second, 9) == b"A"
    guest.ok("fd_renumber", second, second)
    for bad in (first, 99, 2**32 - 1):
        assert guest.call("fd_renumber", second, bad) == BADF
        assert guest.call("fd_renumber", bad, second) == BADF
        assert guest.call("fd_renumber", bad, bad) == BADF
    assert guest.file("c") == first


def test_renumber_closes_what_was_there(make_guest: MakeGuest) -> None:
    pipe = Pipe()
    guest = make_guest(filesystem=MemoryFilesystem(), stdin=pipe)
    guest.ok("fd_renumber", ROOT, 0)
    assert pipe.closed == 1
    guest.ok("fd_prestat_get", 0, guest.OUT)
    assert guest.call("fd_prestat_get", ROOT, guest.OUT) == BADF


def test_a_directory_moved_onto_a_granted_one_is_not_granted(guest: Guest) -> None:
    directory = guest.open_directory(".")
    guest.ok("fd_renumber", directory, ROOT)
    assert guest.call("fd_prestat_get", ROOT, guest.OUT) == BADF
    guest.file("still there")


def test_prestat(make_guest: MakeGuest) -> None:
    guest = make_guest(filesystem=MemoryFilesystem())
    name = "/größe"
    fd = guest.data.descriptors.insert(OpenDirectory(MemoryFilesystem().root(), preopen=name))
    length = len(name.encode())
    guest.ok("fd_prestat_get", fd, guest.OUT)
    assert guest.memory.read(guest.OUT, 8) == bytes(4) + length.to_bytes(4, "little")
    buffer = guest.put(b"#" * 20)
    guest.ok("fd_prestat_dir_name", fd, buffer, length)
    assert guest.memory.read(buffer, 20) == name.encode().ljust(20, b"#")
    guest.ok("fd_prestat_dir_name", fd, buffer, 20)
    for short in (0, length - 1):
        assert guest.call("fd_prestat_dir_name", fd, buffer, short) == NAMETOOLONG
    opened = guest.open_directory(".", fd=fd)
    for fd in (opened, 0, 99):
        assert guest.call("fd_prestat_get", fd, guest.OUT) == BADF
    assert guest.call("fd_prestat_dir_name", opened, buffer, 20) == NOTDIR
    assert guest.call("fd_prestat_dir_name", 0, buffer, 20) == NOTDIR
    assert guest.call("fd_prestat_dir_name", 99, buffer, 20) == BADF
    for bad in (SIZE - 7, 2**32 - 1):
        assert guest.call("fd_prestat_get", ROOT, bad) == FAULT
        assert guest.call("fd_prestat_dir_name", ROOT, bad, 8) == FAULT


def test_types(make_guest: MakeGuest) -> None:
    guest = make_guest(filesystem=MemoryFilesystem())
    assert guest.fdstat(guest.file("f"))[0] == 4
    assert guest.fdstat(ROOT)[0] == 3
    assert guest.fdstat(0)[0] == 0
    insert = guest.data.descriptors.insert
    assert guest.fdstat(insert(open_stream(PipeSocket(), read=True)))[0] == 6
    assert guest.fdstat(insert(open_stream(PipeSocket(datagram=True), read=True)))[0] == 5


def test_rights_of_what_is_granted(guest: Guest) -> None:
    known = guest.preview.LAYOUT.rights
    assert guest.fdstat(ROOT) == (3, 0, rights.DIRECTORY, ALL & known)
    for fd, direction, other in ((0, rights.FILE_READ, rights.FILE_WRITE), (1, rights.FILE_WRITE, rights.FILE_READ)):
        _, _, base, _ = guest.fdstat(fd)
        assert base & direction
        assert not base & (other | rights.FILE_SEEK | rights.FILE_TELL)


def test_flags(guest: Guest) -> None:
    fd = guest.file("f", fdflags=APPEND | SYNC | NONBLOCK)
    assert guest.fdstat(fd)[1] == APPEND | SYNC | NONBLOCK
    for flags in range(32):
        guest.ok("fd_fdstat_set_flags", fd, flags)
        assert guest.fdstat(fd)[1] == flags
    for flags in (32, 2**16, 2**32 - 1):
        assert guest.call("fd_fdstat_set_flags", fd, flags) == INVAL
    assert guest.fdstat(fd)[1] == 31
    assert guest.call("fd_fdstat_set_flags", ROOT, RSYNC) == BADF
    lacking = guest.open("f", base=ALL & ~rights.FILE_SET_FLAGS)
    assert guest.call("fd_fdstat_set_flags", lacking, 0) == NOTCAPABLE


def test_rights_only_shrink(guest: Guest) -> None:
    fd = guest.file("f", b"abc")
    _, _, base, inheriting = guest.fdstat(fd)
    guest.ok("fd_fdstat_set_rights", fd, base, inheriting)
    smaller = base & ~rights.FILE_READ
    guest.ok("fd_fdstat_set_rights", fd, smaller, 0)
    assert guest.fdstat(fd)[2:] == (smaller, 0)
    assert guest.call("fd_read", fd, *guest.source(b"x"), guest.OUT) == NOTCAPABLE
    for more in ((base, 0), (smaller, 1), (2**64 - 1, 2**64 - 1), (1 << 40, 0)):
        assert guest.call("fd_fdstat_set_rights", fd, *more) == NOTCAPABLE
    assert guest.fdstat(fd)[2:] == (smaller, 0)
    guest.ok("fd_fdstat_set_rights", fd, 0, 0)
    assert guest.call("fd_write", fd, *guest.source(b"x"), guest.OUT) == NOTCAPABLE


def test_what_a_directory_passes_on_shrinks_too(guest: Guest) -> None:
    guest.file("f", b"abc")
    inheriting = ALL & guest.preview.LAYOUT.rights & ~rights.FILE_WRITE
    guest.ok("fd_fdstat_set_rights", ROOT, rights.DIRECTORY, inheriting)
    assert guest.try_open("f", base=ALL, inheriting=0) == NOTCAPABLE
    assert guest.try_open("f", base=0, inheriting=rights.FILE_WRITE) == NOTCAPABLE
    fd = guest.open("f", base=inheriting, inheriting=inheriting)
    assert guest.call("fd_write", fd, *guest.source(b"x"), guest.OUT) == NOTCAPABLE


def test_seek(guest: Guest) -> None:
    layout = guest.preview.LAYOUT
    fd = guest.file("f", b"0123456789")

    def seek(delta: int, whence: int) -> int:
        guest.ok("fd_seek", fd, delta % 2**64, whence, guest.OUT)
        return guest.u64()

    assert seek(4, layout.seek_set) == 4
    assert seek(-1, layout.seek_current) == 3
    assert seek(2, layout.seek_current) == 5
    assert seek(-10, layout.seek_end) == 0
    assert seek(5, layout.seek_end) == 15
    assert seek(0, layout.seek_current) == 15
    assert seek(LAST, layout.seek_set) == LAST
    seek(7, layout.seek_set)
    for delta, whence, errno in (
        (-1, layout.seek_set, INVAL),
        (-8, layout.seek_current, INVAL),
        (-11, layout.seek_end, INVAL),
        (-(2**63), layout.seek_end, INVAL),
        (LAST, layout.seek_current, OVERFLOW),
        (LAST, layout.seek_end, OVERFLOW),
        (0, 3, INVAL),
        (0, 2**32 - 1, INVAL),
    ):
        assert guest.call("fd_seek", fd, delta % 2**64, whence, guest.OUT) == errno
    for bad in (SIZE - 7, 2**32 - 1):
        assert guest.call("fd_seek", fd, 0, layout.seek_set, bad) == FAULT
        assert guest.call("fd_tell", fd, bad) == FAULT
    guest.ok("fd_tell", fd, guest.OUT)
    assert guest.u64() == 7


def test_preview_0_numbers_whence_its_own_way(guest: Guest) -> None:
    fd = guest.file("f", b"0123456789")
    guest.seek(fd, 4)
    positions = []
    for whence in range(3):
        guest.seek(fd, 4)
        guest.ok("fd_seek", fd, 1, whence, guest.OUT)
        positions.append(guest.u64())
    start_first = guest.preview.MODULE == "wasi_snapshot_preview1"
    assert positions == ([1, 5, 11] if start_first else [5, 11, 1])


def test_rights_to_seek_and_tell(guest: Guest) -> None:
    layout = guest.preview.LAYOUT
    guest.file("f", b"0123456789")
    tell_only = guest.open("f", base=rights.FILE_TELL)
    guest.ok("fd_tell", tell_only, guest.OUT)
    guest.ok("fd_seek", tell_only, 0, layout.seek_current, guest.OUT)
    for delta, whence in ((1, layout.seek_current), (0, layout.seek_set), (0, layout.seek_end)):
        assert guest.call("fd_seek", tell_only, delta, whence, guest.OUT) == NOTCAPABLE
    seek_only = guest.open("f", base=rights.FILE_SEEK)
    guest.ok("fd_tell", seek_only, guest.OUT)
    neither = guest.open("f", base=rights.FILE_READ)
    assert guest.call("fd_tell", neither, guest.OUT) == NOTCAPABLE


@pytest.mark.parametrize("fd", [0, 1, 2])
def test_streams_have_no_position(guest: Guest, fd: int) -> None:
    assert guest.call("fd_seek", fd, 0, guest.preview.LAYOUT.seek_current, guest.OUT) == SPIPE
    assert guest.call("fd_tell", fd, guest.OUT) == SPIPE


def test_directories_have_no_position(guest: Guest) -> None:
    assert guest.call("fd_seek", ROOT, 0, guest.preview.LAYOUT.seek_current, guest.OUT) == BADF
    assert guest.call("fd_tell", ROOT, guest.OUT) == BADF


def test_the_limit_is_met_before_anything_is_made(make_guest: MakeGuest) -> None:
    guest = make_guest(filesystem=MemoryFilesystem(), limits=Limits(descriptors=6))
    assert [guest.file(name) for name in "ab"] == [4, 5]
    assert guest.try_open("c", CREAT) == MFILE
    assert guest.call("path_filestat_get", ROOT, 0, *guest.path("c"), guest.OUT) == 44
    guest.ok("fd_close", 4)
    assert guest.file("c") == 4
