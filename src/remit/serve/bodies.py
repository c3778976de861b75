"""Bodies between a loop and a program: what one side gives the other takes, and whoever is too fast waits."""

from __future__ import annotations

from remit.kernel.errors import Code, KernelError, WouldBlock
from remit.kernel.files import File, FileType, Stat
from remit.kernel.http import HttpError, IncomingBody
from remit.kernel.poll import Event

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from remit.kernel.http import Fields
    from remit.kernel.poll import Pollable


class Stream(File):
    """A body as a stream of the kernel's."""

    __slots__ = ()

    seekable = False

    def stat(self) -> Stat:
        return Stat(FileType.UNKNOWN, links=0)


class ReceivedBody(IncomingBody):
    """A body that comes in piece by piece (`feed`) and ends (`end`) or breaks off (`fail`)."""

    __slots__ = (
        "_closed",
        "_data",
        "_ended",
        "_failure",
        "_more",
        "_on_read",
        "_on_wanted",
        "_trailers",
        "size",
        "unread",
        "wanted",
    )

    def __init__(self, on_read: Callable[[], None], on_wanted: Callable[[], None]) -> None:
        """`on_read` is called when bytes were taken; `on_wanted` when the first are asked for."""
        self._data: list[bytes] = []
        self._more = Event()
        self._ended = False
        self._failure: HttpError | None = None
        self._trailers: Fields | None = None
        self._on_read = on_read
        self._on_wanted = on_wanted
        self._closed = False
        self.size = 0
        """Bytes that have come."""
        self.unread = 0
        """Bytes that nobody has taken."""
        self.wanted = False
        """Somebody has asked for it."""

    # The side that gives.

    def feed(self, data: bytes) -> None:
        self.size += len(data)
        if self._closed:
            return
        self._data.append(data)
        self.unread += len(data)
        self._more.set()

    def end(self, trailers: Fields | None) -> None:
        self._ended = True
        self._trailers = trailers
        self._more.set()

    def fail(self, failure: HttpError) -> None:
        if not self._ended:
            self._failure = failure
            self._more.set()

    @property
    def ended(self) -> bool:
        return self._ended

    # The side that takes.

    def stream(self) -> File:
        return _ReceivedStream(self)

    def take(self, buffers: Sequence[memoryview]) -> int:
        self._want()
        if not self._data:
            if self._ended:
                return 0
            if self._failure is not None:
                raise HttpError(self._failure.kind, self._failure.detail)
            self._more.clear()
            raise WouldBlock(self._more)
        done = 0
        for buffer in buffers:
            while buffer and self._data:
                first = self._data[0]
                part = first[: len(buffer)]
                buffer[: len(part)] = part
                buffer = buffer[len(part) :]
                done += len(part)
                if len(part) == len(first):
                    self._data.pop(0)
                else:
                    self._data[0] = first[len(part) :]
        self.unread -= done
        self._on_read()
        return done

    def _want(self) -> None:
        if not self.wanted:
            self.wanted = True
            self._on_wanted()

    def when_readable(self) -> Pollable:
        self._want()
        if self._data or self._ended or self._failure is not None:
            self._more.set()
        else:
            self._more.clear()
        return self._more

    def trailers(self) -> Fields | None:
        self._want()
        if self._failure is not None:
            raise HttpError(self._failure.kind, self._failure.detail)
        if not self._ended or self._data:
            # What nobody reads any more stands in the way of what comes after it.
            self._drop()
            if not self._ended:
                self._more.clear()
                raise WouldBlock(self._more)
        return self._trailers

    def when_trailers(self) -> Pollable:
        self._want()
        self._drop()
        if self._ended or self._failure is not None:
            self._more.set()
        return self._more

    def _drop(self) -> None:
        self._data.clear()
        self.unread = 0
        self._on_read()

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._drop()


class _ReceivedStream(Stream):
    __slots__ = ("_body",)

    def __init__(self, body: ReceivedBody) -> None:
        self._body = body

    def read(self, buffers: Sequence[memoryview]) -> int:
        return self._body.take(buffers)

    def write(self, buffers: Sequence[memoryview]) -> int:
        raise KernelError(Code.BAD_DESCRIPTOR)

    def when_readable(self) -> Pollable:
        return self._body.when_readable()
