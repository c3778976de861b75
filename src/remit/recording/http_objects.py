"""HTTP requests as a program sends them while it is recorded or replayed."""

from __future__ import annotations

from remit.kernel.http import Exchange, HttpClient, IncomingBody, OutgoingBody, Response
from remit.recording.objects import _SLOTS, FILE, POLLABLE
from remit.recording.results import FIELDS, NOTHING, Objects, Result, fields_told
from remit.recording.tape import Taped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from remit.kernel.files import File
    from remit.kernel.http import Fields, Request, RequestOptions
    from remit.kernel.poll import Pollable
    from remit.recording.tape import Tape


class TapedIncomingBody(Taped, IncomingBody):
    __slots__ = _SLOTS
    kind = "the body of a response"

    def stream(self) -> File:
        found: File = self._call("stream", (), lambda real: real.stream(), FILE)
        return found

    def trailers(self) -> Fields | None:
        found: Fields | None = self._call("trailers", (), lambda real: real.trailers(), FIELDS)
        return found

    def when_trailers(self) -> Pollable:
        found: Pollable = self._call("when_trailers", (), lambda real: real.when_trailers(), POLLABLE)
        return found

    def close(self) -> None:
        self._call("close", (), lambda real: real.close(), NOTHING)


class TapedOutgoingBody(Taped, OutgoingBody):
    __slots__ = _SLOTS
    kind = "the body of a request"

    def stream(self) -> File:
        found: File = self._call("stream", (), lambda real: real.stream(), FILE)
        return found

    def finish(self, trailers: Fields | None) -> None:
        self._call("finish", (fields_told(trailers),), lambda real: real.finish(trailers), NOTHING)

    def abort(self) -> None:
        self._call("abort", (), lambda real: real.abort(), NOTHING)


_INCOMING = Objects((IncomingBody, TapedIncomingBody))
_OUTGOING = Objects((OutgoingBody, TapedOutgoingBody))


class _ResponseResult(Result):
    """A head, and the body that follows it."""

    __slots__ = ()

    def tell(self, tape: Tape, value: Any) -> tuple[Any, Any]:
        told, body = _INCOMING.tell(tape, value.body)
        fields = fields_told(value.fields)
        return (value.status, fields, told), Response(value.status, list(fields or ()), body)

    def make(self, tape: Tape, told: Any) -> Any:
        status, fields, body = told
        return Response(status, list(fields), _INCOMING.make(tape, body))


_RESPONSE = _ResponseResult()


class TapedExchange(Taped, Exchange):
    __slots__ = (*_SLOTS, "_body")
    kind = "a request"

    @property
    def body(self) -> OutgoingBody:  # type: ignore[override]  # an attribute there
        if not hasattr(self, "_body"):
            self._body: OutgoingBody = self._call("body", (), lambda real: real.body, _OUTGOING)
        return self._body

    def response(self) -> Response:
        found: Response = self._call("response", (), lambda real: real.response(), _RESPONSE)
        return found

    def when_response(self) -> Pollable:
        found: Pollable = self._call("when_response", (), lambda real: real.when_response(), POLLABLE)
        return found

    def close(self) -> None:
        self._call("close", (), lambda real: real.close(), NOTHING)

    def abandon(self) -> None:
        self._call("abandon", (), lambda real: real.abandon(), NOTHING)

    def watch(self, released: Callable[[], None]) -> None:
        self._tape.watch(self, released)


_EXCHANGE = Objects((Exchange, TapedExchange))


class TapedHttpClient(Taped, HttpClient):
    __slots__ = _SLOTS
    kind = "the HTTP client"

    def send(self, request: Request, options: RequestOptions, *, has_body: bool) -> Exchange:
        told = (
            *(request.method, request.scheme, request.authority, request.path, fields_told(request.fields)),
            *(options.connect, options.first_byte, options.between_bytes, has_body),
        )
        found: Exchange = self._call(
            "send", told, lambda real: real.send(request, options, has_body=has_body), _EXCHANGE
        )
        return found
