"""A guest that only computes, timed from inside. The peer's code, too, is compiled so that it can be stopped.

The best of many rounds counts: whatever else the machine does can only make such work slower, by half when it keeps the
other half of the same core busy, and the medians of equal code were 0.8 to 1.2 apart.
"""

from __future__ import annotations

from collections.abc import Iterator

from bench.contenders import timed_inside
from bench.rows import Row, Target
from bench.works.setting import Setting, guest


def rows(setting: Setting) -> Iterator[Row]:
    peers = [setting.wasmtime_py_epochs, *([setting.node] if setting.node else [])]
    figures = timed_inside([setting.remit, *peers], setting.rounds * 4, guest("compute"), summary=min)
    for work, milliseconds in figures[setting.remit.name].items():
        for peer in peers:
            target = Target(1.03, 0.97) if peer is setting.wasmtime_py_epochs else None
            yield Row(work, "ms", milliseconds, peer.name, figures[peer.name][work], target)
