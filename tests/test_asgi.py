"""Components as ASGI applications, with an ASGI server that is played by hand."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

import remit
from python_guests import component
from remit.asgi import App, IncompleteResponse, ServerLimits
from serve_peer import run

EXAMPLES = Path(__file__).parents[1] / "examples"
HELLO = EXAMPLES / "hello_http" / "hello.wasm"


class Driver:
    """One request of an ASGI server."""

    def __init__(self, app: App, path: str = "/", *, method: str = "GET", body: Any = (b"",), **scope: Any) -> None:
        self.app = app
        self.body = list(body)
        self.sent: list[Any] = []
        self.gone = asyncio.Event()
        self.slow = False
        path, _, query = path.partition("?")
        self.scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.5"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(b"host", b"a")],
            "client": ("127.0.0.1", 5000),
            **scope,
        }

    async def receive(self) -> Any:
        if self.body:
            data = self.body.pop(0)
            return {"type": "http.request", "body": data, "more_body": bool(self.body)}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if self.slow:
            await self.gone.wait()
        self.sent.append(message)

    async def answer(self) -> tuple[int, bytes]:
        await self.app(self.scope, self.receive, self.send)
        return self.status, self.said

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def said(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent[1:])

    @property
    def is_whole(self) -> bool:
        return [each["more_body"] for each in self.sent if "more_body" in each][-1:] == [False]


def ask(app: App, path: str = "/", **how: Any) -> Driver:
    drivers = []

    async def test() -> None:
        driver = Driver(app, path, **how)
        drivers.append(driver)
        await driver.answer()

    run(test())
    return drivers[0]


def test_hello() -> None:
    done = ask(App(HELLO))
    assert (done.status, done.said, done.is_whole) == (200, b"hello from inside the sandbox\n", True)
    assert done.sent[0]["type"] == "http.response.start"


def test_each_request_has_an_instance_of_its_own_unless_told_otherwise() -> None:
    async def counts(app: App) -> list[bytes]:
        return [(await Driver(app, "/count").answer())[1] for _ in range(3)]

    found = []

    async def test() -> None:
        for reuse in (1, 2):
            found.append(await counts(App(component("http"), reuse=reuse)))

    run(test())
    assert found == [[b"1", b"1", b"1"], [b"1", b"2", b"1"]]


def test_what_a_program_learns_of_a_request() -> None:
    headers = [(b"Host", b"example.test"), (b"X-Mine", b"yes"), (b"connection", b"close")]
    scope = {"headers": headers, "root_path": "/mounted", "scheme": "https"}
    said = ask(App(component("http")), "/mounted/about?x=%201", **scope).said.decode()
    assert "'/about?x=%201'" in said
    assert "'example.test'" in said
    assert "('x-mine', b'yes')" in said
    assert "connection" not in said
    without_raw = ask(App(component("http")), "/mounted/about", raw_path=None, **scope).said
    assert b"'/about'" in without_raw


def test_bodies_both_ways() -> None:
    body = [bytes([number]) * 10_000 for number in range(50)]
    done = ask(App(component("http")), "/echo", method="POST", body=body)
    assert done.said == b"".join(body)


def test_trailers_where_the_server_takes_them() -> None:
    app = App(component("http"))
    done = ask(app, "/trailers", extensions={"http.response.trailers": {}})
    assert done.sent[0]["trailers"] is True
    assert done.sent[-1] == {"type": "http.response.trailers", "headers": [(b"x-sum", b"42")], "more_trailers": False}
    done = ask(app, "/trailers")
    assert "trailers" not in done.sent[0]
    assert done.is_whole


@pytest.mark.parametrize("path", ["/crash", "/exit"])
def test_what_a_program_ends_by_is_raised_after_the_client_was_told(path: str) -> None:
    async def test() -> None:
        driver = Driver(App(component("http")), path)
        with pytest.raises((remit.Trap, remit.EngineError)):
            await driver.answer()
        assert driver.status == 500

    run(test())


@pytest.mark.parametrize("path", ["/crash-late", "/short"])
def test_a_response_that_is_not_whole_is_raised(path: str) -> None:
    async def test() -> None:
        driver = Driver(App(component("http")), path)
        with pytest.raises(IncompleteResponse, match=path):
            await driver.answer()
        assert not driver.is_whole

    run(test())


@pytest.mark.parametrize("path", ["/busy", "/slow?60000000000"])
def test_too_slow_programs(path: str) -> None:
    app = App(component("http"), server_limits=ServerLimits(request_time=0.5))
    done = ask(app, path)
    assert (done.status, done.is_whole) == (504, True)


def test_a_client_that_goes_ends_the_instance() -> None:
    async def test() -> None:
        app = App(component("http"))
        driver = Driver(app, "/slow?60000000000")
        task = asyncio.create_task(driver.answer())
        while not app.health()["instances_working"]:
            await asyncio.sleep(0.01)
        driver.gone.set()
        with pytest.raises(IndexError):  # nothing was sent
            await task
        assert app.health()["instances_working"] == 0
        assert app.health()["instances_discarded"] == 1

    run(test())


def test_a_server_that_takes_nothing_makes_the_program_wait() -> None:
    async def test() -> None:
        app = App(component("http"), server_limits=ServerLimits(request_time=1.0, write_stall=0.1))
        driver = Driver(app, "/large?1000")
        driver.slow = True
        with pytest.raises(IncompleteResponse):
            await driver.answer()
        assert not driver.sent

    run(test())


def test_a_cancelled_request_ends_its_instance() -> None:
    async def test() -> None:
        app = App(component("http"))
        task = asyncio.create_task(Driver(app, "/slow?60000000000").answer())
        while not app.health()["instances_working"]:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert app.health()["instances_working"] == 0

    run(test())


def test_a_body_beyond_the_limit() -> None:
    app = App(component("http"), server_limits=ServerLimits(body_bytes=1000))
    assert ask(app, headers=[(b"host", b"a"), (b"content-length", b"1001")]).status == 413
    assert ask(app, headers=[(b"host", b"a"), (b"content-length", b"1"), (b"content-length", b"x")]).status == 400


@pytest.mark.parametrize("method", ["CONNECT"])
def test_methods_that_are_not_for_programs(method: str) -> None:
    assert ask(App(HELLO), method=method).status == 501


def test_lifespan() -> None:
    async def test() -> None:
        app = App(component("http"), reuse=10)
        sent: list[Any] = []
        messages = ["lifespan.startup"]

        async def receive() -> Any:
            if messages:
                return {"type": messages.pop(0)}
            await Driver(app).answer()
            assert app.health()["instances_idle"] == 1
            return {"type": "lifespan.shutdown"}

        async def send(message: Any) -> None:
            sent.append(message["type"])

        await app({"type": "lifespan"}, receive, send)
        assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
        assert app.health()["instances_idle"] == 0

    run(test())


def test_websockets_are_refused() -> None:
    async def test() -> None:
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "websocket.connect"}

        async def send(message: Any) -> None:
            sent.append(message["type"])

        await App(HELLO)({"type": "websocket", "path": "/"}, receive, send)
        assert sent == ["websocket.close"]
        with pytest.raises(RuntimeError, match="nonsense"):
            await App(HELLO)({"type": "nonsense"}, receive, send)

    run(test())


def test_what_cannot_be_an_application() -> None:
    with pytest.raises(ValueError, match="only components"):
        App(EXAMPLES / "demo" / "notes.wasm")
    with pytest.raises(remit.LinkError, match="examples:words/journal"):
        App(EXAMPLES / "words" / "words.wasm")
    words: remit.Component = remit.load(
        EXAMPLES / "words" / "words.wasm", imports={"examples:words/journal": {"note": print}}
    )
    with pytest.raises(ValueError, match="incoming-handler"):
        App(words)
    with pytest.raises(ValueError, match="instances"):
        App(HELLO, instances=0)
    with pytest.raises(ValueError, match="request_time"):
        App(HELLO, timeout=5)
    with pytest.raises(TypeError, match="nonsense"):
        App(HELLO, nonsense=5)  # type: ignore[call-arg]  # that is the test
    with pytest.raises(OSError, match="nowhere"):
        App("nowhere.wasm")


def test_fuel_is_counted_for_each_instance() -> None:
    app = App(HELLO, fuel=1_000_000)
    for _ in range(3):
        assert ask(app).status == 200
    hungry = App(HELLO, fuel=10)

    async def test() -> None:
        driver = Driver(hungry)
        with pytest.raises(remit.Trap, match="fuel"):
            await driver.answer()
        assert driver.status == 500

    run(test())


def test_a_server_that_says_the_end_again_and_again() -> None:
    """As tests of applications often do."""

    class Naive(Driver):
        async def receive(self) -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

    async def test() -> None:
        async with asyncio.timeout(20):
            assert (await Naive(App(HELLO)).answer())[0] == 200

    run(test())
