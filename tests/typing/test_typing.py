"""What type checkers say about uses of the public names.

The wrong uses are not called ``.py``, so that a check of the whole project leaves them alone.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def mypy(path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", "pyproject.toml", "--no-error-summary"]
    return subprocess.run([*command, str(path)], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_right_uses_are_accepted() -> None:
    done = mypy(HERE / "right.py")
    assert (done.stdout, done.returncode) == ("", 0)


@pytest.mark.slow
def test_wrong_uses_are_refused() -> None:
    done = mypy(HERE / "wrong.txt")
    refused = {int(line.split(":")[1]) for line in done.stdout.splitlines() if ": error:" in line}
    lines = (HERE / "wrong.txt").read_text().splitlines()
    assert refused == {number for number, line in enumerate(lines, 1) if line.endswith("# wrong")}
