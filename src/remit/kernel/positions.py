"""Where streams over a file are."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.kernel.files import File


class Position:
    """Of one stream over `file`, which it only reads or only writes.

    Whoever has a stream that may go on without Python replaces it by one of its own kind: see
    :mod:`remit.native.streams`.
    """

    __slots__ = ("ended", "file", "most", "offset", "writes")

    def __init__(self, file: File, offset: int, most: int, *, writes: bool) -> None:
        self.file = file
        self.offset = offset
        self.most = most
        """Bytes that one call moves at most, where somebody else than the stream itself moves them."""
        self.writes = writes
        self.ended = False

    def close(self) -> None:
        """The stream has ended, or is about to be closed: nobody else may go on with it."""
        self.ended = True
