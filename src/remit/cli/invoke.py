"""``remit run --invoke``: call one function of a library, with numbers from the command line."""

from __future__ import annotations

from struct import pack

from remit.binary.wording import listed
from remit.cli.report import CommandError, say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from remit.binary.types import FuncType
    from remit.runtime.program import Program


INFINITY = float("inf")


def functions_of(program: Program) -> list[str]:
    """The names of the functions that `program` exports."""
    return [each.name for each in program.info.exports if each.kind == "func"]


def invoke(program: Program, name: str, texts: Sequence[str], options: dict[str, Any]) -> None:
    """Call the function `name` and print its results, one a line.

    CommandError if there is no such function or the arguments do not fit it; whatever the call raises.
    """
    type = _function_type(program, name)
    arguments = parse_arguments(name, type, texts)
    with program.instantiate(**options) as instance:
        returned = instance.call(name, *arguments)
    results = returned if isinstance(returned, tuple) else (returned,)
    if type.results:
        say("".join(f"{result}\n" for result in results))


def _function_type(program: Program, name: str) -> FuncType:
    for each in program.info.exports:
        if each.name == name and each.kind == "func":
            type: FuncType = each.type  # type: ignore[assignment]  # a func's type is a FuncType
            return type
    functions = functions_of(program)
    there = f"it has {listed(functions, 'none')}"
    raise CommandError(f"--invoke: {program.name} has no function {name!r}; {there}")


def takes(params: Sequence[str]) -> str:
    """How many arguments a function has, and which."""
    if not params:
        return "takes no arguments"
    return f"takes {len(params)} argument{'s' if len(params) > 1 else ''} ({listed(params)})"


def parse_arguments(name: str, type: FuncType, texts: Sequence[str]) -> list[int | float]:
    """`texts` as the values that the parameters of `type` take. CommandError names the one that does not fit."""
    if len(texts) != len(type.params):
        raise CommandError(f"--invoke: {name} {takes(type.params)}, not {len(texts)}")
    values = []
    for number, (param, text) in enumerate(zip(type.params, texts, strict=True), 1):
        try:
            values.append(parse_value(param, text))
        except ValueError as error:
            raise CommandError(f"--invoke: argument {number} of {name}: {error}") from None
    return values


def parse_value(type: str, text: str) -> int | float:
    """A number: ``i32``, ``i64`` (signed or unsigned, decimal or ``0x…``), ``f32`` or ``f64``. ValueError."""
    if type in ("i32", "i64"):
        bits = int(type[1:])
        try:
            value = int(text, 0)
        except ValueError:
            raise ValueError(f"{text!r} is not a whole number") from None
        if not -(1 << (bits - 1)) <= value < 1 << bits:
            raise ValueError(f"{text} does not fit in an {type}")
        return value - (1 << bits) if value >= 1 << (bits - 1) else value
    if type in ("f32", "f64"):
        try:
            number = float(text)
        except ValueError:
            raise ValueError(f"{text!r} is not a number") from None
        if _overflows(type, number, text):
            raise ValueError(f"{text} does not fit in an {type} (inf is infinity)")
        return number
    raise ValueError(f"values of type {type} cannot be written on a command line")


def _overflows(type: str, number: float, text: str) -> bool:
    """Whether digits were meant, and the nearest value that the type has is infinite."""
    if number in (INFINITY, -INFINITY):
        return "inf" not in text.lower()
    try:
        pack("<f" if type == "f32" else "<d", number)
    except OverflowError:
        return True
    return False
