"""Lift and lower agree with the specification's definitions: values, memory, calls of ``realloc``, handles, traps."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from component.abi.convert import from_python, same, to_python
from component.abi.guest import Guest, Heap
from component.abi.oracle import DidTrap, Oracle, needs_checkout
from component.abi.strategies import ENCODINGS, RESOURCE, random_type, random_typed_values, random_value, randoms
from remit.component.abi.compiler import Compiler
from remit.component.abi.layout import Layouts
from remit.component.abi.limits import MAX_FLAT_PARAMS, MAX_FLAT_RESULTS
from remit.component.handles import BorrowScope, LendScope, Resource
from remit.component.types import FuncType, ValType
from remit.engine.api import Trap

pytestmark = needs_checkout

_BITS = {"i32": 32, "i64": 64}
_SIZE = 1 << 14
_SMALL = 1 << 11
_OUT = 64
"""Where results are stored: before what is allocated."""


_CHECKS = 2500
"""Of each of four kinds: 10,000 together."""


class Pair:
    """An instance of Remit and one of the specification, with equal heaps."""

    def __init__(self, encoding: str, size: int = _SIZE, **wrong: Any) -> None:
        self.resource = Resource(None, name="thing")
        self.guest = Guest(Heap(size, first=min(size, 1 << 16) // 4, **wrong), encoding, {RESOURCE: self.resource})
        self.heap = Heap(size, first=min(size, 1 << 16) // 4, **wrong)
        self.oracle = Oracle(self.heap.data, self.heap.realloc, encoding)

    def assert_equal(self) -> None:
        assert self.guest.heap.calls == self.heap.calls
        assert self.guest.heap.data == self.heap.data
        ours = [
            None if each is None else (each.rep, each.own, each.num_lends)
            for each in self.guest.instance.handles._array
        ]
        theirs = [
            None if each is None else (each.rep, each.own, each.num_lends)
            for each in self.oracle.instance.handles.array
        ]
        assert ours == theirs
        assert self.guest.instance.handles._free == self.oracle.instance.handles.free


def unsigned(kinds: list[str], flat: tuple[Any, ...]) -> list[Any]:
    return [
        value & ((1 << _BITS[kind]) - 1) if kind in _BITS else value for kind, value in zip(kinds, flat, strict=True)
    ]


def signed(kinds: list[str], flat: list[Any]) -> list[Any]:
    """As an engine gives them."""
    return [
        value - (1 << _BITS[kind]) if kind in _BITS and value >> (_BITS[kind] - 1) else value
        for kind, value in zip(kinds, flat, strict=True)
    ]


def core_kinds(pair: Pair, most: int, chosen: tuple[ValType, ...]) -> list[str]:
    kinds = pair.oracle.flat_types(chosen)
    return ["i32"] if len(kinds) > most else kinds


def function(chosen: tuple[ValType, ...], result: ValType | None = None) -> FuncType:
    return FuncType(tuple((f"p{index}", type) for index, type in enumerate(chosen)), result)


def outcome(call: Callable[[], Any]) -> Any:
    """What `call` returns, or that it traps."""
    try:
        return call()
    except (Trap, DidTrap):
        return "trap"


def random_fault(random: Random) -> dict[str, int]:
    """An allocator that gives a wrong address, sometimes."""
    if random.random() < 0.7:
        return {}
    return {"wrong_at": random.randint(1, 4), "wrong_by": random.choice((1, 2, 4, _SIZE, 1 << 31))}


def check_params(random: Random) -> None:
    encoding, fault = random.choice(ENCODINGS), random_fault(random)
    chosen, given_values = random_typed_values(random)
    compiler = Compiler()
    code = compiler.python(function(chosen))
    pair = Pair(encoding, **fault)
    arguments = tuple(
        to_python(compiler.classes, type, value) for type, value in zip(chosen, given_values, strict=True)
    )
    ours = outcome(lambda: code.lower_params(pair.guest.cx, BorrowScope(), arguments))
    theirs = outcome(lambda: pair.oracle.lower(MAX_FLAT_PARAMS, chosen, given_values))
    if "trap" in (ours, theirs):
        assert ours == theirs
        return
    kinds = core_kinds(pair, MAX_FLAT_PARAMS, chosen)
    assert same(unsigned(kinds, ours), theirs)
    pair.assert_equal()

    lifted = code.lift_params(pair.guest.cx, LendScope(), *ours)
    expected = pair.oracle.lift(MAX_FLAT_PARAMS, chosen, theirs)
    for type, one, other in zip(chosen, lifted, expected, strict=True):
        assert same(from_python(type, one), pair.oracle.neutral(type, other))
    pair.assert_equal()


def check_result(random: Random) -> None:
    encoding = random.choice(ENCODINGS)
    type = random_type(random)
    value = random_value(random, type)
    address = random.choice((_OUT, _OUT, _OUT, _OUT + 1, _SIZE - 4, (1 << 32) - 8))
    compiler = Compiler()
    code = compiler.python(function((), type))
    pair = Pair(encoding)
    kinds = core_kinds(pair, MAX_FLAT_RESULTS, (type,))
    assert code.result_is_spilled == (len(pair.oracle.flat_types((type,))) > MAX_FLAT_RESULTS)
    result = to_python(compiler.classes, type, value)
    ours = outcome(lambda: code.lower_result(pair.guest.cx, None, result, address))
    theirs = outcome(lambda: pair.oracle.lower(MAX_FLAT_RESULTS, (type,), (value,), address))
    if "trap" in (ours, theirs):
        assert ours == theirs
        return
    flat = list(ours)
    assert same(unsigned(kinds, ours) if flat else flat, theirs)
    pair.assert_equal()

    core = address if code.result_is_spilled else flat[0]
    lifted = code.lift_result(pair.guest.cx, None, core)
    [expected] = pair.oracle.lift(MAX_FLAT_RESULTS, (type,), [address] if code.result_is_spilled else theirs)
    assert same(from_python(type, lifted), pair.oracle.neutral(type, expected))
    pair.assert_equal()


def check_mutated(random: Random) -> None:
    """Both lift the same, or both trap, from core values and a memory that were changed at random."""
    encoding = random.choice(ENCODINGS)
    chosen, given_values = random_typed_values(random)
    compiler = Compiler()
    code = compiler.python(function(chosen))
    pair = Pair(encoding, _SMALL)
    arguments = tuple(
        to_python(compiler.classes, type, value) for type, value in zip(chosen, given_values, strict=True)
    )
    if outcome(lambda: code.lower_params(pair.guest.cx, BorrowScope(), arguments)) == "trap":
        return
    flat = pair.oracle.lower(MAX_FLAT_PARAMS, chosen, given_values)
    kinds = core_kinds(pair, MAX_FLAT_PARAMS, chosen)
    used = max([old[0] + old[3] for old in pair.heap.calls] + [64])
    for _ in range(random.choice((0, 1, 2, 4))):
        place = random.randrange(min(used + 200, _SMALL))
        pair.guest.heap.data[place] = pair.heap.data[place] = random.choice((0, 1, 2, 128, 216, random.randrange(256)))
    if flat and random.random() < 0.5:
        place = random.randrange(len(flat))
        if kinds[place] in _BITS:
            flat[place] = random.choice((random.randrange(300), random.getrandbits(_BITS[kinds[place]])))

    lifted = outcome(lambda: code.lift_params(pair.guest.cx, LendScope(), *signed(kinds, flat)))
    expected = outcome(lambda: pair.oracle.lift(MAX_FLAT_PARAMS, chosen, flat))
    if "trap" in (lifted, expected):
        assert lifted == expected
        return
    for type, one, other in zip(chosen, lifted, expected, strict=True):
        assert same(from_python(type, one), pair.oracle.neutral(type, other))
    pair.assert_equal()


def check_transfer(random: Random) -> None:
    """From one memory into another, with all that transcoding does."""
    source, target, fault = random.choice(ENCODINGS), random.choice(ENCODINGS), random_fault(random)
    chosen, given_values = random_typed_values(random)
    compiler = Compiler()
    python, transit = compiler.python(function(chosen)), compiler.transit(function(chosen))
    one, other = Pair(source), Pair(target, **fault)
    arguments = tuple(
        to_python(compiler.classes, type, value) for type, value in zip(chosen, given_values, strict=True)
    )
    if outcome(lambda: python.lower_params(one.guest.cx, BorrowScope(), arguments)) == "trap":
        return
    flat = one.oracle.lower(MAX_FLAT_PARAMS, chosen, given_values)
    kinds = core_kinds(one, MAX_FLAT_PARAMS, chosen)
    lifted = transit.lift_params(one.guest.cx, LendScope(), *signed(kinds, flat))
    expected = one.oracle.lift(MAX_FLAT_PARAMS, chosen, flat)
    one.assert_equal()
    ours = outcome(lambda: transit.lower_params(other.guest.cx, BorrowScope(), lifted))
    theirs = outcome(lambda: other.oracle.lower_lifted(MAX_FLAT_PARAMS, chosen, expected))
    if "trap" in (ours, theirs):
        assert ours == theirs
        return
    assert same(unsigned(kinds, ours), theirs)
    other.assert_equal()


_ALL = [check_params, check_result, check_mutated, check_transfer]


@pytest.mark.parametrize("check", _ALL)
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(randoms())
def test_agrees(check: Callable[[Random], None], random: Random) -> None:
    check(random)


@pytest.mark.slow
@pytest.mark.parametrize("check", _ALL)
def test_agrees_ten_thousand_times(check: Callable[[Random], None]) -> None:
    for seed in range(_CHECKS):
        try:
            check(Random(seed))
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise


def test_layouts_agree() -> None:
    oracle = Oracle(bytearray(), None, "utf8")
    for seed in range(500):
        type = random_type(Random(seed), borrow=True)
        layout = Layouts().of(type)
        specified = oracle.type(type)
        assert layout.alignment == oracle.d.alignment(specified, "i32")
        assert layout.size == oracle.d.elem_size(specified, "i32")
        flat = oracle.flat_types((type,))
        assert layout.flat == (tuple(flat) if len(flat) <= MAX_FLAT_PARAMS else None)
