"""The ways to run a program that are compared, each as a command with the same options."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tools import cache
from tools.guests.bring import CannotBringError, bring
from tools.guests.catalogue import NODE

PEERS = Path(__file__).parent / "peers"


@dataclass(frozen=True)
class Contender:
    """A command that takes ``--dir``, ``--env``, PROGRAM and ARGUMENTS."""

    name: str
    command: tuple[str, ...]

    def arguments(self, program: Path) -> list[str]:
        """What it needs to load `program` from compiled code, if it can keep that."""
        if not self.name.startswith(WASMTIME_PY):
            return []
        compiled = f"{program.parent.name}-{program.stem}-{self.name.replace(' ', '-')}.cwasm"
        return ["--compiled", str(cache.directory("wasmtime-py") / compiled)]


REMIT = "remit"
WASMTIME_PY = "wasmtime-py"
NODE_WASI = "node 24"
PEER_SCRIPT = PEERS / "wasmtime_py.py"


def remit() -> Contender:
    """The installed command; a person and a tool start that, not ``python -m``."""
    beside = Path(sys.executable).parent / "remit"
    found = str(beside) if beside.exists() else shutil.which("remit")
    return Contender(REMIT, (found, "run") if found else (sys.executable, "-m", "remit", "run"))


def wasmtime_py(*, epochs: bool = False) -> Contender:
    """wasmtime-py with its own WASI, from compiled code; with `epochs`, code that can be stopped, as Remit's can."""
    options = ("--epochs",) if epochs else ()
    name = f"{WASMTIME_PY} epochs" if epochs else WASMTIME_PY
    return Contender(name, (sys.executable, str(PEER_SCRIPT), *options))


def node() -> Contender | str:
    """node:wasi of node 24, or why it cannot take part."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return "the benchmarks take node 24 from a package for x86-64 Linux only"
    try:
        bring(NODE)
    except CannotBringError as error:
        return str(error)
    script = PEERS / "node_wasi.mjs"
    return Contender(NODE_WASI, (str(NODE.path("bin/node")), "--no-warnings", str(script)))


def wasmtime_py_components() -> Contender:
    """wasmtime-py with its own WASI 0.2, from precompiled code."""
    return Contender(WASMTIME_PY, (sys.executable, "-m", "bench.peers.wasmtime_py_component"))


class FailedError(Exception):
    """A contender could not do the work."""


def run(
    contender: Contender,
    program: Path,
    arguments: Sequence[str] = (),
    *,
    directory: Path | None = None,
    guest_directory: str = "/",
    env: Mapping[str, str] | None = None,
    stdin: bytes = b"",
) -> tuple[float, str]:
    """Run `program` as a process: seconds, and its standard output."""
    options = [] if directory is None else ["--dir", f"{directory}::{guest_directory}"]
    for name, value in (env or {}).items():
        options += ["--env", f"{name}={value}"]
    command = [*contender.command, *contender.arguments(program), *options, str(program), *arguments]
    start = time.perf_counter()
    done = subprocess.run(command, input=stdin, capture_output=True, check=False, env=os.environ)
    seconds = time.perf_counter() - start
    if done.returncode != 0:
        text = done.stderr.decode(errors="replace").strip()
        raise FailedError(f"`{' '.join(command)}` ended with status {done.returncode}: {text}")
    return seconds, done.stdout.decode()


def whole_process(
    contenders: Sequence[Contender],
    rounds: int,
    program: Path,
    arguments: Sequence[str] = (),
    *,
    directory: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: bytes = b"",
) -> dict[str, float]:
    """Median seconds of each contender. They take turns, as a machine's speed drifts; the first turn fills caches."""
    seconds: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    for turn in range(rounds + 1):
        for contender in contenders:
            took, _ = run(contender, program, arguments, directory=directory, env=env, stdin=stdin)
            if turn:
                seconds[contender.name].append(took)
    return {name: median(values) for name, values in seconds.items()}


def timed_inside(
    contenders: Sequence[Contender],
    rounds: int,
    program: Path,
    arguments: Sequence[str] = (),
    *,
    directory: Path | None = None,
    summary: Callable[[Sequence[float]], float] = median,
) -> dict[str, dict[str, float]]:
    """For a program that prints lines of a name and a figure: contender -> name -> figure. They take turns.

    `summary` makes one figure of those of all rounds.
    """
    figures: dict[str, dict[str, list[float]]] = {contender.name: {} for contender in contenders}
    for turn in range(rounds + 1):
        for contender in contenders:
            _, output = run(contender, program, arguments, directory=directory)
            if not turn:
                continue
            for line in output.splitlines():
                name, _, figure = line.partition("\t")
                figures[contender.name].setdefault(name, []).append(float(figure))
    return {who: {name: summary(values) for name, values in found.items()} for who, found in figures.items()}
