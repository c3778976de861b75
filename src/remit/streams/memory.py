"""Streams that need nothing from the host: given bytes, captured bytes, and nothing at all."""

from __future__ import annotations

from remit.kernel.errors import Code, KernelError
from remit.kernel.files import File, FileType, Stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

# The number that `subprocess` gives this name; importing it costs several milliseconds.
DEVNULL = -3
"""In place of a stream: nothing to read, and nothing is kept."""


class Stream(File):
    """A stream that is not a terminal, and has no attributes worth telling."""

    __slots__ = ()

    seekable = False

    def stat(self) -> Stat:
        return Stat(FileType.UNKNOWN, links=0)

    def close(self) -> None:
        """What the stream stands for belongs to the caller, who goes on using it."""


class NullInput(Stream):
    """Always at its end."""

    __slots__ = ()

    def read(self, buffers: Sequence[memoryview]) -> int:
        return 0


class NullOutput(Stream):
    """Takes everything and keeps nothing."""

    __slots__ = ()

    def write(self, buffers: Sequence[memoryview]) -> int:
        return sum(map(len, buffers))


class BytesInput(Stream):
    """The bytes it was given, then the end."""

    __slots__ = ("_left",)

    def __init__(self, data: bytes | bytearray | memoryview) -> None:
        self._left = memoryview(data).cast("B")

    def read(self, buffers: Sequence[memoryview]) -> int:
        count = scatter(self._left, buffers)
        self._left = self._left[count:]
        return count


class Capture(Stream):
    """Keeps what is written, up to a limit."""

    __slots__ = ("_data", "_limit", "truncated")

    def __init__(self, limit: int | None = None) -> None:
        """`limit` in bytes: what goes beyond is refused with QUOTA. None: as much as there is memory."""
        self._data = bytearray()
        self._limit = limit
        self.truncated = False
        """Something was written that is not kept."""

    def write(self, buffers: Sequence[memoryview]) -> int:
        before = len(self._data)
        for buffer in buffers:
            if self._limit is not None and len(self._data) + len(buffer) > self._limit:
                self.truncated = True
                self._data += buffer[: self._limit - len(self._data)]
                if len(self._data) == before:
                    raise KernelError(Code.QUOTA, f"{self._limit} bytes of output have been captured")
                break
            self._data += buffer
        return len(self._data) - before

    def getvalue(self) -> bytes:
        """All that has been written."""
        return bytes(self._data)


def scatter(data: memoryview, buffers: Sequence[memoryview]) -> int:
    """Copy `data` into the buffers, in order; the number of bytes that had room."""
    done = 0
    for buffer in buffers:
        part = data[done : done + len(buffer)]
        buffer[: len(part)] = part
        done += len(part)
        if done == len(data):
            break
    return done
