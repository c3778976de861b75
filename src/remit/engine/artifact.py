"""Compiled modules as files: the engine's machine code, then what Remit knows of the module, then a footer.

The code comes first because engines map the file and ignore what follows. The footer's lengths show a file
that was cut off (a full disk), its digest a damaged description. The *code* is not checked: an artifact is native
code, to be taken from places only that nobody else can write to.
"""

from __future__ import annotations

import marshal
import os
import struct
import sys

from remit.engine.api import InvalidModule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.binary.module import ModuleInfo

_MAGIC = b"remit\x00\x02\n"
_FOOTER = struct.Struct("<QQ16s8s")  # length of the code, length of the description, its digest, magic

FORMAT = f"2,python={sys.version_info[0]}.{sys.version_info[1]}"
"""Part of every cache key. ``marshal`` may change with Python's versions."""


class Artifact:
    """What the end of an artifact says."""

    __slots__ = ("code_length", "engine_key", "facts", "name")

    def __init__(self, code_length: int, engine_key: str, name: str, info: tuple[object, ...]) -> None:
        self.code_length = code_length
        self.engine_key = engine_key
        self.name = name
        self.facts = info
        """Of the module: what :meth:`ModuleInfo.to_tuple` gave."""


def pack(compiled: bytes, info: ModuleInfo, *, engine_key: str, name: str) -> bytes:
    """An artifact of `compiled` code."""
    description = marshal.dumps((engine_key, name, info.to_tuple()))
    footer = _FOOTER.pack(len(compiled), len(description), digest(description)[:16], _MAGIC)
    return b"".join([compiled, description, footer])


def read(descriptor: int) -> Artifact:
    """Read the end of an open artifact. InvalidModule if it is none, or damaged."""
    size = os.fstat(descriptor).st_size
    if size < _FOOTER.size:
        raise InvalidModule("not a module compiled by Remit: too short")
    code_length, length, checksum, magic = _FOOTER.unpack(_read_at(descriptor, size - _FOOTER.size, _FOOTER.size))
    if magic != _MAGIC:
        raise InvalidModule("not a module compiled by Remit: it ends differently")
    if code_length + length + _FOOTER.size != size:
        raise InvalidModule("a damaged compiled module: its length is wrong")
    description = _read_at(descriptor, code_length, length)
    if digest(description)[:16] != checksum:
        raise InvalidModule("a damaged compiled module: its description is wrong")
    engine_key, name, info = marshal.loads(description)
    return Artifact(code_length, engine_key, name, info)


def digest(data: bytes | memoryview) -> bytes:
    """32 bytes that name `data`."""
    # hashlib costs 2 ms at start-up.
    from _blake2 import blake2b

    return bytes(blake2b(data, digest_size=32).digest())


def _read_at(descriptor: int, offset: int, length: int) -> bytes:
    os.lseek(descriptor, offset, os.SEEK_SET)
    return os.read(descriptor, length)
