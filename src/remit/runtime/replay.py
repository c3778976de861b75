"""Run a program again from its recording, without the outside."""

from __future__ import annotations

import os
import time

from remit.engine.api import Timeout, Trap
from remit.kernel.errors import WouldBlock
from remit.kernel.files import File
from remit.kernel.limits import whole_number
from remit.policy.grants import Grants
from remit.recording.errors import RecordingEnds, RecordingError
from remit.recording.file import RecordingReader
from remit.recording.player import Player
from remit.runtime.ends import end_of
from remit.runtime.named_options import check_duration, check_fuel, check_max_memory
from remit.runtime.program import load
from remit.runtime.runnable import Runnable
from remit.runtime.stdio import Streams

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import IO, Any

    from remit.kernel.calls import Call, CallSink
    from remit.kernel.reactor import Reactor
    from remit.runtime.options import Imports


class Replayed:
    """A replay that went as the recording says, to its end."""

    __slots__ = ("args", "calls", "ended", "returncode", "stderr", "stdout")

    def __init__(
        self,
        args: Sequence[str],
        returncode: int | None,
        calls: int,
        ended: str,
        output: tuple[bytes | None, bytes | None],
    ) -> None:
        self.args = args
        """The program's name, and its arguments."""
        self.returncode = returncode
        """Its exit status. None: it was stopped from outside when it was recorded, and here at the same place."""
        self.calls = calls
        """How many calls of the kernel it made."""
        self.ended = ended
        """``exit``, or how it was stopped: ``timeout``, ``refused``, ``raised``, ``full``, ``closed``."""
        self.stdout, self.stderr = output
        """What was captured."""

    def __repr__(self) -> str:
        return f"Replayed(args={self.args!r}, returncode={self.returncode!r}, calls={self.calls}, ended={self.ended!r})"


def replay(
    recording: str | os.PathLike[str],
    program: str | os.PathLike[str] | bytes | Runnable | None = None,
    *,
    stdout: Any = None,
    stderr: Any = None,
    stop_at: int | None = None,
    on_call: Callable[[int, str, str], object] | None = None,
    trace: Callable[[Call], object] | CallSink | IO[Any] | None = None,
    imports: Imports | None = None,
    gc: bool = False,
    timeout: float | None = None,
    cache: bool = True,
) -> Replayed:
    """Run a program again from the recording that ``remit.run(…, record=…)`` made: nothing of the outside is used.

    All that it asks of the kernel must be what it asked then, in the same order, and what it writes the same bytes.

    :param recording: the file.
    :param program: the program, or where it is now; None: where it was then.
    :param stdout: where what it writes goes, as for :func:`remit.run`; None: to this process's own, and so on.
    :param stderr: likewise.
    :param stop_at: stop before this call of the kernel, counted from 1, by :class:`remit.recording.StoppedAtCall`.
    :param on_call: called with each call of the kernel: its number, and how it and its outcome read.
    :param trace: as for :func:`remit.run`: the calls of WASI that it makes.
    :param imports: its own functions, which are called again; see :func:`remit.load`.
    :param gc: replay a program, too, that was loaded with ``gc=True``: see :func:`remit.load` for what that means.
    :param timeout: seconds after which it is stopped.
    :returns: what happened, if that was the same as then.
    :raises Departure: it asks for something else, or ends differently; the message says at which call, and how.
    :raises Trap: as it did then.
    :raises RecordingError: this is no recording, or one of another version or program.
    :raises TimeoutError: it was stopped after `timeout`.
    :raises OutputFailed: what it writes cannot be passed on.
    :raises OSError: the recording, or the program, cannot be read.
    """
    seconds = check_duration(timeout)
    if stop_at is not None:
        stop_at = whole_number("stop_at", stop_at, "calls", least=1)
    reader = RecordingReader(recording)
    try:
        return _replay(
            reader,
            _program(reader, program, imports, cache=cache, gc=gc),
            Player(reader, stop_at=stop_at, on_call=on_call),
            Streams(b"", stdout, stderr, limit=MOST_CAPTURED, asynchronous=False),
            trace,
            seconds,
        )
    finally:
        reader.close()


MOST_CAPTURED = 1 << 30


def _replay(
    reader: RecordingReader, program: Runnable, player: Player, streams: Streams, trace: Any, timeout: float | None
) -> Replayed:
    head = reader.head
    try:
        names = [each for each in head["arguments"] if isinstance(each, str)]
        fuel, max_memory = check_fuel(head["fuel"]), check_max_memory(head["max_memory"])
        if fuel is not None and not program.metered:
            raise ValueError("fuel")
    except (KeyError, TypeError, ValueError):
        raise RecordingError(f"{reader.path}: a damaged recording: its limits are none") from None
    if (stopped := player.stops_here()) is not None:
        return Replayed(names, None, 0, stopped.how, streams.captured())
    granted = Grants(record=player, trace=trace)
    try:
        world = program.new_world(granted, fuel=fuel, max_memory=max_memory, asynchronous=False)
    except RecordingError:
        raise
    except ValueError as error:
        raise RecordingError(f"{reader.path}: a damaged recording: {error}") from None
    status: int | None = None
    for number, stream in ((1, streams.stdout), (2, streams.stderr)):
        if number < len(player.handed):
            player.outputs[player.handed[number]] = _Echo(stream, number, world.reactor)
    try:
        if timeout is not None:
            world.set_deadline(time.monotonic() + timeout)
        try:
            status = world.run()
        except Trap as trap:
            player.finish(*end_of(trap))
            raise
        except Timeout:
            if not world.late:
                raise
            raise TimeoutError(f"the replay was stopped after {timeout} s") from None
        except RecordingEnds as end:
            return Replayed(names, None, player.calls, end.how, streams.captured())
        player.finish("exit", status)
    finally:
        world.close()
    return Replayed(names, status, player.calls, "exit", streams.captured())


def _program(reader: RecordingReader, given: Any, imports: Imports | None, *, cache: bool, gc: bool) -> Runnable:
    """The program that was recorded. RecordingError."""
    recorded = _About(reader)
    if recorded.gc and not gc and not isinstance(given, Runnable):
        raise RecordingError(
            f"{reader.path}: the program was allowed objects that the engine collects, with which it can end this "
            "process if it means harm: say gc=True (--allow-gc)"
        )
    if isinstance(given, Runnable):
        program = given
    else:
        source = recorded.path if given is None else given
        if source is None:
            raise RecordingError(f"{reader.path}: the program was no file when it was recorded: say which one it was")
        if given is None and not _is_path(source):
            raise RecordingError(f"{reader.path}: a damaged recording: where the program was is no path")
        program = load(
            source,
            imports=imports,
            cache=cache,
            name=recorded.name,
            fuel=recorded.fuel,
            gc=recorded.gc,
            deterministic=recorded.deterministic,
        )
    config = program.engine_config
    for name in ("fuel", "gc", "deterministic"):
        wanted = getattr(recorded, name)
        if getattr(config, name) != wanted:
            raise RecordingError(f"{reader.path}: recorded with {name}={wanted}: load the program so, too")
    if isinstance(given, (bytes, bytearray, memoryview)):
        from hashlib import sha256

        found: str | None = sha256(given).hexdigest()
    else:
        found = program.digest()
    if recorded.sha256 is not None and found is not None and found != recorded.sha256:
        raise RecordingError(
            f"{reader.path}: a recording of another program: {recorded.name} had the SHA-256 {recorded.sha256}, and "
            f"this one has {found}"
        )
    return program


def _is_path(text: str) -> bool:
    try:
        return b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        return False


class _About:
    """What a recording says of its program. RecordingError."""

    __slots__ = ("deterministic", "fuel", "gc", "name", "path", "sha256")

    def __init__(self, reader: RecordingReader) -> None:
        try:
            program, engine = reader.head["program"], reader.head["engine"]
            self.name: str = program["name"]
            self.path: str | None = program["path"]
            self.sha256: str | None = program["sha256"]
            self.fuel, self.gc, self.deterministic = (bool(engine[key]) for key in ("fuel", "gc", "deterministic"))
            right = isinstance(self.name, str) and isinstance(self.path, str | None)
            right = right and isinstance(self.sha256, str | None)
        except (KeyError, TypeError):
            right = False
        if not right:
            raise RecordingError(f"{reader.path}: a damaged recording: it does not say of what program")


class _Echo:
    """A stream of ours, for what a program writes that was recorded."""

    __slots__ = ("_file", "_reactor")

    def __init__(self, file: File | None, number: int, reactor: Reactor) -> None:
        """`reactor` waits for it, as long as the program may run."""
        if file is None:
            from remit.policy.build import open_ambient_stream

            file = open_ambient_stream(number)
        self._file = file
        self._reactor = reactor

    def __call__(self, data: bytes) -> None:
        """Write all of it. KernelError."""
        view = memoryview(data)
        while view:
            try:
                view = view[self._file.write([view]) :]
            except WouldBlock as block:
                self._reactor.wait(block.pollable)
