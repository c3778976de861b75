"""Constant expressions: what globals and tables start with. They are passed over, never evaluated."""

from __future__ import annotations

from remit.binary.reader import BinaryError
from remit.binary.type_section import skip_heap_type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.binary.reader import Reader

_END = 0x0B
_GLOBAL_GET, _REF_NULL, _REF_FUNC = 0x23, 0xD0, 0xD2
_I32_CONST, _I64_CONST, _F32_CONST, _F64_CONST = 0x41, 0x42, 0x43, 0x44
_ARITHMETIC = {0x6A, 0x6B, 0x6C, 0x7C, 0x7D, 0x7E}  # add, sub and mul, of i32 and of i64
_GC_PREFIX, _VECTOR_PREFIX = 0xFB, 0xFD
_V128_CONST = 12
# By the number after the GC prefix: how many indices follow.
_GC_INDICES = {0: 1, 1: 1, 6: 1, 7: 1, 8: 2, 26: 0, 27: 0, 28: 0, 29: 0}


def skip_constant_expression(reader: Reader) -> None:
    """Pass over the instructions that a constant expression may have, up to its end."""
    while True:
        offset = reader.position
        opcode = reader.byte("a constant expression")
        if opcode == _END:
            return
        if opcode == _I32_CONST:
            reader.s32("an i32 constant")
        elif opcode == _I64_CONST:
            reader.s64("an i64 constant")
        elif opcode == _F32_CONST:
            reader.skip(4, "an f32 constant")
        elif opcode == _F64_CONST:
            reader.skip(8, "an f64 constant")
        elif opcode in (_GLOBAL_GET, _REF_FUNC):
            reader.u32("an index")
        elif opcode == _REF_NULL:
            skip_heap_type(reader)
        elif opcode in _ARITHMETIC:
            continue
        elif opcode == _VECTOR_PREFIX and reader.u32("a vector instruction") == _V128_CONST:
            reader.skip(16, "a v128 constant")
        elif opcode == _GC_PREFIX:
            indices = _GC_INDICES.get(reader.u32("a GC instruction"))
            if indices is None:
                raise BinaryError("an instruction that is not constant", offset)
            for _ in range(indices):
                reader.u32("an index")
        else:
            raise BinaryError(f"instruction {opcode:#04x} is not constant", offset)
