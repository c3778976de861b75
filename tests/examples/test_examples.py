"""Every example runs, shows what it promises, and its committed program is what its source makes."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

import remit
import remit.fs
from examples.build import COMPILER, HERE, SOURCES, WORLDS, build
from remit.cli.bindings import module_of
from remit.cli.program_file import ProgramFile
from tools.guests.bring import ClientMissingError
from tools.guests.catalogue import GUESTS


def shown_by(script: str) -> str:
    """What the example prints; warnings are errors in it, too."""
    command = [sys.executable, "-W", "error", str(HERE / script)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=os.environ)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_demo_shows_a_granted_and_a_refused_access() -> None:
    output = shown_by("demo/demo.py")
    assert "read /notes/monday.txt            4 words" in output
    assert "variable GREETING                 hello" in output
    assert "read /etc/passwd                  refused" in output
    assert "read /notes/../outside.txt        refused" in output
    assert "wednesday.txt         5 words" in output
    assert "ALLOWED" not in output
    assert "the secret outside" not in output


def test_the_demo_program_does_not_promise_what_a_full_disk_refused() -> None:
    full = remit.fs.Memory({"monday.txt": b"four words are here"}, max_bytes=19)
    done = remit.run([HERE / "demo/notes.wasm"], dirs={"/notes": full}, capture_output=True, text=True, timeout=10)
    assert "read /notes/monday.txt            4 words" in done.stdout
    assert "write /notes/summary.txt          refused: No space left on device" in done.stdout
    assert done.returncode == 1


def test_plugin() -> None:
    assert shown_by("plugin/host.py").splitlines() == [
        "result:  a nigulp swonk gnihton fo sti tsoh 7",
        "it said: b'turning words around'",
        "crash: stopped by a trap: memory_out_of_bounds",
        "hang: stopped: hang was stopped after 0.2 s",
        "and the next one works: enif 1",
    ]


def test_the_typed_bindings_of_a_component() -> None:
    command = [sys.executable, "-W", "error", "-m", "examples.words.typed_host"]
    done = subprocess.run(command, cwd=HERE.parent, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "it noted: components",
        "9 with a word of mine",
        "there was nothing to summarize",
    ]


def test_the_bindings_are_what_the_command_writes() -> None:
    text = module_of(ProgramFile(str(HERE / "words" / "words.wasm")), asynchronous=False)
    assert (HERE / "words" / "words_bindings.py").read_text() == text


def test_dry_run() -> None:
    assert shown_by("dry_run.py").splitlines() == [
        "it would change: ['added summary.txt']",
        "on disk: ['monday.txt']",
        "and now: ['monday.txt', 'summary.txt']",
    ]


def test_many_guests() -> None:
    assert shown_by("many_guests.py") == "100 answers, from '0 words' to '99 words'\n"


def test_words() -> None:
    assert shown_by("words/host.py").splitlines() == [
        "8 words, the longest is 'components'",
        "it noted: ['components']",
        "no summary: empty",
        "counted: 42",
    ]


def test_every_example_is_tested() -> None:
    scripts = {path.relative_to(HERE).as_posix() for path in HERE.rglob("*.py")}
    assert scripts == {
        *("build.py", "demo/demo.py", "plugin/host.py", "words/host.py", "dry_run.py", "many_guests.py"),
        *("words/typed_host.py", "words/words_bindings.py"),
    }


@pytest.mark.parametrize("source", SOURCES)
def test_the_committed_program_is_what_the_source_makes(source: str, tmp_path: Path) -> None:
    assert metadata.version("ziglang") == COMPILER, f"pip install ziglang=={COMPILER}"
    rebuilt = tmp_path / "rebuilt.wasm"
    if source in WORLDS and not GUESTS["wit"].present:
        pytest.skip("the WIT files are not there: python -m tools.guests --only wit")
    try:
        build(source, rebuilt)
    except ClientMissingError as error:
        pytest.skip(str(error))
    assert rebuilt.read_bytes() == (HERE / source).with_suffix(".wasm").read_bytes()
