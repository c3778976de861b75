"""Functions that an instance exports, found with ``export`` and called later: each call is one of the instance's."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from remit.binary.types import FuncType
    from remit.engine.wasmtime.calls import Func
    from remit.engine.wasmtime.store import Store
    from remit.runtime.instance import _Instance


class ExportedFunction:
    """Called as the instance's ``call`` is: within its time limit, and awaited if that is."""

    __slots__ = ("_function", "_instance", "_name")

    def __init__(self, instance: _Instance, name: str, function: Func) -> None:
        self._instance = instance
        self._name = name
        self._function = function

    @property
    def type(self) -> FuncType:
        """Its parameters and results."""
        return self._function.type

    def __call__(self, *arguments: Any) -> Any:
        """As :meth:`remit.Instance.call` or :meth:`remit.AsyncInstance.call`.

        By a function that the guest has called: the result, also of an asynchronous instance.
        """
        if self._function.store.running:
            return self._function(*arguments)
        return self._instance.call(self._name, *arguments)

    def raw(self, store: Store) -> int:
        """As a ``funcref`` of `store`, so that it can be an argument. ValueError if it belongs to another one."""
        return self._function.raw(store)

    def __repr__(self) -> str:
        return f"<function {self._name!r}: {self.type}>"
