"""Instances: a program's functions, to be called from Python."""

from __future__ import annotations

from remit.engine.api import Timeout
from remit.runtime.execute import ModuleWorld
from remit.runtime.guest import Guest
from remit.runtime.instance_base import InstanceBase, check_instance_options, checked_interruption

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any, Self, Unpack

    from remit.runtime.options import InstanceOptions
    from remit.runtime.program import Program


class _Instance(InstanceBase, Guest):
    """What both kinds of instance have."""

    _world: ModuleWorld

    def __init__(self, program: Program, **options: Unpack[InstanceOptions]) -> None:
        check_instance_options(self._maker, {**options})
        world: Any = self._new_world(program, ModuleWorld, **options)
        super().__init__(world)
        self._open = True

    def call(self, name: str, *arguments: Any) -> Any:
        """Call an exported function."""
        raise NotImplementedError

    def export(self, name: str) -> Any:
        """As :meth:`Guest.export`. A call of a function found here is one of the instance's, as with `call`."""
        found = super().export(name)
        if (self._timeout is None and not self._asynchronous) or not callable(found):
            return found
        from remit.runtime.exported import ExportedFunction

        return ExportedFunction(self, name, found)

    def _function(self, name: str) -> Any:
        function = super().export(name)
        if not callable(function):
            raise TypeError(f"the export {name!r} is a {type(function).__name__.lower()}, not a function")
        return function


class Instance(_Instance):
    """An instance whose calls block the thread; :meth:`remit.Program.instantiate` makes one.

    Use it as a context manager, or close it: one that is forgotten warns of it (ResourceWarning), as files do. One
    thread at a time may be in it.
    """

    __slots__ = ()

    _asynchronous = False
    _maker = "instantiate"

    def __init__(self, program: Program, **options: Unpack[InstanceOptions]) -> None:
        super().__init__(program, **options)
        try:
            try:
                self._start_clock()
                self._world.instantiate()
            except Timeout as error:
                self._say_if_late("the start function", error)
                raise
            if self.program.has_entry("_initialize"):
                self.call("_initialize")
        except BaseException:
            self.close()
            raise

    def call(self, name: str, *arguments: Any) -> Any:
        """Call an exported function: None, its result, or a tuple of them.

        :raises KeyError: there is no such export; the message names what there is.
        :raises TypeError: it is not a function, or the arguments do not fit its type; OverflowError: a number is too
            large for it.
        :raises Trap: the guest broke a rule.
        :raises TimeoutError: it took longer than the instance's `timeout`.
        :raises Exit: it called ``proc_exit``.
        :raises RuntimeError: the instance is closed; or an earlier call was stopped (by its timeout, :meth:`interrupt`
            or a signal handler) while the guest ran, which leaves the guest in an unknown state.
        """
        function = self._function(name)
        try:
            self._start_clock()
            return function(*arguments)
        except Timeout as error:
            self._say_if_late(name, error)
            raise

    def interrupt(self, reason: BaseException) -> None:
        """Stop the call that is under way, busy or waiting, or else the next one: it raises `reason`.

        From any thread or signal handler. TypeError if `reason` is no exception.
        """
        self._world.interrupt(checked_interruption(reason))

    def _drop(self) -> None:
        self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class AsyncInstance(_Instance):
    """An instance whose calls are awaited; :meth:`remit.Program.instantiate_async` makes one.

    Other tasks run while it waits, and it gives way when it computes for long. One call at a time may be under way.
    Close it, as an :class:`Instance`.
    """

    __slots__ = ()

    _asynchronous = True
    _maker = "instantiate_async"

    @classmethod
    async def create(cls, program: Program, **options: Unpack[InstanceOptions]) -> Self:
        """Instantiate `program`; see :meth:`remit.Program.instantiate_async`."""
        self = cls(program, **options)
        try:
            try:
                self._start_clock()
                await self._world.instantiate_async()
            except Timeout as error:
                self._say_if_late("the start function", error)
                raise
            if self.program.has_entry("_initialize"):
                await self.call("_initialize")
        except BaseException:
            self.close()
            raise
        return self

    async def call(self, name: str, *arguments: Any) -> Any:
        """As :meth:`Instance.call`. Cancelling a call stops it.

        :raises RuntimeError: another call is under way, or one was stopped or cancelled.
        """
        function = self._function(name)
        try:
            self._start_clock()
            return await self._world.call_async(function, *arguments)
        except Timeout as error:
            self._say_if_late(name, error)
            raise

    def _drop(self) -> None:
        # Whatever thread this is, it may not touch the loop. What it held goes by itself, piece by piece.
        pass

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
