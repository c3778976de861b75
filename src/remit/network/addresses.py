"""IP addresses: as Python's sockets know them, and which are not of the public internet."""

from __future__ import annotations

from remit.kernel.errors import Code, KernelError
from remit.kernel.network import SocketAddress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address
    from typing import Any

MAPPED = bytes(10) + b"\xff\xff"
"""What IPv4 addresses mapped into IPv6 begin with."""


def to_host(address: SocketAddress) -> tuple[Any, ...]:
    """As ``socket.connect`` takes it."""
    text = text_of(address.ip)
    if address.family == 4:
        return text, address.port
    return text, address.port, address.flow_info, address.scope_id


def from_host(name: tuple[Any, ...]) -> SocketAddress:
    """Of what ``getsockname`` and its like tell."""
    from socket import AF_INET, AF_INET6, inet_pton

    text = name[0].partition("%")[0]
    if ":" in text:
        return SocketAddress(inet_pton(AF_INET6, text), name[1], flow_info=name[2], scope_id=name[3])
    return SocketAddress(inet_pton(AF_INET, text), name[1])


def text_of(ip: bytes) -> str:
    from socket import AF_INET, AF_INET6, inet_ntop

    return inet_ntop(AF_INET if len(ip) == 4 else AF_INET6, ip)


def parse_ip(text: str) -> bytes | None:
    """The address that `text` is, or None if it is none."""
    from socket import AF_INET, AF_INET6, inet_pton

    try:
        return inet_pton(AF_INET6 if ":" in text else AF_INET, text)
    except (OSError, ValueError):
        return None


def is_public(ip: bytes) -> bool:
    """Whether it is of the public internet: what a rule for any address means.

    Not loopback, private, link-local, shared, multicast, reserved and unspecified addresses, nor those of IPv6 that
    stand for such an IPv4 address (mapped, translated by NAT64, 6to4, Teredo).
    """
    from ipaddress import IPv4Address, IPv6Address

    if len(ip) == 4:
        return _is_global(IPv4Address(ip))
    address = IPv6Address(ip)
    inner = address.ipv4_mapped or address.sixtofour
    if inner is not None:
        # A mapped address is refused wherever it is connected to; here it is as public as what it stands for.
        return _is_global(inner)
    if ip[:12] == b"\x00\x64\xff\x9b" + bytes(8):
        return _is_global(IPv4Address(ip[12:]))
    if address.teredo is not None:
        return all(map(_is_global, address.teredo))
    return _is_global(address)


def _is_global(address: IPv4Address | IPv6Address) -> bool:
    return address.is_global and not address.is_multicast and not address.is_reserved


def check_unicast(address: SocketAddress, family: int, *, for_peer: bool) -> None:
    """INVALID for an address that no TCP socket of `family` has, or connects to."""
    if address.family != family:
        raise KernelError(Code.INVALID, f"{address!r} is of the other family")
    if address.ip[:12] == MAPPED and len(address.ip) == 16:
        raise KernelError(Code.INVALID, f"{address!r} is an IPv4 address mapped into IPv6")
    first = address.ip[0]
    multicast = 224 <= first < 240 if family == 4 else first == 0xFF
    if multicast or address.ip == b"\xff\xff\xff\xff":
        raise KernelError(Code.INVALID, f"{address!r} is no address of one host")
    if for_peer:
        check_peer(address)


def check_peer(address: SocketAddress) -> None:
    """INVALID for an address that nobody can be reached at."""
    if not any(address.ip):
        raise KernelError(Code.INVALID, f"{address!r} is no address of a host")
    if not address.port:
        raise KernelError(Code.INVALID, f"{address!r} has no port")
