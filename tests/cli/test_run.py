"""``remit run`` within this process: what is granted, what is limited, what is refused."""

from __future__ import annotations

import gzip
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from archives import tarred, zipped
from cli import guests
from remit.cli.main import main
from remit.engine import program_file
from runtime.components import examples
from wat import wat

Guest = Callable[[bytes], str]
Capture = pytest.CaptureFixture[str]

# Numbers of WASI 0.1.
NO_FILE_TABLE_SPACE, NO_DISK_SPACE, READ_ONLY = 33, 51, 69
DIRECTORY, STREAM_SOCKET = 3, 6


def complaint(capfd: Capture, *arguments: str) -> str:
    """The one line that a refused command says."""
    assert main(["run", *arguments]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("remit: ")
    assert err.count("\n") == 1
    return err.removeprefix("remit: ").rstrip("\n")


def test_hello(guest: Guest, capfd: Capture) -> None:
    path = guest(guests.HELLO)
    for _ in range(2):
        assert main(["run", path]) == 0
        assert capfd.readouterr() == ("hello\n", "")


@pytest.mark.parametrize(
    ("status", "reported"), [(0, 0), (3, 3), (255, 255), (256, 255), (300, 44), (-1, 255), (-256, 255)]
)
def test_exit_status(status: int, reported: int, guest: Guest) -> None:
    assert main(["run", guest(guests.exiting(status))]) == reported


def test_arguments(guest: Guest, capfd: Capture) -> None:
    path = guest(guests.printing("args"))
    assert main(["run", path, "--dir", "-x", "--", "naïve", ""]) == 0
    assert capfd.readouterr().out == "guest.wasm\0--dir\0-x\0--\0naïve\0\0"
    assert main(["run", "--argv0", "tool", path]) == 0
    assert capfd.readouterr().out == "tool\0"


def test_environment(guest: Guest, capfd: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REMIT_TEST", "from here")
    monkeypatch.delenv("REMIT_UNSET", raising=False)
    path = guest(guests.printing("environ"))
    assert main(["run", path]) == 0
    assert capfd.readouterr().out == ""
    assert main(["run", "--env", "A=1", "--env=REMIT_TEST", "--env", "A=2", path]) == 0
    assert capfd.readouterr().out == "A=2\0REMIT_TEST=from here\0"
    assert complaint(capfd, "--env", "REMIT_UNSET", path).startswith("--env: REMIT_UNSET is not set here")


def test_directories(guest: Guest, tmp_path: Path, capfd: Capture) -> None:
    path = guest(guests.DIRECTORIES)
    line = ["--memory-dir", "/tmp", "--overlay", f"{tmp_path}::/over", "--dir", f"{tmp_path}::/data", "--dir", "."]
    assert main(["run", *line, path]) == 0
    assert capfd.readouterr().out == "/data\n.\n/tmp\n/over\n"


def test_a_writable_and_a_read_only_directory(guest: Guest, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    path = guest(guests.CREATE)
    assert main(["run", "--dir", f"{data}::/data:ro", path]) == READ_ONLY
    assert list(data.iterdir()) == []
    assert main(["run", "--dir", f"{data}::/data", path]) == 0
    assert (data / "new").read_bytes() == b"new"


def test_an_overlay_leaves_the_host_alone(guest: Guest, tmp_path: Path, capfd: Capture) -> None:
    data = tmp_path / "data"
    data.mkdir()
    path = guest(guests.CREATE)
    assert main(["run", "--overlay", f"{data}::/data", "--overlay-changes", path]) == 0
    assert list(data.iterdir()) == []
    assert capfd.readouterr().err == "remit: added /data/new\n"
    (data / "new").write_bytes(b"old")
    assert main(["run", "--overlay", f"{data}::/", "--overlay-changes", path]) == 0
    assert (data / "new").read_bytes() == b"old"
    assert capfd.readouterr().err == "remit: modified /new\n"


def test_archives(guest: Guest, tmp_path: Path, capfd: Capture) -> None:
    files = {"new": b"what is in it"}
    made = {
        "a.zip": zipped(files),
        "a.tar": tarred(files),
        "a": tarred(files, "xz"),
        "b": b"#!/bin/sh\n" + zipped(files),
    }
    # A tar archive whose last member is a zip archive.
    made["c"] = tarred({**files, "a.zip": zipped({}, method=0)})
    for name, data in made.items():
        path = tmp_path / name
        path.write_bytes(data)
        assert main(["run", "--archive", f"{path}::/data", guest(guests.READ)]) == 0
        assert capfd.readouterr().out == "what is in it"
        assert main(["run", "--archive", f"{path}::/data", guest(guests.CREATE)]) == READ_ONLY
        assert path.read_bytes() == data
    path = tmp_path / "a.zip"
    line = ["--archive", str(path), "--archive", f"{path}::/b", "--dir", f"{tmp_path}::/d"]
    assert main(["run", *line, guest(guests.DIRECTORIES)]) == 0
    assert capfd.readouterr().out == f"/d\n{path}\n/b\n"


def test_what_is_no_archive(guest: Guest, tmp_path: Path, capfd: Capture) -> None:
    path = guest(guests.HELLO)
    (tmp_path / "damaged.tgz").write_bytes(tarred({"f": b"x"}, "gz")[:-9])
    (tmp_path / "damaged.zip").write_bytes(zipped({"f": b"x"})[:-9])
    for name, why in {
        "missing": "No such file or directory",
        "damaged.tgz": "the archive cannot be unpacked: input/output error: the packed data ends too early",
        "damaged.zip": "not a zip archive that can be read: File is not a zip file",
        ".": "is not a regular file",
    }.items():
        said = complaint(capfd, "--archive", f"{tmp_path / name}::/x", path)
        assert said.startswith("--archive: ")
        assert said.endswith(why)
        assert str(tmp_path) in said
    assert complaint(capfd, "--archive", f"{path}::/x", path).startswith(f"--archive: {path!r}: not a tar archive that")


def test_changes_that_cannot_be_listed(
    guest: Guest, tmp_path: Path, capfd: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("remit.filesystems.overlay.LISTED_BYTES", 2)
    assert main(["run", "--overlay", f"{tmp_path}::/data", "--overlay-changes", guest(guests.CREATE)]) == 2
    err = capfd.readouterr().err
    assert err.startswith("remit: --overlay-changes: /data: ")
    assert "too deep to be listed" in err
    assert err.count("\n") == 1


def test_quotas(guest: Guest, tmp_path: Path, capfd: Capture) -> None:
    path = guest(guests.FILL)
    assert main(["run", "--memory-dir", "/m:1MiB", path]) == NO_DISK_SPACE
    assert main(["run", "--memory-dir", "/m", "--max-disk", "1MiB", path]) == NO_DISK_SPACE
    assert main(["run", "--overlay", f"{tmp_path}::/m", "--max-disk", "1MiB", path]) == NO_DISK_SPACE
    data = tmp_path / "data"
    data.mkdir()
    assert main(["run", "--dir", f"{data}::/m", "--max-disk", "1MiB", path]) == NO_DISK_SPACE
    assert (data / "new").stat().st_size == 1 << 20
    assert main(["run", "--dir", f"{data}::/m", "--max-disk", "1MiB", "--max-files", "0", path]) == NO_DISK_SPACE
    assert (data / "new").stat().st_size == 2 << 20
    path = guest(guests.CREATE)
    for directory in (["--dir", str(data)], ["--memory-dir", "/m"], ["--overlay", str(data)]):
        (data / "new").unlink(missing_ok=True)
        assert main(["run", *directory, "--max-files", "0", path]) == NO_DISK_SPACE
        assert main(["run", *directory, "--max-files", "1", path]) == 0
    assert (
        main(["run", "--memory-dir", "/m", "--max-descriptors", "10", guest(guests.OPEN_MANY)]) == NO_FILE_TABLE_SPACE
    )
    path = guest(guests.GROW)
    assert main(["run", path]) == 0
    assert main(["run", "--max-memory", "1MiB", path]) == 1
    assert main(["run", "--max-memory", "1KiB", path]) == 2
    assert "a larger max_memory" in capfd.readouterr().err


def test_seed_and_clock(guest: Guest, capfd: Capture) -> None:
    path = guest(guests.RANDOM)
    made = []
    for seed in ("1", "1", "2"):
        assert main(["run", "--seed", seed, path]) == 0
        made.append(capfd.readouterr().out)
    assert made[0] == made[1] != made[2]
    assert main(["run", "--clock", "1970-01-01T00:00:01Z", guest(guests.TIME)]) == 0
    assert capfd.readouterr().out.encode() == (10**9).to_bytes(8, "little")


def test_deterministic(guest: Guest, capfd: Capture) -> None:
    path = guest(guests.RANDOM)
    made = []
    for seed in ([], ["--seed", "0"], ["--seed", "1"]):
        assert main(["run", "--deterministic", *seed, path]) == 0
        made.append(capfd.readouterr().out)
    assert made[0] == made[1] != made[2]
    assert main(["run", "--deterministic", guest(guests.SLEEP)]) == 0
    assert capfd.readouterr().out == "ready\n"


def test_a_deterministic_time_begins_at_the_clock(guest: Guest, capfd: Capture) -> None:
    path = guest(guests.TIME)
    assert main(["run", "--deterministic", "--clock", "1970-01-01T00:00:00Z", path]) == 0
    assert capfd.readouterr().out.encode() == (10_000).to_bytes(8, "little")
    assert "start is" in complaint(capfd, "--deterministic", "--clock", "18000000000", path)


def test_sockets_come_after_the_directories(guest: Guest) -> None:
    listen = ["--listen", "127.0.0.1:0", "--net", "host"]
    assert main(["run", *listen, guest(guests.file_type(3))]) == STREAM_SOCKET
    assert main(["run", *listen, "--memory-dir", "/m", guest(guests.file_type(3))]) == DIRECTORY
    assert main(["run", *listen, "--memory-dir", "/m", guest(guests.file_type(4))]) == STREAM_SOCKET
    assert main(["run", "--net", "host", guest(guests.file_type(3))]) == 100


def test_where_it_listens_is_said_if_the_command_line_does_not(guest: Guest, capfd: Capture) -> None:
    listen = ["--listen", "127.0.0.1:0", "--listen", "localhost:00"]
    assert main(["run", *listen, guest(guests.HELLO)]) == 0
    out, err = capfd.readouterr()
    assert out == "hello\n"
    said = re.fullmatch(r"(?:remit: listening on (?:127\.0\.0\.1|\[::1\]):(\d+)\n){2}", err)
    assert said
    port = int(said[1])
    assert port > 0
    assert main(["run", "--listen", f"127.0.0.1:{port}", guest(guests.HELLO)]) == 0
    assert capfd.readouterr() == ("hello\n", "")


def test_trap(guest: Guest, capfd: Capture) -> None:
    path = guest(guests.TRAP)
    assert main(["run", path]) == 134
    err = capfd.readouterr().err
    assert err.startswith(f"remit: {path}: trap: ")
    assert "unreachable" in err
    assert "guest!_start" in err


def test_fuel_and_timeout(guest: Guest, capfd: Capture) -> None:
    path = guest(guests.SPIN)
    assert main(["run", "--fuel", "100_000", path]) == 134
    assert "fuel" in capfd.readouterr().err
    assert main(["run", "--timeout", "50ms", path]) == 124
    assert capfd.readouterr() == ("ready\n", "remit: guest.wasm: stopped after 0.05 s, its --timeout\n")
    assert main(["run", "--timeout", "50ms", guest(guests.SLEEP)]) == 124
    assert main(["run", "--timeout", "1h", "--fuel=1_000_000", guest(guests.HELLO)]) == 0


def test_what_nobody_provides_is_named_at_once(guest: Guest, capfd: Capture) -> None:
    path = guest(wat('(module (import "env" "a" (func)) (import "env" "b" (func)) (func (export "_start")))'))
    said = complaint(capfd, path)
    assert said.startswith(f"{path}: ")
    assert "env" in said
    assert "a" in said
    assert "b" in said


def test_programs_that_are_none(guest: Guest, tmp_path: Path, capfd: Capture) -> None:
    assert complaint(capfd, str(tmp_path / "nowhere.wasm")) == f"{tmp_path}/nowhere.wasm: No such file or directory"
    assert complaint(capfd, str(tmp_path)) == f"{tmp_path}: Is a directory"
    assert complaint(capfd, "a\0b") == "'a\\x00b': embedded null byte"
    path = guest(b"")
    assert complaint(capfd, path) == f"{path}: an empty file; a WebAssembly binary is needed"
    guest(gzip.compress(guests.HELLO))
    assert complaint(capfd, path) == f"{path}: a gzip archive: unpack it first; a WebAssembly binary is needed"
    guest(wat("(component)") + b"\xff")
    assert complaint(capfd, path).startswith(f"{path}: damaged or unsupported component: ")
    guest(wat("(component)"))
    expected = f"{path}: a component that exports no wasi:cli/run@0.2, but nothing; "
    expected += "call its functions with --invoke or remit.load"
    assert complaint(capfd, path) == expected
    guest(guests.HELLO[:-3])
    assert complaint(capfd, path).startswith(f"{path}: damaged or unsupported module: ")


def test_a_library_is_not_run(guest: Guest, capfd: Capture) -> None:
    path = guest(guests.LIBRARY)
    said = complaint(capfd, path)
    assert said.startswith(f"{path}: a library, with no _start; call one of its functions with --invoke (")
    assert "add, swap" in said
    assert "it has none" in complaint(capfd, guest(wat("(module)")))


def test_grants_that_cannot_be_made(guest: Guest, tmp_path: Path, capfd: Capture) -> None:
    path = guest(guests.HELLO)
    missing = tmp_path / "missing"
    for option in ("--dir", "--overlay"):
        said = complaint(capfd, option, f"{missing}::/x", path)
        assert said.startswith(f"{option}: {missing}: ")
        assert said.endswith("No such file or directory")
        said = complaint(capfd, option, f"{path}::/x", path)
        assert said.startswith(f"{option}: {path}: ")
        assert said.endswith("Not a directory")
    assert complaint(capfd, "--dir", f"{tmp_path}::/x", "--memory-dir", "/x", path) == (
        "--memory-dir: the program has a directory '/x' already; give this one another name"
    )
    assert complaint(capfd, "--listen", "8080", path).startswith("--listen: cannot listen on '8080': write HOST:PORT")
    assert complaint(capfd, "--listen", "192.0.2.1:1", path).startswith("--listen: cannot listen on '192.0.2.1:1': ")
    assert complaint(capfd, "--net", "all", path) == "--net: 'all' is not a network; write none or host"
    assert complaint(capfd, "--timeout", "0", path).startswith("--timeout: a duration of 0")


def test_invoke(guest: Guest, capfd: Capture) -> None:
    path = guest(guests.LIBRARY)
    for line, printed in {
        "add 2 3": "5\n",
        "add 0x10 -1": "15\n",
        "add 4294967295 0": "-1\n",
        "swap -9223372036854775808 1e300": "1e+300\n-9223372036854775808\n",
        "half 0.5": "0.25\n",
        "half inf": "inf\n",
        "half -Infinity": "-inf\n",
        "half nan": "nan\n",
        "half 3.4028235e38": "1.7014117331926443e+38\n",
        "half 1e-400": "0.0\n",
        "quiet": "",
        "ready": "1\n",
    }.items():
        name, *arguments = line.split()
        assert main(["run", "--invoke", name, path, *arguments]) == 0
        assert capfd.readouterr() == (printed, "")


def test_invoke_a_function_that_does_not_return(guest: Guest, capfd: Capture) -> None:
    path = guest(guests.LIBRARY)
    assert main(["run", "--invoke", "bad", path]) == 134
    assert "!bad" in capfd.readouterr().err
    assert main(["run", "--timeout=50ms", "--invoke", "forever", path]) == 124
    assert "stopped after 0.05 s" in capfd.readouterr().err
    assert main(["run", "--fuel=1000", "--invoke", "forever", path]) == 134
    assert main(["run", "--invoke", "_start", guest(guests.exiting(7))]) == 7
    starts_forever = wat('(module (func $go (loop $again (br $again))) (start $go) (func (export "f")))')
    assert main(["run", "--timeout=50ms", "--invoke", "f", guest(starts_forever)]) == 124


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("nothing", "--invoke: guest.wasm has no function 'nothing'; it has _initialize, ready, add, "),
        ("add 1", "--invoke: add takes 2 arguments (i32, i32), not 1"),
        ("quiet 1", "--invoke: quiet takes no arguments, not 1"),
        ("add 1 x", "--invoke: argument 2 of add: 'x' is not a whole number"),
        ("add 4294967296 1", "--invoke: argument 1 of add: 4294967296 does not fit in an i32"),
        ("half x", "--invoke: argument 1 of half: 'x' is not a number"),
        ("half 1e39", "--invoke: argument 1 of half: 1e39 does not fit in an f32 (inf is infinity)"),
        ("half -1e400", "--invoke: argument 1 of half: -1e400 does not fit in an f32 (inf is infinity)"),
        ("swap 1 1e400", "--invoke: argument 2 of swap: 1e400 does not fit in an f64 (inf is infinity)"),
        (
            "reference 1",
            "--invoke: argument 1 of reference: values of type externref cannot be written on a command line",
        ),
    ],
)
def test_invoke_mistakes(line: str, said: str, guest: Guest, capfd: Capture) -> None:
    name, *arguments = line.split()
    assert complaint(capfd, "--invoke", name, guest(guests.LIBRARY), *arguments).startswith(said)


@pytest.mark.parametrize("count", ["0", "2"])
def test_too_few_descriptors_for_what_is_granted(guest: Guest, capfd: Capture, count: str) -> None:
    assert main(["run", "--max-descriptors", count, guest(guests.HELLO)]) == 2
    err = capfd.readouterr().err
    assert err.startswith(
        f"remit: the streams, directories and sockets of the program are 3 descriptors, and it may have {count}:"
    )
    assert "--max-descriptors" in err


@pytest.mark.parametrize(("option", "most"), [("--max-descriptors", 2**31 - 1), ("--max-memory", 2**63 - 1)])
def test_more_than_can_be_counted(guest: Guest, capfd: Capture, option: str, most: int) -> None:
    assert main(["run", option, str(most + 1), guest(guests.HELLO)]) == 2
    assert f"is {most + 1}: " in (told := capfd.readouterr().err)
    assert f"wanted, 0 to {most}" in told


@pytest.mark.parametrize("name", ["_start", "_initialize"])
def test_an_entry_of_another_type_is_no_entry(guest: Guest, capfd: Capture, name: str) -> None:
    path = guest(wat(f'(module (func (export "{name}") (param i32)) (func (export "f") (result i32) (i32.const 7)))'))
    assert main(["run", path]) == 2
    assert "a library, with no _start" in capfd.readouterr().err
    assert main(["run", "--invoke", "f", path]) == 0
    assert capfd.readouterr().out == "7\n"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs POSIX files")
@pytest.mark.parametrize(
    "line", ["run", "run --no-cache", "run --timeout=1", "run --allow-precompiled", "inspect", "compile"]
)
def test_what_is_no_regular_file_is_no_program(line: str, tmp_path: Path, capfd: Capture) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path, kind in ((str(pipe), "a pipe"), ("/dev/zero", "a character device")):
        assert main([*line.split(), path]) == 2
        said = f"remit: {path}: {kind}; a program is read from a regular file: save it as one first\n"
        assert capfd.readouterr() == ("", said)
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(1 << 40)
    assert main([*line.split(), str(large)]) == 2
    assert capfd.readouterr().err.count("\n") == 1


def test_what_is_no_text(guest: Guest, tmp_path: Path, capfd: Capture) -> None:
    """Hosts have names that are not UTF-8; programs are told their own in a readable form, and refused the others."""
    path = tmp_path / os.fsdecode(b"\xffname.wasm")
    try:
        path.write_bytes(guests.printing("args"))
    except (OSError, UnicodeError):
        pytest.skip("this host's names are text")
    assert main(["run", str(path), "x"]) == 0
    assert capfd.readouterr().out == "\ufffdname.wasm\0x\0"
    for line, what in (
        ([str(path), "\udcff"], "argument"),
        (["--argv0", "\udcff", str(path)], "the program's name"),
        (["--env", "\udcff=1", str(path)], "environment variable name"),
        (["--memory-dir", "\udcff", str(path)], "dirs: the guest path"),
    ):
        assert complaint(capfd, *line) == rf"{what} '\udcff' cannot be written as UTF-8"


def test_not_enough_memory(guest: Guest, capfd: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(path: str) -> NoReturn:
        raise MemoryError

    monkeypatch.setattr(program_file, "read_program", none_left)
    assert complaint(capfd, guest(guests.HELLO)) == "not enough memory"


@pytest.mark.parametrize(("whole", "words"), [("none", "no network"), ("host", "the whole network")])
def test_a_network_and_a_part_of_it(whole: str, words: str, guest: Guest, capfd: Capture) -> None:
    assert main(["run", "--net", whole, "--allow-net", "example.com:443", guest(guests.HELLO)]) == 2
    assert f"--net {whole} is {words}, and --allow-net a part of it: give one of them" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("line", "status", "said"),
    [
        ("half-of 10", 0, "ok(5)"),
        ("half-of 11", 1, "err(5)"),
        ("mirror {x:1,y:-2}", 0, "{x: -1, y: 2}"),
        ("same circle(({y:4,x:3},0.5))", 0, "circle(({x: 3, y: 4}, 0.5))"),
        ("docs:drawing/shapes@1.2.0#dash {filled}", 0, "{filled, dashed}"),
        ("other-colour red", 0, "light-blue"),
    ],
)
def test_invoke_a_function_of_a_component(line: str, status: int, said: str, tmp_path: Path, capfd: Capture) -> None:
    name, *arguments = line.split()
    path = tmp_path / "shapes.wasm"
    path.write_bytes(examples.SHAPES)
    assert main(["run", "--invoke", name, str(path), *arguments]) == status
    assert capfd.readouterr().out == said + "\n"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("none 1", "--invoke: it.wasm has no function 'none'; it has docs:drawing/shapes@1.2.0#mirror, "),
        ("half-of", "--invoke: half-of takes 1 argument (even: u32), not 0"),
        ("half-of x", "--invoke: argument even of half-of: a whole number is expected at character 1, not 'x'"),
        ("half-of -1", "--invoke: argument even of half-of: -1 is out of range for u32"),
        ("mirror {x:1}", "--invoke: argument p of mirror: the field y is missing"),
    ],
)
def test_invoke_mistakes_with_a_component(line: str, said: str, tmp_path: Path, capfd: Capture) -> None:
    name, *arguments = line.split()
    path = tmp_path / "it.wasm"
    path.write_bytes(examples.SHAPES)
    assert complaint(capfd, "--invoke", name, str(path), *arguments).startswith(said)


def test_a_component_that_traps_and_one_that_never_ends(tmp_path: Path, capfd: Capture) -> None:
    path = tmp_path / "it.wasm"
    path.write_bytes(examples.SHAPES)
    assert main(["run", "--invoke", "crash", str(path)]) == 134
    assert main(["run", "--timeout=50ms", "--invoke", "spin", str(path)]) == 124
    assert "stopped after 0.05 s, its --timeout" in capfd.readouterr().err
