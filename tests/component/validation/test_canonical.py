"""Canonical definitions: core types, options, built-ins."""

from __future__ import annotations

import pytest

from component.validation.judge import invalid, valid
from remit.binary.types import FuncType
from remit.component import types
from remit.component.validated import BuiltIn, Lift, Lower
from remit.component.validation.errors import UnsupportedFeature

CORE = """(core module $m
    (memory (export "mem") 1) (memory (export "mem64") i64 1) (memory (export "shared") 1 1 shared)
    (table (export "table") 1 funcref)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) unreachable)
    (func (export "none")) (func (export "i") (param i32)) (func (export "ii") (param i32 i32))
    (func (export "iii>i") (param i32 i32 i32) (result i32) unreachable)
    (func (export ">i") (result i32) unreachable) (func (export "i>i") (param i32) (result i32) unreachable)
    (func (export "iIf>I") (param i32 i64 f32) (result i64) unreachable))
  (core instance $m (instantiate $m))
  (alias core export $m "mem" (core memory $mem)) (alias core export $m "realloc" (core func $realloc))"""
MEMORY = "(memory $mem)"
REALLOC = f"{MEMORY} (realloc $realloc)"


def lift(core: str, type: str, options: str = "") -> str:
    return f'{CORE} (func {type} (canon lift (core func $m "{core}") {options}))'


def lower(type: str, options: str = "") -> str:
    return f'{CORE} (import "f" (func $f {type})) (core func (canon lower (func $f) {options}))'


MANY = " ".join(f'(param "p{n}" u32)' for n in range(17))
FIVE = " ".join(f'(param "p{n}" u32)' for n in range(5))


@pytest.mark.parametrize(
    ("core", "type", "options"),
    [
        ("none", "", ""),
        ("iIf>I", '(param "a" bool) (param "b" u64) (param "c" f32) (result s64)', ""),
        ("ii", '(param "a" string)', REALLOC),
        ("i", MANY, REALLOC),
        (">i", "(result string)", MEMORY),
        (">i", "(result string)", f'{MEMORY} (post-return (core func $m "i"))'),
        ("i>i", '(param "x" char) (result u8)', ""),
        ("none", "async", "async"),
        (">i", "async", 'async (callback (core func $m "iii>i"))'),
    ],
)
def test_lifts(core: str, type: str, options: str) -> None:
    component = valid(lift(core, type, options))
    [step] = [step for step in component.steps if isinstance(step, Lift)]
    assert step.slot == 0


@pytest.mark.parametrize(
    ("core", "type", "options", "problem"),
    [
        ("i", "", "", "lowered parameter types [] do not match parameter types [i32]"),
        (">i", "", "", "lowered result types [] do not match result types [i32]"),
        ("ii", '(param "a" string)', "", "`memory` is required"),
        ("ii", '(param "a" (list u8))', MEMORY, "`realloc` is required"),
        ("i", MANY, MEMORY, "`realloc` is required"),
        (">i", "(result (tuple u8 u8))", "", "`memory` is required"),
        ("none", "", "(realloc $realloc)", "requires `memory`"),
        ("none", "", f"{MEMORY} {MEMORY}", "more than once"),
        ("none", "", "string-encoding=utf8 string-encoding=utf16", "conflicts with option `utf16`"),
        ("none", "", f'{MEMORY} (realloc (core func $m "i"))', "incorrect signature"),
        (">i", "(result u32)", '(post-return (core func $m "none"))', "incorrect signature"),
        ("none", "", '(memory (core memory $m "shared"))', "cannot be a memory of"),
        ("none", "", "async", "requires an async function type"),
        ("none", "async", '(callback (core func $m "iii>i"))', "requires the `async` option"),
        (">i", "async", 'async (callback (core func $m "i"))', "incorrect signature"),
        ("none", "async", 'async (post-return (core func $m "none"))', "together with `async`"),
    ],
)
def test_lifts_that_are_refused(core: str, type: str, options: str, problem: str) -> None:
    invalid(lift(core, type, options), problem)


def test_a_lift_needs_a_function_type() -> None:
    invalid(f'{CORE} (type $t u8) (func (type $t) (canon lift (core func $m "none")))', "is not a function type")
    invalid(f"{CORE} (func (canon lift (core func 99)))", "core function index out of bounds")


@pytest.mark.parametrize(
    ("type", "options", "params", "results"),
    [
        ("", "", (), ()),
        ('(param "a" string) (result u8)', MEMORY, ("i32", "i32"), ("i32",)),
        ("(result string)", REALLOC, ("i32",), ()),
        ('(param "a" (stream string)) (result (future (list u8)))', "", ("i32",), ("i32",)),
        ("(result (tuple u8 u8))", MEMORY, ("i32",), ()),
        (MANY, MEMORY, ("i32",), ()),
        ('(param "a" (result u64 (error f32)))', "", ("i32", "i64"), ()),
        ('(param "a" (list u8 3)) (param "b" f64)', "", ("i32", "i32", "i32", "f64"), ()),
        ('async (param "a" u8) (result u8)', f"async {MEMORY}", ("i32", "i32"), ("i32",)),
        (f"async {FIVE}", f"async {MEMORY}", ("i32",), ("i32",)),
    ],
)
def test_lowers(type: str, options: str, params: tuple[str, ...], results: tuple[str, ...]) -> None:
    component = valid(lower(type, options))
    [step] = [step for step in component.steps if isinstance(step, Lower)]
    assert step.core_type == FuncType(params, results)
    assert (step.options.memory, step.options.realloc) == (
        0 if "memory" in options else None,
        0 if "realloc" in options else None,
    )
    assert step.type is component.imports["f"]


@pytest.mark.parametrize(
    ("type", "options", "problem"),
    [
        ('(param "a" string)', "", "`memory` is required"),
        ("(result (list u8))", MEMORY, "`realloc` is required"),
        (MANY, "", "`memory` is required"),
        ("", f'{MEMORY} (post-return (core func $m "none"))', "cannot be specified for lowerings"),
        ("", 'async (callback (core func $m "iii>i"))', "cannot be specified for lowerings"),
        ("", "async", "requires an async function type"),
    ],
)
def test_lowers_that_are_refused(type: str, options: str, problem: str) -> None:
    invalid(lower(type, options), problem)


def test_memories_of_64_bits_are_refused_by_name() -> None:
    error = invalid(lower("", '(memory (core memory $m "mem64"))'), "memory64")
    assert isinstance(error, UnsupportedFeature)


def test_options_are_resolved() -> None:
    options = f'string-encoding=latin1+utf16 {REALLOC} (post-return (core func $m "i"))'
    component = valid(
        f'{CORE} (func (param "a" string) (result string) (canon lift (core func $m "ii>i") {options}))'.replace(
            '(func (export "none"))',
            '(func (export "none")) (func (export "ii>i") (param i32 i32) (result i32) unreachable)',
        )
    )
    [step] = [step for step in component.steps if isinstance(step, Lift)]
    assert step.function == 1
    assert step.type.result is types.STRING
    found = step.options
    assert (found.string_encoding, found.memory, found.realloc, found.post_return) == ("latin1+utf16", 0, 0, 2)
    assert (found.is_async, found.callback) == (False, None)


def test_resources_of_this_component_only() -> None:
    component = valid(
        """(type $r (resource (rep i32))) (core func (canon resource.new $r)) (core func (canon resource.rep $r))
           (core func (canon resource.drop $r)) (import "s" (type $s (sub resource)))
           (core func (canon resource.drop $s))"""
    )
    built = [step for step in component.steps if isinstance(step, BuiltIn)]
    assert [(step.name, step.core_type.params, step.core_type.results) for step in built] == [
        ("resource.new", ("i32",), ("i32",)),
        ("resource.rep", ("i32",), ("i32",)),
        ("resource.drop", ("i32",), ()),
        ("resource.drop", ("i32",), ()),
    ]
    assert built[0].resource is built[2].resource
    assert built[3].resource is not built[0].resource
    invalid('(import "s" (type $s (sub resource))) (core func (canon resource.new $s))', "not a local resource")


@pytest.mark.parametrize(
    ("built_in", "params", "results"),
    [
        ("task.return", (), ()),
        ("task.return (result (tuple u8 u64))", ("i32", "i64"), ()),
        (f"task.return (result string) {MEMORY}", ("i32", "i32"), ()),
        ("context.get i32 1", (), ("i32",)),
        ("stream.new $s", (), ("i64",)),
        (f"stream.read $s async {MEMORY}", ("i32", "i32", "i32"), ("i32",)),
        (f"future.write $f async {MEMORY}", ("i32", "i32"), ("i32",)),
        (f"waitable-set.wait {MEMORY}", ("i32", "i32"), ("i32",)),
        ('thread.new-indirect $start (core table $m "table")', ("i32", "i32"), ("i32",)),
    ],
)
def test_built_ins(built_in: str, params: tuple[str, ...], results: tuple[str, ...]) -> None:
    known = f"{CORE} (core type $start (func (param i32))) (type $s (stream u8)) (type $f (future string))"
    component = valid(f"{known} (core func (canon {built_in}))")
    [step] = [step for step in component.steps if isinstance(step, BuiltIn)]
    assert step.core_type == FuncType(params, results)
    assert step.name == built_in.split()[0]


@pytest.mark.parametrize(
    ("built_in", "problem"),
    [
        ("task.return (result string)", "`memory` is required"),
        (f"task.return {REALLOC}", "cannot be specified"),
        ("context.get i32 2", "there are 2 slots"),
        ("context.set i64 0", "memory64"),
        ("stream.new $f", "is not a stream type"),
        ("future.new $s", "is not a future type"),
        ("stream.read $s async", "`memory` is required"),
        (f"future.read $f async {MEMORY}", "`realloc` is required"),
        ('waitable-set.poll (memory (core memory $m "mem64"))', "memory64"),
        ("error-context.new", "`memory` is required"),
    ],
)
def test_built_ins_that_are_refused(built_in: str, problem: str) -> None:
    invalid(f"{CORE} (type $s (stream u8)) (type $f (future string)) (core func (canon {built_in}))", problem)
