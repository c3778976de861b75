from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.make import instantiate, prepare
from remit.engine.api import EngineError, Trap
from remit.engine.wasmtime import Config, StoreLimits, engine
from wat import wat

LOOP = """(module (func (export "loop") (param i32)
  (loop $l (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))"""


def test_fuel_is_counted() -> None:
    prepared = prepare(LOOP, Config(fuel=True))
    store = prepared.module.engine.store()
    store.fuel = 10_000
    loop = prepared.instantiate(store).export("loop")
    loop(10)
    assert 0 < store.fuel < 10_000
    with pytest.raises(Trap, match="fuel") as caught:
        loop(1_000_000)
    assert caught.value.code == "out_of_fuel"
    assert store.fuel == 0
    with pytest.raises(ValueError, match="0 to 2"):
        store.fuel = -1


def test_every_amount_of_fuel_ends_cleanly() -> None:
    prepared = prepare(LOOP, Config(fuel=True))

    def outcome(amount: int) -> str:
        store = prepared.module.engine.store()
        store.fuel = amount
        try:
            prepared.instantiate(store).export("loop")(10)
        except Trap as trap:
            return trap.code
        return "done"

    outcomes = [outcome(amount) for amount in range(80)]
    enough = outcomes.index("done")
    assert outcomes == ["out_of_fuel"] * enough + ["done"] * (80 - enough)


def test_fuel_needs_an_engine_that_counts_it() -> None:
    store = engine().store()
    with pytest.raises(RuntimeError, match=r"Config\(fuel=True\)"):
        _ = store.fuel
    with pytest.raises(RuntimeError, match=r"Config\(fuel=True\)"):
        store.fuel = 1


@pytest.mark.parametrize(
    ("limits", "text"),
    [
        (StoreLimits(memory_bytes=65536), "(module (memory 2))"),
        (StoreLimits(table_elements=5), "(module (table 6 funcref))"),
        (StoreLimits(instances=0), "(module)"),
        (StoreLimits(tables=0), "(module (table 1 funcref))"),
        (StoreLimits(memories=0), "(module (memory 1))"),
    ],
)
def test_an_instance_beyond_the_limits_is_not_made(limits: StoreLimits, text: str) -> None:
    with pytest.raises(EngineError, match=r"exceed|limit"):
        instantiate(text, limits=limits)


def test_limits_of_tables_while_running() -> None:
    instance = instantiate(
        """(module (table $t 1 funcref)
           (func (export "grow") (result i32) (table.grow $t (ref.null func) (i32.const 1))))""",
        limits=StoreLimits(table_elements=2),
    )
    assert [instance.export("grow")() for _ in range(2)] == [1, -1]


def test_a_running_store_cannot_be_closed() -> None:
    def f(caller: object) -> None:
        instance.store.close()

    instance = instantiate('(module (import "env" "f" (func $f)) (export "g" (func $f)))', f=("->", f))
    with pytest.raises(RuntimeError, match="running"):
        instance.export("g")()
    instance.store.close()


def test_what_a_store_has_not() -> None:
    with pytest.raises(AttributeError, match="no colour"):
        _ = engine().store().colour


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux' /proc")
def test_memory_and_descriptors_stay_flat() -> None:
    where = engine()
    prepared = where.linker().prepare(
        where.compile(
            wat('(module (memory (export "memory") 1) (func (export "f") (i32.store (i32.const 0) (i32.const 1))))')
        )
    )

    def rounds(count: int) -> None:
        for number in range(count):
            store = where.store()
            instance = prepared.instantiate(store)
            instance.export("f")()
            store.memory.view()
            if number % 2:
                store.close()

    rounds(1000)
    resident, descriptors = _resident(), len(os.listdir("/proc/self/fd"))
    rounds(20_000)
    assert len(os.listdir("/proc/self/fd")) == descriptors
    assert _resident() - resident < 4 << 20
