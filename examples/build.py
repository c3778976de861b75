"""Rebuild the examples' programs from the C files beside them: ``python -m examples.build``.

It needs ``pip install ziglang==0.17.1``, and for components Node.js and npm. The same compiler makes the same bytes on
every machine; a test holds the committed programs to that.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

from tools.guests import jco

HERE = Path(__file__).parent
COMPILER = "0.17.1"
"""The version of the PyPI package `ziglang` that the committed programs were built with."""
SOURCES = {
    "demo/notes.c": (),
    # No main: functions for the host to call.
    "plugin/plugin.c": ("-mexec-model=reactor",),
    "words/words.c": ("-mexec-model=reactor",),
    "hello_http/hello.c": ("-mexec-model=reactor",),
}
"""Each source, and what its compilation needs beside the usual."""
WORLDS = {"words/words.c": "words", "hello_http/hello.c": "hello"}
"""Those that are components: the world in the WIT file beside the source."""


def build(name: str, output: Path) -> None:
    """Compile the source `name` into `output`."""
    found = metadata.version("ziglang")
    if found != COMPILER:
        raise SystemExit(f"the examples need ziglang {COMPILER}, here is {found}: pip install ziglang=={COMPILER}")
    source = HERE / name
    compiler = [sys.executable, "-m", "ziglang", "cc", "--target=wasm32-wasi", "-O2", "-s", *SOURCES[name]]
    with tempfile.TemporaryDirectory() as scratch:
        core = Path(scratch, "core.wasm") if name in WORLDS else output.absolute()
        # In the source's own directory, with a relative name: no path of this machine gets into the program.
        subprocess.run([*compiler, "-o", str(core), source.name], cwd=source.parent, check=True)
        if name in WORLDS:
            jco.encode(core, source.with_suffix(".wit"), WORLDS[name], output)


def main() -> None:
    for name in SOURCES:
        target = (HERE / name).with_suffix(".wasm")
        build(name, target)
        print(f"{target.relative_to(HERE)}: {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
