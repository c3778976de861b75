"""The calls that a program makes, for whoever watches them: what a call was, and who is told.

A watched function tells its sink when a call of it begins and when it ends. One that nobody watches is not touched, so
all of this costs nothing then.

What is told comes from a program that may mean harm: texts in it are cut, and :func:`shown` escapes what could move a
terminal's cursor.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Protocol

    class CallSink(Protocol):
        """Who is told of calls. What it raises ends the program."""

        def begin(self, call: Call, /) -> object:
            """It begins: its arguments are known."""

        def end(self, call: Call, /) -> object:
            """It has ended, in whatever way."""


MAX_TEXT = 256
"""Characters of a name or a message that are told."""

MAX_DATA = 32
"""Bytes of data that are told."""

MAX_ITEMS = 16
"""Items of a list that are told."""

_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\", '"': '\\"'}


class Symbol(str):
    """A value that is no text: a name of a number, a resource. It has no character that could harm a terminal."""

    __slots__ = ()


class Call:
    """One call of a function that a program imports. It changes until it has ended."""

    __slots__ = (
        "arguments",
        "began",
        "ended",
        "error",
        "function",
        "instance",
        "interface",
        "number",
        "outcome",
        "paths",
        "results",
        "waited",
        "waits_since",
    )

    def __init__(self, number: int, instance: int, interface: str, function: str, began: float) -> None:
        self.number = number
        """Of the calls of its instance, from 1."""
        self.instance = instance
        """Of the running programs of this process that are watched, from 1."""
        self.interface = interface
        """As the program imports it: ``wasi_snapshot_preview1``, ``wasi:io/streams@0.2.0``; "" for a plain name."""
        self.function = function
        self.arguments: Mapping[str, Any] = {}
        """By the names of the parameters: int, float, bool, str, :class:`Symbol`, None; lists and dicts of these."""
        self.results: Mapping[str, Any] = {}
        """Likewise; empty until it has ended, and where there are none."""
        self.paths: tuple[str, ...] = ()
        """The paths that it is about, as the program sees them, as far as they are known."""
        self.outcome = ""
        """"" while it is under way; then ``ok``, ``error`` (the program was told one), ``exit``, ``trap``, ``stopped``
        (by its time limit, an interruption, a cancellation), or ``raised`` (a function of the caller's did)."""
        self.error = ""
        """Of ``error`` its name, ``NOENT``; of ``exit`` the status; of the others what was said."""
        self.began = began
        """In seconds of ``time.monotonic()``."""
        self.ended: float | None = None
        self.waited = 0.0
        """Seconds of it that it waited for something to be ready."""
        self.waits_since: float | None = None
        """Since when it has been waiting, if it waits."""

    @property
    def seconds(self) -> float:
        """How long it took; 0 while it is under way."""
        return 0.0 if self.ended is None else self.ended - self.began

    @property
    def name(self) -> str:
        """``fd_read`` of WASI 0.1, and ``wasi:io/streams#[method]input-stream.read``: without a version."""
        interface = self.interface.partition("@")[0]
        if not interface or interface in ("wasi_snapshot_preview1", "wasi_unstable"):
            return self.function
        return f"{interface}#{self.function}"

    def __repr__(self) -> str:
        return f"<Call {self.number}: {escaped(self.name)} {self.outcome or 'under way'}>"


def escaped(text: str, most: int = MAX_TEXT) -> str:
    """`text` as it can be shown, cut after `most` characters. Bytes that were no text (``surrogateescape``) are
    ``\\xff``."""
    cut = len(text) > most
    if cut:
        text = text[:most]
    if not text.isprintable() or "\\" in text or '"' in text:
        text = "".join([_escaped(each) for each in text])
    return f"{text}…" if cut else text


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    number = ord(character)
    return f"\\x{number - 0xDC00:02x}" if 0xDC80 <= number <= 0xDCFF else f"\\u{{{number:x}}}"


def quoted(text: str, most: int = MAX_TEXT) -> str:
    """The same in quotes; what says that it is cut comes after them."""
    return f'"{escaped(text[:most])}"…' if len(text) > most else f'"{escaped(text)}"'


def data(beginning: bytes, length: int) -> Symbol:
    """`length` bytes that begin with `beginning`, of which there may be more or less than are told."""
    told = beginning[: min(MAX_DATA, length)]
    text = f'"{escaped(told.decode("utf-8", "surrogateescape"))}"'
    return Symbol(text if len(told) == length else f"{text}…({length} bytes)")


def shown(value: Any) -> str:
    """A value of :attr:`Call.arguments` or :attr:`Call.results`, for a line of text."""
    if isinstance(value, Symbol):
        return str(value)
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, list):
        return f"[{', '.join([shown(each) for each in value])}]"
    if isinstance(value, dict):
        return f"{{{', '.join([f'{name}: {shown(each)}' for name, each in value.items()])}}}"
    if value is None or isinstance(value, bool):
        return {None: "none", True: "true", False: "false"}[value]
    return str(value)
