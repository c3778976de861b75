"""An interface as a class: its types, and its functions with annotations."""

from __future__ import annotations

from collections import defaultdict

from remit.component.bindings.annotations import Annotations
from remit.component.bindings.errors import BindingsError
from remit.component.bindings.lines import INDENT, block, joined, outside
from remit.component.bindings.value_classes import value_class
from remit.component.names import CONSTRUCTOR, LABEL, METHOD, STATIC, parse_extern_name
from remit.component.substitution import root_of
from remit.component.types import FuncType, ResourceType, TypeBound, ValType, Variant
from remit.component.values.names import class_name, python_name
from remit.component.values.naming import NAMED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from remit.component.names import ExternName
    from remit.component.shapes import Shapes
    from remit.component.types import ExternType

GUEST, HOST, NOBODY = "guest", "host", "nobody"
"""Whose the resources of an interface are, for those who use the module."""


class Known:
    """The classes that the module has so far, as annotations anywhere in it name them: ``Text.Summary``."""

    __slots__ = (
        "asynchronous",
        "by_label",
        "count",
        "foreign",
        "hidden",
        "resources",
        "shapes",
        "types",
        "unions",
        "uses",
    )

    def __init__(
        self, shapes: Shapes, hidden: frozenset[str], count: Callable[[int], object], *, asynchronous: bool
    ) -> None:
        self.shapes = shapes
        self.hidden = hidden
        self.count = count
        self.asynchronous = asynchronous
        self.types: dict[int, str] = {}
        """By identity of a type."""
        self.resources: dict[int, str] = {}
        """By identity of a resource type's root."""
        self.foreign: set[int] = set()
        """Resource types that have no class, by identity of their roots: nobody who uses the module can make one."""
        self.by_label: dict[tuple[str, str, int], str] = {}
        """By an interface, a type's own name there, and its shape: an interface that is imported and exported has one
        class for both, though these are two definitions."""
        self.unions: dict[str, str] = {}
        """Of variants, whose values are of the classes in them: the name for all of those."""
        self.uses: dict[str, set[str]] = {}
        """Interfaces' classes, and those that they refer to."""


class InterfaceClass:
    """One class of the module, which stands for an interface, or for what has a plain name."""

    def __init__(self, known: Known, name: str, interface: str) -> None:
        self._known = known
        self.name = name
        self.interface = interface
        self._members: dict[str, str] = {}
        self._types: list[list[str]] = []
        self._functions: list[list[str]] = []
        self._protocol: list[list[str]] = []
        self._annotations = Annotations(self._class, self._resource, known.hidden, known.count)

    # What there is of it.

    def add_types(self, externs: Mapping[str, ExternType], owner: str) -> None:
        """Its types, whose resources are `owner`'s."""
        new: list[tuple[str, ValType | ResourceType]] = []
        aliases: list[str] = []
        members, labels = _members(externs), _labels(externs)
        names = {class_name(label) for label, bound in externs.items() if isinstance(bound, TypeBound)}
        for label, bound in externs.items():
            if not isinstance(bound, TypeBound):
                continue
            type = bound.type
            if isinstance(type, NAMED):
                home = self._known.types.get(id(type))
            elif isinstance(type, ResourceType):
                root = id(root_of(type))
                home = self._known.resources.get(root)
                if owner == NOBODY and home is None:
                    self._known.foreign.add(root)
                if root in self._known.foreign:
                    continue
            else:
                continue
            name = class_name(label)
            full = f"{self.name}.{name}"
            self._member(name, label)
            if home is None and isinstance(type, NAMED):
                key = (self.interface, label, self._known.shapes.of(type))
                known = self._known.by_label.setdefault(key, full)
                home = None if known == full else known
            union = f"{name}Value"
            while union in names:
                union += "_"
            if home is None:
                new.append((name, type))
                self._known.unions[full] = f"{self.name}.{union}"
            else:
                aliases += self._alias(name, union, home, type)
            self._remember(type, home or full)
        for name, type in new:
            if isinstance(type, ResourceType):
                # Its functions may be of any of its names.
                functions = [one for label in labels[id(root_of(type))] for one in members.get(label, ())]
                self._types.append(self._resource_class(name, functions, owner))
            else:
                union = self._known.unions[f"{self.name}.{name}"].rpartition(".")[2]
                self._types.append(value_class(name, self.name, union, type, self._annotations))
        if aliases:
            self._types.append(aliases)

    def add_exports(self, externs: Mapping[str, ExternType]) -> None:
        """What the component offers there."""
        self.add_types(externs, GUEST)
        for label, type in externs.items():
            if isinstance(type, FuncType) and not label.startswith("["):
                self._member(python_name(label), label)
                self._functions.append(self._function(label, type, GUEST))

    def add_imports(self, externs: Mapping[str, ExternType]) -> None:
        """What the component wants there."""
        self.add_types(externs, HOST)
        for label, type in externs.items():
            if isinstance(type, FuncType) and not label.startswith("["):
                self._member(python_name(label), label)
                self._protocol.append(self._function(label, type, HOST))
            elif isinstance(type, TypeBound) and type.fresh:
                name = class_name(label)
                head = f"def {name}(self) -> {self._annotations.built_in('type')}[{self.name}.{name}]: ..."
                decorators = [f"@{self._annotations.built_in('property')}", f"@{outside('abstractmethod')}"]
                self._protocol.append([*decorators, head])

    def add_attributes(self, pairs: list[tuple[str, str]]) -> None:
        """Interfaces, whose classes are named."""
        lines = []
        for name, kind in pairs:
            if name not in self._members:  # What comes first keeps its name, as in the exports themselves.
                self._member(name, name)
                self._refer(kind)
                lines.append(f"{name}: {kind}")
        if lines:
            self._types.append(lines)

    def callable(self, type: FuncType) -> str:
        """The annotation for a function that is imported by a plain name."""
        params = ", ".join([self._annotations.lifted(each) for _, each in type.params])
        return f"{outside('Callable')}[[{params}], {self._given(type)}]"

    # How it is written.

    def whole(self, about: str) -> list[str]:
        """The class; nothing if it is empty."""
        pieces = joined([*self._types, *self._functions])
        return block(f"class {self.name}:", [f'"""{about}"""', "", *pieces]) if pieces else []

    def protocol(self, name: str, about: str) -> list[str]:
        """What is to be given for an import."""
        return block(f"class {name}({outside('Protocol')}):", [f'"""{about}"""', "", *joined(self._protocol)])

    def class_of(self, label: str) -> str:
        """The class of the resource type with that label."""
        self._refer(self.name)
        return f"{self.name}.{class_name(label)}"

    @property
    def has_types(self) -> bool:
        return bool(self._types)

    def _remember(self, type: ValType | ResourceType, full: str) -> None:
        if isinstance(type, ResourceType):
            self._known.resources.setdefault(id(root_of(type)), full)
            return
        self._known.types.setdefault(id(type), full)

    def _alias(self, name: str, union: str, home: str, type: ValType | ResourceType) -> list[str]:
        self._refer(home)
        self._known.count(2 * (len(name) + len(home)))
        near = home.removeprefix(f"{self.name}.")
        all_cases = self._known.unions.get(home, home).removeprefix(f"{self.name}.")
        value = [f"{union}: {outside('TypeAlias')} = {all_cases}"] if isinstance(type, Variant) else []
        return [f"{name}: {outside('TypeAlias')} = {near}", *value]

    def _member(self, name: str, label: str) -> None:
        other = self._members.setdefault(name, label)
        if other != label:
            where = self.interface or "the world"
            raise BindingsError(f"{where} has {other} and {label}, which are both called {name} in Python")

    def _refer(self, name: str) -> None:
        self._known.uses.setdefault(self.name, set()).add(name.partition(".")[0])

    def _class(self, type: ValType) -> str | None:
        found = self._known.types.get(id(type))
        if found is None:
            return None
        self._refer(found)
        return self._known.unions.get(found, found) if isinstance(type, Variant) else found

    def _resource(self, type: ResourceType) -> str | None:
        found = self._known.resources.get(id(root_of(type)))
        if found is not None:
            self._refer(found)
        return found

    def _resource_class(self, name: str, functions: list[tuple[ExternName, FuncType]], owner: str) -> list[str]:
        body: list[list[str]] = []
        members: dict[str, str] = {}
        awaited = self._known.asynchronous and owner == GUEST
        for parsed, type in functions:
            spelled = python_name(parsed.member) if parsed.member else "new" if awaited else ""
            # What comes first keeps its name, as in the exports themselves, but for a constructor.
            if members.setdefault(spelled, parsed.text) == parsed.text:
                body.append(self._function(parsed.member, type, owner, parsed.kind))
        if owner == HOST:
            inside = joined(body or [['"""A resource of the host\'s."""']])
            return block(f"class {name}({outside('Protocol')}):", inside)
        base = "AsyncResource" if self._known.asynchronous else "Resource"
        inside = joined([["__slots__ = ()"], *body])
        return block(f"class {name}({outside('bindings')}.{base}):", inside)

    def _given(self, type: FuncType) -> str:
        """What a function of the host gives."""
        found = self._annotations.returned(type.result, lowered=True)
        return f"{found} | {outside('Awaitable')}[{found}]" if self._known.asynchronous else found

    def _function(self, label: str, type: FuncType, owner: str, kind: str = LABEL) -> list[str]:
        """A function that is there to be looked at."""
        params = type.params[1:] if kind == METHOD else type.params
        names = [python_name(each) for each, _ in params]
        written = self._annotations.lowered if owner == GUEST else self._annotations.lifted
        shown = [f"{name}: {written(each)}" for name, (_, each) in zip(names, params, strict=True)]
        this = "_self" if "self" in names else "self"
        kind_of_this = "_cls" if "cls" in names else "cls"
        awaited = self._known.asynchronous and owner == GUEST
        if owner == GUEST:
            result = self._annotations.returned(type.result, lowered=False)
        else:
            result = self._given(type)
        decorators: list[str] = []
        if kind == CONSTRUCTOR and awaited:
            decorators, name, first = [f"@{self._annotations.built_in('classmethod')}"], "new", [kind_of_this]
        elif kind == CONSTRUCTOR:
            name, first, result = "__init__", [this], "None"
        else:
            name, first = python_name(label), [this]
            if kind == STATIC:
                decorators, first = [f"@{self._annotations.built_in('staticmethod')}"], []
        if owner == HOST and kind != CONSTRUCTOR:
            decorators.append(f"@{outside('abstractmethod')}")
        self._known.count(len(name) + sum(map(len, shown)))
        head = f"{'async ' if awaited else ''}def {name}({', '.join([*first, *shown])}) -> {result}:"
        if owner == GUEST and result != "None":
            # Type checkers take no other empty body where a value is declared.
            return [*decorators, head, f"{INDENT}raise NotImplementedError"]
        return [*decorators, f"{head} ..."]


def _members(externs: Mapping[str, ExternType]) -> dict[str, list[tuple[ExternName, FuncType]]]:
    """The functions of resources, by the labels of those; constructors first, whose name nothing takes."""
    found: dict[str, list[tuple[ExternName, FuncType]]] = defaultdict(list)
    for name, type in externs.items():
        if name.startswith("[") and isinstance(type, FuncType):
            parsed = parse_extern_name(name)
            if parsed.kind == CONSTRUCTOR:
                found[parsed.resource].insert(0, (parsed, type))
            else:
                found[parsed.resource].append((parsed, type))
    return found


def _labels(externs: Mapping[str, ExternType]) -> dict[int, list[str]]:
    """The labels of resource types, by what tells the types apart."""
    found: dict[int, list[str]] = defaultdict(list)
    for label, bound in externs.items():
        if isinstance(bound, TypeBound) and isinstance(bound.type, ResourceType):
            found[id(root_of(bound.type))].append(label)
    return found
