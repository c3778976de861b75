from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from remit.engine import program_file
from remit.engine.program_file import PROGRAM_BYTES, open_program, read_head, read_program

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX files")


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "program"
    for content in (b"", b"x", b"x" * (3 << 20)):
        path.write_bytes(content)
        read, status = read_program(str(path))
        assert read == content
        assert status.st_size == len(content)
        assert read_head(str(path), 2) == content[:2]


@posix
def test_a_file_that_does_not_say_its_size() -> None:
    path = Path("/proc/self/status")
    if not path.exists():
        pytest.skip("needs /proc")
    read, status = read_program(str(path))
    assert status.st_size == 0
    assert read.startswith(b"Name:")
    assert read.endswith(b"\n")


READERS: dict[str, Callable[[str], object]] = {
    "program": read_program,
    "head": lambda path: read_head(path, 8),
    "descriptor": open_program,
}


def refused(reader: str, path: str) -> OSError:
    before = len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0
    with pytest.raises(OSError) as caught:
        READERS[reader](path)
    assert caught.value.filename == path
    if sys.platform == "linux":
        assert len(os.listdir("/proc/self/fd")) == before
    return caught.value


@posix
@pytest.mark.parametrize("reader", READERS)
def test_what_is_no_regular_file_is_neither_waited_for_nor_read(reader: str, tmp_path: Path) -> None:
    pipe = str(tmp_path / "pipe")
    os.mkfifo(pipe)
    error = refused(reader, pipe)
    assert error.errno == errno.EINVAL
    assert error.strerror == "a pipe; a program is read from a regular file: save it as one first"
    link = tmp_path / "link"
    link.symlink_to("/dev/zero")
    assert "a character device; " in str(refused(reader, str(link)))
    refused(reader, "/dev/tty")
    assert isinstance(refused(reader, str(tmp_path)), IsADirectoryError)
    assert isinstance(refused(reader, str(tmp_path / "nothing")), FileNotFoundError)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        refused(reader, str(tmp_path / "s"))


def test_too_large(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(PROGRAM_BYTES + 1)
    error = refused("program", str(path))
    assert (error.errno, error.strerror) == (
        errno.EFBIG,
        "too large: a program has at most 1 GiB (1073741824 bytes)",
    )


@posix
def test_a_file_that_grows_is_read_up_to_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "growing"
    path.write_bytes(b"x" * 10)
    read = os.read

    def read_and_grow(descriptor: int, length: int) -> bytes:
        with path.open("ab") as file:
            file.write(b"y" * 10)
        return read(descriptor, length)

    monkeypatch.setattr(os, "read", read_and_grow)
    monkeypatch.setattr(program_file, "PROGRAM_BYTES", 1000)
    error = refused("program", str(path))
    assert error.errno == errno.EFBIG
    assert path.stat().st_size < 5000


def test_as_many_bytes_as_a_program_may_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program_file, "PROGRAM_BYTES", 10)
    path = tmp_path / "program"
    path.write_bytes(b"x" * 10)
    assert read_program(str(path))[0] == b"x" * 10
    path.write_bytes(b"x" * 11)
    assert refused("program", str(path)).errno == errno.EFBIG
