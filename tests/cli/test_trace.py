"""``remit trace``: what it writes where, how much at most, and that the program runs as with ``remit run``."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cli import guests
from remit.cli.main import main

REPOSITORY = Path(__file__).parents[2]
NOTES = str(REPOSITORY / "examples" / "demo" / "notes.wasm")
Guest = Callable[[bytes], str]
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def notes(tmp_path: Path) -> str:
    directory = tmp_path / "notes"
    directory.mkdir()
    (directory / "a.txt").write_text("three short words")
    return f"{directory}::/notes"


def complaint(capfd: Capture, *arguments: str) -> str:
    assert main(["trace", *arguments]) == 2
    out, err = capfd.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    return err.removeprefix("remit: ").rstrip("\n")


def test_lines_on_standard_error(guest: Guest, capfd: Capture) -> None:
    assert main(["trace", guest(guests.HELLO)]) == 0
    out, err = capfd.readouterr()
    assert out == "hello\n"
    assert err.startswith('fd_write(fd=1<stdout>, data="hello\\n") = nwritten=6 <0.')
    assert err.count("\n") == 1


def test_the_exit_status_is_the_programs(guest: Guest, capfd: Capture) -> None:
    assert main(["trace", guest(guests.exiting(3))]) == 3
    assert capfd.readouterr().err.startswith("proc_exit(status=3) = exit 3 <")
    assert main(["trace", guest(guests.TRAP)]) == 134
    assert main(["trace", "--timeout", "200ms", guest(guests.SLEEP)]) == 124
    last = capfd.readouterr().err.splitlines()
    assert any("poll_oneoff" in line and "= stopped" in line and "waited 0." in line for line in last)


def test_into_a_file(notes: str, tmp_path: Path, capfd: Capture) -> None:
    lines = tmp_path / "lines"
    assert main(["trace", "-o", str(lines), "--no-explain", "--dir", notes, NOTES]) == 0
    assert capfd.readouterr().err == ""
    assert "</notes/a.txt>, iovs=[" in lines.read_text()


def test_json_lines_with_filters(notes: str, tmp_path: Path) -> None:
    lines = tmp_path / "lines"
    options = ["--json", "-o", str(lines), "--only", "path_*", "--path", "*/a.txt"]
    assert main(["trace", *options, "--dir", notes, NOTES]) == 0
    found = [json.loads(line) for line in lines.read_text().splitlines()]
    assert found
    assert {each["function"] for each in found} == {"path_open"}
    assert {tuple(each["paths"]) for each in found} == {("/notes/a.txt",)}


def test_errors_only(notes: str, capfd: Capture) -> None:
    assert main(["trace", "--errors", "--not", "fd_prestat_*", "--no-explain", "--dir", f"{notes}:ro", NOTES]) == 1
    lines = [line for line in capfd.readouterr().err.splitlines() if line.startswith(("fd_", "path_"))]
    assert any("summary.txt" in line and "= error ROFS" in line for line in lines)
    assert all("= error " in line for line in lines)


def test_a_summary(notes: str, tmp_path: Path, capfd: Capture) -> None:
    assert main(["trace", "-c", "--no-explain", "--dir", notes, NOTES]) == 0
    err = capfd.readouterr().err.splitlines()
    assert err[0] == "% time     seconds   us/call     calls    errors  function"
    assert any(line.endswith("path_open") for line in err)
    assert err[-1].endswith("total")
    assert main(["trace", "-c", "-o", str(tmp_path / "table"), "--dir", notes, NOTES]) == 0
    assert (tmp_path / "table").read_text().endswith("total\n")


def test_chromes_format(notes: str, tmp_path: Path) -> None:
    path = tmp_path / "trace.json"
    assert main(["trace", "--chrome", "-o", str(path), "--dir", notes, NOTES]) == 0
    assert {each["ph"] for each in json.loads(path.read_text())} == {"X"}


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_chromes_format_when_everything_is_killed(guest: Guest, tmp_path: Path) -> None:
    path = tmp_path / "trace.json"
    command = [sys.executable, "-m", "remit", "trace", "--chrome", "-o", str(path), guest(guests.SLEEP)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        while b"fd_write" not in path.read_bytes():
            os.sched_yield()
        process.send_signal(signal.SIGKILL)
    assert [each["name"] for each in json.loads(path.read_text())] == ["fd_write"]


FLOOD = guests.command(
    """(loop $again
        (drop (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 0)))
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br_if $again (i32.lt_u (local.get $n) (i32.const 3000))))""",
    "clock_time_get",
)


@pytest.mark.parametrize("form", [[], ["--json"], ["--chrome"]])
@pytest.mark.parametrize(("limit", "which"), [("--max-lines=10", "max_lines"), ("--max-bytes=4KiB", "max_bytes")])
def test_a_program_that_floods_cannot_fill_the_disk(
    form: list[str], limit: str, which: str, guest: Guest, tmp_path: Path
) -> None:
    path = tmp_path / "flood"
    assert main(["trace", *form, limit, "-o", str(path), guest(FLOOD)]) == 0
    text = path.read_text()
    assert len(text) < 5000
    last = [line for line in text.splitlines() if line != "]"][-1]
    assert "cut" in last
    assert which in last


def test_names_do_not_reach_a_terminal_raw(guest: Guest, tmp_path: Path, capfd: Capture) -> None:
    hostile = guests.command(
        """(drop (call $path_open (i32.const 3) (i32.const 0) (i32.const 128) (i32.const 8)
            (i32.const 1) (i64.const 66) (i64.const 0) (i32.const 0) (i32.const 0)))
        (drop (call $path_open (i32.const 3) (i32.const 0) (i32.const 128) (i32.const 9)
            (i32.const 1) (i64.const 66) (i64.const 0) (i32.const 0) (i32.const 0)))""",
        "path_open",
        data="\\1b]0;x\\07\\0a\\0d\\ff",
    )
    assert main(["trace", "--memory-dir", "/data", guest(hostile)]) == 0
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 2
    assert all(line.isprintable() for line in lines)
    assert 'path="\\u{1b}]0;x\\u{7}\\n\\r",' in lines[0]
    assert 'path="\\u{1b}]0;x\\u{7}\\n\\r\\xff",' in lines[1]
    assert "= error ILSEQ" in lines[1]


def test_functions_are_called_with_trace(guest: Guest, tmp_path: Path, capfd: Capture) -> None:
    assert main(["trace", "--invoke", "_start", guest(guests.HELLO)]) == 0
    assert "fd_write(" in capfd.readouterr().err


def test_refused(guest: Guest, tmp_path: Path, capfd: Capture) -> None:
    path = guest(guests.HELLO)
    assert complaint(capfd, "--json", "--chrome", path) == "--json and --chrome are two forms of what is told: give one"
    assert complaint(capfd, "-c", "--max-lines", "5", path) == "--max-lines is for lines, and --summary has none"
    missing = tmp_path / "none" / "lines"
    assert complaint(capfd, "-o", str(missing), path) == f"-o: {missing}: No such file or directory"
    assert "none.wasm" in complaint(capfd, "none.wasm")


def test_standard_error_that_is_closed(guest: Guest, capfd: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    assert main(["trace", guest(guests.HELLO)]) == 2


def test_help(capfd: Capture) -> None:
    assert main(["trace", "--help"]) == 0
    out = capfd.readouterr().out
    assert "--max-bytes SIZE" in out
    assert "--dir HOST" in out
