"""What a finished run returns."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


class CompletedProcess:
    """A program that ended by itself, as :class:`subprocess.CompletedProcess`.

    `stdout` and `stderr` are None unless they were captured; then bytes, or str in text mode.
    """

    __slots__ = ("args", "returncode", "stderr", "stdout")

    def __init__(self, args: Sequence[Any], returncode: int, stdout: Any = None, stderr: Any = None) -> None:
        self.args = args
        self.returncode = returncode
        self.stdout = stdout
        self.stderr = stderr

    def check_returncode(self) -> None:
        """Raise :class:`remit.CalledProcessError` if the exit status is not 0."""
        if self.returncode:
            from remit.runtime.failures import CalledProcessError

            raise CalledProcessError(self.returncode, self.args, self.stdout, self.stderr)

    def __repr__(self) -> str:
        shown = [f"args={self.args!r}", f"returncode={self.returncode!r}"]
        shown += [f"{name}={value!r}" for name in ("stdout", "stderr") if (value := getattr(self, name)) is not None]
        return f"CompletedProcess({', '.join(shown)})"
