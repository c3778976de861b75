"""Real programs do the same in every run that is deterministic: in other processes, at other times, in other places."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from python_guests import component_file
from tools import zig
from tools.guests import jco
from tools.guests.catalogue import GUESTS

LOOKING = Path(__file__).parent / "c" / "looking.c"
CPYTHON = GUESTS["cpython"]
NAMES = ["z", "A", "ünïcödé", "b", "10", "9", "a", "link", "sub"]


def make_tree(top: Path, seed: int) -> None:
    """The same files at the same times, made in another order."""
    order = random.Random(seed)
    top.mkdir()
    for name in order.sample(NAMES, len(NAMES)):
        for number in range(order.randrange(4)):
            (top / f"gone {number}").touch()
        if name == "sub":
            (top / name).mkdir()
        elif name == "link":
            (top / name).symlink_to("z")
        else:
            (top / name).write_text(name)
            os.utime(top / name, ns=(seed, 10**18))
        for gone in top.glob("gone *"):
            gone.unlink()
    os.link(top / "z", top / "sub" / "also z")


def runs(tmp_path: Path, program: Path, *arguments: str, options: tuple[str, ...] = ()) -> set[bytes]:
    """What it writes, in two runs in places of their own."""
    found = set()
    for seed in (1, 2):
        place = tmp_path / str(seed)
        make_tree(place, seed)
        command = [sys.executable, "-m", "remit", "run", "--deterministic", "--timeout", "200", *options]
        # Another hash seed has the host, too, iterate its sets in another order.
        env = {**os.environ, "PYTHONHASHSEED": str(seed)}
        before = time.monotonic()
        done = subprocess.run(
            [*command, "--dir", f"{place}::/", str(program), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=300,
            env=env,
        )
        assert (done.returncode, done.stderr) == (0, b"")
        assert time.monotonic() - before < 200
        found.add(done.stdout)
    return found


def test_a_module(tmp_path: Path) -> None:
    [output] = runs(tmp_path, zig.built([LOOKING], "-Wall", "-Wextra"))
    lines = output.decode().splitlines()
    assert lines[0].startswith("wall 946684800.0000")
    assert lines[3] == "7ff8000000000000 7fc00000"
    assert any(line.startswith("three hours later 10800.") for line in lines)
    assert lines[-1].startswith("after being busy 946695602.")
    listed = [line.split(" ", 2)[2] for line in lines[6:] if line.count(" ") == 2]
    assert listed[:4] == ["10", "9", "A", "a"]


def test_a_component_of_it(tmp_path: Path) -> None:
    component = jco.as_component(zig.built([LOOKING], "-Wall", "-Wextra"))
    [output] = runs(tmp_path, component)
    lines = output.decode().splitlines()
    assert lines[3] == "7ff8000000000000 7fc00000"
    assert any(line.startswith("three hours later 10800.") for line in lines)


SCRIPT = """
def main():
    import datetime, os, random, secrets, sys, tempfile, time, uuid
    print(time.time(), time.monotonic(), datetime.datetime.now(), uuid.uuid4(), secrets.token_hex(4))
    print(hash("text"), {"some", "words", "in", "a", "set"}, random.random(), id(object()) % 16, os.listdir("/"))
    print([(entry.name, entry.inode()) for entry in os.scandir("/")], os.path.samefile("/z", "/sub/also z"))
    print([tuple(os.stat(os.path.join(top, name)))[1:3] for top, _, names in os.walk("/") for name in names])
    time.sleep(5 * 3600)
    until = time.monotonic() + 1
    while time.monotonic() < until:
        pass
    print(time.time(), time.monotonic())
    with open("/written", "w") as file:
        print("now", file=file)
    print(os.stat("/written"))

main()
"""


@pytest.mark.guest("cpython")
def test_cpython(tmp_path: Path) -> None:
    [output] = runs(tmp_path, CPYTHON.path("python.wasm"), "-c", SCRIPT)
    assert b"2000-01-01 00:00:00" in output


OF_WASI = """
import os, time
print(time.time(), monotonic_clock.now(), monotonic_clock.resolution(), wall_clock.now(), random.get_random_u64())
print(insecure_seed.insecure_seed(), os.urandom(4), hash("text"), os.listdir("/"), os.stat("/z"), os.stat("/sub"))
[(top, name)] = preopens.get_directories()
print([top.metadata_hash_at(fs.PathFlags(0), name) for name in ("z", "sub/also z", "a", "sub")])
hours = [monotonic_clock.subscribe_duration(number * 3600 * 10**9) for number in (9, 5, 7)]
print(poll.poll(hours), monotonic_clock.now())
monotonic_clock.subscribe_instant(2**63 - 1).block()
late = monotonic_clock.subscribe_duration(2**64 - 1)
late.block()
print(late.ready(), monotonic_clock.now(), wall_clock.now())
"""


def test_a_component_of_python(tmp_path: Path) -> None:
    """By the interfaces of WASI 0.2."""
    [output] = runs(tmp_path, component_file("script"), OF_WASI)
    assert b"[1] 18000000" in output, "the second of three timers, at five hours"
    assert f"True {2**63 - 1} ".encode() in output, "time ends"
