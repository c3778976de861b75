"""Files as streams: each with a position of its own, and what they keep open."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interfaces.wasi_0_2.files import CREATE, READ, WRITE, Files, code
from interfaces.wasi_0_2.world import World
from remit import fs
from remit.component.values.results import Err, Ok
from remit.engine.api import Pending, Trap
from remit.kernel.errors import Code, KernelError
from remit.kernel.limits import Limits

IN = "[method]input-stream."
OUT = "[method]output-stream."


@pytest.fixture
def world() -> Iterator[World]:
    with World(dirs={"/": fs.Memory({"file": b"0123456789"})}) as made:
        yield made


@pytest.fixture
def files(world: World) -> Files:
    return Files(world)


def read(files: Files, stream: Any, length: int) -> Any:
    return files.world.call("io/streams", f"{IN}read", stream, length)


def write(files: Files, stream: Any, data: bytes) -> Any:
    return files.world.call("io/streams", f"{OUT}blocking-write-and-flush", stream, data)


def test_each_stream_reads_from_its_own_position(files: Files) -> None:
    opened = files.open("file")
    one, two, three = (files.ok("read-via-stream", offset, of=opened) for offset in (0, 4, 100))
    assert read(files, one, 3) == Ok(b"012")
    assert read(files, two, 3) == Ok(b"456")
    assert read(files, one, 100) == Ok(b"3456789")
    assert read(files, two, 0) == Ok(b"")
    assert files.world.call("io/streams", f"{IN}skip", two, 2) == Ok(2)
    assert files.world.call("io/streams", f"{IN}blocking-read", two, 2) == Ok(b"9")
    for stream in (one, two, three):
        assert read(files, stream, 1) == Err("closed")
        assert files.world.call("io/streams", f"{IN}blocking-skip", stream, 1) == Err("closed")


@pytest.mark.parametrize("offset", [2**63 - 2, 2**63 - 1, 2**63, 2**64 - 1])
def test_the_last_offsets(files: Files, offset: int, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    with World(dirs={"/": str(tmp_path)}) as on_the_host:
        for each in (files, Files(on_the_host)):
            opened = each.open("file", READ | WRITE)
            assert read(each, each.ok("read-via-stream", offset, of=opened), 2**64 - 1) == Err("closed")
            stream = each.ok("write-via-stream", offset, of=opened)
            failed = write(each, stream, b"ab")
            found = each.world.call("filesystem/types", "filesystem-error-code", failed.value.value)
            assert found in ("file-too-large", "insufficient-space")
            assert write(each, stream, b"ab") == Err("closed")


def test_what_is_written_meanwhile_is_read(files: Files) -> None:
    opened = files.open("file", READ | WRITE)
    stream = files.ok("read-via-stream", 8, of=opened)
    files.ok("write", b"abcdef", 8, of=opened)
    assert read(files, stream, 100) == Ok(b"abcdef")


def test_writing_from_a_position_and_at_the_end(files: Files) -> None:
    opened = files.open("file", READ | WRITE)
    middle, end, other_end = (
        files.ok("write-via-stream", 2, of=opened),
        files.ok("append-via-stream", of=opened),
        files.ok("append-via-stream", of=opened),
    )
    for stream, data in ((middle, b"ab"), (end, b"E"), (other_end, b"F"), (middle, b"cd"), (end, b"G")):
        assert write(files, stream, data) == Ok()
    assert files.read("file") == b"01abcd6789EFG"
    far = files.ok("write-via-stream", 15, of=opened)
    assert files.world.ok("io/streams", f"{OUT}check-write", far) == 1 << 20
    assert files.world.call("io/streams", f"{OUT}write-zeroes", far, 3) == Ok()
    assert files.world.call("io/streams", f"{OUT}write", far, b"z") == Ok()
    assert files.read("file") == b"01abcd6789EFG\0\0\0\0\0z"
    with pytest.raises(Trap, match="where check-write permitted"):
        files.world.call("io/streams", f"{OUT}write", far, bytes(1 << 20))


def test_copying_from_one_file_into_another(files: Files) -> None:
    source = files.ok("read-via-stream", 1, of=files.open("file"))
    target = files.ok("write-via-stream", 0, of=files.open("copy", WRITE, CREATE))
    moved = 0
    while isinstance(result := files.world.call("io/streams", f"{OUT}splice", target, source, 4), Ok):
        moved += result.value
    assert result == Err("closed")
    assert (moved, files.read("copy")) == (9, b"123456789")


def test_reading_no_more_than_the_limit() -> None:
    with World(dirs={"/": fs.Memory({"file": bytes(1000)})}, limits=Limits(io_bytes=64)) as world:
        files = Files(world)
        stream = files.ok("read-via-stream", 0, of=files.open("file"))
        for _ in range(15):
            assert read(files, stream, 2**64 - 1) == Ok(bytes(64))
        assert read(files, stream, 2**64 - 1) == Ok(bytes(40))


def test_streams_of_files_are_always_ready(files: Files) -> None:
    opened = files.open("file", READ | WRITE)
    for stream, subscribe in (
        (files.ok("read-via-stream", 100, of=opened), f"{IN}subscribe"),
        (files.ok("write-via-stream", 0, of=opened), f"{OUT}subscribe"),
    ):
        pollable = files.world.call("io/streams", subscribe, stream)
        assert files.world.call("io/poll", "poll", [pollable]) == [0]
        pollable.drop()


def test_streams_need_what_the_file_was_opened_for(files: Files) -> None:
    for_reading, for_writing = files.open("file"), files.open("file", WRITE)
    assert code(files.call("read-via-stream", 0, of=for_reading)) is None
    assert files.err("read-via-stream", 0, of=for_writing) == "bad-descriptor"
    for method, arguments in (("write-via-stream", (0,)), ("append-via-stream", ())):
        assert code(files.call(method, *arguments, of=for_writing)) is None
        assert files.err(method, *arguments, of=for_reading) == "bad-descriptor"


def test_a_file_stays_open_while_something_needs_it(files: Files) -> None:
    descriptors = files.world.process.descriptors
    before = len(descriptors)
    opened = files.open("file", READ | WRITE)
    source = files.ok("read-via-stream", 0, of=opened)
    target = files.ok("write-via-stream", 0, of=opened)
    pollable = files.world.call("io/streams", f"{IN}subscribe", source)
    files.ok("unlink-file-at", "file")
    opened.drop()
    assert read(files, source, 2) == Ok(b"01")
    source.drop()
    assert write(files, target, b"ab") == Ok()
    target.drop()
    assert len(descriptors) == before + 1, "the pollable asks about it"
    assert files.world.call("io/poll", "[method]pollable.ready", pollable)
    pollable.drop()
    assert len(descriptors) == before


class Model:
    """What a program has: things over open files, each with the number of the file that it needs."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self.have: list[tuple[int, str, Any]] = []
        self.opened = 0

    def open(self) -> None:
        result = self.files.opens("file", READ | WRITE)
        if isinstance(result, Ok):
            self.have.append((self.opened, "descriptor", result.value))
            self.opened += 1
        else:
            assert result == Err("insufficient-memory")

    def derive(self, which: int) -> None:
        """A stream of a descriptor, a pollable of a stream."""
        if self.have:
            number, kind, one = self.have[which % len(self.have)]
            if kind == "descriptor":
                method, kind = [("read-via-stream", "input"), ("write-via-stream", "output")][which % 2]
                self.have.append((number, kind, self.files.ok(method, 0, of=one)))
            elif kind != "pollable":
                function = f"[method]{kind}-stream.subscribe"
                self.have.append((number, "pollable", self.files.world.call("io/streams", function, one)))

    def use(self, which: int) -> None:
        if self.have:
            _, kind, one = self.have[which % len(self.have)]
            if kind == "descriptor":
                assert self.files.ok("read", 2, 0, of=one) == (b"01", False)
            elif kind == "output":
                assert write(self.files, one, b"") == Ok()
            elif kind == "pollable":
                assert self.files.world.call("io/poll", "[method]pollable.ready", one)
            else:
                assert isinstance(read(self.files, one, 1), Ok | Err)

    def drop(self, which: int) -> None:
        if self.have:
            self.have.pop(which % len(self.have))[2].drop()

    def check(self) -> None:
        assert len(self.files.world.process.descriptors) == 4 + len({number for number, _, _ in self.have})


@given(st.lists(st.tuples(st.sampled_from(["open", "derive", "use", "drop"]), st.integers(0, 20)), max_size=60))
def test_places_are_given_back_when_nothing_needs_them(steps: list[tuple[str, int]]) -> None:
    with World(dirs={"/": fs.Memory({"file": b"0123456789"})}, limits=Limits(descriptors=7)) as world:
        model = Model(Files(world))
        for what, which in steps:
            if what == "open":
                model.open()
            else:
                getattr(model, what)(which)
            model.check()
        while model.have:
            model.drop(0)
        model.check()


def test_a_failure_is_told_once(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = files.open("file", READ | WRITE)
    source, target = files.ok("read-via-stream", 0, of=opened), files.ok("write-via-stream", 0, of=opened)

    def fail(*_: Any) -> int:
        raise KernelError(Code.IO)

    monkeypatch.setattr(type(opened.opened.file), "read_at", fail)
    monkeypatch.setattr(type(opened.opened.file), "write_at", fail)
    for result in (read(files, source, 1), write(files, target, b"x")):
        assert files.world.call("filesystem/types", "filesystem-error-code", result.value.value) == "io"
    monkeypatch.undo()
    assert read(files, source, 1) == Err("closed")
    assert write(files, target, b"x") == Err("closed")


# Pipes in a directory.


@pytest.fixture
def pipes(tmp_path: Path) -> Iterator[tuple[Files, Path]]:
    if not hasattr(os, "mkfifo"):
        pytest.skip("no pipes in directories here")
    os.mkfifo(tmp_path / "pipe")
    with World(dirs={"/": str(tmp_path)}) as world:
        yield Files(world), tmp_path / "pipe"


def test_a_pipe_is_read_as_it_comes(pipes: tuple[Files, Path]) -> None:
    files, path = pipes
    opened = files.open("pipe")
    assert files.ok("get-type", of=opened) == "fifo"
    stream = files.ok("read-via-stream", 1000, of=opened)
    writer = os.open(path, os.O_WRONLY)
    pollable = files.world.call("io/streams", f"{IN}subscribe", stream)
    assert read(files, stream, 5) == Ok(b"")
    assert not pollable.ready()
    assert isinstance(files.world.call("io/streams", f"{IN}blocking-read", stream, 5), Pending)
    os.write(writer, b"hello")
    assert pollable.ready()
    assert read(files, stream, 4) == Ok(b"hell")
    os.close(writer)
    assert read(files, stream, 4) == Ok(b"o")
    assert read(files, stream, 4) == Err("closed")
    assert files.err("advise", 0, 0, None, of=opened) == "invalid-seek"
    assert files.err("read", 1, 0, of=opened) == "unsupported"


def test_a_pollable_never_asks_about_another_file(pipes: tuple[Files, Path]) -> None:
    """The number of a descriptor that was closed is soon that of the next file."""
    files, path = pipes
    opened = files.open("pipe")
    stream = files.ok("read-via-stream", 0, of=opened)
    writer = os.open(path, os.O_WRONLY)
    pollable = files.world.call("io/streams", f"{IN}subscribe", stream)
    stream.drop()
    opened.drop()
    others = [os.open(path.parent, os.O_RDONLY) for _ in range(8)]
    assert not pollable.ready(), "a directory would be"
    os.write(writer, b"x")
    assert pollable.ready()
    for descriptor in (*others, writer):
        os.close(descriptor)
    pollable.drop()


def test_streams_into_one_pipe_keep_their_order_and_a_bound(pipes: tuple[Files, Path]) -> None:
    files, path = pipes
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    opened = files.open("pipe", WRITE)
    streams = [files.ok(f"{how}-via-stream", *[0] * (how == "write"), of=opened) for how in ("write", "append") * 20]
    permits = [files.world.ok("io/streams", f"{OUT}check-write", stream) for stream in streams]
    assert permits == [1 << 16] * 40

    def fill() -> None:
        for number, stream in enumerate(streams):
            assert files.world.call("io/streams", f"{OUT}write", stream, bytes([number]) * (1 << 16)) == Ok()

    with pytest.raises(Trap, match="1048576 are allowed"):
        fill()
    assert files.world.ok("io/streams", f"{OUT}check-write", streams[0]) == 0
    received = bytearray()
    while True:
        files.world.ok("io/streams", f"{OUT}flush", streams[-1])
        try:
            received += os.read(reader, 1 << 16)
        except BlockingIOError:
            break
    whole = len(received) >> 16
    assert bytes(received) == b"".join(bytes([number]) * (1 << 16) for number in range(whole))
    os.close(reader)
    files.world.err("io/streams", f"{OUT}blocking-write-and-flush", streams[0], b"x")
