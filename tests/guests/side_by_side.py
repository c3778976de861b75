"""Running one program under Remit and under wasmtime-py's own WASI, each on a copy of the same files."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from tools import cache

PEER = cache.REPOSITORY / "bench" / "peers" / "wasmtime_py.py"
TIMEOUT = 300
"""Seconds; only a program that hangs needs them."""


@dataclass(frozen=True)
class Outcome:
    """All that can be seen of a run from outside."""

    status: int
    stdout: bytes
    stderr: bytes
    files: Mapping[str, tuple[str, str]]
    """Relative path -> kind, and the content's checksum or the link's target."""


@dataclass(frozen=True)
class Work:
    """What a program is asked to do."""

    program: Path
    arguments: Sequence[str] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    stdin: bytes = b""
    directory: Path | None = None
    """Copied for each run, and granted as `guest_directory`."""
    guest_directory: str = "/"
    more_directories: Mapping[str, Path] = field(default_factory=dict)
    """Guest path -> host path, shared by the runs: for what is only read."""


def on_remit(work: Work) -> Outcome:
    """`work` by ``remit run``."""
    return _run([sys.executable, "-m", "remit", "run"], work)


def on_wasmtime_py(work: Work) -> Outcome:
    """`work` by wasmtime-py, in a process of its own."""
    version = metadata.version("wasmtime")
    name = f"{work.program.parent.name}-{work.program.stem}-{version}.cwasm"
    compiled = cache.directory("wasmtime-py") / name
    return _run([sys.executable, str(PEER), "--compiled", str(compiled)], work)


def both(work: Work) -> Outcome:
    """Run `work` under both, check that nothing differs, and return what they agree on."""
    ours, theirs = on_remit(work), on_wasmtime_py(work)
    assert (ours.stdout, ours.stderr, ours.status) == (theirs.stdout, theirs.stderr, theirs.status)
    assert ours.files == theirs.files
    return ours


def _run(command: list[str], work: Work) -> Outcome:
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "granted"
        options = [f"--env={name}={value}" for name, value in work.env.items()]
        if work.directory is not None:
            shutil.copytree(work.directory, copy, symlinks=True)
            options.append(f"--dir={copy}::{work.guest_directory}")
        options += [f"--dir={host}::{guest}" for guest, host in work.more_directories.items()]
        whole = [*command, *options, str(work.program), *work.arguments]
        done = subprocess.run(whole, input=work.stdin, capture_output=True, timeout=TIMEOUT, check=False)
        return Outcome(done.returncode, done.stdout, done.stderr, snapshot(copy))


def snapshot(top: Path) -> dict[str, tuple[str, str]]:
    """Everything below `top`."""
    found: dict[str, tuple[str, str]] = {}
    for parent, directories, files in os.walk(top):
        for name in [*directories, *files]:
            path = Path(parent, name)
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode):
                entry = "link", str(path.readlink())
            elif stat.S_ISREG(mode):
                entry = "file", hashlib.sha256(path.read_bytes()).hexdigest()
            else:
                entry = "directory", ""
            found[str(path.relative_to(top))] = entry
    return found
