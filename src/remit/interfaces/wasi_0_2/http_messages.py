"""Requests and responses, going out and coming in."""

from __future__ import annotations

from remit.component.values.results import Err
from remit.component.values.variants import Case
from remit.interfaces.wasi_0_2.http_bodies import IncomingBody, OutgoingBody, Outlet
from remit.interfaces.wasi_0_2.http_fields import Fields
from remit.interfaces.wit.declaration import Resource, method

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from remit.kernel.http import IncomingBody as KernelIncomingBody
    from remit.kernel.http import Request, Response

METHODS = {
    "get": "GET",
    "head": "HEAD",
    "post": "POST",
    "put": "PUT",
    "delete": "DELETE",
    "connect": "CONNECT",
    "options": "OPTIONS",
    "trace": "TRACE",
    "patch": "PATCH",
}
_LABELS = {name: label for label, name in METHODS.items()}

_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_PATH = frozenset("!$%&'()*+,-./:;=?@_~[]|\\^`{}\"#0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_AUTHORITY = frozenset("-._~!$&'()*+,;=:[]%0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_SCHEME = frozenset("+-.0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")

MAX_TARGET = 64 << 10
"""Bytes of a path, an authority or a method: no server takes more."""


def method_value(name: str) -> Any:
    """A ``method`` for what it is on the wire."""
    return _LABELS.get(name) or Case("other", name)


def method_name(method: Any) -> str:
    """What a ``method`` is on the wire. Err."""
    if method.label != "other":
        return METHODS[method.label]
    name: str = method.value
    if not name or not _TOKEN.issuperset(name) or len(name) > MAX_TARGET:
        raise Err()
    return name


def scheme_value(scheme: str) -> Any:
    return {"http": "HTTP", "https": "HTTPS"}.get(scheme) or Case("other", scheme)


class OutgoingRequest(Resource):
    """A request in the making."""

    __slots__ = ("_authority", "_fields", "_method", "_path", "_scheme", "outlet")
    name = "outgoing-request"

    def __init__(self, headers: Fields) -> None:
        headers.immutable = True
        self._fields = headers
        self._method = "GET"
        self._path: str | None = None
        self._scheme: Any = None
        self._authority: str | None = None
        self.outlet: Outlet | None = None
        """Where its body is written, if it has one."""

    @method("() -> result<outgoing-body>")
    def body(self) -> OutgoingBody:
        if self.outlet is not None:
            raise Err()
        self.outlet = Outlet()
        return OutgoingBody(self.outlet)

    @method("() -> method", name="method")
    def verb(self) -> Any:
        return method_value(self._method)

    @method("(method: method) -> result")
    def set_method(self, wanted: Any) -> None:
        self._method = method_name(wanted)

    @method("() -> option<string>")
    def path_with_query(self) -> str | None:
        return self._path

    @method("(path-with-query: option<string>) -> result")
    def set_path_with_query(self, path: str | None) -> None:
        if path is not None and (not _PATH.issuperset(path) or len(path) > MAX_TARGET):
            raise Err()
        self._path = path

    @method("() -> option<scheme>")
    def scheme(self) -> Any:
        return self._scheme

    @method("(scheme: option<scheme>) -> result")
    def set_scheme(self, scheme: Any) -> None:
        if scheme is not None and scheme.label == "other":
            text: str = scheme.value
            if not text[:1].isalpha() or not _SCHEME.issuperset(text) or len(text) > MAX_TARGET:
                raise Err()
        self._scheme = scheme

    @method("() -> option<string>")
    def authority(self) -> str | None:
        return self._authority

    @method("(authority: option<string>) -> result")
    def set_authority(self, authority: str | None) -> None:
        if authority is not None and (not authority or not _AUTHORITY.issuperset(authority)):
            raise Err()
        if authority is not None and len(authority) > MAX_TARGET:
            raise Err()
        self._authority = authority

    @method("() -> headers")
    def headers(self) -> Fields:
        return Fields(self._fields.items, immutable=True)

    def to_kernel(self) -> Request | None:
        """As it is sent; None if it does not say where to."""
        from remit.kernel.http import Request

        scheme = "https" if self._scheme is None else str(getattr(self._scheme, "value", self._scheme.label)).lower()
        if self._authority is None:
            return None
        return Request(self._method, scheme, self._authority, self._path or "/", self._fields.items)

    def drop(self) -> None:
        if self.outlet is not None:
            from remit.kernel.http import HttpError

            self.outlet.never(HttpError("connection-terminated", "the request was dropped"))


class RequestOptions(Resource):
    """How long to wait, in nanoseconds."""

    __slots__ = ("between_bytes", "connect", "first_byte")
    name = "request-options"

    def __init__(self) -> None:
        self.connect: int | None = None
        self.first_byte: int | None = None
        self.between_bytes: int | None = None

    @method("() -> option<duration>")
    def connect_timeout(self) -> int | None:
        return self.connect

    @method("(duration: option<duration>) -> result")
    def set_connect_timeout(self, duration: int | None) -> None:
        self.connect = duration

    @method("() -> option<duration>")
    def first_byte_timeout(self) -> int | None:
        return self.first_byte

    @method("(duration: option<duration>) -> result")
    def set_first_byte_timeout(self, duration: int | None) -> None:
        self.first_byte = duration

    @method("() -> option<duration>")
    def between_bytes_timeout(self) -> int | None:
        return self.between_bytes

    @method("(duration: option<duration>) -> result")
    def set_between_bytes_timeout(self, duration: int | None) -> None:
        self.between_bytes = duration


class _Incoming(Resource):
    """A message that came in."""

    __slots__ = ("_body", "_limit", "_taken")

    def __init__(self, body: KernelIncomingBody, limit: int) -> None:
        self._body = body
        self._limit = limit
        self._taken = False

    @method("() -> result<incoming-body>")
    def consume(self) -> IncomingBody:
        if self._taken:
            raise Err()
        self._taken = True
        return IncomingBody(self._body, self._limit)

    def drop(self) -> None:
        if not self._taken:
            self._taken = True
            self._body.close()


class IncomingRequest(_Incoming):
    """A request that the program is to answer."""

    __slots__ = ("_request",)
    name = "incoming-request"

    def __init__(self, request: Request, body: KernelIncomingBody, limit: int) -> None:
        super().__init__(body, limit)
        self._request = request

    @method("() -> method", name="method")
    def verb(self) -> Any:
        return method_value(self._request.method)

    @method("() -> option<string>")
    def path_with_query(self) -> str | None:
        return self._request.path

    @method("() -> option<scheme>")
    def scheme(self) -> Any:
        return scheme_value(self._request.scheme)

    @method("() -> option<string>")
    def authority(self) -> str | None:
        return self._request.authority or None

    @method("() -> headers")
    def headers(self) -> Fields:
        return Fields(self._request.fields, immutable=True)


class IncomingResponse(_Incoming):
    """The response to a request of the program's."""

    __slots__ = ("_fields", "_status")
    name = "incoming-response"

    def __init__(self, response: Response, limit: int) -> None:
        super().__init__(response.body, limit)
        self._status = response.status
        self._fields = response.fields

    @method("() -> status-code")
    def status(self) -> int:
        return self._status

    @method("() -> headers")
    def headers(self) -> Fields:
        return Fields(self._fields, immutable=True)


class OutgoingResponse(Resource):
    """A response in the making."""

    __slots__ = ("fields", "outlet", "status")
    name = "outgoing-response"

    def __init__(self, headers: Fields) -> None:
        headers.immutable = True
        self.fields = headers
        self.status = 200
        self.outlet: Outlet | None = None

    @method("() -> status-code")
    def status_code(self) -> int:
        return self.status

    @method("(status-code: status-code) -> result")
    def set_status_code(self, status: int) -> None:
        if not 100 <= status <= 999:
            raise Err()
        self.status = status

    @method("() -> headers")
    def headers(self) -> Fields:
        return Fields(self.fields.items, immutable=True)

    @method("() -> result<outgoing-body>")
    def body(self) -> OutgoingBody:
        if self.outlet is not None:
            raise Err()
        self.outlet = Outlet()
        return OutgoingBody(self.outlet)

    def drop(self) -> None:
        if self.outlet is not None:
            from remit.kernel.http import HttpError

            self.outlet.never(HttpError("connection-terminated", "the response was dropped"))
