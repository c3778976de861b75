"""Programs on an asyncio loop: at the same time, cancelled, with asynchronous streams and functions."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import os
import socket
import struct
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

import remit
from cli import guests
from remit.kernel.clocks import VirtualClock
from runtime import programs
from waiting import open_descriptors

pytestmark = pytest.mark.usefixtures("suspended_on")


def running(work: Callable[[], Awaitable[Any]]) -> Any:
    """Run `work` on a loop of its own; whatever the loop complains about is a failure."""
    complaints: list[dict[str, Any]] = []

    async def main() -> Any:
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: complaints.append(context))
        return await work()

    result = asyncio.run(main(), debug=True)
    assert complaints == []
    return result


def test_many_at_once() -> None:
    async def work() -> None:
        program = remit.load(programs.CAT, cache=False)
        inputs = [str(number).encode() * 100 for number in range(50)]
        results = await asyncio.gather(
            *(remit.run_async([program], input=data, capture_output=True) for data in inputs)
        )
        assert [done.stdout for done in results] == inputs

    running(work)


def test_others_run_while_a_program_sleeps_or_computes() -> None:
    async def work() -> None:
        order: list[str] = []

        async def turns() -> None:
            for _ in range(3):
                await asyncio.sleep(0)
            order.append("other")

        other = asyncio.create_task(turns())
        await remit.run_async(programs.COUNT, cache=False)
        order.append("program")
        await other
        assert order == ["other", "program"]

    running(work)


@pytest.mark.parametrize("program", [guests.SPIN, guests.SLEEP, guests.READ_FOREVER], ids=["busy", "asleep", "reading"])
def test_cancelling(program: bytes) -> None:
    async def work() -> None:
        reading, writing = os.pipe()
        begun = asyncio.Event()
        gc.collect()
        # Nothing may be left for the collector, which does nothing while it is at work on another thread.
        gc.disable()
        before, threads = open_descriptors(), threading.active_count()
        loaded = remit.load(program, cache=False)
        task = asyncio.create_task(remit.run_async([loaded], stdin=reading, stdout=lambda data: begun.set()))
        await begun.wait()
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        del task, loaded  # compiled code holds a descriptor
        await asyncio.sleep(0)  # the loop lets go of what it called last
        assert open_descriptors() == before
        assert threading.active_count() == threads
        os.close(reading)
        os.close(writing)
        done = await remit.run_async(guests.HELLO, capture_output=True, cache=False)
        assert done.stdout == b"hello\n"

    try:
        running(work)
    finally:
        gc.enable()


def test_cancelling_before_it_begins() -> None:
    async def work() -> None:
        for turns in range(6):
            task = asyncio.create_task(remit.run_async(guests.SLEEP, cache=False, stdout=remit.DEVNULL))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    running(work)


def test_cancelling_an_async_function() -> None:
    async def work() -> None:
        begun, ended = asyncio.Event(), []

        async def f(number: int) -> int:
            begun.set()
            try:
                await asyncio.sleep(3600)
            finally:
                ended.append(number)
            return 0

        task = asyncio.create_task(remit.run_async(programs.ASK, imports={"env": {"f": f}}, cache=False))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ended == [-7]

    running(work)


def test_a_timeout_ends_an_async_function() -> None:
    async def work() -> None:
        ended = []

        async def f(number: int) -> int:
            try:
                await asyncio.sleep(3600)
            finally:
                ended.append(number)
            return 0

        with pytest.raises(remit.TimeoutExpired):
            await remit.run_async(programs.ASK, imports={"env": {"f": f}}, timeout=0.05, cache=False)
        assert ended == [-7]

    running(work)


def test_an_async_function_may_fail_by_a_timeout_of_its_own() -> None:
    async def work() -> None:
        async def f(number: int) -> int:
            async with asyncio.timeout(0):
                await asyncio.sleep(3600)
            return 0

        with pytest.raises(TimeoutError):
            await remit.run_async(programs.ASK, imports={"env": {"f": f}}, timeout=60, cache=False)

    running(work)


def test_an_async_function_runs_in_the_task_and_context_of_the_caller() -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="none")

    async def work() -> None:
        task = asyncio.current_task()

        async def f(number: int) -> int:
            assert asyncio.current_task() is task
            assert variable.get() == "outer"
            await asyncio.sleep(0)
            variable.set("inner")
            return 3

        variable.set("outer")
        done = await remit.run_async(programs.ASK, imports={"env": {"f": f}}, cache=False)
        assert done.returncode == 3
        assert variable.get() == "inner"

    running(work)


def test_a_plain_function_may_use_the_loop() -> None:
    async def work() -> None:
        tasks = []

        def f(number: int) -> int:
            tasks.append(asyncio.create_task(asyncio.sleep(0, "done")))
            return 3

        assert (await remit.run_async(programs.ASK, imports={"env": {"f": f}}, cache=False)).returncode == 3
        assert await tasks[0] == "done"

    running(work)


def test_what_an_async_function_raises_comes_out() -> None:
    async def work() -> None:
        raised = ValueError("mine")

        async def f(number: int) -> int:
            await asyncio.sleep(0)
            raise raised

        with pytest.raises(ValueError, match="mine") as caught:
            await remit.run_async(programs.ASK, imports={"env": {"f": f}}, cache=False)
        assert caught.value is raised

    running(work)


def test_asyncio_streams() -> None:
    async def work() -> None:
        here, there = socket.socketpair()
        reader, writer = await asyncio.open_connection(sock=here)
        far_reader, far_writer = await asyncio.open_connection(sock=there)
        task = asyncio.create_task(remit.run_async(programs.CAT, stdin=reader, stdout=writer, cache=False))
        for text in (b"one", b"two"):
            far_writer.write(text)
            assert await far_reader.readexactly(3) == text
        far_writer.write_eof()
        assert (await task).returncode == 0
        for each in (writer, far_writer):
            each.close()
            await each.wait_closed()

    running(work)


def test_async_functions_as_streams() -> None:
    async def work() -> None:
        pieces, written = [b"one", b"two", b""], []

        async def read(count: int) -> bytes:
            await asyncio.sleep(0)
            return pieces.pop(0)

        async def write(data: bytes) -> None:
            await asyncio.sleep(0)
            written.append(data)

        done = await remit.run_async(programs.CAT, stdin=read, stdout=write, cache=False)
        assert done.returncode == 0
        assert written == [b"one", b"two"]

    running(work)


def test_programs_that_share_a_virtual_clock() -> None:
    async def work() -> None:
        clock = VirtualClock()
        order: list[int] = []
        # A program that is still being compiled does not wait yet, and time would go on without it.
        loaded = {each: remit.load(programs.sleeping(each * 10**9), cache=False) for each in (100, 200, 300)}

        async def sleep(seconds: int) -> None:
            await remit.run_async(loaded[seconds], monotonic_clock=clock)
            order.append(seconds)

        await asyncio.gather(*map(sleep, (300, 100, 200)))
        assert order == [100, 200, 300]
        assert clock.now() == 300 * 10**9

    running(work)


def test_a_program_is_shared_by_loops_on_several_threads() -> None:
    program = remit.load(guests.printing("args"), cache=False)
    answers: list[bytes] = []

    def on_a_loop(number: int) -> None:
        async def work() -> None:
            done = await remit.run_async([program, str(number)], capture_output=True)
            answers.append(done.stdout)

        running(work)

    threads = [threading.Thread(target=on_a_loop, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [b"program.wasm\0%d\0" % number for number in range(4)]


def test_instances() -> None:
    async def work() -> None:
        program = remit.load(programs.LIBRARY, cache=False)
        async with await program.instantiate_async(stdout=remit.PIPE) as instance:
            assert isinstance(instance, remit.AsyncInstance)
            assert await instance.call("ready") == 1
            await instance.call("say")
            assert instance.stdout == b"hello"

    running(work)


def test_one_call_at_a_time() -> None:
    async def work() -> None:
        async def read(count: int) -> bytes:
            begun.set()
            await go_on.wait()
            return b"abc"

        begun, go_on = asyncio.Event(), asyncio.Event()
        program = remit.load(programs.LIBRARY, cache=False)
        async with await program.instantiate_async(stdin=read, timeout=60) as instance:
            call = asyncio.create_task(instance.call("read"))
            await begun.wait()
            deadline = instance._world.store.deadline
            with pytest.raises(RuntimeError, match="a call is under way"):
                await instance.call("ready")
            assert instance._world.store.deadline == deadline, "a call that does not begin gives no more time"
            with pytest.raises(RuntimeError, match="a call is under way"):
                instance.close()
            go_on.set()
            assert await call == 3
            assert await instance.call("ready") == 1

    running(work)


def test_an_instance_whose_call_was_cancelled_is_dead() -> None:
    async def work() -> None:
        program = remit.load(programs.LIBRARY, cache=False)
        async with await program.instantiate_async() as instance:
            call = asyncio.create_task(instance.call("spin"))
            await asyncio.sleep(0.03)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            with pytest.raises(RuntimeError, match="cancelled"):
                await instance.call("ready")

    running(work)


def test_processor_time_goes_on() -> None:
    async def work() -> None:
        done = await remit.run_async(programs.TIMES, capture_output=True, cache=False)
        [nanoseconds] = struct.unpack("<Q", done.stdout)
        assert nanoseconds > 0

    running(work)
