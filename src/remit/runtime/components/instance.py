"""Instances of components: their exports, to be called from Python."""

from __future__ import annotations

from remit.engine.api import Timeout
from remit.kernel.limits import whole_number
from remit.runtime.components.exports import Exports, unwrapped
from remit.runtime.components.world import ComponentWorld
from remit.runtime.instance_base import InstanceBase, check_instance_options, checked_interruption
from remit.runtime.named_options import MOST_FUEL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any, Self, Unpack

    from remit.component.guest_resources import GuestResource
    from remit.component.handles import Resource
    from remit.component.instances import GuestFunction
    from remit.component.types import ResourceType
    from remit.component.values.classes import Classes
    from remit.engine.wasmtime.store import Tank
    from remit.runtime.components.program import Component
    from remit.runtime.options import InstanceOptions


class _ComponentInstance(InstanceBase):
    """What both kinds of instance have."""

    _world: ComponentWorld
    asynchronous: bool

    def __init__(self, component: Component, **options: Unpack[InstanceOptions]) -> None:
        check_instance_options(self._maker, {**options})
        self.component = component
        self._exports: Exports | None = None
        self._forgotten: list[tuple[Resource, Any]] = []
        world: Any = self._new_world(component, ComponentWorld, **options)
        self._world = world
        world.process.owner = self
        world.class_of = self._class_of
        self._open = True

    @property
    def exports(self) -> Exports:
        """What it exports: functions, interfaces and types as attributes, by their Python names."""
        if self._exports is None:
            instance = self._world.instance
            if instance is None:
                raise RuntimeError("the instance is closed, or not made yet")
            types = self.component.loaded.component.exports
            self._exports = Exports(self, types, instance.exports, self.component.name, "")
        return self._exports

    @property
    def classes(self) -> Classes:
        """Of the types that are exported by name."""
        return self.component.classes

    def resource_base(self, interface: str, label: str) -> type[GuestResource] | None:
        """What the class of a resource is to be a subclass of."""
        return self.component.resource_bases.get((interface, label))

    @property
    def fuel(self) -> int:
        """What is left of its fuel; settable between calls. RuntimeError unless it was loaded with ``fuel=True``."""
        return self._metered().amount

    @fuel.setter
    def fuel(self, amount: int) -> None:
        self._metered().amount = whole_number("fuel", amount, "instructions", most=MOST_FUEL)

    def _metered(self) -> Tank:
        tank = self._world.tank
        if tank is None:
            raise RuntimeError("the program does not count fuel: load it with remit.load(..., fuel=True)")
        return tank

    def _class_of(self, resource: Resource) -> Any:
        return None if self._world.instance is None else self.exports.resource_class(resource)

    def invoke(self, name: str, function: GuestFunction, arguments: tuple[Any, ...]) -> Any:
        raise NotImplementedError

    def invoke_host(
        self, name: str, function: Callable[..., Any], arguments: tuple[Any, ...], finish: Callable[[Any], Any]
    ) -> Any:
        raise NotImplementedError

    def resource_of(self, type: ResourceType) -> Resource | None:
        """What a resource type of its imports or exports stands for; None if nobody there has it."""
        return self._world.imported_resource(type) or self.exports.resource_of(type)

    def drop_resource(self, resource: Resource, rep: Any) -> Any:
        raise NotImplementedError

    def _check_alive(self, function: GuestFunction) -> None:
        if not function.may_enter and not self._world.busy:
            raise RuntimeError(
                "an earlier call trapped, was stopped, or ended by an exception, and the instance with it: make another"
            )

    def _gone(self, resource: Resource) -> bool:
        """Whether the instance has ended, and its resources with it: then there is nothing to drop."""
        if self._world.instance is None:
            return True
        return resource.impl is not None and not resource.impl.may_enter and not self._world.busy

    def forget_resource(self, resource: Resource, rep: Any) -> None:
        """Drop a resource at the next call: from any thread."""
        self._forgotten.append((resource, rep))

    def interrupt(self, reason: BaseException) -> None:
        """Stop the call that is under way, busy or waiting, or else the next one: it raises `reason`.

        From any thread or signal handler. TypeError if `reason` is no exception.
        """
        self._world.interrupt(checked_interruption(reason))

    def close(self) -> None:
        super().close()
        self._exports = None
        self._world.class_of = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.component.name!r}>"


class ComponentInstance(_ComponentInstance):
    """An instance whose calls block the thread; :meth:`remit.Component.instantiate` makes one.

    Use it as a context manager, or close it: one that is forgotten warns of it (ResourceWarning), as files do. One
    thread at a time may be in it.
    """

    __slots__ = ()

    asynchronous = False
    _asynchronous = False
    _maker = "instantiate"

    def __init__(self, component: Component, **options: Unpack[InstanceOptions]) -> None:
        super().__init__(component, **options)
        try:
            try:
                self._start_clock()
                self._world.instantiate()
            except Timeout as error:
                self._say_if_late("making the instance", error)
                raise
        except BaseException:
            self.close()
            raise

    def keep_open(self) -> None:
        """Do not warn when it goes: it belongs to an object that cannot be closed."""
        self._open = False

    # For what is exported.

    def invoke(self, name: str, function: GuestFunction, arguments: tuple[Any, ...]) -> Any:
        """Call a function of the instance; as :meth:`remit.Instance.call`."""
        self._check_alive(function)
        try:
            self._start_clock()
            self._drop_forgotten()
            return unwrapped(function.type, self._world.call(function, *arguments))
        except Timeout as error:
            self._say_if_late(name, error)
            raise

    def invoke_host(
        self, name: str, function: Callable[..., Any], arguments: tuple[Any, ...], finish: Callable[[Any], Any]
    ) -> Any:
        """Call a function of the host's that is exported again, and `finish` with its result."""
        try:
            self._start_clock()
            return finish(self._world.call_host(function, *arguments))
        except Timeout as error:
            self._say_if_late(name, error)
            raise

    def drop_resource(self, resource: Resource, rep: Any) -> None:
        """Drop a resource, which may call the guest."""
        if self._gone(resource):
            return
        try:
            self._start_clock()
            resource.drop(rep, None)
        except Timeout as error:
            self._say_if_late(f"dropping a {resource.name}", error)
            raise

    def _drop_forgotten(self) -> None:
        while self._forgotten and not self._world.busy:
            resource, rep = self._forgotten.pop()
            resource.drop(rep, None)

    def _drop(self) -> None:
        self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class AsyncComponentInstance(_ComponentInstance):
    """An instance whose calls are awaited; :meth:`remit.Component.instantiate_async` makes one.

    Other tasks run while it waits, and it gives way when it computes for long. One call at a time may be under way.
    Close it, as a :class:`ComponentInstance`. A resource with a constructor is made by ``await exports.Thing.new(…)``.
    """

    __slots__ = ()

    asynchronous = True
    _asynchronous = True
    _maker = "instantiate_async"

    @classmethod
    async def create(cls, component: Component, **options: Unpack[InstanceOptions]) -> Self:
        """Instantiate `component`; see :meth:`remit.Component.instantiate_async`."""
        self = cls(component, **options)
        try:
            try:
                self._start_clock()
                await self._world.instantiate_async()
            except Timeout as error:
                self._say_if_late("making the instance", error)
                raise
        except BaseException:
            self.close()
            raise
        return self

    # For what is exported.

    async def invoke(self, name: str, function: GuestFunction, arguments: tuple[Any, ...]) -> Any:
        """Call a function of the instance; as :meth:`remit.AsyncInstance.call`."""
        self._check_alive(function)
        try:
            self._start_clock()
            while self._forgotten:
                await self._drop_now(*self._forgotten.pop())
            return unwrapped(function.type, await self._world.call_async(function, *arguments))
        except Timeout as error:
            self._say_if_late(name, error)
            raise

    async def invoke_host(
        self, name: str, function: Callable[..., Any], arguments: tuple[Any, ...], finish: Callable[[Any], Any]
    ) -> Any:
        """Call a function of the host's that is exported again, and `finish` with its result."""
        try:
            self._start_clock()
            return finish(await self._world.call_host_async(function, *arguments))
        except Timeout as error:
            self._say_if_late(name, error)
            raise

    async def drop_resource(self, resource: Resource, rep: Any) -> None:
        """Drop a resource, which may call the guest."""
        if self._gone(resource):
            return
        try:
            self._start_clock()
            await self._drop_now(resource, rep)
        except Timeout as error:
            self._say_if_late(f"dropping a {resource.name}", error)
            raise

    async def _drop_now(self, resource: Resource, rep: Any) -> None:
        await self._world.drive(lambda: resource.drop(rep, None), lambda: resource.drop_steps(rep))

    def _drop(self) -> None:
        # Whatever thread this is, it may not touch the loop. What it held goes by itself, piece by piece.
        pass

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
