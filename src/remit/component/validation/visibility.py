"""Which types an import or export may use (``Explainer.md``, "External Visibility of Types").

Resource types, and records, variants, enums and flags, must have a name that can be seen from outside: that of an
import, or, for exports, of an export as well. A type's identity is the definition that gave it its name.
"""

from __future__ import annotations

from remit.component.substitution import root_of
from remit.component.types import (
    Borrow,
    ComponentType,
    Enum,
    Flags,
    FuncType,
    Future,
    InstanceType,
    List,
    Option,
    Own,
    Record,
    ResourceType,
    Result,
    Stream,
    Tuple,
    TypeBound,
    ValType,
    Variant,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.component.effort import Effort
    from remit.component.types import DefinedType, ExternType
    from remit.component.validation.scope import Names


def parts_of(type: ValType) -> Iterable[ValType]:
    """The value types that `type` is made of."""
    if isinstance(type, Record):
        return [field for _, field in type.fields]
    if isinstance(type, Variant):
        return [case for _, case in type.cases if case is not None]
    if isinstance(type, Tuple):
        return type.types
    if isinstance(type, Option):
        return (type.type,)
    if isinstance(type, Result):
        return [part for part in (type.ok, type.error) if part is not None]
    if isinstance(type, List):
        return (type.element,)
    if isinstance(type, (Stream, Future)):
        return () if type.element is None else (type.element,)
    return ()


class Visibility:
    """Judges one import or export, and remembers the names that it brings."""

    __slots__ = ("_effort", "_seen", "_visible")

    def __init__(self, names: Names, effort: Effort) -> None:
        self._visible = names.visible
        self._effort = effort
        self._seen: set[int] = set()

    def admits(self, type: ExternType, gives: tuple[Names, ...]) -> bool:
        """Whether all that `type` uses has a name; what gets one is added to each of `gives`."""
        self._effort.spend()
        if isinstance(type, TypeBound):
            if not self._admits_defined(type.type):
                return False
            for names in gives:
                names.visible[id(type.type)] = type.type
            return True
        if isinstance(type, InstanceType):
            return all(self.admits(export, gives) for export in type.exports.values())
        return not isinstance(type, FuncType) or self._admits_func(type)

    def _admits_defined(self, type: DefinedType) -> bool:
        if isinstance(type, ValType):
            if isinstance(type, (Own, Borrow)):
                return id(type.resource) in self._visible
            return all(map(self._admits_value, parts_of(type)))
        if isinstance(type, FuncType):
            return self._admits_func(type)
        if isinstance(type, InstanceType):
            return self._admits_instance_type(type)
        return True

    def _admits_instance_type(self, type: InstanceType) -> bool:
        # Its exports have names, but only among themselves.
        outside = self._visible
        self._visible = dict(outside)
        self._effort.spend(len(outside))
        admitted = True
        for export in type.exports.values():
            if isinstance(export, TypeBound):
                admitted = self._admits_defined(export.type)
                self._visible[id(export.type)] = export.type
            elif isinstance(export, InstanceType):
                admitted = self._admits_instance_type(export)
            elif isinstance(export, FuncType):
                admitted = self._admits_func(export)
            if not admitted:
                break
        self._visible = outside
        return admitted

    def _admits_func(self, type: FuncType) -> bool:
        self._effort.spend(len(type.params))
        result = () if type.result is None else (type.result,)
        return all(map(self._admits_value, (*[param for _, param in type.params], *result)))

    def _admits_value(self, type: ValType) -> bool:
        self._effort.spend()
        if isinstance(type, (Record, Variant, Enum, Flags)):
            return id(type) in self._visible
        if isinstance(type, (Own, Borrow)):
            return id(type.resource) in self._visible
        # What was found to have names is not walked again: types may share their parts many times over.
        if id(type) in self._seen:
            return True
        admitted = all(map(self._admits_value, parts_of(type)))
        if admitted:
            self._seen.add(id(type))
        return admitted


def free_resources(type: DefinedType | TypeBound, effort: Effort) -> set[ResourceType]:
    """The resource types that `type` depends on and does not itself leave open."""
    walk = _ResourceWalk(effort)
    if isinstance(type, TypeBound):
        walk.externs([type])
    else:
        walk.defined(type)
    return walk.used - walk.bound


class _ResourceWalk:
    __slots__ = ("_seen", "bound", "effort", "used")

    def __init__(self, effort: Effort) -> None:
        self.effort = effort
        self.used: set[ResourceType] = set()
        self.bound: set[ResourceType] = set()
        self._seen: set[int] = set()

    def defined(self, type: DefinedType) -> None:
        if id(type) in self._seen:
            return
        self._seen.add(id(type))
        self.effort.spend()
        if isinstance(type, ResourceType):
            self.used.add(root_of(type))
        elif isinstance(type, (Own, Borrow)):
            self.used.add(root_of(type.resource))
        elif isinstance(type, ValType):
            for part in parts_of(type):
                self.defined(part)
        elif isinstance(type, FuncType):
            for _, param in type.params:
                self.defined(param)
            if type.result is not None:
                self.defined(type.result)
        elif isinstance(type, InstanceType):
            self.externs(type.exports.values())
        elif isinstance(type, ComponentType):
            self.externs(type.imports.values())
            self.externs(type.exports.values())

    def externs(self, types: Iterable[ExternType]) -> None:
        for type in types:
            if not isinstance(type, TypeBound):
                self.defined(type)
            elif type.fresh and isinstance(type.type, ResourceType):
                self.bound.add(root_of(type.type))
            else:
                self.defined(type.type)
