"""A real guest that does nothing but hand calls on: every function of preview 1, exported under its own name.

So a test calls WASI through the engine with arguments of its choice, with the native fast path or without it.
"""

from __future__ import annotations

import struct
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import remit
from remit.interfaces import preview1
from remit.runtime import execute
from wat import wat

SCRATCH = 0x100
PATHS = 0x1000
DATA = 0x4000
SIZE = 2 << 16


@cache
def passthrough() -> remit.Program:
    """The program."""
    table = sorted(preview1.table().items())
    imports, functions = [], []
    for name, (type, _, _) in table:
        params = " ".join(f"(param {kind})" for kind in type.params)
        result = "".join(f"(result {kind})" for kind in type.results)
        imports.append(f'(import "{preview1.MODULE}" "{name}" (func ${name} {params} {result}))')
        gets = " ".join(f"(local.get {n})" for n in range(len(type.params)))
        functions.append(f'(func (export "{name}") {params} {result} (call ${name} {gets}))')
    text = "\n".join(["(module", *imports, '(memory (export "memory") 2)', *functions, ")"])
    return remit.load(wat(text), cache=False)


class Guest:
    """An instance of it. `native` says whether the fast path may serve it."""

    def __init__(self, tree: Path, *, native: bool, **options: Any) -> None:
        with pytest.MonkeyPatch.context() as patch:
            if not native:
                patch.setattr(execute, "native_table", lambda grants: None)
            self.instance = passthrough().instantiate(
                dirs={"/": tree}, stdin=b"", stdout=remit.DEVNULL, stderr=remit.DEVNULL, **options
            )
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
        self.memory.write(SCRATCH + 0x80, b"".join(struct.pack("<II", *part) for part in parts))
        return SCRATCH + 0x80, len(parts)

    def u32(self, address: int = SCRATCH) -> int:
        return self.memory.u32(address)

    def u64(self, address: int = SCRATCH) -> int:
        return int.from_bytes(self.memory.read(address, 8), "little")

    def open(
        self, path: str, oflags: int = 0, *, rights: int = (1 << 30) - 1, fdflags: int = 0, follow: int = 1, fd: int = 3
    ) -> tuple[int, int]:
        """The errno and, with 0, the descriptor."""
        errno = self.call("path_open", fd, follow, *self.path(path), oflags, rights, rights, fdflags, SCRATCH)
        return errno, self.u32() if errno == 0 else -1

    def close(self) -> None:
        self.instance.close()
