"""Enums: a class for the type, whose members are its attributes.

Not :mod:`enum`, which takes longer to make a class than most programs run.
"""

from __future__ import annotations

from remit.component.values.names import constant_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

    from remit.component import types


class Enum:
    """The base of the classes that are made for enum types. There is one object for each member."""

    __slots__ = ("index", "label")
    members: ClassVar[tuple[Any, ...]] = ()
    """In the order of the type."""

    def __init__(self, index: int, label: str) -> None:
        self.index = index
        self.label = label
        """What it is called in the component."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}.{constant_name(self.label)}"

    def __str__(self) -> str:
        return self.label

    def __copy__(self) -> Enum:
        return self

    def __deepcopy__(self, memo: object) -> Enum:
        return self


def enum_class(enum: types.Enum, name: str) -> type[Enum]:
    """A class for `enum`, with its members as attributes. ValueError for labels that are no names."""
    made: Any = type(name, (Enum,), {"__slots__": (), "__module__": __name__})
    made.members = tuple([made(index, label) for index, label in enumerate(enum.labels)])
    for member in made.members:
        setattr(made, constant_name(member.label), member)
    return made  # type: ignore[no-any-return]  # made by type()
