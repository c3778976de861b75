"""The Python classes of a component's types, each made when it is first needed."""

from __future__ import annotations

from _thread import RLock

from remit.component import types
from remit.component.values.enums import enum_class
from remit.component.values.flags import flags_class
from remit.component.values.records import record_class
from remit.component.values.variants import variant_class

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Classes:
    """Finds the class of a record, variant, enum or flags type. Types are told apart by identity."""

    __slots__ = ("_lock", "_made", "_names", "_same")

    def __init__(self) -> None:
        self._lock = RLock()
        self._made: dict[int, tuple[types.ValType, Any]] = {}
        self._names: dict[int, tuple[types.ValType, str]] = {}
        self._same: dict[int, tuple[types.ValType, types.ValType]] = {}

    def name(self, type: types.ValType, name: str) -> None:
        """Call the class of `type` by the Python name `name`, if it is not made yet."""
        self._names.setdefault(id(type), (type, name))

    def has_name(self, type: types.ValType) -> bool:
        return id(type) in self._names

    def same(self, type: types.ValType, other: types.ValType) -> None:
        """Use the class of `other`, an equal type, for `type`, if that has none yet."""
        self._same.setdefault(id(type), (type, other))

    def adopt(self, type: types.ValType, made: Any) -> None:
        """Use a class that was made before, for an equal type."""
        self._made[id(type)] = (type, made)

    def made(self, type: types.ValType) -> Any:
        """The class, if there is one already; or None."""
        known = self._made.get(id(type))
        return None if known is None else known[1]

    def of(self, type: types.ValType) -> Any:
        """The class. ValueError if its labels make no names."""
        with self._lock:
            known = self._made.get(id(type))
            if known is None:
                same = self._same.get(id(type))
                known = self._made[id(type)] = (type, self._make(type) if same is None else self.of(same[1]))
            return known[1]

    def _make(self, type: types.ValType) -> Any:
        _, name = self._names.get(id(type), (type, type.kind.capitalize()))
        if isinstance(type, types.Record):
            return record_class(type, name)
        if isinstance(type, types.Variant):
            return variant_class(type, name)
        if isinstance(type, types.Enum):
            return enum_class(type, name)
        assert isinstance(type, types.Flags)
        return flags_class(type, name)
