"""IP addresses: as Python's sockets know them, and which are not of the public internet."""

from __future__ import annotations

from remit.kernel.errors import Code, KernelError
from remit.kernel.network import SocketAddress

TYPE_CHECKING = False
if TYPE_CHECKING:
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


def parse_address(text: str) -> SocketAddress | None:
    """The address that `text` is, as ``repr`` writes them, or None if it is none."""
    host, _, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    ip = parse_ip(host[1:-1] if bracketed else host)
    if ip is None or bracketed != (len(ip) == 16) or not (port.isascii() and port.isdigit() and len(port) <= 5):
        return None
    return SocketAddress(ip, int(port)) if int(port) < 1 << 16 else None


def literal_ip(name: str) -> bytes | None:
    """The address that `name`, which is to be looked up, is already; in brackets or not."""
    return parse_ip(name[1:-1] if name.startswith("[") and name.endswith("]") else name)


def is_public(ip: bytes) -> bool:
    """Whether it is of the public internet: what a rule for any address means.

    Not loopback, private, link-local, shared, multicast, reserved and unspecified addresses, nor those of IPv6 that
    stand for such an IPv4 address (mapped, translated by NAT64, 6to4), nor any of Teredo.
    """
    number = int.from_bytes(ip, "big")
    if len(ip) == 4:
        return not any(number >> shift == first for first, shift in _SPECIAL_IPV4)
    if ip[:12] in (MAPPED, _NAT64):
        # A mapped address is refused wherever it is connected to; here it is as public as what it stands for.
        return is_public(ip[12:])
    if ip[:2] == _6TO4:
        return is_public(ip[2:6])
    return number >> 125 == 1 and not any(number >> shift == first for first, shift in _SPECIAL_IPV6)


def _blocks(bits: int, texts: str) -> tuple[tuple[int, int], ...]:
    """Of each block its first bits, and how many follow them."""
    found = []
    for text in texts.split():
        address, _, prefix = text.partition("/")
        ip = parse_ip(address)
        assert ip is not None
        shift = bits - int(prefix)
        found.append((int.from_bytes(ip, "big") >> shift, shift))
    return tuple(found)


# Of our own, and not of `ipaddress`, whose lists differ from one Python to the next: IANA's special-purpose address
# registries (RFC 6890), multicast, and the addresses at which hosting providers keep their instances' secrets.
_SPECIAL_IPV4 = _blocks(
    32,
    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 "
    "192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 "
    "203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 168.63.129.16/32",
)
_SPECIAL_IPV6 = _blocks(128, "2001::/23 2001:db8::/32 3fff::/20")
"""Within 2000::/3, outside which nothing is public."""

_NAT64 = b"\x00\x64\xff\x9b" + bytes(8)
_6TO4 = b"\x20\x02"


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
