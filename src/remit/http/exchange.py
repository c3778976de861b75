"""One request and its response, over one connection."""

from __future__ import annotations

from remit.http.client import LONGEST_SILENCE, PORTS
from remit.http.framing import client_connection, fields_of, h11, incomplete
from remit.kernel.clocks import AMBIENT_MONOTONIC_CLOCK
from remit.kernel.errors import WouldBlock
from remit.kernel.files import File, FileType, Stat
from remit.kernel.http import Exchange, HttpError, IncomingBody, OutgoingBody, Response
from remit.kernel.poll import ALWAYS, AnyOf, Condition

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from remit.http.transport import Transport
    from remit.kernel.http import Fields, Request, RequestOptions
    from remit.kernel.poll import Pollable

MAX_UNSENT = 64 << 10
"""Bytes of a request's body that are kept until the connection takes them."""

MAX_UNREAD = 64 << 10
"""Bytes of a response's body that are kept before more is taken from the connection."""


class _When(Condition):
    """Ready when a question about the exchange would be answered."""

    __slots__ = ("_answered", "_exchange")

    def __init__(self, exchange: ClientExchange, answered: Callable[[], bool]) -> None:
        self._exchange = exchange
        self._answered = answered

    def ready(self) -> bool:
        return self._exchange.advanced(self._answered)

    def next_step(self) -> Pollable:
        return self._exchange.next_step()


class ClientExchange(Exchange):
    """See :class:`remit.kernel.http.Exchange`."""

    __slots__ = (
        "_between",
        "_connection",
        "_data",
        "_deadline",
        "_ended",
        "_failure",
        "_first",
        "_head",
        "_holders",
        "_method",
        "_pending",
        "_sent",
        "_trailers",
        "_transport",
        "body",
    )

    def __init__(self, transport: Transport, request: Request, options: RequestOptions, *, has_body: bool) -> None:
        library = h11()
        self._transport = transport
        self._connection = client_connection()
        self._first = LONGEST_SILENCE if options.first_byte is None else min(options.first_byte, LONGEST_SILENCE)
        self._between = (
            LONGEST_SILENCE if options.between_bytes is None else min(options.between_bytes, LONGEST_SILENCE)
        )
        self._deadline: int | None = None
        """When the server must have said something more."""
        self._failure: HttpError | None = None
        self._head: Any = None
        self._data: list[bytes] = []
        self._ended = False
        self._trailers: Fields | None = None
        self._pending = b""
        """What is to be sent once the connection is there."""
        self._sent = False
        """The whole request was given to the connection."""
        self._holders = 2
        """Who still needs the connection: who waits for the response, and who sends the body."""
        self._method = request.method
        fields = list(request.fields)
        length = next((value for name, value in fields if name == "content-length"), None)
        if has_body and length is None:
            fields.append(("transfer-encoding", b"chunked"))
        elif not has_body and length is None and request.method in ("POST", "PUT", "PATCH"):
            fields.append(("content-length", b"0"))
        host = request.authority
        default = f":{PORTS[request.scheme]}"
        if host.endswith(default):
            host = host.removesuffix(default)
        try:
            head = library.Request(
                method=request.method,
                target=request.path,
                headers=[("host", host), ("connection", b"close"), *fields],
            )
            self._put(self._connection.send(head))
        except library.LocalProtocolError as error:
            raise HttpError("HTTP-protocol-error", str(error)) from None
        self.body: OutgoingBody = _RequestBody(self)
        if not has_body:
            self.end_of_request(None)
            self.release()

    # What its bodies and conditions ask.

    def advanced(self, answered: Callable[[], bool]) -> bool:
        """Go on until `answered`, or as far as that is possible; whether it is. A failure is an answer, too."""
        while self._failure is None and not answered():
            try:
                if not self._advance():
                    return answered()
            except HttpError as failure:
                self._fail(failure)
        return True

    def check(self) -> None:
        """HttpError if it has failed."""
        if self._failure is not None:
            raise HttpError(self._failure.kind, self._failure.detail, self._failure.payload)

    def next_step(self) -> Pollable:
        """What has to happen before it can go on."""
        if self._failure is not None:
            return ALWAYS
        if not self._is_there():
            return self._transport.next_step()
        wanted = [self._transport.when_readable()]
        if self._transport.unsent:
            wanted.append(self._transport.when_writable())
        if self._deadline is not None:
            wanted.append(AMBIENT_MONOTONIC_CLOCK.at(self._deadline))
        return AnyOf(wanted)

    def _is_there(self) -> bool:
        try:
            return self._transport.ready()
        except HttpError as failure:
            self._fail(failure)
            return True

    def _advance(self) -> bool:
        """Take a step. False if none can be taken now. HttpError."""
        if not self._transport.ready():
            return False
        if self._pending:
            pending, self._pending = self._pending, b""
            self._transport.send(pending)
        self._transport.flush()
        if self._sent and self._deadline is None and not self._transport.unsent:
            self._deadline = AMBIENT_MONOTONIC_CLOCK.now() + self._first
        if self._deadline is not None and AMBIENT_MONOTONIC_CLOCK.now() >= self._deadline:
            raise HttpError("connection-read-timeout" if self._head is not None else "HTTP-response-timeout")
        if self._ended or self.unread >= MAX_UNREAD:
            return False
        return self._take_events() or self._read()

    def _read(self) -> bool:
        """Take bytes from the connection, and what they say. False if there are none now."""
        try:
            data = self._transport.receive()
        except WouldBlock:
            return False
        library = h11()
        self._deadline = AMBIENT_MONOTONIC_CLOCK.now() + self._between
        try:
            self._connection.receive_data(data)
        except (library.RemoteProtocolError, RuntimeError) as error:
            raise incomplete(error) from None
        if not data and not self._take_events() and not self._ended:
            raise HttpError("HTTP-response-incomplete", "the connection was closed")
        return True

    def _take_events(self) -> bool:
        """What the bytes so far say. Whether they said anything."""
        library = h11()
        said = False
        while self.unread < MAX_UNREAD and not self._ended:
            try:
                event = self._connection.next_event()
            except library.RemoteProtocolError as error:
                raise incomplete(error) from None
            if event is library.NEED_DATA or event is library.PAUSED:
                break
            said = True
            if isinstance(event, library.Response):
                self._head = event
            elif isinstance(event, library.Data):
                self._data.append(bytes(event.data))
            elif isinstance(event, library.EndOfMessage):
                self._ended = True
                self._trailers = fields_of(event.headers) or None
            elif isinstance(event, library.ConnectionClosed):
                raise HttpError("HTTP-response-incomplete", "the connection was closed")
        return said

    def _fail(self, failure: HttpError) -> None:
        self._failure = failure
        self._transport.close()

    @property
    def unread(self) -> int:
        """Bytes of the response's body that nobody has read."""
        return sum(map(len, self._data))

    def _put(self, data: bytes | None) -> None:
        if data:
            self._pending += data

    # The request's body.

    @property
    def room(self) -> int:
        """Bytes of the request's body that can be taken now."""
        kept = len(self._pending) + (self._transport.unsent if not self._pending else 0)
        return max(0, MAX_UNSENT - kept)

    def send_data(self, data: bytes) -> None:
        library = h11()
        try:
            self._put(self._connection.send(library.Data(data=data)))
        except library.LocalProtocolError as error:
            failure = HttpError("HTTP-request-body-size", str(error))
            self._fail(failure)
            raise failure from None
        self.advanced(lambda: not self._pending)

    def end_of_request(self, trailers: Fields | None) -> None:
        library = h11()
        try:
            self._put(self._connection.send(library.EndOfMessage(headers=list(trailers or ()))))
        except library.LocalProtocolError as error:
            kind = "HTTP-request-trailer-section-size" if trailers else "HTTP-request-body-size"
            failure = HttpError(kind, str(error))
            self._fail(failure)
            raise failure from None
        self._sent = True
        self.advanced(lambda: not self._pending)

    def abort(self) -> None:
        """The request is not whole, and must not look so."""
        self._fail(HttpError("connection-terminated", "the request was not finished"))

    def release(self) -> None:
        """Somebody needs the connection no more."""
        self._holders -= 1
        if not self._holders:
            self._transport.close()

    # The response.

    def response(self) -> Response:
        if not self.advanced(lambda: self._head is not None):
            raise WouldBlock(self.when_response())
        self.check()
        head = self._head
        return Response(head.status_code, fields_of(head.headers), _ResponseBody(self))

    def when_response(self) -> Pollable:
        return _When(self, lambda: self._head is not None)

    def when(self, answered: Callable[[], bool]) -> Pollable:
        return _When(self, answered)

    def take(self, buffers: Sequence[memoryview]) -> int:
        """Bytes of the response's body. WouldBlock; HttpError; 0 at the end."""
        if not self.advanced(self.has_data):
            raise WouldBlock(self.when(self.has_data))
        if not self._data:
            self.check()
            return 0
        done = 0
        for buffer in buffers:
            while self._data and done < sum(map(len, buffers)):
                first = self._data[0]
                room = len(buffer)
                if not room:
                    break
                part = first[:room]
                buffer[: len(part)] = part
                buffer = buffer[len(part) :]
                done += len(part)
                if len(part) == len(first):
                    self._data.pop(0)
                else:
                    self._data[0] = first[len(part) :]
        return done

    def has_data(self) -> bool:
        return bool(self._data) or self._ended

    @property
    def ended(self) -> bool:
        """All of the response is here."""
        return self._ended

    @property
    def trailers(self) -> Fields | None:
        return self._trailers

    def close(self) -> None:
        """Nobody waits for the response; its body, if that was taken, has a hold of its own."""
        self.release()


class _Stream(File):
    """A body as a stream of the kernel's."""

    __slots__ = ("_exchange",)

    seekable = False

    def __init__(self, exchange: ClientExchange) -> None:
        self._exchange = exchange

    def stat(self) -> Stat:
        return Stat(FileType.UNKNOWN, links=0)


class _RequestStream(_Stream):
    __slots__ = ()

    def write(self, buffers: Sequence[memoryview]) -> int:
        exchange = self._exchange
        exchange.check()
        if not exchange.room:
            exchange.advanced(lambda: bool(exchange.room))
            exchange.check()
            if not exchange.room:
                raise WouldBlock(self.when_writable())
        data = b"".join(buffers)[: exchange.room]
        exchange.send_data(data)
        return len(data)

    def when_writable(self) -> Pollable:
        exchange = self._exchange
        return exchange.when(lambda: bool(exchange.room))


class _ResponseStream(_Stream):
    __slots__ = ()

    def read(self, buffers: Sequence[memoryview]) -> int:
        return self._exchange.take(buffers)

    def when_readable(self) -> Pollable:
        return self._exchange.when(self._exchange.has_data)


class _RequestBody(OutgoingBody):
    __slots__ = ("_done", "_exchange")

    def __init__(self, exchange: ClientExchange) -> None:
        self._exchange = exchange
        self._done = False

    def stream(self) -> File:
        return _RequestStream(self._exchange)

    def finish(self, trailers: Fields | None) -> None:
        if not self._done:
            self._done = True
            self._exchange.check()
            self._exchange.end_of_request(trailers)
            self._exchange.release()

    def abort(self) -> None:
        if not self._done:
            self._done = True
            self._exchange.abort()
            self._exchange.release()


class _ResponseBody(IncomingBody):
    __slots__ = ("_closed", "_exchange")

    def __init__(self, exchange: ClientExchange) -> None:
        self._exchange = exchange
        self._closed = False
        exchange._holders += 1

    def stream(self) -> File:
        return _ResponseStream(self._exchange)

    def trailers(self) -> Fields | None:
        exchange = self._exchange
        if not exchange.advanced(lambda: exchange.ended):
            raise WouldBlock(self.when_trailers())
        exchange.check()
        return exchange.trailers

    def when_trailers(self) -> Pollable:
        exchange = self._exchange
        return exchange.when(lambda: exchange.ended)

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._exchange.release()
