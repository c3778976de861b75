"""Resources and the handles to them: the tables of instances, and who lends what for how long.

Source: ``CanonicalABI.md``, "Table State", "Resource State", "lift_own" to "lower_borrow", and "canon resource.*".
"""

from __future__ import annotations

from remit.component.abi.traps import trap, trap_if

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from typing import Any, Protocol

    from remit.component.instance_state import ComponentInstance

    class NativeHandles(Protocol):
        """Native code that serves some functions for some handles."""

        def offer(self, index: int, representation: Any) -> None:
            """The instance owns what the handle `index` stands for from now on."""

        def forget(self, index: int) -> None:
            """It has the handle no more."""


MAX_TABLE_LENGTH = 1 << 20
"""Handles of one instance. The specification allows 2**28 - 1; but each may stand for a few hundred bytes of the host's
memory, such as a timer that nobody waits for."""


class Table:
    """What the small numbers stand for that a guest holds. 0 is never one; the number freed last is used first."""

    __slots__ = ("_array", "_free", "max_length", "native")

    def __init__(self, max_length: int = MAX_TABLE_LENGTH) -> None:
        self._array: list[Any] = [None]
        self._free: list[int] = []
        self.max_length = max_length
        """The largest index."""
        self.native: NativeHandles | None = None
        """Native code that goes on with some of what is in it."""

    def __iter__(self) -> Iterator[Any]:
        return iter([each for each in self._array if each is not None])

    def get(self, index: int) -> Any:
        """Trap if there is nothing at `index`."""
        try:
            element = self._array[index] if index > 0 else None
        except IndexError:
            element = None
        if element is None:
            trap(f"unknown handle index {index}")
        return element

    def add(self, element: object) -> int:
        """Trap if the table is full."""
        if self._free:
            index = self._free.pop()
            self._array[index] = element
            return index
        index = len(self._array)
        trap_if(index > self.max_length, f"too many handles: {self.max_length} in one instance")
        self._array.append(element)
        return index

    def remove(self, index: int) -> Any:
        """Trap if there is nothing at `index`."""
        element = self.get(index)
        if self.native is not None:
            self.native.forget(index)
        self._array[index] = None
        self._free.append(index)
        return element


class Resource:
    """A resource type at run time: made anew for each instance of the component that defines it."""

    __slots__ = ("dtor", "impl", "name", "python")

    def __init__(
        self,
        impl: ComponentInstance | None,
        dtor: Callable[[Any], object] | None = None,
        *,
        name: str = "",
        python: Any = None,
    ) -> None:
        self.impl = impl
        """The instance that defines it. None for one that the host defines: its representations are Python objects."""
        self.dtor = dtor
        """Called with the representation when its owner drops it."""
        self.name = name
        """For messages."""
        self.python = python
        """What the embedder knows it by; nothing here looks at it."""

    def drop(self, rep: Any, caller: ComponentInstance | None) -> None:
        """The owner, `caller` (None: the host), is done with it: a call into `impl`, even without a destructor."""
        impl = self.impl
        if impl is not None:
            impl.enter_from(caller)
        if self.dtor is not None:
            self.dtor(rep)
        if impl is not None:
            impl.leave_to(caller)

    def drop_steps(self, rep: Any) -> Generator[tuple[Any, tuple[Any, ...]], Any, None]:
        """:meth:`drop` by the host, for whoever can suspend the guest: see :meth:`.instances.GuestFunction.steps`."""
        impl = self.impl
        if impl is not None:
            impl.enter_from(None)
        if self.dtor is not None:
            if impl is None:
                self.dtor(rep)
            else:
                yield self.dtor, (rep,)
        if impl is not None:
            impl.leave_to(None)

    def __repr__(self) -> str:
        return f"<resource {self.name or 'without a name'}>"


class ResourceHandle:
    """One entry of a table: the right to a resource, for good or for a call."""

    __slots__ = ("borrow_scope", "num_lends", "own", "rep", "rt")

    def __init__(self, rt: Resource, rep: Any, *, own: bool, borrow_scope: BorrowScope | None = None) -> None:
        self.rt = rt
        self.rep = rep
        """The representation: an i32 of the instance that defines it, or the host's Python object."""
        self.own = own
        self.borrow_scope = borrow_scope
        self.num_lends = 0


class BorrowScope:
    """A call into an instance: it must drop what it borrows before it returns. ``Task`` in the specification."""

    __slots__ = ("num_borrows",)

    def __init__(self) -> None:
        self.num_borrows = 0

    def end(self) -> None:
        trap_if(self.num_borrows, "borrow handles still remain at the end of the call")


class LendScope:
    """A call out of an instance: what it lends is not dropped before it returns. ``Subtask`` in the specification."""

    __slots__ = ("_lenders", "_loans")

    def __init__(self) -> None:
        self._lenders: list[ResourceHandle] = []
        self._loans: list[Callable[[], object]] = []

    def add_lender(self, handle: ResourceHandle) -> None:
        handle.num_lends += 1
        self._lenders.append(handle)

    def at_end(self, callback: Callable[[], object]) -> None:
        """Call `callback` when the call has returned, to make invalid what stands for a borrowed handle."""
        self._loans.append(callback)

    def end(self) -> None:
        for handle in self._lenders:
            handle.num_lends -= 1
        for callback in self._loans:
            callback()


def _resource_handle(handle: object, rt: Resource) -> ResourceHandle:
    if not isinstance(handle, ResourceHandle):
        trap("handle index used with the wrong type: not a resource")
    if handle.rt is not rt:
        trap(f"handle index used with the wrong type: expected {rt!r}, found {handle.rt!r}")
    return handle


def lift_own(instance: ComponentInstance, index: int, rt: Resource) -> Any:
    """Take the resource out of the table: its representation."""
    handle = _resource_handle(instance.handles.remove(index), rt)
    trap_if(handle.num_lends, "cannot remove owned resource while borrowed")
    trap_if(not handle.own, "an own handle is expected, not a borrowed one")
    return handle.rep


def lift_borrow(instance: ComponentInstance, scope: LendScope, index: int, rt: Resource) -> Any:
    """Lend the resource for the call: its representation."""
    handle = _resource_handle(instance.handles.get(index), rt)
    scope.add_lender(handle)
    return handle.rep


def lower_own(instance: ComponentInstance, rep: Any, rt: Resource) -> int:
    handles = instance.handles
    index = handles.add(ResourceHandle(rt, rep, own=True))
    if handles.native is not None:
        handles.native.offer(index, rep)
    return index


def lower_borrow(instance: ComponentInstance, scope: BorrowScope, rep: Any, rt: Resource) -> int:
    """A handle for the call; the instance that defines the resource gets its representation itself."""
    if instance is rt.impl:
        assert isinstance(rep, int)
        return rep
    scope.num_borrows += 1
    return instance.handles.add(ResourceHandle(rt, rep, own=False, borrow_scope=scope))


def canon_resource_new(instance: ComponentInstance, rt: Resource, rep: Any) -> int:
    trap_if(not instance.may_leave, "cannot leave component instance")
    return instance.handles.add(ResourceHandle(rt, rep, own=True))


def canon_resource_rep(instance: ComponentInstance, rt: Resource, index: int) -> Any:
    return _resource_handle(instance.handles.get(index), rt).rep


def canon_resource_drop(instance: ComponentInstance, rt: Resource, index: int) -> None:
    """Drop a handle; its resource, too, if it was the owner."""
    trap_if(not instance.may_leave, "cannot leave component instance")
    handle = _resource_handle(instance.handles.remove(index), rt)
    trap_if(handle.num_lends, "cannot remove owned resource while borrowed")
    if not handle.own:
        assert handle.borrow_scope is not None
        handle.borrow_scope.num_borrows -= 1
    else:
        rt.drop(handle.rep, instance)
