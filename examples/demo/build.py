"""Rebuild notes.wasm from notes.c: ``python examples/demo/build.py`` (needs ``pip install ziglang==0.17.1``).

The same compiler makes the same bytes on every machine; a test holds the committed program to that.
"""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path

HERE = Path(__file__).parent
COMPILER = "0.17.1"
"""The version of the PyPI package `ziglang` that the committed program was built with."""


def build(output: Path) -> None:
    """Compile notes.c into `output`."""
    found = metadata.version("ziglang")
    if found != COMPILER:
        raise SystemExit(f"the demo is built with ziglang {COMPILER}, here is {found}: pip install ziglang=={COMPILER}")
    # In the source's own directory, with a relative name: no path of this machine gets into the program.
    compiler = [sys.executable, "-m", "ziglang", "cc", "--target=wasm32-wasi", "-O2", "-s"]
    subprocess.run([*compiler, "-o", str(output.absolute()), "notes.c"], cwd=HERE, check=True)


if __name__ == "__main__":
    build(HERE / "notes.wasm")
