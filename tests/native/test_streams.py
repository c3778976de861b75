"""The fast path of streams does what the Python implementation does: the same calls through both, on equal trees."""

from __future__ import annotations

import asyncio
import functools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import remit
import remit.fs
from remit.engine.wasmtime.native import function_addresses
from remit.interfaces.wasi_0_2.file_streams import FileInputStream, FileOutputStream
from remit.native.library import STREAM_FUNCTIONS, native_functions
from remit.native.streams import CAPACITY
from remit.runtime.components import world
from tools.guests import jco

pytestmark = pytest.mark.skipif(
    not native_functions(function_addresses), reason="the native library was not built (no C compiler, or not Linux)"
)

GUEST = Path(__file__).parents[1] / "guests" / "c" / "streaming.c"
CONTENT = bytes(range(256)) * 40
NONE = (1 << 32) - 1
READS, WRITES, APPENDS = range(3)
INPUT, OUTPUT, FILE = range(3)
OUTSIDE, NEW_PAGE, TRAPS, CALLS, ENDLESS = range(1, 6)


@functools.cache
def guest() -> Any:
    return remit.load(jco.component(GUEST))


_instances: list[Any] = []


def close_all() -> None:
    while _instances:
        _instances.pop().close()


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    close_all()


def begin(place: Any, *, native: bool = True, **options: Any) -> Any:
    """The exports of an instance that has the directory `place`."""
    with pytest.MonkeyPatch.context() as patch:
        if not native:
            patch.setattr(world, "native_stream_functions", dict)
        _instances.append(guest().instantiate(dirs={"/": place}, **options))
    return _instances[-1].exports.work


def plant(place: Path) -> Path:
    place.mkdir(exist_ok=True)
    (place / "file").write_bytes(CONTENT)
    (place / "empty").write_bytes(b"")
    return place


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return plant(tmp_path / "tree")


def refuse(*_: object) -> None:
    raise AssertionError("Python was asked")


@pytest.fixture
def python_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FileInputStream, "take", refuse)
    monkeypatch.setattr(FileOutputStream, "_write_all", refuse)


def opened(work: Any, path: str = "file", kind: int = READS, offset: int = 0) -> tuple[int, int]:
    """A file and a stream."""
    file = work.open(path, kind != READS)
    assert file != NONE
    stream = work.stream(file, kind, offset)
    assert stream != NONE
    return file, stream


def content(answer: bytes) -> bytes:
    assert answer[0] == 0, answer
    return answer[12:]


@pytest.mark.parametrize("blocking", [True, False])
@pytest.mark.usefixtures("python_refuses")
def test_reads_are_really_served_by_it(place: Path, blocking: bool) -> None:
    work = begin(place)
    _, stream = opened(work, offset=3)
    before = work.allocations()
    assert content(work.read(stream, 5, blocking, 0)) == CONTENT[3:8]
    assert content(work.read(stream, 5, blocking, 0)) == CONTENT[8:13]
    assert work.allocations() == before + 2


@pytest.mark.usefixtures("python_refuses")
def test_writes_are_really_served_by_it(place: Path) -> None:
    work = begin(place)
    _, stream = opened(work, "new", WRITES, 2)
    assert work.write(stream, b"hello", 0) == bytes(12)
    assert work.write(stream, b"!", 0) == bytes(12)
    assert (place / "new").read_bytes() == b"\0\0hello!"


def not_plain(place: Path) -> Iterator[tuple[str, Any]]:
    yield "memory", remit.fs.Memory({"file": CONTENT})
    yield "overlay", remit.fs.Overlay(remit.fs.Host(place))


@pytest.mark.parametrize("name", ["memory", "overlay"])
def test_what_is_not_plainly_a_file_of_the_hosts_is_pythons(
    place: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    take = FileInputStream.take

    def counted(stream: FileInputStream, length: int) -> bytes | bytearray:
        asked.append(length)
        return take(stream, length)

    monkeypatch.setattr(FileInputStream, "take", counted)
    work = begin(dict(not_plain(place))[name])
    _, stream = opened(work)
    assert content(work.read(stream, 5, True, 0)) == CONTENT[:5]
    assert asked == [5]


def test_appending_is_pythons(place: Path) -> None:
    work = begin(place)
    (place / "new").write_bytes(b"old")
    file, stream = opened(work, "new", WRITES)
    work.write(stream, b"one", 0)
    appending = work.stream(file, APPENDS, 0)
    assert work.write(appending, b"two", 0) == bytes(12)
    (place / "new").write_bytes(b"something longer")
    assert work.write(appending, b"!", 0) == bytes(12)
    assert (place / "new").read_bytes() == b"something longer!"


def test_both_sides_have_one_position(place: Path) -> None:
    """Python has the call that C does not take, and goes on where C was."""
    work = begin(place)
    _, stream = opened(work)
    assert content(work.read(stream, 4, True, 0)) == CONTENT[:4]
    assert content(work.read(stream, len(CONTENT) + 1, True, 0)) == CONTENT[4:]
    assert work.read(stream, 1, True, 0)[0] == 1, "the end is Python's to tell"
    with (place / "file").open("ab") as more:
        more.write(b"more")
    assert work.read(stream, 1, True, 0)[0] == 1, "and final"


def test_a_dropped_handle_is_nobodys(place: Path) -> None:
    work = begin(place)
    _, stream = opened(work)
    work.read(stream, 1, True, 0)
    work.drop(stream, INPUT)
    with pytest.raises(remit.Trap, match="unknown handle index"):
        work.read(stream, 1, True, 0)
    work = begin(place)
    _, stream = opened(work)
    work.read(stream, 1, True, 0)
    work.drop(stream, INPUT)
    other = work.open("empty", False)
    assert other == stream, "its number is used again"
    with pytest.raises(remit.Trap, match="wrong type"):
        work.read(other, 1, True, 0)


def test_a_stream_outlives_its_descriptor(place: Path) -> None:
    """And the host's number of a closed file, which is used again, means nothing to it."""
    work = begin(place)
    file, stream = opened(work)
    work.drop(file, FILE)
    (place / "secret").write_bytes(b"secret")
    with (place / "secret").open("rb"):
        assert content(work.read(stream, 4, True, 0)) == CONTENT[:4]
    work.drop(stream, INPUT)
    again = work.stream(work.open("secret", False), READS, 1)
    assert content(work.read(again, 9, True, 0)) == b"ecret"


def test_the_wrong_kind_of_stream(place: Path) -> None:
    work = begin(place)
    _, stream = opened(work, "new", WRITES)
    work.write(stream, b"text", 0)
    with pytest.raises(remit.Trap, match="wrong type"):
        work.read(stream, 1, True, 0)
    work = begin(place)
    _, stream = opened(work)
    work.read(stream, 1, True, 0)
    with pytest.raises(remit.Trap, match="wrong type"):
        work.write(stream, b"x", 0)


def test_more_handles_than_it_can_serve(place: Path) -> None:
    work = begin(place)
    file = work.open("file", False)
    streams = [work.stream(file, READS, number) for number in range(CAPACITY + 5)]
    assert max(streams) > CAPACITY
    for number, stream in enumerate(streams):
        assert content(work.read(stream, 2, True, 0)) == CONTENT[number : number + 2]
    for stream in reversed(streams):
        work.drop(stream, INPUT)


@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize(
    ("how", "message"),
    [
        (OUTSIDE, "realloc return out of bounds"),
        (TRAPS, "unreachable"),
        (CALLS, "cannot leave component instance"),
    ],
)
def test_a_guest_that_allocates_badly(place: Path, how: int, message: str, native: bool) -> None:
    work = begin(place, native=native)
    _, stream = opened(work)
    work.allocate(how)
    with pytest.raises(remit.Trap, match=message):
        work.read(stream, 5, True, 0)
    with pytest.raises(RuntimeError, match="make another"):
        work.read(stream, 5, True, 0)


def test_a_guest_that_never_ends_allocating(place: Path) -> None:
    work = begin(place, timeout=0.3)
    _, stream = opened(work)
    work.allocate(ENDLESS)
    with pytest.raises(TimeoutError):
        work.read(stream, 5, True, 0)


@pytest.mark.usefixtures("python_refuses")
def test_memory_that_grows_while_it_is_allocated(place: Path) -> None:
    work = begin(place)
    _, stream = opened(work)
    work.allocate(NEW_PAGE)
    assert content(work.read(stream, 70000, True, 0)) == CONTENT


def test_a_limit_of_bytes_holds(place: Path) -> None:
    work = begin(place, limits=remit.Limits(io_bytes=100))
    _, stream = opened(work)
    assert len(content(work.read(stream, 1000, True, 0))) == 100


def test_a_file_that_becomes_shorter(place: Path) -> None:
    work = begin(place)
    _, stream = opened(work)
    work.read(stream, 100, True, 0)
    os.truncate(place / "file", 50)
    assert work.read(stream, 100, True, 0)[0] == 1


def test_a_full_device_is_an_error(place: Path) -> None:
    results = []
    for native in (True, False):
        work = begin(place, native=native)
        _, stream = opened(work, "new", WRITES, (1 << 63) - 3)
        results.append((work.write(stream, b"too far", 0)[0], work.write(stream, b"x", 0)[0]))
    assert results == [(1, 1)] * 2


@pytest.mark.parametrize("offset", [1 << 63, (1 << 64) - 1])
def test_places_that_no_file_has(place: Path, offset: int) -> None:
    work = begin(place)
    _, writing = opened(work, "new", WRITES, offset)
    assert work.write(writing, b"x", 0)[0] == 1
    assert (place / "new").read_bytes() == b""
    _, reading = opened(work, "file", READS, offset)
    assert work.read(reading, 1, True, 0)[0] == 1


def test_asynchronous_instances_need_no_fast_path(place: Path) -> None:
    async def read() -> bytes:
        async with await guest().instantiate_async(dirs={"/": place}) as instance:
            work = instance.exports.work
            stream = await work.stream(await work.open("file", False), READS, 0)
            return content(await work.read(stream, 5, True, 0))

    assert asyncio.run(read()) == CONTENT[:5]


def test_it_serves_what_remit_has() -> None:
    from remit.interfaces.wasi_0_2 import streams

    declared = {
        f"[method]{resource.name}.{name.replace('_', '-')}"
        for resource in streams.Streams.resources
        for name in dir(resource)
    }
    assert {interface for interface, _ in STREAM_FUNCTIONS} == {streams.Streams.name}
    assert {name for _, name in STREAM_FUNCTIONS} <= declared


# The same calls through both.

steps = st.one_of(
    st.tuples(st.just("open"), st.sampled_from(["file", "empty", "new", "none"]), st.booleans()),
    st.tuples(
        st.just("stream"),
        st.integers(0, 12),
        st.integers(0, 2),
        st.sampled_from([0, 1, 5000, len(CONTENT) - 1, len(CONTENT), 1 << 40, (1 << 63) - 1, (1 << 64) - 1]),
    ),
    st.tuples(
        st.just("read"),
        st.integers(0, 12),
        st.sampled_from([0, 1, 100, 20000, (1 << 32) + 5, (1 << 64) - 1]),
        st.booleans(),
        st.sampled_from([0, 0, 0, 0, 2, 1 << 24, (1 << 32) - 4]),
    ),
    st.tuples(
        st.just("write"),
        st.integers(0, 12),
        st.sampled_from([b"", b"x", b"some text", bytes(4096), bytes(4097)]),
        st.sampled_from([0, 0, 0, 0, 2, (1 << 32) - 4]),
    ),
    st.tuples(st.just("drop"), st.integers(0, 12), st.integers(0, 2)),
    st.tuples(st.just("allocate"), st.sampled_from([0, NEW_PAGE, OUTSIDE, TRAPS, CALLS])),
)


def performed(work: Any, steps: list[tuple[Any, ...]]) -> list[object]:
    done: list[object] = []
    for name, *arguments in steps:
        try:
            done.append((name, getattr(work, name)(*arguments)))
        except remit.Trap as trap:
            # The instance is dead.
            return [*done, str(trap).splitlines()[0]]
    return done


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(steps, max_size=25))
def test_the_same_as_python(tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[Any, ...]]) -> None:
    outcomes = []
    for native in (True, False):
        place = plant(tmp_path_factory.mktemp("tree"))
        # Most sequences would come to nothing without something to work on.
        first: list[tuple[Any, ...]] = [
            *[("open", "file", False), ("stream", 2, READS, 0), ("open", "new", True), ("stream", 4, WRITES, 0)],
        ]
        done = performed(begin(place, native=native), [*first, *steps])
        outcomes.append((done, {path.name: path.read_bytes() for path in place.iterdir() if path.stat().st_size < 1e6}))
        close_all()
    assert outcomes[0] == outcomes[1]


def test_something_is_read_and_written_in_those_sequences(place: Path) -> None:
    steps = [("open", "file", False), ("stream", 2, READS, 0), ("open", "new", True), ("stream", 4, WRITES, 0)]
    results: Any = performed(begin(place), [*steps, ("read", 3, 3, True, 0), ("write", 5, b"some text", 0)])
    assert [each[1] for each in results] == [2, 3, 4, 5, bytes(8) + b"\3\0\0\0" + CONTENT[:3], bytes(12)]
