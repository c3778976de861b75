"""A hundred programs at once on one thread: each has files of its own, and knows nothing of the others."""

from __future__ import annotations

import asyncio
from pathlib import Path

import remit
import remit.fs

PROGRAM = Path(__file__).parent / "demo" / "notes.wasm"


async def words_in(program: remit.Program, text: str) -> str:
    """What the program says about one note."""
    files = remit.fs.Memory({"note.txt": text})
    done = await remit.run_async([program], dirs={"/notes": files}, capture_output=True, text=True, timeout=10)
    lines = str(done.stdout).splitlines()
    return next(line for line in lines if "note.txt" in line).split(maxsplit=2)[2]


async def main() -> None:
    program = remit.load(PROGRAM)
    answers = await asyncio.gather(*(words_in(program, "word " * number) for number in range(100)))
    print(f"{len(answers)} answers, from {answers[0]!r} to {answers[-1]!r}")


if __name__ == "__main__":
    asyncio.run(main())
