"""The server: where it listens, which connections it has, and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import time
from _thread import get_ident
from email.utils import formatdate

from remit.serve.connection import Connection
from remit.serve.metrics import Metrics
from remit.serve.settings import ServerLimits

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Callable

    from remit.serve.exchange import ServerExchange

    Handler = Callable[[ServerExchange], Awaitable[None]]
    AccessLog = Callable[[ServerExchange, float], None]
    """What was answered, and the seconds that it took."""
    RefusalLog = Callable[[str, int], None]
    """Who was refused before there was a request, and with which status."""

ACCEPTED_AT_ONCE = 64
"""Connections that are taken before those that are there have their turn."""

MOST_IN_A_BACKLOG = 1 << 16
"""Connections that the host can have accepted for a listener."""

SWEEP = 0.25
"""Seconds between two looks at the deadlines of all connections."""


class Server:
    """Serves a handler over HTTP/1.1. Make it on the loop that it runs on."""

    def __init__(
        self,
        handler: Handler,
        *,
        limits: ServerLimits | None = None,
        access_log: AccessLog | None = None,
        refusal_log: RefusalLog | None = None,
        on_error: Callable[[ServerExchange, BaseException], None] | None = None,
    ) -> None:
        """`on_error` gets what the handler raised, and what is wrong with a server must be seen by somebody."""
        self.loop = asyncio.get_running_loop()
        self.thread = get_ident()
        self.limits = limits or ServerLimits()
        self.metrics = Metrics()
        self.scheme = "http"
        self._handler = handler
        self._access_log = access_log
        self._refusal_log = refusal_log
        self._on_error = on_error
        self._connections: set[Connection] = set()
        self._listeners: list[socket.socket] = []
        self._accepting: set[asyncio.Task[None]] = set()
        self._connecting = 0
        """Connections that were accepted, and are not opened yet."""
        self._paused = False
        self._sweeper: asyncio.TimerHandle | None = None
        self._ended = asyncio.Event()
        self._ending = False
        self._date = (0, b"")

    def listen(self, listener: socket.socket) -> None:
        """Serve the connections that come to `listener`, which is handed over."""
        listener.setblocking(False)
        self._listeners.append(listener)
        self.loop.add_reader(listener.fileno(), self._accept, listener)
        if self._sweeper is None:
            self._sweeper = self.loop.call_later(SWEEP, self._sweep)

    def _accept(self, listener: socket.socket) -> None:
        """Take what waits at `listener`; more than the limit waits on, but for the end."""
        for _ in range(ACCEPTED_AT_ONCE if not self._ending else MOST_IN_A_BACKLOG):
            if len(self._connections) + self._connecting >= self.limits.connections and not self._ending:
                self._pause()
                return
            try:
                accepted, _ = listener.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError:
                # No descriptor or memory is left: those who wait must wait for others to go.
                self.metrics.refused(503)
                self._pause()
                self.loop.call_later(SWEEP, self._go_on)
                return
            self._connecting += 1
            task = self.loop.create_task(self._connect(accepted))
            self._accepting.add(task)
            task.add_done_callback(self._accepting.discard)

    async def _connect(self, accepted: socket.socket) -> None:
        connection = Connection(self)
        try:
            await self.loop.connect_accepted_socket(lambda: connection, accepted)
        except OSError:
            accepted.close()
        finally:
            if connection.transport is None:
                self._connecting -= 1
                self._go_on()

    def _pause(self) -> None:
        if not self._paused:
            self._paused = True
            for listener in self._listeners:
                self.loop.remove_reader(listener.fileno())

    def _go_on(self) -> None:
        if self._paused and not self._ending:
            self._paused = False
            for listener in self._listeners:
                self.loop.add_reader(listener.fileno(), self._accept, listener)

    @property
    def addresses(self) -> list[str]:
        """Where it listens: ``HOST:PORT`` or ``[HOST]:PORT``."""
        found = []
        for listener in self._listeners:
            name = listener.getsockname()
            host = f"[{name[0]}]" if ":" in name[0] else name[0]
            found.append(f"{host}:{name[1]}")
        return found

    async def shut_down(self) -> bool:
        """Take no more requests, answer those under way within the grace period, then end. Whether all were answered.

        Connections that the host has accepted already are taken first, and what is on its way on idle ones.
        """
        self._ending = True
        for listener in self._listeners:
            self.loop.remove_reader(listener.fileno())
            # Nothing between these two: the host resets what comes between them.
            self._accept(listener)
            listener.close()
        self._listeners.clear()
        await asyncio.gather(*self._accepting)
        for connection in [*self._connections]:
            connection.end()
        whole = True
        if self._connections:
            try:
                async with asyncio.timeout(self.limits.grace):
                    await self._ended.wait()
            except TimeoutError:
                whole = False
                await self._cut()
        if self._sweeper is not None:
            self._sweeper.cancel()
        return whole

    async def _cut(self) -> None:
        """The grace period is over."""
        tasks = [each.exchange.task for each in self._connections if each.exchange is not None and each.exchange.task]
        for task in tasks:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, return_exceptions=True)
        for connection in [*self._connections]:
            connection.transport.abort()
        await asyncio.sleep(0)

    # What connections say.

    def opened(self, connection: Connection) -> None:
        self._connecting -= 1
        self._connections.add(connection)
        self.metrics.connections += 1
        if self._ending:
            connection.end()

    def closed(self, connection: Connection) -> None:
        self._connections.discard(connection)
        self.metrics.connections_closed += 1
        self._go_on()
        if self._ending and not self._connections:
            self._ended.set()

    def begin(self, exchange: ServerExchange) -> None:
        self.metrics.begun += 1
        exchange.task = self.loop.create_task(self._answer(exchange))

    async def _answer(self, exchange: ServerExchange) -> None:
        try:
            await self._handler(exchange)
        except asyncio.CancelledError:
            # By the client's going, the deadline, or the end of the server: it ends here, and so does the task.
            self.metrics.cancelled += 1
        except Exception as error:  # noqa: BLE001 - whatever a program does, the server goes on
            self.metrics.failed += 1
            if self._on_error is not None:
                self._on_error(exchange, error)
        finally:
            exchange.finished()
            seconds = time.monotonic() - exchange.begun
            self.metrics.answered(exchange.status, seconds, exchange.bytes_sent, exchange.body.size)
            if self._access_log is not None:
                self._access_log(exchange, seconds)

    def refused(self, connection: Connection, status: int, why: str) -> None:
        self.metrics.refused(status)
        if self._refusal_log is not None and connection.exchange is None:
            self._refusal_log(connection.peer, status)

    def was_late(self, connection: Connection, what: str) -> None:
        self.metrics.late(what)

    def date(self) -> bytes:
        """For the field ``date``, made once a second."""
        now = int(time.time())
        if now != self._date[0]:
            self._date = (now, formatdate(now, usegmt=True).encode())
        return self._date[1]

    def _sweep(self) -> None:
        now = time.monotonic()
        for connection in [*self._connections]:
            if now >= connection.deadline:
                connection.late(now)
        self._sweeper = self.loop.call_later(SWEEP, self._sweep)
