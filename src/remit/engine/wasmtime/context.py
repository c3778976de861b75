"""Who owns a C store, and how to reach it: apart from :class:`.store.Store`, so that no reference cycle is needed."""

from __future__ import annotations

from remit.engine.wasmtime import library
from remit.engine.wasmtime.owned import Owned


class Context:
    """The way to the C store for memories, functions and so on. Closing takes it away from all of them at once."""

    __slots__ = ("address", "owner")
    address: int
    """The ``wasmtime_context_t``."""
    owner: Owned
    """Of the ``wasmtime_store_t``: it goes with the store, and with the last view of its memory."""

    def __init__(self, owner: Owned) -> None:
        self.owner = owner
        self.address = library.store_context(owner.pointer)

    def close(self) -> None:
        del self.address
        del self.owner

    def __getattr__(self, name: str) -> object:
        # Only reached when the slot is empty, so that the open case costs nothing.
        if name in ("address", "owner"):
            raise RuntimeError("the store is closed")
        raise AttributeError(name)
