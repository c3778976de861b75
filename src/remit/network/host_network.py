"""The network of the host, as far as rules allow."""

from __future__ import annotations

import socket

from remit.kernel.errors import Code
from remit.kernel.network import Network
from remit.kernel.refusals import Refused, Want
from remit.network.addresses import is_public, literal_ip, text_of
from remit.network.internet import HostTcpSocket, HostUdpSocket, Leave, new_socket
from remit.network.lookups import LOOK_UPS, Known, LookUp
from remit.network.names import checked_name
from remit.network.rules import RESOLVE, Pins, Rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from remit.kernel.http import RequestRules
    from remit.kernel.network import Resolution, TcpSocket, UdpSocket
    from remit.network.rules import Rule


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
        ip = literal_ip(name)
        if ip is not None:
            return Known(ip)
        wanted = checked_name(name)
        rules = self._leave.rules.for_name(wanted)
        if rules is None:
            want = Want("network", RESOLVE, wanted, f"{RESOLVE}:{wanted}")
            raise Refused(Code.ACCESS, f"no rule of the network allows to look up {name!r}", want=want)
        return self._begin(wanted, rules)

    def _begin(self, name: str, rules: Sequence[Rule]) -> Resolution:
        leave = self._leave

        def keep(found: Sequence[bytes]) -> list[bytes]:
            """Those that may be reached: what a name stands for does not open what only addresses open."""
            kept = []
            refused = ""
            for ip in found:
                if is_public(ip) and not leave.rules.everything:
                    leave.pins.add(ip, rules)
                    kept.append(ip)
                elif leave.rules.tells(ip):
                    kept.append(ip)
                else:
                    refused = refused or text_of(ip)
            if refused and not kept:
                want = Want("network", RESOLVE, name, f"{RESOLVE}:{refused}")
                raise Refused(Code.ACCESS, f"{name} stands for {refused}, which no rule names", want=want)
            return kept

        look_up = LookUp(name, keep)
        LOOK_UPS.begin(look_up)
        return look_up

    def allowed_by(self, name: str) -> str:
        rule = None if self._leave.rules.everything else self._leave.rules.looking_up(name)
        return "" if rule is None else rule.text

    def request_rules(self) -> RequestRules | None:
        rules = self._leave.rules
        if not rules.for_requests or rules.everything:
            return None
        from remit.network.requests import HttpRules

        return HttpRules(rules.for_requests, self._with_rule)

    def _with_rule(self, rule: Rule) -> HostNetwork:
        """One that reaches more. What is looked up there opens nothing here."""
        made = HostNetwork()
        made._leave = Leave(self._leave.rules.with_rule(rule), Pins())
        return made

    def __repr__(self) -> str:
        return f"<HostNetwork {self._leave.rules!r}>"
