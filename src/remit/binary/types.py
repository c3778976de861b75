"""The types of a core WebAssembly module's imports and exports (core specification, "Types").

Value types are their names in the text format: ``i32 i64 f32 f64 v128 funcref externref`` and, spelled
out, the other reference types (``(ref null 3)``).
"""

from __future__ import annotations


class FuncType:
    """The parameters and results of a function."""

    __slots__ = ("params", "results")

    def __init__(self, params: tuple[str, ...], results: tuple[str, ...]) -> None:
        self.params = params
        self.results = results

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FuncType) and (self.params, self.results) == (other.params, other.results)

    def __hash__(self) -> int:
        return hash((self.params, self.results))

    def __repr__(self) -> str:
        return f"FuncType({self.params!r}, {self.results!r})"

    def __str__(self) -> str:
        return f"({', '.join(self.params)}) -> ({', '.join(self.results)})"
