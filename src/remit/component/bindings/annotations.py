"""Types of components as Python annotations."""

from __future__ import annotations

from remit.component.bindings.lines import outside
from remit.component.types import Borrow, List, Option, Own, Primitive, Result, Tuple
from remit.component.values.naming import NAMED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.component.types import ResourceType, ValType

_PLAIN = {
    **dict.fromkeys(["u8", "s8", "u16", "s16", "u32", "s32", "u64", "s64"], "int"),
    "bool": "bool",
    "f32": "float",
    "f64": "float",
    "char": "str",
    "string": "str",
}
BUILT_IN = frozenset(
    {
        *("int", "bool", "float", "str", "bytes", "bytearray", "memoryview", "list", "tuple", "type"),
        *("property", "staticmethod", "classmethod"),
    }
)
"""What annotations and decorators use of Python's own. A function of that name hides it from those that come after."""


class Annotations:
    """Writes the annotations of one interface."""

    __slots__ = ("_hidden", "_named", "_resource", "count")

    def __init__(
        self,
        named: Callable[[ValType], str | None],
        resource: Callable[[ResourceType], str | None],
        hidden: frozenset[str],
        count: Callable[[int], object],
    ) -> None:
        """`named` and `resource` know the classes by name. `hidden` are the built-in names that mean something else.

        `count` gets the number of characters, and may raise.
        """
        self._named = named
        self._resource = resource
        self._hidden = hidden
        self.count = count

    def built_in(self, name: str) -> str:
        return f"{outside('builtins')}.{name}" if name in self._hidden else name

    def lifted(self, type: ValType) -> str:
        """Of a value that comes from the component."""
        return self._text(type, lowered=False)

    def lowered(self, type: ValType) -> str:
        """Of what is taken for a value that goes there."""
        return self._text(type, lowered=True)

    def returned(self, type: ValType | None, *, lowered: bool) -> str:
        """Of what a function gives: of a ``result`` the value, or nothing."""
        if isinstance(type, Result):
            type = type.ok
        return "None" if type is None else self._text(type, lowered=lowered)

    def _text(self, type: ValType, *, lowered: bool) -> str:
        text = self._written(type, lowered=lowered)
        self.count(len(text))
        return text

    def _written(self, type: ValType, *, lowered: bool) -> str:
        if isinstance(type, NAMED):
            return self._named(type) or outside("Any")
        if isinstance(type, Own | Borrow):
            return self._resource(type.resource) or outside("Any")
        if isinstance(type, List):
            if isinstance(type.element, Primitive) and type.element.kind == "u8":
                kinds = ["bytes", "bytearray", "memoryview"] if lowered else ["bytes"]
                return " | ".join(map(self.built_in, kinds))
            inner = self._text(type.element, lowered=lowered)
            return f"{outside('Sequence')}[{inner}]" if lowered else f"{self.built_in('list')}[{inner}]"
        if isinstance(type, Tuple):
            return f"{self.built_in('tuple')}[{', '.join([self._text(each, lowered=lowered) for each in type.types])}]"
        if isinstance(type, Option):
            # An option of an option has Some for its value, which does not tell of what.
            return (
                f"{outside('remit')}.Some | None"
                if isinstance(type.type, Option)
                else f"{self._text(type.type, lowered=lowered)} | None"
            )
        if isinstance(type, Result):
            return f"{outside('remit')}.Ok | {outside('remit')}.Err"
        plain = _PLAIN.get(type.kind)
        return outside("Any") if plain is None else self.built_in(plain)
