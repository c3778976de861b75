"""``remit serve`` as a process: what it says, how it ends, what it refuses."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from python_guests import component
from tools.guests import python_components

ROOT = Path(__file__).parents[2]
HELLO = ROOT / "examples" / "hello_http" / "hello.wasm"

if sys.platform == "win32":
    pytest.skip("needs POSIX signals", allow_module_level=True)


pytestmark = pytest.mark.usefixtures("compiled_once")


class Serving:
    """A server in a process of its own."""

    def __init__(self, process: subprocess.Popen[str], address: str, said: list[str]) -> None:
        self.process = process
        self.address = address
        self.said = said
        """What it said before it listened."""

    def get(self, path: str = "/") -> bytes:
        with urllib.request.urlopen(f"{self.address}{path}", timeout=20) as response:
            return bytes(response.read())

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str, str]:
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, err


@contextmanager
def serving(*options: str, program: Path = HELLO) -> Iterator[Serving]:
    command = [sys.executable, "-W", "error", "-m", "remit", "serve", "--addr", "127.0.0.1:0", *options, str(program)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        said = []
        while line := process.stderr.readline():
            said.append(line)
            found = re.fullmatch(r"remit: serving on (http://127\.0\.0\.1:\d+)\n", line)
            if found:
                yield Serving(process, found[1], said)
                return
        raise AssertionError(said)
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_it_is_told_to_end(number: int) -> None:
    with serving() as server:
        assert server.get() == b"hello from inside the sandbox\n"
        assert server.end(number) == (0, "", "")


def test_it_says_first_where_it_listens() -> None:
    with serving() as server:
        assert len(server.said) == 1


def test_the_access_log() -> None:
    with serving("--access-log") as server:
        server.get("/path?x=%1B[31m")
        status, out, err = server.end()
    assert (status, err) == (0, "")
    date = r"\[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\]"
    line = rf'127\.0\.0\.1:\d+ - - {date} "GET /path\?x=%1B\[31m HTTP/1\.1" 200 30 \d+\.\d{{6}}\n'
    assert re.fullmatch(line, out), out


def test_refusals_are_in_the_access_log() -> None:
    with serving("--access-log", "--max-body", "10") as server:
        host, _, port = server.address.removeprefix("http://").rpartition(":")
        for request in (
            b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 11\r\n\r\n",
            b"nonsense\r\n\r\n",
        ):
            with socket.create_connection((host, int(port)), timeout=20) as peer:
                peer.sendall(request)
                while peer.recv(1000):
                    continue
        status, out, _ = server.end()
    assert status == 0
    assert [line.split('"')[1:] for line in out.splitlines()] == [["-", " 413 0 0.000000"], ["-", " 400 0 0.000000"]]


def test_nothing_that_clients_send_ends_a_field_of_the_access_log() -> None:
    with serving("--access-log") as server:
        host, _, port = server.address.removeprefix("http://").rpartition(":")
        with socket.create_connection((host, int(port)), timeout=20) as peer:
            peer.sendall(b'GET /?" HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
            while peer.recv(1000):
                continue
        status, out, _ = server.end()
    assert status == 0
    assert out.split('"')[1] == r"GET /?\x22 HTTP/1.1"


def test_a_body_that_is_malformed_has_its_status_in_the_access_log() -> None:
    with serving("--access-log") as server:
        host, _, port = server.address.removeprefix("http://").rpartition(":")
        with socket.create_connection((host, int(port)), timeout=20) as peer:
            peer.sendall(b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n")
            while peer.recv(1000):
                continue
        status, out, _ = server.end()
    assert status == 0
    assert out.split('"')[2].split()[0] == "400"


def test_a_log_that_cannot_be_written_stops_no_request() -> None:
    with serving("--access-log") as server:
        assert server.process.stdout is not None
        server.process.stdout.close()
        server.process.stdout = None
        assert server.get() == server.get() == b"hello from inside the sandbox\n"
        status, _, err = server.end()
    assert (status, err.count("\n")) == (0, 1)
    assert err.startswith("remit: the access log cannot be written")


def test_a_request_under_way_is_answered_at_the_end() -> None:
    component("http")
    with serving(program=python_components.built("http")) as server:
        host, _, port = server.address.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port))) as peer:
            # The first line tells that the program is at it.
            peer.sendall(b"GET /slow-half?500000000 HTTP/1.1\r\nhost: a\r\n\r\n")
            got = peer.recv(65536)
            server.process.send_signal(signal.SIGTERM)
            while part := peer.recv(65536):
                got += part
        _, err = server.process.communicate(timeout=30)
    assert b"at last" in got
    assert got.endswith(b"0\r\n\r\n")
    assert (server.process.returncode, err) == (0, "")


def test_what_takes_too_long_at_the_end_is_cut_off() -> None:
    component("http")
    with serving("--grace", "0.2", program=python_components.built("http")) as server:
        host, _, port = server.address.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port))) as peer:
            peer.sendall(b"GET /slow-half?60000000000 HTTP/1.1\r\nhost: a\r\n\r\n")
            assert peer.recv(65536)
            status, _, _ = server.end()
    assert status == 1


def test_a_second_interrupt_ends_it_at_once() -> None:
    component("http")
    with serving(program=python_components.built("http")) as server:
        host, _, port = server.address.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port))) as peer:
            peer.sendall(b"GET /slow-half?60000000000 HTTP/1.1\r\nhost: a\r\n\r\n")
            assert peer.recv(65536)
            server.process.send_signal(signal.SIGINT)
            with pytest.raises(subprocess.TimeoutExpired):
                server.process.wait(0.5)
            assert server.end(signal.SIGINT) == (130, "", "")


def test_failures_are_told_and_the_server_goes_on() -> None:
    component("http")
    with serving(program=python_components.built("http")) as server:
        with pytest.raises(urllib.error.HTTPError) as caught:
            server.get("/exit")
        caught.value.close()
        assert caught.value.code == 500
        assert server.get("/hello") == b"hello\n"
        status, _, err = server.end()
    assert status == 0
    assert "GET /exit: the program ended with status" in err


def test_what_instances_do_is_in_the_audit_log(tmp_path: Path) -> None:
    component("http")
    log = tmp_path / "audit"
    with serving("--audit", str(log), "--max-audit", "1KiB", program=python_components.built("http")) as server:
        for _ in range(20):
            with pytest.raises(urllib.error.HTTPError) as caught:
                server.get("/proxy?127.0.0.1:1")
            caught.value.close()
            if caught.value.code == 500:
                break
            assert caught.value.code == 502
        assert server.get("/hello") == b"hello\n", "who does nothing needs no log"
        status, _, err = server.end()
    events = [json.loads(line) for line in log.read_text().splitlines()]
    assert {(each["event"], each["kind"], each["subject"]) for each in events[:-1]} == {
        ("refused", "http", "http://127.0.0.1:1/")
    }
    assert events[-1]["event"] == "full"
    assert len(events) > 2
    assert status == 0
    assert "remit: GET /proxy?127.0.0.1:1: [Errno 27] the log is full: 1,024 bytes" in err


def test_strict_ends_an_instance_at_its_first_refusal() -> None:
    component("http")
    with serving("--strict", program=python_components.built("http")) as server:
        with pytest.raises(urllib.error.HTTPError) as caught:
            server.get("/proxy?127.0.0.1:1")
        caught.value.close()
        assert caught.value.code == 500
        assert server.get("/hello") == b"hello\n"
        status, _, err = server.end()
    assert status == 0
    assert "GET /proxy?127.0.0.1:1: stopped at the first refusal" in err


def refused(*arguments: str) -> str:
    command = [sys.executable, "-m", "remit", "serve", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
    assert done.stderr.startswith("remit: ")
    return done.stderr


def test_what_is_refused() -> None:
    assert "no such file" in refused("nowhere.wasm").lower()
    assert "wasi:http/incoming-handler" in refused(str(ROOT / "examples/demo/notes.wasm"))
    assert "examples:words/journal" in refused(str(ROOT / "examples/words/words.wasm"))
    assert "--addr" in refused("--addr", "nonsense", str(HELLO))
    assert "--addr" in refused("--addr", "127.0.0.1:99999", str(HELLO))
    assert "--instances" in refused("--instances", "0", str(HELLO))
    assert "--request-timeout" in refused("--request-timeout", "-1", str(HELLO))
    assert "--nonsense" in refused("--nonsense", str(HELLO))
    assert "PROGRAM" in refused()
    assert "--dir" in refused("--dir", "/nowhere", str(HELLO))


def test_an_address_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        assert address in refused("--addr", address, str(HELLO))
