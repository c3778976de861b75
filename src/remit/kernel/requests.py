"""What is asked for by a request, in the one spelling by which rules for requests are compared."""

from __future__ import annotations

from remit.kernel.refusals import Want

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.kernel.http import Request

PORTS = {"http": 80, "https": 443}

OVERRIDES = frozenset(
    {
        "x-http-method",
        "x-http-method-override",
        "x-method-override",
        "x-original-uri",
        "x-original-url",
        "x-rewrite-url",
    }
)
"""Fields by which some servers take another method or path than those of the request."""

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DIGITS = "0123456789"
_METHOD = frozenset(_LETTERS + _DIGITS + "-_")
_UNRESERVED = frozenset(_LETTERS + _LETTERS.lower() + _DIGITS + "-._~")
_PLAIN = _UNRESERVED | frozenset("/!$&()+,;=:@")
"""What stands in paths as it is. The star is not among them, as it is not for itself in a rule, nor is the quote that
shells take rules in."""

_HEX = frozenset("0123456789abcdefABCDEF")
_HOST = frozenset(_LETTERS.lower() + _DIGITS + "-_.:[]")


def is_method(text: str) -> bool:
    """Whether rules can name it. CONNECT is not a request for anything."""
    return bool(text) and _METHOD.issuperset(text) and text != "CONNECT"


def wanted(request: Request, host: str | None = None, port: int | None = None) -> Want:
    """What was asked for by it, without its query, and the rule that would allow just that, if there can be one.

    `host` and `port`: what its authority says, where that is known.
    """
    if host is None:
        # Who it says that it is, nobody else need know.
        host = request.authority.lower().removesuffix(":").rpartition("@")[2]
    place = f"{request.scheme}://{host.removesuffix('.')}"
    if port is not None and port != PORTS.get(request.scheme):
        place += f":{port}"
    said = request.path.partition("?")[0]
    path = plain_path(said)
    fine = path is not None and is_method(request.method) and request.scheme in PORTS and _HOST.issuperset(host)
    fine = fine and "@" not in request.authority
    rule = f"http: {request.method} {place}{path}" if fine else ""
    return Want("http", request.method, f"{place}{path or said}", rule)


def plain_path(path: str) -> str | None:
    """A path, without query, in the one spelling by which paths are compared; None for what has several meanings."""
    plain = []
    for name in path.split("/"):
        spelled = _plain_name(name)
        if spelled is None:
            return None
        plain.append(spelled)
    # Before the first slash is nothing, and after the last one there may be nothing. `//` has a name of nothing in it.
    if len(plain) < 2 or plain[0] or "" in plain[1:-1]:
        return None
    return "/".join(plain)


def _plain_name(name: str) -> str | None:
    spelled = []
    meant = bytearray()
    at = 0
    while at < len(name):
        sign = name[at]
        if sign == "%":
            digits = name[at + 1 : at + 3]
            if len(digits) != 2 or not _HEX.issuperset(digits):
                return None
            sign = chr(int(digits, 16))
            at += 2
            spelled.append(sign if sign in _UNRESERVED else f"%{digits.upper()}")
        else:
            if not sign.isascii():
                return None
            spelled.append(sign if sign in _PLAIN else f"%{ord(sign):02X}")
        meant.append(ord(sign))
        at += 1
    try:
        text = meant.decode()
    except UnicodeDecodeError:
        return None
    if any(sign < " " or sign in "/\\\x7f" for sign in text):
        return None
    # Some servers take away what is after a semicolon, and some systems dots and spaces at the end of a name.
    before = text.partition(";")[0]
    if text and not before.strip(". "):
        return None
    result = "".join(spelled)
    # A server that takes escapes away twice finds another one.
    if any(len(after) > 1 and _HEX.issuperset(after[:2]) for after in result.split("%25")[1:]):
        return None
    return result
