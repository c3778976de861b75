"""Values in memory as :mod:`struct` sees them: one format per type, one leaf for each of its codes.

Strings and lists are two leaves, address and length. What would need much code is one leaf, its bytes, which a
function of its own takes apart: so that the code for a type is at most as long as its definition. A variant whose cases
lie alike in memory has the leaves of a case; of another one the payload is bytes.
"""

from __future__ import annotations

from remit.component.abi.layout import (
    PRIMITIVE_CODES,
    UNSIGNED_CODES,
    Layouts,
    align_to,
    cases,
    discriminant_size,
    fields,
    flags_size,
    is_bytes,
)
from remit.component.types import Borrow, Flags, List, Own, Primitive, Record, Tuple, ValType

MAX_INLINE_WEIGHT = 24
"""What weighs more gets a function of its own."""


class Leaves:
    """The formats of types."""

    __slots__ = ("_known", "layouts")

    def __init__(self, layouts: Layouts) -> None:
        self.layouts = layouts
        self._known: dict[int, tuple[ValType, list[str]]] = {}

    def is_inline(self, type: ValType) -> bool:
        """Whether its code stands within that of what contains it."""
        return self.layouts.of(type).weight <= MAX_INLINE_WEIGHT

    def format(self, type: ValType) -> str:
        """Of the type on its own, ``elem_size`` bytes long."""
        return "<" + "".join(self.of(type))

    def of(self, type: ValType) -> list[str]:
        """The codes of the type on its own, with padding (``3x``)."""
        known = self._known.get(id(type))
        if known is None:
            known = self._known[id(type)] = (type, self._compute(type))
        return known[1]

    def within(self, type: ValType) -> list[str]:
        """The codes of the type where it is part of another."""
        return self.of(type) if self.is_inline(type) else [f"{self.layouts.of(type).size}s"]

    def shared_payload(self, type: ValType) -> list[str] | None:
        """The codes that all payloads of a variant have in common; None if they differ."""
        found: list[str] | None = None
        for _, case in cases(type):
            if case is not None:
                codes = self.within(case)
                if found is not None and codes != found:
                    return None
                found = codes
        return found or []

    def _compute(self, type: ValType) -> list[str]:
        if isinstance(type, Primitive):
            return ["I", "I"] if type.kind == "string" else [PRIMITIVE_CODES[type.kind]]
        if isinstance(type, (Own, Borrow)):
            return ["I"]
        if isinstance(type, Flags):
            return [UNSIGNED_CODES[flags_size(len(type.labels))]]
        if isinstance(type, List):
            if type.length is None:
                return ["I", "I"]
            if is_bytes(type) or not self.is_inline(type):
                return [f"{self.layouts.of(type).size}s"]
            return self.within(type.element) * type.length
        if isinstance(type, (Record, Tuple)):
            return self._record(type)
        return self._variant(type)

    def _record(self, type: ValType) -> list[str]:
        codes: list[str] = []
        offset = 0
        for field in fields(type):
            layout = self.layouts.of(field)
            start = align_to(offset, layout.alignment)
            codes += [*_padding(start - offset), *self.within(field)]
            offset = start + layout.size
        return codes + _padding(self.layouts.of(type).size - offset)

    def _variant(self, type: ValType) -> list[str]:
        discriminant = discriminant_size(len(cases(type)))
        offset, room = self.layouts.payload(type)
        codes = [UNSIGNED_CODES[discriminant]]
        if room:
            shared = self.shared_payload(type)
            codes += [*_padding(offset - discriminant), *([f"{room}s"] if shared is None else shared)]
        else:
            offset = discriminant
        return codes + _padding(self.layouts.of(type).size - offset - room)


def count(codes: list[str]) -> int:
    """How many leaves there are."""
    return sum([not code.endswith("x") for code in codes])


def _padding(size: int) -> list[str]:
    return [f"{size}x"] if size else []
