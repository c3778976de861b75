"""Who owns a C store, and how to reach it: apart from :class:`.store.Store`, so that no reference cycle is needed."""

from __future__ import annotations

from remit.engine.wasmtime import library

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Owner:
    """Deletes the ``wasmtime_store_t`` with its last reference: the store's, and one for each view of its memory."""

    __slots__ = ("_delete", "pointer")

    def __init__(self, pointer: int) -> None:
        self.pointer = pointer
        # Kept here because modules may be gone already when the interpreter ends.
        self._delete: Callable[[int], None] = library.store_delete

    def __del__(self) -> None:
        self._delete(self.pointer)


class Context:
    """The way to the C store for memories, functions and so on. Closing takes it away from all of them at once."""

    __slots__ = ("address", "owner")
    address: int
    """The ``wasmtime_context_t``."""
    owner: Owner

    def __init__(self, owner: Owner) -> None:
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
