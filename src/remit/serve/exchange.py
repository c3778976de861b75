"""A request of a client's and the response to it, as the program that answers sees them."""

from __future__ import annotations

import time

from remit.kernel.errors import WouldBlock
from remit.kernel.http import HttpError, IncomingExchange, OutgoingBody
from remit.kernel.poll import Event
from remit.serve.bodies import ReceivedBody, Stream
from remit.serve.reasons import REASONS
from remit.serve.requests import NOT_IN_TRAILERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import Task
    from collections.abc import Sequence

    from remit.kernel.files import File
    from remit.kernel.http import Fields, Request
    from remit.kernel.poll import Pollable
    from remit.serve.connection import Connection

STATUS_OF = {
    "HTTP-request-denied": 403,
    "HTTP-request-length-required": 411,
    "HTTP-request-body-size": 413,
    "HTTP-request-method-invalid": 405,
    "HTTP-request-URI-invalid": 400,
    "HTTP-request-URI-too-long": 414,
    "HTTP-request-header-section-size": 431,
    "HTTP-request-header-size": 431,
    "HTTP-response-timeout": 504,
    "connection-timeout": 504,
    "connection-limit-reached": 503,
    "destination-unavailable": 503,
}
"""The status of the server's own response to an ``error-code``; 500 or 502 for others."""


def status_of(kind: str) -> int:
    if kind in STATUS_OF:
        return STATUS_OF[kind]
    return 502 if kind.startswith(("DNS", "TLS", "connection", "destination", "HTTP-response")) else 500


class ServerExchange(IncomingExchange):
    """See :class:`remit.kernel.http.IncomingExchange`. It is over when :meth:`finished` was called."""

    __slots__ = (
        "_bodiless",
        "_connection",
        "_ended",
        "_failed",
        "_gone",
        "_writable",
        "begun",
        "body",
        "bytes_sent",
        "deadline",
        "is_answered",
        "is_late",
        "is_whole",
        "request",
        "status",
        "task",
    )

    def __init__(self, connection: Connection, request: Request) -> None:
        self._connection = connection
        self.request = request
        self.body: ReceivedBody = ReceivedBody(connection.body_read, connection.body_wanted)
        self.begun = time.monotonic()
        self.deadline = self.begun + connection.server.limits.request_time
        self.status = 0
        """Of the response; 0: none was begun."""
        self.bytes_sent = 0
        """Of the response's body."""
        self.is_answered = False
        """A response was begun."""
        self.is_whole = False
        """All of the response was sent."""
        self.is_late = False
        """It took longer than it may."""
        self.task: Task[None] | None = None
        """Of the program that answers."""
        self._writable = Event()
        self._gone: HttpError | None = None
        self._failed = False
        self._bodiless = False

    @property
    def peer(self) -> str:
        return self._connection.peer

    # What the program does.

    def inform(self, status: int, fields: Fields) -> None:
        self._check()
        if self.is_answered:
            raise HttpError("HTTP-protocol-error", "the response was begun already")
        connection = self._connection
        if connection.h11.their_http_version != b"1.0":
            library = connection.library
            head = library.InformationalResponse(
                status_code=status, headers=list(fields), reason=REASONS.get(status, "")
            )
            connection.send(connection.h11.send(head))

    def respond(self, status: int, fields: Fields) -> OutgoingBody:
        self._check()
        if self.is_answered:
            raise HttpError("HTTP-protocol-error", "the response was begun already")
        connection = self._connection
        library = connection.library
        if status < 200:
            raise HttpError("HTTP-protocol-error", f"{status} is no status of a response")
        headers = list(fields)
        if not any(name == "date" for name, _ in headers):
            headers.append(("date", connection.server.date()))
        if connection.ending:
            headers.append(("connection", b"close"))
        try:
            response = library.Response(status_code=status, headers=headers, reason=REASONS.get(status, ""))
            head = connection.h11.send(response)
        except library.LocalProtocolError as error:
            raise HttpError("HTTP-protocol-error", str(error)) from None
        self.is_answered = True
        self._bodiless = self.request.method == "HEAD" or status in (204, 304)
        self.status = status
        connection.send(head)
        return _ResponseBody(self)

    def fail(self, error: HttpError) -> None:
        self._failed = True
        if not self.is_answered and self._gone is None:
            self.is_answered = True
            self.status = status_of(error.kind)
            self._connection.answer(self.status)
            self.is_whole = True

    def _check(self) -> None:
        if self._gone is not None:
            raise HttpError(self._gone.kind, self._gone.detail)

    # What its body does.

    def send_data(self, data: bytes) -> None:
        self._check()
        if self._bodiless:
            # Programs answer HEAD as they answer GET; only the head goes out.
            return
        connection = self._connection
        try:
            sent = connection.h11.send(connection.library.Data(data=data))
        except connection.library.LocalProtocolError as error:
            raise HttpError("HTTP-response-body-size", str(error)) from None
        self.bytes_sent += len(data)
        connection.send(sent)
        if len(data) >= 4096:
            connection.flush()

    def end_of_response(self, trailers: Fields | None) -> None:
        self._check()
        connection = self._connection
        library = connection.library
        for name, _ in trailers or ():
            if name in NOT_IN_TRAILERS:
                raise HttpError("HTTP-protocol-error", f"{name} is not for trailers")
        try:
            connection.send(connection.h11.send(library.EndOfMessage(headers=list(trailers or ()))))
        except library.LocalProtocolError as error:
            raise HttpError("HTTP-response-body-size", str(error)) from None
        self.is_whole = True
        if connection.h11.our_state is not library.ERROR:
            connection.flush()

    def abort(self) -> None:
        """The response is not whole."""
        self._failed = True

    @property
    def can_write(self) -> bool:
        """Whether the client takes more, or will take no more at all."""
        return self._connection.writable or self._gone is not None

    def when_writable(self) -> Pollable:
        if self.can_write:
            self._writable.set()
        else:
            self._writable.clear()
        return self._writable

    # What the connection says.

    def resumed(self) -> None:
        self._writable.set()

    def client_gone(self) -> None:
        """The connection is lost: nobody waits for the answer."""
        self.client_failed(HttpError("connection-terminated", "the client is gone"))
        if self.task is not None and not self.is_whole:
            self.task.cancel()

    def client_failed(self, failure: HttpError) -> None:
        self._gone = failure
        self.body.fail(failure)
        self._writable.set()

    def out_of_time(self) -> None:
        self.is_late = True
        if self.task is not None:
            self.task.cancel()

    def finished(self) -> None:
        """The program has ended. If it left no answer, the server has one."""
        if not self.is_answered and self._gone is None:
            self.is_answered = True
            self.status = 504 if self.is_late else 500
            self._connection.answer(self.status)
            self.is_whole = True
        self.body.close()
        self._connection.ended(self)


class _ResponseStream(Stream):
    __slots__ = ("_exchange",)

    def __init__(self, exchange: ServerExchange) -> None:
        self._exchange = exchange

    def write(self, buffers: Sequence[memoryview]) -> int:
        exchange = self._exchange
        exchange._check()
        if not exchange.can_write:
            raise WouldBlock(exchange.when_writable())
        data = b"".join(buffers)
        if data:
            exchange.send_data(data)
        return len(data)

    def when_writable(self) -> Pollable:
        return self._exchange.when_writable()


class _ResponseBody(OutgoingBody):
    __slots__ = ("_done", "_exchange")

    def __init__(self, exchange: ServerExchange) -> None:
        self._exchange = exchange
        self._done = False

    def stream(self) -> File:
        return _ResponseStream(self._exchange)

    def finish(self, trailers: Fields | None) -> None:
        if not self._done:
            self._done = True
            self._exchange.end_of_response(trailers)

    def abort(self) -> None:
        if not self._done:
            self._done = True
            self._exchange.abort()
