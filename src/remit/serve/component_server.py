"""A component behind a server: the pool of its instances answers what comes in."""

from __future__ import annotations

from remit.kernel.limits import whole_number
from remit.policy.grants import Grants, checked_limits
from remit.runtime.components.serving import InstancePool
from remit.runtime.named_options import check_fuel, check_max_memory
from remit.runtime.world import check_deterministic
from remit.serve.server import Server
from remit.streams.memory import NullInput

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping
    from typing import Any

    from remit.runtime.components.program import Component
    from remit.serve.exchange import ServerExchange
    from remit.serve.server import AccessLog, RefusalLog
    from remit.serve.settings import ServerLimits


def pool_of(
    component: Component, options: Mapping[str, Any], *, instances: int = 64, reuse: int = 1, queue: int = 1024
) -> InstancePool:
    """Instances that are granted what `options` say: those of :meth:`remit.Component.instantiate`.

    What they read from standard input is nothing; what they write goes where the host's streams go.
    """
    instances = whole_number("instances", instances, "instances", least=1)
    reuse = whole_number("reuse", reuse, "requests", least=1)
    queue = whole_number("queue", queue, "requests")
    granted = dict(options)
    timeout = granted.pop("timeout", None)
    if timeout is not None:
        raise ValueError("a server's instances have no time limit of their own: its limit for requests is request_time")
    fuel = check_fuel(granted.pop("fuel", None))
    max_memory = check_max_memory(granted.pop("max_memory", None))
    granted["limits"] = checked_limits(granted.get("limits"))
    granted.setdefault("stdin", NullInput())

    def grants() -> Grants:
        return Grants(arguments=[component.name], **granted)

    # What is wrong with them is wrong now, and not at the first request.
    check_deterministic(grants(), component.engine.config)
    return InstancePool(component, grants, size=instances, queue=queue, reuse=reuse, fuel=fuel, max_memory=max_memory)


class ComponentServer:
    """Serves a component. Make it on the loop that it runs on."""

    def __init__(
        self,
        component: Component,
        options: Mapping[str, Any],
        *,
        limits: ServerLimits | None = None,
        access_log: AccessLog | None = None,
        refusal_log: RefusalLog | None = None,
        on_error: Callable[[ServerExchange, BaseException], None] | None = None,
        instances: int = 64,
        reuse: int = 1,
        queue: int = 1024,
    ) -> None:
        self._pool = pool_of(component, options, instances=instances, reuse=reuse, queue=queue)
        self._server = Server(
            self._pool.answer, limits=limits, access_log=access_log, refusal_log=refusal_log, on_error=on_error
        )
        self._metrics_server: Server | None = None

    def listen(self, listener: socket.socket) -> None:
        """Serve what comes to `listener`."""
        self._server.listen(listener)

    def listen_for_metrics(self, listener: socket.socket) -> None:
        """Tell at `listener`, under ``/metrics``, how it goes."""
        if self._metrics_server is None:
            self._metrics_server = Server(self._tell)
        self._metrics_server.listen(listener)

    @property
    def addresses(self) -> list[str]:
        return self._server.addresses

    @property
    def metrics_addresses(self) -> list[str]:
        return [] if self._metrics_server is None else self._metrics_server.addresses

    def metrics(self) -> str:
        """In Prometheus's text format."""
        self._server.metrics.gauges.update(self._pool.health())
        return self._server.metrics.text()

    async def _tell(self, exchange: ServerExchange) -> None:
        found = exchange.request.path == "/metrics"
        text = self.metrics().encode() if found else b"not here: /metrics\n"
        fields = [("content-type", b"text/plain; version=0.0.4"), ("content-length", b"%d" % len(text))]
        body = exchange.respond(200 if found else 404, fields)
        body.stream().write([memoryview(text)])
        body.finish(None)

    async def shut_down(self) -> bool:
        """Answer what is under way, then end. Whether all was answered."""
        whole = await self._server.shut_down()
        self._pool.close()
        if self._metrics_server is not None:
            await self._metrics_server.shut_down()
        return whole
