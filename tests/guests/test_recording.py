"""Real programs, recorded; and replayed when all that they had is gone."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import remit
import remit.recording
from python_guests import component_file
from tools.guests import sqlite
from tools.guests.catalogue import GUESTS

CPYTHON = GUESTS["cpython"]

SESSION = """
import os, random, sys, time
given = sys.stdin.read()
print(given.upper(), time.time(), time.monotonic(), random.random(), os.urandom(8).hex())
for name in sorted(os.listdir("/data")):
    print(name, os.stat("/data/" + name).st_mtime, open("/data/" + name).read())
with open("/data/out.txt", "w") as file:
    file.write(given * 1000)
time.sleep(0.02)
try:
    open("/data/missing")
except OSError as error:
    print(error, file=sys.stderr)
os.rename("/data/out.txt", "/data/moved.txt")
sys.exit(5)
"""


def tree(place: Path) -> Path:
    place.mkdir()
    (place / "one.txt").write_text("one\n")
    (place / "two.txt").write_text("two\n" * 10_000)
    return place


@pytest.mark.guest("cpython")
def test_cpython_with_its_files_deleted(tmp_path: Path) -> None:
    """By the command line, in processes of their own."""
    data, recording = tree(tmp_path / "data"), tmp_path / "run.rec"
    options = ["--record", str(recording), f"--dir={data}::/data"]
    command = [sys.executable, "-m", "remit"]
    first = subprocess.run(
        [*command, "run", *options, str(CPYTHON.path("python.wasm")), "-c", SESSION],
        input=b"given\n",
        capture_output=True,
        check=False,
    )
    assert first.returncode == 5, first.stderr
    assert (data / "moved.txt").read_text() == "given\n" * 1000
    shutil.rmtree(data)
    again = subprocess.run(
        [*command, "replay", str(recording)], stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    assert again.stdout == first.stdout
    assert again.stderr.startswith(first.stderr)
    assert b"as it was recorded: " in again.stderr
    assert again.returncode == 0


def test_a_component_of_python(tmp_path: Path) -> None:
    data, recording = tree(tmp_path / "data"), tmp_path / "run.rec"
    script = remit.load(component_file("script"))
    code = SESSION.replace("sys.exit(5)", "")
    done = remit.run([script, code], dirs={"/data": data}, input=b"given\n", capture_output=True, record=recording)
    assert done.returncode == 0, done.stderr
    shutil.rmtree(data)
    again = remit.replay(recording, script, stdout=remit.PIPE, stderr=remit.PIPE)
    assert (again.returncode, again.stdout, again.stderr) == (0, done.stdout, done.stderr)


@pytest.mark.guest("sqlite")
def test_sqlite(tmp_path: Path) -> None:
    recording = tmp_path / "run.rec"
    session = b"create table t (a); insert into t values (random()), (2); select * from t; select count(*) from t;\n"
    program = sqlite.program()
    done = remit.run([program, "/base.db"], dirs={"/": tmp_path}, input=session, capture_output=True, record=recording)
    assert done.returncode == 0, done.stderr
    (tmp_path / "base.db").unlink()
    again = remit.replay(recording, stdout=remit.PIPE, stderr=remit.PIPE)
    assert (again.returncode, again.stdout, again.stderr) == (0, done.stdout, done.stderr)
    assert not (tmp_path / "base.db").exists()


@pytest.mark.guest("cpython")
@pytest.mark.parametrize("change", ["one", "two"])
def test_another_task_departs(tmp_path: Path, change: str) -> None:
    """Even if it is the same program: the recording has its arguments, and whoever edits those is told."""
    data, recording = tree(tmp_path / "data"), tmp_path / "run.rec"
    code = "print(open('/data/one.txt').read())"
    remit.run([CPYTHON.path("python.wasm"), "-c", code], dirs={"/data": data}, stdout=remit.DEVNULL, record=recording)
    content = recording.read_bytes()
    recording.write_bytes(
        content.replace(b"print(open('/data/one.txt", b"print(open('/data/%s.txt" % change.encode(), 1)
    )
    if change == "one":
        assert remit.replay(recording, stdout=remit.DEVNULL).returncode == 0
        return
    with pytest.raises(remit.recording.Departure, match=r"the program asks for .*two.txt.*asked then for .*one\.txt"):
        remit.replay(recording, stdout=remit.DEVNULL)
