"""Components that answer HTTP requests: an instance for each request, or one after the other on the same."""

from __future__ import annotations

import asyncio

from remit.engine.api import EngineError, Timeout
from remit.interfaces.wasi_0_2.http_messages import IncomingRequest
from remit.interfaces.wasi_0_2.http_types import ResponseOutparam
from remit.kernel.errors import Exit
from remit.kernel.http import HttpError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from remit.kernel.http import IncomingExchange
    from remit.policy.grants import Grants
    from remit.runtime.components.program import Component
    from remit.runtime.components.world import ComponentWorld


class Busy(Exception):
    """All instances are at work, and enough requests wait for one."""


class InstancePool:
    """Instances of one component, so many at once and no more.

    `reuse`: how many requests an instance answers. With 1, no request can leave anything for another.
    """

    def __init__(
        self,
        component: Component,
        grants: Callable[[], Grants],
        *,
        size: int = 64,
        queue: int = 1024,
        reuse: int = 1,
        fuel: int | None = None,
        max_memory: int | None = None,
    ) -> None:
        """`grants` gives what an instance is granted. `queue`: how many requests may wait for an instance.

        ValueError if the component answers no requests.
        """
        if component.handler is None:
            raise ValueError(
                f"{component.name} exports no wasi:http/incoming-handler@0.2: it is not for answering requests"
            )
        self._component = component
        self._grants = grants
        self._reuse = reuse
        self._fuel = fuel
        self._max_memory = max_memory
        self._free = asyncio.Semaphore(size)
        self._queue = queue
        self._idle: list[tuple[ComponentWorld, int]] = []
        self.waiting = 0
        self.working = 0
        self.made = 0
        self.discarded = 0
        """Instances that ended before they had answered all they might: by a trap, a deadline, a client that went."""

    async def answer(self, exchange: IncomingExchange) -> None:
        """Let an instance answer. What it raises, or traps by, comes out; the exchange may be unanswered then."""
        try:
            await self._enter()
        except Busy:
            exchange.fail(HttpError("connection-limit-reached", "too many requests wait"))
            return
        self.working += 1
        world: ComponentWorld | None = None
        usable = False
        used = 0
        try:
            world, used = self._idle.pop() if self._idle else (self._new(), 0)
            if world.instance is None:
                await world.instantiate_async()
            await answer(world, exchange)
            usable = True
        finally:
            self.working -= 1
            self._free.release()
            if world is not None:
                self._put_back(world, used + 1, usable=usable)

    async def _enter(self) -> None:
        if self._free.locked():
            if self.waiting >= self._queue:
                raise Busy
            self.waiting += 1
            try:
                await self._free.acquire()
            finally:
                self.waiting -= 1
        else:
            await self._free.acquire()

    def _new(self) -> ComponentWorld:
        self.made += 1
        world: Any = self._component.new_world(
            self._grants(), fuel=self._fuel, max_memory=self._max_memory, asynchronous=True
        )
        return world  # type: ignore[no-any-return]  # of a component

    def _put_back(self, world: ComponentWorld, used: int, *, usable: bool) -> None:
        if usable and used < self._reuse:
            self._idle.append((world, used))
            return
        self.discarded += not usable
        world.close()

    def health(self) -> dict[str, int]:
        """Numbers for whoever watches."""
        return {
            "instances_working": self.working,
            "instances_idle": len(self._idle),
            "instances_made": self.made,
            "instances_discarded": self.discarded,
            "requests_waiting": self.waiting,
        }

    def close(self) -> None:
        """Give back the instances that do nothing."""
        while self._idle:
            self._idle.pop()[0].close()


async def answer(world: ComponentWorld, exchange: IncomingExchange) -> None:
    """Have the instance answer one request, and give out all of the answer.

    Trap; or whatever a function of the caller's raised.
    """
    assert world.instance is not None
    handler: Any = world.instance.exports[world.component.handler or ""]
    outparam = ResponseOutparam(exchange)
    request = IncomingRequest(exchange.request, exchange.body, world.process.limits.io_bytes)
    try:
        await world.call_async(handler.exports["handle"], request, outparam)
        await world.finish_async()
    except Exit as end:
        if end.status:
            raise EngineError(f"the program ended with status {end.status}") from None
        raise EngineError("the program ended while it answered a request") from None
    except Timeout as error:
        raise TimeoutError(str(error)) from error
