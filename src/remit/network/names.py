"""Names of hosts."""

from __future__ import annotations

from remit.kernel.errors import Code, KernelError

MAX_NAME = 255
"""Bytes of a name that is looked up: no longer one can be written down in the protocol."""


def checked_name(name: str) -> str:
    """In lower case, without the dot at the end. INVALID for what is no name."""
    if len(name) > MAX_NAME:  # first, as all that follows takes longer for longer ones
        raise KernelError(Code.INVALID, f"a name of {len(name)} characters is no name")
    if not name.isascii():
        try:
            name = name.encode("idna").decode()
        except UnicodeError as error:
            raise KernelError(Code.INVALID, f"{name!r} is no name: {error}") from None
    plain = name.removesuffix(".").lower()
    labels = plain.split(".")
    fine = all(0 < len(label) < 64 and all(each.isalnum() or each in "-_" for each in label) for label in labels)
    if not fine or len(plain) > MAX_NAME:
        raise KernelError(Code.INVALID, f"{name!r} is no name")
    return plain
