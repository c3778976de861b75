"""Python values as a guest would have handed them on: checked, and of the classes of their types.

For calls between Python and Python, where no guest is between the two. What is taken for a value, and what is said of
one that is wrong, is the same as in other calls: see :mod:`remit.component.values.accept`.
"""

from __future__ import annotations

from struct import pack, unpack

from remit.component import types
from remit.component.abi.limits import MAX_LIST_BYTE_LENGTH, MAX_STRING_BYTE_LENGTH
from remit.component.abi.numbers import to_f32, to_f64
from remit.component.values import accept
from remit.component.values.explain import explain
from remit.component.values.names import python_name
from remit.component.values.results import Err, Ok, Some

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from remit.component.values.classes import Classes

    Handle = Callable[[types.Own | types.Borrow, Any], Any]
    """What stands for a resource on the other side. ValueError or TypeError."""


def normal(classes: Classes, place: str, type: types.ValType, value: Any, handle: Handle) -> Any:
    """`value` with the classes that `classes` has for the types in `type`.

    TypeError, ValueError or OverflowError that begins with `place` and names the wrong part.
    """
    try:
        return _Making(classes, handle).make(type, value)
    except (TypeError, ValueError, OverflowError) as error:
        raise explain(classes, error, place, type, value) or error from None


class _Making:
    __slots__ = ("_classes", "_handle")

    def __init__(self, classes: Classes, handle: Handle) -> None:
        self._classes = classes
        self._handle = handle

    def make(self, type: types.ValType, value: Any) -> Any:
        if isinstance(type, types.Primitive):
            return _primitive(type.kind, value)
        if isinstance(type, types.List):
            return self._list(type, value)
        if isinstance(type, types.Tuple):
            items = accept.sequence_of(value, len(type.types), "tuple")
            return tuple([self.make(each, item) for each, item in zip(type.types, items, strict=True)])
        if isinstance(type, types.Record):
            made = self._classes.of(type)
            given = accept.record(value, made)
            return made(*[self.make(each, getattr(given, python_name(label))) for label, each in type.fields])
        if isinstance(type, types.Flags):
            made = self._classes.of(type)
            return made(accept.bits(value, made))
        if isinstance(type, types.Enum):
            made = self._classes.of(type)
            return made.members[accept.member(value, made)]
        if isinstance(type, (types.Own, types.Borrow)):
            return self._handle(type, value)
        return self._case(type, value)

    def _list(self, type: types.List, value: Any) -> Any:
        element = type.element
        if element == types.U8:
            data = accept.octets(value) if type.length is None else accept.octets_of(value, type.length)
            if len(data) > MAX_LIST_BYTE_LENGTH:
                raise ValueError("too long")
            return bytes(data)
        items = accept.sequence(value) if type.length is None else accept.sequence_of(value, type.length, "list")
        if isinstance(element, types.Primitive) and element.kind in accept.RANGES:
            kind = element.kind
            low, high = accept.RANGES[kind]
            return [
                item if item.__class__ is int and low <= item <= high else accept.integer(item, kind) for item in items
            ]
        return [self.make(element, item) for item in items]

    def _case(self, type: types.ValType, value: Any) -> Any:
        if isinstance(type, types.Option):
            if value is None:
                return None
            if isinstance(type.type, types.Option):
                return Some(self.make(type.type, accept.some(value)))
            return self.make(type.type, value)
        if isinstance(type, types.Result):
            failed = accept.ok_or_err(value)
            payload, inner = (type.error if failed else type.ok), value.value
            made: Any = Err if failed else Ok
        else:
            assert isinstance(type, types.Variant)
            whole = self._classes.of(type)
            index, inner = accept.case(value, whole)
            payload = type.cases[index][1]
            made = whole.case_classes[index]
        if payload is None:
            accept.nothing(inner)
            return made()
        return made(self.make(payload, inner))


def _primitive(kind: str, value: Any) -> Any:
    if kind in accept.RANGES:
        return accept.integer(value, kind)
    if kind == "f32":
        return unpack("<f", pack("<f", to_f32(value)))[0]
    if kind == "f64":
        return to_f64(value)
    if kind == "bool":
        return accept.boolean(value)
    if kind == "char":
        return chr(accept.character(value))
    if not isinstance(value, str):
        raise accept.wrong("a str", value)
    if len(value.encode()) > MAX_STRING_BYTE_LENGTH:
        raise ValueError("too long")
    # A subclass of str may have more than its text.
    return str.__str__(value)
