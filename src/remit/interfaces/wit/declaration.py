"""How an interface is written in Python: a class for the interface, and one for each of its resources.

::

    class Counter(Resource):
        name = "counter"

        def __init__(self, start: int) -> None:
            self.value = start

        @method("(by: u32) -> result<u64, overflow>")
        def add(self, by: int) -> int: ...

    class Counters(Interface):
        name = "docs:counting/counters"
        version = "1.2.0"
        resources = (Counter,)
        types = {"overflow": "enum { too-large }"}

        @func("() -> u32")
        def how_many(self) -> int: ...

        @constructor("counter", "(start: u64)")
        def new_counter(self, start: int) -> Counter: ...

What stands in quotes is the type in WIT's notation; it is compared with what a component imports when that is linked.
A component that imports less of the interface, or an older compatible version of it, is served as well.

Functions whose type has a ``result`` return the ok value, or raise :class:`remit.Err`. Of the kernel's exceptions,
KernelError becomes the error value that :meth:`Interface.error` says, and WouldBlock makes the program wait, if the
function is declared with ``blocks=True``.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, ClassVar, TypeVar

    from remit.kernel.errors import KernelError
    from remit.kernel.process import Process

    F = TypeVar("F", bound=Callable[..., Any])


class Declared:
    """What a decorator says of a function."""

    __slots__ = ("blocks", "kind", "name", "resource", "text")

    def __init__(self, kind: str, text: str, *, name: str | None, resource: str, blocks: bool) -> None:
        self.kind = kind
        """``func``, ``method``, ``static`` or ``constructor``."""
        self.text = text
        self.name = name
        """None: that of the Python function."""
        self.resource = resource
        self.blocks = blocks


def func(text: str, *, name: str | None = None, blocks: bool = False) -> Callable[[F], F]:
    """A function of an interface, of type `text`. `blocks`: it may raise WouldBlock."""
    return _mark(Declared("func", text, name=name, resource="", blocks=blocks))


def method(text: str, *, name: str | None = None, blocks: bool = False) -> Callable[[F], F]:
    """A method of a :class:`Resource`. `text` leaves ``self`` out."""
    return _mark(Declared("method", text, name=name, resource="", blocks=blocks))


def static(resource: str, text: str, *, name: str, blocks: bool = False) -> Callable[[F], F]:
    """A static function of a resource; a method of the interface's class in Python."""
    return _mark(Declared("static", text, name=name, resource=resource, blocks=blocks))


def constructor(resource: str, text: str) -> Callable[[F], F]:
    """The constructor of a resource; a method of the interface's class in Python. `text` has the parameters only, or a
    ``result`` for one that can fail."""
    return _mark(Declared("constructor", text, name="", resource=resource, blocks=False))


def _mark(declared: Declared) -> Callable[[F], F]:
    def mark(function: F) -> F:
        function.__wit__ = declared  # type: ignore[attr-defined]  # a mark on a function is an attribute
        return function

    return mark


class Resource:
    """The base of the classes of resources. An object of it is what a handle stands for."""

    __slots__ = ()
    name: ClassVar[str]
    """As the interface calls it."""

    def drop(self) -> None:
        """The program gives it back."""


class Host:
    """What the interfaces of one running program have in common."""

    __slots__ = ("_interfaces", "process")

    def __init__(self, process: Process) -> None:
        self.process = process
        self._interfaces: dict[type[Interface], Interface] = {}

    def interface(self, kind: type[Interface]) -> Any:
        """The one object of that interface, for this program."""
        made = self._interfaces.get(kind)
        if made is None:
            made = self._interfaces[kind] = kind(self)
        return made

    def finish(self) -> None:
        """See :meth:`Interface.finish`. WouldBlock: to be called again."""
        for interface in [*self._interfaces.values()]:
            interface.finish()


class Interface:
    """The base of the classes of interfaces. There is one object of it for each running program that calls it."""

    name: ClassVar[str]
    """``namespace:package/interface``."""
    version: ClassVar[str]
    """The latest that it implements. Programs may ask for any compatible one, earlier ones included."""
    resources: ClassVar[tuple[type[Resource], ...]] = ()
    types: ClassVar[Mapping[str, str]] = {}
    """Named types that are no resources, in WIT's notation."""
    uses: ClassVar[Mapping[str, str]] = {}
    """Types of other interfaces, by the name that they have here: ``"namespace:package/interface.name"``, where the
    last part may be left out if it is the same."""

    def __init__(self, host: Host) -> None:
        self.host = host

    @property
    def process(self) -> Process:
        """What the program was handed."""
        return self.host.process

    def finish(self) -> None:
        """The program has come to its end: what it had given out to be done later is done now. WouldBlock."""

    @classmethod
    def error(cls, failure: KernelError) -> Any:
        """The value of the ``error`` type of the functions here."""
        raise failure


def functions_of(interface: type[Interface]) -> dict[str, tuple[str, type[Resource] | None, Declared]]:
    """By their full names, ``[method]counter.add``: the Python name, the resource's class for a method, what is
    declared."""
    found: dict[str, tuple[str, type[Resource] | None, Declared]] = {}
    for attribute, declared in _declared(interface):
        name = declared.name if declared.name is not None else _label(attribute)
        if declared.kind == "func":
            found[name] = (attribute, None, declared)
        elif declared.kind == "static":
            found[f"[static]{declared.resource}.{name}"] = (attribute, None, declared)
        else:
            found[f"[constructor]{declared.resource}"] = (attribute, None, declared)
    for resource in interface.resources:
        for attribute, declared in _declared(resource):
            name = declared.name if declared.name is not None else _label(attribute)
            found[f"[method]{resource.name}.{name}"] = (attribute, resource, declared)
    return found


def _declared(owner: type) -> list[tuple[str, Declared]]:
    found = {}
    for base in reversed(owner.__mro__):
        for attribute, value in vars(base).items():
            declared = getattr(value, "__wit__", None)
            if declared is not None:
                found[attribute] = declared
    return list(found.items())


def _label(attribute: str) -> str:
    return attribute.rstrip("_").replace("_", "-")
