"""``python -m bench [--only WORK] [--rounds N] [--json FILE]``: one table of ratios against peers in the same run."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from bench import contenders
from bench.rows import Row, table
from bench.works import calls, components, compute, files, instances, serving, start, watching
from bench.works.setting import Setting
from tools.guests.bring import CannotBringError, bring
from tools.guests.catalogue import GUESTS

WORKS: dict[str, Callable[[Setting], Iterator[Row]]] = {
    "calls": calls.rows,
    "start": start.rows,
    "compute": compute.rows,
    "instances": instances.rows,
    "files": files.rows,
    "watching": watching.rows,
    "components": components.rows,
    "serving": serving.rows,
}
MEMORY_DISK = Path("/dev/shm")


def main() -> int:
    """0: every target met. 1: some missed, or some work could not be done."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=WORKS, metavar="WORK", help=f"one of {', '.join(WORKS)}")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="turns that each contender takes (5)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there, too")
    options = parser.parse_args()

    for name in ("cpython", "sqlite", "wit"):
        try:
            bring(GUESTS[name])
        except CannotBringError as error:
            print(f"left out: {error}", file=sys.stderr)
    node = contenders.node()
    if isinstance(node, str):
        print(f"without node 24: {node}", file=sys.stderr)
    rows, failures = [], []
    with tempfile.TemporaryDirectory(dir=MEMORY_DISK if MEMORY_DISK.is_dir() else None) as scratch:
        setting = Setting(
            remit=contenders.remit(),
            wasmtime_py=contenders.wasmtime_py(),
            wasmtime_py_epochs=contenders.wasmtime_py(epochs=True),
            node=node if isinstance(node, contenders.Contender) else None,
            rounds=options.rounds,
            scratch=Path(scratch),
        )
        for name in options.only or WORKS:
            print(f"measuring: {name}", file=sys.stderr)
            try:
                rows += list(WORKS[name](setting))
            except contenders.FailedError as error:
                failures.append(f"{name}: {error}")
    print(table(rows))
    if options.json:
        options.json.write_text(json.dumps([row.as_json() for row in rows], indent=1) + "\n")
    for failure in failures:
        print(failure, file=sys.stderr)
    missed = [row for row in rows if row.met is False]
    return 1 if failures or missed else 0


if __name__ == "__main__":
    sys.exit(main())
