"""``remit run`` as a process of its own: signals, terminals, pipes, and what it costs to start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import remit
from cli import guests

termios = pytest.importorskip("termios", reason="needs POSIX signals and terminals")

Guest = Callable[[bytes], str]
RUN = [sys.executable, "-m", "remit", "run"]

WAITING = {"busy": guests.SPIN, "sleeping": guests.SLEEP, "reading": guests.READ_FOREVER}


@contextmanager
def started(line: list[str], **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A process that does not outlive its test, whatever becomes of it."""
    with subprocess.Popen(line, **options) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("guest_is", WAITING)
def test_an_interrupt_ends_it(guest_is: str, guest: Guest) -> None:
    pipe = subprocess.PIPE
    with started([*RUN, guest(WAITING[guest_is])], stdin=pipe, stdout=pipe, stderr=pipe) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130
        assert process.stderr is not None
        assert process.stderr.read() == b""


@pytest.mark.parametrize("guest_is", WAITING)
def test_control_c_on_a_terminal(guest_is: str, guest: Guest) -> None:
    terminal, inside = os.openpty()
    settings = termios.tcgetattr(terminal)
    # The first terminal that a new session opens becomes its own.
    on_terminal = ["sh", "-c", 'exec "$@" <"$0" >"$0" 2>&1', os.ttyname(inside), *RUN, guest(WAITING[guest_is])]
    try:
        with started(on_terminal, stdin=inside, stdout=inside, stderr=inside, start_new_session=True) as process:
            # The process has its own by now; reading fails when it is gone.
            os.close(inside)
            shown = b""
            while b"ready" not in shown:
                shown += os.read(terminal, 100)
            os.write(terminal, b"\x03")
            assert process.wait(10) == 130
            assert termios.tcgetattr(terminal) == settings
    finally:
        os.close(terminal)


def test_standard_streams_are_inherited(guest: Guest) -> None:
    done = subprocess.run([*RUN, guest(guests.HELLO)], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"hello\n", b"")


def test_output_that_nobody_reads(guest: Guest) -> None:
    broken_pipe = 64
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as stdout:
        done = subprocess.run(
            [*RUN, guest(guests.WRITE_UNTIL_REFUSED)], stdout=stdout, stderr=subprocess.PIPE, check=False
        )
    assert (done.returncode, done.stderr) == (broken_pipe, b"")


# Each of these costs between 1 and 30 of the milliseconds in which a short program has begun and ended.
EXPENSIVE = {
    "argparse",
    "asyncio",
    "collections",
    "contextlib",
    "dataclasses",
    "datetime",
    "enum",
    "functools",
    "hashlib",
    "importlib",
    "inspect",
    "json",
    "logging",
    "pathlib",
    "random",
    "re",
    "shutil",
    "signal",
    "socket",
    "subprocess",
    "tempfile",
    "threading",
    "typing",
    "warnings",
}

# Without `site`, whose .pth files may import anything: so what is loaded at the end was loaded by the command.
REPORT = """
import sys
sys.path[:0] = sys.argv[1].split("\\n")
from remit.cli.main import main
status = main(["run", *sys.argv[2:]])
sys.stderr.write("\\n".join(sys.modules))
raise SystemExit(status)
"""

# What a run may load of Remit, at 0.1 to 0.2 ms each: before raising a number, see whether the new module is needed
# by every program. The remit and what opens it are five of them: options, the file and Python are spellings of that.
MODULES = {"nothing granted": 91, "files and variables": 101}


@pytest.mark.parametrize("granted", MODULES)
def test_a_second_run_imports_little_and_nothing_expensive(granted: str, guest: Guest, tmp_path: Path) -> None:
    paths = "\n".join([str(Path(remit.__file__).parents[1]), *filter(None, sys.path)])
    options = ["--dir", f"{tmp_path}::/", "--env=A=1"] if granted == "files and variables" else []
    line = [sys.executable, "-S", "-c", REPORT, paths, *options, guest(guests.HELLO)]
    subprocess.run(line, capture_output=True, check=True)
    done = subprocess.run(line, capture_output=True, check=True, text=True)
    assert done.stdout == "hello\n"
    loaded = set(done.stderr.splitlines())
    assert "remit.runtime.run" in loaded
    assert loaded & EXPENSIVE == set()
    assert {name for name in loaded if "remit_file" in name or name == "tomllib"} == set()
    ours = sorted(name for name in loaded if name.split(".")[0] == "remit")
    assert len(ours) <= MODULES[granted], "\n".join(ours)
