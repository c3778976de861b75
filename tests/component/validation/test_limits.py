"""Components that are small and ask for much: refused early, in bounded work and memory."""

from __future__ import annotations

import sys
import tracemalloc
from types import FrameType

import pytest

from binary.build import name, signed, unsigned, vector
from remit.binary.component import limits
from remit.binary.reader import BinaryError
from remit.component.effort import Effort, TooComplex
from remit.component.validation.component import validate_component
from remit.component.validation.errors import ValidationError
from remit.component.validation.facts import MAX_DEPTH, MAX_EXTERN_DEPTH
from wat import wat

HEADER = b"\0asm\x0d\0\x01\0"


def section(number: int, body: bytes) -> bytes:
    return bytes([number]) + unsigned(len(body)) + body


def types(items: list[bytes]) -> bytes:
    return section(7, vector(items))


def refusal(data: bytes) -> str:
    with pytest.raises((BinaryError, ValidationError)) as caught:
        validate_component(data)
    return str(caught.value)


def chain(first: bytes, link: list[bytes], length: int) -> bytes:
    """Types that each name the one before."""
    return HEADER + types([first, *[link[0] + signed(index) + b"".join(link[1:]) for index in range(length)]])


def test_lists_of_lists_only_so_deep() -> None:
    validate_component(chain(b"\x7d", [b"\x70"], MAX_DEPTH - 1))
    assert "deep" in refusal(chain(b"\x7d", [b"\x70"], 100_000))


def test_types_that_double_at_each_step() -> None:
    doubling = [b"\x6f\x02" + signed(index) * 2 for index in range(60)]
    assert "parts" in refusal(HEADER + types([b"\x7d", *doubling]))


def test_instances_in_instances_only_so_deep() -> None:
    def nested(depth: int) -> bytes:
        export = b"\0" + name("a") + b"\x05"
        return HEADER + section(5, vector([b"\x01\0", *[b"\x01\x01" + export + unsigned(at) for at in range(depth)]]))

    validate_component(nested(MAX_EXTERN_DEPTH - 1))
    assert "deep" in refusal(nested(900))


def test_instance_types_in_instance_types_only_so_deep() -> None:
    def declared(index: int) -> bytes:
        alias = b"\x02\x03\x02\x01" + unsigned(index)
        return b"\x42" + vector([alias, b"\x04\0" + name("a") + b"\x05\0"])

    assert "deep" in refusal(HEADER + types([b"\x42\0", *[declared(index) for index in range(5000)]]))


def test_components_in_components_only_so_deep() -> None:
    def nested(depth: int) -> bytes:
        component = HEADER
        for _ in range(depth):
            component = HEADER + section(4, component)
        return component

    validate_component(nested(limits.COMPONENT_NESTING))
    assert "deep" in refusal(nested(limits.COMPONENT_NESTING + 1))
    assert "deep" in refusal(nested(5000))


def test_the_deepest_of_all_at_once_fits_the_stack() -> None:
    chain = "(type u8)" + "".join(f"(type (tuple {index}))" for index in range(MAX_DEPTH - 1))
    chain += f'(type $f (func (param "x" {MAX_DEPTH - 1})))'
    imported = f'{chain} (import "f" (func $f (type $f)))'
    text = f'(component {imported} (component $c {imported}) (instance (instantiate $c (with "f" (func $f)))))'
    for _ in range(limits.COMPONENT_NESTING - 2):
        text = f"(component {text})"
    validate_component(wat(text))


def test_a_caller_deep_down_gets_an_error_not_a_crash() -> None:
    data = chain(b"\x7d", [b"\x70"], MAX_DEPTH - 1)

    def deeper(levels: int) -> None:
        if levels:
            deeper(levels - 1)
        else:
            validate_component(data)

    frame: FrameType | None = sys._getframe()
    used = 0
    while frame is not None:
        used, frame = used + 1, frame.f_back
    with pytest.raises(ValidationError, match="Python stack"):
        deeper(sys.getrecursionlimit() - used - 12)


@pytest.mark.parametrize(
    ("number", "item", "most"),
    [(2, b"\x01\0", limits.INSTANCES), (5, b"\x01\0", limits.INSTANCES)],
)
def test_only_so_many_instances(number: int, item: bytes, most: int) -> None:
    validate_component(HEADER + section(number, vector([item] * most)))
    assert "that engines accept" in refusal(HEADER + section(number, vector([item] * (most + 1))))


def test_only_so_many_modules_and_components() -> None:
    module = section(1, b"\0asm\x01\0\0\0")
    assert "that engines accept" in refusal(HEADER + module * (limits.MODULES + 1))
    assert "that engines accept" in refusal(HEADER + section(4, HEADER) * (limits.COMPONENTS + 1))


def test_a_large_type_used_again_and_again() -> None:
    exports = [b"\x04\0" + name(f"r{index}") + b"\x03\x01" for index in range(5000)]
    large = types([b"\x42" + vector(exports)])
    imports = section(10, vector([b"\0" + name(f"i{index}") + b"\x05\0" for index in range(900)]))
    assert "too complex" in refusal(HEADER + large + imports)


def test_an_instance_shares_what_its_module_exports() -> None:
    exports = b"".join([name(f"f{index}") + b"\x03\0" for index in range(20_000)])
    module = b"\0asm\x01\0\0\0" + section(6, b"\x01\x7f\0\x41\0\x0b") + section(7, unsigned(20_000) + exports)
    data = HEADER + section(1, module) + section(2, vector([b"\0\0\0"] * 900))
    tracemalloc.start()
    validate_component(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60 * len(data)


def test_messages_show_no_more_than_the_beginning() -> None:
    long = "a" * 90_000
    assert len(refusal(HEADER + types([b"\x72" + vector([name(long) + b"\x7f", name(long) + b"\x7f"])]))) < 500
    assert len(refusal(HEADER + section(10, vector([b"\0" + name("\x1b" * 90_000) + b"\x03\x01"])))) < 1000
    many = b"\x60" + unsigned(900) + b"\x7f" * 900 + b"\0"
    wanted = section(3, vector([b"\x50" + vector([b"\x01" + many, b"\x03" + name("f") + b"\0\0"])]))
    given = section(3, vector([b"\x50" + vector([b"\x01\x60\0\0", b"\x03" + name("f") + b"\0\0"])]))
    child = HEADER + wanted + section(10, vector([b"\0" + name("m") + b"\0\x11\0"]))
    data = (
        HEADER
        + given
        + section(10, vector([b"\0" + name("m") + b"\0\x11\0"]))
        + section(4, child)
        + section(5, vector([b"\0\0" + vector([name("m") + b"\0\x11\0"])]))
    )
    message = refusal(data)
    assert "expected func" in message
    assert len(message) < 700


def test_effort() -> None:
    effort = Effort(3)
    effort.spend()
    effort.spend(2)
    with pytest.raises(TooComplex):
        effort.spend()
