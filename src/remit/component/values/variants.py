"""Variants: a class for the type, and one for each case, made for ``match``.

::

    match filter:
        case Filter.All(): ...
        case Filter.Some(names): ...
"""

from __future__ import annotations

from remit.component.values.names import class_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, ClassVar

    from remit.component import types


class Variant:
    """The base of the classes that are made for variant types, and of their cases."""

    __slots__ = ()
    case_classes: ClassVar[tuple[type[Variant], ...]] = ()
    """In the order of the type."""
    index_of: ClassVar[dict[type, int]] = {}
    """Of each case."""
    label: ClassVar[str] = ""
    """Of a case: what it is called in the component."""


class Case(Variant):
    """A case by its label, for functions that give a variant whose class they do not know."""

    __slots__ = ("label", "value")
    __match_args__ = ("label", "value")

    def __init__(self, label: str, value: Any) -> None:
        self.label = label  # type: ignore[misc]  # of each object here, of the class in other cases
        self.value = value

    def __repr__(self) -> str:
        return f"Case({self.label!r}, {self.value!r})"


class EmptyCase(Variant):
    """The base of cases without a value."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))

    def __repr__(self) -> str:
        return f"{type(self).__qualname__}()"


class PayloadCase(Variant):
    """The base of cases with a value."""

    __slots__ = ()
    __match_args__ = ("value",)
    value: Any

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and bool(self.value == other.value)

    def __hash__(self) -> int:
        return hash((type(self), self.value))

    def __repr__(self) -> str:
        return f"{type(self).__qualname__}({self.value!r})"


def variant_class(variant: types.Variant, name: str) -> type[Variant]:
    """A class for `variant`, with its cases as attributes. ValueError for labels that are no names."""
    whole: Any = type(name, (Variant,), {"__slots__": (), "__module__": __name__})
    made = []
    for label, payload in variant.cases:
        case = class_name(label)
        body = {
            "__slots__": () if payload is None else ("value",),
            "__module__": __name__,
            "__qualname__": f"{name}.{case}",
            "label": label,
        }
        made.append(type(case, (EmptyCase if payload is None else PayloadCase, whole), body))
        setattr(whole, case, made[-1])
    index_cases(whole, made)
    if len({each.__name__ for each in made}) != len(made):
        raise ValueError(f"{variant}: two cases have one name in Python")
    return whole  # type: ignore[no-any-return]  # made by type()


def index_cases(whole: Any, cases: Sequence[type]) -> None:
    """Tell the class of a variant the classes of its cases, in order."""
    whole.case_classes = tuple(cases)
    whole.index_of = {each: index for index, each in enumerate(cases)}
