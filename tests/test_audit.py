"""What is kept of a program's uses: as records of a logger, and as lines of JSON."""

from __future__ import annotations

import gc
import json
import logging
import os
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
    assert [each["event"] for each in found] == ["use", "use", "refused", "use", "use"]
    assert found[2] | {"time": 0} == {
        "time": 0,
        "event": "refused",
        "call": "path_open",
        "error": "read-only file system",
        "kind": "file",
        "action": "create",
        "subject": "/notes/summary.txt",
    }
    assert (found[3]["target"], found[3]["rule"]) == ("/b", "all **")
    assert found[4]["subject"] == "/\udcff\n"


@given(
    st.lists(
        st.builds(
            remit.Use,
            st.sampled_from(["file", "network", "http", ""]),
            st.sampled_from(["read", "see", "é", ""]),
            st.text(max_size=5) | st.sampled_from(["/a", "x" * 1000, "x" * 1001, '"\\\x00\x7f\ud800', "😀"]),
            grant=st.sampled_from(["", "/", '"', "g" * 1001]) | st.text(max_size=3),
            rule=st.sampled_from(["", "", "read **", '"\\é', "r" * 1001]),
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
    with remit.audit.JsonLines(path, max_bytes=5000) as log:
        for number in range(1000):
            log(use(f"/{number}" + "x" * 100_000))
    found = lines(path)
    assert found[-1]["event"] == "cut"
    assert [each["event"] for each in found[:-1]] == ["use"] * (len(found) - 1)
    assert path.stat().st_size < 5100


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
    assert [each["event"] for each in lines(log)] == ["use", "use", "refused"]
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
