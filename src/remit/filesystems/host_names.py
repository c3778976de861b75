"""Names as the host spells them, and names that a host must never be given."""

from __future__ import annotations

import sys

from remit.kernel.errors import Code, KernelError

_DEVICES = frozenset(
    ["AUX", "CON", "CONIN$", "CONOUT$", "NUL", "PRN"]
    + [f"{port}{number}" for port in ("COM", "LPT") for number in "0123456789\u00b9\u00b2\u00b3"]
)
_FORBIDDEN = frozenset('<>:"/\\|?*')


def means_something_else_on_windows(name: str) -> bool:
    r"""Whether Windows would take a single name for anything but a file of that very name.

    That is: devices (``NUL``, ``com1.txt``, ``CON .log``; in every directory, whatever the case and the extension),
    alternate streams and drives (``file:stream``, ``C:``), separators (``a\b``), wildcards, control characters,
    and trailing dots and spaces, which it drops.
    Source: "Naming Files, Paths, and Namespaces" in the documentation of Win32.
    """
    if name[-1:] in (".", " "):
        return True
    if any(character in _FORBIDDEN or character < " " for character in name):
        return True
    return name.partition(".")[0].rstrip(" ").upper() in _DEVICES


_WINDOWS_RULES = sys.platform in ("cygwin", "msys", "win32")


def host_name(name: str) -> bytes:
    """A name (or a link's target) in the host's bytes, which are UTF-8 whatever the locale says.

    INVALID if the host is Windows underneath and the name means something else there.
    """
    if _WINDOWS_RULES and means_something_else_on_windows(name):
        raise KernelError(Code.INVALID, f"{name!r} cannot be the name of a file on this host")
    return name.encode("utf-8", "surrogateescape")
