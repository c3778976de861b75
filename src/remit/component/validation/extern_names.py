"""The rules that names of imports and exports follow, and those that names impose on what they name (``Binary.md``,
"Import and Export Definitions")."""

from __future__ import annotations

from remit.binary.reader import quoted
from remit.component import names as grammar
from remit.component.names import ExternName, InvalidName, parse_extern_name
from remit.component.subtyping import sort_of
from remit.component.types import Borrow, FuncType, InstanceType, Own, ResourceType, Result, TypeBound
from remit.component.validation.errors import ValidationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.component.types import ExternType
    from remit.component.validation.scope import Names


def check_name(
    names: Names,
    text: str,
    attributes: tuple[tuple[str, str], ...],
    type: ExternType,
    offset: int,
) -> None:
    """`text` may be the name of another import or export, of this type."""
    try:
        name = parse_extern_name(text)
    except InvalidName as error:
        raise ValidationError(f"{names.what} name {quoted(text)} is not a valid extern name: {error}", offset) from None
    previous = names.unique.get(name.unique)
    if previous is not None:
        problem = f"{names.what} name {quoted(text)} conflicts with previous name {quoted(previous)}"
        raise ValidationError(problem, offset)
    names.unique[name.unique] = text
    for keyword, value in attributes:
        if keyword == "implements":
            _check_implements(name, value, type, offset)
    problem = _annotation_problem(names, name, type)
    if problem:
        raise ValidationError(f"{names.what} {quoted(text)}: {problem}", offset)


def register_resource(names: Names, text: str, type: ExternType) -> None:
    """If `type` is a resource type, annotated names may speak of it from now on."""
    if isinstance(type, TypeBound) and isinstance(type.type, ResourceType):
        names.resources[id(type.type)] = text
        names.resource_labels.add(text)


def _check_implements(name: ExternName, value: str, type: ExternType, offset: int) -> None:
    if not isinstance(type, InstanceType):
        raise ValidationError(f"only instances can have an `implements`, not a {sort_of(type)}", offset)
    if name.kind == grammar.INTERFACE:
        raise ValidationError(f"name {quoted(name.text)} is not valid with `implements`", offset)
    try:
        implemented = parse_extern_name(value)
    except InvalidName as error:
        raise ValidationError(f"the value of `implements` is not a valid name: {error}", offset) from None
    if implemented.kind != grammar.INTERFACE:
        raise ValidationError(f"the value {quoted(value)} of `implements` must be an interface", offset)


def _annotation_problem(names: Names, name: ExternName, type: ExternType) -> str:
    if name.kind in (grammar.LABEL, grammar.INTERFACE):
        return ""
    if not isinstance(type, FuncType):
        return f"a {sort_of(type)} is not a func"
    if name.kind == grammar.STATIC:
        known = name.resource in names.resource_labels
        return "" if known else "static resource name is not known in this context"
    if name.kind == grammar.CONSTRUCTOR:
        result = type.result
        if result is None:
            return "a constructor should return one value"
        if isinstance(result, Result) and result.ok is not None:
            result = result.ok
        if not isinstance(result, Own):
            return "function should return `(own $T)` or `(result (own $T))`"
        return _resource_problem(names, name, result.resource)
    if not type.params:
        return "a method should have at least one argument"
    label, first = type.params[0]
    if label != "self":
        return "a method should have a first argument called `self`"
    if not isinstance(first, Borrow):
        return "a method should take a first argument of `(borrow $T)`"
    return _resource_problem(names, name, first.resource)


def _resource_problem(names: Names, name: ExternName, resource: ResourceType) -> str:
    known = names.resources.get(id(resource))
    if known is None:
        return "resource used in function does not have a name in this context"
    if known != name.resource:
        return f"function does not match expected resource name {quoted(known)}"
    return ""
