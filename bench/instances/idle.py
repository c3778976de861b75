"""KiB of host memory for each instance that is kept and does nothing: idle.py PROGRAM COUNT."""

from __future__ import annotations

import json
import sys

import remit
from bench.instances.process import resident_kib


def main(path: str, count: str) -> None:
    program = remit.load(path)
    program.instantiate().close()
    before = resident_kib()
    kept = [program.instantiate() for _ in range(int(count))]
    print(json.dumps({"kib": (resident_kib() - before) / len(kept)}))
    for instance in kept:
        instance.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
