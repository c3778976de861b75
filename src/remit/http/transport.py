"""From an authority to a connection that bytes go through: look up, connect, TLS. Steps are taken when asked for."""

from __future__ import annotations

from remit.kernel.errors import Code, KernelError, WouldBlock
from remit.kernel.http import HttpError, RequestRefused
from remit.kernel.network import SocketAddress
from remit.kernel.poll import ALWAYS, AnyOf
from remit.kernel.refusals import Refused, Want

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from typing import Any

    from remit.kernel.clocks import Clock
    from remit.kernel.network import Network, TcpSocket
    from remit.kernel.poll import Pollable

CHUNK = 64 << 10
"""Bytes taken from a socket at a time."""

MAX_ADDRESSES = 8
"""Of one name that are tried, one after the other."""

_CONNECT_ERRORS = {
    Code.ACCESS: "destination-IP-prohibited",
    Code.ADDRESS_NOT_AVAILABLE: "destination-IP-unroutable",
    Code.CONNECTION_REFUSED: "connection-refused",
    Code.CONNECTION_RESET: "connection-terminated",
    Code.HOST_UNREACHABLE: "destination-IP-unroutable",
    Code.INVALID: "destination-IP-unroutable",
    Code.NETWORK_DOWN: "destination-unavailable",
    Code.NETWORK_UNREACHABLE: "destination-IP-unroutable",
    Code.NOT_SUPPORTED: "destination-IP-unroutable",
    Code.TIMED_OUT: "connection-timeout",
    Code.TOO_MANY_DESCRIPTORS: "connection-limit-reached",
    Code.TOO_MANY_HOST_DESCRIPTORS: "connection-limit-reached",
}


class DnsErrorPayload:
    """A ``DNS-error-payload``."""

    __slots__ = ("info_code", "rcode")

    def __init__(self, rcode: str) -> None:
        self.rcode = rcode
        self.info_code: int | None = None


class TlsAlertPayload:
    """A ``TLS-alert-received-payload``."""

    __slots__ = ("alert_id", "alert_message")

    def __init__(self, message: str) -> None:
        self.alert_id: int | None = None
        self.alert_message = message


class Transport:
    """One connection, from before it is there. Close it."""

    __slots__ = (
        "_addresses",
        "_attempt_until",
        "_clock",
        "_context",
        "_deadline",
        "_failure",
        "_incoming",
        "_left",
        "_network",
        "_outgoing",
        "_port",
        "_resolution",
        "_server_name",
        "_socket",
        "_step",
        "_tls",
        "_wait_for",
    )

    def __init__(
        self, network: Network, host: str, port: int, context: ssl.SSLContext | None, clock: Clock, deadline: int
    ) -> None:
        """`context`: for TLS. `deadline`: when it must be there, on `clock`. HttpError."""
        self._network = network
        self._clock = clock
        self._port = port
        self._context = context
        # Certificates name hosts without the dot that ends an absolute name.
        self._server_name = host[1:-1] if host.startswith("[") else host.removesuffix(".")
        self._deadline = deadline
        self._attempt_until = deadline
        """When the address that is being tried has had its share of the time."""
        self._socket: TcpSocket | None = None
        self._addresses: list[bytes] = []
        self._failure: HttpError | None = None
        self._left = b""
        """What the socket has not taken yet."""
        self._tls: Any = None
        self._incoming: Any = None
        self._outgoing: Any = None
        self._wait_for: Pollable = ALWAYS
        try:
            self._resolution = network.resolve(host)
        except KernelError as error:
            raise _look_up_error(error, host, port) from None
        self._step: Callable[[], bool] | None = self._look_up
        """What comes next; None: it is there."""

    def ready(self) -> bool:
        """Go on as far as that is possible; whether bytes can go through. HttpError."""
        while self._step is not None:
            if self._clock.now() >= self._deadline:
                raise HttpError("connection-timeout")
            if not self._step():
                return False
        return True

    def next_step(self) -> Pollable:
        """What to wait for before `ready` can get any further."""
        return AnyOf([self._wait_for, self._clock.at(min(self._deadline, self._attempt_until))])

    # Getting there. Each step says whether the next one can be taken.

    def _look_up(self) -> bool:
        try:
            found = self._resolution.addresses()
        except WouldBlock:
            self._wait_for = self._resolution.when_ready()
            return False
        except KernelError as error:
            raise _look_up_error(error, self._server_name, self._port) from None
        # IPv4 first: where there is no IPv6, trying it takes as long as it is allowed to.
        self._addresses = sorted(found, key=len)[:MAX_ADDRESSES]
        self._step = self._connect
        return True

    def _connect(self) -> bool:
        """Try the next address."""
        if not self._addresses:
            raise self._failure or HttpError("destination-not-found")
        ip = self._addresses.pop(0)
        now = self._clock.now()
        # One address that nobody answers at must not take the time of those that are left.
        self._attempt_until = now + (self._deadline - now) // (1 + len(self._addresses))
        try:
            self._socket = self._network.tcp_socket(4 if len(ip) == 4 else 6)
            self._socket.connect(SocketAddress(ip, self._port))
        except WouldBlock as block:
            self._wait_for = block.pollable
            self._step = self._connecting
            return False
        except KernelError as error:
            self._try_another(error)
            return True
        self._connected()
        return True

    def _connecting(self) -> bool:
        assert self._socket is not None
        try:
            self._socket.connect(None)
        except WouldBlock as block:
            self._wait_for = block.pollable
            if self._clock.now() < self._attempt_until:
                return False
            self._try_another(KernelError(Code.TIMED_OUT))
            return True
        except KernelError as error:
            self._try_another(error)
            return True
        self._connected()
        return True

    def _try_another(self, error: KernelError) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        kind = _CONNECT_ERRORS.get(error.code, "destination-unavailable")
        if isinstance(error, Refused):
            failure: HttpError = RequestRefused(kind, error.detail, want=error.want)
        else:
            failure = HttpError(kind, str(error))
        self._failure = self._failure or failure
        self._step = self._connect

    def _connected(self) -> None:
        self._attempt_until = self._deadline
        if self._context is None:
            self._step = None
            return
        import ssl

        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        try:
            self._tls = self._context.wrap_bio(self._incoming, self._outgoing, server_hostname=self._server_name)
        except ValueError as error:  # a name that no certificate can have
            raise HttpError("HTTP-request-URI-invalid", str(error)) from None
        self._step = self._shake_hands

    def _shake_hands(self) -> bool:
        import ssl

        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._flush_tls()
            if self._left:
                return False
            return self._fill()
        except ssl.SSLError as error:
            try:
                self._flush_tls()  # the alert that says why
            finally:
                raise _tls_error(error) from None
        self._flush_tls()
        self._step = None
        return True

    def _fill(self) -> bool:
        """Take what came for TLS; False if nothing has."""
        try:
            data = self._receive()
        except WouldBlock as block:
            self._wait_for = block.pollable
            return False
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()
        return True

    # Bytes.

    def send(self, data: bytes) -> None:
        """Take all of it: who sends asks :attr:`unsent` first. HttpError."""
        if self._tls is None:
            self._left += data
        else:
            import ssl

            try:
                self._tls.write(data)
            except ssl.SSLError as error:
                raise _tls_error(error) from None
            self._left += self._outgoing.read()
        self.flush()

    @property
    def unsent(self) -> int:
        """Bytes that the socket has not taken."""
        return len(self._left)

    def flush(self) -> bool:
        """Whether the socket has taken all. HttpError."""
        assert self._socket is not None
        while self._left:
            try:
                count = self._socket.write([memoryview(self._left)])
            except WouldBlock as block:
                self._wait_for = block.pollable
                return False
            except KernelError as error:
                raise HttpError("connection-terminated", str(error)) from None
            self._left = self._left[count:]
        return True

    def forget_unsent(self) -> None:
        """Nobody takes it any more."""
        self._left = b""

    def when_writable(self) -> Pollable:
        assert self._socket is not None
        return self._socket.when_writable()

    def when_readable(self) -> Pollable:
        assert self._socket is not None
        return self._socket.when_readable()

    def receive(self) -> bytes:
        """The next bytes, b"" at the end. WouldBlock; HttpError."""
        if self._tls is None:
            return self._receive()
        import ssl

        while True:
            try:
                return bytes(self._tls.read(CHUNK))
            except ssl.SSLWantReadError:
                self._flush_tls()
                data = self._receive()
                if data:
                    self._incoming.write(data)
                else:
                    self._incoming.write_eof()
            except ssl.SSLZeroReturnError:
                return b""
            except ssl.SSLError as error:
                # An end that TLS does not vouch for may be anybody's doing: it ends no message.
                raise _tls_error(error) from None

    def _receive(self) -> bytes:
        assert self._socket is not None
        buffer = bytearray(CHUNK)
        try:
            count = self._socket.read([memoryview(buffer)])
        except KernelError as error:
            raise HttpError("connection-terminated", str(error)) from None
        return bytes(memoryview(buffer)[:count])

    def _flush_tls(self) -> None:
        self._left += self._outgoing.read()
        self.flush()

    def close(self) -> None:
        """Closing twice does nothing."""
        self._resolution.close()
        socket, self._socket = self._socket, None
        if socket is not None:
            socket.close()


def _tls_error(error: ssl.SSLError) -> HttpError:
    import ssl

    if isinstance(error, ssl.SSLCertVerificationError):
        return HttpError("TLS-certificate-error", str(error))
    if isinstance(error, ssl.SSLEOFError):
        return HttpError("connection-terminated", "without an end of TLS")
    if "ALERT" in (error.reason or ""):
        return HttpError("TLS-alert-received", str(error), TlsAlertPayload(error.reason))
    return HttpError("TLS-protocol-error", str(error))


def _look_up_error(error: KernelError, host: str, port: int) -> HttpError:
    if isinstance(error, Refused):
        # To look it up is not what was asked for: what allows the connection allows that, too.
        target = error.want.rule.partition(":")[2]
        place = f"[{target}]:{port}" if ":" in target else f"{target}:{port}"
        want = Want("network", "connect", f"{host}:{port}", f"connect:{place}" if target else "")
        return RequestRefused("HTTP-request-denied", error.detail, want=want)
    if error.code is Code.ACCESS:
        return HttpError("HTTP-request-denied", str(error))
    if error.code is Code.TRY_AGAIN:
        return HttpError("DNS-timeout", str(error))
    if error.code is Code.INVALID:
        return HttpError("HTTP-request-URI-invalid", str(error))
    return HttpError(
        "DNS-error", str(error), DnsErrorPayload("NXDOMAIN" if error.code is Code.NO_ENTRY else "SERVFAIL")
    )
