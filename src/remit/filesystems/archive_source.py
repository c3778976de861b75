"""Where the bytes of an archive come from, and where those go that were unpacked.

Nothing here takes a lock: whoever calls holds that of the archive.
"""

from __future__ import annotations

import os
import stat

from remit.host_errors import translated
from remit.kernel.errors import Code, KernelError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO, Any

PAGE_BYTES = 64 << 10
"""Unpacked bytes are kept in pages of this size."""

MEMORY_BYTES = 16 << 20
"""Unpacked bytes of one archive that are kept in memory; those beyond are in one temporary file without a name."""

WORKING_BYTES = 256 << 20
"""The memory of all decompressors that are at work for one archive."""


class Source:
    """An archive's own bytes, read at offsets."""

    __slots__ = ("_data", "_descriptor", "_file", "size")

    def __init__(self, given: Any) -> None:
        """TypeError; ValueError for what cannot be read at offsets; OSError."""
        self._data: bytes | None = None
        self._descriptor: int | None = None
        self._file: IO[bytes] | None = None
        if isinstance(given, bytes):
            self._data = given
            self.size = len(given)
        elif isinstance(given, (bytearray, memoryview)):
            self._data = bytes(given)  # Others could change them.
            self.size = len(self._data)
        elif isinstance(given, str) or hasattr(given, "__fspath__"):
            self._open(os.fspath(given))
        elif hasattr(given, "read") and hasattr(given, "seek"):
            self._file = given
            self.size = self._seek(0, os.SEEK_END)
            if not isinstance(self.read(0, 1), bytes):
                raise TypeError(f"source must be a file of bytes, opened with 'rb', not {given!r}")
        else:
            raise TypeError(f"source must be a path, bytes, or a binary file that can seek, not {given!r}")

    def _open(self, path: str) -> None:
        # A pipe would be waited for.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        self._descriptor = descriptor
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            self.close()
            raise ValueError(f"{path!r} is not a regular file")
        self.size = status.st_size

    def _seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        assert self._file is not None
        try:
            self._file.seek(offset, whence)
            return int(self._file.tell())
        except (AttributeError, OSError) as error:
            raise ValueError(f"the file of an archive must be able to seek: {error}") from None

    def read(self, offset: int, count: int) -> bytes:
        """Up to `count` bytes, fewer only at the end. OSError or ValueError of the file that was given."""
        if self._data is not None:
            return self._data[offset : offset + count]
        count = max(min(count, self.size - offset), 0)
        pieces = []
        while count:
            if self._descriptor is not None:
                os.lseek(self._descriptor, offset, os.SEEK_SET)
                piece = os.read(self._descriptor, count)
            else:
                assert self._file is not None
                self._file.seek(offset)
                piece = self._file.read(count)[:count]
            if not piece:
                break
            pieces.append(piece)
            offset += len(piece)
            count -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def close(self) -> None:
        """Close what was opened here; a file that was given stays open."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def __del__(self) -> None:
        if getattr(self, "_descriptor", None) is not None:
            self.close()


class PageStore:
    """Pages of unpacked bytes, of one archive together at most `max_bytes`."""

    __slots__ = ("_file", "_free", "_kept", "_most", "_used", "_working")

    def __init__(self, max_bytes: int) -> None:
        self._most = -(-max_bytes // PAGE_BYTES)
        self._working = 0
        self._used = 0
        self._free: list[int] = []
        """Numbers below `_used` that nobody has."""
        self._kept: dict[int, bytes] = {}
        self._file: IO[bytes] | None = None

    def reserve(self, count: int) -> None:
        """Count memory of a decompressor that begins to work. NO_MEMORY."""
        if self._working + count > WORKING_BYTES:
            raise KernelError(Code.NO_MEMORY, f"more than {WORKING_BYTES} bytes for what is being unpacked")
        self._working += count

    def release(self, count: int) -> None:
        """Count memory of a decompressor as free again."""
        self._working -= count

    def take(self) -> int:
        """The number of a page that nobody else has. NO_SPACE."""
        if self._free:
            return self._free.pop()
        if self._used >= self._most:
            raise KernelError(Code.NO_SPACE, f"more than {self._most * PAGE_BYTES} bytes unpacked at a time")
        self._used += 1
        return self._used - 1

    def give_back(self, pages: list[int]) -> None:
        """Make pages free again."""
        for page in pages:
            self._kept.pop(page, None)
        self._free += pages
        if len(self._free) == self._used:
            self.close()

    def write(self, page: int, data: bytes) -> None:
        """Fill a page, or the beginning of it. KernelError."""
        if page < MEMORY_BYTES // PAGE_BYTES:
            self._kept[page] = data
            return
        try:
            if self._file is None:
                import tempfile

                self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - it lives as long as this
            self._file.seek(page * PAGE_BYTES - MEMORY_BYTES)
            while data:
                data = data[self._file.write(data) :]
        except OSError as error:
            raise translated(error) from error

    def read(self, page: int, start: int, count: int) -> bytes:
        """What was written to a part of a page. KernelError."""
        kept = self._kept.get(page)
        if kept is not None:
            return kept[start : start + count]
        if self._file is None:
            raise KernelError(Code.IO, "an unpacked page is gone")
        try:
            self._file.seek(page * PAGE_BYTES - MEMORY_BYTES + start)
            return self._file.read(count)
        except OSError as error:
            raise translated(error) from error

    def close(self) -> None:
        """Forget everything."""
        self._used = 0
        self._free.clear()
        self._kept.clear()
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def __del__(self) -> None:
        # The file would complain that nobody closed it.
        file = getattr(self, "_file", None)
        if file is not None:
            file.close()
