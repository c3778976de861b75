"""One request and its response, over one connection."""

from __future__ import annotations

from remit.http.framing import MAX_FIELDS, client_connection, fields_of, h11, incomplete
from remit.kernel.errors import Code, KernelError, WouldBlock
from remit.kernel.files import File, FileType, Stat
from remit.kernel.http import FRAMING, Exchange, HttpError, IncomingBody, OutgoingBody, RequestRefused, Response
from remit.kernel.poll import ALWAYS, NEVER, AnyOf, Condition

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, NoReturn

    from remit.http.transport import Transport
    from remit.kernel.clocks import Clock
    from remit.kernel.http import Fields, Request, RequestOptions
    from remit.kernel.poll import Pollable

SECOND = 1_000_000_000
LONGEST_SILENCE = 600 * SECOND
"""Nanoseconds that a server may be silent, or take nothing, whatever a program asks for: so that no connection is kept
for ever."""

MAX_UNSENT = 64 << 10
"""Bytes of a request's body that are kept until the connection takes them."""

MAX_UNREAD = 64 << 10
"""Bytes of a response's body that are kept before more is taken from the connection."""

MAX_INFORMATIONAL = 32
"""Informational responses before the real one; they are skipped, and a server could send them for ever."""


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
        "_broken",
        "_clock",
        "_closed",
        "_connection",
        "_data",
        "_deadline",
        "_ended",
        "_failure",
        "_first",
        "_head",
        "_holders",
        "_informational",
        "_pending",
        "_released",
        "_sent",
        "_stuck_until",
        "_taken",
        "_trailers",
        "_transport",
        "body",
    )

    def __init__(
        self,
        transport: Transport,
        request: Request,
        host: str,
        options: RequestOptions,
        clock: Clock,
        *,
        has_body: bool,
    ) -> None:
        """`host`: the authority that `transport` leads to, as servers are told of it. HttpError."""
        library = h11()
        self._transport = transport
        self._clock = clock
        self._connection = client_connection()
        self._first = LONGEST_SILENCE if options.first_byte is None else min(options.first_byte, LONGEST_SILENCE)
        self._between = (
            LONGEST_SILENCE if options.between_bytes is None else min(options.between_bytes, LONGEST_SILENCE)
        )
        self._deadline: int | None = None
        """When the server must have said something more; None while nothing is asked of it."""
        self._stuck_until: int | None = None
        """When the server must have taken something of what is unsent."""
        self._broken: HttpError | None = None
        """The server takes no more of the request. It may have answered all the same."""
        self._failure: HttpError | None = None
        self._head: Any = None
        self._informational = 0
        self._data = bytearray()
        self._ended = False
        self._trailers: Fields | None = None
        self._pending = b""
        """What is to be sent once the connection is there."""
        self._sent = False
        """The whole request was given to the connection."""
        self._holders = 2
        """Who still needs the connection: who waits for the response, and who sends the body."""
        self._taken = self._closed = False
        self._released: Callable[[], None] | None = None
        """Whom to tell that the connection is no more."""
        fields = list(request.fields)
        has_length = any(name.lower() == "content-length" for name, _ in fields)
        if has_body and not has_length:
            fields.append(("transfer-encoding", b"chunked"))
        elif not has_body and not has_length and request.method in ("POST", "PUT", "PATCH"):
            fields.append(("content-length", b"0"))
        try:
            head = library.Request(
                method=request.method,
                target=request.path,
                headers=[("host", host), ("connection", b"close"), *fields],
            )
            self._put(self._connection.send(head))
        except (library.LocalProtocolError, UnicodeError) as error:
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
            if isinstance(self._failure, RequestRefused):
                raise self._failure.again()
            raise HttpError(self._failure.kind, self._failure.detail, self._failure.payload)

    def next_step(self) -> Pollable:
        """What has to happen before it can go on."""
        if self._failure is not None:
            return ALWAYS
        try:
            if not self._transport.ready():
                return self._transport.next_step()
        except HttpError as failure:
            self._fail(failure)
            return ALWAYS
        if self._pending:
            # The connection has come about just now: what waits for it can go out.
            return ALWAYS
        wanted: list[Pollable] = []
        if self._wants_more():
            wanted.append(self._transport.when_readable())
            if self._deadline is not None:
                wanted.append(self._clock.at(self._deadline))
        if self._transport.unsent:
            wanted.append(self._transport.when_writable())
            if self._stuck_until is not None:
                wanted.append(self._clock.at(self._stuck_until))
        return AnyOf(wanted) if wanted else NEVER  # only who reads or writes its bodies can move it

    def _wants_more(self) -> bool:
        """Whether bytes of the server's would be taken."""
        return not self._ended and self.unread < MAX_UNREAD

    def _advance(self) -> bool:
        """Take a step. False if none can be taken now. HttpError."""
        if not self._transport.ready():
            return False
        if self._broken is None:
            try:
                self._send()
            except HttpError as broken:
                self._broken = broken
                self._pending = b""
                self._transport.forget_unsent()
        if not self._wants_more():
            self._deadline = None  # it is not the server that is slow
            return False
        return self._take_events() or self._read() or self._wait_for_server()

    def _send(self) -> None:
        before = self._transport.unsent
        if self._pending:
            pending, self._pending = self._pending, b""
            self._transport.send(pending)
        self._transport.flush()
        left = self._transport.unsent
        now = self._clock.now()
        if not left:
            self._stuck_until = None
        elif self._stuck_until is None or left < before:
            self._stuck_until = now + LONGEST_SILENCE
        elif now >= self._stuck_until:
            raise HttpError("connection-write-timeout")

    def _read(self) -> bool:
        """Take bytes from the connection, and what they say. False if there are none now."""
        try:
            data = self._transport.receive()
        except WouldBlock:
            return False
        except HttpError:
            if self._broken is not None:
                raise self._broken from None
            raise
        library = h11()
        if self._head is not None:
            self._deadline = None  # counted anew, once nothing more is there
        try:
            self._connection.receive_data(data)
        except (library.RemoteProtocolError, RuntimeError) as error:
            raise incomplete(error) from None
        if not self._take_events() and not data and not self._ended:
            raise self._broken or HttpError("HTTP-response-incomplete", "the connection was closed")
        return True

    def _wait_for_server(self) -> bool:
        """Nothing is there: the server has so long to say something. False. HttpError."""
        now = self._clock.now()
        if self._deadline is None:
            if self._head is not None:
                self._deadline = now + self._between
            elif self._sent and not self._transport.unsent:
                self._deadline = now + self._first
        if self._deadline is not None and now >= self._deadline:
            raise HttpError("HTTP-response-timeout" if self._head is None else "connection-read-timeout")
        return False

    def _take_events(self) -> bool:
        """What the bytes so far say. Whether they said anything."""
        library = h11()
        said = False
        while self._wants_more():
            try:
                event = self._connection.next_event()
            except library.RemoteProtocolError as error:
                raise incomplete(error, trailers=self._head is not None) from None
            if event is library.NEED_DATA or event is library.PAUSED:
                break
            said = True
            if isinstance(event, library.InformationalResponse):
                self._informational += 1
                if self._informational > MAX_INFORMATIONAL:
                    raise HttpError("HTTP-protocol-error", "informational responses and no end of them")
            elif isinstance(event, library.Response):
                if len(event.headers) > MAX_FIELDS:
                    raise HttpError("HTTP-response-header-section-size", f"more than {MAX_FIELDS} fields")
                self._head = event
                self._deadline = None
            elif isinstance(event, library.Data):
                self._data += event.data
            elif isinstance(event, library.EndOfMessage):
                if len(event.headers) > MAX_FIELDS:
                    raise HttpError("HTTP-response-trailer-section-size", f"more than {MAX_FIELDS} fields")
                self._ended = True
                self._trailers = fields_of(event.headers) or None
            elif isinstance(event, library.ConnectionClosed):
                raise self._broken or HttpError("HTTP-response-incomplete", "the connection was closed")
        return said

    def _fail(self, failure: HttpError) -> None:
        self._failure = failure
        self._hang_up()

    def _hang_up(self) -> None:
        self._transport.close()
        released, self._released = self._released, None
        if released is not None:
            released()

    @property
    def unread(self) -> int:
        """Bytes of the response's body that nobody has read."""
        return len(self._data)

    def _put(self, data: bytes | None) -> None:
        if data:
            self._pending += data

    # The request's body.

    @property
    def room(self) -> int:
        """Bytes of the request's body that can be taken now."""
        kept = len(self._pending) + (self._transport.unsent if not self._pending else 0)
        return max(0, MAX_UNSENT - kept)

    def check_sending(self) -> None:
        """HttpError if nothing more of the request can be sent."""
        self.check()
        if self._broken is not None:
            raise HttpError(self._broken.kind, self._broken.detail)

    def send_data(self, data: bytes) -> None:
        library = h11()
        try:
            self._put(self._connection.send(library.Data(data=data)))
        except library.LocalProtocolError as error:
            self._stop(HttpError("HTTP-request-body-size", str(error)))
        self.advanced(lambda: not self._pending)

    def end_of_request(self, trailers: Fields | None) -> None:
        library = h11()
        for name, _ in trailers or ():
            if name.lower() in FRAMING or name.lower() == "content-length":
                self._stop(HttpError("HTTP-request-denied", f"{name} is not for programs to say in trailers"))
        try:
            self._put(self._connection.send(library.EndOfMessage(headers=list(trailers or ()))))
        except (library.LocalProtocolError, UnicodeError) as error:
            declared = "less data" in str(error).lower() or "too little" in str(error).lower()
            kind = "HTTP-protocol-error" if trailers and not declared else "HTTP-request-body-size"
            self._stop(HttpError(kind, str(error)))
        self._sent = True
        self.advanced(lambda: not self._pending)

    def _stop(self, failure: HttpError) -> NoReturn:
        """What the program says of its request makes no message."""
        self._fail(failure)
        raise failure from None

    def abort(self) -> None:
        """The request is not whole, and must not look so."""
        self._fail(HttpError("connection-terminated", "the request was not finished"))

    def release(self) -> None:
        """Somebody needs the connection no more."""
        self._holders -= 1
        if not self._holders:
            self._hang_up()

    # The response.

    def response(self) -> Response:
        if self._taken:
            raise KernelError(Code.INVALID_STATE, "the response was taken")
        if not self.advanced(self.has_head):
            raise WouldBlock(self.when_response())
        if not self.has_head():
            self.check()
        self._taken = True
        return Response(self._head.status_code, fields_of(self._head.headers), _ResponseBody(self))

    def when_response(self) -> Pollable:
        return _When(self, self.has_head)

    def when(self, answered: Callable[[], bool]) -> Pollable:
        return _When(self, answered)

    def take(self, buffers: Sequence[memoryview]) -> int:
        """Bytes of the response's body. WouldBlock; HttpError; 0 at the end."""
        if not self.advanced(self.has_data):
            raise WouldBlock(self.when(self.has_data))
        if not self.has_data():
            self.check()
        done = 0
        for buffer in buffers:
            part = self._data[done : done + len(buffer)]
            buffer[: len(part)] = part
            done += len(part)
        del self._data[:done]
        return done

    def has_head(self) -> bool:
        return self._head is not None

    def has_data(self) -> bool:
        return bool(self._data) or self._ended

    def has_ended(self) -> bool:
        """All of the response is here."""
        return self._ended

    @property
    def trailers(self) -> Fields | None:
        return self._trailers

    def close(self) -> None:
        """Nobody waits for the response; its body, if that was taken, has a hold of its own."""
        if not self._closed:
            self._closed = True
            self.release()

    def abandon(self) -> None:
        if self._failure is None and self._holders:
            self._fail(HttpError("connection-terminated", "the program has ended"))

    def watch(self, released: Callable[[], None]) -> None:
        if self._failure is not None or not self._holders:
            released()
        else:
            self._released = released


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
        exchange.check_sending()
        if not exchange.room:
            exchange.advanced(lambda: bool(exchange.room))
            exchange.check_sending()
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
        if not exchange.advanced(exchange.has_ended):
            raise WouldBlock(self.when_trailers())
        if not exchange.has_ended():
            exchange.check()
        return exchange.trailers

    def when_trailers(self) -> Pollable:
        return self._exchange.when(self._exchange.has_ended)

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._exchange.release()
