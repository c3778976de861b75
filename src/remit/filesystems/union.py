"""Several filesystems laid over each other: each shows through where those above it have nothing."""

from __future__ import annotations

from remit.filesystems.arguments import wanted_filesystem
from remit.filesystems.read_only import ReadOnly
from remit.kernel.errors import Code, KernelError
from remit.kernel.files import Directory, DirectoryEntry, File, Filesystem, FileType, How, Stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MAX_LAYERS = 32
"""An open directory has one open in each layer: so many of the host's descriptors it may cost at most."""


class Union(Filesystem):
    """Several filesystems in one tree, the first on top: ``Union(Memory(), Zip("site.zip"), Host("base"))``.

    A name denotes what it denotes in the first layer that has it. Directories of one name are one, with the names of
    all of them, as far down as the name is that of a directory: what is under a file, or under a link, is hidden by it.

    Changes are made in the first layer, and the others are never changed. Nothing is copied up, and nothing says that a
    name of a lower layer was removed (:class:`~remit.filesystems.overlay.Overlay` does both). So READ_ONLY is the
    answer to

    - changing a file or directory that the first layer does not have, or putting something into such a directory;
    - removing or renaming what a lower layer has, too: it would show from below;
    - everything, if the first layer is read-only itself.

    A file may be replaced by renaming another one onto it, if the first layer has both. Attributes and numbers of a
    directory are those of the first layer that has it.

    Args:
        upper: The layer on top, the one that changes go to.
        lower: Those below it, in their order.

    Raises:
        TypeError: Something is no filesystem.
        ValueError: There are more than 32.
    """

    __slots__ = ("_lower", "_upper")

    def __init__(self, upper: Filesystem, *lower: Filesystem) -> None:
        self._upper = wanted_filesystem("upper", upper)
        if len(lower) >= MAX_LAYERS:
            raise ValueError(f"a union of {len(lower) + 1} layers: at most {MAX_LAYERS} are possible")
        self._lower = [ReadOnly(wanted_filesystem(f"lower[{number}]", each)) for number, each in enumerate(lower)]

    def root(self) -> Directory:
        opened: list[Directory] = []
        try:
            for layer in (self._upper, *self._lower):
                opened.append(layer.root())
        except BaseException:
            _close(opened)
            raise
        return UnionDirectory(self, opened[0], opened[1:])


class UnionDirectory(Directory):
    """An open directory of a union: those of the layers that have it."""

    __slots__ = ("_lower", "_union", "_upper", "read_only")

    def __init__(self, union: Union, upper: Directory | None, lower: list[Directory]) -> None:
        """Take over the directories, of which there is one or more."""
        self._union = union
        self._upper = upper
        self._lower = lower
        # What the first layer does not have has nothing below it there, either.
        self.read_only = upper is None or upper.read_only

    @property
    def origin(self) -> object:
        return None if self._upper is None else self._upper.origin

    def path_from_origin(self, path: str) -> str:
        return path if self._upper is None else self._upper.path_from_origin(path)

    def refusal(self, action: str, name: str) -> KernelError:
        return super().refusal(action, name) if self._upper is None else self._upper.refusal(action, name)

    def stat(self) -> Stat:
        return next(self._parts()).stat()

    def set_times(self, accessed: int | None, modified: int | None) -> None:
        self._changeable("write", "").set_times(accessed, modified)

    def sync(self, *, data_only: bool) -> None:
        for part in self._parts():
            part.sync(data_only=data_only)

    def close(self) -> None:
        _close(self._parts())

    def lookup(self, name: str) -> Stat:
        return self._having(name)[1]

    def open_directory(self, name: str) -> Directory:
        upper: Directory | None = None
        lower: list[Directory] = []
        try:
            for part in self._parts():
                try:
                    opened = part.open_directory(name)
                except KernelError as error:
                    if error.code is Code.NO_ENTRY:
                        continue
                    if error.code in (Code.NOT_DIRECTORY, Code.LOOP) and (upper is not None or lower):
                        break
                    raise
                if part is self._upper:
                    upper = opened
                else:
                    lower.append(opened)
        except BaseException:
            _close([*lower, *([] if upper is None else [upper])])
            raise
        if upper is None and not lower:
            raise KernelError(Code.NO_ENTRY, name)
        return UnionDirectory(self._union, upper, lower)

    def open_file(self, name: str, how: int) -> File:
        part = self._find(name)
        if part is None:
            if not how & How.CREATE:
                raise KernelError(Code.NO_ENTRY, name)
            part = self._changeable("create", name)
        return part.open_file(name, how)

    def reopen(self) -> Directory:
        upper: Directory | None = None
        lower: list[Directory] = []
        try:
            for part in self._parts():
                if part is self._upper:
                    upper = part.reopen()
                else:
                    lower.append(part.reopen())
        except BaseException:
            _close([*lower, *([] if upper is None else [upper])])
            raise
        return UnionDirectory(self._union, upper, lower)

    def entries(self) -> Sequence[DirectoryEntry]:
        found: dict[str, DirectoryEntry] = {}
        for part in self._parts():
            for entry in part.entries():
                found.setdefault(entry.name, entry)
        return [*found.values()]

    def read_link(self, name: str) -> str:
        return self._having(name)[0].read_link(name)

    def make_directory(self, name: str) -> None:
        self._check_free(name)
        self._changeable("create", name).make_directory(name)

    def make_symbolic_link(self, name: str, target: str) -> None:
        self._check_free(name)
        self._changeable("create", name).make_symbolic_link(name, target)

    def link(self, name: str, target: Directory, target_name: str) -> None:
        other = self._same_union(target, "write", name)
        upper = self._of_upper(name, "write")
        if isinstance(target, UnionDirectory):
            target._check_free(target_name)
        upper.link(name, other, target_name)

    def rename(self, name: str, target: Directory, target_name: str) -> None:
        other = self._same_union(target, "delete", name)
        upper = self._of_upper(name, "delete", only=True)
        if isinstance(target, UnionDirectory):
            target._check_replaceable(target_name, upper.lookup(name))
        upper.rename(name, other, target_name)

    def unlink(self, name: str) -> None:
        if self.lookup(name).type is FileType.DIRECTORY:
            raise KernelError(Code.IS_DIRECTORY, name)
        self._of_upper(name, "delete", only=True).unlink(name)

    def remove_directory(self, name: str) -> None:
        if self.lookup(name).type is not FileType.DIRECTORY:
            raise KernelError(Code.NOT_DIRECTORY, name)
        self._of_upper(name, "delete", only=True).remove_directory(name)

    def set_times_of(self, name: str, accessed: int | None, modified: int | None) -> None:
        self._of_upper(name, "write").set_times_of(name, accessed, modified)

    def _parts(self) -> Iterator[Directory]:
        if self._upper is not None:
            yield self._upper
        yield from self._lower

    def _find(self, name: str) -> Directory | None:
        """The first part that has `name`."""
        for part in self._parts():
            if _stat(part, name) is not None:
                return part
        return None

    def _having(self, name: str) -> tuple[Directory, Stat]:
        """The first part that has `name`, and what it is there. NO_ENTRY."""
        for part in self._parts():
            stat = _stat(part, name)
            if stat is not None:
                return part, stat
        raise KernelError(Code.NO_ENTRY, name)

    def _changeable(self, action: str, name: str) -> Directory:
        """The part that changes are made in. READ_ONLY."""
        if self._upper is None or self._upper.read_only:
            raise self.refusal(action, name)
        return self._upper

    def _of_upper(self, name: str, action: str, *, only: bool = False) -> Directory:
        """The part on top, which has `name`, and is the `only` one that has it. NO_ENTRY; READ_ONLY."""
        upper = self._changeable(action, name)
        if self._having(name)[0] is not upper:
            raise KernelError(Code.READ_ONLY, f"{name} is in a lower layer")
        if only and any(_stat(part, name) is not None for part in self._lower):
            raise KernelError(Code.READ_ONLY, f"{name} is in a lower layer, too")
        return upper

    def _check_free(self, name: str) -> None:
        if self._find(name) is not None:
            raise KernelError(Code.EXISTS, name)

    def _check_replaceable(self, name: str, moved: Stat) -> None:
        """Raise unless what was `moved` may take the place of `name`. READ_ONLY; NOT_EMPTY."""
        part = self._find(name)
        if part is None or (part is self._upper and moved.type is not FileType.DIRECTORY):
            return
        if part is not self._upper:
            raise KernelError(Code.READ_ONLY, f"{name} is in a lower layer")
        if part.lookup(name).type is FileType.DIRECTORY:
            present = self.open_directory(name)
            assert isinstance(present, UnionDirectory)
            try:
                # The layer on top looks at its own. What is below would show in what was moved here.
                if any(True for part in present._lower for _ in part.entries()):
                    raise KernelError(Code.NOT_EMPTY, name)
            finally:
                present.close()

    def _same_union(self, target: Directory, action: str, name: str) -> Directory:
        """The part of `target` on top. READ_ONLY or CROSS_DEVICE if nothing can be moved there."""
        if self.read_only:
            raise self.refusal(action, name)
        if target.read_only:
            raise target.refusal("create", "")
        if not isinstance(target, UnionDirectory) or target._union is not self._union:
            raise KernelError(Code.CROSS_DEVICE, "the target is of another filesystem")
        return target._changeable("create", "")


def _stat(directory: Directory, name: str) -> Stat | None:
    """What `name` is in the directory, if it has it."""
    try:
        return directory.lookup(name)
    except KernelError as error:
        if error.code is Code.NO_ENTRY:
            return None
        raise


def _close(directories: Iterable[Directory]) -> None:
    for each in directories:
        each.close()
