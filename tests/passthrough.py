"""A real guest that does nothing but hand calls on: every function of a preview, exported under its own name.

So a test calls WASI through the engine with arguments of its choice, with the native fast path or without it.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping
from functools import cache
from types import ModuleType
from typing import Any

import pytest

import remit
from remit.interfaces import preview1
from remit.kernel.files import Filesystem
from remit.runtime import execute
from wat import wat

SCRATCH = 0x100
VECTORS = 0x180
PATHS = 0x1000
DATA = 0x4000
PAGES = 2
SIZE = PAGES << 16


@cache
def passthrough(preview: ModuleType = preview1, pages: int = PAGES) -> remit.Program:
    """The program, with a memory of so many pages."""
    table = sorted(preview.table().items())
    imports, functions = [], []
    for name, (type, _, _) in table:
        params = " ".join(f"(param {kind})" for kind in type.params)
        result = "".join(f"(result {kind})" for kind in type.results)
        imports.append(f'(import "{preview.MODULE}" "{name}" (func ${name} {params} {result}))')
        gets = " ".join(f"(local.get {n})" for n in range(len(type.params)))
        functions.append(f'(func (export "{name}") {params} {result} (call ${name} {gets}))')
    text = "\n".join(["(module", *imports, f'(memory (export "memory") {pages})', *functions, ")"])
    program: remit.Program = remit.load(wat(text), cache=False)
    return program


class Guest:
    """An instance of it. `native` says whether the fast path may serve it."""

    def __init__(
        self,
        dirs: Mapping[str, str | os.PathLike[str] | Filesystem],
        *,
        native: bool,
        preview: ModuleType = preview1,
        pages: int = PAGES,
        **options: Any,
    ) -> None:
        streams = {"stdin": b"", "stdout": remit.DEVNULL, "stderr": remit.DEVNULL}
        self.preview = preview
        self.size = pages << 16
        with pytest.MonkeyPatch.context() as patch:
            if not native:
                patch.setattr(execute, "native_table", lambda grants: None)
            self.instance = passthrough(preview, pages).instantiate(dirs=dirs, **{**streams, **options})
        self.memory = self.instance.memory

    def call(self, name: str, *arguments: int) -> int:
        """The errno."""
        result: int = self.instance.call(name, *arguments)
        return result

    def path(self, text: str | bytes, address: int = PATHS) -> tuple[int, int]:
        """Put a path into memory: its address and length."""
        data = text.encode() if isinstance(text, str) else text
        self.memory.write(address, data)
        return address, len(data)

    def iovec(self, *parts: tuple[int, int]) -> tuple[int, int]:
        """Vectors of (address, length): their address and number."""
        self.memory.write(VECTORS, b"".join(struct.pack("<II", *part) for part in parts))
        return VECTORS, len(parts)

    def u32(self, address: int = SCRATCH) -> int:
        return self.memory.u32(address)

    def u64(self, address: int = SCRATCH) -> int:
        return int.from_bytes(self.memory.read(address, 8), "little")

    def open(
        self,
        path: str | bytes,
        oflags: int = 0,
        *,
        rights: int = (1 << 30) - 1,
        fdflags: int = 0,
        follow: int = 1,
        fd: int = 3,
    ) -> tuple[int, int]:
        """The errno and, with 0, the descriptor."""
        errno = self.call("path_open", fd, follow, *self.path(path), oflags, rights, rights, fdflags, SCRATCH)
        return errno, self.u32() if errno == 0 else -1

    def stat(self, path: str | bytes, *, follow: int = 1, fd: int = 3) -> tuple[int, tuple[int, ...]]:
        """The errno and, with 0, the ``filestat``."""
        errno = self.call("path_filestat_get", fd, follow, *self.path(path), SCRATCH)
        return errno, self.filestat() if errno == 0 else ()

    def filestat(self, address: int = SCRATCH) -> tuple[int, ...]:
        """Device, inode, type, links, size, accessed, modified, changed."""
        layout = self.preview.LAYOUT.filestat
        found: tuple[int, ...] = layout.unpack(self.memory.read(address, layout.size))
        return found

    def read(self, fd: int, length: int = 1024) -> tuple[int, bytes]:
        """The errno and what was read."""
        errno = self.call("fd_read", fd, *self.iovec((DATA, length)), SCRATCH)
        return errno, self.memory.read(DATA, self.u32()) if errno == 0 else b""

    def write(self, fd: int, data: bytes) -> int:
        """The errno."""
        self.memory.write(DATA, data)
        return self.call("fd_write", fd, *self.iovec((DATA, len(data))), SCRATCH)

    def close(self) -> None:
        self.instance.close()
