"""``python -m bench.watching.files PROGRAM DIRECTORY ROUNDS``: seconds of a run in DIRECTORY, by how it is watched.

They are of processor time, as nothing waits here.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import remit
from bench.watching.best import best_of


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
    print(json.dumps(best_of(rounds, ways)))


if __name__ == "__main__":
    main()
