"""Kernel objects that write down what they are asked, and hand it on: an audit log of one program.

What is written down is each *use of authority*: what was opened, looked at, made, removed, renamed, linked, listed,
read and written, from where and how much, and what was refused. Giving handles back is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from remit.kernel.clocks import Clock
from remit.kernel.errors import KernelError, WouldBlock
from remit.kernel.files import NOW, Advice, Directory, DirectoryEntry, File, Filesystem, How, Stat
from remit.kernel.network import Network, Resolution, SocketAddress, TcpSocket
from remit.kernel.poll import Pollable
from remit.kernel.random import RandomSource
from remit.kernel.sockets import Socket

Entry = tuple[Any, ...]
"""An operation, what it was done to, details, and last how it went: ``ok``, or the code of the refusal."""


class Log:
    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def record(self, operation: str, subject: str, *details: Any, do: Callable[[], Any]) -> Any:
        """Do it, and write it down. What has to wait has not happened yet."""
        try:
            result = do()
        except WouldBlock:
            raise
        except KernelError as error:
            self.entries.append((operation, subject, *details, error.code.name))
            raise
        self.entries.append((operation, subject, *details, "ok"))
        return result

    def moved(self, operation: str, subject: str, do: Callable[[], int], offset: int | None = None) -> int:
        """Bytes, of which the number that was moved counts and not the number that was asked for.

        `offset`: where in a file; None in a stream, and at the end of a file.
        """
        try:
            count = do()
        except WouldBlock:
            raise
        except KernelError as error:
            self.entries.append((operation, subject, offset, 0, error.code.name))
            raise
        self.entries.append((operation, subject, offset, count, "ok"))
        return count


def _time(time: int | None) -> int | str | None:
    return "now" if time == NOW else time


def _how(how: int) -> str:
    names = ("READ", "WRITE", "CREATE", "EXCLUSIVE", "TRUNCATE")
    return " ".join([name.lower() for name in names if how & getattr(How, name)])


class RecordedFile(File):
    __slots__ = ("_inner", "_log", "_path", "seekable")

    def __init__(self, inner: File, log: Log, path: str) -> None:
        self._inner, self._log, self._path = inner, log, path
        self.seekable = inner.seekable

    def stat(self) -> Stat:
        found: Stat = self._log.record("attributes", self._path, do=self._inner.stat)
        return found

    def set_times(self, accessed: int | None, modified: int | None) -> None:
        times = _time(accessed), _time(modified)
        self._log.record("set times", self._path, *times, do=lambda: self._inner.set_times(accessed, modified))

    def sync(self, *, data_only: bool) -> None:
        self._log.record("sync", self._path, data_only, do=lambda: self._inner.sync(data_only=data_only))

    def close(self) -> None:
        self._inner.close()

    def read_at(self, offset: int, buffers: Sequence[memoryview]) -> int:
        return self._log.moved("read", self._path, lambda: self._inner.read_at(offset, buffers), offset)

    def write_at(self, offset: int, buffers: Sequence[memoryview]) -> int:
        return self._log.moved("write", self._path, lambda: self._inner.write_at(offset, buffers), offset)

    def append(self, buffers: Sequence[memoryview]) -> int:
        return self._log.moved("append", self._path, lambda: self._inner.append(buffers))

    def read(self, buffers: Sequence[memoryview]) -> int:
        return self._log.moved("read", self._path, lambda: self._inner.read(buffers))

    def write(self, buffers: Sequence[memoryview]) -> int:
        return self._log.moved("write", self._path, lambda: self._inner.write(buffers))

    def resize(self, size: int) -> None:
        self._log.record("resize", self._path, size, do=lambda: self._inner.resize(size))

    def allocate(self, offset: int, length: int) -> None:
        self._log.record("allocate", self._path, offset, length, do=lambda: self._inner.allocate(offset, length))

    def advise(self, offset: int, length: int, advice: Advice) -> None:
        do = lambda: self._inner.advise(offset, length, advice)  # noqa: E731
        self._log.record("advise", self._path, offset, length, advice.value, do=do)

    def when_readable(self) -> Pollable:
        return self._inner.when_readable()

    def when_writable(self) -> Pollable:
        return self._inner.when_writable()


class RecordedDirectory(Directory):
    __slots__ = ("_inner", "_log", "_path", "read_only")

    def __init__(self, inner: Directory, log: Log, path: str) -> None:
        self._inner, self._log, self._path = inner, log, path
        self.read_only = inner.read_only

    def _at(self, name: str) -> str:
        return f"{self._path}/{name}"

    def stat(self) -> Stat:
        found: Stat = self._log.record("attributes", self._path, do=self._inner.stat)
        return found

    def set_times(self, accessed: int | None, modified: int | None) -> None:
        times = _time(accessed), _time(modified)
        self._log.record("set times", self._path, *times, do=lambda: self._inner.set_times(accessed, modified))

    def sync(self, *, data_only: bool) -> None:
        self._log.record("sync", self._path, data_only, do=lambda: self._inner.sync(data_only=data_only))

    def close(self) -> None:
        self._inner.close()

    def lookup(self, name: str) -> Stat:
        found: Stat = self._log.record("attributes", self._at(name), do=lambda: self._inner.lookup(name))
        return found

    def open_directory(self, name: str) -> Directory:
        path = self._at(name)
        return RecordedDirectory(
            self._log.record("open directory", path, do=lambda: self._inner.open_directory(name)), self._log, path
        )

    def open_file(self, name: str, how: int) -> File:
        path = self._at(name)
        opened = self._log.record("open", path, _how(how), do=lambda: self._inner.open_file(name, how))
        return RecordedFile(opened, self._log, path)

    def reopen(self) -> Directory:
        return RecordedDirectory(self._inner.reopen(), self._log, self._path)

    def entries(self) -> Iterable[DirectoryEntry]:
        found: Iterable[DirectoryEntry] = self._log.record("list", self._path, do=self._inner.entries)
        return found

    def read_link(self, name: str) -> str:
        target: str = self._log.record("read link", self._at(name), do=lambda: self._inner.read_link(name))
        return target

    def make_directory(self, name: str) -> None:
        self._log.record("make directory", self._at(name), do=lambda: self._inner.make_directory(name))

    def make_symbolic_link(self, name: str, target: str) -> None:
        self._log.record("make link", self._at(name), target, do=lambda: self._inner.make_symbolic_link(name, target))

    def link(self, name: str, target: Directory, target_name: str) -> None:
        inner = _inner(target)
        to = self._target(target, target_name)
        self._log.record("link", self._at(name), to, do=lambda: self._inner.link(name, inner, target_name))

    def rename(self, name: str, target: Directory, target_name: str) -> None:
        inner = _inner(target)
        to = self._target(target, target_name)
        self._log.record("rename", self._at(name), to, do=lambda: self._inner.rename(name, inner, target_name))

    def unlink(self, name: str) -> None:
        self._log.record("unlink", self._at(name), do=lambda: self._inner.unlink(name))

    def remove_directory(self, name: str) -> None:
        self._log.record("remove directory", self._at(name), do=lambda: self._inner.remove_directory(name))

    def set_times_of(self, name: str, accessed: int | None, modified: int | None) -> None:
        times = _time(accessed), _time(modified)
        do = lambda: self._inner.set_times_of(name, accessed, modified)  # noqa: E731
        self._log.record("set times", self._at(name), *times, do=do)

    def _target(self, target: Directory, name: str) -> str:
        return target._at(name) if isinstance(target, RecordedDirectory) else name


def _inner(directory: Directory) -> Directory:
    return directory._inner if isinstance(directory, RecordedDirectory) else directory


class RecordedFilesystem(Filesystem):
    __slots__ = ("_inner", "_log", "_name")

    def __init__(self, inner: Filesystem, log: Log, name: str) -> None:
        self._inner, self._log, self._name = inner, log, name

    def root(self) -> Directory:
        return RecordedDirectory(self._inner.root(), self._log, self._name)


class RecordedClock(Clock):
    """Steps on by a millisecond whenever it is asked, so that both runs see the same times."""

    __slots__ = ("_log", "_name", "_now")

    def __init__(self, log: Log, name: str, start: int) -> None:
        self._log, self._name, self._now = log, name, start

    def now(self) -> int:
        self._log.entries.append(("now", self._name, "ok"))
        self._now += 1_000_000
        return self._now

    def resolution(self) -> int:
        self._log.entries.append(("resolution", self._name, "ok"))
        return 1_000

    def at(self, deadline: int) -> Pollable:
        self._log.entries.append(("wait", self._name, deadline, "ok"))
        self._now = max(self._now, deadline)
        return super().at(deadline)


class RecordedRandom(RandomSource):
    """Bytes that count, so that both runs get the same."""

    __slots__ = ("_log", "_next")

    def __init__(self, log: Log) -> None:
        self._log, self._next = log, 0

    def fill(self, buffer: memoryview) -> None:
        self._log.entries.append(("random", "", len(buffer), "ok"))
        for index in range(len(buffer)):
            buffer[index] = self._next = (self._next + 1) % 256


class RecordedSocket(Socket):
    """A socket that was handed in, or what it accepted."""

    __slots__ = ("_inner", "_log", "_name", "datagram", "listening")

    def __init__(self, inner: Socket, log: Log, name: str) -> None:
        self._inner, self._log, self._name = inner, log, name
        self.listening, self.datagram = inner.listening, inner.datagram

    def stat(self) -> Stat:
        return self._inner.stat()

    def accept(self) -> Socket:
        return RecordedSocket(self._log.record("accept", self._name, do=self._inner.accept), self._log, "connection")

    def receive(self, buffers: Sequence[memoryview], *, peek: bool = False) -> tuple[int, bool]:
        got = (0, False)

        def do() -> int:
            nonlocal got
            got = self._inner.receive(buffers, peek=peek)
            return got[0]

        self._log.moved("receive", self._name, do)
        return got

    def read(self, buffers: Sequence[memoryview]) -> int:
        return self._log.moved("receive", self._name, lambda: self._inner.read(buffers))

    def send(self, buffers: Sequence[memoryview]) -> int:
        return self._log.moved("send", self._name, lambda: self._inner.send(buffers))

    def write(self, buffers: Sequence[memoryview]) -> int:
        return self._log.moved("send", self._name, lambda: self._inner.write(buffers))

    def shutdown(self, *, receive: bool, send: bool) -> None:
        self._log.record(
            "shut down", self._name, receive, send, do=lambda: self._inner.shutdown(receive=receive, send=send)
        )

    def when_readable(self) -> Pollable:
        return self._inner.when_readable()

    def when_writable(self) -> Pollable:
        return self._inner.when_writable()

    def close(self) -> None:
        self._inner.close()


class RecordedTcpSocket(RecordedSocket, TcpSocket):
    """A socket that the program made."""

    __slots__ = ()
    _inner: TcpSocket

    def bind(self, address: SocketAddress) -> None:
        self._log.record("bind", self._name, do=lambda: self._inner.bind(address))

    def local_address(self) -> SocketAddress:
        return self._inner.local_address()

    def remote_address(self) -> SocketAddress:
        return self._inner.remote_address()

    def option(self, name: str) -> int:
        return self._inner.option(name)

    def set_option(self, name: str, value: int) -> None:
        self._inner.set_option(name, value)

    def connect(self, address: SocketAddress | None) -> None:
        self._log.record("connect", self._name, do=lambda: self._inner.connect(address))

    def listen(self, backlog: int) -> None:
        self._log.record("listen", self._name, do=lambda: self._inner.listen(backlog))
        self.listening = True

    def accept(self) -> TcpSocket:
        return RecordedTcpSocket(self._log.record("accept", self._name, do=self._inner.accept), self._log, "connection")


class RecordedNetwork(Network):
    __slots__ = ("_inner", "_log")

    def __init__(self, inner: Network, log: Log) -> None:
        self._inner, self._log = inner, log

    def tcp_socket(self, family: int) -> TcpSocket:
        made = self._log.record("make socket", "listener", do=lambda: self._inner.tcp_socket(family))
        return RecordedTcpSocket(made, self._log, "listener")

    def resolve(self, name: str) -> Resolution:
        found: Resolution = self._log.record("resolve", name, do=lambda: self._inner.resolve(name))
        return found
