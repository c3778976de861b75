"""Looking up names: the host does it in calls that block, so they are made on threads of their own."""

from __future__ import annotations

import _thread
import socket

from remit.kernel.errors import Code, KernelError, WouldBlock
from remit.kernel.network import Resolution
from remit.kernel.poll import Event
from remit.kernel.refusals import Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MAX_THREADS = 8
"""Of all programs together. A look-up takes as long as the name server does; more of them wait their turn."""

MAX_WAITING = 1024
"""Look-ups that wait for a thread."""


class LookUp(Resolution):
    """One look-up, on its way or done. `keep` says which addresses of those found the caller gets."""

    __slots__ = ("_dropped", "_error", "_event", "_found", "_keep", "name")

    def __init__(self, name: str, keep: Callable[[Sequence[bytes]], Sequence[bytes]]) -> None:
        self.name = name
        self._keep = keep
        self._event = Event()
        self._found: Sequence[bytes] = ()
        self._error: KernelError | None = None
        self._dropped = False

    def addresses(self) -> Sequence[bytes]:
        if not self._event.ready():
            raise WouldBlock(self._event)
        if self._error is not None:
            # A new one each time: an exception that is raised again and again keeps every traceback.
            if isinstance(self._error, Refused):
                raise Refused(self._error.code, self._error.detail, want=self._error.want)
            raise KernelError(self._error.code, self._error.detail)
        return self._found

    def when_ready(self) -> Event:
        return self._event

    def close(self) -> None:
        self._dropped = True

    def run(self) -> None:
        """On any thread."""
        try:
            if not self._dropped:
                self._found = self._keep(_addresses(self.name))
                if not self._found:
                    self.fail(KernelError(Code.NO_ENTRY, f"{self.name} stands for no address"))
        except KernelError as error:
            self.fail(error)
        except Exception as error:  # noqa: BLE001  # whatever it is, the program that waits must hear of it
            self.fail(KernelError(Code.IO, f"{self.name}: {error!r}"))
        finally:
            self._event.set()

    def fail(self, error: KernelError) -> None:
        """That is how it ended."""
        self._error = error
        self._event.set()


def _addresses(name: str) -> list[bytes]:
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        if error.errno == socket.EAI_AGAIN:
            raise KernelError(Code.TRY_AGAIN, f"{name}: {error.strerror}") from None
        if error.errno in (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)):
            raise KernelError(Code.NO_ENTRY, f"{name}: {error.strerror}") from None
        raise KernelError(Code.IO, f"{name}: {error.strerror}") from None
    except (OSError, UnicodeError) as error:
        raise KernelError(Code.NO_ENTRY, f"{name}: {error}") from None
    ips = [socket.inet_pton(family, str(address[0]).partition("%")[0]) for family, _, _, _, address in found]
    return list(dict.fromkeys(ips))


class LookUps:
    """Does look-ups, a few at a time."""

    __slots__ = ("_lock", "_running", "_waiting")

    def __init__(self) -> None:
        self._lock = _thread.allocate_lock()
        self._running = 0
        self._waiting: list[LookUp] = []

    def begin(self, look_up: LookUp) -> None:
        """TRY_AGAIN, as its outcome, if too many wait already."""
        with self._lock:
            if len(self._waiting) >= MAX_WAITING:
                look_up.fail(KernelError(Code.TRY_AGAIN, "too many names are being looked up"))
                return
            self._waiting.append(look_up)
            if self._running >= MAX_THREADS:
                return
            self._running += 1
        try:
            _thread.start_new_thread(self._work, ())
        except RuntimeError as error:  # no more threads: those that run, if any, will do it
            with self._lock:
                self._running -= 1
                if self._running or look_up not in self._waiting:
                    return
                self._waiting.remove(look_up)
            look_up.fail(KernelError(Code.TRY_AGAIN, str(error)))

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._running -= 1
                    return
                look_up = self._waiting.pop(0)
            look_up.run()


LOOK_UPS = LookUps()
"""Of this process."""


class Known(Resolution):
    """Of an address in text: nothing is looked up."""

    __slots__ = ("_ip",)

    def __init__(self, ip: bytes) -> None:
        self._ip = ip

    def addresses(self) -> Sequence[bytes]:
        return [self._ip]
