from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binary import build
from remit.binary.module import decode_module
from remit.binary.names import Names
from remit.binary.producers import decode_producers
from remit.binary.reader import BinaryError
from wat import wat


def refused_at(read: Callable[[], object]) -> int | None:
    try:
        read()
    except BinaryError as error:
        return error.offset
    return None


def test_names_of_a_text_module() -> None:
    data = wat('(module $tool (import "a" "b" (func $imported)) (func $first) (func) (func $third))')
    names = Names(data, decode_module(data))
    assert names.module == "tool"
    assert names.functions == {0: "imported", 1: "first", 3: "third"}


def test_a_module_without_names() -> None:
    data = build.HEADER
    names = Names(data, decode_module(data))
    assert names.module is None
    assert names.functions == {}


@given(st.dictionaries(st.integers(0, 2**32 - 1), st.text(max_size=8), max_size=20))
def test_function_names_round_trip(functions: dict[int, str]) -> None:
    body = build.vector(build.unsigned(index) + build.name(name) for index, name in functions.items())
    data = build.HEADER + build.custom("name", build.section(1, body) + build.section(9, b"later kinds are skipped"))
    assert Names(data, decode_module(data)).functions == functions


@given(st.binary(max_size=30))
def test_a_damaged_section_is_an_error_of_its_own(body: bytes) -> None:
    data = build.HEADER + build.custom("name", body) + build.custom("producers", body)
    info = decode_module(data)
    names = Names(data, info)
    for read in (lambda: names.module, lambda: names.functions, lambda: decode_producers(data, info)):
        offset = refused_at(read)
        assert offset is None or len(build.HEADER) < offset <= len(data)


def test_name_subsections_out_of_order() -> None:
    data = build.HEADER + build.custom("name", build.section(1, b"\0") + build.section(0, build.name("tool")))
    names = Names(data, decode_module(data))
    assert names.functions == {}
    with pytest.raises(BinaryError, match=r"name subsections out of order \(at offset 0x12\)"):
        _ = names.module


def test_producers() -> None:
    body = build.vector(
        [
            build.name("language") + build.vector([build.name("C11") + build.name("")]),
            build.name("processed-by") + build.vector([build.name("clang") + build.name("19.1")]),
        ]
    )
    data = build.HEADER + build.custom("producers", body)
    assert decode_producers(data, decode_module(data)) == {
        "language": [("C11", "")],
        "processed-by": [("clang", "19.1")],
    }
    assert decode_producers(build.HEADER, decode_module(build.HEADER)) == {}
