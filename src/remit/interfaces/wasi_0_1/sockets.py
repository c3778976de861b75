"""``sock_*``: sockets that were handed in, and connections accepted from them."""

from __future__ import annotations

from remit.interfaces.wasi_0_1.guest_memory import U32, buffers, check
from remit.interfaces.wasi_0_1.io import waiting
from remit.interfaces.wasi_0_1.transfers import ROFLAGS, Receiving, Sending
from remit.interfaces.wasi_0_1.types import FDFLAGS_NONBLOCK
from remit.kernel import rights as right
from remit.kernel.descriptors import OpenFile
from remit.kernel.errors import Code, KernelError, WouldBlock
from remit.kernel.sockets import Socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.engine.api import Memory
    from remit.kernel.process import Process

RECV_PEEK = 1
RECV_WAITALL = 2
SHUT_RD = 1
SHUT_WR = 2


def sock_accept(process: Process, memory: Memory, fd: int, fdflags: int, fd_ptr: int) -> None:
    """Take the next connection. It has the rights that the listening socket passes on."""
    check(memory.view(), fd_ptr, 4)
    entry, socket = _socket(process, fd, right.SOCKET_ACCEPT)
    if fdflags & ~FDFLAGS_NONBLOCK:
        raise KernelError(Code.INVALID, f"fdflags {fdflags:#x}")
    process.descriptors.reserve()

    def done(accepted: Socket) -> None:
        rights = entry.inheriting & right.STREAM
        connection = OpenFile(accepted, rights=rights, inheriting=entry.inheriting, nonblock=bool(fdflags))
        U32.pack_into(memory.view(), fd_ptr, process.descriptors.insert(connection))

    try:
        done(socket.accept())
    except WouldBlock as block:
        raise waiting(entry, block, done) from None


def sock_recv(
    process: Process, memory: Memory, fd: int, iovs: int, iovs_len: int, riflags: int, count_ptr: int, roflags_ptr: int
) -> None:
    """Receive the next bytes; ``recv_peek`` leaves them there, ``recv_waitall`` waits until the buffers are full."""
    entry, socket = _socket(process, fd, right.FILE_READ)
    if riflags & ~(RECV_PEEK | RECV_WAITALL):
        raise KernelError(Code.INVALID, f"riflags {riflags:#x}")
    view = memory.view()
    check(view, count_ptr, 4)
    check(view, roflags_ptr, ROFLAGS.size)
    Receiving(
        entry,
        socket,
        memory,
        (iovs, iovs_len),
        process.limits,
        (count_ptr, roflags_ptr),
        peek=bool(riflags & RECV_PEEK),
        fill=riflags == RECV_WAITALL and not socket.datagram,
    ).run()


def sock_send(
    process: Process, memory: Memory, fd: int, iovs: int, iovs_len: int, siflags: int, count_ptr: int
) -> None:
    """Send. No flags are defined: INVALID for any."""
    entry, socket = _socket(process, fd, right.FILE_WRITE)
    if siflags:
        raise KernelError(Code.INVALID, f"siflags {siflags:#x}")
    view = memory.view()
    check(view, count_ptr, 4)
    if socket.datagram:
        sources, _ = buffers(view, iovs, iovs_len, process.limits)
        try:
            sent = socket.send(sources)
        except WouldBlock as block:
            raise waiting(entry, block, lambda sent: U32.pack_into(memory.view(), count_ptr, sent)) from None
        U32.pack_into(view, count_ptr, sent)
    else:
        Sending(entry, socket.send, memory, (iovs, iovs_len), process.limits, count_ptr).run()


def sock_shutdown(process: Process, fd: int, sdflags: int) -> None:
    """End one direction of a connection, or both."""
    _, socket = _socket(process, fd, right.SOCKET_SHUTDOWN)
    if not sdflags or sdflags & ~(SHUT_RD | SHUT_WR):
        raise KernelError(Code.INVALID, f"sdflags {sdflags:#x}")
    socket.shutdown(receive=bool(sdflags & SHUT_RD), send=bool(sdflags & SHUT_WR))


def _socket(process: Process, fd: int, rights: int) -> tuple[OpenFile, Socket]:
    """The socket. NOT_SOCKET for everything else, whatever its rights."""
    entry = process.descriptors.get(fd)
    if entry.is_directory or not isinstance(entry.file, Socket):
        raise KernelError(Code.NOT_SOCKET)
    if entry.rights & rights != rights:
        raise KernelError(Code.NOT_CAPABLE)
    return entry, entry.file
