"""Components written in Rust, built by a compiler that is there already: no package registry has it."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from functools import cache as once
from pathlib import Path

from tools import cache
from tools.guests.bring import CannotBringError

TARGET = "wasm32-wasip2"


@once
def version() -> str | None:
    """Of the compiler, if there is one that has the target."""
    rustc = shutil.which("rustc")
    if rustc is None:
        return None
    found = subprocess.run([rustc, "--version"], capture_output=True, text=True, check=False)
    where = subprocess.run(
        [rustc, "--print", "target-libdir", "--target", TARGET], capture_output=True, text=True, check=False
    )
    return found.stdout.strip() if where.returncode == 0 and Path(where.stdout.strip()).is_dir() else None


def available() -> str | None:
    """Why they cannot be built here, or None."""
    return None if version() else f"no Rust compiler with the target {TARGET}: rustup target add {TARGET}"


def built(source: Path) -> Path:
    """The program of one file, as a component. Takes a second. CannotBringError."""
    reason = available()
    if reason:
        raise CannotBringError(reason)
    key = hashlib.sha256(f"{version()}\0".encode() + source.read_bytes()).hexdigest()[:16]
    target = cache.directory("built") / f"rust-{source.stem}-{key}"
    program = f"{source.stem}.wasm"
    if not target.is_dir():
        with cache.filled(target) as scratch:
            command = [
                "rustc",
                "--edition",
                "2021",
                "-O",
                "--target",
                TARGET,
                str(source),
                "-o",
                str(scratch / program),
            ]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise CannotBringError(f"`{' '.join(command)}` failed with status {done.returncode}:\n{done.stderr}")
    return target / program
