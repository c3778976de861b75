"""What of the host a program can get at under its remit, by other ways than the path that was granted."""

from __future__ import annotations

import os
import stat

from remit.filesystems.rules import CREATE, DELETE, WRITE, FileRule
from remit.policy.learning import Allowed, parents
from remit.policy.remit_grants import StreamFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.policy.remit import Remit
    from remit.policy.remit_grants import DirectoryGrant


def changeable_through(path: str, remit: Remit) -> str:
    """The grant by which a program can change the file `path` of the host, there or not, or put another in its place.

    It is the guest's name of a directory or file, or that of a standard stream; "" if there is none.
    """
    place = _place(path)
    for file in remit.files:
        if file.rights != "read" and _is_that(remit.path_of(file.path), place):
            return str(file.guest)
    for number, name in ((1, "stdout"), (2, "stderr")):
        stream = getattr(remit, name)
        if isinstance(stream, StreamFile) and _is_that(remit.path_of(stream.path), place):
            return name
        if stream == "inherit" and _is_open(number, place):
            return name
    for grant in remit.dirs:
        if grant.kind == "host" and grant.path is not None and grant.writable:
            top = os.path.realpath(remit.path_of(grant.path))
            if _is_in(place, top) and _can_change(grant, os.path.relpath(place, top)):
                return str(grant.guest)
    return ""


def given_as(path: str, remit: Remit) -> str:
    """Of a file that is itself what a program is handed: as what. "" if it is not."""
    place = _place(path)
    for file in remit.files:
        if _is_that(remit.path_of(file.path), place):
            return str(file.guest)
    for grant in remit.dirs:
        if grant.kind == "archive" and grant.path is not None and _is_that(remit.path_of(grant.path), place):
            return str(grant.guest)
    if isinstance(remit.stdin, StreamFile) and _is_that(remit.path_of(remit.stdin.path), place):
        return "stdin"
    return ""


def is_same_file(path: str, other: str) -> bool:
    """Whether both are one file, or would be."""
    return _is_that(path, _place(other))


def _place(path: str) -> str:
    """Where it is, or would be made. Its own name is not followed: whoever may change where a link stands can put
    another thing there."""
    parent, name = os.path.split(path)
    return os.path.join(os.path.realpath(parent), name)


def _is_that(path: str, place: str) -> bool:
    if _place(path) == place:
        return True
    try:
        return os.path.samefile(path, place)
    except OSError:
        # One of them is not there.
        return False


def _is_open(descriptor: int, place: str) -> bool:
    """Whether a stream of this process is that file, as by a shell's ``>``."""
    try:
        opened, there = os.fstat(descriptor), os.stat(place)
    except OSError:
        return False
    return stat.S_ISREG(there.st_mode) and os.path.samestat(opened, there)


def _is_in(path: str, top: str) -> bool:
    return path == top or path.startswith(os.path.join(top, ""))


def _can_change(grant: DirectoryGrant, path: str) -> bool:
    """Whether its rules let it be changed, or what leads there."""
    if grant.rules is None:
        return True
    allowed = Allowed([FileRule(rule) for rule in grant.rules])
    there = path.replace(os.sep, "/")
    return any(allowed.of(each) & (WRITE | CREATE | DELETE) for each in (there, *parents(there)[1:]))
