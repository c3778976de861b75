"""What calls of components say, for whoever watches them: Python values as text in the manner of WAVE, and bounded."""

from __future__ import annotations

from remit.component.types import (
    Borrow,
    Enum,
    Flags,
    FuncType,
    List,
    Option,
    Own,
    Primitive,
    Record,
    Result,
    Tuple,
    Variant,
)
from remit.component.values.names import python_name
from remit.component.values.results import Err
from remit.kernel.calls import MAX_DATA, MAX_ITEMS, MAX_TEXT, Symbol, data, escaped, quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from remit.component.types import ValType
    from remit.kernel.calls import Call

MAX_VALUE = 1000
"""Characters of one argument or result that are told."""

MAX_RESOURCES = 1 << 16
"""Resources whose number is known. Beyond, the oldest are forgotten, and get another when they come again."""

FILESYSTEM = "wasi:filesystem/"
"""The interfaces whose resources stand for paths."""


class Resources:
    """Numbers of the resources of one program, in the order in which they are seen, and what they stand for."""

    __slots__ = ("_numbers", "_seen")

    def __init__(self) -> None:
        # By identity, as they are kept by the program and by nobody else.
        self._numbers: dict[int, tuple[int, str]] = {}
        self._seen = 0

    def number(self, resource: object, *, new: bool) -> int:
        """`new`: it was just made, where another one may have been that is gone."""
        key = id(resource)
        if new or key not in self._numbers:
            if len(self._numbers) >= MAX_RESOURCES:
                del self._numbers[next(iter(self._numbers))]
            self._seen += 1
            self._numbers.pop(key, None)
            self._numbers[key] = (self._seen, "")
        return self._numbers[key][0]

    def path(self, resource: object) -> str:
        """The path that it stands for, "" if none is known."""
        return self._numbers.get(id(resource), (0, ""))[1]

    def name(self, resource: object, path: str) -> None:
        self._numbers[id(resource)] = (self.number(resource, new=True), path)


def resource_text(name: str, resource: object, resources: Resources, *, new: bool = False) -> str:
    """A resource, by its type and number, and the path that it stands for."""
    number = resources.number(resource, new=new)
    path = resources.path(resource)
    shown = escaped(name or str(getattr(resource, "name", "")) or "resource")
    return f"{shown}#{number}<{escaped(path)}>" if path else f"{shown}#{number}"


class Decoder:
    """Of one function, for one program."""

    __slots__ = ("_paths", "_resources", "_type")

    def __init__(self, interface: str, type: FuncType, resources: Resources) -> None:
        self._type = type
        self._resources = resources
        self._paths = interface.startswith(FILESYSTEM)

    def begin(self, call: Call, arguments: Sequence[Any]) -> None:
        """Tell the arguments."""
        told = {}
        for (label, type), value in zip(self._type.params, arguments, strict=False):
            told[label] = self._told(value, type, new=False)
        call.arguments = told
        if self._paths and arguments:
            whole = self._path(arguments)
            call.paths = (whole,) if whole else ()

    def end(self, call: Call, arguments: Sequence[Any], _: None, value: Any) -> None:
        """Tell the result, or the error in it."""
        type = self._type.result
        if isinstance(value, Err) and isinstance(type, Result):
            call.outcome = "error"
            told = Symbol("error") if type.error is None else self._told(value.value, type.error, new=True)
            call.error = str(told) if isinstance(told, Symbol) else escaped(str(told))
            return
        call.outcome = "ok"
        if isinstance(type, Result):
            type, value = type.ok, getattr(value, "value", None)
        if type is None:
            return
        if self._paths:
            self._name(arguments, value)
        call.results = {"result": self._told(value, type, new=not self._paths)}

    def _path(self, arguments: Sequence[Any]) -> str:
        """What a call is about: the directory of the first argument, and the path that is the last text."""
        directory = self._resources.path(arguments[0])
        below = [each for (label, _), each in zip(self._type.params, arguments, strict=False) if label == "path"]
        if not below or not isinstance(below[0], str):
            return directory
        return f"{directory.rstrip('/')}/{below[0]}"[-4096:] if directory else below[0]

    def _name(self, arguments: Sequence[Any], value: Any) -> None:
        """What it returns stands for the path that the call was about; or it is given by pairs."""
        if isinstance(value, list):
            for each in value:
                if isinstance(each, tuple) and len(each) == 2 and isinstance(each[1], str):
                    self._resources.name(each[0], each[1])
        elif isinstance(self._type.result, Result) and isinstance(self._type.result.ok, Own):
            self._resources.name(value, self._path(arguments) if arguments else "")

    def _told(self, value: Any, type: ValType, *, new: bool) -> Any:
        if isinstance(type, Primitive) and isinstance(value, bool | int | float | str):
            return value[: MAX_TEXT + 1] if isinstance(value, str) else value
        text = _Text(self._resources, new=new).of(value, type)
        return Symbol(text if len(text) <= 2 * MAX_VALUE else f"{text[: 2 * MAX_VALUE]}…")


def _label(value: Any) -> str:
    """Of a case: a str itself, where it has no payload."""
    return value if isinstance(value, str) else str(value.label)


def _field(value: Any, label: str) -> Any:
    """Of a record: an attribute, or an item of a mapping."""
    name = python_name(label)
    if hasattr(value, "keys") and hasattr(value, "__getitem__"):
        return value[label] if label in value else value[name]
    return getattr(value, name)


class _Text:
    """Text of one value, of so many characters and then no more."""

    __slots__ = ("_left", "_new", "_resources")

    def __init__(self, resources: Resources, *, new: bool) -> None:
        self._resources = resources
        self._new = new
        self._left = MAX_VALUE

    def of(self, value: Any, type: ValType | None) -> str:
        try:
            return self._of(value, type)
        except Exception:  # noqa: BLE001 - a function of the caller's may give anything; the call itself will tell
            return "?"

    def _of(self, value: Any, type: ValType | None) -> str:
        if self._left <= 0:
            return "…"
        text = self._written(value, type)
        self._left -= len(text)
        return text

    def _written(self, value: Any, type: ValType | None) -> str:
        if isinstance(type, Primitive):
            return self._primitive(value, type.kind)
        if isinstance(type, List):
            return self._list(value, type)
        if isinstance(type, Tuple):
            return f"({', '.join([self._of(each, part) for each, part in zip(value, type.types, strict=True)])})"
        if isinstance(type, Record):
            fields = [f"{label}: {self._of(_field(value, label), part)}" for label, part in type.fields]
            return f"{{{', '.join(fields)}}}"
        if isinstance(type, Flags):
            if isinstance(value, int):
                value = [label for bit, label in enumerate(type.labels) if value >> bit & 1]
            return f"{{{escaped(', '.join(value))}}}"
        if isinstance(type, Enum):
            return escaped(_label(value))
        if isinstance(type, Variant):
            label = _label(value)
            return self._case(label, dict(type.cases)[label], value)
        if isinstance(type, Option):
            if value is None:
                return "none"
            return f"some({self._of(value.value if isinstance(type.type, Option) else value, type.type)})"
        if isinstance(type, Result):
            failed = isinstance(value, Err)
            return self._case("err" if failed else "ok", type.error if failed else type.ok, value)
        if isinstance(type, Own | Borrow):
            return self._resource(value, type)
        return "?"

    def _case(self, label: str, payload: ValType | None, value: Any) -> str:
        return escaped(label) if payload is None else f"{escaped(label)}({self._of(value.value, payload)})"

    def _primitive(self, value: Any, kind: str) -> str:
        if kind == "string":
            return quoted(value)
        if kind == "char":
            return f"'{escaped(value)}'"
        if kind == "bool":
            return "true" if value else "false"
        return str(value)[:MAX_TEXT] if isinstance(value, int | float) else "?"

    def _list(self, value: Any, type: List) -> str:
        if isinstance(value, bytes | bytearray | memoryview):
            return data(bytes(value[:MAX_DATA]), len(value))
        parts = []
        for each in value[:MAX_ITEMS]:
            if self._left <= 0:
                break
            parts.append(self._of(each, type.element))
        if len(value) > len(parts):
            parts.append(f"… ({len(value)} items)")
        return f"[{', '.join(parts)}]"

    def _resource(self, value: Any, type: Own | Borrow) -> str:
        new = self._new and isinstance(type, Own)
        return resource_text(str(type.resource.name or ""), value, self._resources, new=new)
