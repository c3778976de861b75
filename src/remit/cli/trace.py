"""``remit trace``: run a program, and tell each call that it makes."""

from __future__ import annotations

import sys

from remit.cli import run
from remit.cli.options import Command, Option, UsageError
from remit.cli.report import CommandError, OutputError, reason, say
from remit.cli.values import parse_count, parse_size
from remit.trace import MAX_BYTES, MAX_LINES, ChromeTrace, Filtered, JsonLines, Lines, Summary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from remit.kernel.calls import CallSink

COMMAND = Command(
    "trace",
    "PROGRAM [ARGS…]",
    "Run a program as `remit run` does, and tell each call that it makes of WASI and of other imports, when it has\n"
    "ended: its arguments, its result, and how many seconds it took. Options come before PROGRAM.",
    (
        Option("-o", "--output", value="FILE", help="Write there (default: standard error)."),
        Option("-c", "--summary", help="Tell no calls, but at the end how many there were of each function."),
        Option("--json", help="A line of JSON for each call."),
        Option("--chrome", help="What Perfetto (ui.perfetto.dev) opens. It is whole at any time in a FILE."),
        Option(
            "--only",
            value="PATTERN",
            repeated=True,
            help="These functions or interfaces: fd_read, 'path_*', wasi:io/streams, 'input-stream.*'. * is any text.",
        ),
        Option("--not", value="PATTERN", repeated=True, help="All but these."),
        Option("--path", value="PATTERN", repeated=True, help="Calls about these paths, as the program sees them."),
        Option("--errors", help="Calls that failed, or did not return."),
        Option(
            "--max-lines",
            value="N",
            parse=parse_count,
            help=f"Tell so many calls at most (default: {MAX_LINES:,}); a last line says that there were more.",
        ),
        Option(
            "--max-bytes",
            value="SIZE",
            parse=parse_size,
            help=f"Write at most so much (default: {MAX_BYTES >> 20} MiB); likewise.",
        ),
        *run.COMMAND.options,
    ),
    stop_at_operand=True,
    notes="The exit status is that of `remit run`. The program is slower than with `remit run`: native code, which\n"
    "otherwise serves plain files, is not used.",
)


def main(arguments: Sequence[str]) -> int:
    """The subcommand; the exit status."""
    parsed = COMMAND.parse(arguments)
    if parsed is None:
        say(COMMAND.help())
        return 0
    path, *rest = parsed.operands
    options = parsed.values
    sink = _sink(options)
    filtered = _filtered(sink, options)
    try:
        return run.run_program(path, rest, options, trace=filtered)
    finally:
        _finish(sink, options)


def _sink(options: dict[str, Any]) -> Any:
    """What writes. UsageError, CommandError."""
    chosen = [f"--{name}" for name in ("summary", "json", "chrome") if name in options]
    if len(chosen) > 1:
        raise UsageError(f"{chosen[0]} and {chosen[1]} are two forms of what is told: give one")
    if "summary" in options:
        for name in ("max-lines", "max-bytes"):
            if name in options:
                raise UsageError(f"--{name} is for lines, and --summary has none")
        return Summary()
    kind = JsonLines if "json" in options else ChromeTrace if "chrome" in options else Lines
    file = options.get("output", sys.stderr)
    if file is None:
        raise CommandError("standard error is closed: say where to write with -o FILE")
    try:
        return kind(file, max_lines=options.get("max-lines"), max_bytes=options.get("max-bytes"))
    except OSError as error:
        raise CommandError(f"-o: {file}: {reason(error)}") from None


def _filtered(sink: CallSink, options: dict[str, Any]) -> CallSink:
    if not options.keys() & {"only", "not", "path", "errors"}:
        return sink
    return Filtered(
        sink,
        only=options.get("only", ()),
        without=options.get("not", ()),
        paths=options.get("path", ()),
        errors="errors" in options,
    )


def _finish(sink: Any, options: dict[str, Any]) -> None:
    """Write what comes at the end. OutputError."""
    target = options.get("output", "standard error")
    try:
        if not isinstance(sink, Summary):
            sink.close()
        elif "output" in options:
            with open(options["output"], "w", encoding="utf-8") as file:
                file.write(str(sink))
        elif sys.stderr is not None:
            sys.stderr.write(str(sink))
            sys.stderr.flush()
    except OSError as error:
        raise OutputError(f"{target}: {reason(error)}") from None
