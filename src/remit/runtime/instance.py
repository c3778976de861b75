"""Instances: a program's functions, to be called from Python."""

from __future__ import annotations

import time
from _warnings import warn  # what `warnings` has it from; that may not be loaded yet

from remit.engine.api import Timeout
from remit.policy.grants import Grants, checked_limits
from remit.runtime.execute import ModuleWorld
from remit.runtime.guest import Guest
from remit.runtime.launch import argument
from remit.runtime.named_options import (
    check_duration,
    check_fuel,
    check_list,
    check_max_memory,
    check_options,
    options_of,
)
from remit.runtime.stdio import Streams

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType
    from typing import Any, Self, Unpack

    from remit.runtime.options import InstanceOptions
    from remit.runtime.program import Program


class _Instance(Guest):
    """What both kinds of instance have: standard streams, and how long a call may take."""

    __slots__ = ("_open", "_streams", "_timeout")

    _asynchronous: bool
    _maker: str

    def __init__(self, program: Program, **options: Unpack[InstanceOptions]) -> None:
        check_options(self._maker, options, OPTIONS)
        self._set_up(program, **options)
        self._open = True

    # A default value: names of the module may be gone when the interpreter ends.
    def __del__(self, _warn: Callable[..., None] = warn) -> None:
        if getattr(self, "_open", False):
            try:
                _warn(f"unclosed {self!r}", ResourceWarning, source=self)
            finally:
                self._drop()

    def _drop(self) -> None:
        """Nobody has it any more."""
        raise NotImplementedError

    def _set_up(
        self,
        program: Program,
        *,
        timeout: float | None = None,
        fuel: int | None = None,
        max_memory: int | None = None,
        stdin: Any = None,
        stdout: Any = None,
        stderr: Any = None,
        args: Sequence[Any] = (),
        **grants: Any,
    ) -> None:
        self._timeout = check_duration(timeout)
        fuel, max_memory = check_fuel(fuel), check_max_memory(max_memory)
        if fuel is not None and not program.metered:
            raise ValueError("the program does not count fuel: load it with remit.load(..., fuel=True)")
        limits = grants["limits"] = checked_limits(grants.get("limits"))
        self._streams = Streams(stdin, stdout, stderr, limit=limits.captured_bytes, asynchronous=self._asynchronous)
        granted = Grants(
            arguments=[program.name, *map(argument, check_list("args", args, "['--verbose']"))],
            stdin=self._streams.stdin,
            stdout=self._streams.stdout,
            stderr=self._streams.stderr,
            **grants,
        )
        world = ModuleWorld(program, granted, fuel=fuel, max_memory=max_memory, asynchronous=self._asynchronous)
        super().__init__(world)

    @property
    def stdout(self) -> bytes | None:
        """What it has written to its standard output so far; None unless it was made with ``stdout=PIPE``."""
        return self._streams.captured()[0]

    @property
    def stderr(self) -> bytes | None:
        """Likewise for standard error."""
        return self._streams.captured()[1]

    @property
    def stdout_truncated(self) -> bool:
        """It has written more than :attr:`remit.Limits.captured_bytes`, and `stdout` is what came before."""
        return self._streams.truncated()[0]

    @property
    def stderr_truncated(self) -> bool:
        """Likewise for standard error."""
        return self._streams.truncated()[1]

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

    def _start_clock(self) -> None:
        """Timeout if there is no time at all."""
        # A function of the caller's may call the guest again: that is a part of the outer call, and of its time.
        if self._timeout is not None and not self._world.busy:
            self._world.set_deadline(time.monotonic() + self._timeout)
            self._world.check()

    def _say_if_late(self, what: str, error: Timeout) -> None:
        """Raise TimeoutError if it was the time limit of this instance that has stopped `what`."""
        if self._world.late:
            raise TimeoutError(f"{what} was stopped after {self._timeout} s") from error

    def close(self) -> None:
        """Give back everything it holds. RuntimeError while a call is under way. Closing twice does nothing."""
        self._world.close()
        self._open = False


OPTIONS = options_of(_Instance._set_up, Grants.__init__, but=("arguments",))
"""The names in :class:`remit.runtime.options.InstanceOptions`, at run time."""


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
        if not isinstance(reason, BaseException):
            raise TypeError(f"reason is {reason!r}: an exception is wanted, as KeyboardInterrupt()")
        self._world.interrupt(reason)

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
