"""``remit learn`` and ``remit check``: the least that a program needs, and what of a remit file is too much."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import pytest

from cli import guests
from parity.test_parity import talk
from remit.cli.main import main
from remit.policy.remit import Remit
from tools import zig
from wat import wat

NOTES = Path(__file__).parents[2] / "examples" / "demo" / "notes.wasm"
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with the program and its notes."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(NOTES, tmp_path)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("three short words")
    (tmp_path / "notes" / "secret.md").write_text("not for notes")
    return tmp_path


def learn(*arguments: str) -> int:
    return main(["learn", *arguments])


def rules(file: str = "remit.toml") -> tuple[str, ...]:
    [grant] = Remit.load(file).dirs
    found: tuple[str, ...] = grant.rules
    return found


@pytest.mark.usefixtures("place")
def test_another_directory_by_the_same_name_is_not_that_one(capfd: Capture) -> None:
    assert learn("--dir", "notes::/notes", "notes.wasm") == 0
    before = Path("remit.toml").read_text()
    shutil.copytree("notes", "others")
    capfd.readouterr()
    for option in (["--dir", "others::/notes"], ["--memory-dir", "/notes"], ["--overlay", "notes::/notes"]):
        assert learn(*option, "notes.wasm") == 2
        assert "remit.toml has another directory as /notes, that of the host at notes" in capfd.readouterr().err
    assert Path("remit.toml").read_text() == before
    assert learn("--dir", "./notes/::/notes", "notes.wasm") == 0


@pytest.mark.usefixtures("place")
def test_the_digest_is_that_of_what_was_run(capfd: Capture, tmp_path_factory: pytest.TempPathFactory) -> None:
    """And not of what lies there afterwards: the program may have written to it."""
    output = str(tmp_path_factory.mktemp("out") / "remit.toml")
    changes = wat("""(module
      (import "wasi_snapshot_preview1" "path_open"
        (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_pwrite" (func $write (param i32 i32 i32 i64 i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 100) "it.wasm")
      (data (i32.const 16) "\\64\\00\\00\\00\\01\\00\\00\\00")
      (func (export "_start")
        (drop (call $open (i32.const 3) (i32.const 0) (i32.const 100) (i32.const 7) (i32.const 0)
                          (i64.const 0x44) (i64.const 0) (i32.const 0) (i32.const 0)))
        (drop (call $write (i32.load (i32.const 0)) (i32.const 16) (i32.const 1) (i64.const 4) (i32.const 8)))))""")
    Path("it.wasm").write_bytes(changes)
    assert learn("-o", output, "--no-cache", "--dir", ".::/", "it.wasm") == 0
    assert Path("it.wasm").read_bytes() != changes
    assert Remit.load(output).sha256 == sha256(changes).hexdigest()
    Path("it.wasm").write_bytes(changes + b"\0\2\1x")
    capfd.readouterr()
    assert learn("-o", output, "--no-cache", "--dir", ".::/", "it.wasm") == 0
    assert "it.wasm is not the program that it was: the file will have its new digest" in capfd.readouterr().err


LEAVES = (
    "refused: leave /notes/../outside.txt (path_open: capabilities insufficient); "
    "no rule lets a path lead out of its directory"
)
"""What the program tries whatever it is given."""

ASKS = ["read .", "read a.txt", "write,create summary.txt"]


@pytest.mark.usefixtures("place")
def test_the_least_is_learned_and_enough(capfd: Capture) -> None:
    assert learn("--dir", "notes::/notes", "notes.wasm") == 0
    learned = Remit.load("remit.toml")
    assert list(rules()) == ASKS
    assert (learned.program, learned.sha256 is not None) == ("notes.wasm", True)
    capfd.readouterr()
    Path("notes/summary.txt").unlink()
    assert main(["check", "remit.toml"]) == 1
    out, err = capfd.readouterr()
    assert out.splitlines() == [
        "missing: read /etc/passwd (path_open: no such file or directory); add [[file]] with "
        'guest = "/etc/passwd", path = "/etc/passwd", rights = "read"',
        LEAVES,
    ], "the program tries what it was not given when it was learned, either"
    assert err == ""


@pytest.mark.usefixtures("place")
def test_what_else_it_wants_is_refused_and_the_remedy_works(capfd: Capture) -> None:
    learn("--dir", "notes::/notes", "notes.wasm")
    Path("notes/b.txt").write_text("two words")
    capfd.readouterr()
    assert main(["check", "remit.toml"]) == 1
    [line] = [each for each in capfd.readouterr().out.splitlines() if "b.txt" in each]
    remedy = line.partition("; ")[2]
    assert remedy == 'add "read b.txt" to rules in the [[dir]] of "/notes"'
    file = Path("remit.toml")
    rule = remedy.split('"')[1]
    file.write_text(file.read_text().replace('"read a.txt"', f'"read a.txt", "{rule}"'))
    assert main(["check", "remit.toml"]) == 1
    assert "b.txt" not in capfd.readouterr().out


@pytest.mark.usefixtures("place")
def test_several_runs_add_up_and_comments_stay() -> None:
    learn("--dir", "notes::/notes", "notes.wasm")
    file = Path("remit.toml")
    file.write_text("# mine\n" + file.read_text())
    Path("notes/b.txt").write_text("two words")
    learn("--dir", "notes::/notes", "notes.wasm")
    assert list(rules()) == [*ASKS, "read b.txt"]
    assert file.read_text().startswith("# mine\n")
    before = file.read_text()
    learn("--dir", "notes::/notes", "notes.wasm")
    assert file.read_text() == before


@pytest.mark.usefixtures("place")
def test_what_a_person_has_added_stays() -> None:
    learn("--dir", "notes::/notes", "notes.wasm")
    file = Path("remit.toml")
    mine = '[env]\nA = "mine"\n\n[network]\nallow = ["example.com:443"]\n\n[limits]\ntimeout = "30s"\n'
    file.write_text("strict = true\n" + file.read_text() + "\n" + mine)
    before = file.read_text()
    file.write_text(before.replace("strict = true", "strict = false"))
    learn("--dir", "notes::/notes", "--env", "A=1", "notes.wasm")
    assert file.read_text() == before.replace("strict = true", "strict = false")
    learn("--dir", "notes::/notes", "--env", "B=2", "--max-memory", "64MiB", "notes.wasm")
    learned = Remit.load(file)
    assert learned.env == {"A": "mine", "B": "2"}
    assert (learned.network, learned.limits) == (("example.com:443",), {"timeout": 30, "memory": 64 << 20})


@pytest.mark.usefixtures("place")
def test_what_a_file_hands_it_is_observed() -> None:
    Path("given.toml").write_text(
        'arguments = []\n[[dir]]\nguest = "/notes"\npath = "notes"\nrights = "all"\n[limits]\nfuel = 100_000_000\n'
    )
    assert learn("--remit", "given.toml", "--discard-changes", "notes.wasm") == 0
    assert not Path("notes/summary.txt").exists()
    assert list(rules()) == ASKS
    assert Remit.load("remit.toml").limits == {"fuel": 100_000_000}
    assert main(["check", "remit.toml"]) == 1, "it counts fuel, as the file wants it"


@pytest.mark.usefixtures("place")
def test_a_first_refusal_ends_neither_learning_nor_a_check(capfd: Capture) -> None:
    Path("given.toml").write_text(
        'strict = true\n[[dir]]\nguest = "/notes"\npath = "notes"\nrules = ["read .", "read a.txt"]\n'
    )
    assert learn("--remit", "given.toml", "notes.wasm") != 77
    assert Remit.load("remit.toml").strict
    capfd.readouterr()
    assert main(["check", "remit.toml"]) == 1
    missing = [line for line in capfd.readouterr().out.splitlines() if line.startswith("missing")]
    assert len(missing) > 1


def test_a_single_file_has_no_copy(place: Path, capfd: Capture) -> None:
    (place / "given.toml").write_text('\n[[file]]\nguest = "/notes/a.txt"\npath = "notes/a.txt"\nrights = "all"\n')
    assert learn("--remit", "given.toml", "--discard-changes", "notes.wasm") == 2
    assert "given.toml:2 lets it change a single file, of which there are no copies" in capfd.readouterr().err


@pytest.mark.usefixtures("place")
def test_a_check_is_of_the_program_that_is_meant(capfd: Capture) -> None:
    digest = "0" * 64
    Path("remit.toml").write_text(f'program = "notes.wasm"\nsha256 = "{digest}"\n')
    assert main(["check", "remit.toml"]) == 2
    assert "is not the program that was meant" in capfd.readouterr().err
    Path("remit.toml").write_text('program = "notes.wasm"\n[interfaces]\ndeny = ["wasi_snapshot_preview1"]\n')
    assert main(["check", "remit.toml"]) == 2
    assert "imports what its remit does not allow" in capfd.readouterr().err
    assert main(["check", "--remit", "remit.toml", "remit.toml"]) == 2
    assert "--remit: remit.toml is the remit file: give one of them" in capfd.readouterr().err


def test_nothing_need_be_changed(place: Path) -> None:
    assert learn("--discard-changes", "--dir", "notes::/notes", "-o", "other.toml", "notes.wasm") == 0
    assert not (place / "notes" / "summary.txt").exists()
    [grant] = Remit.load("other.toml").dirs
    assert (grant.kind, list(grant.rules or ())) == ("host", ASKS)


@pytest.mark.usefixtures("place")
def test_what_is_unused_or_too_wide_is_said(capfd: Capture) -> None:
    Path("unused").mkdir()
    Remit(
        program="notes.wasm",
        dirs=[
            Remit.Directory("/notes", "notes", rules=["all **", "read never.txt"]),
            Remit.Directory("/unused", "unused", rights="read"),
        ],
    ).save("remit.toml")
    assert main(["check", "remit.toml"]) == 1
    lines = [line for line in capfd.readouterr().out.splitlines() if not line.startswith("missing")]
    assert lines == [
        "unused: /notes: the rule 'read never.txt'",
        "unused: /unused: all of it",
        "too wide: /notes: of the rule 'all **' only read,write,create was used",
        LEAVES,
    ]


@pytest.mark.usefixtures("place")
def test_many_files_suggest_a_pattern(capfd: Capture) -> None:
    for number in range(12):
        Path(f"notes/{number}.txt").write_text("word")
    learn("--dir", "notes::/notes", "notes.wasm")
    assert "remit: remit.toml: /notes: the rule 'read *' could stand for 13 of its rules" in capfd.readouterr().err
    assert "read *" not in rules()


def test_what_cannot_be_done_is_one_line(
    place: Path, capfd: Capture, guest: Callable[[bytes], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def complaint(*arguments: str) -> str:
        assert main([*arguments]) == 2
        out, err = capfd.readouterr()
        assert (out, err.count("\n")) == ("", 1)
        return err.removeprefix("remit: ").strip()

    learn("--dir", "notes::/notes", "notes.wasm")
    capfd.readouterr()
    other = guest(guests.HELLO)
    assert complaint("learn", other) == f"remit.toml is for notes.wasm, not for {other}: choose another file with -o"
    assert complaint("learn", "-o", "none/remit.toml", other) == "none/remit.toml: there is no directory none"
    assert complaint("check", "none.toml") == "none.toml: No such file or directory"
    (place / "bad.toml").write_text("dir = 5\n")
    assert complaint("check", "bad.toml").startswith("bad.toml:1:")
    assert complaint("learn", "-o", "bad.toml", "notes.wasm").startswith("bad.toml:1:")
    (place / "empty.toml").write_text("")
    assert "names no program" in complaint("check", "empty.toml")


def test_the_file_is_written_however_it_ends(place: Path, guest: Callable[[bytes], str]) -> None:
    assert learn("-o", "trap.toml", guest(guests.exiting(3))) == 3
    assert Remit.load("trap.toml").dirs == ()


@pytest.mark.usefixtures("place")
def test_an_address_that_nobody_came_to(capfd: Capture, guest: Callable[[bytes], str]) -> None:
    Remit(program=guest(guests.HELLO), listen=["127.0.0.1:0"]).save("remit.toml")
    assert main(["check", "remit.toml"]) == 1
    assert "unused: listen: 127.0.0.1:0: it took no connection\n" in capfd.readouterr().out


@pytest.mark.usefixtures("place")
def test_an_address_that_somebody_came_to(capfd: Capture) -> None:
    program = zig.built([NOTES.parents[2] / "tests" / "parity" / "accepting.c"], "-Wall", "-Wextra", "-Werror")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    Remit(program=program, listen=[f"127.0.0.1:{port}"]).save("remit.toml")
    talk(port, lambda: SimpleNamespace(stdout=b"", returncode=main(["check", "remit.toml"]), stderr=""))
    assert capfd.readouterr().out == ""
