"""Interfaces on the command line: allowed, denied, and answered by Python objects."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli import guests
from remit.cli.main import main
from remit.policy.remit import Remit
from runtime import programs
from runtime.components.replaced import CLOCK, OUTPUT

Guest = Callable[[bytes], str]
Capture = pytest.CaptureFixture[str]

CODE = """
import remit

print("imported")

class Random:
    @remit.with_instance
    def random_get(self, guest, address, length):
        guest.memory.write(address, b"r" * length)
        return 0

class Clock:
    def now(self):
        return {"seconds": 5, "nanoseconds": 0}

def two(a, b):
    return 0

def write(stream, contents):
    print(type(stream).__name__, contents)

class Env:
    def f(self, number):
        return 42
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The working directory, with a module."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [each for each in sys.path if each])
    (tmp_path / "own_objects.py").write_text(CODE)
    yield
    sys.modules.pop("own_objects", None)


def complaint(capfd: Capture, *arguments: str) -> str:
    assert main([*arguments]) == 2
    out, err = capfd.readouterr()
    assert (out.removeprefix("imported\n"), err.count("\n")) == ("", 1)
    return err.removeprefix("remit: ").rstrip("\n")


def test_a_function_of_a_module_is_replaced(guest: Guest, capfd: Capture) -> None:
    path = guest(guests.RANDOM)
    assert main(["run", "--interfaces", "wasi_snapshot_preview1=own_objects:Random", path]) == 0
    assert capfd.readouterr().out == "imported\n" + "r" * 16
    Path("remit.toml").write_text(
        'program = "guest.wasm"\n[interfaces]\nwasi_snapshot_preview1 = "own_objects:Random"\n'
    )
    assert main(["run", "remit.toml"]) == 0
    assert capfd.readouterr().out == "r" * 16
    assert main(["trace", "-c", "--remit", "remit.toml", path]) == 0
    assert capfd.readouterr().out == "r" * 16


def test_a_function_that_is_not_wasis(guest: Guest, capfd: Capture) -> None:
    path = guest(programs.ASK)
    assert main(["run", "--interfaces", "env=own_objects:Env", path]) == 42
    capfd.readouterr()
    told = complaint(capfd, "run", "--interfaces", "env#f=own_objects:two", path)
    assert told.startswith(f"{path}: own_objects:two (--interfaces): missing a required argument: 'b'; guest.wasm")
    told = complaint(capfd, "run", "--interfaces", "env=own_objects:Clock", path)
    assert "own_objects:Clock (--interfaces), <own_objects.Clock object" in told
    assert told.endswith("has none of the functions that guest.wasm imports of it: f")
    told = complaint(capfd, "run", "--interfaces", "env=own_objects:Ev", path)
    assert told == "--interfaces: env: own_objects has no Ev; did you mean Env?"
    told = complaint(capfd, "run", "--interfaces", "env=own_object:Env", path)
    assert told == "--interfaces: env: there is no module own_object: PYTHONPATH says where to look for it"
    told = complaint(capfd, "run", "--interfaces", "env#g=own_objects:two", path)
    assert "imports has functions that guest.wasm does not ask for: env.g" in told


def test_what_python_objects_answer_is_not_recorded(guest: Guest, capfd: Capture) -> None:
    path = guest(guests.RANDOM)
    name = "wasi_snapshot_preview1"
    told = complaint(capfd, "run", "--record", "r.rec", "--interfaces", f"{name}=own_objects:Random", path)
    assert told.startswith(f"--record: {name} is answered by a Python object, whose answers are not recorded")
    assert not Path("r.rec").exists()
    assert "own_objects" not in sys.modules


def test_an_interface_of_a_component_is_replaced(guest: Guest, capfd: Capture) -> None:
    path = guest(CLOCK)
    Path("remit.toml").write_text('[interfaces]\n"wasi:clocks/wall-clock" = "own_objects:Clock"\n')
    assert main(["run", "--remit", "remit.toml", "--invoke", "now", path]) == 0
    assert capfd.readouterr().out == "imported\n5\n"
    assert main(["run", "--remit", "remit.toml", "--invoke", "resolution", path]) == 0
    assert int(capfd.readouterr().out) > 0
    Path("remit.toml").write_text('\n[interfaces]\n"wasi:clocks/wall-clock#now" = "own_objects:two"\n')
    told = complaint(capfd, "run", "--remit", "remit.toml", "--invoke", "now", path).splitlines()[-1]
    assert "own_objects:two (remit.toml:3) now: missing a required argument: 'a'" in told
    Path("remit.toml").write_text('[interfaces]\n"wasi:clocks/wall-clock#then" = "own_objects:two"\n')
    assert "has 'then', which is no function" in complaint(capfd, "run", "--remit", "remit.toml", path)


def test_one_method_of_a_resource_of_remits(guest: Guest, capfd: Capture) -> None:
    name = "wasi:io/streams#[method]output-stream.blocking-write-and-flush"
    path = guest(OUTPUT)
    assert main(["run", "--interfaces", f"{name}=own_objects:write", "--invoke", "say", path, "hello"]) == 0
    assert capfd.readouterr().out == "imported\nOutputStream b'hello'\n0\n"


def test_interfaces_are_allowed_and_denied(guest: Guest, capfd: Capture) -> None:
    path = guest(guests.CREATE)
    told = complaint(capfd, "run", "--interfaces", "-wasi_snapshot_preview1#path_open", path)
    assert told.endswith("imports what its remit does not allow: wasi_snapshot_preview1#path_open")
    told = complaint(capfd, "run", "--interfaces", "wasi_snapshot_preview1#path_open", path)
    assert told.endswith("wasi_snapshot_preview1#fd_write, wasi_snapshot_preview1#proc_exit")
    assert main(["run", "--interfaces", "wasi_snapshot_preview1", "--memory-dir", "/", path]) == 0
    told = complaint(capfd, "run", "--interfaces", "wasi_snapsot_preview1", path)
    assert "did you mean wasi_snapshot_preview1?" in told


def test_they_are_written_and_nothing_is_imported(guest: Guest, capfd: Capture) -> None:
    path = guest(guests.RANDOM)
    line = [
        "--interfaces",
        "wasi_snapshot_preview1",
        "--interfaces",
        "-wasi:io/poll",
        "--interfaces",
        "env#f=no.such:T",
    ]
    assert main(["run", *line, "--write-remit", "remit.toml", path]) == 0
    written = Remit.load("remit.toml")
    assert written.allow_interfaces == ("wasi_snapshot_preview1",)
    assert written.deny_interfaces == ("wasi:io/poll",)
    assert written.replaced_interfaces == {"env#f": "no.such:T"}
    assert 'env#f" = "no.such:T"' in Path("remit.toml").read_text()
    assert capfd.readouterr().out == ""


def test_another_program_than_was_meant_has_nothing_imported(guest: Guest, capfd: Capture) -> None:
    guest(guests.RANDOM)
    Path("remit.toml").write_text(
        f'program = "guest.wasm"\nsha256 = "{"0" * 64}"\n[interfaces]\nwasi_snapshot_preview1 = "own_objects:Random"\n'
    )
    assert main(["run", "remit.toml"]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert "is not the program that was meant" in err


def test_a_check_runs_none_of_their_code(guest: Guest, capfd: Capture) -> None:
    guest(guests.RANDOM)
    Path("remit.toml").write_text(
        'program = "guest.wasm"\n[interfaces]\nwasi_snapshot_preview1 = "own_objects:Random"\n'
    )
    assert main(["check", "remit.toml"]) == 0
    answer = "not checked: wasi_snapshot_preview1 is answered by own_objects:Random, whose code was not run\n"
    assert capfd.readouterr().out == answer
    guest(programs.ASK)
    Path("remit.toml").write_text('program = "guest.wasm"\n[interfaces]\nenv = "own_objects:Env"\n')
    told = complaint(capfd, "check", "remit.toml")
    assert told.startswith("remit.toml:3: nobody but own_objects:Env answers env, and a check does not run its code")
    assert "own_objects" not in sys.modules


def test_what_is_learned_has_them(guest: Guest, capfd: Capture) -> None:
    path = guest(guests.RANDOM)
    assert main(["learn", "--interfaces", "wasi_snapshot_preview1=own_objects:Random", path]) == 0
    assert Remit.load("remit.toml").replaced_interfaces == {"wasi_snapshot_preview1": "own_objects:Random"}
    assert capfd.readouterr().out == "imported\n" + "r" * 16


def test_the_working_directory_is_left_alone_if_python_is_to_leave_it_alone(guest: Guest) -> None:
    command = [sys.executable, "-P", "-m", "remit", "run", "--interfaces", "env=own_objects:Env", guest(programs.ASK)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no module own_objects" in done.stderr


def test_what_is_installed_comes_before_the_working_directory(guest: Guest, capfd: Capture) -> None:
    Path("json.py").write_text("print('not this one')\nclass Env: pass\n")
    told = complaint(capfd, "run", "--interfaces", "env=json:Env", guest(programs.ASK))
    assert told == "--interfaces: env: json has no Env"
