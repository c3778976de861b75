from __future__ import annotations

import inspect

import pytest

from remit.binary.types import FuncType
from remit.interfaces import preview0, preview1
from remit.interfaces.wasi_0_1 import functions

# wasi_unstable.witx, in its order.
# fmt: off
PREVIEW_0 = [
    "args_get", "args_sizes_get", "environ_get", "environ_sizes_get", "clock_res_get", "clock_time_get",
    "fd_advise", "fd_allocate", "fd_close", "fd_datasync", "fd_fdstat_get", "fd_fdstat_set_flags",
    "fd_fdstat_set_rights", "fd_filestat_get", "fd_filestat_set_size", "fd_filestat_set_times", "fd_pread",
    "fd_prestat_get", "fd_prestat_dir_name", "fd_pwrite", "fd_read", "fd_readdir", "fd_renumber", "fd_seek",
    "fd_sync", "fd_tell", "fd_write", "path_create_directory", "path_filestat_get", "path_filestat_set_times",
    "path_link", "path_open", "path_readlink", "path_remove_directory", "path_rename", "path_symlink",
    "path_unlink_file", "poll_oneoff", "proc_exit", "proc_raise", "sched_yield", "random_get", "sock_recv",
    "sock_send", "sock_shutdown",
]
# fmt: on


def test_each_version_has_its_functions() -> None:
    assert set(preview0.table()) == set(PREVIEW_0)
    assert set(preview1.table()) == {*PREVIEW_0, "sock_accept"}
    assert (preview0.MODULE, preview1.MODULE) == ("wasi_unstable", "wasi_snapshot_preview1")


def test_types() -> None:
    table = preview1.table()
    i32, i64 = "i32", "i64"
    assert table["path_open"][0] == FuncType((i32, i32, i32, i32, i32, i64, i64, i32, i32), (i32,))
    assert table["fd_seek"][0] == FuncType((i32, i64, i32, i32), (i32,))
    assert table["sched_yield"][0] == FuncType((), (i32,))
    assert table["proc_exit"][0] == FuncType((i32,), ())


@pytest.mark.parametrize("name", sorted(functions.NAMES))
def test_the_implementation_takes_what_the_type_says(name: str) -> None:
    function, takes_memory = functions.implementation(name, preview1.LAYOUT)
    given = 2 if takes_memory else 1
    assert len(inspect.signature(function).parameters) == given + len(functions.function_type(name).params)
