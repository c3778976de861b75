"""Files as streams: from an offset on, each stream with a position of its own."""

from __future__ import annotations

from remit.component.values.results import Err
from remit.interfaces.wasi_0_2.errors import CLOSED
from remit.interfaces.wasi_0_2.sinks import Sink
from remit.interfaces.wasi_0_2.streams import MAX_BLOCKING_WRITE, InputStream, OutputStream
from remit.kernel.errors import Code, KernelError
from remit.kernel.poll import ALWAYS
from remit.kernel.positions import Position

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.interfaces.wasi_0_2.opened import Opened
    from remit.kernel.poll import Pollable as KernelPollable

FILE_PERMIT = 1 << 20
"""Bytes that a stream into a file permits at a time: files take them at once, so none are kept."""

MAX_OFFSET = (1 << 63) - 1


class FileInputStream(InputStream):
    """The bytes of a file from `offset` on. It keeps the file open."""

    __slots__ = ("position",)

    def __init__(self, opened: Opened, offset: int, limit: int) -> None:
        super().__init__(opened.file, limit, opened)
        self.position = Position(opened.file, offset, limit, writes=False)
        """Native code may go on with it."""

    def take(self, length: int) -> bytes | bytearray:
        if self._ended:
            raise Err(CLOSED)
        wanted = length if length < self._limit else self._limit
        if not wanted:
            return b""
        position = self.position
        offset = position.offset
        if offset + wanted > MAX_OFFSET:
            wanted = max(MAX_OFFSET - offset, 0)
        buffer = bytearray(wanted)
        try:
            count = self._file.read_at(offset, [memoryview(buffer)]) if wanted else 0
        except KernelError:
            self._end()
            raise
        if not count:
            self._end()
            raise Err(CLOSED)
        position.offset = offset + count
        return buffer if count == wanted else buffer[:count]

    def _end(self) -> None:
        self._ended = True
        self.position.close()

    def drop(self) -> None:
        self.position.close()
        super().drop()

    def when_ready(self) -> KernelPollable:
        return ALWAYS


class _FileSink(Sink):
    """Where a stream into a file goes: all of it at once, or an error."""

    __slots__ = ("_opened", "position")

    def __init__(self, opened: Opened, offset: int | None) -> None:
        super().__init__(opened.file)
        self._opened = opened
        self.position = None if offset is None else Position(opened.file, offset, MAX_BLOCKING_WRITE, writes=True)
        """None: the end of the file, wherever that is."""

    def send(self, data: bytes | bytearray) -> bool:
        try:
            return self._send(data)
        except KernelError:
            if self.position is not None:
                self.position.close()
            raise

    def _send(self, data: bytes | bytearray) -> bool:
        view = memoryview(data)
        position = self.position
        while view:
            if position is None:
                count = self._file.append([view])
            elif position.offset + len(view) > MAX_OFFSET:
                raise KernelError(Code.FILE_TOO_LARGE)
            else:
                count = self._file.write_at(position.offset, [view])
                position.offset += count
            view = view[count:]
        if self._opened.synchronous:
            self._opened.synchronize()
        return True

    @property
    def synchronous(self) -> bool:
        """What is written is put on stable storage at once."""
        return self._opened.synchronous

    def writable(self) -> bool:
        return True

    def when_writable(self) -> KernelPollable:
        return ALWAYS


class FileOutputStream(OutputStream):
    """Writes to a file from `offset` on, or (None) to its end. It keeps the file open."""

    __slots__ = ("_to_file",)

    def __init__(self, opened: Opened, offset: int | None) -> None:
        sink = _FileSink(opened, offset)
        super().__init__(sink, FILE_PERMIT, opened)
        self._to_file = sink

    @property
    def position(self) -> Position | None:
        """Where it writes, if native code may go on with that."""
        return None if self._to_file.synchronous else self._to_file.position

    @position.setter
    def position(self, position: Position) -> None:
        self._to_file.position = position

    def drop(self) -> None:
        if self._to_file.position is not None:
            self._to_file.position.close()
        super().drop()
