"""``remit cache``: what compiled code is kept on disk, and how to get rid of it."""

from __future__ import annotations

import time

from remit.cli.options import Command, Option, UsageError
from remit.cli.report import CommandError, say, shown, size_in_words
from remit.cli.values import parse_age, parse_size
from remit.engine.cache import Cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

COMMAND = Command(
    "cache",
    "show|prune",
    "Show what compiled code is kept, or remove some of it. Programs that run are not disturbed.",
    (
        Option("--older-than", value="AGE", parse=parse_age, help="prune: what was not used for so long: 30d, 12h."),
        Option(
            "--max-size", value="SIZE", parse=parse_size, help="prune: the least recently used, until SIZE is left."
        ),
        Option("--all", help="prune: everything."),
        Option("--json", help="The answer, for machines."),
    ),
    notes="The cache is in $REMIT_CACHE_DIR, or in the directory `remit` of $XDG_CACHE_HOME or of the platform's\n"
    "place for caches. Only its user may be able to write there: otherwise nothing is kept. It keeps itself to\n"
    "2 GiB: beyond, what was not used for longest goes when something is added.",
)


def main(arguments: Sequence[str]) -> int:
    """The subcommand; the exit status."""
    parsed = COMMAND.parse(arguments)
    if parsed is None:
        say(COMMAND.help())
        return 0
    [action] = parsed.operands
    if action not in ("show", "prune"):
        raise UsageError(f"unknown action {action!r}: remit cache show, or remit cache prune")
    limits = [f"--{name}" for name in ("older-than", "max-size", "all") if name in parsed.values]
    if action == "show":
        if limits:
            raise UsageError(f"{limits[0]} belongs to `remit cache prune`")
        _show(Cache(), as_json="json" in parsed.values)
    else:
        if not limits:
            raise UsageError("say what to remove: remit cache prune --older-than AGE, --max-size SIZE, or --all")
        if "--all" in limits and len(limits) > 1:
            raise UsageError(f"--all leaves nothing for {limits[0]}")
        _prune(Cache(), parsed.values)
    return 0


def _show(cache: Cache, *, as_json: bool) -> None:
    entries = cache.entries()
    total = sum(entry.size for entry in entries)
    if as_json:
        _say_json(
            {
                "directory": cache.directory,
                "refusal": cache.refusal,
                "size": total,
                "entries": [
                    {
                        "key": entry.key,
                        "name": entry.name,
                        "size": entry.size,
                        "last_used": entry.last_used,
                        "engine": entry.engine_key,
                    }
                    for entry in entries
                ],
            }
        )
        return
    lines = [f"directory: {shown(cache.directory)}"]
    if cache.refusal is not None:
        lines.append(f"not used: {shown(cache.refusal)}")
    lines.append(f"programs: {len(entries)}, {size_in_words(total)}")
    for entry in entries:
        day = time.strftime("%Y-%m-%d", time.localtime(entry.last_used))
        lines.append(f"  {size_in_words(entry.size):>10}  used {day}  {shown(entry.name)}")
    say("\n".join(lines) + "\n")


def _prune(cache: Cache, options: dict[str, Any]) -> None:
    if cache.refusal is not None:
        raise CommandError(f"the cache is not used: {cache.refusal}")
    removed, freed = cache.prune(
        max_bytes=0 if "all" in options else options.get("max-size"), older_than=options.get("older-than")
    )
    if "json" in options:
        _say_json({"directory": cache.directory, "removed": removed, "freed": freed})
    else:
        say(f"removed: {removed}, {size_in_words(freed)}\n")


def _say_json(facts: dict[str, Any]) -> None:
    import json

    say(json.dumps(facts, indent=2) + "\n")
