"""Where the parts of a value lie: size and alignment in memory, and the flat core values.

For 32-bit memories. Source: ``CanonicalABI.md``, "Despecialization" to "Element Size", and "Flattening".
"""

from __future__ import annotations

from remit.component.abi.limits import MAX_FLAT_PARAMS, MAX_FLAT_RESULTS
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
    ValType,
    Variant,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

POINTER_SIZE = 4

PRIMITIVE_CODES = {
    "bool": "?",
    "s8": "b",
    "u8": "B",
    "s16": "h",
    "u16": "H",
    "s32": "i",
    "u32": "I",
    "s64": "q",
    "u64": "Q",
    "f32": "f",
    "f64": "d",
    "char": "I",
}
"""How :mod:`struct` calls what lies in memory."""

_SIZES = {"?": 1, "b": 1, "B": 1, "h": 2, "H": 2, "i": 4, "I": 4, "f": 4, "q": 8, "Q": 8, "d": 8}
_CORE_TYPES = {"s64": "i64", "u64": "i64", "f32": "f32", "f64": "f64"}

# Estimates of what a value takes in Python, in bytes (CPython 3.11 to 3.14, 64 bits).
_SLOT = 8
_OBJECT = 48
_PRIMITIVE_COSTS = {"bool": 0, "u8": 0, "s8": 0, "string": 64}
_NUMBER = 32

_MUCH = 1 << 20
MAX_SIZE = 1 << 32
"""Of the types that code is made for, in bytes: no memory holds more."""


class UnsupportedType(ValueError):
    """A type of the specification that Remit does not carry; the message names it."""


class Layout:
    """What there is to know about a type before code is made for it."""

    __slots__ = ("alignment", "cost", "flat", "has_borrow", "has_own", "has_pointer", "size", "weight")

    def __init__(
        self,
        alignment: int,
        size: int,
        flat: tuple[str, ...] | None,
        weight: int,
        cost: int,
        has_borrow: bool = False,
        has_pointer: bool = False,
        has_own: bool = False,
    ) -> None:
        self.alignment = alignment
        self.size = size
        """In memory, in bytes (``elem_size`` of the specification)."""
        self.flat = flat
        """The core types; None if they are more than any function may have."""
        self.weight = min(weight, _MUCH)
        """How much code the type needs."""
        self.cost = min(cost, 1 << 62)
        """What a value takes in Python, in bytes, without what its pointers lead to."""
        self.has_borrow = has_borrow
        self.has_own = has_own
        self.has_pointer = has_pointer
        """It contains a string or a list."""


def despecialize(type: ValType) -> ValType:
    """A tuple as the record it stands for; an enum, option or result as the variant."""
    if isinstance(type, Tuple):
        return Record(tuple((str(index), each) for index, each in enumerate(type.types)))
    if isinstance(type, (Enum, Option, Result)):
        return Variant(cases(type))
    return type


def cases(type: ValType) -> tuple[tuple[str, ValType | None], ...]:
    """The cases of a variant, or of a type that stands for one."""
    if isinstance(type, Option):
        return ("none", None), ("some", type.type)
    if isinstance(type, Result):
        return ("ok", type.ok), ("error", type.error)
    if isinstance(type, Enum):
        return tuple((label, None) for label in type.labels)
    assert isinstance(type, Variant)
    return type.cases


def fields(type: ValType) -> tuple[ValType, ...]:
    """The types of the fields of a record or tuple."""
    if isinstance(type, Tuple):
        return type.types
    assert isinstance(type, Record)
    return tuple(field for _, field in type.fields)


def is_bytes(type: List) -> bool:
    """Whether the value is bytes in Python."""
    return isinstance(type.element, Primitive) and type.element.kind == "u8"


def align_to(address: int, alignment: int) -> int:
    return -(-address // alignment) * alignment


def discriminant_size(count: int) -> int:
    """Of a variant with `count` cases, in bytes."""
    return 1 if count <= 1 << 8 else 2 if count <= 1 << 16 else 4


def flags_size(count: int) -> int:
    """Of `count` flags, in bytes."""
    return 1 if count <= 8 else 2 if count <= 16 else 4


UNSIGNED_CODES = {1: "B", 2: "H", 4: "I"}


def join(a: str, b: str) -> str:
    """The core type that holds either."""
    if a == b:
        return a
    if a in ("i32", "f32") and b in ("i32", "f32"):
        return "i32"
    return "i64"


class Layouts:
    """The layouts of types, each computed once.

    Types are told apart by identity: comparing them by structure would take time exponential in their depth, as a type
    may use another twice. A component makes a type once for each definition, so identity finds what is shared.
    """

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[int, tuple[ValType, Layout]] = {}

    def of(self, type: ValType) -> Layout:
        """UnsupportedType for what Remit does not carry."""
        known = self._known.get(id(type))
        if known is None:
            known = self._known[id(type)] = (type, self._compute(type))
            if known[1].size > MAX_SIZE:
                raise UnsupportedType(f"a {type.kind} of {known[1].size} bytes is larger than any memory")
        return known[1]

    def flatten_types(self, types: tuple[ValType, ...]) -> tuple[str, ...] | None:
        """The core types of several values; None if they are more than MAX_FLAT_PARAMS."""
        flat: tuple[str, ...] = ()
        for type in types:
            more = self.of(type).flat
            if more is None or len(flat) + len(more) > MAX_FLAT_PARAMS:
                return None
            flat += more
        return flat

    def flatten_functype(
        self, type: FuncType, context: Literal["lift", "lower"]
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Core parameters and results of a function that is lifted (exported) or lowered (imported)."""
        params = self.flatten_types(tuple(each for _, each in type.params))
        results = () if type.result is None else self.of(type.result).flat
        if params is None:
            params = ("i32",)
        if results is None or len(results) > MAX_FLAT_RESULTS:
            return (params, ("i32",)) if context == "lift" else ((*params, "i32"), ())
        return params, results

    def payload(self, type: ValType) -> tuple[int, int]:
        """Where the payload of a variant begins, and the room there, in bytes."""
        layouts = [self.of(case) for _, case in cases(type) if case is not None]
        alignment = max([layout.alignment for layout in layouts], default=1)
        return (
            align_to(discriminant_size(len(cases(type))), alignment),
            max([layout.size for layout in layouts], default=0),
        )

    def _compute(self, type: ValType) -> Layout:
        if isinstance(type, Primitive):
            return _primitive(type)
        if isinstance(type, (Own, Borrow)):
            return Layout(
                4, 4, ("i32",), 2, 2 * _OBJECT, has_borrow=isinstance(type, Borrow), has_own=isinstance(type, Own)
            )
        if isinstance(type, Flags):
            if not 0 < len(type.labels) <= 32:
                raise UnsupportedType(f"{type}: flags have 1 to 32 labels")
            size = flags_size(len(type.labels))
            return Layout(size, size, ("i32",), 1, _NUMBER)
        if isinstance(type, List):
            return self._list(type)
        if isinstance(type, (Record, Tuple)):
            return self._record(type)
        if isinstance(type, (Variant, Enum, Option, Result)):
            return self._variant(type)
        raise UnsupportedType(f"values of type {type.kind} are not supported")

    def _list(self, type: List) -> Layout:
        element = self.of(type.element)
        if type.length is None:
            return Layout(
                POINTER_SIZE,
                2 * POINTER_SIZE,
                ("i32", "i32"),
                2,
                _OBJECT + _SLOT,
                has_borrow=element.has_borrow,
                has_own=element.has_own,
                has_pointer=True,
            )
        if type.length == 0:
            raise UnsupportedType(f"{type}: a fixed length is at least 1")
        flat = None
        if element.flat is not None and len(element.flat) * type.length <= MAX_FLAT_PARAMS:
            flat = element.flat * type.length
        return Layout(
            element.alignment,
            element.size * type.length,
            flat,
            2 if is_bytes(type) else 1 + min(element.weight * type.length, _MUCH),
            _OBJECT + (element.cost + _SLOT) * type.length,
            has_borrow=element.has_borrow,
            has_own=element.has_own,
            has_pointer=element.has_pointer,
        )

    def _record(self, type: Record | Tuple) -> Layout:
        parts = [self.of(field) for field in fields(type)]
        if not parts:
            raise UnsupportedType(f"{type.kind}: at least one field is needed")
        size = 0
        for part in parts:
            size = align_to(size, part.alignment) + part.size
        alignment = max([part.alignment for part in parts])
        return Layout(
            alignment,
            align_to(size, alignment),
            self.flatten_types(fields(type)),
            1 + sum([part.weight for part in parts]),
            _OBJECT + sum([_SLOT + part.cost for part in parts]),
            has_borrow=any(part.has_borrow for part in parts),
            has_own=any(part.has_own for part in parts),
            has_pointer=any(part.has_pointer for part in parts),
        )

    def _variant(self, type: ValType) -> Layout:
        count = len(cases(type))
        if not count:
            raise UnsupportedType(f"{type.kind}: at least one case is needed")
        parts = [self.of(case) for _, case in cases(type) if case is not None]
        offset, room = self.payload(type)
        discriminant = discriminant_size(count)
        alignment = max([part.alignment for part in parts], default=1)
        alignment = max(alignment, discriminant)
        payload: list[str] | None = []
        for part in parts:
            if part.flat is None or payload is None:
                payload = None
                break
            shared = [join(a, b) for a, b in zip(payload, part.flat, strict=False)]
            longer = part.flat if len(part.flat) > len(payload) else tuple(payload)
            payload = shared + list(longer[len(shared) :])
        flat = None if payload is None or len(payload) >= MAX_FLAT_PARAMS else ("i32", *payload)
        cost = max([part.cost for part in parts], default=0)
        return Layout(
            alignment,
            align_to(offset + room, alignment),
            flat,
            1 + sum([1 + part.weight for part in parts]),
            cost if isinstance(type, Option) or not parts else 2 * _OBJECT + cost,
            has_borrow=any(part.has_borrow for part in parts),
            has_own=any(part.has_own for part in parts),
            has_pointer=any(part.has_pointer for part in parts),
        )


def _primitive(type: Primitive) -> Layout:
    kind = type.kind
    if kind == "string":
        return Layout(POINTER_SIZE, 2 * POINTER_SIZE, ("i32", "i32"), 2, _PRIMITIVE_COSTS["string"], has_pointer=True)
    code = PRIMITIVE_CODES.get(kind)
    if code is None:
        raise UnsupportedType(f"values of type {kind} are not supported")
    size = _SIZES[code]
    cost = 2 * _NUMBER if kind == "char" else _PRIMITIVE_COSTS.get(kind, _NUMBER)
    return Layout(size, size, (_CORE_TYPES.get(kind, "i32"),), 1, cost)
