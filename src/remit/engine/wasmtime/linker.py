"""Linkers: who provides which import, and whether all of a module's imports are there."""

from __future__ import annotations

from remit.engine.api import LinkError, printable
from remit.engine.wasmtime import library
from remit.engine.wasmtime.errors import take_error_message
from remit.engine.wasmtime.host_functions import address_of, make_callback
from remit.engine.wasmtime.layout import Slot
from remit.engine.wasmtime.owned import Owned
from remit.engine.wasmtime.prepared import Prepared
from remit.engine.wasmtime.values import new_functype, signature_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from remit.binary.types import ExternType, FuncType
    from remit.engine.wasmtime.engine import Engine
    from remit.engine.wasmtime.module import Module
    from remit.engine.wasmtime.prepared import Export
    from remit.engine.wasmtime.store import Store


class Linker(Owned):
    """See :class:`remit.engine.api.Linker`. Made by :meth:`.engine.Engine.linker`."""

    __slots__ = ("_keep", "_types", "engine", "store", "suspends")

    def __init__(self, engine: Engine) -> None:
        super().__init__(library.linker_new(engine.pointer), library.linker_delete)
        self.engine = engine
        self._types: dict[tuple[str, str], ExternType] = {}
        self._keep: list[object] = []
        self.store: Store | None = None
        """The one store that instances can be made in, once an item of it was defined."""
        self.suspends = False
        """Whether a function may suspend: then instances live on fibers."""

    def define(
        self, module: str, name: str, type: FuncType, function: Callable[..., Any], *, unsigned: bool = False
    ) -> int:
        """Provide a function written in Python.

        Returns the address of its C callback, for native code that hands calls on to it: it is called with the
        arguments that the native function got, and lives for as long as this linker and what is prepared by it.
        """
        callback = make_callback(function, signature_of(type), unsigned=unsigned)
        address = address_of(callback)
        self._define_function(module, name, type, library.linker_define_func_unchecked, address, 0)
        self._keep.append(callback)
        return address

    def define_suspending(
        self, module: str, name: str, type: FuncType, function: Callable[..., Any], *, unsigned: bool = False
    ) -> None:
        """Provide a function that may return :class:`remit.engine.api.Pending`: for calls on fibers only."""
        from remit.engine.wasmtime.suspending_functions import make_suspending_callback

        callback = make_suspending_callback(function, signature_of(type), unsigned=unsigned)
        self._define_function(module, name, type, library.linker_define_async_func, address_of(callback), 0)
        self._keep.append(callback)
        self.suspends = True

    def define_native(
        self, module: str, name: str, type: FuncType, function: int, env: int = 0, keep: object = None
    ) -> None:
        """Provide a C function (``wasmtime_func_unchecked_callback_t``) by its address.

        It is trusted: nothing checks what it does. `keep` lives for as long as it may be called.
        """
        self._define_function(module, name, type, library.linker_define_func_unchecked, function, env)
        self._keep.append(keep)

    def define_item(self, module: str, name: str, item: Export, store: Store) -> None:
        """Provide what an instance in `store` exports: for other instances in the same store."""
        if self.store not in (None, store):
            raise ValueError("this linker has items of another store already")
        if item.type is None:
            raise ValueError("this memory is of an instance that has not started")
        names = self._claim(module, name, item.type)
        error = library.linker_define(self.pointer, store.context_address, *names, item.extern_address)
        if error:
            raise LinkError(take_error_message(error))
        self.store = store

    def callback(self, module: str, name: str, type: FuncType, function: Callable[..., Any], *, unsigned: bool) -> int:
        """A callback that is not defined as an import: the fallback of a native function. Returns its address."""
        made = make_callback(function, signature_of(type), unsigned=unsigned)
        self._keep.append(made)
        return address_of(made)

    def prepare(self, module: Module) -> Prepared:
        """Find all imports. LinkError names every one that is missing or of a wrong type, at once."""
        if module.engine is not self.engine:
            raise ValueError("the module was compiled by another engine")
        self._check(module)
        pre = Slot()
        error = library.linker_instantiate_pre(self.pointer, module.pointer, pre.address)
        if error:
            raise LinkError(take_error_message(error))
        return Prepared(self, module, pre.value)

    def _check(self, module: Module) -> None:
        missing, mismatched = [], []
        for wanted in module.info.imports:
            found = self._types.get((wanted.module, wanted.name))
            if found is None:
                missing.append((wanted.module, wanted.name, f"{wanted.kind} {wanted.type}"))
            elif found.kind != wanted.kind:
                mismatched.append((wanted.module, wanted.name, f"a {wanted.kind} is wanted, this is a {found.kind}"))
            elif wanted.kind == "func" and found != wanted.type and "(ref" not in str(wanted.type):
                # Types that name others by index cannot be compared here; the library does it.
                mismatched.append((wanted.module, wanted.name, f"wanted as {wanted.type}, provided as {found}"))
        if missing or mismatched:
            lines = [f"  {printable(f'{m}.{n}')}: nobody provides this {why}" for m, n, why in missing]
            lines += [f"  {printable(f'{m}.{n}')}: {why}" for m, n, why in mismatched]
            where = f" of {module.name}" if module.name else ""
            raise LinkError("\n".join([f"imports{where} that cannot be satisfied:", *lines]), missing, mismatched)

    def _claim(self, module: str, name: str, type: ExternType) -> tuple[bytes, int, bytes, int]:
        if (module, name) in self._types:
            raise ValueError(f"{module}.{name} is defined already")
        self._types[module, name] = type
        in_bytes, name_bytes = module.encode(), name.encode()
        return in_bytes, len(in_bytes), name_bytes, len(name_bytes)

    def _define_function(
        self, module: str, name: str, type: FuncType, define: Callable[..., Any], function: int, env: int
    ) -> None:
        functype = new_functype(type)
        try:
            names = self._claim(module, name, type)
            error = define(self.pointer, *names, functype, function, env or None, None)
        finally:
            library.functype_delete(functype)
        if error:
            raise LinkError(take_error_message(error))
