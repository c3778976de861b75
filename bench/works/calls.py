"""Single WASI calls, timed from inside the guest."""

from __future__ import annotations

from collections.abc import Iterator

from bench.contenders import timed_inside
from bench.rows import Row, Target
from bench.works.setting import Setting, guest

HELD = ("fd_pread of 4 KiB", "fd_write of 64 B", "fd_filestat_get", "path_open + fd_close", "path_filestat_get")
"""The file calls that have a target."""
CALLS = "2000"


def rows(setting: Setting) -> Iterator[Row]:
    figures = timed_inside(setting.contenders, setting.rounds, guest("calls"), [CALLS], directory=setting.scratch)
    ours = figures[setting.remit.name]
    for work, nanoseconds in ours.items():
        theirs = figures[setting.wasmtime_py.name][work]
        target = Target(1 / 8) if work in HELD else None
        yield Row(work, "µs", nanoseconds / 1e3, setting.wasmtime_py.name, theirs / 1e3, target)
        if setting.node is not None:
            yield Row(work, "µs", nanoseconds / 1e3, setting.node.name, figures[setting.node.name][work] / 1e3)
