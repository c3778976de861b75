"""When a core import is satisfied: matching of external types (core specification, "External Types")."""

from __future__ import annotations

from remit.binary.types import GlobalType, MemoryType, TableType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.binary.types import ExternType


def core_mismatch(actual: ExternType, expected: ExternType) -> str:
    """Why `actual` cannot stand where `expected` is wanted; empty if it can.

    Reference types that name a type of their module (``(ref 3)``) mean something else in another one. They pass
    here; the engine compares what they stand for when it links.
    """
    if actual == expected:
        return ""
    if actual.kind != expected.kind:
        return f"expected {expected.kind}, found {actual.kind}"
    if isinstance(actual, TableType) and isinstance(expected, TableType):
        if _without_indices(actual.element) != _without_indices(expected.element):
            return f"expected table element type {expected.element}, found {actual.element}"
        if actual.is_64 != expected.is_64:
            return "mismatch in the index type used for tables"
        return _limits_mismatch(actual, expected)
    if isinstance(actual, MemoryType) and isinstance(expected, MemoryType):
        if actual.shared != expected.shared:
            return "mismatch in the shared flag for memories"
        if actual.is_64 != expected.is_64:
            return "mismatch in the index type used for memories"
        if actual.page_size != expected.page_size:
            return "mismatch in the page size of memories"
        return _limits_mismatch(actual, expected)
    if isinstance(actual, GlobalType) and isinstance(expected, GlobalType):
        if actual.mutable != expected.mutable:
            return f"expected a global that is {'' if expected.mutable else 'not '}mutable"
        if _without_indices(actual.value) != _without_indices(expected.value):
            return f"expected global type {expected.value}, found {actual.value}"
        return ""
    if _signature(actual) != _signature(expected):
        return f"expected {expected.kind} {_shown(expected)}, found {_shown(actual)}"
    return ""


def _limits_mismatch(actual: TableType | MemoryType, expected: TableType | MemoryType) -> str:
    fits = actual.minimum >= expected.minimum and (
        expected.maximum is None or (actual.maximum is not None and actual.maximum <= expected.maximum)
    )
    return "" if fits else f"mismatch in {actual.kind} limits: expected {expected}, found {actual}"


def _signature(type: ExternType) -> tuple[tuple[str, ...], ...]:
    return tuple([tuple([_without_indices(value) for value in values]) for values in type.to_tuple()[1:]])


def _without_indices(type: str) -> str:
    return type if type[0] != "(" else type.rstrip("0123456789)")


def _shown(type: ExternType) -> str:
    text = str(type)
    return text if len(text) <= 200 else f"{text[:200]}…"
