"""The host's side of Ruby for WASI: how to start its virtual machine and let it evaluate a script.

Ruby comes as a library. Its functions have the names and calling convention of an early draft of the component
model: strings are an address and a length, and the names of exports carry their types.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable

from guests.library import Guest

START = (b"ruby.wasm\0", b"-EUTF-8\0", b"-e_=0\0")
HANDLES = "canonical_abi"
JAVASCRIPT = "rb-js-abi-host"
"""The module of functions that reach JavaScript: there is none here, so they must not be called."""


class Handles:
    """The table of Ruby objects that the host holds on to: its functions are imports of the guest."""

    def __init__(self) -> None:
        self._objects: list[int] = []

    def new(self, address: int) -> int:
        self._objects.append(address)
        return len(self._objects) - 1

    def get(self, handle: int) -> int:
        return self._objects[handle]

    def drop(self, handle: int) -> None:
        """JavaScript objects, of which there are none."""
        raise AssertionError(f"Ruby drops the JavaScript object {handle}, which it never got")

    def functions(self) -> dict[str, Callable[..., int | None]]:
        """Import name -> function."""
        return {
            "resource_new_rb-abi-value": self.new,
            "resource_get_rb-abi-value": self.get,
            "resource_drop_js-abi-value": self.drop,
        }


def unreachable(name: str) -> Callable[..., int]:
    """The function `name` of a host that is JavaScript."""

    def call(*arguments: object) -> int:
        raise AssertionError(f"a plain script needs no JavaScript, but {name} was called with {arguments}")

    return call


def evaluate(guest: Guest, exports: Iterable[str], script: bytes) -> int:
    """Start Ruby and run `script`; 0, or 1 if it raised an exception."""
    # "rb-intern: func(name: string) -> u32" is called rb-intern here.
    whole = {name.partition(":")[0]: name for name in exports}

    def allocate(data: bytes, alignment: int = 1) -> int:
        address = guest.call("cabi_realloc", 0, 0, alignment, len(data))
        guest.write(address, data)
        return address

    pointers = b"".join(struct.pack("<II", allocate(text), len(text)) for text in START)
    guest.call(whole["ruby-init"], allocate(pointers, 4), len(START))
    result = guest.call(whole["rb-eval-string-protect"], allocate(script), len(script))
    _handle, state = struct.unpack("<Ii", guest.read(result, 8))
    return int(state != 0)
