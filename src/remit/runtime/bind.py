"""Linking: every import of a module finds the function that answers it.

WASI's functions come from the interface that carries the import's module name; everything else from the
functions that the caller gave. A function that has to wait returns
:class:`~remit.engine.api.Pending`: on a thread the reactor waits here, on a fiber the guest is suspended.
"""

from __future__ import annotations

import sys

from remit.binary.types import FuncType
from remit.engine.api import LinkError, Pending

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType
    from typing import Any, TypeVar

    from remit.binary.module import Import, ModuleInfo
    from remit.engine.api import Store
    from remit.engine.wasmtime.linker import Linker
    from remit.engine.wasmtime.module import Module
    from remit.interfaces.wasi_0_1.functions import HostFunction
    from remit.runtime.options import Imports
    from remit.runtime.tracing import Tracer

    Function = TypeVar("Function", bound=Callable[..., Any])

INTERFACES = {
    "wasi_snapshot_preview1": "remit.interfaces.preview1",
    "wasi_unstable": "remit.interfaces.preview0",
}
"""Import module name -> the Python module that answers it, loaded when a program asks."""

NATIVE_INTERFACE = "wasi_snapshot_preview1"
"""The one whose functions may be native."""


def own_functions(info: ModuleInfo, imports: Imports, program: str) -> dict[str, dict[str, Callable[..., Any]]]:
    """The functions in `imports`, by module and name; of an object those that the program called `program` asks for.

    :raises TypeError: one is not callable, or `imports` has another shape.
    :raises LinkError: the program does not import one, or imports it with another number of parameters; the message
        says what it does import.
    """
    from remit.runtime.own_functions import arity_problem

    asked = {(wanted.module, wanted.name): wanted.type for wanted in info.imports if wanted.kind == "func"}
    found: dict[str, dict[str, Callable[..., Any]]] = {}
    unused = []
    for module, given in _mapping(imports, "imports").items():
        functions = found[module] = dict(_functions(module, given, asked, program))
        for name, function in functions.items():
            if not callable(function):
                raise TypeError(f"imports[{module!r}][{name!r}] is not a function but {function!r}")
            type = asked.get((module, name))
            if type is None:
                unused.append(f"{module}.{name}")
                continue
            assert isinstance(type, FuncType)
            problem = arity_problem(function, len(type.params))
            if problem:
                raise LinkError(f"imports[{module!r}][{name!r}]: {problem}; {program} imports it as {type}")
    if unused:
        from remit.binary.wording import listed

        others = sorted(f"{module}.{name}" for module, name in asked if module not in INTERFACES)
        raise LinkError(
            f"imports has functions that {program} does not ask for: {listed(sorted(unused))}; "
            f"besides WASI's, it asks for {listed(others, 'none')}"
        )
    return found


def _functions(
    module: str, given: Any, asked: Mapping[tuple[str, str], object], program: str
) -> Mapping[str, Callable[..., Any]]:
    """Those of a mapping; or those of an object's attributes that the program asks for."""
    if hasattr(given, "items"):
        return _mapping(given, f"imports[{module!r}]")
    wanted = [name for asked_module, name in asked if asked_module == module]
    found = {name: getattr(given, name) for name in wanted if callable(getattr(given, name, None))}
    if found:
        return found
    if callable(given) or not hasattr(given, "__dict__"):
        _mapping(given, f"imports[{module!r}]")
    from remit.binary.wording import listed

    raise LinkError(
        f"imports[{module!r}], {given!r}, has none of the functions that {program} imports of it: "
        f"{listed(sorted(wanted), 'none')}"
    )


def _mapping(value: Any, what: str) -> Mapping[Any, Any]:
    if not hasattr(value, "items"):
        raise TypeError(
            f"{what} is a {type(value).__name__}: module names map to functions by name, "
            "as in {'env': {'log': print}}"
        )
    mapping: Mapping[Any, Any] = value
    return mapping


def link(
    module: Module, imports: Imports | None, *, asynchronous: bool, native: bool, trace: Tracer | None = None
) -> Linker:
    """A linker with an answer to every import of `module` that there is one for.

    `imports` come first: a caller may replace a function of WASI. `asynchronous`: for calls that can be suspended.
    `native`: with the functions of the native fast path. `trace`: calls are watched, so it is for one program only.
    """
    given: Mapping[str, Any] = imports or {}
    linker = module.engine.linker()
    asked: set[tuple[str, str]] = set()
    for wanted in module.info.imports:
        name = (wanted.module, wanted.name)
        if wanted.kind != "func" or name in asked:
            continue
        asked.add(name)
        own = given.get(wanted.module, {}).get(wanted.name)
        if own is not None:
            _define_own(linker, wanted, own, asynchronous=asynchronous, trace=trace)
        elif wanted.module in INTERFACES:
            interface = _interface(wanted.module)
            if wanted.name in interface.NAMES:
                answer = interface.function(wanted.name)
                if trace is not None:
                    type, function, may_block = answer
                    watched = trace.wasi_0_1(wanted.module, wanted.name, interface.LAYOUT, function)
                    answer = type, watched, may_block
                _define_interface(linker, wanted, answer, asynchronous=asynchronous, native=native, trace=trace)
    return linker


def explain_missing(error: LinkError) -> None:
    """Say beside `error` what a caller of the Python API can do about it."""
    remedy: dict[str, list[str]] = {}
    others = []
    for module, name, what in error.missing:
        if not what.startswith("func "):
            others.append(f"{module}.{name}")
        else:
            remedy.setdefault(module, []).append(name)
    if remedy:
        shown = ", ".join(
            f"{module!r}: {{{', '.join(f'{name!r}: …' for name in names)}}}" for module, names in remedy.items()
        )
        error.add_note(f"Provide functions of your own: imports={{{shown}}}")
    if others:
        from remit.binary.wording import listed

        error.add_note(f"Remit can give a program functions only, so it cannot run this one: {listed(others)}")


def _interface(name: str) -> ModuleType:
    home = INTERFACES[name]
    __import__(home)
    return sys.modules[home]


def _define_interface(
    linker: Linker, wanted: Import, answer: HostFunction, *, asynchronous: bool, native: bool, trace: Tracer | None
) -> None:
    type, function, may_block = answer
    if asynchronous and may_block:
        from remit.runtime.suspension import define_suspending

        define_suspending(linker, wanted.module, wanted.name, type, function, unsigned=True)
        return
    on_thread = blocking(function, trace) if may_block else function
    if not (native and wanted.module == NATIVE_INTERFACE and _define_native(linker, wanted, type, on_thread)):
        linker.define(wanted.module, wanted.name, type, on_thread, unsigned=True)


def _define_native(linker: Linker, wanted: Import, type: FuncType, function: Callable[..., Any]) -> bool:
    """The native function, and behind it the Python one for whatever is not plain. False if there is no native one."""
    from remit.engine.wasmtime.native import function_addresses
    from remit.native.library import import_of, native_functions

    native = native_functions(function_addresses).get(wanted.name)
    if native is None:
        return False
    python = linker.callback(wanted.module, wanted.name, type, function, unsigned=True)
    environment, keep = import_of(python)
    linker.define_native(wanted.module, wanted.name, type, native, environment, keep)
    return True


def _define_own(
    linker: Linker, wanted: Import, function: Callable[..., Any], *, asynchronous: bool, trace: Tracer | None
) -> None:
    """The caller's own function: called with the guest's arguments, signed, and an Instance first if it wants one."""
    type = wanted.type
    assert isinstance(type, FuncType)
    from remit.streams.factory import is_async

    if not asynchronous and is_async(function):
        raise TypeError(
            f"imports[{wanted.module!r}][{wanted.name!r}] is an async function: "
            "use run_async or instantiate_async, which can wait for it"
        )
    if getattr(function, "__remit_wants_instance__", False):

        def call(caller: Store, *arguments: Any) -> Any:
            return function(caller.data.owner, *arguments)
    else:

        def call(caller: Store, *arguments: Any) -> Any:
            return function(*arguments)

    # What the engine calls it when it returns something else than it should.
    call.__qualname__ = f"imports[{wanted.module!r}][{wanted.name!r}]"
    if asynchronous:
        from remit.runtime.suspension import awaiting, define_suspending

        waiting = awaiting(call)
        if trace is not None:
            waiting = trace.own(wanted.module, wanted.name, waiting)
        define_suspending(linker, wanted.module, wanted.name, type, waiting)
    else:
        linker.define(
            wanted.module, wanted.name, type, call if trace is None else trace.own(wanted.module, wanted.name, call)
        )


def with_instance(function: Function) -> Function:
    """Mark a function given as an import: it gets the instance that calls it, then the guest's arguments.

    That is an :class:`remit.Instance` or :class:`remit.AsyncInstance`; in :func:`remit.run` and
    :func:`remit.run_async`, a :class:`remit.Guest`, which has the memory and the exports but is called by nobody.
    TypeError if it is no function.
    """
    if not callable(function):
        raise TypeError(f"with_instance marks a function, not {function!r}")
    try:
        function.__remit_wants_instance__ = True  # type: ignore[attr-defined] # a mark on a function is an attribute
    except AttributeError:
        # A method of an object, or a built-in function: they have no attributes of their own.
        from functools import partial

        return with_instance(partial(function))  # type: ignore[return-value] # called as the function is
    return function


def blocking(function: Callable[..., int | Pending], trace: Tracer | None = None) -> Callable[..., int]:
    """`function`, waiting on the thread whenever it would block. `trace` is told if it is stopped then."""

    def call(caller: Store, *arguments: int) -> int:
        result = function(caller, *arguments)
        while isinstance(result, Pending):
            try:
                caller.data.reactor.wait(result.wait_for)
            except BaseException as error:
                caller.stopped()  # by its time limit, an interruption, or a signal handler
                if trace is not None:
                    trace.stopped(error)
                raise
            result = result.resume()
        return result

    return call
