"""``remit learn``: run a program and write down the smallest remit that it would have done with."""

from __future__ import annotations

import os

from remit.cli.grant_options import GRANTS
from remit.cli.options import Command, Option, UsageError
from remit.cli.refusals import MOST_LINES
from remit.cli.report import CommandError, complain, reason, say, shown
from remit.cli.run import carry_out, loaded
from remit.cli.values import DirectoryGrant, parse_duration
from remit.cli.world import World, remit_of
from remit.policy.observing import Observation
from remit.policy.remit import Remit, RemitError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

COMMAND = Command(
    "learn",
    "PROGRAM [ARGS…]",
    "Run a program under observation, and write the smallest remit file that allows what it did. It gets what these\n"
    "options hand it, as with `remit run`: nothing else can be learned. A file that is there gets what it lacks.",
    (
        Option("-o", "--output", value="FILE", help="The remit file (default: remit.toml)."),
        Option(
            "--discard-changes",
            help="Let it work on copies: directories of the host stay as they are, and what it writes is gone then.",
        ),
        *GRANTS,
        Option("--timeout", value="DURATION", parse=parse_duration, help="Stop it after this: 10, 500ms, 2m."),
        Option("--no-cache", help="Neither use nor keep compiled code on disk."),
    ),
    stop_at_operand=True,
    notes="The exit status is the program's own, as with `remit run`; the file is written however it ends. Wider\n"
    "rules that may be meant are suggested on standard error, and never taken.",
)


def main(arguments: Sequence[str]) -> int:
    """The subcommand; the exit status."""
    parsed = COMMAND.parse(arguments)
    if parsed is None:
        say(COMMAND.help())
        return 0
    path, *rest = parsed.operands
    options = parsed.values
    output = options.get("output", "remit.toml")
    known = _known(output)
    remit = remit_of(options, inherit=True)
    _check_program(output, path, known)
    if not os.path.isdir(os.path.dirname(output) or "."):
        # Now, and not when the program has run.
        raise CommandError(f"{output}: there is no directory {os.path.dirname(output)}")
    observation = Observation(remit)
    program = loaded(path, options)
    world = World(_discarding(options) if "discard-changes" in options else options)
    world.add_decoy()
    try:
        status = carry_out(program, path, rest, world, options, observation)
    finally:
        _write(output, path, rest, observation.smallest(known), known)
    for guest, rule, count in observation.suggestions():
        complain(f"{shown(output)}: {shown(guest)}: the rule '{shown(rule)}' could stand for {count} of its rules")
    unlearned = observation.unlearned()
    for what in unlearned[:MOST_LINES]:
        complain(f"{shown(output)}: no rule was learned for {shown(what)}")
    if len(unlearned) > MOST_LINES:
        complain(f"{shown(output)}: no rule was learned for {len(unlearned) - MOST_LINES:,} more things")
    return status


def _known(output: str) -> Remit | None:
    """What the file says already."""
    if not os.path.exists(output):
        return None
    try:
        # Its paths begin where those of the options do.
        return Remit.load(output).based_on("")
    except RemitError as error:
        raise CommandError(str(error)) from None
    except OSError as error:
        raise CommandError(f"{output}: {reason(error)}") from None


def _discarding(options: dict[str, Any]) -> dict[str, Any]:
    """The same options, with overlays of the directories that can be changed."""
    writable = [each for each in options.get("dir", ()) if not each.read_only]
    return {
        **options,
        "dir": [each for each in options.get("dir", ()) if each.read_only],
        "overlay": [*options.get("overlay", ()), *[DirectoryGrant(each.host, each.guest, True) for each in writable]],
    }


def _check_program(output: str, program: str, known: Remit | None) -> None:
    if known is None or known.program is None:
        return
    if os.path.realpath(known.program) != os.path.realpath(program):
        raise UsageError(f"{output} is for {known.program}, not for {program}: choose another file with -o")


def _write(output: str, program: str, arguments: list[str], remit: Remit, known: Remit | None) -> None:
    from remit.cli.remit_file import digest_of
    from remit.policy.remit_file.update import update_file

    digest = digest_of(program)
    kept = known is not None and known.program is not None
    given = known.arguments if known is not None and kept else arguments
    try:
        update_file(output, remit.changed(program=program, sha256=digest, arguments=given))
    except (RemitError, RuntimeError) as error:
        raise CommandError(str(error)) from None
    except OSError as error:
        raise CommandError(f"{output}: {reason(error)}") from None
