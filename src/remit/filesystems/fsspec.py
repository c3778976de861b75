"""What `fsspec` opens, as a filesystem that is read: object stores, archives, web servers and much else.

A program's names never become part of a path: they are looked up in listings, and what these say is opened.
"""

from __future__ import annotations

import _thread
import time

from remit.filesystems.direct import DirectAccess, split
from remit.filesystems.inodes import PATH_BYTES, check_range
from remit.filesystems.unchangeable import UnchangeableDirectory, UnchangeableFile
from remit.host_errors import translated
from remit.kernel.errors import Code, KernelError
from remit.kernel.files import Directory, DirectoryEntry, File, FileType, Stat
from remit.kernel.resolver import MAX_NAME_BYTES, check_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

BLOCK_BYTES = 256 << 10
"""What is asked for at a time."""

KEPT_BLOCKS = 64
"""Blocks that are kept, of all files that are open: 16 MiB."""

KEPT_ENTRIES = 100_000
"""Entries of listings that are kept, of all directories together, each of some hundred bytes; and the most that one
directory may have: OVERFLOW beyond."""

LISTING_SECONDS = 10
"""A listing that is older is made anew."""

_SECOND = 1_000_000_000

# Device numbers tell filesystems apart in `Stat`; these are far from all others.
_devices = iter(range(1 << 60, 1 << 61))


class FsspecFilesystem(DirectAccess):
    """A filesystem of `fsspec`, to be read: ``Fsspec("s3://bucket/models")``. It needs ``pip install 'remit[fsspec]'``.

    What its listings show is there; listings are kept for ten seconds, files are read in blocks of 256 KiB. Entries
    whose names cannot be names here are left out. Symbolic links are shown as links where fsspec tells where they
    point, and otherwise left out: they are never followed by fsspec. For a directory of this machine, ``Host`` is the
    better choice, which holds also against whoever changes it meanwhile.

    Its operations take as long as fsspec does, and nothing ends them before: set timeouts there. In an asyncio
    loop, others wait meanwhile.

    Args:
        filesystem: A filesystem of fsspec, or a URL of one, with the storage options that it needs in fsspec's own
            configuration.
        path: What is to be the root, below the filesystem's own root or below what the URL names.

    Raises:
        ValueError: There is no such filesystem, or `path` has ``.`` or ``..`` or an empty name.
        RuntimeError: fsspec, or what it needs for this URL, is not installed.
    """

    __slots__ = ("_blocks", "_listed", "_listings", "_lock", "_root", "device", "spec")

    def __init__(self, filesystem: Any, path: str = "") -> None:
        names = split(path)
        self.spec, root = _opened(filesystem)
        self._root = "/".join([root.rstrip("/"), *names]) if names else root
        self._lock = _thread.allocate_lock()
        self._listings: dict[str, tuple[float, dict[str, Entry]]] = {}
        """The oldest first."""
        self._listed = 0
        self._blocks: dict[tuple[FsspecFile, int], bytes] = {}
        """Those that were not used for longest first."""
        self.device = next(_devices)

    def root(self) -> Directory:
        return FsspecDirectory(self, Entry(self._root, FileType.DIRECTORY))

    def listing(self, path: str) -> dict[str, Entry]:
        """What is in a directory, by single names. KernelError."""
        now = time.monotonic()
        with self._lock:
            kept = self._listings.get(path)
            if kept is not None and now - kept[0] < LISTING_SECONDS:
                return kept[1]
        found = call(self.spec.ls, path, detail=True)
        listing: dict[str, Entry] = call(_entries, path, found)
        with self._lock:
            self._forget(path)
            self._listings[path] = now, listing
            self._listed += len(listing) + 1
            while self._listed > KEPT_ENTRIES and len(self._listings) > 1:
                self._forget(next(iter(self._listings)))
        return listing

    def _forget(self, path: str) -> None:
        kept = self._listings.pop(path, None)
        if kept is not None:
            self._listed -= len(kept[1]) + 1

    def block(self, file: FsspecFile, number: int) -> bytes:
        """A block of an open file. KernelError."""
        key = file, number
        with self._lock:
            block = self._blocks.pop(key, None)
            if block is not None:
                self._blocks[key] = block
                return block
        start = number * BLOCK_BYTES
        end = min(start + BLOCK_BYTES, file.entry.size)
        block = call(self.spec.cat_file, file.entry.path, start=start, end=end)
        # Some servers send everything, whatever they are asked for.
        if not isinstance(block, bytes) or len(block) != end - start:
            raise KernelError(Code.IO, f"{file.entry.path!r} changed, or cannot be read in parts")
        with self._lock:
            self._blocks[key] = block
            while len(self._blocks) > KEPT_BLOCKS:
                del self._blocks[next(iter(self._blocks))]
        return block

    def drop_blocks(self, file: FsspecFile) -> None:
        """Forget the blocks of a file that is closed."""
        with self._lock:
            for key in [key for key in self._blocks if key[0] is file]:
                del self._blocks[key]

    def stat(self, entry: Entry) -> Stat:
        """The attributes of an entry."""
        return Stat(
            entry.type,
            device=self.device,
            inode=entry.number,
            links=2 if entry.type is FileType.DIRECTORY else 1,
            size=entry.size,
            accessed=entry.modified,
            modified=entry.modified,
            changed=entry.modified,
        )


class Entry:
    """One row of a listing."""

    __slots__ = ("modified", "number", "path", "readable", "size", "target", "type")

    def __init__(self, path: str, type: FileType, info: dict[str, Any] | None = None, target: str = "") -> None:
        self.path = path
        self.type = type
        self.target = target
        self.size = 0
        self.readable = True
        self.modified = 0
        if info is not None:
            size = info.get("size")
            if type is FileType.SYMBOLIC_LINK:
                self.size = len(target.encode("utf-8", "surrogateescape"))
            elif type is FileType.REGULAR_FILE:
                self.readable = isinstance(size, int) and 0 <= size < 2**63
                self.size = size if self.readable and isinstance(size, int) else 0
            self.modified = _modified(info)
        self.number = _number(path)


class FsspecDirectory(UnchangeableDirectory):
    """An open directory of a filesystem of fsspec."""

    __slots__ = ("_entry", "_filesystem")

    def __init__(self, filesystem: FsspecFilesystem, entry: Entry) -> None:
        self._filesystem = filesystem
        self._entry = entry

    def stat(self) -> Stat:
        return self._filesystem.stat(self._entry)

    def lookup(self, name: str) -> Stat:
        return self._filesystem.stat(self._find(name))

    def open_directory(self, name: str) -> Directory:
        entry = self._find(name)
        if entry.type is FileType.DIRECTORY:
            return FsspecDirectory(self._filesystem, entry)
        raise KernelError(Code.LOOP if entry.type is FileType.SYMBOLIC_LINK else Code.NOT_DIRECTORY, name)

    def open_to_read(self, name: str, *, readable: bool) -> File:
        entry = self._find(name)
        if entry.type is not FileType.REGULAR_FILE:
            raise KernelError(Code.LOOP if entry.type is FileType.SYMBOLIC_LINK else Code.IS_DIRECTORY, name)
        # The listing may be some seconds old.
        info = call(self._filesystem.spec.info, entry.path)
        fresh: Entry | None = call(_entry, entry.path, info)
        if fresh is None or fresh.type is not FileType.REGULAR_FILE:
            raise KernelError(Code.IO, f"{entry.path!r} changed")
        if not fresh.readable:
            raise KernelError(Code.NOT_SUPPORTED, f"{entry.path!r} has no known size")
        return FsspecFile(self._filesystem, fresh, readable=readable)

    def reopen(self) -> Directory:
        return FsspecDirectory(self._filesystem, self._entry)

    def entries(self) -> Sequence[DirectoryEntry]:
        listing = self._filesystem.listing(self._entry.path)
        return [DirectoryEntry(name, entry.number, entry.type) for name, entry in listing.items()]

    def read_link(self, name: str) -> str:
        entry = self._find(name)
        if entry.type is not FileType.SYMBOLIC_LINK:
            raise KernelError(Code.INVALID, f"{name} is not a link")
        return entry.target

    def _find(self, name: str) -> Entry:
        entry = self._filesystem.listing(self._entry.path).get(name)
        if entry is None:
            check_name(name)
            raise KernelError(Code.NO_ENTRY, name)
        return entry


class FsspecFile(UnchangeableFile):
    """An open file of a filesystem of fsspec."""

    __slots__ = ("_filesystem", "_readable", "entry")

    def __init__(self, filesystem: FsspecFilesystem, entry: Entry, *, readable: bool) -> None:
        self._filesystem = filesystem
        self.entry = entry
        self._readable = readable

    def stat(self) -> Stat:
        return self._filesystem.stat(self.entry)

    def close(self) -> None:
        self._filesystem.drop_blocks(self)

    def read_at(self, offset: int, buffers: Sequence[memoryview]) -> int:
        if not self._readable:
            raise KernelError(Code.BAD_DESCRIPTOR, "not opened for reading")
        check_range(offset, buffers)
        for buffer in buffers:
            if len(buffer) and offset < self.entry.size:
                # A part of one block: so one read asks fsspec once.
                number, start = divmod(offset, BLOCK_BYTES)
                piece = memoryview(self._filesystem.block(self, number))[start : start + len(buffer)]
                buffer[: len(piece)] = piece
                return len(piece)
        return 0


def call(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Call fsspec. KernelError for whatever it raises: each of its filesystems has errors of its own."""
    try:
        return function(*arguments, **named)
    except KernelError:
        raise
    except MemoryError:
        raise KernelError(Code.NO_MEMORY, "fsspec") from None
    except Exception as error:
        raise _kernel_error(error) from error


def _kernel_error(error: Exception) -> KernelError:
    for kind, code in _CODES:
        if isinstance(error, kind):
            return KernelError(code, str(error))
    if isinstance(error, OSError) and error.errno:
        return translated(error)
    return KernelError(Code.IO, f"{type(error).__name__}: {error}")


_CODES: tuple[tuple[type[Exception], Code], ...] = (
    # fsspec raises most of them without a number.
    (FileNotFoundError, Code.NO_ENTRY),
    (NotADirectoryError, Code.NOT_DIRECTORY),
    (IsADirectoryError, Code.IS_DIRECTORY),
    (PermissionError, Code.ACCESS),
    (TimeoutError, Code.TIMED_OUT),
    (ConnectionRefusedError, Code.CONNECTION_REFUSED),
    (ConnectionResetError, Code.CONNECTION_RESET),
    (NotImplementedError, Code.NOT_SUPPORTED),
)


def _opened(given: Any) -> tuple[Any, str]:
    """A filesystem of fsspec, and the path of its root. TypeError, ValueError, RuntimeError."""
    try:
        from fsspec import AbstractFileSystem
        from fsspec.core import url_to_fs
    except ImportError:
        raise RuntimeError("this filesystem needs the package fsspec: pip install 'remit[fsspec]'") from None
    if isinstance(given, AbstractFileSystem):
        return given, given.root_marker
    if not isinstance(given, str):
        raise TypeError(f"filesystem must be a filesystem of fsspec, or a URL as 's3://bucket/path', not {given!r}")
    if "://" not in given and "::" not in given:
        raise ValueError(f"{given!r} is not a URL; for a directory of the host, give remit.fs.Host(path)")
    try:
        spec, root = url_to_fs(given)
    except ImportError as error:
        raise RuntimeError(f"fsspec needs another package for {given!r}: {error}") from None
    return spec, str(root)


def _entries(path: str, found: list[dict[str, Any]]) -> dict[str, Entry]:
    """A listing of fsspec's of `path`, by single names, without those that cannot be names."""
    if len(found) > KEPT_ENTRIES:
        raise KernelError(Code.OVERFLOW, f"{path!r} has more than {KEPT_ENTRIES} entries")
    above = path.strip("/")
    entries: dict[str, Entry] = {}
    for info in found:
        full = info["name"]
        if not isinstance(full, str):
            continue
        name = full.strip("/")
        if name == above:
            continue  # Object stores list the place itself where somebody made an object of it.
        if above:
            if not name.startswith(above + "/"):
                continue
            name = name[len(above) + 1 :]
        if not _can_be_named(name):
            continue
        entry = _entry(full, info)
        # Object stores may have both an object and more below it. What is below can be reached only by a directory.
        if entry is not None and (name not in entries or entry.type is FileType.DIRECTORY):
            entries[name] = entry
    return entries


def _can_be_named(name: str) -> bool:
    if not name or name in (".", "..") or "/" in name or "\0" in name:
        return False
    try:
        return len(name.encode()) <= MAX_NAME_BYTES
    except UnicodeEncodeError:
        return False


def _entry(path: str, info: dict[str, Any]) -> Entry | None:
    """What fsspec says is at a path; None if that cannot be used."""
    if info.get("islink") or info.get("type") == "link":
        target = info.get("destination")
        if isinstance(target, bytes):
            target = target.decode("utf-8", "surrogateescape")
        if not isinstance(target, str) or "\0" in target or not 0 < len(target) <= PATH_BYTES:
            return None
        return Entry(path, FileType.SYMBOLIC_LINK, info, target)
    kind = {"file": FileType.REGULAR_FILE, "directory": FileType.DIRECTORY}.get(info.get("type", ""))
    return None if kind is None else Entry(path, kind, info)


def _modified(info: dict[str, Any]) -> int:
    """Nanoseconds; each filesystem says it in its own way, and some do not."""
    from datetime import UTC, datetime

    for key in ("mtime", "modified", "LastModified", "last_modified", "updated", "created"):
        value = info.get(key)
        try:
            if isinstance(value, str):
                value = datetime.fromisoformat(value)
            if isinstance(value, datetime):
                value = (value if value.tzinfo is not None else value.replace(tzinfo=UTC)).timestamp()
            if isinstance(value, (int, float)):
                return max(min(int(value * _SECOND), 2**63 - 1), 1 - 2**63)
        except (ValueError, OverflowError):
            continue
    return 0


def _number(path: str) -> int:
    """An inode number: the same for a path whenever it is listed, without remembering it."""
    from hashlib import blake2b

    return int.from_bytes(blake2b(path.strip("/").encode("utf-8", "surrogatepass"), digest_size=8).digest()) >> 1
