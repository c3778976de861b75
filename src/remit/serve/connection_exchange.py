"""An exchange over a connection of this server's own."""

from __future__ import annotations

from remit.kernel.http import HttpError
from remit.serve.exchange import ServerExchange
from remit.serve.reasons import REASONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.kernel.http import Fields, Request
    from remit.serve.connection import Connection

AT_ONCE = 4096
"""Bytes of a body that are not kept to go out together with others."""


class ConnectionExchange(ServerExchange):
    __slots__ = ("_connection",)

    def __init__(self, connection: Connection, request: Request) -> None:
        super().__init__(
            request,
            connection.peer,
            time_limit=connection.server.limits.request_time,
            on_read=connection.body_read,
            on_wanted=connection.body_wanted,
        )
        self._connection = connection

    def send_informational(self, status: int, fields: Fields) -> None:
        connection = self._connection
        if connection.h11.their_http_version != b"1.0":
            kind = connection.library.InformationalResponse
            head = kind(status_code=status, headers=list(fields), reason=REASONS.get(status, ""))
            connection.send(connection.h11.send(head))

    def send_head(self, status: int, fields: list[tuple[str, bytes]]) -> None:
        connection = self._connection
        library = connection.library
        if not any(name == "date" for name, _ in fields):
            fields.append(("date", connection.server.date()))
        if connection.ending:
            fields.append(("connection", b"close"))
        try:
            response = library.Response(status_code=status, headers=fields, reason=REASONS.get(status, ""))
            connection.send(connection.h11.send(response))
        except library.LocalProtocolError as error:
            raise HttpError("HTTP-protocol-error", str(error)) from None

    def send_piece(self, data: bytes) -> None:
        connection = self._connection
        connection.send(connection.h11.send(connection.library.Data(data=data)))
        if len(data) >= AT_ONCE:
            connection.flush()

    def send_end(self, trailers: Fields) -> None:
        connection = self._connection
        # HTTP/1.1 has a place for them after chunks only.
        headers = list(trailers) if self.has_chunks and connection.h11.their_http_version != b"1.0" else []
        try:
            connection.send(connection.h11.send(connection.library.EndOfMessage(headers=headers)))
        except connection.library.LocalProtocolError as error:
            raise HttpError("HTTP-protocol-error", str(error)) from None
        connection.flush()

    def send_refusal(self, status: int) -> None:
        self._connection.answer(status)

    @property
    def can_write(self) -> bool:
        return self._connection.writable or self.is_gone

    def finished(self) -> None:
        super().finished()
        self._connection.ended(self)
