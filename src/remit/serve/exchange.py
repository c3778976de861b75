"""A request of a client's and the response to it, as the program that answers sees them, whatever it is sent by."""

from __future__ import annotations

import time

from remit.kernel.errors import WouldBlock
from remit.kernel.http import HttpError, IncomingExchange, OutgoingBody
from remit.kernel.poll import Event
from remit.serve.bodies import ReceivedBody, Stream
from remit.serve.requests import NOT_IN_TRAILERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import Task
    from collections.abc import Callable, Sequence

    from remit.kernel.files import File
    from remit.kernel.http import Fields, Request
    from remit.kernel.poll import Pollable

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
    """See :class:`remit.kernel.http.IncomingExchange`.

    What is common to all servers is here. How a message goes out is for subclasses to say: `send_informational`,
    `send_head`, `send_piece`, `send_end`, `send_refusal` and `can_write`.
    """

    __slots__ = (
        "_bodiless",
        "_gone",
        "_left",
        "_writable",
        "begun",
        "body",
        "bytes_sent",
        "deadline",
        "is_answered",
        "is_late",
        "is_whole",
        "peer",
        "request",
        "status",
        "task",
    )

    def __init__(
        self,
        request: Request,
        peer: str,
        *,
        time_limit: float,
        on_read: Callable[[], None],
        on_wanted: Callable[[], None],
    ) -> None:
        """`time_limit`: seconds, for whoever watches over it. The others are those of :class:`ReceivedBody`."""
        self.request = request
        self.peer = peer
        """The client's address, for people."""
        self.body: ReceivedBody = ReceivedBody(on_read, on_wanted)
        self.begun = time.monotonic()
        self.deadline = self.begun + time_limit
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
        self._bodiless = False
        self._left: int | None = None
        """What is missing of the length that the response has declared."""

    # How it goes out.

    def send_informational(self, status: int, fields: Fields) -> None:
        raise NotImplementedError

    def send_head(self, status: int, fields: list[tuple[str, bytes]]) -> None:
        """HttpError for a head that is none."""
        raise NotImplementedError

    def send_piece(self, data: bytes) -> None:
        raise NotImplementedError

    def send_end(self, trailers: Fields) -> None:
        raise NotImplementedError

    def send_refusal(self, status: int) -> None:
        """A whole response of the server's own."""
        raise NotImplementedError

    @property
    def can_write(self) -> bool:
        """Whether the client takes more, or will take no more at all."""
        raise NotImplementedError

    # What the program does.

    def inform(self, status: int, fields: Fields) -> None:
        self._check_unanswered()
        self.send_informational(status, fields)

    def respond(self, status: int, fields: Fields) -> OutgoingBody:
        self._check_unanswered()
        if status < 200:
            raise HttpError("HTTP-protocol-error", f"{status} is no status of a response")
        self._bodiless = self.request.method == "HEAD" or status in (204, 304)
        if not self._bodiless:
            self._left = _declared(fields)
        self.send_head(status, list(fields))
        self.is_answered = True
        self.status = status
        return _ResponseBody(self)

    def fail(self, error: HttpError) -> None:
        self._refuse(status_of(error.kind))

    def _refuse(self, status: int) -> None:
        if not self.is_answered and self._gone is None:
            self.is_answered = True
            self.status = status
            self.send_refusal(status)
            self.is_whole = True

    def check(self) -> None:
        """HttpError if nobody takes the response."""
        if self._gone is not None:
            raise HttpError(self._gone.kind, self._gone.detail)

    def _check_unanswered(self) -> None:
        self.check()
        if self.is_answered:
            raise HttpError("HTTP-protocol-error", "the response was begun already")

    # What its body does.

    def send_data(self, data: bytes) -> None:
        self.check()
        if self._bodiless:
            # Programs answer HEAD as they answer GET; only the head goes out.
            return
        if self._left is not None:
            if len(data) > self._left:
                raise HttpError("HTTP-response-body-size", "more than its content-length")
            self._left -= len(data)
        self.bytes_sent += len(data)
        self.send_piece(data)

    def end_of_response(self, trailers: Fields) -> None:
        self.check()
        for name, _ in trailers:
            if name in NOT_IN_TRAILERS:
                raise HttpError("HTTP-protocol-error", f"{name} is not for trailers")
        if self._left:
            raise HttpError("HTTP-response-body-size", "less than its content-length")
        self.send_end(trailers)
        self.is_whole = True

    def when_writable(self) -> Pollable:
        if self.can_write:
            self._writable.set()
        else:
            self._writable.clear()
        return self._writable

    @property
    def has_chunks(self) -> bool:
        """The response has a body whose length was not declared."""
        return self._left is None and not self._bodiless

    @property
    def is_gone(self) -> bool:
        return self._gone is not None

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
        self._refuse(504 if self.is_late else 500)
        self.body.close()


def _declared(fields: Fields) -> int | None:
    """The length that they declare. HttpError."""
    lengths = {value for name, value in fields if name == "content-length"}
    if not lengths:
        return None
    [length, *others] = lengths
    if others or not length.isdigit() or len(length) > 18:
        raise HttpError("HTTP-protocol-error", "its content-length is none")
    return int(length)


class _ResponseStream(Stream):
    __slots__ = ("_exchange",)

    def __init__(self, exchange: ServerExchange) -> None:
        self._exchange = exchange

    def write(self, buffers: Sequence[memoryview]) -> int:
        exchange = self._exchange
        exchange.check()
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
            self._exchange.end_of_response(trailers or ())

    def abort(self) -> None:
        # What is not whole when the program has ended, the client is made to see.
        self._done = True
