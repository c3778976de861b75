"""``wasi:io/streams`` over the streams of the kernel.

An output stream takes all that it permits: what the kernel's stream does not take at once is kept, and goes out before
anything else is permitted. So no more is ever kept than was permitted.

A stream may be dropped before the pollables that were made of it: they keep what they ask about open.
"""

from __future__ import annotations

from remit.component.values.results import Err
from remit.engine.api import Trap
from remit.interfaces.wasi_0_2.errors import CLOSED, stream_error
from remit.interfaces.wasi_0_2.poll import Pollable
from remit.interfaces.wit.declaration import Interface, Resource, method
from remit.kernel.errors import KernelError, WouldBlock
from remit.kernel.poll import ALWAYS, Condition

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from remit.interfaces.wasi_0_2.opened import Opened
    from remit.interfaces.wasi_0_2.sinks import Sink
    from remit.kernel.files import File
    from remit.kernel.poll import Pollable as KernelPollable

PERMIT = 64 << 10
"""Bytes that an output stream permits at a time, as pipes hold: so much may be kept of each stream."""

MAX_BLOCKING_WRITE = 4096
"""What ``blocking-write-and-flush`` takes at most, by the specification."""

CHUNK = 64 << 10
"""Bytes that are skipped at a time."""


class InputStream(Resource):
    """Bytes that come in. `limit`: how many one call gives at most. `opened`: what it keeps open, if anything."""

    __slots__ = ("_ended", "_file", "_limit", "_opened", "_under_way")
    name = "input-stream"

    def __init__(self, file: File, limit: int, opened: Opened | None = None) -> None:
        self._file = file
        self._limit = limit
        self._ended = False
        self._under_way: _Reading | None = None
        self._opened = opened
        if opened is not None:
            opened.retain()

    def take(self, length: int) -> bytes | bytearray:
        """At least one byte, unless none are wanted. WouldBlock; KernelError; Err at the end."""
        if self._ended:
            raise Err(CLOSED)
        wanted = length if length < self._limit else self._limit
        if not wanted:
            return b""
        if self._under_way is not None:
            return self._go_on(wanted)
        buffer = bytearray(wanted)
        try:
            count = self._file.read([memoryview(buffer)])
        except WouldBlock as block:
            if block.resume is None:
                raise
            self._under_way = _Reading(buffer, block)
            raise WouldBlock(block.pollable) from None
        except KernelError:
            self._ended = True
            raise
        return self._taken(buffer, count)

    def _taken(self, buffer: bytearray, count: int) -> bytearray:
        if not count:
            self._ended = True
            raise Err(CLOSED)
        return buffer if count == len(buffer) else buffer[:count]

    def _go_on(self, wanted: int) -> bytearray:
        """With a read that the file itself has begun, whoever asks now, and for however much."""
        reading = self._under_way
        assert reading is not None
        try:
            done = reading.done()
        except KernelError:
            self._ended = True
            raise
        taken = done[:wanted]
        if len(taken) == len(done):
            self._under_way = None
        else:
            reading.left = done[wanted:]
        return self._taken(taken, len(taken))

    def when_ready(self) -> KernelPollable:
        """Ready while :meth:`take` would not raise WouldBlock, for as long as nothing is read."""
        if self._ended:
            return ALWAYS
        return self._file.when_readable() if self._under_way is None else self._under_way.when_done

    def drop(self) -> None:
        if self._opened is not None:
            self._opened.release()

    @method("(len: u64) -> result<list<u8>, stream-error>")
    def read(self, length: int) -> bytes | bytearray:
        try:
            return self.take(length)
        except WouldBlock:
            return b""

    @method("(len: u64) -> result<list<u8>, stream-error>", blocks=True)
    def blocking_read(self, length: int) -> bytes | bytearray:
        return self.take(length)

    @method("(len: u64) -> result<u64, stream-error>")
    def skip(self, length: int) -> int:
        try:
            return len(self.take(min(length, CHUNK)))
        except WouldBlock:
            return 0

    @method("(len: u64) -> result<u64, stream-error>", blocks=True)
    def blocking_skip(self, length: int) -> int:
        return len(self.take(min(length, CHUNK)))

    @method("() -> pollable")
    def subscribe(self) -> Pollable:
        return Pollable(_CanRead(self), self._opened)


class _CanRead(Condition):
    """Ready while ``read`` would give something, or tell of the end or an error: asked anew each time."""

    __slots__ = ("_stream",)

    def __init__(self, stream: InputStream) -> None:
        self._stream = stream

    def ready(self) -> bool:
        return self._stream.when_ready().ready()

    def next_step(self) -> KernelPollable:
        return self._stream.when_ready()


class _Reading:
    """A read that a file goes on with by itself: its buffer is filled when it is done, whatever is asked for then."""

    __slots__ = ("_buffer", "_step", "left", "when_done")

    def __init__(self, buffer: bytearray, block: WouldBlock) -> None:
        self._buffer = buffer
        self._step: Any = block.resume
        self.when_done = block.pollable
        self.left: bytearray | None = None
        """What nobody has taken of what was read; None: it is not done."""

    def done(self) -> bytearray:
        """What was read. WouldBlock, to ask again then; KernelError."""
        if self.left is None:
            if not self.when_done.ready():
                raise WouldBlock(self.when_done)
            try:
                count = self._step()
            except WouldBlock as block:
                self._step = block.resume or self._step
                self.when_done = block.pollable
                raise WouldBlock(block.pollable) from None
            self.left = self._buffer[:count]
            self.when_done = ALWAYS
        return self.left


class _CanWrite(Condition):
    """Ready while ``check-write`` would permit something, or tell of an error."""

    __slots__ = ("_stream",)

    def __init__(self, stream: OutputStream) -> None:
        self._stream = stream

    def ready(self) -> bool:
        return self._stream.can_write()

    def next_step(self) -> KernelPollable:
        return self._stream.when_writable()


class OutputStream(Resource):
    """Bytes that go out, until it fails, which is told once. `opened`: what it keeps open, if anything.

    `sink` may be shared with others of the same stream. `permit`: how many bytes may be written at a time.
    """

    __slots__ = ("_closed", "_failure", "_opened", "_permit", "_sink", "permit")
    name = "output-stream"

    def __init__(self, sink: Sink, permit: int = PERMIT, opened: Opened | None = None) -> None:
        self._sink = sink
        self.permit = permit
        """Bytes that are permitted at a time."""
        self._permit = 0
        self._closed = False
        self._failure: KernelError | None = None
        self._opened = opened
        if opened is not None:
            opened.retain()

    def _failed(self, failure: KernelError) -> KernelError:
        self._closed = True
        return failure

    def can_write(self) -> bool:
        """Whether something may be written now, or an error is to be told."""
        if self._closed or self._failure is not None:
            return True
        try:
            return self._sink.drain() and self._sink.writable()
        except KernelError as failure:
            # Told by the next call that can.
            self._failure = failure
            return True

    def when_writable(self) -> KernelPollable:
        return self._sink.when_writable()

    def _check(self) -> bool:
        """Whether something may be written. KernelError; Err if it is closed."""
        if self._closed:
            raise Err(CLOSED)
        if not self.can_write():
            return False
        if self._failure is not None:
            raise self._failed(self._failure)
        return True

    def _send(self, data: bytes | bytearray) -> bool:
        try:
            return self._sink.send(data)
        except KernelError as failure:
            raise self._failed(failure) from None

    def _drained(self) -> bool:
        if self._closed:
            raise Err(CLOSED)
        if self._failure is not None:
            raise self._failed(self._failure)
        try:
            return self._sink.drain()
        except KernelError as failure:
            raise self._failed(failure) from None

    @method("() -> result<u64, stream-error>")
    def check_write(self) -> int:
        self._permit = self.permit if self._check() else 0
        return self._permit

    @method("(contents: list<u8>) -> result<_, stream-error>")
    def write(self, contents: bytes) -> None:
        self._use_permit(len(contents))
        self._send(contents)

    def _use_permit(self, length: int) -> None:
        if self._closed:
            raise Err(CLOSED)
        if length > self._permit:
            raise Trap(f"write of {length} bytes, where check-write permitted {self._permit}", "streams")
        self._permit -= length

    @method("(contents: list<u8>) -> result<_, stream-error>", blocks=True)
    def blocking_write_and_flush(self, contents: bytes) -> None:
        if len(contents) > MAX_BLOCKING_WRITE:
            raise Trap(
                f"blocking-write-and-flush of {len(contents)} bytes: {MAX_BLOCKING_WRITE} are allowed", "streams"
            )
        self._write_all(contents)

    def _write_all(self, contents: bytes) -> None:
        """Wait until what was written before is gone, then until this is."""
        sink = self._sink
        if (self._closed or self._failure is not None or sink.left) and not self._drained():
            raise WouldBlock(sink.when_writable())
        if not self._send(contents):
            self._flush()

    @method("() -> result<_, stream-error>")
    def flush(self) -> None:
        self._permit = 0
        self._drained()

    @method("() -> result<_, stream-error>", blocks=True)
    def blocking_flush(self) -> None:
        self._permit = 0
        self._flush()

    def _flush(self) -> None:
        if not self._drained():
            raise WouldBlock(self.when_writable(), self._flush)

    @method("() -> pollable")
    def subscribe(self) -> Pollable:
        return Pollable(_CanWrite(self), self._opened)

    @method("(len: u64) -> result<_, stream-error>")
    def write_zeroes(self, length: int) -> None:
        self._use_permit(length)
        self._send(bytes(length))

    @method("(len: u64) -> result<_, stream-error>", blocks=True)
    def blocking_write_zeroes_and_flush(self, length: int) -> None:
        if length > MAX_BLOCKING_WRITE:
            raise Trap(
                f"blocking-write-zeroes-and-flush of {length} bytes: {MAX_BLOCKING_WRITE} are allowed", "streams"
            )
        self._write_all(bytes(length))

    @method("(src: borrow<input-stream>, len: u64) -> result<u64, stream-error>")
    def splice(self, source: InputStream, length: int) -> int:
        self._permit = 0
        if not self._check():
            return 0
        try:
            data = source.take(min(length, self.permit))
        except WouldBlock:
            return 0
        self._send(data)
        return len(data)

    @method("(src: borrow<input-stream>, len: u64) -> result<u64, stream-error>", blocks=True)
    def blocking_splice(self, source: InputStream, length: int) -> int:
        self._permit = 0
        if not self._check():
            raise WouldBlock(self.when_writable())
        data = source.take(min(length, self.permit))
        self._send(data)
        return len(data)

    def drop(self) -> None:
        # A program that ends has flushed what it cares for; what still goes without waiting is not held back.
        if not self._closed and self._failure is None:
            try:
                self._sink.drain()
            except KernelError as failure:
                self._failure = failure
        if self._opened is not None:
            self._opened.release()


class Streams(Interface):
    name = "wasi:io/streams"
    version = "0.2.12"
    resources = (InputStream, OutputStream)
    uses = {"error": "wasi:io/error", "pollable": "wasi:io/poll"}
    types = {"stream-error": "variant { last-operation-failed(error), closed }"}

    @classmethod
    def error(cls, failure: KernelError) -> Any:
        return stream_error(failure)
