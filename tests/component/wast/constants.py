"""Constants of test scripts, such as ``(list.const (u32.const 1))``, as Python's values of a component's type."""

from __future__ import annotations

import math
from typing import Any

from component.wast.script import Form, string_bytes
from remit.component import types
from remit.component.values.classes import Classes
from remit.component.values.results import Err, Ok, Some


def constant(classes: Classes, form: Form, type: types.ValType | None) -> Any:
    """The value of `form`, of the type that the function has for it."""
    return _constant(classes, form.items, type)


def _constant(classes: Classes, items: list[Form | str], type: types.ValType | None) -> Any:
    kind = str(items[0]).partition(".")[0]
    rest = items[1:]
    if kind == "str":
        return string_bytes(str(rest[0])).decode()
    if kind == "char":
        return string_bytes(str(rest[0])).decode()
    if kind == "bool":
        return rest[0] == "true"
    if kind in ("f32", "f64"):
        return _floating(str(rest[0]))
    if kind[0] in "su" and kind[1:].isdigit():
        return int(str(rest[0]).replace("_", ""), 0)
    return _of_a_type(classes, str(items[0]), rest, type)


def _floating(text: str) -> float:
    if text.startswith("nan"):
        return math.nan
    return float.fromhex(text) if "0x" in text else float(text.replace("_", ""))


def _of_a_type(classes: Classes, head: str, rest: list[Form | str], type: types.ValType | None) -> Any:
    if isinstance(type, types.List):
        found = [constant(classes, _form(each), type.element) for each in rest]
        return bytes(found) if type.element is types.U8 and type.length is None else found
    if isinstance(type, types.Tuple):
        return tuple(constant(classes, _form(each), part) for each, part in zip(rest, type.types, strict=True))
    if isinstance(type, types.Record):
        fields = dict(type.fields)
        values = {}
        for each in map(_form, rest):
            label = string_bytes(str(each.items[1])).decode()
            value = each.items[2:]
            items = value[0].items if isinstance(value[0], Form) else value
            values[label] = _constant(classes, items, fields[label])
        made = classes.of(type)
        return made(*[values[label] for label, _ in type.fields])
    if isinstance(type, types.Variant):
        label = string_bytes(str(rest[0])).decode()
        [case] = [each for each in classes.of(type).case_classes if each.label == label]
        payload = dict(type.cases)[label]
        return case() if payload is None else case(constant(classes, _form(rest[1]), payload))
    if isinstance(type, types.Enum):
        label = string_bytes(str(rest[0])).decode()
        return classes.of(type).members[type.labels.index(label)]
    if isinstance(type, types.Flags):
        labels = [string_bytes(str(each)).decode() for each in rest]
        return classes.of(type)(sum(1 << type.labels.index(label) for label in labels))
    if isinstance(type, types.Option):
        if head == "option.none":
            return None
        value = constant(classes, _form(rest[0]), type.type)
        return Some(value) if isinstance(type.type, types.Option) else value
    if isinstance(type, types.Result):
        made, payload = (Ok, type.ok) if head == "result.ok" else (Err, type.error)
        return made(constant(classes, _form(rest[0]), payload)) if rest else made()
    raise ValueError(f"{head} for {type}")


def _form(item: Form | str) -> Form:
    assert isinstance(item, Form)
    return item


def same(found: object, wanted: object) -> bool:
    """Equal; a NaN is equal to any NaN."""
    if isinstance(found, float) and isinstance(wanted, float) and math.isnan(wanted):
        return math.isnan(found)
    return found == wanted and type(found) is type(wanted)
