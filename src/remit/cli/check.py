"""``remit check``: run a program under its remit file, and say what of that is unused, too wide, or missing."""

from __future__ import annotations

from remit.cli.grant_options import GRANTS
from remit.cli.options import Command, Option, UsageError
from remit.cli.remit_file import adopt, check_out_of_reach, load
from remit.cli.report import CommandError, say, shown
from remit.cli.run import carry_out, loaded
from remit.cli.world import World, remit_of
from remit.kernel.refusals import LEAVE, Collected
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
    notes="The exit status is 0 if there is nothing to mend, and 1 if there is, or if the program fails. What no file\n"
    "could allow (refused: leave) is told, and is nothing to mend.",
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
    # All that it is refused is to be told, and not the first thing only.
    file = load(path).changed(strict=False)
    remit = remit_of(options, file)
    if remit.program is None:
        raise UsageError(f'{path} names no program: add program = "…" to it')
    check_out_of_reach(path, remit)
    adopt(file, options)
    observation = Observation(remit)
    unanswered = _without_python(remit)
    options.pop("interfaces", None)
    file = file.changed(
        allow_interfaces=unanswered.allow_interfaces,
        deny_interfaces=unanswered.deny_interfaces,
        replaced_interfaces={},
    )
    program = loaded(remit.program, options, file)
    world = World(options, file)
    if "program-output" not in options:
        from remit.runtime.run import DEVNULL

        world.options["stdout"] = DEVNULL
    refusals = Collected()
    status = carry_out(
        program, remit.program, rest or [*remit.arguments], world, options, observation, on_refusal=refusals
    )
    silent = [address for place, address in world.listening.items() if place not in observation.accepted]
    found = [f"unused: listen: {address}: it took no connection" for address in silent]
    found += findings(observation, refusals.kept, file)
    if refusals.more:
        found.append(
            f"missing: {refusals.more:,} times more it was refused something: allow what is above, and check again"
        )
    for name, reference in remit.replaced_interfaces.items():
        say(f"not checked: {shown(name)} is answered by {shown(reference)}, whose code was not run\n")
    for line in found:
        say(f"{shown(line)}\n")
    return 1 if status or any(not line.startswith(_NOTED) for line in found) else 0


def _without_python(remit: Remit) -> Remit:
    """The same with Remit's own answers: a check runs no code outside of the sandbox. CommandError if it has none."""
    if not remit.replaced_interfaces:
        return remit
    from remit.interfaces.wit.registry import InterfaceName, registry
    from remit.policy.replacing import source_of
    from remit.runtime.bind import INTERFACES

    for name, reference in remit.replaced_interfaces.items():
        interface = name.partition("#")[0]
        wanted = InterfaceName(interface)
        known = registry().version(wanted) or (not wanted.version and registry().versions(wanted.name))
        if interface not in INTERFACES and not known:
            raise CommandError(
                f"{source_of(remit, name)}: nobody but {reference} answers {name}, and a check does not run its code: "
                "run the program by `remit run`"
            )
    allowed = remit.allow_interfaces
    return remit.changed(
        allow_interfaces=None if allowed is None else [*allowed, *remit.replaced_interfaces], replaced_interfaces={}
    )


_NOTED = "refused: "
"""How lines begin of what no file could say otherwise."""


def findings(observation: Observation, refusals: Sequence[Refusal], file: Remit) -> list[str]:
    """A line for each, sorted by what it is."""
    lines = []
    for guest, rule in observation.unused():
        lines.append(f"unused: {guest}: {f'the rule {rule!r}' if rule else 'all of it'}")
    for guest, rule, rights in observation.too_wide():
        lines.append(f"too wide: {guest}: of the rule {rule!r} only {rights} was used")
    for refusal in refusals:
        # Nothing is missing where nothing would allow it.
        what = _NOTED if refusal.action == LEAVE else "missing: "
        line = f"{what}{refusal.action} {refusal.subject} ({refusal.call}: {refusal.code.value})"
        way = remedy(file, refusal)
        lines.append(f"{line}; {way}" if way else line)
    return lines
