"""Whatever a guest calls in whatever order: no crash, no undocumented exception, nothing outside touched."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
WORLDS = [
    "preview1-openat2-native",
    "preview0-openat2-native",
    "preview1-portable-python",
    "preview1-overlay-native",
    "preview1-quota-native",
]


def run(world: str, first: int, last: int, folder: Path) -> None:
    path = os.pathsep.join([str(TESTS), str(TESTS.parent), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-X", "dev", str(Path(__file__).with_name("random_calls.py"))]
    done = subprocess.run(
        [*command, world, str(first), str(last), str(folder / "world")],
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


@pytest.mark.parametrize("world", WORLDS)
def test_three_hundred_sequences(world: str, tmp_path: Path) -> None:
    run(world, 0, 300 if world == WORLDS[0] else 100, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("world", WORLDS)
def test_ten_thousand_sequences(world: str, tmp_path: Path) -> None:
    """In all worlds together."""
    run(world, 1_000, 5_000 if world == WORLDS[0] else 2_500, tmp_path)
