"""The functions of WASI 0.1: where each is, and its type, for the previews to pick from.

A program needs few of them, so the module that has one is imported when a program asks for it.

Source of the signatures: ``wasi_snapshot_preview1.witx`` and ``wasi_unstable.witx``; a result other than the ``errno``
is written to the address in the last parameter (or the last two).
"""

from __future__ import annotations

import sys

from remit.binary.types import FuncType
from remit.interfaces.wasi_0_1.adapter import with_memory, without_memory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.interfaces.wasi_0_1.adapter import Adapted, Implementation
    from remit.interfaces.wasi_0_1.layout import Layout

    HostFunction = tuple[FuncType, Adapted, bool]
    """Its type; the function of (caller, arguments as unsigned numbers); whether it may return Pending."""

# How a function is called: with the process, with the process and the memory; or it is made for the layout of a
# version (by `make_` and its name), and then called with the process and the memory.
_PLAIN, _MEMORY, _LAYOUT = range(3)

# The module here that has it, how it is called, and its parameters: i is i32, I is i64.
_FUNCTIONS = {
    "args_get": ("arguments", _MEMORY, "ii"),
    "args_sizes_get": ("arguments", _MEMORY, "ii"),
    "clock_res_get": ("clocks", _MEMORY, "ii"),
    "clock_time_get": ("clocks", _MEMORY, "iIi"),
    "environ_get": ("arguments", _MEMORY, "ii"),
    "environ_sizes_get": ("arguments", _MEMORY, "ii"),
    "fd_advise": ("attributes", _PLAIN, "iIIi"),
    "fd_allocate": ("attributes", _PLAIN, "iII"),
    "fd_close": ("descriptors", _PLAIN, "i"),
    "fd_datasync": ("attributes", _PLAIN, "i"),
    "fd_fdstat_get": ("descriptors", _LAYOUT, "ii"),
    "fd_fdstat_set_flags": ("descriptors", _PLAIN, "ii"),
    "fd_fdstat_set_rights": ("descriptors", _PLAIN, "iII"),
    "fd_filestat_get": ("attributes", _LAYOUT, "ii"),
    "fd_filestat_set_size": ("attributes", _PLAIN, "iI"),
    "fd_filestat_set_times": ("attributes", _PLAIN, "iIIi"),
    "fd_pread": ("io", _MEMORY, "iiiIi"),
    "fd_prestat_dir_name": ("descriptors", _MEMORY, "iii"),
    "fd_prestat_get": ("descriptors", _MEMORY, "ii"),
    "fd_pwrite": ("io", _MEMORY, "iiiIi"),
    "fd_read": ("io", _MEMORY, "iiii"),
    "fd_readdir": ("readdir", _MEMORY, "iiiIi"),
    "fd_renumber": ("descriptors", _PLAIN, "ii"),
    "fd_seek": ("descriptors", _LAYOUT, "iIii"),
    "fd_sync": ("attributes", _PLAIN, "i"),
    "fd_tell": ("descriptors", _MEMORY, "ii"),
    "fd_write": ("io", _MEMORY, "iiii"),
    "path_create_directory": ("paths", _MEMORY, "iii"),
    "path_filestat_get": ("paths", _LAYOUT, "iiiii"),
    "path_filestat_set_times": ("paths", _MEMORY, "iiiiIIi"),
    "path_link": ("paths", _MEMORY, "iiiiiii"),
    "path_open": ("paths", _MEMORY, "iiiiiIIii"),
    "path_readlink": ("paths", _MEMORY, "iiiiii"),
    "path_remove_directory": ("paths", _MEMORY, "iii"),
    "path_rename": ("paths", _MEMORY, "iiiiii"),
    "path_symlink": ("paths", _MEMORY, "iiiii"),
    "path_unlink_file": ("paths", _MEMORY, "iii"),
    "poll_oneoff": ("poll", _LAYOUT, "iiii"),
    "proc_exit": ("ending", _PLAIN, "i"),
    "proc_raise": ("ending", _PLAIN, "i"),
    "random_get": ("random", _MEMORY, "ii"),
    "sched_yield": ("ending", _PLAIN, ""),
    "sock_accept": ("sockets", _MEMORY, "iii"),
    "sock_recv": ("sockets", _MEMORY, "iiiiii"),
    "sock_send": ("sockets", _MEMORY, "iiiii"),
    "sock_shutdown": ("sockets", _PLAIN, "ii"),
}

_TYPES = {"i": "i32", "I": "i64"}

_MAY_BLOCK = frozenset(
    {"fd_read", "fd_write", "poll_oneoff", "random_get", "sched_yield", "sock_accept", "sock_recv", "sock_send"}
)

NAMES = frozenset(_FUNCTIONS)
"""Every function of preview 1, the later of the two."""


def host_function(name: str, layout: Layout) -> HostFunction:
    """The function `name` of the version that `layout` describes."""
    return function_type(name), _adapted(name, layout), name in _MAY_BLOCK


def function_type(name: str) -> FuncType:
    """Its type as programs import it."""
    results = () if name == "proc_exit" else ("i32",)
    return FuncType(tuple([_TYPES[letter] for letter in _FUNCTIONS[name][2]]), results)


def implementation(name: str, layout: Layout) -> tuple[Implementation, bool]:
    """The function as its module has it, and whether it takes the memory, after the process."""
    home, how, _ = _FUNCTIONS[name]
    module = f"{__package__}.{home}"
    __import__(module)
    if how == _LAYOUT:
        return getattr(sys.modules[module], f"make_{name}")(layout), True
    return getattr(sys.modules[module], name), how == _MEMORY


def _adapted(name: str, layout: Layout) -> Adapted:
    function, takes_memory = implementation(name, layout)
    return with_memory(function) if takes_memory else without_memory(function)
