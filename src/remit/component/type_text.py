"""The text of a type for messages: a small component can have types whose text would fill any memory."""

from __future__ import annotations

from remit.component.types import Enum, Flags, FuncType, Record, ValType, Variant
from remit.component.values.pairing import parts

MOST = 4000
"""Characters, about; longer ones are only named."""


def text_of(type: FuncType) -> str:
    """As WIT has it; or, of one that is too large, only that."""
    wholes = [*[each for _, each in type.params], *([] if type.result is None else [type.result])]
    sizes = _Sizes()
    size = sum([len(label) for label, _ in type.params]) + sum([sizes.of(each) for each in wholes])
    if size <= MOST:
        return str(type)
    return "func(…), whose types are too large to be shown"


class _Sizes:
    """How long the texts of types are, about. Each type is looked at once, however often it is used."""

    def __init__(self) -> None:
        self._known: dict[int, int] = {}

    def of(self, type: ValType) -> int:
        known = self._known.get(id(type))
        if known is None:
            known = self._known[id(type)] = (
                8 + _labels(type) + sum([self.of(part) for part in parts(type) if part is not None])
            )
        return known


def _labels(type: ValType) -> int:
    if isinstance(type, Record):
        return sum([len(label) + 4 for label, _ in type.fields])
    if isinstance(type, Variant):
        return sum([len(label) + 4 for label, _ in type.cases])
    if isinstance(type, (Enum, Flags)):
        return sum([len(label) + 2 for label in type.labels])
    return 0
