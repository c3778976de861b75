"""The option ``--audit``: a log of what a program does, where the program cannot get at it."""

from __future__ import annotations

from remit.audit import MAX_BYTES, JsonLines, LogFull
from remit.cli.options import UsageError
from remit.cli.remit_file import FILE
from remit.cli.report import CommandError, OutputError, reason, shown
from remit.cli.world import remit_of
from remit.policy.reach import changeable_through, given_as, is_same_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from remit.cli.world import World
    from remit.kernel.refusals import Refusal
    from remit.policy.remit import Remit


def attach(program: str, world: World, options: dict[str, Any]) -> JsonLines:
    """A log, as `options` ask for, that is told of what `program` does in `world`, and of what it is refused.

    Of that it is told after whoever is told already. UsageError, CommandError.
    """
    log = _opened(program, options, remit_of(options, world.file))
    then = world.options.get("on_refusal")

    def refused(refusal: Refusal) -> None:
        if then is not None:
            then(refusal)
        log(refusal)

    refused.every = True  # type: ignore[attr-defined]  # functions may have attributes
    world.options["on_use"] = log
    world.options["on_refusal"] = refused
    return log


def close(log: JsonLines, path: str) -> None:
    """OutputError."""
    try:
        log.close()
    except OSError as error:
        raise not_written(path, error) from None


def _opened(program: str, options: dict[str, Any], remit: Remit) -> JsonLines:
    if "audit" not in options:
        raise UsageError("--max-audit is for --audit FILE, which is not given")
    path = options["audit"]
    inputs = {
        "the program itself": program,
        "the remit file": options.get(FILE),
        "the recording": options.get("record"),
    }
    for what, other in inputs.items():
        if other is not None and is_same_file(path, other):
            raise CommandError(f"--audit: {path}: this is {what}; name another file")
    given = given_as(path, remit)
    if given:
        raise CommandError(f"--audit: {path}: the program is handed this as {shown(given)}; name another file")
    where = changeable_through(path, remit)
    if where:
        raise CommandError(
            f"--audit: {path}: the program can change it there, by {shown(where)}; name a file outside of what it is "
            "handed, or hand it that read-only"
        )
    try:
        return JsonLines(path, max_bytes=options.get("max-audit", MAX_BYTES))
    except OSError as error:
        raise CommandError(f"--audit: {path}: {reason(error)}") from None


def not_written(path: str, error: OSError) -> OutputError:
    """What is told when it could not be written or closed."""
    more = "; --max-audit allows more" if isinstance(error, LogFull) else ""
    return OutputError(f"--audit: {path}: {reason(error)}{more}")
