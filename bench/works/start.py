"""A program as a whole process, on its second start: nothing is compiled any more."""

from __future__ import annotations

from collections.abc import Iterator

from bench.contenders import whole_process
from bench.rows import Row, Target
from bench.works.setting import Setting, guest
from tools.guests.catalogue import GUESTS

CPYTHON = GUESTS["cpython"]


def rows(setting: Setting) -> Iterator[Row]:
    hello = whole_process(setting.contenders, setting.rounds * 4, guest("hello"))
    targets = {setting.wasmtime_py.name: Target(0.5)} | ({setting.node.name: Target(0.9)} if setting.node else {})
    yield from _against_all(setting, "hello, whole process", hello, targets)
    if CPYTHON.present:
        program = CPYTHON.path("python.wasm")
        python = whole_process(setting.contenders, setting.rounds, program, ["-c", "print(1)"])
        yield from _against_all(setting, "CPython print(1), whole process", python, {})


def _against_all(setting: Setting, work: str, seconds: dict[str, float], targets: dict[str, Target]) -> Iterator[Row]:
    ours = seconds[setting.remit.name] * 1e3
    for peer in setting.contenders[1:]:
        yield Row(work, "ms", ours, peer.name, seconds[peer.name] * 1e3, targets.get(peer.name))
