"""WASI preview 0: ``wasi_unstable``, the first version, still imported by old programs."""

from __future__ import annotations

from remit.interfaces.wasi_0_1 import functions
from remit.interfaces.wasi_0_1.layout import Layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.interfaces.wasi_0_1.functions import HostFunction

MODULE = "wasi_unstable"
"""The name of the module that programs import from."""

NAMES = functions.NAMES - {"sock_accept"}
"""Every function."""

LAYOUT = Layout(
    filestat="<QQB3xIQQQQ",
    clock="<QB15xI4xQQH6x",
    subscription_size=56,
    seek_set=2,
    seek_current=0,
    seek_end=1,
    rights=(1 << 29) - 1,
)


def function(name: str) -> HostFunction:
    """The function called `name`: its type, the host function, and whether it may return Pending."""
    return functions.host_function(name, LAYOUT)


def table() -> dict[str, HostFunction]:
    """Every function by its name. Linking takes only those that a program imports."""
    return {name: function(name) for name in NAMES}
