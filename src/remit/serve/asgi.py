"""Components inside any ASGI server: exchanges by `receive` and `send` (ASGI 3.0, HTTP sub-specification 2.5)."""

from __future__ import annotations

import asyncio
from _thread import get_ident
from urllib.parse import quote

from remit.kernel.http import HttpError, Request
from remit.serve.exchange import ServerExchange
from remit.serve.reasons import REASONS
from remit.serve.requests import HIDDEN, Refused, check_head

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping
    from typing import Any

    from remit.kernel.http import Fields
    from remit.serve.server import Handler
    from remit.serve.settings import ServerLimits

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

TRAILERS = "http.response.trailers"
"""The extension, and the message, of trailers."""

_PATH = "/!$&'()*+,;=:@~"


class IncompleteResponse(Exception):
    """The program did not come to the end of its response. The ASGI server cuts the connection when it sees this."""


class AsgiExchange(ServerExchange):
    __slots__ = ("_limits", "_loop", "_messages", "_over", "_room", "_something", "_thread", "_trailers", "_unsent")

    def __init__(self, request: Request, peer: str, limits: ServerLimits, *, trailers: bool) -> None:
        """`trailers`: the server takes them."""
        super().__init__(request, peer, time_limit=limits.request_time, on_read=self._body_read, on_wanted=lambda: None)
        self._limits = limits
        self._trailers = trailers
        self._loop = asyncio.get_running_loop()
        self._thread = get_ident()
        self._messages: list[dict[str, Any]] = []
        self._unsent = 0
        self._over = False
        self._something = asyncio.Event()
        """There are messages to send, or there will be none any more."""
        self._room = asyncio.Event()
        """More of the request's body can be taken."""
        self._room.set()

    def _on_loop(self, function: Callable[[], object]) -> None:
        if get_ident() == self._thread:
            function()
        else:
            self._loop.call_soon_threadsafe(function)

    def _body_read(self) -> None:
        if self.body.unread < self._limits.unread_bytes:
            self._on_loop(self._room.set)

    def _say(self, message: dict[str, Any]) -> None:
        self._messages.append(message)
        self._unsent += len(message.get("body", b""))
        self._on_loop(self._something.set)

    # What goes out.

    def send_informational(self, status: int, fields: Fields) -> None:
        """ASGI has no message for it."""

    def send_head(self, status: int, fields: list[tuple[str, bytes]]) -> None:
        headers = [(name.encode("ascii"), value) for name, value in fields]
        start: dict[str, Any] = {"type": "http.response.start", "status": status, "headers": headers}
        if self._trailers:
            start["trailers"] = True
        self._say(start)

    def send_piece(self, data: bytes) -> None:
        self._say({"type": "http.response.body", "body": data, "more_body": True})

    def send_end(self, trailers: Fields) -> None:
        self._say({"type": "http.response.body", "body": b"", "more_body": False})
        if self._trailers:
            headers = [(name.encode("ascii"), value) for name, value in trailers]
            self._say({"type": TRAILERS, "headers": headers, "more_trailers": False})

    def send_refusal(self, status: int) -> None:
        for message in refusal(status):
            self._say(message)

    @property
    def can_write(self) -> bool:
        return self._unsent < self._limits.unsent_bytes or self.is_gone

    # Between the program and the ASGI server.

    async def take_body(self, receive: Receive) -> None:
        """Give the program what comes, until the client is gone."""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.client_gone()
                return
            if self.body.ended:
                return  # it gives what is over again and again, and would for ever
            data = message.get("body", b"")
            if data:
                self.body.feed(bytes(data))
                if self.body.size > self._limits.body_bytes:
                    self.client_failed(HttpError("HTTP-request-body-size", "the body is too large"))
                    return
            if not message.get("more_body", False):
                self.body.end(None)
            if self.body.unread >= self._limits.unread_bytes:
                self._room.clear()
                await self._room.wait()

    async def give_response(self, send: Send) -> None:
        """Send what the program says, until it has ended and all is sent."""
        while not self._over or self._messages:
            await self._something.wait()
            self._something.clear()
            while self._messages:
                message = self._messages.pop(0)
                try:
                    await send(message)
                except OSError:
                    self.client_gone()
                self._unsent -= len(message.get("body", b""))
                if self.can_write:
                    self.resumed()

    def finished(self) -> None:
        super().finished()
        self._over = True
        self._something.set()


def refusal(status: int) -> list[dict[str, Any]]:
    """A whole response, as messages."""
    body = b"%d %s\n" % (status, REASONS.get(status, "").encode())
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
    return [
        {"type": "http.response.start", "status": status, "headers": headers},
        {"type": "http.response.body", "body": body, "more_body": False},
    ]


def request_of(scope: Scope, limits: ServerLimits) -> Request:
    """The request of a scope, below the path that the application is mounted at. Refused."""
    fields = [(bytes(name).decode("latin-1").lower(), bytes(value)) for name, value in scope["headers"]]
    check_head(scope["method"], fields, limits)
    raw = scope.get("raw_path")
    path = quote(scope["path"], _PATH) if raw is None else bytes(raw).partition(b"?")[0].decode("latin-1")
    root = quote(scope.get("root_path") or "", _PATH).rstrip("/")
    if root and (path == root or path.startswith(root + "/")):
        path = path[len(root) :]
    query = bytes(scope.get("query_string") or b"").decode("latin-1")
    target = (path or "/") + ("?" + query if query else "")
    if not target.isascii():
        raise Refused(400, "the path is none")
    host = next((value for name, value in fields if name == "host"), b"").decode("latin-1")
    shown = [each for each in fields if each[0] not in HIDDEN]
    return Request(scope["method"], scope.get("scheme", "http"), host, target, shown)


async def answer(handler: Handler, limits: ServerLimits, scope: Scope, receive: Receive, send: Send) -> None:
    """Have `handler` answer one request of an ASGI server. What the handler raises comes out, after the response.

    IncompleteResponse if a response was begun and not ended.
    """
    try:
        request = request_of(scope, limits)
    except Refused as refused:
        for message in refusal(refused.status):
            await send(message)
        return
    client = scope.get("client") or ("-", 0)
    trailers = TRAILERS in (scope.get("extensions") or {})
    exchange = AsgiExchange(request, f"{client[0]}:{client[1]}", limits, trailers=trailers)
    taking = asyncio.create_task(exchange.take_body(receive))
    giving = asyncio.create_task(exchange.give_response(send))
    exchange.task = program = asyncio.ensure_future(handler(exchange))
    try:
        done, _ = await asyncio.wait([program], timeout=limits.request_time)
        if not done:
            exchange.out_of_time()
            await asyncio.wait([program])
        exchange.finished()
        await asyncio.wait([giving], timeout=limits.write_stall)
    finally:
        # If this was cancelled, so is the program.
        for task in (program, taking, giving):
            task.cancel()
        await asyncio.gather(program, taking, giving, return_exceptions=True)
    failure = None if program.cancelled() else program.exception()
    if not exchange.is_whole and not exchange.is_gone:
        raise IncompleteResponse(f"{request.method} {request.path}") from failure
    if failure is not None:
        raise failure
