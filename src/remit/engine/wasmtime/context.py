"""Who owns a C store, and how to reach it: apart from :class:`.store.Store`, so that no reference cycle is needed."""

from __future__ import annotations

from remit.engine.wasmtime import library
from remit.engine.wasmtime.owned import Owned


class StoreOwner(Owned):
    """Of a ``wasmtime_store_t``. It stays for as long as a fiber is suspended in it: to unwind one takes its store, and
    the garbage collector finalizes what is in a circle in any order.
    """

    __slots__ = ("_orphaned", "_suspended")

    def __init__(self, pointer: int) -> None:
        self._suspended = False
        self._orphaned = False
        super().__init__(pointer, library.store_delete)

    def suspend(self) -> None:
        """A fiber begins."""
        self._suspended = True

    def release(self) -> None:
        """The fiber is gone."""
        self._suspended = False
        if self._orphaned:
            self._orphaned = False
            super().__del__()

    def __del__(self) -> None:
        if getattr(self, "_suspended", False):
            self._orphaned = True
        else:
            super().__del__()


class Context:
    """The way to the C store for memories, functions and so on. Closing takes it away from all of them at once."""

    __slots__ = ("address", "owner")
    address: int
    """The ``wasmtime_context_t``."""
    owner: StoreOwner
    """Of the ``wasmtime_store_t``: it goes with the store, and with the last view of its memory."""

    def __init__(self, owner: StoreOwner) -> None:
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
