"""Compressed bytes of archives made plain, in bounded memory and as far as somebody reads.

Everything is hostile: what is claimed of sizes is checked, and no step makes more bytes than it was asked for.
"""

from __future__ import annotations

from remit.filesystems.archive_source import PAGE_BYTES
from remit.kernel.errors import Code, KernelError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from remit.filesystems.archive_source import PageStore, Source

    class Decompressor(Protocol):
        """What the decompressors of the standard library have in common, but for zlib's."""

        @property
        def eof(self) -> bool: ...
        @property
        def needs_input(self) -> bool: ...
        @property
        def unused_data(self) -> bytes: ...
        def decompress(self, data: bytes, max_length: int = ...) -> bytes: ...


SLACK_BYTES = 16 << 20
"""So many packed bytes, and two for each that they make, a member may have: nothing can be packed without end."""

MAX_DICTIONARY = 64 << 20
"""The memory that LZMA data may ask for: what `xz -9` wants."""

DEFLATE_COST = 64 << 10
BZIP2_COST = 4 << 20
LZMA_COST = 128 << 10
"""What a decompressor takes, that of LZMA without its dictionary."""

_CHUNK = 64 << 10


class Inflater:
    """zlib's decompressor with the interface of the others."""

    __slots__ = ("_object", "_rest")

    def __init__(self, window: int) -> None:
        import zlib

        self._object = zlib.decompressobj(window)
        self._rest = b""

    @property
    def eof(self) -> bool:
        return self._object.eof

    @property
    def needs_input(self) -> bool:
        return not self._rest and not self._object.eof

    @property
    def unused_data(self) -> bytes:
        return self._object.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        made = self._object.decompress(self._rest + data if self._rest else data, max_length)
        self._rest = self._object.unconsumed_tail
        return made


class Input:
    """Packed bytes, and what unpacks them."""

    __slots__ = ("_at", "_end", "_source", "cost", "decompressor")

    def __init__(self, source: Source, start: int, length: int, decompressor: Decompressor, cost: int = 0) -> None:
        """`cost`: the memory that the decompressor takes."""
        self.cost = cost
        self._source = source
        self._at = start
        self._end = start + length
        self.decompressor = decompressor

    def unpack(self, most: int) -> bytes:
        """Up to `most` bytes, and none if more calls are needed.

        IO if they are damaged, or end too early. OSError and ValueError of the source.
        """
        decompressor = self.decompressor
        data = b""
        if decompressor.needs_input and self._at < self._end:
            data = self._source.read(self._at, min(_CHUNK, self._end - self._at))
            self._at = self._at + len(data) if data else self._end
        try:
            made = decompressor.decompress(data, most)
        except MemoryError:
            raise KernelError(Code.NO_MEMORY, "unpacking") from None
        except Exception as error:  # noqa: BLE001  (each kind has errors of its own, some of them undocumented)
            raise KernelError(Code.IO, f"damaged data: {error}") from None
        if not made and not decompressor.eof and not data and decompressor.needs_input:
            raise KernelError(Code.IO, "the packed data ends too early")
        return made

    @property
    def behind(self) -> int:
        """Where what follows the end of the packed data begins."""
        return self._at - len(self.decompressor.unused_data)


def stream_decompressor(head: bytes) -> Callable[[], Decompressor] | None:
    """What unpacks a whole file that begins with `head`, by gzip, bzip2 or xz; None if it is not packed.

    Raises:
        ImportError: This Python was built without it.
    """
    if head.startswith(b"\x1f\x8b"):
        return lambda: Inflater(31)
    if head.startswith(b"BZh"):
        import bz2

        return bz2.BZ2Decompressor
    if head.startswith(b"\xfd7zXZ\x00"):
        import lzma

        return lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MAX_DICTIONARY + (32 << 20))
    return None


class Unpacked:
    """What one packed member is, page by page as far as it was wanted; it is kept while somebody has it open."""

    __slots__ = ("_begin", "_crc", "_failure", "_fill", "_input", "_pages", "_store", "_wanted_crc", "ready", "size")

    def __init__(self, store: PageStore, size: int, crc: int, begin: Callable[[], Input]) -> None:
        self._store = store
        self._begin = begin
        self._input: Input | None = None
        self._crc = 0
        self._wanted_crc = crc
        self._failure: KernelError | None = None
        self._fill = bytearray()
        """What will be in the last page."""
        self._pages: list[int] = []
        self.size = size
        self.ready = 0
        """So many bytes can be read."""

    def advance(self, end: int) -> None:
        """Unpack until `end` bytes are there. KernelError; one of damaged data is told each time."""
        if self._failure is not None:
            raise KernelError(self._failure.code, self._failure.detail)
        while self.ready < end:
            if self._input is None:
                self._start()
            if len(self._pages) * PAGE_BYTES == self.ready:
                self._pages.append(self._store.take())
            try:
                self._unpack_some()
            except (KernelError, OSError, ValueError) as error:
                if not isinstance(error, KernelError):
                    error = KernelError(Code.IO, f"the archive cannot be read: {error}")
                self._failure = error
                self._stop()
                raise error from None

    def _start(self) -> None:
        try:
            begun = self._begin()
        except (OSError, ValueError) as error:
            raise KernelError(Code.IO, f"the archive cannot be read: {error}") from None
        self._store.reserve(begun.cost)
        self._input = begun

    def _stop(self) -> None:
        begun, self._input = self._input, None
        if begun is not None:
            self._store.release(begun.cost)

    def _unpack_some(self) -> None:
        import zlib

        assert self._input is not None
        made = self._input.unpack(min(PAGE_BYTES - len(self._fill), self.size - self.ready))
        if not made and self._input.decompressor.eof:
            raise KernelError(Code.IO, f"{self.ready} bytes instead of {self.size}")
        self._fill += made
        self._crc = zlib.crc32(made, self._crc)
        ready = self.ready + len(made)
        if ready == self.size and self._crc != self._wanted_crc:
            raise KernelError(Code.IO, "the checksum is wrong")
        if len(self._fill) == PAGE_BYTES or ready == self.size:
            self._store.write(self._pages[-1], bytes(self._fill))
            self._fill.clear()
        self.ready = ready
        if ready == self.size:
            self._stop()

    def piece(self, offset: int, count: int) -> bytes:
        """Up to `count` bytes, at least one, of those that are ready."""
        page, start = divmod(offset, PAGE_BYTES)
        count = min(count, self.ready - offset, PAGE_BYTES - start)
        if self._fill and page == len(self._pages) - 1:
            return bytes(self._fill[start : start + count])
        return self._store.read(self._pages[page], start, count)

    def close(self) -> None:
        """Give the pages back."""
        self._stop()
        pages, self._pages = self._pages, []
        self._fill.clear()
        self._store.give_back(pages)
