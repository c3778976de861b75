"""Seconds for many guests that sleep, on one thread and one loop: sleep.py PROGRAM COUNT."""

from __future__ import annotations

import asyncio
import json
import sys
import time

import remit


async def run(path: str, count: int) -> float:
    program = remit.load(path)
    await remit.run_async([program])
    start = time.perf_counter()
    ended = await asyncio.gather(*(remit.run_async([program]) for _ in range(count)))
    seconds = time.perf_counter() - start
    assert all(process.returncode == 0 for process in ended)
    return seconds


def main(path: str, count: str) -> None:
    print(json.dumps({"seconds": asyncio.run(run(path, int(count)))}))


if __name__ == "__main__":
    main(*sys.argv[1:])
