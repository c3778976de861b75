"""Files as streams: from an offset on, each stream with a position of its own."""

from __future__ import annotations

from remit.component.values.results import Err
from remit.interfaces.wasi_0_2.errors import CLOSED
from remit.interfaces.wasi_0_2.sinks import Sink
from remit.interfaces.wasi_0_2.streams import InputStream, OutputStream
from remit.kernel.errors import Code, KernelError
from remit.kernel.poll import ALWAYS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.interfaces.wasi_0_2.opened import Opened
    from remit.kernel.poll import Pollable as KernelPollable

FILE_PERMIT = 1 << 20
"""Bytes that a stream into a file permits at a time: files take them at once, so none are kept."""

MAX_OFFSET = (1 << 63) - 1


class FileInputStream(InputStream):
    """The bytes of a file from `offset` on. It keeps the file open."""

    __slots__ = ("_offset",)

    def __init__(self, opened: Opened, offset: int, limit: int) -> None:
        super().__init__(opened.file, limit, opened)
        self._offset = offset

    def take(self, length: int) -> bytes | bytearray:
        if self._ended:
            raise Err(CLOSED)
        wanted = length if length < self._limit else self._limit
        if not wanted:
            return b""
        if self._offset + wanted > MAX_OFFSET:
            wanted = max(MAX_OFFSET - self._offset, 0)
        buffer = bytearray(wanted)
        try:
            count = self._file.read_at(self._offset, [memoryview(buffer)]) if wanted else 0
        except KernelError:
            self._ended = True
            raise
        self._offset += count
        return self._taken(buffer, count)

    def when_ready(self) -> KernelPollable:
        return ALWAYS


class _FileSink(Sink):
    """Where a stream into a file goes: all of it at once, or an error."""

    __slots__ = ("_offset", "_opened")

    def __init__(self, opened: Opened, offset: int | None) -> None:
        super().__init__(opened.file)
        self._opened = opened
        self._offset = offset
        """None: the end of the file, wherever that is."""

    def send(self, data: bytes | bytearray) -> bool:
        view = memoryview(data)
        while view:
            if self._offset is None:
                count = self._file.append([view])
            elif self._offset + len(view) > MAX_OFFSET:
                raise KernelError(Code.FILE_TOO_LARGE)
            else:
                count = self._file.write_at(self._offset, [view])
                self._offset += count
            view = view[count:]
        if self._opened.synchronous:
            self._opened.synchronize()
        return True

    def writable(self) -> bool:
        return True

    def when_writable(self) -> KernelPollable:
        return ALWAYS


class FileOutputStream(OutputStream):
    """Writes to a file from `offset` on, or (None) to its end. It keeps the file open."""

    __slots__ = ()

    def __init__(self, opened: Opened, offset: int | None) -> None:
        super().__init__(_FileSink(opened, offset), FILE_PERMIT, opened)
