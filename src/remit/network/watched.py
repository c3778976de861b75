"""Any network, with somebody who is told what is done with it; and sockets that were handed over, likewise.

What is told are uses that were tried and allowed, each once: what comes of a connection, and what goes through it, is
not. Of datagrams it is the first with each peer of each socket, so that a flood of them is none of uses; who exchanges
them with more than `MAX_KNOWN` peers is told of some again.

An HTTP request is one use of its own (:class:`remit.kernel.uses.Use`); that its host is looked up and connected to, is
part of it.
"""

from __future__ import annotations

from remit.kernel.errors import Code, KernelError, WouldBlock
from remit.kernel.http import RequestRules
from remit.kernel.network import InternetSocket, Network, Resolution, SocketAddress, TcpSocket, UdpSocket
from remit.kernel.requests import wanted
from remit.kernel.sockets import Socket
from remit.kernel.uses import Use
from remit.network.addresses import literal_ip, text_of
from remit.network.host import HostSocket
from remit.network.names import checked_name
from remit.network.rules import CONNECT, LISTEN, RECEIVE, RESOLVE, SEND
from remit.network.wrapped import WrappedInternetSocket, WrappedSocket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from remit.kernel.http import Request
    from remit.kernel.poll import Pollable
    from remit.kernel.refusals import Want
    from remit.kernel.uses import Watcher

ACCEPT = "accept"
SEE = "see"

MAX_KNOWN = 4096
"""Peers that datagrams were exchanged with, and addresses whose names are known, of one program: the oldest of more are
forgotten."""

_NOT_TRIED = frozenset({Code.ACCESS, Code.INVALID, Code.INVALID_STATE, Code.NOT_CONNECTED, Code.NOT_SUPPORTED})
"""How operations fail that did nothing. Others have been carried out, and something has answered."""


class WatchedNetwork(Network):
    """`network`, with `watcher` told of each use. With `seeing` that includes peers that datagrams could be exchanged
    with, and were not yet (``see``).
    """

    __slots__ = ("_network", "_watch")

    def __init__(self, network: Network, watcher: Watcher, *, seeing: bool = True) -> None:
        if not isinstance(network, Network):
            raise TypeError(f"network must be a Network of remit.net, not {network!r}")
        self._network = network
        self._watch = _Watch(watcher, seeing)

    def tcp_socket(self, family: int) -> TcpSocket:
        return _WatchedTcpSocket(self._network.tcp_socket(family), self._watch)

    def udp_socket(self, family: int) -> UdpSocket:
        return _WatchedUdpSocket(self._network.udp_socket(family), self._watch)

    def resolve(self, name: str) -> Resolution:
        resolution = self._network.resolve(name)
        if literal_ip(name) is not None:
            return resolution
        watched = _WatchedResolution(resolution, _plain(name), self._network, self._watch)
        with _Made(resolution):
            # The query goes out now, whether or not somebody ever asks for the answer.
            watched.tell()
        return watched

    def allowed_by(self, name: str) -> str:
        return self._network.allowed_by(name)

    def request_rules(self) -> RequestRules:
        return _WatchedRequests(self._network, self._watch)

    def __repr__(self) -> str:
        return f"<WatchedNetwork of {self._network!r}>"


def _plain(name: str) -> str:
    try:
        return checked_name(name)
    except KernelError:
        # The network, which is not one of ours, takes it for a name.
        return name


class _Watch:
    """Of one program: who is told, and what was told already."""

    __slots__ = ("_first", "_names", "_sockets", "seeing", "watcher")

    def __init__(self, watcher: Watcher, seeing: bool) -> None:
        self.watcher = watcher
        self.seeing = seeing
        self._names: dict[bytes, str] = {}
        self._first: dict[tuple[int, str, bytes, int], None] = {}
        """Datagrams that were told: socket, action, and with whom."""
        self._sockets = 0

    def tell(self, action: str, subject: str, rule: str, *, target: str | None = None, name: str = "") -> None:
        self.watcher(Use("network", action, subject, rule=rule, target=target, name=name))

    def next_socket(self) -> int:
        """A number that no other socket has."""
        self._sockets += 1
        return self._sockets

    def is_first(self, socket: int, action: str, peer: SocketAddress) -> bool:
        """Whether that was not told yet; from now on it was."""
        key = (socket, action, peer.ip, peer.port)
        if key in self._first:
            return False
        self._first[key] = None
        if len(self._first) > MAX_KNOWN:
            del self._first[next(iter(self._first))]
        return True

    def stands_for(self, name: str, ips: Sequence[bytes]) -> None:
        """The program was told so."""
        for ip in ips:
            self._names.pop(ip, None)
            self._names[ip] = name
            if len(self._names) > MAX_KNOWN:
                del self._names[next(iter(self._names))]

    def name_of(self, ip: bytes) -> str:
        return self._names.get(ip, "")


class _Made:
    """What was made, and is closed if telling of it fails: nobody gets it then."""

    __slots__ = ("_made",)

    def __init__(self, made: Socket | Resolution) -> None:
        self._made = made

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if error is not None:
            self._made.close()


class _WatchedResolution(Resolution):
    __slots__ = ("_name", "_network", "_resolution", "_told", "_watch")

    def __init__(self, resolution: Resolution, name: str, network: Network, watch: _Watch) -> None:
        self._resolution = resolution
        self._name = name
        self._network = network
        self._watch = watch
        self._told = False

    def tell(self, ips: Sequence[bytes] | None = None) -> None:
        target = None if ips is None else ", ".join(map(text_of, ips))
        self._watch.tell(RESOLVE, self._name, self._network.allowed_by(self._name), target=target)

    def addresses(self) -> Sequence[bytes]:
        found = self._resolution.addresses()
        if not self._told:
            self._told = True
            self._watch.stands_for(self._name, found)
            self.tell(found)
        return found

    def when_ready(self) -> Pollable:
        return self._resolution.when_ready()

    def close(self) -> None:
        self._resolution.close()


class WatchedListener(WrappedSocket):
    """A socket that listens, and was handed over: who connects is told."""

    __slots__ = ("_place", "_watcher")

    def __init__(self, socket: Socket, watcher: Watcher) -> None:
        super().__init__(socket)
        self._watcher = watcher
        self._place = socket.address if isinstance(socket, HostSocket) else ""
        """Where it listens, where that is known."""

    def accept(self) -> Socket:
        made = self._socket.accept()
        with _Made(made):
            use = Use("network", ACCEPT, _peer_of(made), grant=self._place, target=self._place or None)
            self._watcher(use)
        return made


def _peer_of(connection: Socket) -> str:
    """Whom it is connected to, where that can be said: it may be gone already."""
    try:
        if isinstance(connection, InternetSocket):
            return repr(connection.remote_address())
        return connection.peer if isinstance(connection, HostSocket) else ""
    except KernelError:
        return ""


class _WatchedInternetSocket(WrappedInternetSocket):
    """What TCP and UDP sockets have in common."""

    __slots__ = ("_asked", "_watch")

    def __init__(self, socket: InternetSocket, watch: _Watch) -> None:
        super().__init__(socket)
        self._watch = watch
        self._asked: SocketAddress | None = None
        """The local address that the program asked for."""

    def _do(self, tell: Callable[[], None], operation: Callable[..., None], *arguments: object) -> None:
        """Carry it out, and tell if it was tried."""
        try:
            operation(*arguments)
        except KernelError as error:
            if error.code not in _NOT_TRIED:
                tell()
            raise
        tell()

    def _tell(self, action: str, peer: SocketAddress, *, target: str | None = None) -> None:
        rule = self._socket.allowed_by(action, peer)
        self._watch.tell(action, repr(peer), rule, target=target, name=self._watch.name_of(peer.ip))

    def bind(self, address: SocketAddress) -> None:
        def tell() -> None:
            # Any free port for datagrams needs no leave, and by itself nobody is heard there.
            if address.port or not self.datagram:
                rule = self._socket.allowed_by(LISTEN, address)
                self._watch.tell(LISTEN, repr(address), rule, target=None if address.port else self._local())

        self._do(tell, self._socket.bind, address)
        self._asked = address

    def _local(self) -> str | None:
        try:
            return repr(self._socket.local_address())
        except KernelError:
            # It was tried, and there is none.
            return None


class _WatchedTcpSocket(_WatchedInternetSocket, TcpSocket):
    __slots__ = ()

    _socket: TcpSocket

    def connect(self, address: SocketAddress | None) -> None:
        if address is None:
            self._socket.connect(None)
            return
        try:
            self._do(lambda: self._tell(CONNECT, address), self._socket.connect, address)
        except WouldBlock:
            # It is under way.
            self._tell(CONNECT, address)
            raise

    def listen(self, backlog: int) -> None:
        self._socket.listen(backlog)
        self.listening = self._socket.listening

    def accept(self) -> TcpSocket:
        made = self._socket.accept()
        with _Made(made):
            rule = "" if self._asked is None else self._socket.allowed_by(LISTEN, self._asked)
            self._watch.tell(ACCEPT, _peer_of(made), rule, target=self._local())
        return made


class _WatchedUdpSocket(_WatchedInternetSocket, UdpSocket):
    __slots__ = ("_number",)

    _socket: UdpSocket

    def __init__(self, socket: UdpSocket, watch: _Watch) -> None:
        super().__init__(socket, watch)
        self._number = watch.next_socket()

    def connect(self, address: SocketAddress | None) -> None:
        self._socket.connect(address)
        watch = self._watch
        if address is not None and watch.seeing and watch.is_first(self._number, SEE, address):
            rule = self._socket.allowed_by(RECEIVE, address) or self._socket.allowed_by(SEND, address)
            watch.tell(SEE, repr(address), rule, name=watch.name_of(address.ip))

    def send_to(self, data: memoryview | bytes, address: SocketAddress | None) -> None:
        def tell() -> None:
            peer = self._socket.remote_address() if address is None else address
            if self._watch.is_first(self._number, SEND, peer):
                self._tell(SEND, peer)

        self._do(tell, self._socket.send_to, data, address)

    def receive_from(self, limit: int) -> tuple[bytes, SocketAddress]:
        data, sender = self._socket.receive_from(limit)
        if self._watch.is_first(self._number, RECEIVE, sender):
            asked = self._asked
            self._tell(RECEIVE, sender, target=None if asked is None else repr(asked))
        return data, sender


class _WatchedRequests(RequestRules):
    """Each request gets a network of its own, which tells of that request."""

    __slots__ = ("_network", "_rules", "_watch")

    def __init__(self, network: Network, watch: _Watch) -> None:
        self._network = network
        self._rules = network.request_rules()
        self._watch = watch

    def network_for(self, request: Request, host: str, port: int) -> Network:
        rules = self._rules
        network = self._network if rules is None else rules.network_for(request, host, port)
        return _RequestNetwork(network, wanted(request, host, port), self.allowed_by(request, host, port), self._watch)

    def allowed_by(self, request: Request, host: str, port: int) -> str:
        return "" if self._rules is None else self._rules.allowed_by(request, host, port)


class _RequestNetwork(Network):
    """What one request goes over. Nothing but its client has it."""

    __slots__ = ("_network", "_rule", "_want", "_watch")

    def __init__(self, network: Network, want: Want, rule: str, watch: _Watch) -> None:
        self._network = network
        self._want = want
        self._rule = rule
        self._watch = watch

    def resolve(self, name: str) -> Resolution:
        resolution = self._network.resolve(name)
        with _Made(resolution):
            self.tell(None, self._network.allowed_by(name))
        return resolution

    def tell(self, target: str | None, rule: str) -> None:
        """`rule` is of the network, where none of those for requests allowed it."""
        want = self._want
        self._watch.watcher(Use("http", want.action, want.subject, rule=self._rule or rule, target=target))

    def tcp_socket(self, family: int) -> TcpSocket:
        return _RequestSocket(self._network.tcp_socket(family), self)

    def allowed_by(self, name: str) -> str:
        return self._network.allowed_by(name)


class _RequestSocket(_WatchedTcpSocket):
    """What the request is sent by, once it is connected."""

    __slots__ = ("_request",)

    def __init__(self, socket: TcpSocket, request: _RequestNetwork) -> None:
        super().__init__(socket, request._watch)
        self._request = request

    def _tell(self, action: str, peer: SocketAddress, *, target: str | None = None) -> None:
        self._request.tell(repr(peer), self._socket.allowed_by(action, peer))
