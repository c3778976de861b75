"""What is between a program and its outside while it is recorded, or instead of the outside when it is replayed.

Each object of :mod:`.objects` hands each call to its tape: who it is, which method, with which arguments. A recorder
asks the real object, and writes down what it answered; a player looks that up. Objects have numbers in the order in
which they appear, which is the same in both.
"""

from __future__ import annotations

from remit.kernel.errors import Code, KernelError
from remit.kernel.http import HttpError
from remit.recording.values import Damaged, Number, write, write_length

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, ClassVar, Protocol

    from remit.kernel.descriptors import DescriptorTable
    from remit.kernel.process import Process
    from remit.recording.outside import Handed
    from remit.recording.results import Result

    class NativeEntries(Protocol):
        """What native code shares with a recorder."""

        next: int
        """The number of the next object."""
        used: int
        """Bytes of entries that it has made; to be set to 0 when they are taken."""

        def made(self) -> memoryview:
            """Those entries."""


METHODS = (
    *("abandon", "abort", "accept", "addresses", "advise", "allocate", "append", "at", "bind", "body", "close"),
    *("connect", "entries", "fill", "finish", "key", "link", "listen", "local_address", "lookup", "make_directory"),
    *("make_symbolic_link", "now", "open_directory", "open_file", "option", "read", "read_at", "read_link", "ready"),
    *("receive", "receive_from", "refusal", "remote_address", "remove_directory", "rename", "reopen", "resize"),
    *("resolution", "resolve", "response", "root", "send", "send_to", "set_option", "set_times", "set_times_of"),
    *("shutdown", "stat", "stream", "sync", "tcp_socket", "trailers", "udp_socket", "unlink", "walk"),
    *(
        "when_readable",
        "when_ready",
        "when_response",
        "when_trailers",
        "when_writable",
        "write",
        "write_at",
        "resume",
        "released",
    ),
)
"""What is asked of kernel objects. A recording has their places here."""

PLACE = {name: place for place, name in enumerate(METHODS)}


class Taped:
    """What the objects have in common. Each is also of a class of the kernel's."""

    __slots__ = ()

    _tape: Tape
    _number: int
    _inner: Any
    """The real object; None where there is none."""

    kind: ClassVar[str]
    """For messages."""
    attributes: ClassVar[Sequence[str]] = ()
    """What of the real object never changes, and is known without a call."""

    def _call(
        self,
        method: str,
        arguments: tuple[Any, ...],
        do: Callable[[Any], Any],
        result: Result,
        space: Sequence[memoryview] | None = None,
        sent: Sequence[memoryview] | None = None,
    ) -> Any:
        return self._tape.call(self, method, arguments, do, result, space, sent)


def behind(it: Any) -> tuple[Any, int] | None:
    """Of an object on a tape, the real one and its number; None for any other."""
    return (it._inner, it._number) if isinstance(it, Taped) else None


class Tape:
    """The base of recorder and player."""

    __slots__ = ("_next",)

    replays = False
    """It is instead of the outside."""

    def __init__(self) -> None:
        self._next = 0

    def process(self, descriptors: DescriptorTable | None) -> Process:
        """What the program is handed, from a tape that replays."""
        raise NotImplementedError

    def hand_over(self, process: Process) -> Handed:
        """Put what `process` has behind the tape, and help with its descriptors. From a tape that does not replay."""
        raise NotImplementedError

    def also(self, native: NativeEntries) -> None:
        """Native code makes entries, too."""

    def begin(self, process: Process, about: Mapping[str, Any]) -> None:
        """The program is about to begin. `about` says which it is, and its limits."""

    def end(self, how: str, detail: str | int = "") -> None:
        """It has ended: by itself (``exit``, ``trap``), or as it was stopped. The first end counts."""

    def adopt(self, kind: type[Any], inner: Any, attributes: tuple[Any, ...]) -> Any:
        """An object of class `kind` around `inner`, with the next number."""
        number = self._next
        self._next = number + 1
        return self.stand_in(kind, inner, number, attributes)

    def stand_in(self, kind: type[Any], inner: Any, number: int, attributes: tuple[Any, ...]) -> Any:
        """The same with a number that it has already."""
        made = kind()
        made._tape, made._number, made._inner = self, number, inner
        for name, value in zip(kind.attributes, attributes, strict=True):
            setattr(made, name, value)
        return made

    def call(
        self,
        it: Taped,
        method: str,
        arguments: tuple[Any, ...],
        do: Callable[[Any], Any],
        result: Result,
        space: Sequence[memoryview] | None,
        sent: Sequence[memoryview] | None,
    ) -> Any:
        """One call of `it`: what `do` does with the real object, or did then.

        `space`: buffers that it fills from the beginning, as far as its result says. `sent`: what it writes to a
        stream, of which its result says how much was taken.
        """
        raise NotImplementedError

    def watch(self, it: Taped, released: Callable[[], None]) -> None:
        """Call `released` when the real object says that it has given back what it held; or where it did."""
        raise NotImplementedError


def raw(value: Any) -> Any:
    """The real object behind one that was handed out."""
    return value._inner if isinstance(value, Taped) else value


def attributes_of(kind: type[Taped], inner: Any) -> tuple[Any, ...]:
    return tuple([getattr(inner, name) for name in kind.attributes])


def call_text(it: Taped, method: str, arguments: tuple[Any, ...]) -> bytes:
    """A call as it is written down, and as it is compared."""
    call = bytearray()
    write_length(call, it._number)
    call.append(PLACE[method])
    write(call, arguments)
    return bytes(call)


def named(value: Any) -> Any:
    """An argument as it is written down."""
    return Number(value._number) if isinstance(value, Taped) else value


CODES = {code.name: code for code in Code}

OK, FAILED, HTTP_FAILED, WAITS, WAITS_ON, RAISED = range(6)
"""How a call went: the first item of an outcome. WAITS: it is made again; WAITS_ON: it goes on where it was."""


def told(failure: KernelError) -> tuple[Any, ...]:
    """A failure as it is written down."""
    if isinstance(failure, HttpError):
        return HTTP_FAILED, failure.kind, failure.detail, _payload_told(failure.payload)
    return FAILED, failure.code.name, failure.detail


def failure_of(outcome: tuple[Any, ...]) -> KernelError:
    """The failure that was written down. Damaged."""
    try:
        if outcome[0] == HTTP_FAILED:
            _, kind, detail, payload = outcome
            return HttpError(kind, detail, None if payload is None else _payload_of(payload))
        _, name, detail = outcome
        return KernelError(CODES[name], detail)
    except (KeyError, TypeError, ValueError):
        raise Damaged("a failure that is none") from None


def _payload_told(payload: Any) -> tuple[Any, ...] | None:
    """What an HTTP error carries: a plain value, or whatever has the fields of a record."""
    if payload is None:
        return None
    if isinstance(payload, (bool, int, str, bytes)):
        return (payload,)
    if hasattr(payload, "items"):
        return tuple([(str(name), value) for name, value in payload.items()])
    return tuple([(name, getattr(payload, name)) for name in type(payload).__slots__])


def _payload_of(payload: tuple[Any, ...]) -> Any:
    if len(payload) == 1 and not isinstance(payload[0], tuple):
        return payload[0]
    return dict(payload)
