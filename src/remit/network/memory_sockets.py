"""Sockets of a network in memory. All that they share is changed under the one lock of their network."""

from __future__ import annotations

from collections import deque

from remit.kernel.errors import Code, KernelError, WouldBlock
from remit.kernel.files import FileType, Stat
from remit.kernel.network import InternetSocket, SocketAddress, TcpSocket, UdpSocket
from remit.kernel.poll import ALWAYS, Event
from remit.network.addresses import MAPPED, check_peer, check_unicast

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.kernel.poll import Pollable
    from remit.network.memory import MemoryMember

TCP = "tcp"
UDP = "udp"

SECOND = 1_000_000_000
DEFAULT_BUFFER = 64 << 10
LARGEST_BUFFER = 256 << 10
"""Bytes on their way to one socket: a program can ask for fewer, or for more up to this."""

SMALLEST_BUFFER = 1 << 10
DATAGRAM_BUFFER = 256 << 10
DATAGRAM_COST = 256
"""Bytes that a datagram counts for beyond its own: empty ones need memory, too."""

MAX_DATAGRAM = 65507
MAX_BACKLOG = 128

_LARGEST = {
    "keep_alive": 1,
    "keep_alive_count": 127,
    "keep_alive_idle": 32767 * SECOND,
    "keep_alive_interval": 32767 * SECOND,
    "hop_limit": 255,
    "receive_buffer": LARGEST_BUFFER,
    "send_buffer": LARGEST_BUFFER,
}
_DEFAULTS = {
    "keep_alive": 0,
    "keep_alive_count": 9,
    "keep_alive_idle": 7200 * SECOND,
    "keep_alive_interval": 75 * SECOND,
    "hop_limit": 64,
    "receive_buffer": DEFAULT_BUFFER,
    "send_buffer": DEFAULT_BUFFER,
}


class Wire:
    """One direction of a connection: the bytes that were sent and not received yet."""

    __slots__ = ("_data", "_discards", "_ended", "_gone", "_limit", "_reset", "readable", "writable")

    def __init__(self, limit: int) -> None:
        self._data = bytearray()
        self._limit = limit
        self._ended = False
        """Nothing more is sent."""
        self._gone = False
        """Nobody can receive any more."""
        self._discards = False
        """Nobody wants to."""
        self._reset = False
        self.readable = Event()
        self.writable = Event()
        self._tell()

    def _tell(self) -> None:
        """Have the events say what is so."""
        for event, ready in (
            (self.readable, bool(self._data) or self._ended or self._gone or self._discards or self._reset),
            (self.writable, len(self._data) < self._limit or self._ended or self._gone or self._discards),
        ):
            if ready != event.ready():
                if ready:
                    event.set()
                else:
                    event.clear()

    def put(self, buffers: Sequence[memoryview]) -> int:
        if self._ended or self._gone:
            raise KernelError(Code.PIPE)
        if self._discards:
            return sum(map(len, buffers))
        room = self._limit - len(self._data)
        count = 0
        for buffer in buffers:
            if not buffer:
                continue
            if count >= room:
                break
            part = buffer[: room - count]
            self._data += part
            count += len(part)
        if not count and any(buffers):
            raise WouldBlock(self.writable)
        self._tell()
        return count

    def take(self, buffers: Sequence[memoryview], *, peek: bool) -> int:
        if self._discards:
            return 0
        if not self._data:
            if self._reset:
                raise KernelError(Code.CONNECTION_RESET)
            if self._ended or not any(buffers):
                return 0
            raise WouldBlock(self.readable)
        count = 0
        for buffer in buffers:
            part = self._data[count : count + len(buffer)]
            buffer[: len(part)] = part
            count += len(part)
        if not peek:
            del self._data[:count]
            self._tell()
        return count

    def resize(self, limit: int) -> None:
        self._limit = limit
        self._tell()

    def end(self) -> None:
        """No more is sent."""
        self._ended = True
        self._tell()

    def discard(self) -> None:
        """What is sent from now on goes nowhere."""
        self._discards = True
        self._data.clear()
        self._tell()

    def abandon(self) -> None:
        """Whoever received has gone."""
        self._gone = True
        self._data.clear()
        self._tell()

    def reset(self) -> None:
        """Whoever sent never was there."""
        self._reset = self._ended = True
        self._tell()


class Listener:
    """Connections that wait for being accepted."""

    __slots__ = ("_limit", "_waiting", "acceptable", "buffer", "closed", "room")

    def __init__(self, backlog: int, buffer: int) -> None:
        self._waiting: deque[tuple[Wire, Wire, SocketAddress, SocketAddress]] = deque()
        self._limit = max(1, min(backlog, MAX_BACKLOG))
        self.buffer = buffer
        """Of each connection, for what comes in."""
        self.closed = False
        self.acceptable = Event()
        self.room = Event()
        self.room.set()

    def has_room(self) -> bool:
        return len(self._waiting) < self._limit

    def add(self, incoming: Wire, outgoing: Wire, local: SocketAddress, remote: SocketAddress) -> None:
        """All as the side that accepts has them."""
        self._waiting.append((incoming, outgoing, local, remote))
        if not self.has_room():
            self.room.clear()
        self.acceptable.set()

    def take(self) -> tuple[Wire, Wire, SocketAddress, SocketAddress]:
        if self.closed:
            raise KernelError(Code.INVALID_STATE, "it is closed")
        if not self._waiting:
            raise WouldBlock(self.acceptable)
        taken = self._waiting.popleft()
        if not self._waiting:
            self.acceptable.clear()
        self.room.set()
        return taken

    def close(self) -> None:
        self.closed = True
        while self._waiting:
            incoming, outgoing, _, _ = self._waiting.popleft()
            incoming.abandon()
            outgoing.reset()
        self.acceptable.set()
        self.room.set()


class Mailbox:
    """Datagrams that came in. What does not fit is lost, as it is on any network."""

    __slots__ = ("_datagrams", "_size", "limit", "peer", "readable")

    def __init__(self) -> None:
        self._datagrams: deque[tuple[bytes, SocketAddress]] = deque()
        self._size = 0
        self.limit = DATAGRAM_BUFFER
        self.peer: SocketAddress | None = None
        """The only one who is heard."""
        self.readable = Event()

    def hears(self, sender: SocketAddress) -> bool:
        return self.peer is None or (self.peer.ip, self.peer.port) == (sender.ip, sender.port)

    def put(self, data: bytes, sender: SocketAddress) -> None:
        cost = len(data) + DATAGRAM_COST
        if self.hears(sender) and self._size + cost <= self.limit:
            self._datagrams.append((data, sender))
            self._size += cost
            self.readable.set()

    def take(self, limit: int) -> tuple[bytes, SocketAddress]:
        if not self._datagrams:
            raise WouldBlock(self.readable)
        data, sender = self._datagrams.popleft()
        self._size -= len(data) + DATAGRAM_COST
        if not self._datagrams:
            self.readable.clear()
        return data[:limit], sender

    def hear_only(self, peer: SocketAddress | None) -> None:
        self.peer = peer
        kept = [each for each in self._datagrams if self.hears(each[1])]
        self._datagrams = deque(kept)
        self._size = sum(len(data) + DATAGRAM_COST for data, _ in kept)
        if not kept:
            self.readable.clear()


class Binding:
    """An address that a socket has taken. It does not know the socket, which gives it back."""

    __slots__ = ("address", "holder", "kind")

    def __init__(self, kind: str, address: SocketAddress, holder: Mailbox | None) -> None:
        self.kind = kind
        self.address = address
        self.holder: Listener | Mailbox | None = holder


class _MemorySocket(InternetSocket):
    """What TCP and UDP sockets have in common."""

    __slots__ = ("_binding", "_closed", "_lock", "_member", "_options", "family")

    kind = TCP

    def __init__(self, member: MemoryMember, family: int) -> None:
        self.family = family
        self._member = member
        self._lock = member.lock
        self._binding: Binding | None = None
        self._options: dict[str, int] = {}
        self._closed = False

    def __del__(self) -> None:
        # A program's descriptors are closed with it; of what the host's own code forgets, the address is free again.
        if not getattr(self, "_closed", True):
            self.close()

    def stat(self) -> Stat:
        return Stat(FileType.SOCKET)

    def _holder(self) -> Mailbox | None:
        return None

    def bind(self, address: SocketAddress) -> None:
        with self._lock:
            if self._binding is not None:
                raise KernelError(Code.INVALID_STATE, "it is bound already")
            check_unicast(address, self.family, for_peer=False)
            self._binding = self._member.bind(self.kind, SocketAddress(address.ip, address.port), self._holder())

    def _bind_if_not(self) -> Binding:
        if self._binding is None:
            anywhere = SocketAddress(bytes(4 if self.family == 4 else 16), 0)
            self._binding = self._member.bind(self.kind, anywhere, self._holder())
        return self._binding

    def _source(self, target: SocketAddress) -> SocketAddress:
        """Where it is, as `target` sees it. HOST_UNREACHABLE."""
        bound = self._bind_if_not().address
        return SocketAddress(self._member.source(bound.ip, target.ip), bound.port)

    def local_address(self) -> SocketAddress:
        if self._binding is None:
            raise KernelError(Code.INVALID_STATE, "it is not bound")
        return self._binding.address

    def option(self, name: str) -> int:
        self._check_option(name)
        return self._options.get(name, _DEFAULTS[name])

    def set_option(self, name: str, value: int) -> None:
        self._check_option(name)
        if (value <= 0 and name != "keep_alive") or (name == "hop_limit" and value > 255):
            raise KernelError(Code.INVALID, f"{name} {value}")
        value = min(value, _LARGEST[name])
        if name in ("keep_alive_idle", "keep_alive_interval"):
            value = -(-value // SECOND) * SECOND
        elif name in ("receive_buffer", "send_buffer"):
            value = max(value, SMALLEST_BUFFER)
        with self._lock:
            self._options[name] = value
            if name == "receive_buffer":
                self._resize(value)

    def _resize(self, size: int) -> None:
        """What comes in has so much room from now on."""

    def _check_option(self, name: str) -> None:
        if name not in _DEFAULTS or (self.datagram and name.startswith("keep_alive")):
            raise KernelError(Code.NOT_SUPPORTED, name)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            binding, self._binding = self._binding, None
            if binding is not None:
                self._member.unbind(binding)


class MemoryTcpSocket(_MemorySocket, TcpSocket):
    """A TCP socket of a network in memory."""

    __slots__ = ("_attempt", "_incoming", "_listener", "_local", "_outgoing", "_remote", "listening")

    def __init__(self, member: MemoryMember, family: int) -> None:
        super().__init__(member, family)
        self._incoming: Wire | None = None
        self._outgoing: Wire | None = None
        self._local: SocketAddress | None = None
        """Of a connection."""
        self._remote: SocketAddress | None = None
        self._listener: Listener | None = None
        self._attempt: tuple[Listener, SocketAddress, SocketAddress] | None = None
        """A connection that waits for room, and from and to where."""
        self.listening = False

    def bind(self, address: SocketAddress) -> None:
        if self._remote is not None:
            raise KernelError(Code.INVALID_STATE, "it is connected")
        super().bind(address)

    def local_address(self) -> SocketAddress:
        return super().local_address() if self._local is None else self._local

    def remote_address(self) -> SocketAddress:
        if self._remote is None:
            raise KernelError(Code.NOT_CONNECTED)
        return self._remote

    def connect(self, address: SocketAddress | None) -> None:
        with self._lock:
            if address is not None:
                if self._attempt is not None or self._remote is not None or self._listener is not None:
                    raise KernelError(Code.INVALID_STATE, "it connects, is connected, or listens")
                check_unicast(address, self.family, for_peer=True)
                source = self._source(address)
                self._attempt = self._member.listener_at(address), source, SocketAddress(address.ip, address.port)
            if self._attempt is not None:
                self._try()
            elif self._remote is None:
                raise KernelError(Code.INVALID_STATE, "nothing is under way")

    def _try(self) -> None:
        assert self._attempt is not None
        listener, source, target = self._attempt
        if listener.closed:
            self._attempt = None
            raise KernelError(Code.CONNECTION_REFUSED, f"nobody listens at {target!r} any more")
        if not listener.has_room():
            raise WouldBlock(listener.room)
        self._attempt = None
        self._incoming, self._outgoing = Wire(self.option("receive_buffer")), Wire(listener.buffer)
        self._local, self._remote = source, target
        listener.add(self._outgoing, self._incoming, target, source)

    def listen(self, backlog: int) -> None:
        with self._lock:
            binding = self._binding
            if binding is None or self._listener is not None or self._attempt is not None or self._remote is not None:
                raise KernelError(Code.INVALID_STATE, "it is not just bound")
            self._listener = binding.holder = Listener(backlog, self.option("receive_buffer"))
            self.listening = True
            self._member.told.tell()

    def accept(self) -> MemoryTcpSocket:
        with self._lock:
            if self._listener is None:
                raise KernelError(Code.INVALID_STATE, "it does not listen")
            taken = self._listener.take()
            made = MemoryTcpSocket(self._member, self.family)
            made._incoming, made._outgoing, made._local, made._remote = taken
            made._options = dict(self._options)
            return made

    def receive(self, buffers: Sequence[memoryview], *, peek: bool = False) -> tuple[int, bool]:
        with self._lock:
            if self._incoming is None:
                raise KernelError(Code.NOT_CONNECTED)
            return self._incoming.take(buffers, peek=peek), False

    def send(self, buffers: Sequence[memoryview]) -> int:
        with self._lock:
            if self._outgoing is None:
                raise KernelError(Code.NOT_CONNECTED)
            return self._outgoing.put(buffers)

    def read(self, buffers: Sequence[memoryview]) -> int:
        return self.receive(buffers)[0]

    def write(self, buffers: Sequence[memoryview]) -> int:
        return self.send(buffers)

    def shutdown(self, *, receive: bool, send: bool) -> None:
        if not receive and not send:
            raise KernelError(Code.INVALID, "neither direction")
        with self._lock:
            if self._incoming is None or self._outgoing is None:
                raise KernelError(Code.NOT_CONNECTED)
            if receive:
                self._incoming.discard()
            if send:
                self._outgoing.end()

    def when_readable(self) -> Pollable:
        if self._listener is not None:
            return self._listener.acceptable
        return ALWAYS if self._incoming is None else self._incoming.readable

    def when_writable(self) -> Pollable:
        attempt = self._attempt
        if attempt is not None:
            return attempt[0].room
        return ALWAYS if self._outgoing is None else self._outgoing.writable

    def _resize(self, size: int) -> None:
        if self._incoming is not None:
            self._incoming.resize(size)
        if self._listener is not None:
            self._listener.buffer = size

    def close(self) -> None:
        with self._lock:
            super().close()
            self._attempt = None
            if self._listener is not None:
                self._listener.close()
            # What was sent is received all the same.
            if self._outgoing is not None:
                self._outgoing.end()
            if self._incoming is not None:
                self._incoming.abandon()
            self._incoming = self._outgoing = None


class MemoryUdpSocket(_MemorySocket, UdpSocket):
    """A UDP socket of a network in memory."""

    __slots__ = ("_mailbox",)

    kind = UDP

    def __init__(self, member: MemoryMember, family: int) -> None:
        super().__init__(member, family)
        self._mailbox = Mailbox()

    def _holder(self) -> Mailbox:
        return self._mailbox

    def connect(self, address: SocketAddress | None) -> None:
        with self._lock:
            if address is not None:
                self._check(address)
                self._bind_if_not()
            self._mailbox.hear_only(address)

    def remote_address(self) -> SocketAddress:
        if self._mailbox.peer is None:
            raise KernelError(Code.NOT_CONNECTED)
        return self._mailbox.peer

    def _check(self, address: SocketAddress) -> None:
        if address.family != self.family:
            raise KernelError(Code.INVALID, f"{address!r} is of the other family")
        if address.ip[:12] == MAPPED and self.family == 6:
            raise KernelError(Code.INVALID, f"{address!r} is an IPv4 address mapped into IPv6")
        check_peer(address)

    def send_to(self, data: memoryview | bytes, address: SocketAddress | None) -> None:
        with self._lock:
            peer = self._mailbox.peer
            if address is None:
                if peer is None:
                    raise KernelError(Code.INVALID, "no address to send to")
                address = peer
            elif not self._mailbox.hears(address):
                raise KernelError(Code.INVALID, f"it is connected to {peer!r}")
            self._check(address)
            if len(data) > MAX_DATAGRAM:
                raise KernelError(Code.MESSAGE_SIZE)
            source = self._source(address)
            mailbox = self._member.mailbox_at(address)
            if mailbox is not None:
                mailbox.put(bytes(data), source)

    def receive_from(self, limit: int) -> tuple[bytes, SocketAddress]:
        with self._lock:
            if self._binding is None:
                raise KernelError(Code.INVALID_STATE, "it is not bound")
            return self._mailbox.take(limit)

    def when_readable(self) -> Pollable:
        return self._mailbox.readable

    def _resize(self, size: int) -> None:
        # Room for one datagram at least, however large.
        self._mailbox.limit = max(size, MAX_DATAGRAM + DATAGRAM_COST)
