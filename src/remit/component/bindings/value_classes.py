"""Records, variants, enums and flags as classes."""

from __future__ import annotations

import json

from remit.component.bindings.errors import BindingsError
from remit.component.bindings.lines import INDENT, block, joined, outside, strings
from remit.component.types import Enum, Flags, Record, Variant
from remit.component.values.names import class_name, constant_name, python_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.component.bindings.annotations import Annotations
    from remit.component.types import ValType


def value_class(name: str, scope: str, union: str, type: ValType, annotations: Annotations) -> list[str]:
    """The class `name` in the class `scope`; `union` is the name for all cases of a variant.

    BindingsError if two things in it have one name in Python.
    """
    if isinstance(type, Record):
        return _record(name, scope, type, annotations)
    if isinstance(type, Variant):
        return _variant(name, scope, union, type, annotations)
    assert isinstance(type, Enum | Flags)
    annotations.count(sum(map(len, type.labels)) + len(type.labels) * len(f"{scope}.{name}"))
    constants = [constant_name(label) for label in type.labels]
    _check(f"{scope}.{name}", constants)
    if isinstance(type, Enum):
        members = [f"{each} = {json.dumps(label)}" for each, label in zip(constants, type.labels, strict=True)]
        return block(f"class {name}({outside('bindings')}.Enum):", members)
    flags = [f"{each}: {outside('ClassVar')}[{scope}.{name}]" for each in constants]
    return block(f"class {name}({outside('bindings')}.Flags):", [f"labels = {strings(type.labels)}", *flags])


def _record(name: str, scope: str, type: Record, annotations: Annotations) -> list[str]:
    fields = [(python_name(label), annotations.lifted(each)) for label, each in type.fields]
    names = [each for each, _ in fields]
    _check(f"{scope}.{name}", names)
    parameters = ", ".join([f"{each}: {kind}" for each, kind in fields])
    this = "_self" if "self" in names else "self"
    return block(
        f"class {name}({outside('bindings')}.Record):",
        [
            f"__slots__ = __match_args__ = {strings(names)}",
            "",
            f"def __init__({this}, {parameters}) -> None:",
            *[f"{INDENT}{this}.{each}: {kind} = {each}" for each, kind in fields],
        ],
    )


def _variant(name: str, scope: str, union: str, type: Variant, annotations: Annotations) -> list[str]:
    annotations.count(3 * sum([len(label) for label, _ in type.cases]) + len(type.cases) * len(name))
    names = [class_name(label) for label, _ in type.cases]
    _check(f"{scope}.{name}", names)
    cases = [
        _case(case, label, None if payload is None else annotations.lifted(payload))
        for case, (label, payload) in zip(names, type.cases, strict=True)
    ]
    listed = f"cases = ({', '.join(names)},)" if len(names) == 1 else f"cases = ({', '.join(names)})"
    all_cases = " | ".join([f"{name}.{case}" for case in names])
    whole = block(f"class {name}({outside('bindings')}.Variant):", joined([*cases, [listed]]))
    return [*whole, "", f"{union}: {outside('TypeAlias')} = {all_cases}"]


def _case(name: str, label: str, payload: str | None) -> list[str]:
    if payload is None:
        inside = ["__slots__ = ()", f"label = {json.dumps(label)}"]
        return block(f"class {name}({outside('bindings')}.EmptyCase):", inside)
    return block(
        f"class {name}({outside('bindings')}.PayloadCase):",
        [
            '__slots__ = __match_args__ = ("value",)',
            f"label = {json.dumps(label)}",
            "",
            f"def __init__(self, value: {payload}) -> None:",
            f"{INDENT}self.value: {payload} = value",
        ],
    )


def _check(where: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise BindingsError(f"{where} has two things that are both called {name} in Python")
        seen.add(name)
