"""A network in memory: programs of one process, and the host's own code, reach each other by name, and nothing else."""

from __future__ import annotations

import threading

from remit.kernel.errors import Code, KernelError, WouldBlock
from remit.kernel.network import Network, Resolution, SocketAddress
from remit.kernel.poll import Event
from remit.network.addresses import literal_ip, parse_ip, text_of
from remit.network.lookups import Known
from remit.network.memory_ends import MemoryConnection, MemoryListener, until, until_async
from remit.network.memory_sockets import TCP, UDP, Binding, Listener, Mailbox, MemoryTcpSocket, MemoryUdpSocket
from remit.network.names import checked_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.kernel.network import TcpSocket, UdpSocket

FIRST_FREE_PORT = 49152
LAST_PORT = 65535

HOST = "host"
"""The member that the host's own code is."""

_LOOPBACK = {4: b"\x7f\0\0\1", 6: bytes(15) + b"\1"}
_PREFIX = {4: b"\x0a", 6: b"\xfd" + b"remit" + bytes(7)}
"""What addresses begin with; the number of the member follows. Nobody has them on the internet."""


class Memory:
    """A network in memory. Grant each program one of its members::

        network = remit.net.Memory()
        remit.run([server], network=network.member("server"))
        remit.run([client], network=network.member("client"))

    Each member is a machine of its own, with a name, an address of IPv4 and one of IPv6, and a loopback of its own;
    programs that are given the same member share these. Addresses are given in the order in which members are made, and
    so are ports that were not asked for. Nothing of the real machine is reached.

    The host's own code is a member, too (``host``): it can :meth:`connect` to programs, and :meth:`listen` by any name.
    """

    __slots__ = ("_lock", "_members", "_told")

    def __init__(self) -> None:
        # Reentrant: a collection of garbage in the middle of something may close a socket.
        self._lock = threading.RLock()
        self._members: dict[str, MemoryMember] = {}
        self._told = Told()
        self.member(HOST)

    def member(self, name: str) -> MemoryMember:
        """The member of that name, which is made if there is none. ValueError for what is no name."""
        try:
            plain = checked_name(name)
        except KernelError as error:
            raise ValueError(error.detail) from None
        last = plain.rpartition(".")[2]
        if parse_ip(plain) is not None or last.isdigit() or last in ("localhost",):
            raise ValueError(f"{name!r} cannot be the name of a member: it stands for an address already")
        with self._lock:
            found = self._members.get(plain)
            if found is None:
                found = MemoryMember(plain, len(self._members) + 1, self._members, self._lock, self._told)
                self._members[plain] = found
            return found

    def connect(self, name: str, port: int, *, timeout: float | None = None) -> MemoryConnection:
        """A connection to the program that listens at the port `port` of the member `name`.

        ConnectionRefusedError if none does (:meth:`wait_for_listener` waits for one); TimeoutError if it has taken none
        of those that wait already for `timeout` seconds; LookupError if there is no such member.
        """
        return MemoryConnection.to(self._members[HOST], self._address(name, port), timeout)

    async def connect_async(self, name: str, port: int, *, timeout: float | None = None) -> MemoryConnection:
        """The same, while other tasks of the running asyncio loop go on."""
        return await MemoryConnection.to_async(self._members[HOST], self._address(name, port), timeout)

    def listen(self, name: str, port: int = 0, *, backlog: int = 128) -> MemoryListener:
        """Be the member `name` at this port, for programs that connect to it; port 0 is any free one. Close it.

        The member is made if there is none. OSError if the port is taken.
        """
        return MemoryListener(self.member(name), port, backlog)

    def wait_for_listener(self, name: str, port: int, *, timeout: float | None = None) -> None:
        """Return when a program listens at that port. TimeoutError."""
        self.member(name)
        until(lambda: self._check_listener(name, port), timeout)

    async def wait_for_listener_async(self, name: str, port: int, *, timeout: float | None = None) -> None:
        """The same, while other tasks of the running asyncio loop go on."""
        self.member(name)
        await until_async(lambda: self._check_listener(name, port), timeout)

    def _check_listener(self, name: str, port: int) -> None:
        with self._lock:
            try:
                self._members[HOST].listener_at(self._address(name, port))
            except KernelError:
                raise WouldBlock(self._told.next) from None

    def _address(self, name: str, port: int) -> SocketAddress:
        with self._lock:
            try:
                member = self._members[checked_name(name)]
            except (KernelError, KeyError):
                raise LookupError(f"the network has no member {name!r}") from None
        return SocketAddress(member.ips[4], port)

    def __repr__(self) -> str:
        return f"<Memory {[*self._members]}>"


class Told:
    """What happens for the first time since somebody looked."""

    __slots__ = ("next",)

    def __init__(self) -> None:
        self.next = Event()

    def tell(self) -> None:
        """It has happened."""
        last, self.next = self.next, Event()
        last.set()


class MemoryMember(Network):
    """One machine of a network in memory; :meth:`Memory.member` makes it."""

    __slots__ = ("_bindings", "_members", "_next_ports", "ips", "lock", "name", "told")

    def __init__(
        self, name: str, number: int, members: dict[str, MemoryMember], lock: threading.RLock, told: Told
    ) -> None:
        self.name = name
        self._members = members
        self.lock = lock
        """Of the whole network."""
        self.told = told
        """When somebody begins to listen."""
        tail = number.to_bytes(3, "big")
        self.ips = {family: prefix + tail for family, prefix in _PREFIX.items()}
        """By family: 4 and 6."""
        self._bindings: dict[tuple[str, int, int], list[Binding]] = {}
        """By kind, family and port."""
        self._next_ports = {TCP: FIRST_FREE_PORT, UDP: FIRST_FREE_PORT}

    @property
    def addresses(self) -> tuple[str, str]:
        """Its addresses as text, of IPv4 and of IPv6."""
        return text_of(self.ips[4]), text_of(self.ips[6])

    def tcp_socket(self, family: int) -> TcpSocket:
        return MemoryTcpSocket(self, family)

    def udp_socket(self, family: int) -> UdpSocket:
        return MemoryUdpSocket(self, family)

    def resolve(self, name: str) -> Resolution:
        ip = literal_ip(name)
        if ip is not None:
            return Known(ip)
        plain = checked_name(name)
        if plain == "localhost":
            return _Answer(plain, [*_LOOPBACK.values()])
        with self.lock:
            found = self._members.get(plain)
        return _Answer(plain, [] if found is None else [*found.ips.values()])

    def __repr__(self) -> str:
        return f"<MemoryMember {self.name} {self.addresses[0]}>"

    # For its sockets, which hold the lock.

    def bind(self, kind: str, address: SocketAddress, holder: Mailbox | None) -> Binding:
        """ADDRESS_NOT_AVAILABLE; ADDRESS_IN_USE."""
        if any(address.ip) and not self._is_own(address.ip):
            raise KernelError(Code.ADDRESS_NOT_AVAILABLE, f"{address!r} is not of {self.name}")
        port = address.port or self._free_port(kind, address.family)
        taken = self._bindings.setdefault((kind, address.family, port), [])
        if any(not any(each.address.ip) or not any(address.ip) or each.address.ip == address.ip for each in taken):
            raise KernelError(Code.ADDRESS_IN_USE, repr(address))
        binding = Binding(kind, SocketAddress(address.ip, port), holder)
        taken.append(binding)
        return binding

    def unbind(self, binding: Binding) -> None:
        key = binding.kind, binding.address.family, binding.address.port
        left = [each for each in self._bindings.get(key, ()) if each is not binding]
        if left:
            self._bindings[key] = left
        else:
            self._bindings.pop(key, None)

    def _free_port(self, kind: str, family: int) -> int:
        port = self._next_ports[kind]
        for _ in range(FIRST_FREE_PORT, LAST_PORT + 1):
            found = port
            port = port + 1 if port < LAST_PORT else FIRST_FREE_PORT
            if (kind, family, found) not in self._bindings:
                self._next_ports[kind] = port
                return found
        raise KernelError(Code.ADDRESS_IN_USE, f"{self.name} has no port left")

    def source(self, bound: bytes, target: bytes) -> bytes:
        """The address that a socket has for `target`. HOST_UNREACHABLE if that cannot be."""
        family = 4 if len(target) == 4 else 6
        within = _is_loopback(target)
        if any(bound):
            if _is_loopback(bound) and not within and target != self.ips[family]:
                raise KernelError(Code.HOST_UNREACHABLE, "a loopback address is not seen outside")
            return bound
        return _LOOPBACK[family] if within else self.ips[family]

    def listener_at(self, address: SocketAddress) -> Listener:
        """HOST_UNREACHABLE; CONNECTION_REFUSED."""
        member = self._member_at(address.ip)
        if member is None:
            raise KernelError(Code.HOST_UNREACHABLE, f"nobody has the address of {address!r}")
        holder = member._holder_at(TCP, address)
        if not isinstance(holder, Listener):
            raise KernelError(Code.CONNECTION_REFUSED, f"nobody listens at {address!r}")
        return holder

    def mailbox_at(self, address: SocketAddress) -> Mailbox | None:
        """Where a datagram goes; None: nowhere."""
        member = self._member_at(address.ip)
        holder = None if member is None else member._holder_at(UDP, address)
        return holder if isinstance(holder, Mailbox) else None

    def _holder_at(self, kind: str, address: SocketAddress) -> Listener | Mailbox | None:
        for each in self._bindings.get((kind, address.family, address.port), ()):
            if not any(each.address.ip) or each.address.ip == address.ip:
                return each.holder
        return None

    def _member_at(self, ip: bytes) -> MemoryMember | None:
        if self._is_own(ip):
            return self
        for each in self._members.values():
            if ip in each.ips.values():
                return each
        return None

    def _is_own(self, ip: bytes) -> bool:
        return _is_loopback(ip) or ip in self.ips.values()


def _is_loopback(ip: bytes) -> bool:
    return ip[0] == 127 if len(ip) == 4 else ip == _LOOPBACK[6]


class _Answer(Resolution):
    __slots__ = ("_found", "_name")

    def __init__(self, name: str, found: Sequence[bytes]) -> None:
        self._name = name
        self._found = found

    def addresses(self) -> Sequence[bytes]:
        if not self._found:
            raise KernelError(Code.NO_ENTRY, f"the network has no member {self._name!r}")
        return self._found
