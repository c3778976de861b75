"""How ``remit learn`` ends: by signals, and beside others that learn into the same file."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cli import guests
from remit.cli.main import main
from remit.policy.remit import Remit

if sys.platform == "win32":
    pytest.skip("needs POSIX signals", allow_module_level=True)

Guest = Callable[[bytes], str]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("one", "two"):
        Path(name).mkdir()
    return tmp_path


def learning(program: str, directory: str) -> subprocess.Popen[str]:
    """It has made a file in its directory, and goes on."""
    command = [sys.executable, "-m", "remit", "learn", "--dir", f"{directory}::/{directory}", program]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("program", [guests.CREATE_AND_SPIN, guests.CREATE_AND_WAIT], ids=["busy", "waiting"])
def test_a_signal_leaves_what_was_learned(guest: Guest, program: bytes, number: signal.Signals) -> None:
    process = learning(guest(program), "one")
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (128 + number, "", "")
    [grant] = Remit.load("remit.toml").dirs
    assert list(grant.rules or ()) == ["read,write,create new"]


@pytest.mark.usefixtures("here")
def test_who_wants_a_signal_ignored_is_not_ended_by_it(guest: Guest) -> None:
    ignored = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        process = learning(guest(guests.CREATE_AND_WAIT), "one")
    finally:
        signal.signal(signal.SIGHUP, ignored)
    process.send_signal(signal.SIGHUP)
    _, err = process.communicate("", timeout=60)
    assert (process.returncode, err) == (0, "")


@pytest.mark.usefixtures("here")
def test_two_at_once_learn_together(guest: Guest) -> None:
    program = guest(guests.CREATE_AND_WAIT)
    processes = [learning(program, name) for name in ("one", "two")]
    for process in processes:
        _, err = process.communicate("", timeout=60)
        assert (process.returncode, err) == (0, "")
    assert {each.guest: list(each.rules or ()) for each in Remit.load("remit.toml").dirs} == {
        "/one": ["read,write,create new"],
        "/two": ["read,write,create new"],
    }


@pytest.mark.usefixtures("here")
def test_a_second_signal_does_not_keep_it_from_writing(guest: Guest) -> None:
    process = learning(guest(guests.CREATE_AND_SPIN), "one")
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGHUP)
    _, err = process.communicate(timeout=60)
    assert (process.returncode in (128 + signal.SIGTERM, 128 + signal.SIGHUP), err) == (True, "")
    assert Remit.load("remit.toml").dirs


@pytest.mark.usefixtures("here")
def test_what_it_learns_into_is_out_of_the_programs_reach(guest: Guest, capfd: pytest.CaptureFixture[str]) -> None:
    """It could write there what it likes to be granted."""
    program = guest(guests.CREATE)
    assert main(["learn", "-o", "one/remit.toml", "--dir", "one::/one", program]) == 2
    told = capfd.readouterr().err
    assert told.startswith("remit: one/remit.toml: its program could change this file, by /one: write it elsewhere")
    assert not Path("one/new").exists()
    assert main(["learn", "-o", "one/remit.toml", "--discard-changes", "--dir", "one::/one", program]) == 0
    assert [each.kind for each in Remit.load("one/remit.toml").dirs] == ["host"]


@pytest.mark.usefixtures("here")
def test_a_directory_that_is_gone(guest: Guest) -> None:
    Path("there").mkdir()
    program = guest(guests.CREATE_AND_WAIT)
    command = [sys.executable, "-m", "remit", "learn", "-o", "there/r.toml", "--dir", "one", program]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        Path("there").rmdir()
        _, err = process.communicate("", timeout=60)
    assert (process.returncode, err) == (2, "remit: there/r.toml: No such file or directory\n")
