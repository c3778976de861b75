"""A run that nobody waits for any more, and that the garbage collector takes: it is unwound, and nothing crashes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import asyncio, gc, sys
sys.path.insert(0, {tests!r})
import remit
from wat import wat

async def never():
    await asyncio.get_running_loop().create_future()

program = remit.load(wat('(module (import "e" "f" (func $f)) (memory (export "memory") 1)'
                         ' (func (export "_start") (call $f)))'), imports={{"e": {{"f": never}}}})
sleeper = remit.load({naps!r})

async def begin():
    for _ in range(10):
        asyncio.ensure_future(remit.run_async([program]))
        asyncio.ensure_future(remit.run_async([sleeper]))
    await asyncio.sleep(0.001)

async def while_running():
    for _ in range(20):
        await begin()
        gc.collect()

if sys.argv[1] == "running":
    asyncio.run(while_running())
else:
    for _ in range(20):
        loop = asyncio.new_event_loop()
        loop.run_until_complete(begin())
        loop.close()
        del loop
    gc.collect()
print("the end")
"""


@pytest.mark.parametrize("how", ["running", "closed"])
def test_a_pending_run_is_collected(how: str) -> None:
    """The collector finalizes what is in a circle in any order: a store before the fiber that is suspended in it."""
    from cli import guests

    tests = str(Path(__file__).parents[1])
    program = PROGRAM.format(tests=tests, naps=guests.SLEEP)
    done = subprocess.run(
        [sys.executable, "-c", program, how], capture_output=True, text=True, check=False, timeout=100
    )
    assert (done.returncode, done.stdout.splitlines()[-1:]) == (0, ["the end"]), done.stderr[-2000:]
