"""Real programs: a remit is learned from one run, is enough for it, and tells what another task lacks."""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
import sys
import tempfile
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
        shared: Callable[[], Path] | None = None,
    ) -> None:
        self.program = program
        self.first = first
        self.then = then
        self.prepare = prepare
        self.stdin = stdin
        self._options = options
        self._shared = shared

    @property
    def options(self) -> list[str]:
        """With the tables that come with it, where it has some."""
        shared = None if self._shared is None else self._shared()
        return [*self._options, *(["--dir", f"{shared}::/share:ro"] if shared and shared.is_dir() else [])]

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


@functools.cache
def made_of_circuits(step: str) -> bytes:
    """What Yosys makes of the adder (``json``), and nextpnr of that (``asc``)."""
    with tempfile.TemporaryDirectory() as place:
        data = Path(place)
        (data / "tmp").mkdir()
        circuits(data)
        if step == "asc":
            (data / "one.json").write_bytes(made_of_circuits("json"))
        program, share, arguments = {
            "json": ("yosys.wasm", "yosys", ["-q", "-p", "read_verilog /one.v; synth_ice40 -json /one.json"]),
            "asc": ("nextpnr-ice40.wasm", "icestorm", [*PLACE, "--json", "/one.json", "--asc", "/one.asc"]),
        }[step]
        guest = GUESTS[share]
        shared = ["--dir", f"{guest.path('share')}::/share:ro"] if guest.path("share").is_dir() else []
        command = ["run", "--dir", f"{data}::/", *shared, str(guest.path(program)), *arguments]
        subprocess.run([sys.executable, "-m", "remit", *command], check=True, capture_output=True)
        return (data / f"one.{step}").read_bytes()


PLACE = ["--hx1k", "--package", "tq144", "--seed", "1", "--quiet"]


def netlists(place: Path) -> None:
    for name in ("one", "two"):
        (place / f"{name}.json").write_bytes(made_of_circuits("json"))


def layouts(place: Path) -> None:
    for name in ("one", "two"):
        (place / f"{name}.asc").write_bytes(made_of_circuits("asc"))


def placing(name: str) -> list[str]:
    return [*PLACE, "--json", f"/data/{name}.json", "--asc", f"/data/{name}.asc"]


def packing(name: str) -> list[str]:
    return [f"/data/{name}.asc", f"/data/{name}.bin"]


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
    "icepll": Task(
        lambda: GUESTS["icestorm"].path("icepll.wasm"),
        ["-q", "-i", "12", "-o", "60", "-f", "/data/one.v"],
        ["-q", "-i", "12", "-o", "48", "-f", "/data/two.v"],
        prepare=nothing,
    ),
    "nextpnr": Task(
        lambda: GUESTS["icestorm"].path("nextpnr-ice40.wasm"),
        placing("one"),
        placing("two"),
        prepare=netlists,
        shared=lambda: GUESTS["icestorm"].path("share"),
    ),
    "icepack": Task(
        lambda: GUESTS["icestorm"].path("icepack.wasm"),
        packing("one"),
        packing("two"),
        prepare=layouts,
        shared=lambda: GUESTS["icestorm"].path("share"),
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


PACKAGES = {
    "nextpnr": ("icestorm", "yosys"),
    "icepack": ("icestorm", "yosys"),
    "icepll": ("icestorm",),
}
"""What a task needs, but for one that is called as its package."""


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.guest(each) for each in PACKAGES.get(name, (name,))]) for name in TASKS],
)
def test_a_remit_is_learned_and_widened(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task = TASKS[name]
    monkeypatch.chdir(tmp_path)
    data = tmp_path / "data"
    data.mkdir()
    task.prepare(data)
    done = task.remit("learn", "--dir", "data::/data", *task.options, str(task.program()), *task.first)
    assert done.returncode == 0, done
    learned = Remit.load("remit.toml")
    assert "/data" in [each.guest for each in learned.dirs if each.kind == "host"]
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
