"""An interface as a class: its types, and its functions with annotations."""

from __future__ import annotations

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

    from remit.component.shapes import Shapes
    from remit.component.types import ExternType

GUEST, HOST, NOBODY = "guest", "host", "nobody"
"""Whose the resources of an interface are, for those who use the module."""


class Known:
    """The classes that the module has so far, as annotations anywhere in it name them: ``Text.Summary``."""

    __slots__ = ("asynchronous", "by_label", "count", "foreign", "hidden", "resources", "shapes", "types", "uses")

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
        self.by_label: dict[tuple[str, int], str] = {}
        """By a type's own name, and its shape: two interfaces that define the like have one class for it."""
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
        self._own: dict[int, str] = {}
        self._shapes: dict[int, str] = {}
        """By shape: substitution has put other objects into the types of functions."""
        self._annotations = Annotations(self._class, self._resource, known.hidden, known.count)

    # What there is of it.

    def add_types(self, externs: Mapping[str, ExternType], owner: str) -> None:
        """Its types, whose resources are `owner`'s."""
        new: list[tuple[str, str, ValType | ResourceType]] = []
        aliases: list[str] = []
        for label, bound in externs.items():
            if not isinstance(bound, TypeBound):
                continue
            type = bound.type
            if isinstance(type, NAMED):
                home = self._own.get(id(type)) or self._known.types.get(id(type))
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
                known = self._known.by_label.setdefault((label, self._known.shapes.of(type)), full)
                home = None if known == full else known
            if home is None:
                new.append((label, name, type))
            else:
                aliases += self._alias(name, home, type)
            self._remember(type, home or full)
        for label, name, type in new:
            if isinstance(type, ResourceType):
                self._types.append(self._resource_class(label, name, externs, owner))
            else:
                self._types.append(value_class(name, self.name, type, self._annotations))
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
                self._protocol.append(["@property", f"@{outside('abstractmethod')}", head])

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

    @property
    def has_types(self) -> bool:
        return bool(self._types)

    def _remember(self, type: ValType | ResourceType, full: str) -> None:
        if isinstance(type, ResourceType):
            self._known.resources.setdefault(id(root_of(type)), full)
            return
        self._own[id(type)] = full
        self._shapes.setdefault(self._known.shapes.of(type), full)
        self._known.types.setdefault(id(type), full)

    def _alias(self, name: str, home: str, type: ValType | ResourceType) -> list[str]:
        self._refer(home)
        near = home.removeprefix(f"{self.name}.")
        value = [f"{name}Value: {outside('TypeAlias')} = {near}Value"] if isinstance(type, Variant) else []
        return [f"{name}: {outside('TypeAlias')} = {near}", *value]

    def _member(self, name: str, label: str) -> None:
        other = self._members.setdefault(name, label)
        if other != label:
            where = self.interface or "the world"
            raise BindingsError(f"{where} has {other} and {label}, which are both called {name} in Python")

    def _refer(self, name: str) -> None:
        self._known.uses.setdefault(self.name, set()).add(name.partition(".")[0])

    def _class(self, type: ValType) -> str | None:
        found = self._own.get(id(type)) or self._shapes.get(self._known.shapes.of(type))
        found = found or self._known.types.get(id(type))
        if found is None:
            return None
        self._refer(found)
        return f"{found}Value" if isinstance(type, Variant) else found

    def _resource(self, type: ResourceType) -> str | None:
        found = self._known.resources.get(id(root_of(type)))
        if found is not None:
            self._refer(found)
        return found

    def _resource_class(self, label: str, name: str, externs: Mapping[str, ExternType], owner: str) -> list[str]:
        body: list[list[str]] = []
        members: dict[str, str] = {}
        for full, type in externs.items():
            if not (full.startswith("[") and isinstance(type, FuncType)):
                continue
            parsed = parse_extern_name(full)
            if parsed.resource != label:
                continue
            awaited = self._known.asynchronous and owner == GUEST
            spelled = python_name(parsed.member) if parsed.member else "new" if awaited else ""
            # What comes first keeps its name, as in the exports themselves.
            if members.setdefault(spelled, full) == full:
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
        awaited = self._known.asynchronous and owner == GUEST
        if owner == GUEST:
            result = self._annotations.returned(type.result, lowered=False)
        else:
            result = self._given(type)
        decorators: list[str] = []
        if kind == CONSTRUCTOR and awaited:
            decorators, name, first = ["@classmethod"], "new", ["cls"]
        elif kind == CONSTRUCTOR:
            name, first, result = "__init__", [this], "None"
        else:
            name, first = python_name(label), [this]
            if kind == STATIC:
                decorators, first = ["@staticmethod"], []
        if owner == HOST and kind != CONSTRUCTOR:
            decorators.append(f"@{outside('abstractmethod')}")
        head = f"{'async ' if awaited else ''}def {name}({', '.join([*first, *shown])}) -> {result}:"
        if owner == GUEST and result != "None":
            # Type checkers take no other empty body where a value is declared.
            return [*decorators, head, f"{INDENT}raise NotImplementedError"]
        return [*decorators, f"{head} ..."]
