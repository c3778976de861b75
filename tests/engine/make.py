"""Instances of small modules for the engine's tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.binary.types import FuncType
from remit.engine.wasmtime import Config, Store, StoreLimits, engine
from wat import wat

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.engine.wasmtime.prepared import Instance, Prepared

HostFunction = tuple[str, "Callable[..., Any]"]


def func_type(text: str) -> FuncType:
    """``"i32 i64 -> f32"``, ``"->"``."""
    params, results = text.split("->")
    return FuncType(tuple(params.split()), tuple(results.split()))


def prepare(
    text: str,
    config: Config | None = None,
    *,
    suspending: dict[str, HostFunction] | None = None,
    **functions: HostFunction,
) -> Prepared:
    """The module, with imports from "env": each is ``name=("i32 -> i32", function)``."""
    where = engine(config)
    linker = where.linker()
    for name, (type, function) in functions.items():
        linker.define("env", name, func_type(type), function)
    for name, (type, function) in (suspending or {}).items():
        linker.define_suspending("env", name, func_type(type), function)
    return linker.prepare(where.compile(wat(text), name="guest"))


def instantiate(
    text: str,
    config: Config | None = None,
    *,
    limits: StoreLimits | None = None,
    data: Any = None,
    **functions: HostFunction,
) -> Instance:
    prepared = prepare(text, config, suspending=None, **functions)
    return prepared.instantiate(Store(prepared.module.engine, data, limits))
