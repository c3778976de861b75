"""The program that a command line names: read, and known for what it is, or refused in one line."""

from __future__ import annotations

from remit.binary.kind import COMPONENT, HEAD, MODULE, PRECOMPILED, describe, kind_of
from remit.cli.report import CommandError, reason
from remit.engine.program_file import read_head, read_program


class ProgramFile:
    """A file, in memory."""

    __slots__ = ("data", "kind", "path")

    def __init__(self, path: str) -> None:
        """CommandError if it cannot be read."""
        self.path = path
        try:
            self.data, _ = read_program(path)
        except OSError as error:
            raise CommandError(f"{path}: {reason(error)}") from None
        except ValueError as error:  # A NUL in the name.
            raise CommandError(f"{path!r}: {error}") from None
        self.kind = kind_of(self.data[:HEAD])


def is_precompiled(path: str) -> bool:
    """Whether the file is native code, compiled ahead of time. OSError."""
    return kind_of(read_head(path, HEAD)) == PRECOMPILED


def why_invalid(path: str, error: Exception) -> str:
    """Why the engine refused the file: what it is, if that explains it better than `error` does."""
    head = read_head(path, HEAD)
    kind = kind_of(head)
    if kind == MODULE:
        return f"damaged or unsupported module: {error}"
    if kind == COMPONENT:
        return f"damaged or unsupported component: {error}"
    if kind == PRECOMPILED:
        return f"{describe(head)}, for this version only; `remit run --allow-precompiled` runs it unchecked"
    return f"{describe(head)}; a WebAssembly binary is needed"
