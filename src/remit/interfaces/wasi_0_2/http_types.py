"""``wasi:http/types``: what its resources are is in the modules beside this one."""

from __future__ import annotations

from remit.component.values.results import Err, Ok
from remit.interfaces.wasi_0_2.errors import Error
from remit.interfaces.wasi_0_2.http_bodies import FutureTrailers, IncomingBody, OutgoingBody, Outlet
from remit.interfaces.wasi_0_2.http_connections import check_room, keep
from remit.interfaces.wasi_0_2.http_errors import TYPES, error_code, failure_of
from remit.interfaces.wasi_0_2.http_fields import Fields, fields_from
from remit.interfaces.wasi_0_2.http_messages import (
    METHODS,
    IncomingRequest,
    IncomingResponse,
    OutgoingRequest,
    OutgoingResponse,
    RequestOptions,
)
from remit.interfaces.wasi_0_2.poll import Pollable
from remit.interfaces.wit.declaration import Interface, Resource, constructor, func, method, static
from remit.kernel.errors import KernelError, WouldBlock
from remit.kernel.http import HttpError, RequestRefused
from remit.kernel.poll import ALWAYS
from remit.kernel.refusals import Refused, Want

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from remit.interfaces.wit.declaration import Host
    from remit.kernel.http import Exchange, IncomingExchange, Request
    from remit.kernel.process import Process


class FutureIncomingResponse(Resource):
    """The response to a request that is on its way."""

    __slots__ = ("_exchange", "_failure", "_given", "_limit", "_process")
    name = "future-incoming-response"

    def __init__(
        self, exchange: Exchange | None, failure: KernelError | None, limit: int, process: Process | None = None
    ) -> None:
        """`process`: whose request it is."""
        self._process = process
        self._exchange = exchange
        self._failure = failure
        self._limit = limit
        self._given = False

    @method("() -> pollable")
    def subscribe(self) -> Pollable:
        return Pollable(ALWAYS if self._exchange is None else self._exchange.when_response())

    @method("() -> option<result<result<incoming-response, error-code>>>")
    def get(self) -> Any:
        if self._given:
            return Err()
        try:
            if self._failure is not None or self._exchange is None:
                raise self._failure or HttpError("internal-error")
            response = self._exchange.response()
        except WouldBlock:
            return None
        except KernelError as failure:
            self._given = True
            if self._process is not None and isinstance(failure, Refused):
                # The call itself succeeds, so that nobody else notes it.
                self._process.failed("handle", failure)
            return Ok(Err(error_code(failure)))
        self._given = True
        return Ok(Ok(IncomingResponse(response, self._limit)))

    def drop(self) -> None:
        if self._exchange is not None:
            self._exchange.close()


class ResponseOutparam(Resource):
    """Where a program puts its response: once."""

    __slots__ = ("_exchange", "answered")
    name = "response-outparam"

    def __init__(self, exchange: IncomingExchange) -> None:
        self._exchange = exchange
        self.answered = False

    @method("(status: u16, headers: headers) -> result<_, error-code>")
    def send_informational(self, status: int, headers: Fields) -> None:
        if not 100 <= status <= 199 or status == 101:
            raise HttpError("HTTP-protocol-error", f"{status} is no informational response")
        self._exchange.inform(status, headers.items)

    def answer(self, response: OutgoingResponse) -> None:
        """Send it. What goes wrong from here on, the program learns from its body."""
        self.answered = True
        outlet = response.outlet
        fields = response.fields.items
        try:
            if outlet is None:
                if not any(name == "content-length" for name, _ in fields):
                    fields = [*fields, ("content-length", b"0")]
                self._exchange.respond(response.status, fields).finish(None)
                return
            whole = outlet.is_whole
            if whole is not None and not any(name == "content-length" for name, _ in fields):
                fields = [*fields, ("content-length", b"%d" % len(whole))]
            # From here on the body belongs to the exchange.
            response.outlet = None
            outlet.attach(self._exchange.respond(response.status, fields))
        except KernelError as failure:
            if outlet is not None:
                error = failure if isinstance(failure, HttpError) else HttpError("internal-error", str(failure))
                outlet.never(error)

    def fail(self, error: HttpError) -> None:
        self.answered = True
        self._exchange.fail(error)

    def drop(self) -> None:
        if not self.answered:
            self.fail(HttpError("internal-error", "the program dropped the response-outparam"))


class HttpTypes(Interface):
    name = "wasi:http/types"
    version = "0.2.12"
    resources = (
        Fields,
        IncomingRequest,
        OutgoingRequest,
        RequestOptions,
        ResponseOutparam,
        IncomingResponse,
        IncomingBody,
        FutureTrailers,
        OutgoingResponse,
        OutgoingBody,
        FutureIncomingResponse,
    )
    types = {
        "method": f"variant {{ {', '.join(METHODS)}, other(string) }}",
        "scheme": "variant { HTTP, HTTPS, other(string) }",
        **TYPES,
        "header-error": "variant { invalid-syntax, forbidden, immutable }",
        "field-key": "string",
        "field-name": "field-key",
        "field-value": "list<u8>",
        "headers": "fields",
        "trailers": "fields",
        "status-code": "u16",
    }
    uses = {
        "duration": "wasi:clocks/monotonic-clock",
        "input-stream": "wasi:io/streams",
        "output-stream": "wasi:io/streams",
        "io-error": "wasi:io/error.error",
        "pollable": "wasi:io/poll",
    }

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._outlets: list[Outlet] = []
        """Of bodies that were finished, and may not have gone out."""
        self.lost: HttpError | None = None
        """Why the last body that did not go out did not."""

    @classmethod
    def error(cls, failure: KernelError) -> Any:
        return error_code(failure)

    @property
    def _limit(self) -> int:
        return self.process.limits.io_bytes

    @func("(err: borrow<io-error>) -> option<error-code>")
    def http_error_code(self, error: Error) -> Any:
        return error_code(error.failure) if isinstance(error.failure, HttpError) else None

    @constructor("fields", "()")
    def new_fields(self) -> Fields:
        return Fields()

    @static(
        "fields", "(entries: list<tuple<field-name, field-value>>) -> result<fields, header-error>", name="from-list"
    )
    def fields_from_list(self, entries: Sequence[tuple[str, bytes]]) -> Fields:
        return fields_from(entries)

    @constructor("outgoing-request", "(headers: headers)")
    def new_outgoing_request(self, headers: Fields) -> OutgoingRequest:
        return OutgoingRequest(headers)

    @constructor("request-options", "()")
    def new_request_options(self) -> RequestOptions:
        return RequestOptions()

    @constructor("outgoing-response", "(headers: headers)")
    def new_outgoing_response(self, headers: Fields) -> OutgoingResponse:
        return OutgoingResponse(headers)

    @static(
        "response-outparam",
        "(param: response-outparam, response: result<outgoing-response, error-code>)",
        name="set",
    )
    def set_response(self, outparam: ResponseOutparam, response: Ok | Err) -> None:
        if isinstance(response, Err):
            outparam.fail(failure_of(response.value))
        else:
            outparam.answer(response.value)

    @static("incoming-body", "(this: incoming-body) -> future-trailers", name="finish")
    def finish_incoming(self, body: IncomingBody) -> FutureTrailers:
        return body.finish()

    @static(
        "outgoing-body", "(this: outgoing-body, trailers: option<trailers>) -> result<_, error-code>", name="finish"
    )
    def finish_outgoing(self, body: OutgoingBody, trailers: Fields | None) -> None:
        self._outlets.append(body.outlet)
        body.finish(trailers)

    def finish(self) -> None:
        while self._outlets:
            try:
                self._outlets[-1].drain()
            except HttpError as failure:
                # The program has ended, and cannot be told; whoever has the connection knows.
                self.lost = failure
            self._outlets.pop()

    # For the handlers.

    def send(self, request: OutgoingRequest, options: RequestOptions | None) -> FutureIncomingResponse:
        """HttpError for a request that cannot be sent, or may not."""
        from remit.kernel.http import RequestOptions as KernelOptions

        outlet, request.outlet = request.outlet, None
        try:
            client = self.process.http
            wanted = request.to_kernel()
            if client is None:
                raise _refused(wanted)
            if wanted is None:
                raise HttpError("HTTP-request-URI-invalid", "the request has no authority")
            whole = None if outlet is None else outlet.is_whole
            if whole is not None and not any(name == "content-length" for name, _ in wanted.fields):
                wanted.fields = [*wanted.fields, ("content-length", b"%d" % len(whole))]
            check_room(self.process.descriptors)
            waits = options or RequestOptions()
            exchange = client.send(
                wanted,
                KernelOptions(waits.connect, waits.first_byte, waits.between_bytes),
                has_body=outlet is not None,
            )
        except HttpError as failure:
            if outlet is not None:
                outlet.never(failure)
            raise
        keep(exchange, self.process.descriptors)
        if outlet is not None:
            outlet.attach(exchange.body)
        return FutureIncomingResponse(exchange, None, self._limit, self.process)


def _refused(request: Request | None) -> RequestRefused:
    """Of a program that was granted no requests at all."""
    from remit.kernel.requests import wanted

    want = Want("http", "send", "a request") if request is None else wanted(request)
    return RequestRefused("HTTP-request-denied", "the program was granted no network (--net, --allow-net)", want=want)
