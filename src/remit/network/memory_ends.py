"""What the host's own code has of a network in memory: connections and listeners that are plain to use."""

from __future__ import annotations

import errno
import os

from remit.host_errors import CODES
from remit.kernel.clocks import AMBIENT_MONOTONIC_CLOCK
from remit.kernel.errors import Code, KernelError, WouldBlock
from remit.kernel.network import SocketAddress
from remit.kernel.poll import AnyOf
from remit.kernel.reactor import SECOND, Reactor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType
    from typing import Self, TypeVar

    from remit.kernel.network import TcpSocket
    from remit.kernel.poll import Pollable
    from remit.network.memory import MemoryMember

    T = TypeVar("T")

CHUNK = 64 << 10

_NUMBERS = {code: number for number, code in CODES.items()} | {Code.PIPE: errno.EPIPE, Code.INVALID_STATE: errno.EINVAL}
"""Errors as Python has them."""


def until(ask: Callable[[], T], timeout: float | None) -> T:
    """What `ask` says once it does not want to wait. TimeoutError after `timeout` seconds; OSError."""
    reactor = Reactor()
    try:
        for wanted in _attempts(ask, timeout):
            if not isinstance(wanted, _Wait):
                return wanted
            reactor.wait(wanted.pollable)
        raise AssertionError("attempts never end")
    finally:
        reactor.close()


async def until_async(ask: Callable[[], T], timeout: float | None) -> T:
    """The same, while other tasks of the running asyncio loop go on."""
    reactor = Reactor()
    try:
        for wanted in _attempts(ask, timeout):
            if not isinstance(wanted, _Wait):
                return wanted
            await reactor.wait_async(wanted.pollable)
        raise AssertionError("attempts never end")
    finally:
        reactor.close()


class _Wait:
    __slots__ = ("pollable",)

    def __init__(self, pollable: Pollable) -> None:
        self.pollable = pollable


def _attempts(ask: Callable[[], T], timeout: float | None) -> Iterator[T | _Wait]:
    clock = AMBIENT_MONOTONIC_CLOCK
    deadline = None if timeout is None else clock.now() + int(timeout * SECOND)
    while True:
        try:
            yield ask()
        except WouldBlock as block:
            if deadline is None:
                yield _Wait(block.pollable)
            elif clock.now() < deadline:
                yield _Wait(AnyOf([block.pollable, clock.at(deadline)]))
            else:
                raise TimeoutError(f"nothing happened for {timeout} seconds") from None
        except KernelError as error:
            number = _NUMBERS.get(error.code, errno.EIO)
            raise OSError(
                number, f"{os.strerror(number)}: {error.detail}" if error.detail else os.strerror(number)
            ) from None


class MemoryConnection:
    """One end of a connection, for the host's own code. Close it; it is a context manager.

    ``timeout`` is in seconds (None: for ever), after which TimeoutError is raised and the connection stays as it is.
    What breaks it is an OSError: BrokenPipeError, ConnectionResetError. Of the methods that wait there is one to be
    awaited, with ``_async`` at the end of its name.
    """

    __slots__ = ("_socket",)

    def __init__(self, socket: TcpSocket) -> None:
        """Of a socket that is connected. :meth:`remit.net.Memory.connect` makes them."""
        self._socket = socket

    @classmethod
    def to(cls, member: MemoryMember, address: SocketAddress, timeout: float | None) -> Self:
        """From `member` to `address`."""
        with _Attempt(member, address) as attempt:
            until(attempt.go_on, timeout)
            return cls(attempt.made())

    @classmethod
    async def to_async(cls, member: MemoryMember, address: SocketAddress, timeout: float | None) -> Self:
        """The same."""
        with _Attempt(member, address) as attempt:
            await until_async(attempt.go_on, timeout)
            return cls(attempt.made())

    @property
    def local_address(self) -> tuple[str, int]:
        """Its own address and port."""
        return _pair(self._socket.local_address())

    @property
    def remote_address(self) -> tuple[str, int]:
        """Those of the other end."""
        return _pair(self._socket.remote_address())

    def receive(self, size: int = CHUNK, *, timeout: float | None = None) -> bytes:
        """The next bytes, `size` at most; ``b""`` when the other end has finished."""
        return until(lambda: self._receive(size), timeout)

    async def receive_async(self, size: int = CHUNK, *, timeout: float | None = None) -> bytes:
        """The same, to be awaited."""
        return await until_async(lambda: self._receive(size), timeout)

    def send(self, data: bytes | bytearray | memoryview, *, timeout: float | None = None) -> None:
        """Send all of it, which may take until the other end has received some. After a timeout a part has been."""
        sending = _Sending(self._socket, data)
        until(sending.go_on, timeout)

    async def send_async(self, data: bytes | bytearray | memoryview, *, timeout: float | None = None) -> None:
        """The same, to be awaited."""
        sending = _Sending(self._socket, data)
        await until_async(sending.go_on, timeout)

    def finish(self) -> None:
        """There is no more to send. Receiving goes on."""
        until(lambda: self._socket.shutdown(receive=False, send=True), None)

    def close(self) -> None:
        """Closing twice does nothing. What was sent is received all the same."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _receive(self, size: int) -> bytes:
        if size < 1:
            raise ValueError(f"at least one byte is received, not {size}")
        buffer = bytearray(min(size, CHUNK))
        return bytes(buffer[: self._socket.read([memoryview(buffer)])])


class _Attempt:
    """A connection in the making: closed, unless it was made."""

    def __init__(self, member: MemoryMember, address: SocketAddress) -> None:
        self._socket: TcpSocket | None = member.tcp_socket(address.family)
        self._address: SocketAddress | None = address

    def go_on(self) -> None:
        assert self._socket is not None
        address, self._address = self._address, None
        self._socket.connect(address)

    def made(self) -> TcpSocket:
        assert self._socket is not None
        socket, self._socket = self._socket, None
        return socket

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._socket is not None:
            self._socket.close()


class _Sending:
    def __init__(self, socket: TcpSocket, data: bytes | bytearray | memoryview) -> None:
        self._socket = socket
        self._left = memoryview(data).cast("B")

    def go_on(self) -> None:
        while self._left:
            self._left = self._left[self._socket.write([self._left]) :]


class MemoryListener:
    """Takes connections from programs, for the host's own code. Close it; it is a context manager."""

    __slots__ = ("_sockets", "name", "port")

    def __init__(self, member: MemoryMember, port: int, backlog: int) -> None:
        """:meth:`remit.net.Memory.listen` makes them."""
        self.name = member.name
        self._sockets: list[TcpSocket] = []
        try:
            for family in (4, 6):
                made = member.tcp_socket(family)
                self._sockets.append(made)
                until(_listening(made, SocketAddress(bytes(4 if family == 4 else 16), port), backlog), None)
                port = made.local_address().port
        except BaseException:
            self.close()
            raise
        self.port = port
        """Where it listens."""

    def accept(self, *, timeout: float | None = None) -> MemoryConnection:
        """The next connection. TimeoutError; OSError once it is closed."""
        return until(self._accept, timeout)

    async def accept_async(self, *, timeout: float | None = None) -> MemoryConnection:
        """The same, to be awaited."""
        return await until_async(self._accept, timeout)

    def close(self) -> None:
        """Connections that wait are refused. Closing twice does nothing."""
        for each in self._sockets:
            each.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _accept(self) -> MemoryConnection:
        waits: list[Pollable] = []
        for each in self._sockets:
            try:
                return MemoryConnection(each.accept())
            except WouldBlock as block:
                waits.append(block.pollable)
        raise WouldBlock(AnyOf(waits))


def _listening(socket: TcpSocket, address: SocketAddress, backlog: int) -> Callable[[], None]:
    def begin() -> None:
        socket.bind(address)
        socket.listen(backlog)

    return begin


def _pair(address: SocketAddress) -> tuple[str, int]:
    from remit.network.addresses import text_of

    return text_of(address.ip), address.port
