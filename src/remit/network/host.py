"""Sockets of the host: listening ones that a program is handed, and the connections that it accepts."""

from __future__ import annotations

import socket
import sys

from remit.host_errors import translated
from remit.kernel.errors import Code, KernelError, WouldBlock
from remit.kernel.files import FileType, Stat
from remit.kernel.poll import HostReady, Pollable
from remit.kernel.sockets import Socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

BACKLOG = 128
"""Connections that wait for being accepted; the host refuses more."""

# A write to a connection that nobody reads must be an error here, even in a process that did not ignore SIGPIPE.
_NO_SIGNAL: int = getattr(socket, "MSG_NOSIGNAL", 0)


class HostSocket(Socket):
    """A socket of the host, which from now on is this object's: non-blocking, and closed with it."""

    __slots__ = ("_readable", "_socket", "_writable", "datagram", "listening")

    def __init__(self, host_socket: socket.socket) -> None:
        host_socket.setblocking(False)
        self._socket = host_socket
        self.datagram = host_socket.type == socket.SOCK_DGRAM
        self.listening = not self.datagram and _is_listening(host_socket)
        self._readable = HostReady(host_socket.fileno())
        self._writable = HostReady(host_socket.fileno(), write=True)

    @property
    def address(self) -> str:
        """Where it is bound to, ``HOST:PORT``, ``[HOST]:PORT`` or a path."""
        return _shown(self._socket.getsockname())

    @property
    def peer(self) -> str:
        """Whom it is connected to, likewise. KernelError: NOT_CONNECTED, if it is not, or no more."""
        try:
            return _shown(self._socket.getpeername())
        except OSError as error:
            raise translated(error) from error

    def stat(self) -> Stat:
        return Stat(FileType.SOCKET)

    def accept(self) -> Socket:
        if not self.listening:
            raise KernelError(Code.INVALID, "the socket does not listen")
        try:
            connection, _ = self._socket.accept()
        except BlockingIOError:
            raise WouldBlock(self._readable) from None
        except OSError as error:
            raise translated(error) from error
        return HostSocket(connection)

    def receive(self, buffers: Sequence[memoryview], *, peek: bool = False) -> tuple[int, bool]:
        flags = socket.MSG_PEEK if peek else 0
        try:
            if hasattr(self._socket, "recvmsg_into"):
                count, _, told, _ = self._socket.recvmsg_into(buffers, 0, flags)
                return count, bool(told & socket.MSG_TRUNC)
            return self._receive_first(buffers, flags), False
        except BlockingIOError:
            raise WouldBlock(self._readable) from None
        except OSError as error:
            raise translated(error) from error

    def send(self, buffers: Sequence[memoryview]) -> int:
        try:
            if hasattr(self._socket, "sendmsg"):
                return self._socket.sendmsg(buffers, (), _NO_SIGNAL)
            if self.datagram:
                return self._socket.send(b"".join(buffers))
            return next((self._socket.send(buffer) for buffer in buffers if buffer), 0)
        except BlockingIOError:
            raise WouldBlock(self._writable) from None
        except OSError as error:
            raise translated(error) from error

    def read(self, buffers: Sequence[memoryview]) -> int:
        return self.receive(buffers)[0]

    def write(self, buffers: Sequence[memoryview]) -> int:
        return self.send(buffers)

    def shutdown(self, *, receive: bool, send: bool) -> None:
        if not receive and not send:
            raise KernelError(Code.INVALID, "neither direction")
        how = socket.SHUT_RDWR if receive and send else socket.SHUT_RD if receive else socket.SHUT_WR
        try:
            self._socket.shutdown(how)
        except OSError as error:
            raise translated(error) from error

    def when_readable(self) -> Pollable:
        return self._readable

    def when_writable(self) -> Pollable:
        return self._writable

    def close(self) -> None:
        self._socket.close()

    def _receive_first(self, buffers: Sequence[memoryview], flags: int) -> int:
        """Where the host has no scattered receive: one buffer is a short one, except for a datagram."""
        if self.datagram:
            data = self._socket.recv(sum(map(len, buffers)), flags)
        else:
            data = self._socket.recv(next((len(buffer) for buffer in buffers if buffer), 0), flags)
        rest = memoryview(data)
        for buffer in buffers:
            part = rest[: len(buffer)]
            buffer[: len(part)] = part
            rest = rest[len(part) :]
        return len(data)


def _shown(name: Any) -> str:
    if not isinstance(name, tuple):
        return str(name)
    return f"[{name[0]}]:{name[1]}" if ":" in name[0] else f"{name[0]}:{name[1]}"


def _is_listening(host_socket: socket.socket) -> bool:
    if sys.platform == "win32":
        # SO_ACCEPTCONN is there too, but Python does not name it.
        return bool(host_socket.getsockopt(socket.SOL_SOCKET, 2))
    return bool(host_socket.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))


def open_ambient_listener(address: str) -> HostSocket:
    """As :func:`open_ambient_listening_socket`, for a program."""
    return HostSocket(open_ambient_listening_socket(address))


def open_ambient_listening_socket(address: str, backlog: int = BACKLOG) -> socket.socket:
    """A new socket that listens at ``HOST:PORT`` or ``[IPv6]:PORT``; port 0 is any free one.

    ValueError for what is not an address, OSError (with the address) where the host refuses.
    """
    host, port = _parsed(address)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, ValueError) as error:  # ValueError: a NUL, or what no name may be
        why = error.strerror if isinstance(error, OSError) else error
        raise ValueError(f"cannot listen on {address!r}: {host!r} is no address or name of this host: {why}") from None
    family, kind, protocol, _, name = found[0]
    listener = socket.socket(family, kind, protocol)
    try:
        if sys.platform != "win32":  # there it lets two programs take one port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(name)
        listener.listen(backlog)
        return listener
    except OSError as error:
        listener.close()
        raise OSError(error.errno, f"cannot listen on {address!r}: {error.strerror}") from None


def _parsed(address: str) -> tuple[str, int]:
    host, colon, port = address.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise ValueError(f"cannot listen on {address!r}: write an IPv6 address in brackets, as in '[::1]:8080'")
    if not colon or not host or not (port.isascii() and port.isdigit() and len(port) <= 5) or int(port) > 65535:
        raise ValueError(
            f"cannot listen on {address!r}: write HOST:PORT, as in '127.0.0.1:8080' (port 0: any free one)"
        )
    return host, int(port)
