"""The contract, checked on every filesystem that is not the host's, alone and stacked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from archives import tarred, zipped
from os_filesystem import OsFilesystem
from remit.filesystems.asked import Asked
from remit.filesystems.memory import MemoryFilesystem
from remit.filesystems.mounts import Mounts
from remit.filesystems.overlay import Overlay
from remit.filesystems.quota import Quota
from remit.filesystems.read_only import ReadOnly
from remit.filesystems.restricted import Restricted
from remit.filesystems.stable import Stable
from remit.filesystems.subdirectory import Subdirectory
from remit.filesystems.tar import TarArchive
from remit.filesystems.union import Union
from remit.filesystems.watched import Watched
from remit.filesystems.zip import ZipArchive
from remit.kernel.clocks import AMBIENT_WALL_CLOCK, Clock
from remit.kernel.files import Filesystem
from remit.kernel.virtual_clock import VirtualTime
from remit.testing import check_filesystem, fill_sample


def sample() -> MemoryFilesystem:
    filesystem = MemoryFilesystem()
    root = filesystem.root()
    fill_sample(root)
    root.close()
    return filesystem


def virtual_clock() -> Clock:
    """It begins after the times that the checks call old."""
    return VirtualTime(2 * 10**18).wall


WRITABLE: dict[str, Callable[[], Filesystem]] = {
    "memory": MemoryFilesystem,
    "overlay": lambda: Overlay(MemoryFilesystem()),
    "overlay over read-only": lambda: Overlay(ReadOnly(MemoryFilesystem())),
    "overlay over overlay": lambda: Overlay(Overlay(MemoryFilesystem())),
    "overlay over mounts": lambda: Overlay(Mounts({})),
    "a directory of an overlay": lambda: Subdirectory(Overlay(MemoryFilesystem({"a/b": {}})), "a/b"),
    "quota": lambda: Quota(MemoryFilesystem(), max_bytes=1 << 30),
    "quota over overlay": lambda: Quota(Overlay(MemoryFilesystem()), max_bytes=1 << 30),
    "overlay over quota": lambda: Overlay(Quota(MemoryFilesystem(), max_bytes=0, max_files=0)),
    "a directory of a quota": lambda: Subdirectory(Quota(MemoryFilesystem({"a/b": {}}), max_bytes=1 << 30), "a/b"),
    "subdirectory": lambda: Subdirectory(MemoryFilesystem({"a/b": {}}), "a/b"),
    "mounts": lambda: Mounts({"/": MemoryFilesystem()}),
    "a directory within a mount": lambda: Subdirectory(Mounts({"/m": MemoryFilesystem({"a": {}})}), "m/a"),
    "restricted": lambda: Restricted(MemoryFilesystem(), ["all **"]),
    "restricted by several rules": lambda: Restricted(
        MemoryFilesystem(), ["read **", "write,create **", "delete **", "read some/where/**"]
    ),
    "overlay over restricted": lambda: Overlay(Restricted(MemoryFilesystem(), ["read **"])),
    "restricted twice": lambda: Restricted(Restricted(MemoryFilesystem(), ["all **"]), ["all **"]),
    "asked": lambda: Asked(MemoryFilesystem(), lambda question: "yes"),
    "asked, and overlaid": lambda: Overlay(Asked(MemoryFilesystem(), lambda question: "always")),
    "watched": lambda: Watched(MemoryFilesystem(), "/", lambda use: None),
    "stable": lambda: Stable(MemoryFilesystem(), AMBIENT_WALL_CLOCK),
    "stable, in virtual time": lambda: Stable(MemoryFilesystem(), virtual_clock()),
    "stable over overlay": lambda: Stable(Overlay(MemoryFilesystem()), virtual_clock()),
    "overlay over stable": lambda: Overlay(Stable(MemoryFilesystem(), virtual_clock())),
    "stable over restricted": lambda: Stable(Restricted(MemoryFilesystem(), ["all **"]), virtual_clock()),
    "union": lambda: Union(MemoryFilesystem()),
    "union of several": lambda: Union(MemoryFilesystem(), MemoryFilesystem(), Mounts({})),
    "overlay over union": lambda: Overlay(Union(MemoryFilesystem(), MemoryFilesystem())),
    "a directory of a union": lambda: Subdirectory(
        Union(MemoryFilesystem({"a/b": {}}), MemoryFilesystem({"a": {"b": {}, "c": b"c"}})), "a/b"
    ),
    "a mount in nothing": lambda: Subdirectory(Mounts({"/m/n": MemoryFilesystem()}), "m/n"),
}

READ_ONLY: dict[str, Callable[[], Filesystem]] = {
    "memory": lambda: ReadOnly(sample()),
    "twice": lambda: ReadOnly(ReadOnly(sample())),
    "overlay": lambda: ReadOnly(Overlay(sample())),
    "quota": lambda: ReadOnly(Quota(sample(), max_bytes=0)),
    "restricted": lambda: Restricted(ReadOnly(sample()), ["all **"]),
    "restricted to reading": lambda: Restricted(ReadOnly(sample()), ["read **"]),
    "within restricted": lambda: ReadOnly(Restricted(sample(), ["read **"])),
    "watched": lambda: Watched(ReadOnly(sample()), "/", lambda use: None),
    "stable": lambda: Stable(ReadOnly(sample()), virtual_clock()),
    "in a quota": lambda: Quota(ReadOnly(sample()), max_bytes=0),
    "mounted": lambda: Mounts({"/": ReadOnly(sample())}),
    "mounts": lambda: ReadOnly(Mounts({"/": sample()})),
    "subdirectory": lambda: Subdirectory(Mounts({"/m": ReadOnly(sample())}), "m"),
    "zip": lambda: ZipArchive(zipped(sample().to_dict())),
    "zip, stored": lambda: ZipArchive(zipped(sample().to_dict(), method=0)),
    "tar": lambda: TarArchive(tarred(sample().to_dict())),
    "tar, packed": lambda: TarArchive(tarred(sample().to_dict(), "gz")),
    "union, read-only on top": lambda: Union(ReadOnly(MemoryFilesystem()), sample()),
    "union of archives": lambda: Union(ZipArchive(zipped({"empty": {}})), TarArchive(tarred(sample().to_dict()))),
}


@pytest.mark.parametrize("make", WRITABLE.values(), ids=WRITABLE)
def test_writable(make: Callable[[], Filesystem]) -> None:
    assert check_filesystem(make) > 60


@pytest.mark.parametrize("make", READ_ONLY.values(), ids=READ_ONLY)
def test_read_only(make: Callable[[], Filesystem]) -> None:
    assert check_filesystem(make, read_only=True) == 5


def test_an_overlay_over_plain_os(tmp_path: Path) -> None:
    made: list[Path] = []

    def make() -> Filesystem:
        made.append(tmp_path / str(len(made)))
        made[-1].mkdir()
        return Overlay(OsFilesystem(made[-1]))

    assert check_filesystem(make) > 60
    assert [name for place in made for name in place.iterdir()] == []


def test_an_overlay_gives_everything_back_when_it_is_emptied() -> None:
    """What the checks do to an overlay is undone by removing all: then it uses nothing."""
    used: list[Overlay] = []

    def make() -> Filesystem:
        used.append(Overlay(MemoryFilesystem()))
        return used[-1]

    check_filesystem(make)
    for overlay in used:
        paths = [path for path, _ in overlay.tree()]
        for path in reversed(paths):
            directory, _, name = path.rpartition("/")
            holder = Subdirectory(overlay, directory)
            root = holder.root()
            try:
                (root.remove_directory if root.lookup(name).type.name == "DIRECTORY" else root.unlink)(name)
            finally:
                root.close()
                holder.close()
        assert (overlay.bytes_used, overlay.files_used, overlay.changes()) == (0, 0, [])
