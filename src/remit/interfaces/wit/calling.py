"""From declared functions to what components call: exceptions become error values, waiting becomes Pending."""

from __future__ import annotations

from remit.component.handles import Resource as ResourceType
from remit.component.instances import HostFunction
from remit.component.values.results import Err, Ok
from remit.engine.api import Pending
from remit.interfaces.wit.declaration import functions_of
from remit.kernel.errors import KernelError, WouldBlock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from remit.component.abi.compiler import Compiler
    from remit.component.abi.context import LiftLowerContext
    from remit.component.types import FuncType
    from remit.interfaces.wit.declaration import Declared, Host, Interface, Resource

    Error = Callable[[KernelError], Any]


class Offered:
    """One interface, as it is offered to all programs of this process: its functions and resource types."""

    __slots__ = ("_functions", "interface")

    def __init__(self, interface: type[Interface]) -> None:
        self.interface = interface
        self._functions = functions_of(interface)

    def resource(self, name: str) -> type[Resource]:
        """The class of a resource. KeyError."""
        return {each.name: each for each in self.interface.resources}[name]

    def blocks(self, name: str) -> bool:
        """Whether the function may make a program wait."""
        return self._functions[name][2].blocks

    def function(self, name: str, host: Host) -> HostFunction:
        """For one program. KeyError."""
        attribute, resource, declared = self._functions[name]
        function = getattr(resource or host.interface(self.interface), attribute)
        process = host.process
        error = self.interface.error

        def failed(failure: KernelError) -> Any:
            process.failed(name, failure)
            return error(failure)

        return HostFunction(called(function, declared, failed), blocks=declared.blocks)


class HostResource(ResourceType):
    """A resource type of an interface, which belongs to no program: what stands for a resource is its Python object.

    There is one of each in a process. The class is loaded when the first object is checked.
    """

    __slots__ = ("_class", "_load", "interface")

    def __init__(self, name: str, load: Callable[[], type[Resource]], interface: str = "") -> None:
        self._load = load
        self.interface = interface
        """Whose it is, without a version."""
        self._class: type[Resource] | None = None
        self.impl = None
        self.dtor = _drop
        self.name = name

    @property
    def python(self) -> type[Resource]:
        """The class of its objects."""
        found = self._class
        if found is None:
            found = self._class = self._load()
        return found


def _drop(rep: Resource) -> None:
    rep.drop()


def called(function: Callable[..., Any], declared: Declared, error: Error) -> Callable[..., Any]:
    """`function` as the canonical ABI calls it."""
    result = declared.text.rpartition("->")[2].strip()
    if result.startswith("result"):
        return _waiting(_resulting(function, error)) if declared.blocks else _resulting(function, error)
    return _waiting(function) if declared.blocks else function


def _resulting(function: Callable[..., Any], error: Error) -> Callable[..., Any]:
    def call(*arguments: Any) -> Ok | Err:
        try:
            return Ok(function(*arguments))
        except KernelError as failure:
            return Err(error(failure))
        except Err as failure:
            # Its traceback would keep the frames of the call, and what they hold.
            return failure.with_traceback(None)
        except WouldBlock as block:
            if block.resume is not None:
                block.resume = _resulting(block.resume, error)
            raise

    return call


def _waiting(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        try:
            return function(*arguments)
        except WouldBlock as block:
            return pending(block, lambda: function(*arguments))

    return call


def pending(block: WouldBlock, again: Callable[[], Any]) -> Pending:
    """What the program waits for; `again` starts over what has had no effect yet."""
    step = block.resume or again

    def resume() -> Any:
        try:
            return step()
        except WouldBlock as raised:
            return pending(raised, step)

    return Pending(block.pollable, resume)


class LazyFunction(HostFunction):
    """A function of an interface, found when it is first called: programs import many that they never call."""

    __slots__ = ("_host", "_name", "_offered", "native")

    def __init__(self, offered: Callable[[], Offered], interface: str, name: str, host: Host) -> None:
        self._offered = offered
        self._name = name
        self._host = host
        self._type = self._classes = None
        self.native = (interface, name)

    @property
    def function(self) -> Callable[..., Any]:  # type: ignore[override]  # of another class it is a slot
        return self._offered().function(self._name, self._host).function

    def lowered(self, type: FuncType, compiler: Compiler, cx: LiftLowerContext) -> Callable[..., Any]:
        # Its type was compared with what the interface has, so nothing can be wrong with it.
        made: Callable[..., Any] | None = None

        def call(*flat: Any) -> Any:
            nonlocal made
            if made is None:
                made = compiler.entries(type).bound_import(cx, self.function)
            return made(*flat)

        return call

    @property
    def blocks(self) -> bool:
        return self._offered().blocks(self._name)


class LazyExports:
    """The exports of an interface's instance, each made when it is asked for."""

    __slots__ = ("_host", "_interface", "_made", "_offered", "_resources")

    def __init__(
        self, interface: str, offered: Callable[[], Offered], host: Host, resources: Mapping[str, HostResource]
    ) -> None:
        """`interface`: its name, without a version."""
        self._interface = interface
        self._offered = offered
        self._resources = resources
        self._host = host
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        made = self._made.get(name)
        if made is None:
            made = self._resources.get(name) or LazyFunction(self._offered, self._interface, name, self._host)
            self._made[name] = made
        return made

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)
