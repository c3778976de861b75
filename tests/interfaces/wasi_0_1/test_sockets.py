from __future__ import annotations

from collections.abc import Iterator

import pytest

from interfaces.guest import (
    AGAIN,
    BADF,
    FAULT,
    INVAL,
    MFILE,
    NONBLOCK,
    NOTCAPABLE,
    NOTSOCK,
    PIPE,
    ROOT,
    SIZE,
    SUCCESS,
    Guest,
)
from interfaces.streams import PipeSocket
from remit.engine.api import Pending
from remit.filesystems.memory import MemoryFilesystem
from remit.interfaces import preview1
from remit.kernel import rights
from remit.kernel.descriptors import open_stream
from remit.kernel.errors import Code, KernelError
from remit.kernel.limits import Limits
from remit.kernel.sockets import Socket

PEEK, WAITALL = 1, 2
DATA = 0x8000


def insert(guest: Guest, socket: Socket) -> int:
    return guest.data.descriptors.insert(open_stream(socket, read=True, write=True))


def receive(guest: Guest, fd: int, length: int, flags: int = 0) -> tuple[bytes, int]:
    """What came, and the flags."""
    guest.ok("sock_recv", fd, *guest.iovecs((DATA, length)), flags, guest.OUT, guest.OUT2)
    return received(guest)


def received(guest: Guest) -> tuple[bytes, int]:
    return guest.memory.read(DATA, guest.u32()), int.from_bytes(guest.memory.read(guest.OUT2, 2), "little")


def test_receive(guest: Guest) -> None:
    fd = insert(guest, PipeSocket(b"abcdef", b"ghi"))
    assert receive(guest, fd, 4) == (b"abcd", 0)
    assert receive(guest, fd, 4, PEEK) == (b"ef", 0)
    assert receive(guest, fd, 4) == (b"ef", 0)
    assert guest.read(fd, 9) == b"ghi"
    assert receive(guest, fd, 4) == (b"", 0)


def test_receive_into_several_buffers(guest: Guest) -> None:
    fd = insert(guest, PipeSocket(b"abcdef"))
    guest.ok("sock_recv", fd, *guest.iovecs((DATA + 3, 3), (DATA, 3)), 0, guest.OUT, guest.OUT2)
    assert received(guest) == (b"defabc", 0)


def test_a_datagram_that_is_cut_short(guest: Guest) -> None:
    fd = insert(guest, PipeSocket(b"abcdef", b"g", datagram=True))
    assert receive(guest, fd, 3, PEEK) == (b"abc", 1)
    assert receive(guest, fd, 3, WAITALL) == (b"abc", 1)
    assert receive(guest, fd, 3, WAITALL) == (b"g", 0)


@pytest.mark.parametrize("resumable", [False, True])
def test_receive_waits(guest: Guest, resumable: bool) -> None:
    fd = insert(guest, PipeSocket(None, b"abc", resumable=resumable))
    block = guest.blocked("sock_recv", fd, *guest.iovecs((DATA, 9)), 0, guest.OUT, guest.OUT2)
    assert block.resume() == SUCCESS
    assert received(guest) == (b"abc", 0)


@pytest.mark.parametrize("resumable", [False, True])
def test_receive_all(guest: Guest, resumable: bool) -> None:
    fd = insert(guest, PipeSocket(b"ab", None, b"c", None, b"defg", b"", resumable=resumable))
    block = guest.blocked("sock_recv", fd, *guest.iovecs((DATA, 3), (DATA + 3, 3)), WAITALL, guest.OUT, guest.OUT2)
    again = block.resume()
    assert isinstance(again, Pending)
    assert again.resume() == SUCCESS
    assert received(guest) == (b"abcdef", 0)
    assert receive(guest, fd, 5, WAITALL) == (b"g", 0)


def test_receive_all_ends_with_what_came_before_a_failure(guest: Guest) -> None:
    reset = KernelError(Code.CONNECTION_RESET)
    fd = insert(guest, PipeSocket(b"ab", reset, reset))
    assert receive(guest, fd, 5, WAITALL) == (b"ab", 0)
    assert guest.call("sock_recv", fd, *guest.iovecs((DATA, 9)), 0, guest.OUT, guest.OUT2) == 15


def test_receive_does_not_wait_if_told_so(guest: Guest) -> None:
    fd = insert(guest, PipeSocket(None, b"ab", None, b"c"))
    guest.ok("fd_fdstat_set_flags", fd, NONBLOCK)
    assert guest.call("sock_recv", fd, *guest.iovecs((DATA, 9)), 0, guest.OUT, guest.OUT2) == AGAIN
    assert receive(guest, fd, 9, WAITALL) == (b"ab", 0)


def test_send(guest: Guest) -> None:
    broken = KernelError(Code.PIPE)
    socket = PipeSocket(2, None, 9, None, 2, None, broken)
    fd = insert(guest, socket)
    block = guest.blocked("sock_send", fd, *guest.source(b"ab", b"cd"), 0, guest.OUT)
    assert block.resume() == SUCCESS
    assert (guest.u32(), bytes(socket.written)) == (4, b"abcd")
    guest.ok("fd_fdstat_set_flags", fd, NONBLOCK)
    assert guest.call("sock_send", fd, *guest.source(b"ef"), 0, guest.OUT) == AGAIN
    guest.ok("sock_send", fd, *guest.source(b"efg"), 0, guest.OUT)
    assert (guest.u32(), bytes(socket.written)) == (2, b"abcdef")
    assert guest.call("sock_send", fd, *guest.source(b"g"), 0, guest.OUT) == PIPE


@pytest.mark.parametrize("resumable", [False, True])
def test_a_datagram_is_sent_in_one_piece(guest: Guest, resumable: bool) -> None:
    socket = PipeSocket(None, 3, 9, datagram=True, resumable=resumable)
    fd = insert(guest, socket)
    block = guest.blocked("sock_send", fd, *guest.source(b"abc", b"def"), 0, guest.OUT)
    assert block.resume() == SUCCESS
    assert (guest.u32(), bytes(socket.written)) == (3, b"abc")


def test_shutdown(guest: Guest) -> None:
    socket = PipeSocket()
    fd = insert(guest, socket)
    for how in (1, 2, 3):
        guest.ok("sock_shutdown", fd, how)
    assert socket.shut == [(True, False), (False, True), (True, True)]
    for how in (0, 4, 255, 2**32 - 1):
        assert guest.call("sock_shutdown", fd, how) == INVAL


def calls(guest: Guest, fd: int) -> Iterator[int]:
    yield guest.call("sock_recv", fd, *guest.source(b"x"), 0, guest.OUT, guest.OUT2)
    yield guest.call("sock_send", fd, *guest.source(b"x"), 0, guest.OUT)
    yield guest.call("sock_shutdown", fd, 1)
    if "sock_accept" in guest.functions:
        yield guest.call("sock_accept", fd, 0, guest.OUT)


def test_only_sockets_will_do(guest: Guest) -> None:
    for fd in (0, 1, ROOT, guest.file("f")):
        assert set(calls(guest, fd)) == {NOTSOCK}
    assert set(calls(guest, 99)) == {BADF}


def test_rights(guest: Guest) -> None:
    fd = insert(guest, PipeSocket(b"abc", connections=[PipeSocket()]))
    guest.ok("fd_fdstat_set_rights", fd, rights.FILE_STAT, 0)
    assert set(calls(guest, fd)) == {NOTCAPABLE}


def test_unknown_flags_and_bad_pointers_have_no_effect(guest: Guest) -> None:
    socket = PipeSocket(b"abc")
    fd = insert(guest, socket)
    good = guest.iovecs((DATA, 3))
    for flags in (4, 2**16, 2**32 - 1):
        assert guest.call("sock_recv", fd, *good, flags, guest.OUT, guest.OUT2) == INVAL
    assert guest.call("sock_send", fd, *good, 1, guest.OUT) == INVAL
    for bad in (SIZE - 1, 2**32 - 1):
        assert guest.call("sock_recv", fd, *good, 0, bad, guest.OUT2) == FAULT
        assert guest.call("sock_recv", fd, *good, 0, guest.OUT, bad) == FAULT
        assert guest.call("sock_send", fd, *good, 0, bad) == FAULT
        assert guest.call("sock_recv", fd, bad, 1, 0, guest.OUT, guest.OUT2) == FAULT
        assert guest.call("sock_send", fd, bad, 1, 0, guest.OUT) == FAULT
    assert (socket.script, bytes(socket.written)) == ([b"abc"], b"")


# -- sock_accept, which preview 0 does not have ---------------------------------------------------


@pytest.fixture
def listening() -> Iterator[Guest]:
    guest = Guest(preview1, filesystem=MemoryFilesystem(), limits=Limits(descriptors=6))
    yield guest
    guest.close()


@pytest.mark.parametrize("resumable", [False, True])
def test_accept(listening: Guest, resumable: bool) -> None:
    guest = listening
    first, second = PipeSocket(b"abc"), PipeSocket(None)
    fd = insert(guest, PipeSocket(connections=[first, None, second], resumable=resumable))
    guest.ok("sock_accept", fd, 0, guest.OUT)
    connection = guest.u32()
    assert guest.fdstat(connection)[:2] == (6, 0)
    assert receive(guest, connection, 9) == (b"abc", 0)
    guest.ok("fd_close", connection)
    assert first.closed == 1
    block = guest.blocked("sock_accept", fd, NONBLOCK, guest.OUT)
    assert block.resume() == SUCCESS
    assert guest.u32() == connection
    assert guest.fdstat(connection)[1] == NONBLOCK
    assert guest.call("sock_recv", connection, *guest.iovecs((DATA, 9)), 0, guest.OUT, guest.OUT2) == AGAIN


def test_accept_does_not_wait_if_told_so(listening: Guest) -> None:
    guest = listening
    fd = insert(guest, PipeSocket(connections=[None, PipeSocket()]))
    guest.ok("fd_fdstat_set_flags", fd, NONBLOCK)
    assert guest.call("sock_accept", fd, 0, guest.OUT) == AGAIN
    guest.ok("sock_accept", fd, 0, guest.OUT)
    assert guest.fdstat(guest.u32())[1] == 0


def test_accept_takes_no_connection_that_it_cannot_hand_out(listening: Guest) -> None:
    guest = listening
    socket = PipeSocket(connections=[PipeSocket(), PipeSocket()])
    fd = insert(guest, socket)
    for bad in (SIZE - 3, 2**32 - 1):
        assert guest.call("sock_accept", fd, 0, bad) == FAULT
    for flags in (1, 8, 2**32 - 1):
        assert guest.call("sock_accept", fd, flags, guest.OUT) == INVAL
    guest.file("f")
    assert guest.call("sock_accept", fd, 0, guest.OUT) == MFILE
    assert len(socket.connections) == 2
    connected = insert_after_close(guest, 5)
    assert guest.call("sock_accept", connected, 0, guest.OUT) == MFILE


def insert_after_close(guest: Guest, fd: int) -> int:
    guest.ok("fd_close", fd)
    return insert(guest, PipeSocket())


def test_a_connection_accepts_nothing(listening: Guest) -> None:
    assert listening.call("sock_accept", insert(listening, PipeSocket()), 0, listening.OUT) == INVAL
