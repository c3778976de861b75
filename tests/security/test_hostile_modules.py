"""Programs that are no programs, that stop at any instruction, and names that want to drive a terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

import remit
from binary.build import custom, name, section, unsigned, vector
from passthrough import DATA, SCRATCH
from remit.cli.main import main
from security.worlds import CREAT, SUCCESS, World
from tools import zig
from wat import wat

BEFORE_CODE = 400
"""Bytes of the small program in front of its code section."""

NOTES = Path(__file__).parents[2] / "examples" / "demo" / "notes.wasm"


@pytest.fixture(scope="module")
def real() -> bytes:
    """A program that a C compiler made."""
    return NOTES.read_bytes()


@pytest.fixture(scope="module")
def small() -> bytes:
    """Another, a tenth of it: compiled in a tenth of the time, with the same sections."""
    return zig.built([Path(__file__).parents[1] / "guests" / "c" / "ending.c"]).read_bytes()


def load(data: bytes) -> bool:
    """Whether it is a program; everything else must be said by the one exception for that."""
    try:
        remit.load(data, cache=False)
    except remit.InvalidModule:
        return False
    return True


def test_truncated_at_every_offset(real: bytes, small: bytes) -> None:
    # A module may end between two sections, as far as its parts do not need each other.
    for whole, step in ((small, 1), (real, 97)):
        valid = [end for end in range(0, len(whole), step) if load(whole[:end])]
        assert len(valid) < 20


@pytest.mark.parametrize("flips", [100, pytest.param(1_000, marks=pytest.mark.slow)])
def test_flipped_bits(small: bytes, flips: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    random = Random(flips)
    path = tmp_path / "flipped.wasm"
    for _ in range(flips):
        data = bytearray(small)
        for _ in range(random.choice((1, 1, 2, 8))):
            # Half of them in the sections before the code, where sizes and counts are.
            data[random.randrange(random.choice((BEFORE_CODE, len(data))))] ^= 1 << random.randrange(8)
        load(bytes(data))
        path.write_bytes(data)
        assert main(["inspect", str(path)]) in (0, 1, 2)
        assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("step", [49, pytest.param(3, marks=pytest.mark.slow)])
def test_inspecting_what_was_truncated(
    small: bytes, step: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "cut.wasm"
    for end in range(0, len(small), step):
        path.write_bytes(small[:end])
        for options in ([], ["--json"]):
            assert main(["inspect", str(path), *options]) in (0, 1, 2)
            assert "Traceback" not in capsys.readouterr().err


HUGE = b"\xff\xff\xff\xff\x0f"


@pytest.mark.parametrize("number", range(14))
@pytest.mark.parametrize("body", [HUGE, HUGE + b"\x60" * 20, b"\x80" * 10, b"", b"\xff" * 64])
def test_counts_beyond_the_file(number: int, body: bytes, tmp_path: Path) -> None:
    data = b"\0asm\1\0\0\0" + section(number, body)
    path = tmp_path / "huge.wasm"
    for module in (data, b"\0asm\1\0\0\0" + bytes([number]) + HUGE + body):
        load(module)
        path.write_bytes(module)
        assert main(["inspect", str(path)]) in (0, 1, 2)


ESCAPES = "\x1b[2J\x1b]0;owned\x07\r\n\x9b31m\u202e\x7f"


def named(wasm: bytes, functions: list[str]) -> bytes:
    """With a name section that calls its functions so."""
    names = vector(unsigned(index) + name(each) for index, each in enumerate(functions))
    module = name("module" + ESCAPES)
    body = b"\0" + unsigned(len(module)) + module + b"\1" + unsigned(len(names)) + names
    return wasm + custom("name", body)


def hostile() -> list[bytes]:
    """One that traps, one that imports what nobody provides, one that is not valid: each named by escapes."""
    escaped = "".join(f"\\{byte:02x}" for byte in ESCAPES.encode())
    traps = named(
        wat(f'(module (func $f unreachable) (func (export "_start") (call $f)) (func (export "{escaped}")))'),
        ["f" + ESCAPES, "start" + ESCAPES],
    )
    imports = wat(f'(module (import "{escaped}" "{escaped}" (func)) (func (export "_start")))')
    export = name(ESCAPES) + b"\0\0"
    types, functions, code = b"\1\x60\0\0", b"\1\0", b"\1\2\0\x0b"
    parts = ((1, types), (3, functions), (7, vector([export, export])), (10, code))
    twice = b"\0asm\1\0\0\0" + b"".join(section(*part) for part in parts)
    return [traps, imports, twice]


@pytest.mark.parametrize("number", range(3))
def test_names_are_escaped_in_what_an_exception_says(number: int) -> None:
    with pytest.raises((remit.Trap, remit.LinkError, remit.InvalidModule)) as raised:
        remit.run(hostile()[number], cache=False)
    shown = str(raised.value)
    assert "owned" in shown
    assert all(line.isprintable() for line in shown.split("\n")), shown


def test_names_do_not_reach_a_terminal_raw(tmp_path: Path) -> None:
    """In a trap's backtrace, in what a command prints, and in the message for an import that nobody provides."""
    for number, module in enumerate(hostile()):
        path = tmp_path / f"hostile{number}.wasm"
        path.write_bytes(module)
        for command in ("run", "inspect"):
            done = subprocess.run(
                [sys.executable, "-m", "remit", command, str(path)],
                capture_output=True,
                check=False,
                stdin=subprocess.DEVNULL,
                env={**os.environ, "XDG_CACHE_HOME": str(tmp_path)},
            )
            shown = (done.stdout + done.stderr).decode()
            assert "Traceback" not in shown
            assert not [sign for sign in set(ESCAPES) - set("0123;[]Jowned m\n") if sign in shown and sign.strip()], (
                shown
            )
            assert "\x1b" not in shown


def test_fuel_ends_anywhere(real: bytes, tmp_path: Path, native: bool) -> None:
    """Always a clean trap, and the host usable after."""
    program = remit.load(real, fuel=True, cache=False)
    granted = tmp_path / "granted"
    granted.mkdir()
    ended = set()
    with pytest.MonkeyPatch.context() as patch:
        if not native:
            patch.setattr("remit.runtime.execute.native_table", lambda grants: None)
        for fuel in [*range(60), *range(60, 20_000, 331)]:
            try:
                done = remit.run([program], fuel=fuel, dirs={"/": granted}, capture_output=True)
                ended.add(str(done.returncode))
            except remit.Trap as trap:
                ended.add(trap.code)
    assert "fuel" in " ".join(map(str, ended)), ended


def test_fuel_ends_within_a_loop_of_calls(world: World) -> None:
    """The descriptors that were open are given back, and another guest goes on with the same tree."""
    text = f"""
    (module
      (import "{world.preview.MODULE}" "path_open"
        (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 0x1000) "file")
      (func (export "open_for_ever")
        (loop $again
          (drop (call $open (i32.const 3) (i32.const 1) (i32.const 0x1000) (i32.const 4) (i32.const 0)
            (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 0x100)))
          (br $again))))
    """
    program = remit.load(wat(text), fuel=True, cache=False)
    for fuel in range(0, 400, 7):
        with program.instantiate(dirs={"/": world.filesystem}, fuel=fuel) as instance, pytest.raises(remit.Trap):
            instance.call("open_for_ever")
    errno, _ = world.guest.open("file", CREAT if world.writable else 0, rights=2)
    assert errno == SUCCESS
    assert world.guest.call("fd_readdir", 3, DATA, 100, 0, SCRATCH) == SUCCESS
