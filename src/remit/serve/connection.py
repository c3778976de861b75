"""One connection of a client: requests come in, one after the other, and are answered."""

from __future__ import annotations

import asyncio
import time
from _thread import get_ident

from remit.http.framing import h11
from remit.kernel.http import HttpError
from remit.serve.connection_exchange import ConnectionExchange
from remit.serve.reasons import REASONS
from remit.serve.requests import Refused, request_of, trailers_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from remit.serve.server import Server

LINGER = 0.05
"""Seconds that an idle connection is looked at once more before it is closed, when the server ends: for a request
that is on its way."""

FIRST_REQUEST = 1.0
"""The same for a connection without any request so far: clients ask again, by themselves, only on one that was used."""


class Connection(asyncio.Protocol):
    """Frames messages by h11. Everything here happens on the loop's thread."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.library = h11()
        self.h11: Any = None
        self.transport: Any = None
        self.peer = ""
        self.exchange: ConnectionExchange | None = None
        self.ending = False
        """No more requests are taken."""
        self.deadline = 0.0
        """When it must have moved on (``time.monotonic()``), and why is said by `_late`."""
        self._late = "idle"
        self._reading = True
        self._ahead = 0
        """Bytes that came after the request that is being answered."""
        self._out: list[bytes] = []
        self._flushing = False
        self._lost = False
        self._half_closed = False
        self._used = False
        """There was a request."""
        self.writable = True
        """The client takes what is sent."""

    # Of asyncio.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.transport.set_write_buffer_limits(high=self.server.limits.unsent_bytes)
        peer = transport.get_extra_info("peername")
        self.peer = f"{peer[0]}:{peer[1]}" if isinstance(peer, tuple) else str(peer or "-")
        self.h11 = self.library.Connection(self.library.SERVER, max_incomplete_event_size=self.server.limits.head_bytes)
        self._wait("idle", self.server.limits.keep_alive)
        self.server.opened(self)

    def data_received(self, data: bytes) -> None:
        if self.exchange is None and self._late != "head":
            self._wait("head", self.server.limits.head_time)
        elif self.exchange is not None and self.h11.their_state is not self.library.SEND_BODY:
            self._ahead += len(data)
        self._feed(data)

    def eof_received(self) -> bool:
        self._feed(b"")
        exchange = self.exchange
        if exchange is None:
            return False
        self._half_closed = True
        exchange.deadline = min(exchange.deadline, time.monotonic() + self.server.limits.half_closed)
        self._wait_for_exchange()
        return True

    def connection_lost(self, error: Exception | None) -> None:
        self._lost = True
        self.server.closed(self)
        if self.exchange is not None:
            self.exchange.client_gone()

    def pause_writing(self) -> None:
        self.writable = False
        self._wait("write", self.server.limits.write_stall)

    def resume_writing(self) -> None:
        self.writable = True
        self._wait_for_exchange()
        if self.exchange is not None:
            self.exchange.resumed()

    # Coming in.

    def _feed(self, data: bytes) -> None:
        try:
            self.h11.receive_data(data)
        except RuntimeError:  # bytes after the end of the input
            return self._close()
        return self._events()

    def _events(self) -> None:
        library = self.library
        while not self._lost:
            try:
                event = self.h11.next_event()
            except library.RemoteProtocolError as error:
                return self._refuse(error.error_status_hint, str(error))
            if event is library.NEED_DATA or event is library.PAUSED:
                return self._throttle()
            if isinstance(event, library.Request):
                if not self._begin(event):
                    return None
            elif isinstance(event, library.Data):
                if not self._body(bytes(event.data)):
                    return None
            elif isinstance(event, library.EndOfMessage):
                assert self.exchange is not None
                try:
                    trailers = trailers_of(event.headers, self.server.limits)
                except Refused as refused:
                    return self._refuse(refused.status, refused.why)
                self.exchange.body.end(trailers)
                self._wait_for_exchange()
            elif isinstance(event, library.ConnectionClosed):
                if self.exchange is None:
                    self._close()
                return None
        return None

    def _begin(self, event: Any) -> bool:
        """A request's head is there. False if it is refused."""
        try:
            request = request_of(event, self.server.scheme, self.server.limits)
        except Refused as refused:
            self._refuse(refused.status, refused.why)
            return False
        exchange = self.exchange = ConnectionExchange(self, request)
        self._used = True
        self._wait_for_exchange()
        self.server.begin(exchange)
        return True

    def _body(self, data: bytes) -> bool:
        exchange = self.exchange
        assert exchange is not None
        exchange.body.feed(data)
        if exchange.body.size > self.server.limits.body_bytes:
            self._refuse(413, "the body is too large")
            return False
        self._wait_for_exchange()
        return True

    def _throttle(self) -> None:
        """Let the client wait while too much of the body is unread, or too much waits behind this request.

        Otherwise reading goes on, though nothing is wanted: it is how the client's end is noticed.
        """
        exchange, limits = self.exchange, self.server.limits
        wanted = exchange is None or (exchange.body.unread < limits.unread_bytes and self._ahead < limits.head_bytes)
        if wanted != self._reading and not self._lost:
            self._reading = wanted
            if wanted:
                self.transport.resume_reading()
            else:
                self.transport.pause_reading()

    def body_read(self) -> None:
        """Some of the body was taken; by a program that may be on a thread of its own."""
        self._on_loop(self._body_read)

    def _body_read(self) -> None:
        self._throttle()
        if self.exchange is not None and not self.exchange.body.unread:
            # From here on it is the client that is waited for.
            self._wait_for_exchange()

    def _on_loop(self, function: Callable[[], object]) -> None:
        if get_ident() == self.server.thread:
            function()
        else:
            self.server.loop.call_soon_threadsafe(function)

    def body_wanted(self) -> None:
        """The body is asked for: a client that waits for leave to send it gets it."""
        if self.h11.they_are_waiting_for_100_continue:
            self.send(
                self.h11.send(self.library.InformationalResponse(status_code=100, headers=[], reason=REASONS[100]))
            )
        self._wait_for_exchange()

    # Going out.

    def send(self, data: bytes | None) -> None:
        """Soon, together with what else is sent now."""
        if data and not self._lost:
            self._out.append(data)
            if not self._flushing:
                self._flushing = True
                self._on_loop(lambda: self.server.loop.call_soon(self._flush))

    def flush(self) -> None:
        """Send what waits to be sent. On the loop's thread."""
        if self._out and not self._lost and get_ident() == self.server.thread:
            data = b"".join(self._out)
            self._out.clear()
            self.transport.write(data)

    def _flush(self) -> None:
        self._flushing = False
        self.flush()

    def ended(self, exchange: ConnectionExchange) -> None:
        """The exchange is over: its program has ended, and the response, or it never will be."""
        if self.exchange is not exchange:
            return None
        self.exchange = None
        if self._lost:
            return None
        if not exchange.is_whole:
            # It must not look so.
            return self._abort()
        if self.h11.our_state is not self.library.DONE:
            return self._close()
        if self.h11.their_state is not self.library.DONE:
            # Nobody read the rest of the request, and nobody will.
            return self._close()
        if self.ending:
            return self._close()
        self.h11.start_next_cycle()
        self._wait("idle", self.server.limits.keep_alive)
        self._ahead = len(self.h11.trailing_data[0])
        self._throttle()
        if self._ahead:
            self._wait("head", self.server.limits.head_time)
        self._events()
        return None

    def _refuse(self, status: int, why: str) -> None:
        """The client broke a rule: say so, if nothing was said yet, and close."""
        exchange = self.exchange
        self.server.refused(self, status, why)
        if exchange is not None:
            exchange.client_failed(HttpError("HTTP-protocol-error", why))
            if exchange.is_answered:
                return self._abort()
        self.answer(status)
        return self._close()

    def answer(self, status: int) -> None:
        """A response of the server's own, if none was begun."""
        if self.h11.our_state not in (self.library.IDLE, self.library.SEND_RESPONSE):
            return
        if self.exchange is not None:
            self.exchange.status = status
        body = b"%d %s\n" % (status, REASONS.get(status, "").encode())
        headers = [
            ("content-type", "text/plain"),
            ("content-length", str(len(body))),
            ("connection", "close"),
            *([("retry-after", "1")] if status == 503 else []),
        ]
        head = self.library.Response(status_code=status, headers=headers, reason=REASONS.get(status, ""))
        self.send(self.h11.send(head))
        self.send(self.h11.send(self.library.Data(data=body)))
        self.send(self.h11.send(self.library.EndOfMessage()))

    def _close(self) -> None:
        self.flush()
        if not self._lost:
            self.transport.close()
            self._wait("write", self.server.limits.write_stall)

    def _abort(self) -> None:
        """Cut it off, so that the client sees that the response is not whole."""
        self.flush()
        if not self._lost:
            self.transport.abort()

    # Time.

    def _wait(self, late: str, seconds: float) -> None:
        self._late = late
        self.deadline = time.monotonic() + seconds

    def _wait_for_exchange(self) -> None:
        exchange = self.exchange
        limits = self.server.limits
        if not self.writable:
            return
        if exchange is None:
            self._wait("idle", limits.keep_alive)
        elif exchange.body.wanted and not exchange.body.ended and not exchange.body.unread:
            self._wait("body", min(limits.body_idle, max(0.0, exchange.deadline - time.monotonic())))
        else:
            self._late, self.deadline = "request", exchange.deadline

    def late(self, now: float) -> None:
        """Its deadline has passed."""
        exchange = self.exchange
        late = self._late
        if exchange is not None and now >= exchange.deadline:
            late = "request"
        self.server.was_late(self, late)
        if late == "idle":
            self._close()
        elif late == "head":
            self.answer(408)
            self._close()
        elif late == "body":
            assert exchange is not None
            exchange.client_failed(HttpError("connection-read-timeout"))
            if exchange.is_answered:
                self._abort()
            else:
                self.answer(408)
                self._close()
        elif late == "request":
            assert exchange is not None
            self.deadline = now + LINGER
            if self._half_closed:
                exchange.client_gone()
            else:
                exchange.out_of_time()
        else:
            self._abort()

    def end(self) -> None:
        """The server ends: no more requests. One that is under way, or on its way, is answered."""
        self.ending = True
        if self.exchange is None and self._late == "idle":
            self._wait("idle", LINGER if self._used else FIRST_REQUEST)
