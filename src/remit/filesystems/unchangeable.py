"""Directories and files of filesystems that can never be changed: what they refuse, and in which order.

Subclasses say what is there. (:mod:`remit.filesystems.read_only` makes any other filesystem unchangeable.)
"""

from __future__ import annotations

from remit.kernel.errors import Code, KernelError
from remit.kernel.files import Directory, File, FileType, How

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class UnchangeableDirectory(Directory):
    """A directory of which nothing can be changed, nor anything below it."""

    __slots__ = ()

    read_only = True

    def open_to_read(self, name: str, *, readable: bool) -> File:
        """Open the file `name`, to be read if it is `readable`. NO_ENTRY; IS_DIRECTORY; LOOP."""
        raise NotImplementedError

    def open_file(self, name: str, how: int) -> File:
        if how & (How.WRITE | How.CREATE | How.TRUNCATE):
            self._check_how(name, how)
        return self.open_to_read(name, readable=bool(how & How.READ))

    def _check_how(self, name: str, how: int) -> None:
        """Raise what opening would, in the order in which Linux looks at things."""
        try:
            found = self.lookup(name).type
        except KernelError as error:
            if error.code is Code.NO_ENTRY and how & How.CREATE:
                raise self.refusal("create", name) from None
            raise
        if how & How.CREATE and how & How.EXCLUSIVE:
            raise KernelError(Code.EXISTS, name)
        if found is FileType.DIRECTORY:
            raise KernelError(Code.IS_DIRECTORY, name)
        if found is FileType.SYMBOLIC_LINK:
            raise KernelError(Code.LOOP, name)
        if how & (How.WRITE | How.TRUNCATE):
            raise self.refusal("write", name)

    def set_times(self, accessed: int | None, modified: int | None) -> None:
        raise self.refusal("write", "")

    def make_directory(self, name: str) -> None:
        raise self.refusal("create", name)

    def make_symbolic_link(self, name: str, target: str) -> None:
        raise self.refusal("create", name)

    def link(self, name: str, target: Directory, target_name: str) -> None:
        raise self.refusal("write", name)

    def rename(self, name: str, target: Directory, target_name: str) -> None:
        raise self.refusal("delete", name)

    def unlink(self, name: str) -> None:
        raise self.refusal("delete", name)

    def remove_directory(self, name: str) -> None:
        raise self.refusal("delete", name)

    def set_times_of(self, name: str, accessed: int | None, modified: int | None) -> None:
        raise self.refusal("write", name)


class UnchangeableFile(File):
    """An open file that cannot be changed."""

    __slots__ = ()

    def set_times(self, accessed: int | None, modified: int | None) -> None:
        raise KernelError(Code.READ_ONLY, "set_times")

    def write_at(self, offset: int, buffers: Sequence[memoryview]) -> int:
        raise _not_writable()

    def append(self, buffers: Sequence[memoryview]) -> int:
        raise _not_writable()

    def resize(self, size: int) -> None:
        raise _not_writable()

    def allocate(self, offset: int, length: int) -> None:
        if length == 0:
            raise KernelError(Code.INVALID, "nothing to allocate")
        raise _not_writable()


def _not_writable() -> KernelError:
    return KernelError(Code.BAD_DESCRIPTOR, "opened on a filesystem that can only be read")
