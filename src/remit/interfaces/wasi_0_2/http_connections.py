"""The connections of a program's HTTP requests: each has a place among its descriptors, so that they count towards its
limit, and are closed when it ends."""

from __future__ import annotations

from remit.kernel.descriptors import open_stream
from remit.kernel.errors import KernelError
from remit.kernel.files import File, FileType, Stat
from remit.kernel.http import HttpError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.kernel.descriptors import DescriptorTable
    from remit.kernel.http import Exchange


def check_room(descriptors: DescriptorTable) -> None:
    """HttpError if no more connections fit."""
    try:
        descriptors.reserve()
    except KernelError as full:
        raise HttpError("connection-limit-reached", full.detail) from None


def keep(exchange: Exchange, descriptors: DescriptorTable) -> None:
    """Give it a place for as long as it has a connection."""
    connection = _Connection(exchange, descriptors)
    exchange.watch(connection.released)


class _Connection(File):
    __slots__ = ("_descriptors", "_exchange", "_number")

    seekable = False

    def __init__(self, exchange: Exchange, descriptors: DescriptorTable) -> None:
        self._exchange = exchange
        self._descriptors = descriptors
        self._number: int | None = descriptors.insert(open_stream(self))

    def stat(self) -> Stat:
        return Stat(FileType.SOCKET, links=0)

    def released(self) -> None:
        """The exchange has no connection any more."""
        number, self._number = self._number, None
        if number is not None:
            self._descriptors.remove(number)

    def close(self) -> None:
        # The table has taken its entry out already.
        self._number = None
        self._exchange.abandon()
