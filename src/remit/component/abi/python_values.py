"""Made code for the values that Python functions get and give (see :mod:`remit.component.values`)."""

from __future__ import annotations

from remit.component import types
from remit.component.abi import numbers
from remit.component.abi.layout import PRIMITIVE_CODES, cases, is_bytes
from remit.component.abi.source import Namespace, target
from remit.component.handles import lift_borrow, lift_own, lower_borrow, lower_own
from remit.component.values import accept
from remit.component.values.classes import Classes
from remit.component.values.results import Err, Ok, Some

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from remit.component.abi.context import LiftLowerContext
    from remit.component.abi.source import Block
    from remit.component.handles import BorrowScope, LendScope

HELPERS: dict[str, Any] = {
    "_list": list,
    "_tuple": tuple,
    "_bytes": bytes,
    "_Ok": Ok,
    "_Err": Err,
    "_Some": Some,
    "_char": numbers.convert_i32_to_char,
    "_load_numbers": numbers.load_numbers,
    "_load_floats": numbers.load_floats,
    "_load_chars": numbers.load_chars,
    "_store_numbers": numbers.store_numbers,
    "_store_floats": numbers.store_floats,
    "_integer": accept.integer,
    "_boolean": accept.boolean,
    "_character": accept.character,
    "_record": accept.record,
    "_sequence": accept.sequence,
    "_sequence_of": accept.sequence_of,
    "_octets": accept.octets,
    "_octets_of": accept.octets_of,
    "_as_case": accept.as_case,
    "_member": accept.member,
    "_bits": accept.bits,
    "_some": accept.some,
    "_ok_or_err": accept.ok_or_err,
    "_nothing": accept.nothing,
    "_booleans": accept.booleans,
}


class PythonValues:
    """The :class:`~remit.component.abi.representation.Representation` of Python's values."""

    __slots__ = ("_namespace", "classes")

    def __init__(self, namespace: Namespace, classes: Classes) -> None:
        self._namespace = namespace
        self.classes = classes
        namespace.values.update(HELPERS)

    def _class(self, type: types.ValType) -> str:
        return self._namespace.constant(self.classes.of(type), type.kind)

    # Lifting.

    def lift_char(self, code_point: str) -> str:
        return f"_char({code_point})"

    def lift_string(self, address: str, length: str) -> str:
        return f"_cx.load_string(_cx, _view, {address}, {length})"

    def lift_record(self, type: types.ValType, fields: list[str]) -> str:
        if isinstance(type, types.Tuple):
            return f"({target(fields)})"
        return f"{self._class(type)}({', '.join(fields)})"

    def lift_items(self, type: types.List, items: list[str]) -> str:
        return f"_bytes(({target(items)}))" if is_bytes(type) else f"[{', '.join(items)}]"

    def lift_flags(self, type: types.Flags, bits: str) -> str:
        return f"{self._class(type)}({bits} & {(1 << len(type.labels)) - 1})"

    def lift_case(self, type: types.ValType, index: int, payload: str) -> str:
        if isinstance(type, types.Option):
            return f"_Some({payload})" if isinstance(type.type, types.Option) else payload
        if isinstance(type, types.Result):
            return f"{'_Err' if index else '_Ok'}({payload})"
        case = self.classes.of(type).case_classes[index]
        return f"{self._namespace.constant(case, 'case')}({payload})"

    def lift_empty(self, type: types.ValType, low: int, high: int, index: str) -> str:
        if isinstance(type, types.Option):
            return "None"
        if isinstance(type, types.Enum):
            return f"{self._namespace.constant(self.classes.of(type).members, 'members')}[{index}]"
        if isinstance(type, types.Result):
            return f"(_Err() if {index} else _Ok())" if high - low == 2 else ("_Err()" if low else "_Ok()")
        made = self.classes.of(type).case_classes
        if high - low == 1:
            return f"{self._namespace.constant(made[low], 'case')}()"
        return f"{self._namespace.constant(made, 'cases')}[{index}]()"

    def lift_handle(self, type: types.Own | types.Borrow, index: str) -> str:
        name = "_lift_own" if isinstance(type, types.Own) else "_lift_borrow"
        return f"{name}(_cx, _scope, {index}, {self._namespace.constant(type.resource, 'resource')})"

    def lift_bulk(self, type: types.List, buffer: str, offset: str, length: str) -> str | None:
        element = type.element
        if not isinstance(element, types.Primitive) or element.kind == "string":
            return None
        if element.kind == "u8":
            return f"{buffer}[{offset}:{offset} + {length}].tobytes()"
        if element.kind == "char":
            return f"_load_chars({buffer}, {offset}, {length})"
        function = "_load_floats" if element.kind in ("f32", "f64") else "_load_numbers"
        return f"{function}({buffer}, {offset}, {length}, {PRIMITIVE_CODES[element.kind]!r})"

    def list_cost(self, type: types.List, item_cost: int, item_size: int) -> int:
        return 1 if is_bytes(type) else 8 + item_cost

    # Lowering.

    def lower_integer(self, block: Block, kind: str, value: str) -> str:
        low, high = accept.RANGES[kind]
        block.add(
            f"if _type({value}) is not _int or not {low} <= {value} <= {high}: {value} = _integer({value}, {kind!r})"
        )
        return value

    def lower_bool(self, block: Block, value: str) -> str:
        block.add(f"if {value} is not True and {value} is not False: _boolean({value})")
        return value

    def lower_float(self, block: Block, kind: str, value: str) -> str:
        if kind == "f64":
            block.add(f"if _type({value}) is not _float or {value} != {value}: {value} = _to_f64({value})")
        else:
            block.add(
                f"if _type({value}) is not _float or not -_MAX_F32 <= {value} <= _MAX_F32: {value} = _to_f32({value})"
            )
        return value

    def lower_char(self, block: Block, value: str) -> str:
        name = block.name()
        block.add(f"{name} = _character({value})")
        return name

    def lower_string(self, value: str) -> str:
        return f"_cx.store_string(_cx, {value})"

    def lower_record(self, block: Block, type: types.ValType, value: str) -> list[str]:
        if isinstance(type, types.Tuple):
            names = block.names(len(type.types))
            block.add(f"if _type({value}) is not _tuple: {value} = _sequence_of({value}, {len(names)}, 'tuple')")
            block.add(f"{target(names)} = {value}")
            return names
        made = self.classes.of(type)
        constant = self._class(type)
        block.add(f"if _type({value}) is not {constant}: {value} = _record({value}, {constant})")
        names = block.names(len(made.__match_args__))
        for name, field in zip(names, made.__match_args__, strict=True):
            block.add(f"{name} = {value}.{field}")
        return names

    def lower_items(self, block: Block, type: types.List, value: str) -> str:
        name = block.name()
        function = "_octets_of" if is_bytes(type) else "_sequence_of"
        rest = "" if is_bytes(type) else ", 'list'"
        block.add(f"{name} = {function}({value}, {type.length}{rest})")
        return name

    def lower_flags(self, block: Block, type: types.Flags, value: str) -> str:
        constant = self._class(type)
        block.add(f"if _type({value}) is not {constant} or {value} >> {len(type.labels)}:")
        block.add(f"    {value} = _bits({value}, {constant})")
        return value

    def lower_case(self, block: Block, type: types.ValType, value: str) -> tuple[str, str]:
        index = block.name()
        if isinstance(type, types.Option):
            block.add(f"{index} = 0 if {value} is None else 1")
            return index, f"_some({value})" if isinstance(type.type, types.Option) else value
        constant = ""
        if not isinstance(type, types.Result):
            constant = self._class(type)
        if isinstance(type, types.Enum):
            block.add(f"{index} = {value}.index if _type({value}) is {constant} else _member({value}, {constant})")
        elif isinstance(type, types.Variant):
            known = self._namespace.constant(self.classes.of(type).index_of, "index_of")
            block.add(f"if _type({value}) not in {known}: {value} = _as_case({value}, {constant})")
            block.add(f"{index} = {known}[_type({value})]")
        else:
            block.add(f"{index} = 0 if _type({value}) is _Ok else _ok_or_err({value})")
            empty = [at for at, (_, case) in enumerate(cases(type)) if case is None]
            if empty:
                block.add(f"if {value}.value is not None and {index} in {tuple(empty)}: _nothing({value}.value)")
        return index, f"{value}.value"

    def lower_handle(self, type: types.Own | types.Borrow, value: str) -> str:
        name = "_lower_own" if isinstance(type, types.Own) else "_lower_borrow"
        return f"{name}(_cx, _scope, {value}, {self._namespace.constant(type.resource, 'resource')})"

    def lower_list(self, block: Block, value: str) -> str:
        name = block.name()
        block.add(f"{name} = {value} if _type({value}) is _list else _sequence({value})")
        return name

    def lower_bulk(self, block: Block, type: types.List, value: str) -> tuple[str, str] | None:
        element = type.element
        if not isinstance(element, types.Primitive) or element.kind in ("string", "char"):
            return None
        if element.kind == "u8":
            block.add(f"if _type({value}) is not _bytes: {value} = _octets({value})")
            return value, f"_len({value})"
        block.add(f"if _type({value}) is not _list: {value} = _sequence({value})")
        if element.kind == "bool":
            block.add(f"_booleans({value})")
        function = "_store_floats" if element.kind in ("f32", "f64") else "_store_numbers"
        name = block.name()
        block.add(f"{name} = {function}({value}, _len({value}), {PRIMITIVE_CODES[element.kind]!r})")
        return name, f"_len({value})"


def _lift_own(cx: LiftLowerContext, scope: object, index: int, type: types.ResourceType) -> Any:
    resource = cx.resources[type]
    return cx.conversion.own_to_python(resource, lift_own(cx.instance, index, resource))


def _lift_borrow(cx: LiftLowerContext, scope: LendScope, index: int, type: types.ResourceType) -> Any:
    resource = cx.resources[type]
    return cx.conversion.borrow_to_python(resource, lift_borrow(cx.instance, scope, index, resource), scope)


def _lower_own(cx: LiftLowerContext, scope: object, value: Any, type: types.ResourceType) -> int:
    resource = cx.resources[type]
    return lower_own(cx.instance, cx.conversion.own_from_python(resource, value), resource)


def _lower_borrow(cx: LiftLowerContext, scope: BorrowScope, value: Any, type: types.ResourceType) -> int:
    resource = cx.resources[type]
    return lower_borrow(cx.instance, scope, cx.conversion.borrow_from_python(resource, value, scope), resource)


HELPERS.update(_lift_own=_lift_own, _lift_borrow=_lift_borrow, _lower_own=_lower_own, _lower_borrow=_lower_borrow)
