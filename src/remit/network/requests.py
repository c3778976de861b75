"""Rules for HTTP requests: where, by which methods, and to which paths.

::

    http: GET,HEAD https://api.example.com/v1/*     whatever is below /v1/
    http: POST http://10.0.0.5:8080/login           this path only
    http: * https://*.example.com/*                 any method, any path, at any name below example.com
    http: GET https://*/*                           anywhere

A rule is ``http:``, methods with commas between them or ``*``, and a URL, with one space before each of these two.
Methods are written in upper case, as they are sent. The URL is ``http`` or ``https``, a host (a name, ``*.name``, an
address, or ``*``), a port if it is not the scheme's own, and a path. A path that ends with ``/*`` means all that
begin with what is before the star; any other one means itself alone. A ``*`` elsewhere is an error, and so are user
information, a query and a fragment. Whatever query a request has is allowed with its path.

As soon as there is one such rule, requests are what these rules allow and nothing else. A request that is allowed may
connect to that host at that port; programs themselves may not: their sockets and look-ups have the other rules. A
host that is a name stands for public addresses, and for special ones where a rule allows ``connect`` to them by
address. ``*`` stands for names and public addresses.

Paths are compared as servers see them: ``%41`` is ``A``, ``%2a`` is ``%2A``, and what needs to be escaped is. Paths
that some servers read in another way than others match nothing: with ``.`` or ``..`` as a name, empty names (``//``),
backslashes, escaped slashes and control characters, what is escaped twice, malformed escapes and malformed UTF-8. Nor
does a request whose fields tell servers another method or path (:data:`remit.kernel.requests.OVERRIDES`).
"""

from __future__ import annotations

from remit.kernel.http import RequestRefused, RequestRules
from remit.kernel.refusals import Want
from remit.kernel.requests import OVERRIDES, PORTS, is_method, plain_path, wanted
from remit.network.addresses import parse_ip
from remit.network.rules import CONNECT, RESOLVE, Rule, RuleError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from remit.kernel.http import Request
    from remit.kernel.network import Network


class Requests:
    """What is after ``http:``."""

    __slots__ = ("_below", "_path", "methods", "port", "scheme", "target")

    def __init__(self, text: str) -> None:
        """RuleError."""
        empty, space, rest = text.partition(" ")
        methods, second, url = rest.partition(" ")
        if empty or not (space and second) or not methods or not url or " " in url:
            raise RuleError("is not http:, methods and a URL with one space between them")
        self.methods = _methods(methods)
        """None: any."""
        self.scheme, mark, rest = url.partition("://")
        if not mark or self.scheme not in PORTS:
            raise RuleError("has a URL that does not begin with http:// or https://")
        authority, slash, path = rest.partition("/")
        if not slash:
            raise RuleError("has a URL without a path; '/*' is any path")
        self.target, self.port = _authority(authority, PORTS[self.scheme])
        """The host without brackets, and where."""
        self._below = path == "*" or path.endswith("/*")
        self._path = _checked_path(slash + (path[:-1] if self._below else path))

    @property
    def is_for_one(self) -> bool:
        """Whether it is for one method at one host, and one path."""
        return self.methods is not None and len(self.methods) == 1 and "*" not in self.target and not self._below

    @property
    def path(self) -> str:
        """The path, as rules have it."""
        return f"{self._path}*" if self._below else self._path

    def allows(self, method: str, scheme: str, port: int, path: str) -> bool:
        """Whether it is for such requests. `path` as :func:`plain_path` gives it."""
        if scheme != self.scheme or port != self.port or (self.methods is not None and method not in self.methods):
            return False
        return path.startswith(self._path) if self._below else path == self._path


def _methods(text: str) -> frozenset[str] | None:
    if text == "*":
        return None
    methods = text.split(",")
    for each in methods:
        if not is_method(each):
            raise RuleError(f"has no method, but {each!r}")
    return frozenset(methods)


def _authority(text: str, port: int) -> tuple[str, int]:
    if "@" in text:
        raise RuleError("has user information in its URL")
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or ":" not in host or (rest and not rest.startswith(":")):
            raise RuleError("has brackets that hold no IPv6 address")
        colon, digits = rest[:1], rest[1:]
    else:
        host, colon, digits = text.partition(":")
    if not host or "/" in host:
        raise RuleError("has no host in its URL")
    if not colon:
        return host, port
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 5 and 0 < int(digits) < 65536):
        raise RuleError(f"has no port, but {digits!r}")
    return host, int(digits)


def _checked_path(path: str) -> str:
    for sign, what in (("*", "a star that is not the end after a slash"), ("?", "a query"), ("#", "a fragment")):
        if sign in path:
            raise RuleError(f"has {what} in its path ({sign} itself is %{ord(sign):02X})")
    plain = plain_path(path)
    if plain is None:
        raise RuleError("has a path that servers read in more than one way")
    if plain != path:
        raise RuleError(f"has a path that is not written as it is compared: that is {plain!r}")
    return path


class HttpRules(RequestRules):
    """Rules for requests, and the making of networks that are as large as an allowed one needs."""

    __slots__ = ("_connect", "_rules")

    def __init__(self, rules: list[Rule], connect: Callable[[Rule], Network]) -> None:
        """`connect` makes the network for what one more rule allows."""
        self._rules = rules
        self._connect = connect

    def network_for(self, request: Request, host: str, port: int) -> Network:
        asked = wanted(request, host, port)
        path = plain_path(request.path.partition("?")[0])
        if path is None:
            raise _refused(asked, f"the path {request.path!r} may be read in more than one way")
        for name, _ in request.fields:
            if name.lower() in OVERRIDES:
                raise _refused(Want("http", asked.action, asked.subject), f"{name} may say another method or path")
        rule = allowing(self._rules, request.method, request.scheme, host, port, path)
        if rule is None:
            raise _refused(asked, "no rule allows it")
        assert rule.requests is not None
        return self._connect(for_connection(rule.requests))

    def allowed_by(self, request: Request, host: str, port: int) -> str:
        path = plain_path(request.path.partition("?")[0])
        rule = None if path is None else allowing(self._rules, request.method, request.scheme, host, port, path)
        return "" if rule is None else rule.text


def allowing(rules: Iterable[Rule], method: str, scheme: str, host: str, port: int, path: str) -> Rule | None:
    """The first of these rules for requests by which one is allowed. `host` as authorities have it, in lower case."""
    for rule in rules:
        assert rule.requests is not None
        if rule.requests.allows(method, scheme, port, path) and _is_for(rule, host):
            return rule
    return None


def _is_for(rule: Rule, host: str) -> bool:
    ip = parse_ip(host.strip("[]"))
    if ip is None:
        return rule.covers_name(host.removesuffix("."))
    return rule.names(ip) or rule.allows_any(ip)


def for_connection(requests: Requests) -> Rule:
    """What a request that is allowed needs of the network."""
    target = f"[{requests.target}]" if ":" in requests.target else requests.target
    rule = Rule(f"{CONNECT}:{target}:{requests.port}")
    rule.actions = frozenset({CONNECT, RESOLVE})
    return rule


def _refused(want: Want, why: str) -> RequestRefused:
    return RequestRefused("HTTP-request-denied", f"{want.action} {want.subject}: {why}", want=want)
