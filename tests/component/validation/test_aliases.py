"""Aliases."""

from __future__ import annotations

import pytest

from component.validation.judge import invalid, steps_of, valid
from remit.component.validated import AliasCoreExport, AliasExport, Capture, DefineComponent


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('(instance $i) (alias export $i "a" (func))', "has no export named 'a'"),
        ('(import "i" (instance $i (export "a" (func)))) (alias export $i "a" (component))', "is not a component"),
        ('(alias export 0 "a" (func))', "instance index out of bounds"),
        ('(core module $m) (core instance $i (instantiate $m)) (alias core export $i "a" (core func))', "no export"),
        (
            '(core module $m (func (export "a"))) (core instance $i (instantiate $m))'
            ' (alias core export $i "a" (core memory))',
            "is not a core memory",
        ),
        ("(alias outer 1 0 (type))", "invalid outer alias count"),
        ("(alias outer 0 0 (type))", "type index out of bounds"),
        ("(alias outer 0 0 (core type))", "core type index out of bounds"),
        ("(alias outer 0 0 (core module))", "module index out of bounds"),
        ("(component (alias outer 1 0 (component)))", "component index out of bounds"),
        ("(type $r (resource (rep i32))) (component (alias outer 1 0 (type)))", "refers to resources"),
        (
            "(type $r (resource (rep i32))) (type (list (own $r)))"
            " (component (type (component (alias outer 2 1 (type)))))",
            "refers to resources",
        ),
        (
            '(type $r (resource (rep i32))) (type (component (export "a" (type (eq $r)))))'
            " (component (alias outer 1 1 (type)))",
            "refers to resources",
        ),
        (
            '(import "r" (type $r (sub resource))) (import "c" (component (export "a" (type (eq $r)))))'
            " (component (alias outer 1 0 (component)))",
            "refers to resources",
        ),
        ("(component $c) (type (component (alias outer 1 0 (component))))", "types or instances"),
        ('(type (component (import "i" (instance $i (export "f" (func)))) (alias export $i "f" (func))))', "types or"),
        ("(core type $m (module)) (core type (module (alias outer 1 0 (type))))", "module type cannot stand"),
    ],
)
def test_refused(text: str, problem: str) -> None:
    invalid(text, problem)


def test_outer_aliases_of_types() -> None:
    valid(
        """(type $t (record (field "x" u8)))
           (type $open (component (import "r" (type (sub resource)))))
           (component (alias outer 1 $t (type $u)) (type (tuple $u)) (alias outer 1 $open (type)))
           (type $r (resource (rep i32)))
           (type (component (alias outer 1 $r (type))))"""
    )


def test_exports_fill_slots_and_types_do_not() -> None:
    component = valid(
        """(import "i" (instance $i (export "t" (type (sub resource))) (export "f" (func)) (export "j" (instance))))
           (alias export $i "t" (type)) (alias export $i "j" (instance)) (alias export $i "f" (func))
           (core module $m (memory (export "m") 1) (global (export "g") i32 (i32.const 0)))
           (core instance $k (instantiate $m))
           (alias core export $k "g" (core global)) (alias core export $k "m" (core memory))"""
    )
    assert [
        (step.sort, step.slot, step.instance, step.name) for step in component.steps if isinstance(step, AliasExport)
    ] == [
        ("instance", 1, 0, "j"),
        ("func", 0, 0, "f"),
    ]
    core = steps_of(component, AliasCoreExport)
    assert [(step.sort, step.slot, step.name) for step in core if isinstance(step, AliasCoreExport)] == [
        ("core global", 0, "g"),
        ("core memory", 0, "m"),
    ]
    assert component.slots["instance"] == 2


def test_modules_and_components_from_outside_are_captured_level_by_level() -> None:
    component = valid(
        """(core module $unused) (core module $m)
           (component $c)
           (component $outer
             (core module $own)
             (component $inner
               (alias outer 2 $m (core module)) (alias outer 2 $c (component)) (alias outer 2 $m (core module))
               (alias outer 1 $own (core module)))
             (alias outer 1 $m (core module)))"""
    )
    outer = [step for step in component.steps if isinstance(step, DefineComponent)][1]
    assert outer.captures == (("core module", 1), ("component", 0))
    [inner] = [step for step in outer.component.steps if isinstance(step, DefineComponent)]
    taken = [(step.sort, step.slot, step.number) for step in outer.component.steps if isinstance(step, Capture)]
    assert taken == [("core module", 1, 0), ("component", 0, 1)]
    assert inner.captures == (("core module", 1), ("component", 0), ("core module", 0))
    taken = [(step.sort, step.slot, step.number) for step in inner.component.steps if isinstance(step, Capture)]
    assert taken == [("core module", 0, 0), ("component", 0, 1), ("core module", 1, 2)]
    kinds = [type(step) for step in outer.component.steps]
    assert kinds.index(Capture) < kinds.index(DefineComponent)
