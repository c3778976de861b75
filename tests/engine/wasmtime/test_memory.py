from __future__ import annotations

import gc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.make import instantiate
from remit.engine.api import OutOfBounds
from remit.engine.wasmtime import StoreLimits, engine
from remit.engine.wasmtime.memory import Memory
from wat import wat

PAGE = 65536
TEXT = """(module (memory (export "memory") 1 3)
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0)))
  (func (export "store") (param i32 i32) (i32.store8 (local.get 0) (local.get 1))))"""


def memory() -> Memory:
    made: Memory = instantiate(TEXT).store.memory
    return made


MEMORY = memory()


def test_both_sides_see_the_same_bytes() -> None:
    instance = instantiate(TEXT)
    view = instance.store.memory.view()
    assert (view.format, view.readonly, len(view), instance.store.memory.size) == ("B", False, PAGE, PAGE)
    view[5] = 200
    assert instance.export("load")(5) == 200
    instance.export("store")(6, 100)
    assert bytes(view[5:7]) == bytes([200, 100])
    view[0:4] = b"abcd"
    assert instance.store.memory.u32(0) == 0x64636261


def test_a_view_is_kept_until_the_memory_grows() -> None:
    instance = instantiate(TEXT)
    found = instance.store.memory
    before = found.view()
    assert found.view() is before
    before[0] = 1
    assert instance.export("grow")(1) == 1
    after = found.view()
    assert (len(before), len(after)) == (PAGE, 2 * PAGE)
    after[0] = 9
    assert before[0] == 9, "memories do not move"
    assert found.grow(1) == 2
    assert found.size == 3 * PAGE
    with pytest.raises(ValueError, match="grow"):
        found.grow(1)
    with pytest.raises(ValueError, match="cannot grow by -1"):
        found.grow(-1)
    assert instance.export("grow")(1) == -1


@given(st.integers(-10, PAGE + 10), st.integers(-10, 40))
def test_reading_is_bounded(address: int, length: int) -> None:
    if address >= 0 and length >= 0 and address + length <= PAGE:
        assert len(MEMORY.read(address, length)) == length
    else:
        with pytest.raises(OutOfBounds, match="not inside of a memory of 0x10000 bytes"):
            MEMORY.read(address, length)


@given(st.one_of(st.integers(-10, 10), st.integers(PAGE - 40, PAGE + 10), st.just(2**64)), st.binary(max_size=30))
def test_writing_is_bounded_and_does_nothing_out_of_bounds(address: int, data: bytes) -> None:
    before = bytes(MEMORY.view())
    if address >= 0 and address + len(data) <= PAGE:
        MEMORY.write(address, data)
        assert MEMORY.read(address, len(data)) == data
    else:
        with pytest.raises(OutOfBounds):
            MEMORY.write(address, data)
        assert bytes(MEMORY.view()) == before


@given(st.integers(PAGE - 8, PAGE + 8))
def test_numbers_are_bounded(address: int) -> None:
    if address + 4 <= PAGE:
        assert MEMORY.u32(address) == int.from_bytes(MEMORY.read(address, 4), "little")
    else:
        with pytest.raises(OutOfBounds):
            MEMORY.u32(address)


def test_a_memory_of_no_bytes() -> None:
    empty = instantiate('(module (memory (export "memory") 0 1))').store.memory
    assert (empty.size, len(empty.view())) == (0, 0)
    empty.write(0, b"")
    with pytest.raises(OutOfBounds):
        empty.write(0, b"x")
    assert empty.grow(1) == 0
    assert len(empty.view()) == PAGE


def test_a_view_keeps_the_memory_alive() -> None:
    view = instantiate(TEXT).store.memory.view()
    part = view[10:20]
    del view
    gc.collect()
    part[0] = 7
    assert part[0] == 7


def test_after_closing_views_stay_valid_and_nothing_else_works() -> None:
    instance = instantiate(TEXT)
    store, found, load = instance.store, instance.store.memory, instance.export("load")
    view = found.view()
    view[1] = 3
    store.close()
    store.close()
    assert view[1] == 3
    for use in (found.view, lambda: found.read(0, 1), lambda: found.size, lambda: load(0), lambda: store.fuel):
        with pytest.raises(RuntimeError, match="closed"):
            use()
    with pytest.raises(RuntimeError, match="closed"):
        instance.export("grow")


def test_a_64_bit_memory_grows_in_place_or_not_at_all() -> None:
    instance = instantiate(
        """(module (memory (export "memory") i64 1)
           (func (export "grow") (param i64) (result i64) (memory.grow (local.get 0))))"""
    )
    view = instance.store.memory.view()
    view[0] = 1
    assert instance.export("grow")(1024) == 1
    instance.store.memory.view()[0] = 2
    assert view[0] == 2
    # Beyond the four GiB that were reserved it would have to move.
    assert instance.export("grow")(70000) == -1
    assert instance.store.memory.size == 1025 * PAGE


def test_the_extern_is_what_native_code_needs() -> None:
    found = instantiate(TEXT).store.memory
    assert len(found.extern) == 32
    assert found.extern[0] == 3


def test_limits_of_memory() -> None:
    where = engine()
    prepared = where.linker().prepare(where.compile(wat(TEXT)))
    store = where.store(limits=StoreLimits(memory_bytes=2 * PAGE))
    grow = prepared.instantiate(store).export("grow")
    assert [grow(1), grow(1)] == [1, -1]
    with pytest.raises(ValueError, match="grow"):
        store.memory.grow(1)
