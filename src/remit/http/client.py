"""The client: a request becomes an exchange over a connection of its own.

What is checked here is what must hold whoever asks: where the request goes is what its authority says, and nothing in
its fields can say otherwise. Which addresses may be reached, the network says when it connects.
"""

from __future__ import annotations

from remit.http.authorities import PORTS, Authorities, split_authority
from remit.kernel.clocks import AMBIENT_MONOTONIC_CLOCK
from remit.kernel.http import FRAMING, HttpClient, HttpError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable

    from remit.http.exchange import ClientExchange
    from remit.kernel.clocks import Clock
    from remit.kernel.http import Request, RequestOptions
    from remit.kernel.network import Network

SECOND = 1_000_000_000
LONGEST_CONNECT = 60 * SECOND
"""Nanoseconds that it may take to look up a name, connect, and agree on TLS, whatever a program asks for."""

MAX_TARGET = 64 << 10
"""Characters of a path with its query."""

_TOKEN = frozenset(b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_PATH = frozenset(b"!$%&'()*+,-./:;=?@_~[]|\\^`{}\"<>0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


class Client(HttpClient):
    """Sends requests over `network`, as far as its :meth:`~remit.kernel.network.Network.request_rules` allow.

    `allow`: the only authorities to send to (:class:`Authorities`); by default, whatever the network reaches.
    `tls`: how servers prove who they are; by default to the system's authorities. `clock`: what timeouts count by.
    """

    __slots__ = ("_allowed", "_clock", "_network", "_rules", "_tls")

    def __init__(
        self,
        network: Network,
        *,
        allow: Iterable[str] | None = None,
        tls: ssl.SSLContext | None = None,
        clock: Clock = AMBIENT_MONOTONIC_CLOCK,
    ) -> None:
        """ValueError for what is not an authority."""
        self._network = network
        self._rules = network.request_rules()
        self._allowed = None if allow is None else Authorities(allow)
        self._tls = tls
        self._clock = clock

    def send(self, request: Request, options: RequestOptions, *, has_body: bool) -> ClientExchange:
        _check(request)
        scheme = request.scheme
        host, port = split_authority(request.authority, PORTS[scheme])
        if self._allowed is not None and not self._allowed.allow(scheme, host, port):
            raise HttpError("HTTP-request-denied", f"{scheme}://{host}:{port} is not among what is allowed")
        network = self._network if self._rules is None else self._rules.network_for(request, host, port)
        from remit.http.exchange import ClientExchange
        from remit.http.transport import Transport

        connect = LONGEST_CONNECT if options.connect is None else min(options.connect, LONGEST_CONNECT)
        context = self._context() if scheme == "https" else None
        transport = Transport(network, host, port, context, self._clock, self._clock.now() + connect)
        named = host if port == PORTS[scheme] else f"{host}:{port}"
        try:
            return ClientExchange(transport, request, named, options, self._clock, has_body=has_body)
        except BaseException:
            transport.close()
            raise

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            import ssl

            self._tls = ssl.create_default_context()
            self._tls.set_alpn_protocols(["http/1.1"])
        return self._tls


def _check(request: Request) -> None:
    if request.scheme not in PORTS:
        raise HttpError("HTTP-protocol-error", f"no scheme is called {request.scheme!r}")
    method = request.method
    # CONNECT asks for a tunnel to wherever its target says.
    if not method or not _TOKEN.issuperset(method.encode("utf-8", "replace")) or method.upper() == "CONNECT":
        raise HttpError("HTTP-request-method-invalid", f"the method {method!r}")
    path = request.path
    if len(path) > MAX_TARGET:
        raise HttpError("HTTP-request-URI-too-long", f"{len(path)} characters")
    if path != "*" and not path.startswith("/"):
        raise HttpError("HTTP-request-URI-invalid", f"the path {path!r} does not begin with a slash")
    if not path.isascii() or not _PATH.issuperset(path.encode()):
        raise HttpError("HTTP-request-URI-invalid", f"the path {path!r} has characters that no path has")
    for name, _ in request.fields:
        if name.lower() in FRAMING:
            raise HttpError("HTTP-request-denied", f"{name} is not for programs to say")
