"""The same type seen from two sides: one class for it.

A component knows a type by its own definition, and whoever looks at its imports and exports by another that is equal,
or by the same one. Each side has classes of its own, so a class that one side has is adopted by the other.
"""

from __future__ import annotations

from remit.component import types

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.component.values.classes import Classes


def pair(inside: Classes, outside: Classes, inner: types.FuncType, outer: types.FuncType) -> None:
    """Let the types in `inner` have the classes of those in `outer`, which is equal."""
    walk = _Walk(inside, outside)
    for (_, one), (_, other) in zip(inner.params, outer.params, strict=True):
        walk.visit(one, other)
    if inner.result is not None and outer.result is not None:
        walk.visit(inner.result, outer.result)


class _Walk:
    def __init__(self, inside: Classes, outside: Classes) -> None:
        self._inside = inside
        self._outside = outside
        self._seen: set[tuple[int, int]] = set()

    def visit(self, inner: types.ValType, outer: types.ValType) -> None:
        key = (id(inner), id(outer))
        if key in self._seen or isinstance(inner, types.Primitive):
            return
        self._seen.add(key)
        if isinstance(inner, (types.Record, types.Variant, types.Enum, types.Flags)):
            made = self._inside.made(inner)
            if made is None:
                self._inside.adopt(inner, self._outside.of(outer))
            elif self._outside.made(outer) is None:
                self._outside.adopt(outer, made)
        for one, other in zip(parts(inner), parts(outer), strict=True):
            if one is not None and other is not None:
                self.visit(one, other)


def parts(type: types.ValType) -> tuple[types.ValType | None, ...]:
    """The types that values of `type` consist of."""
    if isinstance(type, types.Record):
        return tuple([each for _, each in type.fields])
    if isinstance(type, types.Variant):
        return tuple([each for _, each in type.cases])
    if isinstance(type, types.Tuple):
        return type.types
    if isinstance(type, types.Option):
        return (type.type,)
    if isinstance(type, types.Result):
        return type.ok, type.error
    if isinstance(type, (types.List, types.Stream, types.Future)):
        return (type.element,)
    return ()
