"""How errors list names that are in a file: there may be any number of them, each as long as the file."""

from __future__ import annotations

from remit.binary.reader import quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

MOST = 40
"""Names in one message."""


def arguments_wanted(names: Collection[str], given: int) -> str:
    """What is said of a call with another number of arguments than `names`."""
    many = "1 argument is" if len(names) == 1 else f"{len(names)} arguments are"
    return f"{many} wanted ({listed(names, 'none')}), not {given}"


def listed(names: Collection[str], none: str = "nothing") -> str:
    """The first of `names` with commas, and how many more there are; `none` without any."""
    if not names:
        return none
    shown: list[str] = []
    for name in names:
        if len(shown) == MOST:
            return f"{', '.join(shown)}, and {len(names) - MOST} more"
        shown.append(name if len(name) <= 80 and name.isprintable() else quoted(name))
    return ", ".join(shown)
