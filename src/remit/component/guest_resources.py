"""Resources of guests as Python objects: they own, lend and drop what a handle stands for.

An object that came by an ``own`` handle is the owner: :meth:`GuestResource.close`, or the end of a ``with`` block,
drops the resource; giving it away (as an ``own`` argument) ends it, too. One that came by a ``borrow`` is good for the
call.
"""

from __future__ import annotations

from remit.component.abi.context import HandleConversion, WrongHandle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any, ClassVar, Self

    from remit.component.handles import BorrowScope, LendScope, Resource


class GuestResource:
    """The base of the classes of guests' resources."""

    __slots__ = ("__weakref__", "_owned", "_representation")

    _resource: ClassVar[Resource]
    _drop: ClassVar[Callable[[Resource, Any], Any]]
    """How its owner drops it."""
    _forget: ClassVar[Callable[[Resource, Any], None]]
    """How it is dropped when nobody has it any more: later, as this may be any moment and any thread."""

    _owned: bool
    _representation: Any
    """None once it is given back, given away, or its call has ended."""

    # A component's own methods may have any name without an underscore in front: what is called here has one.

    def close(self) -> Any:
        """Drop the resource. Closing twice does nothing, and neither does it where the instance has ended.

        If the component has a method called ``close``, this is that; a ``with`` block drops all the same.
        """
        return self._close()

    def _close(self) -> Any:
        owned, rep = self._owned, self._representation
        if rep is None:
            return None
        self._representation = None
        return type(self)._drop(self._resource, rep) if owned else None

    def _end_loan(self) -> None:
        """The call that it was lent for has ended."""
        self._representation = None

    def __del__(self) -> None:
        if getattr(self, "_representation", None) is not None and self._owned:
            type(self)._forget(self._resource, self._representation)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._close()

    def __copy__(self) -> Self:
        raise TypeError(f"a {type(self).__name__} is one resource, and cannot be copied")

    def __reduce__(self) -> Any:
        raise TypeError(f"a {type(self).__name__} is a resource of a program, and cannot be pickled")

    def __repr__(self) -> str:
        state = "closed" if self._representation is None else "owned" if self._owned else "borrowed"
        return f"<{type(self).__name__}, {state}>"


class AsyncGuestResource(GuestResource):
    """The same where calls are awaited."""

    __slots__ = ()

    async def close(self) -> None:
        """Drop the resource, as :meth:`GuestResource.close`."""
        await self._close_now()

    async def _close_now(self) -> None:
        dropping = self._close()
        if dropping is not None:
            await dropping

    def __enter__(self) -> Self:
        raise TypeError("this resource is of an asynchronous instance: use `async with`")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._close_now()


def resource_object(kind: type[GuestResource], rep: Any, *, owned: bool) -> GuestResource:
    """The object for a representation."""
    made = object.__new__(kind)  # its own `__new__`, if it has one, is the constructor
    made._owned = owned
    made._representation = rep
    return made


class GuestHandles(HandleConversion):
    """Between representations and Python objects, for the resources of guests and of the host.

    A guest's resource type is known by its class (:attr:`Resource.python`), which `class_of` makes when it is first
    wanted. What stands for a resource of the host is the host's own object.
    """

    __slots__ = ("_class_of",)

    def __init__(self, class_of: Callable[[Resource], type[GuestResource]]) -> None:
        self._class_of = class_of

    def own_to_python(self, resource: Resource, rep: Any) -> Any:
        if resource.impl is None:
            return rep
        return resource_object(resource.python or self._class_of(resource), rep, owned=True)

    def borrow_to_python(self, resource: Resource, rep: Any, scope: LendScope) -> Any:
        if resource.impl is None:
            return rep
        made = resource_object(resource.python or self._class_of(resource), rep, owned=False)
        scope.at_end(made._end_loan)
        return made

    def own_from_python(self, resource: Resource, value: Any) -> Any:
        if resource.impl is None:
            return host_object(resource, value)
        rep = _representation(resource, value)
        if not value._owned:
            raise WrongHandle(value, f"{value!r} cannot be given away: it is lent")
        value._representation = None
        return rep

    def borrow_from_python(self, resource: Resource, value: Any, scope: BorrowScope) -> Any:
        return host_object(resource, value) if resource.impl is None else _representation(resource, value)


def host_object(resource: Resource, value: Any) -> Any:
    """What stands for a resource of the host's. WrongHandle."""
    if resource.python is not None and not isinstance(value, resource.python):
        raise WrongHandle(value, f"a {resource.python.__name__} is wanted, not {value!r}")
    return value


def _representation(resource: Resource, value: Any) -> Any:
    if not isinstance(value, GuestResource) or value._resource is not resource:
        other = ", of another instance" if isinstance(value, GuestResource) and _named(value, resource) else ""
        raise WrongHandle(value, f"a {resource.name or 'resource'} of this instance is wanted, not {value!r}{other}")
    if value._representation is None:
        raise WrongHandle(value, f"{value!r} cannot be used any more: it was closed, given away, or only lent")
    return value._representation


def _named(value: GuestResource, resource: Resource) -> bool:
    return value._resource.name == resource.name


def plain_class(resource: Resource) -> type[GuestResource]:
    """For a resource that no exported interface tells about: it can be held, and given back to the guest."""
    body = {"__slots__": (), "_resource": resource, "_drop": staticmethod(_drop), "_forget": staticmethod(_keep)}
    resource.python = type("Resource", (GuestResource,), body)
    return resource.python  # type: ignore[no-any-return]  # made by type()


def _drop(resource: Resource, rep: Any) -> None:
    resource.drop(rep, None)


def _keep(resource: Resource, rep: Any) -> None:
    """It goes with the instance."""
