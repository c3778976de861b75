"""Runs that are the same each time, and over at once where they wait."""

from __future__ import annotations

import asyncio
import os
import struct
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import remit
from cli import guests
from cli.guests import command
from remit.kernel.clocks import FixedClock, HostMonotonicClock, HostWallClock, VirtualClock
from remit.kernel.virtual_clock import LATEST, START, STEP, VirtualTime
from remit.runtime.precompiled import load_precompiled_unchecked, save_precompiled
from remit.serve.component_server import pool_of
from runtime import programs
from runtime.components import examples
from runtime.ways import Way
from wat import wat

HOUR = 3600 * 10**9
MAX_U64 = 2**64 - 1


def number(output: Any) -> int:
    [found] = struct.unpack("<Q", output)
    return int(found)


def output(way: Way, program: bytes, **options: Any) -> bytes:
    before = time.monotonic()
    done = way.run(program, stdout=remit.PIPE, deterministic=True, timeout=60, **options)
    assert time.monotonic() - before < 30
    assert done.returncode == 0
    assert isinstance(done.stdout, bytes)
    return done.stdout


def test_random_bytes_are_those_of_a_seed(way: Way) -> None:
    zero = output(way, guests.RANDOM)
    assert output(way, guests.RANDOM) == output(way, guests.RANDOM, random=0) == zero
    assert output(way, guests.RANDOM, random=1) != zero
    assert way.run(guests.RANDOM, stdout=remit.PIPE, random=0).stdout == zero


def test_time_begins_in_2000(way: Way) -> None:
    assert number(output(way, guests.TIME)) == START + STEP
    assert number(output(way, programs.TIMES)) == STEP


def test_an_hour_is_over_at_once(way: Way) -> None:
    # It began at the first reading; then the timer was asked whether it is over, and the clock what time it is.
    assert number(output(way, programs.SLEEP_AND_TELL)) == HOUR + 3 * STEP


def test_a_clock_that_would_stand_still_says_when_time_begins(way: Way) -> None:
    """To wait for one takes real time."""
    assert number(output(way, guests.TIME, wall_clock=FixedClock(5 * HOUR))) == 5 * HOUR + STEP
    with pytest.raises(ValueError, match="start is -1"):
        output(way, guests.TIME, wall_clock=FixedClock(-1))


def test_clocks_that_are_given_are_used(way: Way) -> None:
    before = time.time_ns()
    assert before <= number(output(way, guests.TIME, wall_clock=HostWallClock())) <= time.time_ns()
    clock = VirtualClock(7)
    assert number(output(way, programs.SLEEP_AND_TELL, monotonic_clock=clock)) == 7 + HOUR == clock.now()
    virtual = VirtualTime(0, step=3)
    assert number(output(way, guests.TIME, wall_clock=virtual.wall)) == 3
    assert number(output(way, programs.TIMES, monotonic_clock=virtual.monotonic)) == 6, "its processor time is counted"


def test_waits_in_real_time_if_it_is_given_a_real_clock(way: Way) -> None:
    program = programs.sleeping(20_000_000)
    before = time.monotonic_ns()
    output(way, program, monotonic_clock=HostMonotonicClock())
    assert time.monotonic_ns() - before >= 20_000_000


# Programs that mean harm, or are only odd.


def polling(*subscriptions: bytes, then: str = "") -> bytes:
    """It polls for these, with its monotonic clock, and prints the first event and the number of events."""
    data = "".join(f"\\{byte:02x}" for byte in b"".join(subscriptions))
    return command(
        f"""(drop (call $poll_oneoff (i32.const 192) (i32.const 512) (i32.const {len(subscriptions)}) (i32.const 480)))
        (call $print (i32.const 512) (i32.const 1)) (call $print (i32.const 480) (i32.const 1))
        (drop (call $clock_time_get (i32.const 1) (i64.const 1) (i32.const 256)))
        (call $print (i32.const 256) (i32.const 8)) {then}""",
        "poll_oneoff",
        "clock_time_get",
        data="\\00" * 64 + data,
    )


def timer(nanoseconds: int, *, at: bool = False, userdata: int = 1) -> bytes:
    return struct.pack("<QB7xI4xQQH6x", userdata, 0, 1, nanoseconds, 0, at)


READABLE = struct.pack("<QB7xI28x", 2, 1, 0)


@pytest.mark.parametrize("at", [False, True])
@pytest.mark.parametrize("nanoseconds", [0, 1, 2**63 - 1, 2**63, MAX_U64])
def test_timers_at_the_extremes(nanoseconds: int, at: bool, way: Way) -> None:
    told = output(way, polling(timer(nanoseconds, at=at)))
    assert told[:2] == b"\x01\x01"
    now = number(told[2:])
    if nanoseconds <= 1:
        assert now <= 4 * STEP
    else:
        assert now == LATEST, "time ends"


def test_the_earliest_of_several_timers_comes_first(way: Way) -> None:
    told = output(way, polling(timer(9 * HOUR, userdata=9), timer(3 * HOUR, userdata=3), timer(MAX_U64, userdata=7)))
    assert told[:2] == b"\x03\x01"
    assert 3 * HOUR <= number(told[2:]) < 3 * HOUR + 20 * STEP


def test_a_timer_comes_before_what_is_not_there_yet(way: Way) -> None:
    """A pipe that somebody writes to later: nobody waits for him, however long the program would."""
    read, write = os.pipe()
    try:
        with open(read, "rb", buffering=0) as stdin:
            told = output(way, polling(READABLE, timer(HOUR)), stdin=stdin)
            assert told[:2] == b"\x01\x01"
            assert number(told[2:]) >= HOUR
            os.write(write, b"x")
            told = output(way, polling(READABLE, timer(HOUR)), stdin=stdin)
            assert told[:2] == b"\x02\x01"
            assert number(told[2:]) < HOUR
    finally:
        os.close(write)


def test_what_is_waited_for_alone_is_waited_for(way: Way) -> None:
    read, write = os.pipe()
    writer = threading.Timer(0.05, os.write, (write, b"x"))
    writer.start()
    try:
        with open(read, "rb", buffering=0) as stdin:
            assert output(way, polling(READABLE), stdin=stdin)[:2] == b"\x02\x01"
    finally:
        writer.join()
        os.close(write)


UNTIL = command(
    """(loop $again
        (drop (call $clock_time_get (i32.const 1) (i64.const 1) (i32.const 256)))
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br_if $again (i64.lt_u (i64.load (i32.const 256)) (i64.const 1000000000))))
    (i64.store (i32.const 256) (i64.extend_i32_u (local.get $n)))
    (call $print (i32.const 256) (i32.const 8))""",
    "clock_time_get",
)


def test_a_program_that_only_reads_the_clock_comes_to_an_end(way: Way) -> None:
    assert number(output(way, UNTIL)) == 10**9 // STEP


ASK_AGAIN = command(
    """(loop $again
        (drop (call $poll_oneoff (i32.const 192) (i32.const 512) (i32.const 2) (i32.const 480)))
        (br_if $again (i64.eqz (i64.load (i32.const 512)))))
    (drop (call $clock_time_get (i32.const 1) (i64.const 1) (i32.const 256)))
    (call $print (i32.const 256) (i32.const 8))""",
    "poll_oneoff",
    "clock_time_get",
    data="\\00" * 64 + "".join(f"\\{byte:02x}" for byte in timer(10**8, at=True, userdata=5) + timer(0, userdata=0)),
)
"""It asks whether a tenth of a second has passed, with a timeout of nothing, until it has."""


def test_a_program_that_asks_for_a_timer_without_waiting_comes_to_an_end(way: Way) -> None:
    assert 10**8 < number(output(way, ASK_AGAIN)) < 10**8 + 10 * STEP


SLEEP_FOR_EVER = programs.sleeping(MAX_U64, "(loop $again (call $sleep) (br $again))")


def test_one_that_sleeps_for_ever_never_sleeps_and_is_stopped(way: Way) -> None:
    """Its time limit is in real time."""
    with pytest.raises(remit.TimeoutExpired):
        way.run(SLEEP_FOR_EVER, deterministic=True, timeout=0.3)


def test_many_on_one_loop_do_not_wait_for_each_other() -> None:
    async def main() -> list[remit.CompletedProcess]:
        program = remit.load(programs.SLEEP_AND_TELL, deterministic=True, cache=False)
        forever = remit.load(SLEEP_FOR_EVER, deterministic=True, cache=False)
        busy = asyncio.create_task(remit.run_async(forever, deterministic=True))
        runs = [remit.run_async(program, deterministic=True, stdout=remit.PIPE, timeout=60) for _ in range(20)]
        done = await asyncio.gather(*runs)
        busy.cancel()
        await asyncio.gather(busy, return_exceptions=True)
        return done

    assert {number(done.stdout) for done in asyncio.run(main())} == {HOUR + 3 * STEP}


# How it is compiled.

NAN = wat("""(module
    (func (export "div") (param f32 f32) (result i32) (i32.reinterpret_f32 (f32.div (local.get 0) (local.get 1))))
    (func (export "sqrt") (param f64) (result i64) (i64.reinterpret_f64 (f64.sqrt (local.get 0))))
    (func (export "add") (param i32) (result i32)
        (i32.reinterpret_f32 (f32.add (f32.reinterpret_i32 (local.get 0)) (f32.const 1))))
    (func (export "_start")))""")


def test_what_is_no_number_has_the_same_bits_everywhere(way: Way) -> None:
    program = remit.load(NAN, deterministic=True, cache=False)
    with way.instance(program, deterministic=True) as instance:
        assert instance.call("div", 0.0, 0.0) == 0x7FC00000
        assert instance.call("sqrt", -1.0) == 0x7FF8000000000000
        for payload in (0x7FC12345, 0x7F812345, 0xFFC00001 - 2**32):
            assert instance.call("add", payload) == 0x7FC00000


def test_a_program_must_be_compiled_for_it(way: Way, tmp_path: Path) -> None:
    program = remit.load(NAN, cache=False)
    with pytest.raises(ValueError, match=r"deterministic=True"):
        way.run(program, deterministic=True)
    with pytest.raises(ValueError, match=r"deterministic=True"):
        way.instance(program, deterministic=True)
    compiled = remit.load(NAN, deterministic=True, cache=False)
    assert way.run(compiled).returncode == 0, "it may be run otherwise"
    save_precompiled(compiled, str(tmp_path / "it.cwasm"))
    with pytest.raises(remit.InvalidModule):
        load_precompiled_unchecked(str(tmp_path / "it.cwasm"))
    again = load_precompiled_unchecked(str(tmp_path / "it.cwasm"), deterministic=True)
    assert way.run(again, deterministic=True).returncode == 0


def test_the_cache_keeps_both_kinds(way: Way, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REMIT_CACHE_DIR", str(tmp_path / "cache"))
    for _ in range(2):
        bits = set()
        for deterministic in (False, True):
            program = remit.load(NAN, deterministic=deterministic)
            with way.instance(program) as instance:
                bits.add(instance.call("add", 0x7FC12345) == 0x7FC00000)
        assert bits == {False, True}


@pytest.mark.parametrize("value", [1, "yes", None])
def test_it_is_a_flag(value: Any) -> None:
    with pytest.raises(TypeError, match="deterministic"):
        remit.load(NAN, deterministic=value, cache=False)
    if value is not None:
        with pytest.raises(TypeError, match="deterministic"):
            remit.run(NAN, deterministic=value, cache=False)


def test_it_is_said_to_servers_early() -> None:
    component = remit.load(examples.SHAPES, cache=False)
    with pytest.raises(ValueError, match=r"deterministic=True"):
        pool_of(component, {"deterministic": True})


# What it sees of directories.

LIST = command(
    """(drop (call $fd_readdir (i32.const 3) (i32.const 1024) (i32.const 8192) (i64.const 0) (i32.const 256)))
    (call $print (i32.const 1024) (i32.load (i32.const 256)))""",
    "fd_readdir",
)


def test_directories_are_listed_the_same(way: Way, tmp_path: Path) -> None:
    listed = []
    for place, names in (("one", "zaxb"), ("two", "bxaz")):
        (tmp_path / place).mkdir()
        for name in names:
            (tmp_path / place / name).write_text(place)
        listed.append(output(way, LIST, dirs={"/": tmp_path / place}))
        memory = remit.fs.Memory(dict.fromkeys(names, b""))
        listed.append(output(way, LIST, dirs={"/": memory}))
    assert len(set(listed)) == 1
    assert listed[0].count(b"\0") > 50
    assert listed[0].index(b"\x01\0\0\0\x04\0\0\0a") < listed[0].index(b"\x01\0\0\0\x04\0\0\0z")


def test_uses_are_told_as_ever(way: Way, tmp_path: Path) -> None:
    told: list[remit.Use] = []
    output(way, LIST, dirs={"/": tmp_path}, on_use=told.append)
    assert [(use.action, use.subject) for use in told] == [("read", "/")]
