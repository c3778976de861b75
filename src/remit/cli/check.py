"""``remit check``: run a program under its remit file, and say what of that is unused, too wide, or missing."""

from __future__ import annotations

from remit.cli.grant_options import GRANTS
from remit.cli.options import Command, Option, UsageError
from remit.cli.remit_file import adopt, check_interfaces, load
from remit.cli.report import say, shown
from remit.cli.run import carry_out, loaded
from remit.cli.world import World, remit_of
from remit.policy.observing import Observation
from remit.policy.remedies import remedy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.kernel.refusals import Refusal
    from remit.policy.remit import Remit

COMMAND = Command(
    "check",
    "FILE [ARGS…]",
    "Run the program of a remit file under it, and say on standard output which of its grants were not used, give\n"
    "more than was used, or are missing. One run is one use of it: another may need what this one did not.",
    (
        Option("--program-output", help="Let the program write to standard output; without this it is thrown away."),
        *GRANTS,
        Option("--no-cache", help="Neither use nor keep compiled code on disk."),
    ),
    stop_at_operand=True,
    notes="The exit status is 0 if there is nothing to say, and 1 if there is, or if the program fails.",
)


def main(arguments: Sequence[str]) -> int:
    """The subcommand; the exit status."""
    parsed = COMMAND.parse(arguments)
    if parsed is None:
        say(COMMAND.help())
        return 0
    path, *rest = parsed.operands
    options = {**parsed.values, "no-explain": True}
    if "remit" in options:
        raise UsageError(f"--remit: {path} is the remit file: give one of them")
    file = load(path)
    remit = remit_of(options, file)
    if remit.program is None:
        raise UsageError(f'{path} names no program: add program = "…" to it')
    adopt(file, options)
    observation = Observation(remit)
    program = loaded(remit.program, options)
    check_interfaces(remit.program, program, file)
    world = World(options, file)
    if "program-output" not in options:
        from remit.runtime.run import DEVNULL

        world.options["stdout"] = DEVNULL
    refusals: list[Refusal] = []
    status = carry_out(
        program, remit.program, rest or [*remit.arguments], world, options, observation, on_refusal=refusals.append
    )
    found = findings(observation, refusals, file)
    for line in found:
        say(f"{shown(line)}\n")
    return 1 if found or status else 0


def findings(observation: Observation, refusals: Sequence[Refusal], file: Remit) -> list[str]:
    """A line for each, sorted by what it is."""
    lines = []
    for guest, rule in observation.unused():
        lines.append(f"unused: {guest}: {f'the rule {rule!r}' if rule else 'all of it'}")
    for guest, rule, rights in observation.too_wide():
        lines.append(f"too wide: {guest}: of the rule {rule!r} only {rights} was used")
    for refusal in refusals:
        line = f"missing: {refusal.action} {refusal.subject} ({refusal.call}: {refusal.code.value})"
        way = remedy(file, refusal)
        lines.append(f"{line}; {way}" if way else line)
    return lines
