"""The names of an interface's types, for the classes of its functions' values.

A function's types may be other objects than those that the interface names: validation puts resource types in the place
of others, and what has one inside is made anew. Those are known by their shape.
"""

from __future__ import annotations

from remit.component.shapes import Shapes
from remit.component.types import Enum, Flags, FuncType, Record, TypeBound, ValType, Variant
from remit.component.values.names import class_name
from remit.component.values.pairing import parts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.component.types import ExternType
    from remit.component.values.classes import Classes

NAMED = (Record, Variant, Enum, Flags)
"""The types that have classes."""


def name_types(classes: Classes, externs: Mapping[str, ExternType]) -> None:
    """Before any code is made for them, which holds on to their classes. ValueError for labels that are no names."""
    shapes = Shapes()
    by_shape: dict[int, ValType] = {}
    for label, bound in externs.items():
        if isinstance(bound, TypeBound) and isinstance(bound.type, NAMED):
            classes.name(bound.type, class_name(label))
            by_shape.setdefault(shapes.of(bound.type), bound.type)
    seen: set[int] = set()
    left: list[ValType | None] = []
    for type in externs.values():
        if isinstance(type, FuncType):
            left += [*[each for _, each in type.params], type.result]
        elif isinstance(type, TypeBound) and isinstance(type.type, ValType):
            left.append(type.type)
    while left:
        each = left.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, NAMED) and not classes.has_name(each):
            home = by_shape.get(shapes.of(each))
            if home is not None:
                classes.same(each, home)
        left += parts(each)
