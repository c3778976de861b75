"""Functions and resources of WASI that are the caller's, while the rest stays Remit's."""

from __future__ import annotations

from typing import Any

import pytest

import remit
from runtime.components.replaced import CLOCK, OUTPUT

WALL_CLOCK = "wasi:clocks/wall-clock"
CHECK = "[method]output-stream.check-write"
WRITE = "[method]output-stream.blocking-write-and-flush"


class Fixed:
    def now(self) -> dict[str, int]:
        return {"seconds": 5, "nanoseconds": 6}


def load(data: bytes, **imports: Any) -> remit.Component:
    component: remit.Component = remit.load(data, imports=imports, cache=False)
    return component


@pytest.mark.parametrize("key", [WALL_CLOCK, f"{WALL_CLOCK}@0.2.0"])
@pytest.mark.parametrize("given", [Fixed(), {"now": Fixed().now}], ids=["object", "mapping"])
def test_one_function_of_an_interface(key: str, given: Any) -> None:
    with load(CLOCK, **{key: given}).instantiate() as instance:
        assert instance.exports.now() == 5
        assert instance.exports.resolution() > 0, "which is Remit's"


def said(instance: remit.ComponentInstance) -> bytes | None:
    assert instance.exports.say("hello") == 0
    return instance.stdout


def test_one_method_of_a_resource_of_remits() -> None:
    seen: list[tuple[str, bytes]] = []

    def write(stream: Any, contents: bytes) -> None:
        seen.append((type(stream).__name__, contents))

    with load(OUTPUT, **{"wasi:io/streams": {WRITE: write}}).instantiate(stdout=remit.PIPE) as instance:
        assert said(instance) == b""
    assert seen == [("OutputStream", b"hello")]


def test_all_functions_and_none_of_the_resources() -> None:
    seen: list[bytes] = []
    given = {WRITE: lambda stream, contents: seen.append(contents), CHECK: lambda stream: 100}
    with load(OUTPUT, **{"wasi:io/streams": given}).instantiate(stdout=remit.PIPE) as instance:
        assert said(instance) == b""
    assert seen == [b"hello"]


class Stream:
    said: list[bytes] = []  # noqa: RUF012 - the test clears it
    closed = 0

    def check_write(self) -> int:
        return 100

    def blocking_write_and_flush(self, contents: bytes) -> None:
        self.said.append(contents)

    def close(self) -> None:
        Stream.closed += 1


@pytest.mark.parametrize("name", ["output-stream", "OutputStream"])
def test_a_resource_with_all_that_gives_and_takes_it(name: str) -> None:
    Stream.said.clear()
    Stream.closed = 0
    given = {"wasi:io/streams": {name: Stream}, "wasi:cli/stdout": {"get-stdout": Stream}}
    with load(OUTPUT, **given).instantiate(stdout=remit.PIPE) as instance:
        assert said(instance) == b""
    assert (Stream.said, Stream.closed) == ([b"hello"], 1)


@pytest.mark.parametrize(
    ("data", "imports", "message"),
    [
        (
            CLOCK,
            {WALL_CLOCK: {"nwo": Fixed().now}},
            "has 'nwo', which is no function of this interface; did you mean 'now'",
        ),
        (CLOCK, {WALL_CLOCK: {"now": Fixed().now, "x": 1}}, "has 'x', which is no function of this interface$"),
        (CLOCK, {WALL_CLOCK: object()}, "has none of .*now.*resolution"),
        (CLOCK, {WALL_CLOCK: {"now": lambda a: 1}}, "now: missing a required argument: 'a'"),
        (CLOCK, {WALL_CLOCK: {"now": 5}}, "now: 5 is no function"),
        (OUTPUT, {"wasi:io/streams": {WRITE: lambda self: None}}, "too many positional arguments; .* self, contents"),
        (OUTPUT, {"wasi:io/streams": {"[method]output-stream.wirte": print}}, "which is no function of this interface"),
        (OUTPUT, {"wasi:io/streams": {"OutputStream": Stream}}, "who gives a class for a resource gives all functions"),
        # A stream of Remit's would be called as one of the caller's, or the other way round.
        (
            OUTPUT,
            {"wasi:io/streams": {"output-stream": Stream}},
            "who gives a class for a resource gives all functions",
        ),
        (
            OUTPUT,
            {"wasi:io/streams": {"output-stream": type("Part", (), {"check_write": Stream.check_write})}},
            "who gives a class for a resource gives all functions",
        ),
    ],
)
def test_what_does_not_fit(data: bytes, imports: Any, message: str) -> None:
    with pytest.raises(remit.LinkError, match=message):
        load(data, **imports)


def test_functions_that_the_component_does_not_import_may_be_there() -> None:
    """Of an interface that Remit has, all names are known, whatever a compiler has left out."""
    load(OUTPUT, **{"wasi:io/streams": {"[method]output-stream.flush": lambda self: None}})


def test_what_is_no_stream_is_not_taken_for_one() -> None:
    component = load(OUTPUT, **{"wasi:cli/stdout": {"get-stdout": Stream}})
    with component.instantiate() as instance, pytest.raises(TypeError, match="a OutputStream is wanted, not"):
        instance.exports.say("x")
