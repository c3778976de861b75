"""What directories have in common that stand before another one and add something to it."""

from __future__ import annotations

from remit.kernel.files import Directory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.kernel.errors import KernelError


class WrappedDirectory(Directory):
    """It refuses what the other one refuses, in its name. It owns and closes that."""

    __slots__ = ("_directory", "read_only")

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self.read_only = directory.read_only

    @property
    def origin(self) -> object:
        return self._directory.origin

    def path_from_origin(self, path: str) -> str:
        return self._directory.path_from_origin(path)

    def refusal(self, action: str, name: str) -> KernelError:
        return self._directory.refusal(action, name)

    def allowed_by(self, right: str, name: str) -> str:
        return self._directory.allowed_by(right, name)

    def sync(self, *, data_only: bool) -> None:
        self._directory.sync(data_only=data_only)

    def close(self) -> None:
        self._directory.close()
