"""Linking: every import of a module finds the function that answers it.

WASI's functions come from the interface that carries the import's module name; everything else from the
functions that the caller gave. A function that has to wait raises
:class:`~remit.kernel.errors.WouldBlock`: on a thread the reactor waits here, on a fiber the guest is suspended.
"""

from __future__ import annotations

import sys

from remit.binary.types import FuncType
from remit.engine.api import LinkError, Pending
from remit.engine.wasmtime.native import function_addresses
from remit.kernel.errors import WouldBlock
from remit.native.library import import_of, native_functions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from remit.binary.module import Import
    from remit.engine.api import Store
    from remit.engine.wasmtime.linker import Linker
    from remit.engine.wasmtime.module import Module
    from remit.interfaces.wasi_0_1.functions import HostFunction
    from remit.runtime.options import Imports

INTERFACES = {
    "wasi_snapshot_preview1": "remit.interfaces.preview1",
    "wasi_unstable": "remit.interfaces.preview0",
}
"""Import module name -> the Python module that answers it, loaded when a program asks."""


def link(module: Module, functions: Imports | None, *, fibers: bool) -> Linker:
    """A linker with an answer to every import of `module` that there is one for.

    `functions` come first: a caller may replace a function of WASI. LinkError for one that no import asks for.
    """
    given = functions or {}
    linker = module.engine.linker()
    interfaces: dict[str, dict[str, HostFunction]] = {}
    native = {"wasi_snapshot_preview1": native_functions(function_addresses)}
    asked: set[tuple[str, str]] = set()
    for wanted in module.info.imports:
        name = (wanted.module, wanted.name)
        if wanted.kind != "func" or name in asked:
            continue
        asked.add(name)
        own = given.get(wanted.module, {}).get(wanted.name)
        if own is not None:
            _define_own(linker, wanted, own, fibers=fibers)
        elif wanted.module in INTERFACES:
            if wanted.module not in interfaces:
                interfaces[wanted.module] = _interface(wanted.module)
            if wanted.name in interfaces[wanted.module]:
                answer = interfaces[wanted.module][wanted.name]
                if wanted.name in native.get(wanted.module, ()) and not (fibers and answer[2]):
                    _define_native(linker, wanted, answer, native[wanted.module][wanted.name])
                else:
                    _define_interface(linker, wanted, answer, fibers=fibers)
    unused = [f"{m}.{n}" for m, names in given.items() for n in names if (m, n) not in asked]
    if unused:
        raise LinkError(f"functions were given that the program does not import: {', '.join(sorted(unused))}")
    return linker


def _interface(name: str) -> dict[str, HostFunction]:
    home = INTERFACES[name]
    __import__(home)
    table: dict[str, HostFunction] = sys.modules[home].table()
    return table


def _define_interface(linker: Linker, wanted: Import, answer: HostFunction, *, fibers: bool) -> None:
    type, function, may_block = answer
    if not may_block:
        linker.define(wanted.module, wanted.name, type, function, unsigned=True)
    elif fibers:
        linker.define_suspending(wanted.module, wanted.name, type, suspending(function), unsigned=True)
    else:
        linker.define(wanted.module, wanted.name, type, blocking(function), unsigned=True)


def _define_native(linker: Linker, wanted: Import, answer: HostFunction, native: int) -> None:
    """The native function, and behind it the Python one for whatever is not plain."""
    type, function, may_block = answer
    python = linker.callback(
        wanted.module, wanted.name, type, blocking(function) if may_block else function, unsigned=True
    )
    environment, keep = import_of(python)
    linker.define_native(wanted.module, wanted.name, type, native, environment, keep)


def _define_own(linker: Linker, wanted: Import, function: Callable[..., Any], *, fibers: bool) -> None:
    """The caller's own function: called with the guest's arguments, signed, and an Instance first if it wants one."""
    type = wanted.type
    assert isinstance(type, FuncType)
    if not callable(function):
        raise TypeError(f"the import {wanted.module}.{wanted.name} is {function!r}, which cannot be called")
    if getattr(function, "__remit_wants_instance__", False):

        def call(caller: Store, *arguments: Any) -> Any:
            return function(caller.data.owner, *arguments)
    else:

        def call(caller: Store, *arguments: Any) -> Any:
            return function(*arguments)

    if fibers:
        linker.define_suspending(wanted.module, wanted.name, type, awaiting(call))
    else:
        linker.define(wanted.module, wanted.name, type, call)


def with_instance(function: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a function given as an import: it gets the :class:`remit.Instance` that calls it, then the arguments."""
    function.__remit_wants_instance__ = True  # type: ignore[attr-defined] # a mark on a function is an attribute
    return function


def blocking(function: Callable[..., int]) -> Callable[..., int]:
    """`function`, waiting on the thread whenever it would block."""

    def call(caller: Store, *arguments: int) -> int:
        try:
            return function(caller, *arguments)
        except WouldBlock as block:
            blocked = block
        reactor = caller.data.reactor
        while True:
            reactor.wait(blocked.pollable)
            try:
                step: Any = blocked.resume
                result: int = function(caller, *arguments) if step is None else step()
                return result
            except WouldBlock as block:
                blocked = block

    return call


def suspending(function: Callable[..., int]) -> Callable[..., int | Pending]:
    """`function`, suspending the guest's fiber whenever it would block."""

    def call(caller: Store, *arguments: int) -> int | Pending:
        try:
            return function(caller, *arguments)
        except WouldBlock as block:
            return _pending(block, lambda: function(caller, *arguments))

    return call


def _pending(block: WouldBlock, again: Callable[[], int]) -> Pending:
    step: Callable[[], Any] = block.resume or again

    def resume() -> int | Pending:
        try:
            result: int = step()
            return result
        except WouldBlock as next_block:
            return _pending(next_block, again)

    return Pending(block.pollable, resume)


def awaiting(function: Callable[..., Any]) -> Callable[..., Any]:
    """A caller's function. If what it returns is awaitable, it is awaited while the guest is suspended."""

    def call(caller: Store, *arguments: Any) -> Any:
        result = function(caller, *arguments)
        if not hasattr(result, "__await__"):
            return result
        from remit.runtime.awaited import Awaited

        awaited = Awaited(result)
        return Pending(awaited, awaited.result)

    return call
