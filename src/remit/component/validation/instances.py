"""Instances of components: instantiation, and definitions put together (``Binary.md``, "Instance Definitions")."""

from __future__ import annotations

from remit.binary.component import syntax
from remit.binary.reader import quoted
from remit.component.substitution import Substitution, fresh_resources, root_of
from remit.component.subtyping import Matcher, Mismatch
from remit.component.types import InstanceType, ResourceType
from remit.component.validated import BundleExports, InstantiateComponent
from remit.component.validation.errors import ValidationError
from remit.component.validation.extern_names import check_name
from remit.component.validation.externs import definition, item
from remit.component.validation.scope import Names, Scope, append_instance, look_up

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.component.types import ComponentType, ExternType
    from remit.component.validated import Item


def instantiate_component(scope: Scope, node: syntax.Instantiate) -> None:
    component, component_slot = look_up(scope.components, node.component, "component", node.offset)
    arguments: dict[str, tuple[ExternType, int]] = {}
    items: dict[str, Item] = {}
    for each in node.arguments:
        if each.name in arguments:
            name = quoted(each.name)
            problem = f"instantiation argument {name} conflicts with previous argument {name}"
            raise ValidationError(problem, each.offset)
        type, slot = definition(scope, each.sort, each.index, each.offset)
        arguments[each.name] = (type, each.offset)
        items[each.name] = item(each.name, each.sort, slot, type)
    matcher = _match_arguments(scope, component, arguments, node.offset)
    effort = scope.shared.effort
    resources = {root: matcher.root(root) for root in matcher.resources}
    bindings = []
    for name, export in component.exports.items():
        for path, resource in fresh_resources(export, effort, (name,)):
            # What is made anew by each instance: a type of its own, here.
            root = ResourceType(path[-1])
            scope.own_resources.add(root)
            resources[root_of(resource)] = root
            bindings.append((path, root))
    exports = Substitution(effort, scope.shared.names, matcher.types, resources).externs(component.exports)
    slot = scope.slot("instance")
    scope.step(InstantiateComponent(slot, component_slot, items, tuple(bindings)), node.offset)
    append_instance(scope, InstanceType(exports), slot, node.offset)


def _match_arguments(
    scope: Scope, component: ComponentType, arguments: dict[str, tuple[ExternType, int]], offset: int
) -> Matcher:
    matcher = Matcher(scope.shared.effort)
    for name, wanted in component.imports.items():
        if name not in arguments:
            raise ValidationError(f"missing import named {quoted(name)}", offset)
        given, place = arguments[name]
        try:
            matcher.match(given, wanted)
        except Mismatch as error:
            raise ValidationError(f"type mismatch for import {quoted(name)}: {error}", place) from None
    return matcher


def bundle_exports(scope: Scope, node: syntax.InlineExports) -> None:
    names = Names("export")
    exports: dict[str, ExternType] = {}
    items = []
    for each in node.exports:
        type, slot = definition(scope, each.sort, each.index, each.offset)
        check_name(names, each.name, each.attributes, type, each.offset)
        exports[each.name] = type
        items.append(item(each.name, each.sort, slot, type))
    slot = scope.slot("instance")
    scope.step(BundleExports(slot, tuple(items)), node.offset)
    append_instance(scope, InstanceType(exports), slot, node.offset)
