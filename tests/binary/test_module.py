from __future__ import annotations

import array
import marshal
import sys
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binary import build
from remit.binary.module import ModuleInfo, decode_module
from remit.binary.reader import BinaryError
from remit.binary.types import FuncType, GlobalType, MemoryType, TableType, TagType
from wat import wat

values = st.sampled_from(sorted(build.NUMBERS))
value_lists = st.lists(values, max_size=4).map(tuple)
sizes = st.integers(0, 2**32 - 1)
external_types: st.SearchStrategy[build.ExternalType] = st.one_of(
    st.builds(FuncType, value_lists, value_lists),
    st.builds(TableType, st.sampled_from(["funcref", "externref"]), sizes, st.none() | sizes, st.booleans()),
    st.builds(MemoryType, sizes, st.none() | sizes, st.booleans(), st.booleans(), st.sampled_from([1, 65536])),
    st.builds(GlobalType, values, st.booleans()),
    st.builds(TagType, value_lists),
)

EVERYTHING = """(module
    (rec (type $list (sub (struct (field i32) (field (mut (ref null $list)))))) (type $pair (array (mut i8))))
    (type $callback (func (param (ref null $list)) (result (ref $pair) anyref)))
    (import "env" "log" (func $log (param i32 i64) (result f64)))
    (import "env" "table" (table 1 10 funcref))
    (import "env" "counter" (global $counter (mut i64)))
    (import "env" "oops" (tag (param i32)))
    (import "env" "big" (memory i64 1 100))
    (memory (export "memory") 2 3)
    (memory 1)
    (table (export "references") 4 externref)
    (table 3 (ref null func) (ref.null func))
    (tag $mine (export "mine") (param f32 i64))
    (global i32 (i32.const -70000))
    (global v128 (v128.const i64x2 1 2))
    (global (ref $list) (struct.new $list (i32.const 1) (ref.null $list)))
    (global (ref $pair) (array.new_fixed $pair 2 (i32.const 1) (i32.const 2)))
    (global (export "limit") i64 (i64.add (i64.const -9000000000) (i64.mul (i64.const 2) (i64.const 3))))
    (global f64 (f64.const 1.5))
    (global f32 (f32.const 1.5))
    (global i31ref (ref.i31 (i32.const 7)))
    (global externref (extern.convert_any (ref.null any)))
    (global funcref (ref.func $start))
    (func $start)
    (func (export "run") (type $callback) unreachable)
    (func (export "throw") (param exnref) (result i32) i32.const 1)
    (export "log again" (func $log))
    (start $start)
    (elem declare func $start)
    (data "abc"))"""


def test_everything() -> None:
    info = decode_module(wat(EVERYTHING))
    assert [(each.module, each.name, each.kind, each.type) for each in info.imports] == [
        ("env", "log", "func", FuncType(("i32", "i64"), ("f64",))),
        ("env", "table", "table", TableType("funcref", 1, 10)),
        ("env", "counter", "global", GlobalType("i64", True)),
        ("env", "oops", "tag", TagType(("i32",))),
        ("env", "big", "memory", MemoryType(1, 100, is_64=True)),
    ]
    assert {each.name: (each.kind, each.index, each.type) for each in info.exports} == {
        "memory": ("memory", 1, MemoryType(2, 3)),
        "references": ("table", 1, TableType("externref", 4)),
        "mine": ("tag", 1, TagType(("f32", "i64"))),
        "limit": ("global", 5, GlobalType("i64", False)),
        "run": ("func", 2, FuncType(("(ref null 0)",), ("(ref 1)", "anyref"))),
        "throw": ("func", 3, FuncType(("exnref",), ("i32",))),
        "log again": ("func", 0, FuncType(("i32", "i64"), ("f64",))),
    }
    assert info.memories == (MemoryType(1, 100, is_64=True), MemoryType(2, 3), MemoryType(1))
    assert info.start == 1
    assert info.size == len(wat(EVERYTHING))


def test_types_in_words() -> None:
    assert str(FuncType(("i32", "i64"), ("f64",))) == "(i32, i64) -> (f64)"
    assert str(TableType("funcref", 1, 10)) == "1..10 funcref"
    assert str(MemoryType(2)) == "2.. pages"
    assert str(MemoryType(2, 3, shared=True, is_64=True)) == "i64 2..3 pages shared"
    assert str(MemoryType(2, page_size=1)) == "2.. pages of 1 bytes"
    assert str(GlobalType("i32", True)) == "(mut i32)"
    assert str(TagType(("i32",))) == "(i32)"


def test_types_differ_by_kind_and_field() -> None:
    different = [FuncType(("i32",), ()), TagType(("i32",)), GlobalType("i32", True), GlobalType("i32", False)]
    different += [MemoryType(1), MemoryType(1, None, True), TableType("funcref", 1), TableType("funcref", 1, 2)]
    assert len(set(different)) == len(different)
    assert MemoryType(1) == MemoryType(1, None, False, False, 65536)
    assert repr(MemoryType(1, 2)) == "MemoryType(minimum=1, maximum=2, shared=False, is_64=False, page_size=65536)"


@given(st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5), external_types), max_size=8))
def test_imports_round_trip(imports: list[tuple[str, str, build.ExternalType]]) -> None:
    info = decode_module(build.importing(imports))
    assert [(each.module, each.name, each.type) for each in info.imports] == imports
    # The builder exports each of them again: so the types of exports are found too.
    assert [each.type for each in info.exports] == [type for _, _, type in imports]
    assert list(info.memories) == [type for _, _, type in imports if isinstance(type, MemoryType)]


def test_plain_tuples_and_back() -> None:
    data = wat(EVERYTHING) + build.custom("notes", b"12345")
    info = decode_module(data)
    again = ModuleInfo.from_tuple(marshal.loads(marshal.dumps(info.to_tuple())))
    assert again.to_tuple() == info.to_tuple()
    assert [each.type for each in again.exports] == [each.type for each in info.exports]
    assert again.memories == info.memories
    notes = again.custom_sections[-1]
    assert (notes.name, data[notes.offset : notes.offset + notes.size]) == ("notes", b"12345")


def test_any_buffer() -> None:
    data = wat(EVERYTHING)
    assert decode_module(memoryview(data)).to_tuple() == decode_module(data).to_tuple()
    padded = data + build.custom("pad", bytes(-(len(data) + 6) % 4))
    assert len(padded) % 4 == 0
    words = array.array("I", padded)
    assert decode_module(memoryview(words)).to_tuple() == decode_module(padded).to_tuple()


def test_the_types_of_many_functions() -> None:
    types = [FuncType(("i32",) * number, ()) for number in range(200)]
    data = (
        build.HEADER
        + build.section(1, build.vector(build.function(type) for type in types))
        + build.section(3, build.vector(build.unsigned(number) for number in range(200)))
        + build.section(7, build.vector(build.name(str(i)) + b"\0" + build.unsigned(i) for i in (199, 3, 130)))
        + build.section(10, b"bodies are not looked at")
    )
    assert [(each.index, each.type) for each in decode_module(data).exports] == [
        (199, types[199]),
        (3, types[3]),
        (130, types[130]),
    ]


MALFORMED = {
    "not a WebAssembly module: it does not start with \\0asm (at offset 0x0)": b"hello",
    "not a WebAssembly module: it does not start with \\0asm (at offset 0x0) ": b"",
    "unexpected end in the header (at offset 0x5)": b"\0asm\x01",
    "a component, not a core module (at offset 0x4)": b"\0asm\x0d\0\x01\0",
    "unknown version 0x2 (at offset 0x4)": b"\0asm\x02\0\0\0",
    "unknown section number 14 (at offset 0x8)": build.HEADER + b"\x0e\0",
    "the type section of 5 bytes with 1 bytes left (at offset 0xa)": build.HEADER + b"\x01\x05\0",
    "a second type section, or one out of order (at offset 0xb)": build.HEADER + b"\x01\x01\0" * 2,
    "a second type section, or one out of order (at offset 0xb)  ": build.HEADER + b"\x02\x01\0" + b"\x01\x01\0",
    "1 bytes too many in the type section (at offset 0xb)": build.HEADER + b"\x01\x02\0\0",
    "unknown form of type 0x12 (at offset 0xb)": build.HEADER + build.section(1, b"\x01\x12"),
    "unknown value type 0x01 (at offset 0xd)": build.HEADER + build.section(1, b"\x01\x60\x01\x01\0"),
    "unknown heap type -1 (at offset 0xe)": build.HEADER + build.section(1, b"\x01\x60\x01\x63\x7f\0"),
    "unknown mutability of a field (at offset 0xd)": build.HEADER + build.section(1, b"\x01\x5e\x7f\x02"),
    "type 0 is not a function's type (at offset 0x10)": build.HEADER
    + build.section(2, b"\x01" + build.name("m") + build.name("n") + b"\0\0"),
    "unknown kind of import 9 (at offset 0xf)": build.HEADER
    + build.section(2, b"\x01" + build.name("m") + build.name("n") + b"\x09\0"),
    "unknown attribute of a tag (at offset 0xb)": build.HEADER + build.section(13, b"\x01\x01\0"),
    "unknown flags 0x40 in the limits of a memory (at offset 0xb)": build.HEADER + build.section(5, b"\x01\x40\0"),
    "a page size of 2^17 bytes (at offset 0xd)": build.HEADER + build.section(5, b"\x01\x08\x00\x11"),
    "i32 where a reference type is needed (at offset 0xb)": build.HEADER + build.section(4, b"\x01\x7f\0\0"),
    "unknown mutability 0x04 of a global (at offset 0xc)": build.HEADER + build.section(6, b"\x01\x7f\x04\x0b"),
    "instruction 0x10 is not constant (at offset 0xd)": build.HEADER + build.section(6, b"\x01\x7f\x00\x10\0\x0b"),
    "an instruction that is not constant (at offset 0xd)": build.HEADER + build.section(6, b"\x01\x7f\0\xfb\x02\x0b"),
    "instruction 0xfd is not constant (at offset 0xd)": build.HEADER + build.section(6, b"\x01\x7f\0\xfd\x0d\x0b"),
    "unknown kind of export 7 (at offset 0xd)": build.HEADER + build.section(7, b"\x01\x01a\x07\0"),
    "export 'a' names memory 0, and there is none (at offset 0xd)": build.HEADER + build.section(7, b"\x01\x01a\x02\0"),
    "export 'a' names func 3, and there is none (at offset 0xd)": build.HEADER + build.section(7, b"\x01\x01a\0\x03"),
    "a second export named 'a' (at offset 0x14)": build.HEADER
    + build.section(5, b"\x01\0\0")
    + build.section(7, b"\x02" + b"\x01a\x02\0" * 2),
    "the start function 0 does not exist (at offset 0xa)": build.HEADER + build.section(8, b"\0"),
    "4294967295 imports do not fit in the 1 bytes left (at offset 0xa)": build.HEADER
    + build.section(2, b"\xff\xff\xff\xff\x0f\0"),
}


@pytest.mark.parametrize("message", MALFORMED)
def test_malformed_says_what_and_where(message: str) -> None:
    with pytest.raises(BinaryError) as caught:
        decode_module(MALFORMED[message])
    assert str(caught.value) == message.strip()


def refusal(data: bytes) -> BinaryError | None:
    try:
        assert decode_module(data).size == len(data)
    except BinaryError as error:
        return error
    return None


def decode_or_refuse(data: bytes) -> None:
    error = refusal(data)
    if error is not None:
        assert 0 <= error.offset <= len(data)
        assert str(error).endswith(f"(at offset {error.offset:#x})")


def test_every_truncation() -> None:
    data = wat(EVERYTHING)
    for length in range(len(data)):
        decode_or_refuse(data[:length])


@given(st.data())
def test_mutations(draw: st.DataObject) -> None:
    data = bytearray(wat(EVERYTHING))
    for _ in range(draw.draw(st.integers(1, 4))):
        place = draw.draw(st.integers(0, len(data) - 1))
        data[place] = draw.draw(st.integers(0, 255))
    decode_or_refuse(bytes(data))


@given(st.lists(st.tuples(st.integers(0, 15), st.binary(max_size=40)), max_size=5))
def test_random_sections(sections: list[tuple[int, bytes]]) -> None:
    decode_or_refuse(build.HEADER + b"".join(build.section(number, body) for number, body in sections))


@given(st.binary(max_size=60))
def test_random_bytes(data: bytes) -> None:
    decode_or_refuse(build.HEADER + data)
    decode_or_refuse(data)


def test_a_code_body_is_not_copied() -> None:
    data = build.HEADER + build.section(10, bytes(8 << 20))

    class Counting(bytes):
        def __getitem__(self, key: object) -> object:  # type: ignore[override]  # only observes
            if isinstance(key, slice):
                assert len(range(*key.indices(len(self)))) < 100
            return super().__getitem__(cast("slice", key))

    assert decode_module(Counting(data)).size == len(data)
    assert sys.getsizeof(decode_module(data).to_tuple()) < 1000
