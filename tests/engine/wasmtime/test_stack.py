"""Guests that run guests, each deep in a recursion of its own: in processes of their own, as the stakes are a crash."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from remit.engine.wasmtime.fibers import fibers_supported
from remit.engine.wasmtime.stack import FIBER_LEVELS, LEVEL, thread_levels, too_deep

NEST = """
import asyncio, sys, threading
sys.path.insert(0, {tests!r})
import remit
from wat import wat

# It recurses until nearly all of its stack is used, then runs the next one.
program = wat('''(module (import "host" "run" (func $run)) (memory (export "memory") 1)
  (func $down (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0)) (then (call $run) (i32.const 0))
      (else (i32.add (i32.const 1) (call $down (i32.sub (local.get 0) (i32.const 1)))))))
  (func (export "_start") (drop (call $down (i32.const 10000)))))''')
level = 0

def run():
    global level
    level += 1
    remit.run([loaded])

loaded = remit.load(program, imports={{"host": {{"run": run}}}})

def main(way):
    try:
        if way == "async":
            asyncio.run(remit.run_async([loaded]))
        else:
            remit.run([loaded])
    except RecursionError as error:
        print(level, error)

way = sys.argv[1]
if way == "thread":
    thread = threading.Thread(target=main, args=(way,))
    thread.start()
    thread.join()
else:
    main(way)
"""

SMALL = """
import sys, threading
sys.path.insert(0, {tests!r})
import remit
from wat import wat

program = remit.load(wat('(module (func $f (export "_start") (call $f)))'))

def main():
    try:
        remit.run([program])
    except RuntimeError as error:
        print(error)
    except remit.Trap as trap:
        print(trap.code)

threading.stack_size(int(sys.argv[1]))
thread = threading.Thread(target=main)
thread.start()
thread.join()
"""


# In a process of its own: a new thread may be given the larger stack of one that has ended.
MEASURE = """
import sys, threading
from remit.engine.wasmtime.stack import thread_levels

threading.stack_size(int(sys.argv[1]))
thread = threading.Thread(target=lambda: print(thread_levels()))
thread.start()
thread.join()
"""


def said(program: str, *arguments: str) -> str:
    tests = str(Path(__file__).parents[2])
    line = [sys.executable, "-c", program.format(tests=tests), *arguments]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60, env={**os.environ}, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize("way", ["plain", "thread", "async"])
def test_programs_that_run_each_other_end_before_the_stack_does(way: str) -> None:
    level, text = said(NEST, way).split(" ", 1)
    assert 2 <= int(level) <= 100
    assert (
        text == f"{level} programs, or components of one, call each other here already, and the stack takes no more\n"
    )
    if way == "async" and fibers_supported():
        assert int(level) == FIBER_LEVELS


@pytest.mark.parametrize("size", [256 << 10, 520 << 10, LEVEL - 4096])
def test_a_thread_with_too_little_stack_is_told(size: int) -> None:
    assert f"call threading.stack_size({LEVEL})" in said(SMALL, str(size))


def test_a_thread_with_just_enough_runs_a_guest_that_uses_all() -> None:
    assert said(SMALL, str(LEVEL + 4096)) == "stack_overflow\n"


def test_what_a_thread_takes_is_measured() -> None:
    assert said(MEASURE, str(5 * LEVEL)) == "5\n"
    assert thread_levels() >= 1


def test_the_exceptions() -> None:
    assert isinstance(too_deep(3), RecursionError)
    assert not isinstance(too_deep(0), RecursionError)
