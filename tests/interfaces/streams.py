"""Streams that wait when a test wants them to."""

from __future__ import annotations

from collections.abc import Sequence

from remit.kernel.errors import Code, KernelError, WouldBlock
from remit.kernel.files import File, FileType, Stat
from remit.kernel.poll import Event, Pollable
from remit.kernel.sockets import Socket
from remit.streams.memory import scatter


class Pipe(File):
    """A script of what happens: bytes to read, or how many may be written; None waits, an error is raised."""

    seekable = False

    def __init__(self, *script: bytes | int | KernelError | None, resumable: bool = False) -> None:
        self.script = list(script)
        self.resumable = resumable
        """It remembers a read or write that waits, and goes on with it by itself."""
        self.written = bytearray()
        self.ready = Event()
        self.closed = 0

    def stat(self) -> Stat:
        return Stat(FileType.FIFO)

    def close(self) -> None:
        self.closed += 1

    def read(self, buffers: Sequence[memoryview]) -> int:
        item = self._next(lambda: self.read(buffers))
        if not item:
            return 0
        assert isinstance(item, bytes)
        count = scatter(memoryview(item), buffers)
        if count < len(item):
            self.script.insert(0, item[count:])
        return count

    def write(self, buffers: Sequence[memoryview]) -> int:
        item = self._next(lambda: self.write(buffers))
        assert isinstance(item, int)
        data = b"".join(buffers)[:item]
        self.written += data
        return len(data)

    def when_readable(self) -> Pollable:
        return self.ready

    def when_writable(self) -> Pollable:
        return self.ready

    def _next(self, again: object) -> bytes | int:
        item = self.script.pop(0) if self.script else 0
        if item is None:
            raise WouldBlock(self.ready, again if self.resumable else None)  # type: ignore[arg-type]  # it is callable
        if isinstance(item, KernelError):
            raise item
        return item


class PipeSocket(Pipe, Socket):
    """A connected socket with such a script; or, given connections, a listening one."""

    def __init__(
        self,
        *script: bytes | int | KernelError | None,
        connections: Sequence[Socket | None] = (),
        datagram: bool = False,
        resumable: bool = False,
    ) -> None:
        super().__init__(*script, resumable=resumable)
        self.connections = list(connections)
        self.listening = bool(connections)
        self.datagram = datagram
        self.shut: list[tuple[bool, bool]] = []

    def stat(self) -> Stat:
        return Stat(FileType.SOCKET)

    def accept(self) -> Socket:
        if not self.listening:
            raise KernelError(Code.INVALID)
        connection = self.connections.pop(0)
        if connection is None:
            raise WouldBlock(self.ready, self.accept if self.resumable else None)
        return connection

    def receive(self, buffers: Sequence[memoryview], *, peek: bool = False) -> tuple[int, bool]:
        before = list(self.script)
        try:
            count = self.read(buffers)
        except WouldBlock as block:
            again = (lambda: self.receive(buffers, peek=peek)) if block.resume else None
            raise WouldBlock(block.pollable, again) from None
        truncated = False
        if self.datagram and len(self.script) == len(before):
            self.script.pop(0)
            truncated = True
        if peek:
            self.script = before
        return count, truncated

    def send(self, buffers: Sequence[memoryview]) -> int:
        return self.write(buffers)

    def shutdown(self, *, receive: bool, send: bool) -> None:
        self.shut.append((receive, send))
