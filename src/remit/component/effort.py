"""How much work types may cause: whatever walks them, spends from one allowance.

A few bytes can name a large type again and again, so work that is linear in types is not linear in bytes. Engines bound
the sizes of types; a bound on the work itself is simpler and covers every walk.
"""

from __future__ import annotations

MOST_EFFORT = 1_000_000
"""Visits of types and names while one component is validated. The largest real components (an interpreter with all of
WASI) need some 20,000; at a few hundred nanoseconds each, this many end within seconds."""


class TooComplex(ValueError):
    """The allowance is spent."""


class Effort:
    """An allowance. Each visit of a type spends one."""

    __slots__ = ("left",)

    def __init__(self, most: int = MOST_EFFORT) -> None:
        self.left = most

    def spend(self, visits: int = 1) -> None:
        """TooComplex if there is not so much left."""
        self.left -= visits
        if self.left < 0:
            raise TooComplex("its types are too complex: comparing them takes more work than Remit allows")
