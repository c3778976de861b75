from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from remit.engine.api import EngineError, InvalidModule, LinkError
from remit.engine.wasmtime import engine
from remit.engine.wasmtime.store import StoreLimits
from wat import wat

WASM = wat(
    """(module $m (type $t (func (param i32) (result i32))) (import "env" "f" (func $f (type $t)))
       (memory (export "memory") 1 2) (table (export "t") 2 funcref) (global (export "g") (mut i32) (i32.const 3))
       (func $g (export "g2") (type $t) (local i64) (if (result i32) (local.get 0)
         (then (call $f (local.get 0))) (else (i32.load offset=4 (i32.const 8)))))
       (elem (i32.const 0) func $f $g) (data (i32.const 0) "some data"))"""
)


def attempt(wasm: bytes) -> None:
    """Compile and, where that works, link and instantiate: errors of ours, or nothing."""
    try:
        module = engine().compile(wasm)
    except InvalidModule:
        return
    try:
        store = engine().store(limits=StoreLimits(memory_bytes=1 << 20, table_elements=1000))
        engine().linker().prepare(module).instantiate(store)
    except (LinkError, EngineError):
        return


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(WASM) - 1), st.integers(0, 255)), min_size=1, max_size=3))
def test_changed_bytes(changes: list[tuple[int, int]]) -> None:
    mutated = bytearray(WASM)
    for place, value in changes:
        mutated[place] = value
    attempt(bytes(mutated))


def test_every_truncation() -> None:
    for length in range(len(WASM)):
        attempt(WASM[:length])


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_noise_after_a_header(tail: bytes) -> None:
    attempt(b"\0asm\1\0\0\0" + tail)
