"""Flags: a class for the type, an int with operators of sets."""

from __future__ import annotations

from remit.component.values.names import constant_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, ClassVar, Self

    from remit.component import types


class Flags(int):
    """The base of the classes that are made for flags types: ``Mode.READ | Mode.WRITE``, ``Mode.READ in mode``."""

    __slots__ = ()
    labels: ClassVar[tuple[str, ...]] = ()
    """In the order of the bits."""

    def __or__(self, other: int) -> Self:
        return type(self)(int(self) | int(other))

    def __and__(self, other: int) -> Self:
        return type(self)(int(self) & int(other))

    def __xor__(self, other: int) -> Self:
        return type(self)(int(self) ^ int(other))

    def __sub__(self, other: int) -> Self:
        return type(self)(int(self) & ~int(other))

    def __invert__(self) -> Self:
        return type(self)(~int(self) & ((1 << len(self.labels)) - 1))

    def __contains__(self, other: int) -> bool:
        return int(self) & int(other) == int(other)

    def __iter__(self) -> Iterator[str]:
        """The labels of what is set."""
        return iter([label for bit, label in enumerate(self.labels) if int(self) >> bit & 1])

    def __repr__(self) -> str:
        name = type(self).__name__
        return " | ".join([f"{name}.{constant_name(label)}" for label in self]) or f"{name}(0)"

    __str__ = __repr__


def flags_class(flags: types.Flags, name: str) -> type[Flags]:
    """A class for `flags`, with its single flags as attributes. ValueError for labels that are no names."""
    made: Any = type(name, (Flags,), {"__slots__": (), "__module__": __name__, "labels": flags.labels})
    set_constants(made)
    return made  # type: ignore[no-any-return]  # made by type()


def set_constants(made: Any) -> None:
    """Give the class its single flags as attributes."""
    for bit, label in enumerate(made.labels):
        setattr(made, constant_name(label), made(1 << bit))
