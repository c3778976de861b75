"""What it costs to grant less than a directory, and to be told what a program does: rules, read-only directories, the
audit log, tracing when it is off, recording, and learning."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.contenders import Contender, FailedError, run
from bench.rows import Row, Target
from bench.works.setting import Setting, guest
from tools import cache

WATCHED = Target(1.3)
RECORDED = Target(2.0)
OFF = Target(1.02)
LEARNT = Target(1.5)
READING = Target(1.1)
RULES = Target(1.3)
BOTH = Target(1.7)
ACCESSES, FILES = "100000", "2000"


def rows(setting: Setting) -> Iterator[Row]:
    yield from _limited(setting)
    seconds = _in_one_process("files", setting.scratch / "watching", setting.rounds * 2, guest("files"))
    plain = seconds["plain"]
    work = "2,000 small files, 64 MiB"
    yield Row(f"{work}: on_use, a function", "CPU s", seconds["callback"], "without", plain, WATCHED)
    yield Row(f"{work}: on_use, lines of JSON", "CPU s", seconds["JSON lines"], "without", plain, WATCHED)
    yield Row(f"{work}: no audit, after one", "CPU s", seconds["after watching"], "never audited", plain, OFF)
    yield Row(f"{work}: no trace, after one", "CPU s", seconds["after tracing"], "never traced", plain, OFF)
    yield Row(f"{work}: recorded", "CPU s", seconds["recorded"], "without", plain, RECORDED)
    yield Row(f"{work}: no recording, after one", "CPU s", seconds["after recording"], "never recorded", plain, OFF)
    yield _learning(setting)


def _limited(setting: Setting) -> Iterator[Row]:
    """What it costs to be granted less than a whole directory."""
    programs = guest("files"), guest("reading")
    seconds = _in_one_process("limited", setting.scratch / "limited", setting.rounds * 2, *programs)
    plain = "all of the directory"
    work = "2,000 small files, 64 MiB: a rule for each file"
    yield Row(work, "CPU s", seconds["writing by rules"], plain, seconds["writing"], RULES)
    yield Row(
        f"{work}, and lines of JSON", "CPU s", seconds["writing by rules, audited"], plain, seconds["writing"], BOTH
    )
    work = "reading 4,000 files, 32 MiB"
    yield Row(f"{work}: read-only", "CPU s", seconds["reading only"], plain, seconds["reading"], READING)
    yield Row(f"{work}: a rule for each", "CPU s", seconds["reading by rules"], plain, seconds["reading"], RULES)


def _in_one_process(module: str, directory: Path, rounds: int, *programs: Path) -> dict[str, float]:
    directory.mkdir()
    command = [sys.executable, "-m", f"bench.watching.{module}", *map(str, programs), str(directory), str(rounds)]
    done = subprocess.run(command, cwd=cache.REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise FailedError(f"`{' '.join(command)}` ended with status {done.returncode}: {done.stderr.strip()}")
    seconds: dict[str, float] = json.loads(done.stdout)
    return seconds


def _learning(setting: Setting) -> Row:
    """`remit learn` against `remit run`, as whole processes: processor time, the best of each.

    What is learned is written down at the end.
    """
    *command, _ = setting.remit.command
    work = setting.scratch / "learning"
    work.mkdir()
    output = setting.scratch / "remit.toml"
    learn = Contender("remit learn", (*command, "learn", "-o", str(output)))
    seconds: dict[str, list[float]] = {setting.remit.name: [], learn.name: []}
    for turn in range(setting.rounds + 1):
        for contender in (setting.remit, learn):
            output.unlink(missing_ok=True)
            before = _of_children()
            run(contender, guest("accesses"), [ACCESSES, FILES], directory=work)
            if turn:
                seconds[contender.name].append(_of_children() - before)
    ours, plain = (min(seconds[name]) for name in (learn.name, setting.remit.name))
    return Row("100,000 accesses to 2,000 files: remit learn", "CPU s", ours, "remit run", plain, LEARNT)


def _of_children() -> float:
    """Seconds of processor time of all that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
