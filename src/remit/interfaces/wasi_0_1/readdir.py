"""``fd_readdir``: listings, cut wherever the guest's buffer ends.

A cookie is an index into the listing that was made when the guest began at cookie 0; that is why names that come and go
meanwhile neither repeat nor hide others, unless it has more listings under way than its limits let the host keep.
``.`` and ``..`` come first.
"""

from __future__ import annotations

from remit.interfaces.wasi_0_1.guest_memory import MAX_U64, U32, check
from remit.interfaces.wasi_0_1.layout import DIRENT
from remit.interfaces.wasi_0_1.types import FILETYPE
from remit.kernel.files import DirectoryEntry, FileType
from remit.kernel.rights import DIRECTORY_READ

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.engine.api import Memory
    from remit.kernel.descriptors import OpenDirectory
    from remit.kernel.files import Directory
    from remit.kernel.process import Process


def fd_readdir(process: Process, memory: Memory, fd: int, buffer: int, length: int, cookie: int, used_ptr: int) -> None:
    """Write entries from `cookie` on until the buffer is full; the last one may be cut. Less than full: the end."""
    entry = process.descriptors.directory(fd, DIRECTORY_READ)
    view = memory.view()
    check(view, buffer, length)
    check(view, used_ptr, 4)
    listing = entry.listing
    if listing is None or cookie == 0:
        listing = entry.listing = _list(entry.directory)
        _make_room(process, entry, len(listing))
    position, end = buffer, buffer + length
    for index in range(cookie, len(listing)):
        row = listing[index]
        name = row.name.encode()
        record = DIRENT.pack(index + 1, row.inode & MAX_U64, len(name), FILETYPE[row.type]) + name
        after = position + len(record)
        if after >= end:
            view[position:end] = record[: end - position]
            position = end
            break
        view[position:after] = record
        position = after
    U32.pack_into(view, used_ptr, position - buffer)


def _list(directory: Directory) -> list[DirectoryEntry]:
    # The parent may be outside of what was granted: as wasmtime does, `..` shows the number of the directory itself.
    inode = directory.stat().inode
    return [
        DirectoryEntry(".", inode, FileType.DIRECTORY),
        DirectoryEntry("..", inode, FileType.DIRECTORY),
        *directory.entries(),
    ]


def _make_room(process: Process, newest: OpenDirectory, count: int) -> None:
    """Forget the oldest listings, so that what is kept with the newest is within the limit."""
    left = process.limits.listing_entries - count
    kept = [newest]
    for other in reversed(process.listings):
        if other is newest or other.listing is None:
            continue
        left -= len(other.listing)
        if left >= 0:
            kept.append(other)
        else:
            other.listing = None
    kept.reverse()
    process.listings = kept
