from __future__ import annotations

from collections.abc import Callable

import pytest

from interfaces.guest import FAULT, SIZE, Guest

MakeGuest = Callable[..., Guest]
ARGS = (b"program", b"", "größe".encode())
ENVIRON = ((b"A", b"1"), (b"EMPTY", b""), (b"PATH", b"/a=b"))


def strings(guest: Guest, name: str) -> list[bytes]:
    guest.ok(f"{name}_sizes_get", guest.OUT, guest.OUT2)
    count, size = guest.u32(guest.OUT), guest.u32(guest.OUT2)
    pointers, buffer = guest.room(4 * count), guest.put(b"#" * (size + 1))
    guest.ok(f"{name}_get", pointers, buffer)
    assert guest.memory.read(buffer + size, 1) == b"#"
    text = guest.memory.read(buffer, size)
    found = []
    for index in range(count):
        start = guest.u32(pointers + 4 * index) - buffer
        found.append(text[start : text.index(0, start)])
    return found


def test_arguments(make_guest: MakeGuest) -> None:
    guest = make_guest(args=ARGS, environ=ENVIRON)
    assert strings(guest, "args") == list(ARGS)
    assert strings(guest, "environ") == [b"A=1", b"EMPTY=", b"PATH=/a=b"]


def test_none_at_all(make_guest: MakeGuest) -> None:
    guest = make_guest()
    assert strings(guest, "args") == []
    assert strings(guest, "environ") == []


@pytest.mark.parametrize("name", ["args", "environ"])
def test_pointers_out_of_bounds_write_nothing(make_guest: MakeGuest, name: str) -> None:
    guest = make_guest(args=ARGS, environ=ENVIRON)
    for bad in (SIZE - 3, SIZE, 2**32 - 4, 2**32 - 1):
        assert guest.call(f"{name}_sizes_get", bad, guest.OUT) == FAULT
        assert guest.call(f"{name}_sizes_get", guest.OUT, bad) == FAULT
        assert guest.call(f"{name}_get", bad, guest.OUT) == FAULT
        assert guest.call(f"{name}_get", guest.OUT, bad) == FAULT
    assert not any(guest.memory.data)
