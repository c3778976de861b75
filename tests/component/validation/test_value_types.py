"""Value types, function types and resource types."""

from __future__ import annotations

import pytest

from component.validation.judge import invalid, valid
from remit.component import types


def test_types_are_resolved() -> None:
    component = valid(
        """(type $r (record (field "a" u8) (field "b" (list string))))
           (export $r' "r" (type $r))
           (type $f (func (param "x" $r') (result (result (option $r') (error (tuple u32 char))))))
           (export "f" (type $f))"""
    )
    record = types.Record((("a", types.U8), ("b", types.List(types.STRING))))
    bound = component.exports["r"]
    assert isinstance(bound, types.TypeBound)
    assert bound.type == record
    function = component.exports["f"]
    assert isinstance(function, types.TypeBound)
    assert isinstance(function.type, types.FuncType)
    assert function.type.params == (("x", record),)
    assert function.type.params[0][1] is bound.type
    assert function.type.result == types.Result(types.Option(record), types.Tuple((types.U32, types.CHAR)))


@pytest.mark.parametrize(
    ("type", "problem"),
    [
        ('(record (field "" u8))', "cannot be empty"),
        ('(record (field "aB" u8))', "not in kebab case"),
        ('(record (field "a-b" u8) (field "A-B" u8))', "conflicts with previous name"),
        ('(variant (case "x") (case "X" u8))', "conflicts"),
        ('(flags "x" "y" "x")', "conflicts"),
        ('(enum "x" "X")', "conflicts"),
        ('(func (param "x" u8) (param "X" u8))', "conflicts"),
        ("(record)", "at least one"),
        ("(variant)", "at least one"),
        ("(flags)", "at least one"),
        ("(enum)", "at least one"),
        ("(tuple)", "at least one"),
        ("(flags " + " ".join(f'"f{n}"' for n in range(33)) + ")", "more than 32"),
        ("(option 7)", "index out of bounds"),
        ("(list u8 0)", "larger than 0"),
        ("(list u8 268435456)", "maximum byte size"),
        ("(list u64 536870912)", "maximum byte size"),
        ("(list string 16777216)", "maximum byte size"),
        ("(stream char)", "stream<char>"),
        ("(own 0)", "out of bounds"),
        ("(resource (rep f32))", "i32"),
        ("(resource (rep i64))", "memory64"),
    ],
)
def test_refused(type: str, problem: str) -> None:
    invalid(f"(type {type})", problem)


@pytest.mark.parametrize("type", ["(list u8 268435455)", "(list string 16777215)", "(tuple (list u8 268435454) u8)"])
def test_the_largest(type: str) -> None:
    valid(f"(type {type})")


@pytest.mark.parametrize(
    ("use", "problem"),
    [
        ("(type (list $f))", "not a defined type"),
        ("(type (own $v))", "not a resource type"),
        ('(import "x" (func (type $v)))', "is not a function type"),
        ('(import "x" (instance (type $f)))', "is not an instance type"),
        ('(import "x" (component (type $f)))', "is not a component type"),
        ("(type (func (result (borrow $r))))", "cannot contain a `borrow`"),
        ("(type (func (result (option (list (borrow $r))))))", "cannot contain a `borrow`"),
        ("(type (stream (borrow $r)))", "cannot contain a `borrow`"),
        ("(type (future (tuple u8 (borrow $r))))", "cannot contain a `borrow`"),
        ("(core func (canon stream.new $v))", "is not a stream type"),
        ("(core func (canon resource.drop $v))", "not a resource type"),
        ("(type (component (type (resource (rep i32)))))", "concrete component"),
    ],
)
def test_types_of_the_wrong_kind(use: str, problem: str) -> None:
    known = "(type $f (func)) (type $v u8) (type $r (resource (rep i32)))"
    valid(known)
    invalid(f"{known} {use}", problem)


def test_destructors() -> None:
    module = '(core module $m (func (export "d") (param i32)) (func (export "e"))) (core instance $m (instantiate $m))'
    valid(f'{module} (type (resource (rep i32) (dtor (core func $m "d"))))')
    invalid(f'{module} (type (resource (rep i32) (dtor (core func $m "e"))))', "wrong signature")
    invalid(f"{module} (type (resource (rep i32) (dtor (core func 100))))", "out of bounds")
