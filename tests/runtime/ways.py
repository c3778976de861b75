"""The ways to run a program, so that one test holds them all to the same behaviour."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any

import remit


class Called:
    """An instance, called synchronously whichever kind it is."""

    def __init__(self, way: Way, program: remit.Program, options: dict[str, Any]) -> None:
        self._way = way
        self.guest: Any = (
            way.finish(program.instantiate_async(**options)) if way.loop else program.instantiate(**options)
        )

    def call(self, name: str, *arguments: Any) -> Any:
        return self.finish(self.guest.call(name, *arguments))

    def finish(self, result: Any) -> Any:
        """The result of a call, which is to be awaited if the instance is asynchronous."""
        return self._way.finish(result) if self._way.loop else result

    def __enter__(self) -> Called:
        return self

    def __exit__(self, *failure: object) -> None:
        self.guest.close()


class Way:
    """Synchronously (`loop` is None), or on an asyncio loop."""

    def __init__(self, name: str, loop: asyncio.AbstractEventLoop | None) -> None:
        self.name = name
        self.loop = loop

    def run(self, args: Any, **options: Any) -> remit.CompletedProcess:
        options.setdefault("cache", False)
        if self.loop is None:
            return remit.run(args, **options)
        done: remit.CompletedProcess = self.finish(remit.run_async(args, **options))
        return done

    def instance(self, program: remit.Program, **options: Any) -> Called:
        return Called(self, program, options)

    def finish(self, work: Coroutine[Any, Any, Any]) -> Any:
        assert self.loop is not None
        task = self.loop.create_task(work)
        try:
            return self.loop.run_until_complete(task)
        finally:
            if not task.done():
                # A signal came while the loop had its turn, and not the program: it stops that, as its owner would.
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    self.loop.run_until_complete(task)
