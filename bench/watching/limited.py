"""``python -m bench.watching.limited WRITING READING DIRECTORY ROUNDS``: seconds of runs, by what is granted.

They are of processor time, as in :mod:`bench.watching.files`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import remit
from bench.watching.best import best_of

FILES = 1000


def main() -> None:
    writing, reading = (remit.load(path) for path in sys.argv[1:3])
    directory, rounds = Path(sys.argv[3]), int(sys.argv[4])
    empty, full = directory / "empty", directory / "full"
    empty.mkdir()
    full.mkdir()
    for number in range(FILES):
        (full / f"small-{number}").write_bytes(b"x" * 5000)
    (full / "large").write_bytes(b"y" * (32 << 20))
    there = [f"read small-{number}" for number in range(FILES)]

    def run(program: remit.Program, granted: remit.fs.Filesystem, **options: Any) -> Callable[[], object]:
        return lambda: remit.run([program], dirs={"/": granted}, check=True, stdout=remit.DEVNULL, **options)

    rules = ["all large", *[f"all small-{number}" for number in range(2 * FILES)]]
    ruled = remit.fs.Restricted(remit.fs.Host(empty), rules)

    def audited() -> None:
        with remit.audit.JsonLines(directory / "audit.jsonl") as log:
            run(writing, ruled, on_use=log, on_refusal=log)()

    ways: dict[str, Callable[[], object]] = {
        "writing": run(writing, remit.fs.Host(empty)),
        "writing by rules": run(writing, ruled),
        "writing by rules, audited": audited,
        "reading": run(reading, remit.fs.Host(full)),
        "reading only": run(reading, remit.fs.ReadOnly(remit.fs.Host(full))),
        "reading by rules": run(reading, remit.fs.Restricted(remit.fs.Host(full), ["read large", *there])),
    }
    print(json.dumps(best_of(rounds, ways)))


if __name__ == "__main__":
    main()
