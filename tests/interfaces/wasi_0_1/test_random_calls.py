"""Whatever a guest calls, in whatever order and with whatever values, ends in one of the ways that are meant."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from random import Random
from types import ModuleType

import pytest

from host_trees import descriptors_below
from interfaces.guest import ALL, ROOT, SIZE, SUCCESS, Guest
from remit.engine.api import Pending, Trap
from remit.filesystems.host import HostFilesystem
from remit.interfaces.wasi_0_1 import functions
from remit.interfaces.wasi_0_1.errno import ERRNO
from remit.kernel import rights
from remit.kernel.descriptors import open_stream
from remit.kernel.errors import Exit, WouldBlock
from remit.kernel.files import FileType, Stat
from remit.kernel.limits import Limits
from remit.kernel.poll import NEVER, Pollable
from remit.kernel.sockets import Socket
from remit.streams.memory import scatter

SEQUENCES = 10_000
CALLS = 12
ENDINGS = {SUCCESS, Pending, *ERRNO.values()}

PATHS = [
    b"f",
    b"g",
    b"d",
    b"d/f",
    b"d/../f",
    b"d/",
    b"f/",
    b".",
    b"..",
    b"./..",
    b"../outside",
    b"../outside/secret",
    b"out",
    b"out/",
    b"out/secret",
    b"secret",
    b"secret/",
    b"absolute",
    b"d/up/up",
    b"d/up/../outside/secret",
    b"loop",
    b"/",
    b"/etc/passwd",
    b"",
    b"a\0b",
    b"\xff",
    b"n" * 300,
]
FILE, SOCKET = 4, 5
PATH_AREA, DATA_AREA, VECTOR_AREA, POLL_AREA = 0x1000, 0x8000, 0x10000, 0x11000


def parameters(preview: ModuleType, name: str) -> list[str]:
    """The names of what the guest passes."""
    function, _ = functions.implementation(name, preview.LAYOUT)
    return [each for each in inspect.signature(function).parameters if each not in ("process", "memory")]


class Echo(Socket):
    """What is sent to it can be received from it."""

    def __init__(self) -> None:
        self.waiting = bytearray()

    def stat(self) -> Stat:
        return Stat(FileType.SOCKET)

    def receive(self, buffers: Sequence[memoryview], *, peek: bool = False) -> tuple[int, bool]:
        if not self.waiting:
            raise WouldBlock(NEVER)
        count = scatter(memoryview(bytes(self.waiting)), buffers)
        if not peek:
            del self.waiting[:count]
        return count, False

    def send(self, buffers: Sequence[memoryview]) -> int:
        data = b"".join(buffers)[:100]
        self.waiting += data
        return len(data)

    def read(self, buffers: Sequence[memoryview]) -> int:
        return self.receive(buffers)[0]

    write = send

    def shutdown(self, *, receive: bool, send: bool) -> None:
        self.waiting.clear()


class Values:
    """Values for parameters, by what their names say. In every second call one of them is anything."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.paths: list[tuple[int, int]] = []

    def fill(self, guest: Guest) -> None:
        """Lay out paths, vectors and subscriptions in guest memory, and noise."""
        random = self.random
        guest.memory.write(DATA_AREA, random.randbytes(0x1000))
        address = PATH_AREA
        for path in PATHS:
            guest.memory.write(address, path)
            self.paths.append((address, len(path)))
            address += len(path) + 1
        for index in range(16):
            length = random.randrange(200) if random.randrange(8) else self.anything(32)
            vector = self.address().to_bytes(4, "little") + length.to_bytes(4, "little")
            guest.memory.write(VECTOR_AREA + 8 * index, vector)
        guest.memory.write(POLL_AREA, bytes(random.choice((0, 0, 0, 0, 0, 0, 1, 2, 255)) for _ in range(0x400)))

    def address(self) -> int:
        return DATA_AREA + self.random.randrange(0x800)

    def anything(self, bits: int) -> int:
        top = 1 << bits
        edges = (0, 1, 2, 3, 4096, 10**8, top // 2 - 1, top // 2, top - 8, top - 4, top - 2, top - 1)
        ends = (SIZE - 8, SIZE - 4, SIZE - 3, SIZE - 1, SIZE)
        return self.random.choice(edges + ends)

    def plausible(self, name: str, parameter: str, path: tuple[int, int]) -> int:
        random = self.random
        if parameter.endswith("path"):
            return path[0]
        if parameter.endswith("path_len"):
            return path[1]
        if parameter in ("fd", "to", "old_fd", "new_fd"):
            if name in ("fd_close", "fd_renumber"):
                return random.choice((0, FILE, SOCKET, SOCKET + 1, SOCKET + 2))
            if name.startswith(("path_", "fd_readdir", "fd_prestat")):
                return random.choice((ROOT, ROOT, ROOT, ROOT, FILE))
            if name.startswith("sock_"):
                return random.choice((SOCKET, SOCKET, SOCKET, ROOT))
            return random.choice((0, 1, 2, ROOT, FILE, FILE, FILE, FILE, SOCKET, SOCKET + 1))
        if parameter == "iovs":
            return VECTOR_AREA + 8 * random.randrange(8)
        if parameter == "subscriptions_ptr":
            return POLL_AREA
        if parameter in ("base", "inheriting"):
            return random.choice((ALL, ALL & ~rights.FILE_WRITE, 0, random.getrandbits(30)))
        if parameter.endswith("_ptr") or parameter in ("buffer", "argv", "argv_buf", "environ", "environ_buf"):
            return self.address()
        if parameter in ("iovs_len", "count", "number", "whence", "lookupflags"):
            return random.randrange(3)
        if parameter.endswith("flags"):
            return random.choice((0, 0, 0, 1, 2, 4, 8, 9, 15))
        return random.randrange(64)

    def arguments(self, name: str, names: list[str], bits: list[int]) -> list[int]:
        random = self.random
        found = []
        path = random.choice(self.paths)
        for parameter in names:
            if parameter.endswith("path"):
                path = random.choice(self.paths)
            found.append(self.plausible(name, parameter, path))
        if found and random.randrange(2):
            index = random.randrange(len(found))
            found[index] = self.anything(bits[index])
        if name in ("fd_allocate", "fd_filestat_set_size") and 2**16 < found[-1] < 2**62:
            found[-1] = 100  # no gigabytes of the real disk
        return found


def outcome(guest: Guest, name: str, arguments: list[int]) -> object:
    """The errno, or the exception of an ending that is meant; waits while that takes no time."""
    step: Callable[[], object] = partial(guest.begin, name, *arguments)
    for _ in range(50):
        try:
            found = step()
        except (Exit, Trap) as ending:
            return ending
        if not isinstance(found, Pending):
            return found
        assert isinstance(found.wait_for, Pollable)
        if not found.wait_for.ready():
            return Pending
        step = found.resume
    return Pending


def snapshot(root: Path) -> dict[str, tuple[object, ...]]:
    """All that is below `root`, with contents and attributes."""
    found: dict[str, tuple[object, ...]] = {}
    for directory, names, files in os.walk(root):
        for name in ["", *names, *files]:
            path = Path(directory, name)
            stat = path.lstat()
            content = path.read_bytes() if path.is_file() else None
            found[str(path)] = (content, stat.st_mode, stat.st_nlink, stat.st_mtime_ns, stat.st_size)
    return found


def prepare(granted: Path) -> None:
    """What each sequence finds, as far as those before it left room."""
    for name in ("d", "d/up"):
        path = granted / name
        if not os.path.lexists(path) and path.parent.is_dir():
            path.symlink_to("..") if name == "d/up" else path.mkdir()
    for name, target in (
        ("out", "../outside"),
        ("secret", "../outside/secret"),
        ("absolute", str(granted.parent / "outside")),
        ("loop", "loop"),
    ):
        if not os.path.lexists(granted / name):
            (granted / name).symlink_to(target)
    if not os.path.lexists(granted / "f"):
        (granted / "f").write_bytes(b"0123456789")


def run_sequences(preview: ModuleType, root: Path, seeds: range, *, openat2: bool) -> None:
    granted, outside = root / "granted", root / "outside"
    granted.mkdir()
    outside.mkdir()
    (outside / "secret").write_bytes(b"secret")
    (outside / "directory").mkdir()
    before = snapshot(outside)
    table = preview.table()
    shapes = {
        name: (parameters(preview, name), [int(param[1:]) for param in type.params])
        for name, (type, _, _) in table.items()
    }
    names = sorted(shapes) * 4 + [name for name in sorted(shapes) if name.startswith(("path_", "fd_"))] * 8
    names = [name for name in names if not name.startswith("proc_")] + ["proc_exit", "proc_raise"]
    filesystem = HostFilesystem(str(granted), openat2=openat2)
    for seed in seeds:
        prepare(granted)
        random = Random(seed)
        guest = Guest(preview, filesystem=filesystem, limits=Limits(descriptors=8, io_bytes=1 << 16))
        values = Values(random)
        values.fill(guest)
        guest.try_open(b"f")
        guest.data.descriptors.insert(open_stream(Echo(), read=True, write=True))
        done = []
        try:
            for _ in range(CALLS):
                name = random.choice(names)
                arguments = values.arguments(name, *shapes[name])
                done.append((name, arguments))
                result = outcome(guest, name, arguments)
                if isinstance(result, Exit | Trap):
                    break
                assert result in ENDINGS
        except BaseException as error:
            error.add_note(f"seed {seed}: {done}")
            raise
        finally:
            guest.close()
    assert snapshot(outside) == before
    filesystem.close()
    assert descriptors_below(root) == []


@pytest.mark.parametrize("openat2", [True, False])
def test_some_sequences(preview: ModuleType, tmp_path: Path, openat2: bool) -> None:
    run_sequences(preview, tmp_path, range(200), openat2=openat2)


@pytest.mark.slow
@pytest.mark.parametrize("openat2", [True, False])
def test_many_sequences(preview: ModuleType, tmp_path: Path, openat2: bool) -> None:
    run_sequences(preview, tmp_path, range(200, SEQUENCES // 2), openat2=openat2)
