"""What HTTP is to the kernel: the permission to send requests, and exchanges of a request for a response.

Bodies are streams (:class:`remit.kernel.files.File`, read to their end or written and then finished). Nothing blocks.
Heads, names and values are what goes over the wire: names are lower case ``str``, values ``bytes``; whoever makes them
has checked them. An implementation frames messages itself, so none of `FRAMING` are ever taken from a guest.
"""

from __future__ import annotations

from remit.kernel.errors import Code, KernelError
from remit.kernel.refusals import Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from remit.kernel.files import File
    from remit.kernel.network import Network
    from remit.kernel.poll import Pollable
    from remit.kernel.refusals import Want

    Fields = Sequence[tuple[str, bytes]]
    """Header fields or trailers, in order."""

FRAMING = frozenset(
    {
        "connection",
        "host",
        "http2-settings",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Fields that belong to a connection and not to a message, and ``host``, which the authority says."""


class HttpError(KernelError):
    """An exchange failed. `kind` is a case of ``wasi:http/types.error-code``, such as ``DNS-timeout``.

    Where streams fail by it, whoever knows nothing of HTTP sees an IO error.
    """

    # No slots: a refusal is both this and another error that has some.

    def __init__(self, kind: str, detail: str = "", payload: object = None) -> None:
        super().__init__(Code.IO, detail)
        self.kind = kind
        self.payload = payload
        """What that case carries, if it does and something is known: as ``wasi:http`` defines it."""

    def __str__(self) -> str:
        return f"{self.kind}: {self.detail}" if self.detail else self.kind


class RequestRefused(HttpError, Refused):
    """The program may not send that request, or not there."""

    def __init__(self, kind: str, detail: str = "", *, want: Want) -> None:
        KernelError.__init__(self, Code.ACCESS, detail)
        self.kind = kind
        self.payload = None
        self.want = want

    def again(self) -> RequestRefused:
        """A new one: an exception that is raised again and again keeps every traceback."""
        return RequestRefused(self.kind, self.detail, want=self.want)


class Request:
    """A request as it is sent: where to, and its head."""

    __slots__ = ("authority", "fields", "method", "path", "scheme")

    def __init__(self, method: str, scheme: str, authority: str, path: str, fields: Fields) -> None:
        self.method = method
        """As it is on the wire: ``GET``."""
        self.scheme = scheme
        """``http`` or ``https``."""
        self.authority = authority
        """``host``, ``host:port`` or ``[IPv6]:port``; no user information."""
        self.path = path
        """Path and query, beginning with ``/``; or ``*``."""
        self.fields = fields


class RequestOptions:
    """How long to wait, in nanoseconds; None: as long as the client allows."""

    __slots__ = ("between_bytes", "connect", "first_byte")

    def __init__(
        self, connect: int | None = None, first_byte: int | None = None, between_bytes: int | None = None
    ) -> None:
        self.connect = connect
        self.first_byte = first_byte
        self.between_bytes = between_bytes


class Response:
    """The head of a response, and its body, which is read from the connection as it is read."""

    __slots__ = ("body", "fields", "status")

    def __init__(self, status: int, fields: Fields, body: IncomingBody) -> None:
        self.status = status
        self.fields = fields
        self.body = body


class IncomingBody:
    """A body that comes in."""

    __slots__ = ()

    def stream(self) -> File:
        """Its bytes. Reading raises HttpError where the message breaks off or is malformed."""
        raise KernelError(Code.NOT_SUPPORTED, f"{type(self).__name__} has no stream")

    def trailers(self) -> Fields | None:
        """What came after the bytes, or None. WouldBlock until all of the body was read; HttpError."""
        raise KernelError(Code.NOT_SUPPORTED, f"{type(self).__name__} has no trailers")

    def when_trailers(self) -> Pollable:
        """Ready while :meth:`trailers` would not raise WouldBlock."""
        raise KernelError(Code.NOT_SUPPORTED, f"{type(self).__name__} has no trailers")

    def close(self) -> None:
        """Nobody wants the rest. Closing twice does nothing."""


class OutgoingBody:
    """A body that goes out. If its head declares a length, that is kept: more is an error, and so is less."""

    __slots__ = ()

    def stream(self) -> File:
        """Where its bytes are written. Writing raises HttpError if the connection broke, or it is too much."""
        raise KernelError(Code.NOT_SUPPORTED, f"{type(self).__name__} has no stream")

    def finish(self, trailers: Fields | None) -> None:
        """That was all of it. HttpError if it is less than was declared. It never waits: what is left goes out
        while the exchange goes on."""
        raise KernelError(Code.NOT_SUPPORTED, f"{type(self).__name__} has no end")

    def abort(self) -> None:
        """There will be no more, and the message is not whole: the other side is made to see that."""
        raise KernelError(Code.NOT_SUPPORTED, f"{type(self).__name__} cannot be aborted")


class Exchange:
    """A request under way."""

    __slots__ = ()

    body: OutgoingBody
    """Of the request."""

    def response(self) -> Response:
        """The response, once. WouldBlock until its head is there. HttpError."""
        raise KernelError(Code.NOT_SUPPORTED, f"{type(self).__name__} has no response")

    def when_response(self) -> Pollable:
        """Ready while :meth:`response` would not raise WouldBlock."""
        raise KernelError(Code.NOT_SUPPORTED, f"{type(self).__name__} has no response")

    def close(self) -> None:
        """Nobody waits for the response any more. Its body, if that was taken, goes on. Closing twice does nothing."""

    def abandon(self) -> None:
        """Cut the connection, whoever still needs it. Doing it twice does nothing."""
        self.close()

    def watch(self, released: Callable[[], None]) -> None:
        """Call `released` once, when the exchange holds no connection any more; at once if that is so."""
        released()


class RequestRules:
    """Which requests may be sent over a network. Clients ask for each."""

    __slots__ = ()

    def network_for(self, request: Request, host: str, port: int) -> Network:
        """What the connection for it is made with: it reaches that host at that port. RequestRefused.

        `host` is in lower case, and in brackets if it is an IPv6 address.
        """
        raise KernelError(Code.NOT_SUPPORTED, f"{type(self).__name__} allows nothing")

    def allowed_by(self, request: Request, host: str, port: int) -> str:
        """The text of the rule that allows it, as :meth:`network_for` has these; "" if none does."""
        return ""


class HttpClient:
    """The permission to send requests."""

    __slots__ = ()

    def send(self, request: Request, options: RequestOptions, *, has_body: bool) -> Exchange:
        """Begin an exchange. Without a body, the request is all there.

        HttpError at once for what cannot be sent; ``HTTP-request-denied`` for what may not.
        """
        raise KernelError(Code.NOT_SUPPORTED, f"{type(self).__name__} sends nothing")


class IncomingExchange:
    """A request that came in, to be answered once: by a server for whoever handles requests."""

    __slots__ = ()

    request: Request
    body: IncomingBody
    """Of the request."""

    def inform(self, status: int, fields: Fields) -> None:
        """Send an informational response (100 to 199), before the real one. Where nobody takes it, it is left out."""
        raise KernelError(Code.NOT_SUPPORTED, f"{type(self).__name__} takes no informational responses")

    def respond(self, status: int, fields: Fields) -> OutgoingBody:
        """Send the head of the response; its body follows. HttpError if the connection is gone."""
        raise KernelError(Code.NOT_SUPPORTED, f"{type(self).__name__} takes no response")

    def fail(self, error: HttpError) -> None:
        """There is no response but an error: the server answers for itself, or cuts the connection."""
        raise KernelError(Code.NOT_SUPPORTED, f"{type(self).__name__} takes no error")
