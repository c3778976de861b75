"""Where output streams go: a stream of the kernel's takes what it can, and the rest is kept for a while."""

from __future__ import annotations

from remit.engine.api import Trap
from remit.kernel.errors import KernelError, WouldBlock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from remit.kernel.files import File
    from remit.kernel.poll import Pollable as KernelPollable

MOST_KEPT = 1 << 20
"""Bytes that are kept of one output, whatever was permitted to how many streams of it before anything was written."""


class Sink:
    """A stream of the kernel's, and what it has not taken yet. Output streams may share one."""

    __slots__ = ("_begun", "_file", "left")

    def __init__(self, file: File) -> None:
        self._file = file
        self.left: bytes | bytearray = b""
        """What it has taken and the file has not."""
        self._begun: WouldBlock | None = None
        """How to go on with a write of what is left that the file has begun."""

    def send(self, data: bytes | bytearray) -> bool:
        """Take all of it. Whether it is gone. KernelError; Trap for more than is ever kept."""
        if self.left:
            self._keep(self.left + data)
            return False
        count = self._write(data) if data else 0
        if count == len(data):
            return True
        self._keep(data[count:])
        return False

    def _keep(self, data: bytes | bytearray) -> None:
        if len(data) > MOST_KEPT:
            raise Trap(f"{len(data)} bytes are waiting for one output to take them: {MOST_KEPT} are allowed", "streams")
        self.left = data

    def drain(self) -> bool:
        """Send what is left, as far as that goes now. Whether all of it is gone. KernelError."""
        while self.left:
            try:
                count = self._write(self.left)
            except KernelError:
                self.left = b""
                raise
            if not count:
                return False
            self.left = self.left[count:]
        return True

    def _write(self, data: bytes | bytearray) -> int:
        """How much of it is gone: none, if it has to wait."""
        try:
            if self._begun is None:
                return self._file.write([memoryview(data)])
            return self._go_on(self._begun)
        except WouldBlock as block:
            if block.resume is not None:
                self._begun = block
            return 0

    def _go_on(self, begun: WouldBlock) -> int:
        # What has begun is not to be done twice, nor asked about before its time.
        if not begun.pollable.ready():
            return 0
        assert begun.resume is not None
        self._begun = None
        try:
            count: Any = begun.resume()
        except WouldBlock as block:
            self._begun = WouldBlock(block.pollable, block.resume or begun.resume)
            return 0
        return int(count)

    def rest(self) -> bytes:
        """What is left, which is somebody else's from now on."""
        rest, self.left = self.left, b""
        return bytes(rest)

    def writable(self) -> bool:
        return self._file.when_writable().ready()

    def when_writable(self) -> KernelPollable:
        return self._file.when_writable() if self._begun is None else self._begun.pollable
