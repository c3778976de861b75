"""``remit learn``: run a program and write down the smallest remit that it would have done with."""

from __future__ import annotations

import os
from contextlib import contextmanager

from remit.cli.grant_options import GRANTS
from remit.cli.interrupts import EndingToo
from remit.cli.options import Command, Option, UsageError
from remit.cli.refusals import MOST_LINES, tell
from remit.cli.remit_file import adopt, check_out_of_reach, digest_of, load
from remit.cli.report import REFUSED_STATUS, CommandError, complain, reason, say, shown
from remit.cli.run import carry_out, loaded
from remit.cli.values import DirectoryGrant, parse_duration
from remit.cli.world import World, remit_of
from remit.kernel.refusals import Collected
from remit.policy.observing import Observation
from remit.policy.remit_values import RemitError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from remit.policy.remit import Remit
    from remit.policy.remit_grants import DirectoryGrant as Grant

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
        Option(
            "--ask",
            help="Ask on the terminal before each new use of a directory, by path and right, and of the network, and "
            "refuse what is not allowed. --timeout runs meanwhile.",
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
    file = None
    if "remit" in options:
        file = load(options["remit"])
        adopt(file, options)
        rest = rest or [*file.arguments]
    remit = remit_of(options, file, inherit=True)
    _check_program(output, path, known)
    _check_places(output, remit, known)
    if "discard-changes" not in options:
        remedy = "write it elsewhere with -o FILE, or let the program work on copies with --discard-changes"
        check_out_of_reach(output, remit, remedy)
    if not os.path.isdir(os.path.dirname(output) or "."):
        # Now, and not when the program has run.
        raise CommandError(f"{output}: there is no directory {os.path.dirname(output)}")
    asking = terminal = None
    if "ask" in options:
        from remit.cli.asking import Terminal
        from remit.policy.asking import Asking

        terminal = Terminal(os.path.basename(path))
        asking = Asking(remit, terminal, known)
    observation = Observation(remit)
    digest = digest_of(path)
    if known is not None and known.sha256 not in (None, digest):
        complain(f"{shown(output)}: {shown(path)} is not the program that it was: the file will have its new digest")
    program = loaded(path, options, file)
    if "discard-changes" in options:
        options, file = _discarding(options), None if file is None else _discarding_of(file)
    # What is refused is no reason to stop learning.
    world = World(options, None if file is None else file.changed(strict=False))
    world.add_decoy()
    refusals = Collected()
    if asking is not None:
        asking.around(world.options)
    with EndingToo():
        try:
            status = _status(
                path,
                lambda: carry_out(
                    program,
                    path,
                    rest,
                    world,
                    options,
                    observation,
                    on_refusal=None if asking is None else refusals,
                ),
            )
        finally:
            if terminal is not None:
                terminal.close()
            with _alone(output):
                # Others may have learned into the file meanwhile.
                known = _known(output)
                _check_program(output, path, known)
                _check_places(output, remit, known)
                remembered = known if asking is None else asking.remembered(known)
                _write(output, path, rest, observation.smallest, remembered, known, digest)
            if asking is not None:
                tell(
                    [each for each in refusals.kept if not asking.was_denied(each)], options, world.file, refusals.more
                )
    suggestions = observation.suggestions()
    for guest, rule, count in suggestions[:MOST_LINES]:
        complain(f"{shown(output)}: {shown(guest)}: the rule '{shown(rule)}' could stand for {count} of its rules")
    if len(suggestions) > MOST_LINES:
        complain(
            f"{shown(output)}: {len(suggestions) - MOST_LINES:,} more wider rules could stand for ten or more each"
        )
    unlearned = observation.unlearned()
    for what in unlearned[:MOST_LINES]:
        complain(f"{shown(output)}: no rule was learned for {shown(what)}")
    if len(unlearned) > MOST_LINES:
        complain(f"{shown(output)}: no rule was learned for {len(unlearned) - MOST_LINES:,} more things")
    return status


def _known(output: str) -> Remit | None:
    return load(output).based_on("") if os.path.exists(output) else None


@contextmanager
def _alone(output: str) -> Iterator[None]:
    """Of all who learn into files of that directory, where the host has locks."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    try:
        descriptor = os.open(os.path.dirname(output) or ".", os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise CommandError(f"{output}: {reason(error)}") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _status(path: str, run: Callable[[], int]) -> int:
    """That of `run`, which may be stopped by an answer."""
    try:
        return run()
    except Exception as error:
        from remit.cli.asking import StoppedByAnswer

        if not isinstance(error, StoppedByAnswer):
            raise
        complain(f"{path}: stopped, as you said")
        return REFUSED_STATUS


def _discarding(options: dict[str, Any]) -> dict[str, Any]:
    """The same options, with overlays of the directories that can be changed."""
    writable = [each for each in options.get("dir", ()) if not each.read_only]
    return {
        **options,
        "dir": [each for each in options.get("dir", ()) if each.read_only],
        "overlay": [*options.get("overlay", ()), *[DirectoryGrant(each.host, each.guest, True) for each in writable]],
    }


def _discarding_of(file: Remit) -> Remit:
    """The same remit, likewise."""
    for each in file.files:
        if each.rights != "read":
            raise CommandError(
                f"--discard-changes: {each.source} lets it change a single file, of which there are no copies: grant "
                "the directory that it is in"
            )
    dirs = [each.changed(kind="overlay") if each.kind == "host" and each.writable else each for each in file.dirs]
    return file.changed(dirs=dirs)


def _check_program(output: str, program: str, known: Remit | None) -> None:
    if known is None or known.program is None:
        return
    if os.path.realpath(known.program) != os.path.realpath(program):
        raise UsageError(f"{output} is for {known.program}, not for {program}: choose another file with -o")


def _check_places(output: str, remit: Remit, known: Remit | None) -> None:
    """UsageError if a directory is another one than the file says: what is learned of it would be said of that."""
    there = {} if known is None else {each.guest: each for each in known.dirs}
    for grant in remit.dirs:
        before = there.get(grant.guest)
        if before is not None and _place_of(before) != _place_of(grant):
            raise UsageError(
                f"{output} has another directory as {shown(grant.guest)}, {_described(before)} and not "
                f"{_described(grant)}: choose another file with -o"
            )


def _place_of(grant: Grant) -> tuple[str, str | None]:
    return grant.kind, grant.url if grant.path is None else os.path.realpath(grant.path)


def _described(grant: Grant) -> str:
    kind = {"host": "that of the host"}.get(grant.kind, grant.kind)
    return kind if grant.path is None else f"{kind} at {shown(grant.path)}"


def _write(
    output: str,
    program: str,
    arguments: list[str],
    smallest: Callable[[Remit | None], Remit],
    remembered: Remit | None,
    known: Remit | None,
    digest: str,
) -> None:
    """`digest`: of the program, before it ran. CommandError."""
    from remit.policy.remit_file.update import update_file

    kept = known is not None and known.program is not None
    given = known.arguments if known is not None and kept else arguments
    try:
        remit = smallest(remembered)
        learned = remit if known is None else _together(remit, known)
        update_file(output, learned.changed(program=program, sha256=digest, arguments=given))
    except (RemitError, RuntimeError) as error:
        raise CommandError(str(error)) from None
    except OSError as error:
        raise CommandError(f"{output}: {reason(error)}") from None


def _together(learned: Remit, known: Remit) -> Remit:
    """What was learned, and what the file says besides: a person may have written that, so nothing is taken out."""
    single = {
        name: getattr(known, name)
        for name in ("name", "time", "seed", "allow_interfaces")
        if getattr(known, name) is not None
    }
    return learned.changed(
        **single,
        env={**known.env, **{name: value for name, value in learned.env.items() if name not in known.env}},
        stdin=known.stdin,
        stdout=known.stdout,
        stderr=known.stderr,
        network=known.network if learned.network == "none" else learned.network,
        http=known.http and learned.http,
        listen=list(dict.fromkeys([*known.listen, *learned.listen])),
        deny_interfaces=list(dict.fromkeys([*known.deny_interfaces, *learned.deny_interfaces])),
        replaced_interfaces={**learned.replaced_interfaces, **known.replaced_interfaces},
        deterministic=known.deterministic or learned.deterministic,
        strict=known.strict or learned.strict,
        limits={**learned.limits, **known.limits},
    )
