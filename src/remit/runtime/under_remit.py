"""Runs and instances under a remit: what it grants, and the options that are given besides."""

from __future__ import annotations

from remit.engine.api import LinkError
from remit.interfaces.wit.registry import InterfaceName, registry
from remit.policy.granting import Granted, GrantError, add_decoy
from remit.policy.remit import Remit
from remit.policy.remit_values import RemitError
from remit.runtime.bind import INTERFACES
from remit.runtime.program import WrongDigest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from remit.component.validated import ValidatedComponent
    from remit.runtime.options import Imports
    from remit.runtime.runnable import Runnable

_STREAMS = {"stdin": ("stdin", "input"), "stdout": ("stdout", "capture_output"), "stderr": ("stderr", "capture_output")}
"""The options that say something of each stream."""

_REPLACED: dict[str, dict[str, Any]] = {
    "network": {"network": "none"},
    "http": {"http": True},
    "wall_clock": {"time": None},
    "random": {"seed": None},
}
"""Options, and what of a remit they stand in place of."""

_REPLACED_LIMITS = {"timeout": "timeout", "fuel": "fuel", "max_memory": "memory"}


class UnderRemit:
    """A remit that is in force for one program: close it after that."""

    __slots__ = ("_granted", "options", "remit")

    def __init__(self, remit: Remit, given: dict[str, Any]) -> None:
        """`given` are options of :func:`remit.run`. :attr:`options` are both together.

        Directories, variables and sockets are added to those of the remit, a variable in place of one of its name;
        everything else replaces what the remit says. ValueError for what contradicts it, OSError for what the host does
        not have, TypeError.
        """
        if not isinstance(remit, Remit):
            raise TypeError(
                f"remit is {remit!r} ({type(remit).__name__}): a remit.Remit is wanted, as from Remit.load(path)"
            )
        given = {name: value for name, value in given.items() if value is not None}
        if "limits" in given and remit.kernel_limits() is not None:
            raise ValueError(
                "limits: the remit has some of these, too; say Remit.changed(limits={…}), or leave them out"
            )
        self.remit = remit
        self._granted = _granted(_without(remit, given))
        try:
            self.options: dict[str, Any] = {**self._granted.options, **given}
            self.options["env"] = {**self._granted.options["env"], **given.get("env", {})}
            dirs = self.options["dirs"] = {**self._granted.dirs}
            for guest, granted in dict(given.get("dirs", {})).items():
                if guest in dirs:
                    raise ValueError(f"dirs: the remit has a directory {guest!r} already; give this one another name")
                dirs[guest] = granted
            sockets = [*self._granted.options.get("sockets", ()), *given.get("sockets", ())]
            if sockets:
                self.options["sockets"] = sockets
            add_decoy(dirs, sockets)
        except BaseException:
            self.close()
            raise

    @property
    def load_options(self) -> dict[str, Any]:
        """For :func:`remit.load`."""
        return {"name": self.remit.name, "sha256": self.remit.sha256}

    def imports(self, given: Imports | None) -> Imports | None:
        """What answers imports of a program that is to be loaded: what the caller gave, and what the remit names.

        That is imported now. RemitError.
        """
        if not self.remit.replaced_interfaces:
            return given
        replaced = self.remit.imports()
        for name, own in dict(given or {}).items():
            there = replaced.get(name)
            # Single functions of both are together; otherwise an option replaces what the remit says.
            replaced[name] = {**there, **own} if isinstance(there, dict) and isinstance(own, dict) else own
        return replaced

    def check_program(self, program: Runnable) -> None:
        """ValueError if the remit is for another one, LinkError if it imports what that does not allow."""
        answered = {each.partition("@")[0] for each in program.answered}
        missing = [
            each for each in self.remit.replaced_interfaces if each.partition("#")[0].partition("@")[0] not in answered
        ]
        if missing:
            raise ValueError(
                f"the remit has Python objects answer {', '.join(missing)}, and the program is loaded without them: "
                "load it by remit.load(path, imports=remit.imports())"
            )
        wanted = self.remit.sha256
        if wanted is not None and program.sha256 != wanted:
            if program.sha256 is not None:
                raise WrongDigest(program.name, program.sha256, wanted)
            raise ValueError(
                "the remit names its program by its SHA-256, which is not known of one that is loaded: "
                "load it by remit.load(path, sha256=…)"
            )
        check_interfaces(program, self.remit)

    def close(self) -> None:
        """Close what was opened and not handed over."""
        self._granted.close()


def program_and_arguments(args: list[Any], remit: Remit) -> list[Any]:
    """`args`, with the program of the remit where there is none, and its arguments where there is nothing else."""
    if not args:
        if remit.program is None:
            raise ValueError("args is empty, and the remit has no program: its first item is the program")
        args = [remit.path_of(remit.program)]
    return [*args, *remit.arguments] if len(args) == 1 else args


def _granted(remit: Remit) -> Granted:
    try:
        return Granted(remit)
    except GrantError as error:
        cause = error.cause
        if isinstance(cause, OSError):
            cause.add_note(f"It is granted by {error.source}" if error.source else "It is granted by the remit")
            raise cause from None
        raise RemitError(str(error)) from None


def _without(remit: Remit, given: dict[str, Any]) -> Remit:
    """What is left of a remit where others say something: nothing of that is to be opened."""
    changes: dict[str, Any] = {}
    for stream, options in _STREAMS.items():
        if any(given.get(option) not in (None, False) for option in options):
            changes[stream] = "inherit"
    if remit.stderr == "stdout" and changes.get("stderr") is None and given.get("capture_output"):
        changes["stderr"] = "inherit"
    for option, fields in _REPLACED.items():
        if option in given:
            changes |= fields
    limits = dict(remit.limits)
    for option, name in _REPLACED_LIMITS.items():
        if option in given:
            limits.pop(name, None)
    env = {name: value for name, value in remit.env.items() if name not in given.get("env", {})}
    return remit.changed(**changes, limits=limits, env=env)


def check_interfaces(program: Any, remit: Remit) -> None:
    """LinkError names all that `program` imports and `remit` does not allow; RemitError, what is no interface."""
    if remit.allow_interfaces is None and not remit.deny_interfaces:
        return
    imported = list(_imported(program))
    check_names(remit, imported)
    refused = []
    for interface, function in imported:
        if not allows(remit, interface, function):
            refused.append(f"{interface}#{function}" if function else interface)
    if refused:
        raise LinkError(f"{program.name} imports what its remit does not allow: {', '.join(sorted(set(refused)))}")


def check_names(remit: Remit, imported: Sequence[tuple[str, str]]) -> None:
    """RemitError for a name that is no interface's: neither one that there is, nor one that is `imported`."""
    for kind in ("allow", "deny"):
        for number, name in enumerate(getattr(remit, f"{kind}_interfaces") or ()):
            if not _is_known(name, imported):
                source = remit.sources.get(f"interfaces.{kind}", f"{kind}_interfaces")
                raise RemitError(
                    f"{source}: {name!r}, number {number + 1}, is no interface that there is{_meant(name)}"
                )


def allows(remit: Remit, interface: str, function: str) -> bool:
    """Whether a program may import it; "" for the function where there is none."""
    if any(covers(each, interface, function) for each in remit.deny_interfaces):
        return False
    return remit.allow_interfaces is None or any(
        covers(each, interface, function) for each in (*remit.allow_interfaces, *remit.replaced_interfaces)
    )


def _imported(program: Any) -> Iterator[tuple[str, str]]:
    """Interfaces and functions; "" for the function where there is none."""
    if hasattr(program, "info"):
        for each in program.info.imports:
            yield each.module, each.name
        return
    yield from imported_by_component(program.loaded.component)


def imported_by_component(component: ValidatedComponent) -> Iterator[tuple[str, str]]:
    """Likewise; interfaces of nothing but types are left out."""
    from remit.component.types import FuncType, InstanceType

    for name, type in component.imports.items():
        if not isinstance(type, InstanceType):
            yield name, ""
            continue
        functions = [each for each, inner in type.exports.items() if isinstance(inner, FuncType)]
        # One of nothing but types asks for nothing.
        yield from [(name, function) for function in functions]


def covers(rule: str, interface: str, function: str) -> bool:
    """Whether the name of an interface, or of a function in one, means this one."""
    name, _, only = rule.partition("#")
    if only and only != function:
        return False
    return _is_same(name, interface)


def _is_same(name: str, interface: str) -> bool:
    """Without a version, any of them is meant; with one, any that can stand for it."""
    wanted, found = InterfaceName(name), InterfaceName(interface)
    return wanted.name == found.name and (not wanted.version or wanted.track == found.track)


def _is_known(rule: str, imported: Sequence[tuple[str, str]]) -> bool:
    name = rule.partition("#")[0]
    if name in INTERFACES or any(_is_same(name, interface) for interface, _ in imported):
        return True
    wanted = InterfaceName(name)
    return registry().version(wanted) is not None or (not wanted.version and bool(registry().versions(wanted.name)))


def _meant(rule: str) -> str:
    from difflib import get_close_matches

    close = get_close_matches(rule.partition("#")[0].partition("@")[0], [*INTERFACES, *registry().names()], n=1)
    return f"; did you mean {close[0]}?" if close else ""
