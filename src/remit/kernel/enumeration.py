"""Enumerations as ``enum.Enum`` makes them, without importing :mod:`enum`, which costs as much as thirty modules here.

Type checkers are shown the real thing, so a class that uses this one is an enumeration to them::

    if TYPE_CHECKING:
        from enum import Enum
    else:
        from remit.kernel.enumeration import Enum

Members are the attributes in capitals. There is one object of each, so they are compared by identity and hashed by it,
which also makes tables with such keys faster than those of ``enum.Enum``, whose hash is written in Python.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


class _Enumeration(type):
    """A class whose members can be gone through."""

    _members: tuple[Any, ...] = ()

    def __iter__(cls) -> Iterator[Any]:
        """The members in the order of their definition."""
        return iter(cls._members)

    def __len__(cls) -> int:
        return len(cls._members)


class Enum(metaclass=_Enumeration):
    """The base of enumerations; no instance is made but the members."""

    __slots__ = ("name", "value")
    name: str
    value: Any

    def __init_subclass__(cls) -> None:
        members = []
        for name, value in [*vars(cls).items()]:
            if name.isupper():
                member = object.__new__(cls)
                member.name = name
                member.value = value
                setattr(cls, name, member)
                members.append(member)
        cls._members = tuple(members)

    def __new__(cls, *_: object) -> Enum:
        raise TypeError(f"the members of {cls.__name__} are all there are of it; take one by its name")

    def __reduce__(self) -> tuple[object, ...]:
        """A copy is the member itself, also in another process."""
        return getattr, (type(self), self.name)

    def __repr__(self) -> str:
        return f"{type(self).__name__}.{self.name}"
