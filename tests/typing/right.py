"""Uses of the public names that a strict type checker must accept. Nothing here runs."""

from __future__ import annotations

import asyncio
import socket
import sys
from pathlib import Path

import remit


def runs(program: remit.Program, listener: socket.socket) -> int:
    done: remit.CompletedProcess = remit.run(["tool.wasm", "--flag", Path("x"), b"raw"], capture_output=True, text=True)
    remit.run("tool.wasm", input=b"data", stdout=sys.stdout, stderr=remit.STDOUT, stdin=None)
    remit.run(b"\0asm", stdin=lambda count: b"", stdout=print, timeout=1.5, fuel=10, max_memory=1 << 20)
    remit.run(Path("tool.wasm"), env={"A": "b"}, dirs={"/a": "x", "/b": Path("x"), "/c": remit.fs.Memory()})
    remit.run([program], limits=remit.Limits(descriptors=5), sockets=[listener], random=5, check=True, cache=False)
    remit.run(program, imports={"env": {"f": len}})
    try:
        done.check_returncode()
    except remit.CalledProcessError as error:
        return error.returncode
    except remit.TimeoutExpired as late:
        print(late.timeout)
    except remit.Trap as trap:
        print(trap.code, trap.frames[0].function, trap.stdout, trap.stdout_truncated)
    except remit.LinkError as missing:
        print(missing.missing)
    if done.stdout_truncated or done.stderr_truncated:
        print(done.stdout)
    return done.returncode


@remit.with_instance
def log(guest: remit.Guest, address: int, length: int) -> None:
    print(guest.memory.read(address, length).decode())


def instances() -> None:
    program: remit.Program = remit.load("library.wasm", imports={"host": {"log": log}}, fuel=True, name="x")
    with program.instantiate(args=["one"], timeout=1, stdout=remit.PIPE) as instance:
        instance.call("f", 1, 2.5)
        instance.memory.write(0, b"x")
        instance.fuel = 5
        output: bytes | None = instance.stdout
        print(output, instance.stdout_truncated, program.info.exports)
        print(instance.export("f")(1, 2.5))
        instance.interrupt(KeyboardInterrupt())


async def asynchronous() -> None:
    done = await remit.run_async(["tool.wasm"], stdin=asyncio.StreamReader(), capture_output=True)
    print(done.stdout)
    async with await remit.load("library.wasm").instantiate_async() as instance:
        await instance.call("f")


def files() -> None:
    with remit.fs.Host("x") as host:
        quota = remit.fs.Quota(host, max_bytes=1 << 20, max_files=10)
    print(quota.bytes_used, quota.files_used)
    overlay = remit.fs.Overlay(quota)
    for change in overlay.changes():
        print(change.kind, change.path)
