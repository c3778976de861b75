"""Instances of components, through the real engine."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from remit.component.abi.layout import UnsupportedType
from remit.component.embedding import Embedding
from remit.component.handles import Resource
from remit.component.instances import HostFunction, Instance
from remit.component.instantiate import Loaded
from remit.component.validation.component import validate_component
from remit.engine.api import Trap
from remit.engine.wasmtime.config import Config
from remit.engine.wasmtime.engine import engine
from wat import wat

MEMORY = """(core module $M (memory (export "memory") 1) (global $top (mut i32) (i32.const 1024))
  (func (export "realloc") (param i32 i32 i32 i32) (result i32) (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $top) (i32.const 7)) (i32.const -8)))
    (global.set $top (i32.add (local.get $at) (local.get 3)))
    (local.get $at)))
  (core instance $m (instantiate $M))"""


def load(data: bytes) -> Loaded:
    where: Any = engine(Config())
    return Loaded(validate_component(data), lambda start, end: where.compile(data[start:end]))


def make(text: str, **arguments: Any) -> Instance:
    data = wat(f"(component {text})")
    where: Any = engine(Config())
    loaded = load(data)
    given = {name.replace("_", "-"): HostFunction(each) if callable(each) else each for name, each in arguments.items()}
    return loaded.instantiate(given, Embedding(where.store))


def call(instance: Instance, name: str, *arguments: Any) -> Any:
    function: Any = instance.exports[name]
    return function(*arguments)


def test_an_export_of_python_values() -> None:
    instance = make(
        """(core module $A (func (export "add") (param i32 i64) (result i64)
             (i64.add (i64.extend_i32_u (local.get 0)) (local.get 1))))
           (core instance $a (instantiate $A))
           (func (export "add") (param "x" u32) (param "y" s64) (result s64) (canon lift (core func $a "add")))"""
    )
    assert call(instance, "add", 2**32 - 1, -1) == 2**32 - 2
    with pytest.raises(OverflowError, match='argument "x"'):
        call(instance, "add", -1, 0)
    assert call(instance, "add", 1, 1) == 2


def test_an_import_gets_and_gives_strings() -> None:
    said: list[str] = []

    def answer(text: str) -> str:
        said.append(text)
        return text[::-1]

    instance = make(
        MEMORY
        + """(import "answer" (func $answer (param "text" string) (result string)))
        (core func $low
          (canon lower (func $answer) (memory (core memory $m "memory")) (realloc (core func $m "realloc"))))
        (core module $A (import "m" "memory" (memory 1)) (import "h" "answer" (func $answer (param i32 i32 i32)))
          (func (export "ask") (param i32 i32) (result i32)
            (call $answer (local.get 0) (local.get 1) (i32.const 16)) (i32.const 16)))
        (core instance $a (instantiate $A (with "m" (instance $m)) (with "h" (instance (export "answer" (func $low))))))
        (func (export "ask") (param "text" string) (result string)
          (canon lift (core func $a "ask") (memory (core memory $m "memory")) (realloc (core func $m "realloc"))))""",
        answer=answer,
    )
    assert call(instance, "ask", "naïve") == "evïan"
    assert said == ["naïve"]


def test_components_hand_resources_to_each_other_and_drop_them() -> None:
    dropped: list[int] = []
    instance = make(
        """
        (import "dropped" (func $dropped (param "rep" u32)))
        (component $Maker
          (import "dropped" (func $dropped (param "rep" u32)))
          (core func $low (canon lower (func $dropped)))
          (core module $D (import "" "d" (func $d (param i32)))
            (func (export "dtor") (param i32) (call $d (local.get 0))))
          (core instance $d (instantiate $D (with "" (instance (export "d" (func $low))))))
          (type $r (resource (rep i32) (dtor (core func $d "dtor"))))
          (core func $new (canon resource.new $r))
          (core func $rep (canon resource.rep $r))
          (export $r2 "r" (type $r))
          (func (export "make") (param "rep" u32) (result (own $r2)) (canon lift (core func $new)))
          (core module $I (func (export "id") (param i32) (result i32) (local.get 0)))
          (core instance $i (instantiate $I))
          (alias core export $i "id" (core func $id))
          (func (export "look") (param "it" (borrow $r2)) (result u32) (canon lift (core func $id))))
        """
        + """
        (instance $maker (instantiate $Maker (with "dropped" (func $dropped))))
        (component $User
          (import "m" (instance $m
            (export "r" (type $r (sub resource)))
            (export "make" (func (param "rep" u32) (result (own $r))))
            (export "look" (func (param "it" (borrow $r)) (result u32)))))
          (alias export $m "r" (type $r))
          (core func $make (canon lower (func $m "make")))
          (core func $look (canon lower (func $m "look")))
          (core func $drop (canon resource.drop $r))
          (core module $U
            (import "" "make" (func $make (param i32) (result i32)))
            (import "" "look" (func $look (param i32) (result i32)))
            (import "" "drop" (func $drop (param i32)))
            (func (export "run") (param i32) (result i32) (local $h i32)
              (local.set $h (call $make (local.get 0)))
              (local.set 0 (call $look (local.get $h)))
              (call $drop (local.get $h))
              (local.get 0))
            (func (export "twice") (local $h i32)
              (local.set $h (call $make (i32.const 1)))
              (call $drop (local.get $h))
              (call $drop (local.get $h))))
          (core instance $u (instantiate $U (with "" (instance
            (export "make" (func $make)) (export "look" (func $look)) (export "drop" (func $drop))))))
          (func (export "run") (param "rep" u32) (result u32) (canon lift (core func $u "run")))
          (func (export "twice") (canon lift (core func $u "twice"))))
        (instance $user (instantiate $User (with "m" (instance $maker))))
        (func (export "run") (alias export $user "run"))
        (func (export "twice") (alias export $user "twice"))""",
        dropped=dropped.append,
    )
    assert call(instance, "run", 77) == 77
    assert dropped == [77]
    with pytest.raises(Trap, match="unknown handle index"):
        call(instance, "twice")
    with pytest.raises(Trap, match="cannot enter component instance"):
        call(instance, "run", 1)


def test_what_a_host_function_raises_comes_out_and_the_instance_is_dead() -> None:
    def fail() -> None:
        raise KeyError("of the host")

    instance = make(
        """(import "fail" (func $fail)) (core func $low (canon lower (func $fail)))
           (func (export "fail") (canon lift (core func $low)))""",
        fail=fail,
    )
    with pytest.raises(KeyError, match="of the host"):
        call(instance, "fail")
    with pytest.raises(Trap, match="cannot enter"):
        call(instance, "fail")


def test_a_resource_of_the_host_is_an_object() -> None:
    gone: list[object] = []
    things = Resource(None, gone.append, name="thing")
    thing = object()
    instance = make(
        """(import "thing" (type $t (sub resource)))
           (import "make" (func $make (result (own $t))))
           (core func $low (canon lower (func $make)))
           (core func $drop (canon resource.drop $t))
           (core module $A (import "" "make" (func $make (result i32))) (import "" "drop" (func $drop (param i32)))
             (func (export "run") (call $drop (call $make))))
           (core instance $a (instantiate $A (with "" (instance
             (export "make" (func $low)) (export "drop" (func $drop))))))
           (func (export "run") (canon lift (core func $a "run")))""",
        thing=things,
        make=lambda: thing,
    )
    call(instance, "run")
    assert gone == [thing]


def test_what_is_not_supported_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedType, match="async"):
        make(
            """(core module $A (func (export "f") (result i32) (i32.const 0)) (func (export "cb") (param i32 i32 i32)
               (result i32) (i32.const 0)))
               (core instance $a (instantiate $A))
               (func (export "f") async (canon lift (core func $a "f") async (callback (core func $a "cb"))))"""
        )


def test_a_dropped_instance_gives_back_its_stores() -> None:
    where: Any = engine(Config())
    made: list[Any] = []

    def new_store() -> Any:
        made.append(where.store())
        return made[-1]

    data = wat("(component (core module $A (memory 1)) (core instance (instantiate $A)))")
    loaded = load(data)
    loaded.instantiate({}, Embedding(new_store))
    assert len(made) == 1
    made.pop().close()
    gc.collect()


def test_a_component_of_components_only_needs_no_store() -> None:
    data = wat("(component (component $C) (instance (instantiate $C)))")
    loaded = load(data)

    def new_store() -> Any:
        raise AssertionError("no store is needed")

    exports: Any = loaded.instantiate({}, Embedding(new_store)).exports
    assert exports == {}
