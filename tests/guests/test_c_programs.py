"""Small C programs of our own, one behaviour each: the same output and files as under wasmtime-py."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from guests.side_by_side import Work, both, on_remit, on_wasmtime_py
from tools import zig

SOURCES = Path(__file__).parent / "c"


def program(name: str) -> Path:
    return zig.built([SOURCES / f"{name}.c"], "-Wall", "-Wextra", "-Werror")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A small tree with every kind of thing in it, at fixed times."""
    top = tmp_path / "files"
    (top / "deep" / "deeper").mkdir(parents=True)
    (top / "empty").mkdir()
    (top / "text.txt").write_text("one\ntwo\nthree\n")
    (top / "deep" / "bytes").write_bytes(bytes(range(256)) * 40)
    (top / "deep" / "deeper" / "ünïcödé").write_text("a name outside ASCII")
    (top / "twin").hardlink_to(top / "text.txt")
    (top / "link").symlink_to("deep/bytes")
    (top / "dangling").symlink_to("nowhere")
    (top / "link-to-directory").symlink_to("deep")
    for number, path in enumerate([*sorted(top.rglob("*"), reverse=True), top]):
        os.utime(path, ns=(0, 1_600_000_000_000_000_000 + number * 1_000_000_001), follow_symlinks=False)
    return top


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    top = tmp_path / "empty"
    top.mkdir()
    return top


def test_cat_copies_files(files: Path) -> None:
    outcome = both(Work(program("cat"), ["text.txt", "none", "link", "deep"], directory=files))
    assert outcome.stdout == b"one\ntwo\nthree\n" + bytes(range(256)) * 40
    assert outcome.status == 1


def test_outside_is_refused(files: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("secret")
    (files / "escaping").symlink_to("../outside")
    # In the words of WASI 0.1; wasmtime has left them for "Operation not permitted".
    outcome = on_remit(Work(program("cat"), ["escaping", "../outside"], directory=files))
    assert (outcome.status, outcome.stdout) == (1, b"")
    assert outcome.stderr.count(b"Capabilities insufficient") == 2


@pytest.mark.parametrize("size", [0, 1, 999, 1000, 1001, 300_000])
def test_cat_copies_standard_input(size: int) -> None:
    stdin = bytes(number % 251 for number in range(size))
    assert both(Work(program("cat"), stdin=stdin)).stdout == stdin


def test_ls_shows_kinds_links_sizes_and_times(files: Path) -> None:
    outcome = both(Work(program("ls"), ["/", "/deep", "none"], directory=files))
    assert b"ink" in outcome.stdout
    assert b"1600000" in outcome.stdout


def test_arguments_and_environment() -> None:
    arguments = ["", "two words", "--dir", "ünïcödé", "=", "-"]
    outcome = both(Work(program("environment"), arguments, {"B": "2", "A": "1", "EMPTY": "", "EQUALS": "a=b=c"}))
    assert outcome.stdout.decode().splitlines()[:2] == ["argument 1: <>", "argument 2: <two words>"]


@pytest.mark.parametrize("status", [0, 1, 42, 125])
def test_exit_status(status: int) -> None:
    assert both(Work(program("ending"), [str(status)])).status == status


def test_a_crash_is_134() -> None:
    work = Work(program("ending"), ["crash"])
    ours, theirs = on_remit(work), on_wasmtime_py(work)
    assert (ours.status, ours.stdout) == (theirs.status, theirs.stdout) == (134, b"before the end\n")


def test_a_file_written_in_pieces(empty: Path) -> None:
    outcome = both(Work(program("pieces"), directory=empty))
    assert b"read 3145728, equal" in outcome.stdout


def test_listing_many_files(empty: Path) -> None:
    outcome = both(Work(program("listing"), directory=empty))
    assert outcome.stdout == b"dots 2, missed 0, twice 0\nleft 702\nafter the middle 601\n"


def test_listing_while_files_go_away(empty: Path) -> None:
    # wasmtime counts entries instead of remembering where it was, and misses some: no comparison here.
    outcome = on_remit(Work(program("listing"), ["remove"], directory=empty))
    assert outcome.stdout.startswith(b"dots 2, missed 0, twice 0\n")


@pytest.mark.parametrize("name", ["names", "flags", "times"])
def test_each_call_answers_the_same(name: str, empty: Path) -> None:
    assert both(Work(program(name), directory=empty)).status == 0


def test_waiting() -> None:
    outcome = both(Work(program("waiting"), stdin=b"hello world"))
    assert b"ready 1, read 3: rld" in outcome.stdout
    assert b"slept 1" in outcome.stdout


def test_waiting_for_a_descriptor_that_is_not_open() -> None:
    # As POSIX has it. wasmtime fails the whole poll.
    assert on_remit(Work(program("waiting"), ["closed"])).stdout.endswith(b"\nclosed: 1, invalid\n")


def test_nothing_is_granted_unasked(files: Path) -> None:
    outcome = both(Work(program("cat"), ["/etc/passwd", "text.txt", "../text.txt"]))
    assert outcome.stdout == b""
    assert outcome.status == 1
