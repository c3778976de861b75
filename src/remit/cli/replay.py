"""``remit replay``: run a program again from its recording, without the outside."""

from __future__ import annotations

from remit.cli.interrupts import Unwinding
from remit.cli.options import Command, Option
from remit.cli.report import CommandError, OutputError, ReaderGone, complain, explain, reason, say, shown
from remit.cli.values import parse_duration, parse_positive
from remit.engine.api import InvalidModule, LinkError, Trap
from remit.kernel.errors import Code, KernelError
from remit.recording.errors import Departure, OutputFailed, RecordingError, StoppedAtCall

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

COMMAND = Command(
    "replay",
    "RECORDING [PROGRAM]",
    "Run a program again from what `remit run --record RECORDING` kept: with nothing of the outside, not even its\n"
    "files. It must ask the same as then, in the same order, and write the same. PROGRAM is where the program is now,\n"
    "if that is another place.",
    (
        Option("--stop-at", value="N", parse=parse_positive, help="Stop before its call N, as --calls numbers them."),
        Option("--calls", help="List on standard error each call of the kernel, and how it went."),
        Option("--quiet", help="Throw away what the program writes, which is compared all the same."),
        Option("--timeout", value="DURATION", parse=parse_duration, help="Stop it after this: 10, 500ms, 2m."),
        Option(
            "--allow-gc",
            help="The program may use objects that the engine collects, if it could then. If it means harm, it can "
            "then end this process.",
        ),
        Option("--no-cache", help="Neither use nor keep compiled code on disk."),
    ),
    notes="The exit status is 0 if all was as it was recorded, whatever the program's own was; 1 if the program\n"
    "departs from the recording; 2 for what cannot be replayed.",
)


def main(arguments: Sequence[str]) -> int:
    """The subcommand; the exit status."""
    parsed = COMMAND.parse(arguments)
    if parsed is None:
        say(COMMAND.help())
        return 0
    path, *rest = parsed.operands
    try:
        with Unwinding():
            return _replay(path, rest[0] if rest else None, parsed.values)
    except Departure as departure:
        complain(f"{path}: {departure}")
        return 1
    except StoppedAtCall as stop:
        complain(f"{path}: {stop}")
        return 0
    except OutputFailed as failed:
        if failed.error.code is Code.PIPE:
            raise ReaderGone from None
        raise OutputError(f"{path}: {failed}") from None
    except TimeoutError as error:
        raise CommandError(f"{path}: {error}") from None
    except (RecordingError, InvalidModule, LinkError, KernelError) as error:
        raise CommandError(str(error)) from None
    except OSError as error:
        raise CommandError(f"{error.filename or path}: {reason(error)}") from None


def _replay(path: str, program: str | None, options: dict[str, Any]) -> int:
    from remit.runtime.replay import replay
    from remit.runtime.run import DEVNULL

    output = DEVNULL if "quiet" in options else None
    try:
        done = replay(
            path,
            program,
            stdout=output,
            stderr=output,
            stop_at=options.get("stop-at"),
            on_call=_list if "calls" in options else None,
            timeout=options.get("timeout"),
            gc="allow-gc" in options,
            cache="no-cache" not in options,
        )
    except Trap as trap:
        explain(f"{path}: as it was recorded: trap: {trap}")
        return 0
    ended = f"exit status {done.returncode}" if done.returncode is not None else f"stopped there: {done.ended}"
    complain(f"{path}: as it was recorded: {done.calls} calls, {ended}")
    return 0


def _list(number: int, call: str, outcome: str) -> None:
    complain(f"{number:6} {shown(call)}{f' -> {shown(outcome)}' if outcome else ''}")
