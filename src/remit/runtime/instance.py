"""Instances: a program's functions, to be called from Python."""

from __future__ import annotations

import time

from remit.engine.api import Timeout
from remit.kernel.limits import Limits
from remit.policy.grants import Grants
from remit.runtime.execute import World
from remit.runtime.stdio import chosen_input, chosen_output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType
    from typing import Any, Self, Unpack

    from remit.engine.api import Memory
    from remit.engine.wasmtime.prepared import Instance as CoreInstance
    from remit.runtime.options import InstanceOptions
    from remit.runtime.program import Program


class _Guest:
    """What both kinds of instance have: a world, the core instance in it, and how long a call may take."""

    __slots__ = ("__weakref__", "_core", "_timeout", "_world", "program")

    def __init__(
        self,
        program: Program,
        *,
        timeout: float | None = None,
        fuel: int | None = None,
        max_memory: int | None = None,
        stdin: Any = None,
        stdout: Any = None,
        stderr: Any = None,
        args: Sequence[str] = (),
        limits: Limits | None = None,
        **grants: Any,
    ) -> None:
        self.program = program
        self._timeout = timeout
        limits = limits or Limits()
        out = chosen_output(stdout, 1, limits.captured_bytes)
        err = chosen_output(stderr, 2, limits.captured_bytes, same_as=out)
        granted = Grants(
            arguments=[program.name, *args],
            stdin=chosen_input(stdin),
            stdout=out,
            stderr=err,
            limits=limits,
            **grants,
        )
        self._world = World(program, granted, owner=self, fuel=fuel, max_memory=max_memory)
        self._core: CoreInstance | None = None

    @property
    def memory(self) -> Memory:
        """The memory that it exports as "memory". LookupError if there is none."""
        return self._world.store.memory

    @property
    def fuel(self) -> int:
        """What is left of its fuel. RuntimeError unless the program was loaded with ``fuel=True``."""
        return self._world.store.fuel

    @fuel.setter
    def fuel(self, amount: int) -> None:
        self._world.store.fuel = amount

    def export(self, name: str) -> Any:
        """What it exports under `name`: a function, memory, global or table. KeyError names what there is."""
        assert self._core is not None
        return self._core.export(name)

    def _initializer(self) -> bool:
        return any(export.name == "_initialize" for export in self.program.info.exports)

    def _begin(self) -> None:
        if self._timeout is not None:
            self._world.set_deadline(time.monotonic() + self._timeout)

    def close(self) -> None:
        """Give back everything it holds. Closing twice does nothing."""
        self._world.close()


class Instance(_Guest):
    """An instance whose calls block the thread. Use it as a context manager, or close it.

    One thread at a time may be in it.
    """

    __slots__ = ()

    def __init__(self, program: Program, **options: Unpack[InstanceOptions]) -> None:
        super().__init__(program, **options)
        try:
            self._begin()
            self._core = self._world.instantiate()
            if self._initializer():
                self.call("_initialize")
        except BaseException:
            self.close()
            raise

    def call(self, name: str, *arguments: Any) -> Any:
        """Call an exported function: None, its result, or a tuple of them.

        :raises KeyError: there is no such export; the message names what there is.
        :raises TypeError: the arguments do not fit its type; OverflowError: a number is too large for it.
        :raises Trap: the guest broke a rule.
        :raises TimeoutError: it took longer than the instance's `timeout`.
        :raises Exit: it called ``proc_exit``.
        """
        function = self.export(name)
        self._begin()
        try:
            return function(*arguments)
        except Timeout as error:
            raise TimeoutError(f"{name} was stopped after {self._timeout} s") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class AsyncInstance(_Guest):
    """An instance whose calls are awaited; other tasks run while it waits, and it gives way when it computes for long.

    One call at a time may be under way in it.
    """

    __slots__ = ()

    @classmethod
    async def create(cls, program: Program, **options: Unpack[InstanceOptions]) -> Self:
        """Instantiate `program`; see :meth:`remit.Program.instantiate_async`."""
        self = cls(program, **options)
        try:
            self._begin()
            self._core = await self._world.instantiate_async()
            if self._initializer():
                await self.call("_initialize")
        except BaseException:
            self.close()
            raise
        return self

    async def call(self, name: str, *arguments: Any) -> Any:
        """As :meth:`Instance.call`. Cancelling it ends the guest: it may not be called again."""
        function = self.export(name)
        self._begin()
        try:
            return await self._world.drive(function.start(*arguments))
        except Timeout as error:
            raise TimeoutError(f"{name} was stopped after {self._timeout} s") from error

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
