"""What TCP and UDP sockets of WASI 0.2 have in common: a place among the descriptors, binding, options."""

from __future__ import annotations

from remit.component.values.results import Err
from remit.interfaces.wasi_0_2.network import FAMILY, from_guest, to_guest
from remit.interfaces.wasi_0_2.opened import FLAG_READ, FLAG_WRITE, Opened
from remit.interfaces.wit.declaration import Resource, method
from remit.kernel.descriptors import open_stream

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from remit.component.values.variants import Case
    from remit.interfaces.wasi_0_2.network import NetworkHandle
    from remit.kernel.network import InternetSocket
    from remit.kernel.process import Process

UNBOUND = "unbound"
BIND_STARTED = "bind started"
BOUND = "bound"


def opened_socket(process: Process, socket: InternetSocket) -> Opened:
    """A place for it among the descriptors. TOO_MANY_DESCRIPTORS: then it has been closed."""
    entry = open_stream(socket, read=True, write=True)
    return Opened(process, entry, FLAG_READ | FLAG_WRITE, process.descriptors.insert(entry))


class SocketResource(Resource):
    """An internet socket, and how far it has come."""

    __slots__ = ("opened", "process", "socket", "state")

    def __init__(self, process: Process, socket: InternetSocket, state: str = UNBOUND) -> None:
        self.process = process
        self.socket: Any = socket
        self.state = state
        self.opened = opened_socket(process, socket)

    def drop(self) -> None:
        self.opened.release()

    in_progress: tuple[str, ...] = (BIND_STARTED,)
    """States in which an operation has been started and not finished."""

    def begin(self, *states: str) -> None:
        """Err unless the socket is in one of the states from which an operation can be started."""
        if self.state in self.in_progress:
            raise Err("concurrency-conflict")
        if self.state not in states:
            raise Err("invalid-state")

    @method("(network: borrow<network>, local-address: ip-socket-address) -> result<_, error-code>")
    def start_bind(self, network: NetworkHandle, address: Any) -> None:
        self.begin(UNBOUND)
        self.socket.bind(from_guest(address))
        self.state = BIND_STARTED

    @method("() -> result<_, error-code>")
    def finish_bind(self) -> None:
        if self.state != BIND_STARTED:
            raise Err("not-in-progress")
        self.state = BOUND

    @method("() -> result<ip-socket-address, error-code>")
    def local_address(self) -> Case:
        if self.state in (UNBOUND, BIND_STARTED):
            raise Err("invalid-state")
        return to_guest(self.socket.local_address())

    @method("() -> ip-address-family")
    def address_family(self) -> str:
        return FAMILY[self.socket.family]

    @method("() -> result<u64, error-code>")
    def receive_buffer_size(self) -> int:
        return self._option("receive_buffer")

    @method("(value: u64) -> result<_, error-code>")
    def set_receive_buffer_size(self, value: int) -> None:
        self.socket.set_option("receive_buffer", value)

    @method("() -> result<u64, error-code>")
    def send_buffer_size(self) -> int:
        return self._option("send_buffer")

    @method("(value: u64) -> result<_, error-code>")
    def set_send_buffer_size(self, value: int) -> None:
        self.socket.set_option("send_buffer", value)

    def _option(self, name: str) -> int:
        value: int = self.socket.option(name)
        return value
