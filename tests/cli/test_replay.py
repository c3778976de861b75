"""``remit run --record`` and ``remit replay``."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from remit.cli.main import main
from wat import wat

Capture = pytest.CaptureFixture[str]

GREETS = """(module
  (import "wasi_snapshot_preview1" "clock_time_get" (func $time (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 100) "{text}")
  (data (i32.const 16) "\\64\\00\\00\\00\\03\\00\\00\\00")
  (func (export "_start")
    (drop (call $time (i32.const 0) (i64.const 0) (i32.const 0)))
    (drop (call $write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 8)))
    {end}))"""


def greets(text: str = "hi\\n", end: str = "(call $exit (i32.const 7))") -> bytes:
    return wat(GREETS.format(text=text, end=end))


@pytest.fixture
def recorded(tmp_path: Path, capfd: Capture) -> tuple[str, str]:
    """The program and its recording."""
    program, recording = tmp_path / "it.wasm", tmp_path / "run.rec"
    program.write_bytes(greets())
    assert main(["run", "--record", str(recording), str(program)]) == 7
    assert capfd.readouterr().out == "hi\n"
    return str(program), str(recording)


def test_the_same_again(recorded: tuple[str, str], capfd: Capture) -> None:
    _, recording = recorded
    assert main(["replay", recording]) == 0
    assert capfd.readouterr() == ("hi\n", f"remit: {recording}: as it was recorded: 2 calls, exit status 7\n")
    assert main(["replay", "--quiet", recording]) == 0
    assert capfd.readouterr().out == ""


def test_its_calls(recorded: tuple[str, str], capfd: Capture) -> None:
    _, recording = recorded
    assert main(["replay", "--calls", recording]) == 0
    first, second, _ = capfd.readouterr().err.splitlines()
    assert first.startswith("remit:      1 now() of a clock #0 -> 1")
    assert re.fullmatch(r"remit:      2 write\(3 bytes \([0-9a-f]{8}\)\) of a file #5 -> 3", second)
    assert main(["replay", "--stop-at", "2", recording]) == 0
    out, err = capfd.readouterr()
    assert out == ""
    assert "stopped before call 2: write(3 bytes" in err


def test_what_departs(recorded: tuple[str, str], capfd: Capture) -> None:
    program, recording = recorded
    Path(program).write_bytes(greets("ha\\n"))
    assert main(["replay", recording]) == 2
    assert "a recording of another program: it.wasm had the SHA-256" in capfd.readouterr().err
    content = Path(recording).read_bytes()
    at = content.index(b'"sha256": "') + 11
    Path(recording).write_bytes(content[: at - 1] + b"null" + content[at + 65 :])
    assert main(["replay", recording]) == 1
    out, err = capfd.readouterr()
    assert out == "", "what departs is not written"
    assert "call 2 departs from the recording: the program asks for write(3 bytes" in err
    assert err.count("\n") == 1


def test_a_trap(tmp_path: Path, capfd: Capture) -> None:
    program, recording = tmp_path / "it.wasm", tmp_path / "run.rec"
    program.write_bytes(greets(end="unreachable"))
    assert main(["run", "--record", str(recording), str(program)]) == 134
    capfd.readouterr()
    assert main(["replay", str(recording)]) == 0
    assert "as it was recorded: trap: " in capfd.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "--max-recording", "1MiB", "it.wasm"], "--max-recording is for --record FILE, which is not given"),
        (["run", "--record", "r", "--invoke", "f", "it.wasm"], "--record and --invoke cannot be together"),
        (["run", "--record", "no/r", "it.wasm"], "no/r"),
        (["run", "--record", "r", "--max-recording", "3", "it.wasm"], "it.wasm: stopped: r: the recording has 3 bytes"),
        (["run", "--record", "./it.wasm", "it.wasm"], "--record: ./it.wasm: this is the program itself"),
        (["replay", "it.wasm"], "it.wasm: this is no recording of Remit"),
        (["replay", "nothing"], "nothing: No such file or directory"),
        (["replay", "--stop-at", "0", "r"], "--stop-at"),
        (["replay"], "RECORDING"),
    ],
)
def test_mistakes(
    tmp_path: Path, capfd: Capture, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("it.wasm").write_bytes(greets())
    assert main(arguments) == 2
    said = capfd.readouterr().err
    assert message in said
    assert "Traceback" not in said
    assert said.count("\n") == 1


def test_a_path_in_a_recording_moves_no_cursor(tmp_path: Path, capfd: Capture) -> None:
    opens = wat("""(module
      (import "wasi_snapshot_preview1" "path_filestat_get"
        (func $stat (param i32 i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 100) "\\1b[2J")
      (func (export "_start")
        (drop (call $stat (i32.const 3) (i32.const 0) (i32.const 100) (i32.const 4) (i32.const 0)))))""")
    program, recording = tmp_path / "it.wasm", tmp_path / "run.rec"
    program.write_bytes(opens)
    assert main(["run", "--memory-dir", "/", "--record", str(recording), str(program)]) == 0
    assert main(["replay", "--calls", str(recording)]) == 0
    said = capfd.readouterr().err
    assert "\x1b" not in said
    assert "lookup(" in said
