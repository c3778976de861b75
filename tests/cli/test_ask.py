"""``remit learn --ask``: questions on the terminal, in a process that has one."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli import guests
from python_guests import component_file
from remit.cli.asking import Terminal
from remit.cli.main import main
from remit.filesystems.asked import Question
from remit.policy.remit import Remit
from wasi_0_2.prelude import PRELUDE
from wasi_0_2.sockets import LISTEN
from wat import wat

pty = pytest.importorskip("pty")

NOTES = Path(__file__).parents[2] / "examples" / "demo" / "notes.wasm"
Guest = Callable[[bytes], str]
Capture = pytest.CaptureFixture[str]

ON_A_TERMINAL = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(int(sys.argv[1]), termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, "-m", "remit", *sys.argv[2:]])
"""
"""Makes the terminal with that descriptor the process's own, and runs the command."""


class Session:
    """A command on a terminal of its own. Its standard streams are no terminal."""

    def __init__(self, *arguments: str) -> None:
        self._master, slave = pty.openpty()
        command = [sys.executable, "-c", ON_A_TERMINAL, str(slave), "learn", *arguments]
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, pass_fds=[slave]
        )
        os.close(slave)
        self.shown = ""

    def wait_for(self, text: str) -> None:
        """Until the terminal shows `text`."""
        deadline = time.monotonic() + 60
        while text not in self.shown:
            assert time.monotonic() < deadline, self.shown
            if select.select([self._master], [], [], 0.1)[0]:
                try:
                    self.shown += os.read(self._master, 4096).decode()
                except OSError:  # nobody has it any more
                    raise AssertionError(self.shown) from None

    def asked(self, question: str) -> None:
        self.wait_for(question)
        self.shown = self.shown.partition(question)[2]
        self.wait_for("[s]top? ")
        self.shown = ""

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def interrupt(self) -> None:
        self._process.send_signal(signal.SIGINT)

    def hang_up(self) -> None:
        os.close(self._master)
        self._master = -1

    def end(self) -> tuple[int, str, str]:
        """Its status, and what it wrote on its standard streams."""
        out, err = self._process.communicate(timeout=60)
        return self._process.returncode, out.decode(), err.decode()

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()
        if self._master >= 0:
            os.close(self._master)


@pytest.fixture
def learn() -> Iterator[Callable[..., Session]]:
    sessions: list[Session] = []

    def begin(*arguments: str) -> Session:
        sessions.append(Session(*arguments))
        return sessions[-1]

    yield begin
    for each in sessions:
        each.close()


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with a program and its notes."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(NOTES, tmp_path)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("three short words")
    (tmp_path / "notes" / "b.txt").write_text("two words")
    return tmp_path


def rules(file: str = "remit.toml") -> list[str]:
    [grant] = Remit.load(file).dirs
    return list(grant.rules or ())


def test_each_new_use_is_asked_for(learn: Callable[..., Session]) -> None:
    it = learn("--ask", "--dir", "notes::/notes", "notes.wasm")
    it.asked('remit: notes.wasm wants to read "/notes"')
    it.type("y\n")
    it.asked('wants to read "/notes/a.txt"')
    it.type("n\n")
    it.asked('wants to read "/notes/b.txt"')
    it.type("Yes\n")
    it.asked('wants to write and create "/notes/summary.txt"')
    it.type("what?\n")
    it.wait_for("[s]top? ")
    assert not Path("notes/summary.txt").exists(), "nothing is done before it is allowed"
    it.type("yes\n")
    status, out, err = it.end()
    assert status == 0
    assert "read /notes/b.txt                 2 words" in out
    assert "a.txt                 refused: No such file" in out
    assert "a.txt" not in err, "who has said no need not be told"
    assert "refused: path_open: read /etc/passwd" in err
    assert rules() == ["read .", "read b.txt", "write,create summary.txt"], "what was refused goes into nothing"


def test_answers_are_remembered_in_the_file(learn: Callable[..., Session]) -> None:
    it = learn("--ask", "--dir", "notes::/notes", "notes.wasm")
    it.asked('wants to read "/notes"')
    it.type("a\n")
    it.asked('wants to write and create "/notes/summary.txt"')
    it.type("y\n")
    assert it.end()[0] == 0
    assert rules() == ["read **", "write,create summary.txt"]
    Path("notes/c.txt").write_text("one")
    it = learn("--ask", "--dir", "notes::/notes", "notes.wasm")
    status, out, _ = it.end()
    assert (status, "c.txt" in out) == (0, True)
    assert it.shown == ""
    assert rules() == ["read **", "write,create summary.txt"]
    # It is for that directory, and no other by its name.
    Path("others").mkdir()
    it = learn("--ask", "--dir", "others::/notes", "notes.wasm")
    status, _, err = it.end()
    assert status == 2
    assert "has another directory as /notes, that of the host at notes and not that of the host at others" in err
    assert rules() == ["read **", "write,create summary.txt"]


@pytest.mark.parametrize("answer", ["s\n", "stop\n", "\x04"])
def test_stopping(answer: str, learn: Callable[..., Session]) -> None:
    it = learn("--ask", "--dir", "notes::/notes", "notes.wasm")
    it.asked('wants to read "/notes"')
    it.type("y\n")
    it.asked('wants to read "/notes/a.txt"')
    it.type(answer)
    status, _, err = it.end()
    assert status == 77
    assert "remit: notes.wasm: stopped, as you said" in err
    assert rules() == ["read ."]


def test_nobody_says_yes_on_a_terminal_that_is_gone(learn: Callable[..., Session]) -> None:
    it = learn("--ask", "--dir", "notes::/notes", "notes.wasm")
    it.asked('wants to read "/notes"')
    it.hang_up()
    status, out, _ = it.end()
    assert status in (77, 128 + signal.SIGHUP)
    assert "words" not in out


NETWORK = (
    PRELUDE
    + LISTEN
    + """
listening()
try:
    connect(address("127.0.0.1", 1))
except Err as refused:
    print(type(refused.value).__name__, refused.value)
try:
    ip_name_lookup.resolve_addresses(net, "somebody.test")
except Err as refused:
    print(refused.value)
"""
)


@pytest.mark.usefixtures("compiled_once")
def test_the_network_is_asked_for(learn: Callable[..., Session]) -> None:
    it = learn("--ask", "--net", "host", str(component_file("script")), NETWORK)
    it.asked('remit: script.wasm wants to listen at "127.0.0.1:0"')
    it.type("always\n")
    it.wait_for("[y]es, [n]o, [s]top? ")  # again: of the network that is no answer
    it.type("y\n")
    it.asked('wants to connect to "127.0.0.1:1"')
    it.type("n\n")
    it.asked('wants to look up "somebody.test"')
    it.type("n\n")
    status, out, err = it.end()
    assert status == 0
    assert out == "ErrorCode ErrorCode.ACCESS_DENIED\nErrorCode.ACCESS_DENIED\n"
    assert "refused" not in err, "whoever said no need not be told"
    assert Remit.load("remit.toml").network == ("listen:127.0.0.1:0",)


def test_an_interrupt_ends_a_question(learn: Callable[..., Session]) -> None:
    it = learn("--ask", "--dir", "notes::/notes", "notes.wasm")
    it.asked('wants to read "/notes"')
    it.interrupt()
    assert it.end()[0] == 130


def test_what_was_typed_before_is_no_answer(learn: Callable[..., Session]) -> None:
    it = learn("--ask", "--dir", "notes::/notes", "notes.wasm")
    it.type("y\ny\ny\ny\ny\n")
    it.asked('wants to read "/notes"')
    time.sleep(0.5)  # that nothing comes can only be waited for; a slow machine makes it hold all the more
    assert not it.shown
    it.type("s\n")
    assert it.end()[0] == 77


TRICKS = '\x1b[2K\x1b[1A\r" [y]es\nremit: a \u202e\x9b2J'


def test_a_path_cannot_look_like_a_question(learn: Callable[..., Session], guest: Guest) -> None:
    Path("notes", TRICKS).write_text("x")
    data = "".join(f"\\{each:02x}" for each in TRICKS.encode())
    path = guest(
        wat(
            f"""(module (import "wasi_snapshot_preview1" "path_open"
                (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
            (memory (export "memory") 1) (data (i32.const 128) "{data}")
            (func (export "_start") (drop (call $open (i32.const 3) (i32.const 0) (i32.const 128)
                (i32.const {len(TRICKS.encode())}) (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0)
                (i32.const 0)))))"""
        )
    )
    it = learn("--ask", "--dir", "notes::/notes", path)
    it.wait_for("[s]top? ")
    first, second = it.shown.splitlines()
    assert first.startswith('remit: guest.wasm wants to read "/notes/')
    assert second.startswith("remit: [y]es, [n]o, ")
    assert all(each.isprintable() for each in first)
    assert first.count('"') - first.count('\\"') == 2
    it.type("y\n")
    assert it.end()[0] == 0
    assert len(rules()) == 1


def test_without_a_terminal_it_is_an_error(monkeypatch: pytest.MonkeyPatch, capfd: Capture) -> None:
    monkeypatch.setattr("remit.cli.asking.TERMINAL", "/nonexistent/tty")
    assert main(["learn", "--ask", "--dir", "notes::/notes", "notes.wasm"]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err == (
        "remit: --ask: there is no terminal to ask on (No such file or directory): run it in one, or leave --ask out "
        "and read what it has learned\n"
    )
    assert not Path("remit.toml").exists()


def test_a_new_session_has_no_terminal() -> None:
    command = [sys.executable, "-m", "remit", "learn", "--ask", "--dir", "notes::/notes", "notes.wasm"]
    done = subprocess.run(
        command, capture_output=True, text=True, start_new_session=True, stdin=subprocess.DEVNULL, check=False
    )
    assert done.returncode == 2
    assert "there is no terminal to ask on" in done.stderr


def test_a_program_that_asks_for_nothing_is_not_asked_about(learn: Callable[..., Session], guest: Guest) -> None:
    it = learn("--ask", "--memory-dir", "/m", "--dir", "notes::/notes", guest(guests.HELLO))
    assert it.end() == (0, "hello\n", "")
    it = learn("--ask", "-o", "other.toml", "--memory-dir", "/m", guest(guests.CREATE))
    assert it.end()[0] == 0, "what is in memory is its own"


def test_copies_can_be_asked_for(learn: Callable[..., Session]) -> None:
    it = learn("--ask", "--discard-changes", "--dir", "notes::/notes", "notes.wasm")
    it.asked('wants to read "/notes"')
    it.type("a\n")
    it.asked('wants to write and create "/notes/summary.txt"')
    it.type("y\n")
    assert it.end()[0] == 0
    assert not Path("notes/summary.txt").exists()
    assert rules() == ["read **", "write,create summary.txt"]


def test_what_a_terminal_says_by_itself_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some answer to what programs print, such as where the cursor is."""
    master, slave = pty.openpty()
    try:
        monkeypatch.setattr("remit.cli.asking.TERMINAL", os.ttyname(slave))
        terminal = Terminal("x")
        monkeypatch.setattr(Terminal, "_forget_what_was_typed", lambda self: None)
        for answer, expected in (("\x1b[1;1Ry\nn\n", "no"), ("yy\n\n a \n", "always")):
            os.write(master, answer.encode())
            assert terminal(Question("read", "/a", "/")) == expected
        terminal.close()
    finally:
        os.close(master)
        os.close(slave)
