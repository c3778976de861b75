"""One directory of a filesystem, as a filesystem of its own."""

from __future__ import annotations

from remit.filesystems.arguments import wanted_filesystem
from remit.filesystems.direct import split
from remit.kernel.errors import Code, KernelError
from remit.kernel.files import Directory, Filesystem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType


class Subdirectory(Filesystem):
    """What is below `path` of `filesystem`, and nothing above it.

    The directory is opened now and kept: moving or replacing it later changes nothing. Its handles are the
    filesystem's own, so that files can be renamed and linked between two parts of one filesystem that are both granted.

    Args:
        filesystem: Where it is.
        path: Directory names with slashes between them. Symbolic links are refused: naming another
            place than it seems is for guests to try, not for grants to do.

    Raises:
        ValueError: `path` has ``.`` or ``..`` or an empty name.
        FileNotFoundError: There is nothing at `path`.
        NotADirectoryError: A file or a symbolic link is at `path` or on the way.
    """

    __slots__ = ("_closed", "_directory", "_path")

    def __init__(self, filesystem: Filesystem, path: str) -> None:
        names = split(path)
        directory = wanted_filesystem("filesystem", filesystem).root()
        try:
            for name in names:
                below = _enter(directory, name, path)
                directory.close()
                directory = below
        except BaseException:
            directory.close()
            raise
        self._directory = directory
        self._path = path
        self._closed = False

    def root(self) -> Directory:
        if self._closed:
            raise ValueError(f"the subdirectory {self._path!r} is closed")
        return self._directory.reopen()

    def close(self) -> None:
        """Give the directory back. Handles that are still open stay so."""
        self._closed = True
        self._directory.close()

    def __enter__(self) -> Subdirectory:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _enter(directory: Directory, name: str, path: str) -> Directory:
    try:
        return directory.open_directory(name)
    except KernelError as error:
        if error.code is Code.NO_ENTRY:
            raise FileNotFoundError(f"subdirectory {path!r}: there is no {name!r} in the filesystem") from None
        if error.code is Code.LOOP:
            raise NotADirectoryError(
                f"subdirectory {path!r}: {name!r} is a symbolic link; name the directory it points to"
            ) from None
        if error.code is Code.NOT_DIRECTORY:
            raise NotADirectoryError(f"subdirectory {path!r}: {name!r} is not a directory") from None
        raise OSError(f"subdirectory {path!r}: {name!r} cannot be opened: {error}") from None
