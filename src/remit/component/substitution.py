"""Types with other resource types, or other named types, in the place of some.

While a component is validated, it matters by which name a type is referred to: an export's type may only use names
that can be seen outside. So each import, definition and export of a resource type is a :class:`ResourceAlias` of its
own, and two are the same type if their roots are one object. Each import and export of a record, a variant, an enum
or flags is a copy, and :class:`OtherNames` keeps of what.
"""

from __future__ import annotations

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
    from collections.abc import Mapping

    from remit.component.effort import Effort
    from remit.component.types import DefinedType, ExternType


class ResourceAlias(ResourceType):
    """One of the names of a resource type; used in validation only."""

    __slots__ = ("root",)

    def __init__(self, name: str, root: ResourceType) -> None:
        super().__init__(name)
        self.root = root


def root_of(resource: ResourceType) -> ResourceType:
    return resource.root if isinstance(resource, ResourceAlias) else resource


class OtherNames:
    """Value types that are other names of value types; used in validation only, as :class:`ResourceAlias` is.

    They are kept here and not in the types, which outlive validation, and would take their originals with them.
    """

    __slots__ = ("_originals",)

    def __init__(self) -> None:
        # By the identity of the copy, which is kept so that its identity stays its own.
        self._originals: dict[int, tuple[ValType, ValType]] = {}

    def add(self, type: ValType) -> ValType:
        """`type` by another name: a copy, if its kind needs names."""
        new: ValType
        if isinstance(type, Record):
            new = Record(type.fields)
        elif isinstance(type, Variant):
            new = Variant(type.cases)
        elif isinstance(type, (Enum, Flags)):
            new = type.__class__(type.labels)
        else:
            return type
        self._originals[id(new)] = (new, type)
        return new

    def original(self, type: ValType) -> ValType | None:
        """What `type` is another name of, which may be one, too; None if it is none."""
        known = self._originals.get(id(type))
        return None if known is None else known[1]


class Substitution:
    """Puts types in the place of others, everywhere inside of a type. What does not change stays the same object."""

    __slots__ = ("_done", "effort", "names", "resources")

    def __init__(
        self,
        effort: Effort,
        names: OtherNames,
        types: dict[int, tuple[DefinedType, DefinedType]] | None = None,
        resources: dict[ResourceType, ResourceType] | None = None,
    ) -> None:
        self.effort = effort
        self.names = names
        self.resources = resources or {}
        """Roots, and the roots that take their place."""
        # By the identity of what is replaced, which is kept so that its identity stays its own.
        self._done: dict[int, tuple[object, object]] = dict(types or {})

    def resource(self, resource: ResourceType) -> ResourceType:
        done = self._done.get(id(resource))
        if done is not None:
            assert isinstance(done[1], ResourceType)
            return done[1]
        root = self.resources.get(root_of(resource))
        new = resource if root is None else ResourceAlias(resource.name, root)
        self._done[id(resource)] = (resource, new)
        return new

    def optional(self, type: ValType | None) -> ValType | None:
        return None if type is None else self.value(type)

    def value(self, type: ValType) -> ValType:
        done = self._done.get(id(type))
        if done is not None:
            assert isinstance(done[1], ValType)
            return done[1]
        # What it is a name of comes first. Names of names may be too many for a frame each.
        renamed: list[tuple[ValType, ValType]] = []
        while (original := self.names.original(type)) is not None and id(type) not in self._done:
            self.effort.spend()
            renamed.append((type, original))
            type = original
        done = self._done.get(id(type))
        if done is None:
            self.effort.spend()
            done = self._done[id(type)] = (type, self._value(type))
        new = done[1]
        assert isinstance(new, ValType)
        for each, original in reversed(renamed):
            new = self._name(each, original, new)
            self._done[id(each)] = (each, new)
        return new

    def _name(self, type: ValType, original: ValType, new: ValType) -> ValType:
        """`type`, which is another name of `original`, where `new` takes the place of that."""
        return type if new is original else self.names.add(new)

    def _value(self, type: ValType) -> ValType:
        if isinstance(type, (Own, Borrow)):
            resource = self.resource(type.resource)
            return type if resource is type.resource else type.__class__(resource)
        if isinstance(type, Record):
            fields = tuple([(label, self.value(field)) for label, field in type.fields])
            return type if all(map(_same, fields, type.fields)) else Record(fields)
        if isinstance(type, Variant):
            cases = tuple([(label, self.optional(case)) for label, case in type.cases])
            return type if all(map(_same, cases, type.cases)) else Variant(cases)
        if isinstance(type, Tuple):
            types = tuple([self.value(item) for item in type.types])
            return type if all(new is old for new, old in zip(types, type.types, strict=True)) else Tuple(types)
        if isinstance(type, List):
            element = self.value(type.element)
            return type if element is type.element else List(element, type.length)
        if isinstance(type, Option):
            inner = self.value(type.type)
            return type if inner is type.type else Option(inner)
        if isinstance(type, Result):
            ok, error = self.optional(type.ok), self.optional(type.error)
            return type if ok is type.ok and error is type.error else Result(ok, error)
        if isinstance(type, (Stream, Future)):
            payload = self.optional(type.element)
            return type if payload is type.element else type.__class__(payload)
        return type

    def func(self, type: FuncType) -> FuncType:
        done = self._done.get(id(type))
        if done is not None:
            assert isinstance(done[1], FuncType)
            return done[1]
        self.effort.spend(1 + len(type.params))
        params = tuple([(label, self.value(param)) for label, param in type.params])
        result = self.optional(type.result)
        new = type
        if result is not type.result or not all(map(_same, params, type.params)):
            new = FuncType(params, result, is_async=type.is_async)
        self._done[id(type)] = (type, new)
        return new

    def defined(self, type: DefinedType) -> DefinedType:
        if isinstance(type, ResourceType):
            return self.resource(type)
        if isinstance(type, ValType):
            return self.value(type)
        if isinstance(type, FuncType):
            return self.func(type)
        if isinstance(type, InstanceType):
            return self.instance(type)
        if isinstance(type, ComponentType):
            return self.component(type)
        return type

    def extern(self, type: ExternType) -> ExternType:
        if isinstance(type, TypeBound):
            return self.bound(type)
        if isinstance(type, FuncType):
            return self.func(type)
        if isinstance(type, InstanceType):
            return self.instance(type)
        if isinstance(type, ComponentType):
            return self.component(type)
        return type

    def bound(self, type: TypeBound) -> TypeBound:
        done = self._done.get(id(type))
        if done is not None:
            assert isinstance(done[1], TypeBound)
            return done[1]
        inner = self.defined(type.type)
        new = type if inner is type.type else TypeBound(inner, fresh=type.fresh)
        self._done[id(type)] = (type, new)
        return new

    def externs(self, types: Mapping[str, ExternType]) -> Mapping[str, ExternType]:
        self.effort.spend(1 + len(types))
        new = {name: self.extern(type) for name, type in types.items()}
        return types if all(new[name] is type for name, type in types.items()) else new

    def instance(self, type: InstanceType) -> InstanceType:
        done = self._done.get(id(type))
        if done is not None:
            assert isinstance(done[1], InstanceType)
            return done[1]
        exports = self.externs(type.exports)
        new = type if exports is type.exports else InstanceType(exports)
        self._done[id(type)] = (type, new)
        return new

    def component(self, type: ComponentType) -> ComponentType:
        done = self._done.get(id(type))
        if done is not None:
            assert isinstance(done[1], ComponentType)
            return done[1]
        imports, exports = self.externs(type.imports), self.externs(type.exports)
        unchanged = imports is type.imports and exports is type.exports
        new = type if unchanged else ComponentType(imports, exports)
        self._done[id(type)] = (type, new)
        return new


class Resolution(Substitution):
    """Puts a type itself in the place of each of its names: for what leaves validation."""

    __slots__ = ()

    def _name(self, type: ValType, original: ValType, new: ValType) -> ValType:
        return new

    def resource(self, resource: ResourceType) -> ResourceType:
        return root_of(resource)


Path = tuple[str, ...]
"""Names of exports: of an instance, of an instance in that, and so on."""


def fresh_resources(type: ExternType, effort: Effort, path: Path = ()) -> list[tuple[Path, ResourceType]]:
    """The resource types that `type` leaves open, ``(sub resource)``, and where they are found in it."""
    effort.spend()
    if isinstance(type, TypeBound):
        return [(path, type.type)] if type.fresh and isinstance(type.type, ResourceType) else []
    found = []
    if isinstance(type, InstanceType):
        for name, export in type.exports.items():
            found += fresh_resources(export, effort, (*path, name))
    return found


def _same(new: tuple[str, ValType | None], old: tuple[str, ValType | None]) -> bool:
    return new[1] is old[1]
