"""What an instance exports, as it reads in Python: like a module, with functions, classes, and interfaces in it.

A function or interface is an attribute by its Python name (``get-value`` is ``get_value``, ``docs:kv/store@1.0.0`` is
``store``), and an item by its full name. Types by name are classes: records, variants, enums, flags, and resources.
"""

from __future__ import annotations

from remit.binary.reader import quoted
from remit.binary.wording import listed
from remit.component.abi.layout import UnsupportedType
from remit.component.guest_resources import AsyncGuestResource, GuestResource
from remit.component.handles import Resource
from remit.component.instances import HostFunction
from remit.component.type_text import text_of
from remit.component.types import FuncType, InstanceType, ResourceType, Result, TypeBound
from remit.component.values.names import class_name, python_name
from remit.component.values.naming import NAMED, name_types
from remit.component.values.pairing import pair
from remit.component.values.results import returned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any, Protocol

    from remit.component.instances import ByName, GuestFunction
    from remit.component.types import ExternType
    from remit.component.values.classes import Classes

    class Caller(Protocol):
        """The instance that has the exports."""

        @property
        def asynchronous(self) -> bool: ...

        @property
        def classes(self) -> Classes:
            """Of the types that are exported by name."""

        def resource_base(self, interface: str, label: str) -> type[GuestResource] | None:
            """What the class of a resource is to be a subclass of, if that is anything of the caller's."""

        def invoke(self, name: str, function: GuestFunction, arguments: tuple[Any, ...]) -> Any:
            """Call it; awaitable if the instance is asynchronous."""

        def invoke_host(
            self, name: str, function: Callable[..., Any], arguments: tuple[Any, ...], finish: Callable[[Any], Any]
        ) -> Any:
            """Call a function of the host's, `finish` with its result; awaitable if the instance is asynchronous."""

        def resource_of(self, type: ResourceType) -> Resource | None:
            """What a resource type stands for in the instance; None if none of its imports and exports has it."""

        def drop_resource(self, resource: Resource, rep: Any) -> Any:
            """Drop a resource now; awaitable if the instance is asynchronous."""

        def forget_resource(self, resource: Resource, rep: Any) -> None:
            """Drop a resource some time, from any thread."""


class Exports:
    """The exports of an instance, or of an interface that it exports."""

    __slots__ = ("_caller", "_found", "_interface", "_made", "_name", "_named", "_names", "_types")

    def __init__(
        self, caller: Caller, types: Mapping[str, ExternType], found: ByName, name: str, interface: str
    ) -> None:
        """`interface` is its name, or "" if these are of the component itself, which is called `name`."""
        self._caller = caller
        self._types = types
        self._found: Any = found
        self._name = name
        self._interface = interface
        self._named = False
        self._made: dict[str, Any] = {}
        self._names: dict[str, str] | None = None

    def __getitem__(self, label: str) -> Any:
        """By the full name. KeyError tells what there is."""
        try:
            return self._made[label]
        except KeyError:
            pass
        if label not in self._types:
            raise KeyError(f"{self._name} exports nothing called {label!r}; there is {self._there()}")
        made = self._made[label] = self._make(label, self._types[label])
        return made

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        label = self._attributes().get(name)
        if label is None:
            raise AttributeError(f"{self._name} exports nothing called {name!r}; there is {self._there()}")
        return self[label]

    def __iter__(self) -> Iterator[str]:
        """The full names."""
        return iter([label for label in self._types if not label.startswith("[")])

    def __contains__(self, label: object) -> bool:
        return label in self._types

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __dir__(self) -> list[str]:
        return sorted(self._attributes())

    def __repr__(self) -> str:
        return f"<exports of {self._name}: {self._there()}>"

    def resource_class(self, resource: Resource) -> type[GuestResource] | None:
        """The class of a resource that is exported here."""
        for label, type in self._types.items():
            if isinstance(type, InstanceType):
                found = self[label].resource_class(resource)
                if found is not None:
                    return found  # type: ignore[no-any-return]  # of the same method
            elif isinstance(type, TypeBound) and self._direct(label) is resource:
                return self[label]  # type: ignore[no-any-return]  # a class
        return None

    def resource_of(self, wanted: ResourceType) -> Resource | None:
        """What a resource type that is exported here stands for."""
        for label, type in self._types.items():
            if isinstance(type, InstanceType):
                found = self[label].resource_of(wanted)
                if found is not None:
                    return found  # type: ignore[no-any-return]  # of the same method
            elif isinstance(type, TypeBound) and type.type is wanted:
                direct = self._direct(label)
                if direct is not None:
                    return direct
        return None

    def _there(self) -> str:
        return listed(sorted(self._attributes()))

    def _attributes(self) -> dict[str, str]:
        """Python names, and the full names that they stand for. What comes first keeps its name."""
        if self._names is None:
            self._names = {}
            for label, type in self._types.items():
                name = _attribute(label, type)
                if name is not None:
                    self._names.setdefault(name, label)
        return self._names

    def _make(self, label: str, type: ExternType) -> Any:
        if isinstance(type, FuncType):
            return self._function(label, type)
        if isinstance(type, InstanceType):
            return Exports(self._caller, type.exports, self._found[label].exports, label, label)
        if not isinstance(type, TypeBound):
            return self._found[label]
        if isinstance(type.type, ResourceType):
            return self._resource(label, type.type)
        if isinstance(type.type, NAMED):
            self._name_types()
            return self._caller.classes.of(type.type)
        return type.type

    def _function(self, label: str, type: FuncType) -> ExportedFunction:
        if type.is_async:
            raise UnsupportedType(f"{self._name}: {quoted(label)} is async, and async functions are not supported")
        function: GuestFunction | HostFunction = self._found[label]
        self._name_types()
        if isinstance(function, HostFunction):
            from remit.runtime.components.handed_on import HandedOn

            return HandedOn(self._caller, label, function, type)
        pair(function.classes, self._caller.classes, function.type, type)
        return ExportedFunction(self._caller, label, function)

    def _name_types(self) -> None:
        if not self._named:
            self._named = True
            name_types(self._caller.classes, self._types)

    def _direct(self, label: str) -> Resource | None:
        """What is found under the name of a type. An interface of the host's does not have the resources that it uses,
        and the names of other types are nothing."""
        try:
            found = self._found[label]
        except KeyError:
            return None
        return found if isinstance(found, Resource) else None

    def _resource(self, label: str, wanted: ResourceType) -> type[GuestResource]:
        resource = self._direct(label) or self._caller.resource_of(wanted)
        if resource is None:
            raise LookupError(f"{self._name}: nothing is known of the resource {label!r}, which another interface has")
        if resource.python is not None:
            return resource.python  # type: ignore[no-any-return]  # its class, or that of the host
        # It may have several names, and functions by any of them: the class is the same whichever is asked for.
        labels = [
            each
            for each, bound in self._types.items()
            if isinstance(bound, TypeBound) and isinstance(bound.type, ResourceType) and self._direct(each) is resource
        ]
        label = labels[0] if labels else label
        base = AsyncGuestResource if self._caller.asynchronous else GuestResource
        bound = self._caller.resource_base(self._interface, label)
        if bound is not None and issubclass(bound, base):
            base = bound
        body: dict[str, Any] = {
            "__slots__": (),
            "_resource": resource,
            "_drop": staticmethod(self._caller.drop_resource),
            "_forget": staticmethod(self._caller.forget_resource),
        }
        for name, type_ in self._types.items():
            kind, _, rest = name.partition("]")
            owner, _, member = rest.partition(".")
            if owner not in labels or not isinstance(type_, FuncType):
                continue
            if kind == "[constructor":
                body.update(_constructor(self, name, asynchronous=self._caller.asynchronous))
            elif kind == "[method":
                body.setdefault(python_name(member), _method(self, name))
            elif kind == "[static":
                body.setdefault(python_name(member), staticmethod(_static(self, name)))
        made = type(class_name(label), (base,), body)
        if not resource.name:
            resource.name = label
        resource.python = made
        return made


class ExportedFunction:
    """A function of an instance, to be called with Python values, by position or by name."""

    __slots__ = ("_caller", "_function", "_name")

    def __init__(self, caller: Caller, name: str, function: GuestFunction) -> None:
        self._caller = caller
        self._function = function
        self._name = name

    @property
    def type(self) -> FuncType:
        """Its parameters and result, in WIT's terms."""
        return self._function.type

    def __call__(self, /, *arguments: Any, **named: Any) -> Any:
        """Its result; of a ``result``, the ok value, or :class:`remit.Err` is raised.

        A wrong argument is a TypeError, ValueError or OverflowError that names it; otherwise as
        :meth:`remit.Instance.call`.
        """
        if named:
            arguments = self._by_position(arguments, named)
        return self._caller.invoke(self._name, self._function, arguments)

    def _by_position(self, arguments: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
        rest = [python_name(label) for label, _ in self.type.params][len(arguments) :]
        for name in named:
            if name not in rest:
                raise TypeError(f"{self._name} has no parameter {name!r} that is left to be given")
        missing = [name for name in rest if name not in named]
        if missing:
            raise TypeError(f"{self._name}: no argument is given for {listed(missing)}")
        return (*arguments, *[named[name] for name in rest])

    def __repr__(self) -> str:
        return f"<function {self._name}: {text_of(self.type)}>"


def unwrapped(type: FuncType, value: Any) -> Any:
    """`value`, or the ok value in it; raises Err."""
    return returned(value) if isinstance(type.result, Result) else value


def _attribute(label: str, type: ExternType) -> str | None:
    """The Python name of an export; None for what belongs to a class, and for what has none."""
    if label.startswith("["):
        return None
    last = label.partition("@")[0].rpartition("/")[2]
    try:
        return class_name(last) if isinstance(type, TypeBound) else python_name(last)
    except ValueError:
        return None


def _method(exports: Exports, name: str) -> Callable[..., Any]:
    def method(self: GuestResource, /, *arguments: Any, **named: Any) -> Any:
        return exports[name](self, *arguments, **named)

    return _described(method, exports, name)


def _static(exports: Exports, name: str) -> Callable[..., Any]:
    def function(*arguments: Any, **named: Any) -> Any:
        return exports[name](*arguments, **named)

    return _described(function, exports, name)


def _constructor(exports: Exports, name: str, *, asynchronous: bool) -> dict[str, Any]:
    """Called as the class is; of an asynchronous instance, ``await Class.new(…)``, as a class cannot be awaited."""

    def new(kind: type[GuestResource], /, *arguments: Any, **named: Any) -> Any:
        return exports[name](*arguments, **named)

    if not asynchronous:
        return {"__new__": _described(new, exports, name)}

    def refuse(kind: type[GuestResource], /, *arguments: Any, **named: Any) -> Any:
        raise TypeError(f"{kind.__name__} is of an asynchronous instance: await {kind.__name__}.new(…)")

    return {"new": classmethod(_described(new, exports, name)), "__new__": refuse}


def _described(function: Callable[..., Any], exports: Exports, name: str) -> Callable[..., Any]:
    function.__name__ = function.__qualname__ = name.rpartition(".")[2] or name
    type: Any = exports._types[name]
    function.__doc__ = f"{quoted(name)}: {text_of(type)}"
    return function
