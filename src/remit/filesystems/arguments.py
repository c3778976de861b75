"""What callers hand to the filesystems: checked when they do, with messages that name the argument and the remedy.

A path is never taken for a filesystem: what opens a directory of the host says so, ``remit.fs.Host(path)``. (In the
contents of a memory filesystem, a str in the same place is the contents of a file.)
"""

from __future__ import annotations

from remit.kernel.clocks import Clock
from remit.kernel.files import Filesystem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def wanted_filesystem(name: str, value: Any) -> Filesystem:
    """`value`, given as `name`. TypeError if it is no filesystem."""
    if isinstance(value, Filesystem):
        return value
    remedy = ""
    if isinstance(value, (str, bytes)) or hasattr(value, "__fspath__"):
        remedy = "; for a directory of the host, give remit.fs.Host(path)"
    elif isinstance(value, type) and issubclass(value, Filesystem):
        remedy = "; that is a class: call it"
    elif hasattr(value, "items"):
        remedy = "; for files in memory, give remit.fs.Memory(files)"
    raise TypeError(f"{name} must be a filesystem (of remit.fs, or one of your own), not {value!r}{remedy}")


def wanted_mapping(name: str, value: Any, example: str) -> Mapping[Any, Any]:
    """`value`, given as `name`. TypeError, with an example, if it is no mapping."""
    if not hasattr(value, "items"):
        raise TypeError(f"{name} must be a mapping, as in {example}, not {value!r}")
    mapping: Mapping[Any, Any] = value
    return mapping


def wanted_clock(value: Any) -> Clock | None:
    """A `clock`, or None. TypeError."""
    if value is not None and not isinstance(value, Clock):
        raise TypeError(f"clock must be a Clock of remit.kernel.clocks, not {value!r}")
    return value
