"""What a program learns of itself and its host: arguments, streams, clocks, random numbers, its end."""

from __future__ import annotations

from typing import Any

import pytest

from interfaces.streams import Pipe
from interfaces.wasi_0_2.world import World
from remit.component.values.results import Err, Ok
from remit.engine.api import Trap
from remit.kernel.clocks import FixedClock
from remit.kernel.errors import Code, Exit, KernelError, WouldBlock
from remit.kernel.files import FileType, Stat
from remit.streams.memory import BytesInput, Capture, Stream


@pytest.fixture
def world() -> Any:
    with World() as made:
        yield made


def test_arguments_and_environment() -> None:
    with World(arguments=["name", "ä", b"\xff"], env={"A": "1", "Ö": "=x"}) as world:
        assert world.call("cli/environment", "get-arguments") == ["name", "ä", "\N{REPLACEMENT CHARACTER}"]
        assert world.call("cli/environment", "get-environment") == [("A", "1"), ("Ö", "=x")]
        assert world.call("cli/environment", "initial-cwd") is None


@pytest.mark.parametrize(("status", "code"), [(Ok(), 0), (Err(), 1)])
def test_the_end(world: World, status: Any, code: int) -> None:
    with pytest.raises(Exit) as caught:
        world.call("cli/exit", "exit", status)
    assert caught.value.status == code


@pytest.mark.parametrize("code", [0, 1, 42, 255])
def test_the_end_with_a_code(world: World, code: int) -> None:
    with pytest.raises(Exit) as caught:
        world.call("cli/exit", "exit-with-code", code)
    assert caught.value.status == code


def test_standard_streams() -> None:
    out, error = Capture(), Capture()
    with World(stdin=BytesInput(b"question"), stdout=out, stderr=error) as world:
        stdin = world.call("cli/stdin", "get-stdin")
        assert world.ok("io/streams", "[method]input-stream.blocking-read", stdin, 100) == b"question"
        for name, text in (("stdout", b"answer"), ("stderr", b"oops")):
            stream = world.call(f"cli/{name}", f"get-{name}")
            world.ok("io/streams", "[method]output-stream.blocking-write-and-flush", stream, text)
        assert (out.getvalue(), error.getvalue()) == (b"answer", b"oops")


def test_two_streams_of_one_output_keep_their_order() -> None:
    pipe = Pipe(1, None, 100, 100)
    pipe.ready.set()
    with World(stdout=pipe) as world:
        first, second = world.call("cli/stdout", "get-stdout"), world.call("cli/stdout", "get-stdout")
        world.ok("io/streams", "[method]output-stream.check-write", first)
        world.ok("io/streams", "[method]output-stream.write", first, b"abc")
        world.ok("io/streams", "[method]output-stream.blocking-write-and-flush", second, b"def")
        assert bytes(pipe.written) == b"abcdef"


def test_what_is_left_of_the_output_goes_at_the_end() -> None:
    pipe = Pipe(1, None, None, 100)
    pipe.ready.set()
    with World(stdout=pipe) as world:
        stream = world.call("cli/stdout", "get-stdout")
        world.ok("io/streams", "[method]output-stream.check-write", stream)
        world.ok("io/streams", "[method]output-stream.write", stream, b"abc")
        with pytest.raises(WouldBlock):
            world.host.finish()
        with pytest.raises(WouldBlock):
            world.host.finish()
        world.host.finish()
        assert bytes(pipe.written) == b"abc"


@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_nobody_is_told_at_the_end_that_nobody_reads(name: str) -> None:
    pipe = Pipe(1, None, KernelError(Code.PIPE))
    pipe.ready.set()
    with World(**{name: pipe}) as world:  # type: ignore[arg-type]  # a stream by its name
        stream = world.call(f"cli/{name}", f"get-{name}")
        world.ok("io/streams", "[method]output-stream.check-write", stream)
        world.ok("io/streams", "[method]output-stream.write", stream, b"abc")
        with pytest.raises(WouldBlock):
            world.host.finish()
        world.host.finish()
        world.host.finish()
        assert bytes(pipe.written) == b"a"


class Terminal(Stream):
    def stat(self) -> Stat:
        return Stat(FileType.CHARACTER_DEVICE)


@pytest.mark.parametrize("name", ["stdin", "stdout", "stderr"])
def test_terminals(name: str) -> None:
    with World(**{name: Terminal()}) as world:  # type: ignore[arg-type]  # a stream by its name
        assert world.call(f"cli/terminal-{name}", f"get-terminal-{name}") is not None
    with World() as world:
        assert world.call(f"cli/terminal-{name}", f"get-terminal-{name}") is None


@pytest.mark.parametrize(
    ("now", "seconds", "nanoseconds"),
    [(0, 0, 0), (1_700_000_000_123_456_789, 1_700_000_000, 123_456_789), (-5, 0, 0), (2**100, 2**64 - 1, None)],
)
def test_the_time_of_day(now: int, seconds: int, nanoseconds: int | None) -> None:
    with World(wall_clock=FixedClock(now)) as world:
        when = world.call("clocks/wall-clock", "now")
        assert when.seconds == seconds
        assert 0 <= when.nanoseconds < 10**9
        assert nanoseconds in (None, when.nanoseconds)
        resolution = world.call("clocks/wall-clock", "resolution")
        assert (resolution.seconds, resolution.nanoseconds) == (0, 1)
        assert world.call("clocks/timezone", "utc-offset", when) == 0
        assert world.call("clocks/timezone", "display", when).name == "UTC"


def test_time_that_goes_by(world: World) -> None:
    assert world.call("clocks/monotonic-clock", "now") == 10**9
    world.clock.advance_to(2**70)
    assert world.call("clocks/monotonic-clock", "now") == 2**64 - 1
    assert world.call("clocks/monotonic-clock", "resolution") == 1


@pytest.mark.parametrize(("interface", "function"), [("wall-clock", "now"), ("monotonic-clock", "now")])
def test_a_clock_that_was_not_granted_ends_the_program(world: World, interface: str, function: str) -> None:
    world.process.wall_clock = world.process.monotonic_clock = None
    with pytest.raises(Trap, match="was not granted a"):
        world.call(f"clocks/{interface}", function)


def test_random_numbers_come_from_the_programs_source() -> None:
    found = []
    for _ in range(2):
        with World() as world:
            found.append(
                (
                    world.call("random/random", "get-random-bytes", 20),
                    world.call("random/random", "get-random-u64"),
                    world.call("random/insecure", "get-insecure-random-bytes", 3),
                    world.call("random/insecure", "get-insecure-random-u64"),
                    world.call("random/insecure-seed", "insecure-seed"),
                )
            )
    assert found[0] == found[1], "one seed, the same numbers"
    assert len(set(map(str, found[0]))) == 5
    assert len(found[0][0]) == 20


@pytest.mark.parametrize("length", [2**30, 2**64 - 1])
def test_more_random_bytes_than_anybody_needs(world: World, length: int) -> None:
    for interface, function in (("random", "get-random-bytes"), ("insecure", "get-insecure-random-bytes")):
        with pytest.raises(Trap, match="random bytes in one call: 67108864 are allowed"):
            world.call(f"random/{interface}", function, length)
    assert world.call("random/random", "get-random-bytes", 0) == b""
