"""``path_*``: the kernel's path operations, with the rights that each needs on the directory it starts from."""

from __future__ import annotations

from remit.interfaces.wasi_0_1.attributes import filestat
from remit.interfaces.wasi_0_1.guest_memory import U32, check, slice_of, string
from remit.interfaces.wasi_0_1.types import (
    FDFLAGS,
    FDFLAGS_DSYNC,
    FDFLAGS_RSYNC,
    FDFLAGS_SYNC,
    FILETYPE,
    follows,
    set_flags,
    times,
)
from remit.kernel import paths
from remit.kernel import rights as right
from remit.kernel.descriptors import OpenDirectory, OpenFile
from remit.kernel.errors import Code, KernelError
from remit.kernel.files import Directory, How

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.engine.api import Memory
    from remit.interfaces.wasi_0_1.layout import Layout
    from remit.kernel.process import Process

OFLAGS_CREAT = 1
OFLAGS_DIRECTORY = 2
OFLAGS_EXCL = 4
OFLAGS_TRUNC = 8
_OFLAGS = OFLAGS_CREAT | OFLAGS_DIRECTORY | OFLAGS_EXCL | OFLAGS_TRUNC


def path_create_directory(process: Process, memory: Memory, fd: int, path: int, path_len: int) -> None:
    """Make a directory."""
    name = string(memory.view(), path, path_len, process.limits)
    entry = process.descriptors.directory(fd, right.PATH_CREATE_DIRECTORY)
    paths.make_directory_at(entry.directory, name)


def make_path_filestat_get(layout: Layout) -> Callable[..., None]:
    """``path_filestat_get``, with the ``filestat`` of a version."""
    size = layout.filestat.size

    def path_filestat_get(
        process: Process, memory: Memory, fd: int, lookupflags: int, path: int, path_len: int, filestat_ptr: int
    ) -> None:
        """Write the attributes of what a path denotes."""
        view = memory.view()
        check(view, filestat_ptr, size)
        name = string(view, path, path_len, process.limits)
        follow = follows(lookupflags)
        entry = process.descriptors.directory(fd, right.PATH_STAT)
        stat = paths.stat_at(entry.directory, name, follow=follow)
        view[filestat_ptr : filestat_ptr + size] = filestat(layout, stat, FILETYPE[stat.type])

    return path_filestat_get


def path_filestat_set_times(
    process: Process,
    memory: Memory,
    fd: int,
    lookupflags: int,
    path: int,
    path_len: int,
    accessed: int,
    modified: int,
    fstflags: int,
) -> None:
    """Set the times of what a path denotes."""
    name = string(memory.view(), path, path_len, process.limits)
    follow = follows(lookupflags)
    wanted = times(accessed, modified, fstflags)
    entry = process.descriptors.directory(fd, right.PATH_SET_TIMES)
    paths.set_times_at(entry.directory, name, *wanted, follow=follow)


def path_link(
    process: Process,
    memory: Memory,
    old_fd: int,
    old_flags: int,
    old_path: int,
    old_path_len: int,
    new_fd: int,
    new_path: int,
    new_path_len: int,
) -> None:
    """Give a file a second name. A link is linked itself: INVALID to ask for it to be followed, as in wasmtime."""
    view = memory.view()
    old_name = string(view, old_path, old_path_len, process.limits)
    new_name = string(view, new_path, new_path_len, process.limits)
    source = process.descriptors.directory(old_fd, right.PATH_LINK_SOURCE)
    target = process.descriptors.directory(new_fd, right.PATH_LINK_TARGET)
    if old_flags:
        raise KernelError(Code.INVALID, f"lookupflags {old_flags:#x}")
    paths.link_at(source.directory, old_name, target.directory, new_name)


def path_open(
    process: Process,
    memory: Memory,
    fd: int,
    lookupflags: int,
    path: int,
    path_len: int,
    oflags: int,
    base: int,
    inheriting: int,
    fdflags: int,
    fd_ptr: int,
) -> None:
    """Open, and perhaps make, a file, or open a directory. Its rights are those asked for that apply to what it is.

    NOT_CAPABLE to ask for a right that the directory does not pass on. Rights that no version knows are left out.
    """
    view = memory.view()
    check(view, fd_ptr, 4)
    name = string(view, path, path_len, process.limits)
    follow = follows(lookupflags)
    if oflags & ~_OFLAGS or fdflags & ~FDFLAGS:
        raise KernelError(Code.INVALID, f"oflags {oflags:#x}, fdflags {fdflags:#x}")
    descriptors = process.descriptors
    base &= right.ALL
    inheriting &= right.ALL
    needed = right.PATH_OPEN
    how = 0
    if base & right.FILE_WRITE:
        how = How.WRITE
    if base & right.FILE_READ:
        how |= How.READ
    if oflags:
        if oflags & OFLAGS_CREAT:
            needed |= right.PATH_CREATE_FILE
            how |= How.CREATE
            if oflags & OFLAGS_EXCL:
                how |= How.EXCLUSIVE
        if oflags & OFLAGS_TRUNC:
            needed |= right.PATH_RESIZE
            how |= How.TRUNCATE | How.WRITE
    if not how & (How.READ | How.WRITE):
        how |= How.READ
    start = descriptors.directory(fd, needed)
    passed_on = start.inheriting
    if (base | inheriting) & ~passed_on:
        raise KernelError(Code.NOT_CAPABLE)
    if fdflags & (FDFLAGS_DSYNC | FDFLAGS_RSYNC | FDFLAGS_SYNC):
        _check_sync(fdflags, passed_on)
    descriptors.reserve()

    opened = paths.open_at(
        start.directory, name, follow=follow, how=how, directory_required=bool(oflags & OFLAGS_DIRECTORY)
    )
    entry: OpenFile | OpenDirectory
    if isinstance(opened, Directory):
        entry = OpenDirectory(opened, rights=base & right.DIRECTORY, inheriting=inheriting)
    else:
        applying = right.FILE if opened.seekable else right.STREAM
        entry = OpenFile(opened, rights=base & applying, inheriting=inheriting)
        if fdflags:
            set_flags(entry, fdflags)
    U32.pack_into(view, fd_ptr, descriptors.insert(entry))


def _check_sync(fdflags: int, passed_on: int) -> None:
    """The specification's ``fd_datasync`` and ``fd_sync``: rights to open with these flags, too."""
    enough = right.FILE_SYNC
    if not fdflags & (FDFLAGS_RSYNC | FDFLAGS_SYNC):
        enough |= right.FILE_DATASYNC
    if not passed_on & enough:
        raise KernelError(Code.NOT_CAPABLE)


def path_readlink(
    process: Process, memory: Memory, fd: int, path: int, path_len: int, buffer: int, length: int, used_ptr: int
) -> None:
    """Write where a link points, cut at the end of the buffer."""
    view = memory.view()
    check(view, used_ptr, 4)
    target = slice_of(view, buffer, length)
    name = string(view, path, path_len, process.limits)
    entry = process.descriptors.directory(fd, right.PATH_READ_LINK)
    text = paths.read_link_at(entry.directory, name).encode()[:length]
    target[: len(text)] = text
    U32.pack_into(view, used_ptr, len(text))


def path_remove_directory(process: Process, memory: Memory, fd: int, path: int, path_len: int) -> None:
    """Remove an empty directory."""
    name = string(memory.view(), path, path_len, process.limits)
    entry = process.descriptors.directory(fd, right.PATH_REMOVE_DIRECTORY)
    paths.remove_directory_at(entry.directory, name)


def path_rename(
    process: Process,
    memory: Memory,
    old_fd: int,
    old_path: int,
    old_path_len: int,
    new_fd: int,
    new_path: int,
    new_path_len: int,
) -> None:
    """Move a file or a directory, replacing what is there."""
    view = memory.view()
    old_name = string(view, old_path, old_path_len, process.limits)
    new_name = string(view, new_path, new_path_len, process.limits)
    source = process.descriptors.directory(old_fd, right.PATH_RENAME_SOURCE)
    target = process.descriptors.directory(new_fd, right.PATH_RENAME_TARGET)
    paths.rename_at(source.directory, old_name, target.directory, new_name)


def path_symlink(
    process: Process, memory: Memory, old_path: int, old_path_len: int, fd: int, new_path: int, new_path_len: int
) -> None:
    """Make a symbolic link."""
    view = memory.view()
    target = string(view, old_path, old_path_len, process.limits)
    name = string(view, new_path, new_path_len, process.limits)
    entry = process.descriptors.directory(fd, right.PATH_SYMLINK)
    paths.symlink_at(target, entry.directory, name)


def path_unlink_file(process: Process, memory: Memory, fd: int, path: int, path_len: int) -> None:
    """Remove a file or a link."""
    name = string(memory.view(), path, path_len, process.limits)
    entry = process.descriptors.directory(fd, right.PATH_UNLINK)
    paths.unlink_at(entry.directory, name)
