"""Building C programs for WASI with the compiler of the PyPI package `ziglang`."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from tools import cache

FLAGS = ("--target=wasm32-wasi", "-O2", "-s")
"""Without ``-s`` a hello has 900 KB of debug information."""


class BuildError(Exception):
    """The compiler refused, or is not there."""


def version() -> str:
    """The installed version of the compiler."""
    try:
        return metadata.version("ziglang")
    except metadata.PackageNotFoundError:
        raise BuildError(f"the C compiler is missing: {sys.executable} -m pip install ziglang") from None


def compile_c(sources: Sequence[Path], output: Path, *flags: str) -> None:
    """Compile and link `sources` into the WebAssembly program `output`, with `FLAGS` and then `flags`.

    The sources are named relative to the first one's directory, so that no path of this machine gets into the program.
    """
    version()
    home = sources[0].parent
    names = [str(source.relative_to(home)) if source.is_relative_to(home) else str(source) for source in sources]
    command = [sys.executable, "-m", "ziglang", "cc", *FLAGS, *flags, "-o", str(output.absolute()), *names]
    done = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BuildError(f"`{' '.join(command)}` failed with status {done.returncode}:\n{done.stderr}")


def built(sources: Sequence[Path], *flags: str) -> Path:
    """`compile_c` into the cache directory, once for each content of `sources`, `flags` and compiler version."""
    key = hashlib.sha256(repr((version(), FLAGS, flags)).encode())
    for source in sources:
        key.update(source.read_bytes())
    target = cache.directory("built") / f"{sources[0].stem}-{key.hexdigest()[:16]}"
    program = f"{sources[0].stem}.wasm"
    if not target.is_dir():
        with cache.filled(target) as scratch:
            compile_c(sources, scratch / program, *flags)
    return target / program
