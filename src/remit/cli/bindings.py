"""``remit bindings``: a Python module for a component, so that type checkers and editors know its functions."""

from __future__ import annotations

import os

from remit.binary.kind import COMPONENT, HEAD, describe
from remit.binary.reader import BinaryError
from remit.cli.options import Command, Option
from remit.cli.program_file import ProgramFile
from remit.cli.report import CommandError, reason, say, shown
from remit.cli.values import parse_output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

COMMAND = Command(
    "bindings",
    "PROGRAM",
    "Write a Python module for a component: classes of its types, what it imports as protocols, what it exports as\n"
    "functions with types, and `load` and `exports`, which have them used. Nothing of the component is run.",
    (
        Option("-o", "--output", value="OUT.py", parse=parse_output, help="Write it there, not on standard output."),
        Option("--async", help="For instances that are awaited (instantiate_async)."),
    ),
)


def main(arguments: Sequence[str]) -> int:
    """The subcommand; the exit status."""
    parsed = COMMAND.parse(arguments)
    if parsed is None:
        say(COMMAND.help())
        return 0
    [path] = parsed.operands
    text = module_of(ProgramFile(path), asynchronous="async" in parsed.values)
    output = parsed.values.get("output")
    if output is None:
        say(text)
        return 0
    if os.path.exists(output) and os.path.samefile(path, output):
        raise CommandError(f"{output}: this is the program itself; name another file for its bindings")
    try:
        with open(output, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise CommandError(f"{output}: {reason(error)}") from None
    except ValueError as error:  # A NUL in the name.
        raise CommandError(f"{output!r}: {error}") from None
    say(f"{shown(path)}: bindings in {shown(output)}\n")
    return 0


def module_of(program: ProgramFile, *, asynchronous: bool) -> str:
    """The module's text. CommandError if it is no component, is damaged, or cannot be told in Python."""
    from remit.component.bindings.errors import BindingsError
    from remit.component.bindings.text import bindings_text
    from remit.component.validation.component import validate_component
    from remit.component.validation.errors import ValidationError

    if program.kind != COMPONENT:
        what = describe(program.data[:HEAD])
        raise CommandError(f"{program.path}: {what}; only a component has types to be bound")
    try:
        component = validate_component(program.data)
    except (BinaryError, ValidationError) as error:
        raise CommandError(f"{program.path}: damaged component, or one that Remit does not run: {error}") from None
    name = os.path.basename(program.path)
    try:
        return bindings_text(component.type, file=name, asynchronous=asynchronous, provided=_provided)
    except BindingsError as error:
        raise CommandError(f"{program.path}: no bindings can be written: {error}") from None


def _provided(name: str) -> bool:
    """Whether Remit itself has the interface."""
    from remit.interfaces.wit.registry import InterfaceName, registry

    return "/" in name and registry().version(InterfaceName(name)) is not None
