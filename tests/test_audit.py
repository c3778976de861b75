"""What is kept of a program's uses: as records of a logger, and as lines of JSON."""

from __future__ import annotations

import gc
import json
import logging
import os
import pickle
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import remit
from python_guests import component
from remit.cli.main import main
from remit.kernel.errors import Code
from remit.kernel.refusals import Refusal, Want
from wasi_0_2.prelude import PRELUDE
from wasi_0_2.sockets import LISTEN

REPOSITORY = Path(__file__).parents[1]
NOTES = str(REPOSITORY / "examples" / "demo" / "notes.wasm")
FILES = {"a.txt": "three short words"}


def use(subject: str = "/a", **named: Any) -> remit.Use:
    return remit.Use("file", "read", subject, **named)


def refusal(subject: str = "/a") -> Refusal:
    return Refusal("path_open", Code.ACCESS, Want("file", "read", subject), subject)


def run(**options: Any) -> remit.CompletedProcess:
    return remit.run([NOTES], stdout=remit.DEVNULL, **options)


def test_a_program_that_is_watched() -> None:
    uses: list[remit.Use] = []
    files = remit.fs.Memory(FILES)
    run(dirs={"/notes": files}, on_use=uses.append)
    assert [str(each) for each in uses] == [
        *("read /notes", "read /notes/a.txt", "create /notes/summary.txt", "write /notes/summary.txt"),
    ]
    assert {each.grant for each in uses} == {"/notes"}
    with pytest.raises(TypeError, match="on_use must be a function of a Use"):
        run(on_use="file")


def test_a_host_directory_that_is_watched(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("three short words")
    uses: list[str] = []
    run(dirs={"/notes": tmp_path}, on_use=lambda use: uses.append(str(use)))
    assert uses[:2] == ["read /notes", "read /notes/a.txt"]
    assert (tmp_path / "summary.txt").exists()


def test_rules_are_told() -> None:
    uses: list[remit.Use] = []
    part = remit.fs.Restricted(remit.fs.Memory(FILES), ["read .", "read *.txt", "write,create summary.*"])
    run(dirs={"/notes": part}, on_use=uses.append)
    assert [(str(each), each.rule) for each in uses] == [
        ("read /notes", "read ."),
        ("read /notes/a.txt", "read *.txt"),
        ("create /notes/summary.txt", "write,create summary.*"),
        ("write /notes/summary.txt", "write,create summary.*"),
    ]


def test_a_watcher_can_stop_it() -> None:
    def stop(use: remit.Use) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(dirs={"/notes": remit.fs.Memory(FILES)}, on_use=stop)


def test_records(caplog: pytest.LogCaptureFixture) -> None:
    log = remit.audit.to_logger()
    with caplog.at_level(logging.INFO):
        log(use("/a\x1b[2Jb", grant="/"))
        log(refusal())
    first, second = caplog.records
    assert (first.name, first.levelname, first.getMessage()) == ("remit.audit", "INFO", "read /a\\x1b[2Jb")
    assert first.remit == {"event": "use", "grant": "/", "kind": "file", "action": "read", "subject": "/a\x1b[2Jb"}  # type: ignore[attr-defined]
    assert (second.levelname, second.getMessage()) == (*("WARNING", "refused: path_open: read /a: permission denied"),)
    assert second.remit["error"] == "permission denied"  # type: ignore[attr-defined]  # known to be there
    mine = logging.getLogger("mine")
    with caplog.at_level(logging.DEBUG, logger="mine"):
        remit.audit.to_logger(mine, logging.DEBUG)(use())
    assert caplog.records[-1].levelname == "DEBUG"


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_lines_of_json(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    path.write_text("old")
    with remit.audit.JsonLines(path) as log:
        run(dirs={"/notes": remit.fs.ReadOnly(remit.fs.Memory(FILES))}, on_use=log, on_refusal=log)
        log(use(target="/b", rule="all **"))
        log(use("/\udcff\n"))
    log.close()
    log(use())
    found = lines(path)
    assert [each["event"] for each in found] == ["use", "use", "refused", "refused", "use", "use"]
    assert found[2] | {"time": 0} == {
        "time": 0,
        "event": "refused",
        "call": "path_open",
        "error": "read-only file system",
        "kind": "file",
        "action": "create",
        "subject": "/notes/summary.txt",
    }
    assert (found[3]["action"], found[3]["subject"]) == ("leave", "/notes/../outside.txt")
    assert (found[4]["target"], found[4]["rule"]) == ("/b", "all **")
    assert found[5]["subject"] == "/\udcff\n"


@given(
    st.lists(
        st.builds(
            remit.Use,
            st.sampled_from(["file", "network", "http", ""]),
            st.sampled_from(["read", "see", "é", ""]),
            st.text(max_size=5) | st.sampled_from(["/a", "x" * 8192, "x" * 8193, '"\\\x00\x7f\ud800', "😀"]),
            grant=st.sampled_from(["", "/", '"', "g" * 8193]) | st.text(max_size=3),
            rule=st.sampled_from(["", "", "read **", '"\\é', "r" * 8193]),
            target=st.sampled_from([None, None, "", "/b"]),
        ),
        max_size=20,
    )
)
def test_each_line_says_what_the_event_does(uses: list[remit.Use]) -> None:
    """However it is written: what lines have in common is remembered."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch, "audit")
        began = time.time()
        with remit.audit.JsonLines(path) as log:
            for each in uses:
                log(each)
        ended = time.time()
        found = lines(path)
        assert path.read_text().isascii()
    times = [each.pop("time") for each in found]
    assert [*map(list, map(dict.items, found))] == [list(remit.audit.event(each).items()) for each in uses]
    assert all(began - 1e-5 <= each <= ended for each in times)


def test_more_kinds_of_lines_than_are_remembered(tmp_path: Path) -> None:
    with remit.audit.JsonLines(tmp_path / "audit") as log:
        for number in [*range(2000), *range(2000)]:
            log(use(grant=f"/{number}"))
        assert len(log._frames) <= 1024
    assert [each["grant"] for each in lines(tmp_path / "audit")] == [f"/{number}" for number in [*range(2000)] * 2]


def test_nothing_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    code = "import os, remit; log = remit.audit.JsonLines('audit'); log(remit.Use('file', 'read', '/a')); os._exit(9)"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False)
    assert done.returncode == 9
    assert [each["subject"] for each in lines(tmp_path / "audit")] == ["/a"]


def test_one_that_nobody_closes(tmp_path: Path) -> None:
    log = remit.audit.JsonLines(tmp_path / "audit")
    log(use())
    descriptor = log._descriptor
    del log
    gc.collect()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
def test_what_cannot_be_written_ends_the_program(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("three short words")
    with remit.audit.JsonLines("/dev/full") as log:
        with pytest.raises(OSError, match="No space left") as caught:
            run(dirs={"/notes": tmp_path}, on_use=log)
        assert log.failure is caught.value
    assert not (tmp_path / "summary.txt").exists()


def test_lines_are_whole_when_the_system_takes_them_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remit.audit, "_write", lambda descriptor, data: os.write(descriptor, data[:7]))
    with remit.audit.JsonLines(tmp_path / "audit") as log:
        log(use())
        log(refusal())
    assert [each["event"] for each in lines(tmp_path / "audit")] == ["use", "refused"]


def test_a_new_file_is_its_owners(tmp_path: Path) -> None:
    remit.audit.JsonLines(tmp_path / "audit").close()
    assert stat.S_IMODE(os.stat(tmp_path / "audit").st_mode) == 0o600


def test_a_flood_fills_nothing(tmp_path: Path) -> None:
    path = tmp_path / "audit"
    log = remit.audit.JsonLines(path, max_bytes=45_000)
    for number in range(5):
        log(use(f"/{number}" + "x" * 100_000))
    for _ in range(2):
        with pytest.raises(remit.audit.LogFull, match="the log is full: 45,000 bytes") as caught:
            log(use("x" * 10_000))
        assert log.failure is caught.value
    log.close()
    found = lines(path)
    assert [each["event"] for each in found] == [*["use"] * 6, "full"], "the last use is done already, so it is in it"
    assert path.stat().st_size < 55_000


def test_what_would_not_be_in_the_log_is_not_done(tmp_path: Path) -> None:
    files = remit.fs.Memory(FILES)
    with (
        remit.audit.JsonLines(tmp_path / "audit", max_bytes=300) as log,
        pytest.raises(remit.audit.LogFull),
    ):
        run(dirs={"/notes": files}, on_use=log)
    found = lines(tmp_path / "audit")
    assert [each["event"] for each in found[-2:]] == ["use", "full"]
    done = [each for each in found if each.get("action") == "create"]
    assert bool(done) == ("summary.txt" in files.to_dict())


def test_paths_are_whole(tmp_path: Path) -> None:
    path = "/".join(["n" * 255] * 16)
    with remit.audit.JsonLines(tmp_path / "audit") as log:
        log(use(path))
        log(refusal(path))
    assert [each["subject"] for each in lines(tmp_path / "audit")] == [path] * 2


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("here")
    (tmp_path / "audit").symlink_to("precious")
    with pytest.raises(OSError, match="Is a symbolic link"):
        remit.audit.JsonLines(tmp_path / "audit")
    assert (tmp_path / "precious").read_text() == "here"
    if Path("/dev/stdout").is_symlink():
        code = "import remit; remit.audit.JsonLines('/dev/stdout')(remit.Use('file', 'read', '/a'))"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert json.loads(done.stdout)["subject"] == "/a"


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX has them")
def test_a_file_with_other_names_is_no_log(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("here")
    os.link(tmp_path / "precious", tmp_path / "audit")
    with pytest.raises(OSError, match="Is a hard link"):
        remit.audit.JsonLines(tmp_path / "audit")
    assert (tmp_path / "precious").read_text() == "here"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_pipe_is_written_to_if_somebody_reads_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="No such device or address"):
        remit.audit.JsonLines(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    with remit.audit.JsonLines(tmp_path / "pipe") as log:
        log(use())
        assert json.loads(os.read(reader, 1000))["subject"] == "/a"
    os.close(reader)


def test_files_that_are_given_are_no_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("it.wasm").write_bytes(Path(NOTES).read_bytes())
    Path("data").mkdir()
    Path("sub/in").mkdir(parents=True)
    Path("way").symlink_to("sub/in")
    shutil.make_archive("packed", "zip", "data")
    texts = {
        "file.toml": '[[file]]\nguest = "/o/new.txt"\npath = "data/new.txt"\nrights = "write"\n',
        "read.toml": '[[file]]\nguest = "/o/new.txt"\npath = "data/new.txt"\n',
        "out.toml": '[streams]\nstdout = { append = "a.jsonl" }\n',
        "dir.toml": '[[dir]]\nguest = "/d"\npath = "sub"\nrights = "all"\n',
        "zip.toml": '[[dir]]\nguest = "/z"\npath = "packed.zip"\nkind = "archive"\n',
    }
    for name, text in texts.items():
        Path(name).write_text(text)
    for log, file, why in (
        ("data/new.txt", "file.toml", "handed this as /o/new.txt"),
        ("data/new.txt", "read.toml", "handed this as /o/new.txt"),
        ("a.jsonl", "out.toml", "can change it there, by stdout"),
        ("way/../out.txt", "dir.toml", "can change it there, by /d"),
        ("packed.zip", "zip.toml", "handed this as /z"),
        ("dir.toml", "dir.toml", "this is the remit file"),
    ):
        assert main(["run", "--audit", log, "--remit", file, "it.wasm"]) == 2
        assert why in capfd.readouterr().err, log
    assert main(["run", "--audit", "log", "--record", "log", "it.wasm"]) == 2
    assert "this is the recording" in capfd.readouterr().err
    assert not Path("data/new.txt").exists()
    assert texts["dir.toml"] == Path("dir.toml").read_text()


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
def test_a_stream_of_this_process_is_no_log(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "remit", "run", "--audit", "log", NOTES]
    with open(tmp_path / "log", "wb") as out:
        done = subprocess.run(command, cwd=tmp_path, stdout=out, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert "can change it there, by stdout" in done.stderr
    # Nor where that is a file in a directory that it is handed.
    (tmp_path / "out").mkdir()
    command[5:6] = ["/dev/stdout", "--dir", "out::/out"]
    with open(tmp_path / "out" / "log", "wb") as out:
        done = subprocess.run(command, cwd=tmp_path, stdout=out, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert "can change it there, by" in done.stderr


def test_a_full_log_is_an_error_like_others() -> None:
    error = pickle.loads(pickle.dumps(remit.audit.LogFull("log", 5)))
    assert (str(error), error.filename) == ("[Errno 27] the log is full: 5 bytes: 'log'", "log")


@pytest.mark.parametrize("where", ["notes/log", "notes/deep/log", "link/log"])
def test_a_log_that_the_program_could_change(
    tmp_path: Path, where: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("notes/deep").mkdir(parents=True)
    Path("link").symlink_to("notes/deep")
    Path("notes/a.txt").write_text("three short words")
    assert main(["run", "--audit", where, "--dir", "notes::/notes", NOTES]) == 2
    told = capfd.readouterr().err
    assert told.startswith(f"remit: --audit: {where}: the program can change it there, by /notes; name a file outside")
    assert not Path(where).exists()
    Path("r.toml").write_text('[[file]]\nguest = "/n/log"\npath = "notes/deep/log"\nrights = "read,write"\n')
    Path("notes/deep/log").touch()
    expected = 2 if where != "notes/log" else 1
    assert main(["run", "--audit", where, "--remit", "r.toml", NOTES]) == expected
    for options, expected in (
        (["--dir", "notes::/notes:ro"], 1),
        (["--remit", "rules.toml"], 1 if where == "notes/log" else 2),
        (["--overlay", "notes::/notes"], 0),
    ):
        Path("rules.toml").write_text(
            '[[dir]]\nguest = "/notes"\npath = "notes"\nrules = ["read **", "all de?p/**", "write a.txt"]\n'
        )
        assert main(["run", "--no-explain", "--audit", where, *options, NOTES]) == expected, options
    Path("it.wasm").write_bytes(Path(NOTES).read_bytes())
    assert main(["run", "--audit", "it.wasm", "it.wasm"]) == 2
    assert "this is the program itself" in capfd.readouterr().err
    assert Path("it.wasm").read_bytes() == Path(NOTES).read_bytes()


def test_a_full_log_is_told_with_its_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("notes").mkdir()
    Path("notes/a.txt").write_text("three short words")
    options = ["--audit", "log", "--dir", "notes::/notes"]
    assert main(["run", "--no-explain", "--max-audit", "200", *options, NOTES]) == 74
    assert capfd.readouterr().err == "remit: --audit: log: the log is full: 200 bytes; --max-audit allows more\n"
    assert not Path("notes/summary.txt").exists()
    assert main(["run", "--no-explain", "--max-audit", "2KiB", *options, NOTES]) == 0
    capfd.readouterr()
    assert main(["run", "--max-audit", "200", NOTES]) == 2
    assert "--max-audit is for --audit FILE" in capfd.readouterr().err


def test_several_threads_share_one(tmp_path: Path) -> None:
    path = tmp_path / "audit"
    with remit.audit.JsonLines(path) as log:
        threads = [
            threading.Thread(target=lambda: run(dirs={"/notes": remit.fs.Memory(FILES)}, on_use=log)) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(lines(path)) == 16


def test_a_place_where_no_file_can_be(tmp_path: Path) -> None:
    with pytest.raises(NotADirectoryError):
        remit.audit.JsonLines(Path(NOTES) / "audit")


def test_the_option(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.txt").write_text("three short words")
    log = tmp_path / "audit"
    assert main(["run", "--audit", str(log), "--dir", f"{tmp_path}::/notes:ro", NOTES]) == 1
    assert [each["event"] for each in lines(log)] == ["use", "use", "refused", "refused"]
    assert "refused: path_open" in capfd.readouterr().err
    if Path("/dev/full").exists():
        assert main(["run", "--audit", "/dev/full", "--dir", f"{tmp_path}::/notes:ro", NOTES]) == 74
        assert "remit: --audit: /dev/full: No space left on device" in capfd.readouterr().err
    assert main(["run", "--audit", f"{NOTES}/x", NOTES]) == 2
    assert capfd.readouterr().err == f"remit: --audit: {NOTES}/x: Not a directory\n"


def test_the_network_is_told_as_files_are(tmp_path: Path) -> None:
    network = remit.net.Memory()
    server = network.member("server.test").addresses[0]
    path = tmp_path / "audit"
    with network.listen("server.test", 80), remit.audit.JsonLines(path) as log:
        source = (
            PRELUDE
            + LISTEN
            + f"""
with ip_name_lookup.resolve_addresses(net, "SERVER.test") as found:
    until(found.resolve_next_address, found.subscribe)
connect(address("{server}", 80))
"""
        )
        done = remit.run(
            [component("script"), source],
            network=network.member("client"),
            on_use=log,
            capture_output=True,
            text=True,
            timeout=30,
        )
    assert (done.returncode, done.stderr) == (0, "")
    found = [{name: value for name, value in line.items() if name != "time"} for line in lines(path)]
    common = {"event": "use", "kind": "network"}
    told = ", ".join(network.member("server.test").addresses)
    assert found == [
        {**common, "action": "resolve", "subject": "server.test"},
        {**common, "action": "resolve", "subject": "server.test", "target": told},
        {**common, "action": "connect", "subject": f"{server}:80", "name": "server.test"},
    ]
