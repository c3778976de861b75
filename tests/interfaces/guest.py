"""A guest that is driven by a test: it calls the host functions of a preview as compiled code would."""

from __future__ import annotations

import struct
from types import ModuleType
from typing import Any

from interfaces.fake_memory import FakeMemory
from remit.engine.api import Pending
from remit.interfaces import preview0, preview1
from remit.kernel import rights
from remit.kernel.clocks import Clock, VirtualClock
from remit.kernel.descriptors import OpenDirectory, open_stream
from remit.kernel.files import File, Filesystem
from remit.kernel.limits import Limits
from remit.kernel.process import Process
from remit.kernel.random import RandomSource, SeededRandom
from remit.streams.memory import Capture, NullInput

PREVIEWS = [preview0, preview1]
SIZE = 1 << 20
ROOT = 3
"""The descriptor of the directory granted as ``/``."""

ALL = (1 << 30) - 1
CREAT, DIRECTORY, EXCL, TRUNC = 1, 2, 4, 8
APPEND, DSYNC, NONBLOCK, RSYNC, SYNC = 1, 2, 4, 8, 16

SUCCESS, AGAIN, BADF, EXIST, FAULT, FBIG, ILSEQ, INVAL, IO, ISDIR = 0, 6, 8, 20, 21, 22, 25, 28, 29, 31
LOOP, MFILE, NAMETOOLONG, NOENT, NOMEM, NOTDIR, NOTEMPTY, NOTSOCK, NOTSUP = 32, 33, 37, 44, 48, 54, 55, 57, 58
OVERFLOW, PIPE, ROFS, SPIPE, NOTCAPABLE = 61, 64, 69, 70, 76


class Guest:
    """It has the attributes of an engine's store that host functions use: `data` and `memory`.

    Addresses below 0x1000 are scratch: results go to `OUT` and `OUT2`. The rest is handed out by :meth:`put`.
    """

    OUT = 0x100
    OUT2 = 0x200

    def __init__(
        self,
        preview: ModuleType,
        *,
        filesystem: Filesystem | None = None,
        stdin: File | None = None,
        stdout: File | None = None,
        limits: Limits | None = None,
        random: RandomSource | None = None,
        args: tuple[bytes, ...] = (),
        environ: tuple[tuple[bytes, bytes], ...] = (),
        wall_clock: Clock | None = None,
        monotonic_clock: Clock | None = None,
        size: int = SIZE,
    ) -> None:
        self.preview = preview
        self.memory = FakeMemory(size)
        self.functions = {name: function for name, (_, function, _) in preview.table().items()}
        self.clock = VirtualClock(1_000_000_000)
        self.data = Process(
            limits=limits or Limits(),
            random=random or SeededRandom(0),
            args=args,
            environ=environ,
            wall_clock=wall_clock or self.clock,
            monotonic_clock=monotonic_clock or self.clock,
        )
        table = self.data.descriptors
        table.insert(open_stream(stdin or NullInput(), read=True))
        table.insert(open_stream(stdout or Capture(), write=True))
        table.insert(open_stream(Capture(), write=True))
        if filesystem is not None:
            table.insert(OpenDirectory(filesystem.root(), preopen="/"))
        self._next = 0x1000

    # -- memory --------------------------------------------------------------------------------

    def put(self, data: bytes) -> int:
        """Copy `data` into memory of its own; its address, aligned to 8."""
        address = self._next
        self.memory.write(address, data)
        self._next = (address + len(data) + 7) & ~7
        return address

    def room(self, length: int) -> int:
        """Zeroed memory."""
        return self.put(bytes(length))

    def iovecs(self, *pairs: tuple[int, int]) -> tuple[int, int]:
        """The address and the count of vectors of (address, length)."""
        return self.put(b"".join(struct.pack("<II", *pair) for pair in pairs)), len(pairs)

    def source(self, *parts: bytes) -> tuple[int, int]:
        """Vectors to write."""
        return self.iovecs(*((self.put(part), len(part)) for part in parts))

    def path(self, text: str | bytes) -> tuple[int, int]:
        data = text.encode() if isinstance(text, str) else text
        return self.put(data), len(data)

    def u32(self, address: int = OUT) -> int:
        return self.memory.u32(address)

    def u64(self, address: int = OUT) -> int:
        return int.from_bytes(self.memory.read(address, 8), "little")

    # -- calls ---------------------------------------------------------------------------------

    def begin(self, name: str, *arguments: int) -> int | Pending:
        """The errno, or what the call waits for."""
        result: int | Pending = self.functions[name](self, *arguments)
        return result

    def call(self, name: str, *arguments: int) -> int:
        """The errno."""
        errno = self.begin(name, *arguments)
        assert not isinstance(errno, Pending), f"{name}{arguments} waits"
        return errno

    def ok(self, name: str, *arguments: int) -> None:
        errno = self.call(name, *arguments)
        assert errno == SUCCESS, f"{name}{arguments} failed with {errno}"

    def blocked(self, name: str, *arguments: int) -> Pending:
        """The call, suspended."""
        pending = self.begin(name, *arguments)
        assert isinstance(pending, Pending), f"{name}{arguments} did not wait but returned {pending}"
        return pending

    def open(
        self,
        path: str | bytes,
        oflags: int = 0,
        *,
        fd: int = ROOT,
        base: int = ALL,
        inheriting: int = ALL,
        fdflags: int = 0,
        follow: int = 1,
    ) -> int:
        """A new descriptor."""
        self.ok("path_open", fd, follow, *self.path(path), oflags, base, inheriting, fdflags, self.OUT)
        return self.u32()

    def open_directory(self, path: str, *, fd: int = ROOT) -> int:
        """A new descriptor with all the rights that directories have."""
        return self.open(path, DIRECTORY, fd=fd, base=rights.DIRECTORY)

    def try_open(self, path: str | bytes, oflags: int = 0, **given: int) -> int:
        """The errno of opening."""
        options = {"fd": ROOT, "base": ALL, "inheriting": ALL, "fdflags": 0, "follow": 1} | given
        return self.call(
            "path_open",
            options["fd"],
            options["follow"],
            *self.path(path),
            oflags,
            options["base"],
            options["inheriting"],
            options["fdflags"],
            self.OUT,
        )

    def write(self, fd: int, data: bytes) -> int:
        self.ok("fd_write", fd, *self.source(data), self.OUT)
        return self.u32()

    def read(self, fd: int, length: int) -> bytes:
        buffer = self.room(length)
        self.ok("fd_read", fd, *self.iovecs((buffer, length)), self.OUT)
        return self.memory.read(buffer, self.u32())

    def pread(self, fd: int, length: int, offset: int = 0) -> bytes:
        buffer = self.room(length)
        self.ok("fd_pread", fd, *self.iovecs((buffer, length)), offset, self.OUT)
        return self.memory.read(buffer, self.u32())

    def file(self, name: str, content: bytes = b"", **given: int) -> int:
        """A descriptor of a new file with that content, at its beginning."""
        fd = self.open(name, CREAT | EXCL, **given)
        if content:
            self.write(fd, content)
            self.seek(fd, 0)
        return fd

    def seek(self, fd: int, delta: int) -> int:
        """From the start."""
        self.ok("fd_seek", fd, delta, self.preview.LAYOUT.seek_set, self.OUT)
        return self.u64()

    def stat(self, fd: int) -> dict[str, int]:
        layout = self.preview.LAYOUT.filestat
        self.ok("fd_filestat_get", fd, self.OUT)
        return self.filestat(layout.unpack(self.memory.read(self.OUT, layout.size)))

    def path_stat(self, path: str, *, follow: int = 1) -> dict[str, int]:
        layout = self.preview.LAYOUT.filestat
        self.ok("path_filestat_get", ROOT, follow, *self.path(path), self.OUT)
        return self.filestat(layout.unpack(self.memory.read(self.OUT, layout.size)))

    @staticmethod
    def filestat(values: tuple[Any, ...]) -> dict[str, int]:
        return dict(zip(("dev", "ino", "filetype", "nlink", "size", "atim", "mtim", "ctim"), values, strict=True))

    def fdstat(self, fd: int) -> tuple[int, int, int, int]:
        """Type, flags, base and inheriting rights."""
        self.ok("fd_fdstat_get", fd, self.OUT)
        kind, flags, base, inheriting = struct.unpack("<BxH4xQQ", self.memory.read(self.OUT, 24))
        return kind, flags, base, inheriting

    def fdstat_flags(self, fd: int) -> int:
        return self.fdstat(fd)[1]

    def close(self) -> None:
        self.data.close()
