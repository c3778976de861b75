"""Value types and function types: from syntax to resolved ones (``Binary.md``, "Type Definitions")."""

from __future__ import annotations

from remit.binary.component import syntax
from remit.binary.reader import quoted
from remit.component import types
from remit.component.names import is_label
from remit.component.substitution import ResourceAlias
from remit.component.validation.errors import UnsupportedFeature, ValidationError, shown
from remit.component.validation.facts import MAX_DEPTH, MAX_ELEMENT_SIZE, MAX_PARTS
from remit.component.validation.scope import Scope, look_up

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.binary.component.syntax import ValTypeRef
    from remit.component.types import ResourceType, ValType

_PRIMITIVES = {type.kind: type for type in types.PRIMITIVES}
MAX_FLAGS = 32
_LABELS = {
    "record": "record field name",
    "variant": "variant case name",
    "flags": "flag name",
    "enum": "enum tag name",
}


def resolve_value(scope: Scope, type: ValTypeRef, offset: int) -> ValType:
    if isinstance(type, str):
        return _PRIMITIVES[type]
    found = look_up(scope.types, type, "type", offset)
    if not isinstance(found, types.ValType):
        raise ValidationError(f"type index {type} is not a defined type", offset)
    return found


def resolve_optional(scope: Scope, type: ValTypeRef | None, offset: int) -> ValType | None:
    return None if type is None else resolve_value(scope, type, offset)


def resolve_resource(scope: Scope, index: int, offset: int) -> ResourceType:
    found = look_up(scope.types, index, "type", offset)
    if not isinstance(found, types.ResourceType):
        raise ValidationError(f"type index {index} is not a resource type", offset)
    return found


def define_value(scope: Scope, node: syntax.Node) -> ValType:
    """The value type that `node` describes."""
    type = _define(scope, node)
    facts = scope.shared.facts.of(type)
    if facts.size >= MAX_ELEMENT_SIZE:
        raise ValidationError(f"a {type.kind} of {facts.size} bytes exceeds maximum byte size", node.offset)
    if facts.depth > MAX_DEPTH:
        raise ValidationError(f"types inside types, more than {MAX_DEPTH} deep", node.offset)
    if facts.parts > MAX_PARTS:
        raise ValidationError(f"a {type.kind} of more than {MAX_PARTS} parts", node.offset)
    return type


def _define(scope: Scope, node: syntax.Node) -> ValType:
    if isinstance(node, syntax.PrimitiveType):
        return _PRIMITIVES[node.keyword]
    if isinstance(node, syntax.HandleType):
        resource = resolve_resource(scope, node.resource, node.offset)
        return types.Own(resource) if node.keyword == "own" else types.Borrow(resource)
    if isinstance(node, syntax.LabelledType):
        return _labelled(scope, node)
    assert isinstance(node, syntax.CompoundType)
    return _compound(scope, node)


def check_labels(labels: list[syntax.Label], what: str) -> None:
    """They are in kebab case and strongly unique."""
    seen: dict[str, str] = {}
    for label in labels:
        if not label.name:
            raise ValidationError(f"{what} cannot be empty", label.offset)
        if not is_label(label.name):
            raise ValidationError(f"{what} {quoted(label.name)} is not in kebab case", label.offset)
        key = label.name.lower()
        if key in seen:
            problem = f"{what} {quoted(label.name)} conflicts with previous name {quoted(seen[key])}"
            raise ValidationError(problem, label.offset)
        seen[key] = label.name


def _labelled(scope: Scope, node: syntax.LabelledType) -> ValType:
    if not node.labels:
        raise ValidationError(f"{node.keyword} type must have at least one label", node.offset)
    check_labels(node.labels, _LABELS[node.keyword])
    if node.keyword == "record":
        return types.Record(
            tuple([(each.name, resolve_value(scope, _typed(each), each.offset)) for each in node.labels])
        )
    if node.keyword == "variant":
        return types.Variant(
            tuple([(each.name, resolve_optional(scope, each.type, each.offset)) for each in node.labels])
        )
    if node.keyword == "enum":
        return types.Enum(tuple([each.name for each in node.labels]))
    if len(node.labels) > MAX_FLAGS:
        raise ValidationError(f"flags cannot have more than {MAX_FLAGS} flags", node.offset)
    return types.Flags(tuple([each.name for each in node.labels]))


def _compound(scope: Scope, node: syntax.CompoundType) -> ValType:
    inner = [resolve_optional(scope, type, node.offset) for type in node.types]
    if node.keyword == "result":
        return types.Result(inner[0], inner[1])
    if node.keyword == "tuple":
        if not inner:
            raise ValidationError("tuple type must have at least one type", node.offset)
        return types.Tuple(tuple([type for type in inner if type is not None]))
    [type] = inner
    if node.keyword in ("stream", "future"):
        if type is not None and scope.shared.facts.of(type).has_borrow:
            raise ValidationError(f"a {node.keyword} cannot contain a `borrow` type", node.offset)
        if node.keyword == "future":
            return types.Future(type)
        if type is types.CHAR:
            raise ValidationError("`stream<char>` is not valid at this time", node.offset)
        return types.Stream(type)
    assert type is not None
    if node.keyword == "option":
        return types.Option(type)
    if node.length == 0:
        raise ValidationError("the length of a fixed-length list must be larger than 0", node.offset)
    return types.List(type, node.length)


def define_func(scope: Scope, node: syntax.FuncType) -> types.FuncType:
    check_labels(node.params, "function parameter name")
    params = tuple([(each.name, resolve_value(scope, _typed(each), each.offset)) for each in node.params])
    result = resolve_optional(scope, node.result, node.offset)
    if result is not None and scope.shared.facts.of(result).has_borrow:
        raise ValidationError("function result cannot contain a `borrow` type", node.offset)
    return types.FuncType(params, result, is_async=node.is_async)


def _typed(label: syntax.Label) -> ValTypeRef:
    assert label.type is not None
    return label.type


def define_resource(scope: Scope, node: syntax.ResourceType) -> tuple[ResourceAlias, int | None]:
    """A new resource type, and the slot of its destructor."""
    if scope.kind != "component":
        raise ValidationError("resources can only be defined within a concrete component", node.offset)
    if node.representation == "i64":
        raise UnsupportedFeature("a resource with a representation of 64 bits (memory64)", node.offset)
    if node.representation != "i32":
        raise ValidationError("resources can only be represented by `i32`", node.offset)
    slot = None
    if node.destructor is not None:
        type, slot = look_up(scope.core_funcs, node.destructor, "core function", node.offset)
        if type.params != ("i32",) or type.results:
            raise ValidationError(f"wrong signature {shown(type)} for a destructor", node.offset)
    root = types.ResourceType()
    scope.own_resources.add(root)
    scope.defined_resources.add(root)
    return ResourceAlias("", root), slot
