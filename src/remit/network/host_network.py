"""The network of the host, as far as rules allow."""

from __future__ import annotations

import socket

from remit.kernel.errors import Code, KernelError
from remit.kernel.network import Network
from remit.network.addresses import is_public, parse_ip
from remit.network.internet import HostTcpSocket, HostUdpSocket, Leave, new_socket
from remit.network.lookups import LOOK_UPS, Known, LookUp
from remit.network.rules import CONNECT, Pins, Rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from remit.kernel.network import Resolution, TcpSocket, UdpSocket
    from remit.network.rules import Rule

MAX_NAME = 255
"""Bytes of a name that is looked up: no longer one can be written down in the protocol."""


class HostNetwork(Network):
    """Sockets of the host, and its look-up of names.

    Make it of rules (:mod:`remit.network.rules`); with ``everything=True`` there are none. What a name stood for when
    it was looked up is what may be connected to by that name.
    """

    __slots__ = ("_leave",)

    def __init__(self, allow: Iterable[str | Rule] = (), *, everything: bool = False) -> None:
        """RuleError (a ValueError) for a rule that is none."""
        self._leave = Leave(Rules(allow, everything=everything), Pins())

    def tcp_socket(self, family: int) -> TcpSocket:
        options = [(socket.IPPROTO_TCP, socket.TCP_NODELAY)]
        if hasattr(socket, "SO_REUSEADDR") and not hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            # A server that is started again must not wait for its old connections; on Windows it means another thing.
            options.append((socket.SOL_SOCKET, socket.SO_REUSEADDR))
        made = new_socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, options)
        return HostTcpSocket(made, self._leave, family)

    def udp_socket(self, family: int) -> UdpSocket:
        return HostUdpSocket(new_socket(family, socket.SOCK_DGRAM, socket.IPPROTO_UDP), self._leave, family)

    def resolve(self, name: str) -> Resolution:
        inner = name[1:-1] if name.startswith("[") and name.endswith("]") else name
        ip = parse_ip(inner)
        if ip is not None:
            return Known(ip)
        wanted = _checked(name)
        rules = self._leave.rules.for_name(wanted)
        if rules is None:
            raise KernelError(Code.ACCESS, f"no rule of the network allows to look up {name!r}")
        return self._begin(wanted, rules)

    def _begin(self, name: str, rules: Sequence[Rule]) -> Resolution:
        leave = self._leave

        def keep(found: Sequence[bytes]) -> list[bytes]:
            """Those that may be reached: what a name stands for does not open what only addresses open."""
            kept = []
            for ip in found:
                if is_public(ip) and not leave.rules.everything:
                    leave.pins.add(ip, rules)
                    kept.append(ip)
                elif leave.rules.allows_host(CONNECT, ip):
                    kept.append(ip)
            return kept

        look_up = LookUp(name, keep)
        LOOK_UPS.begin(look_up)
        return look_up

    def __repr__(self) -> str:
        return f"<HostNetwork {self._leave.rules!r}>"


def _checked(name: str) -> str:
    """In lower case, without the dot at the end. INVALID for what is no name."""
    if len(name) > MAX_NAME:  # first, as all that follows takes longer for longer ones
        raise KernelError(Code.INVALID, f"a name of {len(name)} characters is no name")
    if not name.isascii():
        try:
            name = name.encode("idna").decode()
        except UnicodeError as error:
            raise KernelError(Code.INVALID, f"{name!r} is no name: {error}") from None
    plain = name.removesuffix(".").lower()
    labels = plain.split(".")
    fine = all(0 < len(label) < 64 and all(each.isalnum() or each in "-_" for each in label) for label in labels)
    if not fine or len(plain) > MAX_NAME:
        raise KernelError(Code.INVALID, f"{name!r} is no name")
    return plain
