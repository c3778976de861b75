"""Limits to what the host directories of one run may grow by."""

from __future__ import annotations

import os

from remit.fs import Quota, Subdirectory
from remit.policy.build import open_ambient_filesystem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.cli.values import DirectoryGrant
    from remit.kernel.files import Filesystem

_UNLIMITED = 2**63 - 1


class Quotas:
    """A quota for each host directory that can be written.

    Directories that overlap one of them, read-only ones and those below overlays included, are parts of one quota:
    otherwise what is removed in one, but still open in the other, would be given back while it takes space.
    """

    __slots__ = ("_limits", "_quotas", "_tops")

    def __init__(self, grants: Iterable[DirectoryGrant], limits: dict[str, int]) -> None:
        """`limits` are ``max_bytes`` and ``max_files``, or one of them."""
        self._limits = {"max_bytes": _UNLIMITED, **limits}
        self._quotas: dict[str, Quota] = {}
        places = [(_real(grant.host), grant.read_only) for grant in grants]
        self._tops = {
            min((other for other, _ in places if _is_in(place, other)), key=len)
            for place, read_only in places
            if not read_only
        }

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
            quota = self._quotas[top] = Quota(open_ambient_filesystem(top), **self._limits)
        return quota if place == top else Subdirectory(quota, os.path.relpath(place, top))


def _real(path: str) -> str:
    """The path without links; as it is if it can be no path, which opening it will tell."""
    try:
        return os.path.realpath(path)
    except ValueError:
        return path


def _is_in(path: str, directory: str) -> bool:
    return path == directory or path.startswith(os.path.join(directory, ""))
