"""Authorities: what they say of host and port, and which of them a client may send requests to."""

from __future__ import annotations

from remit.kernel.http import HttpError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

PORTS = {"http": 80, "https": 443}

MAX_HOST = 255
"""Characters of a host: no longer name can be looked up."""


def split_authority(authority: str, default: int) -> tuple[str, int]:
    """The host in lower case, in brackets if it is an IPv6 address, and the port. HttpError.

    An authority with user information is refused: what it looks like is not where it goes.
    """
    if authority.startswith("["):
        inside, bracket, rest = authority[1:].partition("]")
        fine = bool(bracket) and (not rest or rest.startswith(":")) and _is_ipv6(inside)
        host, port = f"[{inside}]", rest[1:]
    else:
        host, _, port = authority.partition(":")
        labels = host.removesuffix(".").split(".")
        fine = host.isascii() and all(
            label and all(each.isalnum() or each in "-_" for each in label) for label in labels
        )
    fine = fine and len(host) <= MAX_HOST
    if not fine or (port and not (port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) < 65536)):
        raise HttpError("HTTP-request-URI-invalid", f"the authority {authority[:MAX_HOST]!r}")
    return host.lower(), int(port) if port else default


def _is_ipv6(text: str) -> bool:
    from ipaddress import AddressValueError, IPv6Address

    try:
        return "%" not in text and IPv6Address(text) is not None
    except AddressValueError:
        return False


class Authorities:
    """Where requests may go: ``example.com`` at the port of the scheme, ``example.com:8080``, ``*.example.com`` for
    every name below it, each with ``http://`` or ``https://`` before it if only that is meant.
    """

    __slots__ = ("_allowed",)

    def __init__(self, allow: Iterable[str]) -> None:
        """ValueError for what is not an authority."""
        if isinstance(allow, str):
            raise TypeError(f"the authorities of a client are a list, not the str {allow!r}")
        self._allowed = {each for text in allow for each in _parse(text)}

    def allow(self, scheme: str, host: str, port: int) -> bool:
        """`host` and `port` as :func:`split_authority` gives them."""
        host = host.removesuffix(".")
        if (scheme, host, port) in self._allowed:
            return True
        labels = host.split(".")
        return any((scheme, "*." + ".".join(labels[n:]), port) in self._allowed for n in range(1, len(labels)))


def _parse(text: str) -> list[tuple[str, str, int]]:
    scheme, separator, authority = text.partition("://")
    if not separator:
        scheme, authority = "", text
    name = authority.removeprefix("*.")
    star = "*." if name != authority else ""
    if scheme not in ("", *PORTS) or (star and name.startswith("[")):
        raise ValueError(f"{text!r} is not where requests can go: write example.com, https://example.com:8443")
    found = []
    for each in [scheme] if scheme else PORTS:
        try:
            host, port = split_authority(name, PORTS[each])
        except HttpError:
            raise ValueError(
                f"{text!r} is not where requests can go: write example.com, https://example.com:8443"
            ) from None
        found.append((each, star + host.removesuffix("."), port))
    return found
