"""Instances, in every way: calling functions, looking at exports, and their end."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import remit
from remit.binary.types import FuncType
from runtime import programs
from runtime.ways import Called, Way
from waiting import open_descriptors
from wat import wat


class Stop(Exception):
    pass


def assert_dead(instance: Called | remit.Instance) -> None:
    with pytest.raises(RuntimeError, match=r"stopped or cancelled .* may not be entered again; make another"):
        instance.call("add", 1, 2)


@pytest.fixture
def library() -> remit.Program:
    program: remit.Program = remit.load(programs.LIBRARY, cache=False)
    return program


def test_calls(way: Way, library: remit.Program) -> None:
    with way.instance(library) as instance:
        assert instance.call("add", 2, -5) == -3
        assert instance.call("swap", 1 << 40, 0.5) == (0.5, 1 << 40)
        assert instance.call("say") is None


def test_a_reactor_is_initialised(way: Way, library: remit.Program) -> None:
    with way.instance(library) as instance:
        assert instance.call("ready") == 1


def test_exports(way: Way, library: remit.Program) -> None:
    with way.instance(library) as instance:
        guest = instance.guest
        assert guest.memory.read(128, 5) == b"hello"
        guest.memory.write(128, b"HELLO")
        assert guest.memory.read(128, 5) == b"HELLO"
        level, fixed, table = guest.export("level"), guest.export("fixed"), guest.export("table")
        assert (level.value, fixed.value, len(table)) == (7, -1, 3)
        level.value = 8
        assert guest.export("level").value == 8
        with pytest.raises(AttributeError, match="constant"):
            fixed.value = 1
        assert instance.call("grow") == -1


def test_instances_share_nothing(way: Way, library: remit.Program) -> None:
    with way.instance(library) as first, way.instance(library) as second:
        first.guest.export("level").value = 100
        assert second.guest.export("level").value == 7


@pytest.mark.parametrize(
    ("name", "arguments", "error", "message"),
    [
        ("ad", (), KeyError, "add"),
        ("memory", (), TypeError, "'memory' is a memory, not a function"),
        ("add", (1,), TypeError, "2"),
        ("add", (1, "2"), TypeError, "argument 2 is '2'"),
        ("add", (1, 1 << 40), OverflowError, "1099511627776"),
        ("trap", (), remit.Trap, "unreachable"),
        ("quit", (3,), remit.Exit, "3"),
    ],
)
def test_calls_that_fail(
    way: Way, library: remit.Program, name: str, arguments: tuple[Any, ...], error: type[Exception], message: str
) -> None:
    with way.instance(library) as instance, pytest.raises(error, match=message):
        instance.call(name, *arguments)


def test_a_call_is_stopped_in_time(way: Way, library: remit.Program) -> None:
    with way.instance(library, timeout=0.05) as instance:
        assert instance.call("add", 1, 2) == 3
        with pytest.raises(TimeoutError, match=r"spin was stopped after 0\.05 s"):
            instance.call("spin")
        assert_dead(instance)


@contextmanager
def signalled() -> Iterator[threading.Timer]:
    """A timer for a signal whose handler raises, as Ctrl-C's does: start it."""

    def handler(number: int, frame: object) -> None:
        raise Stop

    before = signal.signal(signal.SIGUSR1, handler)
    timer = threading.Timer(0.05, signal.pthread_kill, [threading.main_thread().ident, signal.SIGUSR1])
    try:
        yield timer
    finally:
        timer.join()
        signal.signal(signal.SIGUSR1, before)


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="no such signal on this system")
def test_a_call_that_a_signal_stopped(way: Way, library: remit.Program) -> None:
    with signalled() as timer, way.instance(library) as instance:
        timer.start()
        with pytest.raises(Stop):
            instance.call("spin")
        assert_dead(instance)


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="no such signal on this system")
def test_a_wait_that_a_signal_stopped(library: remit.Program) -> None:
    """On a loop it is the loop that waits, and for its owner to say what signals do there."""
    reading, writing = os.pipe()
    with signalled() as timer, library.instantiate(stdin=reading) as instance:
        timer.start()
        with pytest.raises(Stop):
            instance.call("read")
        assert_dead(instance)
    os.close(reading)
    os.close(writing)


def test_an_exported_function_is_called_as_by_name(way: Way, library: remit.Program) -> None:
    with way.instance(library, timeout=0.05) as instance:
        add, spin = instance.guest.export("add"), instance.guest.export("spin")
        assert "add" in repr(add)
        assert add.type == FuncType(("i32", "i32"), ("i32",))
        assert instance.finish(add(1, 2)) == 3
        with pytest.raises(TimeoutError, match=r"spin was stopped after 0\.05 s"):
            instance.finish(spin())
        with pytest.raises(RuntimeError, match="may not be entered again"):
            instance.finish(add(1, 2))


def test_an_exported_function_without_a_time_limit(way: Way, library: remit.Program) -> None:
    with way.instance(library) as instance:
        assert instance.finish(instance.guest.export("add")(1, 2)) == 3


def test_an_exported_function_is_a_reference() -> None:
    """Calls that can be suspended take none."""
    program = remit.load(
        wat("""(module (type $f (func (result i32))) (table 1 funcref)
            (func (export "seven") (result i32) (i32.const 7))
            (func (export "apply") (param funcref) (result i32)
                (table.set (i32.const 0) (local.get 0)) (call_indirect (type $f) (i32.const 0))))"""),
        cache=False,
    )
    for timeout in (None, 60):
        with program.instantiate(timeout=timeout) as instance:
            assert instance.call("apply", instance.export("seven")) == 7


def test_a_wait_is_stopped_in_time(way: Way, library: remit.Program) -> None:
    reading, writing = os.pipe()
    with way.instance(library, stdin=reading, timeout=0.05) as instance:
        with pytest.raises(TimeoutError):
            instance.call("read")
        assert_dead(instance)
    os.close(reading)
    os.close(writing)


def test_an_instance_that_was_stopped_can_be_looked_at(way: Way, library: remit.Program) -> None:
    with way.instance(library, timeout=0.05, stdout=remit.PIPE) as instance:
        instance.call("say")
        with pytest.raises(TimeoutError):
            instance.call("spin")
        assert instance.guest.memory.read(128, 5) == b"hello"
        assert (instance.guest.export("level").value, instance.guest.stdout) == (7, b"hello")


@pytest.mark.parametrize(("name", "arguments", "error"), [("trap", (), remit.Trap), ("quit", (0,), remit.Exit)])
def test_an_instance_may_be_called_after_an_end_of_its_own(
    way: Way, library: remit.Program, name: str, arguments: tuple[Any, ...], error: type[Exception]
) -> None:
    with way.instance(library) as instance:
        with pytest.raises(error):
            instance.call(name, *arguments)
        assert instance.call("add", 1, 2) == 3


def test_a_call_that_has_no_time_does_not_begin(way: Way, library: remit.Program) -> None:
    with pytest.raises(TimeoutError, match="was stopped after 0 s"):
        way.instance(library, timeout=0)


def test_a_start_function_has_its_time(way: Way) -> None:
    program = remit.load(wat("(module (func $spin (loop $again (br $again))) (start $spin))"), cache=False)
    with pytest.raises(TimeoutError, match="the start function"):
        way.instance(program, timeout=0.05)


def test_captured_output(way: Way, library: remit.Program) -> None:
    with way.instance(library, stdout=remit.PIPE) as instance:
        assert (instance.guest.stdout, instance.guest.stderr) == (b"", None)
        instance.call("say")
        instance.call("say")
        assert instance.guest.stdout == b"hellohello"
        assert (instance.guest.stdout_truncated, instance.guest.stderr_truncated) == (False, False)
    with way.instance(library, stdout=remit.PIPE, limits=remit.Limits(captured_bytes=3)) as instance:
        instance.call("say")
        assert (instance.guest.stdout, instance.guest.stdout_truncated) == (b"hel", True)


def test_what_an_instance_is_granted(way: Way, library: remit.Program) -> None:
    with way.instance(library, stdin=b"input", args=["one"], env={"A": "b"}) as instance:
        assert instance.call("read") == 5


def test_fuel(way: Way, library: remit.Program) -> None:
    metered = remit.load(programs.LIBRARY, fuel=True, cache=False)
    with way.instance(metered, fuel=10_000) as instance:
        before = instance.guest.fuel
        instance.call("add", 1, 2)
        assert instance.guest.fuel < before
        for wrong in (1.5, "x", True):
            with pytest.raises(TypeError, match=r"fuel is .*: instructions are wanted, as an int"):
                instance.guest.fuel = wrong
        for wrong in (-1, 2**64):
            with pytest.raises(ValueError, match=r"fuel is .* 0 to 18446744073709551615"):
                instance.guest.fuel = wrong
        instance.guest.fuel = 0
        with pytest.raises(remit.Trap, match="fuel"):
            instance.call("spin")
    with pytest.raises(ValueError, match="fuel=True"):
        way.instance(library, fuel=10_000)
    with way.instance(library) as instance:
        with pytest.raises(RuntimeError, match="fuel=True"):
            print(instance.guest.fuel)
        with pytest.raises(RuntimeError, match="fuel=True"):
            instance.guest.fuel = 5


def test_after_closing(way: Way, library: remit.Program) -> None:
    instance = way.instance(library)
    memory = instance.guest.memory
    instance.guest.close()
    instance.guest.close()
    with pytest.raises(RuntimeError, match="closed"):
        instance.call("add", 1, 2)
    with pytest.raises(RuntimeError, match="closed"):
        memory.read(0, 1)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"time_out": 1}, TypeError, r"instantiate(_async)?\(\) has no option 'time_out'; did you mean 'timeout'"),
        ({"arguments": []}, TypeError, "has no option 'arguments'"),
        ({"input": b""}, TypeError, r"instantiate(_async)?\(\) has no option 'input': say stdin="),
        ({"imports": {}}, TypeError, "has no option 'imports': give them to remit.load"),
        ({"args": "one"}, TypeError, r"args is 'one' \(str\): a list is wanted, as in \['--verbose'\]"),
        ({"args": 5}, TypeError, r"args is 5 \(int\): a list is wanted"),
        ({"args": [1]}, TypeError, "an argument must be"),
        ({"timeout": -1}, ValueError, "timeout is -1"),
        ({"timeout": float("nan")}, ValueError, "timeout is nan"),
        ({"timeout": False}, TypeError, r"timeout is False \(bool\)"),
        ({"fuel": 1.5}, TypeError, r"fuel is 1\.5 \(float\)"),
        ({"max_memory": "64MiB"}, TypeError, r"max_memory is '64MiB' \(str\)"),
        ({"limits": {"descriptors": 5}}, TypeError, "limits must be a remit.Limits"),
    ],
)
def test_options_that_cannot_be(
    way: Way, library: remit.Program, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        way.instance(library, **options)


def test_interrupting_from_another_thread(library: remit.Program) -> None:
    with library.instantiate() as instance:
        reason = Stop("enough")
        timer = threading.Timer(0.02, instance.interrupt, [reason])
        timer.start()
        with pytest.raises(Stop) as caught:
            instance.call("spin")
        assert caught.value is reason
        timer.join()
        assert_dead(instance)


def test_interrupting_with_what_is_no_exception(library: remit.Program) -> None:
    wrong: Any
    with library.instantiate() as instance:
        for wrong in ("enough", None, KeyError):
            with pytest.raises(TypeError, match=r"reason is .*: an exception is wanted"):
                instance.interrupt(wrong)
        assert instance.call("add", 1, 2) == 3


def test_interrupting_when_nothing_runs(library: remit.Program) -> None:
    with library.instantiate() as instance:
        instance.interrupt(Stop())
        with pytest.raises(Stop):
            instance.call("add", 1, 2)
        assert instance.call("add", 1, 2) == 3


def test_a_nested_call_does_not_prolong_the_outer_one() -> None:
    @remit.with_instance
    def f(instance: remit.Instance, number: int) -> int:
        doubled: int = instance.call("double", 1)
        return doubled

    program = remit.load(
        programs.asking("(loop $again (drop (call $f (i32.const 1))) (br $again))"),
        imports={"env": {"f": f}},
        cache=False,
    )
    with program.instantiate(timeout=0.05) as instance, pytest.raises(TimeoutError):
        instance.call("run")


def test_dropping_an_instance_unclosed(way: Way, library: remit.Program) -> None:
    """As with files: it is warned of, and gives back what it holds."""
    reading, writing = os.pipe()
    way.instance(library).guest.close()  # what the first one makes for all later ones
    gc.collect()
    before = open_descriptors()
    dropped = way.instance(library, stdin=reading)
    os.write(writing, b"abc")
    assert dropped.call("read") == 3
    threading.Timer(0.02, os.write, [writing, b"abcd"]).start()
    assert dropped.call("read") == 4, "after a wait"
    kind = type(dropped.guest).__name__
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        del dropped
        gc.collect()
    assert [str(each.message) for each in caught] == [f"unclosed <{kind} of 'program.wasm'>"]
    del caught[:]
    gc.collect()
    assert open_descriptors() == before
    os.close(reading)
    os.close(writing)


def test_no_warning_of_what_was_never_open(way: Way, library: remit.Program) -> None:
    failing = remit.load(wat("(module (func $f unreachable) (start $f))"), cache=False)
    for program, options in (
        (library, {"args": 5}),
        (library, {"no": 5}),
        (library, {"dirs": {"/": "nowhere"}}),
        (failing, {}),
    ):
        with pytest.raises((TypeError, OSError, remit.Trap)):
            way.instance(program, **options)
    kind: Any = remit.AsyncInstance if way.loop else remit.Instance
    with pytest.raises(TypeError, match="program"):
        kind()
    gc.collect()
    closed = way.instance(library)
    closed.guest.close()
    del closed
    gc.collect()


@pytest.mark.parametrize("action", ["default", "error"])
def test_an_instance_at_the_end_of_the_interpreter(action: str) -> None:
    code = (
        "import remit\n"
        f"kept = remit.load({programs.LIBRARY!r}, cache=False).instantiate()\n"
        "assert kept.call('add', 1, 2) == 3\n"
    )
    done = subprocess.run(
        [sys.executable, f"-W{action}::ResourceWarning", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert "unclosed <Instance of 'program.wasm'>" in done.stderr
    assert done.stderr.count("Error") <= 1, done.stderr


def test_a_function_of_the_host_calls_what_it_found(way: Way) -> None:
    @remit.with_instance
    def f(guest: remit.Guest, number: int) -> int:
        doubled: int = guest.export("double")(number)
        return doubled

    program = remit.load(
        programs.asking('(drop (call $f (i32.const 4)))) (func (export "ask") (result i32) (call $f (i32.const 4))'),
        imports={"env": {"f": f}},
        cache=False,
    )
    with way.instance(program, timeout=60) as instance:
        if way.name == "threads":
            with pytest.raises(RuntimeError, match="another thread"):
                instance.call("ask")
        else:
            assert instance.call("ask") == 8
