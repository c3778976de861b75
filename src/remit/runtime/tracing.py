"""Watching the calls of one program: its functions are wrapped where they are bound, and a sink is told.

There is one way for all that a program imports, of WASI 0.1, of components and of the caller: what differs is who
decodes. Without a sink nothing of this is loaded, and functions are bound as they are.
"""

from __future__ import annotations

import time
from itertools import count

from remit.component.instances import HostFunction, Instance
from remit.component.types import FuncType, InstanceType
from remit.engine.api import EngineError, Pending, Trap
from remit.interfaces.wit import tracing as components
from remit.kernel.calls import Call, Symbol, escaped
from remit.kernel.errors import Exit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, Protocol

    from remit.component.abi.compiler import Compiler
    from remit.component.abi.context import LiftLowerContext
    from remit.component.handles import Resource
    from remit.component.instances import Extern
    from remit.component.types import ExternType
    from remit.component.values.classes import Classes
    from remit.interfaces.wasi_0_1.layout import Layout
    from remit.interfaces.wasi_0_1.traced_values import Descriptors
    from remit.kernel.calls import CallSink

    class Decoder(Protocol):
        """Tells what a call says. Nothing that the guest gives makes it raise."""

        def begin(self, call: Call, arguments: Sequence[Any], /) -> Any:
            """Tell the arguments. What it returns, `end` gets."""

        def end(self, call: Call, arguments: Sequence[Any], begun: Any, result: Any, /) -> None:
            """Tell the outcome, and the results."""


_instances = count(1)


class Tracer:
    """Of one running program."""

    __slots__ = ("_descriptors", "_instance", "_numbers", "_open", "_resources", "_sink")

    def __init__(self, sink: CallSink) -> None:
        self._sink = sink
        self._instance = next(_instances)
        self._numbers = count(1)
        self._open: dict[int, Call] = {}
        """Calls that have not ended, the innermost last."""
        self._descriptors: Descriptors | None = None
        self._resources = components.Resources()

    # Where functions are bound.

    def wasi_0_1(self, module: str, name: str, layout: Layout, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function of a version of WASI 0.1, watched."""
        from remit.interfaces.wasi_0_1 import traced_values, tracing

        if self._descriptors is None:
            self._descriptors = traced_values.Descriptors()
        return self.watched(module, name, function, tracing.Decoder(name, layout, self._descriptors))

    def own(self, module: str, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function of the caller's for a module, watched."""
        return self.watched(module, name, function, _Plain())

    def imports(self, given: Mapping[str, Extern], types: Mapping[str, ExternType]) -> dict[str, Extern]:
        """What a component imports, with its functions watched."""
        found: dict[str, Extern] = {}
        for name, extern in given.items():
            type = types[name]
            if isinstance(extern, Instance) and isinstance(type, InstanceType):
                found[name] = Instance(_Exports(self, name, type, extern))
            else:
                found[name] = self.extern("", name, type, extern)
        return found

    def extern(self, interface: str, name: str, type: ExternType | None, found: Any) -> Any:
        """The same, watched if it is a function of the host's."""
        if not isinstance(found, HostFunction) or not isinstance(type, FuncType):
            return found
        bound: Callable[..., Any] | None = None

        def function(*arguments: Any) -> Any:
            nonlocal bound
            if bound is None:  # what is never called is never looked for
                bound = found.function
            return bound(*arguments)

        decoder = components.Decoder(interface, type, self._resources)
        return _Watched(found, self.watched(interface, name, function, decoder))

    def watched(self, interface: str, name: str, function: Callable[..., Any], decoder: Decoder) -> Callable[..., Any]:
        """`function`, which may return :class:`~remit.engine.api.Pending`, with the sink told of its calls."""

        def call(*arguments: Any) -> Any:
            it = Call(next(self._numbers), self._instance, interface, name, time.monotonic())
            begun = decoder.begin(it, arguments)
            self._open[it.number] = it
            self._sink.begin(it)
            return go(it, arguments, begun, lambda: function(*arguments))

        def go(it: Call, arguments: Sequence[Any], begun: Any, step: Callable[[], Any]) -> Any:
            try:
                result = step()
            except BaseException as error:
                self._failed(it, error)
                raise
            if not isinstance(result, Pending):
                if it.number in self._open:
                    decoder.end(it, arguments, begun, result)
                    self._end(it)
                return result
            it.waits_since = time.monotonic()

            def resume() -> Any:
                _waited(it)
                return go(it, arguments, begun, result.resume)

            return Pending(result.wait_for, resume)

        call.__qualname__ = getattr(function, "__qualname__", name)
        return call

    def dropping(self, resource: Resource, rep: Any, drop: Callable[[], None]) -> None:
        """A component drops a resource of the host's: a call as any, though it is no function of an interface."""
        it = Call(
            next(self._numbers),
            self._instance,
            getattr(resource, "interface", ""),
            f"[resource-drop]{resource.name}",
            time.monotonic(),
        )
        it.arguments = {"self": Symbol(components.resource_text(resource.name, rep, self._resources))}
        self._open[it.number] = it
        self._sink.begin(it)
        try:
            drop()
        except BaseException as error:
            self._failed(it, error)
            raise
        it.outcome = "ok"
        self._end(it)

    # How calls end.

    def stopped(self, error: BaseException) -> None:
        """What the program waits for is not waited for any more, because of `error`."""
        for it in reversed([*self._open.values()]):
            if it.waits_since is not None:
                self._failed(it, error)

    def close(self) -> None:
        """The program is at its end: calls that are under way never return."""
        while self._open:
            it = self._open[next(reversed(self._open))]
            it.outcome, it.error = "stopped", "the program was closed"
            self._end(it)

    def _failed(self, it: Call, error: BaseException) -> None:
        if it.number in self._open:
            it.outcome, it.error = _ending(error)
            self._end(it)

    def _end(self, it: Call) -> None:
        del self._open[it.number]
        _waited(it)
        it.ended = time.monotonic()
        self._sink.end(it)


def _waited(it: Call) -> None:
    if it.waits_since is not None:
        it.waited += time.monotonic() - it.waits_since
        it.waits_since = None


def _ending(error: BaseException) -> tuple[str, str]:
    """The outcome, and what there is to say of it."""
    if isinstance(error, Exit):
        return "exit", str(error.status)
    if isinstance(error, Trap):
        return "trap", escaped(error.message)
    if isinstance(error, EngineError) or not isinstance(error, Exception) or getattr(error, "ends_guest", False):
        return "stopped", escaped(str(error) or type(error).__name__)
    return "raised", escaped(f"{type(error).__name__}: {error}")


class _Plain:
    """Of functions that the caller gave to a module: numbers are all there is."""

    __slots__ = ()

    def begin(self, call: Call, arguments: Sequence[Any]) -> None:
        call.arguments = {str(number): value for number, value in enumerate(arguments[1:])}

    def end(self, call: Call, arguments: Sequence[Any], _: None, result: Any) -> None:
        call.outcome = "ok"
        if result is None:
            return
        # What is no number of a type of WebAssembly's makes the call fail, after this.
        call.results = {"result": result if isinstance(result, int | float) else escaped(f"{type(result).__name__}")}


class _Exports:
    """The exports of an instance that a component imports, each watched when it is asked for."""

    __slots__ = ("_found", "_interface", "_made", "_tracer", "_type")

    def __init__(self, tracer: Tracer, interface: str, type: InstanceType, found: Instance) -> None:
        self._tracer = tracer
        self._interface = interface
        self._type = type
        self._found = found
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            found = self._found.exports[name]
            self._made[name] = self._tracer.extern(self._interface, name, self._type.exports.get(name), found)
        return self._made[name]


class _Watched(HostFunction):
    """A function of the host's for a component, watched: native code does not know it."""

    __slots__ = ("_inner",)

    def __init__(self, inner: HostFunction, function: Callable[..., Any]) -> None:
        self._inner = inner
        self.function = function

    @property
    def blocks(self) -> bool:
        return self._inner.blocks

    def pair(self, classes: Classes, type: FuncType) -> None:
        self._inner.pair(classes, type)

    def calling(self, function: Callable[..., Any], *, blocks: bool) -> HostFunction:
        return self._inner.calling(function, blocks=blocks)

    def lowered(self, type: FuncType, compiler: Compiler, cx: LiftLowerContext) -> Callable[..., Any]:
        return self.calling(self.function, blocks=False).lowered(type, compiler, cx)


class _Function:
    """A sink that is one function: it is called with each call that has ended."""

    __slots__ = ("end",)

    def __init__(self, function: Callable[[Call], object]) -> None:
        self.end = function

    def begin(self, call: Call) -> None:
        pass


def tracer_of(trace: Any) -> Tracer:
    """For the option ``trace``, which was checked: a sink, a function of calls, or a file for lines."""
    if hasattr(trace, "begin") and hasattr(trace, "end"):
        return Tracer(trace)
    if hasattr(trace, "write"):
        from remit.trace import Lines

        return Tracer(Lines(trace))
    return Tracer(_Function(trace))
