"""The remit file on the command line: ``remit run remit.toml``, ``--remit FILE``, ``--write-remit FILE``."""

from __future__ import annotations

import os

from remit.cli.options import UsageError
from remit.cli.report import CommandError, reason, shown
from remit.policy.remit import Remit
from remit.policy.remit_values import RemitError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SUFFIX = ".toml"
"""A program whose name ends so is none, but a remit file: what is in it does not decide."""

_OPTIONS = {"name": "argv0", "time": "clock", "seed": "seed"}
_LIMITS = {"timeout": "timeout", "fuel": "fuel"}
_NOT_WRITTEN = ("invoke", "allow-gc", "allow-precompiled", "overlay-changes", "audit", "max-audit")


FILE = "remit file"
"""Among options: the path of the remit file, however it was given."""


def prepared(path: str, arguments: list[str], options: dict[str, Any]) -> tuple[str, list[str], Remit | None] | None:
    """The program's path, its arguments, and what the file says of the rest; None if one was written, and that is all.

    What the file says of the program itself and of its time is among `options` then, unless it was there already.
    UsageError, CommandError.
    """
    remit = None
    if path.endswith(SUFFIX):
        if "remit" in options:
            raise UsageError(f"--remit: {path} is a remit file itself: give one of them")
        remit = load(path)
        options[FILE] = path
        if remit.program is None:
            raise CommandError(
                f'{path}: it says no program: write program = "…" there, or remit run --remit {path} PROGRAM'
            )
        path = remit.path_of(remit.program)
    elif "remit" in options:
        remit = load(options["remit"])
        options[FILE] = options["remit"]
    if remit is not None and not arguments:
        arguments = list(remit.arguments)
    if "write-remit" in options:
        _write(path, arguments, options, remit)
        return None
    if remit is not None:
        from remit.cli.world import remit_of

        check_out_of_reach(options[FILE], remit_of(options, remit))
        adopt(remit, options)
    return path, arguments, remit


def check_out_of_reach(
    name: str,
    remit: Remit,
    remedy: str = "have it elsewhere, or say rules for that directory which leave it out",
) -> None:
    """CommandError for a remit file that its program could change: it could grant itself more for the next time."""
    from remit.policy.reach import changeable_through

    where = changeable_through(name, remit)
    if where:
        raise CommandError(f"{name}: its program could change this file, by {shown(where)}: {remedy}")


def adopt(remit: Remit, options: dict[str, Any]) -> None:
    """Add to `options` what a file says of how its program is loaded and how long it runs, but for what is there."""
    for name, option in _OPTIONS.items():
        if getattr(remit, name) is not None:
            options.setdefault(option, getattr(remit, name))
    for name, option in _LIMITS.items():
        if name in remit.limits:
            options.setdefault(option, remit.limits[name])
    if remit.deterministic:
        options["deterministic"] = True
    if remit.sha256 is not None:
        options["sha256"] = remit.sha256


def for_server(path: str, options: dict[str, Any]) -> Remit:
    """What the file of ``--remit`` says of a component that is served. As :func:`prepared`."""
    name = options["remit"]
    remit = load(name)
    for place, given, remedy in (
        ("network.listen", remit.listen, "its instances get no sockets; --addr says where the server listens"),
        ("arguments", remit.arguments, "a server's instances have none"),
        ("limits.timeout", "timeout" in remit.limits, "--request-timeout says how long an answer may take"),
        ("deterministic", remit.deterministic, "what it answers depends on who asks, and when"),
    ):
        if given:
            raise CommandError(f"{remit.sources.get(place, name)}: {place} is not for servers: {remedy}")
    found = prepared(path, [], options)
    assert found is not None
    return remit


def load(path: str) -> Remit:
    """CommandError."""
    try:
        return Remit.load(path)
    except RemitError as error:
        raise CommandError(str(error)) from None
    except OSError as error:
        raise CommandError(f"{path}: {reason(error)}") from None
    except ValueError as error:  # A NUL in the name.
        raise CommandError(f"{path!r}: {error}") from None


def digest_of(path: str) -> str:
    """The SHA-256 of the program in the file at `path`. CommandError."""
    from hashlib import sha256

    from remit.engine.program_file import read_program

    try:
        return sha256(read_program(path)[0]).hexdigest()
    except OSError as error:
        raise CommandError(f"{path}: {reason(error)}") from None


def _write(path: str, arguments: list[str], options: dict[str, Any], remit: Remit | None) -> None:
    from remit.cli.world import remit_of

    target = options["write-remit"]
    for option in _NOT_WRITTEN:
        if option in options:
            raise UsageError(f"--{option} is no part of a remit file: leave it out, and say it when that is run")
    if os.path.lexists(target):
        raise CommandError(f"--write-remit: {target} is there already: remove it first, or give another name")
    digest = digest_of(path)
    if remit is not None and remit.sha256 not in (None, digest):
        raise CommandError(
            f"{path} is not the program that was meant: its SHA-256 is {digest}, and {remit.sha256} was said"
        )
    meant = remit_of(options, remit, inherit=True).changed(program=path, sha256=digest, arguments=arguments)
    try:
        meant.save(target)
    except RemitError as error:
        raise CommandError(f"--write-remit: {error}") from None
    except OSError as error:
        raise CommandError(f"--write-remit: {target}: {reason(error)}") from None
