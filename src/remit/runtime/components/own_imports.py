"""The caller's own functions, classes and objects, given for what a component imports.

::

    imports={
        "docs:log/sink@1.0.0": Sink(),             # an object or a module: its attributes, by their Python names
        "docs:log/level": {"get-level": level},    # a mapping, by labels or Python names
        "wasi:clocks/wall-clock": {"now": now},    # some functions of an interface of WASI; the others stay Remit's
        "now": time.time_ns,                       # a function that the component imports by a plain name
    }

A resource of an interface is a class there: its instances are what handles stand for, its methods are called with
them, and ``close``, if it has one, is called when a component drops the last handle.
"""

from __future__ import annotations

from remit.binary.wording import listed
from remit.component.handles import Resource
from remit.component.instances import HostFunction, Instance
from remit.component.subtyping import Mismatch
from remit.component.types import FuncType, InstanceType, Result, TypeBound
from remit.component.values.names import class_name, python_name
from remit.component.values.naming import name_types
from remit.component.values.results import resulting
from remit.runtime.own_functions import arity_problem, wants_instance

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from remit.component.types import ExternType
    from remit.component.values.classes import Classes
    from remit.interfaces.wit.declaration import Host
    from remit.runtime.components.linking import Provider


class OwnImports:
    """All that the caller gave."""

    __slots__ = ("_classes", "_given", "_taken")

    def __init__(self, imports: Mapping[str, Any], classes: Classes) -> None:
        """`classes` are those of the values that functions get."""
        if not hasattr(imports, "items"):
            raise TypeError(
                f"imports is a {type(imports).__name__}: names of what the component imports map to functions, "
                "or to mappings or objects that have the functions of an interface"
            )
        self._given = dict(imports)
        self._classes = classes
        self._taken: set[str] = set()

    def take(self, name: str) -> OwnImport | None:
        """For the import `name`; its version may be left out by the caller."""
        for key in (name, name.partition("@")[0]):
            if key in self._given:
                self._taken.add(key)
                return OwnImport(key, self._given[key], self._classes)
        if name.startswith("["):
            # A function of a resource that is imported by a plain name, whose class was given.
            resource = name.partition("]")[2].partition(".")[0]
            if resource in self._given:
                self._taken.add(resource)
                return OwnImport(resource, {resource: self._given[resource]}, self._classes, member=name)
        return None

    def unused(self) -> list[str]:
        return [str(key) for key in self._given if key not in self._taken]


class OwnImport:
    """What the caller gave for one import."""

    __slots__ = ("_classes", "_given", "_member_name", "key")

    def __init__(self, key: str, given: Any, classes: Classes, *, member: str = "") -> None:
        """`member`: what was given is one function of an interface's, by that name."""
        self.key = key
        self._member_name = member
        self._classes = classes
        self._given = given

    def has(self, name: str) -> bool:
        """Whether it has something for the function `name` of the interface."""
        return self._find(name) is not None

    def has_class(self, name: str) -> bool:
        """Whether it has a class for the resource `name` of the interface."""
        return self._find_class(name) is not None

    def part_of(self, type: InstanceType) -> InstanceType:
        """The functions and resources that it has something for."""
        return InstanceType(
            {
                name: inner
                for name, inner in type.exports.items()
                if (self.has(name) if isinstance(inner, FuncType) else _is_resource(inner) and self.has_class(name))
            }
        )

    def provider(self, type: ExternType) -> Provider:
        """Mismatch if what was given cannot be that."""
        if isinstance(type, FuncType):
            member = self._member_name
            function = self._function(member, self._find(member) if member else self._given, type)
            return lambda host, asynchronous: self._host_function(function, type, host, asynchronous)
        if isinstance(type, TypeBound):
            return _always(self._resource("", self._given))
        if not isinstance(type, InstanceType):
            raise Mismatch("cannot be a core module or a component: give functions")
        name_types(self._classes, type.exports)
        functions: dict[str, tuple[Callable[..., Any], FuncType]] = {}
        fixed: dict[str, Any] = {}
        for name, inner in type.exports.items():
            if isinstance(inner, FuncType):
                functions[name] = (self._function(name, self._find(name), inner), inner)
            elif _is_resource(inner):
                fixed[name] = self._resource(name, self._find_class(name))

        def provide(host: Host, asynchronous: bool) -> Instance:
            exports = dict(fixed)
            for name, (function, function_type) in functions.items():
                exports[name] = self._host_function(function, function_type, host, asynchronous)
            return Instance(exports)

        return provide

    def check_names(self, known: Mapping[str, ExternType]) -> None:
        """Mismatch for a name that is none of the interface's: its function would go on being Remit's, unnoticed."""
        if not self._is_mapping:
            if not any(self.has(name) or self.has_class(name) for name in known):
                raise Mismatch(f"has none of {listed([name for name in known if name[:1] != '['] or list(known))}")
            return
        names = {*known}
        for label in known:
            names.update(_python_names(label))
        for name in self._given:
            if name not in names:
                raise Mismatch(f"has {name!r}, which is no function of this interface{_meant(name, names)}")

    @property
    def _is_mapping(self) -> bool:
        return hasattr(self._given, "keys") and hasattr(self._given, "__getitem__")

    def _find(self, name: str) -> Any:
        """The function for `name`, a label such as ``[method]file.read``. None if there is none."""
        kind, _, rest = name.rpartition("]")
        if not kind:
            return self._member(self._given, name)
        if self._is_mapping and name in self._given:
            return self._given[name]
        resource, _, function = rest.partition(".")
        owner = self._find_class(resource)
        if owner is None or kind == "[constructor":
            return owner
        return self._member(owner, function)

    def _find_class(self, label: str) -> Any:
        found = self._member(self._given, label)
        return self._member(self._given, label, class_name) if found is None else found

    def _member(self, owner: Any, label: str, named: Callable[[str], str] = python_name) -> Any:
        try:
            name = named(label)
        except ValueError:  # Such a label can only be a key.
            name = label
        if hasattr(owner, "keys") and hasattr(owner, "__getitem__"):
            return owner[label] if label in owner else owner.get(name)
        return getattr(owner, name, None)

    def _function(self, name: str, found: Any, wanted: FuncType) -> Callable[..., Any]:
        where = f"{name}: " if name else ""
        if wanted.is_async:
            raise Mismatch(f"{where}it is async, and async functions are not supported")
        if found is None:
            raise Mismatch(f"has no {name}")
        if not callable(found):
            raise Mismatch(f"{where}{found!r} is no function")
        problem = arity_problem(found, len(wanted.params))
        if problem:
            takes = listed([label for label, _ in wanted.params])
            raise Mismatch(f"{where}{problem}; the component calls it with {takes}")
        return found  # type: ignore[no-any-return]  # whatever the caller gave

    def _host_function(
        self, function: Callable[..., Any], type: FuncType, host: Host, asynchronous: bool
    ) -> HostFunction:
        called = function
        if wants_instance(function):

            def called(*arguments: Any) -> Any:
                return function(host.process.owner, *arguments)

        if asynchronous:
            from remit.runtime.suspension import awaiting

            called = awaiting(called)
        if isinstance(type.result, Result):
            called = resulting(called)
        return HostFunction(called, blocks=asynchronous, type=type, classes=self._classes)

    def _resource(self, name: str, found: Any) -> Resource:
        if not isinstance(found, type):
            wanted = class_name(name) if name else "it"
            raise Mismatch(f"{name or self.key}: a class is wanted for this resource, called {wanted}, not {found!r}")
        close = getattr(found, "close", None)
        return Resource(None, close if callable(close) else None, name=name or self.key, python=found)


def _is_resource(type: ExternType) -> bool:
    """Whether it is a resource of the interface's own."""
    return isinstance(type, TypeBound) and type.fresh


def _always(value: Any) -> Provider:
    return lambda host, asynchronous: value


def _python_names(label: str) -> list[str]:
    """By what names beside its label a function or a resource can be given."""
    if label.startswith("["):
        return []
    names = []
    for named in (python_name, class_name):
        try:
            names.append(named(label))
        except ValueError:  # Such a label can only be a key.
            continue
    return names


def _meant(name: str, names: Iterable[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(str(name), sorted(names), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
