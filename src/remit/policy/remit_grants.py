"""Parts of a remit: a directory, a single file, a file as a stream. Plain values, like the remit itself."""

from __future__ import annotations

import os

from remit.policy.remit_values import (
    RemitError,
    checked_count,
    checked_path,
    checked_rights,
    checked_rules,
    checked_text,
    checked_url,
    fields_shown,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

KINDS = ("host", "memory", "overlay", "archive", "fsspec")
"""Where the files of a directory come from."""

READ_KINDS = ("archive", "fsspec")
"""Those that are read, and never changed."""


class StreamFile:
    """A file of the host as a standard stream. Output replaces what is in it, or is added with `append`."""

    __slots__ = ("append", "path")

    def __init__(self, path: str | os.PathLike[str], *, append: bool = False) -> None:
        self.path = checked_path(path, "path")
        self.append = append

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StreamFile) and (self.path, self.append) == (other.path, other.append)

    def __hash__(self) -> int:
        return hash((self.path, self.append))

    def __repr__(self) -> str:
        return f"Stream({self.path!r}{', append=True' if self.append else ''})"


class DirectoryGrant:
    """One directory of the program's.

    Args:
        guest: What the program knows it by.
        path: The directory or archive of the host; the others have none.
        kind: ``host``, ``memory``, ``overlay`` (a host directory, copied on write), ``archive``, ``fsspec``.
        url: What fsspec opens (:class:`remit.fs.Fsspec`).
        rights: What the program may do with everything in it: ``read``, ``read,write``, …, ``all``.
        rules: In its place, what it may do with which paths: texts of :mod:`remit.filesystems.rules`. Of a host
            directory one of the two must be said; archives and what fsspec opens are read, and the others are the
            program's own.
        max_bytes: What is in it, or is added to it, at most.
        max_files: Likewise files, directories and links.
        source: Where this was said, for messages.

    Raises:
        RemitError: That cannot be. TypeError.
    """

    __slots__ = ("guest", "kind", "max_bytes", "max_files", "path", "rights", "rules", "source", "url")

    def __init__(
        self,
        guest: str,
        path: str | os.PathLike[str] | None = None,
        *,
        kind: str = "host",
        url: str | None = None,
        rights: str | None = None,
        rules: Iterable[str] | None = None,
        max_bytes: int | None = None,
        max_files: int | None = None,
        source: str = "",
    ) -> None:
        self.guest = checked_text(guest, "guest")
        if kind not in KINDS:
            raise RemitError(f"kind is {kind!r}: there are {', '.join(KINDS)}")
        self.kind = kind
        if (path is None) != (kind in ("memory", "fsspec")):
            raise RemitError(f"a directory of the kind {kind!r} has {'a' if path is None else 'no'} path")
        if (url is None) == (kind == "fsspec"):
            raise RemitError(
                "url is missing: say what fsspec opens, as in url = 'memory://notes'"
                if url is None
                else f"url is for directories of the kind 'fsspec', and this one is of the kind {kind!r}"
            )
        self.path = None if path is None else checked_path(path, "path")
        self.url = None if url is None else checked_url(url)
        if rights is not None and rules is not None:
            raise RemitError("rights and rules are two ways to say the same: give one")
        self.rules = None if rules is None else checked_rules(rules)
        if rights is None and rules is None:
            if kind == "host":
                raise RemitError("say what it may do there: rights = 'read' or 'all', or rules for some paths")
            rights = "read" if kind in READ_KINDS else "all"
        self.rights = None if rights is None else checked_rights(rights)
        self.max_bytes = checked_count("max_bytes", max_bytes)
        self.max_files = checked_count("max_files", max_files)
        if kind in READ_KINDS and (max_bytes, max_files) != (None, None):
            what = "an archive" if kind == "archive" else "what fsspec opens"
            raise RemitError(f"{what} is not written to: it has no max_bytes and max_files")
        self.source = source

    @property
    def writable(self) -> bool:
        """It may be changed, as far as what is granted goes."""
        if self.rules is None:
            return self.rights != "read"
        return any(rule.partition(" ")[0] != "read" for rule in self.rules)

    def changed(self, **fields: Any) -> DirectoryGrant:
        """One with other `fields`."""
        return DirectoryGrant(**{**{name: getattr(self, name) for name in self.__slots__}, **fields})

    def _key(self) -> tuple[object, ...]:
        return tuple([getattr(self, name) for name in self.__slots__ if name != "source"])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DirectoryGrant) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        return f"Directory({fields_shown(self, [name for name in self.__slots__ if name != 'source'])})"


class FileGrant:
    """One file of the host: the program sees it, and nothing else of the directory that it is in.

    `guest` and `path` end in the same name, because a directory has one name for each file. RemitError.
    """

    __slots__ = ("guest", "path", "rights", "source")

    def __init__(self, guest: str, path: str | os.PathLike[str], *, rights: str = "read", source: str = "") -> None:
        self.guest = checked_text(guest, "guest")
        self.path = checked_path(path, "path")
        self.rights = checked_rights(rights)
        self.source = source
        for what, text in (("guest", self.guest), ("path", self.path)):
            if text.rpartition("/")[2] in ("", ".", ".."):
                raise RemitError(f"{what} is {text!r}, which ends in no name of a file")
        if self.name != os.path.basename(self.path):
            raise RemitError(
                f"the program would see {self.path!r} as {self.guest!r}: a single file keeps its name; rename "
                "one of them, or grant the directory"
            )

    @property
    def name(self) -> str:
        return self.guest.rpartition("/")[2]

    @property
    def directory(self) -> str:
        """The guest's name of the directory that it is in."""
        parent, slash, _ = self.guest.rpartition("/")
        return (parent.rstrip("/") or "/") if slash else "."

    def _key(self) -> tuple[str, str, str]:
        return self.guest, self.path, self.rights

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FileGrant) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        return f"File({fields_shown(self, ['guest', 'path', 'rights'])})"
