"""Remit files on the command line: run, added to, checked, written."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import remit
from cli import guests
from remit.cli.main import main

Guest = Callable[[bytes], str]
Capture = pytest.CaptureFixture[str]

READ_ONLY, NO_DISK_SPACE = 69, 51


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], str]:
    """Keeps a remit file; its path."""

    def write(text: str) -> str:
        path = tmp_path / "remit.toml"
        path.write_text(text)
        return str(path)

    return write


def complaint(capfd: Capture, *arguments: str, command: str = "run") -> str:
    """The one line that a refused command says."""
    assert main([command, *arguments]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err.removeprefix("remit: ").rstrip("\n")


def test_a_file_is_run(guest: Guest, write: Callable[[str], str], capfd: Capture) -> None:
    guest(guests.printing("args"))
    file = write('program = "guest.wasm"\nname = "tool"\narguments = ["--one", "two"]\n')
    assert main(["run", file]) == 0
    assert capfd.readouterr().out == "tool\0--one\0two\0"
    assert main(["run", file, "three"]) == 0
    assert capfd.readouterr().out == "tool\0three\0"
    assert main(["run", "--argv0", "other", file]) == 0
    assert capfd.readouterr().out == "other\0--one\0two\0"


def test_options_add_to_it_and_replace_single_values(
    guest: Guest, write: Callable[[str], str], tmp_path: Path, capfd: Capture
) -> None:
    path = guest(guests.printing("environ"))
    file = write('program = "guest.wasm"\n[env]\nA = "1"\nB = "2"\n')
    assert main(["run", "--remit", file, "--env", "B=3", "--env", "C=4", path]) == 0
    assert capfd.readouterr().out == "A=1\0B=3\0C=4\0"
    directories = guest(guests.DIRECTORIES)
    file = write(f'[[dir]]\nguest = "/one"\npath = "{tmp_path}"\nrights = "read"\n[limits]\ntimeout = 60\n')
    assert main(["run", "--remit", file, "--memory-dir", "/two", "--timeout", "50", directories]) == 0
    assert capfd.readouterr().out == "/one\n/two\n/\n"
    told = complaint(capfd, "--remit", file, "--memory-dir", "/one", directories)
    assert told == "--memory-dir: the program has a directory '/one' already; give this one another name"
    file = write('[network]\nallow = "host"\n')
    told = complaint(capfd, "--remit", file, "--allow-net", "example.com", path)
    assert "remit.toml:2 grants the whole network already" in told


def test_paths_begin_at_the_directory_of_the_file(
    guest: Guest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Capture
) -> None:
    (tmp_path / "conf/data").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    guest(guests.CREATE)
    (tmp_path / "conf/x.toml").write_text(
        'program = "../guest.wasm"\n[[dir]]\nguest = "/d"\npath = "data"\nrights = "all"\n'
    )
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert main(["run", "../conf/x.toml"]) == 0
    assert (tmp_path / "conf/data/new").read_bytes() == b"new"
    (tmp_path / "conf/x.toml").write_text(
        'program = "../guest.wasm"\n[[dir]]\nguest = "/"\npath = "no"\nrights = "all"'
    )
    told = complaint(capfd, "../conf/x.toml")
    assert told.startswith("../conf/x.toml:2: ../conf/no: ")


def test_rights_and_quotas_hold(guest: Guest, write: Callable[[str], str], tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    guest(guests.CREATE)
    start = 'program = "guest.wasm"\n[[dir]]\nguest = "/d"\npath = "data"\n'
    assert main(["run", "--no-explain", write(start + 'rights = "read"\n')]) == READ_ONLY
    assert main(["run", "--no-explain", write(start + 'rules = ["all old"]\n')]) == 2  # ACCESS
    assert main(["run", write(start + 'rights = "all"\nmax_files = 0\n')]) == NO_DISK_SPACE
    assert main(["run", write(start + 'rights = "all"\n[limits]\nfiles = 0\n')]) == NO_DISK_SPACE
    assert list(data.iterdir()) == []
    assert main(["run", write(start + 'rules = ["read,write,create new"]\n')]) == 0


def test_another_program_is_refused(guest: Guest, write: Callable[[str], str], capfd: Capture) -> None:
    path = guest(guests.HELLO)
    digest = hashlib.sha256(guests.HELLO).hexdigest()
    file = write(f'program = "guest.wasm"\nsha256 = "{digest}"\n')
    assert main(["run", file]) == 0
    assert main(["run", "--remit", file, path]) == 0
    assert capfd.readouterr().out == "hello\nhello\n"
    other = hashlib.sha256(Path(guest(guests.TRAP)).read_bytes()).hexdigest()
    for line in ([file], ["--remit", file, path]):
        told = complaint(capfd, *line)
        assert told == f"guest.wasm is not the program that was meant: its SHA-256 is {other}, and {digest} was said"


def test_streams_that_are_files(guest: Guest, write: Callable[[str], str], tmp_path: Path, capfd: Capture) -> None:
    guest(guests.HELLO)
    assert main(["run", write('program = "guest.wasm"\n[streams]\nstdout = { file = "out" }\nstdin = "null"\n')]) == 0
    assert capfd.readouterr().out == ""
    assert (tmp_path / "out").read_text() == "hello\n"
    assert main(["run", write('program = "guest.wasm"\n[streams]\nstdout = { append = "out" }\n')]) == 0
    assert (tmp_path / "out").read_text() == "hello\nhello\n"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
@pytest.mark.parametrize("stream", ["stdin", "stdout", "stderr"])
def test_a_stream_is_no_pipe_that_is_waited_for(
    guest: Guest, write: Callable[[str], str], tmp_path: Path, capfd: Capture, stream: str
) -> None:
    guest(guests.HELLO)
    os.mkfifo(tmp_path / "pipe")
    text = f'program = "guest.wasm"\n[streams]\n{stream} = {{ file = "pipe" }}\n'
    assert "pipe: Is a named pipe: hand it over" in complaint(capfd, write(text))
    end = os.open(tmp_path / "pipe", os.O_RDWR)
    try:
        assert "Is a named pipe" in complaint(capfd, write(text)), "nor one that somebody has open"
    finally:
        os.close(end)
    if stream != "stdin":
        assert main(["run", write(text.replace("pipe", "/dev/null"))]) == 0


def test_who_runs_under_it_cannot_change_it(guest: Guest, write: Callable[[str], str], capfd: Capture) -> None:
    """It would be granted what it has written, next time."""
    guest(guests.HELLO)
    start = 'program = "guest.wasm"\n'
    for grant, by in (
        ('[[dir]]\nguest = "/d"\npath = "."\nrights = "all"\n', "/d"),
        ('[[dir]]\nguest = "/d"\npath = "."\nrules = ["write *.toml"]\n', "/d"),
        ('[[file]]\nguest = "/f/remit.toml"\npath = "remit.toml"\nrights = "read,write"\n', "/f/remit.toml"),
        ('[streams]\nstderr = { append = "remit.toml" }\n', "stderr"),
    ):
        for command in ("run", "check"):
            told = complaint(capfd, write(start + grant), command=command)
            assert f"its program could change this file, by {by}: have it elsewhere" in told
    for grant in (
        '[[dir]]\nguest = "/d"\npath = "."\nrights = "read"\n',
        '[[dir]]\nguest = "/d"\npath = "."\nrules = ["read **", "all out/**"]\n',
        '[[dir]]\nguest = "/d"\npath = "."\nkind = "overlay"\n',
    ):
        assert main(["run", write(start + grant)]) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_nor_by_another_way_to_it(
    guest: Guest, tmp_path: Path, capfd: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a link leads, where a link stands, and by another name of the same file."""
    guest(guests.HELLO)
    monkeypatch.chdir(tmp_path)
    Path("out").mkdir()
    Path("conf").mkdir()
    text = 'program = "%s"\n[[dir]]\nguest = "/out"\npath = "%s"\nrights = "all"\n'
    program, out = tmp_path / "guest.wasm", tmp_path / "out"
    Path("out/file.toml").write_text(text % (program, out))
    Path("link.toml").symlink_to("out/file.toml")
    Path("conf/file.toml").write_text(text % (program, out))
    Path("out/way").symlink_to("../conf")
    Path("hard.toml").write_text(text % (program, out))
    os.link("hard.toml", "out/other.toml")
    for name in ("link.toml", "out/way/file.toml", "hard.toml", "conf/../out/way/../conf/file.toml"):
        assert "its program could change this file, by /out" in complaint(capfd, name), name
    assert main(["run", "conf/file.toml"]) == 0
    capfd.readouterr()
    # A directory on the way can be put elsewhere, and another in its place.
    Path("out/sub").mkdir()
    Path("above.toml").write_text(text % (program, out))
    assert "its program could change this file, by /out" in complaint(capfd, "out/sub/../../above.toml")
    monkeypatch.chdir("out/sub")
    assert "its program could change this file, by /out" in complaint(capfd, "../../above.toml")
    monkeypatch.chdir(out)
    assert main(["run", "../above.toml"]) == 0, "but not the one that is granted"
    monkeypatch.chdir(tmp_path)
    Path("out/new.toml").symlink_to("../there.toml")
    Path("to.toml").symlink_to("out/there.toml")
    for name in ("out/way/new.toml", "out/new.toml", "to.toml"):
        assert main(["learn", "-o", name, "--dir", "out::/out", "guest.wasm"]) == 2
        assert "its program could change this file, by /out" in capfd.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_no_grant_leads_where_an_earlier_run_has_made_it_lead(
    guest: Guest, write: Callable[[str], str], tmp_path: Path, capfd: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest(guests.HELLO)
    monkeypatch.chdir(tmp_path)
    for name in ("work", "outside"):
        Path(name).mkdir()
    Path("outside/victim").write_text("here")
    Path("work/log").symlink_to("../outside/victim")
    Path("work/sub").symlink_to("../outside")
    start = 'program = "guest.wasm"\n[[dir]]\nguest = "/work"\npath = "work"\nrights = "all"\n'
    for grant, link in (
        ('[streams]\nstdout = { append = "work/log" }\n', "work/log"),
        ('[[dir]]\nguest = "/sub"\npath = "work/sub"\nrights = "all"\n', "work/sub"),
        ('[[file]]\nguest = "/f/victim"\npath = "work/sub/victim"\nrights = "write"\n', "work/sub"),
    ):
        told = complaint(capfd, write(start + grant))
        assert f"leads through {tmp_path / link}, which the program can have lead elsewhere" in told
    assert Path("outside/victim").read_text() == "here"
    read = start.replace('rights = "all"', 'rights = "read"')
    assert main(["run", write(read + '[[dir]]\nguest = "/s"\npath = "work/sub"\nrights = "all"\n')]) == 0
    Path("way").symlink_to("outside")
    assert main(["run", write(start + '[[dir]]\nguest = "/s"\npath = "way"\nrights = "all"\n')]) == 0
    assert main(["run", "--dir", "work", "--dir", "work/sub::/s", "guest.wasm"]) == 2
    capfd.readouterr()
    Path("work/plain").mkdir()
    assert main(["run", "--dir", "work", "--dir", "work/plain::/p", "guest.wasm"]) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
def test_a_stream_may_be_that_of_the_process(guest: Guest, write: Callable[[str], str]) -> None:
    """Also where that is a pipe, which is open already."""
    guest(guests.HELLO)
    streams = '[streams]\nstdin = { file = "/dev/stdin" }\nstdout = { file = "/dev/stdout" }\n'
    file = write(f'program = "guest.wasm"\n{streams}')
    command = [sys.executable, "-m", "remit", "run", file]
    done = subprocess.run(command, input="", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "hello\n", "")


def test_interfaces(guest: Guest, write: Callable[[str], str], capfd: Capture) -> None:
    path = guest(guests.CREATE)
    start = 'program = "guest.wasm"\n[interfaces]\n'
    told = complaint(capfd, write(start + 'deny = ["wasi_snapshot_preview1#path_open"]'))
    assert told == f"{path}: guest.wasm imports what its remit does not allow: wasi_snapshot_preview1#path_open"
    told = complaint(capfd, write(start + 'allow = ["wasi_snapshot_preview1#path_open", "wasi:io/poll"]'))
    assert told.endswith("wasi_snapshot_preview1#fd_write, wasi_snapshot_preview1#proc_exit")
    told = complaint(capfd, write(start + 'deny = ["wasi:sockets/tpc"]'))
    assert "remit.toml:3: 'wasi:sockets/tpc', number 1, is no interface that there is; did you mean" in told
    file = write(start + 'allow = ["wasi_snapshot_preview1"]\n[[dir]]\nguest = "/"\nkind = "memory"\n')
    assert main(["run", file]) == 0


def test_limits_of_the_file(guest: Guest, write: Callable[[str], str], capfd: Capture) -> None:
    guest(guests.SPIN)
    assert main(["run", write('program = "guest.wasm"\n[limits]\ntimeout = "100ms"\n')]) == 124
    assert main(["run", write('program = "guest.wasm"\n[limits]\nfuel = 1000\n')]) == 134
    capfd.readouterr()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it says no program: write program ="),
        ("progam = 'x'", ":1: progam: there is no such key at the top; did you mean program?"),
        ("\x00", ":1: it is no TOML"),
        ("program = 'missing.wasm'", "missing.wasm: No such file"),
    ],
)
def test_mistakes(text: str, message: str, write: Callable[[str], str], capfd: Capture) -> None:
    assert message in complaint(capfd, write(text))


def test_a_name_decides_what_is_a_file_and_not_what_is_in_it(guest: Guest, tmp_path: Path, capfd: Capture) -> None:
    (tmp_path / "x.toml").write_bytes(guests.HELLO)
    assert "x.toml:2: it is no text in UTF-8" in complaint(capfd, str(tmp_path / "x.toml"))
    (tmp_path / "x").write_text("program = 'guest.wasm'")
    assert "TOML" not in complaint(capfd, str(tmp_path / "x"))
    assert "No such file" in complaint(capfd, str(tmp_path / "missing.toml"))
    assert "No such file" in complaint(capfd, "--remit", str(tmp_path / "missing"), guest(guests.HELLO))
    file = str(tmp_path / "x.toml")
    assert complaint(capfd, "--remit", file, file).endswith("is a remit file itself: give one of them")


def test_what_options_mean_is_written(
    guest: Guest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SECRET", "not for files")
    (tmp_path / "sub").mkdir()
    (tmp_path / "data").mkdir()
    guest(guests.printing("environ"))
    options = [
        "--dir",
        "data::/d:ro",
        "--memory-dir",
        "/m:1MiB",
        "--overlay",
        "sub::/o",
        "--env",
        "A=1",
        "--env",
        "SECRET",
    ]
    options += ["--allow-net", "example.com:443", "--listen", "127.0.0.1:0", "--max-memory", "64MiB", "--timeout", "2m"]
    options += [
        "--seed",
        "7",
        "--clock",
        "2026-01-31T12:00:00Z",
        "--argv0",
        "tool",
        "--max-disk",
        "1GiB",
        "--fuel",
        "10G"[:2],
        "--deterministic",
        "--strict",
        "--fsspec",
        "memory://x::/f",
    ]
    line = [*options, "--write-remit", "sub/x.toml", "guest.wasm", "one"]
    assert main(["run", *line]) == 0
    assert capfd.readouterr() == ("", "")
    text = (tmp_path / "sub/x.toml").read_text()
    assert "not for files" not in text
    written = remit.Remit.load("sub/x.toml")
    assert written == remit.Remit(
        program="../guest.wasm",
        sha256=hashlib.sha256((tmp_path / "guest.wasm").read_bytes()).hexdigest(),
        name="tool",
        arguments=["one"],
        env={"A": "1", "SECRET": None},
        dirs=[
            remit.Remit.Directory("/d", "../data", rights="read"),
            remit.Remit.Directory("/m", kind="memory", max_bytes=1 << 20),
            remit.Remit.Directory("/o", "../sub", kind="overlay"),
            remit.Remit.Directory("/f", kind="fsspec", url="memory://x"),
        ],
        deterministic=True,
        strict=True,
        network=["example.com:443"],
        listen=["127.0.0.1:0"],
        time=1769860800 * 10**9,
        seed=7,
        limits={"memory": 64 << 20, "timeout": 120, "disk": 1 << 30, "fuel": 10},
        base="sub",
    )
    assert "is there already: remove it first" in complaint(capfd, *line)
    assert "--invoke is no part of a remit file" in complaint(capfd, "--invoke", "f", *line)
    assert (
        main(
            [
                "run",
                "--remit",
                "sub/x.toml",
                "--env",
                "B=2",
                "--fuel",
                "100000",
                "--write-remit",
                "y.toml",
                "guest.wasm",
            ]
        )
        == 0
    )
    again = remit.Remit.load("y.toml")
    assert (again.env, again.limits["fuel"], again.program) == (
        {"A": "1", "SECRET": None, "B": "2"},
        100000,
        "guest.wasm",
    )
    assert main(["run", "--no-explain", "y.toml"]) == 0
    assert capfd.readouterr().out == "A=1\0SECRET=not for files\0B=2\0"


def test_a_program_is_compiled_for_deterministic_runs(
    guest: Guest, write: Callable[[str], str], capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    path = guest(guests.RANDOM)

    def output(*arguments: str) -> bytes:
        assert main(["run", *arguments]) == 0
        return capfdbinary.readouterr().out

    zero = output("--deterministic", path)
    file = write('program = "guest.wasm"\ndeterministic = true\n')
    assert output(file) == output("--remit", file, path) == output("--deterministic", file) == zero
    assert output("--seed", "1", file) != zero
    seven = output("--deterministic", "--seed", "7", path)
    assert output(write('program = "guest.wasm"\ndeterministic = true\n[random]\nseed = 7\n')) == seven


def test_the_first_refusal_ends_it(guest: Guest, write: Callable[[str], str], capfd: Capture) -> None:
    path = guest(guests.CREATE)
    grant = '[[dir]]\nguest = "/d"\nkind = "memory"\nrights = "read"\n'
    assert main(["run", write(f'\nprogram = "guest.wasm"\nstrict = true\n{grant}')]) == 77
    assert "remit.toml:3 asks for" in capfd.readouterr().err
    assert main(["run", "--strict", "--remit", write(grant), path]) == 77
    assert "as --strict asks for" in capfd.readouterr().err
    assert main(["run", write(f'program = "guest.wasm"\nstrict = false\n{grant}')]) == READ_ONLY


def test_what_fsspec_opens(guest: Guest, write: Callable[[str], str], capfd: Capture) -> None:
    import fsspec

    fsspec.filesystem("memory").pipe("/remit-cli/new", b"from a store")
    path = guest(guests.READ)
    file = write('program = "guest.wasm"\n[[dir]]\nguest = "/d"\nkind = "fsspec"\nurl = "memory://remit-cli"\n')
    assert main(["run", file]) == 0
    assert main(["run", "--fsspec", "memory://remit-cli::/d", path]) == 0
    assert capfd.readouterr().out == "from a store" * 2
    told = complaint(capfd, "--fsspec", "nothing://x::/d", path)
    assert told.startswith("--fsspec: nothing://x: ")
    told = complaint(capfd, "--fsspec", "nothing://x", path)
    assert "write URL::GUEST" in told


def test_variables_that_are_not_set(
    guest: Guest, write: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, capfd: Capture
) -> None:
    monkeypatch.delenv("REMIT_UNSET", raising=False)
    guest(guests.HELLO)
    told = complaint(capfd, write('program = "guest.wasm"\n[env]\nREMIT_UNSET = { inherit = true }\n'))
    assert "remit.toml:3: REMIT_UNSET is not set here" in told


def test_servers(guest: Guest, write: Callable[[str], str], capfd: Capture) -> None:
    path = guest(guests.HELLO)
    for text, key in (
        ("[network]\nlisten = ['127.0.0.1:0']", "network.listen"),
        ("arguments = ['x']", "arguments"),
        ("[limits]\n\ntimeout = 1", "limits.timeout"),
        ("deterministic = true", "deterministic"),
    ):
        assert f"{key} is not for servers" in complaint(capfd, "--remit", write(text), path, command="serve")
    assert "there is no such key" in complaint(capfd, "--remit", write("x = 1"), path, command="serve")


def test_the_schema_is_json_and_where_the_help_says(capfd: Capture) -> None:
    assert main(["run", "--help"]) == 0
    assert "docs/remit.schema.json" in capfd.readouterr().out
    assert json.loads((Path(__file__).parents[2] / "docs/remit.schema.json").read_text())["title"] == "remit.toml"
