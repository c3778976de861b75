"""WASI preview 1: ``wasi_snapshot_preview1``."""

from __future__ import annotations

from remit.interfaces.wasi_0_1 import functions
from remit.interfaces.wasi_0_1.layout import Layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.interfaces.wasi_0_1.functions import HostFunction

MODULE = "wasi_snapshot_preview1"
"""The name of the module that programs import from."""

NAMES = functions.NAMES
"""Every function."""

LAYOUT = Layout(
    filestat="<QQB7xQQQQQ",
    clock="<QB7xI4xQQH6x",
    subscription_size=48,
    seek_set=0,
    seek_current=1,
    seek_end=2,
    rights=(1 << 30) - 1,
)


def function(name: str) -> HostFunction:
    """The function called `name`: its type, the host function, and whether it may return Pending."""
    return functions.host_function(name, LAYOUT)


def table() -> dict[str, HostFunction]:
    """Every function by its name. Linking takes only those that a program imports."""
    return {name: function(name) for name in NAMES}
