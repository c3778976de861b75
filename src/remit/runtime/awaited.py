"""An awaitable that a guest waits for: what an ``async def`` function given as an import returned."""

from __future__ import annotations

import asyncio
import time

from remit.engine.api import Timeout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable
    from typing import Any


class Awaited:
    """Awaited by whoever drives the guest; the result, or the exception, then goes to the guest's call."""

    __slots__ = ("_awaitable", "_error", "_value")

    def __init__(self, awaitable: Awaitable[Any]) -> None:
        self._awaitable = awaitable
        self._value: Any = None
        self._error: Exception | None = None

    async def wait(self, deadline: float | None) -> None:
        """Wait for it. A cancellation is not its result but ours, and passes.

        Timeout if it has not ended at `deadline` (``time.monotonic()`` seconds); it is cancelled then.
        """
        if deadline is None:
            await self._wait()
            return
        limit = asyncio.timeout(max(0.0, deadline - time.monotonic()))
        try:
            async with limit:
                await self._wait()
        except TimeoutError:
            if not limit.expired():
                raise
        if limit.expired():
            raise Timeout("the time limit is over")

    async def _wait(self) -> None:
        try:
            self._value = await self._awaitable
        except Exception as error:  # noqa: BLE001 - raised again in the guest's call, by result()
            self._error = error

    def result(self) -> Any:
        """What it returned; raises what it raised."""
        if self._error is not None:
            raise self._error
        return self._value
