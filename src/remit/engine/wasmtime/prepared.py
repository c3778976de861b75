"""Modules with all imports found, and the instances made of them."""

from __future__ import annotations

import ctypes

from remit.binary.types import FuncType, MemoryType
from remit.engine.wasmtime import library
from remit.engine.wasmtime.calls import Func
from remit.engine.wasmtime.layout import EXTERN_SIZE, INSTANCE_SIZE, addressof, read_pointer
from remit.engine.wasmtime.owned import Owned
from remit.engine.wasmtime.store import Extern, raise_pending

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from remit.binary.types import ExternType
    from remit.engine.wasmtime.externs import Global, Table, Tag
    from remit.engine.wasmtime.fibers import FiberCall
    from remit.engine.wasmtime.linker import Linker
    from remit.engine.wasmtime.memory import Memory
    from remit.engine.wasmtime.module import Module
    from remit.engine.wasmtime.store import Store

    Export = Func | Memory | Global | Table | Tag

InstanceAndTrap = ctypes.c_char * (INSTANCE_SIZE + 8)


class Prepared(Owned):
    """See :class:`remit.engine.api.Prepared`. Made by :meth:`.linker.Linker.prepare`."""

    __slots__ = ("_linker", "module")

    def __init__(self, linker: Linker, module: Module, pointer: int) -> None:
        super().__init__(pointer, library.instance_pre_delete)
        self._linker = linker
        self.module = module

    def instantiate(self, store: Store) -> Instance:
        """Make an instance, and run its start function if it has one.

        Trap, or whatever a host function raised, when the start function fails or a limit of the store is passed.
        """
        if self._linker.suspends or store.fibers_only:
            return self._instantiate_on_fiber(store)
        self._check(store)
        buffer = InstanceAndTrap()
        address = addressof(buffer)
        error = store.execute(
            None,
            library.instance_pre_instantiate,
            self.pointer,
            store.context_address,
            address,
            address + INSTANCE_SIZE,
        )
        [trap] = read_pointer(buffer, INSTANCE_SIZE)
        if error or trap:
            raise store.failure(error, trap)
        raise_pending()
        return Instance(store, self.module, buffer)

    def start_instantiate(self, store: Store) -> FiberCall:
        """The same on a fiber, for start functions that may suspend. Its result is the :class:`Instance`."""
        from remit.engine.wasmtime.fibers import FiberCall

        self._check(store)
        buffer = InstanceAndTrap()

        def begin(trap: int, error: int) -> int:
            future: int = library.instance_pre_instantiate_async(
                self.pointer, store.context_address, addressof(buffer), trap, error
            )
            return future

        return FiberCall(store, begin, lambda: Instance(store, self.module, buffer), (self, buffer))

    def _instantiate_on_fiber(self, store: Store) -> Instance:
        """The library asks for a fiber wherever a host function could suspend, needed or not."""
        call = self.start_instantiate(store)
        while not call.poll():
            if call.pending is not None:
                call.close()
                raise RuntimeError("the start function waits for something: use start_instantiate")
        instance: Instance = call.result()
        return instance

    def _check(self, store: Store) -> None:
        if store.engine is not self.module.engine:
            raise ValueError("the store belongs to another engine than the module")
        if self._linker.store not in (None, store):
            raise ValueError("the imports are of another store")
        store.modules.append(self.module)
        store.fibers_only = store.fibers_only or self._linker.suspends
        # Also when it fails: a table of another instance may hold functions of this one by then.
        store.keep(self)


class Instance:
    """An instantiated module (:class:`remit.engine.api.Instance`)."""

    __slots__ = ("_address", "_buffer", "_made", "module", "store")

    def __init__(self, store: Store, module: Module, buffer: Any) -> None:
        self.store = store
        self.module = module
        self._buffer = buffer
        self._address = addressof(buffer)
        self._made: dict[str, Any] = {}
        if module.has_memory:
            store.offer_memory(self.export("memory"))

    def export(self, name: str) -> Any:
        """A Func, Memory, Global, Table or Tag. KeyError names what there is."""
        try:
            return self._made[name]
        except KeyError:
            pass
        extern = Extern.from_buffer_copy(self.item(name))
        made = self._made[name] = _make_extern(self.store, extern, self.module.export_type(name))
        return made

    def item(self, name: str) -> bytes:
        """What it exports, for another instance of the same store: see :mod:`.items`. KeyError names what there is."""
        # One of its own: right after the call another thread may have its turn.
        found = Extern()
        self.give([(0, name.encode())], addressof(found))
        return found.raw

    def give(self, names: Iterable[tuple[int, bytes]], address: int) -> None:
        """Put exports, by their names in UTF-8, at their places of an array of items. KeyError names what there is."""
        get, context, this = library.instance_export_get, self.store.context_address, self._address
        for place, name in names:
            if not get(context, this, name, len(name), address + place * EXTERN_SIZE):
                there = ", ".join(self.module.export_places) or "nothing"
                raise KeyError(f"no export is called {name.decode()!r}; there is {there}")


def _make_extern(store: Store, extern: Any, type: ExternType) -> Export:
    """The Python object for a ``wasmtime_extern_t``. EngineError for kinds that Python can do nothing with."""
    if isinstance(type, FuncType):
        return Func(store, extern, type)
    if isinstance(type, MemoryType):
        return store.adopt_memory(extern, type)
    from remit.engine.wasmtime.externs import make_variable

    return make_variable(store, extern, type)
