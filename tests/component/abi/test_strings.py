from __future__ import annotations

import pytest

from component.abi.guest import Guest
from component.abi.strategies import ENCODINGS
from remit.component.abi.strings import UTF16_TAG, load_text
from remit.engine.api import Trap

ASCII, LATIN1, WIDE = "hello", "grüße", "grüße €😀"


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("text", ["", ASCII, LATIN1, WIDE])
def test_a_string_of_the_host_is_one_allocation(encoding: str, text: str) -> None:
    guest = Guest(encoding=encoding)
    address, length = guest.cx.store_string(guest.cx, text)
    [(_, _, alignment, size)] = guest.heap.calls
    latin1 = encoding == "latin1+utf16" and text != WIDE
    codec = "latin-1" if latin1 else "utf-8" if encoding == "utf8" else "utf-16-le"
    data = text.encode(codec)
    assert guest.heap.data[address : address + size] == data
    assert alignment == (1 if encoding == "utf8" else 2)
    units = len(data) if codec != "utf-16-le" else len(data) // 2
    assert length == (units | UTF16_TAG if encoding == "latin1+utf16" and not latin1 else units)
    assert guest.cx.load_string(guest.cx, memoryview(guest.heap.data), address, length) == text


@pytest.mark.parametrize(
    ("encoding", "data", "length"),
    [
        ("utf8", b"\xff", 1),
        ("utf8", b"\xed\xa0\x80", 3),
        ("utf8", b"\xc0\x80", 2),
        ("utf8", "€".encode()[:2], 2),
        ("utf16", b"\x00\xd8", 1),
        ("utf16", b"\x00\xdc\x00\xd8", 2),
        ("latin1+utf16", b"\x00\xd8a\x00", 2 | UTF16_TAG),
    ],
)
def test_invalid_strings_trap(encoding: str, data: bytes, length: int) -> None:
    guest = Guest(encoding=encoding)
    guest.heap.data[0 : len(data)] = data
    view = memoryview(guest.heap.data)
    for load in (guest.cx.load_string, load_text):
        with pytest.raises(Trap, match=r"invalid utf-(8|16) in a string"):
            load(guest.cx, view, 0, length)


TRANSFERS = {
    ("utf8", "utf8", WIDE): [(1, 15)],
    ("utf8", "utf16", ASCII): [(2, 10)],
    ("utf8", "utf16", LATIN1): [(2, 14), (2, 10)],
    ("utf8", "latin1+utf16", ASCII): [(2, 5)],
    ("utf8", "latin1+utf16", LATIN1): [(2, 7), (2, 5)],
    ("utf8", "latin1+utf16", WIDE): [(2, 15), (2, 30), (2, 18)],
    ("utf16", "utf8", ASCII): [(1, 5)],
    ("utf16", "utf8", LATIN1): [(1, 5), (1, 15), (1, 7)],
    ("utf16", "utf16", WIDE): [(2, 18)],
    ("utf16", "latin1+utf16", LATIN1): [(2, 5)],
    ("latin1+utf16", "utf8", ASCII): [(1, 5)],
    ("latin1+utf16", "utf8", LATIN1): [(1, 5), (1, 10), (1, 7)],
    ("latin1+utf16", "utf16", LATIN1): [(2, 10)],
    ("latin1+utf16", "latin1+utf16", LATIN1): [(2, 5)],
    ("latin1+utf16", "latin1+utf16", WIDE): [(2, 18)],
}


@pytest.mark.parametrize(("source", "target", "text"), TRANSFERS)
def test_transcoding_allocates_as_specified(source: str, target: str, text: str) -> None:
    one, other = Guest(encoding=source), Guest(encoding=target)
    address, length = one.cx.store_string(one.cx, text)
    value = load_text(one.cx, memoryview(one.heap.data), address, length)
    address, length = other.cx.transfer_string(other.cx, value)
    expected = TRANSFERS[source, target, text]
    assert [(alignment, size) for _, _, alignment, size in other.heap.calls] == expected
    assert other.cx.load_string(other.cx, memoryview(other.heap.data), address, length) == text


def test_what_looks_wide_and_is_latin1_shrinks() -> None:
    one, other = Guest(encoding="latin1+utf16"), Guest(encoding="latin1+utf16")
    one.heap.data[0:10] = LATIN1.encode("utf-16-le")
    value = load_text(one.cx, memoryview(one.heap.data), 0, 5 | UTF16_TAG)
    address, length = other.cx.transfer_string(other.cx, value)
    assert length == 5
    assert other.heap.data[address : address + 5] == LATIN1.encode("latin-1")
    assert [(alignment, size) for _, _, alignment, size in other.heap.calls] == [(2, 10), (1, 5)]
