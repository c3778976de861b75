"""Replay: answers come from a recording, and what is asked must be what was asked then."""

from __future__ import annotations

from remit.kernel.errors import KernelError, WouldBlock
from remit.recording.errors import (
    Departure,
    OutputFailed,
    RecordingEnds,
    RecordingError,
    ReplayStopped,
    StoppedAtCall,
    how_it_ended,
)
from remit.recording.file import RecordingReader
from remit.recording.objects import POLLABLE, TapedPollable
from remit.recording.results import NOTHING
from remit.recording.tape import FAILED, HTTP_FAILED, METHODS, OK, PLACE, WAITS, WAITS_ON, Tape, call_text, failure_of
from remit.recording.values import Damaged, Reader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from remit.kernel.descriptors import DescriptorTable
    from remit.kernel.process import Process
    from remit.recording.results import Result
    from remit.recording.tape import Taped

STOPPED = ("timeout", "refused", "raised", "full")
"""How a run ends that was stopped after its last call, wherever it was then: the replay stops at that call."""

NAMING = ("open_directory", "open_file", "resolve", "walk")
"""Methods whose first argument is what people know the result by."""

MAX_SHOWN = 300
"""Characters of a call in a message."""


class Player(Tape):
    """Answers from the recording that `reader` reads."""

    __slots__ = (
        "_ahead",
        "_called",
        "_kinds",
        "_on_call",
        "_over",
        "_reader",
        "_released",
        "_stop_at",
        "calls",
        "handed",
        "outputs",
    )

    def __init__(
        self,
        reader: RecordingReader,
        *,
        stop_at: int | None = None,
        on_call: Callable[[int, str, str], object] | None = None,
    ) -> None:
        """`stop_at`: the call, from 1, that is not made any more. `on_call` is told of each: its number, and how the
        call and its outcome read."""
        super().__init__()
        self._reader = reader
        self._stop_at = stop_at
        self._on_call = on_call
        self._over: Exception | None = None
        self._ahead: tuple[bytes, bytes] | None = None
        """An entry that was looked at already."""
        self._kinds: dict[int, str] = {}
        self._called = ""
        self._released: dict[int, Callable[[], None]] = {}
        self.calls = 0
        """That were made."""
        self.handed: list[int] = []
        """The numbers of the objects that are its first descriptors."""
        self.outputs: dict[int, Callable[[bytes], object]] = {}
        """Streams, by the numbers of their objects, and who gets what is written to them."""

    replays = True

    def process(self, descriptors: DescriptorTable | None) -> Process:
        from remit.recording.outside import replayed_process

        return replayed_process(self, self._reader.head, self._reader.path, descriptors)

    def adopt(self, kind: type[Any], inner: Any, attributes: tuple[Any, ...]) -> Any:
        if kind is not TapedPollable:  # there are as many as a program likes, and they have no names
            self._kinds[self._next] = f"{kind.kind} #{self._next}{self._called}"
        return super().adopt(kind, inner, attributes)

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
        if self._over is not None:
            if result is NOTHING:  # what is left is given back
                return None
            raise self._over
        call = call_text(it, method, arguments)
        number = self.calls + 1
        if number == self._stop_at:
            raise self._stop(StoppedAtCall(number, self._text(call)))
        try:
            recorded, outcome = self._next_entry(call)
        except RecordingError as error:
            self._over = error
            raise
        if recorded != call:
            raise self._stop(
                Departure(
                    number,
                    f"call {number} departs from the recording: the program asks for {self._text(call)}, "
                    f"and asked then for {self._text(recorded)}",
                )
            )
        self.calls = number
        self._called = f" {arguments[0]!r}" if method in NAMING else ""
        try:
            how, answer = self._answer(outcome, result, space)
            stops = self.stops_here()
        except RecordingError as error:
            self._over = error
            raise
        except (Damaged, TypeError, ValueError, LookupError, AttributeError) as error:
            raise self._stop(
                RecordingError(f"{self._reader.path}: a damaged recording: call {number}: {error}")
            ) from None
        if method == "close":
            self._kinds.pop(it._number, None)
        # What follows is not the recording's: what it raises comes out as it is.
        if self._on_call is not None:
            self._on_call(number, self._text(call), _outcome_text(how))
        output = self.outputs.get(it._number) if sent is not None and how[0] == OK else None
        if output is not None:
            self._pass_on(output, b"".join(sent or ())[:answer])
        if stops is not None:
            raise self._stop(stops)
        if how[0] == OK:
            return answer
        if how[0] == WAITS:
            raise WouldBlock(answer)
        if how[0] == WAITS_ON:
            raise WouldBlock(answer, lambda: self.call(it, "resume", (), _nobody, result, space, sent))
        raise answer

    def end(self, how: str, detail: str | int = "") -> None:
        """What is given back from now on is nobody's."""
        self._over = self._over or ReplayStopped("the program has ended")

    def stops_here(self) -> RecordingEnds | None:
        """How the run was stopped, if it made no call after those that were made here. RecordingError."""
        if self._peek() is not None:
            return None
        assert self._reader.ended is not None
        how, detail = self._reader.ended
        return RecordingEnds(self.calls, how, detail) if how in STOPPED else None

    def _pass_on(self, output: Callable[[bytes], object], data: bytes) -> None:
        try:
            output(data)
        except KernelError as error:
            raise self._stop(OutputFailed(error)) from None

    def watch(self, it: Taped, released: Callable[[], None]) -> None:
        self._released[it._number] = released

    def finish(self, how: str, detail: str | int) -> None:
        """The program has ended, and how. Departure if the recording goes on, or it ended in another way there."""
        if self._over is not None:
            raise self._over
        self.end(how, detail)
        entry = self._entry()
        number = self.calls + 1
        if entry is not None:
            raise Departure(
                number, f"the program ends after call {self.calls}, and asked then for {self._text(entry[0])}"
            )
        assert self._reader.ended is not None
        recorded, told = self._reader.ended
        if recorded == "closed":
            raise RecordingError(
                f"{self._reader.path}: a recording of an instance, whose calls came from outside: only whole "
                "runs are replayed"
            )
        then, now = how_it_ended(recorded, told), how_it_ended(how, detail)
        if (recorded, told) != (how, detail):
            raise Departure(
                number,
                f"the program ends differently: {now}; when it was recorded, {then}",
            )

    def _next_entry(self, call: bytes) -> tuple[bytes, bytes]:
        entry = self._entry()
        if entry is not None:
            return entry
        assert self._reader.ended is not None
        how, detail = self._reader.ended
        if how in ("exit", "trap"):
            raise self._stop(
                Departure(
                    self.calls + 1,
                    f"call {self.calls + 1} departs from the recording: the program asks for {self._text(call)}, and "
                    f"then {how_it_ended(how, '')}",
                )
            )
        raise self._stop(RecordingEnds(self.calls, how, detail))

    def _entry(self) -> tuple[bytes, bytes] | None:
        """The next one, after what it tells of objects that were given back meanwhile."""
        while True:
            entry = self._peek()
            self._ahead = None
            if entry is None:
                return None
            reader = Reader(entry[0])
            try:
                number, place = reader.length(), reader.byte()
            except Damaged as error:
                raise RecordingError(f"{self._reader.path}: a damaged recording: {error}") from None
            if place != PLACE["released"]:
                return entry
            released = self._released.pop(number, None)
            if released is None:
                raise RecordingError(f"{self._reader.path}: a damaged recording: nobody waits for #{number}")
            released()

    def _peek(self) -> tuple[bytes, bytes] | None:
        """The next entry, which stays the next one. RecordingError."""
        if self._ahead is None:
            self._ahead = self._reader.next()
        return self._ahead

    def _answer(
        self, outcome: bytes, result: Result, space: Sequence[memoryview] | None
    ) -> tuple[tuple[Any, ...], Any]:
        """How a call went, and what that means here: a value, what is waited for, or what is raised. Damaged."""
        reader = Reader(outcome)
        how = reader.value()
        tag = how[0]
        if tag == OK:
            written = how[1]
            if space is not None:
                _fill(space, reader.rest(), result.filled(written))
            return how, result.make(self, written)
        if tag in (WAITS, WAITS_ON):
            return how, POLLABLE.make(self, how[1])
        if tag in (FAILED, HTTP_FAILED):
            return how, failure_of(how)
        _, name, text = how
        return how, self._stop(RecordingEnds(self.calls, "raised", f"{name}: {text}"))

    def _stop(self, why: Exception) -> Exception:
        self._over = why
        return why

    def _text(self, call: bytes) -> str:
        """A call for people. Damaged bytes are no text."""
        try:
            reader = Reader(call)
            number, place = reader.length(), reader.byte()
            arguments = reader.value()
            text = f"{METHODS[place]}({', '.join(map(repr, arguments))}) of {self._kinds.get(number, 'nothing')}"
        except (Damaged, LookupError, TypeError):
            return "something that cannot be read"
        return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"


def _nobody(real: object) -> None:
    raise AssertionError("nobody is asked while a recording is replayed")


def _fill(space: Sequence[memoryview], data: bytes | memoryview, count: int) -> None:
    if len(data) != count:
        raise Damaged(f"{len(data)} bytes where there should be {count}")
    at = 0
    for buffer in space:
        piece = data[at : at + len(buffer)]
        buffer[: len(piece)] = piece
        at += len(buffer)
    if at < count:
        raise Damaged("more bytes than there is room for")


def _outcome_text(how: tuple[Any, ...]) -> str:
    tag = how[0]
    if tag == OK:
        text = "" if how[1] is None else repr(how[1])
    elif tag in (WAITS, WAITS_ON):
        text = "waits"
    else:
        text = f"{how[1]}: {how[2]}" if how[2] else str(how[1])
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"
