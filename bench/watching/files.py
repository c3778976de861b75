"""``python -m bench.watching.files PROGRAM DIRECTORY ROUNDS``: seconds of a run in DIRECTORY, by how it is watched.

They are of processor time, as nothing waits here, and of each the best of all rounds: anything else that the machine
does can only make one slower.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import remit


def main() -> None:
    path, directory, rounds = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    # Watched and traced runs leave nothing behind in a program: `used` has had them, `plain` never.
    plain, used = remit.load(path), remit.load(path)
    work, log = directory / "work", directory / "audit.jsonl"
    work.mkdir()

    def run(program: Any, **options: Any) -> None:
        remit.run([program], dirs={"/": work}, check=True, stdout=remit.DEVNULL, **options)

    def lines() -> None:
        with remit.audit.JsonLines(log) as kept:
            run(used, on_use=kept, on_refusal=kept)

    ways: dict[str, Callable[[], None]] = {
        "plain": lambda: run(plain),
        "callback": lambda: run(used, on_use=lambda use: None),
        "after watching": lambda: run(used),
        "JSON lines": lines,
        "traced": lambda: run(used, trace=lambda call: None),
        "after tracing": lambda: run(used),
        "recorded": lambda: run(used, record=directory / "run.rec"),
        "after recording": lambda: run(used),
    }
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds + 1):
        for way, measured in ways.items():
            began = time.process_time()
            measured()
            seconds[way].append(time.process_time() - began)
    print(json.dumps({way: min(each) for way, each in seconds.items()}))


if __name__ == "__main__":
    main()
