"""From a remit to what :func:`remit.run` is given: files, directories and sockets of the host are opened here."""

from __future__ import annotations

import errno
import os

from remit.policy.build import (
    ambient_path_exists,
    open_ambient_archive,
    open_ambient_filesystem,
    open_ambient_listener,
    open_ambient_stream_file,
    open_ambient_url,
)
from remit.policy.remit_grants import READ_KINDS, StreamFile
from remit.policy.remit_values import RemitError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from typing import Any

    from remit.filesystems.overlay import Overlay
    from remit.kernel.files import Filesystem
    from remit.network.host import HostSocket
    from remit.policy.quotas import Quotas
    from remit.policy.remit import Remit
    from remit.policy.remit_grants import DirectoryGrant, FileGrant

# As `subprocess` numbers them.
_STDOUT = -2
_DEVNULL = -3


class GrantError(Exception):
    """What a remit names cannot be had. `source`: where it was named; `cause`: what the host says."""

    def __init__(self, source: str, message: str, cause: Exception) -> None:
        super().__init__(f"{source}: {message}" if source else message)
        self.source = source
        self.cause = cause


class Granted:
    """What a remit grants, opened, as :attr:`options` of :func:`remit.run`. Close it.

    Raises:
        RemitError: Grants contradict each other.
        GrantError: The host does not have something, or refuses it. Nothing stays open then.
    """

    __slots__ = ("_closing", "_on_listen", "_quotas", "dirs", "options", "overlays", "remit", "sizes")

    def __init__(self, remit: Remit, *, on_listen: Callable[[str, HostSocket], object] | None = None) -> None:
        """`on_listen` is told of each address, and the socket that listens there."""
        self.remit = remit
        self.overlays: dict[str, Overlay] = {}
        """By the guest's name."""
        self.dirs: dict[str, str | Filesystem] = {}
        self.options: dict[str, Any] = {"env": self._environment(), "dirs": self.dirs}
        self.sizes: dict[str, Any] = {}
        """What each directory may hold or grow by."""
        self._on_listen = on_listen
        self._closing: list[Any] = []
        self._quotas: Quotas | None = None
        try:
            self._check_links()
            self._grant_limits()
            self._grant_the_rest()
            # In the order in which the program finds them.
            self._grant_directories()
            self._grant_files()
            self._grant_streams()
            self._grant_sockets()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close what was opened and not handed over."""
        while self._closing:
            self._closing.pop().close()

    def _check_links(self) -> None:
        """GrantError for a path that leads through a link in a directory that the program may change.

        A run before can have made it, to lead anywhere.
        """
        remit = self.remit
        if not any(grant.kind == "host" and grant.writable for grant in remit.dirs):
            return
        named = [(grant.path, grant.source) for grant in remit.dirs if grant.path is not None]
        named += [(file.path, file.source) for file in remit.files]
        for name in ("stdin", "stdout", "stderr"):
            stream = getattr(remit, name)
            if isinstance(stream, StreamFile):
                named.append((stream.path, remit.sources.get(f"streams.{name}", name)))
        if len(named) == 1:
            return
        from remit.policy.reach import link_within_reach

        for path, source in named:
            link = link_within_reach(self._path(path), remit)
            if link:
                message = f"{path} leads through {link}, which the program can have lead elsewhere: name where it leads"
                raise GrantError(source, message, PermissionError(errno.EPERM, message))

    def _environment(self) -> dict[str, str]:
        env = {}
        for name, value in self.remit.env.items():
            if value is None:
                value = os.environ.get(name)
                if value is None:
                    message = f"{name} is not set here, so there is nothing to hand on; set it, or write its value"
                    raise GrantError(self.remit.sources.get(f"env.{name}", ""), message, LookupError(message))
            env[name] = value
        return env

    def _grant_limits(self) -> None:
        limits = self.remit.limits
        for limit, name in (("timeout", "timeout"), ("fuel", "fuel"), ("memory", "max_memory")):
            if limit in limits:
                self.options[name] = limits[limit]
        kernel_limits = self.remit.kernel_limits()
        if kernel_limits is not None:
            self.options["limits"] = kernel_limits
        self.sizes = {
            name: limits[limit] for limit, name in (("disk", "max_bytes"), ("files", "max_files")) if limit in limits
        }

    def _grant_the_rest(self) -> None:
        remit = self.remit
        if remit.seed is not None:
            self.options["random"] = remit.seed
        if remit.deterministic:
            self.options["deterministic"] = True
        if remit.strict:
            self.options["strict"] = True
        if remit.network != "none":
            self.options["network"] = remit.network
        if not remit.http:
            self.options["http"] = False
        if remit.time is not None:
            from remit.kernel.clocks import FixedClock

            self.options["wall_clock"] = FixedClock(remit.time)

    def _grant_directories(self) -> None:
        if self.sizes or any(_sizes_of(grant) for grant in self.remit.dirs):
            self._quotas = self._made_quotas()
        for grant in self.remit.dirs:
            self.dirs[grant.guest] = self._directory(grant)

    def _made_quotas(self) -> Quotas:
        from remit.policy.quotas import Place, Quotas

        places = []
        for grant in self.remit.dirs:
            if grant.kind == "host":
                own = _sizes_of(grant)
                places.append(Place(self._path(grant.path), not grant.writable, own, source=grant.source))
            elif grant.kind == "overlay":
                places.append(Place(self._path(grant.path), read_only=True))
        places += [
            Place(self._parent(files[0]), read_only=all(each.rights == "read" for each in files))
            for files in _by_directory(self.remit.files)
        ]
        return Quotas(places, self.sizes)

    def _directory(self, grant: DirectoryGrant) -> Filesystem:
        filesystem: Filesystem
        if grant.kind == "memory":
            from remit.filesystems.memory import MemoryFilesystem

            filesystem = MemoryFilesystem(**{**self.sizes, **_sizes_of(grant)})
        elif grant.kind == "archive":
            filesystem = self._archive(grant)
        elif grant.kind == "fsspec":
            filesystem = self._fsspec(grant)
        else:
            filesystem = self._host_directory(self._path(grant.path), grant.source)
            if grant.kind == "overlay":
                from remit.filesystems.overlay import Overlay

                filesystem = self.overlays[grant.guest] = Overlay(filesystem, **{**self.sizes, **_sizes_of(grant)})
        if grant.rules is None and grant.rights == "read" and grant.kind not in READ_KINDS:
            from remit.filesystems.read_only import ReadOnly

            return ReadOnly(filesystem)
        rules = (f"{grant.rights} **",) if grant.rules is None else grant.rules
        return filesystem if grant.rights in ("all", "read") else _restricted(filesystem, rules)

    def _path(self, path: str | None) -> str:
        return self.remit.path_of(path or "")

    def _host_directory(self, path: str, source: str) -> Filesystem:
        try:
            host = open_ambient_filesystem(path)
        except OSError as error:
            raise GrantError(source, f"{path}: {_reason(error)}", error) from None
        except ValueError as error:  # A NUL in the name.
            raise GrantError(source, f"{path!r}: {error}", error) from None
        return host if self._quotas is None else self._quotas.limited(path, host)

    def _archive(self, grant: DirectoryGrant) -> Filesystem:
        path = self._path(grant.path)
        try:
            return open_ambient_archive(path)
        except OSError as error:
            raise GrantError(grant.source, f"{path}: {_reason(error)}", error) from None
        except ValueError as error:
            raise GrantError(grant.source, f"{path!r}: {error}", error) from None

    def _fsspec(self, grant: DirectoryGrant) -> Filesystem:
        assert grant.url is not None
        try:
            return open_ambient_url(grant.url)
        except (ValueError, RuntimeError, OSError) as error:
            raise GrantError(grant.source, f"{grant.url}: {error}", error) from None

    def _grant_files(self) -> None:
        for files in _by_directory(self.remit.files):
            from remit.filesystems.rules import literal

            first = files[0]
            host = self._host_directory(self._parent(first), first.source)
            rules = [f"{each.rights} {literal(each.name)}" for each in files]
            self.dirs[first.directory] = _restricted(host, rules)

    def _parent(self, file: FileGrant) -> str:
        return self._path(os.path.dirname(file.path)) or "."

    def _grant_streams(self) -> None:
        for name in ("stdin", "stdout", "stderr"):
            value = getattr(self.remit, name)
            if value == "null":
                self.options[name] = _DEVNULL
            elif value == "stdout":
                self.options[name] = _STDOUT
            elif isinstance(value, StreamFile):
                self.options[name] = self._stream_file(name, value)

    def _stream_file(self, name: str, stream: StreamFile) -> Any:
        path = self._path(stream.path)
        try:
            opened = open_ambient_stream_file(path, write=name != "stdin", append=stream.append)
        except OSError as error:
            message = f"{path}: {_reason(error)}"
            raise GrantError(self.remit.sources.get(f"streams.{name}", name), message, error) from None
        self._closing.append(opened)
        return opened

    def _grant_sockets(self) -> None:
        sockets = []
        for number, address in enumerate(self.remit.listen):
            source = self.remit.sources.get(f"network.listen.{number}", "listen")
            try:
                listener = open_ambient_listener(address)
            except ValueError as error:
                raise RemitError(f"{source}: {error}") from None
            except OSError as error:
                raise GrantError(source, _reason(error), error) from None
            self._closing.append(listener)
            sockets.append(listener)
            if self._on_listen is not None:
                self._on_listen(address, listener)
        if sockets:
            self.options["sockets"] = sockets


def add_decoy(dirs: dict[str, Any], sockets: Collection[Any]) -> None:
    """Give a program that was given no root one in which nothing is: what it looks for outside can be told then.

    It comes last, and sockets are expected right after the directories: with those there is none. Nor is there with
    a directory for relative paths: C libraries take that for the same place.
    """
    from remit.filesystems.decoy import Decoy

    if not sockets and not any(is_root(guest) for guest in dirs):
        dirs["/"] = Decoy(ambient_path_exists)


def is_root(guest: str) -> bool:
    """Whether a program finds in the directory `guest` what no other one has: it is "/", or where it stands."""
    return all(name in ("", ".") for name in guest.split("/"))


def _sizes_of(grant: DirectoryGrant) -> dict[str, Any]:
    return {name: getattr(grant, name) for name in ("max_bytes", "max_files") if getattr(grant, name) is not None}


def _by_directory(files: Iterable[FileGrant]) -> list[list[FileGrant]]:
    found: dict[str, list[FileGrant]] = {}
    for each in files:
        found.setdefault(each.directory, []).append(each)
    return list(found.values())


def _restricted(filesystem: Filesystem, rules: Iterable[str]) -> Filesystem:
    from remit.filesystems.restricted import Restricted

    return Restricted(filesystem, rules)


def _reason(error: OSError) -> str:
    """Why the host refused, without numbers."""
    return error.strerror or str(error) or type(error).__name__
