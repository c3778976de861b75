"""Real components: of CPython, of JavaScript, of Rust, and C programs with the adapter around them."""

from __future__ import annotations

import asyncio
import gzip
import os
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import remit
import remit.asgi
import remit.fs
from guests.side_by_side import Work, on_remit
from python_guests import component_file
from remit.kernel.clocks import VirtualClock
from tools.guests import jco, js_components, minigzip, rust_components, sqlite

HERE = Path(__file__).parent


def javascript(name: str, build: Callable[[str], Path] = js_components.built) -> remit.Component:
    """Built now, if it is not there. Skips the test where it cannot be, but not in CI if it should."""
    reason = js_components.available()
    if reason is not None:
        if os.environ.get("CI") == "true" and "npm" not in reason:
            pytest.fail(reason)
        pytest.skip(reason)
    loaded: remit.Component = remit.load(build(name))
    return loaded


def rust(name: str) -> remit.Component:
    reason = rust_components.available()
    if reason is not None:
        pytest.skip(reason)
    loaded: remit.Component = remit.load(rust_components.built(HERE / "rust" / f"{name}.rs"))
    return loaded


def run(program: remit.Component, *arguments: str, **options: Any) -> tuple[int, list[str], str]:
    done = remit.run([program, *arguments], capture_output=True, text=True, timeout=60, **options)
    return done.returncode, done.stdout.splitlines(), done.stderr


# CPython, by componentize-py. More of it: tests/wasi_0_2, tests/serve, tests/parity.


def test_cpython_as_a_command() -> None:
    program: remit.Component = remit.load(component_file("script"))
    files = remit.fs.Memory({"notes.txt": "one\ntwo\n"})
    source = """
import os, sys
print(open("/data/notes.txt").read().split(), sorted(os.listdir("/data")))
open("/data/new.txt", "w").write("made")
for path in ("/data/../secret", "/etc/passwd"):
    try:
        open(path)
    except OSError as error:
        print(type(error).__name__)
print(os.environ["A"], sys.stdin.readline().strip())
"""
    status, lines, said = run(program, source, dirs={"/data": files}, env={"A": "1"}, input="typed\n")
    assert (status, said) == (0, "")
    assert lines == [
        "['one', 'two'] ['notes.txt']",
        "PermissionError",
        "FileNotFoundError",
        "1 typed",
    ]
    assert files.read_bytes("new.txt") == b"made"


def test_cpython_and_its_own_time_and_chance() -> None:
    """Its own modules, on what WASI hands it: the time it is told, and numbers that a seed makes again."""
    program: remit.Component = remit.load(component_file("script"))
    source = "import os, random, time; print(time.time(), os.urandom(8).hex(), random.random())"
    clock = VirtualClock(1_000_000_000 * 10**9)
    first, again, other = [run(program, source, random=seed, wall_clock=clock) for seed in (7, 7, 8)]
    assert (first[0], first[2]) == (0, "")
    assert again == first
    told, *numbers = first[1][0].split()
    assert told == "1000000000.0"
    assert not {*numbers} & {*other[1][0].split()}
    slept = "import time; at = time.monotonic(); time.sleep(0.02); print(time.monotonic() - at >= 0.02)"
    assert run(program, slept) == (0, ["True"], "")


@pytest.mark.parametrize(
    ("source", "status", "says"),
    [
        ("import sys; sys.exit(0)", 0, ""),
        # 0.2's exit has no numbers.
        ("import sys; sys.exit(3)", 1, ""),
        ("import sys; sys.exit('a reason')", 1, "a reason\n"),
        ("exit.exit(Ok(None))", 0, ""),
        ("exit.exit(Err(None))", 1, ""),
    ],
)
def test_cpython_and_its_status(source: str, status: int, says: str) -> None:
    program: remit.Component = remit.load(component_file("script"))
    assert run(program, source) == (status, [], says)


def test_cpython_as_a_server() -> None:
    app = remit.asgi.App(remit.load(component_file("http")))
    assert asyncio.run(asked(app, "/hello")) == (200, b"hello\n")
    body = bytes(range(256)) * 300
    assert asyncio.run(asked(app, "/echo", body)) == (200, body)


# JavaScript, by componentize-js.


@pytest.mark.slow
def test_javascript_as_a_command() -> None:
    program = javascript("command")
    files = remit.fs.Memory({"greeting.txt": "good day"})
    status, lines, said = run(program, "one", "two words", dirs={"/data": files}, env={"A": "1"})
    assert (status, said) == (0, "said on the other stream\n")
    assert lines[0] == 'one two words [["A","1"]]'
    assert lines[1].endswith("Z 4")
    assert lines[2:] == [
        "/data greeting.txt good day false",
        "/data none no-entry",
        "/data ../outside not-permitted",
    ]
    status, lines, _ = run(program, "fail")
    assert status == 1
    assert len(lines) == 2, "without a grant there is no directory"


@pytest.mark.slow
def test_javascript_as_a_server() -> None:
    app = remit.asgi.App(javascript("server"))
    assert asyncio.run(asked(app, "/")) == (200, b"hello from JavaScript\n")
    body = bytes(range(256)) * 300
    assert asyncio.run(asked(app, "/echo", body)) == (200, body)
    assert asyncio.run(asked(app, "/none"))[0] == 404


@pytest.mark.slow
def test_javascript_as_a_server_of_its_own_kind() -> None:
    """By the event ``fetch``: ``wasi:http`` is another version there than all else that it imports."""
    program = javascript("fetch")
    app = remit.asgi.App(program)
    assert asyncio.run(asked(app, "/")) == (200, b"hello from fetch\n")
    body = bytes(range(256)) * 300
    assert asyncio.run(asked(app, "/echo", body)) == (200, body)
    for _ in range(2):
        # Each request has an instance of its own.
        assert asyncio.run(asked(app, "/count", body)) == (200, b'{"served":1,"bytes":76800}')
    assert asyncio.run(asked(app, "/slowly")) == (200, b"one two three")
    # The engine begins an answer of status 500, and never finishes its body.
    with pytest.raises(remit.asgi.IncompleteResponse):
        asyncio.run(asked(app, "/throw"))


@pytest.mark.slow
def test_javascript_and_the_network() -> None:
    program = javascript("fetch")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"

        def answer() -> None:
            peer, _ = listener.accept()
            with peer:
                peer.recv(4096)
                peer.sendall(b"HTTP/1.1 203 Fine\r\ncontent-length: 5\r\n\r\nthere")

        query = f"/proxy?to=http://{address}/"
        assert asyncio.run(asked(remit.asgi.App(program), query)) == (502, b"Error")
        answering = threading.Thread(target=answer)
        answering.start()
        assert asyncio.run(asked(remit.asgi.App(program, network=[address]), query)) == (203, b"THERE")
        answering.join()


async def asked(app: Any, path: str, body: bytes = b"") -> tuple[int, bytes]:
    """A request, as an ASGI server hands it over: the status, and the body of the answer."""
    path, _, query = path.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST" if body else "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(b"host", b"a"), (b"content-length", b"%d" % len(body))],
    }
    sent: list[Any] = []
    left = [{"type": "http.request", "body": body, "more_body": False}]
    forever = asyncio.Event()

    async def receive() -> Any:
        if not left:
            await forever.wait()
        return left.pop()

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    status: int = sent[0]["status"]
    return status, b"".join([each.get("body", b"") for each in sent[1:]])


# Rust: from a registry, an engine for JavaScript; and by a compiler that is on this machine.


@pytest.mark.slow
def test_quickjs_in_a_frame_of_rust() -> None:
    """Its engine and its program are modules that share one memory, as shared libraries are linked."""
    program = javascript("quickjs", js_components.built_with_quickjs)
    files = remit.fs.Memory({"greeting.txt": "good day"})
    status, lines, said = run(program, "one", "two words", dirs={"/data": files}, env={"A": "1"}, input="typed")
    assert (status, said) == (0, "")
    assert lines == [
        '[["one","two words"],[["A","1"]]]',
        "typed",
        "true 4",
        "/data greeting.txt good day false",
        "/data none no-entry",
        "/data ../outside not-permitted",
    ]
    # What it throws is a panic to its frame.
    with pytest.raises(remit.Trap, match="unreachable"):
        run(program, "fail", input="typed")


def test_rust_as_a_command() -> None:
    program = rust("command")
    files = remit.fs.Memory({"text.txt": "good day"})
    status, lines, said = run(program, "one", dirs={"/data": files}, env={"A": "1"}, input="typed")
    assert (status, said) == (0, "said on the other stream\n")
    assert lines[:2] == ['["one"] Some("1")', "5 bytes of input"]
    assert lines[3:] == [
        '/data/text.txt: "good day"',
        "/data/none: NotFound",
        "/data/../../etc/passwd: PermissionDenied",
        "/etc/passwd: NotFound",
        "written",
        '["new.txt", "text.txt"]',
    ]
    assert files.read_bytes("new.txt") == b"from Rust"
    assert run(program, "fail")[0] == 1, "0.2's exit has no numbers"
    with pytest.raises(remit.Trap, match="unreachable"):
        run(program, "panic")


def test_rust_and_the_network() -> None:
    program = rust("command")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        assert run(program, "one", address)[1][-1] == "connect: PermissionDenied"

        def answer() -> None:
            peer, _ = listener.accept()
            with peer:
                peer.sendall(b"you said " + b"".join(iter(lambda: peer.recv(100), b"")))

        answering = threading.Thread(target=answer)
        answering.start()
        assert run(program, "one", address, network=[address])[1][-1] == "answered: you said hello"
        answering.join()


# C programs of WASI 0.1, with the adapter.


@pytest.mark.guest("sqlite")
def test_sqlite_with_the_adapter(tmp_path: Path) -> None:
    session = b"""
create table person (id integer primary key, name text);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 500)
    insert into person select i, 'name ' || i from n;
delete from person where id % 2;
vacuum;
select count(*), sum(id), max(name) from person;
pragma integrity_check;
"""
    as_both(Work(sqlite.program(), ["/people.db"], stdin=session), tmp_path, b"250|62750|name 98\nok\n")


@pytest.mark.guest("zlib")
def test_minigzip_with_the_adapter(tmp_path: Path) -> None:
    text = b"".join(b"%d bottles of beer\n" % number for number in range(10_000))
    (tmp_path / "text").write_bytes(text)
    outcome = as_both(Work(minigzip.program(), ["-9", "text"]), tmp_path, b"")
    compressed = outcome.files["text.gz"]
    assert isinstance(compressed, bytes)
    assert gzip.decompress(compressed) == text


def as_both(work: Work, directory: Path, stdout: bytes) -> Any:
    """As a module, and as a component of that module: the same comes of it."""
    module = on_remit(replace(work, directory=directory))
    component = on_remit(replace(work, directory=directory, program=jco.as_component(work.program)))
    assert component == module
    assert (module.status, module.stdout, module.stderr) == (0, stdout, b"")
    return module
