"""Random types and values.

Values are neutral, neither Python's nor the specification's: records and tuples are lists, variants (and what stands
for one) are (index, payload), flags are ints, strings and chars are str, handles are representations.

They are made from a :class:`random.Random`, so that thousands take seconds; :func:`randoms` is one that Hypothesis
plays (and shrinks).
"""

from __future__ import annotations

import struct
from random import Random
from typing import Any

from hypothesis import strategies as st

from remit.component.abi.layout import cases, fields
from remit.component.types import (
    CHAR,
    F32,
    F64,
    PRIMITIVES,
    STRING,
    U8,
    U16,
    Borrow,
    Enum,
    Flags,
    List,
    Option,
    Own,
    Primitive,
    Record,
    ResourceType,
    Result,
    Tuple,
    ValType,
    Variant,
)

RESOURCE = ResourceType("thing")
ENCODINGS = ("utf8", "utf16", "latin1+utf16")

_SYNCHRONOUS = [each for each in PRIMITIVES if each.kind != "error-context"]
_FLOATS = (0.0, -0.0, 1.5, -3.25, float("nan"), float("inf"), float("-inf"), 3.4028234663852886e38, 1e-45)
_CHARACTERS = ("a", "Z", "\0", "\x7f", "\x80", "é", "ÿ", "Ā", "€", "\ud7ff", "\ue000", "\uffff", "\U00010000", "😀")


def _labels(count: int) -> tuple[str, ...]:
    return tuple(f"label-{index}" for index in range(count))


def random_type(random: Random, depth: int = 3, *, borrow: bool = False) -> ValType:
    """A type at most `depth` deep; `borrow`: with borrowed handles."""

    def inner() -> ValType:
        return random_type(random, depth - 1, borrow=borrow)

    def maybe() -> ValType | None:
        return inner() if random.random() < 0.7 else None

    if depth == 0 or random.random() < 0.3:
        return random.choice(
            [
                *_SYNCHRONOUS,
                STRING,
                CHAR,
                Own(RESOURCE),
                Borrow(RESOURCE) if borrow else U16,
                Enum(_labels(random.choice((1, 2, 255, 256, 257, 300)))),
                Flags(_labels(random.randint(1, 32))),
                List(U8),
                List(U8, 40),
                List(random.choice((F32, F64))),
            ]
        )
    kind = random.randrange(7)
    if kind == 0:
        return List(inner())
    if kind == 1:
        return List(inner(), random.randint(1, 5))
    if kind == 2:
        return Option(inner())
    if kind == 3:
        return Result(maybe(), maybe())
    if kind == 4:
        return Tuple(tuple(inner() for _ in range(random.choice((1, 2, 3, 20 // depth)))))
    if kind == 5:
        types = [inner() for _ in range(random.randint(1, 5))]
        return Record(tuple(zip(_labels(len(types)), types, strict=True)))
    payloads = [maybe() for _ in range(random.randint(1, 6))]
    return Variant(tuple(zip(_labels(len(payloads)), payloads, strict=True)))


def _random_primitive(random: Random, kind: str) -> Any:
    if kind == "bool":
        return random.random() < 0.5
    if kind == "char":
        return random.choice(_CHARACTERS)
    if kind == "string":
        few = _CHARACTERS[: random.choice((4, 7, len(_CHARACTERS)))]
        return "".join(random.choice(few) for _ in range(random.choice((0, 1, 3, 12))))
    if kind in ("f32", "f64"):
        if random.random() < 0.5:
            return random.choice(_FLOATS)
        code = "<f" if kind == "f32" else "<d"
        return struct.unpack(code, random.randbytes(struct.calcsize(code)))[0]
    bits = int(kind[1:])
    low = -(1 << (bits - 1)) if kind[0] == "s" else 0
    high = low + (1 << bits) - 1
    return random.choice((low, high, 0, 1, random.randint(low, high)))


def random_value(random: Random, type: ValType) -> Any:
    """A neutral value of `type`."""
    if isinstance(type, Primitive):
        return _random_primitive(random, type.kind)
    if isinstance(type, (Own, Borrow)):
        return random.randrange(1 << 31)
    if isinstance(type, Flags):
        return random.randrange(1 << len(type.labels))
    if isinstance(type, List):
        length = random.randint(0, 4) if type.length is None else type.length
        return [random_value(random, type.element) for _ in range(length)]
    if isinstance(type, (Record, Tuple)):
        return [random_value(random, field) for field in fields(type)]
    index = random.randrange(len(cases(type)))
    case = cases(type)[index][1]
    return index, None if case is None else random_value(random, case)


def random_typed_values(random: Random, *, borrow: bool = True) -> tuple[tuple[ValType, ...], tuple[Any, ...]]:
    """Types, as of parameters, and a value of each."""
    types = tuple(random_type(random, borrow=borrow) for _ in range(random.choice((0, 1, 1, 2, 3))))
    return types, tuple(random_value(random, type) for type in types)


def randoms() -> st.SearchStrategy[Random]:
    return st.randoms(use_true_random=False)
