"""The files that programs are read from: regular ones, of a size that can be a program's.

A pipe or a terminal could keep its reader waiting for ever, and a device like ``/dev/zero`` has no end.
"""

from __future__ import annotations

import errno
import os
import stat

PROGRAM_BYTES = 1 << 30
"""No module is larger: what the engines of the web have agreed on (WebAssembly JavaScript Interface, "Limits")."""

_PIECE = 1 << 20

# Nothing here may wait, not even for the other end of a pipe, or make a terminal ours.
_FLAGS = os.O_RDONLY
for _name in ("O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY", "O_NOINHERIT"):
    _FLAGS |= getattr(os, _name, 0)

_KINDS = ((stat.S_ISFIFO, "a pipe"), (stat.S_ISCHR, "a character device"), (stat.S_ISBLK, "a block device"))


def open_program(path: str) -> int:
    """A descriptor of the file, for reading. OSError, also if it is no regular file."""
    descriptor = os.open(path, _FLAGS)
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        if not stat.S_ISREG(mode):
            kind = next((name for is_kind, name in _KINDS if is_kind(mode)), "no regular file")
            raise OSError(errno.EINVAL, f"{kind}; a program is read from a regular file: save it as one first", path)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def read_program(path: str) -> tuple[bytes, os.stat_result]:
    """The bytes of the file, and what it was like before they were read. OSError, also if there are too many."""
    descriptor = open_program(path)
    try:
        status = os.fstat(descriptor)
        pieces: list[bytes] = []
        # One more than there should be: files grow, and some that have no end say that they are empty.
        wanted, left = status.st_size + 1, PROGRAM_BYTES + 1
        while 0 < wanted <= left:
            piece = os.read(descriptor, wanted)
            if not piece:
                return b"".join(pieces), status
            pieces.append(piece)
            left -= len(piece)
            wanted = min(_PIECE, left)
        raise OSError(errno.EFBIG, f"too large: a program has at most 1 GiB ({PROGRAM_BYTES} bytes)", path)
    finally:
        os.close(descriptor)


def read_head(path: str, length: int) -> bytes:
    """The first bytes of the file, at most `length`. OSError."""
    descriptor = open_program(path)
    try:
        return os.read(descriptor, length)
    finally:
        os.close(descriptor)
