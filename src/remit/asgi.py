"""Components as ASGI applications: alone, or mounted in an application that is there already.

    from remit.asgi import App

    app = App("hello.wasm")                                  # uvicorn module:app
    existing.mount("/reports", App("reports.wasm", dirs={"/data": "data:ro"}))

What answers is a pool of instances, each of which is granted what the options say and nothing else.
"""

from __future__ import annotations

import asyncio
import weakref

from remit.runtime.components.program import Component
from remit.runtime.program import load
from remit.serve.asgi import IncompleteResponse, answer
from remit.serve.component_server import pool_of
from remit.serve.settings import ServerLimits

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from typing import Unpack

    from remit.runtime.components.serving import InstancePool
    from remit.runtime.options import GrantOptions
    from remit.serve.asgi import Receive, Scope, Send

__all__ = ["App", "IncompleteResponse", "ServerLimits"]


class App:
    """An ASGI 3 application that a component with ``wasi:http/incoming-handler`` answers for.

    HTTP and lifespan; websockets are refused. What a program ends by (a :class:`remit.Trap`, say) is raised to the ASGI
    server after the client was told 500, so that it is logged where everything else is.
    """

    def __init__(
        self,
        program: str | os.PathLike[str] | bytes | Component,
        *,
        instances: int = 64,
        reuse: int = 1,
        queue: int = 1024,
        server_limits: ServerLimits | None = None,
        **grants: Unpack[GrantOptions],
    ) -> None:
        """Load it, and check what it is granted.

        :param program: the path of a component, its bytes, or what :func:`remit.load` made of it.
        :param instances: how many may be at work at once.
        :param reuse: how many requests an instance answers, one after the other. With 1, none leaves anything for the
            next one.
        :param queue: how many requests may wait for an instance; the next one is told 503.
        :param server_limits: on bodies, fields and times. Those on connections are the ASGI server's own.
        :param grants: as those of :func:`remit.run`, each for one instance. How long it may take, `server_limits` says.
        :raises InvalidModule: it is no WebAssembly program.
        :raises LinkError: it imports what nobody provides.
        :raises ValueError: it answers no requests; or an option that cannot be.
        """
        loaded = program if isinstance(program, Component) else load(program, fuel=grants.get("fuel") is not None)
        if not isinstance(loaded, Component):
            raise ValueError(f"{loaded.name} is a module: only components answer requests")
        self.component = loaded
        self.limits = server_limits or ServerLimits()

        def made() -> InstancePool:
            return pool_of(loaded, {**grants}, instances=instances, reuse=reuse, queue=queue)

        made()  # what is wrong with them is wrong now, and not at the first request
        self._made = made
        self._pools: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, InstancePool] = weakref.WeakKeyDictionary()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "http":
            await answer(self._pool().answer, self.limits, scope, receive, send)
        elif kind == "lifespan":
            await self._live(receive, send)
        elif kind == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1000, "reason": "not spoken here"})
        else:
            raise RuntimeError(f"{kind!r} is no ASGI scope that a component can answer for")

    def _pool(self) -> InstancePool:
        """Of the running loop: tests, for one, have many."""
        loop = asyncio.get_running_loop()
        pool = self._pools.get(loop)
        if pool is None:
            pool = self._pools[loop] = self._made()
        return pool

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self._pool()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                self._pool().close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    def health(self) -> dict[str, int]:
        """How the pool of the running loop does: instances that work, are idle, were made, and requests that wait."""
        return self._pool().health()
