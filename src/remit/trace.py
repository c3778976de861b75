"""Ways to show and keep the calls that a program makes: for `trace` of :func:`remit.run`, and for ``remit trace``.

::

    remit.run(["tool.wasm"], trace=sys.stderr)                             # a line for each call

    with remit.trace.ChromeTrace("calls.json") as trace:                   # for https://ui.perfetto.dev
        remit.run(["tool.wasm"], trace=remit.trace.Filtered(trace, paths=["/data/*"]))

    remit.run(["tool.wasm"], trace=lambda call: print(call.function, call.outcome))

Several programs, on any threads, may share one. A program can make many calls, so all of them are bounded.
"""

from __future__ import annotations

import json
import os
from _thread import allocate_lock

from remit.kernel.calls import Call, escaped, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType
    from typing import Any, Self

    from remit.kernel.calls import CallSink

__all__ = ["MAX_BYTES", "MAX_LINES", "Call", "ChromeTrace", "Filtered", "JsonLines", "Lines", "Summary"]

MAX_BYTES = 256 << 20
"""What is written at most, unless another number is given."""

MAX_LINES = 1_000_000
"""Likewise, in lines: one for each call."""

MAX_LINE = 4000
"""Characters of a line."""

MAX_FUNCTIONS = 10_000
"""Functions that a :class:`Summary` tells apart."""


class _Written:
    """Lines of text in a file of the caller's, or in one that is made: so many, and then one that says so."""

    def __init__(self, file: Any, max_lines: int | None, max_bytes: int | None) -> None:
        self._lock = allocate_lock()
        self._lines_left = MAX_LINES if max_lines is None else max_lines
        self._bytes_left = MAX_BYTES if max_bytes is None else max_bytes
        self._cut = False
        self._closed = False
        self._own = isinstance(file, str | os.PathLike)
        self._file: Any = _created(file) if self._own else file
        self._is_text = not self._own and hasattr(self._file, "encoding")

    def _add(self, line: str) -> None:
        with self._lock:
            if self._cut or self._closed:
                return
            size = len(line.encode("utf-8", "backslashreplace"))
            if not self._lines_left or size > self._bytes_left:
                self._cut = True
                which = "max_lines" if not self._lines_left else "max_bytes"
                self._write(self._last(which))
                return
            self._lines_left -= 1
            self._bytes_left -= size
            self._write(line)

    def _last(self, which: str) -> str:
        """The line that says that no more come."""
        raise NotImplementedError

    def _write(self, line: str) -> None:
        if self._is_text:
            encoding = self._file.encoding or "utf-8"
            self._file.write(line.encode(encoding, "backslashreplace").decode(encoding))
        else:
            self._file.write(line.encode("utf-8", "backslashreplace"))

    def close(self) -> None:
        """Close the file, if it was made here. OSError. Closing twice does nothing."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            if self._own:
                self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def _created(path: Any) -> Any:
    """A file of its owner's only, in the place of what is there. Unbuffered: what was said stays if the host dies."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    return os.fdopen(os.open(path, flags, 0o600), "wb", buffering=0)


class Lines(_Written):
    """A line for each call when it has ended: ``fd_read(fd=3</data/a>, iovs=[10]) = nread=2, data="ab" <0.000012>``.

    `file`: a path, which is replaced, or a file object. OSError, or whatever the file object raises, ends the program.
    """

    def __init__(self, file: Any, *, max_lines: int | None = None, max_bytes: int | None = None) -> None:
        super().__init__(file, max_lines, max_bytes)
        self._first: int | None = None

    def begin(self, call: Call) -> None:
        """Nothing is said yet."""
        if self._first is None:
            self._first = call.instance

    def end(self, call: Call) -> None:
        """Say it."""
        # Programs that share a trace are told apart; one alone needs no number.
        prefix = "" if call.instance == self._first else f"[{call.instance}] "
        line = prefix + line_of(call)
        self._add((line if len(line) <= MAX_LINE else line[:MAX_LINE] + "…") + "\n")

    def _last(self, which: str) -> str:
        return f"--- trace cut: its limit ({which}) is reached; later calls are not shown ---\n"


def line_of(call: Call) -> str:
    """A call in one line, of printable characters only."""
    arguments = ", ".join([f"{escaped(name)}={shown(value)}" for name, value in call.arguments.items()])
    if call.outcome == "ok":
        # A result without a name of its own is a component's.
        results = ", ".join(
            [
                shown(value) if name == "result" else f"{escaped(name)}={shown(value)}"
                for name, value in call.results.items()
            ]
        )
        end = results or "ok"
    elif call.outcome == "error":
        end = f"error {call.error}"
    else:
        end = f"{call.outcome} {call.error}"
    waited = f", waited {call.waited:.6f}" if call.waited else ""
    return f"{escaped(call.name)}({arguments}) = {end} <{call.seconds:.6f}{waited}>"


class JsonLines(_Written):
    """A line of JSON for each call when it has ended. `file` as with :class:`Lines`."""

    def __init__(self, file: Any, *, max_lines: int | None = None, max_bytes: int | None = None) -> None:
        super().__init__(file, max_lines, max_bytes)

    def begin(self, call: Call) -> None:
        """Nothing is said yet."""

    def end(self, call: Call) -> None:
        """Say it."""
        told = {
            "instance": call.instance,
            "number": call.number,
            "interface": escaped(call.interface),
            "function": escaped(call.function),
            "arguments": call.arguments,
            "outcome": call.outcome,
            "error": call.error,
            "results": call.results,
            "paths": call.paths,
            "began": round(call.began, 6),
            "seconds": round(call.seconds, 6),
            "waited": round(call.waited, 6),
        }
        self._add(json.dumps(told) + "\n")

    def _last(self, which: str) -> str:
        return json.dumps({"cut": which}) + "\n"


class ChromeTrace(_Written):
    """A file that Perfetto (https://ui.perfetto.dev) and ``chrome://tracing`` open. `file` as with :class:`Lines`.

    It is a JSON array. In a file that is made here it is whole after each call, whatever ends this process; elsewhere
    :meth:`close` ends it, and both programs take it without.
    """

    def __init__(self, file: Any, *, max_lines: int | None = None, max_bytes: int | None = None) -> None:
        super().__init__(file, max_lines, max_bytes)
        self._begun = False
        self._rewinds = self._own and self._file.seekable()
        if self._rewinds:
            self._file.write(b"[\n]\n")

    def begin(self, call: Call) -> None:
        """Nothing is said yet."""

    def end(self, call: Call) -> None:
        """Say it."""
        told = {
            "name": escaped(call.name),
            "cat": escaped(call.interface) or "imports",
            "ph": "X",
            "ts": round(call.began * 1e6, 3),
            "dur": round(call.seconds * 1e6, 3),
            "pid": os.getpid(),
            "tid": call.instance,
            "args": {**call.arguments, "outcome": call.outcome, "error": call.error, "results": call.results},
        }
        self._add(json.dumps(told))

    def _last(self, which: str) -> str:
        return json.dumps({"name": f"trace cut ({which})", "ph": "i", "s": "g", "ts": 0, "pid": os.getpid(), "tid": 0})

    def _write(self, line: str) -> None:
        start = ",\n" if self._begun else "[\n"
        self._begun = True
        if not self._rewinds:
            super()._write(start + line)
            return
        self._file.seek(-4 if start == "[\n" else -3, os.SEEK_END)
        # One system call: there is no moment at which the file is not whole.
        self._file.write(f"{start}{line}\n]\n".encode("ascii"))

    def close(self) -> None:
        if not self._closed and not self._rewinds:
            super()._write("\n]\n" if self._begun else "[\n]\n")
        super().close()


class Summary:
    """How often each function was called, with what outcome, and how long that took."""

    def __init__(self) -> None:
        self._lock = allocate_lock()
        self._rows: dict[str, list[Any]] = {}

    def begin(self, call: Call) -> None:
        """It is counted at its end."""

    def end(self, call: Call) -> None:
        """Count it."""
        with self._lock:
            row = self._rows.get(call.name)
            if row is None:
                name = call.name if len(self._rows) < MAX_FUNCTIONS else "other functions"
                row = self._rows.setdefault(name, [0, 0, 0.0, 0.0])
            row[0] += 1
            row[1] += call.outcome not in ("ok", "exit")
            row[2] += call.seconds
            row[3] += call.waited

    def rows(self) -> list[tuple[str, int, int, float, float]]:
        """Function, calls, those of them that failed, seconds, seconds of these that it waited. The longest first."""
        found = [(name, *row) for name, row in self._rows.items()]
        return sorted(found, key=lambda row: (-row[3], row[0]))

    def __str__(self) -> str:
        """A table."""
        rows = self.rows()
        total = sum([row[3] for row in rows])
        lines = ["% time     seconds   us/call     calls    errors  function"]
        for name, calls, errors, seconds, _ in rows:
            share = 100 * seconds / total if total else 0.0
            lines.append(
                f"{share:6.2f} {seconds:11.6f} {seconds / calls * 1e6:9.1f} {calls:9} {errors or '':9}  {escaped(name)}"
            )
        calls, errors = sum([row[1] for row in rows]), sum([row[2] for row in rows])
        share, mean = 100.0 if rows else 0.0, total / (calls or 1) * 1e6
        lines.append(f"{share:6.2f} {total:11.6f} {mean:9.1f} {calls:9} {errors or '':9}  total")
        return "\n".join(lines) + "\n"


class Filtered:
    """Hands on the calls that pass: `only` and `without` are patterns of functions and interfaces, `paths` of paths.

    In a pattern ``*`` is any text and ``?`` any character. It is compared with the function (``fd_read``,
    ``[method]input-stream.read``, or without what is in brackets), with the interface (with or without its version),
    and with ``interface#function``. `errors`: only those that failed, or did not return.
    """

    def __init__(
        self,
        sink: CallSink,
        *,
        only: Iterable[str] = (),
        without: Iterable[str] = (),
        paths: Iterable[str] = (),
        errors: bool = False,
    ) -> None:
        self._sink = sink
        self._only = tuple(only)
        self._without = tuple(without)
        self._paths = tuple(paths)
        self._errors = errors
        self._names: dict[tuple[str, str], bool] = {}

    def begin(self, call: Call) -> None:
        """Of a call that may pass."""
        if self._passes(call):
            self._sink.begin(call)

    def end(self, call: Call) -> None:
        """Of a call that does."""
        if self._passes(call) and not (self._errors and call.outcome == "ok"):
            self._sink.end(call)

    def _passes(self, call: Call) -> bool:
        key = (call.interface, call.function)
        wanted = self._names.get(key)
        if wanted is None:
            names = _names(*key)
            wanted = (not self._only or _any(self._only, names)) and not _any(self._without, names)
            if len(self._names) < MAX_FUNCTIONS:
                self._names[key] = wanted
        return wanted and (not self._paths or _any(self._paths, call.paths))


def _names(interface: str, function: str) -> tuple[str, ...]:
    bare = interface.partition("@")[0]
    plain = function.partition("]")[2] if function.startswith("[") else function
    return (function, plain, interface, bare, f"{interface}#{function}", f"{bare}#{function}", f"{bare}#{plain}")


def _any(patterns: Iterable[str], names: Iterable[str]) -> bool:
    return any(matches(pattern, name) for pattern in patterns for name in names)


def matches(pattern: str, text: str) -> bool:
    """Whether all of `text` is what `pattern` says. It takes no more steps than the product of their lengths."""
    at = place = 0
    star, resumed = -1, 0
    while place < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, resumed = at, place
            at += 1
        elif at < len(pattern) and pattern[at] in ("?", text[place]):
            at += 1
            place += 1
        elif star >= 0:
            resumed += 1
            at, place = star + 1, resumed
        else:
            return False
    return not pattern[at:].strip("*")
