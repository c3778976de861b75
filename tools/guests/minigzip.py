"""zlib's minigzip as a WASI program: the library's source from its package, and the small gzip that is its example."""

from __future__ import annotations

from pathlib import Path

from tools import zig
from tools.guests.catalogue import GUESTS


def program() -> Path:
    """The built program. Takes 2 s the first time."""
    source = GUESTS["zlib"].directory
    return zig.built([source / "test" / "minigzip.c", *sorted(source.glob("*.c"))], "-DHAVE_UNISTD_H", f"-I{source}")
