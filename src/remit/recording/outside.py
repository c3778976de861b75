"""All that a program is handed, put behind a tape; or made from what a recording says that it was handed."""

from __future__ import annotations

from remit.kernel.clocks import Clock
from remit.kernel.descriptors import DescriptorTable, OpenDirectory, open_stream
from remit.kernel.errors import KernelError
from remit.kernel.files import Directory, File
from remit.kernel.http import HttpClient
from remit.kernel.limits import Limits
from remit.kernel.network import Network, TcpSocket, UdpSocket
from remit.kernel.process import Process
from remit.kernel.random import RandomSource
from remit.kernel.sockets import Socket
from remit.recording.errors import RecordingError
from remit.recording.http_objects import TapedHttpClient
from remit.recording.objects import (
    TapedClock,
    TapedDirectory,
    TapedFile,
    TapedNetwork,
    TapedRandom,
    TapedSocket,
    TapedTcpSocket,
    TapedUdpSocket,
)
from remit.recording.tape import Taped, attributes_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from remit.recording.player import Player
    from remit.recording.recorder import Recorder

_KINDS: tuple[tuple[type[Any], type[Taped]], ...] = (
    (Clock, TapedClock),
    (RandomSource, TapedRandom),
    (TcpSocket, TapedTcpSocket),
    (UdpSocket, TapedUdpSocket),
    (Socket, TapedSocket),
    (File, TapedFile),
    (Directory, TapedDirectory),
    (Network, TapedNetwork),
    (HttpClient, TapedHttpClient),
)
"""A class of the kernel's, and what stands for its objects: the first that fits."""

INPUT, OUTPUT, BOTH = "input", "output", "both"


class Handed:
    """What one program is handed, in order, while it is recorded."""

    __slots__ = ("_recorder", "descriptors", "parts")

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self.parts: dict[str, Any] = {}
        self.descriptors: list[Any] = []

    def part(self, name: str, thing: Any) -> Any:
        """The clock, the network, … that `name` is of a process."""
        if thing is None:
            return None
        told, taped = self._taped(thing)
        self.parts[name] = told
        return taped

    def stream(self, thing: Any, way: str) -> Any:
        told, taped = self._taped(thing)
        self.descriptors.append([way, told])
        return taped

    def directory(self, thing: Any, guest_path: str) -> Any:
        told, taped = self._taped(thing)
        self.descriptors.append(["directory", told, guest_path])
        return taped

    def _taped(self, thing: Any) -> tuple[Any, Any]:
        for place, (base, kind) in enumerate(_KINDS):
            if isinstance(thing, base):
                attributes = attributes_of(kind, thing)
                return [place, *attributes], self._recorder.adopt(kind, thing, attributes)
        raise TypeError(f"{thing!r} cannot be recorded")


def head_of(process: Process, handed: Handed) -> dict[str, Any]:
    """What a recording says first of what the program was handed."""
    return {
        "arguments": [_text(each) for each in process.args],
        "env": [[_text(name), _text(value)] for name, value in process.environ],
        "limits": {name: getattr(process.limits, name) for name in Limits.__slots__},
        "parts": handed.parts,
        "descriptors": handed.descriptors,
    }


PARTS: dict[str, type[Taped]] = {
    "wall_clock": TapedClock,
    "monotonic_clock": TapedClock,
    "cpu_clock": TapedClock,
    "random": TapedRandom,
    "network": TapedNetwork,
    "http": TapedHttpClient,
}
"""Of a process, in the order of their numbers, and what stands for them."""


def replayed_process(
    player: Player, head: Mapping[str, Any], path: str, descriptors: DescriptorTable | None
) -> Process:
    """The process of a program that is replayed: it has no authority at all. RecordingError."""
    try:
        return _replayed_process(player, head, descriptors)
    except (KeyError, TypeError, ValueError, LookupError, AttributeError, KernelError) as error:
        raise RecordingError(f"{path}: a damaged recording: its head: {error!r:.100}") from None


def _replayed_process(player: Player, head: Mapping[str, Any], descriptors: DescriptorTable | None) -> Process:
    made = {name: _given(player, head["parts"][name], PARTS[name]) for name in PARTS if name in head["parts"]}
    ways = [way for way, *_ in head["descriptors"]]
    if ways[:3] != [INPUT, OUTPUT, OUTPUT]:
        raise ValueError("it has no standard streams")
    process = Process(
        limits=Limits(**head["limits"]),
        args=tuple([_bytes(each) for each in head["arguments"]]),
        environ=tuple([(_bytes(name), _bytes(value)) for name, value in head["env"]]),
        descriptors=descriptors,
        **made,
    )
    for way, told, *rest in head["descriptors"]:
        thing = _given(player, told, TapedDirectory if way == "directory" else TapedFile)
        player.handed.append(thing._number)
        if way == "directory":
            [guest_path] = rest
            if not isinstance(guest_path, str):
                raise TypeError("a directory has no name")
            process.descriptors.insert(OpenDirectory(thing, preopen=guest_path))
        else:
            process.descriptors.insert(open_stream(thing, read=way in (INPUT, BOTH), write=way in (OUTPUT, BOTH)))
    return process


def _given(player: Player, told: Any, wanted: type[Taped]) -> Any:
    place, *attributes = told
    kind = _KINDS[place][1]
    if not issubclass(kind, wanted) or not all(isinstance(each, bool | int) for each in attributes):
        raise TypeError(f"{kind.kind} is none of what is wanted")
    return player.adopt(kind, None, tuple(attributes))


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
