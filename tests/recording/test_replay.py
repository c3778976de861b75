"""Programs that are recorded, and do the same again without what they had."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

import remit
import remit.fs
import remit.recording
from parity.test_parity import ACCEPTING, SCENARIOS, memory, programs, talk
from python_guests import component_file
from remit.kernel.clocks import FixedClock
from remit.recording import Departure, RecordingEnds, RecordingError, RecordingFull, StoppedAtCall
from remit.recording.file import RecordingReader
from remit.recording.tape import PLACE
from remit.recording.values import Reader, write_length
from wat import wat

DIE = wat("""(module
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (drop (call $random (i32.const 0) (i32.const 4)))
    (call $exit (i32.and (i32.load (i32.const 0)) (i32.const 63)))))""")
"""Its exit status is a random number."""

ASKS = """(module
  (import "wasi_snapshot_preview1" "clock_time_get" (func $time (param i32 i64 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start") (local $left i32)
    (local.set $left (i32.const {times}))
    (loop $again
      (drop (call $time (i32.const {clock}) (i64.const 0) (i32.const 0)))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if $again (local.get $left)))
    {end}))"""


BUSY = wat('(module (memory (export "memory") 1) (func (export "_start") (loop $again (br $again))))')
"""It asks for nothing, and never ends."""


def asks(times: int, clock: int = 0, end: str = "") -> bytes:
    return wat(ASKS.format(times=times, clock=clock, end=end))


@pytest.mark.parametrize("version", [0, 1], ids=["module", "component"])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_scenario_replays(scenario: str, version: int, tmp_path: Path) -> None:
    program = programs()[version]
    place = tmp_path / "run.rec"
    trap = done = None
    try:
        done = remit.run(
            [program, scenario, "two words", ""],
            dirs={
                "/data": memory(tmp_path),
                "/read-only": remit.fs.ReadOnly(remit.fs.Memory({"text.txt": "fixed"})),
                "/small": remit.fs.Memory(max_bytes=20_000, max_files=4),
            },
            env={"A": "1", "EMPTY": ""},
            input=b"first\nsecond\n",
            capture_output=True,
            limits=remit.Limits(descriptors=40),
            timeout=60,
            record=place,
        )
    except remit.Trap as error:
        trap = error
    output: list[bytes] = []
    if trap is not None:
        with pytest.raises(remit.Trap) as again:
            remit.replay(place, program, stdout=remit.DEVNULL, stderr=remit.DEVNULL)
        assert str(again.value) == str(trap)
        return
    assert done is not None
    replayed = remit.replay(place, program, stdout=output.append, stderr=remit.PIPE)
    assert replayed.returncode == done.returncode
    assert b"".join(output) == done.stdout
    assert replayed.stderr == done.stderr


def test_nothing_of_the_host_is_used(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "in.txt").write_text("one\n")
    program = programs()[0]
    run = tmp_path / "run.rec"
    done = remit.run([program, "files"], dirs={"/data": tmp_path / "data"}, input=b"", capture_output=True, record=run)
    shutil.rmtree(tmp_path / "data")
    assert remit.replay(run, program, stdout=remit.PIPE, stderr=remit.PIPE).stdout == done.stdout


def test_random_numbers(tmp_path: Path) -> None:
    program = tmp_path / "die.wasm"
    program.write_bytes(DIE)
    for number in range(5):
        run = tmp_path / f"{number}.rec"
        done = remit.run([program], record=run)
        assert remit.replay(run).returncode == done.returncode


def test_a_run_on_a_loop(tmp_path: Path) -> None:
    async def told(data: bytes) -> None:
        await asyncio.sleep(0.001)
        output.append(data)

    output: list[bytes] = []
    for version, program in enumerate(programs()):
        output.clear()
        run = tmp_path / f"{version}.rec"
        asyncio.run(remit.run_async([program, "sleeping"], stdout=told, record=run))
        assert remit.replay(run, program, stdout=remit.PIPE).stdout == b"".join(output)


def test_traps_and_their_places(tmp_path: Path) -> None:
    program = asks(3, end="unreachable")
    with pytest.raises(remit.Trap) as then:
        remit.run([program], record=tmp_path / "run.rec")
    with pytest.raises(remit.Trap) as now:
        remit.replay(tmp_path / "run.rec", program)
    assert str(now.value) == str(then.value)


def test_a_run_that_was_stopped_ends_where_it_was(tmp_path: Path) -> None:
    program = asks(100_000_000)
    with pytest.raises(remit.TimeoutExpired):
        remit.run([program], timeout=0.2, record=tmp_path / "run.rec")
    replayed = remit.replay(tmp_path / "run.rec", program)
    assert (replayed.returncode, replayed.ended) == (None, "timeout")
    assert replayed.calls > 10
    busy = asks(2, end="(loop $forever (br $forever))")
    for program, calls in ((busy, 2), (BUSY, 0)):
        with pytest.raises(remit.TimeoutExpired):
            remit.run([program], timeout=0.2, record=tmp_path / "run.rec")
        replayed = remit.replay(tmp_path / "run.rec", program, timeout=20)
        assert (replayed.calls, replayed.ended) == (calls, "timeout")


def test_a_replay_is_stopped_by_its_own_time(tmp_path: Path) -> None:
    program = asks(2, end="(loop $more (br_if $more (i32.load (i32.const 4))))")
    remit.run([program], record=tmp_path / "run.rec", wall_clock=FixedClock(0))
    content = (tmp_path / "run.rec").read_bytes()
    # The second answer has a high half now, by which the program goes on for ever.
    at = content.rindex(b"t\x02i\x00i\x00")
    (tmp_path / "run.rec").write_bytes(
        content[: at - 1] + bytes([content[at - 1] + 5]) + b"t\x02i\x00i\x80\x80\x80\x80\x80\x01" + content[at + 6 :]
    )
    with pytest.raises(TimeoutError, match=r"the replay was stopped after 0\.2 s"):
        remit.replay(tmp_path / "run.rec", program, timeout=0.2)


def test_where_the_output_goes_is_nothing_to_the_program(tmp_path: Path) -> None:
    class Full(remit.fs.File):
        seekable = False

        def write(self, buffers: Any) -> int:
            raise remit.KernelError(remit.Code.NO_SPACE)

    program = programs()[0]
    run = tmp_path / "run.rec"
    remit.run([program, "files"], dirs={"/data": memory(tmp_path)}, stdout=remit.DEVNULL, record=run)
    with pytest.raises(remit.recording.OutputFailed, match="no space left on device"):
        remit.replay(run, program, stdout=Full())

    def own(data: bytes) -> None:
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        remit.replay(run, program, stdout=own)
    with pytest.raises(LookupError, match="mine"):
        remit.replay(run, program, stdout=remit.DEVNULL, on_call=lambda *call: own(b""))


def test_a_stream_that_takes_nothing_does_not_outlast_the_time_limit(tmp_path: Path) -> None:
    program = programs()[0]
    run = tmp_path / "run.rec"
    remit.run([program, "files"], dirs={"/data": memory(tmp_path)}, stdout=remit.DEVNULL, record=run)
    reading, writing = os.pipe()
    try:
        os.set_blocking(writing, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(writing, b"x" * 65536)
        with pytest.raises(TimeoutError):
            remit.replay(run, program, stdout=writing, timeout=0.3)
    finally:
        os.close(reading)
        os.close(writing)


def test_the_last_act_is_a_refusal(tmp_path: Path) -> None:
    opens = wat(
        """(module
      (import "wasi_snapshot_preview1" "path_create_directory" (func $make (param i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func (export "_start") (drop (call $make (i32.const 3) (i32.const 0) (i32.const 1)))))""".replace(
            '(memory (export "memory") 1)', '(memory (export "memory") 1) (data (i32.const 0) "d")'
        )
    )
    files = remit.fs.ReadOnly(remit.fs.Memory())
    with pytest.raises(remit.StoppedAtRefusal):
        remit.run([opens], dirs={"/": files}, strict=True, record=tmp_path / "run.rec")
    assert remit.replay(tmp_path / "run.rec", opens).ended == "refused"


def test_what_a_function_of_the_callers_raised(tmp_path: Path) -> None:
    class Broken(Exception):
        pass

    def write(data: bytes) -> None:
        raise Broken("no more")

    program = programs()[0]
    with pytest.raises(Broken):
        remit.run([program, "files"], dirs={"/data": memory(tmp_path)}, stdout=write, record=tmp_path / "run.rec")
    assert remit.replay(tmp_path / "run.rec", program, stdout=remit.DEVNULL).ended == "raised"


def test_refusals_are_told_as_ever(tmp_path: Path) -> None:
    program = programs()[0]
    told = []
    for record in (None, tmp_path / "run.rec"):
        done = remit.run(
            [program, "writing"],
            dirs={"/data": remit.fs.ReadOnly(memory(tmp_path))},
            capture_output=True,
            record=record,
        )
        told.append([str(refusal) for refusal in done.refusals])
    assert told[0] == told[1] != []
    with pytest.raises(remit.StoppedAtRefusal):
        remit.run(
            [program, "writing"],
            dirs={"/data": remit.fs.ReadOnly(memory(tmp_path))},
            stdout=remit.DEVNULL,
            strict=True,
            record=tmp_path / "strict.rec",
        )
    assert remit.replay(tmp_path / "strict.rec", program, stdout=remit.DEVNULL).ended == "refused"


def test_uses_are_told_as_ever(tmp_path: Path) -> None:
    program = programs()[0]
    told: list[list[str]] = []
    for record in (None, tmp_path / "run.rec"):
        uses: list[str] = []
        remit.run(
            [program, "files"],
            dirs={"/data": memory(tmp_path)},
            stdout=remit.DEVNULL,
            on_use=lambda use, uses=uses: uses.append(str(use)),  # type: ignore[misc]  # one list for each turn
            record=record,
        )
        told.append(uses)
    assert told[0] == told[1] != []


def test_a_cancelled_run(tmp_path: Path) -> None:
    async def main() -> None:
        task = asyncio.ensure_future(
            remit.run_async([programs()[0], "sleeping"], stdout=remit.DEVNULL, record=tmp_path / "run.rec")
        )
        while not (tmp_path / "run.rec").exists():
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert remit.replay(tmp_path / "run.rec", programs()[0], stdout=remit.DEVNULL).ended == "raised"


def test_fuel_is_the_same(tmp_path: Path) -> None:
    program = asks(1000)
    with pytest.raises(remit.Trap, match="fuel"):
        remit.run([program], fuel=3000, record=tmp_path / "run.rec")
    with pytest.raises(remit.Trap, match="fuel"):
        remit.replay(tmp_path / "run.rec", program)


def test_connections(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    script = remit.load(component_file("script"))
    run = tmp_path / "run.rec"
    network = ["listen:127.0.0.1:*"]
    code = ACCEPTING.format(port=port)
    said, answered = talk(port, lambda: remit.run([script, code], network=network, capture_output=True, record=run))
    assert (said, answered) == (b"heard well, well\n", b"well done")
    assert remit.replay(run, script, stdout=remit.PIPE).stdout == said


# What departs.


def test_another_program_departs(tmp_path: Path) -> None:
    run = tmp_path / "run.rec"
    remit.run([asks(3)], record=run)
    with pytest.raises(
        RecordingError, match=r"run\.rec: a recording of another program: program\.wasm had the SHA-256"
    ):
        remit.replay(run, asks(4))
    loaded: Any = remit.load(asks(4), cache=False)
    with pytest.raises(
        Departure, match=r"call 4 departs from the recording: the program asks for now\(\) of a clock #0"
    ):
        remit.replay(run, loaded)
    with pytest.raises(Departure, match=r"the program ends after call 2, and asked then for now\(\) of a clock #0"):
        remit.replay(run, remit.load(asks(2), cache=False))
    with pytest.raises(Departure, match=r"call 1 departs.* asks for now\(\) of a clock #1, and asked then for .*#0"):
        remit.replay(run, remit.load(asks(3, clock=1), cache=False))
    with pytest.raises(Departure, match="the program ends differently: the program had trapped"):
        remit.replay(run, remit.load(asks(3, end="unreachable"), cache=False))


def test_it_stops_at_a_call(tmp_path: Path) -> None:
    run = tmp_path / "run.rec"
    program = asks(3)
    remit.run([program], record=run)
    told: list[tuple[int, str, str]] = []
    with pytest.raises(StoppedAtCall, match=r"stopped before call 2: now\(\) of a clock #0") as stop:
        remit.replay(run, program, stop_at=2, on_call=lambda *call: told.append(call))
    assert stop.value.call == 2
    assert [each[:2] for each in told] == [(1, "now() of a clock #0")]
    assert remit.replay(run, program, stop_at=4).calls == 3


def test_the_calls_of_wasi_can_be_traced(tmp_path: Path) -> None:
    run = tmp_path / "run.rec"
    program = asks(3)
    remit.run([program], record=run)
    calls: list[remit.trace.Call] = []
    remit.replay(run, program, trace=calls.append)
    assert [each.name for each in calls] == ["clock_time_get"] * 3


def test_another_version(tmp_path: Path) -> None:
    run = tmp_path / "run.rec"
    remit.run([asks(1)], record=run)
    content = run.read_bytes()
    run.write_bytes(content.replace(b'"remit": "', b'"remit": "9', 1))
    with pytest.raises(RecordingError, match=r"run\.rec: recorded by Remit 9.*, in format 1; this is Remit"):
        remit.replay(run, asks(1))
    run.write_bytes(content.replace(b'"format": 1', b'"format": 7', 1))
    with pytest.raises(RecordingError, match="in format 7; this is"):
        remit.replay(run, asks(1))


def test_a_program_that_was_no_file_must_be_given(tmp_path: Path) -> None:
    run = tmp_path / "run.rec"
    remit.run([asks(1)], record=run)
    with pytest.raises(RecordingError, match="the program was no file when it was recorded"):
        remit.replay(run)


def test_a_program_is_found_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "it.wasm").write_bytes(asks(1))
    monkeypatch.chdir(tmp_path)
    remit.run(["it.wasm"], record="run.rec")
    monkeypatch.chdir("/")
    assert remit.replay(tmp_path / "run.rec").args == ["it.wasm"]
    (tmp_path / "it.wasm").write_bytes(asks(2))
    with pytest.raises(RecordingError, match="another program"):
        remit.replay(tmp_path / "run.rec")
    (tmp_path / "it.wasm").unlink()
    with pytest.raises(FileNotFoundError):
        remit.replay(tmp_path / "run.rec")


def test_a_program_must_be_compiled_as_it_was(tmp_path: Path) -> None:
    run = tmp_path / "run.rec"
    remit.run([asks(1)], deterministic=True, record=run)
    with pytest.raises(RecordingError, match="recorded with deterministic=True: load the program so, too"):
        remit.replay(run, remit.load(asks(1)))
    assert remit.replay(run, asks(1)).returncode == 0


def test_instances_are_recorded_too(tmp_path: Path) -> None:
    program = remit.load(asks(3))
    with program.instantiate(record=tmp_path / "run.rec") as instance:
        instance.call("_start")
        instance.call("_start")
    reader = RecordingReader(tmp_path / "run.rec")
    assert len(list(iter(reader.next, None))) == 6
    assert reader.ended == ("closed", "")
    reader.close()


def test_wrong_options(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"record is 5 \(int\): the path of a file is wanted"):
        remit.run([asks(1)], record=5)  # type: ignore[arg-type]  # on purpose
    with pytest.raises(FileNotFoundError):
        remit.run([asks(1)], record=tmp_path / "no" / "run.rec")


# What hostile programs and recordings may not do.


def test_a_program_that_asks_forever_does_not_fill_the_disk(tmp_path: Path) -> None:
    run = tmp_path / "run.rec"
    program = asks(100_000_000)
    with pytest.raises(RecordingFull, match=r"run\.rec: the recording has 10000 bytes, and may have no more"):
        remit.run([program], limits=remit.Limits(recorded_bytes=10_000), record=run)
    assert run.stat().st_size < 20_000
    assert remit.replay(run, program).ended == "full"


@pytest.mark.skipif(os.name != "posix", reason="looks at permissions")
def test_a_recording_is_for_its_owner_only(tmp_path: Path) -> None:
    remit.run([asks(1)], record=tmp_path / "run.rec")
    assert (tmp_path / "run.rec").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("scenario", ["files", "listing"])
def test_damaged_recordings(scenario: str, tmp_path: Path) -> None:
    """Whatever is in it, the worst is that the replay ends with an error of its own, or the program with a trap."""
    import random

    program = programs()[0]
    run = tmp_path / "run.rec"
    remit.run([program, scenario], dirs={"/data": memory(tmp_path)}, stdout=remit.DEVNULL, record=run)
    content = run.read_bytes()
    choose = random.Random(1)
    ends = {"same": 0, "error": 0}
    for _ in range(400):
        data = bytearray(content)
        for _ in range(choose.randint(1, 3)):
            at = choose.randrange(16, len(data))
            data[at : at + choose.randint(0, 2)] = choose.randbytes(choose.randint(0, 2))
        run.write_bytes(data)
        try:
            remit.replay(run, program, stdout=remit.DEVNULL, stderr=remit.DEVNULL, timeout=20)
            ends["same"] += 1
        except (RecordingError, Departure, RecordingEnds, remit.Trap, MemoryError):
            ends["error"] += 1
    assert ends["error"] > 100


def test_a_recording_that_was_cut_off(tmp_path: Path) -> None:
    run = tmp_path / "run.rec"
    program = asks(5)
    remit.run([program], record=run)
    content = run.read_bytes()
    head = content.index(b"\n", 20) + 1
    for length in range(head, len(content)):
        run.write_bytes(content[:length])
        with pytest.raises(RecordingError, match=r"run\.rec: a damaged recording") as raised:
            remit.replay(run, program)
        assert str(raised.value).count("damaged") == 1


def test_entries_are_what_they_say(tmp_path: Path) -> None:
    run = tmp_path / "run.rec"
    remit.run([asks(1)], record=run)
    reader = RecordingReader(run)
    entry = reader.next()
    assert entry is not None
    call = Reader(entry[0])
    assert (call.length(), call.byte(), call.value()) == (0, PLACE["now"], ())
    outcome, now = Reader(entry[1]).value()
    assert outcome == 0
    assert now > 10**18
    assert reader.next() is None
    assert reader.ended == ("exit", 0)
    reader.close()


def test_threads_record_apart(tmp_path: Path) -> None:
    program = remit.load(asks(200))
    runs = [tmp_path / f"{number}.rec" for number in range(4)]
    threads = [threading.Thread(target=remit.run, args=([program],), kwargs={"record": run}) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [remit.replay(run, program).calls for run in runs] == [200] * 4


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("max_memory", "x"),
        ("max_memory", -1),
        ("max_memory", 0),
        ("fuel", 5),
        ("fuel", "x"),
        ("program", {"name": "it", "path": "a\0b", "sha256": None}),
        ("program", {"name": "it", "path": "\ud800", "sha256": None}),
        ("program", {"name": 5, "path": None, "sha256": None}),
        ("program", 5),
        ("engine", {}),
        ("limits", {"descriptors": "x"}),
        ("limits", {"nothing": 1}),
        ("arguments", None),
        ("env", [["a"]]),
        ("parts", []),
        ("parts", {"wall_clock": [5, True]}),
        ("descriptors", []),
        ("descriptors", {}),
        ("descriptors", [["input", [0]], ["output", [5, False]], ["output", [5, False]]]),
        (
            "descriptors",
            [["input", [5, False]], ["output", [5, False]], ["output", [5, False]], ["directory", [0], "/"]],
        ),
    ],
)
def test_damaged_heads(tmp_path: Path, key: str, value: Any) -> None:
    run = tmp_path / "run.rec"
    remit.run([asks(1)], record=run)
    magic, head, rest = run.read_bytes().split(b"\n", 2)
    run.write_bytes(b"\n".join([magic, json.dumps({**json.loads(head), key: value}).encode(), rest]))
    given = None if key == "program" else asks(1)
    with pytest.raises(RecordingError):
        remit.replay(run, given)


def test_objects_that_the_engine_collects_must_be_allowed_again(tmp_path: Path) -> None:
    run = tmp_path / "run.rec"
    (tmp_path / "it.wasm").write_bytes(asks(1))
    program = remit.load(tmp_path / "it.wasm", gc=True, cache=False)
    remit.run([program], record=run)
    with pytest.raises(RecordingError, match=r"say gc=True \(--allow-gc\)"):
        remit.replay(run)
    assert remit.replay(run, gc=True, cache=False).calls == 1


def test_hostile_entries_end_soon(tmp_path: Path) -> None:
    run = tmp_path / "run.rec"
    remit.run([asks(1)], record=run)
    content = run.read_bytes()
    head = content[: content.index(b"\n", 20) + 1]
    released = bytes([2, 0, PLACE["released"], 0])
    many = bytearray(b"t")
    write_length(many, 1 << 24)
    many += b"N" * (1 << 24)
    call = bytes([0, PLACE["now"]]) + b"t\0"
    entry = bytearray([len(call)]) + call
    write_length(entry, len(many))
    for rest in (released * 1_000_000, entry + many):
        run.write_bytes(head + bytes(rest))
        with pytest.raises(RecordingError):
            remit.replay(run, asks(1))


def test_an_instance_is_no_run(tmp_path: Path) -> None:
    program = remit.load(asks(1))
    with program.instantiate(record=tmp_path / "run.rec") as instance:
        instance.call("_start")
    with pytest.raises(RecordingError, match="only whole runs are replayed"):
        remit.replay(tmp_path / "run.rec", program)


def test_a_call_to_stop_at_is_a_number(tmp_path: Path) -> None:
    remit.run([asks(1)], record=tmp_path / "run.rec")
    for wrong in (0, -1):
        with pytest.raises(ValueError, match="stop_at is"):
            remit.replay(tmp_path / "run.rec", asks(1), stop_at=wrong)
    for kind in ("x", 1.5, True):
        with pytest.raises(TypeError, match="stop_at is"):
            remit.replay(tmp_path / "run.rec", asks(1), stop_at=kind)  # type: ignore[arg-type]  # on purpose


@pytest.mark.skipif(os.name != "posix", reason="looks at permissions")
def test_a_file_that_was_there_is_made_private(tmp_path: Path) -> None:
    run = tmp_path / "run.rec"
    run.touch(0o644)
    run.chmod(0o644)
    remit.run([asks(1)], record=run)
    assert run.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs timers that interrupt")
def test_an_interruption_at_any_moment_leaves_a_recording(tmp_path: Path) -> None:
    class Enough(Exception):
        pass

    def enough(*_: Any) -> None:
        raise Enough

    program = remit.load(asks(100_000_000))
    run = tmp_path / "run.rec"
    before = signal.signal(signal.SIGALRM, enough)
    try:
        for turn in range(150):
            signal.setitimer(signal.ITIMER_REAL, 0.002 + turn * 0.0001)
            try:
                remit.run([program], record=run)
            except Enough:
                signal.setitimer(signal.ITIMER_REAL, 0)
            if run.exists() and run.read_bytes().count(b"\n", 0, 4000) >= 2:
                reader = RecordingReader(run)
                while reader.next() is not None:
                    continue
                assert reader.ended is not None
                reader.close()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
