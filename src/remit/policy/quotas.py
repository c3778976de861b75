"""Limits to what the host directories of one run may grow by."""

from __future__ import annotations

import os

from remit.filesystems.quota import Quota
from remit.filesystems.subdirectory import Subdirectory
from remit.policy.build import open_ambient_filesystem
from remit.policy.remit_values import RemitError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from remit.kernel.files import Filesystem

_UNLIMITED = 2**63 - 1


class Place:
    """A host directory that is granted, whether it may be changed, and what it may grow by, if that was said of it."""

    __slots__ = ("host", "limits", "read_only", "real", "source")

    def __init__(self, host: str, read_only: bool, limits: Mapping[str, int] | None = None, source: str = "") -> None:
        self.host = host
        self.read_only = read_only
        self.limits = dict(limits or {})
        self.source = source
        self.real = _real(host)


class Quotas:
    """A quota for each host directory that can be written.

    Directories that overlap one of them, read-only ones and those below overlays included, are parts of one quota:
    otherwise what is removed in one, but still open in the other, would be given back while it takes space. So
    limits of its own can only be said of one that overlaps no other: RemitError.
    """

    __slots__ = ("_limits", "_own", "_quotas", "_tops")

    def __init__(self, grants: Iterable[Place], limits: dict[str, int]) -> None:
        """`limits` are ``max_bytes`` and ``max_files``, or one of them, or neither."""
        self._limits = limits
        self._quotas: dict[str, Quota] = {}
        places = list(grants)
        self._tops = {
            min((other.real for other in places if _is_in(place.real, other.real)), key=len)
            for place in places
            if not place.read_only and (limits or place.limits)
        }
        self._own = {place.real: place.limits for place in places if place.limits}
        for place in places:
            if place.limits:
                _check_alone(place, places)

    def limited(self, path: str, host: Filesystem) -> Filesystem:
        """What is granted of the directory at `path`, which was opened as `host`."""
        place = _real(path)
        for top in self._tops:
            if _is_in(place, top):
                return self._part(top, place)
        return host

    def _part(self, top: str, place: str) -> Filesystem:
        quota = self._quotas.get(top)
        if quota is None:
            limits = {"max_bytes": _UNLIMITED, **self._limits, **self._own.get(top, {})}
            quota = self._quotas[top] = Quota(open_ambient_filesystem(top), **limits)
        return quota if place == top else Subdirectory(quota, os.path.relpath(place, top))


def _check_alone(place: Place, places: Iterable[Place]) -> None:
    for other in places:
        if other is not place and (_is_in(place.real, other.real) or _is_in(other.real, place.real)):
            raise RemitError(
                f"{place.source or 'dirs'}: {place.host} overlaps {other.host}, and both count the same files: say "
                "what they may hold together by limits.disk and limits.files"
            )


def _real(path: str) -> str:
    """The path without links; as it is if it can be no path, which opening it will tell."""
    try:
        return os.path.realpath(path)
    except ValueError:
        return path


def _is_in(path: str, directory: str) -> bool:
    return path == directory or path.startswith(os.path.join(directory, ""))
