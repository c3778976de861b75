"""The fast path in C holds the host's descriptor numbers: none may outlive what it stood for."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import remit
from host_trees import descriptors_below
from passthrough import DATA, SCRATCH, Guest, passthrough
from remit.filesystems.host import HostDirectory
from remit.filesystems.host_files import HostFile
from remit.filesystems.host_linux import open_beneath
from remit.interfaces import preview1
from remit.kernel.errors import Code, KernelError
from remit.kernel.files import Directory, File, Filesystem, How, Stat
from security.worlds import (
    ALL,
    BADF,
    CREAT,
    DIRECTORY,
    FAULT,
    FD_READ,
    FD_WRITE,
    INSIDE,
    NOENT,
    PERM,
    SUCCESS,
    XDEV,
    World,
)
from wat import wat

FOREIGN = b"of the host process"


@contextlib.contextmanager
def foreign_files(folder: Path, count: int = 32) -> Iterator[list[int]]:
    """Files of the host process: they get the descriptor numbers that are free now."""
    path = folder / "foreign"
    path.write_bytes(FOREIGN)
    descriptors = [os.open(path, os.O_RDWR) for _ in range(count)]
    try:
        yield descriptors
        assert path.read_bytes() == FOREIGN
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def use(guest: Guest, fd: int) -> set[int]:
    """Everything that the fast path does with a file; the errnos."""
    vector = guest.iovec((DATA, 8))
    return {
        guest.call("fd_read", fd, *vector, SCRATCH),
        guest.call("fd_pread", fd, *vector, 0, SCRATCH),
        guest.call("fd_write", fd, *vector, SCRATCH),
        guest.call("fd_pwrite", fd, *vector, 0, SCRATCH),
        guest.call("fd_seek", fd, 0, 2 if guest.preview is preview1 else 1, SCRATCH),
        guest.call("fd_tell", fd, SCRATCH),
        guest.call("fd_filestat_get", fd, SCRATCH),
        guest.call("fd_fdstat_get", fd, SCRATCH),
        guest.call("fd_filestat_set_size", fd, 0),
        guest.call("fd_sync", fd),
        guest.call("path_open", fd, 1, *guest.path("foreign"), 0, 0, 0, 0, SCRATCH),
        guest.call("fd_close", fd),
    }


@pytest.mark.parametrize("known", [False, True])
def test_a_closed_descriptor_does_not_reach_the_file_that_took_its_number(
    host_world: World, tmp_path: Path, known: bool
) -> None:
    guest = host_world.guest
    opened = [guest.open("file")[1] for _ in range(4)]
    _, directory = guest.open("dir", DIRECTORY, rights=ALL & ~FD_WRITE)
    for fd in opened:
        if known:  # to Python too: it has no fast path for this
            assert guest.call("fd_datasync", fd) == SUCCESS
    for fd in (*opened, directory):
        assert guest.call("fd_close", fd) == SUCCESS
    with foreign_files(tmp_path):
        for fd in (*opened, directory):
            assert use(guest, fd) == {BADF}


@pytest.mark.parametrize("known", [False, True])
def test_a_replaced_descriptor_does_not_reach_the_file_that_took_its_number(
    host_world: World, tmp_path: Path, known: bool
) -> None:
    guest = host_world.guest
    first, second = guest.open("file")[1], guest.open("dir/file")[1]
    if known:
        assert guest.call("fd_datasync", first) == SUCCESS
        assert guest.call("fd_datasync", second) == SUCCESS
    assert guest.call("fd_renumber", first, second) == SUCCESS
    with foreign_files(tmp_path):
        assert use(guest, first) == {BADF}
        assert guest.read(second) == (SUCCESS, INSIDE)
        assert guest.call("fd_renumber", 3, second) == SUCCESS
        assert use(guest, 3) == {BADF}
        assert guest.open("file", fd=second)[0] == SUCCESS


def test_an_instance_that_was_closed_reaches_nothing(host_world: World, tmp_path: Path) -> None:
    guest = host_world.guest
    fd = guest.open("file")[1]
    read = guest.instance.export("fd_read")
    view = guest.memory.view()
    vector = guest.iovec((DATA, 8))
    guest.close()
    with foreign_files(tmp_path):
        for name, arguments in (("fd_read", (fd, *vector, SCRATCH)), ("fd_close", (fd,)), ("fd_tell", (fd, SCRATCH))):
            with pytest.raises(RuntimeError, match="the store is closed"):
                guest.call(name, *arguments)
        with pytest.raises(RuntimeError, match="the store is closed"):
            read(fd, *vector, SCRATCH)
    assert len(view) == guest.size, "a view of the memory lives on, and is all that does"
    guest.close()


def test_an_instance_that_was_forgotten_gives_its_descriptors_back(host_world: World) -> None:
    before = descriptors_below(host_world.base)
    forgotten: Guest | None = Guest({"/": host_world.filesystem}, native=host_world.native, preview=host_world.preview)
    assert forgotten is not None
    for _ in range(20):
        assert forgotten.open("file")[0] == SUCCESS
    view = forgotten.memory.view()
    forgotten = None
    assert len(descriptors_below(host_world.base)) > len(before)
    with pytest.warns(ResourceWarning, match="unclosed <Instance of"):
        gc.collect()
    assert descriptors_below(host_world.base) == before
    assert len(view) > 0


CLOSER = """
(module
  (import "env" "away" (func $away))
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pread" (func $pread (param i32 i32 i32 i64 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0x1000) "file")
  (data (i32.const 0x180) "\\00\\40\\00\\00\\08\\00\\00\\00")
  (func (export "open") (result i32)
    (call $open (i32.const 3) (i32.const 1) (i32.const 0x1000) (i32.const 4) (i32.const 0)
      (i64.const 0x1fffffff) (i64.const 0) (i32.const 0) (i32.const 0x100)))
  (func $read (export "read") (result i32)
    (call $pread (i32.const 4) (i32.const 0x180) (i32.const 1) (i64.const 0) (i32.const 0x100)))
  (func (export "away_and_read") (result i32) (call $away) (call $read))
  (func (export "read_until_told") (result i32)
    (local $errno i32)
    (loop $again
      (local.set $errno (call $read))
      (br_if $again (i32.and (i32.eqz (local.get $errno)) (i32.eqz (i32.load (i32.const 0x200))))))
    (local.get $errno)))
"""


@pytest.fixture
def granted(tmp_path: Path) -> Path:
    folder = tmp_path / "granted"
    folder.mkdir()
    (folder / "file").write_bytes(INSIDE)
    return folder


def test_a_guest_is_not_closed_from_within(granted: Path, tmp_path: Path) -> None:
    """It would go on with numbers that stand for other files by then."""

    def away(instance: remit.Instance) -> None:
        with pytest.raises(RuntimeError, match="the store is running"):
            instance.close()

    imports = {"env": {"away": remit.with_instance(away)}}
    program = remit.load(wat(CLOSER), imports=imports, cache=False)
    with program.instantiate(dirs={"/": granted}) as instance:
        assert instance.call("open") == SUCCESS
        with foreign_files(tmp_path):
            assert instance.call("away_and_read") == SUCCESS, "nothing was closed"
            assert instance.memory.read(DATA, 8) == INSIDE[:8]


def test_a_guest_is_not_closed_by_another_thread_while_it_reads(granted: Path, tmp_path: Path) -> None:
    program = remit.load(wat(CLOSER), imports={"env": {"away": lambda: None}}, cache=False)
    results: list[int] = []
    with program.instantiate(dirs={"/": granted}) as instance:
        assert instance.call("open") == SUCCESS
        thread = threading.Thread(target=lambda: results.append(instance.call("read_until_told")))
        assert instance.call("read") == SUCCESS
        memory = instance.memory.view()
        memory[SCRATCH : SCRATCH + 4] = bytes(4)
        thread.start()
        while not memory[SCRATCH]:  # the first read is done: it is running
            pass
        try:
            for _ in range(100):
                with pytest.raises(RuntimeError, match="the store is running"):
                    instance.close()
                with foreign_files(tmp_path, 4):
                    assert bytes(memory[DATA : DATA + 8]) == INSIDE[:8]
        finally:
            memory[0x200] = 1
            thread.join()
    assert results == [SUCCESS]


def test_calls_within_calls_close_what_the_outer_one_uses(granted: Path) -> None:
    def away(instance: remit.Instance) -> None:
        for _ in range(50):
            assert instance.call("open") == SUCCESS
        assert instance.call("read") == SUCCESS
        instance._world.process.descriptors.close(4)

    imports = {"env": {"away": remit.with_instance(away)}}
    program = remit.load(wat(CLOSER), imports=imports, cache=False)
    with program.instantiate(dirs={"/": granted}) as instance:
        assert instance.call("away_and_read") == BADF


def test_guests_on_fibers_share_nothing(granted: Path) -> None:
    program = remit.load(wat(CLOSER), imports={"env": {"away": lambda: asyncio.sleep(0)}}, cache=False)

    async def one(close_first: bool) -> int:
        async with await program.instantiate_async(dirs={"/": granted}) as instance:
            assert await instance.call("open") == SUCCESS
            if close_first:
                instance._world.process.descriptors.close(4)
            result: int = await instance.call("away_and_read")
            return result

    async def all_at_once() -> list[int]:
        return await asyncio.gather(*[one(number % 2 == 0) for number in range(20)])

    assert asyncio.run(all_at_once()) == [BADF, SUCCESS] * 10
    assert descriptors_below(granted) == []


def test_a_guest_is_not_closed_while_it_is_suspended(granted: Path) -> None:
    async def scenario() -> None:
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def away() -> None:
            begun.set()
            await go_on.wait()

        program = remit.load(wat(CLOSER), imports={"env": {"away": away}}, cache=False)
        async with await program.instantiate_async(dirs={"/": granted}) as instance:
            assert await instance.call("open") == SUCCESS
            call = asyncio.create_task(instance.call("away_and_read"))
            await begun.wait()
            with pytest.raises(RuntimeError, match="under way"):
                instance.close()
            go_on.set()
            assert await call == SUCCESS, "nothing was closed"

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "export",
    [
        '(global (export "memory") i32 (i32.const 0))',
        '(func (export "memory"))',
        '(table (export "memory") 1 funcref)',
        '(memory (export "memory"))',
        "",
    ],
)
def test_what_is_exported_as_memory_may_be_anything(export: str, native: bool) -> None:
    text = f"""
    (module
      (import "wasi_snapshot_preview1" "clock_time_get" (func $time (param i32 i64 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
      {export.replace('(memory (export "memory"))', '(memory (export "memory") 0)')}
      (func (export "time") (result i32) (call $time (i32.const 0) (i64.const 0) (i32.const 0)))
      (func (export "_start") (drop (call $read (i32.const 3) (i32.const 0) (i32.const 1) (i32.const 0)))))
    """
    options: dict[str, Any] = {"dirs": {"/": "."}}
    program = remit.load(wat(text), cache=False)
    with pytest.MonkeyPatch.context() as patch:
        if not native:
            patch.setattr("remit.runtime.execute.native_table", lambda grants: None)
        if "(memory" in export:
            with program.instantiate(**options) as instance:
                assert instance.call("time") == FAULT, "it has no bytes at all"
            assert remit.run(program).returncode == 0
            return
        with program.instantiate(**options) as instance, pytest.raises(remit.Trap, match="without exporting a memory"):
            instance.call("time")
        with pytest.raises(remit.Trap, match="without exporting a memory"):
            remit.run(program)


def test_a_memory_that_grew_is_used_as_it_is_now(host_world: World) -> None:
    guest = host_world.guest
    view = guest.memory.view()
    end = guest.size
    _, fd = guest.open("file")
    assert guest.call("fd_read", fd, *guest.iovec((end - 4, 8)), SCRATCH) == FAULT
    guest.memory.grow(1)
    assert guest.call("fd_read", fd, *guest.iovec((end - 4, 8)), SCRATCH) == SUCCESS
    assert guest.memory.read(end - 4, 8) == INSIDE[:8]
    assert bytes(view[end - 4 :]) == INSIDE[:4], "the old view sees its part"


def test_many_guests_on_many_threads(granted: Path) -> None:
    for number in range(8):
        (granted / f"file{number}").write_bytes(bytes([number]) * 64)
    wrong: list[object] = []

    def work(number: int) -> None:
        guest = Guest({"/": granted}, native=True)
        try:
            for _ in range(300):
                errno, fd = guest.open(f"file{number}")
                if (errno, guest.read(fd), guest.call("fd_close", fd)) != (0, (0, bytes([number]) * 64), 0):
                    wrong.append((number, errno))
        finally:
            guest.close()

    passthrough(preview1)
    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_creating_fails_before_anything_is_made_when_no_number_is_left(host_world: World) -> None:
    from remit.kernel.limits import Limits

    guest = host_world.another(limits=Limits(descriptors=5))
    assert guest.open("file") == (SUCCESS, 4)
    assert guest.open("made", CREAT)[0] != SUCCESS
    assert not (host_world.granted / "made").exists()


class RefusingFile(HostFile):
    """A user's own: it lets nobody write."""

    __slots__ = ()

    def write_at(self, offset: int, buffers: Sequence[memoryview]) -> int:
        raise KernelError(Code.NOT_PERMITTED)

    def append(self, buffers: Sequence[memoryview]) -> int:
        raise KernelError(Code.NOT_PERMITTED)


class RefusingDirectory(HostDirectory):
    """A user's own, which knows nothing of native code: its files are such, and one name is not there."""

    __slots__ = ()

    def open_file(self, name: str, how: int) -> File:
        if name == "hidden":
            raise KernelError(Code.NO_ENTRY)
        with contextlib.closing(super().open_file(name, how)) as opened:
            descriptor = opened.host_descriptor()
            assert descriptor is not None
            return RefusingFile(os.dup(descriptor), writable=how & How.WRITE != 0)

    def lookup(self, name: str) -> Stat:
        if name == "hidden":
            raise KernelError(Code.NO_ENTRY)
        return super().lookup(name)

    def open_directory(self, name: str) -> Directory:
        return self._as_own(super().open_directory(name))

    def reopen(self) -> Directory:
        return self._as_own(super().reopen())

    def _as_own(self, directory: Directory) -> Directory:
        with contextlib.closing(directory):
            descriptor = directory.host_descriptor()
            assert descriptor is not None
            return RefusingDirectory(os.dup(descriptor), beneath=open_beneath)


class Refusing(Filesystem):
    """The tree below a directory of the host, behind those."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def root(self) -> Directory:
        return RefusingDirectory(os.open(self._path, os.O_RDONLY), beneath=open_beneath)


@pytest.mark.parametrize("where", ["", "dir/", "dir/inner/", "dir/../dir/"])
def test_a_subclass_of_a_host_directory_is_not_bypassed(
    granted: Path, tmp_path: Path, native: bool, where: str
) -> None:
    """What its methods refuse stays refused: native code and the walk in one step do not ask, and leave it alone."""
    for folder in ("", "dir", "dir/inner"):
        (granted / folder).mkdir(exist_ok=True)
        (granted / folder / "file").write_bytes(INSIDE)
        (granted / folder / "hidden").write_bytes(INSIDE)
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "hidden").write_bytes(b"another")
    guest = Guest({"/": Refusing(granted)}, native=native)
    for flags in (0, CREAT):
        errno, fd = guest.open(f"{where}file", flags, rights=ALL)
        assert errno == SUCCESS
        assert guest.write(fd, b"changed") == PERM
        assert guest.call("fd_pwrite", fd, *guest.iovec((DATA, 4)), 0, SCRATCH) == PERM
        assert guest.read(fd) == (SUCCESS, INSIDE)
    assert guest.open(f"{where}hidden", rights=FD_READ)[0] == NOENT
    assert guest.stat(f"{where}hidden")[0] == NOENT
    guest.close()
    guest = Guest({"/": Refusing(granted), "/plain": tmp_path / "plain"}, native=native)
    paths = (*guest.path("hidden"), 3, *guest.path(f"{where}hidden", 0x3000))
    assert guest.call("path_rename", 4, *paths) == guest.call("path_link", 4, 0, *paths) == XDEV
    assert guest.call("path_rename", 3, *guest.path("file"), 3, *guest.path(f"{where}file", 0x3000)) == SUCCESS
    guest.close()
    assert {(granted / where / name).read_bytes() for name in ("file", "hidden")} == {INSIDE}
    assert descriptors_below(granted) == []
