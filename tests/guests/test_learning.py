"""Real programs: a remit is learned from one run, is enough for it, and tells what another task lacks."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from remit.policy.remit import Remit
from tools.guests import minigzip, sqlite
from tools.guests.catalogue import GUESTS

SQL = "create table if not exists t(x); insert into t values (1); select count(*) from t;"


class Task:
    """A program, what it is given, what it does first, and what it does then, which takes more than that."""

    def __init__(
        self,
        program: Callable[[], Path],
        first: list[str],
        then: list[str],
        *,
        prepare: Callable[[Path], None],
        stdin: str = "",
        options: tuple[str, ...] = (),
    ) -> None:
        self.program = program
        self.first = first
        self.then = then
        self.prepare = prepare
        self.stdin = stdin
        self.options = options

    def remit(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "remit", *arguments]
        return subprocess.run(command, input=self.stdin, capture_output=True, text=True, check=False)


def cpython_files(place: Path) -> None:
    (place / "in.txt").write_text("words\n")
    (place / "other.txt").write_text("other words\n")


def words(place: Path) -> None:
    (place / "text").write_text("words " * 1000)
    (place / "noise").write_text("noise " * 1000)


def scripts(place: Path) -> None:
    for name in ("one", "two"):
        (place / f"{name}.ts").write_text(f"export const {name}: string = '{name}';\nconsole.log({name})\n")


def circuits(place: Path) -> None:
    for name in ("one", "two"):
        text = (Path(__file__).parent / "adder.v").read_text()
        (place / f"{name}.v").write_text(text)


def synthesis(name: str) -> list[str]:
    return ["-q", "-p", f"read_verilog /data/{name}.v; proc; write_json /data/{name}.json"]


def nothing(place: Path) -> None:
    pass


TASKS = {
    "cpython": Task(
        lambda: GUESTS["cpython"].path("python.wasm"),
        ["-B", "-c", "print(open('/data/in.txt').read().strip())"],
        ["-B", "-c", "print(open('/data/other.txt').read().strip())"],
        prepare=cpython_files,
    ),
    "sqlite": Task(sqlite.program, ["/data/one.db"], ["/data/two.db"], prepare=nothing, stdin=SQL),
    "esbuild": Task(
        lambda: GUESTS["esbuild"].path("esbuild.wasm"),
        ["one.ts", "--outfile=one.js", "--log-level=warning"],
        ["two.ts", "--outfile=two.js", "--log-level=warning"],
        prepare=scripts,
        options=("--env", "PWD=/data"),
    ),
    "icestorm": Task(
        lambda: GUESTS["icestorm"].path("icepll.wasm"),
        ["-q", "-i", "12", "-o", "60", "-f", "/data/one.v"],
        ["-q", "-i", "12", "-o", "48", "-f", "/data/two.v"],
        prepare=nothing,
    ),
    "yosys": Task(
        lambda: GUESTS["yosys"].path("yosys.wasm"),
        synthesis("one"),
        synthesis("two"),
        prepare=circuits,
        options=("--memory-dir", "/tmp"),
    ),
    "zlib": Task(minigzip.program, ["/data/text"], ["/data/noise"], prepare=words),
}


def fresh(data: Path, task: Task) -> None:
    """As it was before the program came."""
    shutil.rmtree(data)
    data.mkdir()
    task.prepare(data)


def paste(file: Path, remedy: str) -> None:
    """Do what is said to be the remedy: `add "RULE" to rules in the [[dir]] of "/data"`."""
    found = re.fullmatch(r'add ("(?:[^"\\]|\\.)*") to rules in the \[\[dir\]\] of "/data"', remedy)
    assert found is not None, remedy
    rule = tomllib.loads(f"rule = {found[1]}")["rule"]
    remit = Remit.load(file)
    [grant] = [each for each in remit.dirs if each.guest == "/data"]
    assert grant.rules is not None
    assert rule not in grant.rules
    more = Remit.Directory(grant.guest, grant.path, rules=[*grant.rules, rule])
    remit.changed(dirs=[more if each is grant else each for each in remit.dirs]).save(file)


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.guest(name)) for name in TASKS])
def test_a_remit_is_learned_and_widened(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task = TASKS[name]
    monkeypatch.chdir(tmp_path)
    data = tmp_path / "data"
    data.mkdir()
    task.prepare(data)
    done = task.remit("learn", "--dir", "data::/data", *task.options, str(task.program()), *task.first)
    assert done.returncode == 0, done
    learned = Remit.load("remit.toml")
    assert [each.kind for each in learned.dirs].count("host") == 1
    fresh(data, task)
    again = task.remit("run", "remit.toml", *task.first)
    assert (again.returncode, again.stdout) == (0, done.stdout), again
    for _ in range(10):
        # What a refusal interrupts may leave something behind: SQLite its lock.
        fresh(data, task)
        then = task.remit("run", "remit.toml", *task.then)
        refused = [line for line in then.stderr.splitlines() if line.startswith("remit: refused") and "/data" in line]
        if not refused:
            break
        paste(Path("remit.toml"), refused[0].rpartition("; ")[2])
    else:
        pytest.fail("it is refused again and again")
    assert then.returncode == 0, then
    assert Remit.load("remit.toml") != learned, "it took more than was learned"
