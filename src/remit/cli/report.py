"""How a command ends when it cannot do its work: one line on standard error, and a status that says why."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

USAGE_STATUS = 2
"""A bad option, or a program that is broken, missing, or needs what nobody provides."""
OUTPUT_STATUS = 74
"""As sysexits.h has it, EX_IOERR: what was asked for was done, but could not be said."""
REFUSED_STATUS = 77
"""As sysexits.h has it, EX_NOPERM."""
TIMEOUT_STATUS = 124
"""As timeout(1) has it."""
TRAP_STATUS = 134
"""As shells report the end by SIGABRT."""
BROKEN_PIPE_STATUS = 141
"""As shells report the end by SIGPIPE: whoever read our output has gone."""


class CommandError(Exception):
    """The command cannot do its work. The message is one line: what, where, and what to do about it."""


class OutputError(Exception):
    """Standard output did not take what was to be said. The message is one line."""


class ReaderGone(OutputError):
    """Whoever read standard output has gone, which is their right."""


def complain(message: str) -> None:
    """Say on standard error what is wrong, in one line that names who says it."""
    _tell(f"remit: {shown(' '.join(message.splitlines()))}\n")


def explain(message: str) -> None:
    """As :func:`complain`, for what needs several lines."""
    _tell("remit: " + "\n".join(map(shown, message.splitlines())) + "\n")


def say(text: str) -> None:
    """Write `text`, whole lines, on standard output. OutputError."""
    if sys.stdout is None:
        raise OutputError("standard output is closed")
    try:
        _write(sys.stdout, text)
    except BrokenPipeError:
        raise ReaderGone from None
    except OSError as error:
        raise OutputError(f"standard output: {reason(error)}") from None


def _tell(text: str) -> None:
    if sys.stderr is None:
        return
    try:
        _write(sys.stderr, text)
    except OSError:
        return  # There is nobody else to tell: the exit status has to say it.


def _write(stream: TextIO, text: str) -> None:
    encoding = stream.encoding or "utf-8"
    # A name that is not text in the locale's encoding must not turn the message into a traceback.
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
    stream.flush()


def shown(name: str) -> str:
    """A name from a file or a file system, with whatever could move a terminal's cursor escaped."""
    return name if name.isprintable() else repr(name)[1:-1]


def reason(error: OSError) -> str:
    """Why the host refused, without numbers: ``No such file or directory``."""
    return error.strerror or str(error) or type(error).__name__


def size_in_words(size: int) -> str:
    """``17 bytes``, ``64 KiB``, ``1.5 MiB``."""
    if size < 1024:
        return f"{size} byte" if size == 1 else f"{size} bytes"
    value, units = size / 1024, ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
    while value >= 1024 and len(units) > 1:
        value /= 1024
        del units[0]
    return f"{value:.1f}".removesuffix(".0") + f" {units[0]}"
