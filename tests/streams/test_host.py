"""The host's descriptors as streams: never blocking, whatever they are, and never changing what others share."""

from __future__ import annotations

import fcntl
import os
import pty
import socket
import termios
import tty
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.kernel.errors import Code, KernelError, WouldBlock
from remit.kernel.files import FileType
from remit.kernel.poll import AnyOf
from remit.kernel.reactor import Reactor
from remit.streams import host
from remit.streams.host import HostInput, HostOutput
from waiting import once_asleep, open_descriptors


@pytest.fixture(params=["no wait", "poll", "portable"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each of the ways in which a call is kept from blocking; and without scattered reads and writes."""
    way: str = request.param
    if way != "no wait":
        monkeypatch.setattr(host, "_NO_WAIT", 0)
    if way == "portable":
        monkeypatch.setattr(host, "_readv", host._readv_by_read)
        monkeypatch.setattr(host, "_writev", host._writev_by_write)
    return way


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        try:
            os.close(end)
        except OSError:
            continue  # the test has closed it


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """The two sides of a pseudoterminal: the emulator's and the program's, passing bytes on as they are."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    yield master, slave
    os.close(master)
    os.close(slave)


def take(stream: HostInput, *sizes: int) -> bytes:
    """One read into buffers of these sizes."""
    buffers = [bytearray(size) for size in sizes]
    count = stream.read([memoryview(buffer) for buffer in buffers])
    return b"".join(buffers)[:count]


def put(stream: HostOutput, *pieces: bytes) -> int:
    """One write."""
    return stream.write([memoryview(piece) for piece in pieces])


def fill(stream: HostOutput) -> WouldBlock:
    """Write until nothing more is taken."""
    while True:
        try:
            put(stream, bytes(10_000))
        except WouldBlock as block:
            return block


def status_flags(descriptor: int) -> int:
    return fcntl.fcntl(descriptor, fcntl.F_GETFL)


@pytest.mark.usefixtures("way")
class TestPipes:
    def test_reading_takes_what_there_is_then_would_block_then_the_end(self, pipe: tuple[int, int]) -> None:
        read, write = pipe
        stream = HostInput(read)
        assert not stream.seekable
        with pytest.raises(WouldBlock) as caught:
            take(stream, 10)
        assert not caught.value.pollable.ready()
        os.write(write, b"abcdef")
        assert caught.value.pollable.ready()
        assert stream.when_readable().ready()
        got = b""
        while len(got) < 6:
            got += take(stream, 2, 0, 3)
        assert got == b"abcdef"
        with pytest.raises(WouldBlock):
            take(stream, 10)
        os.close(write)
        assert take(stream, 10) == b""
        assert take(stream, 10) == b""

    def test_writing_never_blocks_and_loses_nothing(self, pipe: tuple[int, int]) -> None:
        read, write = pipe
        stream = HostOutput(write)
        pieces = [os.urandom(5000), b"", os.urandom(70_000), os.urandom(1)]
        whole = b"".join(pieces)
        done, got = 0, b""
        while done < len(whole):
            try:
                count = put(stream, whole[done : done + 3000], whole[done + 3000 :])
                assert count > 0
                done += count
            except WouldBlock:
                got += os.read(read, 10_000)
        os.close(write)
        while piece := os.read(read, 1 << 16):
            got += piece
        assert got == whole

    def test_a_wait_for_room_ends_when_there_is_some(self, pipe: tuple[int, int]) -> None:
        read, write = pipe
        stream = HostOutput(write)
        block = fill(stream)
        reactor = Reactor()
        with once_asleep(partial(os.read, read, 1 << 16)) as asleep:
            reactor.wait(AnyOf([asleep, block.pollable]))
        reactor.close()
        assert put(stream, b"more") == 4

    def test_nobody_reads_any_more(self, pipe: tuple[int, int]) -> None:
        read, write = pipe
        os.close(read)
        with pytest.raises(KernelError) as caught:
            put(HostOutput(write), b"x")
        assert caught.value.code is Code.PIPE

    def test_the_shared_descriptor_is_not_changed(self, pipe: tuple[int, int]) -> None:
        read, write = pipe
        before = status_flags(read), status_flags(write)
        put(HostOutput(write), b"x")
        take(HostInput(read), 1)
        assert (status_flags(read), status_flags(write)) == before

    def test_another_process_may_have_made_it_non_blocking(self, pipe: tuple[int, int]) -> None:
        read, write = pipe
        os.set_blocking(read, False)
        os.set_blocking(write, False)
        with pytest.raises(WouldBlock):
            take(HostInput(read), 1)
        fill(HostOutput(write))

    def test_a_pipe_is_neither_a_terminal_nor_told_apart(self, pipe: tuple[int, int]) -> None:
        for stream in (HostInput(pipe[0]), HostOutput(pipe[1])):
            attributes = stream.stat()
            assert attributes.type is FileType.UNKNOWN
            assert (attributes.inode, attributes.device, attributes.size) == (0, 0, 0)
            assert stream.host_descriptor() is None
            stream.sync(data_only=False)

    def test_nothing_to_read_or_write_is_no_error(self, pipe: tuple[int, int]) -> None:
        os.write(pipe[1], b"x")
        assert take(HostInput(pipe[0]), 0) == b""
        assert put(HostOutput(pipe[1]), b"") == 0


@pytest.mark.usefixtures("way")
class TestFiles:
    def test_a_file_is_read_as_a_stream(self, tmp_path: Path) -> None:
        path = tmp_path / "file"
        path.write_bytes(b"0123456789")
        with path.open("rb") as file:
            stream = HostInput(file.fileno())
            got = b""
            while piece := take(stream, 3, 1):
                got += piece
            assert got == b"0123456789"
            assert stream.when_readable().ready()
            assert stream.stat().type is FileType.UNKNOWN

    def test_a_file_is_written_where_the_last_writer_stopped(self, tmp_path: Path) -> None:
        path = tmp_path / "file"
        with path.open("wb", buffering=0) as file:
            file.write(b"head ")
            stream = HostOutput(file.fileno())
            done = 0
            while done < 8:
                done += put(stream, b"some mor"[done:])
            stream.sync(data_only=True)
            file.write(b" tail")
            assert stream.when_writable().ready()
        assert path.read_bytes() == b"head some mor tail"

    def test_what_was_not_opened_for_it_is_a_bad_descriptor(self, tmp_path: Path) -> None:
        path = tmp_path / "file"
        with path.open("wb", buffering=0) as file, pytest.raises(KernelError) as caught:
            take(HostInput(file.fileno()), 1)
        assert caught.value.code is Code.BAD_DESCRIPTOR


@pytest.mark.usefixtures("way")
def test_the_null_device_is_not_a_terminal() -> None:
    descriptor = os.open(os.devnull, os.O_RDWR)
    assert take(HostInput(descriptor), 5) == b""
    assert put(HostOutput(descriptor), b"gone") == 4
    assert HostInput(descriptor).stat().type is FileType.UNKNOWN
    os.close(descriptor)


@pytest.mark.usefixtures("way")
def test_connected_sockets() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        source, sink = HostInput(ours.fileno()), HostOutput(ours.fileno())
        with pytest.raises(WouldBlock):
            take(source, 1)
        theirs.send(b"in")
        assert take(source, 10) == b"in"
        assert put(sink, b"out") == 3
        assert theirs.recv(10) == b"out"
        theirs.close()
        assert take(source, 1) == b""
        with pytest.raises(KernelError) as caught:
            put(sink, b"x")
        assert caught.value.code is Code.PIPE


class TestTerminals:
    @pytest.mark.usefixtures("way")
    def test_a_terminal_is_a_character_device_and_passes_bytes(self, terminal: tuple[int, int]) -> None:
        master, slave = terminal
        source, sink = HostInput(slave), HostOutput(slave)
        assert source.stat().type is FileType.CHARACTER_DEVICE
        assert sink.stat().type is FileType.CHARACTER_DEVICE
        with pytest.raises(WouldBlock):
            take(source, 10)
        os.write(master, b"typed")
        assert source.when_readable().ready()
        assert take(source, 10) == b"typed"
        assert put(sink, b"shown") == 5
        assert os.read(master, 10) == b"shown"
        assert put(sink, b"again") == 5
        assert os.read(master, 10) == b"again"
        sink.close()

    def test_a_line_is_readable_once_it_is_whole(self, terminal: tuple[int, int]) -> None:
        master, slave = terminal
        attributes = termios.tcgetattr(slave)
        attributes[3] |= termios.ICANON
        termios.tcsetattr(slave, termios.TCSANOW, attributes)
        stream = HostInput(slave)
        os.write(master, b"half a ")
        with pytest.raises(WouldBlock):
            take(stream, 100)
        os.write(master, b"line\nnext")
        assert take(stream, 100) == b"half a line\n"
        with pytest.raises(WouldBlock):
            take(stream, 100)

    @pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs /proc")
    def test_a_terminal_that_shows_nothing_more_does_not_block(self, terminal: tuple[int, int]) -> None:
        master, slave = terminal
        before = status_flags(slave)
        stream = HostOutput(slave)
        block = fill(stream)
        # The host moves bytes on to the emulator's side when it finds the time, which makes room once more.
        while block.pollable.ready():
            block = fill(stream)
        assert status_flags(slave) == before
        while not block.pollable.ready():
            os.read(master, 1 << 16)
        assert put(stream, b"x") == 1
        stream.close()

    def test_the_emulators_side_is_not_opened_again(self, terminal: tuple[int, int]) -> None:
        master, slave = terminal
        stream = HostOutput(master)
        assert put(stream, b"typed") == 5
        assert os.read(slave, 10) == b"typed"
        stream.close()

    def test_closing_closes_what_was_opened(self, terminal: tuple[int, int]) -> None:
        before = open_descriptors()
        stream = HostOutput(terminal[1])
        put(stream, b"x")
        stream.close()
        stream.close()
        assert open_descriptors() == before


def test_an_inherited_descriptor_stays_open_and_an_owned_one_does_not(pipe: tuple[int, int]) -> None:
    read, write = pipe
    HostInput(read).close()
    os.fstat(read)
    owned = HostOutput(write, owned=True)
    owned.close()
    owned.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(write)


def test_a_descriptor_that_was_closed_before_is_not_used_when_its_number_is() -> None:
    read, write = os.pipe()
    os.close(read)
    stream = HostInput(read)
    replacement = os.open(os.devnull, os.O_RDONLY)
    assert replacement == read
    with pytest.raises(KernelError) as caught:
        take(stream, 1)
    assert caught.value.code is Code.BAD_DESCRIPTOR
    assert stream.stat().type is FileType.UNKNOWN
    assert stream.when_readable().ready()
    with pytest.raises(KernelError):
        put(HostOutput(-1), b"x")
    stream.close()
    os.close(replacement)
    os.close(write)


@given(st.lists(st.binary(max_size=50), max_size=6), st.integers(1, 200))
def test_the_first_bytes_of_some_buffers(pieces: list[bytes], limit: int) -> None:
    chosen = host._first([memoryview(piece) for piece in pieces], limit)
    assert b"".join(chosen) == b"".join(pieces)[:limit]
