"""The functions of WASI 0.1 with their types, for the previews to pick from.

Source of the signatures: ``wasi_snapshot_preview1.witx`` and ``wasi_unstable.witx``; a result other than the ``errno``
is written to the address in the last parameter (or the last two).
"""

from __future__ import annotations

from remit.binary.types import FuncType
from remit.interfaces.wasi_0_1 import (
    arguments,
    attributes,
    clocks,
    descriptors,
    ending,
    io,
    paths,
    poll,
    random,
    readdir,
    sockets,
)
from remit.interfaces.wasi_0_1.adapter import with_memory, without_memory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from remit.interfaces.wasi_0_1.layout import Layout

    HostFunction = tuple[FuncType, Callable[..., int], bool]
    """Its type; the function of (caller, arguments as unsigned numbers); whether it may raise WouldBlock."""

_TYPES = {"i": "i32", "I": "i64"}

# Parameters: i is i32, I is i64.
_SIGNATURES = {
    "args_get": "ii",
    "args_sizes_get": "ii",
    "clock_res_get": "ii",
    "clock_time_get": "iIi",
    "environ_get": "ii",
    "environ_sizes_get": "ii",
    "fd_advise": "iIIi",
    "fd_allocate": "iII",
    "fd_close": "i",
    "fd_datasync": "i",
    "fd_fdstat_get": "ii",
    "fd_fdstat_set_flags": "ii",
    "fd_fdstat_set_rights": "iII",
    "fd_filestat_get": "ii",
    "fd_filestat_set_size": "iI",
    "fd_filestat_set_times": "iIIi",
    "fd_pread": "iiiIi",
    "fd_prestat_dir_name": "iii",
    "fd_prestat_get": "ii",
    "fd_pwrite": "iiiIi",
    "fd_read": "iiii",
    "fd_readdir": "iiiIi",
    "fd_renumber": "ii",
    "fd_seek": "iIii",
    "fd_sync": "i",
    "fd_tell": "ii",
    "fd_write": "iiii",
    "path_create_directory": "iii",
    "path_filestat_get": "iiiii",
    "path_filestat_set_times": "iiiiIIi",
    "path_link": "iiiiiii",
    "path_open": "iiiiiIIii",
    "path_readlink": "iiiiii",
    "path_remove_directory": "iii",
    "path_rename": "iiiiii",
    "path_symlink": "iiiii",
    "path_unlink_file": "iii",
    "poll_oneoff": "iiii",
    "proc_exit": "i",
    "proc_raise": "i",
    "random_get": "ii",
    "sched_yield": "",
    "sock_accept": "iii",
    "sock_recv": "iiiiii",
    "sock_send": "iiiii",
    "sock_shutdown": "ii",
}

_WITHOUT_MEMORY: dict[str, Callable[..., None]] = {
    "fd_advise": attributes.fd_advise,
    "fd_allocate": attributes.fd_allocate,
    "fd_close": descriptors.fd_close,
    "fd_datasync": attributes.fd_datasync,
    "fd_fdstat_set_flags": descriptors.fd_fdstat_set_flags,
    "fd_fdstat_set_rights": descriptors.fd_fdstat_set_rights,
    "fd_filestat_set_size": attributes.fd_filestat_set_size,
    "fd_filestat_set_times": attributes.fd_filestat_set_times,
    "fd_renumber": descriptors.fd_renumber,
    "fd_sync": attributes.fd_sync,
    "proc_exit": ending.proc_exit,
    "proc_raise": ending.proc_raise,
    "sched_yield": ending.sched_yield,
    "sock_shutdown": sockets.sock_shutdown,
}

_WITH_MEMORY: dict[str, Callable[..., None]] = {
    "args_get": arguments.args_get,
    "args_sizes_get": arguments.args_sizes_get,
    "clock_res_get": clocks.clock_res_get,
    "clock_time_get": clocks.clock_time_get,
    "environ_get": arguments.environ_get,
    "environ_sizes_get": arguments.environ_sizes_get,
    "fd_pread": io.fd_pread,
    "fd_prestat_dir_name": descriptors.fd_prestat_dir_name,
    "fd_prestat_get": descriptors.fd_prestat_get,
    "fd_pwrite": io.fd_pwrite,
    "fd_read": io.fd_read,
    "fd_readdir": readdir.fd_readdir,
    "fd_tell": descriptors.fd_tell,
    "fd_write": io.fd_write,
    "path_create_directory": paths.path_create_directory,
    "path_filestat_set_times": paths.path_filestat_set_times,
    "path_link": paths.path_link,
    "path_open": paths.path_open,
    "path_readlink": paths.path_readlink,
    "path_remove_directory": paths.path_remove_directory,
    "path_rename": paths.path_rename,
    "path_symlink": paths.path_symlink,
    "path_unlink_file": paths.path_unlink_file,
    "random_get": random.random_get,
    "sock_accept": sockets.sock_accept,
    "sock_recv": sockets.sock_recv,
    "sock_send": sockets.sock_send,
}

# With the layout of a version as their argument.
_BY_LAYOUT: dict[str, Callable[[Layout], Callable[..., None]]] = {
    "fd_fdstat_get": descriptors.make_fd_fdstat_get,
    "fd_filestat_get": attributes.make_fd_filestat_get,
    "fd_seek": descriptors.make_fd_seek,
    "path_filestat_get": paths.make_path_filestat_get,
    "poll_oneoff": poll.make_poll_oneoff,
}

_MAY_BLOCK = frozenset(
    {"fd_read", "fd_write", "poll_oneoff", "random_get", "sched_yield", "sock_accept", "sock_recv", "sock_send"}
)

NAMES = frozenset(_SIGNATURES)
"""Every function of preview 1, the later of the two."""


def host_functions(names: Iterable[str], layout: Layout) -> dict[str, HostFunction]:
    """The named functions of the version that `layout` describes."""
    return {name: (_type(name), _function(name, layout), name in _MAY_BLOCK) for name in names}


def _type(name: str) -> FuncType:
    results = () if name == "proc_exit" else ("i32",)
    return FuncType(tuple(_TYPES[letter] for letter in _SIGNATURES[name]), results)


def _function(name: str, layout: Layout) -> Callable[..., int]:
    if name in _WITHOUT_MEMORY:
        return without_memory(_WITHOUT_MEMORY[name])
    if name in _BY_LAYOUT:
        return with_memory(_BY_LAYOUT[name](layout))
    return with_memory(_WITH_MEMORY[name])
