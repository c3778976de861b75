"""The kernel's objects as a program sees them while it is recorded or replayed: each call goes to the tape."""

from __future__ import annotations

from remit.kernel.clocks import Clock
from remit.kernel.errors import KernelError
from remit.kernel.files import Directory, File, Filesystem
from remit.kernel.network import Network, Resolution, TcpSocket, UdpSocket
from remit.kernel.poll import ALWAYS, Condition, Pollable
from remit.kernel.random import RandomSource
from remit.kernel.sockets import Socket
from remit.recording.results import (
    ADDRESS,
    ADDRESSES,
    BOOL,
    BYTES,
    COUNT,
    DATAGRAM,
    ENTRIES,
    INT,
    NOTHING,
    REFUSAL,
    STAT,
    TEXT,
    Objects,
    PollableResult,
    address_told,
)
from remit.recording.tape import Taped, named, raw
from remit.recording.values import Data

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any, ClassVar

    from remit.kernel.files import Advice, DirectoryEntry, Stat
    from remit.kernel.network import SocketAddress

_SLOTS = ("_inner", "_number", "_tape")


class TapedPollable(Taped, Condition):
    __slots__ = _SLOTS
    kind = "a condition"

    def ready(self) -> bool:
        found: bool = self._call("ready", (), lambda real: real.ready(), BOOL)
        return found

    def next_step(self) -> Pollable:
        # What is really waited for. When there is nothing, asking again is all that it takes.
        found: Pollable = ALWAYS if self._inner is None else self._inner
        return found


POLLABLE = PollableResult((Pollable, TapedPollable))


class TapedClock(Taped, Clock):
    __slots__ = _SLOTS
    kind = "a clock"

    def now(self) -> int:
        found: int = self._call("now", (), lambda real: real.now(), INT)
        return found

    def resolution(self) -> int:
        found: int = self._call("resolution", (), lambda real: real.resolution(), INT)
        return found

    def at(self, deadline: int) -> Pollable:
        found: Pollable = self._call("at", (deadline,), lambda real: real.at(deadline), POLLABLE)
        return found


class TapedRandom(Taped, RandomSource):
    __slots__ = _SLOTS
    kind = "random numbers"

    def fill(self, buffer: memoryview) -> None:
        def do(real: RandomSource) -> int:
            real.fill(buffer)
            return len(buffer)

        self._call("fill", (len(buffer),), do, COUNT, (buffer,))

    def key(self, purpose: str) -> bytes:
        found: bytes = self._call("key", (purpose,), lambda real: real.key(purpose), BYTES)
        return found


class _TapedNode(Taped):
    __slots__ = ()

    def stat(self) -> Stat:
        found: Stat = self._call("stat", (), lambda real: real.stat(), STAT)
        return found

    def set_times(self, accessed: int | None, modified: int | None) -> None:
        self._call("set_times", (accessed, modified), lambda real: real.set_times(accessed, modified), NOTHING)

    def sync(self, *, data_only: bool) -> None:
        self._call("sync", (data_only,), lambda real: real.sync(data_only=data_only), NOTHING)

    def close(self) -> None:
        self._call("close", (), lambda real: real.close(), NOTHING)


class TapedFile(_TapedNode, File):
    __slots__ = (*_SLOTS, "seekable")
    kind = "a file"
    attributes: ClassVar[Sequence[str]] = ("seekable",)

    def read_at(self, offset: int, buffers: Sequence[memoryview]) -> int:
        found: int = self._call(
            "read_at", (offset, _room(buffers)), lambda real: real.read_at(offset, buffers), COUNT, buffers
        )
        return found

    def write_at(self, offset: int, buffers: Sequence[memoryview]) -> int:
        found: int = self._call(
            "write_at", (offset, Data.of(buffers)), lambda real: real.write_at(offset, buffers), INT
        )
        return found

    def append(self, buffers: Sequence[memoryview]) -> int:
        found: int = self._call("append", (Data.of(buffers),), lambda real: real.append(buffers), INT)
        return found

    def resize(self, size: int) -> None:
        self._call("resize", (size,), lambda real: real.resize(size), NOTHING)

    def allocate(self, offset: int, length: int) -> None:
        self._call("allocate", (offset, length), lambda real: real.allocate(offset, length), NOTHING)

    def advise(self, offset: int, length: int, advice: Advice) -> None:
        self._call("advise", (offset, length, advice.value), lambda real: real.advise(offset, length, advice), NOTHING)

    def read(self, buffers: Sequence[memoryview]) -> int:
        found: int = self._call("read", (_room(buffers),), lambda real: real.read(buffers), COUNT, buffers)
        return found

    def write(self, buffers: Sequence[memoryview]) -> int:
        found: int = self._call("write", (Data.of(buffers),), lambda real: real.write(buffers), INT, sent=buffers)
        return found

    def when_readable(self) -> Pollable:
        found: Pollable = self._call("when_readable", (), lambda real: real.when_readable(), POLLABLE)
        return found

    def when_writable(self) -> Pollable:
        found: Pollable = self._call("when_writable", (), lambda real: real.when_writable(), POLLABLE)
        return found


class TapedDirectory(_TapedNode, Directory):
    __slots__ = (*_SLOTS, "read_only")
    kind = "a directory"
    attributes: ClassVar[Sequence[str]] = ("read_only",)

    @property
    def origin(self) -> object:
        return None if self._inner is None else self._inner.origin

    def path_from_origin(self, path: str) -> str:
        return path if self._inner is None else self._inner.path_from_origin(path)

    def refusal(self, action: str, name: str) -> KernelError:
        found: KernelError = self._call("refusal", (action, name), lambda real: real.refusal(action, name), REFUSAL)
        return found

    def lookup(self, name: str) -> Stat:
        found: Stat = self._call("lookup", (name,), lambda real: real.lookup(name), STAT)
        return found

    def open_directory(self, name: str) -> Directory:
        found: Directory = self._call("open_directory", (name,), lambda real: real.open_directory(name), DIRECTORY)
        return found

    def open_file(self, name: str, how: int) -> File:
        found: File = self._call("open_file", (name, how), lambda real: real.open_file(name, how), FILE)
        return found

    def reopen(self) -> Directory:
        found: Directory = self._call("reopen", (), lambda real: real.reopen(), DIRECTORY)
        return found

    def entries(self) -> Iterable[DirectoryEntry]:
        found: Iterable[DirectoryEntry] = self._call("entries", (), lambda real: real.entries(), ENTRIES)
        return found

    def read_link(self, name: str) -> str:
        found: str = self._call("read_link", (name,), lambda real: real.read_link(name), TEXT)
        return found

    def make_directory(self, name: str) -> None:
        self._call("make_directory", (name,), lambda real: real.make_directory(name), NOTHING)

    def make_symbolic_link(self, name: str, target: str) -> None:
        self._call("make_symbolic_link", (name, target), lambda real: real.make_symbolic_link(name, target), NOTHING)

    def link(self, name: str, target: Directory, target_name: str) -> None:
        self._call(
            "link", (name, named(target), target_name), lambda real: real.link(name, raw(target), target_name), NOTHING
        )

    def rename(self, name: str, target: Directory, target_name: str) -> None:
        self._call(
            "rename",
            (name, named(target), target_name),
            lambda real: real.rename(name, raw(target), target_name),
            NOTHING,
        )

    def unlink(self, name: str) -> None:
        self._call("unlink", (name,), lambda real: real.unlink(name), NOTHING)

    def remove_directory(self, name: str) -> None:
        self._call("remove_directory", (name,), lambda real: real.remove_directory(name), NOTHING)

    def set_times_of(self, name: str, accessed: int | None, modified: int | None) -> None:
        self._call(
            "set_times_of",
            (name, accessed, modified),
            lambda real: real.set_times_of(name, accessed, modified),
            NOTHING,
        )

    def walk(self, path: str) -> Directory | None:
        found: Directory | None = self._call("walk", (path,), lambda real: real.walk(path), DIRECTORY)
        return found


FILE = Objects((File, TapedFile))
DIRECTORY = Objects((Directory, TapedDirectory))


class TapedRoot(Filesystem):
    """A filesystem whose root is a directory that is there already."""

    __slots__ = ("_root",)

    def __init__(self, root: TapedDirectory) -> None:
        self._root = root

    def root(self) -> Directory:
        return self._root


class TapedSocket(TapedFile, Socket):
    """A socket that was handed in, or what it accepted."""

    __slots__ = ("datagram", "listening")
    kind = "a socket"
    attributes: ClassVar[Sequence[str]] = ("seekable", "listening", "datagram")

    def accept(self) -> Any:
        return self._call("accept", (), lambda real: real.accept(), SOCKET)

    def receive(self, buffers: Sequence[memoryview], *, peek: bool = False) -> tuple[int, bool]:
        found: tuple[int, bool] = self._call(
            "receive", (_room(buffers), peek), lambda real: real.receive(buffers, peek=peek), COUNT, buffers
        )
        return found

    def send(self, buffers: Sequence[memoryview]) -> int:
        found: int = self._call("send", (Data.of(buffers),), lambda real: real.send(buffers), INT)
        return found

    def shutdown(self, *, receive: bool, send: bool) -> None:
        self._call("shutdown", (receive, send), lambda real: real.shutdown(receive=receive, send=send), NOTHING)


class _TapedInternetSocket(TapedSocket):
    __slots__ = ("family",)
    attributes: ClassVar[Sequence[str]] = ("seekable", "listening", "datagram", "family")

    def bind(self, address: SocketAddress) -> None:
        self._call("bind", (_at(address),), lambda real: real.bind(address), NOTHING)

    def local_address(self) -> SocketAddress:
        found: SocketAddress = self._call("local_address", (), lambda real: real.local_address(), ADDRESS)
        return found

    def remote_address(self) -> SocketAddress:
        found: SocketAddress = self._call("remote_address", (), lambda real: real.remote_address(), ADDRESS)
        return found

    def option(self, name: str) -> int:
        found: int = self._call("option", (name,), lambda real: real.option(name), INT)
        return found

    def set_option(self, name: str, value: int) -> None:
        self._call("set_option", (name, value), lambda real: real.set_option(name, value), NOTHING)

    def connect(self, address: SocketAddress | None) -> None:
        self._call("connect", (_at(address),), lambda real: real.connect(address), NOTHING)


class TapedTcpSocket(_TapedInternetSocket, TcpSocket):
    __slots__ = ()
    kind = "a TCP socket"

    def listen(self, backlog: int) -> None:
        self._call("listen", (backlog,), lambda real: real.listen(backlog), NOTHING)
        self.listening = True


class TapedUdpSocket(_TapedInternetSocket, UdpSocket):
    __slots__ = ()
    kind = "a UDP socket"

    def send_to(self, data: memoryview | bytes, address: SocketAddress | None) -> None:
        self._call("send_to", (Data.of([data]), _at(address)), lambda real: real.send_to(data, address), NOTHING)

    def receive_from(self, limit: int) -> tuple[bytes, SocketAddress]:
        found: tuple[bytes, SocketAddress] = self._call(
            "receive_from", (limit,), lambda real: real.receive_from(limit), DATAGRAM
        )
        return found


SOCKET = Objects((TcpSocket, TapedTcpSocket), (UdpSocket, TapedUdpSocket), (Socket, TapedSocket))


class TapedResolution(Taped, Resolution):
    __slots__ = _SLOTS
    kind = "a look-up"

    def addresses(self) -> Sequence[bytes]:
        found: Sequence[bytes] = self._call("addresses", (), lambda real: real.addresses(), ADDRESSES)
        return found

    def when_ready(self) -> Pollable:
        found: Pollable = self._call("when_ready", (), lambda real: real.when_ready(), POLLABLE)
        return found

    def close(self) -> None:
        self._call("close", (), lambda real: real.close(), NOTHING)


RESOLUTION = Objects((Resolution, TapedResolution))


class TapedNetwork(Taped, Network):
    __slots__ = _SLOTS
    kind = "the network"

    def tcp_socket(self, family: int) -> TcpSocket:
        found: TcpSocket = self._call("tcp_socket", (family,), lambda real: real.tcp_socket(family), SOCKET)
        return found

    def udp_socket(self, family: int) -> UdpSocket:
        found: UdpSocket = self._call("udp_socket", (family,), lambda real: real.udp_socket(family), SOCKET)
        return found

    def resolve(self, name: str) -> Resolution:
        found: Resolution = self._call("resolve", (name,), lambda real: real.resolve(name), RESOLUTION)
        return found


def _room(buffers: Sequence[memoryview]) -> int:
    return sum([len(buffer) for buffer in buffers])


def _at(address: SocketAddress | None) -> tuple[Any, ...] | None:
    return None if address is None else address_told(address)
