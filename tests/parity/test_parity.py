"""One program as a module of WASI 0.1 and as a component of WASI 0.2: the same output, files and audit log.

The component is the module with the adapter around it, so what differs is Remit's two sets of interfaces, and
:mod:`.rules` has all that may.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import remit
import remit.fs
from parity import rules
from parity.recording import (
    Entry,
    Log,
    RecordedClock,
    RecordedFilesystem,
    RecordedNetwork,
    RecordedRandom,
    RecordedSocket,
)
from python_guests import component_file
from remit.kernel.files import Filesystem
from remit.network.host import HostSocket
from tools import zig
from tools.guests import jco
from tools.guests.catalogue import GUESTS

HERE = Path(__file__).parent
SCENARIOS = (
    *("files", "writing", "appending", "large", "directories", "listing", "names", "links", "refused", "times"),
    *("clocks", "sleeping", "random", "streams", "world", "failing", "status", "crash", "sizes", "seeking", "vectors"),
    *("modes", "replacing", "many", "relative", "together", "outside", "linktimes", "full", "handles", "waiting"),
    *("pieces", "closed", "ending"),
)
DIFFERENT = {
    "processor": ("Success\n", "Bad file descriptor\n"),
    "bytes": ('open("/data/\\xff", O_WRONLY | O_CREAT, 0666): Illegal byte sequence\n', ""),
    "allocating": (
        "open /data/text.txt: ok\nposix_fallocate(file, 0, 100): 0\n",
        "open /data/text.txt: ok\nposix_fallocate(file, 0, 100): 58\n",
    ),
    "told": (
        "open /small/file: ok\nlseek(file, 0, SEEK_END): 20000\nsum: 20000\n",
        "open /small/file: ok\nlseek(file, 0, SEEK_END): 20000\nsum: 18000\n",
    ),
    "errors": (
        """open /data/deep: ok
fsync(deep): 0
fsync(1): 0
ftruncate(1, 0): Operation not permitted
open /data/text.txt: ok
ftruncate(file, 3): Operation not permitted
lseek(file, 0x7fffffffffffffff, SEEK_SET): 9223372036854775807
lseek(file, 1, SEEK_CUR): Value too large for data type
""",
        """open /data/deep: ok
fsync(deep): Bad file descriptor
fsync(1): Invalid argument
ftruncate(1, 0): Invalid argument
open /data/text.txt: ok
ftruncate(file, 3): Bad file descriptor
lseek(file, 0x7fffffffffffffff, SEEK_SET): 9223372036854775807
lseek(file, 1, SEEK_CUR): Invalid argument
""",
    ),
}
"""What the versions, or the adapter, differ in, with what each says. WASI 0.2 has no clock of processor time, no names
that are no Unicode text (a trap), no call that allocates, no count of what was written by a write that failed in the
end, and no rights: what cannot be written is a bad descriptor. The adapter synchronizes no directories, has errors of
its own for streams that are no files, and takes a place beyond 2**63 for invalid."""


TREE = {"text.txt": b"one\ntwo\nthree\n", "deep/bytes": bytes(range(256)) * 4, "deep/deeper/x": b"x"}


class Outcome:
    """All that can be seen of a run."""

    def __init__(self, ended: int | str, stdout: str, stderr: str, files: object, log: list[Entry]) -> None:
        self.ended = rules.status(ended) if isinstance(ended, int) else ended
        self.stdout = rules.output(stdout)
        self.stderr = rules.output(stderr)
        self.files = files
        self.log = rules.log(log)


@cache
def programs() -> tuple[Any, Any]:
    core = zig.built([HERE / "scenarios.c"], "-Wall", "-Wextra", "-Werror")
    return remit.load(core, name="it"), remit.load(jco.as_component(core), name="it")


def memory(_: Path) -> remit.fs.Memory:
    return remit.fs.Memory(TREE)


def host(place: Path) -> remit.fs.Host:
    for name, content in TREE.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return remit.fs.Host(place)


def run(program: Any, scenario: str, files: Filesystem, contents: Callable[[], object]) -> Outcome:
    log = Log()
    fixed = remit.fs.ReadOnly(remit.fs.Memory({"text.txt": "fixed"}))
    try:
        done = remit.run(
            [program, scenario, "two words", ""],
            dirs={
                "/data": RecordedFilesystem(files, log, "data"),
                "/read-only": RecordedFilesystem(fixed, log, "read-only"),
                "/small": RecordedFilesystem(remit.fs.Memory(max_bytes=20_000, max_files=4), log, "small"),
            },
            limits=remit.Limits(descriptors=40),
            env={"A": "1", "EMPTY": ""},
            wall_clock=RecordedClock(log, "wall", 10**18),
            monotonic_clock=RecordedClock(log, "monotonic", 10**9),
            random=RecordedRandom(log),
            input=b"first\nsecond\n",
            capture_output=True,
            timeout=60,
        )
    except remit.Trap as trap:
        return Outcome(trap.code or "", "", "", contents(), log.entries)
    return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode(), contents(), log.entries)


def on_disk(top: Path) -> dict[str, object]:
    return {
        str(path.relative_to(top)): path.readlink() if path.is_symlink() else path.is_file() and path.read_bytes()
        for path in sorted(top.rglob("*"))
    }


@pytest.mark.parametrize("kind", [memory, host], ids=["memory", "host"])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_both_versions_do_the_same(scenario: str, kind: Callable[[Path], Any], tmp_path: Path) -> None:
    outcomes = []
    for name, program in zip(("module", "component"), programs(), strict=True):
        place = tmp_path / name
        place.mkdir()
        files = kind(place)
        contents = files.to_dict if kind is memory else lambda place=place: on_disk(place)
        outcomes.append(run(program, scenario, files, contents))
    module, component = outcomes
    assert component.stdout == module.stdout
    assert component.stderr == module.stderr
    assert component.ended == module.ended
    assert component.files == module.files
    assert component.log == module.log
    silent = ("streams", "world", "failing", "status", "crash", "pieces", "closed", "ending")
    assert module.stdout or scenario in ("failing", "status", "crash", "closed")
    assert module.log or scenario in silent


@pytest.mark.parametrize("scenario", DIFFERENT)
def test_where_they_differ(scenario: str, tmp_path: Path) -> None:
    outcomes = []
    for program in programs():
        files = memory(tmp_path)
        outcomes.append(run(program, scenario, files, files.to_dict))
    assert tuple(outcome.stdout for outcome in outcomes) == DIFFERENT[scenario]
    assert [outcome.ended for outcome in outcomes] == [0, "canonical_abi" if scenario == "bytes" else 0]


def test_a_connection() -> None:
    """By different programs, as none of 0.1 can make a listener, and the adapter has no sockets."""
    core = remit.load(zig.built([HERE / "accepting.c"], "-Wall", "-Wextra", "-Werror"))
    listener = socket.create_server(("127.0.0.1", 0))
    log = Log()
    module = talk(
        listener.getsockname()[1],
        lambda: remit.run([core], sockets=[RecordedSocket(HostSocket(listener), log, "listener")], capture_output=True),
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    other = Log()
    network = RecordedNetwork(remit.net.Host(["listen:127.0.0.1:*"]), other)
    script = remit.load(component_file("script"))
    component = talk(
        port, lambda: remit.run([script, ACCEPTING.format(port=port)], network=network, capture_output=True)
    )
    assert module == component == (b"heard well, well\n", b"well done")
    assert rules.log(other.entries) == rules.log(log.entries)
    assert rules.log(log.entries) == [
        ("accept", "listener", "ok"),
        ("receive", "connection", None, 10, "ok"),
        ("send", "connection", None, 9, "ok"),
        ("shut down", "connection", False, True, "ok"),
    ]


def test_the_same_uses_are_told() -> None:
    """But for taking the address, which is done for a program of 0.1 before it runs."""
    core = remit.load(zig.built([HERE / "accepting.c"], "-Wall", "-Wextra", "-Werror"))
    told: list[list[remit.Use]] = [[], []]
    listener = socket.create_server(("127.0.0.1", 0))
    ports = [listener.getsockname()[1]]
    talk(ports[0], lambda: remit.run([core], sockets=[listener], capture_output=True, on_use=told[0].append))
    with socket.create_server(("127.0.0.1", 0)) as free:
        ports.append(free.getsockname()[1])
    script = remit.load(component_file("script"))
    network = ["listen:127.0.0.1:*"]
    options: dict[str, Any] = {"network": network, "capture_output": True, "on_use": told[1].append}
    talk(ports[1], lambda: remit.run([script, ACCEPTING.format(port=ports[1])], **options))
    [accepted], [listens, accepted_there] = told
    assert (str(listens), listens.rule) == (f"listen 127.0.0.1:{ports[1]}", network[0])
    for use, port in zip((accepted, accepted_there), ports, strict=True):
        assert (use.kind, use.action, use.target) == ("network", "accept", f"127.0.0.1:{port}")
        assert use.subject.startswith("127.0.0.1:")
    assert (accepted.grant, accepted.rule) == (accepted.target, "")
    assert (accepted_there.grant, accepted_there.rule) == ("", network[0])


ACCEPTING = """
from wit_world.imports.network import Ipv4SocketAddress, IpAddressFamily, IpSocketAddress_Ipv4
from wit_world.imports.tcp import ShutdownType
at = IpSocketAddress_Ipv4(Ipv4SocketAddress({port}, (127, 0, 0, 1)))
listener = tcp_create_socket.create_tcp_socket(IpAddressFamily.IPV4)
listener.start_bind(instance_network.instance_network(), at)
listener.finish_bind()
listener.start_listen()
listener.finish_listen()
with listener.subscribe() as ready:
    ready.block()
connection, source, sink = listener.accept()
heard = b""
try:
    while True:
        heard += source.blocking_read(100)
except Err:
    print("heard", heard.decode())
sink.blocking_write_and_flush(b"well done")
connection.shutdown(ShutdownType.SEND)
"""


def connected(port: int) -> socket.socket:
    """To a program that may not listen yet."""
    for _ in range(3000):
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=30)
        except ConnectionRefusedError:
            threading.Event().wait(0.01)
    raise TimeoutError("nobody listens")


def talk(port: int, serve: Callable[[], Any]) -> tuple[bytes, bytes]:
    """What the program says, and what it answers to somebody who connects."""
    answers: list[bytes] = []

    def ask() -> None:
        with connected(port) as peer:
            peer.sendall(b"well, well")
            peer.shutdown(socket.SHUT_WR)
            answers.append(b"".join(iter(lambda: peer.recv(100), b"")))

    asking = threading.Thread(target=ask)
    asking.start()
    done = serve()
    asking.join()
    assert done.returncode == 0, done.stderr
    return done.stdout, answers[0]


# That the comparison can fail.


def test_what_the_rules_leave_different() -> None:
    def read(place: str, offset: int, count: int) -> Entry:
        return ("read", place, offset, count, "ok")

    opened: Entry = ("open", "data/a", "read", "ok")
    logs: list[list[Entry]] = [
        [opened, read("data/a", 0, 5)],
        [opened, read("data/a", 0, 6)],
        [opened, read("data/a", 1, 5)],
        [opened, read("data/a", 0, 5), read("data/a", 0, 5)],
        [("open", "data/a", "read write", "ok"), read("data/a", 0, 5)],
        [("open", "data/b", "read", "ok"), read("data/b", 0, 5)],
        [("open", "data/a", "read", "NO_ENTRY")],
        [read("data/a", 0, 5), opened],
        [("open directory", "data/a", "ok"), ("open directory", "data/b", "ok")],
        [("attributes", "data/a", "ok")],
        [("attributes", "data/b", "ok")],
        [("attributes", "data/a", "NO_ENTRY")],
        [("open", "data/a", "read", "NO_ENTRY"), ("attributes", "data/a", "ok")],
        [("wait", "wall", 5, "ok")],
        [("wait", "wall", 6, "ok")],
    ]
    assert len({tuple(rules.log(each)) for each in logs}) == len(logs)


def test_what_the_rules_take_for_the_same() -> None:
    def write(offset: int, count: int) -> Entry:
        return ("write", "a", offset, count, "ok")

    assert rules.log([write(0, 4096), write(4096, 4096), write(8192, 8)]) == rules.log([write(0, 8200), write(9, 0)])
    walk: list[Entry] = [("read link", "l", "ok"), ("open directory", "d", "ok"), ("attributes", "d/a", "ok")]
    assert rules.log([*walk, *walk]) == rules.log(walk)
    listing: Entry = ("list", "d", "ok")
    assert rules.log([("attributes", "d", "ok"), listing]) == rules.log([listing, ("attributes", "d/a", "ok")])
    assert rules.log([("wait", "wall", 10**18 + 5, "ok")]) == rules.log([("wait", "monotonic", 10**9 + 5, "ok")])


PYTHON = """
import os, sys, random, time
print(sys.argv[1:], os.environ.get("A"))
os.chdir("/data")
print(sorted(os.listdir(".")))
with open("new.txt", "w") as file:
    for number in range(3000):
        print(number, file=file)
print(os.path.getsize("new.txt"), sum(map(int, open("new.txt"))))
os.mkdir("made"); os.rename("new.txt", "made/moved.txt"); os.symlink("moved.txt", "made/link")
print(open("made/link").readline().strip(), os.path.islink("made/link"), os.path.getsize("made/link"))
for path in ("none", "/etc/passwd", "text.txt/more", "/read-only/new"):
    try:
        open(path, "w" if "new" in path else "r")
    except OSError as error:
        print(path, type(error).__name__)
print(len(os.urandom(64)), int(time.time()) == 1_000_000_000, sys.stdin.read().split())
os.remove("made/link"); os.remove("made/moved.txt"); os.rmdir("made")
print("to the other stream", file=sys.stderr)
"""


@pytest.mark.slow
@pytest.mark.guest("cpython")
def test_cpython_as_both() -> None:
    core = GUESTS["cpython"].path("python.wasm")
    outcomes = []
    for program in (remit.load(core, name="python"), remit.load(jco.as_component(core), name="python")):
        files = remit.fs.Memory({"text.txt": "hello"})
        done = remit.run(
            [program, "-B", "-c", PYTHON, "an argument"],
            dirs={"/data": files, "/read-only": remit.fs.ReadOnly(remit.fs.Memory({}))},
            env={"A": "1"},
            wall_clock=RecordedClock(Log(), "wall", 10**18),
            input=b"from standard input\n",
            capture_output=True,
            text=True,
            timeout=120,
        )
        outcomes.append((done.returncode, done.stdout, done.stderr, files.to_dict()))
    module, component = outcomes
    assert component == module
    assert module[0] == 0
    assert "['an argument'] 1" in module[1]
