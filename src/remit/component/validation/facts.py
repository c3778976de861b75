"""What rules ask of value types: how large, how deep, what they contain, which core values they are passed as.

Source: ``CanonicalABI.md``, "Element Size", with pointers of 64 bits, as validation wants it; and "Flattening".
"""

from __future__ import annotations

from remit.component.abi.layout import align_to, cases, discriminant_size, fields, flags_size, join
from remit.component.abi.limits import MAX_FLAT_PARAMS
from remit.component.types import (
    Borrow,
    ComponentType,
    Flags,
    Future,
    InstanceType,
    List,
    Own,
    Primitive,
    Record,
    Stream,
    Tuple,
    TypeBound,
    ValType,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_ELEMENT_SIZE = 1 << 28
"""Bytes in memory that a value type must stay below (``Binary.md``, "Type Definitions")."""
MAX_DEPTH = 100
"""Of types inside types. Each level is a frame or more of whatever walks them; wasmtime, too, stops at 100
(``MAX_TYPE_DEPTH``)."""
MAX_PARTS = 1_000_000
"""Of a type, written out in full: a few definitions may name each other until there are 2^100. Engines stop at as many
(wasmparser, ``MAX_WASM_TYPE_SIZE``)."""

MAX_EXTERN_DEPTH = 50
"""Of instances and components as exports and imports of others, and so on: again, frames. Real ones have three."""

_POINTER = 8
_SIZES = {"bool": 1, "s8": 1, "u8": 1, "s16": 2, "u16": 2, "s64": 8, "u64": 8, "f64": 8}
_FLAT = {"s64": "i64", "u64": "i64", "f32": "f32", "f64": "f64"}


class Facts:
    """Of one value type."""

    __slots__ = ("alignment", "depth", "flat", "has_borrow", "has_pointer", "parts", "size")

    def __init__(self, size: int, alignment: int, flat: tuple[str, ...] | None, inner: Iterable[Facts] = ()) -> None:
        inner = tuple(inner)
        self.size = size
        """In memory, in bytes."""
        self.alignment = alignment
        self.flat = flat
        """The core values; None if they are more than are ever passed as such."""
        self.depth: int = 1 + max([part.depth for part in inner], default=0)
        self.parts: int = 1 + sum([part.parts for part in inner])
        self.has_borrow: bool = True in [part.has_borrow for part in inner]
        self.has_pointer: bool = True in [part.has_pointer for part in inner]
        """It contains a string or a list."""


class TypeFacts:
    """The facts of types, each found once. Types are told apart by identity, which is what definitions share."""

    __slots__ = ("_depths", "_known")

    def __init__(self) -> None:
        self._known: dict[int, tuple[ValType, Facts]] = {}
        self._depths: dict[int, tuple[object, int]] = {}

    def of(self, type: ValType) -> Facts:
        known = self._known.get(id(type))
        if known is None:
            known = self._known[id(type)] = (type, self._find(type))
        return known[1]

    def extern_depth(self, type: object) -> int:
        """How deep instances and components are nested in the type of one."""
        if isinstance(type, TypeBound):
            type = type.type
        if not isinstance(type, (InstanceType, ComponentType)):
            return 0
        known = self._depths.get(id(type))
        if known is None:
            inner = list(type.exports.values())
            if isinstance(type, ComponentType):
                inner += type.imports.values()
            known = (type, 1 + max([self.extern_depth(each) for each in inner], default=0))
            self._depths[id(type)] = known
        return known[1]

    def flatten(self, types: Iterable[ValType]) -> tuple[str, ...] | None:
        """The core values of several types; None if they are more than are ever passed as such."""
        flat: tuple[str, ...] = ()
        for type in types:
            more = self.of(type).flat
            if more is None or len(flat) + len(more) > MAX_FLAT_PARAMS:
                return None
            flat += more
        return flat

    def _find(self, type: ValType) -> Facts:
        if isinstance(type, Primitive):
            if type.kind == "string":
                facts = Facts(2 * _POINTER, _POINTER, ("i32", "i32"))
                facts.has_pointer = True
                return facts
            size = _SIZES.get(type.kind, 4)
            return Facts(size, size, (_FLAT.get(type.kind, "i32"),))
        if isinstance(type, (Own, Borrow)):
            facts = Facts(4, 4, ("i32",))
            facts.has_borrow = isinstance(type, Borrow)
            return facts
        if isinstance(type, (Stream, Future)):
            facts = Facts(4, 4, ("i32",), () if type.element is None else [self.of(type.element)])
            # Only the handle is passed; the elements are read and written by built-ins.
            facts.has_pointer = False
            return facts
        if isinstance(type, Flags):
            size = flags_size(len(type.labels))
            return Facts(size, size, ("i32",))
        if isinstance(type, List):
            return self._list(type)
        if isinstance(type, (Record, Tuple)):
            return self._record(type)
        return self._variant(type)

    def _list(self, type: List) -> Facts:
        element = self.of(type.element)
        if type.length is None:
            facts = Facts(2 * _POINTER, _POINTER, ("i32", "i32"), [element])
            facts.has_pointer = True
            return facts
        flat = None
        if element.flat is not None and len(element.flat) * type.length <= MAX_FLAT_PARAMS:
            flat = element.flat * type.length
        return Facts(element.size * type.length, element.alignment, flat, [element])

    def _record(self, type: Record | Tuple) -> Facts:
        inner = [self.of(field) for field in fields(type)]
        size = 0
        for part in inner:
            size = align_to(size, part.alignment) + part.size
        alignment = max([part.alignment for part in inner])
        return Facts(align_to(size, alignment), alignment, self.flatten(fields(type)), inner)

    def _variant(self, type: ValType) -> Facts:
        payloads = [case for _, case in cases(type) if case is not None]
        inner = [self.of(payload) for payload in payloads]
        size = discriminant_size(len(cases(type)))
        alignment = max([part.alignment for part in inner], default=1)
        size = align_to(size, alignment) + max([part.size for part in inner], default=0)
        alignment = max(alignment, discriminant_size(len(cases(type))))
        return Facts(align_to(size, alignment), alignment, _flatten_variant(inner), inner)


def _flatten_variant(payloads: list[Facts]) -> tuple[str, ...] | None:
    flat: list[str] = []
    for payload in payloads:
        if payload.flat is None:
            return None
        for place, type in enumerate(payload.flat):
            if place < len(flat):
                flat[place] = join(flat[place], type)
            else:
                flat.append(type)
    return ("i32", *flat) if len(flat) < MAX_FLAT_PARAMS else None
