"""What calls of WASI 0.1 say, for whoever watches them: all of it is in one table.

How the values are told is in :mod:`remit.interfaces.wasi_0_1.traced_values`.
"""

from __future__ import annotations

from remit.interfaces.wasi_0_1.guest_memory import U32
from remit.interfaces.wasi_0_1.traced_values import ARGUMENTS, ERRNO_NAMES, RESULTS, Descriptors, Frame, filled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from remit.engine.api import Store
    from remit.interfaces.wasi_0_1.layout import Layout
    from remit.kernel.calls import Call

CALLS = {
    "args_get": ">args:strings buffer:address",
    "args_sizes_get": ">count:u32 >size:u32",
    "clock_res_get": "clock:clock >resolution:u64",
    "clock_time_get": "clock:clock precision:u64 >time:u64",
    "environ_get": ">environ:strings buffer:address",
    "environ_sizes_get": ">count:u32 >size:u32",
    "fd_advise": "fd:fd offset:u64 length:u64 advice:advice",
    "fd_allocate": "fd:fd offset:u64 length:u64",
    "fd_close": "fd:fd",
    "fd_datasync": "fd:fd",
    "fd_fdstat_get": "fd:fd >stat:fdstat",
    "fd_fdstat_set_flags": "fd:fd flags:fdflags",
    "fd_fdstat_set_rights": "fd:fd base:rights inheriting:rights",
    "fd_filestat_get": "fd:fd >stat:filestat",
    "fd_filestat_set_size": "fd:fd size:u64",
    "fd_filestat_set_times": "fd:fd accessed:u64 modified:u64 flags:fstflags",
    "fd_pread": "fd:fd iovs:sizes offset:u64 >nread:moved",
    "fd_prestat_dir_name": "fd:fd >name:text",
    "fd_prestat_get": "fd:fd >prestat:prestat",
    "fd_pwrite": "fd:fd data:vectors offset:u64 >nwritten:u32",
    "fd_read": "fd:fd iovs:sizes >nread:moved",
    "fd_readdir": "fd:fd >entries:entries cookie:u64 >used:u32",
    "fd_renumber": "fd:fd to:fd",
    "fd_seek": "fd:fd offset:i64 whence:whence >position:u64",
    "fd_sync": "fd:fd",
    "fd_tell": "fd:fd >position:u64",
    "fd_write": "fd:fd data:vectors >nwritten:u32",
    "path_create_directory": "fd:fd path:path",
    "path_filestat_get": "fd:fd lookup:lookupflags path:path >stat:filestat",
    "path_filestat_set_times": "fd:fd lookup:lookupflags path:path accessed:u64 modified:u64 flags:fstflags",
    "path_link": "fd:fd lookup:lookupflags path:path to_fd:fd to_path:path",
    "path_open": "fd:fd lookup:lookupflags path:path oflags:oflags base:rights inheriting:rights flags:fdflags >fd:fd",
    "path_readlink": "fd:fd path:path >target:used_text >used:u32",
    "path_remove_directory": "fd:fd path:path",
    "path_rename": "fd:fd path:path to_fd:fd to_path:path",
    "path_symlink": "target:text fd:fd path:path",
    "path_unlink_file": "fd:fd path:path",
    "poll_oneoff": "subscriptions:subscriptions >events:events -:u32 >count:u32",
    "proc_exit": "status:u32",
    "proc_raise": "signal:signal",
    "random_get": ">bytes:buffer",
    "sched_yield": "",
    "sock_accept": "fd:fd flags:fdflags >fd:fd",
    "sock_recv": "fd:fd iovs:sizes flags:riflags >nread:moved >flags:roflags",
    "sock_send": "fd:fd data:vectors flags:u32 >nwritten:u32",
    "sock_shutdown": "fd:fd how:sdflags",
}
"""Each function: its parameters in order, with what they are. ``>``: the address of a result, which is told at the end;
``-``: it is told as a part of another."""


class Decoder:
    """Of one function, for one program."""

    __slots__ = ("_arguments", "_descriptors", "_layout", "_name", "_results")

    def __init__(self, name: str, layout: Layout, descriptors: Descriptors) -> None:
        self._name = name
        self._layout = layout
        self._descriptors = descriptors
        self._arguments, self._results = _parsed(CALLS[name])

    def begin(self, call: Call, arguments: Sequence[Any]) -> Frame:
        """Tell the arguments: `arguments` are the engine's caller, and numbers."""
        caller, *raw = arguments
        self._descriptors.begin(caller.data)
        frame = Frame(_view(caller), raw, self._layout, self._descriptors)
        call.arguments = {name: kind(frame, place) for name, place, kind in self._arguments}
        call.paths = tuple(frame.paths)
        return frame

    def end(self, call: Call, arguments: Sequence[Any], frame: Frame, errno: Any) -> None:
        """Tell the results, which are in the memory now."""
        if errno:
            call.outcome = "error"
            call.error = ERRNO_NAMES[errno] if 0 < errno < len(ERRNO_NAMES) else str(errno)
            return
        call.outcome = "ok"
        frame.view = _view(arguments[0])
        self._note(frame)
        call.results = {name: kind(frame, place) for name, place, kind in self._results}
        if frame.vectors:
            call.results["data"] = filled(frame, call.results["nread"])

    def _note(self, frame: Frame) -> None:
        """Keep what the descriptors stand for from now on."""
        raw, descriptors = frame.raw, self._descriptors
        if self._name == "fd_close":
            descriptors.close(raw[0])
        elif self._name == "fd_renumber":
            descriptors.renumber(raw[0], raw[1])
        elif self._name in ("path_open", "sock_accept"):
            number = frame.unpack(U32, raw[-1])
            if number is not None:
                opened = frame.paths[0] if self._name == "path_open" and frame.paths else "connection"
                descriptors.open(number[0], opened)


def _view(caller: Store) -> memoryview:
    try:
        return caller.memory.view()
    except LookupError:
        return memoryview(b"")


_Told = list[tuple[str, int, "Callable[[Frame, int], Any]"]]


def _parsed(parameters: str) -> tuple[_Told, _Told]:
    """From a row of the table: names, places of the parameters, and what tells them; of arguments and of results."""
    arguments: _Told = []
    results: _Told = []
    place = 0
    for each in parameters.split():
        name, _, kind = each.partition(":")
        if name.startswith(">"):
            width, tell = RESULTS[kind]
            results.append((name[1:], place, tell))
        else:
            width, tell = ARGUMENTS[kind]
            if name != "-":
                arguments.append((name, place, tell))
        place += width
    return arguments, results


def width(name: str) -> int:
    """How many parameters the table has for the function `name`."""
    return sum(
        [(RESULTS if each.startswith(">") else ARGUMENTS)[each.partition(":")[2]][0] for each in CALLS[name].split()]
    )
