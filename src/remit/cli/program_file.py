"""The program that a command line names: read, and known for what it is, or refused in one line."""

from __future__ import annotations

from remit.binary.kind import HEAD, kind_of
from remit.cli.report import CommandError, reason


class ProgramFile:
    """A file, in memory."""

    __slots__ = ("data", "kind", "path")

    def __init__(self, path: str) -> None:
        """CommandError if it cannot be read."""
        self.path = path
        try:
            with open(path, "rb") as file:
                self.data = file.read()
        except OSError as error:
            raise CommandError(f"{path}: {reason(error)}") from None
        except ValueError as error:  # A NUL in the name.
            raise CommandError(f"{path!r}: {error}") from None
        self.kind = kind_of(self.data[:HEAD])
