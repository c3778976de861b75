"""A component's world as WIT text: what it imports and exports, with all types (component-model ``WIT.md``).

A component's binary has no names of worlds or packages of its own, and no comments: the world is called ``root``, in
the package ``root:component``. Interfaces follow, each in its package.
"""

from __future__ import annotations

from remit.component.names import CONSTRUCTOR, INTERFACE, METHOD, STATIC, InvalidName, parse_extern_name
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

    _Homes = dict[int, tuple[str, str]]
    """By identity of a type: the first interface that has it, and its name there."""

MOST_TEXT = 10_000_000
"""About so many characters are written. A small file can nest types, and import one interface by many names, so that
written out it is larger than any memory."""

_INDENT = "  "
_NAMED = (Record, Variant, Enum, Flags, ResourceType)
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
        self._imported = _homes(component.imports, {})
        # What is exported may use what is imported, and not the other way about.
        self._homes = _homes(component.exports, self._imported)
        self._packages: dict[str, dict[str, list[str]]] = {}
        """Packages, their interfaces, and the lines in them."""

    def text(self) -> str:
        own = _Scope(self, "", self._imported)
        lines = self._side("import", self._component.imports, own)
        lines += self._side("export", self._component.exports, own)
        lines = [*own.uses(), *lines]
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

    def _side(self, word: str, externs: Mapping[str, ExternType], own: _Scope) -> list[str]:
        plain: dict[str, ExternType] = {}
        if word == "import":
            for name, type in externs.items():
                kind = parse_extern_name(name).kind
                if kind in (CONSTRUCTOR, METHOD, STATIC) or (isinstance(type, TypeBound) and kind != INTERFACE):
                    plain[name] = type
        # Before the functions, of either side: these use their names.
        lines = own.body(plain)
        for name, type in externs.items():
            parsed = parse_extern_name(name)
            if isinstance(type, InstanceType):
                if parsed.kind == INTERFACE:
                    self._add(name, type)
                    lines.append(f"{word} {name};")
                else:
                    homes = self._imported if word == "import" else self._homes
                    inside = _Scope(self, "", homes).lines(type.exports)
                    lines += [f"{word} {_id(name)}: interface {{", *[_INDENT + line for line in inside], "}"]
            elif isinstance(type, FuncType) and parsed.kind not in (CONSTRUCTOR, METHOD, STATIC, INTERFACE):
                lines.append(f"{word} {_id(name)}: {own.function(type)};")
            elif name not in plain:
                # A world has no words for it.
                lines.append(f"// {word} {name}: {sort_of(type)}")
        return lines

    def _add(self, name: str, type: InstanceType) -> None:
        parsed = parse_extern_name(name)
        package = parsed.package + (f"@{parsed.version}" if parsed.version else "")
        interfaces = self._packages.setdefault(package, {})
        if parsed.interface not in interfaces:
            again = self._component.exports.get(name)
            exported = again.exports if isinstance(again, InstanceType) else {}
            interfaces[parsed.interface] = _Scope(self, name, self._homes).lines(type.exports, exported)


def _homes(externs: Mapping[str, ExternType], known: _Homes) -> _Homes:
    """The same as `known`, and those of `externs` that are not in it."""
    found = dict(known)
    for name, type in externs.items():
        if isinstance(type, InstanceType) and parse_extern_name(name).kind == INTERFACE:
            for label, bound in type.exports.items():
                if isinstance(bound, TypeBound):
                    found.setdefault(id(bound.type), (name, label))
    return found


class _Scope:
    """The inside of an interface, or of the world: which types have names in it."""

    def __init__(self, world: _World, interface: str, homes: _Homes) -> None:
        self._world = world
        self._interface = interface
        self._homes = homes
        self._names: dict[int, str] = {}
        """By identity of a type."""
        self._labels: set[str] = set()
        self._uses: dict[str, list[str]] = {}
        """Interfaces, and what is used of them."""

    def lines(self, externs: Mapping[str, ExternType], exported: Mapping[str, ExternType] | None = None) -> list[str]:
        """All there is inside."""
        body = self.body(externs, exported)
        return [*self.uses(), *body]

    def uses(self) -> list[str]:
        """What is used of others, once everything else is written."""
        return [f"use {self._reference(home)}.{{{', '.join(names)}}};" for home, names in self._uses.items()]

    def body(self, externs: Mapping[str, ExternType], exported: Mapping[str, ExternType] | None = None) -> list[str]:
        """`exported` is the same interface as an export: its types are others, and an import has only what is used."""
        exported = exported or {}
        externs = {**externs, **{name: type for name, type in exported.items() if name not in externs}}
        self._labels.update(externs)
        functions: dict[str, list[str]] = {}
        resources = {name for name, type in externs.items() if isinstance(type, TypeBound)}
        # Types first: a resource's functions may take what is named after the resource.
        types = {name: self._reserve(name, type) for name, type in externs.items() if isinstance(type, TypeBound)}
        for name, type in exported.items():
            if isinstance(type, TypeBound) and not isinstance(type.type, Primitive):
                self._names.setdefault(id(type.type), name)
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
        found: list[str] = []
        for name, used in types.items():
            bound = externs[name]
            assert isinstance(bound, TypeBound)
            if used is None:
                found += self._definition(name, bound.type, functions.get(name, []))
            elif not used[0]:
                found.append(f"type {_id(name)} = {_id(used[1])};")
        return [*found, *free]

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
        home = self._homes.get(id(type))
        if home is None or home[0] == self._interface:
            return None
        self._use(home, name)
        return home

    def _use(self, home: tuple[str, str], name: str) -> None:
        used = _id(name) if home[1] == name else f"{_id(home[1])} as {_id(name)}"
        self._uses.setdefault(home[0], []).append(used)

    def _name(self, type: ValType | ResourceType) -> str | None:
        """What it is called here, if it has a name."""
        named = self._names.get(id(type))
        if named is None and isinstance(type, _NAMED) and id(type) in self._homes:
            # A function may be of what has its name elsewhere only.
            named = self._homes[id(type)][1]
            while named in self._labels:
                self._world.count(len(named))
                named = f"other-{named}"
            self._use(self._homes[id(type)], named)
            self._names[id(type)] = named
            self._labels.add(named)
        return named

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
        named = self._name(type)
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
        named = self._name(resource)
        if named is None:
            raise WitTextError(f"the resource {resource.name or 'without a name'} is not in reach")
        return _id(named)


def _block(head: str, lines: list[str], comma: str = ",") -> list[str]:
    return [f"{head} {{", *[f"{_INDENT}{line}{comma}" for line in lines], "}"]


def _id(label: str) -> str:
    return f"%{label}" if label in _KEYWORDS else label
