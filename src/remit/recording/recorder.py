"""Recording: real objects are asked, and their answers are written down."""

from __future__ import annotations

from remit.kernel.errors import KernelError, WouldBlock
from remit.recording.errors import RecordingFull
from remit.recording.file import RecordingWriter
from remit.recording.objects import POLLABLE
from remit.recording.tape import OK, RAISED, WAITS, WAITS_ON, Tape, call_text, told
from remit.recording.values import write

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from remit.kernel.process import Process
    from remit.recording.outside import Handed
    from remit.recording.results import Result
    from remit.recording.tape import NativeEntries, Taped


class Recorder(Tape):
    """Writes the recording of one program. End it."""

    __slots__ = ("_ended", "_handed", "_native", "_writer")

    def __init__(self, path: str | os.PathLike[str], *, max_bytes: int) -> None:
        """What is at `path` is replaced, by a file for its owner only. OSError."""
        super().__init__()
        self._writer = RecordingWriter(path, max_bytes=max_bytes)
        self._ended = False
        self._handed: Handed | None = None
        self._native: NativeEntries | None = None

    def also(self, native: NativeEntries) -> None:
        self._native = native

    def adopt(self, kind: type[Any], inner: Any, attributes: tuple[Any, ...]) -> Any:
        native = self._native
        if native is None:
            return super().adopt(kind, inner, attributes)
        number = native.next
        native.next = number + 1
        return self.stand_in(kind, inner, number, attributes)

    def _take(self) -> None:
        """Write what native code has: it came before what comes now."""
        native = self._native
        if native is not None and native.used:
            with native.made() as made:
                self._writer.entries(made, native)

    def hand_over(self, process: Process) -> Handed:
        from remit.recording.outside import PARTS, Handed

        handed = self._handed = Handed(self)
        for name in PARTS:
            setattr(process, name, handed.part(name, getattr(process, name)))
        return handed

    def begin(self, process: Process, about: Mapping[str, Any]) -> None:
        from remit.recording.outside import head_of

        assert self._handed is not None
        self._writer.begin({**about, **head_of(process, self._handed)})

    def end(self, how: str, detail: str | int = "") -> None:
        """Say how it ended, and close the file; what is called from now on is not recorded. The first end counts.

        OSError; RecordingFull: there was no room for all of it, as is known only now.
        """
        if self._ended:
            return
        full: RecordingFull | None = None
        if how != "full":
            try:
                self._take()
            except RecordingFull as error:
                full = error
                how, detail = "full", error.max_bytes
        self._ended = True
        self._writer.end(how, detail)
        if full is not None:
            raise full

    def call(
        self,
        it: Taped,
        method: str,
        arguments: tuple[Any, ...],
        do: Callable[[Any], Any],
        result: Result,
        space: Sequence[memoryview] | None,
        sent: Sequence[memoryview] | None,
    ) -> Any:
        if self._ended:
            return do(it._inner)
        outcome = bytearray()
        failure: BaseException | None = None
        value: Any = None
        try:
            answer = do(it._inner)
        except WouldBlock as block:
            failure = self._waits(outcome, block, it, result, space)
        except KernelError as error:
            write(outcome, told(error))
            failure = error
        except BaseException as error:
            # Of a stream or a function of the caller's, or an interruption: it ends the program.
            write(outcome, (RAISED, type(error).__name__, str(error)[:1000]))
            self._entry(it, method, arguments, outcome)
            raise
        else:
            written, value = result.tell(self, answer)
            write(outcome, (OK, written))
            if space is not None:
                _append(outcome, space, result.filled(written))
        self._entry(it, method, arguments, outcome)
        if failure is not None:
            try:
                raise failure
            finally:
                del failure  # its traceback has this frame
        return value

    def watch(self, it: Taped, released: Callable[[], None]) -> None:
        def noted() -> None:
            if not self._ended:
                self._entry(it, "released", (), bytearray())
            released()

        it._inner.watch(noted)

    def _waits(
        self, outcome: bytearray, block: WouldBlock, it: Taped, result: Result, space: Sequence[memoryview] | None
    ) -> WouldBlock:
        written, pollable = POLLABLE.tell(self, block.pollable)
        inner = block.resume
        write(outcome, (WAITS if inner is None else WAITS_ON, written))
        if inner is None:
            return WouldBlock(pollable)
        return WouldBlock(pollable, lambda: self.call(it, "resume", (), lambda _: inner(), result, space, None))

    def _entry(self, it: Taped, method: str, arguments: tuple[Any, ...], outcome: bytearray) -> None:
        call = call_text(it, method, arguments)
        try:
            if self._native is not None:
                self._take()
            self._writer.entry(call, outcome)
        except RecordingFull as full:
            self.end("full", full.max_bytes)
            raise
        except OSError:
            # There is no end to be written where nothing can be.
            self._ended = True
            raise


def _append(outcome: bytearray, space: Sequence[memoryview], count: int) -> None:
    for buffer in space:
        if count <= 0:
            return
        outcome += buffer[:count]
        count -= len(buffer)
