"""A recording as a file: a line that says what it is, a head, and entries, one for each call of a kernel object.

The head is a line of JSON. An entry is a length and the call, a length and how it went, both as :mod:`.values` writes
them. The last entry has an empty call, and says how the run ended.
"""

from __future__ import annotations

import json
import os
import stat

from remit._version import __version__
from remit.recording.errors import RecordingError, RecordingFull
from remit.recording.values import Damaged, Reader, write, write_length

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, BinaryIO

    from remit.recording.tape import NativeEntries

FORMAT = 1
MAGIC = b"remit recording\n"

MAX_HEAD = 1 << 24
"""Bytes of the head: arguments and variables have no more."""

MAX_ENTRY = 1 << 28
"""Bytes of a call, or of its outcome: a program moves as much at once as :attr:`remit.Limits.io_bytes` says."""

BUFFER = 1 << 18
"""Bytes that are written at once."""


class RecordingWriter:
    """Writes a recording. It is for its owner only, as it has what the program was handed. End it.

    A signal handler may raise between any two steps here, and the recording goes on: so what is written at once is put
    together before, and written again at the same place if it is not known whether it was.
    """

    __slots__ = ("_descriptor", "_left", "_max_bytes", "_seekable", "_state", "path")

    def __init__(self, path: str | os.PathLike[str], *, max_bytes: int) -> None:
        """What is at `path` is replaced. OSError."""
        self.path = os.fspath(path)
        self._max_bytes = self._left = max_bytes
        self._state: tuple[int, bytearray] = (0, bytearray())
        """What was not written yet, and where it goes."""
        more = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
        self._descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | more, 0o600)
        try:
            self._seekable = stat.S_ISREG(os.fstat(self._descriptor).st_mode) and hasattr(os, "pwrite")
            if self._seekable and hasattr(os, "fchmod"):
                os.fchmod(self._descriptor, 0o600)  # it may have been there before
        except BaseException:
            os.close(self._descriptor)
            raise

    def begin(self, head: Mapping[str, Any]) -> None:
        """OSError; RecordingFull: there is not even room for the head."""
        data = MAGIC + json.dumps({"format": FORMAT, "remit": __version__, **head}, ensure_ascii=True).encode() + b"\n"
        self._take_room(len(data))
        self._state[1].extend(data)
        self._flush()

    def entry(self, call: bytes | bytearray, outcome: bytes | bytearray) -> None:
        """OSError; RecordingFull: then nothing of it was written."""
        data = bytearray()
        write_length(data, len(call))
        data += call
        write_length(data, len(outcome))
        data += outcome
        self._take_room(len(data))
        buffer = self._state[1]
        buffer += data
        if len(buffer) >= BUFFER:
            self._flush()

    def entries(self, data: memoryview, native: NativeEntries) -> None:
        """Whole entries, all that `native` has, which is told that they were taken. As :meth:`entry`; RecordingFull: as
        many of them were written as there was room for."""
        if len(data) > self._left:
            data = data[: _whole(data, self._left)]
            full = True
        else:
            full = False
        self._left -= len(data)
        buffer = self._state[1]
        # These two together: no call is between them at which a handler could run.
        buffer += data
        native.used = 0
        if full:
            raise RecordingFull(self.path, self._max_bytes)
        if len(buffer) >= BUFFER:
            self._flush()

    def end(self, how: str, detail: str | int) -> None:
        """The last entry. OSError. The file is closed, whatever happens."""
        outcome = bytearray()
        write(outcome, (how, detail))
        data = bytearray(b"\0")
        write_length(data, len(outcome))
        data += outcome
        self._state[1].extend(data)
        try:
            self._flush()
        finally:
            os.close(self._descriptor)

    def _take_room(self, count: int) -> None:
        if count > self._left:
            self._left = 0
            raise RecordingFull(self.path, self._max_bytes)
        self._left -= count

    def _flush(self) -> None:
        start, buffer = self._state
        view = memoryview(buffer)
        done = 0
        try:
            while done < len(view):
                rest = view[done:]
                done += os.pwrite(self._descriptor, rest, start + done) if self._seekable else self._write(rest)
        except OSError as error:
            raise OSError(error.errno, error.strerror, self.path) from None
        finally:
            view.release()
        self._state = (start + done, bytearray())

    def _write(self, data: memoryview) -> int:
        return os.write(self._descriptor, data)


def _whole(data: memoryview, most: int) -> int:
    """How many bytes of `data` are whole entries, and not more than `most`."""
    at = end = 0
    while True:
        for _ in range(2):
            length = shift = 0
            while True:
                byte = data[at]
                at += 1
                length |= (byte & 0x7F) << shift
                shift += 7
                if byte < 0x80:
                    break
            at += length
        if at > most:
            return end
        end = at
        if end >= len(data):
            return end


class RecordingReader:
    """Reads a recording, entry by entry. Close it."""

    __slots__ = ("_file", "ended", "head", "path")

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """OSError; RecordingError: it is none, or of another version."""
        self.path = os.fspath(path)
        self._file: BinaryIO = open(self.path, "rb")  # noqa: SIM115 - it is kept
        self.ended: tuple[str, str | int] | None = None
        """How the run ended, once all of it was read."""
        try:
            self.head: dict[str, Any] = self._read_head()
        except BaseException:
            self._file.close()
            raise

    def next(self) -> tuple[bytes, bytes] | None:
        """The next call and its outcome; None at the end. RecordingError."""
        if self.ended is not None:
            return None
        call, outcome = self._piece(), self._piece()
        if call:
            return call, outcome
        try:
            how, detail = Reader(outcome).value()
        except (Damaged, TypeError, ValueError):
            raise self._damaged("its end is none") from None
        if not isinstance(how, str) or not isinstance(detail, (str, int)):
            raise self._damaged("its end is none")
        self.ended = how, detail
        return None

    def close(self) -> None:
        """Closing twice does nothing."""
        self._file.close()

    def _read_head(self) -> dict[str, Any]:
        if self._file.read(len(MAGIC)) != MAGIC:
            raise RecordingError(f"{self.path}: this is no recording of Remit")
        line = self._file.readline(MAX_HEAD)
        try:
            head = json.loads(line)
            form, version = head["format"], head["remit"]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise self._damaged("its head is none") from None
        if form != FORMAT or version != __version__:
            made = f"Remit {version}" if isinstance(version, str) and len(version) < 100 else "another version"
            raise RecordingError(
                f"{self.path}: recorded by {made}, in format {form!r:.20}; this is Remit {__version__}, format {FORMAT}"
                ": replay it with the version that recorded it"
            )
        found: dict[str, Any] = head
        return found

    def _piece(self) -> bytes:
        length = shift = 0
        while True:
            byte = self._file.read(1)
            if not byte:
                raise self._damaged("it was cut off while it was recorded")
            length |= (byte[0] & 0x7F) << shift
            if byte[0] < 0x80:
                break
            shift += 7
            if shift > 35:
                raise self._damaged("an entry without end")
        if length > MAX_ENTRY:
            raise self._damaged("an entry that is too long")
        data = self._file.read(length)
        if len(data) < length:
            raise self._damaged("it was cut off while it was recorded")
        return data

    def _damaged(self, why: str) -> RecordingError:
        return RecordingError(f"{self.path}: a damaged recording: {why}")
