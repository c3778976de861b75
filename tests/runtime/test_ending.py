"""How runs end other than by themselves, and that nothing is left of them."""

from __future__ import annotations

import _thread
import asyncio
import gc
import os
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import remit
import remit.fs
from cli import guests
from remit.engine.wasmtime.fibers import fibers_supported
from runtime import programs
from runtime.ways import Way
from waiting import open_descriptors

SOON = 0.05


def silent_pipe() -> tuple[int, Callable[[], None]]:
    """A descriptor that has nothing to read, ever."""
    reading, writing = os.pipe()

    def close() -> None:
        os.close(reading)
        os.close(writing)

    return reading, close


@pytest.mark.parametrize("program", [guests.SPIN, guests.SLEEP, guests.READ_FOREVER], ids=["busy", "asleep", "reading"])
def test_timeout(way: Way, program: bytes) -> None:
    reading, close = silent_pipe()
    with pytest.raises(subprocess.TimeoutExpired) as caught:
        way.run(program, timeout=SOON, stdin=reading, capture_output=True)
    close()
    assert isinstance(caught.value, remit.TimeoutExpired)
    assert (caught.value.timeout, caught.value.stdout, caught.value.stderr) == (SOON, b"ready\n", b"")
    assert "<Program 'program.wasm'" in str(caught.value)


def test_timeout_in_text_mode(way: Way) -> None:
    with pytest.raises(remit.TimeoutExpired) as caught:
        way.run(guests.SPIN, timeout=SOON, capture_output=True, text=True)
    assert (caught.value.stdout, caught.value.stderr) == ("ready\n", "")


def test_a_cut_character_does_not_hide_a_timeout(way: Way) -> None:
    program = guests.command(guests.READY + "(loop $again (br $again))", data="abcde\\c3")
    with pytest.raises(remit.TimeoutExpired) as caught:
        # Long enough for it to have begun, whatever else the machine does.
        way.run(program, timeout=20 * SOON, capture_output=True, text=True)
    assert caught.value.stdout == "abcde\ufffd"


@pytest.mark.parametrize("timeout", [0, 0.0, 1e-9])
def test_no_time_at_all(way: Way, timeout: float) -> None:
    """Not even for a program that would be done before anybody looks."""
    with pytest.raises(remit.TimeoutExpired) as caught:
        way.run(guests.HELLO, timeout=timeout, capture_output=True)
    assert (caught.value.timeout, caught.value.stdout) == (timeout, b"")
    with pytest.raises(remit.TimeoutExpired):
        way.run(programs.SPEAKS_AT_START, timeout=timeout, stdout=fail(AssertionError))


@pytest.mark.parametrize("timeout", [float("inf"), 1e300, 10**400, 1e18])
@pytest.mark.parametrize("program", [guests.HELLO, programs.sleeping(1000)], ids=["computes", "waits"])
def test_more_time_than_clocks_count(way: Way, program: bytes, timeout: float) -> None:
    assert way.run(program, timeout=timeout, stdout=remit.DEVNULL).returncode == 0


def test_enough_time(way: Way) -> None:
    assert way.run(guests.HELLO, timeout=60, capture_output=True).stdout == b"hello\n"


NESTED = programs.asking("(loop $again (drop (call $f (i32.const 1))) (loop $on (br $on)))")


@pytest.mark.parametrize("suspends", [False, True])
@pytest.mark.parametrize("inner", [None, 60])
def test_the_time_limit_of_an_outer_program_is_not_that_of_the_inner_one(suspends: bool, inner: float | None) -> None:
    """On threads it does not reach what a function of the host runs on the loop's."""
    if suspends and not fibers_supported():
        pytest.skip("this Python cannot suspend calls on fibers")
    ended: list[str] = []

    def run_inner(number: int) -> int:
        try:
            remit.run(guests.SPIN, timeout=inner, stdout=remit.DEVNULL, cache=False)
        except (subprocess.TimeoutExpired, TimeoutError):
            ended.append("by its own time limit")
        return 0

    def call_inner(number: int) -> int:
        try:
            instance.call("spin")
        except TimeoutError:
            ended.append("by its own time limit")
        return 0

    def run_outer(**options: Any) -> None:
        if suspends:
            asyncio.run(remit.run_async(NESTED, **options))
        else:
            remit.run(NESTED, **options)

    with remit.load(programs.LIBRARY, cache=False).instantiate(timeout=inner) as instance:
        for f in (run_inner, call_inner):
            with pytest.raises(remit.TimeoutExpired) as caught:
                run_outer(imports={"env": {"f": f}}, timeout=SOON, cache=False)
            assert caught.value.timeout == SOON
    assert ended == []


def test_the_time_limit_of_an_inner_program_leaves_the_outer_one_alone(way: Way) -> None:
    def f(number: int) -> int:
        with pytest.raises(remit.TimeoutExpired):
            remit.run(guests.SPIN, timeout=SOON, stdout=remit.DEVNULL, cache=False)
        return 5

    assert way.run(programs.ASK, imports={"env": {"f": f}}, timeout=60).returncode == 5


def test_trap(way: Way) -> None:
    program = guests.command(guests.READY + "unreachable", data="ready\\n")
    with pytest.raises(remit.Trap) as caught:
        way.run(program, capture_output=True, text=True)
    assert (caught.value.code, caught.value.stdout, caught.value.stderr) == ("unreachable", "ready\n", "")
    assert "_start" in str(caught.value)


def test_fuel(way: Way) -> None:
    with pytest.raises(remit.Trap) as caught:
        way.run(programs.BUSY, fuel=100_000)
    assert caught.value.code == "out_of_fuel"
    assert way.run(guests.HELLO, fuel=100_000, capture_output=True).stdout == b"hello\n"


def test_fuel_for_a_program_that_does_not_count_it(way: Way) -> None:
    with pytest.raises(ValueError, match="fuel=True"):
        way.run(remit.load(guests.HELLO, cache=False), fuel=1)
    metered = remit.load(programs.COUNT, fuel=True, cache=False)
    assert way.run(metered).returncode == 0


class Odd(BaseException):
    """Not an Exception: nothing may swallow it."""


@pytest.mark.parametrize("error", [ValueError, remit.Trap, Odd, TimeoutError])
def test_what_a_stream_raises_comes_out(way: Way, error: type[BaseException]) -> None:
    raised = error("mine")

    def write(data: bytes) -> None:
        raise raised

    with pytest.raises(error) as caught:
        way.run(guests.HELLO, stdout=write)
    assert caught.value is raised


def interrupt_by_signal() -> None:
    os.kill(os.getpid(), signal.SIGUSR1)


class Interruption(Exception):
    pass


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="no such signal on this system")
@pytest.mark.parametrize("body", ["(loop $again (br $again))", "(drop (call $read))"], ids=["busy", "in host code"])
def test_a_signal_handler_that_raises_ends_the_run(way: Way, body: str) -> None:
    """As Ctrl-C does."""

    ended = threading.Event()

    def handler(number: int, frame: object) -> None:
        raise Interruption

    def ready() -> int:
        threading.Timer(0.02, interrupt_by_signal).start()
        return 0

    def read() -> int:
        ended.wait()
        return 0

    imports = '(import "env" "ready" (func $ready (result i32))) (import "env" "read" (func $read (result i32)))'
    program = programs.asking(f"(drop (call $ready)) {body}", imports)
    before = signal.signal(signal.SIGUSR1, handler)
    try:
        with pytest.raises(Interruption):
            way.run(program, imports={"env": {"ready": ready, "read": read}}, timeout=10)
        assert signal.getsignal(signal.SIGUSR1) is handler
    finally:
        ended.set()
        signal.signal(signal.SIGUSR1, before)


def test_keyboard_interrupt() -> None:
    """On a loop, who runs the loop decides what Ctrl-C does."""

    def ready() -> int:
        threading.Timer(0.02, _thread.interrupt_main).start()
        return 0

    imports = '(import "env" "ready" (func $ready (result i32)))'
    program = programs.asking("(drop (call $ready)) (loop $again (br $again))", imports)
    with pytest.raises(KeyboardInterrupt):
        remit.run(program, imports={"env": {"ready": ready}}, timeout=10, cache=False)


def fail(error: type[BaseException]) -> Callable[[bytes], None]:
    def write(data: bytes) -> None:
        raise error

    return write


@pytest.mark.parametrize(
    ("program", "options"),
    [
        (guests.HELLO, {"capture_output": True}),
        (guests.CREATE, {}),
        (guests.HELLO, {"stdout": fail(ValueError)}),
        (guests.HELLO, {"dirs": {"/": "nowhere"}}),
        (guests.HELLO, {"sockets": ["no socket"]}),
        (guests.HELLO, {"max_memory": 1}),
        (guests.SLEEP, {"timeout": SOON, "capture_output": True}),
        (guests.SPIN, {"timeout": SOON, "capture_output": True}),
        (guests.TRAP, {}),
        (guests.exiting(1), {"check": True}),
        (programs.ASK, {}),
    ],
    ids=["ok", "files", "stream", "directory", "socket", "memory", "asleep", "busy", "trap", "status", "imports"],
)
def test_nothing_is_left_of_a_run(way: Way, program: bytes, options: dict[str, Any], tmp_path: Path) -> None:
    def run() -> None:
        try:
            way.run(program, **{"dirs": {"/": tmp_path, "/x": tmp_path}, **options})
        except (remit.EngineError, ValueError, TypeError, OSError, subprocess.SubprocessError):
            return

    gc.collect()
    run()  # what the first run makes for all later ones is no leak: the executor's threads, the ticker
    gc.collect()
    descriptors, threads = open_descriptors(), threading.active_count()
    for _ in range(3):
        run()
    gc.collect()  # exceptions and their tracebacks are circles
    assert open_descriptors() == descriptors
    assert threading.active_count() <= max(threads, 6)


@pytest.mark.parametrize(
    ("program", "options", "error"),
    [
        (guests.CREATE, {}, None),
        (guests.SPIN, {"timeout": SOON}, remit.TimeoutExpired),
        (guests.SLEEP, {"timeout": SOON}, remit.TimeoutExpired),
        (guests.TRAP, {}, remit.Trap),
        (guests.HELLO, {"stdout": fail(ValueError)}, ValueError),
        (guests.exiting(1), {"check": True}, remit.CalledProcessError),
    ],
    ids=["ok", "busy", "asleep", "trap", "stream", "status"],
)
def test_a_run_leaves_nothing_for_the_garbage_collector(
    way: Way, program: bytes, options: dict[str, Any], error: type[Exception] | None, tmp_path: Path
) -> None:
    """Compiled code holds a descriptor: it goes with the last reference, also when the run fails."""

    options = {"dirs": {"/": tmp_path}, "stdout": remit.DEVNULL, "cache": False, **options}

    def run() -> type[Exception] | None:
        try:
            remit.run(program, **options)
        except Exception as raised:  # noqa: BLE001 - told apart below
            return type(raised)
        return None

    async def run_async() -> type[Exception] | None:
        # Caught in here: what comes out of a task has a circle of asyncio's own.
        try:
            await remit.run_async(program, **options)
        except Exception as raised:  # noqa: BLE001 - told apart below
            return type(raised)
        return None

    def run_either() -> type[Exception] | None:
        return way.finish(run_async()) if way.loop else run()

    run_either()
    gc.collect()
    gc.disable()
    try:
        before = open_descriptors()
        assert run_either() is error
        assert open_descriptors() == before
    finally:
        gc.enable()
