"""Running one program under Remit and under wasmtime-py's own WASI, each on a copy of the same files."""

from __future__ import annotations

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


@dataclass(frozen=True)
class Outcome:
    """All that can be seen of a run from outside."""

    status: int
    stdout: bytes
    stderr: bytes
    files: Mapping[str, bytes | str]
    """Relative path -> a file's content; or in words, what else it is."""


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
    timeout: float = 300
    """Seconds; only a program that hangs needs them all. The largest take minutes to compile where others work, too."""


REMIT = (sys.executable, "-m", "remit", "run", "--no-explain")
WASMTIME_PY = (sys.executable, str(PEER))


def on_remit(work: Work, command: Sequence[str] = REMIT) -> Outcome:
    """`work` by ``remit run``, or by another `command` with its options."""
    return _run(command, work)


def on_wasmtime_py(work: Work, command: Sequence[str] = WASMTIME_PY) -> Outcome:
    """`work` by wasmtime-py, in a process of its own."""
    version = metadata.version("wasmtime")
    name = f"{work.program.parent.name}-{work.program.stem}-{version}.cwasm"
    return _run([*command, "--compiled", str(cache.directory("wasmtime-py") / name)], work)


def both(work: Work, remit: Sequence[str] = REMIT, wasmtime_py: Sequence[str] = WASMTIME_PY) -> Outcome:
    """Run `work` under both, check that nothing differs, and return what they agree on."""
    ours, theirs = on_remit(work, remit), on_wasmtime_py(work, wasmtime_py)
    assert (ours.stdout, ours.stderr, ours.status) == (theirs.stdout, theirs.stderr, theirs.status)
    names = ours.files.keys() | theirs.files.keys()
    assert not [name for name in names if ours.files.get(name) != theirs.files.get(name)]
    return ours


def _run(command: Sequence[str], work: Work) -> Outcome:
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "granted"
        options = [f"--env={name}={value}" for name, value in work.env.items()]
        if work.directory is not None:
            shutil.copytree(work.directory, copy, symlinks=True)
            options.append(f"--dir={copy}::{work.guest_directory}")
        options += [f"--dir={host}::{guest}" for guest, host in work.more_directories.items()]
        whole = [*command, *options, str(work.program), *work.arguments]
        search = os.pathsep.join([str(cache.REPOSITORY), str(cache.REPOSITORY / "tests")])
        environment = os.environ | {"PYTHONPATH": search}
        done = subprocess.run(
            whole, env=environment, input=work.stdin, capture_output=True, timeout=work.timeout, check=False
        )
        return Outcome(done.returncode, done.stdout, done.stderr, snapshot(copy))


def snapshot(top: Path) -> dict[str, bytes | str]:
    """Everything below `top`."""
    found: dict[str, bytes | str] = {}
    for parent, directories, files in os.walk(top):
        for name in [*directories, *files]:
            path = Path(parent, name)
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode):
                entry: bytes | str = f"link to {path.readlink()}"
            else:
                entry = path.read_bytes() if stat.S_ISREG(mode) else "directory"
            found[path.relative_to(top).as_posix()] = entry
    return found
