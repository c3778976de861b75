"""Commands of WASI 0.1 as components of WASI 0.2, by the npm package jco, which has the adapter."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

from tools import cache
from tools.guests.bring import CannotBringError, ClientMissingError
from tools.guests.catalogue import GUESTS

PACKAGE = GUESTS["wit"].package
VERSION = GUESTS["wit"].version


def _installed() -> Path:
    """Where the package is, with what it depends on; installed now if it is not there."""
    target = cache.directory("tools") / f"jco-{VERSION}"
    if not target.is_dir():
        npm = shutil.which("npm")
        if npm is None or shutil.which("node") is None:
            raise ClientMissingError("jco needs Node.js and npm: apt-get install npm")
        with cache.filled(target) as scratch:
            (scratch / "package.json").write_text('{"private": true}\n')
            command = [
                npm,
                "install",
                "--silent",
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
                f"{PACKAGE}@{VERSION}",
            ]
            done = subprocess.run(command, cwd=scratch, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise CannotBringError(f"`{' '.join(command)}` failed with status {done.returncode}:\n{done.stderr}")
    return target


def as_component(program: Path) -> Path:
    """The command `program` as a component. Takes 2 s the first time."""
    key = hashlib.sha256(VERSION.encode() + program.read_bytes()).hexdigest()[:16]
    target = cache.directory("built") / f"{program.stem}-component-{key}"
    if not target.is_dir():
        script = _installed() / "node_modules" / PACKAGE / "dist" / "jco.js"
        with cache.filled(target) as scratch:
            command = ["node", str(script), "new", str(program), "--wasi-command", "-o", str(scratch / "command.wasm")]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise CannotBringError(f"`{' '.join(command)}` failed with status {done.returncode}:\n{done.stderr}")
    return target / "command.wasm"
