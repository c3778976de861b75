"""Transfers that go on until all is moved, however often they have to wait on the way."""

from __future__ import annotations

from struct import Struct

from remit.interfaces.wasi_0_1.guest_memory import U32, buffers
from remit.kernel.errors import Code, KernelError, WouldBlock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from remit.engine.api import Memory
    from remit.kernel.descriptors import OpenFile
    from remit.kernel.limits import Limits
    from remit.kernel.sockets import Socket

RECV_DATA_TRUNCATED = 1

ROFLAGS = Struct("<H")
"""``roflags``."""


class Transfer:
    """Bytes on their way between a stream and guest memory.

    A failure after the first byte ends it with what was moved: the next call will meet it again.
    """

    __slots__ = ("count_ptr", "done", "entry", "limits", "memory", "vectors")

    def __init__(
        self, entry: OpenFile, memory: Memory, vectors: tuple[int, int], limits: Limits, count_ptr: int
    ) -> None:
        self.entry = entry
        self.memory = memory
        self.vectors = vectors
        self.limits = limits
        self.count_ptr = count_ptr
        self.done = 0
        """Bytes moved so far."""

    def run(self) -> None:
        """Move what is left, then write the number of bytes."""
        view = self.memory.view()
        wanted, total = buffers(view, *self.vectors, self.limits)
        more = True
        while more and self.done < total:
            try:
                more = self.moved(self.step(after(wanted, self.done)))
            except WouldBlock as block:
                if not self.entry.nonblock:
                    raise self._waiting(block) from None
                if not self.done:
                    raise KernelError(Code.WOULD_BLOCK) from None
                break
            except KernelError:
                if not self.done:
                    raise
                break
        self.finish(view)

    def step(self, wanted: Sequence[memoryview]) -> Any:
        """Move some bytes."""
        raise NotImplementedError

    def moved(self, result: Any) -> bool:
        """Count what a step has moved; False if there is nothing more to come."""
        raise NotImplementedError

    def finish(self, view: memoryview) -> None:
        """Write the results."""
        U32.pack_into(view, self.count_ptr, self.done)

    def _waiting(self, block: WouldBlock) -> WouldBlock:
        step = block.resume
        if step is None:
            return WouldBlock(block.pollable, self.run)

        def resume() -> None:
            try:
                more = self.moved(step())
            except WouldBlock as next_block:
                raise self._waiting(next_block) from None
            except KernelError:
                if not self.done:
                    raise
                more = False
            if more:
                self.run()
            else:
                self.finish(self.memory.view())

        return WouldBlock(block.pollable, resume)


class Sending(Transfer):
    """Writing all of the buffers."""

    __slots__ = ("write",)

    def __init__(
        self,
        entry: OpenFile,
        write: Callable[[Sequence[memoryview]], int],
        memory: Memory,
        vectors: tuple[int, int],
        limits: Limits,
        count_ptr: int,
    ) -> None:
        super().__init__(entry, memory, vectors, limits, count_ptr)
        self.write = write

    def step(self, wanted: Sequence[memoryview]) -> int:
        return self.write(wanted)

    def moved(self, result: int) -> bool:
        self.done += result
        return result > 0


class Receiving(Transfer):
    """Receiving from a socket: the next bytes, or, with `fill`, until the buffers are full."""

    __slots__ = ("fill", "peek", "roflags_ptr", "socket", "truncated")

    def __init__(
        self,
        entry: OpenFile,
        socket: Socket,
        memory: Memory,
        vectors: tuple[int, int],
        limits: Limits,
        results: tuple[int, int],
        *,
        peek: bool,
        fill: bool,
    ) -> None:
        super().__init__(entry, memory, vectors, limits, results[0])
        self.roflags_ptr = results[1]
        self.socket = socket
        self.peek = peek
        self.fill = fill
        self.truncated = False

    def step(self, wanted: Sequence[memoryview]) -> tuple[int, bool]:
        return self.socket.receive(wanted, peek=self.peek)

    def moved(self, result: tuple[int, bool]) -> bool:
        count, self.truncated = result
        self.done += count
        return self.fill and count > 0

    def finish(self, view: memoryview) -> None:
        super().finish(view)
        ROFLAGS.pack_into(view, self.roflags_ptr, RECV_DATA_TRUNCATED if self.truncated else 0)


def after(wanted: Sequence[memoryview], count: int) -> Sequence[memoryview]:
    """The buffers without their first `count` bytes."""
    if not count:
        return wanted
    left = []
    for buffer in wanted:
        if count >= len(buffer):
            count -= len(buffer)
        else:
            left.append(buffer[count:])
            count = 0
    return left
