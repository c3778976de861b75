"""Grants made real: the only place that turns names into authority over the real machine."""

from __future__ import annotations

import errno
import os
import stat

from remit.kernel.clocks import FixedClock, HostCpuClock, HostMonotonicClock, HostWallClock
from remit.kernel.descriptors import DescriptorTable, OpenDirectory, open_stream
from remit.kernel.files import Filesystem
from remit.kernel.process import Process
from remit.kernel.random import HostRandom, SeededRandom
from remit.kernel.sockets import Socket
from remit.streams.host import HostInput, HostOutput

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable
    from io import FileIO

    from remit.filesystems.stable import Seen
    from remit.kernel.clocks import Clock
    from remit.kernel.files import Directory, File
    from remit.kernel.http import HttpClient
    from remit.kernel.network import Network
    from remit.kernel.random import RandomSource
    from remit.kernel.uses import Watcher
    from remit.network.host import HostSocket
    from remit.network.rules import Rule
    from remit.policy.grants import Grants
    from remit.recording.recorder import Recorder
    from remit.recording.tape import Tape

_NONBLOCK = getattr(os, "O_NONBLOCK", 0)
_OWN_STREAMS = ("/dev/stdin", "/dev/stdout", "/dev/stderr", *[f"/dev/fd/{number}" for number in range(10)])


def open_ambient_filesystem(path: str | os.PathLike[str]) -> Filesystem:
    """The host directory at `path`, with all that is below it.

    FileNotFoundError or NotADirectoryError (with the path) if it is not one.
    """
    from remit.filesystems.host import HostFilesystem

    return HostFilesystem(os.fspath(path))


def open_ambient_archive(path: str | os.PathLike[str]) -> Filesystem:
    """What is in the zip or tar archive at `path` of this machine. Its contents say which of them it is.

    ValueError if it is neither, is damaged, or has too much in it; OSError.
    """
    from remit.filesystems.zip import ZipArchive, is_zip

    path = os.fspath(path)
    if is_zip(path):
        return ZipArchive(path)
    from remit.filesystems.tar import TarArchive

    return TarArchive(path)


def open_ambient_url(url: str) -> Filesystem:
    """What fsspec opens by `url`, to be read. ValueError if it knows none, RuntimeError for what is not installed."""
    from remit.filesystems.fsspec import FsspecFilesystem

    return FsspecFilesystem(url)


def open_ambient_listener(address: str) -> HostSocket:
    """A socket that listens at ``HOST:PORT`` or ``[IPv6]:PORT`` of this machine; port 0 is any free one. Close it.

    ValueError for what is not an address, OSError (with the address) where the host refuses.
    """
    from remit.network import host

    return host.open_ambient_listener(address)


def open_ambient_listening_socket(address: str, backlog: int = 1024) -> socket.socket:
    """The same for a server of the host's own; `backlog`: connections that wait to be accepted."""
    from remit.network import host

    return host.open_ambient_listening_socket(address, backlog)


def open_ambient_network(allow: Iterable[str | Rule] = (), *, everything: bool = False) -> Network:
    """The network of this machine, as far as the rules `allow` (:mod:`remit.network.rules`), or all of it.

    ValueError for a rule that is none.
    """
    from remit.network.host_network import HostNetwork

    return HostNetwork(allow, everything=everything)


def open_ambient_stream(descriptor: int) -> File:
    """A standard stream of the host process (0, 1 or 2). Closing it leaves the host's own open."""
    return HostInput(descriptor) if descriptor == 0 else HostOutput(descriptor)


def open_ambient_stream_file(path: str, *, write: bool, append: bool = False) -> FileIO:
    """The host's file at `path`, to be a standard stream; to write, it is made, and emptied unless `append`.

    OSError, with the path; also for a named pipe: until somebody opens the other end nothing could interrupt the wait.
    """
    from io import FileIO

    def opened(path: str, flags: int) -> int:
        if path in _OWN_STREAMS:
            # It may be a pipe whose other end is there.
            return os.open(path, flags, 0o666)
        try:
            descriptor = os.open(path, flags | _NONBLOCK, 0o666)
        except OSError as error:
            if error.errno == errno.ENXIO and stat.S_ISFIFO(os.stat(path).st_mode):
                raise _pipe(path) from None
            raise
        if _NONBLOCK:
            if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
                os.close(descriptor)
                raise _pipe(path)
            os.set_blocking(descriptor, True)
        return descriptor

    return FileIO(path, ("a" if append else "w") if write else "r", opener=opened)


def _pipe(path: str) -> OSError:
    return OSError(errno.EINVAL, "Is a named pipe: hand it over as the stream itself, by the shell's < or >", path)


def ambient_path_exists(path: str) -> bool:
    """Whether this machine has something at `path`, be it a link to nowhere. Nothing is opened."""
    try:
        os.lstat(path)
    except (OSError, ValueError):
        return False
    return True


def open_ambient_recording(path: str | os.PathLike[str], max_bytes: int) -> Recorder:
    """A recorder that writes to the host's file at `path`, not more than `max_bytes`. OSError."""
    from remit.recording.recorder import Recorder

    return Recorder(path, max_bytes=max_bytes)


def tape_of(grants: Grants) -> Tape | None:
    """What is between the program and its outside, or instead of that; None: nothing. OSError."""
    if isinstance(grants.record, (str, os.PathLike)):
        return open_ambient_recording(grants.record, grants.limits.recorded_bytes)
    return grants.record


def build_process(
    grants: Grants,
    descriptors: DescriptorTable | None = None,
    *,
    own_thread: bool = True,
    tape: Tape | None = None,
) -> Process:
    """The process that `grants` describe, with its descriptors open: close it.

    0, 1 and 2 are the standard streams, then come the directories in their order, then the sockets.
    `descriptors` is the empty table to use. `own_thread`: the program runs on the thread that calls this, and its
    processor time is that thread's; otherwise it is the whole host process's. `tape`: all that it is handed is behind
    that one, or comes from it. ValueError if these are more than its limit, OSError if a directory cannot be opened;
    nothing stays open then.
    """
    if tape is not None and tape.replays:
        return tape.process(descriptors)
    wanted = 3 + len(grants.dirs) + len(grants.sockets)
    if wanted > grants.limits.descriptors:
        raise ValueError(
            f"the streams, directories and sockets of the program are {wanted} descriptors, and it may have "
            f"{grants.limits.descriptors}: a larger Limits(descriptors=…) (--max-descriptors) is needed"
        )
    wall_clock, monotonic_clock, cpu_clock = _clocks(grants, own_thread)
    process = Process(
        limits=grants.limits,
        random=_random(0 if grants.random is None and grants.deterministic else grants.random),
        args=grants.arguments,
        environ=grants.env,
        descriptors=descriptors,
        wall_clock=wall_clock,
        monotonic_clock=monotonic_clock,
        cpu_clock=cpu_clock,
        network=_network(grants.network, grants.on_use),
    )
    process.refusals.strict = grants.strict
    process.refusals.on_refusal = grants.on_refusal
    process.http = _http(grants.http, process.network, grants.on_use)
    handed = None if tape is None else tape.hand_over(process)
    table = process.descriptors
    seen = _seen(wall_clock) if grants.deterministic and grants.dirs else None
    try:
        for number, given in enumerate((grants.stdin, grants.stdout, grants.stderr)):
            stream = given or open_ambient_stream(number)
            if handed is not None:
                stream = handed.stream(stream, "output" if number else "input")
            table.insert(open_stream(stream, read=not number, write=bool(number)))
        for guest_path, granted in grants.dirs.items():
            root = _root(granted, guest_path, grants.on_use, seen)
            if handed is not None:
                root = handed.directory(root, guest_path)
            table.insert(OpenDirectory(root, preopen=guest_path))
        for each in grants.sockets:
            socket = _socket(each, grants.on_use)
            if handed is not None:
                socket = handed.stream(socket, "both")
            table.insert(open_stream(socket, read=True, write=True))
    except BaseException:
        process.close()
        raise
    return process


def _clocks(grants: Grants, own_thread: bool) -> tuple[Clock, Clock, Clock]:
    """Those for the time of day, for durations, and for processor time."""
    wall_clock, monotonic_clock = grants.wall_clock, grants.monotonic_clock
    if not grants.deterministic:
        cpu_clock = HostCpuClock(thread=own_thread)
        return wall_clock or HostWallClock(), monotonic_clock or HostMonotonicClock(), cpu_clock
    from remit.kernel.virtual_clock import START, VirtualTime, time_of

    start = START
    if isinstance(wall_clock, FixedClock):
        # Waiting for one that stands still would take real time.
        start, wall_clock = wall_clock.now(), None
    time = time_of(monotonic_clock, wall_clock) or VirtualTime(start, shared=False)
    return wall_clock or time.wall, monotonic_clock or time.monotonic, time.cpu


def _seen(wall_clock: Clock) -> Seen:
    from remit.filesystems.stable import Seen

    return Seen(wall_clock)


def _root(granted: str | Filesystem, guest_path: str, watcher: Watcher | None, seen: Seen | None) -> Directory:
    root_of = getattr(granted, "root_of", None)
    if root_of is not None:
        # Somebody is asked first, and only what is allowed is done, shown and told.
        asked: Directory = root_of(lambda root: _dressed(root, granted, guest_path, watcher, seen))
        return asked
    return _dressed(_opened(granted), granted, guest_path, watcher, seen)


def _dressed(
    root: Directory, granted: str | Filesystem, guest_path: str, watcher: Watcher | None, seen: Seen | None
) -> Directory:
    """`root` in a stable form, and with somebody who is told of its uses."""
    if seen is not None:
        from remit.filesystems.stable import stable

        root = stable(root, seen)
    if watcher is None:
        return root
    from remit.filesystems.decoy import Decoy
    from remit.filesystems.watched import watched

    if isinstance(granted, Decoy):
        # There is nothing in it to use.
        return root

    return watched(root, guest_path, watcher, seeing=getattr(watcher, "seeing", False))


def _opened(granted: str | Filesystem) -> Directory:
    if isinstance(granted, Filesystem):
        return granted.root()
    from remit.filesystems.host import open_ambient_directory

    return open_ambient_directory(granted)


def _socket(handed_over: Socket | socket.socket, watcher: Watcher | None) -> Socket:
    if isinstance(handed_over, Socket):
        own = handed_over
    else:
        from remit.network.host import HostSocket

        own = HostSocket(handed_over)
    if watcher is None or not own.listening:
        return own
    from remit.network.watched import WatchedListener

    return WatchedListener(own, watcher)


def _network(granted: Network | tuple[Rule, ...] | str | None, watcher: Watcher | None) -> Network | None:
    if granted is None:
        return None
    if isinstance(granted, str):
        network = open_ambient_network(everything=True)
    else:
        network = open_ambient_network(granted) if isinstance(granted, tuple) else granted
    if watcher is None:
        return network
    from remit.network.watched import WatchedNetwork

    return WatchedNetwork(network, watcher, seeing=getattr(watcher, "seeing", False))


def _http(granted: HttpClient | bool | None, network: Network | None, watcher: Watcher | None) -> HttpClient | None:
    if granted is None and network is not None:
        from remit.http.client import Client

        return Client(network)
    assert granted is not True
    if granted is None or granted is False:
        return None
    if watcher is None:
        return granted
    from remit.http.watched import WatchedClient

    return WatchedClient(granted, watcher)


def _random(source: RandomSource | int | None) -> RandomSource:
    if source is None:
        return HostRandom()
    return SeededRandom(source) if isinstance(source, int) else source
