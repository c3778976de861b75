"""Standard streams chosen as in :mod:`subprocess`: inherited, dropped, captured, or an object of the caller's."""

from __future__ import annotations

import sys

from remit.streams.factory import DEVNULL, input_stream, output_stream
from remit.streams.memory import Capture

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from remit.kernel.files import File

PIPE = -1
STDOUT = -2

__all__ = ["DEVNULL", "PIPE", "STDOUT", "chosen_input", "chosen_output"]


def chosen_input(value: Any, *, asynchronous: bool = False) -> File | None:
    """The stream for `value`; None to inherit the host's."""
    return None if value is None else input_stream(value, asynchronous=asynchronous)


def chosen_output(
    value: Any, descriptor: int, limit: int, *, same_as: File | None = None, asynchronous: bool = False
) -> File | None:
    """The stream for `value`; None to inherit the host's `descriptor` (1 or 2). `STDOUT` is `same_as`, or the host's 1.

    What is captured is at most `limit` bytes.
    """
    if isinstance(value, int):
        if value == PIPE:
            return Capture(limit)
        if value == STDOUT:
            if same_as is not None:
                return same_as
            value = 1
    if value is not None:
        return output_stream(value, asynchronous=asynchronous)
    # What Python has buffered comes before what the program writes to the same descriptor.
    buffered = sys.stdout if descriptor == 1 else sys.stderr
    if buffered is not None:
        buffered.flush()
    return None
