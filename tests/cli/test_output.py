"""What the command says, on streams that take nothing: closed, full, or read by nobody."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cli import guests

if sys.platform == "win32":
    pytest.skip("needs POSIX streams", allow_module_level=True)

Guest = Callable[[bytes], str]

LINES = {
    "help": ["--help"],
    "help of a command": ["run", "--help"],
    "version": ["--version"],
    "inspect": ["inspect", "{guest}"],
    "inspect for machines": ["inspect", "--json", "{guest}"],
    "compile": ["compile", "{guest}"],
    "cache": ["cache", "show"],
    "cache for machines": ["cache", "show", "--json"],
    "prune": ["cache", "prune", "--all"],
    "invoke": ["run", "--invoke", "add", "{guest}", "1", "2"],
}


def ended(line: list[str], redirected: str, guest: str) -> tuple[int, str]:
    """The status, and what is said on standard error."""
    words = [word.format(guest=guest) for word in line]
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {redirected}', "sh", sys.executable, "-m", "remit", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        text=True,
    )
    return done.returncode, done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("line", LINES)
def test_a_full_disk(line: str, guest: Guest) -> None:
    said = (74, "remit: standard output: No space left on device\n")
    assert ended(LINES[line], ">/dev/full", guest(guests.LIBRARY)) == said


@pytest.mark.parametrize("line", LINES)
def test_a_closed_stream(line: str, guest: Guest) -> None:
    assert ended(LINES[line], ">&-", guest(guests.LIBRARY)) == (74, "remit: standard output is closed\n")


@pytest.mark.parametrize("line", LINES)
def test_a_reader_that_has_gone(line: str, guest: Guest) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    words = [word.format(guest=guest(guests.LIBRARY)) for word in LINES[line]]
    with os.fdopen(writing, "wb") as stdout:
        done = subprocess.run(
            [sys.executable, "-m", "remit", *words], stdout=stdout, stderr=subprocess.PIPE, check=False
        )
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.parametrize("redirected", ["2>&-", "2>/dev/full", "<&- >&- 2>&-"])
def test_a_complaint_that_nobody_can_hear(redirected: str, guest: Guest) -> None:
    for line, status in ((["rum"], 2), (["run", "{guest}"], 134), (["inspect", "/nowhere"], 2)):
        assert ended(line, redirected, guest(guests.TRAP)) == (status, "")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "<&- >&-", "<&- >&- 2>&-"])
def test_a_program_gets_no_file_of_ours_for_a_closed_stream(closed: str, guest: Guest, tmp_path: Path) -> None:
    """What is opened next would get the number of the closed stream."""
    bad_descriptor = 8
    options = ["--dir", str(tmp_path), "--listen", "127.0.0.1:0"]
    path = guest(guests.READ_FOREVER if "<" in closed else guests.WRITE_UNTIL_REFUSED)
    for _ in range(2):
        assert ended(["run", *options, "{guest}"], closed, path)[0] == bad_descriptor
