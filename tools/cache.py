"""The directory of everything that is brought or built for tests and benchmarks, and is never committed."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]


def directory(name: str) -> Path:
    """The part `name` of the cache, made if need be: below ``$REMIT_GUESTS``, or ``.guests`` in the checkout."""
    path = Path(os.environ.get("REMIT_GUESTS") or REPOSITORY / ".guests").absolute() / name
    path.mkdir(parents=True, exist_ok=True)
    return path


@contextmanager
def filled(target: Path) -> Iterator[Path]:
    """An empty directory to fill, which becomes `target` at the end: all of it, or nothing.

    Two processes may fill one target at once; the first to finish wins.
    """
    scratch = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        yield scratch
        scratch.chmod(0o755)
        if not target.exists():
            try:
                scratch.rename(target)
            except OSError:
                if not target.exists():
                    raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
