"""``remit run``: from options to grants, and from how a program ended to an exit status."""

from __future__ import annotations

from remit.cli.grant_options import AUDIT, GRANTS
from remit.cli.interrupts import Unwinding
from remit.cli.load import load_program
from remit.cli.options import Command, Option, UsageError
from remit.cli.report import (
    REFUSED_STATUS,
    TIMEOUT_STATUS,
    TRAP_STATUS,
    CommandError,
    complain,
    explain,
    say,
    shown,
)
from remit.cli.values import parse_duration, parse_size
from remit.cli.world import World, remit_of
from remit.engine.api import LinkError, Timeout, Trap
from remit.engine.cache import Cache
from remit.engine.wasmtime.config import Config
from remit.kernel.errors import Exit, KernelError
from remit.kernel.refusals import Collected, StoppedAtRefusal
from remit.runtime.program import Program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from remit.kernel.calls import CallSink
    from remit.kernel.refusals import Refusal
    from remit.kernel.uses import Use
    from remit.policy.remit import Remit
    from remit.runtime.components.program import Component

COMMAND = Command(
    "run",
    "PROGRAM [ARGS…]",
    "Run a program. It gets its arguments, the standard streams, clocks and random numbers, and what these options\n"
    "hand it. Options come before PROGRAM; everything after it belongs to the program. A PROGRAM whose name ends in\n"
    ".toml is a remit file, which says all of that (docs/remit-file.md; docs/remit.schema.json is for editors).",
    (
        *GRANTS,
        Option("--overlay-changes", help="At the end, list on standard error what was changed in the overlays."),
        Option(
            "--listen",
            value="ADDRESS:PORT",
            repeated=True,
            help="Listen there, and hand it the socket. Sockets are the descriptors after the directories'. Port 0 is "
            "any free one; which one is said on standard error: `remit: listening on ADDRESS:PORT`.",
        ),
        Option(
            "--deterministic",
            help="Make it do the same in every run: random numbers from a seed (0, or --seed), a clock that "
            "begins in 2000 (or at --clock) and jumps when it waits, directories in order, and one kind of NaN.",
        ),
        Option("--timeout", value="DURATION", parse=parse_duration, help="Stop it after this: 10, 500ms, 2m."),
        Option(
            "--invoke",
            value="NAME",
            help="Call this function of a library with ARGS, and print its results, one a line. Of a component, as "
            'INTERFACE#FUNCTION or by its own name; arguments and result are WAVE: [1, 2], {name: "x"}, some(3).',
        ),
        Option("--strict", help="Stop it at the first thing that it is refused; the exit status is 77 then."),
        *AUDIT,
        Option(
            "--record",
            value="FILE",
            help="Write there all that it gets from outside, so that `remit replay FILE` runs it again without that.",
        ),
        Option(
            "--max-recording",
            value="SIZE",
            parse=parse_size,
            help="Stop it when its recording has so much (default: 1GiB).",
        ),
        Option("--no-explain", help="Do not list at the end, on standard error, what it was refused."),
        Option(
            "--write-remit",
            value="FILE",
            help="Write to FILE what these options mean, with the digest of PROGRAM, and do not run it.",
        ),
        Option("--no-cache", help="Neither use nor keep compiled code on disk."),
        Option(
            "--allow-precompiled",
            help="PROGRAM may be a .cwasm of `remit compile`. That is native code: its maker can do anything here.",
        ),
        Option(
            "--allow-gc",
            help="PROGRAM may use objects that the engine collects. If it means harm, it can then end this process.",
        ),
    ),
    stop_at_operand=True,
    notes="The exit status is the program's own: its lowest 8 bits (hosts keep no more), 255 if only they are 0. It\n"
    "is 134 if the program trapped or ran out of fuel, 77 after a refusal under --strict, 124 after the timeout, 130\n"
    "after Ctrl-C, 2 for a bad option or a program that is missing, damaged, or needs what it was not given.",
)


def main(arguments: Sequence[str]) -> int:
    """The subcommand; the exit status."""
    parsed = COMMAND.parse(arguments)
    if parsed is None:
        say(COMMAND.help())
        return 0
    path, *rest = parsed.operands
    return run_program(path, rest, parsed.values)


def run_program(path: str, rest: list[str], options: dict[str, Any], *, trace: CallSink | None = None) -> int:
    """Run what the command line says; `trace` is told of its calls. The exit status. CommandError."""
    file = None
    if path.endswith(".toml") or "remit" in options or "write-remit" in options:
        from remit.cli.remit_file import prepared

        found = prepared(path, rest, options)
        if found is None:
            return 0
        path, rest, file = found
    program = loaded(path, options, file)
    world = World(options, file)
    if trace is not None:
        world.options["trace"] = trace
    return carry_out(program, path, rest, world, options)


def loaded(path: str, options: dict[str, Any], file: Remit | None = None) -> Program | Component:
    """The program, which can be run, or called with the option ``invoke``, and imports what it may. CommandError."""
    program: Program | Component
    remit = remit_of(options, file) if file is not None or "interfaces" in options else None
    imports = None
    if remit is not None and remit.replaced_interfaces:
        from remit.cli.interfaces import imports_of

        if "record" in options:
            [name, *_] = remit.replaced_interfaces
            raise UsageError(
                f"--record: {name} is answered by a Python object, whose answers are not recorded; from Python, "
                "remit.run(…, record=…) and remit.replay(…, imports=…) call it again"
            )
        imports = imports_of(path, remit, options.get("sha256"))
    try:
        program = load_program(
            path,
            Config(fuel="fuel" in options, gc="allow-gc" in options, deterministic="deterministic" in options),
            cache=None if "no-cache" in options else Cache(),
            name=options.get("argv0"),
            precompiled="allow-precompiled" in options,
            sha256=options.get("sha256"),
            imports=imports,
        )
    except LinkError as error:  # of a component, which is linked when it is loaded
        raise CommandError(f"{path}: {_link_problem(error, remit)}") from None
    if not isinstance(program, Program):
        _check_component(path, program, options)
    elif "invoke" not in options and not program.is_command:
        from remit.cli.invoke import functions_of

        functions = ", ".join(map(shown, functions_of(program))) or "it has none"
        raise CommandError(f"{path}: a library, with no _start; call one of its functions with --invoke ({functions})")
    if remit is not None:
        from remit.cli.interfaces import check_interfaces

        check_interfaces(path, program, remit)
    return program


def _link_problem(error: LinkError, remit: Remit | None) -> str:
    if remit is None or not remit.replaced_interfaces:
        return str(error)
    from remit.cli.interfaces import in_users_words

    return in_users_words(str(error), remit)


def carry_out(
    program: Program | Component,
    path: str,
    arguments: list[str],
    world: World,
    options: dict[str, Any],
    on_use: Callable[[Use], object] | None = None,
    on_refusal: Callable[[Refusal], object] | None = None,
) -> int:
    """Run it in `world`, which is closed, and tell what went wrong; the exit status. CommandError."""
    refusals = Collected()
    world.options["on_refusal"] = on_refusal or refusals
    if on_use is not None:
        world.options["on_use"] = on_use
    log = None
    try:
        if "audit" in options or "max-audit" in options:
            from remit.cli.audit import attach

            log = attach(path, world, options)
        _set_recording(world, path, options)
        with Unwinding():
            return _status(_run(program, arguments, world, options))
    except StoppedAtRefusal:
        asker = "--strict" if "strict" in options or world.file is None else world.file.sources.get("strict", "strict")
        complain(f"{path}: stopped at its first refusal, as {asker} asks for")
        return REFUSED_STATUS
    except Trap as trap:
        explain(f"{path}: trap: {trap}")
        return TRAP_STATUS
    except LinkError as error:
        raise CommandError(f"{path}: {error}") from None
    except (OSError, ValueError, KernelError) as error:
        if log is not None and error is log.failure:
            from remit.cli.audit import not_written

            raise not_written(options["audit"], log.failure) from None
        raise CommandError(str(error)) from None
    except Exception as error:
        if "record" not in options:
            raise
        from remit.recording.errors import RecordingFull

        if not isinstance(error, RecordingFull):
            raise
        raise CommandError(f"{path}: stopped: {error}; --max-recording allows more") from None
    finally:
        world.close()
        if log is not None:
            from remit.cli.audit import close

            close(log, options["audit"])
        if refusals.kept and "no-explain" not in options:
            from remit.cli.refusals import tell

            tell(refusals.kept, options, world.file, refusals.more)
        world.report_changes()


def _set_recording(world: World, path: str, options: dict[str, Any]) -> None:
    """UsageError for what cannot be replayed; CommandError."""
    if "record" not in options:
        if "max-recording" in options:
            raise UsageError("--max-recording is for --record FILE, which is not given")
        return
    for option, why in (("invoke", "whole programs are replayed"), ("allow-precompiled", "the program is needed")):
        if option in options:
            raise UsageError(f"--record and --{option} cannot be together: {why}")
    import os

    recording = options["record"]
    if os.path.exists(recording) and os.path.exists(path) and os.path.samefile(path, recording):
        raise CommandError(f"--record: {recording}: this is the program itself; name another file")
    world.options["record"] = recording


def _check_component(path: str, component: Component, options: dict[str, Any]) -> None:
    """CommandError for what cannot be run of it."""
    if "invoke" not in options and not component.is_command:
        there = ", ".join(map(shown, component.loaded.component.exports)) or "nothing"
        what = "serve it with `remit serve`" if component.handler else "call its functions with --invoke or remit.load"
        raise CommandError(f"{path}: a component that exports no wasi:cli/run@0.2, but {there}; {what}")


def _run(program: Program | Component, arguments: list[str], world: World, options: dict[str, Any]) -> int:
    """The program's exit status, or that of its timeout."""
    try:
        if "invoke" not in options:
            from remit.runtime.run import run

            return run([program, *arguments], **world.options).returncode
        if not isinstance(program, Program):
            from remit.cli import invoke_component

            return invoke_component.invoke(program, options["invoke"], arguments, world.options)
        from remit.cli.invoke import invoke

        invoke(program, options["invoke"], arguments, world.options)
    except Exit as end:  # Only functions that are called from outside let it through.
        return end.status
    except Exception as error:
        # These are classes of `subprocess`, whose import costs more than a whole run: so they are looked at only now.
        from remit.runtime.failures import TimeoutExpired

        if not isinstance(error, TimeoutExpired | TimeoutError | Timeout):
            raise
        complain(f"{program.name}: stopped after {options['timeout']:g} s, its --timeout")
        return TIMEOUT_STATUS
    return 0


def _status(status: int) -> int:
    """What the host can report of `status`: 8 bits of it, and never success for a failure."""
    return status if status < 256 else status & 0xFF or 0xFF
