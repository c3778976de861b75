"""What of the host a program can get at under its remit, by other ways than the path that was granted."""

from __future__ import annotations

import os

from remit.filesystems.rules import CREATE, DELETE, WRITE, FileRule
from remit.policy.learning import Allowed, parents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.policy.remit import Remit
    from remit.policy.remit_grants import DirectoryGrant


def changeable_through(path: str, remit: Remit) -> str:
    """The guest's name of the grant by which the program can change the file `path` of the host, or put another in its
    place; "" if there is none."""
    for file in remit.files:
        if file.rights != "read" and is_same_file(path, remit.path_of(file.path)):
            return str(file.guest)
    # The name itself is not followed: whoever may change where a link stands can put another thing there.
    parent, name = os.path.split(os.path.abspath(path))
    place = os.path.join(os.path.realpath(parent), name)
    for grant in remit.dirs:
        if grant.kind == "host" and grant.path is not None and grant.writable:
            top = os.path.realpath(remit.path_of(grant.path))
            if _is_in(place, top) and _can_change(grant, os.path.relpath(place, top)):
                return str(grant.guest)
    return ""


def is_same_file(path: str, other: str) -> bool:
    """Whether both are there, and one file."""
    try:
        return os.path.samefile(path, other)
    except OSError:
        return False


def _is_in(path: str, top: str) -> bool:
    return path == top or path.startswith(os.path.join(top, ""))


def _can_change(grant: DirectoryGrant, path: str) -> bool:
    """Whether its rules let it be changed, or what leads there."""
    if grant.rules is None:
        return True
    allowed = Allowed([FileRule(rule) for rule in grant.rules])
    there = path.replace(os.sep, "/")
    return any(allowed.of(each) & (WRITE | CREATE | DELETE) for each in (there, *parents(there)[1:]))
