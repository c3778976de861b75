"""Programs that are recorded, and do the same again without what they had."""

from __future__ import annotations

import asyncio
import os
import shutil
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
from remit.recording import Departure, RecordingEnds, RecordingError, RecordingFull, StoppedAtCall
from remit.recording.file import RecordingReader
from remit.recording.tape import PLACE
from remit.recording.values import Reader
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
        with pytest.raises(RecordingError, match=r"run\.rec: a damaged recording"):
            remit.replay(run, program)


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
