"""Public names that are imported when they are first used: who grants one directory does not pay for the others."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any


def lazy_names(module: dict[str, Any], places: Mapping[str, tuple[str, str]]) -> Callable[[str], object]:
    """The ``__getattr__`` of a module, whose ``globals()`` are given: `places` says of each name where it is.

    That is a module, and its name there.
    """

    def find(name: str) -> object:
        if name not in places:
            raise AttributeError(f"module {module['__name__']!r} has no attribute {name!r}")
        home, attribute = places[name]
        __import__(home)
        value: object = getattr(sys.modules[home], attribute)
        module[name] = value
        return value

    return find
