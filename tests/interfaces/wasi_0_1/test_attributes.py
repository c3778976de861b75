from __future__ import annotations

import struct
from collections.abc import Callable

import pytest

from interfaces.guest import (
    ALL,
    BADF,
    FAULT,
    FBIG,
    INVAL,
    NOTCAPABLE,
    ROOT,
    SIZE,
    SPIPE,
    SUCCESS,
    Guest,
)
from interfaces.streams import PipeSocket
from remit.kernel import rights
from remit.kernel.descriptors import OpenFile, open_stream
from remit.kernel.files import NOW, Advice, File, FileType, Stat

MakeGuest = Callable[..., Guest]
LAST = 2**63 - 1
ATIM, ATIM_NOW, MTIM, MTIM_NOW = 1, 2, 4, 8


class Recorder(File):
    """Remembers what it was asked."""

    def __init__(self, stat: Stat | None = None) -> None:
        self.calls: list[object] = []
        self._stat = stat or Stat(FileType.REGULAR_FILE)

    def stat(self) -> Stat:
        return self._stat

    def set_times(self, accessed: int | None, modified: int | None) -> None:
        self.calls.append((accessed, modified))

    def advise(self, offset: int, length: int, advice: Advice) -> None:
        self.calls.append((offset, length, advice))

    def sync(self, *, data_only: bool) -> None:
        self.calls.append(data_only)


def recorder(guest: Guest, stat: Stat | None = None) -> tuple[int, Recorder]:
    file = Recorder(stat)
    return guest.data.descriptors.insert(OpenFile(file, rights=rights.FILE)), file


STAT = Stat(
    FileType.REGULAR_FILE, device=2**64 - 1, inode=7, links=3, size=LAST, accessed=1_000, modified=2**64 - 1, changed=0
)


def test_filestat_lies_as_each_version_says(guest: Guest) -> None:
    fd, _ = recorder(guest, STAT)
    size = guest.preview.LAYOUT.filestat.size
    guest.memory.write(guest.OUT, b"\xff" * (size + 1))
    guest.ok("fd_filestat_get", fd, guest.OUT)
    links = struct.pack("<3xI", 3) if size == 56 else struct.pack("<7xQ", 3)
    expected = struct.pack("<QQB", 2**64 - 1, 7, 4) + links + struct.pack("<QQQQ", LAST, 1_000, 2**64 - 1, 0)
    assert guest.memory.read(guest.OUT, size + 1) == expected + b"\xff"


def test_times_that_cannot_be_expressed(guest: Guest) -> None:
    fd, _ = recorder(guest, Stat(FileType.REGULAR_FILE, accessed=-1, modified=2**70, changed=-(2**70), links=2**40))
    stat = guest.stat(fd)
    assert (stat["atim"], stat["mtim"], stat["ctim"]) == (0, 2**64 - 1, 0)
    assert stat["nlink"] == 2**32 - 1


def test_what_has_attributes(guest: Guest) -> None:
    fd = guest.file("f", b"abc")
    assert (guest.stat(fd)["filetype"], guest.stat(fd)["size"]) == (4, 3)
    assert guest.stat(ROOT)["filetype"] == 3
    assert guest.stat(0)["filetype"] == 0
    datagram = guest.data.descriptors.insert(open_stream(PipeSocket(datagram=True)))
    assert guest.stat(datagram)["filetype"] == 5
    for bad in (SIZE - guest.preview.LAYOUT.filestat.size + 1, 2**32 - 1):
        assert guest.call("fd_filestat_get", fd, bad) == FAULT
    lacking = guest.open("f", base=ALL & ~rights.FILE_STAT)
    assert guest.call("fd_filestat_get", lacking, guest.OUT) == NOTCAPABLE
    assert guest.call("fd_filestat_get", 99, guest.OUT) == BADF


def test_size(guest: Guest) -> None:
    fd = guest.file("f", b"abc")
    guest.ok("fd_filestat_set_size", fd, 5)
    assert guest.pread(fd, 9) == b"abc\0\0"
    guest.ok("fd_filestat_set_size", fd, 1)
    assert guest.pread(fd, 9) == b"a"
    assert guest.call("fd_filestat_set_size", fd, LAST + 1) == FBIG
    assert guest.call("fd_filestat_set_size", ROOT, 0) == BADF
    assert guest.call("fd_filestat_set_size", guest.open("f", base=rights.FILE_WRITE), 0) == NOTCAPABLE
    assert guest.call("fd_filestat_set_size", guest.open("f", base=rights.FILE | rights.FILE_READ), 0) == SUCCESS
    read_only = guest.open("f", base=rights.FILE & ~rights.FILE_WRITE)
    assert guest.call("fd_filestat_set_size", read_only, 9) == BADF


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (0, (None, None)),
        (ATIM, (10, None)),
        (MTIM, (None, 20)),
        (ATIM | MTIM, (10, 20)),
        (ATIM_NOW | MTIM, (NOW, 20)),
        (ATIM_NOW | MTIM_NOW, (NOW, NOW)),
    ],
)
def test_times(guest: Guest, flags: int, expected: tuple[int | None, int | None]) -> None:
    fd, file = recorder(guest)
    guest.ok("fd_filestat_set_times", fd, 10, 20, flags)
    assert file.calls == [expected]


@pytest.mark.parametrize("flags", [ATIM | ATIM_NOW, MTIM | MTIM_NOW, 15, 16, 2**16, 2**32 - 1])
def test_times_that_make_no_sense(guest: Guest, flags: int) -> None:
    fd, file = recorder(guest)
    assert guest.call("fd_filestat_set_times", fd, 10, 20, flags) == INVAL
    assert file.calls == []
    guest.file("f")
    before = guest.path_stat("f")
    assert guest.call("path_filestat_set_times", ROOT, 0, *guest.path("f"), 10, 20, flags) == INVAL
    assert guest.path_stat("f") == before


def test_times_of_a_directory_and_rights(guest: Guest) -> None:
    guest.ok("fd_filestat_set_times", ROOT, 10, 20, ATIM | MTIM)
    assert (guest.stat(ROOT)["atim"], guest.stat(ROOT)["mtim"]) == (10, 20)
    guest.file("f")
    lacking = guest.open("f", base=ALL & ~rights.FILE_SET_TIMES)
    assert guest.call("fd_filestat_set_times", lacking, 10, 20, ATIM) == NOTCAPABLE


def test_advice(guest: Guest) -> None:
    fd, file = recorder(guest)
    for number in range(6):
        guest.ok("fd_advise", fd, number, LAST, number)
    assert file.calls == [(number, LAST, advice) for number, advice in enumerate(Advice)]
    for number in (6, 255, 2**32 - 1):
        assert guest.call("fd_advise", fd, 0, 0, number) == INVAL
    assert guest.call("fd_advise", fd, LAST + 1, 0, 0) == INVAL
    assert guest.call("fd_advise", fd, 0, LAST + 1, 0) == INVAL
    assert guest.call("fd_advise", ROOT, 0, 0, 0) == BADF
    assert guest.call("fd_advise", 0, 0, 0, 0) == SPIPE
    guest.file("f")
    assert guest.call("fd_advise", guest.open("f", base=rights.FILE_READ), 0, 0, 0) == NOTCAPABLE


def test_allocate(guest: Guest) -> None:
    fd = guest.file("f", b"abc")
    guest.ok("fd_allocate", fd, 2, 8)
    assert guest.stat(fd)["size"] == 10
    guest.ok("fd_allocate", fd, 0, 4)
    assert guest.pread(fd, 99) == b"abc" + bytes(7)
    assert guest.call("fd_allocate", fd, 0, 0) == INVAL
    for offset, length in ((LAST, 1), (1, LAST), (2**64 - 1, 2**64 - 1)):
        assert guest.call("fd_allocate", fd, offset, length) == FBIG
    assert guest.stat(fd)["size"] == 10
    assert guest.call("fd_allocate", ROOT, 0, 1) == BADF
    assert guest.call("fd_allocate", guest.open("f", base=rights.FILE_WRITE), 0, 1) == NOTCAPABLE


def test_sync(guest: Guest) -> None:
    fd, file = recorder(guest)
    guest.ok("fd_datasync", fd)
    guest.ok("fd_sync", fd)
    assert file.calls == [True, False]
    guest.ok("fd_sync", ROOT)
    guest.ok("fd_datasync", 1)
    guest.file("f")
    lacking = guest.open("f", base=rights.FILE_WRITE)
    assert guest.call("fd_sync", lacking) == guest.call("fd_datasync", lacking) == NOTCAPABLE
    assert guest.call("fd_sync", 99) == BADF
