"""Grants: everything that one program is handed, said in plain values.

The command line and the Python API are two spellings of this one model. Nothing here touches the
machine; :mod:`remit.policy.build` makes the objects.
"""

from __future__ import annotations

import os
import sys

from remit.kernel.clocks import Clock
from remit.kernel.files import Filesystem
from remit.kernel.limits import Limits
from remit.kernel.random import RandomSource
from remit.kernel.sockets import Socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping, Sequence
    from typing import IO, Any

    from remit.kernel.calls import Call, CallSink
    from remit.kernel.files import File
    from remit.kernel.http import HttpClient
    from remit.kernel.network import Network
    from remit.kernel.refusals import Refusal
    from remit.kernel.uses import Use
    from remit.recording.tape import Tape


class Grants:
    """What a program gets. Left as it is, it gets its standard streams, clocks and random numbers, and nothing else."""

    __slots__ = (
        "arguments",
        "deterministic",
        "dirs",
        "env",
        "http",
        "limits",
        "monotonic_clock",
        "network",
        "on_refusal",
        "on_use",
        "random",
        "record",
        "sockets",
        "stderr",
        "stdin",
        "stdout",
        "strict",
        "trace",
        "wall_clock",
    )

    def __init__(
        self,
        *,
        arguments: Sequence[str | bytes] = (),
        env: Mapping[str, str] | None = None,
        dirs: Mapping[str, str | os.PathLike[str] | Filesystem] | None = None,
        stdin: File | None = None,
        stdout: File | None = None,
        stderr: File | None = None,
        sockets: Sequence[Socket | socket.socket] = (),
        wall_clock: Clock | None = None,
        monotonic_clock: Clock | None = None,
        random: RandomSource | int | None = None,
        deterministic: bool = False,
        network: Network | Sequence[str] | str | None = None,
        http: HttpClient | bool | None = None,
        limits: Limits | None = None,
        strict: bool = False,
        on_refusal: Callable[[Refusal], object] | None = None,
        on_use: Callable[[Use], object] | None = None,
        trace: Callable[[Call], object] | CallSink | IO[Any] | None = None,
        record: str | os.PathLike[str] | Tape | None = None,
    ) -> None:
        self.arguments = tuple([encoded(argument, "argument") for argument in arguments])
        """The command line, ``argv[0]`` first."""
        self.env = _environment({} if env is None else env)
        """Names and values, in order."""
        self.dirs = _directories({} if dirs is None else dirs)
        """Guest path -> what is seen there: a host directory's path, or a filesystem object."""
        self.stdin = stdin
        self.stdout = stdout
        self.stderr = stderr
        """None: the stream of the host process."""
        self.sockets = _sockets(sockets)
        """Descriptors after the directories. They are handed over: closed when the program ends."""
        self.wall_clock = _checked(wall_clock, Clock, "wall_clock", "a Clock of remit.kernel.clocks")
        self.monotonic_clock = _checked(monotonic_clock, Clock, "monotonic_clock", "a Clock of remit.kernel.clocks")
        self.random = _random(random)
        """None: the host's; an int: a seed."""
        self.deterministic = _checked(deterministic, bool, "deterministic", "True or False")
        """What is left out is the same in every run: seed 0, virtual clocks; and directories are shown so, too."""
        self.network = _network(network)
        """None; a network; rules of the host's; or ``host``: all that the host reaches."""
        self.http = _http(http)
        """None: requests over the network, if there is one; False: none; or a client."""
        self.limits = checked_limits(limits)
        self.strict = _checked(strict, bool, "strict", "True or False")
        """The first thing that it is refused ends it."""
        self.on_refusal = _function("on_refusal", on_refusal, "a Refusal")
        """Called with each thing that it is refused, once."""
        self.on_use = _function("on_use", on_use, "a Use")
        """Called with each use that it makes of what it was granted, but for looking at what is there."""
        self.trace = _trace(trace)
        """Who is told of each call that it makes: a sink, a function, or a file for lines. It does not change what it
        gets, but how fast."""
        self.record: str | os.PathLike[str] | Tape | None = _record(record)
        """The file for a recording of all that it gets; or a tape, which may be a recording that is replayed."""


def _record(record: Any) -> Any:
    from_tape = hasattr(record, "adopt")
    if record is not None and not from_tape and not isinstance(record, (str, os.PathLike)):
        raise TypeError(f"record is {record!r} ({type(record).__name__}): the path of a file is wanted")
    return record


def checked_limits(limits: Limits | None) -> Limits:
    """`limits`, or those of a program nobody has looked at. TypeError if they are no :class:`Limits`."""
    return _checked(limits, Limits, "limits", "a remit.Limits") or Limits()


def encoded(text: str | bytes, what: str) -> bytes:
    """`text` as the bytes that a guest gets; ValueError for a NUL, which would end it early."""
    if isinstance(text, str):
        try:
            data = text.encode("utf-8")
        except UnicodeEncodeError:
            raise ValueError(f"{what} {text!r} cannot be written as UTF-8") from None
    elif isinstance(text, bytes):
        data = text
    else:
        raise TypeError(f"{what} must be a str, not {text!r}")
    if b"\0" in data:
        raise ValueError(f"{what} {text!r} contains a NUL")
    return data


def _environment(env: Mapping[str, str]) -> tuple[tuple[bytes, bytes], ...]:
    if not hasattr(env, "items"):
        raise TypeError(f"env must map names to values, as in {{'LANG': 'C'}}; it is {env!r}")
    variables = []
    for name, value in env.items():
        encoded_name = encoded(name, "environment variable name")
        if not encoded_name or b"=" in encoded_name:
            raise ValueError(f"environment variable name {name!r} is empty or contains '='")
        variables.append((encoded_name, encoded(value, f"the value of the environment variable {name!r}")))
    return tuple(variables)


def _directories(dirs: Mapping[str, Any]) -> dict[str, str | Filesystem]:
    """Checked, with paths as str. A guest path is a mere name: programs compare it with theirs letter by letter."""
    if not hasattr(dirs, "items"):
        raise TypeError(f"dirs must map guest paths to directories, as in {{'/data': 'data'}}; it is {dirs!r}")
    checked: dict[str, str | Filesystem] = {}
    for guest_path, granted in dirs.items():
        if not isinstance(guest_path, str):
            raise TypeError(f"dirs: a guest path must be a str, not {guest_path!r}")
        if not encoded(guest_path, "dirs: the guest path"):
            raise ValueError("dirs: the guest path '' is empty: write '/', '.' or '/data'")
        path = os.fspath(granted) if isinstance(granted, os.PathLike) else granted
        if not isinstance(path, (str, Filesystem)):
            raise TypeError(
                f"dirs[{guest_path!r}] must be the path of a host directory (str or os.PathLike) "
                f"or a filesystem object (remit.fs), not {granted!r}{_remedy(granted)}"
            )
        checked[guest_path] = path
    return checked


def _remedy(granted: Any) -> str:
    if isinstance(granted, type) and issubclass(granted, Filesystem):
        return "; that is a class: call it"
    return "; for files in memory, give remit.fs.Memory(files)" if hasattr(granted, "items") else ""


def _sockets(sockets: Sequence[Socket | socket.socket]) -> tuple[Socket | socket.socket, ...]:
    socket = sys.modules.get("socket")  # who has one of its objects has imported it
    if not hasattr(sockets, "__iter__"):
        raise TypeError(f"sockets is {sockets!r} ({type(sockets).__name__}): a list of sockets is wanted")
    checked = tuple(sockets)
    for each in checked:
        if isinstance(each, Socket):
            continue
        if socket is None or not isinstance(each, socket.socket):
            raise TypeError(f"sockets: each must be a socket.socket, not {each!r}")
        if each.fileno() < 0:
            raise ValueError(f"sockets: {each!r} is closed")
    return checked


def _network(network: Any) -> Any:
    """A network, ``host``, a tuple of rules, or None. TypeError, ValueError."""
    if network is None or network == "host":
        return network
    if isinstance(network, str):
        if network == "none":
            return None
        raise ValueError(f"network is {network!r}: 'host', 'none', or a list of rules such as ['example.com:443']")
    from remit.kernel.network import Network

    if isinstance(network, Network):
        return network
    if isinstance(network, bytes) or hasattr(network, "items") or not hasattr(network, "__iter__"):
        raise TypeError(
            f"network is {network!r} ({type(network).__name__}): a Network (remit.net), 'host', or a list of rules "
            "such as ['example.com:443'] is wanted"
        )
    from remit.network.rules import Rule

    return tuple([Rule(each) for each in network])


def _http(http: Any) -> Any:
    """A client, False, or None. TypeError."""
    if http is None or http is False:
        return http
    from remit.kernel.http import HttpClient

    if not isinstance(http, HttpClient):
        raise TypeError(f"http is {http!r}: an HttpClient, or False for none, is wanted")
    return http


def _random(source: Any) -> Any:
    if isinstance(source, bool):
        raise TypeError(f"random must be a RandomSource of remit.kernel.random, or a seed, not {source!r}")
    return _checked(source, RandomSource | int, "random", "a RandomSource of remit.kernel.random, or a seed")


def _function(name: str, value: Any, of: str) -> Any:
    if value is not None and not callable(value):
        raise TypeError(f"{name} must be a function of {of}, not {value!r}")
    return value


def _trace(value: Any) -> Any:
    if value is None or callable(value) or hasattr(value, "write"):
        return value
    if callable(getattr(value, "begin", None)) and callable(getattr(value, "end", None)):
        return value
    raise TypeError(f"trace must be a function of a call, a file object or a sink (remit.trace), not {value!r}")


def _checked(value: Any, kind: Any, name: str, wanted: str) -> Any:
    if value is not None and not isinstance(value, kind):
        raise TypeError(f"{name} must be {wanted}, not {value!r}")
    return value
