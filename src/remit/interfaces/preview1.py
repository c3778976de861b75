"""WASI preview 1: ``wasi_snapshot_preview1``."""

from __future__ import annotations

from remit.interfaces.wasi_0_1.functions import NAMES, host_functions
from remit.interfaces.wasi_0_1.layout import Layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.interfaces.wasi_0_1.functions import HostFunction

MODULE = "wasi_snapshot_preview1"
"""The name of the module that programs import from."""

LAYOUT = Layout(
    filestat="<QQB7xQQQQQ",
    clock="<QB7xI4xQQH6x",
    subscription_size=48,
    seek_set=0,
    seek_current=1,
    seek_end=2,
    rights=(1 << 30) - 1,
)


def table() -> dict[str, HostFunction]:
    """Every function: its type, the host function, and whether it may raise WouldBlock."""
    return host_functions(NAMES, LAYOUT)
