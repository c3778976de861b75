"""What an instance of a component consists of, counted before it is made."""

from __future__ import annotations

import pytest

from remit.component.census import MAX_INSTANCES, Census, TooManyInstances, take_census
from remit.component.validation.component import validate_component
from wat import wat


def census(text: str) -> Census:
    return take_census(validate_component(wat(f"(component {text})")))


MODULE = '(core module $M (memory (export "m") 2) (table 3 funcref))'


def test_core_instances_and_what_they_begin_with() -> None:
    found = census(
        f"""{MODULE}
        (core module $N (import "a" "m" (memory 1)) (memory 1))
        (core instance $a (instantiate $M))
        (core instance (instantiate $N (with "a" (instance $a))))"""
    )
    assert (found.instances, found.stores) == (3, 1)
    assert found.memories == [2 << 16, 1 << 16], "an imported memory is counted where it is"
    assert found.tables == [3]


def test_components_inside_are_counted_as_often_as_they_are_instantiated() -> None:
    found = census(
        f"""{MODULE}
        (component $C (alias outer 1 $M (core module $X)) (core instance (instantiate $X)))
        (component $D (alias outer 1 $C (component $E)) (instance (instantiate $E)) (instance (instantiate $E))
          (export "e" (component $E)))
        (instance $d (instantiate $D))
        (alias export $d "e" (component $F))
        (component $G (import "c" (component $C)) (instance (instantiate $C)))
        (instance (instantiate $G (with "c" (component $F))))"""
    )
    assert found.stores == 3
    assert found.memories == [2 << 16] * 3


def test_doubling_is_found_before_it_is_done() -> None:
    text = "(component $C0)"
    for number in range(1, 40):
        inner = f"(alias outer 1 $C{number - 1} (component $I)) (instance (instantiate $I)) (instance (instantiate $I))"
        text += f"(component $C{number} {inner})"
    with pytest.raises(TooManyInstances, match=f"more than {MAX_INSTANCES} instances"):
        census(text + "(instance (instantiate $C39))")
    assert census(text).instances == 1, "what is only defined costs nothing"


def test_steps_count_as_often_as_they_are_done() -> None:
    steps = "(core instance)" * 900
    with pytest.raises(TooManyInstances, match="steps"):
        census(f"(component $C {steps})" + "(instance (instantiate $C))" * 900)
