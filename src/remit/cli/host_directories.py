"""The directories of the host that one run is granted, each behind a quota if there are limits."""

from __future__ import annotations

import os

from remit.cli.report import CommandError, reason
from remit.policy.build import open_ambient_filesystem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.cli.values import DirectoryGrant
    from remit.kernel.files import Filesystem

_UNLIMITED = 2**63 - 1


class HostDirectories:
    """Opens them, read-only ones and those below overlays included.

    Directories that overlap one that can be written are parts of one quota, and share it: otherwise what is removed in
    one, but still open in the other, would be given back while it takes space.
    """

    __slots__ = ("_limits", "_quotas", "_tops")

    def __init__(self, grants: Iterable[DirectoryGrant], limits: dict[str, int]) -> None:
        """`limits` are what :class:`remit.fs.Quota` is called with; empty for no quota."""
        self._limits = limits
        self._quotas: dict[str, Filesystem] = {}
        places = [(_real(grant.host), grant.read_only) for grant in grants] if limits else []
        self._tops = {
            min((other for other, _ in places if _is_in(place, other)), key=len)
            for place, read_only in places
            if not read_only
        }

    def open(self, option: str, path: str) -> Filesystem:
        """The directory at `path`. CommandError, naming `option`, if there is none or the host refuses."""
        try:
            host = open_ambient_filesystem(path)
        except OSError as error:
            raise CommandError(f"{option}: {path}: {reason(error)}") from None
        except ValueError as error:  # A NUL in the name.
            raise CommandError(f"{option}: {path!r}: {error}") from None
        place = _real(path)
        for top in self._tops:
            if _is_in(place, top):
                return self._part(top, place)
        return host

    def _part(self, top: str, place: str) -> Filesystem:
        from remit.fs import Quota, Subdirectory

        quota = self._quotas.get(top)
        if quota is None:
            limits = {"max_bytes": _UNLIMITED, **self._limits}
            quota = self._quotas[top] = Quota(open_ambient_filesystem(top), **limits)
        return quota if place == top else Subdirectory(quota, os.path.relpath(place, top))


def _real(path: str) -> str:
    """The path without links; as it is if it cannot be one, which opening it will tell."""
    try:
        return os.path.realpath(path)
    except ValueError:
        return path


def _is_in(path: str, directory: str) -> bool:
    return path == directory or path.startswith(os.path.join(directory, ""))
