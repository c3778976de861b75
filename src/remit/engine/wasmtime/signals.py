"""Python signal handlers that raise, while a guest runs.

Python runs its handlers in the main thread between two bytecodes. While a guest runs, the next bytecode may be
the first one of a callback that C calls; what is raised *there* cannot be caught, ctypes drops it, and the
callback returns an undefined value to C. So during a call every Python handler is replaced by one that lets
exceptions through only while the code of a host function runs, and otherwise keeps them for the call to raise.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # no stubs; `signal` turns numbers into enums, 100 times slower

from remit.engine.wasmtime.threads import local, thread_state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import Any

    from remit.engine.wasmtime.threads import ThreadState

_NAMES = ("SIGINT", "SIGTERM", "SIGALRM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGPROF", "SIGVTALRM", "SIGBREAK")
"""What programs are stopped or timed with. Handlers of the others are not expected to raise."""

_NUMBERS = tuple([getattr(_signal, name) for name in _NAMES if hasattr(_signal, name)])

_getsignal = _signal.getsignal
_set = _signal.signal

_replaced: dict[int, Any] = {}
"""The handlers that stand aside. Signals belong to the main thread, so there is one set of them."""

_seen: list[Any] = []
"""All handlers at the last look: they seldom change, and this runs before every call."""


def guard(state: ThreadState) -> bool:
    """Put our handler in front of all Python handlers, for the outermost call of the main thread. False if none was."""
    global _seen
    handlers = [*map(_getsignal, _NUMBERS)]
    if handlers != _seen:
        for number, handler in zip(_NUMBERS, handlers, strict=True):
            # None: not set from Python. An int: ignored, or the default. Ours: a handler raised between two calls.
            if handler is None or isinstance(handler, int):
                _replaced.pop(number, None)
            elif handler is not _on_signal:
                _replaced[number] = handler
        _seen = handlers
    try:
        for number in _replaced:
            _set(number, _on_signal)
    except ValueError:
        state.may_handle_signals = False
        return False
    return bool(_replaced)


def unguard() -> None:
    """Put back what was there, unless a host function has set something else meanwhile."""
    for number, handler in _replaced.items():
        if _getsignal(number) is _on_signal:
            _set(number, handler)


def guarded(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call `function`, which enters guests several times: handlers are replaced once for all of them.

    Between those calls they may raise, as in a host function.
    """
    state = thread_state()
    host = state.host
    if state.store is not None or state.guarded or not state.may_handle_signals:
        return function(*arguments)
    state.host = False
    if not guard(state):
        state.host = host
        return function(*arguments)
    state.guarded = True
    try:
        state.host = True
        result = function(*arguments)
    finally:
        state.host = state.guarded = False
        unguard()
        state.host = host
    raised, state.pending = state.pending, None
    if raised is not None:
        raise raised
    return result


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
