"""``wasi:sockets/network`` and ``instance-network``: the network that a program was granted, and addresses in it."""

from __future__ import annotations

from struct import Struct

from remit.component.values.variants import Case
from remit.interfaces.wasi_0_2.errors import Error
from remit.interfaces.wasi_0_2.network_errors import ERROR_CODE, ERROR_CODES
from remit.interfaces.wit.declaration import Interface, Resource, func
from remit.kernel.errors import Code, KernelError
from remit.kernel.network import SocketAddress
from remit.kernel.refusals import Refused, Want

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from remit.kernel.network import Network as KernelNetwork
    from remit.kernel.process import Process

_WORDS = Struct(">8H")

FAMILIES = {"ipv4": 4, "ipv6": 6}
FAMILY = {number: label for label, number in FAMILIES.items()}
"""``ip-address-family``."""


def ip_of(ip: bytes) -> Case:
    """An ``ip-address``."""
    return Case("ipv4", tuple(ip)) if len(ip) == 4 else Case("ipv6", _WORDS.unpack(ip))


class _Address:
    """An ``ipv4-socket-address`` or ``ipv6-socket-address``."""

    __slots__ = ("address", "flow_info", "port", "scope_id")

    def __init__(self, address: SocketAddress, parts: tuple[int, ...]) -> None:
        self.address = parts
        self.port = address.port
        self.flow_info = address.flow_info
        self.scope_id = address.scope_id


def to_guest(address: SocketAddress) -> Case:
    """An ``ip-socket-address``."""
    if address.family == 4:
        return Case("ipv4", _Address(address, tuple(address.ip)))
    return Case("ipv6", _Address(address, _WORDS.unpack(address.ip)))


def from_guest(address: Any) -> SocketAddress:
    """The inverse of :func:`to_guest`."""
    value = address.value
    if address.label == "ipv4":
        return SocketAddress(bytes(value.address), value.port)
    ip = _WORDS.pack(*value.address)
    return SocketAddress(ip, value.port, flow_info=value.flow_info, scope_id=value.scope_id)


def granted_network(process: Process, want: Want | None = None) -> KernelNetwork:
    """Refused (ACCESS) if the program was granted none. `want`: what it is for."""
    if process.network is None:
        detail = "the program was granted no network (--net, --allow-net; network=…)"
        raise Refused(Code.ACCESS, detail, want=want or Want("network", "open", "a socket"))
    return process.network


class NetworkHandle(Resource):
    """The right to use the network, as programs hand it to operations; what it allows, the network itself says."""

    __slots__ = ()
    name = "network"


class Network(Interface):
    name = "wasi:sockets/network"
    version = "0.2.12"
    resources = (NetworkHandle,)
    types = {
        "error-code": f"enum {{ {', '.join(ERROR_CODES)} }}",
        "ip-address-family": "enum { ipv4, ipv6 }",
        "ipv4-address": "tuple<u8, u8, u8, u8>",
        "ipv6-address": "tuple<u16, u16, u16, u16, u16, u16, u16, u16>",
        "ip-address": "variant { ipv4(ipv4-address), ipv6(ipv6-address) }",
        "ipv4-socket-address": "record { port: u16, address: ipv4-address }",
        "ipv6-socket-address": "record { port: u16, flow-info: u32, address: ipv6-address, scope-id: u32 }",
        "ip-socket-address": "variant { ipv4(ipv4-socket-address), ipv6(ipv6-socket-address) }",
    }
    uses = {"error": "wasi:io/error"}

    @func("(err: borrow<error>) -> option<error-code>")
    def network_error_code(self, error: Error) -> str | None:
        failure = error.failure
        return ERROR_CODE[failure.code] if type(failure) is KernelError else None


class InstanceNetwork(Interface):
    name = "wasi:sockets/instance-network"
    version = "0.2.12"
    uses = {"network": "wasi:sockets/network"}

    @func("() -> network")
    def instance_network(self) -> NetworkHandle:
        return NetworkHandle()
