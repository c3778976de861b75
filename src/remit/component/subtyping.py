"""When a definition can stand where another is wanted (component-model ``Explainer.md``, "Type Checking").

Everything is structural, but for resource types. Those that the wanted type leaves open, ``(sub resource)``, are bound
to the ones found in their place, and stand for these from there on.
"""

from __future__ import annotations

from remit.binary.reader import quoted
from remit.component.core_subtyping import core_mismatch
from remit.component.effort import Effort
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
    ModuleType,
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

    from remit.component.types import DefinedType, ExternType


class Mismatch(ValueError):
    """One type is not a subtype of another; the message says where and why."""


def sort_of(type: ExternType) -> str:
    """What the text format calls it: ``func``, ``core module`` and so on."""
    if isinstance(type, FuncType):
        return "func"
    if isinstance(type, InstanceType):
        return "instance"
    if isinstance(type, ComponentType):
        return "component"
    return "core module" if isinstance(type, ModuleType) else "type"


class Matcher:
    """Matches definitions with what is wanted, one after the other: what earlier ones bound holds for later ones."""

    __slots__ = ("_depth", "_equal", "effort", "resources", "types")

    def __init__(self, effort: Effort | None = None) -> None:
        self.effort = effort or Effort()
        self.resources: dict[ResourceType, ResourceType] = {}
        """Roots that were left open, and what they are bound to."""
        self.types: dict[int, tuple[DefinedType, DefinedType]] = {}
        """By its identity: each value or resource type that was wanted by name, and what was given for it."""
        self._depth = 0
        self._equal: set[tuple[int, int]] = set()

    def root(self, resource: ResourceType) -> ResourceType:
        """What a resource type stands for, as far as it is bound."""
        root = root_of(resource)
        while root in self.resources:
            root = self.resources[root]
        return root

    def match(self, actual: ExternType, expected: ExternType) -> None:
        """Mismatch if `actual` cannot stand where `expected` is wanted."""
        self.effort.spend()
        if sort_of(actual) != sort_of(expected):
            raise Mismatch(f"expected {sort_of(expected)}, found {sort_of(actual)}")
        if isinstance(actual, TypeBound) and isinstance(expected, TypeBound):
            self._match_bound(actual, expected)
        elif isinstance(actual, FuncType) and isinstance(expected, FuncType):
            self._equal_funcs(actual, expected)
        elif isinstance(actual, InstanceType) and isinstance(expected, InstanceType):
            self._match_named(actual.exports, expected.exports, "export")
        elif isinstance(actual, ModuleType) and isinstance(expected, ModuleType):
            self._match_modules(actual, expected)
        elif isinstance(actual, ComponentType) and isinstance(expected, ComponentType):
            self._match_components(actual, expected)

    def _match_named(self, actual: Mapping[str, ExternType], expected: Mapping[str, ExternType], what: str) -> None:
        for name, type in expected.items():
            found = actual.get(name)
            if found is None:
                raise Mismatch(f"missing expected {what} {quoted(name)}")
            try:
                self.match(found, type)
            except Mismatch as error:
                raise Mismatch(f"{what} {quoted(name)}: {error}") from None

    def _match_bound(self, actual: TypeBound, expected: TypeBound) -> None:
        if expected.fresh:
            if not isinstance(actual.type, ResourceType):
                raise Mismatch(f"expected a resource type, found {_kind(actual.type)}")
            assert isinstance(expected.type, ResourceType)
            root, bound = self.root(actual.type), root_of(expected.type)
            if root is not bound:
                self.resources[bound] = root
        else:
            self.equal(actual.type, expected.type)
        if self._depth == 0 and isinstance(expected.type, (ValType, ResourceType)):
            self.types[id(expected.type)] = (expected.type, actual.type)

    def _match_modules(self, actual: ModuleType, expected: ModuleType) -> None:
        self.effort.spend(len(actual.imports) + len(expected.exports))
        for (module, name), wanted in actual.imports.items():
            given = expected.imports.get((module, name))
            if given is None:
                raise Mismatch(f"missing expected import {quoted(f'{module}::{name}')}")
            problem = core_mismatch(given, wanted)
            if problem:
                raise Mismatch(f"import {quoted(f'{module}::{name}')}: {problem}")
        for name, wanted in expected.exports.items():
            given = actual.exports.get(name)
            if given is None:
                raise Mismatch(f"missing expected export {quoted(name)}")
            problem = core_mismatch(given, wanted)
            if problem:
                raise Mismatch(f"export {quoted(name)}: {problem}")

    def _match_components(self, actual: ComponentType, expected: ComponentType) -> None:
        # What is bound inside is bound there only: the same component type may be matched again with another.
        resources = dict(self.resources)
        self.effort.spend(len(resources))
        self._depth += 1
        self._match_named(expected.imports, actual.imports, "import")
        self._match_named(actual.exports, expected.exports, "export")
        self._depth -= 1
        self.resources = resources
        self._equal.clear()

    def equal(self, actual: DefinedType, expected: DefinedType) -> None:
        """Mismatch if these are not the same type."""
        if isinstance(expected, ResourceType) or isinstance(actual, ResourceType):
            if not (isinstance(expected, ResourceType) and isinstance(actual, ResourceType)):
                raise Mismatch(f"expected {_kind(expected)}, found {_kind(actual)}")
            self._same_resource(actual, expected)
        elif isinstance(expected, ValType) and isinstance(actual, ValType):
            self.equal_values(actual, expected)
        elif isinstance(expected, ValType) or isinstance(actual, ValType):
            raise Mismatch(f"expected {_kind(expected)}, found {_kind(actual)}")
        else:
            self.match(actual, expected)

    def _same_resource(self, actual: ResourceType, expected: ResourceType) -> None:
        if self.root(actual) is not self.root(expected):
            names = f"expected {quoted(expected.name)}, found {quoted(actual.name)}"
            raise Mismatch(f"resource types are not the same: {names}")

    def _equal_funcs(self, actual: FuncType, expected: FuncType) -> None:
        if actual is expected and not self.resources:
            return
        if actual.is_async != expected.is_async:
            raise Mismatch(f"expected a function that is {'' if expected.is_async else 'not '}async")
        if len(actual.params) != len(expected.params):
            raise Mismatch(f"expected {len(expected.params)} parameters, found {len(actual.params)}")
        self._equal_labelled(actual.params, expected.params, "parameter")
        self._equal_optional(actual.result, expected.result, "result")

    def _equal_labelled(
        self,
        actual: tuple[tuple[str, ValType | None], ...],
        expected: tuple[tuple[str, ValType | None], ...],
        what: str,
    ) -> None:
        self.effort.spend(len(expected))
        for (found, type), (label, wanted) in zip(actual, expected, strict=True):
            if found != label:
                raise Mismatch(f"expected a {what} named {quoted(label)}, found {quoted(found)}")
            self._equal_optional(type, wanted, f"{what} {quoted(label)}")

    def _equal_optional(self, actual: ValType | None, expected: ValType | None, what: str) -> None:
        if actual is None or expected is None:
            if actual is not expected:
                found = "none" if actual is None else _kind(actual)
                raise Mismatch(f"{what}: expected {'no type' if expected is None else _kind(expected)}, found {found}")
            return
        try:
            self.equal_values(actual, expected)
        except Mismatch as error:
            raise Mismatch(f"{what}: {error}") from None

    def equal_values(self, actual: ValType, expected: ValType) -> None:
        """Mismatch if these are not the same value type."""
        pair = (id(actual), id(expected))
        if pair in self._equal or (actual is expected and not self.resources):
            return
        self.effort.spend()
        if actual.kind != expected.kind:
            raise Mismatch(f"expected {expected.kind}, found {actual.kind}")
        if isinstance(actual, Record) and isinstance(expected, Record):
            self._count(len(actual.fields), len(expected.fields), "fields")
            self._equal_labelled(actual.fields, expected.fields, "field")
        elif isinstance(actual, Variant) and isinstance(expected, Variant):
            self._count(len(actual.cases), len(expected.cases), "cases")
            self._equal_labelled(actual.cases, expected.cases, "case")
        elif isinstance(actual, (Enum, Flags)) and isinstance(expected, (Enum, Flags)):
            self.effort.spend(len(expected.labels))
            if actual.labels != expected.labels:
                raise Mismatch(f"mismatch in the labels of {expected.kind}")
        elif isinstance(actual, Tuple) and isinstance(expected, Tuple):
            self._count(len(actual.types), len(expected.types), "types")
            for number, (type, wanted) in enumerate(zip(actual.types, expected.types, strict=True)):
                self._equal_optional(type, wanted, f"tuple field {number}")
        elif isinstance(actual, List) and isinstance(expected, List):
            if actual.length != expected.length:
                raise Mismatch(f"expected a list of length {expected.length}, found {actual.length}")
            self._equal_optional(actual.element, expected.element, "list element")
        elif isinstance(actual, Option) and isinstance(expected, Option):
            self._equal_optional(actual.type, expected.type, "option")
        elif isinstance(actual, Result) and isinstance(expected, Result):
            self._equal_optional(actual.ok, expected.ok, "ok type")
            self._equal_optional(actual.error, expected.error, "error type")
        elif isinstance(actual, (Stream, Future)) and isinstance(expected, (Stream, Future)):
            self._equal_optional(actual.element, expected.element, f"{expected.kind} element")
        elif isinstance(actual, (Own, Borrow)) and isinstance(expected, (Own, Borrow)):
            self._same_resource(actual.resource, expected.resource)
        self._equal.add(pair)

    def _count(self, actual: int, expected: int, what: str) -> None:
        if actual != expected:
            raise Mismatch(f"expected {expected} {what}, found {actual}")


def _kind(type: DefinedType) -> str:
    if isinstance(type, ValType):
        return type.kind
    return "resource" if isinstance(type, ResourceType) else sort_of(type)
