"""Calls of WASI 0.1 on a small tree of the host, drawn at random: to do the same in two ways and compare."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from passthrough import DATA, SCRATCH, SIZE, Guest

SUCCESS = 0
SECOND = 0x3000
FD_READ, FD_WRITE = 1 << 1, 1 << 6


def plant(root: Path) -> Path:
    """A small tree, with links that lead out of it."""
    root.mkdir()
    (root / "file").write_bytes(b"0123456789")
    (root / "dir").mkdir()
    (root / "dir" / "inner").write_bytes(b"inner")
    (root / "to-file").symlink_to("file")
    (root / "to-dir").symlink_to("dir")
    (root / "dangling").symlink_to("nothing")
    (root / "out").symlink_to("../outside")
    (root / "absolute").symlink_to("/etc/passwd")
    (root / "up").symlink_to("..")
    outside = root.parent / "outside"
    if not outside.exists():
        outside.write_bytes(b"secret")
    return root


PATHS = ["file", "dir", "dir/inner", "to-file", "to-dir/inner", "dangling", "out", "up", "new", "dir/new", "to-dir",
         "file/x", "dir/", "./file", "dir/../file", "../outside", "", ".", "x" * 300, "é", "/file"]  # fmt: skip
SPOTS = st.sampled_from([0, SCRATCH, DATA, DATA + 1, SIZE - 64, SIZE - 8, SIZE - 3, SIZE, 0xFFFFFFF8])
FDS = st.integers(0, 9) | st.sampled_from([0xFFFFFFFF, 1 << 20])
RIGHTS = st.sampled_from([(1 << 30) - 1, FD_READ, FD_WRITE, FD_READ | FD_WRITE, 0, 1 << 40, (1 << 64) - 1])
OFFSETS = st.integers(-5, 20) | st.sampled_from([2**63 - 1, 2**63 - 10, -(2**63), 1 << 33])
LENGTHS = st.integers(0, 40) | st.sampled_from([0xFFFFFFFF, 1 << 20])
VECTORS = st.lists(st.tuples(SPOTS, LENGTHS), max_size=3)
PATH = st.sampled_from(PATHS)

STEPS = st.one_of(
    st.tuples(st.just("open"), st.sampled_from([3, 4, 5]), st.integers(0, 2), PATH, st.integers(0, 15), RIGHTS,
              st.integers(0, 31), SPOTS),
    st.tuples(st.just("stat"), st.sampled_from([3, 4, 5]), st.integers(0, 2), PATH, SPOTS),
    st.tuples(st.sampled_from(["fd_read", "fd_write"]), FDS, VECTORS, SPOTS),
    st.tuples(st.sampled_from(["fd_pread", "fd_pwrite"]), FDS, VECTORS, OFFSETS, SPOTS),
    st.tuples(st.just("fd_seek"), FDS, OFFSETS, st.integers(0, 3), SPOTS),
    st.tuples(st.sampled_from(["fd_tell", "fd_fdstat_get", "fd_filestat_get"]), FDS, SPOTS),
    st.tuples(st.just("fd_close"), st.integers(4, 9)),
    st.tuples(st.just("fd_renumber"), st.integers(3, 9), st.integers(3, 9)),
    st.tuples(st.just("fd_fdstat_set_flags"), FDS, st.integers(0, 31)),
    st.tuples(st.just("fd_fdstat_set_rights"), st.integers(4, 9), RIGHTS, RIGHTS),
    st.tuples(st.just("fd_filestat_set_size"), FDS, st.integers(0, 30)),
    st.tuples(st.just("unlink"), PATH),
)  # fmt: skip


def perform(guest: Guest, step: tuple[Any, ...]) -> tuple[int, bytes]:
    """The errno, and all of the memory, without what differs between two equal trees."""
    name, *rest = step
    if name == "open":
        fd, follow, path, oflags, rights, fdflags, spot = rest
        errno = guest.call("path_open", fd, follow, *guest.path(path), oflags, rights, rights, fdflags, spot)
    elif name == "stat":
        fd, follow, path, spot = rest
        errno = guest.call("path_filestat_get", fd, follow, *guest.path(path), spot)
    elif name in ("fd_read", "fd_write", "fd_pread", "fd_pwrite"):
        fd, vectors, *end = rest
        errno = guest.call(name, fd, *guest.iovec(*vectors), *end)
    elif name == "unlink":
        errno = guest.call("path_unlink_file", 3, *guest.path(rest[0]))
    elif name == "rename":
        errno = guest.call("path_rename", 3, *guest.path(rest[0]), 3, *guest.path(rest[1], SECOND))
    else:
        errno = guest.call(name, *rest)
    if errno == SUCCESS and name in ("stat", "fd_filestat_get"):
        spot = rest[-1]
        guest.memory.write(spot, bytes(16))
        guest.memory.write(spot + 40, bytes(24))
    return errno, guest.memory.read(0, SIZE)


def contents(tree: Path) -> dict[str, bytes | str | None]:
    found: dict[str, bytes | str | None] = {}
    for path in sorted(tree.rglob("*")):
        name = str(path.relative_to(tree))
        found[name] = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else None
    return found
