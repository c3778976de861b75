"""Interfaces on the command line: which a program may import, and which Python objects answer."""

from __future__ import annotations

import os
import sys

from remit.cli.report import CommandError
from remit.policy.remit_values import RemitError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from remit.policy.remit import Remit


def check_interfaces(path: str, program: Any, remit: Remit) -> None:
    """CommandError if the program imports what it is not to."""
    from remit.engine.api import LinkError
    from remit.runtime.under_remit import check_interfaces

    try:
        check_interfaces(program, remit)
    except LinkError as error:
        raise CommandError(f"{path}: {error}") from None
    except RemitError as error:
        raise CommandError(str(error)) from None


def imports_of(path: str, remit: Remit, digest: str | None) -> dict[str, Any] | None:
    """The objects that answer what a program imports; None if there are none. CommandError.

    They are imported now, but not for a program whose `digest` is another one than was said.
    They may be in the working directory, as with ``python -m``, unless PYTHONSAFEPATH is set. It comes last: nothing
    there stands before a package that is installed.
    """
    if not remit.replaced_interfaces:
        return None
    if digest is not None:
        from remit.cli.remit_file import digest_of
        from remit.runtime.program import WrongDigest

        found = digest_of(path)
        if found != digest:
            raise CommandError(str(WrongDigest(os.path.basename(path), found, digest)))
    if "" not in sys.path and not sys.flags.safe_path:
        sys.path.append("")
    try:
        return remit.imports()
    except RemitError as error:
        raise CommandError(str(error)) from None


def in_users_words(message: str, remit: Remit) -> str:
    """What the linker says of `imports`, which nobody wrote here, with the objects and the lines that name them."""
    from remit.policy.replacing import source_of

    for name, reference in remit.replaced_interfaces.items():
        interface, _, function = name.partition("#")
        told = f"{reference} ({source_of(remit, name)})"
        if function:
            message = message.replace(f"imports[{interface!r}][{function!r}]", told)
        message = message.replace(f"imports[{interface!r}]", told)
    return message
