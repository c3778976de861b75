"""Options given by name, checked with messages that name the function that was called."""

from __future__ import annotations

from remit.kernel.limits import whole_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

LONGEST = 1e9
"""Seconds, thirty years: clocks do not count much further, and nobody waits so long."""

MOST_FUEL = (1 << 64) - 1
MOST_BYTES = (1 << 63) - 1
"""What the engine counts to."""


def options_of(*functions: Callable[..., Any], but: Iterable[str] = ()) -> frozenset[str]:
    """The keyword-only parameters of all `functions`, except those in `but`."""
    names: set[str] = set()
    for function in functions:
        names.update(function.__kwdefaults__ or ())
    return frozenset(names.difference(but))


def check_options(caller: str, given: Iterable[str], known: frozenset[str]) -> None:
    """TypeError for an option that `caller` does not have; it suggests the one that was meant."""
    for name in given:
        if name not in known:
            raise TypeError(f"{caller}() has no option {name!r}{_hint(name, known)}")


_INSTEAD = {
    "capture_output": "say stdout=PIPE and stderr=PIPE",
    "check": "its calls raise what goes wrong",
    "cwd": "a program has no working directory, but what it was handed: say dirs={'.': path}",
    "executable": "the program is the first of the arguments",
    "imports": "give them to remit.load",
    "input": "say stdin=…, bytes or a file object",
    "shell": "there is no shell: give a list of the program and its arguments",
    "universal_newlines": "it is called text",
}
"""What to do in place of options that others have: those of :mod:`subprocess`, and of the other functions here."""


def _hint(name: str, known: frozenset[str]) -> str:
    if name in _INSTEAD:
        return f": {_INSTEAD[name]}"
    from difflib import get_close_matches

    meant = get_close_matches(name, known, 1)
    return f"; did you mean {meant[0]!r}?" if meant else f"; there are {', '.join(sorted(known))}"


def check_flag(name: str, value: Any, remedy: str = "") -> None:
    """TypeError for an option given as `name` that is neither True nor False."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} is {value!r} ({type(value).__name__}): True or False is wanted{remedy}")


def check_list(name: str, value: Any, example: str) -> list[Any]:
    """Several things, given as `name`. TypeError if they are no list, or something like one."""
    if isinstance(value, (str, bytes)) or hasattr(value, "items") or not hasattr(value, "__iter__"):
        raise TypeError(f"{name} is {value!r} ({type(value).__name__}): a list is wanted, as in {example}")
    return list(value)


def check_duration(timeout: Any) -> float | None:
    """A `timeout`: seconds, or None, which also stands for more than :data:`LONGEST`. TypeError, ValueError."""
    if timeout is None:
        return None
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)):
        raise TypeError(f"timeout is {timeout!r} ({type(timeout).__name__}): seconds are wanted, as an int or a float")
    if not timeout >= 0:
        raise ValueError(f"timeout is {timeout}: seconds are wanted, 0 or more")
    return timeout if timeout < LONGEST else None


def check_fuel(fuel: Any) -> int | None:
    """An amount of `fuel`, or None. TypeError, ValueError."""
    return None if fuel is None else whole_number("fuel", fuel, "instructions", most=MOST_FUEL)


def check_max_memory(size: Any) -> int | None:
    """A `max_memory`, or None. TypeError, ValueError."""
    return None if size is None else whole_number("max_memory", size, "bytes", most=MOST_BYTES)
