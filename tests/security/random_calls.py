"""Random sequences of calls through the engine: a program of its own, so that its parent sees a crash as a failure.

``python random_calls.py WORLD FIRST LAST FOLDER`` makes the sequences with the seeds from FIRST up to LAST, each by
a new guest in one world of that kind, and ends with 0 if nothing but documented endings came and the outside is
untouched.
"""

from __future__ import annotations

import faulthandler
import sys
from pathlib import Path
from random import Random
from typing import Any

import remit
from interfaces.wasi_0_1.test_random_calls import ENDINGS, Values, parameters
from passthrough import SCRATCH
from remit.kernel.limits import Limits
from security.worlds import ALL, World

CALLS = 40
PAGES = 16  # where `Values` puts things


def main(kind: str, first: int, last: int, folder: Path) -> None:
    """Run the sequences."""
    preview, rest = kind.split("-", 1)
    filesystem, native = rest.rsplit("-", 1)
    world = World(folder, preview, filesystem, native)
    shapes = {
        name: (parameters(world.preview, name), [int(param[1:]) for param in type.params])
        for name, (type, _, _) in world.preview.table().items()
    }
    often = [name for name in sorted(shapes) if name.startswith(("path_", "fd_"))] * 8
    names = sorted(shapes) * 2 + often
    for seed in range(first, last):
        random = Random(seed)
        limits = Limits(descriptors=8, io_bytes=1 << 16)
        guest = world.another(pages=PAGES, limits=limits, timeout=0.02)
        values: Any = Values(random)
        values.fill(guest)
        opened = ("path_open", [3, 1, *guest.path("file", 0x800), 0, ALL, ALL, 0, SCRATCH])
        for call in range(CALLS):
            name = random.choice(names)
            arguments = values.arguments(name, *shapes[name])
            if not call:
                name, arguments = opened
            bits = shapes[name][1]
            unsigned = [value % (1 << size) for value, size in zip(arguments, bits, strict=True)]
            try:
                result = guest.instance.call(name, *unsigned)
            except (remit.Exit, remit.Trap, TimeoutError):
                break
            assert result in ENDINGS, (seed, name, arguments, result)
        guest.close()
        del world._closing[0]
    world.check()


if __name__ == "__main__":
    faulthandler.enable()
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
