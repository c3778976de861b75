"""From options, and the remit file that they add to, to what :func:`remit.run` is given: the program's world."""

from __future__ import annotations

from remit.cli.options import UsageError
from remit.cli.report import CommandError, complain, shown
from remit.kernel.errors import KernelError
from remit.policy.granting import Granted, GrantError, add_decoy
from remit.policy.remit import Remit
from remit.policy.remit_grants import DirectoryGrant
from remit.policy.remit_values import RemitError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from remit.cli.values import InterfaceGrant
    from remit.network.host import HostSocket

_LIMITS = {
    "timeout": "timeout",
    "fuel": "fuel",
    "max-memory": "memory",
    "max-disk": "disk",
    "max-files": "files",
    "max-descriptors": "descriptors",
    "max-recording": "recorded_bytes",
}
"""Options, and what they are in a remit."""


class World:
    """Grants and limits, in the Python API's spelling. Close it.

    UsageError for options that contradict each other, CommandError for what the host does not have or refuses.
    """

    __slots__ = ("_granted", "_report", "file", "listening", "options")

    def __init__(self, options: dict[str, Any], file: Remit | None = None) -> None:
        """`file`: what the remit file says."""
        self._report = "overlay-changes" in options
        self.file = file
        self.listening: dict[str, str] = {}
        """Where sockets listen that are handed over, and how that was asked for."""

        def listens(address: str, listener: HostSocket) -> None:
            self.listening[listener.address] = address
            _tell_port(address, listener)

        try:
            self._granted = Granted(remit_of(options, file), on_listen=listens)
        except RemitError as error:
            raise UsageError(str(error)) from None
        except GrantError as error:
            raise CommandError(str(error)) from None
        self.options = self._granted.options
        if file is not None:
            self.add_decoy()

    def add_decoy(self) -> None:
        """Give a program without a root one in which nothing is: so what it looks for outside is noticed."""
        add_decoy(self._granted.dirs, self.options.get("sockets", ()))

    def close(self) -> None:
        """Close what was opened and not handed over."""
        self._granted.close()

    def report_changes(self) -> None:
        """List on standard error what the program changed in its overlays, if that was asked for."""
        if not self._report:
            return
        for guest, overlay in self._granted.overlays.items():
            try:
                changes = overlay.changes()
            except (OSError, KernelError) as error:
                raise CommandError(f"--overlay-changes: {guest}: {error}") from None
            for change in changes:
                complain(f"{change.kind} {shown(guest.rstrip('/') + '/' + change.path)}")


def remit_of(options: dict[str, Any], file: Remit | None = None, *, inherit: bool = False) -> Remit:
    """What options mean, added to what `file` says; paths of both begin at the working directory then.

    Directories, variables, rules for the network and addresses are added, what is one value replaces that of the file.
    With `inherit`, variables without a value are handed on where the remit is used, and not from here. UsageError.
    """
    remit = Remit() if file is None else file.based_on("")
    fields: dict[str, Any] = {"sources": dict(remit.sources), "limits": dict(remit.limits)}
    fields["env"] = {**remit.env, **_environment(options, inherit=inherit)}
    fields["dirs"] = [*remit.dirs, *_directories(options)]
    for option, name in _LIMITS.items():
        if option in options:
            fields["limits"][name] = options[option]
            fields["sources"][f"limits.{name}"] = f"--{option}"
    for option, name in (("argv0", "name"), ("seed", "seed"), ("clock", "time")):
        if option in options:
            fields[name] = options[option]
    if "interfaces" in options:
        fields |= _interfaces(options["interfaces"], remit)
        fields["sources"] |= {f"interfaces.{each.name}": "--interfaces" for each in options["interfaces"]}
    for name in ("deterministic", "strict"):
        if name in options:
            fields[name] = True
    fields["network"] = _network(options, remit)
    fields["listen"] = [*remit.listen, *options.get("listen", ())]
    for number in range(len(remit.listen), len(fields["listen"])):
        fields["sources"][f"network.listen.{number}"] = "--listen"
    try:
        return remit.changed(**fields)
    except RemitError as error:
        raise UsageError(str(error)) from None


def _environment(options: dict[str, Any], *, inherit: bool) -> dict[str, str | None]:
    if not inherit:
        return dict(options.get("env", ()))
    from remit.cli.values import Inherited

    return {name: None if isinstance(value, Inherited) else value for name, value in options.get("env", ())}


def _directories(options: dict[str, Any]) -> list[DirectoryGrant]:
    """In the order in which the program finds them."""
    dirs = [
        DirectoryGrant(each.guest, each.host, rights="read" if each.read_only else "all", source="--dir")
        for each in options.get("dir", ())
    ]
    dirs += [
        DirectoryGrant(guest, kind="memory", max_bytes=size, source="--memory-dir")
        for guest, size in options.get("memory-dir", ())
    ]
    dirs += [
        DirectoryGrant(each.guest, each.host, kind="overlay", source="--overlay") for each in options.get("overlay", ())
    ]
    dirs += [
        DirectoryGrant(each.guest, each.host, kind="archive", source="--archive") for each in options.get("archive", ())
    ]
    dirs += [
        DirectoryGrant(guest, kind="fsspec", url=url, source="--fsspec") for url, guest in options.get("fsspec", ())
    ]
    return dirs


def _interfaces(given: Iterable[InterfaceGrant], remit: Remit) -> dict[str, Any]:
    allowed = [each.name for each in given if each.reference is None and not each.denied]
    return {
        "allow_interfaces": [*(remit.allow_interfaces or ()), *allowed] if allowed else remit.allow_interfaces,
        "deny_interfaces": [*remit.deny_interfaces, *[each.name for each in given if each.denied]],
        "replaced_interfaces": {
            **remit.replaced_interfaces,
            **{each.name: each.reference for each in given if each.reference is not None},
        },
    }


def _network(options: dict[str, Any], remit: Remit) -> Any:
    if "allow-net" not in options:
        return options.get("net", remit.network)
    if "net" in options:
        whole = "the whole network" if options["net"] == "host" else "no network"
        raise UsageError(f"--net {options['net']} is {whole}, and --allow-net a part of it: give one of them")
    if remit.network == "host":
        source = remit.sources.get("network.allow", "the remit file")
        raise UsageError(f"--allow-net: {source} grants the whole network already; leave it out, or say less there")
    return [*(() if remit.network == "none" else remit.network), *options["allow-net"]]


def _tell_port(address: str, listener: HostSocket) -> None:
    if int(address.rpartition(":")[2]) == 0:
        complain(f"listening on {listener.address}")
