from __future__ import annotations

import pytest

from engine.make import instantiate
from remit.engine.api import InvalidModule, Trap
from remit.engine.wasmtime import Config, engine
from wat import wat

CASES = {
    "unreachable": "unreachable",
    "memory_out_of_bounds": "(drop (i32.load (i32.const -1)))",
    "table_out_of_bounds": "(drop (table.get 0 (i32.const 9)))",
    "indirect_call_to_null": "(call_indirect (i32.const 0))",
    "bad_signature": "(call_indirect (param i32) (i32.const 7) (i32.const 1))",
    "integer_overflow": "(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))",
    "integer_division_by_zero": "(drop (i32.div_u (i32.const 1) (i32.const 0)))",
    "bad_conversion_to_integer": "(drop (i32.trunc_f32_s (f32.const nan)))",
    "stack_overflow": "(call $guilty)",
    "null_reference": "(drop (struct.get $s 0 (ref.null $s)))",
    "cast_failure": "(drop (ref.cast (ref i31) (struct.new_default $s)))",
    "array_out_of_bounds": "(drop (array.get $a (array.new_default $a (i32.const 1)) (i32.const 2)))",
    "uncaught_exception": "(throw $t)",
}


@pytest.mark.parametrize("code", CASES)
def test_every_trap_has_a_name_and_a_backtrace(code: str) -> None:
    instance = instantiate(
        f"""(module $named (memory 1) (table 2 funcref) (elem (i32.const 1) func $guilty)
            (type $s (struct (field i32))) (type $a (array i32)) (tag $t)
            (func $guilty {CASES[code]}) (func (export "outer") (call $guilty)) (func (export "fine")))""",
        Config(gc=True),
    )
    for _ in range(2):
        with pytest.raises(Trap) as caught:
            instance.export("outer")()
        trap = caught.value
        assert trap.code == code
        assert (trap.frames[0].function, trap.frames[0].module) == ("guilty", "named")
        if code != "stack_overflow":
            assert [frame.function for frame in trap.frames] == ["guilty", "outer"]
        assert "\n" not in trap.message
        assert str(trap).startswith(f"{trap.message}\nwasm backtrace:\n")
    instance.export("fine")()


def test_a_trap_in_the_start_function() -> None:
    with pytest.raises(Trap, match="unreachable") as caught:
        instantiate("(module (func $begin unreachable) (start $begin))")
    assert [str(frame).split()[-1] for frame in caught.value.frames] == ["guest!begin"]


@pytest.mark.parametrize("wasm", [b"", b"\0asm", b"not wasm at all", wat('(module (func (export "f")))')[:-2]])
def test_what_is_no_module(wasm: bytes) -> None:
    with pytest.raises(InvalidModule, match=r"offset|magic|header|end|expected"):
        engine().compile(wasm)
