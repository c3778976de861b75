from __future__ import annotations

import struct

import pytest

from interfaces.guest import CREAT, FAULT, NOTCAPABLE, NOTDIR, ROOT, SIZE, Guest
from remit.kernel import rights

Row = tuple[int, int, int, str]
"""Next cookie, inode, type, name."""


def parse(data: bytes) -> list[Row]:
    """The complete rows at the beginning of a listing."""
    rows = []
    while len(data) >= 24:
        cookie, inode, length, kind = struct.unpack("<QQIB3x", data[:24])
        if len(data) < 24 + length:
            break
        rows.append((cookie, inode, kind, data[24 : 24 + length].decode()))
        data = data[24 + length :]
    return rows


def listing(guest: Guest, fd: int, length: int, cookie: int = 0) -> bytes:
    buffer = 0x10000
    guest.memory.write(buffer, b"\xff" * (length + 1))
    guest.ok("fd_readdir", fd, buffer, length, cookie, guest.OUT)
    used = guest.u32()
    assert used <= length
    assert guest.memory.read(buffer + used, length + 1 - used) == b"\xff" * (length + 1 - used)
    return guest.memory.read(buffer, used)


def names(guest: Guest, fd: int, length: int) -> list[str]:
    """All names, read with a buffer of that length as C libraries do it."""
    found: list[str] = []
    cookie = 0
    while True:
        data = listing(guest, fd, length, cookie)
        rows = parse(data)
        found.extend(row[3] for row in rows)
        if len(data) < length:
            return found
        assert rows, "no progress"
        cookie = rows[-1][0]


def make(guest: Guest, *wanted: str) -> None:
    for name in wanted:
        guest.ok("fd_close", guest.open(name, CREAT))


def test_an_empty_directory_shows_itself_and_its_parent(guest: Guest) -> None:
    rows = parse(listing(guest, ROOT, 1000))
    inode = guest.stat(ROOT)["ino"]
    assert rows == [(1, inode, 3, "."), (2, inode, 3, "..")]


def test_rows_agree_with_stat(guest: Guest) -> None:
    make(guest, "file", "größe")
    guest.ok("path_create_directory", ROOT, *guest.path("dir"))
    guest.ok("path_symlink", *guest.path("file"), ROOT, *guest.path("link"))
    rows = parse(listing(guest, ROOT, 1000))[2:]
    assert sorted(row[3] for row in rows) == ["dir", "file", "größe", "link"]
    for _, inode, kind, name in rows:
        stat = guest.path_stat(name, follow=0)
        assert (inode, kind) == (stat["ino"], stat["filetype"])


def test_padding_is_zero_and_the_rest_untouched(guest: Guest) -> None:
    make(guest, "f")
    data = listing(guest, ROOT, 1000)
    position = 0
    for _, _, _, name in parse(data):
        assert data[position + 21 : position + 24] == bytes(3)
        position += 24 + len(name)
    assert position == len(data)


@pytest.mark.parametrize("length", [28, 40, 64, 100, 256, 4096])
def test_any_buffer_shows_every_name_once(guest: Guest, length: int) -> None:
    wanted = [f"{number:03}" for number in range(100)]
    make(guest, *wanted)
    assert sorted(names(guest, ROOT, length)) == [".", "..", *wanted]


def test_the_last_row_is_cut_at_any_byte(guest: Guest) -> None:
    make(guest, "abcdef")
    whole = listing(guest, ROOT, 1000)
    for length in range(len(whole) + 1):
        assert listing(guest, ROOT, length) == whole[:length]


def test_cookies_resume(guest: Guest) -> None:
    make(guest, *"abc")
    whole = parse(listing(guest, ROOT, 1000))
    for index, row in enumerate(whole):
        assert parse(listing(guest, ROOT, 1000, row[0])) == whole[index + 1 :]
    for beyond in (len(whole) + 1, 2**32, 2**64 - 1):
        assert listing(guest, ROOT, 1000, beyond) == b""


def test_cookies_stay_good_while_the_directory_changes(guest: Guest) -> None:
    wanted = list("abcdef")
    make(guest, *wanted)
    first = parse(listing(guest, ROOT, 5 * 25 + 1))
    for row in first[2:]:
        guest.ok("path_unlink_file", ROOT, *guest.path(row[3]))
    make(guest, "0", "zz")
    rest = parse(listing(guest, ROOT, 1000, first[-1][0]))
    assert sorted(row[3] for row in first[2:] + rest) == wanted
    # From the start, the directory is seen as it is now.
    assert sorted(row[3] for row in parse(listing(guest, ROOT, 1000))[2:]) == sorted({*rest_names(rest), "0", "zz"})


def rest_names(rows: list[Row]) -> list[str]:
    return [row[3] for row in rows]


def test_a_cookie_without_a_beginning(guest: Guest) -> None:
    make(guest, "a")
    fd = guest.open_directory(".")
    assert rest_names(parse(listing(guest, fd, 1000, 1))) == ["..", "a"]


def test_two_descriptors_list_on_their_own(guest: Guest) -> None:
    make(guest, "a")
    other = guest.open_directory(".")
    listing(guest, ROOT, 1000)
    make(guest, "b")
    assert rest_names(parse(listing(guest, other, 1000, 2))) == ["a", "b"]
    assert rest_names(parse(listing(guest, ROOT, 1000, 2))) == ["a"]


def test_refusals(guest: Guest) -> None:
    make(guest, "f")
    for buffer, length in ((SIZE - 99, 100), (0, 2**30), (2**32 - 1, 2**32 - 1), (SIZE + 1, 0)):
        assert guest.call("fd_readdir", ROOT, buffer, length, 0, guest.OUT) == FAULT
    assert guest.call("fd_readdir", ROOT, 0x10000, 100, 0, SIZE - 3) == FAULT
    assert not any(guest.memory.read(0x10000, 100))
    assert guest.call("fd_readdir", guest.open("f"), 0x10000, 100, 0, guest.OUT) == NOTDIR
    lacking = guest.open(".", base=rights.DIRECTORY & ~rights.DIRECTORY_READ)
    assert guest.call("fd_readdir", lacking, 0x10000, 100, 0, guest.OUT) == NOTCAPABLE
