"""What a server allows: a limit, with its reason, for everything that a client can make large or long."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class ServerLimits:
    """Sizes in bytes, times in seconds. ValueError or TypeError for what cannot be."""

    __slots__ = (
        "body_bytes",
        "body_idle",
        "connections",
        "fields",
        "grace",
        "half_closed",
        "head_bytes",
        "head_time",
        "keep_alive",
        "request_time",
        "unread_bytes",
        "unsent_bytes",
        "write_stall",
    )

    def __init__(
        self,
        *,
        connections: int = 1000,
        head_bytes: int = 32 << 10,
        fields: int = 200,
        body_bytes: int = 64 << 20,
        unread_bytes: int = 128 << 10,
        unsent_bytes: int = 128 << 10,
        head_time: float = 10.0,
        body_idle: float = 30.0,
        keep_alive: float = 75.0,
        half_closed: float = 5.0,
        write_stall: float = 30.0,
        request_time: float = 60.0,
        grace: float = 30.0,
    ) -> None:
        self.connections = _count("connections", connections)
        """Open at once; more wait to be accepted."""
        self.head_bytes = _count("head_bytes", head_bytes)
        """Of a request's head, or its trailers: 431 beyond."""
        self.fields = _count("fields", fields)
        """In a request's head: 431 beyond."""
        self.body_bytes = _count("body_bytes", body_bytes, least=0)
        """Of a request's body: 413 beyond."""
        self.unread_bytes = _count("unread_bytes", unread_bytes)
        """Of a body that nobody has read yet, before the client is made to wait."""
        self.unsent_bytes = _count("unsent_bytes", unsent_bytes)
        """Of a response that the client has not taken yet, before the program is made to wait."""
        self.head_time = _time("head_time", head_time)
        """From the first byte of a request to the end of its head: 408 beyond."""
        self.body_idle = _time("body_idle", body_idle)
        """Between two pieces of a body that somebody waits for: 408 beyond."""
        self.keep_alive = _time("keep_alive", keep_alive)
        """That a connection may lie idle."""
        self.half_closed = _time("half_closed", half_closed)
        """That a program has left to answer a client that will say no more: it may listen still, or be gone."""
        self.write_stall = _time("write_stall", write_stall)
        """That a client may take nothing of what waits for it."""
        self.request_time = _time("request_time", request_time)
        """From the end of a request's head to the end of its response: then the program is stopped; 504."""
        self.grace = _time("grace", grace)
        """That requests under way have when the server ends."""


def _count(name: str, value: Any, *, least: int = 1) -> int:
    from remit.kernel.limits import whole_number

    return whole_number(name, value, "bytes" if name.endswith("bytes") else name, least=least)


def _time(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} is {value!r} ({type(value).__name__}): seconds are wanted")
    if not value > 0:
        raise ValueError(f"{name} is {value}: seconds are wanted, more than 0")
    return float(value)
