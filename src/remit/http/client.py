"""The client: a request becomes an exchange over a connection of its own.

What is checked here is what must hold whoever asks: where the request goes is what its authority says, and nothing in
its fields can say otherwise. Which addresses may be reached, the network says when it connects.
"""

from __future__ import annotations

from remit.kernel.clocks import AMBIENT_MONOTONIC_CLOCK
from remit.kernel.http import FRAMING, HttpClient, HttpError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl

    from remit.http.exchange import ClientExchange
    from remit.kernel.http import Request, RequestOptions
    from remit.kernel.network import Network

SECOND = 1_000_000_000
LONGEST_CONNECT = 60 * SECOND
LONGEST_SILENCE = 600 * SECOND
"""Nanoseconds that a server may take to accept a connection, and to send anything, whatever a program asks for: so that
no connection is kept for ever."""

PORTS = {"http": 80, "https": 443}

_PATH = frozenset(b"!$%&'()*+,-./:;=?@_~[]|\\^`{}\"<>#0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


class Client(HttpClient):
    """Sends requests over `network`. `tls`: how servers prove who they are; by default to the system's authorities."""

    __slots__ = ("_network", "_tls")

    def __init__(self, network: Network, *, tls: ssl.SSLContext | None = None) -> None:
        self._network = network
        self._tls = tls

    def send(self, request: Request, options: RequestOptions, *, has_body: bool) -> ClientExchange:
        _check(request)
        host, port = split_authority(request.authority, PORTS[request.scheme])
        from remit.http.exchange import ClientExchange
        from remit.http.transport import Transport

        connect = LONGEST_CONNECT if options.connect is None else min(options.connect, LONGEST_CONNECT)
        context = self._context() if request.scheme == "https" else None
        transport = Transport(self._network, host, port, context, AMBIENT_MONOTONIC_CLOCK.now() + connect)
        try:
            return ClientExchange(transport, request, options, has_body=has_body)
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
    path = request.path
    if path != "*" and not path.startswith("/"):
        raise HttpError("HTTP-request-URI-invalid", f"the path {path!r} does not begin with a slash")
    if not path.isascii() or not _PATH.issuperset(path.encode()):
        raise HttpError("HTTP-request-URI-invalid", f"the path {path!r} has characters that no path has")
    for name, _ in request.fields:
        if name.lower() in FRAMING:
            raise HttpError("HTTP-request-denied", f"{name} is not for programs to say")


def split_authority(authority: str, default: int) -> tuple[str, int]:
    """The host, in brackets if it is an IPv6 address, and the port. HttpError.

    An authority with user information is refused: what it looks like is not where it goes.
    """
    host, port = authority, ""
    if authority.startswith("["):
        end = authority.find("]")
        host, port = authority[: end + 1], authority[end + 1 :]
        if end < 0 or (port and not port.startswith(":")):
            raise HttpError("HTTP-request-URI-invalid", f"the authority {authority!r}")
        port = port[1:]
    elif ":" in authority:
        host, _, port = authority.partition(":")
    fine = host and all(each.isalnum() or each in "-._~[]:%" for each in host) and host.isascii()
    if not fine or (port and not (port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) < 65536)):
        raise HttpError("HTTP-request-URI-invalid", f"the authority {authority!r}")
    return host, int(port) if port else default
