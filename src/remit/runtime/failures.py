"""How a run fails, in the terms of :mod:`subprocess`: its ``except`` clauses work here too.

In a module of its own because importing ``subprocess`` costs more than a whole short run.
"""

from __future__ import annotations

import subprocess

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from remit.kernel.refusals import Refusal


class CalledProcessError(subprocess.CalledProcessError):
    """A run with ``check=True`` ended with an exit status other than 0.

    `stdout`, `stderr`, `stdout_truncated`, `stderr_truncated` and `refusals` are those of
    :class:`remit.CompletedProcess`.
    """

    stdout_truncated: bool = False
    stderr_truncated: bool = False
    refusals: tuple[Refusal, ...] = ()

    def __str__(self) -> str:
        return f"{self.cmd!r} exited with status {self.returncode}"


class TimeoutExpired(subprocess.TimeoutExpired):
    """The program was stopped after `timeout` seconds; what it had written is in `stdout` and `stderr`.

    Those are None unless they were captured; then bytes, or str in text mode. `stdout_truncated`,
    `stderr_truncated` and `refusals` are those of :class:`remit.CompletedProcess`.
    """

    stdout: Any
    stderr: Any
    stdout_truncated: bool = False
    stderr_truncated: bool = False
    refusals: tuple[Refusal, ...] = ()
