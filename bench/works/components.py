"""Components: calls of Python functions, large lists, the start of a program, and files read through streams."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from bench.contenders import Contender, FailedError, run, timed_inside, wasmtime_py_components, whole_process
from bench.rows import Row, Target
from bench.works.setting import GUESTS, Setting
from tools import cache
from tools.guests import jco, python_components

JCO = "jco, node 24"
FILE_SIZE = 32 << 20


def rows(setting: Setting) -> Iterator[Row]:
    yield from _values(setting)
    yield from _start(setting)
    yield from _streams(setting)


def _values(setting: Setting) -> Iterator[Row]:
    program = jco.component(GUESTS / "exchange.c")
    figures: dict[str, list[dict[str, float]]] = {"remit": [], "wasmtime-py": []}
    for _ in range(setting.rounds):
        for contender, found in figures.items():
            found.append(_exchanged(contender, program))
    ours, theirs = [
        {name: median(each[name] for each in found) for name in ("call", "list", "copy")} for found in figures.values()
    ]
    call = "component calls Python: two ints, a string"
    yield Row(call, "µs", ours["call"], setting.wasmtime_py.name, theirs["call"], Target(1 / 4))
    whole = "1 MiB list<u8> into a component and back"
    yield Row(whole, "µs", ours["list"], "a copy of 1 MiB", ours["copy"], Target(3))
    yield Row(whole, "µs", ours["list"], setting.wasmtime_py.name, theirs["list"])


def _exchanged(contender: str, program: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.components.exchange", contender, str(program)]
    done = subprocess.run(command, cwd=cache.REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise FailedError(f"`{' '.join(command)}` ended with status {done.returncode}: {done.stderr.strip()}")
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def _start(setting: Setting) -> Iterator[Row]:
    program = python_components.built("hello")
    everyone = [setting.remit, wasmtime_py_components()]
    seconds = whole_process(everyone, setting.rounds * 2, program)
    work = "Python hello as a component (18 MiB), whole process"
    ours = seconds[setting.remit.name] * 1e3
    yield Row(work, "ms", ours, setting.wasmtime_py.name, seconds[setting.wasmtime_py.name] * 1e3, Target(0.7))
    if setting.node is not None:
        script = jco.transpiled(program)
        peer = Contender(JCO, (setting.node.command[0], str(GUESTS.parent / "peers" / "jco_run.mjs")))
        theirs = median(run(peer, script)[0] for _ in range(setting.rounds))
        yield Row(work, "ms", ours, JCO, theirs * 1e3, Target(0.7))


def _streams(setting: Setting) -> Iterator[Row]:
    directory = setting.scratch / "streams"
    directory.mkdir()
    (directory / "data").write_bytes(os.urandom(FILE_SIZE))
    program = jco.component(GUESTS / "streams.c")
    everyone = [setting.remit, wasmtime_py_components()]
    figures = timed_inside(everyone, setting.rounds, program, directory=directory)
    for work, nanoseconds in figures[setting.remit.name].items():
        theirs = figures[setting.wasmtime_py.name][work] / 1e3
        yield Row(work, "µs", nanoseconds / 1e3, setting.wasmtime_py.name, theirs, Target(1 / 4))
