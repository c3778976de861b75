"""A component's world as WIT text: what it imports and exports, with all types (component-model ``WIT.md``).

A component's binary has no names of worlds or packages of its own, and no comments: the world is called ``root``, in
the package ``root:component``. Interfaces follow, each in its package.
"""

from __future__ import annotations

from remit.component.names import CONSTRUCTOR, INTERFACE, METHOD, STATIC, InvalidName, parse_extern_name
from remit.component.shapes import Shapes
from remit.component.substitution import root_of
from remit.component.subtyping import sort_of
from remit.component.types import (
    Borrow,
    Enum,
    Flags,
    FuncType,
    Future,
    InstanceType,
    List,
    Option,
    Own,
    Primitive,
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

    from remit.component.types import ComponentType, DefinedType, ExternType

MOST_TEXT = 10_000_000
"""About so many characters are written. A small file can nest types, and import one interface by many names, so that
written out it is larger than any memory."""

_INDENT = "  "
_NAMED = (Record, Variant, Enum, Flags)
"""What WIT has no words for where it is used: it needs a name."""

# WIT.md, "Keywords".
_WORDS = """
as async bool borrow char constructor enum error-context export f32 f64 flags from func future import include interface
list map option own package record resource result s16 s32 s64 s8 static stream string tuple type u16 u32 u64 u8 use
variant with world
"""
_KEYWORDS = frozenset(_WORDS.split())


class WitTextError(ValueError):
    """It cannot be written as WIT; the message says why."""


def world_text(component: ComponentType) -> str:
    """The text, with a line end at its end. WitTextError if it would be too large."""
    return _World(component).text()


class _World:
    def __init__(self, component: ComponentType) -> None:
        self._component = component
        self._left = MOST_TEXT
        self._homes: dict[int, tuple[str, str]] = {}
        """By identity of a type: the interface that defines it, and its name there."""
        self._defined: dict[tuple[str, int], str] = {}
        """By its name and shape: the interface that defines a record, a variant, an enum or flags."""
        self.shapes = Shapes(self.count)
        self._packages: dict[str, dict[str, list[str]]] = {}
        """Packages, their interfaces, and the lines in them."""

    def text(self) -> str:
        own = _Scope(self, "")
        lines = [
            *self._side("import", self._component.imports, own),
            *self._side("export", self._component.exports, own),
        ]
        found = ["package root:component;", "", "world root {", *[_INDENT + line for line in lines], "}"]
        for package, interfaces in self._packages.items():
            found += ["", f"package {package} {{"]
            for at, (name, inside) in enumerate(interfaces.items()):
                found += [""] if at else []
                found += [f"{_INDENT}interface {_id(name)} {{"]
                found += [2 * _INDENT + line if line else "" for line in inside]
                found.append(f"{_INDENT}}}")
            found.append("}")
        return "\n".join(found) + "\n"

    def count(self, characters: int) -> None:
        """WitTextError where there are too many."""
        self._left -= characters
        if self._left < 0:
            raise WitTextError("its types are too large to be written out")

    def home(self, type: DefinedType) -> tuple[str, str] | None:
        return self._homes.get(id(type))

    def same(self, name: str, type: ValType, interface: str) -> str:
        """The interface that defines the like by this name; nothing if that is this one.

        Types that are no resources are what they are made of: a component's binary does not keep which was there first.
        """
        home = self._defined.setdefault((name, self.shapes.of(type)), interface)
        return "" if home == interface else home

    def settle(self, type: DefinedType, interface: str, label: str) -> None:
        if interface:
            self._homes.setdefault(id(type), (interface, label))

    def _side(self, word: str, externs: Mapping[str, ExternType], own: _Scope) -> list[str]:
        lines: list[str] = []
        plain: dict[str, ExternType] = {}
        for name, type in externs.items():
            parsed = parse_extern_name(name)
            if isinstance(type, InstanceType):
                if parsed.kind == INTERFACE:
                    self._add(name, type)
                    lines.append(f"{word} {name};")
                else:
                    inside = _Scope(self, "").lines(type.exports)
                    lines += [f"{word} {_id(name)}: interface {{", *[_INDENT + line for line in inside], "}"]
            elif isinstance(type, FuncType) and parsed.kind not in (CONSTRUCTOR, METHOD, STATIC, INTERFACE):
                lines.append(f"{word} {_id(name)}: {own.function(type)};")
            elif word == "import" and isinstance(type, FuncType | TypeBound) and parsed.kind != INTERFACE:
                plain[name] = type
            else:
                # A world has no words for it.
                lines.append(f"// {word} {name}: {sort_of(type)}")
        return own.lines(plain) + lines

    def _add(self, name: str, type: InstanceType) -> None:
        parsed = parse_extern_name(name)
        package = parsed.package + (f"@{parsed.version}" if parsed.version else "")
        interfaces = self._packages.setdefault(package, {})
        if parsed.interface not in interfaces:
            interfaces[parsed.interface] = _Scope(self, name).lines(type.exports)


class _Scope:
    """The inside of an interface, or of the world: which types have names in it."""

    def __init__(self, world: _World, interface: str) -> None:
        self._world = world
        self._interface = interface
        self._names: dict[int, str] = {}
        """By identity of a type."""
        self._resources: dict[int, str] = {}
        """By identity of a resource type's root."""
        self._shapes: dict[int, str] = {}
        """By shape: substitution has put other objects into the types of functions."""

    def lines(self, externs: Mapping[str, ExternType]) -> list[str]:
        functions: dict[str, list[str]] = {}
        resources = {name for name, type in externs.items() if isinstance(type, TypeBound)}
        # Types first: a resource's functions may take what is named after the resource.
        types = {name: self._reserve(name, type) for name, type in externs.items() if isinstance(type, TypeBound)}
        free: list[str] = []
        self._world.count(sum(map(len, externs)))
        for name, type in externs.items():
            if not isinstance(type, FuncType):
                if not isinstance(type, TypeBound):
                    free.append(f"// {name}: {sort_of(type)}")
                continue
            try:
                parsed = parse_extern_name(name)
            except InvalidName:  # what only validation knows how to take apart
                free.append(f"// {name}: func")
                continue
            if parsed.resource in resources:
                functions.setdefault(parsed.resource, []).append(self._member(parsed.kind, parsed.member, type))
            else:
                free.append(f"{_id(name)}: {self.function(type)};")
        uses: dict[str, list[str]] = {}
        found: list[str] = []
        for name, used in types.items():
            bound = externs[name]
            assert isinstance(bound, TypeBound)
            if used is None:
                found += self._definition(name, bound.type, functions.get(name, []))
            elif used[0]:
                uses.setdefault(used[0], []).append(
                    _id(used[1]) if used[1] == name else f"{_id(used[1])} as {_id(name)}"
                )
            else:
                found.append(f"type {_id(name)} = {_id(used[1])};")
        used_ones = [f"use {self._reference(home)}.{{{', '.join(names)}}};" for home, names in uses.items()]
        return [*used_ones, *found, *free]

    def _reference(self, interface: str) -> str:
        """As it is called here: by its name alone within its package."""
        home = parse_extern_name(interface)
        own = parse_extern_name(self._interface) if self._interface else None
        if own is not None and (own.package, own.version) == (home.package, home.version):
            return _id(home.interface)
        return interface

    def function(self, type: FuncType, *, method: bool = False) -> str:
        params = type.params[1:] if method else type.params
        shown = ", ".join([f"{_id(label)}: {self._type(each)}" for label, each in params])
        result = "" if type.result is None else f" -> {self._type(type.result)}"
        return f"{'async ' if type.is_async else ''}func({shown}){result}"

    def _member(self, kind: str, member: str, type: FuncType) -> str:
        if kind == CONSTRUCTOR:
            params = ", ".join([f"{_id(label)}: {self._type(each)}" for label, each in type.params])
            # It gives its own resource, and WIT says so only where it may fail.
            result = "" if isinstance(type.result, Own) or type.result is None else f" -> {self._type(type.result)}"
            return f"constructor({params}){result};"
        if kind == METHOD:
            return f"{_id(member)}: {self.function(type, method=True)};"
        return f"{_id(member)}: static {self.function(type)};"

    def _reserve(self, name: str, bound: TypeBound) -> tuple[str, str] | None:
        """Where the type is defined, "" for here, and its name there; None if it is defined by this."""
        type = bound.type
        if isinstance(type, Primitive):
            return None
        known = self._names.get(id(type))
        if known is not None:
            return "", known
        self._names[id(type)] = name
        if isinstance(type, ResourceType):
            self._resources.setdefault(id(root_of(type)), name)
        if isinstance(type, _NAMED):
            self._shapes.setdefault(self._world.shapes.of(type), name)
        home = self._world.home(type)
        if home is None or home[0] == self._interface:
            if isinstance(type, _NAMED):
                same = self._world.same(name, type, self._interface)
                if same:
                    return same, name
            self._world.settle(type, self._interface, name)
            return None
        return home

    def _definition(self, name: str, type: DefinedType, functions: list[str]) -> list[str]:
        label = _id(name)
        if isinstance(type, ResourceType):
            return _block(f"resource {label}", functions, "") if functions else [f"resource {label};"]
        if isinstance(type, Record):
            return _block(f"record {label}", [f"{_id(field)}: {self._type(each)}" for field, each in type.fields])
        if isinstance(type, Variant):
            cases = [_id(case) if each is None else f"{_id(case)}({self._type(each)})" for case, each in type.cases]
            return _block(f"variant {label}", cases)
        if isinstance(type, Enum | Flags):
            self._world.count(sum(map(len, type.labels)))
            return _block(f"{type.kind} {label}", [_id(each) for each in type.labels])
        if not isinstance(type, ValType):
            return [f"// {name}: a type that interfaces have no words for"]
        return [f"type {label} = {self._written(type)};"]

    def _type(self, type: ValType) -> str:
        named = self._names.get(id(type))
        if named is None and isinstance(type, _NAMED):
            named = self._shapes.get(self._world.shapes.of(type))
        text = _id(named) if named is not None else self._written(type)
        self._world.count(len(text))
        return text

    def _written(self, type: ValType) -> str:
        if isinstance(type, Own):
            return self._resource(type.resource)
        if isinstance(type, Borrow):
            return f"borrow<{self._resource(type.resource)}>"
        if isinstance(type, List):
            length = "" if type.length is None else f", {type.length}"
            return f"list<{self._type(type.element)}{length}>"
        if isinstance(type, Option):
            return f"option<{self._type(type.type)}>"
        if isinstance(type, Tuple):
            return f"tuple<{', '.join([self._type(each) for each in type.types])}>"
        if isinstance(type, Result):
            ok = "_" if type.ok is None else self._type(type.ok)
            if type.error is not None:
                return f"result<{ok}, {self._type(type.error)}>"
            return "result" if type.ok is None else f"result<{ok}>"
        if isinstance(type, Stream | Future):
            return type.kind if type.element is None else f"{type.kind}<{self._type(type.element)}>"
        if isinstance(type, Primitive):
            return type.kind
        # Validation asks for a name of each of these wherever it can be seen from outside.
        raise WitTextError(f"a {type.kind} that has no name")

    def _resource(self, resource: ResourceType) -> str:
        named = self._names.get(id(resource)) or self._resources.get(id(root_of(resource)))
        if named is None:
            raise WitTextError(f"the resource {resource.name or 'without a name'} is not in reach")
        return _id(named)


def _block(head: str, lines: list[str], comma: str = ",") -> list[str]:
    return [f"{head} {{", *[f"{_INDENT}{line}{comma}" for line in lines], "}"]


def _id(label: str) -> str:
    return f"%{label}" if label in _KEYWORDS else label
