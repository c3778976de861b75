"""``python -m bench.load [--minutes N]``: `remit serve` under load from wrk, then told to end under load.

Shown are the memory of the server every 30 seconds, requests per second, and errors. At the end clients of our own,
which look at every answer, go on while the server gets SIGTERM: no request that it took may be left unanswered.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from bench.contenders import remit

HELLO = Path(__file__).parents[1] / "examples" / "hello_http" / "hello.wasm"
CONNECTIONS = 32
BETWEEN_LOOKS = 30.0
FIRST_LOOK = 5.0
"""Seconds: by then everything that is made once has been made."""
CLOSING_LOAD = 2.0
"""Seconds of our own clients before SIGTERM."""
GROWTH = 1.10
"""Of memory, from what it was after a fifth of the time: more is no longer flat."""


def main() -> int:
    """0: no error, no lost request, flat memory. 1 otherwise."""
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, metavar="N", help="how long (10)")
    parser.add_argument("--max-memory", default="64MiB", metavar="SIZE", help="of each instance (64MiB)")
    parser.add_argument("--program", type=Path, default=HELLO, metavar="FILE", help="the component (hello_http)")
    parser.add_argument("serve", nargs="*", metavar="OPTION", help="more options for remit serve, after --")
    options = parser.parse_args()
    wrk = shutil.which("wrk")
    if wrk is None:
        parser.error("wrk is not installed")

    *command, _ = remit().command
    command += ["serve", "--addr", "127.0.0.1:0", "--max-memory", options.max_memory, *options.serve]
    with subprocess.Popen([*command, str(options.program)], stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        address = server.stderr.readline().rpartition("http://")[2].strip()
        if not address:
            print(server.stderr.read(), file=sys.stderr)
            return 1
        seconds = round(options.minutes * 60)
        report, memory = _load(wrk, address, seconds, server.pid)
        print(report)
        counts = asyncio.run(_close(address, server))
        status = server.wait()
        said = server.stderr.read()
    errors = [line.strip() for line in report.splitlines() if "Socket errors" in line or "Non-2xx" in line]
    settled, most = memory[len(memory) // 5], max(memory[len(memory) // 5 :])
    print(f"memory: {settled / 1024:.1f} MiB after a fifth of the time, at most {most / 1024:.1f} MiB after that")
    print(f"errors under load: {'; '.join(errors) or 'none'}")
    print(f"told to end under load: exit status {status}, {dict(counts)}")
    if said:
        print(said, file=sys.stderr)
    return 1 if errors or status or counts["lost"] or counts["cut off"] or said or most > GROWTH * settled else 0


def _load(wrk: str, address: str, seconds: int, server: int) -> tuple[str, list[int]]:
    """wrk's report, and the server's memory in KiB."""
    command = [wrk, "-t", "2", "-c", str(CONNECTIONS), "-d", f"{seconds}s", "--latency", f"http://{address}/"]
    begun = time.monotonic()
    memory: list[int] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as load:
        wait = min(FIRST_LOOK, seconds / 10)
        while True:
            try:
                report, _ = load.communicate(timeout=wait)
                return report, memory
            except subprocess.TimeoutExpired:
                wait = min(BETWEEN_LOOKS, seconds / 10)
            facts = Path(f"/proc/{server}/status").read_text()
            descriptors = len(list(Path(f"/proc/{server}/fd").iterdir()))
            found = {name: int(re.search(rf"{name}:\s+(\d+)", facts)[1]) for name in ("VmRSS", "Threads")}  # type: ignore[index]
            memory.append(found["VmRSS"])
            print(
                f"{time.monotonic() - begun:6.0f} s  {found['VmRSS'] / 1024:7.1f} MiB  {descriptors} descriptors  "
                f"{found['Threads']} threads",
                flush=True,
            )


async def _close(address: str, server: subprocess.Popen[str]) -> Counter[str]:
    """Send SIGTERM while clients ask; how it went for all their requests."""
    counts: Counter[str] = Counter()
    tasks = [asyncio.create_task(ask_on(address, counts, keep=bool(each % 2))) for each in range(CONNECTIONS)]
    await asyncio.sleep(CLOSING_LOAD)
    server.send_signal(signal.SIGTERM)
    await asyncio.gather(*tasks)
    return counts


async def ask_on(address: str, counts: Counter[str], *, keep: bool) -> None:
    """Ask, on one connection or on a new one each time, until the server takes no more connections.

    Counted are requests that were ``answered`` whole, ``cut off`` in the answer, or ``lost`` without any. A connection
    may be ``closed while idle``, with a request on its way that is asked again on another (RFC 9112, section 9.3.1).
    """
    host, _, port = address.rpartition(":")
    while True:
        try:
            reader, writer = await asyncio.open_connection(host, int(port))
        except OSError:
            counts["refused a connection"] += 1
            return
        answer = await _ask(reader, writer, keep=keep)
        counts[answer] += 1
        while keep and answer == "answered":
            answer = await _ask(reader, writer, keep=keep)
            counts["closed while idle" if answer == "lost" else answer] += 1
        writer.close()


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, keep: bool) -> str:
    end = b"" if keep else b"connection: close\r\n"
    got = b""
    try:
        writer.write(b"GET / HTTP/1.1\r\nhost: load\r\n" + end + b"\r\n")
        got = await reader.readuntil(b"\r\n\r\n")
        if not got.startswith(b"HTTP/1.1 200 "):
            return got.split(b"\r\n")[0].decode()
        while (line := await reader.readuntil(b"\r\n")) != b"0\r\n":
            await reader.readexactly(int(line, 16) + 2)
        await reader.readexactly(2)
    except (OSError, asyncio.IncompleteReadError) as error:
        return "cut off" if got or getattr(error, "partial", b"") else "lost"
    return "answered, and closed" if b"connection: close" in got.lower() else "answered"


if __name__ == "__main__":
    sys.exit(main())
