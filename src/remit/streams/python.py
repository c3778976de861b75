"""Python's file objects and functions as streams.

What they raise is not the program's concern but the caller's: it ends the program and comes out of ``run``.
"""

from __future__ import annotations

import io

from remit.kernel.errors import WouldBlock
from remit.kernel.poll import ALWAYS, HostReady, Pollable
from remit.streams.answers import bytes_read, count_written, refuse_awaitable
from remit.streams.host import HostOutput, is_regular
from remit.streams.memory import Stream, scatter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any


class ReaderInput(Stream):
    """Reads from a function of the shape ``read(n) -> bytes``, such as the method of a file object.

    No bytes mean the end.
    """

    __slots__ = ("_left", "_name", "_pollable", "_read", "_text")

    def __init__(
        self, read: Callable[[int], Any], *, name: str = "stdin", descriptor: int = -1, text: bool = False
    ) -> None:
        """`descriptor`: the host's, if what is read comes from there, so that it can be waited for: None then means
        that there is nothing yet. `text`: it may return str, which is passed on as UTF-8.
        """
        self._read = read
        self._name = name
        self._text = text
        self._left = memoryview(b"")
        self._pollable: Pollable = ALWAYS if descriptor < 0 or is_regular(descriptor) else HostReady(descriptor)

    def read(self, buffers: Sequence[memoryview]) -> int:
        wanted = sum(map(len, buffers))
        if wanted and not self._left:
            if not self._pollable.ready():
                raise WouldBlock(self._pollable)
            data = self._read(wanted)
            if data is None and self._pollable is not ALWAYS:
                raise WouldBlock(self._pollable)
            if self._text and isinstance(data, str):
                data = data.encode()
            self._left = memoryview(bytes_read(self._name, self._read, data))
        count = scatter(self._left, buffers)
        self._left = self._left[count:]
        return count

    def when_readable(self) -> Pollable:
        return ALWAYS if self._left else self._pollable


class FunctionOutput(Stream):
    """Writes to a function of the shape ``write(bytes)``. It takes everything, and what it returns means nothing."""

    __slots__ = ("_name", "_write")

    def __init__(self, write: Callable[[bytes], Any], *, name: str = "stdout") -> None:
        self._write = write
        self._name = name

    def write(self, buffers: Sequence[memoryview]) -> int:
        data = b"".join(buffers)
        if data:
            refuse_awaitable(self._name, self._write, self._write(data))
        return len(data)


class WriterOutput(Stream):
    """Writes with the method ``write(bytes)`` of a file object, which may take less than it is given."""

    __slots__ = ("_before", "_name", "_write")

    def __init__(
        self, write: Callable[[bytes], Any], *, name: str = "stdout", before: Callable[[], object] | None = None
    ) -> None:
        """`before` is called first, each time."""
        self._write = write
        self._name = name
        self._before = before

    def write(self, buffers: Sequence[memoryview]) -> int:
        if self._before is not None:
            self._before()
        data = b"".join(buffers)
        return count_written(self._name, self._write, self._write(data), len(data)) if data else 0


class RawOutput(Stream):
    """Writes to an ``io.RawIOBase``, which takes nothing yet if it returns None."""

    __slots__ = ("_name", "_raw")

    def __init__(self, raw: io.RawIOBase, *, name: str = "stdout") -> None:
        self._raw = raw
        self._name = name

    def write(self, buffers: Sequence[memoryview]) -> int:
        data = b"".join(buffers)
        if not data:
            return 0
        count = self._raw.write(data)
        if count is not None:
            return count_written(self._name, self._raw.write, count, len(data))
        try:
            descriptor = self._raw.fileno()
        except OSError:
            raise ValueError(
                f"{self._name}: {self._raw.write!r} returned None, which means that it would block, and has no "
                "fileno() that could be waited for"
            ) from None
        raise WouldBlock(HostReady(descriptor, write=True))


class TextOutput(Stream):
    """Writes to a function of the shape ``write(str)``. What is not UTF-8 becomes U+FFFD."""

    __slots__ = ("_decode", "_name", "_write")

    def __init__(self, write: Callable[[str], Any], *, name: str = "stdout") -> None:
        import codecs

        self._write = write
        self._name = name
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode

    def write(self, buffers: Sequence[memoryview]) -> int:
        data = b"".join(buffers)
        text = self._decode(data)
        if text:
            refuse_awaitable(self._name, self._write, self._write(text))
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


def reader_input(value: Any, name: str) -> ReaderInput:
    """An object with ``read``. The program goes on where Python stopped reading, and Python where the program did.

    Of a pipe, what Python has read ahead before comes first too, but only once the pipe holds more or has ended:
    nobody can ask a buffer whether it is empty without reading more.
    """
    if type(value) is io.TextIOWrapper and value.seekable():
        value.seek(value.tell())  # takes back what it has decoded ahead
    binary = getattr(value, "buffer", value) if is_text(value) else value
    read = getattr(binary, "read1", binary.read)
    return ReaderInput(read, name=name, descriptor=plain_descriptor(binary), text=True)


def writer_output(value: Any, name: str) -> Stream | HostOutput:
    """An object with ``write``.

    A plain file of Python is written through its descriptor, after what it holds back: so that both write in the
    order in which things happen, and no call blocks.
    """
    descriptor = plain_descriptor(value)
    if descriptor >= 0:
        return FlushedHostOutput(descriptor, value.flush)
    if is_text(value):
        if hasattr(value, "buffer"):
            return WriterOutput(value.buffer.write, name=name, before=value.flush)
        return TextOutput(value.write, name=name)
    if isinstance(value, io.RawIOBase):
        return RawOutput(value, name=name)
    return WriterOutput(value.write, name=name)


def require_open(value: Any, name: str, *, writing: bool) -> None:
    """ValueError if a file object is closed, or a plain file is open for the other direction only.

    A program would be told that its descriptor is bad, and its caller nothing. Other objects say it themselves.
    """
    if getattr(value, "closed", False) is True:
        raise ValueError(f"{name} is closed: {value!r}")
    if plain_descriptor(value) >= 0 and not (value.writable() if writing else value.readable()):
        raise ValueError(f"{name} is not open for {'writing' if writing else 'reading'}: {value!r}")


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
