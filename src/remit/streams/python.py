"""Python's file objects and functions as streams.

What they raise is not the program's concern but the caller's: it ends the program and comes out of ``run``.
"""

from __future__ import annotations

import io

from remit.kernel.errors import WouldBlock
from remit.kernel.poll import ALWAYS, HostReady, Pollable
from remit.streams.host import HostOutput, is_regular
from remit.streams.memory import Stream, scatter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any


class ReaderInput(Stream):
    """Reads from a function of the shape ``read(n) -> bytes or str``, such as the method of a file object.

    Text is passed on as UTF-8. No bytes mean the end; None means that there is nothing yet.
    """

    __slots__ = ("_left", "_pollable", "_read")

    def __init__(self, read: Callable[[int], Any], *, descriptor: int = -1) -> None:
        """`descriptor`: the host's, if what is read comes from there, so that it can be waited for."""
        self._read = read
        self._left = memoryview(b"")
        self._pollable: Pollable = ALWAYS if descriptor < 0 or is_regular(descriptor) else HostReady(descriptor)

    def read(self, buffers: Sequence[memoryview]) -> int:
        wanted = sum(map(len, buffers))
        if wanted and not self._left:
            if not self._pollable.ready():
                raise WouldBlock(self._pollable)
            data = self._read(wanted)
            if isinstance(data, str):
                data = data.encode()
            elif data is None and self._pollable is not ALWAYS:
                raise WouldBlock(self._pollable)
            elif not isinstance(data, bytes | bytearray | memoryview):
                raise TypeError(f"{self._read!r} is the program's input and returned {refused(data)}, not bytes")
            # A copy of what may change: the caller may use the same array for the next piece.
            self._left = memoryview(data if isinstance(data, bytes) else bytes(data))
        count = scatter(self._left, buffers)
        self._left = self._left[count:]
        return count

    def when_readable(self) -> Pollable:
        return ALWAYS if self._left else self._pollable


class FunctionOutput(Stream):
    """Writes to a function of the shape ``write(bytes)``, such as the method of a file object."""

    __slots__ = ("_before", "_write")

    def __init__(self, write: Callable[[bytes], Any], *, before: Callable[[], object] | None = None) -> None:
        """`before` is called first, each time."""
        self._write = write
        self._before = before

    def write(self, buffers: Sequence[memoryview]) -> int:
        if self._before is not None:
            self._before()
        data = b"".join(buffers)
        if not data:
            return 0
        result = self._write(data)
        if hasattr(result, "__await__"):
            raise TypeError(f"{self._write!r} is the program's output and returned {refused(result)}")
        return len(data)


class RawOutput(Stream):
    """Writes to an ``io.RawIOBase``, which may take less than it is given, or nothing yet."""

    __slots__ = ("_raw",)

    def __init__(self, raw: io.RawIOBase) -> None:
        self._raw = raw

    def write(self, buffers: Sequence[memoryview]) -> int:
        count = self._raw.write(b"".join(buffers))
        if count is None:
            raise WouldBlock(HostReady(self._raw.fileno(), write=True))
        return count


class TextOutput(Stream):
    """Writes to a function of the shape ``write(str)``. What is not UTF-8 becomes U+FFFD."""

    __slots__ = ("_decode", "_write")

    def __init__(self, write: Callable[[str], Any]) -> None:
        import codecs

        self._write = write
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode

    def write(self, buffers: Sequence[memoryview]) -> int:
        data = b"".join(buffers)
        text = self._decode(data)
        if text:
            self._write(text)
        return len(data)

    def close(self) -> None:
        tail = self._decode(b"", True)
        if tail:
            self._write(tail)


class FlushedHostOutput(HostOutput):
    """A host descriptor that a Python file object also writes to, buffered: what it holds back goes out first."""

    __slots__ = ("_flush",)

    def __init__(self, descriptor: int, flush: Callable[[], object]) -> None:
        super().__init__(descriptor)
        self._flush = flush

    def write(self, buffers: Sequence[memoryview]) -> int:
        self._flush()
        return super().write(buffers)


def reader_input(value: Any) -> ReaderInput:
    """An object with ``read``. The program goes on where Python stopped reading, and Python where the program did.

    Of a pipe, what Python has read ahead before comes first too, but only once the pipe holds more or has ended:
    nobody can ask a buffer whether it is empty without reading more.
    """
    if type(value) is io.TextIOWrapper and value.seekable():
        value.seek(value.tell())  # takes back what it has decoded ahead
    binary = getattr(value, "buffer", value) if is_text(value) else value
    return ReaderInput(getattr(binary, "read1", binary.read), descriptor=plain_descriptor(binary))


def writer_output(value: Any) -> Stream | HostOutput:
    """An object with ``write``.

    A plain file of Python is written through its descriptor, after what it holds back: so that both write in the
    order in which things happen, and no call blocks.
    """
    descriptor = plain_descriptor(value)
    if descriptor >= 0:
        return FlushedHostOutput(descriptor, value.flush)
    if is_text(value):
        if hasattr(value, "buffer"):
            return FunctionOutput(value.buffer.write, before=value.flush)
        return TextOutput(value.write)
    if isinstance(value, io.RawIOBase):
        return RawOutput(value)
    return FunctionOutput(value.write)


def is_text(value: object) -> bool:
    """Whether a file object is made for str: wrappers such as those of tempfile tell only by their encoding."""
    return isinstance(value, io.TextIOBase) or hasattr(value, "encoding")


def plain_descriptor(value: Any) -> int:
    """The host descriptor that a file object reads or writes, or -1.

    Only for the types of :mod:`io`, which add nothing but buffers: a ``GzipFile`` has a ``fileno`` too, of the
    file where the *compressed* bytes are.
    """
    if type(value) is io.TextIOWrapper:
        value = value.buffer
    if type(value) in (io.BufferedReader, io.BufferedWriter, io.BufferedRandom):
        value = value.raw
    return value.fileno() if type(value) is io.FileIO else -1


def refused(result: Any) -> str:
    """A wrong result in words; a coroutine is closed, which would otherwise complain that it was never awaited."""
    if hasattr(result, "__await__"):
        if hasattr(result, "close"):
            result.close()
        return "an awaitable: that needs run_async, and a function made with `async def`"
    return f"a {type(result).__name__}"
