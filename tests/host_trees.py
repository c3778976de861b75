"""Trees on the host for tests of confinement: what is granted, and what lies beside it and must not be touched."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.kernel.errors import Code

SECRET = b"a secret of the outside"


def snapshot(directory: Path) -> dict[str, tuple[object, ...]]:
    """Everything below a directory that an intruder could change, its access times left out."""
    found: dict[str, tuple[object, ...]] = {}
    for path in [directory, *sorted(directory.rglob("*"))]:
        status = path.lstat()
        content: object = None
        if path.is_symlink():
            content = path.readlink()
        elif path.is_file():
            content = path.read_bytes()
        found[str(path.relative_to(directory))] = (
            status.st_mode,
            status.st_ino,
            status.st_nlink,
            status.st_size,
            status.st_mtime_ns,
            status.st_ctime_ns,
            content,
        )
    return found


def contents(directory: Path) -> dict[str, tuple[str, object]]:
    """Names, types and contents below a directory: what two equal trees share."""
    found: dict[str, tuple[str, object]] = {}
    for path in sorted(directory.rglob("*")):
        name = str(path.relative_to(directory))
        if path.is_symlink():
            found[name] = ("link", str(path.readlink()))
        elif path.is_dir():
            found[name] = ("directory", None)
        else:
            found[name] = ("file", path.read_bytes())
    return found


def open_descriptors() -> int:
    """How many descriptors this process has open."""
    return len(os.listdir("/proc/self/fd"))


def descriptors_below(tree: Path) -> list[str]:
    """Where those descriptors of this process lead that are `tree` or something below it, sorted.

    Unlike the number of all that are open, this says nothing of what other tests left to the garbage collector. Where
    the host does not tell it (there is no ``/proc``), the list is empty.
    """
    top, found = os.path.realpath(tree), []
    for number in os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else ():
        try:
            target = os.readlink(f"/proc/self/fd/{number}")
        except FileNotFoundError:
            continue  # the listing's own
        except OSError:
            target = f"{top}/... deeper than a path can say"
        if target == top or target.startswith((f"{top}/", f"{top} (deleted)")):
            found.append(target)
    return sorted(found)


def outcome(action: Callable[[], object]) -> object:
    """What an operation returns, or the code that it fails with."""
    from remit.kernel.errors import KernelError

    try:
        return action()
    except KernelError as error:
        code: Code = error.code
        return code
