from __future__ import annotations

import pytest

from engine.make import func_type, instantiate
from remit.engine.api import InvalidModule, LinkError
from remit.engine.wasmtime import Config, engine
from wat import wat


def test_all_missing_and_mismatched_imports_are_named_at_once() -> None:
    where = engine()
    module = where.compile(
        wat(
            """(module (import "env" "a" (func (param i32) (result i64))) (import "env" "b" (func))
               (import "env" "c" (func (param f32))) (import "env" "m" (memory 1)) (import "env" "d" (global i32)))"""
        ),
        name="thing.wasm",
    )
    linker = where.linker()
    linker.define("env", "b", func_type("->"), lambda _: None)
    linker.define("env", "c", func_type("f64 ->"), lambda _, value: None)
    linker.define("env", "d", func_type("->"), lambda _: None)
    with pytest.raises(LinkError) as caught:
        linker.prepare(module)
    error = caught.value
    assert [(m, n) for m, n, _ in error.missing] == [("env", "a"), ("env", "m")]
    assert [(m, n) for m, n, _ in error.mismatched] == [("env", "c"), ("env", "d")]
    for part in (
        "thing.wasm",
        "env.a: nobody provides this func (i32) -> (i64)",
        "wanted as (f32) -> ()",
        "a global is",
    ):
        assert part in str(error)


def test_defining_twice_is_refused() -> None:
    linker = engine().linker()
    linker.define("env", "f", func_type("->"), lambda _: None)
    with pytest.raises(ValueError, match=r"env\.f is defined already"):
        linker.define("env", "f", func_type("->"), lambda _: None)


def test_engines_do_not_mix() -> None:
    one, two = engine(), engine(Config(fuel=True))
    module = one.compile(wat("(module)"))
    with pytest.raises(ValueError, match="another engine"):
        two.linker().prepare(module)
    prepared = one.linker().prepare(module)
    with pytest.raises(ValueError, match="another engine"):
        prepared.instantiate(two.store())


def test_one_engine_for_each_configuration() -> None:
    assert engine() is engine(Config())
    assert engine(Config(fuel=True)) is not engine()
    keys = {Config().key, Config(fuel=True).key, Config(deterministic=True).key, Config(max_wasm_stack=1 << 20).key}
    assert len(keys) == 4


def test_instances_share_memories_tables_and_globals_within_a_store() -> None:
    first = instantiate(
        """(module (memory (export "memory") 1) (table (export "t") 1 funcref)
           (global (export "g") (mut i32) (i32.const 1)))"""
    )
    where = first.module.engine
    linker = where.linker()
    for name in ("memory", "t", "g"):
        linker.define_item("a", name, first.export(name), first.store)
    module = where.compile(
        wat(
            """(module (import "a" "memory" (memory 1)) (import "a" "t" (table 1 funcref))
               (import "a" "g" (global $g (mut i32)))
               (func (export "f") (i32.store (i32.const 0) (i32.const 7)) (global.set $g (i32.const 9))))"""
        )
    )
    prepared = linker.prepare(module)
    prepared.instantiate(first.store).export("f")()
    assert first.store.memory.u32(0) == 7
    assert first.export("g").value == 9
    with pytest.raises(ValueError, match="of another store"):
        prepared.instantiate(where.store())
    with pytest.raises(ValueError, match="another store already"):
        linker.define_item("b", "memory", first.export("memory"), where.store())


def test_limits_of_imported_items_are_checked_by_the_library() -> None:
    first = instantiate('(module (memory (export "memory") 1 2))')
    where = first.module.engine
    linker = where.linker()
    linker.define_item("a", "m", first.export("memory"), first.store)
    with pytest.raises(LinkError, match="incompatible"):
        linker.prepare(where.compile(wat('(module (import "a" "m" (memory 5)))')))


@pytest.mark.parametrize(
    "feature",
    [
        "(module (tag $t) (func (try_table (catch_all 0) (throw $t))))",
        "(module (memory i64 1))",
        "(module (memory 1) (memory 1))",
        "(module (func $f (return_call $f)))",
        "(module (func (result v128) (v128.const i32x4 0 0 0 0)))",
        "(module (func (param (ref func))))",
    ],
)
def test_what_guests_are_compiled_to_is_enabled(feature: str) -> None:
    engine().validate(wat(feature))


OBJECTS = "(module (type (struct (field i32))))"


def test_objects_are_enabled_where_they_are_asked_for() -> None:
    engine(Config(gc=True)).validate(wat(OBJECTS))


@pytest.mark.parametrize("feature", ["(component)", "(module (memory 1 (pagesize 1)))", OBJECTS])
def test_what_is_not_supported_is_refused(feature: str) -> None:
    with pytest.raises(InvalidModule):
        engine().compile(wat(feature))
    with pytest.raises(InvalidModule):
        engine().validate(wat(feature))


@pytest.mark.parametrize("memory", ["(memory 1 1 shared)", '(import "env" "memory" (memory 1 1 shared))'])
def test_memories_cannot_be_shared(memory: str) -> None:
    with pytest.raises(InvalidModule, match="shared memory"):
        engine().compile(wat(f"(module {memory})"))


def test_atomics_work_on_a_memory_of_ones_own() -> None:
    engine().validate(wat("(module (memory 1) (func (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))))"))
