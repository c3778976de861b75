"""Validation of a component: definition after definition, each turned into entries of index spaces and into steps."""

from __future__ import annotations

from remit.binary.component import limits, syntax
from remit.binary.component.decoder import decode_component
from remit.component.effort import TooComplex
from remit.component.substitution import root_of
from remit.component.types import ComponentType, InstanceType
from remit.component.validated import DefineComponent, DefineResource, Start, ValidatedComponent
from remit.component.validation.aliases import add_alias
from remit.component.validation.built_ins import add_built_in
from remit.component.validation.canonical import add_lift, add_lower
from remit.component.validation.core_definitions import (
    add_core_types,
    add_module,
    bundle_core_exports,
    instantiate_module,
)
from remit.component.validation.errors import UnsupportedFeature, ValidationError, shown
from remit.component.validation.externs import add_export, add_import, closed
from remit.component.validation.instances import bundle_exports, instantiate_component
from remit.component.validation.scope import (
    COMPONENT,
    COMPONENT_TYPE,
    INSTANCE_TYPE,
    Scope,
    Validation,
    append_component,
    append_type,
    look_up,
)
from remit.component.validation.value_types import define_func, define_resource, define_value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.component.types import DefinedType, ResourceType


def validate_component(data: bytes | memoryview) -> ValidatedComponent:
    """Decode and validate the component that `data` is.

    BinaryError if it is malformed, ValidationError if it breaks a rule; both say where. Their subclasses
    UnsupportedFeature name what the specification has and Remit does not. Core modules inside are decoded as far as
    their imports and exports; the engine judges the rest.
    """
    try:
        scope = Scope(COMPONENT, None, Validation(data))
        return _finish(scope, _define_all(scope, decode_component(data)))
    except RecursionError:
        # All depths are limited, but nobody knows how deep the caller is.
        raise ValidationError("nested more deeply than the Python stack that is left allows", 0) from None


def _define_all(scope: Scope, component: syntax.Component) -> syntax.Component:
    for node in component.definitions:
        try:
            _define(scope, node)
        except TooComplex as error:
            raise ValidationError(str(error), node.offset) from None
    return component


def _define(scope: Scope, node: syntax.Node) -> None:
    if isinstance(node, syntax.TypeDefinition):
        append_type(scope, _define_type(scope, node.type), node.offset)
    elif isinstance(node, (syntax.AliasExport, syntax.AliasOuter)):
        add_alias(scope, node)
    elif isinstance(node, syntax.Import):
        add_import(scope, node)
    elif isinstance(node, syntax.Export):
        add_export(scope, node)
    elif isinstance(node, syntax.Lower):
        add_lower(scope, node)
    elif isinstance(node, syntax.Lift):
        add_lift(scope, node)
    elif isinstance(node, syntax.BuiltIn):
        add_built_in(scope, node)
    elif isinstance(node, syntax.CoreModule):
        add_module(scope, node)
    elif isinstance(node, syntax.CoreInstantiate):
        instantiate_module(scope, node)
    elif isinstance(node, syntax.CoreInlineExports):
        bundle_core_exports(scope, node)
    elif isinstance(node, (syntax.CoreTypeDefinition, syntax.CoreModuleType)):
        add_core_types(scope, node)
    elif isinstance(node, syntax.NestedComponent):
        _add_component(scope, node)
    elif isinstance(node, syntax.Instantiate):
        instantiate_component(scope, node)
    elif isinstance(node, syntax.InlineExports):
        bundle_exports(scope, node)
    elif isinstance(node, syntax.Start):
        _add_start(scope, node)


def _define_type(scope: Scope, node: syntax.Node) -> DefinedType:
    if isinstance(node, syntax.FuncType):
        return define_func(scope, node)
    if isinstance(node, syntax.DeclaredType):
        return _declare(scope, node)
    if isinstance(node, syntax.ResourceType):
        resource, destructor = define_resource(scope, node)
        scope.step(DefineResource(root_of(resource), destructor), node.offset)
        return resource
    return define_value(scope, node)


def _declare(scope: Scope, node: syntax.DeclaredType) -> ComponentType | InstanceType:
    """The type of a component or an instance, from its declarations."""
    is_component = node.keyword == "component"
    inner = Scope(COMPONENT_TYPE if is_component else INSTANCE_TYPE, scope, scope.shared)
    for each in node.declarations:
        _define(inner, each)
    seen: set[ResourceType] = set()
    if is_component:
        imports = closed(inner, inner.imports.types, seen)
        return ComponentType(imports, closed(inner, inner.exports.types, seen))
    return InstanceType(closed(inner, inner.exports.types, seen))


def _add_component(scope: Scope, node: syntax.NestedComponent) -> None:
    if scope.depth >= limits.COMPONENT_NESTING:
        raise ValidationError(f"components inside components, more than {limits.COMPONENT_NESTING} deep", node.offset)
    inner = Scope(COMPONENT, scope, scope.shared)
    syntax_tree = _define_all(inner, decode_component(scope.shared.data, node.offset, node.end))
    type = _type_of(inner)
    slot = scope.slot("component")
    scope.step(DefineComponent(slot, _finish(inner, syntax_tree, type), tuple(inner.captures)), node.offset)
    append_component(scope, type, slot, node.offset)


def _type_of(scope: Scope) -> ComponentType:
    seen: set[ResourceType] = set()
    imports = closed(scope, scope.imports.types, seen)
    return ComponentType(imports, closed(scope, scope.exports.types, seen))


def _finish(scope: Scope, node: syntax.Component, type: ComponentType | None = None) -> ValidatedComponent:
    try:
        resolved = scope.shared.resolution.component(type or _type_of(scope))
    except TooComplex as error:
        raise ValidationError(str(error), node.offset) from None
    return ValidatedComponent(
        resolved, tuple(scope.steps), tuple(scope.items), scope.slots, tuple(node.custom_sections)
    )


def _add_start(scope: Scope, node: syntax.Start) -> None:
    type, slot = look_up(scope.funcs, node.function, "function", node.offset)
    if node.arguments or node.results:
        raise UnsupportedFeature("a start function with values", node.offset)
    if type.params or type.result is not None:
        raise ValidationError(f"a start function of type {shown(type)} where its values are not given", node.offset)
    scope.step(Start(slot), node.offset)
