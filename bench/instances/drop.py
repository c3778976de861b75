"""What stays of instances that are made and dropped in turn: drop.py PROGRAM COUNT."""

from __future__ import annotations

import json
import sys

import remit
from bench.instances.process import open_descriptors, resident_kib


def main(path: str, count: str) -> None:
    program = remit.load(path)
    total = int(count)
    # Allocators settle first.
    for _ in range(total // 10):
        program.instantiate().close()
    memory, descriptors = resident_kib(), open_descriptors()
    for _ in range(total):
        program.instantiate().close()
    grown = {"kib": resident_kib() - memory, "descriptors": open_descriptors() - descriptors}
    print(json.dumps(grown))


if __name__ == "__main__":
    main(*sys.argv[1:])
