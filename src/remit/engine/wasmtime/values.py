"""Python values to WebAssembly values and back, compiled once for each function type.

A call's values lie in an array of 16-byte cells (``wasmtime_val_raw_t``), arguments and results in the same
place. The buffer of a call from Python has one more cell in front, for the trap that C may report.
"""

from __future__ import annotations

import ctypes
import struct

from remit.engine.wasmtime import library
from remit.engine.wasmtime.layout import FUNC_SIZE, RAW_SIZE, addressof, write_pointer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from remit.binary.types import FuncType

_CELLS = {"i32": "i12x", "i64": "q8x", "f32": "f12x", "f64": "d8x", "v128": "16s"}
_UNSIGNED_CELLS = {"i32": "I12x", "i64": "Q8x"}
_FUNCTION_REFERENCE = "Q8x"
_OTHER_REFERENCE = "I12x"

VAL_KINDS = {"i32": 0, "i64": 1, "f32": 2, "f64": 3, "v128": 4, "funcref": 5, "externref": 6}
"""``wasmtime_valkind_t`` (wasmtime/val.h)."""

_INTEGERS = {"i32": 32, "i64": 64}


class Reference:
    """A WebAssembly reference that Python holds but cannot look into. A funcref may be passed back to its store."""

    __slots__ = ("function", "store", "type")

    def __init__(self, store: Any, type: str, function: bytes | None) -> None:
        self.store = store
        self.type = type
        self.function = function
        """The ``wasmtime_func_t``, valid as long as the store. Other references would need a root there."""

    def raw(self, store: Any) -> int:
        """As a value of `store`. TypeError if it is not a function, ValueError if it belongs to another store."""
        if self.function is None:
            raise TypeError(f"a reference of type {self.type} cannot be passed back: only funcref can")
        buffer = ctypes.create_string_buffer(self.function, FUNC_SIZE)
        return function_reference(store, self.store, addressof(buffer))

    def __repr__(self) -> str:
        return f"<{self.type}>"


def _reference_from_raw(store: Any, kind: str, raw: int) -> Reference:
    if kind != "funcref":
        return Reference(store, kind, None)
    buffer = ctypes.create_string_buffer(FUNC_SIZE)
    library.func_from_raw(store.context_address, raw, addressof(buffer))
    return Reference(store, kind, buffer.raw)


def function_reference(store: Any, owner: Any, function: int) -> int:
    """The raw form of the ``wasmtime_func_t`` at address `function`. ValueError if it belongs to another store."""
    if owner is not store:
        raise ValueError("a function reference of another store")
    raw: int = library.func_to_raw(store.context_address, function)
    return raw


class Signature:
    """How to lay out the values of one function type."""

    __slots__ = (
        "_has_references",
        "_pack",
        "_room",
        "_unpack",
        "cells",
        "pack_results",
        "type",
        "unpack_arguments",
        "unpack_arguments_unsigned",
    )

    def __init__(self, type: FuncType) -> None:
        self.type = type
        self.cells = max(len(type.params), len(type.results))
        self._has_references = any(each not in _CELLS for each in type.params + type.results)
        self._room = ctypes.c_char * (RAW_SIZE * (self.cells + 1))
        self._pack = struct.Struct("<16x" + _format(type.params, _CELLS)).pack_into
        self._unpack = struct.Struct("<16x" + _format(type.results, _CELLS)).unpack_from
        self.unpack_arguments = struct.Struct("<" + _format(type.params, _CELLS)).unpack_from
        self.unpack_arguments_unsigned = struct.Struct(
            "<" + _format(type.params, {**_CELLS, **_UNSIGNED_CELLS})
        ).unpack_from
        self.pack_results = struct.Struct("<" + _format(type.results, _CELLS)).pack_into

    @property
    def has_references(self) -> bool:
        return self._has_references

    def encode(self, store: Any, arguments: tuple[Any, ...]) -> Any:
        """A buffer for a call: room for a trap, then the arguments.

        TypeError for a wrong number or kind of arguments, OverflowError for a number out of range.
        """
        raw = self._room()
        try:
            self._pack(raw, 0, *arguments)
        except (struct.error, OverflowError, TypeError):
            self._check_count(arguments)
            self._pack(raw, 0, *self._coerce_arguments(store, arguments))
        else:
            if self._has_references or "v128" in self.type.params:
                # struct takes any number for a reference, and cuts or pads bytes for a vector.
                self._pack(raw, 0, *self._coerce_arguments(store, arguments))
        return raw

    def decode(self, store: Any, raw: Any) -> Any:
        """What a call left in its buffer: None, one value, or a tuple."""
        values = self._unpack(raw)
        if self._has_references:
            values = from_raw(store, self.type.results, values)
        if len(values) == 1:
            return values[0]
        return values or None

    def _check_count(self, arguments: tuple[Any, ...]) -> None:
        if len(arguments) != len(self.type.params):
            raise TypeError(f"{len(arguments)} arguments for a function of type {self.type}")

    def _coerce_arguments(self, store: Any, arguments: tuple[Any, ...]) -> list[Any]:
        return [
            coerce(store, kind, value, f"argument {n}")
            for n, (kind, value) in enumerate(zip(self.type.params, arguments, strict=True), 1)
        ]


def signature_of(type: FuncType) -> Signature:
    """Shared by all functions of a type: there are few types, and they are costly to compile."""
    key = (type.params, type.results)
    try:
        return _signatures[key]
    except KeyError:
        return _signatures.setdefault(key, Signature(type))


_signatures: dict[tuple[tuple[str, ...], tuple[str, ...]], Signature] = {}


def coerce(store: Any, kind: str, value: Any, place: str) -> Any:
    """`value` as ``struct`` packs it for `kind`. `place` names it in TypeError and OverflowError."""
    bits = _INTEGERS.get(kind)
    if bits is not None:
        if not hasattr(value, "__index__"):
            raise TypeError(f"{place} is {value!r}: an int is wanted for {kind}")
        number: int = value.__index__()
        if not -(1 << (bits - 1)) <= number < 1 << bits:
            raise OverflowError(
                f"{place} is {number}: out of range for {kind}, which takes -2**{bits - 1} to 2**{bits} - 1"
            )
        return number - (1 << bits) if number >= 1 << (bits - 1) else number
    if kind in ("f32", "f64"):
        if not hasattr(value, "__float__"):
            raise TypeError(f"{place} is {value!r}: a float is wanted for {kind}")
        return _float(kind, float(value))
    if kind == "v128":
        if isinstance(value, int):
            if not 0 <= value < 1 << 128:
                raise OverflowError(f"{place} is {value}: out of range for v128, which takes 0 to 2**128 - 1")
            return value.to_bytes(16, "little")
        if not isinstance(value, (bytes, bytearray)) or len(value) != 16:
            raise TypeError(f"{place} is {value!r}: 16 bytes or an int are wanted for v128")
        return bytes(value)
    return _reference(store, kind, value, place)


def coerce_results(store: Any, type: FuncType, returned: Any, function: Any) -> tuple[Any, ...]:
    """What the host function `function` returned, as `Signature.pack_results` takes it. TypeError, OverflowError."""
    results = type.results
    if len(results) == 1:
        values: tuple[Any, ...] = (returned,)
    elif not results:
        values = () if returned is None else (returned,)
    else:
        values = tuple(returned) if isinstance(returned, (tuple, list)) else (returned,)
    if len(values) != len(results):
        raise TypeError(f"{_name(function)}, of type {type}, returned {returned!r}")
    return tuple(
        [
            coerce(store, kind, value, f"result {n} of {_name(function)}")
            for n, (kind, value) in enumerate(zip(results, values, strict=True), 1)
        ]
    )


def _name(function: Any) -> str:
    return getattr(function, "__qualname__", None) or repr(function)


def from_raw(store: Any, kinds: tuple[str, ...], values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Numbers and vectors as they are, references as None or :class:`Reference`."""
    return tuple(
        [
            value if kind in _CELLS else _reference_from_raw(store, kind, value) if value else None
            for kind, value in zip(kinds, values, strict=True)
        ]
    )


def _float(kind: str, value: float) -> float:
    if kind == "f32":
        try:
            struct.pack("<f", value)
        except OverflowError:
            # Too large for the type: IEEE 754 rounds it to infinity, where struct raises.
            return float("inf") if value > 0 else float("-inf")
    return value


def _reference(store: Any, kind: str, value: Any, place: str) -> int:
    if value is None:
        if kind.startswith("(ref ") and not kind.startswith("(ref null"):
            raise TypeError(f"{place} is None: {kind} has no null")
        return 0
    to_raw: Callable[[Any], int] | None = getattr(value, "raw", None)
    if kind == "funcref" and to_raw is not None:
        return to_raw(store)
    raise TypeError(
        f"{place} is {value!r}: None{' or a function of this store' * (kind == 'funcref')} is wanted for {kind}"
    )


def _format(kinds: tuple[str, ...], cells: dict[str, str]) -> str:
    return "".join([cells.get(kind) or (_FUNCTION_REFERENCE if "func" in kind else _OTHER_REFERENCE) for kind in kinds])


def val_struct(kind: str) -> struct.Struct:
    """How the value of a ``wasmtime_val_t`` lies in memory."""
    return struct.Struct("<" + _CELLS[kind])


# wasm_valkind_t (wasm.h)
_KINDS = {"i32": 0, "i64": 1, "f32": 2, "f64": 3, "externref": 128, "funcref": 129}


def new_functype(type: FuncType) -> int:
    """A ``wasm_functype_t``, to be deleted by the caller. TypeError for types that the C API cannot express."""
    params, results = (_valtype_vec(kinds, type) for kinds in (type.params, type.results))
    address: int = library.functype_new(addressof(params), addressof(results))
    return address


def _valtype_vec(kinds: tuple[str, ...], type: FuncType) -> Any:
    for kind in kinds:
        if kind != "v128" and kind not in _KINDS:
            raise TypeError(f"a host function of type {type}: {kind} cannot be passed to the host")
    items = ctypes.create_string_buffer(8 * len(kinds) + 1)
    for index, kind in enumerate(kinds):
        write_pointer(items, 8 * index, library.valtype_v128() if kind == "v128" else library.valtype_new(_KINDS[kind]))
    vector = ctypes.create_string_buffer(16)
    library.valtype_vec_new(addressof(vector), len(kinds), addressof(items))
    return vector
