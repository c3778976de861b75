"""The text of a Python module for a component: classes for its types, its interfaces with typed functions, and `load`.

What is exported is described by classes whose functions are never run: behind them are the exports of an instance.
What is imported is described by protocols. Records, variants, enums and flags are real classes, which the values are
of once the component is loaded by the module.
"""

from __future__ import annotations

import json
import re

from remit.component.bindings.annotations import BUILT_IN
from remit.component.bindings.digest import digest
from remit.component.bindings.errors import BindingsError
from remit.component.bindings.interface_class import HOST, NOBODY, InterfaceClass, Known
from remit.component.bindings.lines import INDENT, outside, plain
from remit.component.shapes import Shapes
from remit.component.types import Flags, FuncType, InstanceType, Record, TypeBound
from remit.component.values.names import class_name, constant_name, python_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from remit.component.types import ComponentType, ExternType

MOST_TEXT = 10_000_000
"""About so many characters are written. A small file can nest types so that they are larger than any memory."""

_TYPING = ("Any", "ClassVar", "Protocol", "TypeAlias", "Unpack")
_ABSTRACT = ("Awaitable", "Callable", "Sequence")
_TAKEN = {*_TYPING, *_ABSTRACT, "Exports", "World"}
_MARKED = re.compile("\x01(\\w+)\x02")
_LOAD_OPTIONS = {"program", "options", "imports", "fuel", "gc", "cache", "name"}


def bindings_text(
    component: ComponentType, *, file: str, asynchronous: bool = False, provided: Callable[[str], bool]
) -> str:
    """The module. `file` is what the component is called; `provided` says which interfaces need not be given.

    BindingsError if it would be too large, or two names are one in Python.
    """
    return _Module(component, provided, asynchronous=asynchronous).text(file)


class _Given:
    """An import that the caller is to give: a parameter of `load`."""

    def __init__(self, name: str, parameter: str, annotation: str) -> None:
        self.name = name
        self.parameter = parameter
        self.annotation = annotation


class _Module:
    def __init__(self, component: ComponentType, provided: Callable[[str], bool], *, asynchronous: bool) -> None:
        self._component = component
        self._asynchronous = asynchronous
        self._left = MOST_TEXT
        functions, classes = _names(component)
        hidden = frozenset(functions & BUILT_IN)
        self._inside = functions | classes
        """What is named in classes, and hides what is outside of them."""
        self._known = Known(Shapes(self._count), hidden, self._count, asynchronous=asynchronous)
        # A class of an interface must not be hidden by one that is in a class of an interface.
        self._taken = _TAKEN | classes
        self._provided = [name for name in component.imports if provided(name)]
        self._given: list[_Given] = []
        self._protocols: list[str] = []
        self._optional: set[str] = set()
        """Classes that are there only if others refer to them."""
        self._classes: list[tuple[str, list[str]]] = []
        """Names, and their lines, in the order in which they have to be."""

    def text(self, file: str) -> str:
        imports = self._import()
        exports = self._export()
        kept = self._needed({"Exports", *exports.values(), *imports.values()})
        body = [line for name, lines in self._classes if name in kept and lines for line in ["", "", *lines]]
        table = self._table({name: each for name, each in imports.items() if each in kept}, exports)
        parts = [*body, *self._functions(file), *table]
        used: set[str] = set()

        def spelled(marked: re.Match[str]) -> str:
            used.add(marked[1])
            return self._spelled(marked[1])

        text = _MARKED.sub(spelled, "\n".join(parts))
        return "\n".join([*self._head(file, used), text]) + "\n"

    def _spelled(self, name: str) -> str:
        # No name of a component's begins with an underscore.
        return f"_{name}" if name in self._inside else name

    def _head(self, file: str, used: set[str]) -> list[str]:
        """The first lines, with the imports of what is used."""

        def names(all: tuple[str, ...]) -> str:
            return ", ".join([self._imported(each) for each in all if each in used])

        return [
            f'"""Bindings of {plain(file)}, made by `remit bindings`: make them again when it changes."""',
            "",
            "from __future__ import annotations",
            "",
            *([f"import {self._imported('builtins')}"] if "builtins" in used else []),
            *([f"from abc import {self._imported('abstractmethod')}"] if "abstractmethod" in used else []),
            *([f"from collections.abc import {names(_ABSTRACT)}"] if names(_ABSTRACT) else []),
            f"from typing import {names(_TYPING)}",
            "",
            f"import {self._imported('remit')}",
            f"from remit import {self._imported('bindings')}",
        ]

    def _imported(self, name: str) -> str:
        spelled = self._spelled(name)
        return name if spelled == name else f"{name} as {spelled}"

    def _count(self, characters: int) -> None:
        self._left -= characters
        if self._left < 0:
            raise BindingsError("its types are too large to be written out")

    def _import(self) -> dict[str, str]:
        """The classes of interfaces with types, by name."""
        found: dict[str, str] = {}
        world = InterfaceClass(self._known, "World", "")
        types = {name: type for name, type in self._component.imports.items() if isinstance(type, TypeBound)}
        functions = {name: type for name, type in self._component.imports.items() if name.startswith("[")}
        first = next(iter(types), None)
        for name, type in self._component.imports.items():
            if name == first:
                # All at once, and after the interfaces that it may use the types of.
                world.add_types({**types, **functions}, HOST)
                self._classes.append(("World", world.whole("Types that are imported by plain names.")))
                if world.has_types:
                    found[""] = "World"
            if isinstance(type, TypeBound):
                if type.fresh:
                    self._give(name, f"type[{world.class_of(name)}]")
            elif isinstance(type, InstanceType):
                made = InterfaceClass(self._known, self._unique(name), name)
                if name in self._provided:
                    made.add_types(type.exports, NOBODY)
                    self._optional.add(made.name)
                else:
                    made.add_imports(type.exports)
                self._classes.append((made.name, made.whole(f"Types of {plain(name)}.")))
                if made.has_types:
                    found[name] = made.name
                if name not in self._provided:
                    self._give(name, self._protocol(made))
            elif isinstance(type, FuncType) and name not in functions:
                self._give(name, world.callable(type))
        return found

    def _protocol(self, made: InterfaceClass) -> str:
        name = f"{made.name}Import"
        while name in self._taken:
            name += "_"
        self._taken.add(name)
        self._protocols.append(name)
        about = f"What the component imports as {plain(made.interface)}: to be given to `load`."
        self._classes.append((name, made.protocol(name, about)))
        # It refers to the same classes as the one with the types.
        self._known.uses[name] = {made.name}
        return name

    def _export(self) -> dict[str, str]:
        """The classes of interfaces, by name."""
        found: dict[str, str] = {}
        attributes: list[tuple[str, str]] = []
        first: dict[str, str] = {}
        for name, type in self._component.exports.items():
            if isinstance(type, InstanceType | FuncType) and not name.startswith("["):
                first.setdefault(python_name(_last(name)), name)
        for name, type in self._component.exports.items():
            if isinstance(type, InstanceType):
                made = InterfaceClass(self._known, self._unique(name), name)
                made.add_exports(type.exports)
                lines = made.whole(f"What {plain(name)} offers.")
                self._classes.append((made.name, lines or [f"class {made.name}:", f'{INDENT}"""Empty."""']))
                found[name] = made.name
                if first[python_name(_last(name))] == name:
                    attributes.append((python_name(_last(name)), made.name))
        root = InterfaceClass(self._known, "Exports", "")
        # What comes first keeps its name, as in the exports themselves.
        hidden = {
            name
            for name, type in self._component.exports.items()
            if isinstance(type, FuncType) and not name.startswith("[") and first[python_name(name)] != name
        }
        others = found.keys() | hidden
        root.add_exports({name: type for name, type in self._component.exports.items() if name not in others})
        root.add_attributes(attributes)
        lines = root.whole("What the component exports.")
        self._classes.append(("Exports", lines or ["class Exports:", f'{INDENT}"""The component exports nothing."""']))
        return found

    def _give(self, name: str, annotation: str) -> None:
        taken = _LOAD_OPTIONS | {each.parameter for each in self._given}
        wanted = python_name(_last(name))
        found, number = wanted, 2
        while found in taken:
            found, number = f"{wanted}_{number}", number + 1
        self._given.append(_Given(name, found, annotation))

    def _unique(self, name: str) -> str:
        """A class name for an interface: its own, with its package's if that is taken, else with a number."""
        package, _, last = name.partition("@")[0].rpartition("/")
        wanted = class_name(last)
        if wanted in self._taken:
            wanted = class_name(package.partition(":")[2] or "interface") + wanted
        found, number = wanted, 2
        while found in self._taken:
            found, number = f"{wanted}{number}", number + 1
        self._taken.add(found)
        return found

    def _needed(self, wanted: set[str]) -> set[str]:
        """Of interfaces that need not be given, only what the others refer to."""
        left = [*(wanted - self._optional), *self._protocols, "World"]
        kept: set[str] = set()
        while left:
            name = left.pop()
            if name not in kept:
                kept.add(name)
                left += self._known.uses.get(name, ())
        return kept

    def _functions(self, file: str) -> list[str]:
        parameters = [f"{INDENT}{each.parameter}: {each.annotation}," for each in self._given]
        passed = ", ".join([f"{json.dumps(each.name)}: {each.parameter}" for each in self._given])
        package = outside("remit")
        kinds = ["AsyncComponentInstance"] if self._asynchronous else ["Component", "ComponentInstance"]
        of = " | ".join([f"{package}.{kind}" for kind in kinds])
        return [
            "",
            "",
            "def load(",
            f"{INDENT}program: {outside('bindings')}.Source,",
            *([f"{INDENT}*,", *parameters] if parameters else []),
            f"{INDENT}**options: {outside('Unpack')}[{outside('bindings')}.LoadOptions],",
            f") -> {package}.Component:",
            f'{INDENT}"""As remit.load, for {plain(file)} and what is like it; remit.LinkError for any other."""',
            f"{INDENT}return _BINDINGS.load(program, {{{passed}}}, options)",
            "",
            "",
            f"def exports(of: {of}) -> Exports:",
            f'{INDENT}"""What it exports; it must have been loaded by `load`."""',
            f"{INDENT}found: Exports = _BINDINGS.exports(of)",
            f"{INDENT}return found",
        ]

    def _table(self, imports: Mapping[str, str], exports: Mapping[str, str]) -> list[str]:
        component = self._component
        bound = {name: type for name, type in component.imports.items() if name not in self._provided}
        return [
            "",
            "",
            f"_BINDINGS = {outside('bindings')}.Bindings(",
            f"{INDENT}__name__,",
            f"{INDENT}digest={json.dumps(digest(bound, component.exports))},",
            *_bracketed("imports={", _pairs(imports), "},"),
            *_bracketed("exports={", _pairs({"": "Exports", **exports}), "},"),
            *_bracketed("provided=[", [json.dumps(name) for name in self._provided], "],"),
            ")",
        ]


def _bracketed(start: str, items: list[str], end: str) -> list[str]:
    if not items:
        return [f"{INDENT}{start}{end}"]
    return [f"{INDENT}{start}", *[f"{2 * INDENT}{item}," for item in items], f"{INDENT}{end}"]


def _pairs(items: Mapping[str, str]) -> list[str]:
    return [f"{json.dumps(key)}: {value}" for key, value in items.items()]


def _names(component: ComponentType) -> tuple[set[str], set[str]]:
    """The Python names of all functions and interfaces, and those of all that is called as classes are."""
    functions: set[str] = set()
    classes: set[str] = set()
    left: list[tuple[str, ExternType]] = [*component.imports.items(), *component.exports.items()]
    while left:
        label, type = left.pop()
        if isinstance(type, InstanceType):
            functions.add(python_name(_last(label)))
            left += type.exports.items()
        elif isinstance(type, FuncType):
            functions.add(python_name(_last(label.rpartition("]")[2].rpartition(".")[2])))
        elif isinstance(type, TypeBound) and isinstance(type.type, Record):
            # Where a class is made of it they are parameters, and seen by the annotations there.
            functions.update([python_name(field) for field, _ in type.type.fields])
            classes.add(class_name(_last(label)))
        elif isinstance(type, TypeBound):
            classes.update([class_name(_last(label)), f"{class_name(_last(label))}Value"])
            if isinstance(type.type, Flags):
                classes.update(map(constant_name, type.type.labels))
    return functions, classes


def _last(name: str) -> str:
    return name.partition("@")[0].rpartition("/")[2]
