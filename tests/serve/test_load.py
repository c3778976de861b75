"""`remit serve` as a process, with many clients at once: nothing is lost, nothing piles up.

``python -m bench.load`` does the like for ten minutes.
"""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from bench.load import CONNECTIONS, HELLO, ask_on

WARM, MORE = 1500, 1500
"""Requests before the first look, and before the second."""
GROWTH_KIB = 8 << 10
"""What memory may differ by between the two looks: allocators take and keep some."""

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")


def looked_at(process: int) -> tuple[int, int]:
    """Memory in KiB, and descriptors."""
    status = Path(f"/proc/{process}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+)", status)
    assert found is not None
    return int(found[1]), len(list(Path(f"/proc/{process}/fd").iterdir()))


@linux
@pytest.mark.slow
@pytest.mark.parametrize("reuse", ["1", "1000"])
def test_many_clients_and_an_end_under_load(reuse: str) -> None:
    command = [sys.executable, "-m", "remit", "serve", "--addr", "127.0.0.1:0", "--reuse", reuse, str(HELLO)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        address = server.stderr.readline().rpartition("http://")[2].strip()
        counts: Counter[str] = Counter()

        async def load() -> None:
            tasks = [asyncio.create_task(ask_on(address, counts, keep=bool(each % 2))) for each in range(CONNECTIONS)]
            try:
                async with asyncio.timeout(120):
                    while counts.total() < WARM:
                        await asyncio.sleep(0.05)
                    memory, descriptors = looked_at(server.pid)
                    while counts.total() < WARM + MORE:
                        await asyncio.sleep(0.05)
                    more_memory, more_descriptors = looked_at(server.pid)
                    server.send_signal(signal.SIGTERM)
                    await asyncio.gather(*tasks)
            finally:
                for each in tasks:
                    each.cancel()
                if counts["refused a connection"] < CONNECTIONS:
                    server.kill()
            assert more_memory < memory + GROWTH_KIB
            assert abs(more_descriptors - descriptors) <= CONNECTIONS

        asyncio.run(load())
        assert server.wait(timeout=30) == 0
        assert server.stderr.read() == ""
    assert counts.keys() <= {"answered", "answered, and closed", "closed while idle", "refused a connection"}
    assert counts["refused a connection"] == CONNECTIONS
