"""``wasi:io``: streams that wait, end and fail; pollables; errors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interfaces.streams import Pipe
from interfaces.wasi_0_2.world import World
from remit.component.values.results import Err, Ok
from remit.component.values.variants import Case
from remit.engine.api import Pending, Trap
from remit.interfaces.wasi_0_2.errors import Error
from remit.interfaces.wasi_0_2.poll import Pollable
from remit.interfaces.wasi_0_2.sinks import Sink
from remit.interfaces.wasi_0_2.streams import InputStream, OutputStream
from remit.kernel.errors import Code, KernelError, WouldBlock
from remit.kernel.limits import Limits
from remit.kernel.poll import ALWAYS, NEVER, Event
from remit.kernel.poll import Pollable as KernelPollable

IN = "[method]input-stream."
OUT = "[method]output-stream."


@pytest.fixture
def world() -> Any:
    with World() as made:
        yield made


def reader(*script: Any, limit: int = 100) -> InputStream:
    pipe = Pipe(*script)
    pipe.ready.set()
    return InputStream(pipe, limit)


def writer(*script: Any, permit: int = 10) -> tuple[OutputStream, Pipe]:
    pipe = Pipe(*script)
    pipe.ready.set()
    return OutputStream(Sink(pipe), permit), pipe


def is_failure(result: Any, code: Code) -> bool:
    value = result.value
    return isinstance(value, Case) and value.label == "last-operation-failed" and value.value.failure.code is code


# Reading.


def test_reading_gives_what_there_is(world: World) -> None:
    stream = reader(b"hello", b"world", limit=100)
    assert world.call("io/streams", f"{IN}read", stream, 3) == Ok(b"hel")
    assert world.call("io/streams", f"{IN}read", stream, 2**64 - 1) == Ok(b"lo")
    assert world.call("io/streams", f"{IN}read", stream, 0) == Ok(b"")
    assert world.call("io/streams", f"{IN}blocking-read", stream, 100) == Ok(b"world")
    for _ in range(2):
        assert world.call("io/streams", f"{IN}read", stream, 1) == Err("closed")
        assert world.call("io/streams", f"{IN}blocking-read", stream, 1) == Err("closed")


def test_no_more_than_the_limit_is_held_at_a_time(world: World) -> None:
    stream = reader(b"x" * 500, limit=64)
    assert world.call("io/streams", f"{IN}read", stream, 2**63) == Ok(b"x" * 64)


def test_reading_may_wait(world: World) -> None:
    stream = reader(None, None, b"late")
    assert world.call("io/streams", f"{IN}read", stream, 10) == Ok(b""), "nothing yet, and not the end"
    pending = world.call("io/streams", f"{IN}blocking-read", stream, 10)
    assert isinstance(pending, Pending)
    assert pending.resume() == Ok(b"late")


def test_reading_fails_once_and_then_is_closed(world: World) -> None:
    stream = reader(KernelError(Code.IO), b"never")
    assert is_failure(world.call("io/streams", f"{IN}read", stream, 1), Code.IO)
    assert world.call("io/streams", f"{IN}read", stream, 1) == Err("closed")


def test_skipping(world: World) -> None:
    stream = reader(b"0123456789", None, b"ab")
    assert world.call("io/streams", f"{IN}skip", stream, 4) == Ok(4)
    assert world.call("io/streams", f"{IN}blocking-skip", stream, 2**64 - 1) == Ok(6)
    assert world.call("io/streams", f"{IN}skip", stream, 1) == Ok(0)
    assert world.finished(world.call("io/streams", f"{IN}blocking-skip", stream, 9)) == Ok(2)
    assert world.call("io/streams", f"{IN}skip", stream, 1) == Err("closed")


# Writing.


def test_writing_what_is_permitted(world: World) -> None:
    stream, pipe = writer(100, permit=10)
    with pytest.raises(Trap, match="write of 1 bytes, where check-write permitted 0"):
        world.call("io/streams", f"{OUT}write", stream, b"x")
    assert world.call("io/streams", f"{OUT}check-write", stream) == Ok(10)
    assert world.call("io/streams", f"{OUT}write", stream, b"1234567") == Ok(None)
    with pytest.raises(Trap, match="permitted 3"):
        world.call("io/streams", f"{OUT}write", stream, b"1234")
    assert bytes(pipe.written) == b"1234567"


def test_what_is_permitted_is_kept_until_it_goes(world: World) -> None:
    stream, pipe = writer(3, None, None, 100, permit=10)
    assert world.call("io/streams", f"{OUT}check-write", stream) == Ok(10)
    world.call("io/streams", f"{OUT}write", stream, b"0123456789")
    assert bytes(pipe.written) == b"012"
    assert world.call("io/streams", f"{OUT}check-write", stream) == Ok(0), "nothing more before the rest is gone"
    pollable = world.call("io/streams", f"{OUT}subscribe", stream)
    assert not pollable.ready()
    assert world.call("io/streams", f"{OUT}check-write", stream) == Ok(10)
    assert bytes(pipe.written) == b"0123456789"


def test_blocking_writes_wait_until_it_is_gone(world: World) -> None:
    stream, pipe = writer(2, None, 100)
    pending = world.call("io/streams", f"{OUT}blocking-write-and-flush", stream, b"abcd")
    assert isinstance(pending, Pending)
    assert bytes(pipe.written) == b"ab"
    assert pending.resume() == Ok(None)
    assert bytes(pipe.written) == b"abcd", "nothing is written twice"
    with pytest.raises(Trap, match="4097 bytes: 4096 are allowed"):
        world.call("io/streams", f"{OUT}blocking-write-and-flush", stream, bytes(4097))


def test_flushing(world: World) -> None:
    stream, pipe = writer(1, None, None, 100)
    world.call("io/streams", f"{OUT}check-write", stream)
    world.call("io/streams", f"{OUT}write", stream, b"xyz")
    assert world.call("io/streams", f"{OUT}flush", stream) == Ok(None)
    assert bytes(pipe.written) == b"x"
    assert world.finished(world.call("io/streams", f"{OUT}blocking-flush", stream)) == Ok(None)
    assert bytes(pipe.written) == b"xyz"
    with pytest.raises(Trap, match="permitted 0"):
        world.call("io/streams", f"{OUT}write", stream, b"x")


def test_empty_writes_without_end_keep_nothing(world: World) -> None:
    stream, pipe = writer(1, *[None] * 200, permit=4)
    world.call("io/streams", f"{OUT}check-write", stream)
    world.call("io/streams", f"{OUT}write", stream, b"abcd")
    for _ in range(10_000):
        assert world.call("io/streams", f"{OUT}write", stream, b"") == Ok(None)
        assert world.call("io/streams", f"{OUT}write-zeroes", stream, 0) == Ok(None)
    assert len(pipe.script) == 200, "the pipe is not asked for nothing"
    for _ in range(100):
        assert world.call("io/streams", f"{OUT}check-write", stream) == Ok(0)
        with pytest.raises(Trap, match="permitted 0"):
            world.call("io/streams", f"{OUT}write", stream, bytes(1 << 20))
    stream.drop()
    assert bytes(pipe.written) == b"a"


@pytest.mark.parametrize("code", [Code.IO, Code.NO_SPACE])
def test_a_failure_is_told_once(world: World, code: Code) -> None:
    stream, _ = writer(KernelError(code), 100)
    world.call("io/streams", f"{OUT}check-write", stream)
    assert is_failure(world.call("io/streams", f"{OUT}write", stream, b"x"), code)
    for function, arguments in (("check-write", ()), ("write", (b"",)), ("flush", ()), ("blocking-flush", ())):
        assert world.call("io/streams", f"{OUT}{function}", stream, *arguments) == Err("closed")


def test_a_failure_of_what_was_kept_is_told_by_the_next_call(world: World) -> None:
    stream, _ = writer(1, KernelError(Code.IO))
    world.call("io/streams", f"{OUT}check-write", stream)
    world.call("io/streams", f"{OUT}write", stream, b"xy")
    assert world.call("io/streams", f"{OUT}subscribe", stream).ready(), "there is something to be told"
    assert is_failure(world.call("io/streams", f"{OUT}check-write", stream), Code.IO)


def test_nobody_reads_any_more(world: World) -> None:
    stream, _ = writer(KernelError(Code.PIPE))
    world.call("io/streams", f"{OUT}check-write", stream)
    assert world.call("io/streams", f"{OUT}write", stream, b"x") == Err("closed")


def test_zeros(world: World) -> None:
    stream, pipe = writer(100, 100, permit=8)
    world.call("io/streams", f"{OUT}check-write", stream)
    assert world.call("io/streams", f"{OUT}write-zeroes", stream, 8) == Ok(None)
    with pytest.raises(Trap, match="permitted 0"):
        world.call("io/streams", f"{OUT}write-zeroes", stream, 2**64 - 1)
    assert world.call("io/streams", f"{OUT}blocking-write-zeroes-and-flush", stream, 4) == Ok(None)
    with pytest.raises(Trap, match="4096 are allowed"):
        world.call("io/streams", f"{OUT}blocking-write-zeroes-and-flush", stream, 2**40)
    assert bytes(pipe.written) == bytes(12)


def test_splicing(world: World) -> None:
    stream, pipe = writer(*[100] * 5, permit=4)
    source = reader(b"0123456789", None, b"end", limit=100)
    assert world.call("io/streams", f"{OUT}splice", stream, source, 2**64 - 1) == Ok(4), "as much as is permitted"
    assert world.call("io/streams", f"{OUT}splice", stream, source, 1) == Ok(1)
    assert world.call("io/streams", f"{OUT}blocking-splice", stream, source, 9) == Ok(4)
    assert world.call("io/streams", f"{OUT}splice", stream, source, 9) == Ok(1)
    assert world.call("io/streams", f"{OUT}splice", stream, source, 9) == Ok(0), "the source has nothing now"
    assert world.call("io/streams", f"{OUT}blocking-splice", stream, source, 9) == Ok(3)
    assert world.call("io/streams", f"{OUT}splice", stream, source, 9) == Err("closed")
    assert bytes(pipe.written) == b"0123456789end"


def test_splicing_waits_for_both_ends(world: World) -> None:
    stream, pipe = writer(100)
    pipe.ready.clear()
    source = reader(b"x")
    assert world.call("io/streams", f"{OUT}splice", stream, source, 9) == Ok(0)
    pending = world.call("io/streams", f"{OUT}blocking-splice", stream, source, 9)
    assert isinstance(pending, Pending)
    pipe.ready.set()
    assert pending.resume() == Ok(1)


def test_what_is_left_goes_when_a_stream_is_dropped(world: World) -> None:
    stream, pipe = writer(1, 100)
    world.call("io/streams", f"{OUT}check-write", stream)
    world.call("io/streams", f"{OUT}write", stream, b"abc")
    stream.drop()
    assert bytes(pipe.written) == b"abc"
    failing, _ = writer(1, KernelError(Code.IO))
    world.call("io/streams", f"{OUT}check-write", failing)
    world.call("io/streams", f"{OUT}write", failing, b"abc")
    failing.drop()


# Files that go on by themselves with what they have begun, as coroutines of the caller do.


class Slow(Pipe):
    """It takes a write, or is asked for a read, and is done with it some steps later: all of it, and once."""

    def __init__(self, *incoming: bytes, steps: int = 2, takes: int = 100) -> None:
        super().__init__()
        self.incoming = [*incoming]
        self.begun: list[int] = []
        self.steps = steps
        self.takes = takes

    def _later(self, answer: Callable[[], int], steps: int) -> int:
        if steps:
            raise WouldBlock(self.ready, lambda: self._asked(answer, steps - 1))
        return answer()

    def _asked(self, answer: Callable[[], int], steps: int) -> int:
        assert self.ready.ready(), "asked before its time"
        return self._later(answer, steps)

    def read(self, buffers: Sequence[memoryview]) -> int:
        self.begun.append(len(buffers[0]))

        def answer() -> int:
            if not self.incoming:
                raise KernelError(Code.IO)
            data = self.incoming.pop(0)
            buffers[0][: len(data)] = data
            return len(data)

        return self._later(answer, self.steps)

    def write(self, buffers: Sequence[memoryview]) -> int:
        self.begun.append(len(buffers[0]))

        def answer() -> int:
            if not self.takes:
                raise KernelError(Code.IO)
            taken = bytes(buffers[0][: self.takes])
            self.written += taken
            return len(taken)

        return self._later(answer, self.steps)


def test_a_read_that_has_begun_is_not_begun_again(world: World) -> None:
    slow = Slow(b"abcdef", b"gh", b"")
    stream = InputStream(slow, 100)
    assert world.call("io/streams", f"{IN}read", stream, 6) == Ok(b"")
    pollable = world.call("io/streams", f"{IN}subscribe", stream)
    assert not pollable.ready()
    slow.ready.set()
    assert pollable.ready()
    assert world.call("io/streams", f"{IN}read", stream, 3) == Ok(b""), "one more step"
    assert world.call("io/streams", f"{IN}read", stream, 0) == Ok(b"")
    assert world.call("io/streams", f"{IN}read", stream, 2) == Ok(b"ab")
    assert world.call("io/streams", f"{IN}subscribe", stream).ready()
    assert world.call("io/streams", f"{IN}skip", stream, 1) == Ok(1)
    assert slow.begun == [6], "more was asked for than anybody wants now, and nothing is lost"
    assert world.ok("io/streams", f"{IN}blocking-read", stream, 100) == b"def"
    assert world.ok("io/streams", f"{IN}blocking-read", stream, 50) == b"gh"
    assert slow.begun == [6, 50]
    assert world.err("io/streams", f"{IN}blocking-read", stream, 1) == "closed"
    failing = InputStream(Slow(), 100)
    failing._file.ready.set()  # type: ignore[attr-defined]  # a Slow one
    assert is_failure(world.finished(world.call("io/streams", f"{IN}blocking-read", failing, 1)), Code.IO)
    assert world.call("io/streams", f"{IN}read", failing, 1) == Err("closed")


class ReadAhead(Pipe):
    """What it says once of being ready is of that moment only."""

    def when_readable(self) -> KernelPollable:
        return ALWAYS if self.script[:1] != [None] else NEVER


def test_a_pollable_serves_for_all_of_a_streams_life(world: World) -> None:
    pipe = ReadAhead(b"ab", None, b"c", KernelError(Code.IO))
    stream = InputStream(pipe, 100)
    pollable = world.call("io/streams", f"{IN}subscribe", stream)
    assert pollable.ready()
    assert world.call("io/streams", f"{IN}read", stream, 2) == Ok(b"ab")
    assert not pollable.ready(), "a program that asked again and again would never wait"
    assert isinstance(world.call("io/poll", "poll", [pollable]), Pending)
    pipe.script.pop(0)
    assert world.call("io/poll", "poll", [pollable]) == [0]
    assert world.call("io/streams", f"{IN}read", stream, 2) == Ok(b"c")
    assert is_failure(world.call("io/streams", f"{IN}read", stream, 2), Code.IO)
    pipe.script.append(None)
    assert pollable.ready(), "closed, and for ever"


def test_a_write_that_has_begun_is_not_begun_again(world: World) -> None:
    slow = Slow(takes=4)
    stream = OutputStream(Sink(slow), 10)
    assert world.call("io/streams", f"{OUT}blocking-write-and-flush", stream, b"").value is None
    pending = world.call("io/streams", f"{OUT}blocking-write-and-flush", stream, b"abcdef")
    assert isinstance(pending, Pending)
    assert world.call("io/streams", f"{OUT}check-write", stream) == Ok(0)
    slow.ready.set()
    assert world.finished(pending) == Ok(None)
    assert bytes(slow.written) == b"abcdef"
    assert slow.begun == [6, 2], "what was not taken is written after it"
    assert world.ok("io/streams", f"{OUT}check-write", stream) == 10
    for piece in (b"12", b"34", b"5"):
        assert world.call("io/streams", f"{OUT}write", stream, piece) == Ok(None)
    assert world.ok("io/streams", f"{OUT}blocking-flush", stream) is None
    assert bytes(slow.written) == b"abcdef12345"
    assert slow.begun == [6, 2, 2, 3]
    slow.takes = 0
    failed = world.finished(world.call("io/streams", f"{OUT}blocking-write-and-flush", stream, b"x"))
    assert is_failure(failed, Code.IO)
    assert slow.begun[-1:] == [1]
    assert world.call("io/streams", f"{OUT}blocking-flush", stream) == Err("closed")


@given(st.lists(st.binary(max_size=12), max_size=6), st.lists(st.integers(0, 5), max_size=40), st.booleans())
def test_all_that_is_written_goes_out_once_and_in_its_order(pieces: list[bytes], takes: list[int], slow: bool) -> None:
    """Whatever the file takes at a time (0: it waits)."""
    pipe: Pipe = Slow(takes=3, steps=1) if slow else Pipe(*[count or None for count in takes], *[100] * 20)
    pipe.ready.set()
    with World() as world:
        stream = OutputStream(Sink(pipe), 12)
        for number, piece in enumerate(pieces):
            if number % 2:
                world.ok("io/streams", f"{OUT}blocking-write-and-flush", stream, piece)
                continue
            while not world.ok("io/streams", f"{OUT}check-write", stream):
                world.finished(world.call("io/poll", "poll", [world.call("io/streams", f"{OUT}subscribe", stream)]))
            assert world.call("io/streams", f"{OUT}write", stream, piece) == Ok(None)
        world.ok("io/streams", f"{OUT}blocking-flush", stream)
    assert bytes(pipe.written) == b"".join(pieces)


# Pollables.


def test_polling(world: World) -> None:
    event = Event()
    pollables = [Pollable(NEVER), Pollable(ALWAYS), Pollable(event), Pollable(ALWAYS)]
    assert world.call("io/poll", "poll", pollables) == [1, 3]
    pending = world.call("io/poll", "poll", [pollables[0], pollables[2]])
    assert isinstance(pending, Pending)
    event.set()
    assert world.finished(pending) == [1]
    assert world.call("io/poll", "poll", [pollables[2]] * 3) == [0, 1, 2]


def test_polling_nothing_or_too_much_traps() -> None:
    with World(limits=Limits(poll_subscriptions=3)) as world:
        with pytest.raises(Trap, match="no pollables"):
            world.call("io/poll", "poll", [])
        with pytest.raises(Trap, match="4 pollables: 3 are allowed"):
            world.call("io/poll", "poll", [Pollable(ALWAYS)] * 4)


def test_blocking_on_one(world: World) -> None:
    event = Event()
    assert world.call("io/poll", "[method]pollable.ready", Pollable(event)) is False
    pending = world.call("io/poll", "[method]pollable.block", Pollable(event))
    event.set()
    assert world.finished(pending) is None
    assert world.call("io/poll", "[method]pollable.ready", Pollable(event)) is True
    assert world.call("io/poll", "[method]pollable.block", Pollable(event)) is None


@pytest.mark.parametrize("when", [0, 1, 10**9, 2**64 - 1])
def test_timers(world: World, when: int) -> None:
    clock = "clocks/monotonic-clock"
    instant = world.call(clock, "subscribe-instant", when)
    assert instant.ready() == (when <= 10**9)
    assert world.finished(world.call("io/poll", "poll", [instant])) == [0]
    before = world.clock.now()
    duration = world.call(clock, "subscribe-duration", when)
    assert world.finished(world.call("io/poll", "[method]pollable.block", duration)) is None
    assert world.clock.now() - before == when


def test_two_timers_end_in_their_order(world: World) -> None:
    late, soon = [world.call("clocks/monotonic-clock", "subscribe-duration", n) for n in (500, 100)]
    assert world.finished(world.call("io/poll", "poll", [late, soon])) == [1]
    assert world.finished(world.call("io/poll", "poll", [late])) == [0]


# Errors.


def test_an_error_tells_its_code_and_no_secrets(world: World) -> None:
    error = Error(KernelError(Code.NO_SPACE, "/secret/path"))
    text = world.call("io/error", "[method]error.to-debug-string", error)
    assert text == "no space left on device"
    assert world.call("filesystem/types", "filesystem-error-code", error) == "insufficient-space"
    assert world.call("sockets/network", "network-error-code", error) == "out-of-memory"
    assert world.call("http/types", "http-error-code", error) is None
