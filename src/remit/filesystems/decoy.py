"""The root of a program that was given none: nothing is in it, and nothing can be made there.

A program asks for paths of all kinds, and its C library refuses by itself what lies in none of its directories. With a
directory "/" it asks us, so that what it wanted can be told.
"""

from __future__ import annotations

import time

from remit.kernel.errors import Code, KernelError
from remit.kernel.files import Directory, Filesystem, FileType, How, Stat
from remit.kernel.refusals import Refused, Want
from remit.kernel.resolver import check_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from remit.kernel.files import DirectoryEntry, File

# Far from the host's device numbers, and from those of other filesystems here.
_devices = iter(range(3 << 61, 1 << 63))


class Decoy(Filesystem):
    """An empty directory that stays empty.

    Args:
        exists: Whether the host has something at an absolute path. The program is told the same either way; if there is
            something, the failure is a refusal (:class:`~remit.kernel.refusals.Refused`), because a grant would have
            made a difference.
    """

    __slots__ = ("_exists", "_stat")

    def __init__(self, exists: Callable[[str], bool]) -> None:
        self._exists = exists
        now = time.time_ns()
        self._stat = Stat(
            FileType.DIRECTORY, device=next(_devices), inode=1, links=2, accessed=now, modified=now, changed=now
        )

    def root(self) -> Directory:
        return DecoyDirectory(self, "")

    @property
    def stat(self) -> Stat:
        return self._stat

    def exists(self, path: str) -> bool:
        """Whether the host has `path`, which is below the root."""
        return self._exists(f"/{path}")


class DecoyDirectory(Directory):
    """The root; or a place below it where a walk passes through, which can neither be opened nor seen."""

    __slots__ = ("_decoy", "_path")

    def __init__(self, decoy: Decoy, path: str) -> None:
        self._decoy = decoy
        self._path = path

    @property
    def origin(self) -> object:
        return self._decoy

    def path_from_origin(self, path: str) -> str:
        return f"{self._path}/{path}" if self._path else path

    def walk(self, path: str) -> Directory | None:
        # So that all of the path is known when it fails. What is passed through is never told to be there.
        names = [name for name in self._path.split("/") if name]
        for name in path.split("/"):
            if name == "..":
                if not names:
                    return None
                names.pop()
            elif name and name != ".":
                check_name(name)
                names.append(name)
        return DecoyDirectory(self._decoy, "/".join(names))

    def stat(self) -> Stat:
        return self._decoy.stat

    def reopen(self) -> Directory:
        if self._path:
            raise self._missing("read", "")
        return DecoyDirectory(self._decoy, "")

    def entries(self) -> Iterable[DirectoryEntry]:
        return ()

    def set_times(self, accessed: int | None, modified: int | None) -> None:
        raise self._refused("write", "")

    def lookup(self, name: str) -> Stat:
        raise self._missing("read", name)

    def open_directory(self, name: str) -> Directory:
        raise self._missing("read", name)

    def read_link(self, name: str) -> str:
        raise self._missing("read", name)

    def open_file(self, name: str, how: int) -> File:
        if how & How.CREATE:
            there = self._decoy.exists(self._path_of(name))
            raise self._refused("write" if there and not how & How.EXCLUSIVE else "create", name)
        raise self._missing("read" if how & How.READ else "write", name)

    def make_directory(self, name: str) -> None:
        raise self._refused("create", name)

    def make_symbolic_link(self, name: str, target: str) -> None:
        raise self._refused("create", name)

    def link(self, name: str, target: Directory, target_name: str) -> None:
        raise self._missing("read", name)

    def rename(self, name: str, target: Directory, target_name: str) -> None:
        raise self._missing("delete", name)

    def unlink(self, name: str) -> None:
        raise self._missing("delete", name)

    def remove_directory(self, name: str) -> None:
        raise self._missing("delete", name)

    def set_times_of(self, name: str, accessed: int | None, modified: int | None) -> None:
        raise self._missing("write", name)

    def _path_of(self, name: str) -> str:
        return f"{self._path}/{name}".strip("/")

    def _missing(self, action: str, name: str) -> KernelError:
        path = self._path_of(name)
        if self._decoy.exists(path):
            want = Want("file", action, path, origin=self._decoy)
            return Refused(Code.NO_ENTRY, f"/{path} is not granted", want=want)
        return KernelError(Code.NO_ENTRY, f"/{path}")

    def _refused(self, action: str, name: str) -> KernelError:
        path = self._path_of(name)
        want = Want("file", action, path, origin=self._decoy)
        return Refused(Code.ACCESS, f"/{path} is not granted", want=want)
