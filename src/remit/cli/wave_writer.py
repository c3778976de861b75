"""Values of components as text: WAVE, the WebAssembly Value Encoding, as other tools for components write it."""

from __future__ import annotations

from struct import pack, unpack

from remit.component.abi.numbers import to_f32
from remit.component.types import Enum, Flags, List, Option, Primitive, Record, Result, Tuple, Variant
from remit.component.values.results import Err

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from remit.component.types import ValType

_SHOWN = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\"}


def written(value: Any, type: ValType | None) -> str:
    """The text of a value of `type`, as it comes from a component. ValueError for a resource."""
    if type is None:
        return ""
    if isinstance(type, Primitive):
        return _primitive(value, type.kind)
    if isinstance(type, List):
        return f"[{', '.join([written(each, type.element) for each in value])}]"
    if isinstance(type, Tuple):
        return f"({', '.join([written(each, part) for each, part in zip(value, type.types, strict=True)])})"
    if isinstance(type, Record):
        pairs = zip(value.__match_args__, type.fields, strict=True)
        return f"{{{', '.join([f'{label}: {written(getattr(value, name), part)}' for name, (label, part) in pairs])}}}"
    if isinstance(type, Flags):
        return f"{{{', '.join(value)}}}"
    if isinstance(type, Enum):
        return str(value.label)
    if isinstance(type, Variant):
        payload = dict(type.cases)[value.label]
        return f"{value.label}{'' if payload is None else f'({written(value.value, payload)})'}"
    if isinstance(type, Option):
        if value is None:
            return "none"
        return f"some({written(value.value if isinstance(type.type, Option) else value, type.type)})"
    if isinstance(type, Result):
        label, payload = ("err", type.error) if isinstance(value, Err) else ("ok", type.ok)
        return f"{label}{'' if payload is None else f'({written(value.value, payload)})'}"
    raise ValueError(f"a {type.kind} cannot be written as text")


def _primitive(value: Any, kind: str) -> str:
    if kind == "bool":
        return "true" if value else "false"
    if kind in ("f32", "f64"):
        return "nan" if value != value else f"{_shortest(value, kind)!r}".removesuffix(".0")
    if kind == "string":
        return f'"{_escaped(value, chr(34))}"'
    return f"'{_escaped(value, chr(39))}'" if kind == "char" else str(value)


def _shortest(value: float, kind: str) -> float:
    """The number of fewest digits that is `value` in the precision of its kind."""
    if kind == "f32":
        for digits in range(6, 10):
            found = float(f"{value:.{digits}g}")
            if to_f32(found) == found and unpack("<f", pack("<f", found))[0] == value:
                return found
    return value


def _escaped(text: str, quote: str) -> str:
    return "".join(
        [
            f"\\{each}" if each == quote else _SHOWN.get(each, each if each.isprintable() else f"\\u{{{ord(each):x}}}")
            for each in text
        ]
    )
