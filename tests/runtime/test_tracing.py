"""Watching the calls of programs, in every way to run them; and that nothing is in their path when nobody does."""

from __future__ import annotations

import asyncio
import io
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import remit
import remit.fs
import remit.trace
from remit.engine.wasmtime.linker import Linker
from remit.interfaces import preview1
from remit.interfaces.wit.calling import LazyFunction
from remit.runtime import bind, execute, tracing
from remit.runtime.components.linking import Links
from runtime import programs
from runtime.components import examples
from runtime.ways import Way
from tools import zig
from tools.guests import jco
from wat import wat

REPOSITORY = Path(__file__).parents[2]
SCENARIOS = REPOSITORY / "tests" / "parity" / "scenarios.c"
TEXT = b"one\ntwo\n"


@cache
def both() -> tuple[Any, Any]:
    core = zig.built([SCENARIOS], "-Wall", "-Wextra", "-Werror")
    return remit.load(core, name="it"), remit.load(jco.as_component(core), name="it")


def transcript(way: Way, program: Any, *arguments: str, **options: Any) -> list[str]:
    """A line for each call, without times."""
    lines = io.StringIO()
    options.setdefault("dirs", {"/data": remit.fs.Memory({"text.txt": TEXT})})
    way.run([program, *arguments], trace=lines, capture_output=True, **options)
    return [re.sub(r" <[0-9.]+(, waited [0-9.]+)?>$", "", line) for line in lines.getvalue().splitlines()]


LIBC = [
    "environ_sizes_get() = count=0, size=0",
    "fd_prestat_get(fd=3</data>) = prestat={type: DIR, name_length: 5}",
    'fd_prestat_dir_name(fd=3</data>) = name="/data"',
    "fd_prestat_get(fd=4) = error BADF",
]


def test_a_transcript_of_a_module(way: Way) -> None:
    lines = transcript(way, both()[0], "files")
    assert lines[:4] == LIBC
    fd = "fd=4</data/text.txt>"
    assert lines[7:] == [
        'path_open(fd=3</data>, lookup=SYMLINK_FOLLOW, path="text.txt", oflags=0, '
        "base=ALL&~(FD_DATASYNC|FD_WRITE|FD_ALLOCATE|FD_FILESTAT_SET_SIZE), inheriting=ALL, flags=0) = " + fd,
        f'fd_read({fd}, iovs=[4]) = nread=4, data="one\\n"',
        f"fd_seek({fd}, offset=2, whence=CUR) = position=6",
        f'fd_read({fd}, iovs=[100]) = nread=2, data="o\\n"',
        f'fd_read({fd}, iovs=[100]) = nread=0, data=""',
        f'fd_pread({fd}, iovs=[3], offset=1) = nread=3, data="ne\\n"',
        f"fd_seek({fd}, offset=0, whence=END) = position=8",
        f"fd_seek({fd}, offset=-100, whence=SET) = error INVAL",
        f'fd_write({fd}, data="x") = error NOTCAPABLE',
        f"fd_close({fd}) = ok",
        "fd_close(fd=4) = error BADF",
        'fd_write(fd=1<stdout>, data="open /data/text.txt: ok\\nread(fil"…(323 bytes)) = nwritten=323',
    ]


def test_a_transcript_of_a_component(way: Way) -> None:
    lines = transcript(way, both()[1], "files")
    assert lines[:5] == [
        "wasi:cli/environment#get-environment() = []",
        "wasi:cli/stdin#get-stdin() = input-stream#1",
        "wasi:cli/stdout#get-stdout() = output-stream#2",
        "wasi:cli/stderr#get-stderr() = output-stream#3",
        'wasi:filesystem/preopens#get-directories() = [(descriptor#4</data>, "/data")]',
    ]
    method = "wasi:filesystem/types#[method]descriptor"
    [opened] = [number for number, line in enumerate(lines) if "open-at" in line]
    rest = lines[opened:]
    file = "descriptor#6</data/text.txt>"
    drops = [line for line in rest if "[resource-drop]" in line]
    rest = [line for line in rest if line not in drops]
    assert drops[:3] == [
        "wasi:io/streams#[resource-drop]input-stream(self=input-stream#7</data/text.txt>) = ok",
        "wasi:io/streams#[resource-drop]input-stream(self=input-stream#8</data/text.txt>) = ok",
        f"wasi:filesystem/types#[resource-drop]descriptor(self={file}) = ok",
    ]
    assert rest[:8] == [
        f"{method}.open-at(self=descriptor#4</data>, path-flags={{symlink-follow}}, "
        f'path="text.txt", open-flags={{}}, flags={{read}}) = {file}',
        f"{method}.get-type(self={file}) = regular-file",
        f"{method}.read-via-stream(self={file}, offset=0) = input-stream#7</data/text.txt>",
        'wasi:io/streams#[method]input-stream.blocking-read(self=input-stream#7</data/text.txt>, len=4) = "one\\n"',
        f"{method}.read-via-stream(self={file}, offset=6) = input-stream#8</data/text.txt>",
        'wasi:io/streams#[method]input-stream.blocking-read(self=input-stream#8</data/text.txt>, len=100) = "o\\n"',
        "wasi:io/streams#[method]input-stream.blocking-read(self=input-stream#8</data/text.txt>, len=100) = "
        "error closed",
        f'{method}.read(self={file}, length=3, offset=1) = ("ne\\n", false)',
    ]
    assert rest[9] == f"{method}.write-via-stream(self={file}, offset=8) = error bad-descriptor"
    assert rest[8].startswith(f"{method}.stat(self={file}) = {{type: regular-file, link-count: 1, size: 8, data-")


def calls_of(way: Way, program: Any, *arguments: str, **options: Any) -> tuple[list[remit.trace.Call], Any]:
    """What was told, and what the run raised, if it did."""
    calls: list[remit.trace.Call] = []
    error = None
    try:
        way.run([program, *arguments], trace=calls.append, **{"capture_output": True, **options})
    except Exception as raised:  # noqa: BLE001 - the tests look at it
        error = raised
    return calls, error


@pytest.mark.parametrize("which", [0, 1], ids=["module", "component"])
def test_how_long_a_call_waited_is_told(way: Way, which: int) -> None:
    waits: list[remit.trace.Call] = []
    while not waits:  # its nap of milliseconds can be over before it begins, where others are busy
        calls, error = calls_of(way, both()[which], "sleeping")
        assert error is None
        waits = [call for call in calls if call.waited]
    [waited] = waits
    assert waited.function in ("poll_oneoff", "poll")
    assert waited.outcome == "ok"
    assert 0 < waited.waited <= waited.seconds


@pytest.mark.parametrize(("which", "outcome"), [(0, ("exit", "7")), (1, ("exit", "1"))], ids=["module", "component"])
def test_an_exit_is_how_the_last_call_ends(way: Way, which: int, outcome: tuple[str, str]) -> None:
    calls, error = calls_of(way, both()[which], "status")
    assert error is None
    assert (calls[-1].outcome, calls[-1].error) == outcome


ENDLESS = programs.sleeping(3_600_000_000_000)


@pytest.mark.parametrize("component", [False, True])
def test_a_call_that_is_stopped_by_the_timeout(way: Way, component: bool, tmp_path: Path) -> None:
    program: Any = ENDLESS
    if component:
        core = tmp_path / "endless.wasm"
        core.write_bytes(ENDLESS)
        program = jco.as_component(core)
    calls, error = calls_of(way, remit.load(program), timeout=0.2)
    assert isinstance(error, remit.TimeoutExpired)
    assert (calls[-1].outcome, calls[-1].function) == ("stopped", "poll" if component else "poll_oneoff")
    assert "time" in calls[-1].error
    assert calls[-1].waited > 0


def test_a_trap_in_a_call(way: Way) -> None:
    raising = wat("""(module (import "wasi_snapshot_preview1" "proc_raise" (func $f (param i32) (result i32)))
        (memory (export "memory") 1) (func (export "_start") (drop (call $f (i32.const 6)))))""")
    calls, error = calls_of(way, raising)
    assert isinstance(error, remit.Trap)
    assert [(call.function, call.arguments, call.outcome) for call in calls] == [
        ("proc_raise", {"signal": "SIGABRT"}, "trap")
    ]
    assert "SIGABRT" in calls[0].error


def test_functions_of_the_callers_own(way: Way) -> None:
    calls, _ = calls_of(way, programs.ASK, imports={"env": {"f": lambda number: 5}})
    assert [remit.trace.line_of(call).rpartition(" <")[0] for call in calls] == [
        "env#f(0=-7) = 5",
        "proc_exit(status=5) = exit 5",
    ]

    def failing(number: int) -> int:
        raise ValueError("\x1b[2J")

    calls, error = calls_of(way, programs.ASK, imports={"env": {"f": failing}})
    assert isinstance(error, ValueError)
    assert (calls[0].outcome, calls[0].error) == ("raised", "ValueError: \\u{1b}[2J")


def test_functions_of_the_callers_own_in_a_component(way: Way) -> None:
    component = wat(f"""(component {examples.ALLOCATOR}
        (import "docs:log/sink@1.0.0" (instance $sink
            (export "log" (func (param "text" string) (param "data" (list u8)) (result (result u32 (error string)))))))
        (alias export $sink "log" (func $log))
        (core func $log (canon lower (func $log) {examples.WITH}))
        (core module $Code (import "m" "memory" (memory 1)) (import "m" "log" (func $log (param i32 i32 i32 i32 i32)))
            (data (i32.const 64) "hello")
            (func (export "run")
                (call $log (i32.const 64) (i32.const 5) (i32.const 64) (i32.const 400) (i32.const 32))))
        (core instance $code (instantiate $Code
            (with "m" (instance (export "memory" (memory $memory)) (export "log" (func $log))))))
        (func $run (canon lift (core func $code "run")))
        (export "run" (func $run)))""")
    answers: list[Any] = [7, remit.Err("no\x07")]

    def log(text: str, data: bytes) -> Any:
        answer = answers.pop(0)
        if isinstance(answer, remit.Err):
            raise answer
        return answer

    program = remit.load(component, imports={"docs:log/sink": {"log": log}}, cache=False)
    calls: list[remit.trace.Call] = []
    with way.instance(program, trace=calls.append) as called:
        called.finish(called.guest.exports.run())
        called.finish(called.guest.exports.run())
    told = [remit.trace.line_of(call).rpartition(" <")[0] for call in calls]
    told_data = 'data="hello' + "\\u{0}" * 27 + '"…(400 bytes)'
    assert told == [
        f'docs:log/sink#log(text="hello", {told_data}) = 7',
        f'docs:log/sink#log(text="hello", {told_data}) = error no\\u{{7}}',
    ]


def test_what_a_function_of_calls_raises_ends_the_program(way: Way) -> None:
    def told(call: remit.trace.Call) -> None:
        raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        way.run(programs.BOTH, trace=told, capture_output=True)


def test_a_sink_is_told_of_the_beginning_too(way: Way) -> None:
    class Sink:
        def __init__(self) -> None:
            self.told: list[tuple[str, str, str]] = []

        def begin(self, call: remit.trace.Call) -> None:
            self.told.append(("begin", call.function, call.outcome))

        def end(self, call: remit.trace.Call) -> None:
            self.told.append(("end", call.function, call.outcome))

    sink = Sink()
    way.run(programs.BOTH, trace=sink, capture_output=True)
    assert sink.told[:2] == [("begin", "fd_write", ""), ("end", "fd_write", "ok")]


def test_instances_are_traced_and_told_apart(way: Way) -> None:
    calls: list[remit.trace.Call] = []
    program = remit.load(programs.SPEAKS_AT_START, cache=False)
    for _ in range(2):
        with way.instance(program, trace=calls.append, stdout=remit.DEVNULL):
            pass
    assert len({call.instance for call in calls}) == 2
    assert {call.number for call in calls} == {1}


@pytest.mark.parametrize("trace", [1, "lines.txt", object(), [print]])
def test_what_cannot_be_told(way: Way, trace: Any) -> None:
    with pytest.raises(TypeError, match="trace must be a function of a call, a file object or a sink"):
        way.run(programs.BOTH, trace=trace)


# Nothing is in the path of a call when nobody watches.


@pytest.fixture
def bound(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[Any, Any]]:
    """By name, the function that the interface gave, and the one that the engine got."""
    made: dict[str, Any] = {}
    found: dict[str, tuple[Any, Any]] = {}
    give, define = preview1.function, Linker.define

    def function(name: str) -> Any:
        answer = give(name)
        made[name] = answer[1]
        return answer

    def recorded(linker: Any, module: str, name: str, type: Any, function: Any, **options: Any) -> Any:
        found[name] = (made.get(name), function)
        return define(linker, module, name, type, function, **options)

    monkeypatch.setattr(execute, "native_table", lambda grants: None)
    monkeypatch.setattr(preview1, "function", function)
    monkeypatch.setattr(Linker, "define", recorded)
    return found


def test_the_functions_of_a_module_are_bound_as_they_are(
    bound: dict[str, tuple[Any, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracing, "tracer_of", pytest.fail)
    blocking: list[Any] = []

    def recorded(function: Any, trace: Any = None) -> Any:
        blocking.append(function)
        return wait(function, trace)

    wait = bind.blocking
    monkeypatch.setattr(bind, "blocking", recorded)
    remit.run([remit.load(zig.built([SCENARIOS]), name="it"), "world"], capture_output=True)
    assert {"fd_close", "fd_write", "proc_exit", "args_get"} <= bound.keys()
    itself = {name for name, (made, function) in bound.items() if made is function}
    assert bound.keys() - itself == {"fd_read", "fd_write", "poll_oneoff", "random_get"} & bound.keys()
    assert {bound[name][0] for name in bound.keys() - itself} == set(blocking)


def test_with_a_trace_they_are_not(bound: dict[str, tuple[Any, Any]]) -> None:
    program = remit.load(zig.built([SCENARIOS]), name="it")
    remit.run([program, "world"], capture_output=True, trace=lambda call: None)
    assert [name for name, (made, function) in bound.items() if made is function] == []
    bound.clear()
    remit.run([program, "world"], capture_output=True)
    assert [name for name, (made, function) in bound.items() if name == "fd_close" and made is not function] == []


def test_the_functions_of_a_component_are_bound_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "tracer_of", pytest.fail)
    found: list[Any] = []
    arguments = both()[1].links.arguments

    def recorded(links: Links, host: Any, **options: Any) -> Any:
        given = arguments(host, **options)
        found.extend(each.exports["get-directories"] for name, each in given.items() if "preopens" in name)
        return given

    monkeypatch.setattr(Links, "arguments", recorded)
    remit.run([both()[1], "world"], capture_output=True)
    assert [type(each) for each in found] == [LazyFunction]
    assert found[0].native == ("wasi:filesystem/preopens", "get-directories")


@pytest.mark.parametrize("which", [0, 1], ids=["module", "component"])
def test_native_code_is_not_used(tmp_path: Path, which: int) -> None:
    """Every call is told of, also of files of the host."""
    (tmp_path / "text.txt").write_bytes(TEXT)
    calls: list[remit.trace.Call] = []
    program = both()[which]
    remit.run([program, "files"], dirs={"/data": tmp_path}, capture_output=True, trace=calls.append)
    assert len([call for call in calls if "read" in call.name]) >= 4


def test_nothing_is_loaded_for_it() -> None:
    script = """
import sys, remit
remit.run(["examples/demo/notes.wasm"], dirs={"/notes": remit.fs.Memory({})}, capture_output=True)
print([name for name in sys.modules if name.startswith("remit") and ("trac" in name or name.endswith(".calls"))])
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout in ("[]\n", "['remit.engine.wasmtime.calls']\n")


def test_a_call_whose_program_is_cancelled() -> None:
    calls: list[remit.trace.Call] = []

    class Sink:
        def begin(self, call: remit.trace.Call) -> None:
            calls.append(call)

        def end(self, call: remit.trace.Call) -> None:
            pass

    async def cancel() -> None:
        task = asyncio.create_task(remit.run_async([ENDLESS], trace=Sink(), capture_output=True, cache=False))
        while not calls or calls[-1].waits_since is None:
            await asyncio.sleep(0)
            assert not task.done()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    assert (calls[-1].function, calls[-1].outcome, calls[-1].error) == ("poll_oneoff", "stopped", "CancelledError")
    assert calls[-1].waited > 0
