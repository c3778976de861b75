"""What is told of refusals at the end, and the first one as the end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import remit
from remit.cli.main import main
from remit.cli.refusals import MOST_LINES, RefusalReport
from remit.cli.values import parse_directory
from remit.kernel.errors import Code
from remit.kernel.refusals import Refusal, Want

REPOSITORY = Path(__file__).parents[2]
NOTES = str(REPOSITORY / "examples" / "demo" / "notes.wasm")
LEAVES = (
    "remit: refused: path_open: leave /notes/../outside.txt: capabilities insufficient; "
    "no rule lets a path lead out of its directory\n"
)
"""What the program tries besides."""
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    (tmp_path / "a.txt").write_text("three short words")
    return tmp_path


def test_what_was_refused_is_told_with_the_remedy_and_that_works(notes: Path, capfd: Capture) -> None:
    assert main(["run", "--dir", f"{notes}::/notes:ro", NOTES]) == 1
    told = capfd.readouterr().err
    remedy = f"--dir {notes}::/notes"
    assert told == (
        "remit: refused: path_open: create /notes/summary.txt: read-only file system; "
        f"{remedy} (without :ro) would allow it\n" + LEAVES
    )
    assert main(["run", *remedy.split(), NOTES]) == 0
    assert capfd.readouterr().err == LEAVES
    assert (notes / "summary.txt").exists()


def test_nothing_is_told_if_nobody_wants_it(notes: Path, capfd: Capture) -> None:
    assert main(["run", "--no-explain", "--dir", f"{notes}::/notes:ro", NOTES]) == 1
    assert capfd.readouterr().err == ""


def test_the_first_refusal_ends_it(notes: Path, capfd: Capture) -> None:
    assert main(["run", "--strict", "--dir", f"{notes}::/notes:ro", NOTES]) == 77
    out, err = capfd.readouterr()
    assert "What else it tries" not in out
    first, second = err.splitlines()
    assert first == f"remit: {NOTES}: stopped at its first refusal, as --strict asks for"
    assert second.startswith("remit: refused: path_open: create /notes/summary.txt")
    assert main(["run", "--strict", "--dir", f"{notes}::/notes", NOTES]) == 77
    err = capfd.readouterr().err
    assert err.splitlines()[1:] == LEAVES.splitlines(), "and errors that are no refusals do not end it"


def report(*directories: str) -> RefusalReport:
    return RefusalReport({"dir": [parse_directory(each) for each in directories]})


def refusal(subject: str, *, kind: str = "file", rule: str = "", action: str = "write") -> Refusal:
    return Refusal("call", Code.READ_ONLY, Want(kind, action, subject, rule), subject)


def test_the_grant_that_is_named_is_the_one_around() -> None:
    made = report("/host::/a:ro", "/host/b::/a/b:ro", "/c:ro", "/free::/free")
    for subject, remedy in (
        ("/a/x", "; --dir /host::/a (without :ro) would allow it"),
        ("/a/b/x", "; --dir /host/b::/a/b (without :ro) would allow it"),
        ("/a/bx", "; --dir /host::/a (without :ro) would allow it"),
        ("/c", "; --dir /c (without :ro) would allow it"),
        ("/cx", "; a remit file can allow it, with a [[file]]"),
        ("/tmp", "; --dir /tmp would allow it"),
        ("/it's/x", """; --dir '/it'"'"'s' would allow it"""),
        ("/etc/x", "; --dir /etc would allow it"),
        ("/free/x", ""),
        ("relative", ""),
    ):
        assert made.add(refusal(subject)) == f"refused: call: write {subject}: read-only file system{remedy}"
    line = made.add(refusal("10.0.0.1:80", kind="network", rule="10.0.0.1:80", action="connect"))
    assert line is not None
    assert line.endswith("; --allow-net '10.0.0.1:80' would allow it")


def test_names_do_not_reach_a_terminal_raw() -> None:
    line = report().add(refusal("/a\x1b[2Jb"))
    assert line is not None
    assert "\x1b" not in line
    assert "\\x1b[2Jb" in line


def test_so_many_lines_and_no_more(capfd: Capture) -> None:
    made = report()
    for number in range(MOST_LINES + 3):
        made.add(refusal(f"/{number}"))
        assert made.add(refusal(f"/{number}")) is None
    made.tell()
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == MOST_LINES + 1
    # What is beyond the lines was added twice each.
    assert lines[-1] == "remit: refused: 6 more things"


def run(**options: Any) -> remit.CompletedProcess:
    files = remit.fs.ReadOnly(remit.fs.Memory({"a.txt": "three short words"}))
    return remit.run([NOTES], dirs={"/notes": files}, capture_output=True, **options)


def test_refusals_in_python() -> None:
    told: list[remit.Refusal] = []
    done = run(on_refusal=told.append)
    assert [(each.call, each.action, each.subject) for each in done.refusals] == [
        ("path_open", "create", "/notes/summary.txt"),
        ("path_open", "leave", "/notes/../outside.txt"),
    ]
    assert tuple(told) == done.refusals
    with pytest.raises(remit.CalledProcessError) as failed:
        run(check=True)
    assert len(failed.value.refusals) == 2
    with pytest.raises(remit.StoppedAtRefusal) as stopped:
        run(strict=True)
    assert stopped.value.refusal.subject == "/notes/summary.txt"
    assert stopped.value.stdout is not None

    def stop(refusal: remit.Refusal) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(on_refusal=stop)
    with pytest.raises(TypeError, match="on_refusal must be a function"):
        run(on_refusal=5)
    with pytest.raises(TypeError, match="strict must be True or False"):
        run(strict=5)
