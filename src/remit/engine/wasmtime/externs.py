"""What instances export, other than functions and memories: globals, tables, tags. Few programs do."""

from __future__ import annotations

import ctypes
import struct

from remit.binary.types import GlobalType, TableType, TagType
from remit.engine.api import EngineError
from remit.engine.wasmtime import library
from remit.engine.wasmtime.errors import take_error_message
from remit.engine.wasmtime.layout import EXTERN_ITEM, FUNC_SIZE, VAL_SIZE, VAL_VALUE, Slot, addressof
from remit.engine.wasmtime.values import VAL_KINDS, Reference, coerce, val_struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from remit.binary.types import ExternType
    from remit.engine.wasmtime.store import Store

_Val = ctypes.c_char * VAL_SIZE
_NO_STORE = bytes(8)


def make_variable(store: Store, extern: Any, type: ExternType) -> Global | Table | Tag:
    """The Python object for a ``wasmtime_extern_t``. EngineError for kinds that Python can do nothing with."""
    if isinstance(type, GlobalType):
        return Global(store, extern, type)
    if isinstance(type, TableType):
        return Table(store, extern, type)
    if isinstance(type, TagType):
        return Tag(extern, type)
    raise EngineError(f"an exported {type.kind} cannot be used from the host")


class Tag:
    """A kind of exceptions. Nothing can be done with it but to hand it to another instance of the same store."""

    __slots__ = ("_extern", "extern_address", "type")

    def __init__(self, extern: Any, type: TagType) -> None:
        self._extern = extern
        self.extern_address = addressof(extern)
        self.type = type


class Global:
    """A global variable of an instance."""

    __slots__ = ("_extern", "_store", "extern_address", "type")

    def __init__(self, store: Store, extern: Any, type: GlobalType) -> None:
        self._store = store
        self._extern = extern
        self.extern_address = addressof(extern)
        self.type = type

    @property
    def value(self) -> Any:
        """An int, a float, 16 bytes, or for references None or :class:`.values.Reference`."""
        val = _Val()
        library.global_get(self._store.context_address, self.extern_address + EXTERN_ITEM, addressof(val))
        return _from_val(self._store, self.type.value, val)

    @value.setter
    def value(self, value: Any) -> None:
        """AttributeError for a constant; TypeError and OverflowError for what the type cannot hold."""
        if not self.type.mutable:
            raise AttributeError("this global is a constant")
        val = _to_val(self._store, self.type.value, value)
        item = self.extern_address + EXTERN_ITEM
        error = library.global_set(self._store.context_address, item, addressof(val))
        if error:
            raise TypeError(take_error_message(error))


class Table:
    """A table of an instance: references by index."""

    __slots__ = ("_extern", "_store", "extern_address", "type")

    def __init__(self, store: Store, extern: Any, type: TableType) -> None:
        self._store = store
        self._extern = extern
        self.extern_address = addressof(extern)
        self.type = type

    def __len__(self) -> int:
        size: int = library.table_size(self._store.context_address, self.extern_address + EXTERN_ITEM)
        return size

    def __getitem__(self, index: int) -> Any:
        """None or a :class:`.values.Reference`. IndexError."""
        val = _Val()
        self._check(index)
        item = self.extern_address + EXTERN_ITEM
        if not library.table_get(self._store.context_address, item, index, addressof(val)):
            raise self._no_element(index)
        return _from_val(self._store, self.type.element, val)

    def __setitem__(self, index: int, value: Any) -> None:
        """IndexError, TypeError."""
        self._check(index)
        val = _to_val(self._store, self.type.element, value)
        item = self.extern_address + EXTERN_ITEM
        error = library.table_set(self._store.context_address, item, index, addressof(val))
        if error:
            raise TypeError(take_error_message(error))

    def grow(self, elements: int, value: Any = None) -> int:
        """Grow by `elements`, filled with `value`; the old size. ValueError beyond a limit."""
        if elements < 0:
            raise ValueError(f"a table cannot grow by {elements} elements")
        before = Slot()
        val = _to_val(self._store, self.type.element, value)
        item = self.extern_address + EXTERN_ITEM
        error = library.table_grow(self._store.context_address, item, elements, addressof(val), before.address)
        if error:
            raise ValueError(take_error_message(error))
        return before.value

    def _check(self, index: int) -> None:
        if not 0 <= index < len(self):
            raise self._no_element(index)

    def _no_element(self, index: int) -> IndexError:
        return IndexError(f"index {index} in a table of {len(self)} elements")


def _from_val(store: Store, kind: str, val: Any) -> Any:
    if kind == "funcref":
        function = val.raw[VAL_VALUE : VAL_VALUE + FUNC_SIZE]
        return None if function[:8] == _NO_STORE else Reference(store, kind, function)
    if kind not in VAL_KINDS or kind == "externref":
        # A reference of another kind is rooted by being read, which only the library can undo.
        null = val.raw[VAL_VALUE : VAL_VALUE + 8] == _NO_STORE
        library.val_unroot(addressof(val))
        return None if null else Reference(store, kind, None)
    return val_struct(kind).unpack_from(val, VAL_VALUE)[0]


def _to_val(store: Store, kind: str, value: Any) -> Any:
    val = _Val()
    if kind == "funcref" and value is not None:
        function = getattr(value, "function", None)
        if function is None:
            raise TypeError(f"{value!r}: None or a function of this store is wanted for funcref")
        if value.store is not store:
            raise ValueError("a function reference of another store")
        struct.pack_into(f"<B7x{FUNC_SIZE}s", val, 0, VAL_KINDS[kind], function)
        return val
    if kind not in VAL_KINDS:
        raise TypeError(f"values of type {kind} cannot be made by the host")
    coerced = coerce(store, kind, value, "the value")
    struct.pack_into("<B", val, 0, VAL_KINDS[kind])
    if kind not in ("funcref", "externref"):
        val_struct(kind).pack_into(val, VAL_VALUE, coerced)
    return val
