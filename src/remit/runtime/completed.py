"""What a finished run returns."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from remit.kernel.refusals import Refusal


class CompletedProcess:
    """A program that ended by itself, as :class:`subprocess.CompletedProcess`.

    `stdout` and `stderr` are None unless they were captured; then bytes, or str in text mode. `stdout_truncated` and
    `stderr_truncated`: the program wrote more than :attr:`remit.Limits.captured_bytes`; it was told that there is no
    room, and what came before that is here. `refusals` are what it asked for and was not granted
    (:class:`remit.Refusal`), each once.
    """

    __slots__ = ("args", "refusals", "returncode", "stderr", "stderr_truncated", "stdout", "stdout_truncated")

    def __init__(
        self,
        args: Sequence[Any],
        returncode: int,
        stdout: Any = None,
        stderr: Any = None,
        *,
        stdout_truncated: bool = False,
        stderr_truncated: bool = False,
        refusals: Iterable[Refusal] = (),
    ) -> None:
        self.args = args
        self.refusals = tuple(refusals)
        self.returncode = returncode
        self.stdout = stdout
        self.stderr = stderr
        self.stdout_truncated = stdout_truncated
        self.stderr_truncated = stderr_truncated

    def check_returncode(self) -> None:
        """Raise :class:`remit.CalledProcessError` if the exit status is not 0."""
        if self.returncode:
            from remit.runtime.failures import CalledProcessError

            error = CalledProcessError(self.returncode, self.args, self.stdout, self.stderr)
            error.stdout_truncated, error.stderr_truncated = self.stdout_truncated, self.stderr_truncated
            error.refusals = self.refusals
            raise error

    def __repr__(self) -> str:
        shown = [f"args={self.args!r}", f"returncode={self.returncode!r}"]
        shown += [f"{name}={value!r}" for name in ("stdout", "stderr") if (value := getattr(self, name)) is not None]
        shown += [f"refusals={self.refusals!r}"] if self.refusals else []
        shown += [f"{name}=True" for name in ("stdout_truncated", "stderr_truncated") if getattr(self, name)]
        return f"CompletedProcess({', '.join(shown)})"
