"""What can stand for what, with types made by hand; more is in ``validation/test_instances.py``."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.binary.types import FuncType as CoreFuncType
from remit.binary.types import GlobalType, MemoryType, TableType, TagType
from remit.component.core_subtyping import core_mismatch
from remit.component.effort import Effort
from remit.component.substitution import OtherNames, Resolution, ResourceAlias, Substitution
from remit.component.subtyping import Matcher, Mismatch
from remit.component.types import (
    BOOL,
    CHAR,
    STRING,
    U8,
    U32,
    Borrow,
    ComponentType,
    Enum,
    ExternType,
    Flags,
    FuncType,
    Future,
    InstanceType,
    List,
    ModuleType,
    Option,
    Own,
    Record,
    ResourceType,
    Result,
    Stream,
    Tuple,
    TypeBound,
    ValType,
    Variant,
)


def matches(actual: ExternType, expected: ExternType) -> bool:
    try:
        Matcher().match(actual, expected)
    except Mismatch:
        return False
    return True


def instance(**exports: ExternType) -> InstanceType:
    return InstanceType(exports)


labels = st.sampled_from(["a", "b", "c"])
resources = [ResourceType("r"), ResourceType("s")]


def compounds(inner: st.SearchStrategy[ValType]) -> st.SearchStrategy[ValType]:
    optional = st.none() | inner
    labelled = st.lists(st.tuples(labels, inner), min_size=1, max_size=3).map(tuple)
    cases = st.lists(st.tuples(labels, optional), min_size=1, max_size=3).map(tuple)
    return st.one_of(
        labelled.map(Record),
        cases.map(Variant),
        st.lists(inner, min_size=1, max_size=3).map(lambda types: Tuple(tuple(types))),
        st.builds(List, inner, st.none() | st.integers(1, 3)),
        inner.map(Option),
        st.builds(Result, optional, optional),
        optional.map(Stream),
        optional.map(Future),
    )


values = st.recursive(
    st.sampled_from([U8, U32, BOOL, CHAR, STRING])
    | st.lists(labels, min_size=1, max_size=3).map(lambda found: Enum(tuple(found)))
    | st.lists(labels, min_size=1, max_size=3).map(lambda found: Flags(tuple(found)))
    | st.sampled_from(resources).map(Own)
    | st.sampled_from(resources).map(Borrow),
    compounds,
    max_leaves=6,
)


@given(values, values)
def test_value_types_match_if_they_are_equal(one: ValType, other: ValType) -> None:
    assert matches(TypeBound(one), TypeBound(one))
    assert matches(TypeBound(one), TypeBound(other)) == (one == other)


@given(values)
def test_substitution_puts_one_resource_in_the_place_of_another(type: ValType) -> None:
    r, s = resources
    swapped = Substitution(Effort(), OtherNames(), resources={r: s}).value(type)
    assert matches(TypeBound(swapped), TypeBound(Substitution(Effort(), OtherNames(), resources={r: s}).value(swapped)))
    untouched = Substitution(Effort(), OtherNames(), resources={ResourceType("t"): s}).value(type)
    assert untouched is type
    # Names of a type are resolved to the type: what was not renamed is what it was.
    renamed = Substitution(Effort(), OtherNames(), resources={r: r}).value(type)
    assert Resolution(Effort(), OtherNames()).value(renamed) == type


def test_aliases_of_one_resource_are_one_type() -> None:
    root = ResourceType("r")
    one, other = ResourceAlias("a", root), ResourceAlias("b", root)
    assert matches(TypeBound(Own(one)), TypeBound(Own(other)))
    assert not matches(TypeBound(Own(one)), TypeBound(Borrow(other)))
    assert not matches(TypeBound(Own(one)), TypeBound(Own(ResourceAlias("a", ResourceType("r")))))


def test_instances_may_offer_more_in_any_order() -> None:
    f, g = FuncType(()), FuncType((("x", U8),))
    assert matches(instance(f=f, g=g), instance(g=FuncType((("x", U8),)), f=f))
    assert not matches(instance(f=f), instance(f=f, g=g))
    assert not matches(instance(f=f), instance(f=g))


@pytest.mark.parametrize(
    "other",
    [
        FuncType((("y", U8),), U32),
        FuncType((("x", U32),), U32),
        FuncType((("x", U8),)),
        FuncType((("x", U8),), STRING),
        FuncType((("x", U8), ("y", U8)), U32),
        FuncType((("x", U8),), U32, is_async=True),
    ],
)
def test_functions_match_exactly(other: FuncType) -> None:
    function = FuncType((("x", U8),), U32)
    assert matches(function, FuncType((("x", U8),), U32))
    assert not matches(other, function)
    assert not matches(function, other)


def test_what_was_bound_holds_for_what_comes_later() -> None:
    wanted, given_one, given_other = ResourceType("w"), ResourceType("g"), ResourceType("h")
    matcher = Matcher()
    matcher.match(TypeBound(given_one), TypeBound(wanted, fresh=True))
    assert matcher.root(wanted) is given_one
    matcher.match(FuncType((("x", Own(given_one)),)), FuncType((("x", Own(wanted)),)))
    with pytest.raises(Mismatch, match="expected 'w', found 'h'"):
        matcher.match(FuncType((("x", Own(given_other)),)), FuncType((("x", Own(wanted)),)))
    with pytest.raises(Mismatch, match="expected a resource type, found u8"):
        matcher.match(TypeBound(U8), TypeBound(wanted, fresh=True))


def test_components_may_ask_for_less_and_offer_more() -> None:
    f = FuncType(())
    small, large = ComponentType({}, {"x": f, "y": f}), ComponentType({"a": f}, {"x": f})
    assert matches(small, large)
    assert not matches(large, small)


def test_component_types_are_bound_anew_each_time() -> None:
    """One wanted type, given two components whose imports differ in their resource types."""

    def component() -> ComponentType:
        r, s = ResourceType("r"), ResourceType("s")
        function = FuncType((("x", Own(r)),), Own(s))
        return ComponentType(
            {"r": TypeBound(r, fresh=True)}, {"s": TypeBound(s, fresh=True), "f": function, "again": TypeBound(r)}
        )

    wanted, matcher = component(), Matcher()
    matcher.match(component(), wanted)
    matcher.match(component(), wanted)
    matcher.match(wanted, wanted)
    assert matcher.resources == {}
    assert matcher.types == {}


def test_modules() -> None:
    function, memory = CoreFuncType(("i32",), ()), MemoryType(1, 2)
    module = ModuleType({("a", "b"): function}, {"m": memory})
    assert matches(module, ModuleType({("a", "b"): function, ("a", "c"): memory}, {"m": MemoryType(1)}))
    assert matches(module, ModuleType({("a", "b"): function}, {}))
    assert not matches(module, ModuleType({}, {"m": memory}))
    assert not matches(module, ModuleType({("a", "b"): function}, {"m": memory, "n": memory}))
    assert not matches(module, instance())


@pytest.mark.parametrize(
    ("actual", "expected", "fits"),
    [
        (CoreFuncType(("i32",), ()), CoreFuncType(("i32",), ()), True),
        (CoreFuncType(("i32",), ()), CoreFuncType(("i64",), ()), False),
        (CoreFuncType(("(ref null 3)",), ()), CoreFuncType(("(ref null 12)",), ()), True),
        (CoreFuncType(("(ref null 3)",), ()), CoreFuncType(("(ref 3)",), ()), False),
        (MemoryType(2, 4), MemoryType(1, 4), True),
        (MemoryType(2), MemoryType(1, 4), False),
        (MemoryType(2, 4, is_64=True), MemoryType(2, 4), False),
        (MemoryType(2, 4, page_size=1), MemoryType(2, 4), False),
        (TableType("funcref", 1), TableType("funcref", 0), True),
        (TableType("funcref", 1, is_64=True), TableType("funcref", 0), False),
        (GlobalType("i32", False), GlobalType("i32", True), False),
        (TagType(("i32",)), TagType(("i32",)), True),
        (TagType(("i32",)), TagType(()), False),
        (TagType(()), CoreFuncType((), ()), False),
    ],
)
def test_core_types(actual: CoreFuncType, expected: CoreFuncType, fits: bool) -> None:
    assert (core_mismatch(actual, expected) == "") == fits
