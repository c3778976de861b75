"""Filesystems to grant to a program, and the classes to write one of your own.

``remit.fs.Memory({"main.py": b"…"})``, ``remit.fs.Overlay(remit.fs.Host("project"))`` and so on. Each is imported
when it is first named, so that a program which grants one host directory does not pay for the others.

They are made of each other. Where one wants a filesystem it takes no path: what opens a directory of the machine says
so, ``Host(path)``, and only `dirs` takes a path in its place.
"""

from __future__ import annotations

from remit._lazy import lazy_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.filesystems.asked import Asked, Question
    from remit.filesystems.direct import SymbolicLink
    from remit.filesystems.fsspec import FsspecFilesystem as Fsspec
    from remit.filesystems.host import HostFilesystem as Host
    from remit.filesystems.memory import MemoryFilesystem as Memory
    from remit.filesystems.mounts import Mounts
    from remit.filesystems.overlay import Change, Overlay
    from remit.filesystems.quota import Quota
    from remit.filesystems.read_only import ReadOnly
    from remit.filesystems.restricted import Restricted
    from remit.filesystems.rules import FileRule, RuleError
    from remit.filesystems.subdirectory import Subdirectory
    from remit.filesystems.tar import TarArchive as Tar
    from remit.filesystems.union import Union
    from remit.filesystems.zip import ZipArchive as Zip
    from remit.kernel.errors import Code, KernelError
    from remit.kernel.files import NOW, Advice, Directory, DirectoryEntry, File, Filesystem, FileType, How, Stat

__all__ = [
    "NOW",
    "Advice",
    "Asked",
    "Change",
    "Code",
    "Directory",
    "DirectoryEntry",
    "File",
    "FileRule",
    "FileType",
    "Filesystem",
    "Fsspec",
    "Host",
    "How",
    "KernelError",
    "Memory",
    "Mounts",
    "Overlay",
    "Question",
    "Quota",
    "ReadOnly",
    "Restricted",
    "RuleError",
    "Stat",
    "Subdirectory",
    "SymbolicLink",
    "Tar",
    "Union",
    "Zip",
]

_FILES = "remit.kernel.files"

# Where each public name is: the module, and its name there if that is another one.
_PLACES = {
    "NOW": (_FILES, "NOW"),
    "Advice": (_FILES, "Advice"),
    "Asked": ("remit.filesystems.asked", "Asked"),
    "Change": ("remit.filesystems.overlay", "Change"),
    "Code": ("remit.kernel.errors", "Code"),
    "Directory": (_FILES, "Directory"),
    "DirectoryEntry": (_FILES, "DirectoryEntry"),
    "File": (_FILES, "File"),
    "FileRule": ("remit.filesystems.rules", "FileRule"),
    "FileType": (_FILES, "FileType"),
    "Filesystem": (_FILES, "Filesystem"),
    "Fsspec": ("remit.filesystems.fsspec", "FsspecFilesystem"),
    "Host": ("remit.filesystems.host", "HostFilesystem"),
    "How": (_FILES, "How"),
    "KernelError": ("remit.kernel.errors", "KernelError"),
    "Memory": ("remit.filesystems.memory", "MemoryFilesystem"),
    "Mounts": ("remit.filesystems.mounts", "Mounts"),
    "Overlay": ("remit.filesystems.overlay", "Overlay"),
    "Question": ("remit.filesystems.asked", "Question"),
    "Quota": ("remit.filesystems.quota", "Quota"),
    "ReadOnly": ("remit.filesystems.read_only", "ReadOnly"),
    "Restricted": ("remit.filesystems.restricted", "Restricted"),
    "RuleError": ("remit.filesystems.rules", "RuleError"),
    "Stat": (_FILES, "Stat"),
    "Subdirectory": ("remit.filesystems.subdirectory", "Subdirectory"),
    "SymbolicLink": ("remit.filesystems.direct", "SymbolicLink"),
    "Tar": ("remit.filesystems.tar", "TarArchive"),
    "Union": ("remit.filesystems.union", "Union"),
    "Zip": ("remit.filesystems.zip", "ZipArchive"),
}


if not TYPE_CHECKING:  # type checkers find every name above, and would take any other for one of these
    __getattr__ = lazy_names(globals(), _PLACES)


def __dir__() -> list[str]:
    return __all__
