"""The types of a core WebAssembly module's imports and exports (core specification, "Types").

Value types are their names in the text format: ``i32 i64 f32 f64 v128 funcref externref`` and, spelled
out, the other reference types (``(ref null 3)``).

Every type turns into a plain tuple, whose first item is its kind, and back: so that a cache can keep it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PAGE = 65536


class ExternType:
    """What can be imported or exported. Equal when of one class with equal fields; hashable."""

    __slots__: tuple[str, ...] = ()
    kind = ""
    """``func``, ``table``, ``memory``, ``global`` or ``tag``."""
    fields: tuple[str, ...] = ()
    """The names of its parts, as the constructor takes them."""

    def to_tuple(self) -> tuple[Any, ...]:
        return (self.kind, *[getattr(self, name) for name in self.fields])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ExternType) and self.to_tuple() == other.to_tuple()

    def __hash__(self) -> int:
        return hash(self.to_tuple())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={getattr(self, name)!r}' for name in self.fields)})"


class FuncType(ExternType):
    """The parameters and results of a function."""

    __slots__ = ("params", "results")
    kind = "func"
    fields = ("params", "results")

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


class TableType(ExternType):
    """A table: `minimum` and `maximum` count elements; `maximum` is None when there is none."""

    __slots__ = ("element", "is_64", "maximum", "minimum")
    kind = "table"
    fields = ("element", "minimum", "maximum", "is_64")

    def __init__(self, element: str, minimum: int, maximum: int | None = None, is_64: bool = False) -> None:
        self.element = element
        self.minimum = minimum
        self.maximum = maximum
        self.is_64 = is_64

    def __str__(self) -> str:
        return f"{'i64 ' if self.is_64 else ''}{_limits(self.minimum, self.maximum)} {self.element}"


class MemoryType(ExternType):
    """A linear memory: `minimum` and `maximum` count pages of `page_size` bytes (65536, unless it says otherwise)."""

    __slots__ = ("is_64", "maximum", "minimum", "page_size", "shared")
    kind = "memory"
    fields = ("minimum", "maximum", "shared", "is_64", "page_size")

    def __init__(
        self, minimum: int, maximum: int | None = None, shared: bool = False, is_64: bool = False, page_size: int = PAGE
    ) -> None:
        self.minimum = minimum
        self.maximum = maximum
        self.shared = shared
        self.is_64 = is_64
        self.page_size = page_size

    def __str__(self) -> str:
        words = ["i64"] if self.is_64 else []
        words.append(_limits(self.minimum, self.maximum))
        words.append("pages" if self.page_size == PAGE else f"pages of {self.page_size} bytes")
        if self.shared:
            words.append("shared")
        return " ".join(words)


class GlobalType(ExternType):
    """A global variable, or a constant if not `mutable`."""

    __slots__ = ("mutable", "value")
    kind = "global"
    fields = ("value", "mutable")

    def __init__(self, value: str, mutable: bool) -> None:
        self.value = value
        self.mutable = mutable

    def __str__(self) -> str:
        return f"(mut {self.value})" if self.mutable else self.value


class TagType(ExternType):
    """An exception's tag; `params` are the values it carries."""

    __slots__ = ("params", "results")
    kind = "tag"
    fields = ("params", "results")

    def __init__(self, params: tuple[str, ...], results: tuple[str, ...] = ()) -> None:
        self.params = params
        self.results = results

    def __str__(self) -> str:
        return f"({', '.join(self.params)})"


_CLASSES: dict[str, type[ExternType]] = {
    kind.kind: kind for kind in (FuncType, TableType, MemoryType, GlobalType, TagType)
}


def type_from_tuple(parts: tuple[Any, ...]) -> ExternType:
    """The inverse of :meth:`ExternType.to_tuple`."""
    return _CLASSES[parts[0]](*parts[1:])


def _limits(minimum: int, maximum: int | None) -> str:
    return f"{minimum}.." if maximum is None else f"{minimum}..{maximum}"
