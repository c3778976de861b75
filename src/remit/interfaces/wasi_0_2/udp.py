"""``wasi:sockets/udp`` and ``udp-create-socket``."""

from __future__ import annotations

from remit.component.values.results import Err
from remit.engine.api import Trap
from remit.interfaces.wasi_0_2.network import FAMILIES, from_guest, granted_network, to_guest
from remit.interfaces.wasi_0_2.network_errors import ERROR_CODE
from remit.interfaces.wasi_0_2.poll import Pollable
from remit.interfaces.wasi_0_2.socket_base import BIND_STARTED, UNBOUND, SocketResource
from remit.interfaces.wit.declaration import Interface, Resource, func, method
from remit.kernel.errors import Code, KernelError, WouldBlock
from remit.kernel.poll import ALWAYS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from remit.component.values.variants import Case
    from remit.kernel.network import SocketAddress

MAX_DATAGRAM = 65507
"""Bytes: no datagram of UDP has more."""

BATCH = 16
"""Datagrams of one call: what is received is held in the host until the program has it."""


class IncomingDatagram:
    """An ``incoming-datagram``."""

    __slots__ = ("data", "remote_address")

    def __init__(self, data: bytes, sender: SocketAddress) -> None:
        self.data = data
        self.remote_address = to_guest(sender)


class _DatagramStream(Resource):
    """One direction of a socket, which it keeps open."""

    __slots__ = ("_owner",)

    def __init__(self, owner: UdpSocket) -> None:
        self._owner = owner
        owner.streams += 1
        owner.opened.retain()

    def drop(self) -> None:
        self._owner.streams -= 1
        self._owner.opened.release()


class IncomingDatagramStream(_DatagramStream):
    """The datagrams that come in."""

    __slots__ = ()
    name = "incoming-datagram-stream"

    @method("(max-results: u64) -> result<list<incoming-datagram>, error-code>")
    def receive(self, most: int) -> list[IncomingDatagram]:
        received: list[IncomingDatagram] = []
        while len(received) < min(most, BATCH):
            try:
                received.append(IncomingDatagram(*self._owner.socket.receive_from(MAX_DATAGRAM)))
            except WouldBlock:
                break
            except KernelError:
                # What was taken from the host is given; the failure is met again.
                if not received:
                    raise
                break
        return received

    @method("() -> pollable")
    def subscribe(self) -> Pollable:
        return Pollable(self._owner.socket.when_readable(), self._owner.opened)


class OutgoingDatagramStream(_DatagramStream):
    """The datagrams that go out."""

    __slots__ = ("_permit",)
    name = "outgoing-datagram-stream"

    def __init__(self, owner: UdpSocket) -> None:
        super().__init__(owner)
        self._permit = 0

    @method("() -> result<u64, error-code>")
    def check_send(self) -> int:
        self._permit = BATCH if self._owner.socket.when_writable().ready() else 0
        return self._permit

    @method("(datagrams: list<outgoing-datagram>) -> result<u64, error-code>")
    def send(self, datagrams: Sequence[Any]) -> int:
        if len(datagrams) > self._permit:
            raise Trap(f"send of {len(datagrams)} datagrams, where check-send permitted {self._permit}", "sockets")
        self._permit -= len(datagrams)
        sent = 0
        for each in datagrams:
            try:
                self._send(each)
            except WouldBlock:
                break
            except KernelError:
                if not sent:
                    raise
                break
            sent += 1
        return sent

    def _send(self, datagram: Any) -> None:
        if len(datagram.data) > MAX_DATAGRAM:
            raise KernelError(Code.MESSAGE_SIZE)
        address = datagram.remote_address
        self._owner.socket.send_to(datagram.data, None if address is None else from_guest(address))

    @method("() -> pollable")
    def subscribe(self) -> Pollable:
        return Pollable(self._owner.socket.when_writable(), self._owner.opened)


class UdpSocket(SocketResource):
    """A UDP socket."""

    __slots__ = ("streams",)
    name = "udp-socket"

    def __init__(self, process: Any, socket: Any) -> None:
        super().__init__(process, socket)
        self.streams = 0
        """How many of its streams there are."""

    @method(
        "(remote-address: option<ip-socket-address>) "
        "-> result<tuple<incoming-datagram-stream, outgoing-datagram-stream>, error-code>"
    )
    def stream(self, address: Any) -> tuple[IncomingDatagramStream, OutgoingDatagramStream]:
        if self.streams:
            raise Trap("the streams of a socket are made anew while the old ones are there", "sockets")
        if self.state in (UNBOUND, BIND_STARTED):
            raise Err("invalid-state")
        self.socket.connect(None if address is None else from_guest(address))
        return IncomingDatagramStream(self), OutgoingDatagramStream(self)

    @method("() -> result<ip-socket-address, error-code>")
    def remote_address(self) -> Case:
        return to_guest(self.socket.remote_address())

    @method("() -> result<u8, error-code>")
    def unicast_hop_limit(self) -> int:
        return self._option("hop_limit")

    @method("(value: u8) -> result<_, error-code>")
    def set_unicast_hop_limit(self, value: int) -> None:
        self.socket.set_option("hop_limit", value)

    @method("() -> pollable")
    def subscribe(self) -> Pollable:
        return Pollable(ALWAYS)


class Udp(Interface):
    name = "wasi:sockets/udp"
    version = "0.2.12"
    resources = (UdpSocket, IncomingDatagramStream, OutgoingDatagramStream)
    types = {
        "incoming-datagram": "record { data: list<u8>, remote-address: ip-socket-address }",
        "outgoing-datagram": "record { data: list<u8>, remote-address: option<ip-socket-address> }",
    }
    uses = {
        "pollable": "wasi:io/poll",
        "network": "wasi:sockets/network",
        "error-code": "wasi:sockets/network",
        "ip-socket-address": "wasi:sockets/network",
        "ip-address-family": "wasi:sockets/network",
    }

    @classmethod
    def error(cls, failure: KernelError) -> str:
        return ERROR_CODE[failure.code]


class UdpCreateSocket(Interface):
    name = "wasi:sockets/udp-create-socket"
    version = "0.2.12"
    uses = {
        "network": "wasi:sockets/network",
        "error-code": "wasi:sockets/network",
        "ip-address-family": "wasi:sockets/network",
        "udp-socket": "wasi:sockets/udp",
    }

    @classmethod
    def error(cls, failure: KernelError) -> str:
        return ERROR_CODE[failure.code]

    @func("(address-family: ip-address-family) -> result<udp-socket, error-code>")
    def create_udp_socket(self, family: Any) -> UdpSocket:
        network = granted_network(self.process)
        self.process.descriptors.reserve()
        return UdpSocket(self.process, network.udp_socket(FAMILIES[family.label]))
