"""A guest that only computes, timed from inside. The peer's code, too, is compiled so that it can be stopped."""

from __future__ import annotations

from collections.abc import Iterator

from bench.contenders import timed_inside
from bench.rows import Row, Target
from bench.works.setting import Setting, guest


def rows(setting: Setting) -> Iterator[Row]:
    peers = [setting.wasmtime_py_epochs, *([setting.node] if setting.node else [])]
    figures = timed_inside([setting.remit, *peers], setting.rounds * 2, guest("compute"))
    for work, milliseconds in figures[setting.remit.name].items():
        for peer in peers:
            target = Target(1.03, 0.97) if peer is setting.wasmtime_py_epochs else None
            yield Row(work, "ms", milliseconds, peer.name, figures[peer.name][work], target)
