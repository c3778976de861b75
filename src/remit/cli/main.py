"""Where the command begins and ends: what belongs to its process, and not to what it was told to do."""

from __future__ import annotations

import gc
import os
import sys

from remit.cli import interrupts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

YOUNG_OBJECTS = 20_000
"""More than a start makes, and few enough for the garbage of a program that runs for days."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status. It never raises SystemExit.

    Without `arguments` it is the process's own; then the process is there for nothing else, and ends here.
    """
    if arguments is None:
        interrupts.take_over()
        _replace_closed_streams()
        _run_to_the_end(sys.argv[1:])
    from remit.cli.commands import guarded

    return guarded(list(arguments))


def _replace_closed_streams() -> None:
    """Keep the numbers of standard streams that are closed from the files that are opened next.

    A program reads and writes its streams by these numbers. What takes them is opened the wrong way round, so that
    it fails like a closed one.
    """
    for number, stream in enumerate((sys.stdin, sys.stdout, sys.stderr)):
        if stream is None:
            descriptor = os.open(os.devnull, os.O_RDONLY if number else os.O_WRONLY)
            if descriptor != number:
                os.dup2(descriptor, number)
                os.close(descriptor)


def _run_to_the_end(arguments: list[str]) -> NoReturn:
    # Nearly all that a start makes lives to the end: searching it for garbage would cost a tenth of a short run.
    gc.set_threshold(YOUNG_OBJECTS)
    try:
        # Not at the top: interrupts are taken care of first.
        from remit.cli.commands import guarded

        status = guarded(arguments)
    except BaseException:
        if not interrupts.was_interrupted():
            raise
        status = interrupts.status()
    # What is said is flushed at once. The rest is for the host to take back: Python would look at every object once
    # more, and complain about streams that fail.
    os._exit(interrupts.status() if interrupts.was_interrupted() else status)
