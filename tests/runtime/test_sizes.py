"""One total for all memories of a program, and for all its tables."""

from __future__ import annotations

import pytest

import remit
from remit.binary.module import ModuleInfo, decode_module
from remit.runtime.sizes import MEMORY_BYTES, TABLE_ELEMENTS, store_limits
from wat import wat

PAGE = 1 << 16
STRUCT = "(type $node (struct (field (ref null $node)) (field i64)))"


def info(*fields: str) -> ModuleInfo:
    return decode_module(wat(f"(module {' '.join(fields)})"))


@pytest.mark.parametrize(
    ("fields", "share"),
    [
        ((), 64 * PAGE),
        (("(memory 1)",), 64 * PAGE),
        (("(memory 1)", "(memory i64 1)"), 32 * PAGE),
        (("(memory 1)",) * 8, 8 * PAGE),
        ((STRUCT,), 64 * PAGE),
        ((STRUCT, "(memory 1)"), 32 * PAGE),
        (("(tag)", "(memory 1)"), 32 * PAGE),
        (("(type (array i8))", "(memory 1)", "(memory 1)", "(memory 1)"), 16 * PAGE),
    ],
)
def test_each_gets_an_equal_share(fields: tuple[str, ...], share: int) -> None:
    limits = store_limits(info(*fields), 64 * PAGE, "it")
    assert limits.memory_bytes == share


def test_without_a_limit_there_is_one_all_the_same() -> None:
    assert store_limits(info(STRUCT, "(memory 1)"), None, "it").memory_bytes == MEMORY_BYTES
    assert store_limits(info("(memory 1)", "(memory 1)"), None, "it").memory_bytes == MEMORY_BYTES // 2


def test_tables_share_too() -> None:
    assert store_limits(info("(table 1 funcref)"), None, "it").table_elements == TABLE_ELEMENTS
    assert store_limits(info(*["(table 1 funcref)"] * 16), None, "it").table_elements == TABLE_ELEMENTS // 16


@pytest.mark.parametrize(
    ("fields", "max_memory", "message"),
    [
        (
            ("(memory 3)",),
            2 * PAGE,
            "it starts with a memory of 196,608 bytes, and may have 131,072: a larger max_memory",
        ),
        (("(memory 1)", "(memory 3)"), 4 * PAGE, r"131,072 \(max_memory is shared among 2 memories\)"),
        (("(tag)", "(memory 3)"), 4 * PAGE, r"131,072 \(max_memory is shared among 1 memory and a heap of objects\)"),
        (("(memory i64 0x10001)",), None, "may have 4,294,967,296: a larger max_memory"),
        ((f"(table {TABLE_ELEMENTS + 1} funcref)",), None, "table of 1,048,577 elements, and may have 1,048,576"),
        ((), -1, "max_memory is -1: bytes are wanted, 0 or more"),
    ],
)
def test_a_program_that_begins_with_too_much(fields: tuple[str, ...], max_memory: int | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        store_limits(info(*fields), max_memory, "it")


GROW_ALL = """(module %s
  (func (export "grow") (result i32) (local $pages i32)
    (loop $again
      (br_if $again (i32.or (i32.ge_s (memory.grow 0 (i32.const 1)) (i32.const 0))
                            (i32.ge_s (memory.grow 1 (i32.const 1)) (i32.const 0)))))
    (i32.add (memory.size 0) (memory.size 1)))
  %s)"""


@pytest.mark.parametrize("memories", ["(memory 1) (memory 1)", "(memory 1) (memory 0 40)"])
def test_a_hostile_program_stays_below_the_total(memories: str) -> None:
    with remit.load(wat(GROW_ALL % (memories, ""))).instantiate(max_memory=100 * PAGE) as instance:
        pages = instance.call("grow")
    assert pages <= 100


def test_the_start_function_has_no_more() -> None:
    start = "(func $start (drop (memory.grow 0 (i32.const 60))) (drop (memory.grow 1 (i32.const 60)))) (start $start)"
    with remit.load(wat(GROW_ALL % ("(memory 1) (memory 1)", start))).instantiate(max_memory=100 * PAGE) as instance:
        assert instance.call("grow") <= 100


def test_objects_are_limited() -> None:
    program = f"""(module {STRUCT} (global $kept (mut (ref null $node)) (ref.null $node))
      (memory (export "memory") 1)
      (func (export "fill")
        (loop $again (global.set $kept (struct.new $node (global.get $kept) (i64.const 1))) (br $again))))"""
    with (
        remit.load(wat(program), gc=True).instantiate(max_memory=64 * PAGE) as instance,
        pytest.raises(remit.Trap, match="GC heap out of memory"),
    ):
        instance.call("fill")


def test_exceptions_are_limited() -> None:
    """A chain of exceptions, each with the one before as its payload."""
    program = """(module (tag $link (param exnref)) (global $kept (mut exnref) (ref.null exn))
      (memory (export "memory") 1)
      (func (export "fill") (loop $again
        (global.set $kept (block $caught (result exnref)
          (try_table (catch_all_ref $caught) (throw $link (global.get $kept)))
          unreachable))
        (br $again))))"""
    with (
        remit.load(wat(program)).instantiate(max_memory=64 * PAGE) as instance,
        pytest.raises(remit.Trap, match="GC heap out of memory"),
    ):
        instance.call("fill")
