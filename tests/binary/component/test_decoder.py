"""The component format: what is read, what is refused, and what refusing costs."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binary.build import name, unsigned, vector
from remit.binary.component import limits, syntax
from remit.binary.component.decoder import decode_component
from remit.binary.component.reading import UnsupportedFeature
from remit.binary.reader import BinaryError
from wat import wat

HEADER = b"\0asm\x0d\0\x01\0"
HUGE = b"\xff\xff\xff\xff\x0f"
"""2^32-1."""


def section(number: int, body: bytes) -> bytes:
    return bytes([number]) + unsigned(len(body)) + body


def component(*sections: bytes) -> bytes:
    return HEADER + b"".join(sections)


def types(*items: bytes) -> bytes:
    return component(section(7, vector(items)))


def only(data: bytes) -> syntax.Node:
    [definition] = decode_component(data).definitions
    return definition


def type_of(data: bytes) -> syntax.Node:
    definition = only(data)
    assert isinstance(definition, syntax.TypeDefinition)
    return definition.type


def test_the_empty_component() -> None:
    decoded = decode_component(HEADER)
    assert (decoded.definitions, decoded.custom_sections, decoded.offset, decoded.end) == ([], [], 0, 8)


@pytest.mark.parametrize(
    ("data", "problem", "offset"),
    [
        (b"", "does not start", 0),
        (b"\0as", "unexpected end", 3),
        (b"\0asm\x0d\0\x01", "unexpected end", 7),
        (b"wasm\x0d\0\x01\0", "does not start", 0),
        (b"\0asm\x01\0\0\0", "a core module, not a component", 4),
        (b"\0asm\x0c\0\x01\0", "unknown version", 4),
        (HEADER + b"\x0d\0", "unknown section number 13", 8),
        (HEADER + b"\x07", "unexpected end in a section's size", 9),
        (HEADER + b"\x07\x05\0", "5 bytes with 1 bytes left", 10),
        (component(section(7, b"\0\0")), "1 bytes too many", 11),
        (component(section(0, b"\x05ab")), "a custom section's name", 11),
        (component(section(7, HUGE)), "do not fit", 10),
    ],
)
def test_malformed_outside(data: bytes, problem: str, offset: int) -> None:
    with pytest.raises(BinaryError, match=problem) as caught:
        decode_component(data)
    assert caught.value.offset == offset


def test_modules_and_components_inside_are_places_in_the_file() -> None:
    module = b"\0asm\x01\0\0\0"
    nested = component(section(1, module))
    data = component(section(0, name("note") + b"!!"), section(4, nested), section(1, b"anything"))
    decoded = decode_component(data)
    child, core = decoded.definitions
    assert isinstance(child, syntax.NestedComponent)
    assert isinstance(core, syntax.CoreModule)
    assert data[child.offset : child.end] == nested
    assert data[core.offset : core.end] == b"anything"
    assert decoded.custom_sections == [("note", 15, 2)]
    [inner] = decode_component(data, child.offset, child.end).definitions
    assert isinstance(inner, syntax.CoreModule)
    assert data[inner.offset : inner.end] == module


def test_nothing_is_copied() -> None:
    data = component(section(1, bytes(16 << 20)))
    tracemalloc.start()
    decode_component(memoryview(data))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 << 10


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        (b"\x62", "unknown form of type 0x62"),
        (b"\x72" + vector([name("a")]), "unexpected end"),
        (b"\x71" + vector([name("a") + b"\0\x01"]), "unknown end of a case"),
        (b"\x70\x61", "unknown value type"),
        (b"\x40\0\x02\0", "unknown form of a result"),
        (b"\x40\0\x01\x01", "unknown number of results"),
        (b"\x3f\x70\0", "unknown core number type"),
        (b"\x42" + vector([b"\x03\0" + name("a") + b"\x03\x01"]), "unknown declaration 0x03"),
        (b"\x42" + vector([b"\x07"]), "unknown declaration"),
        (b"\x41" + vector([b"\x02\x01\x03\0"]), "unknown target of an alias"),
        (b"\x6e" + HUGE, "do not fit"),
        (b"\x6e" + vector([name("f")] * (limits.FLAGS + 1)), "more than the 1000"),
    ],
)
def test_malformed_types(item: bytes, problem: str) -> None:
    with pytest.raises(BinaryError, match=problem):
        decode_component(types(item))


@pytest.mark.parametrize(
    ("data", "feature"),
    [
        (types(b"\x63\x73\x79"), "the map type"),
        (component(section(12, b"\0")), "a value definition"),
        (component(section(10, vector([b"\0" + name("v") + b"\x02\x01\x79"]))), "a value definition"),
        (component(section(11, vector([b"\0" + name("v") + b"\x02\0\0"]))), "a value definition"),
        (component(section(8, vector([b"\x40\0\0"]))), "thread.spawn-ref"),
        (
            component(section(10, vector([b"\x02" + name("a:b/c@1") + vector([b"\x01" + name(".2.3")])]))),
            "versionsuffix",
        ),
    ],
)
def test_features_that_are_not_there_are_refused_by_name(data: bytes, feature: str) -> None:
    with pytest.raises(UnsupportedFeature, match=feature) as caught:
        decode_component(data)
    assert feature in caught.value.feature


def test_types() -> None:
    record = type_of(types(b"\x72" + vector([name("a") + b"\x7f", name("b") + b"\x05"])))
    assert isinstance(record, syntax.LabelledType)
    assert [(label.name, label.type) for label in record.labels] == [("a", "bool"), ("b", 5)]
    assert [label.offset for label in record.labels] == [13, 16]
    result = type_of(types(b"\x6a\0\x01\x73"))
    assert isinstance(result, syntax.CompoundType)
    assert result.types == [None, "string"]
    fixed = type_of(types(b"\x67\x7d\x04"))
    assert isinstance(fixed, syntax.CompoundType)
    assert (fixed.types, fixed.length) == (["u8"], 4)
    function = type_of(types(b"\x43" + vector([name("p") + b"\x79"]) + b"\0\x73"))
    assert isinstance(function, syntax.FuncType)
    assert (function.is_async, function.result, [param.name for param in function.params]) == (True, "string", ["p"])
    resource = type_of(types(b"\x3f\x7f\x01\x03"))
    assert isinstance(resource, syntax.ResourceType)
    assert (resource.representation, resource.destructor) == ("i32", 3)


def test_names_with_attributes() -> None:
    attributes = vector([b"\0" + name("a:b/c"), b"\x02" + name("☃")])
    imported = only(component(section(10, vector([b"\x02" + name("x") + attributes + b"\x05\x01"]))))
    assert isinstance(imported, syntax.Import)
    assert (imported.name, imported.attributes) == ("x", (("implements", "a:b/c"), ("external-id", "☃")))
    assert (imported.type.sort, imported.type.index) == ("instance", 1)
    again = vector([b"\0" + name("a:b/c")] * 2)
    with pytest.raises(BinaryError, match="a second implements"):
        decode_component(component(section(10, vector([b"\x02" + name("x") + again + b"\x05\x01"]))))


def test_a_nonfinal_sub_is_marked_since_a_module_type_has_its_code() -> None:
    sub = component(section(3, vector([b"\0\x50\0\x60\0\0"])))
    assert isinstance(only(sub), syntax.CoreTypeDefinition)
    assert isinstance(only(component(section(3, vector([b"\x50\0"])))), syntax.CoreModuleType)
    with pytest.raises(BinaryError, match="unknown form of core type"):
        decode_component(component(section(3, vector([b"\0\x60\0\0"]))))


def test_canonical_definitions() -> None:
    lift = only(component(section(8, vector([b"\0\0\x07" + vector([b"\x03\x02", b"\x01", b"\x06"]) + b"\x09"]))))
    assert isinstance(lift, syntax.Lift)
    assert (lift.function, lift.type) == (7, 9)
    assert [(option.keyword, option.index) for option in lift.options] == [
        ("memory", 2),
        ("string-encoding=utf16", None),
        ("async", None),
    ]
    wait = only(component(section(8, vector([b"\x20\x01\x03"]))))
    assert isinstance(wait, syntax.BuiltIn)
    assert (wait.name, wait.flag, wait.index) == ("waitable-set.wait", True, 3)
    with pytest.raises(BinaryError, match="11 canonical options"):
        decode_component(component(section(8, vector([b"\x01\0\0" + vector([b"\0"] * 11)]))))


def test_types_inside_types_only_so_deep() -> None:
    def nested(depth: int) -> bytes:
        item = b"\x7f"
        for _ in range(depth):
            item = b"\x41" + vector([b"\x01" + item])
        return types(item)

    assert decode_component(nested(limits.TYPE_NESTING)).definitions
    with pytest.raises(BinaryError, match="deep"):
        decode_component(nested(limits.TYPE_NESTING + 1))
    with pytest.raises(BinaryError, match="deep"):
        decode_component(nested(20_000))


def test_only_so_many_items_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("remit.binary.component.reading.MOST_ITEMS", 100)
    assert decode_component(component(*[section(7, vector([b"\x7f"] * 9))] * 10)).definitions
    with pytest.raises(BinaryError, match="more than the 100 items"):
        decode_component(component(*[section(7, vector([b"\x7f"] * 10))] * 10))
    with pytest.raises(BinaryError, match="more than the 100 items"):
        decode_component(component(*[section(4, b"")] * 101))
    flags = b"\x6e" + vector([name("f")] * 25)
    with pytest.raises(BinaryError, match="more than the 100 items"):
        decode_component(types(*[flags] * 4))


def refusal(data: bytes) -> int | None:
    """Where it is refused."""
    try:
        decode_component(data)
    except BinaryError as error:
        return error.offset
    return None


@given(st.binary(max_size=200))
def test_any_bytes_are_decoded_or_refused(body: bytes) -> None:
    assert 0 <= (refusal(HEADER + body) or 0) <= 208


@pytest.mark.parametrize("number", [2, 3, 5, 6, 7, 8, 9, 10, 11])
@given(body=st.binary(max_size=60))
def test_any_section_is_decoded_or_refused(number: int, body: bytes) -> None:
    assert 0 <= (refusal(component(section(number, b"\x01" + body))) or 0) <= 71


def test_text_made_by_another_encoder() -> None:
    decoded = decode_component(
        wat('(component (import "a" (func $f)) (instance (export "b" (func $f))) (export "c" (func $f)))')
    )
    names = [type(node).__name__ for node in decoded.definitions]
    assert names == ["TypeDefinition", "Import", "InlineExports", "Export"]
