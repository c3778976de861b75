"""Python signal handlers that raise, while a guest runs.

Python runs its handlers in the main thread between two bytecodes. While a guest runs, the next bytecode may be
the first one of a callback that C calls; what is raised *there* cannot be caught, ctypes drops it, and the
callback returns an undefined value to C. So during a call every Python handler is replaced by one that lets
exceptions through only while the code of a host function runs, and otherwise keeps them for the call to raise.
"""

from __future__ import annotations

import _signal

from remit.engine.wasmtime.threads import local

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import Any

    from remit.engine.wasmtime.threads import ThreadState

_NAMES = ("SIGINT", "SIGTERM", "SIGALRM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGCHLD", "SIGPROF", "SIGVTALRM")
_NAMES += ("SIGBREAK", "SIGWINCH", "SIGCONT", "SIGTSTP", "SIGPIPE", "SIGXCPU", "SIGIO", "SIGURG")
_NUMBERS = tuple([getattr(_signal, name) for name in _NAMES if hasattr(_signal, name)])

_replaced: dict[int, Any] = {}
"""The handlers that stand aside. Signals belong to the main thread, so there is one set of them."""

_getsignal = _signal.getsignal
_signal_signal = _signal.signal


def guard(state: ThreadState) -> bool:
    """Put our handler in front of all Python handlers, for the outermost call of the main thread. False if none was."""
    guarded = False
    for number in _NUMBERS:
        handler = _getsignal(number)
        # None: not set from Python. An int: ignored, or the default.
        if handler is None or isinstance(handler, int):
            continue
        try:
            _signal_signal(number, _on_signal)
        except ValueError:
            state.may_handle_signals = False
            return False
        _replaced[number] = handler
        guarded = True
    return guarded


def unguard() -> None:
    """Put back what was there, unless a host function has set something else meanwhile."""
    for number, handler in _replaced.items():
        if _getsignal(number) is _on_signal:
            _signal_signal(number, handler)
    _replaced.clear()


def _on_signal(number: int, frame: FrameType | None) -> None:
    handler: Callable[[int, FrameType | None], object] = _replaced[number]
    try:
        handler(number, frame)
    except BaseException as error:
        state = local.state
        if state.host:
            raise
        state.pending = error
        if state.store is not None and state.store.on_interrupt is not None:
            state.store.on_interrupt()
