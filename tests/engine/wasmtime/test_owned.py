"""A signal handler that raises while something of the library's is made: nothing is printed, and nothing breaks."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from interrupting import interrupted_at
from remit.binary.types import FuncType
from remit.engine.wasmtime import engine
from remit.engine.wasmtime.fibers import fibers_supported
from wat import wat

LINES = 600
# Not calls and stores: while they enter a guest, signal handlers cannot raise.
PLACES = [f"engine/wasmtime/{name}.py" for name in ("context", "fibers", "linker", "module", "owned", "prepared")]
WASM = wat('(module (import "env" "f" (func)) (memory (export "memory") 1) (func (export "g")))')


def make() -> Any:
    where = engine()
    module = where.compile(WASM)
    linker = where.linker()
    linker.define("env", "f", FuncType((), ()), lambda _: None)
    return linker.prepare(module).instantiate(where.store())


def start() -> None:
    call = make().export("g").start()
    while not call.poll():
        continue
    call.result()


@pytest.mark.parametrize(
    "action",
    [make, pytest.param(start, marks=pytest.mark.skipif(not fibers_supported(), reason="this Python has no fibers"))],
)
def test_nothing_is_printed_of_what_was_not_made(monkeypatch: pytest.MonkeyPatch, action: Callable[[], object]) -> None:
    unraisable: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda what: unraisable.append(what.exc_value))
    reached = 0
    for line in range(1, LINES):
        if not interrupted_at(line, action, *PLACES):
            break
        reached = line
        assert unraisable == []
    assert 20 < reached < LINES - 1
    action()
