from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.make import func_type, instantiate, prepare
from remit.engine.api import Trap
from remit.engine.wasmtime import engine
from wat import wat

if TYPE_CHECKING:
    from remit.engine.wasmtime import Store

TYPES = ("i32", "i64", "f32", "f64", "v128")
VALUES = {
    "i32": st.integers(-(2**31), 2**31 - 1),
    "i64": st.integers(-(2**63), 2**63 - 1),
    "f32": st.floats(width=32, allow_nan=False),
    "f64": st.floats(allow_nan=False),
    "v128": st.binary(min_size=16, max_size=16),
}


@given(st.data(), st.lists(st.sampled_from(TYPES), max_size=6), st.lists(st.sampled_from(TYPES), max_size=4))
def test_values_of_every_type_pass_through_both_ways(
    data: st.DataObject, params: list[str], results: list[str]
) -> None:
    arguments = tuple(data.draw(VALUES[kind]) for kind in params)
    returned = tuple(data.draw(VALUES[kind]) for kind in results)
    seen: list[Any] = []

    def function(caller: Store, *values: Any) -> Any:
        seen.append(values)
        return returned[0] if len(returned) == 1 else returned or None

    signature = f"(param {' '.join(params)}) (result {' '.join(results)})"
    pushes = " ".join(f"local.get {n}" for n in range(len(params)))
    instance = instantiate(
        f'(module (import "env" "f" (func $f {signature})) (func (export "g") {signature} {pushes} call $f))',
        f=(f"{' '.join(params)} -> {' '.join(results)}", function),
    )
    got = instance.export("g")(*arguments)
    assert seen == [arguments]
    assert got == (returned[0] if len(returned) == 1 else returned or None)


CALL_F = '(module (import "env" "f" (func $f {0})) (func (export "g") {0} {1} call $f))'


def test_integers_are_signed_or_unsigned_as_defined() -> None:
    where = engine()
    module = where.compile(
        wat(
            """(module (import "env" "s" (func $s (param i32 i64))) (import "env" "u" (func $u (param i32 i64)))
               (func (export "g") (call $s (i32.const -1) (i64.const -1)) (call $u (i32.const -1) (i64.const -1))))"""
        )
    )
    linker = where.linker()
    seen: list[tuple[int, int]] = []
    linker.define("env", "s", func_type("i32 i64 ->"), lambda _, a, b: seen.append((a, b)))
    linker.define("env", "u", func_type("i32 i64 ->"), lambda _, a, b: seen.append((a, b)), unsigned=True)
    linker.prepare(module).instantiate(where.store()).export("g")()
    assert seen == [(-1, -1), (2**32 - 1, 2**64 - 1)]


@pytest.mark.parametrize(("returned", "got"), [(2**32 - 1, -1), (-(2**31), -(2**31)), (True, 1)])
def test_results_may_be_signed_or_unsigned(returned: int, got: int) -> None:
    instance = instantiate(CALL_F.format("(result i32)", ""), f=("-> i32", lambda _: returned))
    assert instance.export("g")() == got


@pytest.mark.parametrize(
    ("type", "returned", "error"),
    [
        ("(result i32)", 2**32, OverflowError),
        ("(result i32)", None, TypeError),
        ("(result i32)", 1.5, TypeError),
        ("(result i64)", "x", TypeError),
        ("(result i32 i32)", 1, TypeError),
        ("(result i32 i32)", (1, 2, 3), TypeError),
        ("(result i32 i32)", (1, None), TypeError),
        ("", 1, TypeError),
    ],
)
def test_wrong_results_are_the_hosts_fault(type: str, returned: object, error: type[Exception]) -> None:
    kinds = type.removeprefix("(result").removesuffix(")")
    instance = instantiate(CALL_F.format(type, ""), f=(f"-> {kinds}", lambda _: returned))
    with pytest.raises(error):
        instance.export("g")()


def test_the_callers_data_and_memory_are_at_hand() -> None:
    def f(caller: Store) -> int:
        caller.memory.write(0, caller.data)
        return caller.memory.u32(0)

    instance = instantiate(
        '(module (import "env" "f" (func $f (result i32))) (memory (export "memory") 1) (export "g" (func $f)))',
        data=b"\1\2\3\4",
        f=("-> i32", f),
    )
    assert instance.export("g")() == 0x04030201


def test_the_memory_is_there_while_the_start_function_runs() -> None:
    seen: list[bytes] = []
    text = (
        """(module (import "env" "f" (func $f)) (memory (export "memory") 1) (data (i32.const 4) "data") (start $f))"""
    )
    instance = instantiate(text, f=("->", lambda caller: seen.append(caller.memory.read(4, 4))))
    assert seen == [b"data"]
    assert instance.store.memory.read(4, 4) == b"data"


def test_no_memory() -> None:
    def f(caller: Store) -> None:
        with pytest.raises(LookupError, match="exports no memory"):
            _ = caller.memory

    instance = instantiate(CALL_F.format("", ""), f=("->", f))
    instance.export("g")()
    with pytest.raises(LookupError, match="exports no memory"):
        _ = instance.store.memory


class Stop(BaseException):
    ends_guest = True


def test_what_a_host_function_raises_is_what_the_call_raises() -> None:
    raised = ValueError("from the host")

    def f(caller: Store) -> None:
        raise raised

    instance = instantiate(CALL_F.format("", ""), f=("->", f))
    for _ in range(3):
        with pytest.raises(ValueError, match="from the host") as caught:
            instance.export("g")()
        assert caught.value is raised
        assert any(entry.name == "f" for entry in caught.traceback)
    assert "guest!g" in raised.__notes__[0]


def test_an_exit_carries_no_backtrace() -> None:
    def f(caller: Store) -> None:
        raise Stop

    with pytest.raises(Stop) as caught:
        instantiate(CALL_F.format("", ""), f=("->", f)).export("g")()
    assert not hasattr(caught.value, "__notes__")


def test_a_trap_of_the_host_gets_the_backtrace() -> None:
    def f(caller: Store) -> None:
        raise Trap("not with me")

    with pytest.raises(Trap, match="not with me") as caught:
        instantiate(CALL_F.format("", ""), f=("->", f)).export("g")()
    assert [frame.function for frame in caught.value.frames] == ["g"]


def test_an_exception_leaves_the_store_usable() -> None:
    def f(caller: Store, number: int) -> int:
        return 10 // number

    instance = instantiate(CALL_F.format("(param i32) (result i32)", "local.get 0"), f=("i32 -> i32", f))
    with pytest.raises(ZeroDivisionError):
        instance.export("g")(0)
    assert instance.export("g")(5) == 2


NEST = """(module (import "env" "f" (func $f (param i32) (result i32)))
  (func (export "g") (param i32) (result i32) local.get 0 call $f))"""


def test_guest_and_host_call_each_other_in_one_store() -> None:
    def f(caller: Store, depth: int) -> int:
        return 0 if depth == 0 else 1 + guest(depth - 1)

    guest = instantiate(NEST, f=("i32 -> i32", f)).export("g")
    assert guest(20) == 20


def test_an_exception_passes_through_every_level() -> None:
    passed: list[int] = []

    def f(caller: Store, depth: int) -> int:
        if depth == 0:
            raise KeyError("deep")
        try:
            return int(guest(depth - 1))
        finally:
            passed.append(depth)

    guest = instantiate(NEST, f=("i32 -> i32", f)).export("g")
    with pytest.raises(KeyError, match="deep"):
        guest(5)
    assert passed == [1, 2, 3, 4, 5]


def test_a_host_function_can_catch_what_an_inner_call_raised() -> None:
    def f(caller: Store, depth: int) -> int:
        if depth == 0:
            raise KeyError("deep")
        try:
            return int(guest(depth - 1))
        except KeyError:
            return 42

    guest = instantiate(NEST, f=("i32 -> i32", f)).export("g")
    assert guest(1) == 42


def test_stores_call_each_other() -> None:
    stores: list[Store] = []

    def inner(caller: Store, number: int) -> int:
        stores.append(caller)
        return number + 1

    one = instantiate(NEST, f=("i32 -> i32", inner))

    def outer(caller: Store, number: int) -> int:
        stores.append(caller)
        result: int = one.export("g")(number) * 2
        stores.append(caller)
        return result

    two = instantiate(NEST, f=("i32 -> i32", outer))
    assert two.export("g")(4) == 10
    assert stores == [two.store, one.store, two.store]


def test_references_reach_the_host() -> None:
    seen: list[object] = []

    def f(caller: Store, *values: object) -> object:
        seen.extend(values)
        return values[0]

    instance = instantiate(
        """(module (import "env" "f" (func $f (param funcref externref) (result funcref)))
           (func $h) (elem declare func $h)
           (func (export "g") (result funcref) (call $f (ref.func $h) (ref.null extern))))""",
        f=("funcref externref -> funcref", f),
    )
    assert instance.export("g")() is not None
    assert seen[0] is not None
    assert seen[1] is None


def test_a_host_function_cannot_have_types_that_only_a_module_can_name() -> None:
    with pytest.raises(TypeError, match=r"\(ref null 3\) cannot be passed to the host"):
        engine().linker().define("env", "f", func_type("i32 ->").__class__(("(ref null 3)",), ()), lambda _: None)


def test_native_functions_and_their_python_fallback() -> None:
    where = engine()
    linker = where.linker()
    fallback = linker.callback("env", "f", func_type("i32 -> i32"), lambda _, number: number * 3, unsigned=False)
    # The callback of a Python function is a C function itself, and good enough to stand for a native one.
    linker.define_native("env", "f", func_type("i32 -> i32"), fallback)
    instance = linker.prepare(where.compile(wat(NEST))).instantiate(where.store())
    assert instance.export("g")(14) == 42


def test_nothing_is_called_after_the_linker_is_gone() -> None:
    prepared = prepare(NEST, f=("i32 -> i32", lambda _, number: number))
    instance = prepared.instantiate(prepared.module.engine.store())
    del prepared
    assert instance.export("g")(3) == 3
