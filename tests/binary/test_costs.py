"""What it costs to refuse: work and memory in proportion to the bytes that are there, whatever they claim to be.

Counted, never timed: lines that the decoder runs, bytes of the input that it looks at, bytes that it has at most.
"""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from binary import build
from remit.binary import decoder
from remit.binary.module import decode_module
from remit.binary.names import Names
from remit.binary.producers import decode_producers
from remit.binary.reader import BinaryError

HUGE = b"\xff\xff\xff\xff\x0f"
"""2^32-1."""
KIB, MIB = 1 << 10, 1 << 20


class Touched(bytes):
    """Bytes that count how many of them are looked at."""

    looked_at = 0

    def __getitem__(self, key: Any) -> Any:
        found = super().__getitem__(key)
        self.looked_at += len(found) if isinstance(found, bytes) else 1
        return found


class Costs:
    """Of one look at a module."""

    def __init__(self, module: bytes, look: Callable[[bytes], object]) -> None:
        self.lines = 0
        self.refused = self._run(look, module) is not None
        touched = Touched(module)
        sys.settrace(self._count)
        try:
            self._run(look, touched)
        finally:
            sys.settrace(None)
        self.touched = touched.looked_at
        tracemalloc.start()
        error = self._run(look, module)
        self.allocated = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        self.message = len(str(error))

    def _count(self, frame: FrameType, event: str, _: object) -> Any:
        self.lines += event == "line"
        return self._count

    @staticmethod
    def _run(look: Callable[[bytes], object], module: bytes) -> BinaryError | None:
        try:
            look(module)
        except BinaryError as error:
            return error
        return None


def everything(module: bytes) -> None:
    """All that is ever read of a module."""
    info = decode_module(module)
    names = Names(module, info)
    _ = names.module, names.functions
    decode_producers(module, info)


def only(number: int, body: bytes) -> bytes:
    return build.HEADER + build.section(number, body)


TYPE, IMPORT, FUNCTION, TABLE, MEMORY, GLOBAL, EXPORT, TAG = 1, 2, 3, 4, 5, 6, 7, 13

VECTORS = (TYPE, IMPORT, FUNCTION, TABLE, MEMORY, GLOBAL, EXPORT, TAG)

CLAIMS = {
    **{f"items of section {number}": only(number, HUGE) for number in VECTORS},
    **{f"items of section {number}, some there": only(number, HUGE + b"\0" * 999) for number in VECTORS},
    **{f"bytes of section {number}": build.HEADER + bytes([number]) + HUGE for number in range(14)},
    "types of a group": only(TYPE, b"\1\x4e" + HUGE),
    "supertypes": only(TYPE, b"\1\x50" + HUGE),
    "parameters": only(TYPE, b"\1\x60" + HUGE),
    "results": only(TYPE, b"\1\x60\0" + HUGE),
    "fields": only(TYPE, b"\1\x5f" + HUGE),
    "bytes of an import's module": only(IMPORT, b"\1" + HUGE + b"env"),
    "bytes of an import's name": only(IMPORT, b"\1\0" + HUGE + b"log"),
    "bytes of an export's name": only(EXPORT, b"\1" + HUGE + b"run"),
    "bytes of a custom section's name": only(0, HUGE + b"name"),
    "a type that is none": only(TYPE, b"\1\x60\0\0") + build.section(IMPORT, b"\1\0\0\0" + HUGE),
    "an exported function": only(EXPORT, b"\1\0\0" + HUGE),
    "an exported memory": only(EXPORT, b"\1\0\2" + HUGE),
    "a start function": only(8, HUGE),
    "bytes of a name subsection": build.HEADER + build.custom("name", b"\1" + HUGE),
    "function names": build.HEADER + build.custom("name", build.section(1, HUGE)),
    "bytes of a function's name": build.HEADER + build.custom("name", build.section(1, b"\1\0" + HUGE)),
    "bytes of the module's name": build.HEADER + build.custom("name", build.section(0, HUGE)),
    "producers' fields": build.HEADER + build.custom("producers", HUGE),
    "bytes of a field": build.HEADER + build.custom("producers", b"\1" + HUGE),
    "producers": build.HEADER + build.custom("producers", b"\1\0" + HUGE),
    "bytes of a number": only(MEMORY, b"\1\4" + b"\x80" * 100_000),
    "bytes of a heap type": only(GLOBAL, b"\1\x63" + b"\x80" * 100_000),
    "bytes of a constant": only(GLOBAL, b"\1\x7f\0\x41" + b"\x80" * 100_000),
    "bytes of an index": only(IMPORT, b"\1\0\0\0" + b"\x80" * 100_000),
}


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_claim_costs_nothing(claim: str) -> None:
    """Four thousand million items, or a number that never ends, are refused for the bytes that are not there."""
    costs = Costs(CLAIMS[claim], everything)
    assert costs.refused
    assert costs.lines < 400
    assert costs.touched < 200
    assert costs.allocated < 16 * KIB
    assert costs.message < 200


@pytest.mark.parametrize("number", [0, 10, 11, 9])
def test_what_is_not_read_is_not_touched(number: int) -> None:
    costs = Costs(build.HEADER + build.section(number, b"\0" + bytes(16 * MIB)), everything)
    assert (costs.refused, costs.lines < 400, costs.touched < 100) == (False, True, True)
    assert costs.allocated < 16 * KIB


def exports(count: int) -> bytes:
    functions = build.section(TYPE, b"\1\x60\0\0") + build.section(FUNCTION, build.vector([b"\0"] * count))
    items = [build.name(str(number)) + b"\0" + build.unsigned(number) for number in range(count)]
    return build.HEADER + functions + build.section(EXPORT, build.vector(items))


# Modules of so many items, of the kind that costs the most for each byte.
MANY: dict[str, Callable[[int], bytes]] = {
    "custom sections": lambda count: build.HEADER + b"\0\1\0" * count,
    "types": lambda count: only(TYPE, build.vector([b"\x60\0\0"] * count)),
    "groups": lambda count: only(TYPE, build.vector([b"\x4e\0"] * count)),
    "types in one group": lambda count: only(TYPE, b"\1\x4e" + build.vector([b"\x60\0\0"] * count)),
    "parameters": lambda count: only(TYPE, b"\1\x60" + build.vector([b"\x63\x70"] * count) + b"\0"),
    "results": lambda count: only(TYPE, b"\1\x60\0" + build.vector([b"\x64\x05"] * count)),
    "fields": lambda count: only(TYPE, b"\1\x5f" + build.vector([b"\x78\0"] * count)),
    "supertypes": lambda count: only(TYPE, b"\1\x50" + build.vector([b"\0"] * count) + b"\x60\0\0"),
    "imports": lambda count: only(IMPORT, build.vector([b"\0\0\3\x7f\0"] * count)),
    "imported memories": lambda count: only(IMPORT, build.vector([b"\0\0\2\0\0"] * count)),
    "imported functions": lambda count: (
        only(TYPE, b"\1\x60\0\0") + build.section(IMPORT, build.vector([b"\0\0\0\0"] * count))
    ),
    "functions": lambda count: only(TYPE, b"\1\x60\0\0") + build.section(FUNCTION, build.vector([b"\0"] * count)),
    "tables": lambda count: only(TABLE, build.vector([b"\x70\0\0"] * count)),
    "memories": lambda count: only(MEMORY, build.vector([b"\0\0"] * count)),
    "tags": lambda count: only(TYPE, b"\1\x60\0\0") + build.section(TAG, build.vector([b"\0\0"] * count)),
    "globals": lambda count: only(GLOBAL, build.vector([b"\x7f\0\x0b"] * count)),
    "instructions": lambda count: only(GLOBAL, b"\1\x7f\0" + b"\x6a" * count + b"\x0b"),
    "exports": exports,
    "function names": lambda count: (
        build.HEADER + build.custom("name", build.section(1, build.vector(map(function_name, range(count)))))
    ),
    "name sections": lambda count: build.HEADER + build.custom("name", b"") * count,
    "producers": lambda count: build.HEADER + build.custom("producers", b"\1\0" + build.vector([b"\0\0"] * count)),
    "producers' fields": lambda count: build.HEADER + build.custom("producers", build.vector([b"\0\0"] * count)),
    "bytes of a name": lambda count: only(EXPORT, b"\1" + build.name("é" * count) + b"\0\0"),
    "bytes of two equal names": lambda count: (
        only(MEMORY, b"\1\0\0") + build.section(EXPORT, build.vector([build.name("\N{BELL}" * count) + b"\2\0"] * 2))
    ),
    "bytes of a name that is no text": lambda count: only(EXPORT, b"\1" + build.unsigned(count) + b"\xff" * count),
}


def function_name(index: int) -> bytes:
    return build.unsigned(index) + b"\0"


@pytest.mark.parametrize("broken", [False, True])
@pytest.mark.parametrize("kind", MANY)
def test_costs_grow_with_the_bytes_that_are_there(kind: str, broken: bool) -> None:
    """And with nothing else: twice as many items take twice the work, also when only the last byte is wrong."""

    def module(count: int) -> bytes:
        return MANY[kind](count) + b"\x7f" * broken  # no section has that number

    small, large = module(1_000), module(2_000)
    less, more = Costs(small, everything), Costs(large, everything)
    assert more.refused or not broken
    assert more.lines - less.lines <= 40 * (len(large) - len(small))
    assert more.lines <= 2.1 * less.lines + 100
    assert more.touched <= 2.1 * len(large) + 1_000
    assert more.allocated <= 100 * len(large) + 16 * KIB
    assert more.message < 300


def test_more_of_one_kind_than_engines_accept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sections for tools have no vector that says how many they are."""
    monkeypatch.setattr(decoder, "MOST_ITEMS", 1_000)
    assert not Costs(build.HEADER + b"\0\1\0" * 1_000, everything).refused
    costs = Costs(build.HEADER + b"\0\1\0" * 100_000, everything)
    assert costs.refused
    assert costs.touched < 5_000


@pytest.mark.parametrize("deep", [b"\x4e\1", b"\x50\1", b"\x63", b"\x65", b"\x5e"])
def test_nothing_nests(deep: bytes) -> None:
    """There is no recursion to exhaust: what could be put into itself is refused the second time."""
    costs = Costs(only(TYPE, b"\1" + deep * 100_000), everything)
    assert costs.refused
    assert costs.lines < 400
