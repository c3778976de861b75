"""What types are made of, as numbers: equal for equal types, and found without walking what was walked before.

Comparing two types walks both of them whole, as often as they occur; a small component can nest types so that this
takes for ever.
"""

from __future__ import annotations

from remit.component.substitution import root_of
from remit.component.types import (
    Borrow,
    Enum,
    Flags,
    Future,
    List,
    Option,
    Own,
    Record,
    ResourceType,
    Result,
    Stream,
    Tuple,
    ValType,
    Variant,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Shapes:
    """Numbers of shapes, in the order in which they are first met. Resource types are told apart by what they are.

    The types have to live as long as this.
    """

    __slots__ = ("_count", "_keys", "_known", "_resources")

    def __init__(self, count: Callable[[int], object] | None = None) -> None:
        """`count` is called with 1 for each type that is looked at, and may raise."""
        self._count = count
        self._known: dict[int, int] = {}
        self._keys: dict[tuple[object, ...], int] = {}
        self._resources: dict[int, int] = {}

    def of(self, type: ValType | ResourceType | None) -> int:
        """A number that equal types share. Each object is looked at once, however often it is in others."""
        known = self._known.get(id(type))
        if known is not None:
            return known
        if self._count is not None:
            self._count(1)
        found = self._known[id(type)] = self._keys.setdefault(self._key(type), len(self._keys))
        return found

    @property
    def all(self) -> list[tuple[object, ...]]:
        """What each number stands for, in terms of labels and other numbers."""
        return [*self._keys]

    def _key(self, type: ValType | ResourceType | None) -> tuple[object, ...]:
        if isinstance(type, Record):
            return ("record", *[(label, self.of(each)) for label, each in type.fields])
        if isinstance(type, Variant):
            return ("variant", *[(label, self.of(each)) for label, each in type.cases])
        if isinstance(type, Enum | Flags):
            return (type.kind, *type.labels)
        if isinstance(type, Tuple):
            return ("tuple", *[self.of(each) for each in type.types])
        if isinstance(type, Result):
            return ("result", self.of(type.ok), self.of(type.error))
        if isinstance(type, Option):
            return ("option", self.of(type.type))
        if isinstance(type, List):
            return ("list", self.of(type.element), type.length)
        if isinstance(type, Stream | Future):
            return (type.kind, self.of(type.element))
        if isinstance(type, Own | Borrow):
            return (type.kind, self.of(type.resource))
        if isinstance(type, ResourceType):
            return ("resource", self._resources.setdefault(id(root_of(type)), len(self._resources)))
        return (None if type is None else type.kind,)
