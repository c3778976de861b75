from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli import guests
from remit.cli.main import main

Guest = Callable[..., str]
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def filled(guest: Guest, cache_of_its_own: Path, capfd: Capture) -> Path:
    """A cache with two programs, the first of them last used 40 days ago."""
    assert main(["compile", guest(guests.HELLO, "old.wasm")]) == 0
    directory = cache_of_its_own / "remit"
    for file in directory.glob("*.cwasm"):
        os.utime(file, (time.time() - 40 * 86400,) * 2)
    assert main(["compile", guest(guests.TRAP, "new.wasm")]) == 0
    capfd.readouterr()
    return directory


def shown(capfd: Capture) -> dict[str, Any]:
    assert main(["cache", "show", "--json"]) == 0
    found: dict[str, Any] = json.loads(capfd.readouterr().out)
    return found


def names(capfd: Capture) -> list[str]:
    return [entry["name"] for entry in shown(capfd)["entries"]]


def test_show(filled: Path, capfd: Capture) -> None:
    found = shown(capfd)
    assert (found["directory"], found["refusal"]) == (str(filled), None)
    assert found["size"] == sum(entry["size"] for entry in found["entries"])
    assert [entry["name"] for entry in found["entries"]] == ["new.wasm", "old.wasm"]
    assert main(["cache", "show"]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[0] == f"directory: {filled}"
    assert lines[1].startswith("programs: 2, ")
    assert [line.split()[-1] for line in lines[2:]] == ["new.wasm", "old.wasm"]


def test_an_empty_cache(capfd: Capture) -> None:
    assert main(["cache", "show"]) == 0
    assert capfd.readouterr().out.endswith("programs: 0, 0 bytes\n")
    assert main(["cache", "prune", "--all"]) == 0
    assert capfd.readouterr().out == "removed: 0, 0 bytes\n"


def test_prune_by_age(filled: Path, capfd: Capture) -> None:
    assert main(["cache", "prune", "--older-than", "50d"]) == 0
    assert capfd.readouterr().out == "removed: 0, 0 bytes\n"
    assert main(["cache", "prune", "--older-than", "30d"]) == 0
    assert capfd.readouterr().out.startswith("removed: 1, ")
    assert names(capfd) == ["new.wasm"]


def test_prune_by_size(filled: Path, capfd: Capture) -> None:
    newest = shown(capfd)["entries"][0]["size"]
    assert main(["cache", "prune", "--max-size", str(newest), "--json"]) == 0
    told = json.loads(capfd.readouterr().out)
    assert (told["directory"], told["removed"]) == (str(filled), 1)
    assert names(capfd) == ["new.wasm"]


def test_prune_all(filled: Path, capfd: Capture) -> None:
    assert main(["cache", "prune", "--all"]) == 0
    assert capfd.readouterr().out.startswith("removed: 2, ")
    assert list(filled.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX permissions")
def test_a_cache_that_others_can_write_to_is_not_used(filled: Path, guest: Guest, capfd: Capture) -> None:
    filled.chmod(0o777)
    assert "can be written by others" in shown(capfd)["refusal"]
    assert main(["cache", "show"]) == 0
    assert "not used: " in capfd.readouterr().out
    assert main(["cache", "prune", "--all"]) == 2
    assert "can be written by others" in capfd.readouterr().err
    assert main(["run", guest(guests.HELLO)]) == 0
    assert capfd.readouterr().out == "hello\n"


def test_a_run_without_the_cache_leaves_nothing(guest: Guest, cache_of_its_own: Path) -> None:
    path = guest(guests.HELLO)
    assert main(["run", "--no-cache", path]) == 0
    assert list(cache_of_its_own.rglob("*.cwasm")) == []
    assert main(["run", path]) == 0
    assert len(list(cache_of_its_own.rglob("*.cwasm"))) == 1


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "show|prune is missing: remit cache [options] show|prune"),
        ("clean", "unknown action 'clean': remit cache show, or remit cache prune"),
        ("prune", "say what to remove: remit cache prune --older-than AGE, --max-size SIZE, or --all"),
        ("show --all", "--all belongs to `remit cache prune`"),
        ("prune --all --max-size=1G", "--all leaves nothing for --max-size"),
        ("prune --older-than=old", "--older-than: 'old' is not a duration; write seconds, or for example 12h, 30d"),
    ],
)
def test_mistakes(line: str, said: str, capfd: Capture) -> None:
    assert main(["cache", *line.split()]) == 2
    assert capfd.readouterr() == ("", f"remit: {said}\n")


@pytest.mark.skipif(sys.platform == "win32", reason="the current directory cannot be removed")
def test_a_current_directory_that_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    monkeypatch.setenv("REMIT_CACHE_DIR", "relative")
    assert main(["cache", "show"]) == 0
    assert "not used: relative: No such file or directory\n" in capfd.readouterr().out


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs POSIX files")
def test_a_pipe_in_the_cache_is_not_waited_for(cache_of_its_own: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["cache", "show"]) == 0
    os.mkfifo(cache_of_its_own / "remit" / "pipe.cwasm")
    capfd.readouterr()
    assert main(["cache", "show"]) == 0
    assert "programs: 0" in capfd.readouterr().out
