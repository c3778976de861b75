"""Made code that lowers: values to core values and memory.

What a value has in memory is packed at once, after its strings and lists are stored: allocations happen in the order
of the specification, and padding is zero. Source: ``CanonicalABI.md``, "Storing" and "Flat Lowering".
"""

from __future__ import annotations

import struct

from remit.component.abi import numbers
from remit.component.abi.layout import cases, fields, is_bytes
from remit.component.abi.leaves import Leaves
from remit.component.abi.limits import MAX_LIST_BYTE_LENGTH
from remit.component.abi.source import Block, Namespace, target
from remit.component.types import Borrow, Flags, List, Own, Primitive, Record, Tuple, ValType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from remit.component.abi.representation import Representation


def _list_too_long(size: int) -> NoReturn:
    raise ValueError(f"a list of {size} bytes is too long: {MAX_LIST_BYTE_LENGTH} are allowed")


HELPERS: dict[str, Any] = {
    "_len": len,
    "_type": type,
    "_int": int,
    "_float": float,
    "_bytes": bytes,
    "_bytearray": bytearray,
    "_MAX_F32": numbers.MAX_F32,
    "_to_f32": numbers.to_f32,
    "_to_f64": numbers.to_f64,
    "_bits_of_f32": numbers.bits_of_f32,
    "_bits_of_f64": numbers.bits_of_f64,
    "_list_too_long": _list_too_long,
}

_COERCED = {
    ("f32", "i32"): "_bits_of_f32({0})",
    ("i32", "i64"): "({0} & 4294967295)",
    ("f32", "i64"): "(_bits_of_f32({0}) & 4294967295)",
    ("f64", "i64"): "_bits_of_f64({0})",
}


class Lowering:
    """Makes the lowering code of types; what they share is made once. Core integers are signed, as for engines."""

    __slots__ = ("_functions", "_leaves", "_namespace", "_values")

    def __init__(self, namespace: Namespace, leaves: Leaves, values: Representation) -> None:
        namespace.values.update(HELPERS)
        self._namespace = namespace
        self._leaves = leaves
        self._values = values
        self._functions: dict[tuple[str, int], tuple[ValType, str]] = {}

    def lower_flat(self, block: Block, type: ValType, value: str) -> list[str]:
        """Expressions for the flat values of the variable `value`, which the code may set anew."""
        if self._leaves.is_inline(type):
            return self._parts(block, type, value, flat=True)
        names = block.names(len(self._leaves.layouts.of(type).flat or ()))
        block.add(f"{target(names)} = {self._flat_function(type)}(_cx, _scope, {value})")
        return names

    def store(self, block: Block, type: ValType, value: str) -> str:
        """An expression for the bytes of the variable `value` in memory; what it points to is stored by then."""
        parts = self._parts(block, type, value, flat=False)
        return f"{self._struct(type, 'pack')}({', '.join(parts)})"

    def _struct(self, type: ValType, method: str) -> str:
        known = self._functions.get((method, id(type)))
        if known is None:
            name = self._namespace.fresh(method)
            self._namespace.values[name] = getattr(struct.Struct(self._leaves.format(type)), method)
            known = self._functions[method, id(type)] = (type, name)
        return known[1]

    def _within(self, block: Block, type: ValType, value: str, *, flat: bool) -> list[str]:
        if flat:
            return self.lower_flat(block, type, value)
        if self._leaves.is_inline(type):
            return self._parts(block, type, value, flat=False)
        name = block.name()
        block.add(f"{name} = {self._store_function(type)}(_cx, _scope, {value})")
        return [name]

    def _parts(self, block: Block, type: ValType, value: str, *, flat: bool) -> list[str]:
        """Expressions for the flat values, or the leaves that `type` has on its own."""
        if isinstance(type, Primitive):
            return self._primitive(block, type.kind, value, flat=flat)
        if isinstance(type, List):
            return self._list(block, type, value, flat=flat)
        if isinstance(type, (Record, Tuple)):
            names = self._values.lower_record(block, type, value)
            parts: list[str] = []
            for field, name in zip(fields(type), names, strict=True):
                parts += self._within(block, field, name, flat=flat)
            return parts
        if isinstance(type, Flags):
            bits = self._values.lower_flags(block, type, value)
            return [_signed(bits, 32) if flat and len(type.labels) == 32 else bits]
        if isinstance(type, (Own, Borrow)):
            name = block.name()
            block.add(f"{name} = {self._values.lower_handle(type, value)}")
            return [_signed(name, 32) if flat else name]
        return self._variant(block, type, value, flat=flat)

    def _primitive(self, block: Block, kind: str, value: str, *, flat: bool) -> list[str]:
        if kind == "string":
            names = block.names(2)
            block.add(f"{target(names)} = {self._values.lower_string(value)}")
            return [_signed(name, 32) for name in names] if flat else names
        if kind == "bool":
            return [self._values.lower_bool(block, value)]
        if kind == "char":
            return [self._values.lower_char(block, value)]
        if kind in ("f32", "f64"):
            return [self._values.lower_float(block, kind, value)]
        if not flat:
            return [value]
        number = self._values.lower_integer(block, kind, value)
        return [_signed(number, int(kind[1:])) if kind in ("u32", "u64") else number]

    def _list(self, block: Block, type: List, value: str, *, flat: bool) -> list[str]:
        if type.length is None:
            names = block.names(2)
            block.add(f"{target(names)} = {self._list_function(type)}(_cx, _scope, {value})")
            return [_signed(name, 32) for name in names] if flat else names
        if not flat and not self._leaves.is_inline(type):
            name = block.name()
            block.add(f"{name} = {self._store_function(type)}(_cx, _scope, {value})")
            return [name]
        items = self._values.lower_items(block, type, value)
        if not flat and is_bytes(type):
            # What struct packs as bytes must be bytes.
            return [f"_bytes({items})"]
        names = block.names(type.length)
        block.add(f"{target(names)} = {items}")
        parts: list[str] = []
        for name in names:
            parts += self._within(block, type.element, name, flat=flat)
        return parts

    def _variant(self, block: Block, type: ValType, value: str, *, flat: bool) -> list[str]:
        index, payload = self._values.lower_case(block, type, value)
        all_cases = cases(type)
        if flat:
            kinds = (self._leaves.layouts.of(type).flat or ())[1:]
            zeros = ["0.0" if kind in ("f32", "f64") else "0" for kind in kinds]
        else:
            kinds, shared = (), self._leaves.shared_payload(type)
            codes = [f"{self._leaves.layouts.payload(type)[1]}s"] if shared is None else shared
            zeros = [_zero(code) for code in codes if not code.endswith("x")]
        slots = block.names(len(zeros))

        def choose(low: int, high: int) -> None:
            if not any(case is not None for _, case in all_cases[low:high]):
                block.add(f"{target(slots)} = {target(zeros)}")
            elif high - low > 1:
                middle = (low + high) // 2
                block.indent(f"if {index} < {middle}:")
                choose(low, middle)
                block.dedent()
                block.indent("else:")
                choose(middle, high)
                block.dedent()
            else:
                case = all_cases[low][1]
                assert case is not None
                inner = block.name()
                block.add(f"{inner} = {payload}")
                if flat:
                    parts = self._coerced(block, case, inner, kinds)
                elif shared is None:
                    if self._leaves.is_inline(case):
                        parts = [self.store(block, case, inner)]
                    else:
                        parts = [f"{self._store_function(case)}(_cx, _scope, {inner})"]
                else:
                    parts = self._within(block, case, inner, flat=False)
                block.add(f"{target(slots)} = {target(parts + zeros[len(parts) :])}")

        if slots:
            choose(0, len(all_cases))
        return [index, *slots]

    def _coerced(self, block: Block, case: ValType, value: str, want: tuple[str, ...]) -> list[str]:
        parts = self.lower_flat(block, case, value)
        have = self._leaves.layouts.of(case).flat or ()
        return [
            part if one == other else _COERCED[one, other].format(part)
            for part, one, other in zip(parts, have, want, strict=False)
        ]

    def _flat_function(self, type: ValType) -> str:
        known = self._functions.get(("flat", id(type)))
        if known is None:
            name = self._namespace.fresh(f"lower_flat_{type.kind}")
            self._functions["flat", id(type)] = known = (type, name)
            block = Block()
            block.add(f"return ({target(self._parts(block, type, '_value', flat=True))})")
            self._namespace.define(name, ["_cx", "_scope", "_value"], block.lines)
        return known[1]

    def _store_function(self, type: ValType) -> str:
        """The bytes of a value."""
        known = self._functions.get(("store", id(type)))
        if known is None:
            name = self._namespace.fresh(f"store_{type.kind}")
            self._functions["store", id(type)] = known = (type, name)
            block = Block()
            if isinstance(type, List) and type.length is not None and not self._leaves.is_inline(type):
                items = self._values.lower_items(block, type, "_value")
                block.add(f"_value = {items}")
                self._items(block, type, str(type.length))
            else:
                block.add(f"return {self.store(block, type, '_value')}")
            self._namespace.define(name, ["_cx", "_scope", "_value"], block.lines)
        return known[1]

    def _list_function(self, type: List) -> str:
        """Stores the items; address and length."""
        known = self._functions.get(("list", id(type)))
        if known is None:
            name = self._namespace.fresh("store_list")
            self._functions["list", id(type)] = known = (type, name)
            layout = self._leaves.layouts.of(type.element)
            block = Block()
            bulk = self._values.lower_bulk(block, type, "_value")
            if bulk is not None:
                data, length = bulk
                block.add(f"_length = {length}")
            else:
                block.add(f"_value = {self._values.lower_list(block, '_value')}")
                block.add("_length = _len(_value)")
                data = "_data"
            block.add(f"_size = _length * {layout.size}")
            block.add(f"if _size > {MAX_LIST_BYTE_LENGTH}: _list_too_long(_size)")
            block.add(f"_address = _cx.allocate({layout.alignment}, _size)")
            if bulk is None:
                self._pack_items(block, type, "_size")
            block.add(f"_cx.write(_address, {data})")
            block.add("return _address, _length")
            self._namespace.define(name, ["_cx", "_scope", "_value"], block.lines)
        return known[1]

    def _items(self, block: Block, type: List, length: str) -> None:
        """Return the bytes of the items of ``_value``."""
        bulk = self._values.lower_bulk(block, type, "_value")
        if bulk is not None:
            block.add(f"return _bytes({bulk[0]})")
            return
        self._pack_items(block, type, f"{length} * {self._leaves.layouts.of(type.element).size}")
        block.add("return _bytes(_data)")

    def _pack_items(self, block: Block, type: List, size: str) -> None:
        """Pack the items of ``_value`` into ``_data``."""
        element = type.element
        block.add(f"_data = _bytearray({size})")
        block.add("_offset = 0")
        block.indent("for _item in _value:")
        parts = self._parts(block, element, "_item", flat=False)
        block.add(f"{self._struct(element, 'pack_into')}(_data, _offset, {', '.join(parts)})")
        block.add(f"_offset += {self._leaves.layouts.of(element).size}")
        block.dedent()


def _signed(value: str, bits: int) -> str:
    return f"({value} if {value} < {1 << (bits - 1)} else {value} - {1 << bits})"


def _zero(code: str) -> str:
    if code.endswith("s"):
        return "b''"
    return {"?": "False", "f": "0.0", "d": "0.0"}.get(code, "0")
