"""Components from files and bytes: what is kept in the cache, what is refused, what is counted beforehand."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

import remit
from remit.engine.cache import Cache
from remit.engine.wasmtime.config import Config
from remit.engine.wasmtime.engine import Engine
from remit.runtime.program import load_with
from runtime.components import examples
from wat import wat


class Counting(Engine):
    """An engine that counts what it compiles."""

    __slots__ = ("compiled",)

    def __init__(self) -> None:
        super().__init__(Config())
        self.compiled = 0

    def compile(self, wasm: bytes, *, name: str = "") -> Any:
        self.compiled += 1
        return super().compile(wasm, name=name)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(str(tmp_path / "cache"))


def old_file(path: Path, data: bytes) -> str:
    """A file that was not changed just now, so that it is indexed."""
    path.write_bytes(data)
    then = time.time() - 60
    os.utime(path, (then, then))
    return str(path)


def load(engine: Engine, cache: Cache | None, program: str | bytes, **options: Any) -> remit.Component:
    component: remit.Component = load_with(engine, cache, program, **options)
    return component


def works(component: remit.Component) -> bool:
    with component.instantiate() as instance:
        exports = instance.exports
        with exports.Counter(3) as counter:
            return bool(counter.add(4) == 7)


@pytest.mark.parametrize("by_path", [True, False])
def test_a_second_start_compiles_and_validates_nothing(
    cache: Cache, tmp_path: Path, by_path: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = old_file(tmp_path / "counters.wasm", examples.COUNTERS) if by_path else examples.COUNTERS
    first, second = Counting(), Counting()
    assert works(load(first, cache, program))
    assert first.compiled == 2

    def refuse(*_: object) -> None:
        raise AssertionError("validated again")

    monkeypatch.setattr("remit.component.validation.component.validate_component", refuse)
    assert works(load(second, cache, program))
    assert second.compiled == 0


def test_the_code_of_calls_is_kept(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    assert works(load(Counting(), cache, examples.COUNTERS))

    def refuse(*_: object) -> None:
        raise AssertionError("compiled again")

    monkeypatch.setattr("remit.component.abi.source.compile", refuse, raising=False)
    assert works(load(Counting(), cache, examples.COUNTERS))


def test_what_is_damaged_is_made_again(cache: Cache) -> None:
    assert works(load(Counting(), cache, examples.COUNTERS))
    kept = [each for each in Path(cache.directory).iterdir() if each.suffix in (".facts", ".cwasm")]
    assert {each.suffix for each in kept} == {".facts", ".cwasm"}
    for each in kept:
        each.write_bytes(each.read_bytes()[:-3] + b"xyz")
    engine = Counting()
    assert works(load(engine, cache, examples.COUNTERS))
    assert engine.compiled == 2


def test_imports_are_checked_at_each_start_where_they_are_the_callers(cache: Cache) -> None:
    imports = {"docs:oracle/answers": {"get": lambda question: question}}
    load(Counting(), cache, examples.ASKS, imports=imports)
    with pytest.raises(remit.LinkError, match="nobody provides"):
        load(Counting(), cache, examples.ASKS)
    with pytest.raises(remit.LinkError, match="too many positional arguments"):
        load(Counting(), cache, examples.ASKS, imports={"docs:oracle/answers": {"get": lambda: ""}})
    with pytest.raises(remit.LinkError, match="nobody provides"):
        load(Counting(), cache, examples.ASKS)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (wat("(component)") + b"\xff", "offset"),
        (examples.SHAPES[:-5], "offset"),
        (wat('(component (core module (func (export "f") (result i32))))'), None),
    ],
)
def test_what_is_no_component(data: bytes, message: str | None, cache: Cache) -> None:
    for each in (cache, None):
        if message is None:
            with pytest.raises(remit.InvalidModule, match="a core module of the component, at offset 0x"):
                load(Counting(), each, data)
        else:
            with pytest.raises(remit.InvalidModule, match=message):
                load(Counting(), each, data)


def test_more_instances_than_a_program_may_have() -> None:
    text = "(component $C0)"
    for number in range(1, 20):
        inner = f"(alias outer 1 $C{number - 1} (component $I)) (instance (instantiate $I)) (instance (instantiate $I))"
        text += f"(component $C{number} {inner})"
    with pytest.raises(remit.InvalidModule, match="more than 1000 instances"):
        load(Counting(), None, wat(f"(component {text} (instance (instantiate $C19)))"))


KNOWN_NAMES = [
    ('(import "wasi:io/poll@0.2.0" (instance (export "poll" (func (result u8)))))', "export 'poll'"),
    ('(import "wasi:io/poll@0.2.0" (instance (export "pol" (func))))', "missing expected export 'pol'"),
    ('(import "wasi:io/poll@0.2.0" (func))', "provide it by"),
    ('(import "wasi:random/random@0.2.0" (instance (export "get-random-u64" (func (result s64)))))', "expected s64"),
    ('(import "wasi:cli/exit@0.1.0" (instance (export "exit" (func))))', "Remit has version 0.2.12"),
    (
        '(import "wasi:nn/graph@0.2.0" (instance (export "load" (func))))',
        "an interface of WASI that Remit does not have",
    ),
    (
        '(import "wasi:io/streams@0.2.3" (instance (export "input-stream" (type (sub resource)))'
        ' (export "error" (func))))',
        "export 'error'",
    ),
]


@pytest.mark.parametrize(("imported", "message"), KNOWN_NAMES)
def test_known_names_of_other_types_are_not_linked(imported: str, message: str) -> None:
    with pytest.raises(remit.LinkError, match=message):
        load(Counting(), None, wat(f"(component {imported})"))


def test_all_that_is_missing_is_said_at_once() -> None:
    text = (
        '(import "a:b/c@1.0.0" (instance (export "f" (func)))) (import "g" (func)) (import "wasi:io/poll@0.2.0" (func))'
    )
    with pytest.raises(remit.LinkError) as caught:
        load(Counting(), None, wat(f"(component {text})"))
    assert [name for name, _, _ in caught.value.missing] == ["a:b/c@1.0.0", "g", "wasi:io/poll@0.2.0"]
    assert "imports={'a:b/c': {'f': …}}" in str(caught.value)


def test_an_interface_of_types_alone_needs_nobody() -> None:
    load(Counting(), None, wat('(component (import "a:b/c" (instance (type $u u8) (export "t" (type (eq $u))))))'))


def test_a_function_of_wasi_can_be_replaced() -> None:
    data = wat(
        """(component
        (import "wasi:random/random@0.2.0" (instance $r (export "get-random-u64" (func (result u64)))))
        (core func $get (canon lower (func $r "get-random-u64")))
        (core module $M (import "r" "get" (func $get (result i64))) (func (export "get") (result i64) (call $get)))
        (core instance $m (instantiate $M (with "r" (instance (export "get" (func $get))))))
        (func (export "get") (result u64) (canon lift (core func $m "get"))))"""
    )
    found = []
    for _ in range(2):
        with load(Counting(), None, data).instantiate(random=1) as instance:
            found.append(instance.exports.get())
    assert found[0] == found[1]
    replaced = load(Counting(), None, data, imports={"wasi:random/random": {"get-random-u64": lambda: 4}})
    with replaced.instantiate() as instance:
        assert instance.exports.get() == 4
