"""Ctrl-C ends the command in silence with status 130, whatever it is doing: importing, compiling, running, ending."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli import guests

if sys.platform == "win32":
    pytest.skip("needs POSIX signals", allow_module_level=True)

Guest = Callable[[bytes], str]

# The signal comes at moments that are chosen, not timed. The command is begun as its users do, in a child for each
# moment: forking is many times faster than starting Python. The child goes on to the end of this script, and of Python.
SCRIPT = """
import json, os, runpy, sys
import _signal

order = json.loads(sys.argv[1])
report = os.dup(1)

def child_began(environment):
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(report)
        os.environ.update(environment)
        os.dup2(write, 1)
        os.dup2(write, 2)
        os.close(write)
        _signal.alarm(30)  # kills what has missed the interrupt, and waits
        return None
    os.close(write)
    with open(read, "rb") as file:
        output = file.read()
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), output.decode()

def interrupt():
    os.kill(os.getpid(), _signal.SIGINT)

def is_taken():
    return _signal.getsignal(_signal.SIGINT) is not _signal.default_int_handler

class Imports:
    def __init__(self, at):
        self.at = at
        self.count = 0
    def find_spec(self, name, path=None, target=None):
        if is_taken():
            self.count += 1
            if self.at == "count":
                os.write(2, f"{name}\\n".encode())
            elif self.count == self.at:
                interrupt()
        else:
            early.append(name)

class Calls:
    def __init__(self, at):
        number, _, self.function = str(at).partition(" in ")
        self.at = number
        self.count = 0
    def __call__(self, frame, event, argument):
        if not is_taken():
            return
        if event == "c_call" and argument.__name__ == self.at:
            sys.setprofile(None)
            interrupt()
        if event not in ("call", "c_return"):
            return  # Python does not look for signals here; what comes next may be what ends a `with`.
        if self.at == "count":
            os.write(2, b"call\\n")
            return
        if self.function in ("", frame.f_code.co_name):
            self.count += 1
        if self.at == str(self.count):
            sys.setprofile(None)
            interrupt()

early = []
outcomes = []
for at in order["moments"]:
    outcome = child_began({"REMIT_CACHE_DIR": order["cache"].format(at)})
    if outcome is None:
        break
    outcomes.append((at, *outcome))
else:
    os.write(report, json.dumps(outcomes).encode())
    os._exit(0)

sys.argv = order["line"]
if order["kind"] == "imports":
    sys.meta_path.insert(0, Imports(at))
else:
    sys.setprofile(Calls(at))
if order["entry"] == "module":
    runpy.run_module("remit", run_name="__main__", alter_sys=True)
else:
    from remit.cli.main import main
    sys.exit(main())
"""


def outcomes(kind: str, moments: list[Any], entry: str, line: list[str], cache: str) -> list[tuple[Any, int, str]]:
    """For each moment: the exit status and the output of a command that was interrupted there."""
    order = {"kind": kind, "moments": moments, "entry": entry, "line": ["remit", *line], "cache": cache}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(order)], capture_output=True, check=True, stdin=subprocess.DEVNULL
    )
    return [tuple(each) for each in json.loads(done.stdout)]


def count(kind: str, entry: str, line: list[str], cache: str) -> int:
    [(_, _, output)] = outcomes(kind, ["count"], entry, line, cache)
    return sum(each.startswith(("remit.", "call")) for each in output.splitlines())


@pytest.mark.parametrize("entry", ["script", "module"])
def test_while_it_imports(entry: str, guest: Guest, tmp_path: Path) -> None:
    line, cache = ["run", guest(guests.HELLO)], str(tmp_path / "cache")
    number = count("imports", entry, line, cache)
    assert number > 50
    moments = list(range(1, number + 1, 3))
    assert outcomes("imports", moments, entry, line, cache) == [(at, 130, "") for at in moments]


COMMANDS = {
    "run": ["run", "{guest}"],
    "invoke": ["run", "--invoke", "_start", "{guest}"],
    "run with an overlay": ["run", "--overlay", ".::/", "--overlay-changes", "{guest}"],
    "inspect": ["inspect", "--json", "{guest}"],
    "compile": ["compile", "{guest}", "-o", "{out}"],
    "prune": ["cache", "prune", "--all"],
    "help": ["help", "run"],
    "mistake": ["rum"],
}


MARGIN = 100
"""By so many calls one run may be shorter than another: how often it looks whether the compiler is done is chance."""


@pytest.mark.parametrize("command", COMMANDS)
def test_whatever_it_does(command: str, guest: Guest, tmp_path: Path) -> None:
    words = {"guest": guest(guests.HELLO), "out": str(tmp_path / "guest.cwasm")}
    line = [word.format(**words) for word in COMMANDS[command]]
    cache = str(tmp_path / "cache{}")
    number = count("calls", "script", line, cache)
    assert number > 20
    moments = sorted({*range(0, number, number // 15), number - 1, number})
    [(_, undisturbed_status, undisturbed), *interrupted] = outcomes("calls", moments, "script", line, cache)
    for at, status, output in interrupted:
        if at > number - MARGIN and output == undisturbed and status == undisturbed_status:
            continue  # It came to its end before that moment.
        assert status == 130, at
        assert undisturbed.startswith(output), at


@pytest.mark.parametrize("call", range(1, 6))
def test_on_the_way_into_a_wait(call: int, guest: Guest, tmp_path: Path) -> None:
    """In the last Python before the host function, and the first of it, where nothing may be raised."""
    line = ["run", guest(guests.SLEEP)]
    at = f"{call} in callback"
    [(_, status, output)] = outcomes("calls", [at], "script", line, str(tmp_path / "cache"))
    assert status == 130
    assert output in ("", "ready\n")


@pytest.mark.parametrize("function", ["write", "fsync", "replace"])
def test_nothing_half_written_is_left_in_the_cache(function: str, guest: Guest, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    line = ["run", guest(guests.HELLO)]
    assert outcomes("calls", [function], "script", line, str(cache)) == [(function, 130, "")]
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize("function", ["write", "replace"])
def test_nothing_half_written_is_left_of_an_output(function: str, guest: Guest, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    line = ["compile", guest(guests.HELLO), "-o", str(out / "guest.cwasm")]
    # The second time, the cache has it: so it is the output that is written.
    whole, cut = outcomes("calls", [0, function], "script", line, str(tmp_path / "cache"))
    assert (whole[1], cut) == (0, (function, 130, ""))
    assert [each.name for each in out.iterdir()] == ["guest.cwasm"]


# A compiler that never ends, and that no signal gets its caller out of: it waits for a mutex that it has itself. That
# it compiles is said by another thread, which gets its turn when the caller has gone into C.
ENDLESS_COMPILER = """
import _thread, ctypes, os, sys
from remit.engine.wasmtime import library
libc = ctypes.CDLL(None)
mutex = ctypes.create_string_buffer(256)
libc.pthread_mutex_lock(mutex)
def module_new(*arguments):
    sys.setswitchinterval(1000)
    _thread.start_new_thread(os.write, (1, b"compiling\\n"))
    libc.pthread_mutex_lock(mutex)
library.module_new = module_new
from remit.cli.main import main
sys.argv[0] = "remit"
sys.exit(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs a mutex of zeros")
@pytest.mark.parametrize("line", [["run"], ["run", "--no-cache"], ["run", "--invoke", "f"], ["compile", "--fuel"]])
def test_while_it_compiles(line: list[str], guest: Guest, cache_of_its_own: Path) -> None:
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", ENDLESS_COMPILER, *line, guest(guests.HELLO)]
    with subprocess.Popen(command, stdout=pipe, stderr=pipe) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"compiling\n"
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=20)
            assert (process.returncode, out, err) == (130, b"", b"")
        finally:
            process.kill()
    assert [each for each in cache_of_its_own.rglob("*") if each.is_file()] == []


def test_an_interrupt_that_is_ignored_stays_ignored(guest: Guest) -> None:
    """As shells start what runs in the background."""
    line = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", sys.executable, "-m", "remit"]
    pipe = subprocess.PIPE
    with subprocess.Popen([*line, "run", guest(guests.READ_FOREVER)], stdin=pipe, stdout=pipe) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGINT)
        process.communicate(b"x")
        assert process.returncode == 0


def test_the_handler_of_whoever_calls_the_command_stays(guest: Guest) -> None:
    from remit.cli.main import main

    before = signal.getsignal(signal.SIGINT), sys.unraisablehook
    assert main(["run", guest(guests.HELLO)]) == 0
    assert (signal.getsignal(signal.SIGINT), sys.unraisablehook) == before
