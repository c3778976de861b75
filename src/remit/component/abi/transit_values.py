"""Made code for values that pass from one component to another, and that nobody looks at.

Records are tuples, variants are (index, payload), strings keep what the other side needs to know about their encoding,
and lists of integers are the bytes of the memory that they come from: copied once, into the other memory. They are
valid until the instance that they come from runs again. Lowering checks nothing, as lifting did.
"""

from __future__ import annotations

from remit.component import types
from remit.component.abi import numbers
from remit.component.abi.layout import PRIMITIVE_CODES, is_bytes
from remit.component.abi.source import Namespace, target
from remit.component.abi.strings import load_text
from remit.component.handles import lift_borrow, lift_own, lower_borrow, lower_own

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from remit.component.abi.context import LiftLowerContext
    from remit.component.abi.source import Block
    from remit.component.handles import BorrowScope, LendScope

_RAW = {"u8": 1, "s8": 1, "u16": 2, "s16": 2, "u32": 4, "s32": 4, "u64": 8, "s64": 8}
"""What any bytes are valid for, and the size of one."""


class TransitValues:
    """The :class:`~remit.component.abi.representation.Representation` of values in transit."""

    __slots__ = ("_namespace",)

    def __init__(self, namespace: Namespace) -> None:
        self._namespace = namespace
        namespace.values.update(HELPERS)

    # Lifting.

    def lift_char(self, code_point: str) -> str:
        return f"_check_char({code_point})"

    def lift_string(self, address: str, length: str) -> str:
        return f"_load_text(_cx, _view, {address}, {length})"

    def lift_record(self, type: types.ValType, fields: list[str]) -> str:
        return f"({target(fields)})"

    def lift_items(self, type: types.List, items: list[str]) -> str:
        return f"_bytes(({target(items)}))" if is_bytes(type) else f"({target(items)})"

    def lift_flags(self, type: types.Flags, bits: str) -> str:
        return f"({bits} & {(1 << len(type.labels)) - 1})"

    def lift_case(self, type: types.ValType, index: int, payload: str) -> str:
        return f"({index}, {payload})"

    def lift_empty(self, type: types.ValType, low: int, high: int, index: str) -> str:
        return f"({index}, None)"

    def lift_handle(self, type: types.Own | types.Borrow, index: str) -> str:
        name = "_lift_own" if isinstance(type, types.Own) else "_lift_borrow"
        return f"{name}(_cx, _scope, {index}, {self._namespace.constant(type.resource, 'resource')})"

    def lift_bulk(self, type: types.List, buffer: str, offset: str, length: str) -> str | None:
        element = type.element
        if not isinstance(element, types.Primitive) or element.kind in ("string", "char"):
            return None
        if element.kind in _RAW and type.length is None:
            return f"{buffer}[{offset}:{offset} + {length} * {_RAW[element.kind]}]"
        if element.kind == "u8":
            return buffer
        function = "_load_floats" if element.kind in ("f32", "f64") else "_load_numbers"
        return f"{function}({buffer}, {offset}, {length}, {PRIMITIVE_CODES[element.kind]!r})"

    def list_cost(self, type: types.List, item_cost: int, item_size: int) -> int:
        if isinstance(type.element, types.Primitive) and type.element.kind in _RAW:
            return item_size
        return 8 + item_cost

    # Lowering.

    def lower_integer(self, block: Block, kind: str, value: str) -> str:
        return value

    def lower_bool(self, block: Block, value: str) -> str:
        return value

    def lower_float(self, block: Block, kind: str, value: str) -> str:
        return value

    def lower_char(self, block: Block, value: str) -> str:
        return value

    def lower_string(self, value: str) -> str:
        return f"_cx.transfer_string(_cx, {value})"

    def lower_record(self, block: Block, type: types.ValType, value: str) -> list[str]:
        count = (
            len(type.types)
            if isinstance(type, types.Tuple)
            else len(type.fields)
            if isinstance(type, types.Record)
            else 0
        )
        names = block.names(count)
        block.add(f"{target(names)} = {value}")
        return names

    def lower_items(self, block: Block, type: types.List, value: str) -> str:
        return value

    def lower_flags(self, block: Block, type: types.Flags, value: str) -> str:
        return value

    def lower_case(self, block: Block, type: types.ValType, value: str) -> tuple[str, str]:
        index, payload = block.names(2)
        block.add(f"{index}, {payload} = {value}")
        return index, payload

    def lower_handle(self, type: types.Own | types.Borrow, value: str) -> str:
        name = "_lower_own" if isinstance(type, types.Own) else "_lower_borrow"
        return f"{name}(_cx, _scope, {value}, {self._namespace.constant(type.resource, 'resource')})"

    def lower_list(self, block: Block, value: str) -> str:
        return value

    def lower_bulk(self, block: Block, type: types.List, value: str) -> tuple[str, str] | None:
        element = type.element
        if not isinstance(element, types.Primitive) or element.kind in ("string", "char"):
            return None
        if element.kind in _RAW and type.length is None:
            size = _RAW[element.kind]
            return value, f"_len({value})" if size == 1 else f"_len({value}) // {size}"
        if element.kind == "u8":
            return value, f"_len({value})"
        function = "_store_floats" if element.kind in ("f32", "f64") else "_store_numbers"
        name = block.name()
        block.add(f"{name} = {function}({value}, _len({value}), {PRIMITIVE_CODES[element.kind]!r})")
        return name, f"_len({value})"


def _lift_own(cx: LiftLowerContext, scope: object, index: int, type: types.ResourceType) -> Any:
    return lift_own(cx.instance, index, cx.resources[type])


def _lift_borrow(cx: LiftLowerContext, scope: LendScope, index: int, type: types.ResourceType) -> Any:
    return lift_borrow(cx.instance, scope, index, cx.resources[type])


def _lower_own(cx: LiftLowerContext, scope: object, rep: Any, type: types.ResourceType) -> int:
    return lower_own(cx.instance, rep, cx.resources[type])


def _lower_borrow(cx: LiftLowerContext, scope: BorrowScope, rep: Any, type: types.ResourceType) -> int:
    return lower_borrow(cx.instance, scope, rep, cx.resources[type])


HELPERS: dict[str, Any] = {
    "_bytes": bytes,
    "_check_char": numbers.check_char,
    "_load_text": load_text,
    "_load_numbers": numbers.load_numbers,
    "_load_floats": numbers.load_floats,
    "_store_numbers": numbers.store_numbers,
    "_store_floats": numbers.store_floats,
    "_lift_own": _lift_own,
    "_lift_borrow": _lift_borrow,
    "_lower_own": _lower_own,
    "_lower_borrow": _lower_borrow,
}
