"""TCP and UDP sockets of the host, each with the rules of the network that made it."""

from __future__ import annotations

import socket
import sys

from remit.host_errors import CODES, translated
from remit.kernel.errors import Code, KernelError, WouldBlock
from remit.kernel.network import SocketAddress, TcpSocket, UdpSocket
from remit.kernel.refusals import Refused, Want
from remit.network.addresses import MAPPED, check_peer, check_unicast, from_host, to_host
from remit.network.host import HostSocket
from remit.network.rules import CONNECT, LISTEN, RECEIVE, SEND

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from remit.network.rules import Pins, Rules

SECOND = 1_000_000_000
MAX_DATAGRAM = 65535
MAX_DROPPED = 64
"""Datagrams of strangers that one call throws away."""

MAX_BACKLOG = 4096
"""Connections that wait for being accepted: each takes the host some kilobytes."""

_NO_SIGNAL: int = getattr(socket, "MSG_NOSIGNAL", 0)
_KEEP_ALIVE_IDLE: int = getattr(socket, "TCP_KEEPIDLE", getattr(socket, "TCP_KEEPALIVE", -1))

LARGEST_BUFFER = (1 << 31) - 1


class Leave:
    """What sockets of one network may do."""

    __slots__ = ("pins", "rules")

    def __init__(self, rules: Rules, pins: Pins) -> None:
        self.rules = rules
        self.pins = pins

    def allows(self, action: str, address: SocketAddress) -> bool:
        """Whether it is allowed there."""
        return self.rules.allows(action, address, None if action == LISTEN else self.pins)

    def allowed_by(self, action: str, address: SocketAddress) -> str:
        """The text of the rule by which it is allowed there, if there is one."""
        if self.rules.everything:
            return ""
        rule = self.rules.allowing(action, address, None if action == LISTEN else self.pins)
        return "" if rule is None else rule.text

    def check(self, action: str, address: SocketAddress) -> None:
        """Refused (ACCESS) for an address where it is not allowed."""
        if not self.allows(action, address):
            want = Want("network", action, repr(address), f"{action}:{address!r}")
            raise Refused(Code.ACCESS, f"no rule of the network allows to {_VERBS[action]} {address!r}", want=want)


_VERBS = {CONNECT: "connect to", LISTEN: "listen at", SEND: "send to", RECEIVE: "receive from"}


class _InternetSocket(HostSocket):
    """What TCP and UDP sockets have in common."""

    __slots__ = ("_bound", "_leave", "family")

    def __init__(self, host_socket: socket.socket, leave: Leave, family: int, *, bound: bool = False) -> None:
        super().__init__(host_socket)
        self.family = family
        self._leave = leave
        self._bound = bound

    def bind(self, address: SocketAddress) -> None:
        if self._bound:
            raise KernelError(Code.INVALID_STATE, "it is bound already")
        check_unicast(address, self.family, for_peer=False)
        self._leave.check(LISTEN, address)
        self._bind(address)

    def _bind(self, address: SocketAddress) -> None:
        try:
            self._socket.bind(to_host(address))
        except OSError as error:
            raise translated(error) from error
        except OverflowError as error:
            raise KernelError(Code.INVALID, str(error)) from error
        self._bound = True

    def allowed_by(self, action: str, address: SocketAddress) -> str:
        return self._leave.allowed_by(action, address)

    def local_address(self) -> SocketAddress:
        if not self._bound:
            raise KernelError(Code.INVALID_STATE, "it is not bound")
        try:
            return from_host(self._socket.getsockname())
        except OSError as error:
            raise translated(error) from error

    def remote_address(self) -> SocketAddress:
        try:
            return from_host(self._socket.getpeername())
        except OSError as error:
            raise translated(error) from error

    def option(self, name: str) -> int:
        level, number, unit = _option(self, name)
        try:
            value = self._socket.getsockopt(level, number)
        except OSError as error:
            raise translated(error) from error
        if name in ("receive_buffer", "send_buffer") and sys.platform == "linux":
            # Linux doubles what it is told, for its own bookkeeping, and tells the double.
            value //= 2
        return value * unit

    def set_option(self, name: str, value: int) -> None:
        level, number, unit = _option(self, name)
        if value <= 0 and name != "keep_alive":
            raise KernelError(Code.INVALID, f"{name} {value}")
        if name == "hop_limit" and value > 255:
            raise KernelError(Code.INVALID, f"{name} {value}")
        # Durations are rounded up to what hosts count in, and what is too large for them is the largest.
        wanted = min(-(-value // unit), _LARGEST.get(name, LARGEST_BUFFER))
        try:
            self._socket.setsockopt(level, number, wanted)
        except OSError as error:
            raise translated(error) from error


_LARGEST = {
    "keep_alive": 1,
    "keep_alive_count": 127,
    "keep_alive_idle": 32767,
    "keep_alive_interval": 32767,
    "receive_buffer": LARGEST_BUFFER // 2,
    "send_buffer": LARGEST_BUFFER // 2,
}
"""What Linux takes, in its units."""


def _option(own: _InternetSocket, name: str) -> tuple[int, int, int]:
    """Level, number, and how many of ours one of the host's units is."""
    hops = (
        (socket.IPPROTO_IP, socket.IP_TTL, 1) if own.family == 4 else (socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, 1)
    )
    common = {
        "hop_limit": hops,
        "receive_buffer": (socket.SOL_SOCKET, socket.SO_RCVBUF, 1),
        "send_buffer": (socket.SOL_SOCKET, socket.SO_SNDBUF, 1),
    }
    if name in common:
        return common[name]
    if own.datagram:
        raise KernelError(Code.NOT_SUPPORTED, name)
    of_tcp = {
        "keep_alive": (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
        "keep_alive_count": (socket.IPPROTO_TCP, getattr(socket, "TCP_KEEPCNT", -1), 1),
        "keep_alive_idle": (socket.IPPROTO_TCP, _KEEP_ALIVE_IDLE, SECOND),
        "keep_alive_interval": (socket.IPPROTO_TCP, getattr(socket, "TCP_KEEPINTVL", -1), SECOND),
    }
    level, number, unit = of_tcp[name]
    if number < 0:
        raise KernelError(Code.NOT_SUPPORTED, name)
    return level, number, unit


class HostTcpSocket(_InternetSocket, TcpSocket):
    """A TCP socket of the host."""

    __slots__ = ("_connected", "_connecting")

    def __init__(self, host_socket: socket.socket, leave: Leave, family: int, *, connected: bool = False) -> None:
        super().__init__(host_socket, leave, family, bound=connected)
        self._connecting = False
        self._connected = connected

    def connect(self, address: SocketAddress | None) -> None:
        if address is not None:
            if self._connecting or self._connected or self.listening:
                raise KernelError(Code.INVALID_STATE, "it connects, is connected, or listens")
            check_unicast(address, self.family, for_peer=True)
            self._leave.check(CONNECT, address)
            self._begin(address)
            return
        if not self._connecting:
            if not self._connected:
                raise KernelError(Code.INVALID_STATE, "nothing is under way")
            return
        if not self._writable.ready():
            raise WouldBlock(self._writable)
        error = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        self._connecting = False
        if error:
            raise KernelError(CODES.get(error, Code.IO), f"connect: error {error}")
        self._connected = True

    def _begin(self, address: SocketAddress) -> None:
        try:
            self._socket.connect(to_host(address))
        except BlockingIOError:
            self._connecting = self._bound = True
            raise WouldBlock(self._writable) from None
        except OSError as error:
            raise translated(error) from error
        self._connected = self._bound = True

    def listen(self, backlog: int) -> None:
        if self.listening or self._connected or self._connecting or not self._bound:
            raise KernelError(Code.INVALID_STATE, "it is not just bound")
        try:
            self._socket.listen(max(1, min(backlog, MAX_BACKLOG)))
        except OSError as error:
            raise translated(error) from error
        self.listening = True

    def accept(self) -> HostTcpSocket:
        if not self.listening:
            raise KernelError(Code.INVALID_STATE, "it does not listen")
        try:
            connection, _ = self._socket.accept()
        except BlockingIOError:
            raise WouldBlock(self._readable) from None
        except OSError as error:
            raise translated(error) from error
        return HostTcpSocket(connection, self._leave, self.family, connected=True)


class HostUdpSocket(_InternetSocket, UdpSocket):
    """A UDP socket of the host. Whom it may send to, or hear from, is asked for each datagram."""

    __slots__ = ("_listens", "_peer")

    def __init__(self, host_socket: socket.socket, leave: Leave, family: int) -> None:
        super().__init__(host_socket, leave, family)
        self._peer: SocketAddress | None = None
        """Whom it is connected to."""
        self._listens: SocketAddress | None = None
        """Where it was bound under a rule that lets it: then it hears from anybody."""

    def bind(self, address: SocketAddress) -> None:
        try:
            super().bind(address)
        except KernelError as refusal:
            if refusal.code is not Code.ACCESS or address.port:
                raise
            # Any free port is what a client gets that does not ask, too; it hears from those only whom it may send to.
            self._bind(address)
        else:
            self._listens = address

    def allowed_by(self, action: str, address: SocketAddress) -> str:
        if action == RECEIVE and self._listens is not None:
            return self._leave.allowed_by(LISTEN, self._listens)
        return self._leave.allowed_by(action, address)

    # A connection is kept here and not in the host's socket, which could not take it back: each datagram is checked
    # here anyway.

    def connect(self, address: SocketAddress | None) -> None:
        if address is not None:
            self._check(address)
            # One of them is enough: each datagram is asked for its own direction.
            if not self._leave.allows(RECEIVE, address):
                self._leave.check(SEND, address)
            self._bind_if_not()
        self._peer = address

    def remote_address(self) -> SocketAddress:
        if self._peer is None:
            raise KernelError(Code.NOT_CONNECTED)
        return self._peer

    def _bind_if_not(self) -> None:
        if not self._bound:
            self._bind(SocketAddress(bytes(4 if self.family == 4 else 16), 0))

    def _check(self, address: SocketAddress) -> None:
        if address.family != self.family:
            raise KernelError(Code.INVALID, f"{address!r} is of the other family")
        if address.ip[:12] == MAPPED and self.family == 6:
            raise KernelError(Code.INVALID, f"{address!r} is an IPv4 address mapped into IPv6")
        check_peer(address)

    def send_to(self, data: memoryview | bytes, address: SocketAddress | None) -> None:
        if address is None:
            if self._peer is None:
                raise KernelError(Code.INVALID, "no address to send to")
            address = self._peer
        elif self._peer is not None and (address.ip, address.port) != (self._peer.ip, self._peer.port):
            raise KernelError(Code.INVALID, f"it is connected to {self._peer!r}")
        self._check(address)
        self._leave.check(SEND, address)
        self._bind_if_not()
        try:
            self._socket.sendto(data, _NO_SIGNAL, to_host(address))
        except BlockingIOError:
            raise WouldBlock(self._writable) from None
        except OSError as error:
            raise translated(error) from error

    def receive_from(self, limit: int) -> tuple[bytes, SocketAddress]:
        if not self._bound:
            raise KernelError(Code.INVALID_STATE, "it is not bound")
        for _ in range(MAX_DROPPED):
            try:
                data, name = self._socket.recvfrom(min(limit, MAX_DATAGRAM))
            except BlockingIOError:
                raise WouldBlock(self._readable) from None
            except OSError as error:
                raise translated(error) from error
            sender = from_host(name)
            if self._peer is not None and (sender.ip, sender.port) != (self._peer.ip, self._peer.port):
                continue
            if self._listens is not None or self._leave.allows(RECEIVE, sender):
                return data, sender
        # A stranger that sends without end must not keep everybody else from going on.
        raise WouldBlock(self._readable)

    # The stream operations would go around the check of each datagram.

    def receive(self, buffers: Sequence[memoryview], *, peek: bool = False) -> tuple[int, bool]:
        raise KernelError(Code.NOT_SUPPORTED, "a UDP socket receives from somebody")

    def send(self, buffers: Sequence[memoryview]) -> int:
        raise KernelError(Code.NOT_SUPPORTED, "a UDP socket sends to somebody")


def new_socket(family: int, kind: int, protocol: int, options: Iterable[tuple[int, int]] = ()) -> socket.socket:
    """A socket of the host's, with these options (level and number) on. KernelError."""
    try:
        made = socket.socket(socket.AF_INET if family == 4 else socket.AF_INET6, kind, protocol)
    except OSError as error:
        raise translated(error) from error
    try:
        if family == 6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        for level, number in options:
            made.setsockopt(level, number, 1)
    except OSError as error:
        made.close()
        raise translated(error) from error
    return made
