"""An instance of a library on Remit."""

from __future__ import annotations

import remit


class Guest:
    """See :class:`guests.library.Guest`."""

    def __init__(self, instance: remit.Instance) -> None:
        self.instance = instance
        self.memory = instance.memory

    def call(self, name: str, *arguments: int) -> int:
        # Addresses are unsigned here, and signed numbers in WebAssembly's view.
        return int(self.instance.call(name, *arguments) or 0)

    def read(self, address: int, length: int) -> bytes:
        return self.memory.read(address, length)

    def write(self, address: int, data: bytes) -> None:
        self.memory.write(address, data)
