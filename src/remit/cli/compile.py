"""``remit compile``: compile now, so that no later run has to."""

from __future__ import annotations

import os

from remit.cli.interrupts import Unwinding
from remit.cli.load import load_program
from remit.cli.options import Command, Option
from remit.cli.report import CommandError, reason, say, shown, size_in_words
from remit.cli.values import parse_output
from remit.engine.api import LinkError
from remit.engine.cache import Cache
from remit.engine.wasmtime.config import Config
from remit.runtime.program import Program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

COMMAND = Command(
    "compile",
    "PROGRAM",
    "Compile a program ahead of time, into the cache, and also into a file if one is named.",
    (
        Option("-o", "--output", value="OUT.cwasm", parse=parse_output, help="Write the compiled code there."),
        Option("--fuel", help="Compile it for runs with --fuel: it then counts what it executes, and is slower."),
        Option("--allow-gc", help="Compile it for runs with --allow-gc."),
        Option("--deterministic", help="Compile it for runs with --deterministic: floating point is slower."),
    ),
    notes="A .cwasm file is native code for this machine and this version: `remit run --allow-precompiled OUT.cwasm`\n"
    "runs it without checking it, with --fuel or --deterministic if it was compiled so. Use it only where nobody\n"
    "else can write.",
)


def main(arguments: Sequence[str]) -> int:
    """The subcommand; the exit status."""
    parsed = COMMAND.parse(arguments)
    if parsed is None:
        say(COMMAND.help())
        return 0
    [path] = parsed.operands
    cache = Cache()
    chosen = parsed.values
    config = Config(fuel="fuel" in chosen, gc="allow-gc" in chosen, deterministic="deterministic" in chosen)
    try:
        program = load_program(path, config, cache=cache)
    except LinkError as error:  # of a component, which is linked when it is loaded
        raise CommandError(f"{path}: {error}") from None
    output = parsed.values.get("output")
    if output is None:
        if cache.refusal is not None:
            raise CommandError(f"{path}: compiled, but the cache does not keep it: {cache.refusal}")
        say(f"{shown(path)}: compiled, in the cache\n")
        return 0
    if not isinstance(program, Program):
        raise CommandError(
            f"{path}: a component, which is many modules: their code is kept in the cache, and -o writes one module's"
        )
    from remit.runtime.precompiled import save_precompiled

    if os.path.exists(output) and os.path.samefile(path, output):
        raise CommandError(f"{output}: this is the program itself; name another file for its compiled code")
    if os.path.exists(output) and not os.path.isfile(output):
        raise CommandError(f"{output}: this is no regular file, and would be replaced by one; name another")
    try:
        with Unwinding():
            save_precompiled(program, output)
        size = os.stat(output).st_size
    except OSError as error:
        raise CommandError(f"{output}: {reason(error)}") from None
    except ValueError as error:  # A NUL in the name.
        raise CommandError(f"{output!r}: {error}") from None
    say(f"{shown(path)}: compiled, {size_in_words(size)} in {shown(output)}\n")
    return 0
