"""What instances of components run in: where their stores come from, and how a function of the host makes them wait."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from typing import Any

    from remit.binary.types import FuncType as CoreFuncType
    from remit.component.abi.context import HandleConversion, LiftLowerContext
    from remit.component.built_ins import Dropping
    from remit.component.instances import HostFunction
    from remit.engine.api import Exports, Instance, Items, Module, Pending, Store


class Embedding:
    """Of one program. This one: functions of the host never wait."""

    __slots__ = ("conversion", "dropping", "new_store")

    def __init__(self, new_store: Callable[[], Any], conversion: HandleConversion | None = None) -> None:
        self.new_store = new_store
        """A store (:class:`remit.engine.api.Store`) for one more instance of a component."""
        self.conversion = conversion
        """Between resources and their Python objects; None: a resource is its representation."""
        self.dropping: Dropping | None = None
        """Is told when a guest drops a resource of the host's: see :func:`.built_ins.built_in`."""

    suspends = False
    """Functions of the host that may wait are defined in a way of their own."""

    all_alike = False
    """So are those that never wait."""

    wait: Callable[[Store, Pending], Any] | None = None
    """Wait on this thread for the result of a function of the host, which the guest in the store has called. None:
    the engine gets the :class:`~remit.engine.api.Pending`."""

    native_functions: Collection[tuple[str, str] | None] = ()
    """Functions of the host that native code serves where it can, by interface and name."""

    def called(self, function: HostFunction) -> HostFunction:
        """How a function of the host that may wait is called, where that matters."""
        return function

    def core_function(self, store: Store, type: CoreFuncType, function: Callable[..., Any], *, blocks: bool) -> bytes:
        """A core function that is written in Python, as an item of `store`. `blocks`: it may return Pending."""
        return store.host_function(type, function)

    def native_function(
        self,
        store: Store,
        type: CoreFuncType,
        function: Callable[..., Any],
        name: tuple[str, str],
        context: LiftLowerContext,
    ) -> bytes:
        """One of :attr:`native_functions`, as an item of `store`: `function` has the rest of the work."""
        return self.core_function(store, type, function, blocks=False)

    def instantiate(self, store: Store, module: Module, items: Items, exports: Exports) -> Instance:
        """An instance of a core module. Trap, or whatever a function of the host raised."""
        return store.instantiate(module, items, exports)

    def complete(self, store: Store) -> None:
        """The core instances in `store` are made, and may be called from now on."""
