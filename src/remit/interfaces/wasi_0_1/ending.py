"""``proc_exit``, ``proc_raise`` and ``sched_yield``: how a program ends itself, or lets others run."""

from __future__ import annotations

from remit.engine.api import Trap
from remit.kernel.errors import Code, Exit, KernelError, WouldBlock
from remit.kernel.poll import ALWAYS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.kernel.process import Process

# fmt: off
SIGNALS = (
    "NONE", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM",
    "TERM", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "POLL",
    "PWR", "SYS",
)
# fmt: on
"""``signal``, by number."""

_IGNORED = frozenset({"NONE", "PIPE", "CHLD", "CONT", "URG", "WINCH"})
_STOPPING = frozenset({"STOP", "TSTP", "TTIN", "TTOU"})


def proc_exit(process: Process, status: int) -> None:
    """End the program."""
    raise Exit(status)


def proc_raise(process: Process, number: int) -> None:
    """Do what a signal does that the program has not caught (it cannot catch any).

    The actions are those of the specification's ``signal``: most end the program, some are ignored. A program cannot be
    stopped and continued: NOT_SUPPORTED.
    """
    if number >= len(SIGNALS):
        raise KernelError(Code.INVALID, f"there is no signal {number}")
    name = SIGNALS[number]
    if name in _STOPPING:
        raise KernelError(Code.NOT_SUPPORTED, f"SIG{name}")
    if name not in _IGNORED:
        raise Trap(f"the program ended itself with signal SIG{name}", "signal")


def sched_yield(process: Process) -> None:
    """Give others a turn."""
    raise WouldBlock(ALWAYS, _done)


def _done() -> None:
    pass
