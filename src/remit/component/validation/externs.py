"""Imports and exports: of components, and of the types of components and instances."""

from __future__ import annotations

from remit.binary.component import syntax
from remit.binary.reader import quoted
from remit.component.substitution import ResourceAlias, Substitution, fresh_resources, root_of
from remit.component.subtyping import Matcher, Mismatch, sort_of
from remit.component.types import ComponentType, FuncType, InstanceType, ModuleType, ResourceType, TypeBound, ValType
from remit.component.validated import BindResource, Import, Item
from remit.component.validation.errors import ValidationError
from remit.component.validation.extern_names import check_name, register_resource
from remit.component.validation.scope import (
    COMPONENT,
    INSTANCE_TYPE,
    Scope,
    append,
    append_component,
    append_instance,
    append_type,
    look_up,
)
from remit.component.validation.visibility import Visibility, free_resources

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.component.types import DefinedType, ExternType
    from remit.component.validation.scope import Names


def add_import(scope: Scope, node: syntax.Import) -> None:
    type = _resolve(scope, node.type, node.name)
    sort = sort_of(type)
    slot = -1
    resources = [(path, root_of(resource)) for path, resource in fresh_resources(type, scope.shared.effort)]
    scope.imported_resources.update([root for _, root in resources])
    if not scope.own_resources.isdisjoint(free_resources(type, scope.shared.effort) - scope.imported_resources):
        problem = f"{sort} not valid to be used as import {quoted(node.name)}"
        raise ValidationError(f"{problem}: it uses a resource type that is not imported", node.offset)
    if scope.kind == COMPONENT:
        slot = -1 if sort == "type" else scope.slot(sort)
        step = Import(node.name, sort, slot, scope.shared.resolution.extern(type), tuple(resources), node.attributes)
        scope.step(step, node.offset)
    define(scope, type, slot, node.offset)
    _name(scope, scope.imports, node.name, node.attributes, type, node.offset)


def add_export(scope: Scope, node: syntax.Export) -> None:
    if node.index is None:
        assert node.type is not None
        type = _resolve(scope, node.type, node.name)
        slot = -1
    else:
        type, slot = definition(scope, node.sort, node.index, node.offset)
        if node.type is not None:
            type = _ascribe(scope, type, node)
        elif isinstance(type, TypeBound):
            type = TypeBound(_renamed(scope, type.type, node.name))
        scope.items.append(item(node.name, node.sort, slot, type))
    define(scope, type, slot, node.offset)
    _name(scope, scope.exports, node.name, node.attributes, type, node.offset)


def definition(scope: Scope, sort: str, index: int, offset: int) -> tuple[ExternType, int]:
    """The definition of this sort and index, as something to export or to give as an argument; and its slot, or -1."""
    if sort == "func":
        return look_up(scope.funcs, index, "function", offset)
    if sort == "instance":
        return look_up(scope.instances, index, "instance", offset)
    if sort == "component":
        return look_up(scope.components, index, "component", offset)
    if sort == "core module":
        return look_up(scope.modules, index, "module", offset)
    if sort == "type":
        return TypeBound(look_up(scope.types, index, "type", offset)), -1
    raise ValidationError(f"a {sort} cannot be exported, nor be an argument: only core modules can", offset)


def item(name: str, sort: str, slot: int, type: ExternType) -> Item:
    """A definition by name, as it is at run time."""
    if isinstance(type, TypeBound) and isinstance(type.type, ResourceType):
        return Item(name, sort, slot, root_of(type.type))
    return Item(name, sort, slot)


def define(scope: Scope, type: ExternType, slot: int, offset: int) -> None:
    """The next entry of its index space."""
    if isinstance(type, TypeBound):
        append_type(scope, type.type, offset)
    elif isinstance(type, FuncType):
        append(scope.funcs, (type, slot), "function", offset)
    elif isinstance(type, InstanceType):
        append_instance(scope, type, slot, offset)
    elif isinstance(type, ComponentType):
        append_component(scope, type, slot, offset)
    else:
        append(scope.modules, (type, slot), "core module", offset)


def closed(scope: Scope, names: Mapping[str, ExternType], seen: set[ResourceType]) -> dict[str, ExternType]:
    """Imports or exports as others see them: the first name of each resource type of this scope leaves it open, and
    the rest are equal to that one. `seen` are those that had a name before."""
    return {name: _closed(scope, type, seen) for name, type in names.items()}


def _closed(scope: Scope, type: ExternType, seen: set[ResourceType]) -> ExternType:
    scope.shared.effort.spend()
    if isinstance(type, InstanceType):
        return InstanceType(closed(scope, type.exports, seen))
    if isinstance(type, TypeBound) and isinstance(type.type, ResourceType):
        root = root_of(type.type)
        fresh = root in scope.own_resources and root not in seen
        seen.add(root)
        return TypeBound(type.type, fresh=fresh)
    return type


def _name(
    scope: Scope,
    names: Names,
    name: str,
    attributes: tuple[tuple[str, str], ...],
    type: ExternType,
    offset: int,
) -> None:
    check_name(names, name, attributes, type, offset)
    register_resource(names, name, type)
    # Instance types are judged where they are used.
    if scope.kind != INSTANCE_TYPE:
        gives = (scope.imports, scope.exports) if names is scope.imports else (scope.exports,)
        if not Visibility(names, scope.shared.effort).admits(type, gives):
            problem = f"{sort_of(type)} not valid to be used as {names.what} {quoted(name)}"
            raise ValidationError(f"{problem}: it uses a type that has no name among the {names.what}s", offset)
    names.types[name] = type


def _resolve(scope: Scope, ref: syntax.ExternTypeRef, name: str) -> ExternType:
    if ref.index is None:
        root = ResourceType(name)
        scope.own_resources.add(root)
        return TypeBound(ResourceAlias(name, root), fresh=True)
    if ref.sort == "core module":
        module = look_up(scope.core_types, ref.index, "core type", ref.offset)
        if not isinstance(module, ModuleType):
            raise ValidationError(f"core type index {ref.index} is not a module type", ref.offset)
        return module
    type = look_up(scope.types, ref.index, "type", ref.offset)
    if ref.sort == "type":
        return TypeBound(_renamed(scope, type, name))
    if ref.sort == "func" and isinstance(type, FuncType):
        return type
    if ref.sort == "component" and isinstance(type, ComponentType):
        return type
    if ref.sort == "instance" and isinstance(type, InstanceType):
        return _instance_of(scope, type)
    kind = {"func": "a function", "component": "a component", "instance": "an instance"}[ref.sort]
    raise ValidationError(f"type index {ref.index} is not {kind} type", ref.offset)


def _renamed(scope: Scope, type: DefinedType, name: str) -> DefinedType:
    """The same type as a new definition: with a name of its own, if its kind needs one."""
    if isinstance(type, ResourceType):
        root = root_of(type)
        root.name = root.name or name
        return ResourceAlias(name, root)
    return scope.shared.names.add(type) if isinstance(type, ValType) else type


def _instance_of(scope: Scope, type: InstanceType) -> InstanceType:
    """An instance of this type has resource types of its own where the type leaves them open."""
    fresh = fresh_resources(type, scope.shared.effort)
    if not fresh:
        return type
    roots = {root_of(resource): ResourceType(path[-1]) for path, resource in fresh}
    scope.own_resources.update(roots.values())
    return Substitution(scope.shared.effort, scope.shared.names, resources=dict(roots)).instance(type)


def _ascribe(scope: Scope, actual: ExternType, node: syntax.Export) -> ExternType:
    assert node.type is not None
    if node.type.sort != node.sort:
        raise ValidationError(f"ascribed type of export is not compatible: a {node.sort}", node.type.offset)
    type = _resolve(scope, node.type, node.name)
    matcher = Matcher(scope.shared.effort)
    try:
        matcher.match(actual, type)
    except Mismatch as error:
        problem = f"ascribed type of export is not compatible with item's type: {error}"
        raise ValidationError(problem, node.type.offset) from None
    for _, resource in fresh_resources(type, scope.shared.effort):
        scope.step(BindResource(root_of(resource), matcher.root(resource)), node.offset)
    return type
