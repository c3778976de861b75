"""Imports and exports: names, attributes, ascribed types, and which types may be seen."""

from __future__ import annotations

import pytest

from component.validation.judge import invalid, steps_of, valid
from remit.component import types
from remit.component.validated import BindResource, Import

LIFTABLE = """(core module $m (func (export "f") (result i32) unreachable)) (core instance $m (instantiate $m))
  (alias core export $m "f" (core func $f))"""


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('(import "A_b" (func))', "not a valid extern name"),
        ('(import "a" (func)) (import "A" (func))', "conflicts with previous name"),
        ('(import "a" (func $f)) (export "b" (func $f)) (export "B" (func $f))', "conflicts"),
        ('(import "a" (func $f)) (instance (export "b" (func $f)) (export "b" (func $f)))', "conflicts"),
        ('(type (component (import "a" (func)) (import "a" (func))))', "conflicts"),
        ('(type (instance (export "a" (func)) (export "a" (func))))', "conflicts"),
        ('(import "a" (implements "a:b/c") (func))', "only instances"),
        ('(import "a:b/d" (implements "a:b/c") (instance))', "not valid with `implements`"),
        ('(import "a" (implements "abc") (instance))', "must be an interface"),
        ('(import "a" (implements "") (instance))', "not a valid name"),
        ('(export "a" (func 3))', "function index out of bounds"),
    ],
)
def test_names_that_are_refused(text: str, problem: str) -> None:
    invalid(text, problem)


def test_imports_and_exports_have_separate_names() -> None:
    component = valid('(import "a" (external-id "x") (func $f)) (export "a" (func $f)) (export "b" (func $f))')
    [step] = steps_of(component, Import)
    assert isinstance(step, Import)
    assert (step.name, step.sort, step.slot, step.attributes) == ("a", "func", 0, (("external-id", "x"),))
    assert [(item.name, item.sort, item.slot) for item in component.items] == [("a", "func", 0), ("b", "func", 0)]


@pytest.mark.parametrize(
    ("name", "type"),
    [
        ("[constructor]a", "(func (result (own $a)))"),
        ("[constructor]a", "(func (result (result (own $a) (error u8))))"),
        ("[method]a.b", '(func (param "self" (borrow $a)))'),
        ("[static]a.b", "(func)"),
    ],
)
def test_annotated_names(name: str, type: str) -> None:
    valid(f'(import "a" (type $a (sub resource))) (import "{name}" {type})')
    valid(f'(type (instance (export "a" (type $a (sub resource))) (export "{name}" {type})))')
    invalid(f'(import "x" (type $a (sub resource))) (import "{name}" {type})', "resource name")


@pytest.mark.parametrize(
    ("name", "type", "problem"),
    [
        ("[constructor]a", "(func)", "should return one value"),
        ("[constructor]a", "(func (result u8))", "should return `(own $T)`"),
        ("[constructor]a", "(instance)", "is not a func"),
        ("[method]a.b", "(func)", "at least one argument"),
        ("[method]a.b", '(func (param "me" (borrow $a)))', "called `self`"),
        ("[method]a.b", '(func (param "self" (own $a)))', "(borrow $T)"),
        ("[method]a.a", '(func (param "self" (borrow $a)))', "conflicts"),
        ("[static]b.a", "(func)", "not known"),
    ],
)
def test_annotated_names_that_are_refused(name: str, type: str, problem: str) -> None:
    invalid(f'(import "a" (type $a (sub resource))) (import "{name}" {type})', problem)


@pytest.mark.parametrize(
    ("define", "use"),
    [
        ('(type $t (record (field "x" u32)))', "$t"),
        ('(type $t (enum "x"))', "$t"),
        ('(type $t (flags "x"))', "$t"),
        ('(type $t (variant (case "x")))', "$t"),
        ("(type $t (resource (rep i32)))", "(own $t)"),
        ("(type $t (resource (rep i32)))", "(tuple (own $t))"),
    ],
)
def test_types_need_a_name_to_be_seen(define: str, use: str) -> None:
    lift = "(canon lift (core func $f))"
    invalid(f'{LIFTABLE} {define} (func $g (result {use}) {lift}) (export "g" (func $g))', "not valid to be used as")
    named = use.replace("$t", "$t'")
    valid(f'{LIFTABLE} {define} (export $t\' "t" (type $t)) (func $g (result {named}) {lift}) (export "g" (func $g))')
    late = f'(export $t\' "t" (type $t)) (func $g (result {use}) {lift}) (export "g" (func $g))'
    invalid(f"{LIFTABLE} {define} {late}", "not valid to be used as export")
    ascribed = (
        f'(func $g (result {use}) {lift}) (export $t\' "t" (type $t)) (export "g" (func $g) (func (result {named})))'
    )
    valid(f"{LIFTABLE} {define} {ascribed}")
    invalid(f'{define} (export $t\' "t" (type $t)) (import "g" (func (result {named})))', "used as import")


def test_a_name_in_an_exported_instance_is_one() -> None:
    bundle = '(type $t (record (field "x" u32))) (instance $i (export "t" (type $t)))'
    use = '(alias export $i "t" (type $u)) (type $f (func (result $u))) (export "f" (type $f))'
    invalid(f"{bundle} {use}", "not valid to be used as export")
    valid(f'{bundle} (export $j "i" (instance $i)) {use.replace("$i", "$j")}')


def test_instance_types_are_judged_where_they_are_used() -> None:
    type = '(type $i (instance (type $t (record (field "x" u32))) (export "f" (func (result $t)))))'
    valid(type)
    invalid(f'{type} (import "i" (instance (type $i)))', "instance not valid to be used as import")


def test_ascribed_types_must_be_supertypes() -> None:
    instance = '(import "i" (instance $i (export "f" (func)) (export "g" (func))))'
    component = valid(f'{instance} (export "j" (instance $i) (instance (export "f" (func))))')
    exported = component.exports["j"]
    assert isinstance(exported, types.InstanceType)
    assert list(exported.exports) == ["f"]
    invalid(f'{instance} (export "j" (instance $i) (instance (export "h" (func))))', "missing expected export 'h'")
    invalid(f'{instance} (export "j" (instance $i) (component))', "ascribed type of export is not compatible")


def test_an_ascribed_resource_is_a_type_of_its_own_that_stands_for_the_same() -> None:
    component = valid(
        '(type $r (resource (rep i32))) (export "a" (type $r)) (export "b" (type $r) (type (sub resource)))'
    )
    first, second = component.exports.values()
    assert isinstance(first, types.TypeBound)
    assert isinstance(second, types.TypeBound)
    assert first.fresh
    assert second.fresh
    assert first.type is not second.type
    [bind] = steps_of(component, BindResource)
    assert isinstance(bind, BindResource)
    assert (bind.resource, bind.source) == (second.type, first.type)
    assert [item.resource for item in component.items] == [first.type, second.type]


def test_a_second_name_of_a_resource_says_so() -> None:
    component = valid('(type $r (resource (rep i32))) (export "a" (type $r)) (export "b" (type $r))')
    first, second = component.exports.values()
    assert isinstance(first, types.TypeBound)
    assert isinstance(second, types.TypeBound)
    assert (first.fresh, second.fresh) == (True, False)
    assert first.type is second.type


def test_resources_of_imports_are_found_by_paths() -> None:
    component = valid(
        """(type $i (instance (export "r" (type (sub resource)))))
           (import "a" (instance $a (export "in" (instance (type $i)))))
           (import "b" (instance $b (type $i)))
           (import "c" (type (sub resource)))"""
    )
    found = [(step.name, step.resources) for step in component.steps if isinstance(step, Import)]
    paths = [(name, [path for path, _ in resources]) for name, resources in found]
    assert paths == [("a", [("in", "r")]), ("b", [("r",)]), ("c", [()])]
    assert len({resource for _, resources in found for _, resource in resources}) == 3


@pytest.mark.parametrize(
    "imported",
    [
        "(type (eq $local))",
        '(instance (export "x" (type (eq $local))))',
        '(component (export "x" (type (eq $local))))',
    ],
)
def test_imports_cannot_ask_for_a_resource_that_is_made_here(imported: str) -> None:
    """Nobody could give it: it does not exist before the instance does."""
    valid(f'(import "r" (type $local (sub resource))) (import "i" {imported})')
    invalid(f'(type $local (resource (rep i32))) (import "i" {imported})', "uses a resource type that is not imported")
    invalid(
        f'(type (component (export "r" (type $local (sub resource))) (import "i" {imported})))',
        "uses a resource type that is not imported",
    )
