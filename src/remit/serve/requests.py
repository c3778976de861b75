"""What a request asks for, by its head: authority, path, the fields that are for programs; or why it is refused."""

from __future__ import annotations

from remit.http.framing import fields_of
from remit.kernel.http import Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from remit.kernel.http import Fields
    from remit.serve.settings import ServerLimits

HIDDEN = frozenset(
    {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "host"}
)
"""Fields between the client and this server."""

NOT_IN_TRAILERS = HIDDEN | {"authorization", "content-encoding", "content-length", "content-range", "content-type"}
"""Fields that say how a message is to be read or by whom: after it, they are too late (RFC 9110, 6.5.1)."""

_AUTHORITY = frozenset("-._~!$&'()*+,;=:[]%0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


_AROUND = len(b": \r\n")
"""Of a field."""


class Refused(Exception):
    """The request is not for a program to see."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


def request_of(head: Any, scheme: str, limits: ServerLimits) -> Request:
    """The request of a head that h11 found well-formed. Refused."""
    if head.http_version not in (b"1.0", b"1.1"):
        raise Refused(505, "HTTP/1.1 is spoken here")
    if len(head.target) > limits.head_bytes:
        raise Refused(414, "the target is too long")
    if (
        len(head.method) + len(head.target) + sum([len(name) + len(value) + _AROUND for name, value in head.headers])
        > limits.head_bytes
    ):
        # The parser has a limit for what is not all there yet, and all of it may come at once.
        raise Refused(431, "the head is too large")
    fields = fields_of(head.headers)
    method = head.method.decode("ascii")
    check_head(method, fields, limits)
    host = next((value for name, value in fields if name == "host"), b"").decode("latin-1")
    authority, path = _target(method, head.target.decode("ascii"), host)
    if not _AUTHORITY.issuperset(authority):
        raise Refused(400, "the authority is none")
    return Request(method, scheme, authority, path, [each for each in fields if each[0] not in HIDDEN])


def check_head(method: str, fields: Fields, limits: ServerLimits) -> None:
    """Refused: by its method, its fields, or its length."""
    if len(fields) > limits.fields:
        raise Refused(431, "too many fields")
    if method == "CONNECT":
        raise Refused(501, "no tunnels")
    lengths = [value for name, value in fields if name == "content-length"]
    if lengths and any(name == "transfer-encoding" for name, _ in fields):
        # Whoever stands between may have gone by the other one (RFC 9112, 6.3).
        raise Refused(400, "a length, and chunks")
    for length in lengths:
        if not length.isdigit():
            raise Refused(400, "the length is none")
        if len(length) > 20 or int(length) > limits.body_bytes:
            raise Refused(413, "the body is too large")


def _target(method: str, target: str, host: str) -> tuple[str, str]:
    """Authority and path of a request target (RFC 9112, 3.2)."""
    if target.startswith("/") or (target == "*" and method == "OPTIONS"):
        return host, target
    scheme, mark, rest = target.partition("://")
    if not mark or scheme.lower() not in ("http", "https"):
        raise Refused(400, "the target is none")
    end = min((at for at in (rest.find(each) for each in "/?#") if at >= 0), default=len(rest))
    # What the target says counts, and not the field beside it.
    authority, path = rest[:end], rest[end:]
    if not authority:
        raise Refused(400, "the target has no authority")
    return authority, path if path.startswith("/") else "/" + path


def trailers_of(headers: Any, limits: ServerLimits) -> Fields | None:
    """Those that are for programs; None if there are none. Refused: they are too many or too large."""
    if len(headers) > limits.fields:
        raise Refused(431, "too many trailers")
    if sum([len(name) + len(value) + _AROUND for name, value in headers]) > limits.head_bytes:
        raise Refused(431, "the trailers are too large")
    return [each for each in fields_of(headers) if each[0] not in NOT_IN_TRAILERS] or None
