"""Worlds for an attacker: a guest of each preview, on each filesystem, with the fast path on and off.

Beside what it is granted lies a tree that it is not. Whatever a test does, that tree is compared afterwards, byte for
byte, and so is the granted one where the filesystem in front of it promises not to change it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from host_trees import SECRET, descriptors_below, snapshot
from passthrough import Guest
from remit import fs
from remit.interfaces import preview0, preview1

PREVIEWS = {"preview0": preview0, "preview1": preview1}
HOSTS = ["openat2", "portable"]
FILESYSTEMS = [*HOSTS, "memory", "overlay", "read-only", "quota", "mounts", "subdirectory", "restricted"]
NATIVE = {"native": True, "python": False}
EVERYWHERE = [f"{preview}-{kind}-{native}" for preview in PREVIEWS for kind in FILESYSTEMS for native in NATIVE]
ON_THE_HOST = [f"{preview}-{kind}-{native}" for preview in PREVIEWS for kind in HOSTS for native in NATIVE]

CREAT, DIRECTORY, EXCL, TRUNC = 1, 2, 4, 8
APPEND, DSYNC, NONBLOCK, RSYNC, SYNC = 1, 2, 4, 8, 16
ALL = (1 << 29) - 1
FD_READ, FD_WRITE = 1 << 1, 1 << 6
DQUOT, SUCCESS, AGAIN, BADF, EXIST, FAULT, FBIG, ILSEQ, INVAL, ISDIR, LOOP = 19, 0, 6, 8, 20, 21, 22, 25, 28, 31, 32
MFILE, NAMETOOLONG, NOENT, NOMEM, NOSPC, NOTDIR, NOTEMPTY, NXIO = 33, 37, 44, 48, 51, 54, 55, 60
OVERFLOW, PERM, ROFS, SPIPE, XDEV, NOTCAPABLE = 61, 63, 69, 70, 75, 76

INSIDE = b"what is inside"


def plant_outside(tree: Path) -> None:
    """What no guest may see or change."""
    (tree / "dir").mkdir(parents=True)
    (tree / "secret").write_bytes(SECRET)
    (tree / "dir" / "secret").write_bytes(SECRET)
    (tree / "empty").mkdir()
    (tree / "link").symlink_to("secret")
    os.utime(tree / "secret", ns=(5 * 10**17, 5 * 10**17))


def contents(outside: Path) -> dict[str, Any]:
    """What is granted, as :class:`remit.fs.Memory` takes it: files, and links of all the kinds that have led out."""
    targets = {
        "up": "..",
        "up-slash": "../",
        "out": "../outside",
        "out-slash": "../outside/",
        "out-dir": "../outside/dir",
        "out-secret": "../outside/secret",
        "out-new": "../outside/new",
        "out-up": "dir/../../outside",
        "absolute": str(outside),
        "absolute-slash": f"{outside}/",
        "absolute-secret": f"{outside}/secret",
        "root": "/",
        "chain": "chain2",
        "chain2": "dir/chain3",
        "loop": "loop",
        "to-dir": "dir",
        "to-dir-slash": "dir/",
        "to-file": "file",
        "dangling": "nothing",
    }
    links: dict[str, Any] = {name: fs.SymbolicLink(target) for name, target in targets.items()}
    inner = {
        "file": INSIDE,
        "inner": {"file": INSIDE, "back": fs.SymbolicLink("../..")},
        "chain3": fs.SymbolicLink("../up/outside"),
        "up2": fs.SymbolicLink("../.."),
    }
    return {"file": INSIDE, "dir": inner, "empty": {}, **links}


def plant(tree: Path, what: dict[str, Any]) -> None:
    """The same on the host."""
    tree.mkdir()
    for name, content in what.items():
        if isinstance(content, dict):
            plant(tree / name, content)
        elif isinstance(content, fs.SymbolicLink):
            (tree / name).symlink_to(content.target)
        else:
            (tree / name).write_bytes(content)


class World:
    """One guest and the trees; :meth:`check` is the verdict."""

    def __init__(self, base: Path, preview: str, filesystem: str, native: str, **options: Any) -> None:
        self.base = base
        self.kind = filesystem
        self.preview: ModuleType = PREVIEWS[preview]
        self.native = NATIVE[native]
        self.granted = base / "granted"
        self.outside = base / "outside"
        base.mkdir()
        plant_outside(self.outside)
        self.contents = contents(self.outside)
        plant(self.granted, self.contents)
        self.writable = filesystem != "read-only"
        self._closing: list[Callable[[], None]] = []
        self.filesystem = self.made()
        self.guest = self.another(**options)
        self.freeze()

    def made(self, tree: Path | None = None) -> fs.Filesystem:
        """Another filesystem of this world's kind, over the same tree, or (on the host) over `tree`."""
        if self.kind == "memory":
            return fs.Memory(self.contents)
        if self.kind == "subdirectory":
            subdirectory = fs.Subdirectory(self._host(self.base), "granted")
            self._closing.append(subdirectory.close)
            return subdirectory
        host = self._host(tree or self.granted)
        if self.kind == "overlay":
            return fs.Overlay(host)
        if self.kind == "read-only":
            return fs.ReadOnly(host)
        if self.kind == "restricted":
            return fs.Restricted(host, ["all **"])
        if self.kind == "quota":
            return fs.Quota(host, max_bytes=1 << 62)
        if self.kind == "mounts":
            return fs.Mounts({"/": host, "/mounted": fs.Memory({"there": INSIDE})})
        return host

    def another(self, dirs: dict[str, Any] | None = None, **options: Any) -> Guest:
        """Another guest with the same grant, or with `dirs`."""
        granted = {"/": self.filesystem} if dirs is None else dirs
        guest = Guest(granted, native=self.native, preview=self.preview, **options)
        self._closing.insert(0, guest.close)
        return guest

    def _host(self, path: Path) -> fs.Host:
        filesystem = fs.Host(path, openat2=self.kind != "portable")
        self._closing.append(filesystem.close)
        return filesystem

    def freeze(self, *also: Path) -> None:
        """From here on nobody but the guest changes anything: what it may not change is compared with now."""
        kept = {"memory", "overlay", "read-only"}
        self._watched = [self.outside, *also] + ([self.granted] if self.kind in kept else [])
        self._before = [snapshot(tree) for tree in self._watched]
        self._names = sorted(os.listdir(self.base))

    def check(self) -> None:
        """The outside is what it was, and nothing of the host's is left open."""
        for close in self._closing:
            close()
        assert [snapshot(tree) for tree in self._watched] == self._before
        assert sorted(os.listdir(self.base)) == self._names
        assert descriptors_below(self.base) == []


def has_host_files(kind: str) -> bool:
    """Whether a guest of such a filesystem can open files of the host for writing."""
    return kind in (*HOSTS, "quota", "mounts", "subdirectory")
