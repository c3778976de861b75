"""One verb per operation on (directory, path): what the system calls of every WASI version are made of.

Each takes a directory that the program holds and a relative path, and gives the answers of the Linux call that
it is named after: which links are followed, what a trailing slash means, which error comes first. Where an
operation does not follow the last link, ``follow`` does not exist. Confinement is :mod:`remit.kernel.resolver`'s.

A trailing slash asks for a directory. After the name of a link it means what the link points to, in every
operation that looks at what is there (open, stat, set times, read link, the old name of a hard link); those
that add or remove a name work on the link itself, which is no directory.
"""

from __future__ import annotations

from remit.kernel.errors import Code, KernelError
from remit.kernel.files import Directory, File, FileType, How, Stat
from remit.kernel.resolver import Walk, check_text, left

_DIRECTORY = FileType.DIRECTORY
_LINK = FileType.SYMBOLIC_LINK
_CREATE = How.CREATE
_CHANGING = How.WRITE | How.TRUNCATE
_DIRECTORY_REFUSES = How.CREATE | How.EXCLUSIVE | How.TRUNCATE


def open_at(
    directory: Directory, path: str, *, follow: bool, how: int, directory_required: bool = False
) -> File | Directory:
    """Open a file or a directory; with :data:`How.CREATE`, make the file if there is none (``openat``).

    A dangling link that is followed creates its target, if that is inside. A link that is not followed: LOOP,
    or NOT_DIRECTORY if a directory is required. EXISTS with :data:`How.EXCLUSIVE`, which never follows a link;
    IS_DIRECTORY to write to or create a directory; INVALID to create or truncate what must be a directory; READ_ONLY.
    """
    if directory_required and how & _DIRECTORY_REFUSES:
        raise KernelError(Code.INVALID, "a directory is neither created nor truncated by opening it")
    if how & How.EXCLUSIVE:
        follow = False
    walk = Walk(directory, path)
    try:
        while True:
            name = walk.name
            if not name:
                if how & (_CREATE | _CHANGING):
                    raise KernelError(Code.EXISTS if how & How.EXCLUSIVE else Code.IS_DIRECTORY, path)
                return walk.directory.reopen()
            if walk.wants_directory and how & _CREATE:
                raise KernelError(Code.IS_DIRECTORY, path)
            try:
                if directory_required or walk.wants_directory:
                    opened = walk.directory.open_directory(name)
                    if how & How.WRITE:
                        opened.close()
                        raise KernelError(Code.IS_DIRECTORY, path)
                    return opened
                if walk.directory.read_only and how & ~How.READ:
                    return walk.directory.open_file(name, _how_where_read_only(walk.directory, name, how))
                return walk.directory.open_file(name, how)
            except KernelError as error:
                if error.code is Code.LOOP:
                    if not (follow or walk.wants_directory):
                        if directory_required:
                            raise KernelError(Code.NOT_DIRECTORY, path) from error
                        raise
                elif error.code is Code.IS_DIRECTORY and not how & (_CREATE | _CHANGING):
                    return walk.directory.open_directory(name)
                else:
                    raise
            walk.follow()
    finally:
        walk.close()


def _how_where_read_only(directory: Directory, name: str, how: int) -> int:
    """What is left of `how` in a read-only directory: an existing file may be "created" and read."""
    try:
        kind = directory.lookup(name).type
    except KernelError as error:
        if error.code is Code.NO_ENTRY and how & _CREATE:
            raise directory.refusal("create", name) from error
        raise
    if how & How.EXCLUSIVE:
        raise KernelError(Code.EXISTS, name)
    if kind is _LINK:
        raise KernelError(Code.LOOP, name)
    if kind is _DIRECTORY:
        raise KernelError(Code.IS_DIRECTORY, name)
    if how & _CHANGING:
        raise directory.refusal("write", name)
    return how & ~_CREATE


def stat_at(directory: Directory, path: str, *, follow: bool) -> Stat:
    """The attributes of what `path` denotes (``fstatat``)."""
    walk = Walk(directory, path, looking=True)
    try:
        while True:
            if not walk.name:
                return walk.directory.stat()
            stat = walk.directory.lookup(walk.name)
            if stat.type is _LINK and (follow or walk.wants_directory):
                walk.follow()
            elif walk.wants_directory and stat.type is not _DIRECTORY:
                raise KernelError(Code.NOT_DIRECTORY, path)
            else:
                return stat
    finally:
        walk.close()


def set_times_at(directory: Directory, path: str, accessed: int | None, modified: int | None, *, follow: bool) -> None:
    """Set the times of what `path` denotes, as :meth:`~remit.kernel.files.Node.set_times` (``utimensat``)."""
    walk = Walk(directory, path)
    try:
        _settle(walk, path, follow=follow)
        _refuse_read_only(walk, "write")
        if walk.name:
            walk.directory.set_times_of(walk.name, accessed, modified)
        else:
            walk.directory.set_times(accessed, modified)
    finally:
        walk.close()


def read_link_at(directory: Directory, path: str) -> str:
    """Where the link at `path` points, as it is written (``readlinkat``). INVALID if it is not a link."""
    walk = Walk(directory, path)
    try:
        if walk.wants_directory:
            _settle(walk, path, follow=True)
            raise KernelError(Code.INVALID, f"{path!r} is not a symbolic link")
        if not walk.name:
            raise KernelError(Code.INVALID, f"{path!r} is not a symbolic link")
        target = walk.directory.read_link(walk.name)
    finally:
        walk.close()
    check_text(target)
    return target


def make_directory_at(directory: Directory, path: str) -> None:
    """Make an empty directory (``mkdirat``). EXISTS also where a link is, dangling or not."""
    walk = Walk(directory, path)
    try:
        _refuse_taken(walk, path)
        walk.directory.make_directory(walk.name)
    finally:
        walk.close()


def symlink_at(target: str, directory: Directory, path: str) -> None:
    """Make a symbolic link at `path` that points to `target` (``symlinkat``).

    NOT_CAPABLE for an absolute target: no program in here could follow it, but one of the host could be led
    astray by it. EXISTS; NO_ENTRY if the target is empty or `path` ends in a slash.
    """
    check_text(target)
    if not target:
        raise KernelError(Code.NO_ENTRY, "empty target of a symbolic link")
    if target[0] == "/":
        raise left(directory, f"{path} -> {target}", "symbolic link to an absolute path")
    walk = Walk(directory, path)
    try:
        _refuse_taken(walk, path)
        if walk.wants_directory:
            raise _refuse_slash(walk, path)
        walk.directory.make_symbolic_link(walk.name, target)
    finally:
        walk.close()


def unlink_at(directory: Directory, path: str) -> None:
    """Remove a file or a link (``unlinkat``). IS_DIRECTORY; NOT_DIRECTORY for a file followed by a slash."""
    walk = Walk(directory, path)
    try:
        if not walk.name:
            raise KernelError(Code.IS_DIRECTORY, path)
        _refuse_read_only(walk, "delete")
        if walk.wants_directory:
            kind = walk.directory.lookup(walk.name).type
            raise KernelError(Code.IS_DIRECTORY if kind is _DIRECTORY else Code.NOT_DIRECTORY, path)
        walk.directory.unlink(walk.name)
    finally:
        walk.close()


def remove_directory_at(directory: Directory, path: str) -> None:
    """Remove an empty directory (``unlinkat`` with AT_REMOVEDIR). NOT_EMPTY; NOT_DIRECTORY for a link, too."""
    walk = Walk(directory, path)
    try:
        if not walk.name:
            # A directory cannot remove itself, and what `..` leads to has at least one entry.
            raise KernelError(Code.NOT_EMPTY if path.rstrip("/").endswith("..") else Code.INVALID, path)
        _refuse_read_only(walk, "delete")
        walk.directory.remove_directory(walk.name)
    finally:
        walk.close()


def link_at(directory: Directory, path: str, target: Directory, target_path: str, *, follow: bool = False) -> None:
    """Give the file at `path` a second name (``linkat``). NOT_PERMITTED for a directory; EXISTS; CROSS_DEVICE.

    READ_ONLY if either side is: a second name in a writable place would make a read-only file writable.
    """
    source = Walk(directory, path)
    try:
        _settle(source, path, follow=follow)
        destination = Walk(target, target_path)
        try:
            _refuse_taken(destination, target_path)
            if destination.wants_directory:
                raise _refuse_slash(destination, target_path)
            _refuse_read_only(source, "write")
            if not source.name:
                taken = _exists(destination)
                raise KernelError(Code.EXISTS if taken else Code.NOT_PERMITTED, f"hard link to directory {path!r}")
            source.directory.link(source.name, destination.directory, destination.name)
        finally:
            destination.close()
    finally:
        source.close()


def rename_at(directory: Directory, path: str, target: Directory, target_path: str) -> None:
    """Move `path` to `target_path` in one step, replacing what is there (``renameat``).

    Neither last link is followed. BUSY for a path that ends in ``.`` or ``..``; NOT_DIRECTORY for a trailing slash if
    what is moved is no directory; the others as :meth:`~remit.kernel.files.Directory.rename`.
    """
    source = Walk(directory, path)
    try:
        destination = Walk(target, target_path)
        try:
            if not (source.name and destination.name):
                raise KernelError(Code.BUSY, f"rename {path!r} to {target_path!r}")
            _refuse_read_only(source, "delete")
            _refuse_read_only(destination, "create")
            slash = source.wants_directory or destination.wants_directory
            if slash and source.directory.lookup(source.name).type is not _DIRECTORY:
                raise KernelError(Code.NOT_DIRECTORY, path)
            source.directory.rename(source.name, destination.directory, destination.name)
        finally:
            destination.close()
    finally:
        source.close()


def _settle(walk: Walk, path: str, *, follow: bool) -> None:
    """Follow links until the last component is none, or need not be followed; NO_ENTRY if it does not exist."""
    while walk.name:
        kind = walk.directory.lookup(walk.name).type
        if kind is _LINK and (follow or walk.wants_directory):
            walk.follow()
            continue
        if walk.wants_directory and kind is not _DIRECTORY:
            raise KernelError(Code.NOT_DIRECTORY, path)
        return


def _refuse_taken(walk: Walk, path: str) -> None:
    """Where a new name is to be made: EXISTS for ``.`` and ``..``, READ_ONLY."""
    if not walk.name:
        raise KernelError(Code.EXISTS, path)
    _refuse_read_only(walk, "create")


def _refuse_read_only(walk: Walk, action: str) -> None:
    if walk.directory.read_only:
        raise walk.directory.refusal(action, walk.name)


def _exists(walk: Walk) -> bool:
    try:
        walk.directory.lookup(walk.name)
    except KernelError as error:
        if error.code is Code.NO_ENTRY:
            return False
        raise
    return True


def _refuse_slash(walk: Walk, path: str) -> KernelError:
    """Why a new file or link cannot be called `path`, which ends in a slash."""
    try:
        kind = walk.directory.lookup(walk.name).type
    except KernelError as error:
        return error
    return KernelError(Code.EXISTS if kind is _DIRECTORY else Code.NOT_DIRECTORY, path)
