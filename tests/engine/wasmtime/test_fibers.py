from __future__ import annotations

import asyncio
import gc
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from engine.make import HostFunction, prepare
from remit.engine.api import EngineError, Pending, Timeout, Trap
from remit.engine.wasmtime import fibers
from remit.engine.wasmtime.fibers import fibers_supported

if TYPE_CHECKING:
    from remit.engine.wasmtime import Store
    from remit.engine.wasmtime.fibers import FiberCall
    from remit.engine.wasmtime.prepared import Instance

pytestmark = pytest.mark.skipif(not fibers_supported(), reason="this Python cannot suspend calls")

GUEST = """(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (import "env" "plain" (func $plain (param i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "wait") (param i32) (result i32) (call $wait (local.get 0)))
  (func (export "plain") (param i32) (result i32) (call $plain (local.get 0)))
  (func (export "sum") (param i32) (result i32) (local i32)
    (loop $l (local.set 1 (i32.add (local.get 1) (call $wait (local.get 0))))
      (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 1))
  (func (export "add") (param i32 i64 f32 f64) (result f64 i64)
    (f64.add (f64.promote_f32 (local.get 2)) (local.get 3)) (i64.add (i64.extend_i32_s (local.get 0)) (local.get 1)))
  (func (export "spin") (loop $l (br $l)))
  (func $crash (export "crash") (drop (call $wait (i32.const 1))) unreachable)
  (func (export "five") (result i32) i32.const 5))"""


def later(caller: Store, number: int) -> Pending:
    return Pending(number, lambda: number)


def make(wait: Any = later, plain: Any = lambda _, number: number) -> Instance:
    suspending: dict[str, HostFunction] = {"wait": ("i32 -> i32", wait)}
    prepared = prepare(GUEST, suspending=suspending, plain=("i32 -> i32", plain))
    return prepared.instantiate(prepared.module.engine.store())


def drive(call: FiberCall) -> Any:
    while not call.poll():
        pass
    return call.result()


def waits(call: FiberCall) -> list[object]:
    """Drive it; all that it waited for. At a tick a guest gives way without waiting for anything."""
    waited = []
    while not call.poll():
        if call.pending is not None:
            waited.append(call.pending.wait_for)
    return waited


def suspend(call: FiberCall) -> None:
    """Drive it until it waits for something."""
    while call.pending is None:
        assert not call.poll()


def test_a_call_is_suspended_and_goes_on() -> None:
    call = make().export("sum").start(3)
    assert waits(call) == [3, 2, 1]
    assert call.pending is None
    assert call.result() == 6
    assert call.poll()


def test_values_of_all_types() -> None:
    assert drive(make().export("add").start(-1, 2**63, 0.5, 0.25)) == (0.75, 2**63 - 1)


def test_a_host_function_need_not_suspend() -> None:
    instance = make(wait=lambda _, number: number * 2)
    call = instance.export("wait").start(4)
    assert waits(call) == []
    assert call.result() == 8
    assert drive(instance.export("five").start()) == 5


def test_a_host_function_may_wait_several_times() -> None:
    def wait(caller: Store, number: int) -> Pending:
        return Pending("first", lambda: Pending("second", lambda: number + 1))

    call = make(wait).export("wait").start(1)
    assert (waits(call), call.result()) == (["first", "second"], 2)


def fail(*_: object) -> int:
    raise KeyError("no")


@pytest.mark.parametrize(
    "wait",
    [fail, lambda *_: Pending("x", fail), lambda *_: Pending("x", lambda: Pending("y", fail))],
    ids=["at once", "when resumed", "when resumed again"],
)
def test_what_a_host_function_raises(wait: Any) -> None:
    instance = make(wait)
    call = instance.export("wait").start(1)
    with pytest.raises(KeyError, match="no"):
        drive(call)
    with pytest.raises(KeyError, match="no"):
        call.result()
    assert drive(instance.export("five").start()) == 5


@pytest.mark.parametrize("result", [None, "text", 2**32])
def test_wrong_results_of_a_resumed_host_function(result: object) -> None:
    with pytest.raises((TypeError, OverflowError), match="result 1"):
        drive(make(lambda *_: Pending("x", lambda: result)).export("wait").start(1))


def test_traps() -> None:
    with pytest.raises(Trap, match="unreachable") as caught:
        drive(make().export("crash").start())
    assert caught.value.code == "unreachable"
    assert caught.value.frames[0].function == "crash"


def test_nothing_else_enters_a_store_with_a_suspended_call() -> None:
    instance = make()
    call = instance.export("wait").start(1)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="suspended"):
            instance.export("wait").start(1)
        with pytest.raises(RuntimeError, match="suspend"):
            instance.export("five")()
        with pytest.raises(RuntimeError, match="suspended"):
            instance.store.close()
        suspend(call)
    assert drive(call) == 1


def test_plain_calls_of_what_could_wait_run_on_a_fiber_and_must_not_wait() -> None:
    assert make().export("five")() == 5
    assert make(wait=lambda _, number: number).export("wait")(3) == 3
    instance = make()
    with pytest.raises(RuntimeError, match=r"Func\.start"):
        instance.export("wait")(1)
    with pytest.raises(RuntimeError, match="stopped"):
        instance.export("five")()


def test_no_fiber_begins_while_the_store_runs() -> None:
    def plain(caller: Store, number: int) -> int:
        instance.export("five").start()
        return 0

    instance = make(plain=plain)
    with pytest.raises(RuntimeError, match="suspended"):
        drive(instance.export("plain").start(1))


def test_a_call_within_the_guest_cannot_be_suspended() -> None:
    def plain(caller: Store, number: int) -> int:
        return int(instance.export("wait")(number))

    instance = make(plain=plain)
    with pytest.raises(RuntimeError, match=r"Func\.start"):
        drive(instance.export("plain").start(1))


def test_other_stores_run_within_a_host_function() -> None:
    other = make()
    instance = make(plain=lambda _, number: drive(other.export("sum").start(number)))
    assert drive(instance.export("plain").start(4)) == 10


def test_polls_of_different_stores_interleave() -> None:
    calls = [make().export("sum").start(number) for number in range(1, 6)]
    results: dict[int, int] = {}
    while len(results) < len(calls):
        for number, call in enumerate(calls, 1):
            if call.poll():
                results[number] = call.result()
    assert results == {1: 1, 2: 3, 3: 6, 4: 10, 5: 15}


@pytest.mark.parametrize("polls", range(8))
def test_closing_at_any_point(polls: int) -> None:
    instance = make()
    call = instance.export("sum").start(6)
    done = False
    for _ in range(polls):
        done = call.poll()
    call.close()
    call.close()
    if done:
        assert drive(instance.export("five").start()) == 5
        return
    with pytest.raises(RuntimeError, match="closed"):
        call.poll()
    with pytest.raises(RuntimeError, match="not ended"):
        call.result()
    with pytest.raises(RuntimeError, match="cancelled"):
        instance.export("five").start()
    instance.store.close()
    assert drive(make().export("sum").start(3)) == 6


def test_a_forgotten_call_is_closed() -> None:
    instance = make()
    call = instance.export("wait").start(1)
    suspend(call)
    del call
    gc.collect()
    with pytest.raises(RuntimeError, match="cancelled"):
        instance.export("five").start()


def test_a_call_cannot_be_closed_from_within() -> None:
    calls: list[FiberCall] = []

    def plain(caller: Store, number: int) -> int:
        calls[0].close()
        return 0

    instance = make(plain=plain)
    calls.append(instance.export("plain").start(1))
    with pytest.raises(RuntimeError, match="from within"):
        drive(calls[0])


def test_a_busy_guest_gives_way() -> None:
    call = make().export("spin").start()
    for _ in range(3):
        assert not call.poll()
        assert call.pending is None
    call.close()


def test_a_deadline_stops_a_busy_guest() -> None:
    instance = make()
    instance.store.deadline = time.monotonic()
    with pytest.raises(Timeout):
        drive(instance.export("spin").start())


def test_an_interruption_stops_a_suspended_guest() -> None:
    instance = make()
    call = instance.export("wait").start(1)
    suspend(call)
    instance.store.interrupt(KeyError("enough"))
    assert call.poll()
    with pytest.raises(KeyError, match="enough"):
        call.result()
    with pytest.raises(RuntimeError, match="cancelled"):
        instance.export("five").start()


def test_a_busy_guest_within_a_host_function_does_not_give_way() -> None:
    other = prepare(
        """(module (func (export "f") (param i32)
          (loop $l (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))"""
    )
    inner = other.instantiate(other.module.engine.store())

    def plain(caller: Store, number: int) -> int:
        inner.export("f")(number)
        return 1

    call = make(plain=plain).export("plain").start(200_000_000)
    # A tick may come in the few instructions before the host function, but not in the long time within.
    assert call.poll() or call.poll()
    assert call.result() == 1


def test_start_functions_may_suspend() -> None:
    text = """(module (import "env" "wait" (func $wait)) (memory (export "memory") 1)
      (func $begin (call $wait) (i32.store (i32.const 0) (i32.const 3))) (start $begin))"""
    prepared = prepare(text, suspending={"wait": ("->", lambda _: Pending("x", lambda: None))})
    call = prepared.start_instantiate(prepared.module.engine.store())
    suspend(call)
    assert drive(call).store.memory.u32(0) == 3
    with pytest.raises(RuntimeError, match="start_instantiate"):
        prepared.instantiate(prepared.module.engine.store())


def test_references_do_not_go_through_fibers() -> None:
    prepared = prepare('(module (func (export "f") (param externref)))')
    with pytest.raises(TypeError, match="externref"):
        prepared.instantiate(prepared.module.engine.store()).export("f").start(None)


def test_many_guests_on_one_loop() -> None:
    async def guest() -> int:
        call = make().export("sum").start(5)
        while not call.poll():
            await asyncio.sleep(0)
        result: int = call.result()
        return result

    async def main() -> list[int]:
        return await asyncio.gather(*(guest() for _ in range(50)))

    assert asyncio.run(main()) == [15] * 50


def test_interpreters_that_cannot_suspend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 14, 0))
    assert not fibers.fibers_supported()
    prepared = prepare('(module (func (export "f") (result i32) i32.const 1))')
    instance = prepared.instantiate(prepared.module.engine.store())
    assert instance.export("f")() == 1
    with pytest.raises(EngineError, match="cannot suspend"):
        instance.export("f").start()
