"""Pieces of Python's grammar."""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

INDENT = "    "


def outside(name: str) -> str:
    """A name that the module imports, marked: it is spelled in another way where the component has one like it."""
    return f"\x01{name}\x02"


def block(head: str, body: Iterable[str]) -> list[str]:
    return [head, *[INDENT + line if line else "" for line in body]]


def strings(texts: Iterable[str]) -> str:
    """A tuple of them."""
    shown = [json.dumps(each) for each in texts]
    return f"({shown[0]},)" if len(shown) == 1 else f"({', '.join(shown)})"


def plain(text: str) -> str:
    """For a docstring."""
    return "".join([each if each.isprintable() and each not in '\\"' else "?" for each in text])


def joined(pieces: list[list[str]]) -> list[str]:
    """Definitions, with an empty line between two of them."""
    found: list[str] = []
    for piece in pieces:
        found += ["", *piece] if found else piece
    return found
