"""What a network is: the permission to make sockets, to reach others by them, and to look up names.

The object is the permission. A process without one has no network; one that refuses some addresses is a smaller
permission. Every address that a guest names goes through here, and it is the address that is connected to, sent to, or
bound, that is checked: never a name, and never before it is resolved.

Nothing blocks. What goes on in the background (a connection, a look-up) raises
:class:`~remit.kernel.errors.WouldBlock` until it has come to an end; calling the same operation again asks how it went.

Failures are :class:`~remit.kernel.errors.KernelError`; docstrings name the codes that callers rely on. ACCESS is "your
network does not allow that".
"""

from __future__ import annotations

from remit.kernel.errors import Code, KernelError
from remit.kernel.poll import ALWAYS
from remit.kernel.sockets import Socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.kernel.http import RequestRules
    from remit.kernel.poll import Pollable


def _unsupported(thing: object, operation: str) -> KernelError:
    return KernelError(Code.NOT_SUPPORTED, f"{type(thing).__name__} has no {operation}")


class SocketAddress:
    """An IP address and a port. `ip` is 4 or 16 bytes, in network order."""

    __slots__ = ("flow_info", "ip", "port", "scope_id")

    def __init__(self, ip: bytes, port: int, *, flow_info: int = 0, scope_id: int = 0) -> None:
        self.ip = ip
        self.port = port
        self.flow_info = flow_info
        """Of IPv6; 0 otherwise."""
        self.scope_id = scope_id
        """Of IPv6; 0 otherwise."""

    @property
    def family(self) -> int:
        """4 or 6."""
        return 4 if len(self.ip) == 4 else 6

    def _key(self) -> tuple[bytes, int, int, int]:
        return self.ip, self.port, self.flow_info, self.scope_id

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SocketAddress) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        from ipaddress import ip_address

        shown = str(ip_address(self.ip))
        return f"{shown}:{self.port}" if self.family == 4 else f"[{shown}]:{self.port}"


class InternetSocket(Socket):
    """What TCP and UDP sockets have in common."""

    __slots__ = ()

    family: int = 4
    """4 or 6; a socket of IPv6 takes no IPv4, mapped or not."""

    def bind(self, address: SocketAddress) -> None:
        """Take a local address; port 0 is any free one.

        INVALID_STATE if it is bound already; INVALID if the address is of the other family, an IPv4 address mapped
        into IPv6, or (for TCP) a multicast or broadcast address; ADDRESS_IN_USE; ADDRESS_NOT_AVAILABLE; ACCESS.
        """
        raise _unsupported(self, "bind")

    def local_address(self) -> SocketAddress:
        """INVALID_STATE if it is not bound."""
        raise _unsupported(self, "local_address")

    def remote_address(self) -> SocketAddress:
        """NOT_CONNECTED."""
        raise _unsupported(self, "remote_address")

    def allowed_by(self, action: str, address: SocketAddress) -> str:
        """The text of the rule that allows to ``connect``, ``listen``, ``send`` or ``receive`` there, where there are
        rules."""
        return ""

    def option(self, name: str) -> int:
        """The value of a socket option, one of :data:`OPTIONS`; durations are in nanoseconds."""
        raise _unsupported(self, "options")

    def set_option(self, name: str, value: int) -> None:
        """Set a socket option. INVALID for a value that it cannot have; hosts may round or cap others."""
        raise _unsupported(self, "options")


OPTIONS = (
    "keep_alive",
    "keep_alive_idle",
    "keep_alive_interval",
    "keep_alive_count",
    "hop_limit",
    "receive_buffer",
    "send_buffer",
)
"""The socket options that programs may ask for. The ``keep_alive`` ones are of TCP only."""


class TcpSocket(InternetSocket):
    """A TCP socket: a listener, or a connection, which is a stream (:meth:`File.read`, :meth:`File.write`)."""

    __slots__ = ()

    def connect(self, address: SocketAddress | None) -> None:
        """Connect, or (None) ask how the attempt that is under way went. WouldBlock until it has succeeded or failed.

        INVALID_STATE if it listens or is connected; INVALID for an address of the other family, unspecified,
        multicast, broadcast, mapped IPv4, or of port 0;
        CONNECTION_REFUSED; CONNECTION_RESET; TIMED_OUT; NETWORK_UNREACHABLE; HOST_UNREACHABLE; ACCESS.
        """
        raise _unsupported(self, "connect")

    def listen(self, backlog: int) -> None:
        """Take connections from now on. INVALID_STATE if it is not bound, connected, or listens already; ACCESS."""
        raise _unsupported(self, "listen")

    def accept(self) -> TcpSocket:
        """The next connection. WouldBlock; INVALID_STATE if it does not listen."""
        raise _unsupported(self, "accept")


class UdpSocket(InternetSocket):
    """A UDP socket. Addresses are checked for each datagram: connecting only sets a default and a filter."""

    __slots__ = ()

    datagram = True

    def connect(self, address: SocketAddress | None) -> None:
        """Send to `address`, and receive from it only; None: to and from anybody again. INVALID; ACCESS."""
        raise _unsupported(self, "connect")

    def send_to(self, data: memoryview | bytes, address: SocketAddress | None) -> None:
        """Send a datagram; None: to where it is connected. An unbound socket is bound first.

        WouldBlock; MESSAGE_SIZE; INVALID without any address, or with another one than it is connected to; ACCESS.
        """
        raise _unsupported(self, "send_to")

    def receive_from(self, limit: int) -> tuple[bytes, SocketAddress]:
        """The next datagram, cut after `limit` bytes, and who sent it.

        WouldBlock; INVALID_STATE if it is not bound. What comes from where it may not be received from is dropped.
        """
        raise _unsupported(self, "receive_from")


class Resolution:
    """A look-up of a name, under way or done. It can be dropped at any time."""

    __slots__ = ()

    def addresses(self) -> Sequence[bytes]:
        """The IP addresses that the name stands for and that the network may reach, 4 or 16 bytes each.

        WouldBlock until they are known. NO_ENTRY if there are none; TRY_AGAIN for a failure that may pass.
        """
        raise _unsupported(self, "addresses")

    def when_ready(self) -> Pollable:
        """Ready while :meth:`addresses` would not raise WouldBlock."""
        return ALWAYS

    def close(self) -> None:
        """Nobody will ask any more. Closing twice does nothing."""


class Network:
    """Makes sockets, and looks up names. Each socket that it makes obeys its rules, for all of the socket's life."""

    __slots__ = ()

    def tcp_socket(self, family: int) -> TcpSocket:
        """`family` is 4 or 6. NOT_SUPPORTED; TOO_MANY_DESCRIPTORS; TOO_MANY_HOST_DESCRIPTORS."""
        raise _unsupported(self, "TCP")

    def udp_socket(self, family: int) -> UdpSocket:
        """As :meth:`tcp_socket`."""
        raise _unsupported(self, "UDP")

    def resolve(self, name: str) -> Resolution:
        """Begin to look up a name, or an IP address in text. INVALID for what is neither; ACCESS."""
        raise _unsupported(self, "look-up of names")

    def allowed_by(self, name: str) -> str:
        """The text of the rule that allows to look up `name`, where there are rules."""
        return ""

    def request_rules(self) -> RequestRules | None:
        """What HTTP requests may be sent over it; None: any to where it leads."""
        return None
