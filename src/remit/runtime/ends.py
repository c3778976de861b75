"""How a run ended, in the words of a recording."""

from __future__ import annotations

from remit.engine.api import Timeout, Trap
from remit.kernel.refusals import StoppedAtRefusal


def end_of(error: BaseException) -> tuple[str, str]:
    """What :meth:`remit.recording.tape.Tape.end` is told of a run that did not end by itself."""
    if isinstance(error, Trap):
        return "trap", str(error)
    if isinstance(error, Timeout | TimeoutError):
        return "timeout", str(error)
    if isinstance(error, StoppedAtRefusal):
        return "refused", str(error)
    return "raised", f"{type(error).__name__}: {error}"
