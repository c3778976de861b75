"""Instances: of core modules and of components; what they are given, and what becomes of resource types."""

from __future__ import annotations

import pytest

from component.validation.judge import invalid, steps_of, valid
from remit.component import types
from remit.component.validated import (
    BundleCoreExports,
    BundleExports,
    DefineModule,
    DefineResource,
    Import,
    InstantiateComponent,
    InstantiateModule,
    Start,
)
from remit.component.validation.component import validate_component
from remit.component.validation.errors import UnsupportedFeature
from wat import wat

EXPORTER = """(core module $e (func (export "f") (param i32)) (memory (export "m") 1 2) (table (export "t") 2 3 funcref)
  (global (export "g") i32 (i32.const 0)) (global (export "v") (mut i32) (i32.const 0)) (tag (export "x") (param i32)))
  (core instance $e (instantiate $e))"""


@pytest.mark.parametrize(
    "wanted",
    [
        '"f" (func (param i32))',
        '"m" (memory 1)',
        '"m" (memory 1 3)',
        '"t" (table 1 4 funcref)',
        '"g" (global i32)',
        '"v" (global (mut i32))',
        '"x" (tag (param i32))',
    ],
)
def test_core_imports_that_match(wanted: str) -> None:
    valid(
        f'{EXPORTER} (core module $i (import "e" {wanted})) (core instance (instantiate $i (with "e" (instance $e))))'
    )


@pytest.mark.parametrize(
    ("wanted", "problem"),
    [
        ('"f" (func)', "expected func"),
        ('"f" (global i32)', "expected global, found func"),
        ('"m" (memory 2)', "mismatch in memory limits"),
        ('"m" (memory 1 1)', "mismatch in memory limits"),
        ('"m" (memory 1 2 shared)', "shared flag"),
        ('"m" (memory i64 1)', "index type"),
        ('"t" (table 1 externref)', "table element type"),
        ('"t" (table 3 funcref)', "mismatch in table limits"),
        ('"g" (global i64)', "expected global type i64, found i32"),
        ('"g" (global (mut i32))', "mutable"),
        ('"x" (tag)', "expected tag"),
        ('"y" (func)', "does not export an item named 'y'"),
    ],
)
def test_core_imports_that_do_not_match(wanted: str, problem: str) -> None:
    text = f'(core module $i (import "e" {wanted})) (core instance (instantiate $i (with "e" (instance $e))))'
    invalid(f"{EXPORTER} {text}", problem)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("(core instance (instantiate 0))", "module index out of bounds"),
        ('(core module $i (import "e" "f" (func))) (core instance (instantiate $i))', "missing module instantiation"),
        ('(core module $i (import "" "f" (func)) (import "" "f" (func)))', "duplicate import name ':f'"),
        (f'{EXPORTER} (core instance (export "a" (func $e "f")) (export "a" (func $e "f")))', "already defined"),
        (
            f'{EXPORTER} (core instance (instantiate $e (with "a" (instance $e)) (with "a" (instance $e))))',
            "duplicate module instantiation argument",
        ),
        ("(instance (instantiate 0))", "component index out of bounds"),
        ('(component $c (import "a" (func))) (instance (instantiate $c))', "missing import named 'a'"),
        ('(component $c) (instance $i (instantiate $c (with "a" (func 0))))', "function index out of bounds"),
        ('(component $c) (instance (instantiate $c (with "a" (component $c)) (with "a" (component $c))))', "conflicts"),
        ('(core type (module (export "a" (func (type 0)))))', "type index out of bounds"),
        ('(core type (module (export "a" (func)) (export "a" (func))))', "already defined"),
        ('(core type (module (import "" "" (memory 70000))))', "memory size must be at most"),
        ('(core type (module (import "" "" (table 3 2 funcref))))', "must not be greater"),
        ('(core type $f (func)) (import "m" (core module (type $f)))', "is not a module type"),
    ],
)
def test_refused(text: str, problem: str) -> None:
    invalid(text, problem)


CHILD = """(component $c
  (import "t" (type $t (sub resource)))
  (type $rec (record (field "x" (own $t))))
  (import "rec" (type $rec' (eq $rec)))
  (import "f" (func $f (param "x" $rec')))
  (import "m" (core module (import "a" "b" (func)) (export "c" (memory 1))))
  (export "t-again" (type $t))
  (export "f-again" (func $f)))"""
GIVEN = """(import "t" (type $t (sub resource))) (import "u" (type $u (sub resource)))
  (type $rec (record (field "x" (own $t)))) (import "rec" (type $rec' (eq $rec)))
  (import "f" (func $f (param "x" $rec')))
  (import "g" (func $g (param "x" (own $t))))
  (import "m" (core module $m (export "c" (memory 2)) (export "d" (func))))
  (import "n" (core module $n (import "x" "y" (func)) (export "c" (memory 2))))"""


def instantiate(t: str = "t", rec: str = "$rec'", f: str = "f", m: str = "m") -> str:
    arguments = f'(with "t" (type ${t})) (with "rec" (type {rec})) (with "f" (func ${f})) (with "m" (core module ${m}))'
    return f"{CHILD} {GIVEN} (instance $i (instantiate $c {arguments}))"


def test_arguments_take_the_place_of_imports_in_the_instance() -> None:
    component = valid(
        f"""{instantiate()} (alias export $i "f-again" (func $again)) (export "again" (func $again))
            (alias export $i "t-again" (type $t2)) (type $o (own $t2))
            (component $same (import "a" (type $a (sub resource))) (import "b" (type (eq $a))))
            (instance (instantiate $same (with "a" (type $t)) (with "b" (type $t2))))"""
    )
    again, given = component.exports["again"], component.imports["f"]
    assert isinstance(again, types.FuncType)
    assert isinstance(given, types.FuncType)
    assert again.params[0][1] is given.params[0][1]
    resource = component.imports["t"]
    assert isinstance(resource, types.TypeBound)
    step = steps_of(component, InstantiateComponent)[0]
    assert isinstance(step, InstantiateComponent)
    assert step.resources == ()
    assert step.arguments["t"].resource is resource.type
    assert step.arguments["rec"].resource is None
    assert (step.arguments["f"].sort, step.arguments["f"].slot) == ("func", 0)
    assert (step.arguments["m"].sort, step.arguments["m"].slot) == ("core module", 0)


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"t": "u"}, "resource types are not the same"),
        ({"t": "rec"}, "expected a resource type"),
        ({"rec": "$t"}, "expected record, found resource"),
        ({"f": "g"}, "parameter 'x': expected record, found own"),
        ({"m": "n"}, "missing expected import 'x::y'"),
    ],
)
def test_arguments_of_wrong_types(changed: dict[str, str], problem: str) -> None:
    invalid(instantiate(**changed), problem)


def test_each_instance_makes_resource_types_of_its_own() -> None:
    child = """(component $c (type $r (resource (rep i32))) (export $r' "r" (type $r))
      (core func $d (canon resource.drop $r)) (func $f (param "x" (own $r')) (canon lift (core func $d)))
      (instance $in (export "r" (type $r'))) (export "in" (instance $in))
      (export "f" (func $f)))
      (instance $one (instantiate $c)) (instance $two (instantiate $c))
      (component $d (import "r" (type $r (sub resource))) (import "f" (func (param "x" (own $r)))))"""
    component = valid(
        f"""{child} (instance (instantiate $d (with "r" (type $one "in" "r")) (with "f" (func $one "f"))))
            (export "one" (instance $one)) (export "r" (type $two "r"))"""
    )
    one, two = [step for step in component.steps if isinstance(step, InstantiateComponent)][:2]
    assert [path for path, _ in one.resources] == [("r",)]
    assert one.resources[0][1] is not two.resources[0][1]
    exported = component.exports["one"]
    assert isinstance(exported, types.InstanceType)
    bound = exported.exports["r"]
    assert isinstance(bound, types.TypeBound)
    assert bound.fresh
    assert bound.type is one.resources[0][1]
    invalid(
        f'{child} (instance (instantiate $d (with "r" (type $one "r")) (with "f" (func $two "f"))))', "not the same"
    )
    local = '(alias export $one "r" (type $r))'
    valid(f"{child} {local} (core func (canon resource.drop $r))")
    invalid(f"{child} {local} (core func (canon resource.rep $r))", "not a local resource")


def test_a_resource_given_and_got_back_is_still_local() -> None:
    component = valid(
        """(type $r (resource (rep i32)))
           (component $c (import "x" (type $x (sub resource))) (export "y" (type $x)))
           (instance $c (instantiate $c (with "x" (type $r))))
           (alias export $c "y" (type $again)) (core func (canon resource.rep $again))"""
    )
    [define] = [step for step in component.steps if isinstance(step, DefineResource)]
    [instantiated] = [step for step in component.steps if isinstance(step, InstantiateComponent)]
    assert instantiated.arguments["x"].resource is define.resource
    assert instantiated.resources == ()


def test_components_are_matched_as_what_they_ask_for_and_offer() -> None:
    wanted = """(component $host (import "c" (component
      (import "r" (type $r (sub resource))) (import "f" (func (result (own $r))))
      (export "s" (type $s (sub resource))) (export "g" (func (param "x" (own $r)) (result (own $s)))))))"""
    given = """(import "c" (component $c
      (import "r" (type $r (sub resource)))
      (export "s" (type $s (sub resource))) (export "g" (func (param "x" (own $r)) (result (own $s))))
      (export "more" (func))))"""
    valid(f'{wanted} {given} (instance (instantiate $host (with "c" (component $c))))')
    swapped = given.replace("(result (own $s))", "(result (own $r))")
    invalid(f'{wanted} {swapped} (instance (instantiate $host (with "c" (component $c))))', "not the same")
    asking = given.replace('(export "s"', '(import "h" (func)) (export "s"')
    invalid(
        f'{wanted} {asking} (instance (instantiate $host (with "c" (component $c))))', "missing expected import 'h'"
    )


def test_steps_name_slots() -> None:
    component = valid(
        """(core module $a (func (export "f"))) (core module $b (import "x" "y" (func)))
           (core instance $a (instantiate $a))
           (core instance $bundle (export "y" (func $a "f")))
           (core instance (instantiate $b (with "x" (instance $bundle))))
           (import "i" (instance $i)) (import "f" (func $f))
           (instance $put (export "f" (func $f)) (export "i" (instance $i)))
           (export "out" (instance $put))"""
    )
    first, second = [step for step in component.steps if isinstance(step, DefineModule)]
    assert (first.slot, second.slot) == (0, 1)
    assert first.info is not None
    assert [export.name for export in first.info.exports] == ["f"]
    [bundle] = [step for step in component.steps if isinstance(step, BundleCoreExports)]
    assert [(item.name, item.sort, item.slot) for item in bundle.exports] == [("y", "core func", 0)]
    made = [(step.slot, step.module, step.arguments) for step in component.steps if isinstance(step, InstantiateModule)]
    assert made == [(0, 0, {}), (2, 1, {"x": 1})]
    [put] = [step for step in component.steps if isinstance(step, BundleExports)]
    assert [(item.name, item.sort, item.slot) for item in put.exports] == [("f", "func", 0), ("i", "instance", 0)]
    assert put.slot == 1
    assert [(item.name, item.sort, item.slot) for item in component.items] == [("out", "instance", 1)]
    assert [step.slot for step in component.steps if isinstance(step, Import)] == [0, 0]
    assert component.slots == {
        "core module": 2,
        "core instance": 3,
        "core func": 1,
        "instance": 2,
        "func": 1,
    }
    assert all(step.offset > 0 for step in component.steps)


def test_start() -> None:
    component = valid('(import "f" (func)) (import "g" (func $g)) (start $g)')
    [step] = steps_of(component, Start)
    assert isinstance(step, Start)
    assert step.function == 1
    invalid('(import "f" (func $f (param "x" u8))) (start $f)', "where its values are not given")
    invalid("(start 0)", "function index out of bounds")
    data = wat('(component (import "f" (func $f)) (start $f (value 0)))')
    with pytest.raises(UnsupportedFeature, match="a start function with values"):
        validate_component(data)
