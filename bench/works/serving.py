"""Components as web servers: requests per second over 32 connections, from wrk, against ``jco serve``.

Where each request gets an instance of its own, and where an instance answers many: the one is compared with the like.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from bench.contenders import FailedError
from bench.rows import Row, Target
from bench.works.setting import GUESTS, Setting
from tools import cache
from tools.guests import jco, python_components

CONNECTIONS = 32
SECONDS = 4
MANY = "1000000"
BODY = 1 << 20
POST = f'wrk.method = "POST"\nwrk.body = string.rep("x", {BODY})\n'
HELLO = cache.REPOSITORY / "examples" / "hello_http" / "hello.wasm"


def rows(setting: Setting) -> Iterator[Row]:
    """The unit is time, as everywhere: microseconds of a server for one request. Less is better."""
    if shutil.which("wrk") is None:
        raise FailedError("wrk is not installed, which makes the requests")
    if setting.node is None:
        raise FailedError("without node there is no jco serve to compare with")
    node = setting.node.command[0]
    works = [
        ("hello in C", HELLO, False),
        ("1 MiB echo in C", jco.component(GUESTS / "echo.c"), True),
        ("hello in Python", python_components.built("http"), False),
    ]
    for work, program, posts in works:
        ours = ("remit", [setting.remit.command[0], "serve", "--addr", "127.0.0.1:{port}"])
        theirs = ("jco serve", [node, str(jco.script()), "serve", "--host", "127.0.0.1", "--port", "{port}"])
        for how, own, other, target in (
            ("an instance for each", [], ["--isolate-requests", "instance"], None),
            ("one instance for all", ["--reuse", MANY], [], Target(1.0)),
        ):
            contenders = [(ours[0], [*ours[1], *own, "{program}"]), (theirs[0], [*theirs[1], "{program}", *other])]
            figures: dict[str, list[float]] = {name: [] for name, _ in contenders}
            for _ in range(max(1, setting.rounds // 2)):
                for name, command in contenders:
                    figures[name].append(_requests_per_second(command, program, posts=posts))
            mine, peers = (1e6 / median(figures[name]) for name, _ in contenders)
            yield Row(f"serve {work}, {how}", "µs", mine, "jco serve", peers, target or Target(1.0))


def _requests_per_second(command: Sequence[str], program: Path, *, posts: bool) -> float:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    filled = [each.format(port=port, program=program) for each in command]
    with (
        tempfile.TemporaryDirectory() as scratch,
        subprocess.Popen(
            filled, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        ) as server,
    ):
        try:
            url = f"http://127.0.0.1:{port}/"
            _wait(url, server)
            script = Path(scratch, "post.lua")
            script.write_text(POST if posts else "")
            wrk = ["wrk", "-t", "1", "-c", str(CONNECTIONS), "-d", f"{SECONDS}s", "-s", str(script), url]
            report = subprocess.run(wrk, capture_output=True, text=True, check=True).stdout
        finally:
            # The whole group: jco's command starts another process, which is the server.
            os.killpg(server.pid, signal.SIGTERM)
    # What wrk calls timeouts are answers that took longer than two seconds: slow, and no errors.
    broken = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+)", report)
    if "Non-2xx" in report or (broken and any(map(int, broken.groups()))):
        wrong = [line.strip() for line in report.splitlines() if "Non-2xx" in line or "Socket errors" in line]
        raise FailedError(f"`{' '.join(filled)}`: {'; '.join(wrong)}")
    found = re.search(r"Requests/sec:\s+([\d.]+)", report)
    assert found is not None
    return float(found[1])


def _wait(url: str, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=10):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise FailedError(f"`{server.args!r}` does not answer")
