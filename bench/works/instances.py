"""How cheap an instance is: making one, many asleep at once, the memory of an idle one, what dropped ones leave."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from statistics import median

from bench.contenders import FailedError
from bench.rows import Row, Target
from bench.works.setting import Setting, guest
from tools import cache


def rows(setting: Setting) -> Iterator[Row]:
    hello, naps = str(guest("hello")), str(guest("naps"))
    ours, theirs = [], []
    for _ in range(setting.rounds):
        ours.append(_figure("bench.instances.create", "remit", hello))
        theirs.append(_figure("bench.instances.create", "wasmtime-py", hello))
    yield Row("store + instance of hello", "µs", median(ours), target=Target(100))
    yield Row("store + instance of hello", "µs", median(ours), setting.wasmtime_py.name, median(theirs))
    sleeping = median(_figure("bench.instances.sleep", naps, "1000") for _ in range(min(3, setting.rounds)))
    yield Row("1,000 guests sleep 20 × 10 ms, one loop", "s", sleeping, target=Target(1.0))
    idle = _figure("bench.instances.idle", hello, "2000")
    yield Row("memory of an idle instance", "KiB", idle, target=Target(200))
    kept = _figures("bench.instances.drop", hello, "100000")
    yield Row("RSS grown by 100,000 dropped instances", "KiB", kept["kib"], target=Target(1024))
    yield Row("descriptors left by 100,000 instances", "", kept["descriptors"], target=Target(0))


def _figures(module: str, *arguments: str) -> dict[str, float]:
    """Run a measurement in a process of its own: what it printed."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, cwd=cache.REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise FailedError(f"`{' '.join(command)}` ended with status {done.returncode}: {done.stderr.strip()}")
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def _figure(module: str, *arguments: str) -> float:
    (figure,) = _figures(module, *arguments).values()
    return figure
