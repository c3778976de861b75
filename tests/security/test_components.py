"""Components that end anywhere, misuse what they were handed, or are damaged: the host is whole, and goes on."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import remit
from wat import wat

EXAMPLES = Path(__file__).parents[2] / "examples"
WORDS = EXAMPLES / "words" / "words.wasm"
JOURNAL = {"examples:words/journal": {"note": lambda remark: None}}

HANDLES = wat("""(component
  (type $R (resource (rep i32)))
  (core func $new (canon resource.new $R))
  (core func $rep (canon resource.rep $R))
  (core func $drop (canon resource.drop $R))
  (core module $Code
    (import "r" "new" (func $new (param i32) (result i32)))
    (import "r" "rep" (func $rep (param i32) (result i32)))
    (import "r" "drop" (func $drop (param i32)))
    (func (export "new") (param i32) (result i32) (call $new (local.get 0)))
    (func (export "rep") (param i32) (result i32) (call $rep (local.get 0)))
    (func (export "drop") (param i32) (call $drop (local.get 0))))
  (core instance $code (instantiate $Code (with "r" (instance
    (export "new" (func $new)) (export "rep" (func $rep)) (export "drop" (func $drop))))))
  (func (export "new") (param "rep" u32) (result u32) (canon lift (core func $code "new")))
  (func (export "rep") (param "handle" u32) (result u32) (canon lift (core func $code "rep")))
  (func (export "drop") (param "handle" u32) (canon lift (core func $code "drop"))))""")
"""The canonical built-ins of a resource, for whatever numbers a guest may come upon."""


WILD = [0, 7, 1 << 20, 2**31, 2**32 - 1]


class Model:
    """The specification's table of handles: number 0 is none, and the last one that was freed is used first."""

    def __init__(self) -> None:
        self.slots: list[int | None] = [None]
        self.free: list[int] = []

    def new(self, rep: int) -> int:
        if self.free:
            handle = self.free.pop()
            self.slots[handle] = rep
            return handle
        self.slots.append(rep)
        return len(self.slots) - 1

    def rep(self, handle: int) -> int | None:
        return self.slots[handle] if handle < len(self.slots) else None

    def drop(self, handle: int) -> bool:
        if self.rep(handle) is None:
            return False
        self.slots[handle] = None
        self.free.append(handle)
        return True


@pytest.mark.parametrize("seed", range(20))
def test_handles_made_used_and_dropped_in_any_order(seed: int) -> None:
    chance = random.Random(seed)
    component: remit.Component = remit.load(HANDLES)
    for _ in range(10):
        model = Model()
        with component.instantiate() as instance:
            exports = instance.exports
            for _ in range(200):
                wild = chance.random() < 0.01
                handle = chance.choice(WILD) if wild else chance.randrange(len(model.slots))
                kind = chance.choice(["new", "new", "rep", "drop"])
                if kind == "new":
                    rep = chance.randrange(1 << 32)
                    assert exports.new(rep) == model.new(rep)
                    continue
                known = model.rep(handle) if kind == "rep" else model.drop(handle)
                if known is None or known is False:
                    with pytest.raises(remit.Trap, match="handle"):
                        exports[kind](handle)
                    break  # the instance has ended by that
                assert exports[kind](handle) == (known if kind == "rep" else None)


def test_fuel_ends_a_component_anywhere() -> None:
    """In its start, in realloc, in its own code, on the way to the host: always by a trap, and the next works."""
    component: remit.Component = remit.load(WORDS, imports=JOURNAL, fuel=True)

    def summarize(fuel: int) -> Any:
        with component.instantiate(fuel=fuel) as instance:
            found = instance.exports.text.summarize("some words, and longer ones")
            with instance.exports.text.Counter(1) as counter:
                return found.words + counter.add("one two"), instance.fuel

    enough = 1_000_000
    expected, left = summarize(enough)
    needed = enough - left
    ended = 0
    for fuel in [*range(0, needed, max(1, needed // 300)), needed - 1]:
        with pytest.raises(remit.Trap) as caught:
            summarize(fuel)
        assert caught.value.code == "out_of_fuel"
        ended += 1
    assert ended > 200
    assert summarize(enough)[0] == expected


@pytest.mark.parametrize("name", ["words/words.wasm", "hello_http/hello.wasm"])
def test_a_component_that_is_cut_off_or_changed(name: str) -> None:
    """It is refused, or it loads: nothing else comes out. What it asks for may not be there, or be of another type."""
    whole = (EXAMPLES / name).read_bytes()
    chance = random.Random(7)
    damaged = [whole[:length] for length in range(0, len(whole), max(1, len(whole) // 150))]
    for _ in range(300):
        changed = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            changed[chance.randrange(8, len(changed))] = chance.randrange(256)
        damaged.append(bytes(changed))
    refusals = []
    for data in damaged:
        try:
            remit.load(data, imports=JOURNAL if name.startswith("words") else None, cache=False)
        except (remit.InvalidModule, remit.LinkError) as error:
            refusals.append(str(error))
    assert len(refusals) > len(damaged) // 3
    assert max(map(len, refusals)) < 2000


def test_known_names_with_wrong_types_are_not_linked() -> None:
    for type in (
        '(export "now" (func (result string)))',
        '(export "now" (func (param "a" u64) (result u64)))',
        '(export "now" (type (sub resource)))',
        '(export "none-such" (func))',
        '(export "instant" (type (eq 0)))',
    ):
        extra = "(type string)" if "eq 0" in type else ""
        with pytest.raises(remit.LinkError, match="monotonic-clock"):
            remit.load(wat(f'(component (import "wasi:clocks/monotonic-clock@0.2.3" (instance {extra} {type})))'))


THREADS = """
import sys, threading
import remit
sys.setswitchinterval(1e-6)
program = remit.load(sys.argv[1], imports={"examples:words/journal": {"note": lambda remark: None}})
failures = []

def work():
    try:
        for number in range(60):
            with program.instantiate() as instance:
                assert instance.exports.text.summarize("a bb ccc").longest == "ccc"
                with instance.exports.text.Counter(number) as counter:
                    assert counter.add("x") == number + 1
    except BaseException as error:
        failures.append(error)

threads = [threading.Thread(target=work) for _ in range(6)]
for each in threads:
    each.start()
for each in threads:
    each.join()
sys.exit(bool(failures))
"""


def test_many_threads_make_instances_of_one_component() -> None:
    """In a process of its own, which the engine ends if one thread gets what was another's."""
    command = [sys.executable, "-W", "error", "-c", THREADS, str(WORDS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
