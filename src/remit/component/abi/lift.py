"""Made code that lifts: core values and memory to values.

All of it is expressions, so that a list of records is one comprehension over :meth:`struct.Struct.iter_unpack`.
Source: ``CanonicalABI.md``, "Loading" and "Flat Lifting".
"""

from __future__ import annotations

import struct

from remit.component.abi import traps
from remit.component.abi.layout import cases, fields, is_bytes
from remit.component.abi.leaves import Leaves, count
from remit.component.abi.limits import MAX_LIST_BYTE_LENGTH
from remit.component.abi.numbers import NAN, f32_of_bits, f64_of_bits
from remit.component.abi.source import Block, Namespace, target
from remit.component.types import (
    Borrow,
    Flags,
    List,
    Own,
    Primitive,
    Record,
    Tuple,
    ValType,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from remit.component.abi.representation import Representation

HELPERS: dict[str, Any] = {
    "_len": len,
    "_nan": NAN,
    "_f32_of_bits": f32_of_bits,
    "_f64_of_bits": f64_of_bits,
    "_bad_case": traps.bad_case,
    "_list_outside": traps.list_outside,
    "_outside": traps.outside,
    "_lifted_too_much": traps.lifted_too_much,
}

_FLAT_INTEGERS = {
    "bool": "({0} != 0)",
    "s8": "(({0} + 128 & 255) - 128)",
    "u8": "({0} & 255)",
    "s16": "(({0} + 32768 & 65535) - 32768)",
    "u16": "({0} & 65535)",
    "s32": "{0}",
    "u32": "({0} & 4294967295)",
    "s64": "{0}",
    "u64": "({0} & 18446744073709551615)",
}
"""From signed core values."""

_COERCED = {
    ("i32", "f32"): "_f32_of_bits({0})",
    ("i64", "i32"): "(({0} + 2147483648 & 4294967295) - 2147483648)",
    ("i64", "f32"): "_f32_of_bits({0})",
    ("i64", "f64"): "_f64_of_bits({0})",
}


class Lifting:
    """Makes the lifting code of types; what they share is made once. Core integers are signed, as from engines."""

    __slots__ = ("_functions", "_leaves", "_namespace", "_values")

    def __init__(self, namespace: Namespace, leaves: Leaves, values: Representation) -> None:
        namespace.values.update(HELPERS)
        self._namespace = namespace
        self._leaves = leaves
        self._values = values
        self._functions: dict[tuple[str, int], tuple[ValType, str]] = {}

    def lift_flat(self, type: ValType, parts: Iterator[str]) -> str:
        """An expression for a value of `type` from flat values, which are taken from `parts`."""
        if self._leaves.is_inline(type):
            return self._value(type, parts, flat=True)
        arguments = self._take(type, parts)
        return f"{self._flat_function(type)}(_cx, _view, _scope, {', '.join(arguments)})"

    def load(self, block: Block, type: ValType, address: str) -> str:
        """An expression for a value of `type` at `address`, a name, which is checked first."""
        layout = self._leaves.layouts.of(type)
        block.add(f"if {address} & {layout.alignment - 1} or {address} + {layout.size} > _len(_view):")
        block.add(f"    _outside('pointer', {address}, {layout.size}, {layout.alignment}, _len(_view))")
        names = block.names(count(self._leaves.of(type)))
        unpack = self._struct(type, "unpack_from")
        block.add(f"{target(names)} = {unpack}(_view, {address})")
        return self._value(type, iter(names), flat=False)

    def _take(self, type: ValType, parts: Iterator[str]) -> list[str]:
        flat = self._leaves.layouts.of(type).flat
        assert flat is not None
        return [next(parts) for _ in flat]

    def _struct(self, type: ValType, method: str) -> str:
        """A name for a method of the type's ``struct.Struct``."""
        known = self._functions.get((method, id(type)))
        if known is None:
            name = self._namespace.fresh(method)
            self._namespace.values[name] = getattr(struct.Struct(self._leaves.format(type)), method)
            known = self._functions[method, id(type)] = (type, name)
        return known[1]

    def _within(self, type: ValType, parts: Iterator[str], *, flat: bool) -> str:
        if flat:
            return self.lift_flat(type, parts)
        if self._leaves.is_inline(type):
            return self._value(type, parts, flat=False)
        return f"{self._load_function(type)}(_cx, _view, _scope, {next(parts)})"

    def _value(self, type: ValType, parts: Iterator[str], *, flat: bool) -> str:
        """The expression itself, from the flat values or the leaves that `type` has on its own."""
        if isinstance(type, Primitive):
            return self._primitive(type.kind, parts, flat=flat)
        if isinstance(type, List):
            return self._list(type, parts, flat=flat)
        if isinstance(type, (Record, Tuple)):
            return self._values.lift_record(type, [self._within(field, parts, flat=flat) for field in fields(type)])
        if isinstance(type, Flags):
            return self._values.lift_flags(type, next(parts))
        if isinstance(type, (Own, Borrow)):
            return self._values.lift_handle(type, _unsigned(next(parts), flat=flat))
        return self._variant(type, parts, flat=flat)

    def _primitive(self, kind: str, parts: Iterator[str], *, flat: bool) -> str:
        part = next(parts)
        if kind == "string":
            return self._values.lift_string(_unsigned(part, flat=flat), _unsigned(next(parts), flat=flat))
        if kind == "char":
            return self._values.lift_char(_unsigned(part, flat=flat))
        if kind in ("f32", "f64"):
            # Bits that were made a float have no other NaN.
            return f"({part} if {part} == {part} else _nan)" if part.isidentifier() else part
        return _FLAT_INTEGERS[kind].format(part) if flat else part

    def _list(self, type: List, parts: Iterator[str], *, flat: bool) -> str:
        if type.length is None:
            address, length = (_unsigned(next(parts), flat=flat) for _ in range(2))
            return f"{self._list_function(type)}(_cx, _view, _scope, {address}, {length})"
        if not flat and is_bytes(type):
            return next(parts)
        if not flat and not self._leaves.is_inline(type):
            return f"{self._load_function(type)}(_cx, _view, _scope, {next(parts)})"
        items = [self._within(type.element, parts, flat=flat) for _ in range(type.length)]
        return self._values.lift_items(type, items)

    def _variant(self, type: ValType, parts: Iterator[str], *, flat: bool) -> str:
        all_cases = cases(type)
        index = next(parts)
        if flat and not index.isidentifier():
            # It comes out of an i64: name it, as it is used more than once.
            index, expression = self._namespace.fresh("index"), index
            checked = f"({index} := {expression})"
        else:
            checked = index
        payloads = self._flat_payloads(type, parts) if flat else self._loaded_payloads(type, parts)

        def choose(low: int, high: int) -> str:
            if not any(case is not None for _, case in all_cases[low:high]):
                return self._values.lift_empty(type, low, high, index)
            if high - low == 1:
                return self._values.lift_case(type, low, payloads[low])
            middle = (low + high) // 2
            return f"({choose(low, middle)} if {index} < {middle} else {choose(middle, high)})"

        chosen = choose(0, len(all_cases))
        return f"({chosen} if 0 <= {checked} < {len(all_cases)} else _bad_case({index}, {len(all_cases)}))"

    def _flat_payloads(self, type: ValType, parts: Iterator[str]) -> list[str]:
        layouts = self._leaves.layouts
        have = layouts.of(type).flat
        assert have is not None
        slots = [next(parts) for _ in have[1:]]
        payloads = []
        for _, case in cases(type):
            if case is None:
                payloads.append("")
                continue
            want = layouts.of(case).flat
            assert want is not None
            coerced = [
                slot if one == other else _COERCED[one, other].format(slot)
                for one, other, slot in zip(have[1:], want, slots, strict=False)
            ]
            payloads.append(self.lift_flat(case, iter(coerced)))
        return payloads

    def _loaded_payloads(self, type: ValType, parts: Iterator[str]) -> list[str]:
        shared = self._leaves.shared_payload(type)
        if shared is None:
            room = next(parts)
            return [
                "" if case is None else f"{self._load_function(case)}(_cx, _view, _scope, {room})"
                for _, case in cases(type)
            ]
        slots = [next(parts) for _ in range(count(shared))]
        return ["" if case is None else self._within(case, iter(slots), flat=False) for _, case in cases(type)]

    def _flat_function(self, type: ValType) -> str:
        known = self._functions.get(("flat", id(type)))
        if known is None:
            name = self._namespace.fresh(f"lift_flat_{type.kind}")
            self._functions["flat", id(type)] = known = (type, name)
            names = Block().names(len(self._leaves.layouts.of(type).flat or ()))
            value = self._value(type, iter(names), flat=True)
            self._namespace.define(name, ["_cx", "_view", "_scope", *names], [f"    return {value}"])
        return known[1]

    def _load_function(self, type: ValType) -> str:
        """Of the bytes of a value; there may be more behind them."""
        known = self._functions.get(("load", id(type)))
        if known is None:
            name = self._namespace.fresh(f"load_{type.kind}")
            self._functions["load", id(type)] = known = (type, name)
            block = Block()
            if isinstance(type, List) and type.length is not None and not self._leaves.is_inline(type):
                size = self._leaves.layouts.of(type).size
                block.add(f"return {self._items(type, '_data', '0', str(type.length), f'_data[:{size}]')}")
            else:
                names = block.names(count(self._leaves.of(type)))
                block.add(f"{target(names)} = {self._struct(type, 'unpack_from')}(_data)")
                block.add(f"return {self._value(type, iter(names), flat=False)}")
            self._namespace.define(name, ["_cx", "_view", "_scope", "_data"], block.lines)
        return known[1]

    def _list_function(self, type: List) -> str:
        known = self._functions.get(("list", id(type)))
        if known is None:
            name = self._namespace.fresh("load_list")
            self._functions["list", id(type)] = known = (type, name)
            layout = self._leaves.layouts.of(type.element)
            cost = self._values.list_cost(type, layout.cost, layout.size)
            block = Block()
            block.add(f"_end = _address + _length * {layout.size}")
            outside = f"_address & {layout.alignment - 1} or _end > _len(_view)"
            block.add(f"if _end - _address > {MAX_LIST_BYTE_LENGTH} or {outside}:")
            block.add(f"    _list_outside(_address, _end - _address, {layout.alignment}, _len(_view))")
            block.add(f"_cx.left -= _length * {cost}")
            block.add("if _cx.left < 0: _lifted_too_much(_cx.max_lifted)")
            block.add(f"return {self._items(type, '_view', '_address', '_length', '_view[_address:_end]')}")
            self._namespace.define(name, ["_cx", "_view", "_scope", "_address", "_length"], block.lines)
        return known[1]

    def _items(self, type: List, buffer: str, offset: str, length: str, part: str) -> str:
        """The items of a list from `part`, which is that part of `buffer`."""
        bulk = self._values.lift_bulk(type, buffer, offset, length)
        if bulk is not None:
            return bulk
        names = Block().names(count(self._leaves.of(type.element)))
        item = self._value(type.element, iter(names), flat=False)
        return f"[{item} for {target(names)} in {self._struct(type.element, 'iter_unpack')}({part})]"


def _unsigned(part: str, *, flat: bool) -> str:
    return f"({part} & 4294967295)" if flat else part
