"""What of the host a program can get at under its remit, by other ways than the path that was granted."""

from __future__ import annotations

import os
import stat

from remit.filesystems.rules import CREATE, DELETE, WRITE, FileRule
from remit.kernel.resolver import MAX_LINKS
from remit.policy.learning import Allowed, parents
from remit.policy.remit_grants import StreamFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.policy.remit import Remit
    from remit.policy.remit_grants import DirectoryGrant


def changeable_through(path: str, remit: Remit) -> str:
    """The grant by which a program can change what is at `path` of the host, there or not, or have it lead elsewhere.

    It is the guest's name of a directory or file, or that of a standard stream; "" if there is none.
    """
    places = _places(path)
    for file in remit.files:
        if file.rights != "read" and any(_is_that(remit.path_of(file.path), place) for place in places):
            return str(file.guest)
    for number, name in ((1, "stdout"), (2, "stderr")):
        stream = getattr(remit, name)
        if isinstance(stream, StreamFile) and any(_is_that(remit.path_of(stream.path), place) for place in places):
            return name
        if stream == "inherit" and _is_open(number, places[-1]):
            return name
    found = _through_directories(places, remit)
    if found:
        return found
    for grant, top in _writable(remit):
        if _can_write(grant) and _may_have_another_name(places[-1], top):
            return f"{grant.guest}, if another name of it, a hard link, lies there (a copy has none)"
    return ""


def link_within_reach(path: str, remit: Remit) -> str:
    """Of a path that is granted: where on the way there is a link that the program can change; "" if there is none.

    By a run before it can have had it lead anywhere.
    """
    *on_the_way, _ = _places(path)
    for place in on_the_way:
        if _through_directories([place], remit):
            return place
    return ""


def _through_directories(places: list[str], remit: Remit) -> str:
    for grant, top in _writable(remit):
        for place in places:
            # A directory can be changed through itself, and not put in another place.
            if place != top and _is_in(place, top) and _can_change(grant, os.path.relpath(place, top)):
                return str(grant.guest)
    return ""


def _writable(remit: Remit) -> list[tuple[DirectoryGrant, str]]:
    """Directories of the host that can be changed, and where they are."""
    return [
        (grant, os.path.realpath(remit.path_of(grant.path)))
        for grant in remit.dirs
        if grant.kind == "host" and grant.path is not None and grant.writable
    ]


def _can_write(grant: DirectoryGrant) -> bool:
    """Whether something in it can be written to that is there."""
    if grant.rules is None:
        return grant.rights is None or bool(FileRule(f"{grant.rights} .").rights & WRITE)
    return any(FileRule(rule).rights & WRITE for rule in grant.rules)


def given_as(path: str, remit: Remit) -> str:
    """Of a file that is itself what a program is handed: as what. "" if it is not."""
    place = _places(path)[-1]
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
    return _is_that(path, _places(other)[-1])


def _places(path: str) -> list[str]:
    """Where a path leads: the places of all links on the way and of directories that are left again by ``..``; the last
    is where the file is, or would be made.

    Whoever may put another thing in one of these places can have the path lead elsewhere.
    """
    places: list[str] = []
    links = 0
    at = os.path.abspath(os.sep)
    rest = os.path.join(os.getcwd(), path).split(os.sep)
    rest.reverse()
    while rest:
        name = rest.pop()
        if name == os.pardir:
            places.append(at)
            at = os.path.dirname(at)
        elif name not in ("", os.curdir):
            place = os.path.join(at, name)
            if links < MAX_LINKS and os.path.islink(place):
                links += 1
                places.append(place)
                target = os.readlink(place)
                if os.path.isabs(target):
                    at = os.path.abspath(os.sep)
                rest += reversed(target.split(os.sep))
            else:
                at = place
    return [*places, at]


def _may_have_another_name(place: str, top: str) -> bool:
    try:
        there = os.stat(place)
        return stat.S_ISREG(there.st_mode) and there.st_nlink > 1 and there.st_dev == os.stat(top).st_dev
    except OSError:
        # It is not there, and so has no name.
        return False


def _is_that(path: str, place: str) -> bool:
    if _places(path)[-1] == place:
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
