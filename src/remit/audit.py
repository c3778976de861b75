"""Ways to keep what a program did with what it was granted: for `on_use` and `on_refusal` of :func:`remit.run`.

::

    logging.basicConfig(level=logging.INFO)
    remit.run(["tool.wasm"], dirs={"/data": "data"}, on_use=remit.audit.to_logger())

    with remit.audit.JsonLines("audit.jsonl") as log:
        remit.run(["tool.wasm"], dirs={"/data": "data"}, on_use=log, on_refusal=log)
"""

from __future__ import annotations

import errno
import json
import os
import re
import stat
from json.encoder import encode_basestring_ascii
from time import time, time_ns

from remit.kernel.uses import Use

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from logging import Logger
    from types import TracebackType
    from typing import Any, Self

    from remit.kernel.refusals import Refusal

    Event = Use | Refusal

__all__ = ["MAX_BYTES", "JsonLines", "LogFull", "event", "to_logger"]

MAX_BYTES = 64 << 20
"""What a file of :class:`JsonLines` may have, unless it is told another number: a program can make many uses."""

MAX_SUBJECT = 8192
"""Characters of a path or an address that are kept: all, of what there can be."""

_OWN_STREAMS = re.compile("/+dev/(fd/[0-9]+|stdout|stderr)")

_write = os.write

_MAX_FRAMES = 1024
"""Of what is before the subject in lines, this many are remembered: a program has few grants."""


class LogFull(OSError):
    """A log has all the bytes that it may have: nothing more can be done without anybody knowing."""

    def __init__(self, path: str | os.PathLike[str], size: int) -> None:
        super().__init__(errno.EFBIG, f"the log is full: {size:,} bytes", os.fspath(path))
        self._size = size

    def __reduce__(self) -> tuple[type[LogFull], tuple[str, int]]:
        return LogFull, (self.filename, self._size)


def event(it: Event) -> dict[str, Any]:
    """A use or a refusal as plain values: ``event`` is ``use`` or ``refused``; what is empty is left out.

    Texts longer than :data:`MAX_SUBJECT` are cut: a program can ask for what cannot be.
    """
    from remit.kernel.refusals import Refusal

    found: dict[str, Any]
    if isinstance(it, Refusal):
        found = {"event": "refused", "call": it.call, "error": it.code.value}
    else:
        found = {"event": "use", "target": None if it.target is None else _cut(it.target), "grant": _cut(it.grant)}
        found["name"] = _cut(it.name)
    found |= {"kind": it.kind, "action": it.action, "subject": _cut(it.subject), "rule": _cut(it.rule)}
    return {name: value for name, value in found.items() if value not in (None, "")}


def _cut(text: str) -> str:
    return text if len(text) <= MAX_SUBJECT else text[:MAX_SUBJECT] + "…"


def to_logger(logger: Logger | None = None, level: int | None = None) -> Callable[[Event], None]:
    """A function that logs uses (at `level`, INFO by default) and refusals (as warnings).

    The logger is ``remit.audit`` unless another is given. Records have the event as ``record.remit``, a dict as
    :func:`event` makes it; control characters are escaped in messages.
    """
    import logging

    from remit.kernel.refusals import Refusal

    into = logging.getLogger("remit.audit") if logger is None else logger
    use_level = logging.INFO if level is None else level

    def log(it: Event) -> None:
        refused = isinstance(it, Refusal)
        text = _cut(str(it))
        shown = text if text.isprintable() else repr(text)[1:-1]
        into.log(
            logging.WARNING if refused else use_level,
            "%s%s",
            "refused: " if refused else "",
            shown,
            extra={"remit": event(it)},
        )

    log.every = True  # type: ignore[attr-defined]  # as of JsonLines
    return log


def _line(event: dict[str, Any]) -> bytes:
    return json.dumps({"time": time(), **event}).encode("ascii") + b"\n"


def _opened(path: str) -> int:
    """A new file, or an empty one in the place of what is there. OSError."""
    flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    # Links to streams of this process are the system's. Whoever could make another could have any file be cut.
    if not _OWN_STREAMS.fullmatch(path):
        if os.path.islink(path):
            raise OSError(errno.ELOOP, "Is a symbolic link", path)
        flags |= getattr(os, "O_NOFOLLOW", 0)
    # A pipe that nobody reads would be waited for.
    descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0), 0o600)
    try:
        there = os.fstat(descriptor)
        if stat.S_ISREG(there.st_mode):
            if there.st_nlink > 1:
                raise OSError(errno.EMLINK, "Is a hard link: it has other names, by which it could be changed", path)
            os.ftruncate(descriptor, 0)
        if hasattr(os, "O_NONBLOCK"):
            os.set_blocking(descriptor, True)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


class JsonLines:
    """A file with one line of JSON for each event, with its time. Call it with events; close it.

    It takes `max_bytes`. What comes to be more is still written, a last line has the event ``full``, and
    :class:`LogFull` ends the program: nothing is done that is not in it. A file that is there is replaced; a new one is
    for its owner only. It must not be where a program can change it; a symbolic link is not followed, but one to a
    stream of this process (``/dev/stdout``, ``/dev/fd/3``). Several programs, on any threads, may share one.

    Each line is handed to the system as the event comes: none is lost when this process is killed.

    Raises:
        OSError: it cannot be opened; or, when an event comes, written: that ends the program, as nobody would know
            what it did.
    """

    every = True
    """It is told of each refusal, also where there are more causes than are kept."""

    def __init__(self, path: str | os.PathLike[str], *, max_bytes: int = MAX_BYTES) -> None:
        from _thread import allocate_lock

        self._descriptor = -1
        self._lock = allocate_lock()
        self._path = path
        self._max_bytes = max_bytes
        self._left = max_bytes
        self._closed = False
        self._frames: dict[tuple[str, str, str], str] = {}
        """What lines of uses have between the time and the subject, by grant, kind and action."""
        self.failure: OSError | None = None
        """Why it could not be written."""
        self._descriptor = _opened(os.fspath(path))

    def __del__(self, close: Callable[[int], None] = os.close) -> None:
        # As Python ends, the module `os` may be gone already.
        if self._descriptor >= 0:
            close(self._descriptor)

    def __call__(self, it: Event) -> None:
        # A program makes many uses, and almost all are like this one: they are written without a dict in between.
        if type(it) is Use and it.target is None and not it.name and 0 < len(it.subject) <= MAX_SUBJECT:
            key = it.grant, it.kind, it.action
            before = self._frames.get(key) or self._frame(key)
            # There are as many rules as anybody writes.
            after = f', "rule": {encode_basestring_ascii(_cut(it.rule))}}}\n' if it.rule else "}\n"
            now = str(time_ns())  # text of a float would take as long as all the rest
            subject = encode_basestring_ascii(it.subject)
            line = f'{{"time": {now[:-9]}.{now[-9:-3]}, {before}{subject}{after}'.encode("ascii")
        else:
            line = _line(event(it))
        with self._lock:
            if self._closed:
                return
            left = self._left
            if left < 0:
                raise self._full()
            self._left = left = left - len(line)
            if left < 0:
                # It is done already, so it is written, too; and nothing more is done.
                line += _line({"event": "full"})
            try:
                written = _write(self._descriptor, line)
                while written < len(line):
                    line = line[written:]
                    written = _write(self._descriptor, line)
            except OSError as error:
                self.failure = error
                raise
            if left < 0:
                raise self._full()

    def _full(self) -> LogFull:
        self.failure = full = LogFull(self._path, self._max_bytes)
        return full

    def _frame(self, key: tuple[str, str, str]) -> str:
        if len(self._frames) >= _MAX_FRAMES:
            self._frames.clear()
        grant, kind, action = key
        named = event(Use(kind, action, "x", grant=grant))
        frame = self._frames[key] = json.dumps(named)[1 : -len('"x"}')]
        return frame

    def close(self) -> None:
        """Close the file. OSError. Closing twice does nothing."""
        with self._lock:
            descriptor, self._descriptor = self._descriptor, -1
            self._closed = True
            if descriptor >= 0:
                os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
