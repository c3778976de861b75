"""The processor time of works that are done in turns, in one process."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping


def best_of(rounds: int, works: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """The seconds of each, the best of `rounds` and one to warm up: anything else that the machine does can only make
    one slower."""
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds + 1):
        for name, work in works.items():
            began = time.process_time()
            work()
            seconds[name].append(time.process_time() - began)
    return {name: min(each) for name, each in seconds.items()}
