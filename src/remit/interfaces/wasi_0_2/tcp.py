"""``wasi:sockets/tcp`` and ``tcp-create-socket``."""

from __future__ import annotations

from remit.component.values.results import Err
from remit.interfaces.wasi_0_2.network import FAMILIES, from_guest, granted_network, to_guest
from remit.interfaces.wasi_0_2.network_errors import ERROR_CODE
from remit.interfaces.wasi_0_2.poll import Pollable
from remit.interfaces.wasi_0_2.socket_base import BIND_STARTED, BOUND, UNBOUND, SocketResource
from remit.interfaces.wasi_0_2.streams import InputStream, OutputStream
from remit.interfaces.wit.declaration import Interface, func, method
from remit.kernel.errors import Code, KernelError, WouldBlock
from remit.kernel.poll import ALWAYS, Condition

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from remit.component.values.variants import Case
    from remit.interfaces.wasi_0_2.network import NetworkHandle
    from remit.kernel.network import TcpSocket as KernelSocket
    from remit.kernel.poll import Pollable as KernelPollable

LISTEN_STARTED = "listen started"
LISTENING = "listening"
CONNECTING = "connecting"
CONNECTED = "connected"
CLOSED = "closed"

DEFAULT_BACKLOG = 128

_AT_ONCE = frozenset({Code.ACCESS, Code.INVALID, Code.INVALID_STATE, Code.NOT_SUPPORTED})
"""What is wrong with an attempt to connect, rather than how it goes."""


class TcpSocket(SocketResource):
    """A TCP socket."""

    __slots__ = ("_backlog", "_failure")
    name = "tcp-socket"
    in_progress = (BIND_STARTED, LISTEN_STARTED, CONNECTING)

    def __init__(self, process: Any, socket: KernelSocket, state: str = UNBOUND) -> None:
        super().__init__(process, socket, state)
        self._backlog = DEFAULT_BACKLOG
        self._failure: KernelError | None = None

    @method("(network: borrow<network>, remote-address: ip-socket-address) -> result<_, error-code>")
    def start_connect(self, network: NetworkHandle, address: Any) -> None:
        self.begin(UNBOUND, BOUND)
        try:
            self.socket.connect(from_guest(address))
        except WouldBlock:
            pass
        except KernelError as failure:
            if failure.code in _AT_ONCE:
                raise
            self._failure = failure
        self.state = CONNECTING

    @method("() -> result<tuple<input-stream, output-stream>, error-code>")
    def finish_connect(self) -> tuple[InputStream, OutputStream]:
        if self.state != CONNECTING:
            raise Err("not-in-progress")
        if self._failure is None:
            try:
                self._continue()
            except KernelError as failure:
                self._failure = failure
        if self._failure is not None:
            self.state = CLOSED
            raise self._failure
        self.state = CONNECTED
        return self._streams()

    def _continue(self) -> None:
        try:
            self.socket.connect(None)
        except WouldBlock:
            raise Err("would-block") from None

    def _streams(self) -> tuple[InputStream, OutputStream]:
        opened = self.opened
        return (
            InputStream(opened.file, self.process.limits.io_bytes, opened),
            OutputStream(opened.sink, opened=opened),
        )

    @method("() -> result<_, error-code>")
    def start_listen(self) -> None:
        self.begin(BOUND)
        self.socket.listen(self._backlog)
        self.state = LISTEN_STARTED

    @method("() -> result<_, error-code>")
    def finish_listen(self) -> None:
        if self.state != LISTEN_STARTED:
            raise Err("not-in-progress")
        self.state = LISTENING

    @method("() -> result<tuple<tcp-socket, input-stream, output-stream>, error-code>")
    def accept(self) -> tuple[TcpSocket, InputStream, OutputStream]:
        if self.state != LISTENING:
            raise Err("invalid-state")
        self.process.descriptors.reserve()
        try:
            connection = self.socket.accept()
        except WouldBlock:
            raise Err("would-block") from None
        made = TcpSocket(self.process, connection, CONNECTED)
        return (made, *made._streams())

    @method("() -> result<ip-socket-address, error-code>")
    def remote_address(self) -> Case:
        if self.state != CONNECTED:
            raise Err("invalid-state")
        return to_guest(self.socket.remote_address())

    @method("() -> bool")
    def is_listening(self) -> bool:
        return self.state == LISTENING

    @method("(value: u64) -> result<_, error-code>")
    def set_listen_backlog_size(self, value: int) -> None:
        if not value:
            raise KernelError(Code.INVALID, "a backlog of none")
        if self.state in (CONNECTING, CONNECTED, CLOSED):
            raise Err("invalid-state")
        if self.state in (LISTENING, LISTEN_STARTED):
            raise KernelError(Code.NOT_SUPPORTED, "the backlog of a socket that listens")
        self._backlog = value

    @method("() -> result<bool, error-code>")
    def keep_alive_enabled(self) -> bool:
        return bool(self.socket.option("keep_alive"))

    @method("(value: bool) -> result<_, error-code>")
    def set_keep_alive_enabled(self, value: bool) -> None:
        self.socket.set_option("keep_alive", int(value))

    @method("() -> result<duration, error-code>")
    def keep_alive_idle_time(self) -> int:
        return self._option("keep_alive_idle")

    @method("(value: duration) -> result<_, error-code>")
    def set_keep_alive_idle_time(self, value: int) -> None:
        self.socket.set_option("keep_alive_idle", value)

    @method("() -> result<duration, error-code>")
    def keep_alive_interval(self) -> int:
        return self._option("keep_alive_interval")

    @method("(value: duration) -> result<_, error-code>")
    def set_keep_alive_interval(self, value: int) -> None:
        self.socket.set_option("keep_alive_interval", value)

    @method("() -> result<u32, error-code>")
    def keep_alive_count(self) -> int:
        return self._option("keep_alive_count")

    @method("(value: u32) -> result<_, error-code>")
    def set_keep_alive_count(self, value: int) -> None:
        self.socket.set_option("keep_alive_count", value)

    @method("() -> result<u8, error-code>")
    def hop_limit(self) -> int:
        return self._option("hop_limit")

    @method("(value: u8) -> result<_, error-code>")
    def set_hop_limit(self, value: int) -> None:
        self.socket.set_option("hop_limit", value)

    def when_ready(self) -> KernelPollable:
        """Ready while the next operation would not say ``would-block``, in the state that it is in."""
        socket: KernelSocket = self.socket
        if self.state == CONNECTING and self._failure is None:
            return socket.when_writable()
        return socket.when_readable() if self.state == LISTENING else ALWAYS

    @method("() -> pollable")
    def subscribe(self) -> Pollable:
        return Pollable(_CanGoOn(self), self.opened)

    @method("(shutdown-type: shutdown-type) -> result<_, error-code>")
    def shutdown(self, kind: Any) -> None:
        if self.state != CONNECTED:
            raise Err("invalid-state")
        self.socket.shutdown(receive=kind.label != "send", send=kind.label != "receive")


class _CanGoOn(Condition):
    """For all of a socket's life: C libraries make one pollable when they make the socket."""

    __slots__ = ("_socket",)

    def __init__(self, socket: TcpSocket) -> None:
        self._socket = socket

    def ready(self) -> bool:
        return self._socket.when_ready().ready()

    def next_step(self) -> KernelPollable:
        return self._socket.when_ready()


_USES = {
    "input-stream": "wasi:io/streams",
    "output-stream": "wasi:io/streams",
    "pollable": "wasi:io/poll",
    "duration": "wasi:clocks/monotonic-clock",
    "network": "wasi:sockets/network",
    "error-code": "wasi:sockets/network",
    "ip-socket-address": "wasi:sockets/network",
    "ip-address-family": "wasi:sockets/network",
}


class Tcp(Interface):
    name = "wasi:sockets/tcp"
    version = "0.2.12"
    resources = (TcpSocket,)
    types = {"shutdown-type": "enum { receive, send, both }"}
    uses = _USES

    @classmethod
    def error(cls, failure: KernelError) -> str:
        return ERROR_CODE[failure.code]


class TcpCreateSocket(Interface):
    name = "wasi:sockets/tcp-create-socket"
    version = "0.2.12"
    uses = {
        "network": "wasi:sockets/network",
        "error-code": "wasi:sockets/network",
        "ip-address-family": "wasi:sockets/network",
        "tcp-socket": "wasi:sockets/tcp",
    }

    @classmethod
    def error(cls, failure: KernelError) -> str:
        return ERROR_CODE[failure.code]

    @func("(address-family: ip-address-family) -> result<tcp-socket, error-code>")
    def create_tcp_socket(self, family: Any) -> TcpSocket:
        network = granted_network(self.process)
        self.process.descriptors.reserve()
        return TcpSocket(self.process, network.tcp_socket(FAMILIES[family.label]))
