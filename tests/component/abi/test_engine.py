"""Lift and lower through the real engine: its memories, its signed integers, its functions."""

from __future__ import annotations

from typing import Any

import pytest

from remit.binary.types import FuncType as CoreFuncType
from remit.component.abi.compiler import Compiler
from remit.component.abi.context import LiftLowerContext
from remit.component.instance_state import ComponentInstance
from remit.component.types import STRING, U8, U32, U64, FuncType, List, Option, Record
from remit.engine.wasmtime import Config, engine
from wat import wat

# An allocator that only goes forward, and `call`, which passes on what it is given.
MODULE = """
(module
  (import "host" "it" (func $it (param i32 i32 i32 i64 i32 i64 i32)))
  (memory (export "memory") 1 1000)
  (global $next (mut i32) (i32.const 4096))
  (func (export "realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and
      (i32.add (global.get $next) (i32.sub (local.get 2) (i32.const 1)))
      (i32.sub (i32.const 0) (local.get 2))))
    (global.set $next (i32.add (local.get $at) (local.get 3)))
    (loop $again (if (i32.gt_u (global.get $next) (i32.mul (memory.size) (i32.const 65536)))
      (then (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable)) (br $again))))
    (local.get $at))
  (func (export "call") (param i32 i32 i32 i64 i32 i64) (result i32)
    (call $it (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4) (local.get 5) (i32.const 64))
    (i32.const 64)))
"""
ENTRY = Record((("name", STRING), ("size", U64)))
TYPE = FuncType((("text", STRING), ("n", U32), ("big", U64), ("maybe", Option(U64))), List(ENTRY))


@pytest.fixture
def world() -> Any:
    compiler = Compiler()
    core_params, core_results = compiler.layouts.flatten_functype(TYPE, "lower")
    wasm = engine(Config())
    linker = wasm.linker()
    seen: list[Any] = []
    entry = compiler.classes.of(ENTRY)

    def it(*values: Any) -> list[Any]:
        seen.append(values)
        return [entry(f"{values[0]} {index}", index) for index in range(5000)]

    store = wasm.store()
    cx = LiftLowerContext(ComponentInstance())
    linker.define("host", "it", CoreFuncType(core_params, core_results), compiler.entries(TYPE).lower(cx, it))
    instance = linker.prepare(wasm.compile(wat(MODULE))).instantiate(store)
    cx.memory, cx.realloc = instance.export("memory"), instance.export("realloc")
    yield compiler.entries(TYPE).lift(cx, instance.export("call")), seen, cx, entry
    store.close()


def test_there_and_back(world: Any) -> None:
    call, seen, cx, entry = world
    for text in ("grüße", "x" * 1000):
        for n, big, maybe in ((0, 0, None), (0xFFFFFFFF, (1 << 64) - 1, (1 << 63))):
            result = call(text, n, big, maybe)
            assert seen[-1] == (text, n, big, maybe)
            assert result == [entry(f"{text} {index}", index) for index in range(5000)]
    assert cx.memory.size > 1 << 20, "the memory grew while values were stored"


def test_bytes(world: Any) -> None:
    cx = world[2]
    compiler = Compiler()
    code = compiler.python(FuncType((("data", List(U8)),)))
    data = bytes(range(256)) * 4096
    assert code.lift_params(cx, None, *code.lower_params(cx, None, (data,))) == (data,)
