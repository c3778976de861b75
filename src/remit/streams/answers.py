"""What the caller's functions and file objects answer when a program reads and writes: checked, so nothing is lost.

What is wrong ends the program, and comes out of ``run``: the message names the stream and what was called.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def bytes_read(name: str, read: Callable[..., Any], answer: Any) -> bytes:
    """`answer` of `read`, as bytes that do not change any more. TypeError."""
    if isinstance(answer, bytes):
        return answer
    if isinstance(answer, (bytearray, memoryview)):
        return bytes(answer)
    raise TypeError(f"{name}: {read!r} returned {_shown(answer)}: bytes are wanted, b'' at the end")


def count_written(name: str, write: Callable[..., Any], answer: Any, given: int) -> int:
    """How many of `given` bytes the method `write` of a file object took, by its `answer`. TypeError, ValueError."""
    if answer is None:
        return given
    if isinstance(answer, bool) or not isinstance(answer, int):
        raise TypeError(
            f"{name}: {write!r} returned {_shown(answer)}: the number of bytes that it took is wanted, or None for all"
        )
    if not 0 < answer <= given:
        raise ValueError(f"{name}: {write!r} returned {answer}, and was given {given} bytes: it may take 1 to {given}")
    return answer


def refuse_awaitable(name: str, write: Callable[..., Any], answer: Any) -> None:
    """TypeError if `answer` is to be awaited: nobody would. Other answers of plain functions mean nothing."""
    if hasattr(answer, "__await__"):
        raise TypeError(f"{name}: {write!r} returned {_shown(answer)}")


def _shown(answer: Any) -> str:
    """In words; a coroutine is closed, which would otherwise complain that it was never awaited."""
    if hasattr(answer, "__await__"):
        if hasattr(answer, "close"):
            answer.close()
        return "an awaitable: that needs run_async, and a function made with `async def`"
    return "None" if answer is None else f"{answer!r} ({type(answer).__name__})"
