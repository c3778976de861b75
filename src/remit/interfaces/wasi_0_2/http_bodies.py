"""Bodies: streams of bytes, then perhaps trailers."""

from __future__ import annotations

from remit.component.values.results import Err, Ok
from remit.engine.api import Trap
from remit.interfaces.wasi_0_2.http_errors import error_code
from remit.interfaces.wasi_0_2.http_fields import Fields
from remit.interfaces.wasi_0_2.poll import Pollable
from remit.interfaces.wasi_0_2.sinks import Sink
from remit.interfaces.wasi_0_2.streams import InputStream, OutputStream
from remit.interfaces.wit.declaration import Resource, method
from remit.kernel.errors import KernelError, WouldBlock
from remit.kernel.files import File, FileType, Stat
from remit.kernel.http import HttpError
from remit.kernel.poll import Event

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from remit.kernel.http import Fields as KernelFields
    from remit.kernel.http import IncomingBody as KernelIncomingBody
    from remit.kernel.http import OutgoingBody as KernelOutgoingBody
    from remit.kernel.poll import Pollable as KernelPollable

MAX_KEPT = 64 << 10
"""Bytes of a body that are kept until its message is sent."""


class BodyInput(InputStream):
    """The bytes of a body."""

    __slots__ = ("_body",)

    def __init__(self, body: IncomingBody, limit: int) -> None:
        super().__init__(body.body.stream(), limit)
        self._body = body
        body.streams += 1

    def drop(self) -> None:
        self._body.streams -= 1
        self._body.close_if_unused()


class IncomingBody(Resource):
    """A body that comes in. It goes on until it and its stream are dropped."""

    __slots__ = ("_dropped", "_limit", "_taken", "body", "streams")
    name = "incoming-body"

    def __init__(self, body: KernelIncomingBody, limit: int) -> None:
        self.body = body
        self.streams = 0
        self._limit = limit
        self._taken = False
        self._dropped = False

    @method("() -> result<input-stream>")
    def stream(self) -> InputStream:
        if self._taken:
            raise Err()
        self._taken = True
        return BodyInput(self, self._limit)

    def finish(self) -> FutureTrailers:
        if self.streams:
            raise Trap("a body is finished while its stream is there", "http")
        self._dropped = True
        return FutureTrailers(self.body)

    def drop(self) -> None:
        self._dropped = True
        self.close_if_unused()

    def close_if_unused(self) -> None:
        if self._dropped and not self.streams:
            self.body.close()


class FutureTrailers(Resource):
    """What comes after a body."""

    __slots__ = ("_body", "_given")
    name = "future-trailers"

    def __init__(self, body: KernelIncomingBody) -> None:
        self._body = body
        self._given = False

    @method("() -> pollable")
    def subscribe(self) -> Pollable:
        return Pollable(self._body.when_trailers())

    @method("() -> option<result<result<option<trailers>, error-code>>>")
    def get(self) -> Any:
        if self._given:
            return Err()
        try:
            trailers = self._body.trailers()
        except WouldBlock:
            return None
        except KernelError as failure:
            self._given = True
            return Ok(Err(error_code(failure)))
        self._given = True
        return Ok(Ok(None if trailers is None else Fields(trailers, immutable=True)))

    def drop(self) -> None:
        self._body.close()


class Outlet(File):
    """Where a body is written: kept here until its message is sent, and then on its way."""

    __slots__ = ("_attached", "_ended", "_failure", "_kept", "_settled", "_size", "_target", "_trailers")

    seekable = False

    def __init__(self) -> None:
        self._kept: list[bytes] = []
        self._size = 0
        self._target: Any = None
        """The kernel's body, once there is one, and its stream."""
        self._attached = Event()
        self._ended: bool | None = None
        """True: it is whole; False: it was given up."""
        self._trailers: KernelFields | None = None
        self._failure: KernelError | None = None
        self._settled = False
        """The kernel's body was told the end."""

    def stat(self) -> Stat:
        return Stat(FileType.UNKNOWN, links=0)

    def write(self, buffers: Sequence[memoryview]) -> int:
        if self._failure is not None:
            raise self._failure
        if self._target is not None:
            self._move()
            if not self._kept:
                count: int = self._target[1].write(buffers)
                return count
            raise WouldBlock(self._target[1].when_writable())
        room = MAX_KEPT - self._size
        if not room:
            raise WouldBlock(self._attached)
        data = b"".join(buffers)[:room]
        self._kept.append(data)
        self._size += len(data)
        return len(data)

    def when_writable(self) -> KernelPollable:
        if self._target is not None:
            pollable: KernelPollable = self._target[1].when_writable()
            return pollable
        from remit.kernel.poll import ALWAYS

        return ALWAYS if self._size < MAX_KEPT or self._failure is not None else self._attached

    def attach(self, body: KernelOutgoingBody) -> None:
        """Its message is on its way."""
        self._target = (body, body.stream())
        self._attached.set()
        try:
            self._move()
            self._settle()
        except KernelError as failure:
            self._failure = failure

    def never(self, failure: HttpError) -> None:
        """Its message is not sent at all."""
        self._failure = failure
        self._kept.clear()
        self._attached.set()

    def keep(self, data: bytes) -> None:
        """What was permitted and is not written yet: it goes out before the end."""
        if data and self._failure is None:
            self._kept.append(data)
            self._size += len(data)

    def finish(self, trailers: KernelFields | None) -> None:
        """That was all. HttpError."""
        self._ended = True
        self._trailers = trailers
        if self._failure is not None:
            raise self._failure
        if self._target is not None:
            self._settle()

    def drain(self) -> None:
        """Give all of it to the kernel, if it was finished or given up. WouldBlock; HttpError."""
        if self._target is not None and self._failure is None and not self._settle():
            raise WouldBlock(self._target[1].when_writable())

    def abort(self) -> None:
        """It is given up."""
        if self._ended is None:
            self._ended = False
            if self._target is not None:
                self._settle()

    @property
    def is_whole(self) -> bytes | None:
        """All of it, if it was finished before its message is sent."""
        return b"".join(self._kept) if self._ended and self._target is None and self._trailers is None else None

    def _move(self) -> None:
        while self._kept:
            try:
                count = self._target[1].write([memoryview(self._kept[0])])
            except WouldBlock:
                return
            if count == len(self._kept[0]):
                self._kept.pop(0)
            else:
                self._kept[0] = self._kept[0][count:]

    def _settle(self) -> bool:
        """Give the kernel what is here, and the end. Whether nothing is left to be done. HttpError."""
        if self._ended is None or self._settled:
            return True
        if self._ended:
            self._move()
            if self._kept:
                return False
            self._settled = True
            self._target[0].finish(self._trailers)
        else:
            self._settled = True
            self._target[0].abort()
        return True


class BodyOutput(OutputStream):
    """The stream into a body."""

    __slots__ = ("_body",)

    def __init__(self, body: OutgoingBody) -> None:
        super().__init__(Sink(body.outlet))
        self._body = body
        body.streams += 1

    def drop(self) -> None:
        super().drop()
        self._body.outlet.keep(self._sink.rest())
        self._body.streams -= 1


class OutgoingBody(Resource):
    """A body that goes out."""

    __slots__ = ("_finished", "_taken", "outlet", "streams")
    name = "outgoing-body"

    def __init__(self, outlet: Outlet) -> None:
        self.outlet = outlet
        self.streams = 0
        self._taken = False
        self._finished = False

    @method("() -> result<output-stream>")
    def write(self) -> OutputStream:
        if self._taken:
            raise Err()
        self._taken = True
        return BodyOutput(self)

    def finish(self, trailers: Fields | None) -> None:
        """KernelError."""
        if self.streams:
            raise Trap("a body is finished while its stream is there", "http")
        self._finished = True
        self.outlet.finish(None if trailers is None else trailers.items)

    def drop(self) -> None:
        # Without having been finished: the message is not whole.
        if not self._finished:
            self.outlet.abort()
