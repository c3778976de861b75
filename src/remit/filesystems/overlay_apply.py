"""Writing the changes of an overlay into a filesystem."""

from __future__ import annotations

from remit.filesystems.direct import Walk, os_error, split, write_all
from remit.kernel.errors import Code, KernelError
from remit.kernel.files import FileType, How

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from remit.filesystems.overlay import Change
    from remit.kernel.files import Directory, Filesystem, Stat

_CHUNK = 1 << 20


def apply_changes(changes: Sequence[Change], source: Filesystem, target: Filesystem) -> None:
    """Make in `target` what `changes` say and `source` has. OSError where that fails."""
    with Walk(source.root()) as from_here, Walk(target.root()) as there, Walk(target.root()) as firsts:
        writer = _Writer(from_here, there, firsts)
        for change in reversed(changes):
            if change.kind == "removed":
                writer.step(writer.remove, change)
        for change in changes:
            if change.kind != "removed":
                writer.step(writer.write, change)
        # Last, because making what is inside sets them; the innermost first.
        for change in reversed(changes):
            if change.kind == "added" and change.type is FileType.DIRECTORY:
                writer.step(writer.set_times, change)


class _Writer:
    """Carries out one change after another."""

    __slots__ = ("_first_names", "_firsts", "_source", "_target")

    def __init__(self, source: Walk, target: Walk, firsts: Walk) -> None:
        self._source = source
        self._target = target
        self._firsts = firsts
        """A second walk in the target, to the first names of files with several."""
        self._first_names: dict[tuple[int, int], str] = {}
        """Where the files with several names were written to, by device and inode number."""

    def step(self, do: Callable[[Change, Directory, Directory, str], None], change: Change) -> None:
        """Have `do` called with the directories of `change` in source and target, and its name there."""
        names = split(change.path)
        try:
            target = self._target.to(names[:-1])
            # What was removed need not have a directory in the source.
            source = self._source.directory if change.kind == "removed" else self._source.to(names[:-1])
            do(change, source, target, names[-1])
        except KernelError as error:
            if change.kind != "removed" or error.code is not Code.NO_ENTRY:
                raise os_error(error, change.path) from None

    # The steps have one signature, whatever each needs of it.
    def remove(self, change: Change, source: Directory, target: Directory, name: str) -> None:
        if change.type is FileType.DIRECTORY:
            target.remove_directory(name)
        else:
            target.unlink(name)

    def set_times(self, change: Change, source: Directory, target: Directory, name: str) -> None:
        stat = source.lookup(name)
        target.set_times_of(name, stat.accessed, stat.modified)

    def write(self, change: Change, source: Directory, target: Directory, name: str) -> None:
        if change.type is FileType.DIRECTORY:
            target.make_directory(name)
        elif change.type is FileType.SYMBOLIC_LINK:
            if change.kind == "modified":
                _unlink(target, name)
            target.make_symbolic_link(name, source.read_link(name))
            self.set_times(change, source, target, name)
        else:
            stat = source.lookup(name)
            if change.replaced:
                _unlink(target, name)
            if stat.links > 1 and self._linked(change, stat, target, name):
                return
            _copy_file(source, target, name)
            self.set_times(change, source, target, name)

    def _linked(self, change: Change, stat: Stat, target: Directory, name: str) -> bool:
        """Whether the file was written before under another name, which is now linked."""
        first = self._first_names.setdefault((stat.device, stat.inode), change.path)
        if first == change.path:
            return False
        if change.kind == "modified":
            _unlink(target, name)
        names = split(first)
        self._firsts.to(names[:-1]).link(names[-1], target, name)
        return True


def _unlink(target: Directory, name: str) -> None:
    """Make a name free, which need not be taken in a target that is not what the overlay stands on."""
    try:
        target.unlink(name)
    except KernelError as error:
        if error.code is not Code.NO_ENTRY:
            raise


def _copy_file(source: Directory, target: Directory, name: str) -> None:
    reader = source.open_file(name, How.READ)
    try:
        writer = target.open_file(name, How.WRITE | How.CREATE | How.TRUNCATE)
        try:
            buffer = memoryview(bytearray(_CHUNK))
            at = 0
            while count := reader.read_at(at, [buffer]):
                write_all(writer, at, buffer[:count])
                at += count
        finally:
            writer.close()
    finally:
        reader.close()
