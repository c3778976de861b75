"""Loaded programs: what they tell of themselves, and being shared."""

from __future__ import annotations

import os
import pickle
import threading
from pathlib import Path
from typing import Any

import pytest

import remit
from cli import guests
from runtime import programs


def test_what_a_program_tells() -> None:
    program = remit.load(guests.HELLO, cache=False)
    assert program.is_command
    assert program.name == "program.wasm"
    assert "_start" in {export.name for export in program.info.exports}
    assert repr(program) == "<Program 'program.wasm': 2 imports, 2 exports>"
    assert not remit.load(programs.LIBRARY, cache=False).is_command


def test_the_name_of_a_program(tmp_path: Path) -> None:
    (tmp_path / "tool.wasm").write_bytes(guests.printing("args"))
    assert remit.load(tmp_path / "tool.wasm", cache=False).name == "tool.wasm"
    named = remit.load(str(tmp_path / "tool.wasm"), cache=False, name="other")
    assert remit.run(named, capture_output=True).stdout == b"other\0"


def test_many_threads_run_one_program() -> None:
    program = remit.load(programs.CAT, cache=False)
    answers: dict[int, bool] = {}

    def run(number: int) -> None:
        data = str(number).encode() * 1000
        answers[number] = remit.run([program], input=data, capture_output=True).stdout == data

    threads = [threading.Thread(target=run, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == dict.fromkeys(range(16), True)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is unreadable for this user")
def test_an_unreadable_program(tmp_path: Path) -> None:
    (tmp_path / "tool.wasm").write_bytes(guests.HELLO)
    (tmp_path / "tool.wasm").chmod(0)
    with pytest.raises(PermissionError, match=r"tool\.wasm"):
        remit.load(tmp_path / "tool.wasm")


@pytest.mark.parametrize("cache", [True, False])
def test_a_directory_is_no_program(tmp_path: Path, cache: bool) -> None:
    with pytest.raises(IsADirectoryError):
        remit.load(tmp_path, cache=cache)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "an empty file"),
        (b"(module)", "WebAssembly in the text format"),
        (b"<!doctype html>", "an HTML page"),
    ],
)
@pytest.mark.parametrize("cache", [True, False])
def test_what_is_not_a_module_is_known_for_what_it_is(data: bytes, what: str, cache: bool, tmp_path: Path) -> None:
    (tmp_path / "tool.wasm").write_bytes(data)
    with pytest.raises(remit.InvalidModule) as caught:
        remit.load(tmp_path / "tool.wasm", cache=cache)
    assert any(note.startswith(f"tool.wasm is {what}") for note in caught.value.__notes__)


LOADED = remit.load(guests.HELLO, cache=False)


@pytest.mark.parametrize(
    ("program", "options", "message"),
    [
        (guests.HELLO, {"fuel": 1000}, r"fuel is 1000 \(int\): True or False is wanted, whether to count it"),
        (guests.HELLO, {"cache": "no"}, r"cache is 'no' \(str\): True or False is wanted"),
        (guests.HELLO, {"name": 5}, r"name is 5 \(int\): a str is wanted"),
        (LOADED, {}, "<Program 'program.wasm'.*> is loaded already"),
        (None, {}, "a program must be a path, .*, not None"),
    ],
)
def test_what_cannot_be_loaded(program: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        remit.load(program, **options)


def test_objects_are_off_unless_they_are_asked_for() -> None:
    with pytest.raises(remit.InvalidModule, match=r"it\.wasm uses objects that the engine collects .* gc=True"):
        remit.load(guests.OBJECTS, name="it.wasm")
    assert remit.run(remit.load(guests.OBJECTS, gc=True)).returncode == 0
    with pytest.raises(TypeError, match="gc"):
        remit.load(guests.OBJECTS, gc="yes")  # type: ignore[arg-type]  # what a caller may get wrong


def test_what_is_damaged_is_not_taken_for_a_lack_of_objects() -> None:
    with pytest.raises(remit.InvalidModule) as caught:
        remit.load(guests.OBJECTS[:-3])
    assert "gc=True" not in str(caught.value)


def test_a_program_stays_in_its_process() -> None:
    done = remit.run([LOADED], stdout=remit.DEVNULL)
    for value in (LOADED, done):
        with pytest.raises(TypeError, match="give another process its path, and load it there"):
            pickle.dumps(value)
    done.args = ["tool.wasm"]
    assert repr(pickle.loads(pickle.dumps(done))) == repr(done)
