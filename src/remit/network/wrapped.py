"""What sockets have in common that stand before another one."""

from __future__ import annotations

from remit.kernel.network import InternetSocket
from remit.kernel.sockets import Socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.kernel.files import Stat
    from remit.kernel.network import SocketAddress
    from remit.kernel.poll import Pollable


class WrappedSocket(Socket):
    """It owns and closes the one that it wraps."""

    __slots__ = ("_socket", "datagram", "listening")

    def __init__(self, socket: Socket) -> None:
        self._socket = socket
        self.datagram = socket.datagram
        self.listening = socket.listening

    def stat(self) -> Stat:
        return self._socket.stat()

    def accept(self) -> Socket:
        return self._socket.accept()

    def receive(self, buffers: Sequence[memoryview], *, peek: bool = False) -> tuple[int, bool]:
        return self._socket.receive(buffers, peek=peek)

    def send(self, buffers: Sequence[memoryview]) -> int:
        return self._socket.send(buffers)

    def read(self, buffers: Sequence[memoryview]) -> int:
        return self._socket.read(buffers)

    def write(self, buffers: Sequence[memoryview]) -> int:
        return self._socket.write(buffers)

    def shutdown(self, *, receive: bool, send: bool) -> None:
        self._socket.shutdown(receive=receive, send=send)

    def when_readable(self) -> Pollable:
        return self._socket.when_readable()

    def when_writable(self) -> Pollable:
        return self._socket.when_writable()

    def close(self) -> None:
        self._socket.close()


class WrappedInternetSocket(WrappedSocket, InternetSocket):
    """One with addresses."""

    __slots__ = ("family",)

    _socket: InternetSocket

    def __init__(self, socket: InternetSocket) -> None:
        super().__init__(socket)
        self.family = socket.family

    def bind(self, address: SocketAddress) -> None:
        self._socket.bind(address)

    def local_address(self) -> SocketAddress:
        return self._socket.local_address()

    def remote_address(self) -> SocketAddress:
        return self._socket.remote_address()

    def allowed_by(self, action: str, address: SocketAddress) -> str:
        return self._socket.allowed_by(action, address)

    def option(self, name: str) -> int:
        return self._socket.option(name)

    def set_option(self, name: str, value: int) -> None:
        self._socket.set_option(name, value)
