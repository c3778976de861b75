"""What a program reads, writes and is told, run in every way."""

from __future__ import annotations

import io
import os
import socket
import struct
import threading
from pathlib import Path
from typing import Any

import pytest

import remit
import remit.fs
from cli import guests
from remit.kernel.clocks import FixedClock, VirtualClock
from runtime import programs
from runtime.ways import Way


def test_captured_output(way: Way) -> None:
    done = way.run(programs.BOTH, capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"out", b"err")


def test_nothing_is_captured_unasked(way: Way) -> None:
    done = way.run(programs.BOTH, stdout=remit.DEVNULL, stderr=remit.PIPE)
    assert (done.stdout, done.stderr) == (None, b"err")


def test_standard_error_can_go_where_standard_output_goes(way: Way) -> None:
    done = way.run(programs.BOTH, stdout=remit.PIPE, stderr=remit.STDOUT)
    assert (done.stdout, done.stderr) == (b"outerr", None)


def test_inherited_streams_are_the_descriptors_of_the_host(way: Way, capfd: pytest.CaptureFixture[str]) -> None:
    way.run(programs.BOTH)
    assert capfd.readouterr() == ("out", "err")
    way.run(programs.BOTH, stderr=remit.STDOUT)
    assert capfd.readouterr() == ("outerr", "")


def test_what_python_has_buffered_comes_first(
    way: Way, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with open(os.dup(1), "w") as stdout:
        monkeypatch.setattr("sys.stdout", stdout)
        print("before ", end="")
        way.run(programs.BOTH, stderr=remit.DEVNULL)
        monkeypatch.undo()
    assert capfd.readouterr().out == "before out"


@pytest.mark.parametrize("stdout", [None, io.StringIO(), object()], ids=["none", "no fileno", "no stream at all"])
def test_inherited_output_works_whatever_sys_stdout_is(
    way: Way, stdout: object, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout", stdout)
    way.run(programs.BOTH, stderr=remit.DEVNULL)
    monkeypatch.undo()
    assert capfd.readouterr().out == "out"


def test_inherited_output_works_when_sys_stdout_is_closed(
    way: Way, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr("sys.stdout", closed)
    way.run(programs.BOTH, stderr=remit.DEVNULL)
    monkeypatch.undo()
    assert capfd.readouterr().out == "out"


@pytest.mark.parametrize("given", [b"some bytes", bytearray(b"some bytes"), memoryview(b"some bytes")])
def test_input_of_bytes(way: Way, given: Any) -> None:
    assert way.run(programs.CAT, input=given, capture_output=True).stdout == b"some bytes"


def test_input_larger_than_a_read(way: Way) -> None:
    data = os.urandom(100_000)
    assert way.run(programs.CAT, input=data, capture_output=True).stdout == data


def test_text(way: Way) -> None:
    done = way.run(programs.CAT, input="a\r\nb\rc\nü", text=True, capture_output=True)
    assert (done.stdout, done.stderr) == ("a\nb\nc\nü", "")


def test_text_in_another_encoding(way: Way) -> None:
    done = way.run(programs.CAT, input="ü", encoding="latin-1", capture_output=True)
    assert done.stdout == "ü"
    assert way.run(programs.CAT, input=b"\xfc", encoding="latin-1", capture_output=True).stdout == "ü"


def test_what_is_not_text(way: Way) -> None:
    assert way.run(programs.CAT, input=b"\xff", errors="replace", capture_output=True).stdout == "\ufffd"
    with pytest.raises(UnicodeDecodeError):
        way.run(programs.CAT, input=b"\xff", text=True, capture_output=True)


def test_input_from_a_file(way: Way, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"in a file")
    with (tmp_path / "file").open("rb") as file:
        assert way.run(programs.CAT, stdin=file, capture_output=True).stdout == b"in a file"


@pytest.mark.parametrize("file", [io.BytesIO(b"abc"), io.StringIO("abc")], ids=["bytes", "text"])
def test_input_from_a_file_object(way: Way, file: Any) -> None:
    file.seek(0)
    assert way.run(programs.CAT, stdin=file, capture_output=True).stdout == b"abc"


def test_input_from_a_function(way: Way) -> None:
    pieces = [b"one ", b"two", b""]
    assert way.run(programs.CAT, stdin=lambda n: pieces.pop(0), capture_output=True).stdout == b"one two"


def test_no_input(way: Way) -> None:
    assert way.run(programs.CAT, stdin=remit.DEVNULL, capture_output=True).stdout == b""


def test_input_from_a_pipe_that_is_filled_later(way: Way) -> None:
    reading, writing = os.pipe()

    def fill() -> None:
        os.write(writing, b"late")
        os.close(writing)

    thread = threading.Thread(target=fill)
    thread.start()
    try:
        assert way.run(programs.CAT, stdin=reading, capture_output=True).stdout == b"late"
    finally:
        thread.join()
        os.close(reading)


def test_inherited_input(way: Way) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"inherited")
    os.close(writing)
    before = os.dup(0)
    os.dup2(reading, 0)
    try:
        assert way.run(programs.CAT, capture_output=True).stdout == b"inherited"
    finally:
        os.dup2(before, 0)
        os.close(before)
        os.close(reading)


def test_output_to_a_file_a_function_and_a_descriptor(way: Way, tmp_path: Path) -> None:
    written: list[bytes] = []
    with (tmp_path / "file").open("wb") as file:
        way.run(programs.BOTH, stdout=file, stderr=written.append)
        way.run(programs.BOTH, stdout=file.fileno(), stderr=remit.DEVNULL)
    assert (tmp_path / "file").read_bytes() == b"outout"
    assert written == [b"err"]


def test_output_to_a_text_file_in_memory(way: Way) -> None:
    text = io.StringIO()
    way.run(programs.BOTH, stdout=text, stderr=remit.STDOUT)
    assert text.getvalue() == "outerr"


def test_what_is_captured_is_limited(way: Way) -> None:
    done = way.run(guests.WRITE_UNTIL_REFUSED, limits=remit.Limits(captured_bytes=100), capture_output=True)
    assert len(done.stdout) == 100
    assert done.returncode != 0
    assert (done.stdout_truncated, done.stderr_truncated) == (True, False)
    assert "stdout_truncated=True" in repr(done)


def test_output_that_just_fits_is_whole(way: Way) -> None:
    done = way.run(programs.BOTH, limits=remit.Limits(captured_bytes=3), capture_output=True)
    assert (done.stdout, done.stderr) == (b"out", b"err")
    assert (done.stdout_truncated, done.stderr_truncated) == (False, False)
    assert "truncated" not in repr(done)
    together = way.run(programs.BOTH, limits=remit.Limits(captured_bytes=3), stdout=remit.PIPE, stderr=remit.STDOUT)
    assert (together.stdout, together.stdout_truncated, together.stderr_truncated) == (b"out", True, False)


def test_text_that_was_cut_within_a_character(way: Way) -> None:
    done = way.run(
        programs.CAT, input="aü", text=True, limits=remit.Limits(captured_bytes=2), stdout=remit.PIPE, check=False
    )
    assert (done.stdout, done.stdout_truncated) == ("a\ufffd", True)


def test_failures_say_that_output_was_cut(way: Way) -> None:
    limits = remit.Limits(captured_bytes=2)
    ends: list[tuple[str, dict[str, Any], Any]] = [
        ("(call $exit (i32.const 4))", {"check": True}, remit.CalledProcessError),
        ("unreachable", {}, remit.Trap),
        ("(loop $again (br $again))", {"timeout": 0.05}, remit.TimeoutExpired),
    ]
    for body, options, error in ends:
        program = guests.command(guests.READY + body, data="ready\\n")
        with pytest.raises(error) as caught:
            way.run(program, capture_output=True, limits=limits, **options)
        assert (caught.value.stdout, caught.value.stdout_truncated) == (b"re", True)
        assert (caught.value.stderr, caught.value.stderr_truncated) == (b"", False)


def test_arguments(way: Way, tmp_path: Path) -> None:
    path = tmp_path / "tool.wasm"
    path.write_bytes(guests.printing("args"))
    done = way.run([path, "one", b"two\xff", Path("three"), ""], capture_output=True)
    assert done.stdout == b"tool.wasm\0one\0two\xff\0three\0\0"
    assert done.args == [path, "one", b"two\xff", Path("three"), ""]


@pytest.mark.parametrize("shape", [str, Path, lambda path: [str(path)], lambda path: (path,)])
def test_the_program_alone(way: Way, shape: Any, tmp_path: Path) -> None:
    (tmp_path / "tool.wasm").write_bytes(guests.exiting(3))
    assert way.run(shape(tmp_path / "tool.wasm")).returncode == 3


@pytest.mark.parametrize("shape", [bytes, bytearray, memoryview])
def test_the_bytes_of_a_program(way: Way, shape: Any) -> None:
    done = way.run(shape(guests.printing("args")), capture_output=True)
    assert done.stdout == b"program.wasm\0"
    assert repr(done).startswith("CompletedProcess(args=[<Program 'program.wasm'")


def test_the_environment_is_what_is_given(way: Way) -> None:
    done = way.run(guests.printing("environ"), env={"NAME": "välue", "EMPTY": ""}, capture_output=True)
    assert done.stdout == b"NAME=v\xc3\xa4lue\0EMPTY=\0"
    assert way.run(guests.printing("environ"), capture_output=True).stdout == b""


def test_directories_come_in_order_under_their_names(way: Way, tmp_path: Path) -> None:
    dirs = {"/b": tmp_path, ".": str(tmp_path), "/b/c": remit.fs.Memory(), "a b/": remit.fs.ReadOnly(remit.fs.Memory())}
    assert way.run(guests.DIRECTORIES, dirs=dirs, capture_output=True).stdout == b"/b\n.\n/b/c\na b/\n"


def test_files_of_the_host_and_in_memory(way: Way, tmp_path: Path) -> None:
    (tmp_path / "name").write_text("on disk")
    assert way.run(programs.READ_FILE, dirs={"/": tmp_path}, capture_output=True).stdout == b"on disk"
    memory = remit.fs.Memory({"name": "in memory"})
    assert way.run(programs.READ_FILE, dirs={"/": memory}, capture_output=True).stdout == b"in memory"


def test_what_a_program_writes_stays_in_the_filesystem(way: Way) -> None:
    files = remit.fs.Memory()
    assert way.run(guests.CREATE, dirs={"/": files}).returncode == 0
    renamed = remit.fs.Memory({"name": b"x"})
    overlay = remit.fs.Overlay(renamed)
    assert way.run(guests.CREATE, dirs={"/": overlay}).returncode == 0
    assert [(change.kind, change.path) for change in overlay.changes()] == [("added", "new")]


def test_a_directory_that_is_not_there(way: Way, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        way.run(guests.HELLO, dirs={"/": tmp_path, "/x": tmp_path / "nowhere"})
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError, match="file"):
        way.run(guests.HELLO, dirs={"/x": tmp_path / "file"})


def test_a_status_other_than_zero(way: Way) -> None:
    done = way.run(guests.exiting(3))
    assert done.returncode == 3
    with pytest.raises(remit.CalledProcessError, match="status 3"):
        done.check_returncode()


def test_check(way: Way) -> None:
    import subprocess

    assert way.run(guests.HELLO, check=True, capture_output=True).returncode == 0
    with pytest.raises(subprocess.CalledProcessError) as caught:
        way.run(guests.command(guests.READY + "(call $exit (i32.const 4))", data="ready\\n"), check=True, stdout=-1)
    assert isinstance(caught.value, remit.CalledProcessError)
    assert (caught.value.returncode, caught.value.stdout, caught.value.stderr) == (4, b"ready\n", None)


def test_clocks(way: Way) -> None:
    done = way.run(guests.TIME, wall_clock=FixedClock(1234), capture_output=True)
    assert struct.unpack("<Q", done.stdout) == (1234,)


def test_a_virtual_clock_does_not_wait(way: Way) -> None:
    done = way.run(programs.SLEEP_AND_TELL, monotonic_clock=VirtualClock(5), capture_output=True)
    assert struct.unpack("<Q", done.stdout) == (5 + 3600 * 10**9,)


def test_processor_time(way: Way) -> None:
    [nanoseconds] = struct.unpack("<Q", way.run(programs.TIMES, capture_output=True).stdout)
    assert nanoseconds < 60 * 10**9


def test_random_numbers_from_a_seed(way: Way) -> None:
    first, again, other, real = (
        way.run(guests.RANDOM, random=seed, capture_output=True).stdout for seed in (1, 1, 2, None)
    )
    assert first == again
    assert len({first, other, real}) == 3


def test_memory_is_limited(way: Way) -> None:
    assert way.run(guests.GROW).returncode == 0
    assert way.run(guests.GROW, max_memory=1 << 20).returncode == 1


def test_a_program_that_begins_with_too_much_memory(way: Way) -> None:
    with pytest.raises(ValueError, match="a larger max_memory"):
        way.run(guests.HELLO, max_memory=1 << 15)


def test_descriptors_are_limited(way: Way) -> None:
    assert way.run(guests.OPEN_MANY, dirs={"/": remit.fs.Memory()}, limits=remit.Limits(descriptors=8)).returncode != 0


@pytest.mark.parametrize("wrapped", [False, True], ids=["socket", "kernel socket"])
def test_a_program_takes_a_connection(way: Way, wrapped: bool) -> None:
    from remit.network.host import HostSocket

    listener = socket.create_server(("127.0.0.1", 0))
    address = listener.getsockname()
    answers: list[bytes] = []

    def connect() -> None:
        with socket.create_connection(address) as connection:
            connection.sendall(b"knock")
            answers.append(connection.recv(100))

    thread = threading.Thread(target=connect)
    thread.start()
    given = HostSocket(listener) if wrapped else listener
    assert way.run(programs.ACCEPT, sockets=[given]).returncode == 0
    thread.join()
    assert answers == [b"knock"]
    assert listener.fileno() == -1


def test_output_of_the_start_function(way: Way) -> None:
    assert way.run(programs.SPEAKS_AT_START, capture_output=True).stdout == b"early"


CLOSED_SOCKET = socket.socket()
CLOSED_SOCKET.close()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"timout": 1}, TypeError, r"run(_async)?\(\) has no option 'timout'; did you mean 'timeout'"),
        ({"asynchronous": True}, TypeError, r"run(_async)?\(\) has no option 'asynchronous'"),
        ({"arguments": ["x"]}, TypeError, r"run(_async)?\(\) has no option 'arguments'"),
        ({"input": "text"}, TypeError, "text=True"),
        ({"input": 5}, TypeError, "input is a int"),
        ({"input": b"", "stdin": remit.DEVNULL}, ValueError, "stdin and input"),
        ({"capture_output": True, "stderr": remit.DEVNULL}, ValueError, "capture_output"),
        ({"stdout": remit.STDOUT}, ValueError, "only stderr"),
        ({"stdin": remit.PIPE}, ValueError, "stdin=PIPE"),
        ({"stdout": 1.5}, TypeError, "float"),
        ({"timeout": -1}, ValueError, "timeout is -1"),
        ({"timeout": float("nan")}, ValueError, "timeout is nan"),
        ({"timeout": "5"}, TypeError, r"timeout is '5' \(str\)"),
        ({"timeout": True}, TypeError, r"timeout is True \(bool\)"),
        ({"fuel": -1}, ValueError, "fuel is -1: instructions are wanted, 0 to 18446744073709551615"),
        ({"fuel": 2**64}, ValueError, "fuel is 18446744073709551616: .* 0 to 18446744073709551615"),
        ({"fuel": 1.5}, TypeError, r"fuel is 1\.5 \(float\): instructions are wanted, as an int"),
        ({"fuel": "x"}, TypeError, r"fuel is 'x' \(str\)"),
        ({"fuel": True}, TypeError, r"fuel is True \(bool\)"),
        ({"max_memory": -1}, ValueError, "max_memory is -1"),
        ({"max_memory": 2**63}, ValueError, "max_memory is 9223372036854775808: bytes are wanted, 0 to"),
        ({"max_memory": "64MiB"}, TypeError, r"max_memory is '64MiB' \(str\): bytes are wanted, as an int"),
        ({"limits": {"descriptors": 5}}, TypeError, "limits must be a remit.Limits, not {'descriptors': 5}"),
        ({"limits": {}}, TypeError, "limits must be a remit.Limits, not {}"),
        ({"universal_newlines": True}, TypeError, "has no option 'universal_newlines': it is called text"),
        ({"cwd": "/tmp"}, TypeError, "no option 'cwd': .* say dirs="),
        ({"encoding": "nope"}, LookupError, "unknown encoding: nope"),
        ({"encoding": "hex"}, LookupError, "'hex' is not a text encoding"),
        ({"encoding": 5}, TypeError, r"encoding is 5 \(int\): a str is wanted"),
        ({"text": True, "errors": "nope"}, LookupError, "unknown error handler name 'nope'"),
        ({"cache": "no"}, TypeError, r"cache is 'no' \(str\): True or False is wanted"),
        ({"random": True}, TypeError, "random must be .* or a seed, not True"),
        ({"sockets": 5}, TypeError, r"sockets is 5 \(int\): a list of sockets is wanted"),
        ({"sockets": [5]}, TypeError, r"sockets: each must be a socket\.socket, not 5"),
        ({"sockets": [CLOSED_SOCKET]}, ValueError, "sockets: <socket.* is closed"),
        ({"dirs": ["x"]}, TypeError, "dirs must map"),
        ({"dirs": {"/": remit.fs.Memory}}, TypeError, "that is a class: call it"),
        ({"dirs": {"/": {"a": b""}}}, TypeError, r"for files in memory, give remit\.fs\.Memory"),
        ({"imports": {"env": {"f": len}}}, remit.LinkError, "env.f"),
        ({"imports": {"env": {"f": 5}}}, TypeError, "not a function"),
        ({"imports": {"env": len}}, TypeError, r"imports\['env'\]"),
        ({"imports": [1]}, TypeError, "imports is a list"),
    ],
)
def test_options_that_cannot_be(way: Way, options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        way.run(guests.HELLO, **options)


@pytest.mark.parametrize(
    ("args", "error", "message"),
    [
        ([], ValueError, "args is empty"),
        (None, TypeError, r"args is None \(NoneType\): a list is wanted, as in \['tool\.wasm', '--help'\]"),
        (5, TypeError, r"args is 5 \(int\): a list is wanted"),
        ({"a": "b"}, TypeError, "a list is wanted"),
        ([guests.HELLO, 5], TypeError, "an argument must be"),
        ([guests.HELLO, "a\0b"], ValueError, "NUL"),
        (["missing.wasm"], FileNotFoundError, "missing.wasm"),
        ([b""], remit.InvalidModule, "unexpected end"),
        ([guests.HELLO[:50]], remit.InvalidModule, "unexpected end"),
        ([b"#!/bin/sh\n"], remit.InvalidModule, "magic"),
        ([guests.LIBRARY], remit.InvalidModule, "exports no _start"),
        ([5], TypeError, "a program must be a path, .*, not 5"),
    ],
)
def test_programs_that_cannot_be(way: Way, args: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        way.run(args)


def test_there_is_no_shell(way: Way) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        way.run("missing.wasm --help")
    assert caught.value.__notes__ == [
        "There is no shell: give the program and its arguments as a list, ['missing.wasm', '--help']"
    ]


def test_a_host_directory_that_is_closed(way: Way, tmp_path: Path) -> None:
    host = remit.fs.Host(tmp_path)
    host.close()
    with pytest.raises(ValueError, match=r"the host directory .* is closed"):
        way.run(guests.HELLO, dirs={"/": host})


def test_arguments_from_a_generator(way: Way) -> None:
    done = way.run((each for each in (guests.printing("args"), "one")), capture_output=True)
    assert done.stdout == b"program.wasm\0one\0"
