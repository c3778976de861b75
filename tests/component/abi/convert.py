"""Neutral values (see :mod:`strategies`) to Python's and back."""

from __future__ import annotations

from typing import Any

from remit.component.abi.layout import cases, fields, is_bytes
from remit.component.types import (
    Enum,
    Flags,
    List,
    Option,
    Record,
    Result,
    Tuple,
    ValType,
    Variant,
)
from remit.component.values.classes import Classes
from remit.component.values.results import Err, Ok, Some


def to_python(classes: Classes, type: ValType, value: Any) -> Any:
    if isinstance(type, List):
        items = [to_python(classes, type.element, item) for item in value]
        return bytes(items) if is_bytes(type) else items
    if isinstance(type, Tuple):
        return tuple(to_python(classes, field, item) for field, item in zip(type.types, value, strict=True))
    if isinstance(type, Record):
        return classes.of(type)(
            *[to_python(classes, field, item) for field, item in zip(fields(type), value, strict=True)]
        )
    if isinstance(type, Flags):
        return classes.of(type)(value)
    if isinstance(type, Enum):
        return classes.of(type).members[value[0]]
    if isinstance(type, (Option, Result, Variant)):
        index, inner = value
        case = cases(type)[index][1]
        payload = None if case is None else to_python(classes, case, inner)
        if isinstance(type, Option):
            return Some(payload) if index and isinstance(type.type, Option) else payload
        if isinstance(type, Result):
            return Err(payload) if index else Ok(payload)
        made = classes.of(type).case_classes[index]
        return made() if case is None else made(payload)
    return value


def from_python(type: ValType, value: Any) -> Any:
    """Asserts that the value has the Python type that it should have."""
    if isinstance(type, List):
        assert isinstance(value, bytes if is_bytes(type) else list)
        return [from_python(type.element, item) for item in value]
    if isinstance(type, Tuple):
        assert isinstance(value, tuple)
        return [from_python(field, item) for field, item in zip(type.types, value, strict=True)]
    if isinstance(type, Record):
        names = value.__match_args__
        return [from_python(field, getattr(value, name)) for field, name in zip(fields(type), names, strict=True)]
    if isinstance(type, Flags):
        return int(value)
    if isinstance(type, Enum):
        return value.index, None
    if isinstance(type, Option):
        if value is None:
            return 0, None
        return 1, from_python(type.type, value.value if isinstance(type.type, Option) else value)
    if isinstance(type, (Result, Variant)):
        if isinstance(type, Result):
            assert isinstance(value, (Ok, Err))
            index = int(isinstance(value, Err))
        else:
            index = value.index_of[value.__class__]
        case = cases(type)[index][1]
        return index, None if case is None else from_python(case, value.value)
    return value


def same(one: Any, other: Any) -> bool:
    """Equal, with one NaN."""
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other) or bool(one != one and other != other)
