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

_SIGNALLED = 128
"""As shells report the end by a signal: this, and its number."""

_SIGINT = _signal.SIGINT


def take_over() -> None:
    """Let Ctrl-C end this process, unless whoever started it wants it ignored, as shells do in the background."""
    if _signal.getsignal(_SIGINT) is _signal.default_int_handler:
        _signal.signal(_SIGINT, _leave)
        sys.unraisablehook = _unraisable


def was_interrupted() -> bool:
    """Whether an interrupt was raised: then no other exception says what happened."""
    return Unwinding.began


def status() -> int:
    """The exit status of a process that was interrupted."""
    return _SIGNALLED + Unwinding.by


class Unwinding:
    """Within it, Ctrl-C raises KeyboardInterrupt, once. The next one ends the process all the same."""

    __slots__ = ()
    began = False
    by: int = _SIGINT
    """The signal that it began by."""

    def __enter__(self) -> None:
        if _signal.getsignal(_SIGINT) is _leave:
            _signal.signal(_SIGINT, _unwind)

    def __exit__(self, *_: object) -> None:
        if _signal.getsignal(_SIGINT) is _unwind:
            _signal.signal(_SIGINT, _leave)


class EndingToo:
    """Within it, SIGTERM and SIGHUP are as Ctrl-C is within :class:`Unwinding`, unless they are ignored."""

    __slots__ = ()
    taken: tuple[int, ...] = ()

    def __enter__(self) -> None:
        signals = [getattr(_signal, name, None) for name in ("SIGTERM", "SIGHUP")]
        try:
            EndingToo.taken = tuple([each for each in signals if each and _signal.getsignal(each) is _signal.SIG_DFL])
            for number in EndingToo.taken:
                _signal.signal(number, _unwind_by)
        except ValueError:
            # Signals are the main thread's, and this is another.
            EndingToo.taken = ()

    def __exit__(self, *_: object) -> None:
        for number in EndingToo.taken:
            _signal.signal(number, _signal.SIG_DFL)


def _leave(number: int, frame: FrameType | None) -> None:
    os._exit(_SIGNALLED + _SIGINT)


def _unwind(number: int, frame: FrameType | None) -> None:
    Unwinding.began = True
    _signal.signal(_SIGINT, _leave)
    raise KeyboardInterrupt


def _unwind_by(number: int, frame: FrameType | None) -> None:
    Unwinding.began = True
    Unwinding.by = number
    # Once is enough: what is put away now must not be interrupted by another. Ctrl-C still ends it.
    for each in EndingToo.taken:
        _signal.signal(each, _not_again)
    raise KeyboardInterrupt


def _not_again(number: int, frame: FrameType | None) -> None:
    """Python complains of a signal that came before it was to be ignored."""


def _unraisable(unraisable: sys.UnraisableHookArgs) -> None:
    if unraisable.exc_type is KeyboardInterrupt:  # It came where Python drops exceptions, as in a `__del__`.
        os._exit(status())
    sys.__unraisablehook__(unraisable)
