"""Why a Python value could not be lowered: which part of it is wrong.

The made code only notices that something is wrong. This walks the value again, by its type, to say what and where:
``argument "headers"[3].name: a str is wanted, not 7``. So the usual case pays nothing for good messages.
"""

from __future__ import annotations

from remit.component import types
from remit.component.abi.limits import MAX_LIST_BYTE_LENGTH, MAX_STRING_BYTE_LENGTH
from remit.component.abi.numbers import to_f64
from remit.component.values import accept
from remit.component.values.names import python_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from remit.component.values.classes import Classes


class _Wrong(Exception):
    def __init__(self, path: str, error: Exception) -> None:
        self.path = path
        self.error = error


def explain(classes: Classes, error: Exception | None, place: str, type: types.ValType, value: Any) -> Exception | None:
    """The exception to raise instead of `error`, which lowering `value` raised: `error` itself if nothing is wrong.

    `error` is None before lowering: nobody has looked at handles yet, and neither does this. What else the value's own
    methods raise comes out as it is.
    """
    walk = _Walk(classes, error)
    try:
        walk.check(type, value, place)
    except _Wrong as found:
        return _with_path(found.error, found.path)
    return error


def _with_path(error: Exception, path: str) -> Exception:
    for kind in (OverflowError, TypeError):
        if isinstance(error, kind):
            return kind(f"{path}: {error}")
    return ValueError(f"{path}: {error}")


class _Walk:
    __slots__ = ("_classes", "_error")

    def __init__(self, classes: Classes, error: Exception | None) -> None:
        self._classes = classes
        self._error = error

    def check(self, type: types.ValType, value: Any, path: str) -> None:
        try:
            parts = self._parts(type, value)
        except (TypeError, ValueError, OverflowError) as error:
            raise _Wrong(path, error) from None
        for part, inner, suffix in parts:
            self.check(part, inner, path + suffix)

    def _parts(self, type: types.ValType, value: Any) -> list[tuple[types.ValType, Any, str]]:
        """Check the outermost level; what is inside, and the path to it."""
        if isinstance(type, types.Primitive):
            _primitive(type.kind, value)
            return []
        if isinstance(type, types.List):
            return self._list(type, value)
        if isinstance(type, types.Tuple):
            items = accept.sequence_of(value, len(type.types), "tuple")
            return [(part, items[index], f"[{index}]") for index, part in enumerate(type.types)]
        if isinstance(type, types.Record):
            given = accept.record(value, self._classes.of(type))
            names = [(part, python_name(label)) for label, part in type.fields]
            return [(part, getattr(given, name), f".{name}") for part, name in names]
        if isinstance(type, types.Flags):
            accept.bits(value, self._classes.of(type))
        elif isinstance(type, types.Enum):
            accept.member(value, self._classes.of(type))
        elif isinstance(type, (types.Option, types.Result, types.Variant)):
            return self._case(type, value)
        elif value is getattr(self._error, "value", self):
            # A handle: looking at it again could find it used up. WrongHandle tells which one it was.
            assert self._error is not None
            raise self._error
        return []

    def _list(self, type: types.List, value: Any) -> list[tuple[types.ValType, Any, str]]:
        if type.element == types.U8:
            length = len(accept.octets(value) if type.length is None else accept.octets_of(value, type.length))
            if length > MAX_LIST_BYTE_LENGTH:
                raise ValueError(f"{length} bytes are too long: {MAX_LIST_BYTE_LENGTH} are allowed")
            return []
        items = accept.sequence(value) if type.length is None else accept.sequence_of(value, type.length, "list")
        return [(type.element, item, f"[{index}]") for index, item in enumerate(items)]

    def _case(self, type: types.ValType, value: Any) -> list[tuple[types.ValType, Any, str]]:
        payload: types.ValType | None
        if isinstance(type, types.Option):
            if value is None:
                return []
            if isinstance(type.type, types.Option):
                return [(type.type, accept.some(value), ".value")]
            return [(type.type, value, "")]
        if isinstance(type, types.Result):
            payload, inner = (type.ok, type.error)[accept.ok_or_err(value)], value.value
        else:
            assert isinstance(type, types.Variant)
            index, inner = accept.case(value, self._classes.of(type))
            payload = type.cases[index][1]
        if payload is None:
            accept.nothing(inner)
            return []
        return [(payload, inner, ".value")]


def _primitive(kind: str, value: Any) -> None:
    if kind in accept.RANGES:
        accept.integer(value, kind)
    elif kind == "bool":
        accept.boolean(value)
    elif kind == "char":
        accept.character(value)
    elif kind == "string":
        if not isinstance(value, str):
            raise accept.wrong("a str", value)
        try:
            length = len(value.encode())
        except UnicodeEncodeError as error:
            raise ValueError(
                f"a str without lone surrogates is wanted; there is {value[error.start]!r} at {error.start}"
            ) from None
        if length > MAX_STRING_BYTE_LENGTH:
            raise ValueError(f"a str of {length} bytes is too long: {MAX_STRING_BYTE_LENGTH} are allowed")
    else:
        try:
            to_f64(value)
        except TypeError:
            raise accept.wrong("a float", value) from None
