"""The commands: finds the one that is meant, imports it and nothing else, and tells what it raises."""

from __future__ import annotations

from remit.cli import interrupts
from remit.cli.options import UsageError, did_you_mean, table
from remit.cli.report import (
    BROKEN_PIPE_STATUS,
    OUTPUT_STATUS,
    USAGE_STATUS,
    CommandError,
    OutputError,
    ReaderGone,
    complain,
    say,
)

SUMMARIES = {
    "run": "Run a program.",
    "serve": "Serve a component over HTTP.",
    "trace": "Run a program, and tell each call that it makes.",
    "replay": "Run a program again from its recording, without the outside.",
    "learn": "Run a program, and write down the least that it needs.",
    "check": "Run a program under its remit file, and say what of that is too much.",
    "bindings": "Write a Python module with the types of a component.",
    "inspect": "Say what a program is, offers and needs.",
    "compile": "Compile a program ahead of time.",
    "cache": "Show or prune the cache of compiled code.",
}


NATIVE_LIBRARY = "remit.native.fastpath"
"""What cannot be imported after an update that was not finished."""


def guarded(arguments: list[str]) -> int:
    """Run the command that `arguments` name, and tell the user what it raises; the exit status."""
    try:
        return dispatch(arguments)
    except CommandError as error:
        complain(str(error))
        return USAGE_STATUS
    except KeyboardInterrupt:
        return interrupts.status()
    except MemoryError:
        complain("not enough memory")
        return USAGE_STATUS
    except ImportError as error:
        if error.name != NATIVE_LIBRARY:
            raise
        complain(str(error))
        return USAGE_STATUS
    except ReaderGone:
        return BROKEN_PIPE_STATUS
    except OutputError as error:
        complain(str(error))
        return OUTPUT_STATUS


def dispatch(arguments: list[str]) -> int:
    """Hand over to the subcommand that `arguments` begin with. UsageError if there is none."""
    name = arguments[0] if arguments else ""
    if name in ("-h", "--help", "help"):
        wanted = arguments[1:2]
        if name == "help" and wanted and wanted[0] in SUMMARIES:
            return _run_subcommand(wanted[0], ["--help"])
        say(help_text())
        return 0
    if name in ("-V", "--version"):
        from remit._version import __version__

        say(f"remit {__version__}\n")
        return 0
    if name in SUMMARIES:
        return _run_subcommand(name, arguments[1:])
    if not name:
        raise UsageError("no command: remit run PROGRAM, or remit --help")
    if name.startswith("-"):
        raise UsageError(f"unknown option {name}; options come after the command: remit run {name} …")
    if name.endswith((".wasm", ".wat", ".cwasm")):
        raise UsageError(f"unknown command {name!r}; to run that program: remit run {name}")
    raise UsageError(f"unknown command {name!r}{did_you_mean(name, SUMMARIES)} (commands: {', '.join(SUMMARIES)})")


def _run_subcommand(name: str, arguments: list[str]) -> int:
    if name == "run":
        from remit.cli import run

        return run.main(arguments)
    if name == "serve":
        from remit.cli import serve

        return serve.main(arguments)
    if name == "bindings":
        from remit.cli import bindings

        return bindings.main(arguments)
    if name == "inspect":
        from remit.cli import inspect

        return inspect.main(arguments)
    if name == "compile":
        from remit.cli import compile

        return compile.main(arguments)
    if name == "trace":
        from remit.cli import trace

        return trace.main(arguments)
    if name == "replay":
        from remit.cli import replay

        return replay.main(arguments)
    if name == "learn":
        from remit.cli import learn

        return learn.main(arguments)
    if name == "check":
        from remit.cli import check

        return check.main(arguments)
    from remit.cli import cache

    return cache.main(arguments)


def help_text() -> str:
    return (
        "usage: remit COMMAND [options]\n\n"
        "Run WebAssembly programs on a virtual operating system that hands them what you say, and nothing else.\n\n"
        "commands:\n" + table(list(SUMMARIES.items())) + "\n\n"
        "options:\n" + table([("-V, --version", "Show the version."), ("-h, --help", "Show this.")]) + "\n\n"
        "`remit COMMAND --help` explains a command.\n\n"
        "The exit status is 0 if all went well, 2 if a command cannot do what it was told to, 74 if standard output\n"
        "does not take the answer (141 if its reader has gone), 130 after Ctrl-C. `remit run` has more of them.\n"
    )
