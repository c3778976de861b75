"""Rebuild the examples' programs from the C files beside them: ``python examples/build.py``.

It needs ``pip install ziglang==0.17.1``. The same compiler makes the same bytes on every machine; a test
holds the committed programs to that.
"""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path

HERE = Path(__file__).parent
COMPILER = "0.17.1"
"""The version of the PyPI package `ziglang` that the committed programs were built with."""
SOURCES = {
    "demo/notes.c": (),
    # No main: functions for the host to call.
    "plugin/plugin.c": ("-mexec-model=reactor",),
}
"""Each source, and what its compilation needs beside the usual."""


def build(name: str, output: Path) -> None:
    """Compile the source `name` into `output`."""
    found = metadata.version("ziglang")
    if found != COMPILER:
        raise SystemExit(f"the examples need ziglang {COMPILER}, here is {found}: pip install ziglang=={COMPILER}")
    source = HERE / name
    compiler = [sys.executable, "-m", "ziglang", "cc", "--target=wasm32-wasi", "-O2", "-s", *SOURCES[name]]
    # In the source's own directory, with a relative name: no path of this machine gets into the program.
    subprocess.run([*compiler, "-o", str(output.absolute()), source.name], cwd=source.parent, check=True)


def main() -> None:
    for name in SOURCES:
        target = (HERE / name).with_suffix(".wasm")
        build(name, target)
        print(f"{target.relative_to(HERE)}: {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
