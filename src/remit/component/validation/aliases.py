"""Aliases: of what instances export, and of what stands further out (``Binary.md``, "Alias Definitions")."""

from __future__ import annotations

from remit.binary.component import syntax
from remit.binary.reader import quoted
from remit.binary.types import FuncType, GlobalType, MemoryType, TableType, TagType
from remit.component.subtyping import sort_of
from remit.component.types import ModuleType, TypeBound
from remit.component.validated import AliasCoreExport, AliasExport, Capture
from remit.component.validation.errors import ValidationError
from remit.component.validation.externs import define
from remit.component.validation.scope import COMPONENT, Scope, append, append_component, append_type, look_up
from remit.component.validation.visibility import free_resources

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.binary.types import ExternType as CoreExternType
    from remit.component.validation.scope import CoreType


def add_alias(scope: Scope, node: syntax.AliasExport | syntax.AliasOuter) -> None:
    if scope.kind != COMPONENT:
        outer = isinstance(node, syntax.AliasOuter)
        if node.sort not in (("type", "core type") if outer else ("type", "instance")):
            problem = "aliases in a type may only refer to types or instances"
            raise ValidationError(f"{problem}, not to a {node.sort}", node.offset)
    if isinstance(node, syntax.AliasOuter):
        _add_outer(scope, node)
    elif node.core:
        _add_core_export(scope, node)
    else:
        _add_export(scope, node)


def _add_export(scope: Scope, node: syntax.AliasExport) -> None:
    instance, instance_slot = look_up(scope.instances, node.instance, "instance", node.offset)
    type = instance.exports.get(node.name)
    if type is None:
        problem = f"instance {node.instance} has no export named {quoted(node.name)}"
        raise ValidationError(problem, node.offset)
    if sort_of(type) != node.sort:
        sort = node.sort.removeprefix("core ")
        problem = f"export {quoted(node.name)} of instance {node.instance} is not a {sort}: it is a {sort_of(type)}"
        raise ValidationError(problem, node.offset)
    slot = -1
    if scope.kind == COMPONENT and not isinstance(type, TypeBound):
        slot = scope.slot(node.sort)
        scope.step(AliasExport(node.sort, slot, instance_slot, node.name), node.offset)
    define(scope, type, slot, node.offset)


def _add_core_export(scope: Scope, node: syntax.AliasExport) -> None:
    instance, instance_slot = look_up(scope.core_instances, node.instance, "core instance", node.offset)
    type = instance.get(node.name)
    if type is None:
        problem = f"core instance {node.instance} has no export named {quoted(node.name)}"
        raise ValidationError(problem, node.offset)
    if f"core {type.kind}" != node.sort:
        problem = f"export {quoted(node.name)} is not a {node.sort}: it is a core {type.kind}"
        raise ValidationError(problem, node.offset)
    slot = scope.slot(node.sort)
    scope.step(AliasCoreExport(node.sort, slot, instance_slot, node.name), node.offset)
    define_core(scope, type, slot, node.offset)


def define_core(scope: Scope, type: CoreExternType, slot: int, offset: int) -> None:
    """The next entry of its core index space."""
    if isinstance(type, FuncType):
        append(scope.core_funcs, (type, slot), "core function", offset)
    elif isinstance(type, TableType):
        append(scope.core_tables, (type, slot), "core table", offset)
    elif isinstance(type, MemoryType):
        append(scope.core_memories, (type, slot), "core memory", offset)
    elif isinstance(type, GlobalType):
        append(scope.core_globals, (type, slot), "core global", offset)
    elif isinstance(type, TagType):
        append(scope.core_tags, (type, slot), "core tag", offset)


def _add_outer(scope: Scope, node: syntax.AliasOuter) -> None:
    target, crosses_component = _outer_scope(scope, node.count, node.offset)
    if node.sort == "type":
        type = look_up(target.types, node.index, "type", node.offset)
        if crosses_component and free_resources(type, scope.shared.effort):
            problem = "an outer alias into another component of a type that transitively refers to resources"
            raise ValidationError(problem, node.offset)
        append_type(scope, type, node.offset)
    elif node.sort == "core type":
        append(scope.core_types, look_up(target.core_types, node.index, "core type", node.offset), "type", node.offset)
    elif node.sort == "core module":
        module, slot = look_up(target.modules, node.index, "module", node.offset)
        slot = _capture(scope, node.count, node.sort, slot, node.offset)
        append(scope.modules, (module, slot), "core module", node.offset)
    else:
        component, slot = look_up(target.components, node.index, "component", node.offset)
        # One that is defined out there refers to nothing; but the type of one that is imported may.
        if crosses_component and free_resources(component, scope.shared.effort):
            problem = "an outer alias into another component of a component whose type refers to resources out there"
            raise ValidationError(problem, node.offset)
        slot = _capture(scope, node.count, node.sort, slot, node.offset)
        append_component(scope, component, slot, node.offset)


def outer_core_type(scope: Scope, node: syntax.AliasOuter) -> CoreType:
    """What an alias in a module type means; `scope` is the one around the module type."""
    target, _ = _outer_scope(scope, node.count - 1, node.offset)
    type = look_up(target.core_types, node.index, "core type", node.offset)
    if isinstance(type, ModuleType):
        raise ValidationError("a module type cannot stand in a module type", node.offset)
    return type


def _outer_scope(scope: Scope, count: int, offset: int) -> tuple[Scope, bool]:
    """The scope that is `count` further out, and whether the way there leaves a component."""
    if count > scope.depth:
        problem = f"invalid outer alias count: there are {scope.depth} scopes around this one, not {count}"
        raise ValidationError(problem, offset)
    crosses = False
    for _ in range(count):
        crosses = crosses or scope.kind == COMPONENT
        assert scope.outer is not None
        scope = scope.outer
    return scope, crosses


def _capture(scope: Scope, count: int, sort: str, slot: int, offset: int) -> int:
    """The slot in `scope` of what has `slot` in the scope that is `count` further out, handed in level by level."""
    if count == 0:
        return slot
    assert scope.outer is not None
    outer_slot = _capture(scope.outer, count - 1, sort, slot, offset)
    key = (sort, outer_slot)
    if key not in scope.capture_slots:
        scope.capture_slots[key] = scope.slot(sort)
        scope.step(Capture(sort, scope.capture_slots[key], len(scope.captures)), offset)
        scope.captures.append(key)
    return scope.capture_slots[key]
