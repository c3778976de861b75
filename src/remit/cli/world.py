"""From the options of ``remit run`` to what :func:`remit.run` is given: the world that the program will see."""

from __future__ import annotations

from remit.cli.options import UsageError
from remit.cli.report import CommandError, complain, reason, shown
from remit.kernel.errors import KernelError
from remit.policy.build import open_ambient_filesystem, open_ambient_listener

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from remit.cli.quotas import Quotas
    from remit.fs import Overlay
    from remit.kernel.files import Filesystem
    from remit.kernel.sockets import Socket


class World:
    """Grants and limits, in the Python API's spelling. Close it.

    UsageError for options that contradict each other, CommandError for what the host does not have or refuses.
    """

    __slots__ = ("_limits", "_options", "_overlays", "_quotas", "_sockets", "dirs", "options")

    def __init__(self, options: dict[str, Any]) -> None:
        self._options = options
        self._overlays: dict[str, Overlay] = {}
        self._sockets: list[Socket] = []
        self.dirs: dict[str, str | Filesystem] = {}
        self.options: dict[str, Any] = {"env": dict(options.get("env", ())), "dirs": self.dirs}
        for option, name in (
            ("timeout", "timeout"),
            ("fuel", "fuel"),
            ("max-memory", "max_memory"),
            ("seed", "random"),
        ):
            if option in options:
                self.options[name] = options[option]
        if "max-descriptors" in options:
            from remit.kernel.limits import Limits

            try:
                self.options["limits"] = Limits(descriptors=options["max-descriptors"])
            except ValueError as error:
                raise UsageError(f"--max-descriptors: {error}") from None
        if "allow-net" in options:
            if "net" in options:
                whole = "the whole network" if options["net"] == "host" else "no network"
                raise UsageError(f"--net {options['net']} is {whole}, and --allow-net a part of it: give one of them")
            self.options["network"] = options["allow-net"]
        elif options.get("net") == "host":
            self.options["network"] = "host"
        if "clock" in options:
            from remit.kernel.clocks import FixedClock

            self.options["wall_clock"] = FixedClock(options["clock"])
        sizes = (("max-disk", "max_bytes"), ("max-files", "max_files"))
        self._limits = {name: options[option] for option, name in sizes if option in options}
        self._quotas: Quotas | None = None
        if self._limits:
            from remit.cli.quotas import Quotas

            self._quotas = Quotas((*options.get("dir", ()), *options.get("overlay", ())), self._limits)
        # In the order in which the program finds them.
        self._grant_host_directories()
        self._grant_memory_directories()
        self._grant_overlays()
        self._grant_sockets()

    def close(self) -> None:
        """Close what was opened and not handed over."""
        for socket in self._sockets:
            socket.close()

    def report_changes(self) -> None:
        """List on standard error what the program changed in its overlays, if that was asked for."""
        if "overlay-changes" not in self._options:
            return
        for guest, overlay in self._overlays.items():
            try:
                changes = overlay.changes()
            except (OSError, KernelError) as error:
                raise CommandError(f"--overlay-changes: {guest}: {error}") from None
            for change in changes:
                complain(f"{change.kind} {shown(guest.rstrip('/') + '/' + change.path)}")

    def _add(self, option: str, guest: str, granted: str | Filesystem) -> None:
        if guest in self.dirs:
            raise UsageError(f"{option}: the program has a directory {guest!r} already; give this one another name")
        self.dirs[guest] = granted

    def _grant_host_directories(self) -> None:
        for grant in self._options.get("dir", ()):
            granted = self._host_directory("--dir", grant.host)
            if grant.read_only:
                from remit.fs import ReadOnly

                granted = ReadOnly(granted)
            self._add("--dir", grant.guest, granted)

    def _host_directory(self, option: str, path: str) -> Filesystem:
        try:
            host = open_ambient_filesystem(path)
        except OSError as error:
            raise CommandError(f"{option}: {path}: {reason(error)}") from None
        except ValueError as error:  # A NUL in the name.
            raise CommandError(f"{option}: {path!r}: {error}") from None
        return host if self._quotas is None else self._quotas.limited(path, host)

    def _grant_memory_directories(self) -> None:
        for guest, size in self._options.get("memory-dir", ()):
            from remit.fs import Memory

            limits = self._limits if size is None else {**self._limits, "max_bytes": size}
            self._add("--memory-dir", guest, Memory(**limits))

    def _grant_overlays(self) -> None:
        for grant in self._options.get("overlay", ()):
            from remit.fs import Overlay

            overlay = Overlay(self._host_directory("--overlay", grant.host), **self._limits)
            self._add("--overlay", grant.guest, overlay)
            self._overlays[grant.guest] = overlay

    def _grant_sockets(self) -> None:
        for address in self._options.get("listen", ()):
            try:
                listener = open_ambient_listener(address)
            except ValueError as error:
                self.close()
                raise UsageError(f"--listen: {error}") from None
            except OSError as error:
                self.close()
                raise CommandError(f"--listen: {reason(error)}") from None
            self._sockets.append(listener)
            if int(address.rpartition(":")[2]) == 0:
                complain(f"listening on {listener.address}")
        if self._sockets:
            self.options["sockets"] = self._sockets
