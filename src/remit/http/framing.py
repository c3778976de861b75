"""HTTP/1.1 on the wire, by h11: which messages there are and how they are cut into bytes, and back."""

from __future__ import annotations

from remit.kernel.http import HttpError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

MAX_HEAD = 64 << 10
"""Bytes of a response's head, or of its trailers. Servers send some hundreds; more would be the host's memory."""

MAX_FIELDS = 1024
"""Fields of a response's head, or of its trailers."""


def h11() -> ModuleType:
    """The library. RuntimeError says how to get it."""
    try:
        import h11 as library
    except ImportError:
        raise RuntimeError("HTTP needs the package h11: pip install 'remit[http]'") from None
    return library


def client_connection() -> Any:
    library = h11()
    return library.Connection(library.CLIENT, max_incomplete_event_size=MAX_HEAD)


def fields_of(headers: Any) -> list[tuple[str, bytes]]:
    """As the kernel has them."""
    return [(name.decode("ascii"), bytes(value)) for name, value in headers]


def incomplete(error: Exception, *, trailers: bool = False) -> HttpError:
    """What h11 said of a response: it broke off, its head (or `trailers`) is too large, or it is none."""
    text = str(error)
    if "too long" in text or getattr(error, "error_status_hint", 0) == 431:
        return HttpError(f"HTTP-response-{'trailer' if trailers else 'header'}-section-size", text)
    if "closed connection" in text or "without sending complete" in text or "ConnectionClosed" in text:
        return HttpError("HTTP-response-incomplete", text)
    return HttpError("HTTP-protocol-error", text)
