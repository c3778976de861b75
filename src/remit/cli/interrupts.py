"""Ctrl-C ends the command in silence, with status 130, from the import of this module on.

Python's own handler raises KeyboardInterrupt wherever the main thread happens to be. In the middle of an import or of a
callback that becomes a traceback, another exception, or nothing at all. So this one ends the process on the spot; only
:class:`Unwinding` gives what has to be put away, a file half written or a program that runs, the time for it.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # no stubs; `signal` takes 2 ms to make enums of its numbers
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

INTERRUPT_STATUS = 130
"""As shells report the end by SIGINT."""

_SIGINT = _signal.SIGINT


def take_over() -> None:
    """Let Ctrl-C end this process, unless whoever started it wants it ignored, as shells do in the background."""
    if _signal.getsignal(_SIGINT) is _signal.default_int_handler:
        _signal.signal(_SIGINT, _leave)
        sys.unraisablehook = _unraisable


def was_interrupted() -> bool:
    """Whether an interrupt was raised: then no other exception says what happened."""
    return Unwinding.began


class Unwinding:
    """Within it, Ctrl-C raises KeyboardInterrupt, once. The next one ends the process all the same."""

    __slots__ = ()
    began = False

    def __enter__(self) -> None:
        if _signal.getsignal(_SIGINT) is _leave:
            _signal.signal(_SIGINT, _unwind)

    def __exit__(self, *_: object) -> None:
        if _signal.getsignal(_SIGINT) is _unwind:
            _signal.signal(_SIGINT, _leave)


def _leave(number: int, frame: FrameType | None) -> None:
    os._exit(INTERRUPT_STATUS)


def _unwind(number: int, frame: FrameType | None) -> None:
    Unwinding.began = True
    _signal.signal(_SIGINT, _leave)
    raise KeyboardInterrupt


def _unraisable(unraisable: sys.UnraisableHookArgs) -> None:
    if unraisable.exc_type is KeyboardInterrupt:  # It came where Python drops exceptions, as in a `__del__`.
        os._exit(INTERRUPT_STATUS)
    sys.__unraisablehook__(unraisable)
