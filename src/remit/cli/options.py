"""Command lines by a table of options; the same table writes the help.

``argparse`` costs several milliseconds to import, a fifth of what a whole short run may take. This does what
the commands here need, strictly: no abbreviations, and nothing that could be meant in two ways.
"""

from __future__ import annotations

from remit.cli.report import CommandError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

_COLUMN = 30  # Where the explanations start in the help.
_WIDTH = 100


class UsageError(CommandError):
    """The command line cannot be meant."""


class Option:
    """One option: a flag, or with `value` (its form, for the help) one that takes a value.

    `parse` makes the value from its text; it raises ValueError with a whole sentence. A `repeated` option
    may be given many times, and its values come as a list.
    """

    __slots__ = ("help", "names", "parse", "repeated", "value")

    def __init__(
        self,
        *names: str,
        help: str,
        value: str = "",
        parse: Callable[[str], Any] = str,
        repeated: bool = False,
    ) -> None:
        self.names = names
        self.help = help
        self.value = value
        self.parse = parse
        self.repeated = repeated

    @property
    def key(self) -> str:
        """Its long name without the dashes: where its value is found."""
        return self.names[-1].lstrip("-")

    def __str__(self) -> str:
        name = ", ".join(self.names)
        return f"{name} {self.value}" if self.value else name


class Parsed:
    """A command line that fits its table."""

    __slots__ = ("operands", "values")

    def __init__(self, values: dict[str, Any], operands: list[str]) -> None:
        self.values = values
        """By :attr:`Option.key`: True for a flag, a list for a repeated option; what was not given is not there."""
        self.operands = operands


class Command:
    """One subcommand and its table.

    `operands` is their form, for the help: as ``PROGRAM [ARGS…]``; at least as many must come as there are
    words outside of brackets, and no more than there are words, unless the form ends in ``…]``. With
    `stop_at_operand`, everything from the first operand on is an operand.
    """

    __slots__ = ("name", "notes", "operands", "options", "stop_at_operand", "summary")

    def __init__(
        self,
        name: str,
        operands: str,
        summary: str,
        options: Sequence[Option],
        *,
        stop_at_operand: bool = False,
        notes: str = "",
    ) -> None:
        self.name = name
        self.operands = operands
        self.summary = summary
        self.options = tuple(options)
        self.stop_at_operand = stop_at_operand
        self.notes = notes

    @property
    def usage(self) -> str:
        return " ".join(filter(None, ["remit", self.name, "[options]", self.operands]))

    def parse(self, arguments: Sequence[str]) -> Parsed | None:
        """The parsed line; None if ``--help`` was asked for. UsageError."""
        known = {name: option for option in self.options for name in option.names}
        values: dict[str, Any] = {}
        operands: list[str] = []
        position = 0
        while position < len(arguments):
            argument = arguments[position]
            position += 1
            if argument == "--":
                operands += arguments[position:]
                break
            if not argument.startswith("-") or argument == "-":
                operands.append(argument)
                if self.stop_at_operand:
                    operands += arguments[position:]
                    break
                continue
            name, equals, text = argument.partition("=")
            if name in ("-h", "--help"):
                return None
            option = known.get(name)
            if option is None:
                raise UsageError(f"unknown option {name}{did_you_mean(name, known)}")
            if not option.value:
                if equals:
                    raise UsageError(f"{name} takes no value, but was given {text!r}")
                self._store(values, option, name, True)
                continue
            if not equals:
                if position == len(arguments):
                    raise UsageError(f"{name} needs a value: {name} {option.value}")
                text = arguments[position]
                position += 1
                if text.startswith("--"):
                    raise UsageError(f"{name} needs a value: {name} {option.value} (if {text!r} is it: {name}={text})")
            try:
                value = option.parse(text)
            except ValueError as error:
                raise UsageError(f"{name}: {error}") from None
            self._store(values, option, name, value)
        self._check_operands(operands)
        return Parsed(values, operands)

    def _store(self, values: dict[str, Any], option: Option, name: str, value: object) -> None:
        if option.repeated:
            values.setdefault(option.key, []).append(value)
        elif option.key in values:
            raise UsageError(f"{name} is given twice")
        else:
            values[option.key] = value

    def _check_operands(self, operands: list[str]) -> None:
        words = self.operands.split()
        needed = [word for word in words if not word.startswith("[")]
        if len(operands) < len(needed):
            raise UsageError(f"{needed[len(operands)]} is missing: {self.usage}")
        for word, operand in zip(needed, operands, strict=False):
            if not operand:
                raise UsageError(f"{word} is empty: {self.usage}")
        if len(operands) > len(words) and not self.operands.endswith("…]"):
            raise UsageError(f"unexpected argument {operands[len(words)]!r}: {self.usage}")

    def help(self) -> str:
        """The text of ``--help``."""
        rows = [(str(option), option.help) for option in self.options]
        rows.append(("-h, --help", "Show this."))
        blocks = [f"usage: {self.usage}", self.summary, "options:\n" + table(rows)]
        if self.notes:
            blocks.append(self.notes)
        return "\n\n".join(blocks) + "\n"


def table(rows: Sequence[tuple[str, str]]) -> str:
    """Two columns: what to write, and what it does, wrapped."""
    lines = []
    for left, right in rows:
        left = "  " + left
        wrapped = _wrap(right, _WIDTH - _COLUMN)
        if len(left) > _COLUMN - 2:
            lines.append(left)
            left = ""
        lines.append((left.ljust(_COLUMN) + wrapped[0]).rstrip())
        lines += [" " * _COLUMN + line for line in wrapped[1:]]
    return "\n".join(lines)


def _wrap(text: str, width: int) -> list[str]:
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def did_you_mean(given: str, known: Sequence[str] | dict[str, Any]) -> str:
    """``; did you mean --fuel?`` if something known looks like what was given, otherwise nothing."""
    from difflib import get_close_matches  # Only ever needed after a mistake.

    close = get_close_matches(given, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""
