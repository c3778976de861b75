"""``wasi:filesystem/types``: the kernel's operations on files and directories."""

from __future__ import annotations

from remit.interfaces.wasi_0_2.errors import Error
from remit.interfaces.wasi_0_2.file_streams import MAX_OFFSET, FileInputStream, FileOutputStream
from remit.interfaces.wasi_0_2.file_values import (
    ADVICE,
    DESCRIPTOR_TYPE,
    OPEN_DIRECTORY,
    DescriptorStat,
    DirectoryRow,
    MetadataHash,
    how_of,
    time_of,
)
from remit.interfaces.wasi_0_2.filesystem_errors import ERROR_CODE, ERROR_CODES
from remit.interfaces.wasi_0_2.opened import FLAG_MUTATE, FLAG_READ, FLAG_WRITE, Opened, sync_mode
from remit.interfaces.wasi_0_2.streams import InputStream, OutputStream
from remit.interfaces.wit.declaration import Interface, Resource, func, method
from remit.kernel import paths
from remit.kernel.descriptors import OpenDirectory, OpenFile
from remit.kernel.errors import Code, KernelError
from remit.kernel.files import Directory
from remit.kernel.rights import ALL, DIRECTORY, FILE, STREAM

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, NoReturn

    from remit.interfaces.wit.declaration import Host
    from remit.kernel.files import DirectoryEntry, File, Stat


class DirectoryEntryStream(Resource):
    """What was in a directory when the stream was made."""

    __slots__ = ("_count", "_filesystem", "_rows")
    name = "directory-entry-stream"

    def __init__(self, filesystem: Filesystem, directory: Directory) -> None:
        rows = [*directory.entries()]
        filesystem.take_listing(len(rows))
        self._filesystem = filesystem
        self._count = len(rows)
        self._rows: Iterator[DirectoryEntry] = iter(rows)

    @method("() -> result<option<directory-entry>, error-code>")
    def read_directory_entry(self) -> DirectoryRow | None:
        entry = next(self._rows, None)
        return None if entry is None else DirectoryRow(entry)

    def drop(self) -> None:
        self._filesystem.give_back_listing(self._count)


class Descriptor(Resource):
    """An open file or directory."""

    __slots__ = ("_filesystem", "opened")
    name = "descriptor"

    def __init__(self, filesystem: Filesystem, opened: Opened) -> None:
        self._filesystem = filesystem
        self.opened = opened

    def drop(self) -> None:
        self.opened.release()

    # Streams.

    @method("(offset: filesize) -> result<input-stream, error-code>")
    def read_via_stream(self, offset: int) -> InputStream:
        opened = self.opened
        limit = self._filesystem.process.limits.io_bytes
        file = opened.readable or self._unreadable()
        return FileInputStream(opened, offset, limit) if file.seekable else InputStream(file, limit, opened)

    @method("(offset: filesize) -> result<output-stream, error-code>")
    def write_via_stream(self, offset: int) -> OutputStream:
        return self._output(offset)

    @method("() -> result<output-stream, error-code>")
    def append_via_stream(self) -> OutputStream:
        return self._output(None)

    def _output(self, offset: int | None) -> OutputStream:
        opened = self.opened
        file = opened.writable or self._unwritable()
        return FileOutputStream(opened, offset) if file.seekable else OutputStream(opened.sink, opened=opened)

    def _unreadable(self) -> NoReturn:
        if self.opened.entry.is_directory:
            raise KernelError(Code.IS_DIRECTORY)
        raise KernelError(Code.BAD_DESCRIPTOR, "it was not opened for reading")

    def _unwritable(self) -> NoReturn:
        if self.opened.entry.is_directory:
            raise KernelError(Code.IS_DIRECTORY)
        raise KernelError(Code.BAD_DESCRIPTOR, "it was not opened for writing")

    # What is open itself.

    @method("(offset: filesize, length: filesize, advice: advice) -> result<_, error-code>")
    def advise(self, offset: int, length: int, advice: Any) -> None:
        file = self.opened.file
        if not file.seekable:
            raise KernelError(Code.SEEK)
        if offset > MAX_OFFSET or length > MAX_OFFSET:
            raise KernelError(Code.INVALID)
        file.advise(offset, length, ADVICE[advice.label])

    @method("() -> result<_, error-code>")
    def sync_data(self) -> None:
        self.opened.node.sync(data_only=True)

    @method("() -> result<_, error-code>")
    def sync(self) -> None:
        self.opened.node.sync(data_only=False)

    @method("() -> result<descriptor-flags, error-code>")
    def get_flags(self) -> int:
        return self.opened.flags

    @method("() -> result<descriptor-type, error-code>")
    def get_type(self) -> str:
        entry = self.opened.entry
        return "directory" if entry.is_directory else DESCRIPTOR_TYPE[entry.type]

    @method("(size: filesize) -> result<_, error-code>")
    def set_size(self, size: int) -> None:
        file = self.opened.writable or self._unwritable()
        if size > MAX_OFFSET:
            raise KernelError(Code.FILE_TOO_LARGE)
        file.resize(size)

    @method(
        "(data-access-timestamp: new-timestamp, data-modification-timestamp: new-timestamp) -> result<_, error-code>"
    )
    def set_times(self, accessed: Any, modified: Any) -> None:
        self.opened.node.set_times(time_of(accessed), time_of(modified))

    @method("(length: filesize, offset: filesize) -> result<tuple<list<u8>, bool>, error-code>")
    def read(self, length: int, offset: int) -> tuple[bytes | bytearray, bool]:
        """Some bytes, and whether the end was reached: there are none at `offset`."""
        file = self.opened.readable or self._unreadable()
        wanted = min(length, self._filesystem.process.limits.io_bytes, MAX_OFFSET - offset)
        if wanted <= 0:
            return b"", length > 0
        buffer = bytearray(wanted)
        count = file.read_at(offset, [memoryview(buffer)])
        return buffer if count == wanted else buffer[:count], not count

    @method("(buffer: list<u8>, offset: filesize) -> result<filesize, error-code>")
    def write(self, contents: bytes, offset: int) -> int:
        opened = self.opened
        file = opened.writable or self._unwritable()
        if offset + len(contents) > MAX_OFFSET:
            raise KernelError(Code.FILE_TOO_LARGE)
        count = file.write_at(offset, [memoryview(contents)])
        if opened.synchronous:
            opened.synchronize()
        return count

    @method("() -> result<descriptor-stat, error-code>")
    def stat(self) -> DescriptorStat:
        return DescriptorStat(self.opened.node.stat())

    @method("(other: borrow<descriptor>) -> bool")
    def is_same_object(self, other: Descriptor) -> bool:
        try:
            return _identity(self.opened.node.stat()) == _identity(other.opened.node.stat())
        except KernelError:
            return False

    @method("() -> result<metadata-hash-value, error-code>")
    def metadata_hash(self) -> MetadataHash:
        return MetadataHash(self.opened.node.stat(), self._filesystem.key)

    # Names in a directory.

    @method("() -> result<directory-entry-stream, error-code>")
    def read_directory(self) -> DirectoryEntryStream:
        return DirectoryEntryStream(self._filesystem, self.opened.directory)

    @method("(path: string) -> result<_, error-code>")
    def create_directory_at(self, path: str) -> None:
        paths.make_directory_at(self.opened.directory, self._filesystem.path(path))

    @method("(path-flags: path-flags, path: string) -> result<descriptor-stat, error-code>")
    def stat_at(self, flags: int, path: str) -> DescriptorStat:
        return DescriptorStat(self._stat_at(flags, path))

    def _stat_at(self, flags: int, path: str) -> Stat:
        return paths.stat_at(self.opened.directory, self._filesystem.path(path), follow=bool(flags))

    @method(
        "(path-flags: path-flags, path: string, data-access-timestamp: new-timestamp, "
        "data-modification-timestamp: new-timestamp) -> result<_, error-code>"
    )
    def set_times_at(self, flags: int, path: str, accessed: Any, modified: Any) -> None:
        times = time_of(accessed), time_of(modified)
        paths.set_times_at(self.opened.directory, self._filesystem.path(path), *times, follow=bool(flags))

    @method(
        "(old-path-flags: path-flags, old-path: string, new-descriptor: borrow<descriptor>, new-path: string) "
        "-> result<_, error-code>"
    )
    def link_at(self, flags: int, path: str, target: Descriptor, target_path: str) -> None:
        """A link is linked itself: INVALID to ask for it to be followed, as in wasmtime."""
        check = self._filesystem.path
        if flags:
            raise KernelError(Code.INVALID, "a hard link to what a link points to")
        paths.link_at(self.opened.directory, check(path), target.opened.directory, check(target_path))

    @method(
        "(path-flags: path-flags, path: string, open-flags: open-flags, flags: descriptor-flags) "
        "-> result<descriptor, error-code>"
    )
    def open_at(self, path_flags: int, path: str, open_flags: int, flags: int) -> Descriptor:
        process = self._filesystem.process
        directory = self.opened.directory
        name = self._filesystem.path(path)
        # Plain ints: the operators of flags are made for people.
        how, flags = int(open_flags), int(flags)
        process.descriptors.reserve()
        opened = paths.open_at(
            directory,
            name,
            follow=bool(path_flags),
            how=how_of(how, flags),
            directory_required=bool(how & OPEN_DIRECTORY),
        )
        return self._filesystem.descriptor(opened, flags)

    @method("(path: string) -> result<string, error-code>")
    def readlink_at(self, path: str) -> str:
        return paths.read_link_at(self.opened.directory, self._filesystem.path(path))

    @method("(path: string) -> result<_, error-code>")
    def remove_directory_at(self, path: str) -> None:
        paths.remove_directory_at(self.opened.directory, self._filesystem.path(path))

    @method("(old-path: string, new-descriptor: borrow<descriptor>, new-path: string) -> result<_, error-code>")
    def rename_at(self, path: str, target: Descriptor, target_path: str) -> None:
        check = self._filesystem.path
        paths.rename_at(self.opened.directory, check(path), target.opened.directory, check(target_path))

    @method("(old-path: string, new-path: string) -> result<_, error-code>")
    def symlink_at(self, target: str, path: str) -> None:
        check = self._filesystem.path
        paths.symlink_at(check(target), self.opened.directory, check(path))

    @method("(path: string) -> result<_, error-code>")
    def unlink_file_at(self, path: str) -> None:
        paths.unlink_at(self.opened.directory, self._filesystem.path(path))

    @method("(path-flags: path-flags, path: string) -> result<metadata-hash-value, error-code>")
    def metadata_hash_at(self, flags: int, path: str) -> MetadataHash:
        return MetadataHash(self._stat_at(flags, path), self._filesystem.key)


class Filesystem(Interface):
    name = "wasi:filesystem/types"
    version = "0.2.12"
    resources = (Descriptor, DirectoryEntryStream)
    types = {
        "filesize": "u64",
        "descriptor-type": (
            "enum { unknown, block-device, character-device, directory, fifo, symbolic-link, regular-file, socket }"
        ),
        "descriptor-flags": (
            "flags { read, write, file-integrity-sync, data-integrity-sync, requested-write-sync, mutate-directory }"
        ),
        "link-count": "u64",
        "descriptor-stat": (
            "record { type: descriptor-type, link-count: link-count, size: filesize, "
            "data-access-timestamp: option<datetime>, data-modification-timestamp: option<datetime>, "
            "status-change-timestamp: option<datetime> }"
        ),
        "path-flags": "flags { symlink-follow }",
        "open-flags": "flags { create, directory, exclusive, truncate }",
        "new-timestamp": "variant { no-change, now, timestamp(datetime) }",
        "directory-entry": "record { type: descriptor-type, name: string }",
        "error-code": f"enum {{ {', '.join(ERROR_CODES)} }}",
        "advice": f"enum {{ {', '.join(ADVICE)} }}",
        "metadata-hash-value": "record { lower: u64, upper: u64 }",
    }
    uses = {
        "input-stream": "wasi:io/streams",
        "output-stream": "wasi:io/streams",
        "error": "wasi:io/streams",
        "datetime": "wasi:clocks/wall-clock",
    }

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._listed = 0
        self._longest = host.process.limits.path_bytes
        self._key = b""

    @classmethod
    def error(cls, failure: KernelError) -> str:
        return ERROR_CODE[failure.code]

    @func("(err: borrow<error>) -> option<error-code>")
    def filesystem_error_code(self, error: Error) -> str | None:
        failure = error.failure
        return ERROR_CODE[failure.code] if type(failure) is KernelError else None

    # For its resources.

    @property
    def key(self) -> bytes:
        """What the numbers of the host's inodes are hidden with."""
        if not self._key:
            self._key = self.process.random.key("metadata hashes")
        return self._key

    def path(self, path: str) -> str:
        """NAME_TOO_LONG beyond the limit."""
        if len(path) > self._longest or (not path.isascii() and len(path.encode()) > self._longest):
            raise KernelError(Code.NAME_TOO_LONG)
        return path

    def descriptor(self, opened: File | Directory, flags: int) -> Descriptor:
        """For what was just opened with `flags`. TOO_MANY_DESCRIPTORS and READ_ONLY: then it has been closed."""
        entry: OpenFile | OpenDirectory
        if isinstance(opened, Directory):
            if flags & FLAG_MUTATE and opened.read_only:
                opened.close()
                raise KernelError(Code.READ_ONLY)
            entry = OpenDirectory(opened, rights=DIRECTORY, inheriting=ALL)
            # Reading is what every directory allows; changing it was asked for, or not. That is told and not enforced,
            # as in wasmtime: C libraries make and remove files in directories that they opened for reading.
            flags = (flags | FLAG_READ) & (FLAG_READ | FLAG_MUTATE)
        else:
            entry = OpenFile(opened, rights=FILE if opened.seekable else STREAM, sync=sync_mode(flags))
            flags &= ~FLAG_MUTATE
            if not flags & FLAG_WRITE:
                flags |= FLAG_READ
        number = self.process.descriptors.insert(entry)
        return Descriptor(self, Opened(self.process, entry, flags, number))

    def take_listing(self, count: int) -> None:
        """Keep a listing of that many entries. NO_MEMORY if there is none left of what listings may take."""
        if self._listed and self._listed + count > self.process.limits.listing_entries:
            raise KernelError(Code.NO_MEMORY, "Limits.listing_entries")
        self._listed += count

    def give_back_listing(self, count: int) -> None:
        self._listed -= count


def granted_directory(filesystem: Filesystem, entry: OpenDirectory) -> Descriptor:
    """The descriptor for a directory that the program was granted: it stays open whatever is dropped."""
    flags = FLAG_READ if entry.directory.read_only else FLAG_READ | FLAG_MUTATE
    return Descriptor(filesystem, Opened(filesystem.process, entry, flags, None))


def _identity(stat: Stat) -> tuple[int, int]:
    return stat.device, stat.inode
