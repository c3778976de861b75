"""Components written in Python, for tests and benchmarks, built by componentize-py with the WIT files of WASI 0.2."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from tools import cache
from tools.guests.catalogue import GUESTS

HOME = cache.REPOSITORY / "tests" / "guests" / "components"
"""A folder for each: ``app.py``, and ``world.wit`` with the world that is called ``guest``."""


class BuildError(Exception):
    """componentize-py refused, or is not there."""


def available() -> str | None:
    """Why they cannot be built here, or None."""
    try:
        metadata.version("componentize-py")
    except metadata.PackageNotFoundError:
        return "componentize-py is not there: pip install -e '.[test]'"
    if not GUESTS["wit"].present:
        return "the WIT files are not there: python -m tools.guests --only wit"
    return None


def built(name: str) -> Path:
    """The component `name`, once for each content of its folder. Takes 5 s the first time."""
    reason = available()
    if reason:
        raise BuildError(reason)
    folder = HOME / name
    sources = sorted([*folder.glob("*.py"), folder / "world.wit"])
    key = hashlib.sha256(repr((metadata.version("componentize-py"), GUESTS["wit"].version)).encode())
    for source in sources:
        key.update(source.read_bytes())
    target = cache.directory("built") / f"{name}-{key.hexdigest()[:16]}"
    if not target.is_dir():
        with cache.filled(target) as scratch:
            _build(folder, scratch, name)
    return target / f"{name}.wasm"


def _build(folder: Path, scratch: Path, name: str) -> None:
    wit = scratch / "wit"
    (wit / "deps").mkdir(parents=True)
    for package in GUESTS["wit"].directory.iterdir():
        shutil.copytree(package, wit / "deps" / package.name)
    shutil.copy(folder / "world.wit", wit / "world.wit")
    command = [str(Path(sys.executable).parent / "componentize-py"), "-d", str(wit), "-w", "guest"]
    command += ["componentize", "-p", str(folder), "app", "-o", str(scratch / f"{name}.wasm")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    shutil.rmtree(wit)
    if done.returncode != 0:
        raise BuildError(f"`{' '.join(command)}` failed with status {done.returncode}:\n{done.stdout}{done.stderr}")
