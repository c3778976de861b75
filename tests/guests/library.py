"""Guests that are libraries: a virtual machine without a `main`, whose functions a host calls."""

from __future__ import annotations

from typing import Protocol


class Guest(Protocol):
    """What is needed of an instance, whichever engine runs it."""

    def call(self, name: str, *arguments: int) -> int:
        """Call the export `name`; 0 if it returns nothing."""

    def read(self, address: int, length: int) -> bytes: ...

    def write(self, address: int, data: bytes) -> None: ...
