"""Components behind a server: a real one, which does what it should not, and a small one."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

import remit
from python_guests import component
from remit.serve.component_server import ComponentServer
from remit.serve.settings import ServerLimits
from serve_peer import client, run, talk
from tools.guests import jco

HELLO = Path(__file__).parents[2] / "examples" / "hello_http" / "hello.wasm"
TWICE = Path(__file__).parents[1] / "guests" / "c" / "twice.c"


class Failures:
    """What a server's programs ended by."""

    def __init__(self) -> None:
        self.all: list[BaseException] = []

    def __call__(self, exchange: object, error: BaseException) -> None:
        self.all.append(error)


@asynccontextmanager
async def serving(program: remit.Component, failures: Failures | None = None, **options: Any) -> AsyncIterator[Any]:
    limits = options.pop("limits", None)
    pool = {name: options.pop(name) for name in ("instances", "reuse", "queue") if name in options}
    failed = failures or Failures()
    server = ComponentServer(program, options, limits=limits, on_error=failed, **pool)
    server.listen(socket.create_server(("127.0.0.1", 0)))
    try:
        yield server
    finally:
        await server.shut_down()
    assert failures is not None or not failed.all, failed.all


async def get(server: Any, path: str, body: bytes = b"", fields: bytes = b"") -> tuple[int, bytes]:
    """Status, and what came after the head, chunks and all."""
    head = b"POST %s HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: %d\r\n" % (path.encode(), len(body))
    answer = await talk(server, head + fields + b"\r\n" + body)
    head, _, rest = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]) if head else 0, rest


def unchunked(data: bytes) -> bytes:
    got = b""
    while data:
        size, _, data = data.partition(b"\r\n")
        got, data = got + data[: int(size, 16)], data[int(size, 16) + 2 :]
    return got


def hello() -> remit.Component:
    loaded: remit.Component = remit.load(HELLO)
    return loaded


@pytest.mark.parametrize(("reuse", "made"), [(1, 5), (2, 3), (1000, 1)])
def test_instances_are_made_and_used_again(reuse: int, made: int) -> None:
    async def test() -> None:
        async with serving(hello(), reuse=reuse) as server:
            for _ in range(5):
                status, body = await get(server, "/")
                assert (status, unchunked(body)) == (200, b"hello from inside the sandbox\n")
            assert f"remit_instances_made {made}\n" in server.metrics()
            assert 'remit_requests_total{status="200"} 5\n' in server.metrics()

    run(test())


def test_many_at_once() -> None:
    async def test() -> None:
        async with serving(hello(), instances=4) as server:
            answers = await asyncio.gather(*[get(server, "/") for _ in range(50)])
            assert {status for status, _ in answers} == {200}
            assert "remit_instances_working 0\n" in server.metrics()

    run(test())


def test_metrics_over_http() -> None:
    async def test() -> None:
        async with serving(hello()) as server:
            server.listen_for_metrics(socket.create_server(("127.0.0.1", 0)))
            await get(server, "/")

            class Metrics:
                addresses = server.metrics_addresses

            status, text = await get(Metrics, "/metrics")
            assert status == 200
            assert b'remit_requests_total{status="200"} 1\n' in text
            assert (await get(Metrics, "/"))[0] == 404

    run(test())


def test_what_a_program_learns_of_a_request() -> None:
    async def test() -> None:
        async with serving(component("http")) as server:
            _, body = await get(server, "/about?x=1", fields=b"x-mine: yes\r\ntransfer-encodin: x\r\n")
            lines = unchunked(body).decode().splitlines()
            assert "path_with_query" not in lines[0]
            assert "'/about?x=1'" in lines[0]
            assert "'a'" in lines[0]
            assert "('x-mine', b'yes')" in lines
            assert not any("host" in line or "connection" in line for line in lines)

    run(test())


def test_bodies_and_trailers() -> None:
    async def test() -> None:
        async with serving(component("http")) as server:
            sent = bytes(range(256)) * 4096
            _, body = await get(server, "/echo", sent)
            assert unchunked(body) == sent
            request = b"POST /trailers HTTP/1.1\r\nhost: a\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n"
            answer = await talk(server, request + b"2\r\nab\r\n0\r\nx-end: 1\r\n\r\n")
            assert b"('x-end', b'1')" in answer
            assert answer.endswith(b"0\r\nx-sum: 42\r\n\r\n")

    run(test())


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/never", 500, ""),
        ("/crash", 500, ""),
        ("/exit", 500, "status"),
        ("/error", 500, None),
        ("/busy", 504, None),
        ("/slow?20000000000", 504, None),
    ],
)
def test_programs_that_do_not_answer(path: str, status: int, says: str | None) -> None:
    failures = Failures()

    async def test() -> None:
        limits = ServerLimits(request_time=1.0)
        async with serving(component("http"), failures, limits=limits, instances=2) as server:
            hostile = asyncio.create_task(get(server, path))
            await asyncio.sleep(0)
            # Meanwhile others are answered.
            for _ in range(3):
                assert (await get(server, "/hello"))[0] == 200
            assert (await hostile)[0] == status
            assert "remit_instances_working 0\n" in server.metrics()
            assert (await get(server, "/hello"))[0] == 200

    run(test())
    if says is None:
        assert not failures.all
    elif path != "/never":
        assert says in str(failures.all[0])


@pytest.mark.parametrize("path", ["/crash-late", "/short"])
def test_answers_that_break_off_do_not_look_whole(path: str) -> None:
    async def test() -> None:
        async with serving(component("http"), Failures()) as server:
            status, body = await get(server, path)
            assert status in (0, 200)
            assert not body.endswith(b"0\r\n\r\n")
            assert len(body) < 10 or path != "/short"
            assert (await get(server, "/hello"))[0] == 200

    run(test())


def test_no_more_is_sent_than_was_declared() -> None:
    async def test() -> None:
        async with serving(component("http"), Failures()) as server:
            _, body = await get(server, "/long")
            assert len(body) <= 2
            assert (await get(server, "/hello"))[0] == 200

    run(test())


def test_an_instance_has_so_much_memory_and_no_more() -> None:
    async def test() -> None:
        async with serving(component("http"), max_memory=96 << 20) as server:
            status, body = await get(server, "/hungry")
            assert status == 200
            assert 1 <= int(unchunked(body)) < 96
            assert (await get(server, "/hello"))[0] == 200

    run(test())


def test_an_answer_that_is_given_twice() -> None:
    """The second one is a trap in the program; the first has gone out."""
    failures = Failures()

    async def test() -> None:
        async with serving(remit.load(jco.component(TWICE)), failures) as server:
            for _ in range(2):
                status, _ = await get(server, "/")
                assert status == 200
            assert "remit_instances_discarded 2\n" in server.metrics()

    run(test())
    assert len(failures.all) == 2
    assert all(isinstance(each, remit.Trap) for each in failures.all)


def test_nothing_is_left_for_the_next_request() -> None:
    async def test() -> None:
        async with serving(component("http")) as server:
            assert [unchunked((await get(server, "/count"))[1]) for _ in range(3)] == [b"1"] * 3
        async with serving(component("http"), reuse=2) as server:
            assert [unchunked((await get(server, "/count"))[1]) for _ in range(3)] == [b"1", b"2", b"1"]

    run(test())


def test_an_instance_that_failed_is_not_used_again() -> None:
    async def test() -> None:
        async with serving(component("http"), Failures(), reuse=100) as server:
            assert unchunked((await get(server, "/count"))[1]) == b"1"
            assert (await get(server, "/crash"))[0] == 500
            assert unchunked((await get(server, "/count"))[1]) == b"1"
            assert "remit_instances_discarded 1\n" in server.metrics()

    run(test())


def test_requests_wait_for_an_instance_and_too_many_are_told() -> None:
    async def test() -> None:
        limits = ServerLimits(request_time=5.0)
        async with serving(component("http"), instances=1, queue=1, limits=limits) as server:
            first = asyncio.create_task(get(server, "/slow?500000000"))
            while "remit_instances_working 1\n" not in server.metrics():
                await asyncio.sleep(0.01)
            second = asyncio.create_task(get(server, "/hello"))
            while "remit_requests_waiting 1\n" not in server.metrics():
                await asyncio.sleep(0.01)
            assert (await get(server, "/hello"))[0] == 503
            assert (await first)[0] == (await second)[0] == 200

    run(test())


def test_a_client_that_goes_ends_its_instance() -> None:
    async def test() -> None:
        async with serving(component("http"), limits=ServerLimits(half_closed=0.1)) as server:
            async with client(server) as peer:
                await peer.send(b"GET /slow?60000000000 HTTP/1.1\r\nhost: a\r\n\r\n")
                while "remit_instances_working 1\n" not in server.metrics():
                    await asyncio.sleep(0.01)
            while "remit_instances_working 0\n" not in server.metrics():
                await asyncio.sleep(0.01)
            assert "remit_requests_cancelled_total 1\n" in server.metrics()

    run(test())


def test_a_program_reaches_only_what_it_was_granted() -> None:
    async def test() -> None:
        async with serving(hello()) as other:
            address = other.addresses[0]
            async with serving(component("http")) as server:
                _, said = await get(server, f"/proxy?{address}")
                assert b"ErrorCode_HttpRequestDenied" in said
            async with serving(component("http"), network=[address]) as server:
                status, said = await get(server, f"/proxy?{address}")
                assert (status, unchunked(said)) == (200, b"hello from inside the sandbox\n")
                assert (await get(server, "/proxy?127.0.0.1:1"))[0] == 502

    run(test())


def test_grants_are_checked_before_the_first_request() -> None:
    async def test() -> None:
        with pytest.raises(ValueError, match="request_time"):
            ComponentServer(hello(), {"timeout": 5})
        with pytest.raises(TypeError):
            ComponentServer(hello(), {"dirs": 5})
        for name in ("instances", "reuse"):
            with pytest.raises(ValueError, match=name):
                ComponentServer(hello(), {}, **{name: 0})  # type: ignore[arg-type]  # mypy takes it for any keyword

    run(test())


def test_only_what_answers_requests_is_served() -> None:
    async def test() -> None:
        words: Any = remit.load(
            HELLO.parents[1] / "words" / "words.wasm", imports={"examples:words/journal": {"note": print}}
        )
        with pytest.raises(ValueError, match="incoming-handler"):
            ComponentServer(words, {})

    run(test())
