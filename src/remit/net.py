"""Networks to grant to a program, and the classes to write one of your own.

``remit.net.Host(["example.com:443"])`` is the network of the machine, as far as its rules allow; the rules are
described in :mod:`remit.network.rules`. ``remit.net.Memory()`` is one of its own, by which programs of this process
reach each other by name; ``remit.net.Asked(network, ask)`` asks before each new use of one. Each class is imported
when it is first named.
"""

from __future__ import annotations

from remit._lazy import lazy_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.kernel.errors import Code, KernelError, WouldBlock
    from remit.kernel.network import Network, Resolution, SocketAddress, TcpSocket, UdpSocket
    from remit.network.asked import AskedNetwork as Asked
    from remit.network.asked import Question
    from remit.network.host_network import HostNetwork as Host
    from remit.network.memory import Memory, MemoryMember
    from remit.network.memory_ends import MemoryConnection, MemoryListener
    from remit.network.rules import Rule, RuleError

__all__ = [
    "Asked",
    "Code",
    "Host",
    "KernelError",
    "Memory",
    "MemoryConnection",
    "MemoryListener",
    "MemoryMember",
    "Network",
    "Question",
    "Resolution",
    "Rule",
    "RuleError",
    "SocketAddress",
    "TcpSocket",
    "UdpSocket",
    "WouldBlock",
]

_NETWORK = "remit.kernel.network"
_ERRORS = "remit.kernel.errors"

# Where each public name is: the module, and its name there if that is another one.
_PLACES = {
    "Asked": ("remit.network.asked", "AskedNetwork"),
    "Code": (_ERRORS, "Code"),
    "Host": ("remit.network.host_network", "HostNetwork"),
    "KernelError": (_ERRORS, "KernelError"),
    "Memory": ("remit.network.memory", "Memory"),
    "MemoryConnection": ("remit.network.memory_ends", "MemoryConnection"),
    "MemoryListener": ("remit.network.memory_ends", "MemoryListener"),
    "MemoryMember": ("remit.network.memory", "MemoryMember"),
    "Network": (_NETWORK, "Network"),
    "Question": ("remit.network.asked", "Question"),
    "Resolution": (_NETWORK, "Resolution"),
    "Rule": ("remit.network.rules", "Rule"),
    "RuleError": ("remit.network.rules", "RuleError"),
    "SocketAddress": (_NETWORK, "SocketAddress"),
    "TcpSocket": (_NETWORK, "TcpSocket"),
    "UdpSocket": (_NETWORK, "UdpSocket"),
    "WouldBlock": (_ERRORS, "WouldBlock"),
}


if not TYPE_CHECKING:  # type checkers find every name above, and would take any other for one of these
    __getattr__ = lazy_names(globals(), _PLACES)


def __dir__() -> list[str]:
    return __all__
