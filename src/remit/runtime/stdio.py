"""Standard streams chosen as in :mod:`subprocess`: inherited, dropped, captured, or an object of the caller's."""

from __future__ import annotations

import sys

from remit.streams.memory import DEVNULL, Capture

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from remit.kernel.files import File

PIPE = -1
STDOUT = -2

__all__ = ["DEVNULL", "PIPE", "STDOUT", "Streams"]


class Streams:
    """The three standard streams of one program. A stream that is None is the host's own."""

    __slots__ = ("_captured", "stderr", "stdin", "stdout")

    def __init__(self, stdin: Any, stdout: Any, stderr: Any, *, limit: int, asynchronous: bool) -> None:
        """`limit` in bytes, for each stream that is captured. `asynchronous`: the program will run on an asyncio loop.

        TypeError or ValueError for what cannot be a stream.
        """
        if stdin is not None and _is(stdin, PIPE):
            raise ValueError("stdin=PIPE: nobody could write to it; give bytes, a file object, or a function")
        if stdout is not None and _is(stdout, STDOUT):
            raise ValueError("stdout=STDOUT: only stderr can go where stdout goes")
        self.stdin = _input(stdin, asynchronous)
        self.stdout = _output("stdout", stdout, limit, asynchronous)
        self.stderr: File | None
        together = stderr is not None and _is(stderr, STDOUT)
        if together:
            self.stderr = _output("stderr", 1, limit, asynchronous) if self.stdout is None else self.stdout
        else:
            self.stderr = _output("stderr", stderr, limit, asynchronous)
        # What Python has buffered comes before what the program writes to the same descriptor.
        if self.stdout is None:
            _flush(sys.stdout)
        if self.stderr is None:
            _flush(sys.stderr)
        self._captured = (
            self.stdout if isinstance(self.stdout, Capture) else None,
            self.stderr if isinstance(self.stderr, Capture) and not together else None,
        )

    def captured(self) -> tuple[bytes | None, bytes | None]:
        """What was captured of stdout and stderr so far; None where nothing is."""
        first, second = self._captured
        return None if first is None else first.getvalue(), None if second is None else second.getvalue()

    def truncated(self) -> tuple[bool, bool]:
        """Whether more was written to stdout and stderr than was captured."""
        first, second = self._captured
        return first is not None and first.truncated, second is not None and second.truncated


def _is(value: Any, number: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value == number


def _input(value: Any, asynchronous: bool) -> File | None:
    if value is None:
        return None
    from remit.streams.factory import input_stream

    return input_stream(value, asynchronous=asynchronous)


def _output(name: str, value: Any, limit: int, asynchronous: bool) -> File | None:
    if value is None:
        return None
    if _is(value, PIPE):
        return Capture(limit)
    from remit.streams.factory import output_stream

    return output_stream(value, name=name, asynchronous=asynchronous)


def _flush(stream: Any) -> None:
    """`stream` is whatever someone has put into ``sys.stdout``."""
    if stream is not None and not getattr(stream, "closed", False) and hasattr(stream, "flush"):
        stream.flush()
