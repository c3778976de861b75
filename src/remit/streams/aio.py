"""asyncio's streams, and coroutine functions, as streams of a program that runs on the loop (``run_async``)."""

from __future__ import annotations

import asyncio

from remit.host_errors import translated
from remit.kernel.errors import Code, KernelError, WouldBlock
from remit.kernel.poll import ALWAYS, Event, Pollable
from remit.streams.answers import bytes_read, count_written
from remit.streams.memory import Stream, scatter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from typing import Any

READ_AHEAD = 4096
"""What is read when a program only asks whether there is something."""


class AsyncInput(Stream):
    """Reads from ``async def read(n) -> bytes``."""

    __slots__ = ("_left", "_name", "_operation", "_read")

    def __init__(self, read: Callable[[int], Awaitable[bytes]], *, name: str = "stdin") -> None:
        self._read = read
        self._name = name
        self._left = memoryview(b"")
        self._operation: _Operation | None = None

    def read(self, buffers: Sequence[memoryview]) -> int:
        wanted = sum(map(len, buffers))
        if not wanted:
            return 0
        if not self._left:
            if self._operation is None:
                self._operation = _Operation(self._read(wanted))
            operation = self._operation
            if not operation.done.ready():
                raise WouldBlock(operation.done)
            self._operation = None
            self._left = memoryview(bytes_read(self._name, self._read, operation.result()))
        count = scatter(self._left, buffers)
        self._left = self._left[count:]
        return count

    def when_readable(self) -> Pollable:
        if self._left:
            return ALWAYS
        if self._operation is None:
            self._operation = _Operation(self._read(READ_AHEAD))
        return self._operation.done

    def close(self) -> None:
        if self._operation is not None:
            self._operation.cancel()


class AsyncOutput(Stream):
    """Writes to ``async def write(bytes)``. A write ends when that has."""

    __slots__ = ("_counts", "_name", "_operation", "_write")

    def __init__(self, write: Callable[[bytes], Awaitable[Any]], *, name: str = "stdout", counts: bool = False) -> None:
        """`counts`: it is the method of a file object, which may take less than it is given."""
        self._write = write
        self._name = name
        self._counts = counts
        self._operation: _Operation | None = None

    def write(self, buffers: Sequence[memoryview]) -> int:
        if self._operation is not None and not self._operation.done.ready():
            raise WouldBlock(self._operation.done)
        data = b"".join(buffers)
        if not data:
            return 0
        operation = self._operation = _Operation(self._write(data))

        def resume() -> int:
            answer = operation.result()
            return count_written(self._name, self._write, answer, len(data)) if self._counts else len(data)

        raise WouldBlock(operation.done, resume)

    def when_writable(self) -> Pollable:
        return ALWAYS if self._operation is None else self._operation.done

    def close(self) -> None:
        if self._operation is not None:
            self._operation.cancel()


class _Operation:
    """A coroutine that runs as a task of its own, and an event for its end."""

    __slots__ = ("_task", "done")

    def __init__(self, awaitable: Awaitable[Any]) -> None:
        self.done = Event()
        self._task = asyncio.ensure_future(awaitable)
        self._task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Future[Any]) -> None:
        if not task.cancelled():
            task.exception()  # asked for, so that asyncio does not complain when the program never comes back for it
        self.done.set()

    def result(self) -> Any:
        return self._task.result()

    def cancel(self) -> None:
        self._task.cancel()


def reader_input(reader: asyncio.StreamReader) -> AsyncInput:
    """What arrives at a StreamReader. A lost connection is an error that the program sees."""

    async def read(count: int) -> bytes:
        try:
            return await reader.read(count)
        except ConnectionError as error:
            raise _lost(error) from error

    return AsyncInput(read)


def writer_output(writer: asyncio.StreamWriter) -> AsyncOutput:
    """What a StreamWriter sends. A lost connection is an error that the program sees."""

    async def write(data: bytes) -> None:
        try:
            writer.write(data)
            await writer.drain()
        except ConnectionError as error:
            raise _lost(error) from error

    return AsyncOutput(write)


def _lost(error: ConnectionError) -> KernelError:
    """What the host says of a lost connection; asyncio's own exceptions come without a number."""
    return translated(error) if error.errno else KernelError(Code.CONNECTION_RESET, str(error))
