"""Looking up names, with the host's resolver played by the tests."""

from __future__ import annotations

import socket
import threading
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from remit.kernel.errors import Code, KernelError, WouldBlock
from remit.network.host_network import HostNetwork
from remit.network.lookups import MAX_THREADS, MAX_WAITING, LookUp, LookUps

Answer = Callable[[str], list[str]]


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> dict[str, Answer]:
    """Names, and what is answered for each."""
    names: dict[str, Answer] = {}

    def getaddrinfo(name: str, port: object, **_: Any) -> list[Any]:
        if name not in names:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [
            (socket.AF_INET6 if ":" in each else socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 0))
            for each in names[name](name)
        ]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return names


def done(resolution: Any) -> Any:
    while True:
        try:
            return resolution.addresses()
        except WouldBlock as blocked:
            waited = blocked.pollable
        assert waited is resolution.when_ready()
        for _ in range(1000):
            if waited.ready():
                break
            threading.Event().wait(0.01)


def failed(resolution: Any) -> Code:
    with pytest.raises(KernelError) as caught:
        done(resolution)
    return caught.value.code


def raises(error: BaseException) -> Answer:
    def answer(name: str) -> list[str]:
        raise error

    return answer


def test_what_a_name_stands_for(resolver: dict[str, Answer]) -> None:
    resolver["example.com"] = lambda name: ["1.1.1.1", "2606:4700::1111", "1.1.1.1"]
    network = HostNetwork(["example.com:443"])
    assert done(network.resolve("Example.COM.")) == [
        b"\x01\x01\x01\x01",
        bytes.fromhex("26064700") + bytes(10) + b"\x11\x11",
    ]


def test_names_do_not_open_what_only_addresses_open(resolver: dict[str, Answer]) -> None:
    resolver["example.com"] = lambda name: ["127.0.0.1", "169.254.169.254", "1.1.1.1", "::1", "10.0.0.1"]
    assert done(HostNetwork(["example.com"]).resolve("example.com")) == [b"\x01\x01\x01\x01"]
    assert done(HostNetwork(["example.com", "10.0.0.0/8:80"]).resolve("example.com")) == [
        b"\x01\x01\x01\x01",
        b"\x0a\0\0\1",
    ]
    resolver["inside.example.com"] = lambda name: ["10.0.0.1"]
    assert failed(HostNetwork(["*"]).resolve("inside.example.com")) is Code.ACCESS


def test_names_that_no_rule_has_are_not_looked_up(resolver: dict[str, Answer]) -> None:
    resolver["evil.net"] = raises(AssertionError("it was asked"))
    with pytest.raises(KernelError) as caught:
        HostNetwork(["example.com"]).resolve("evil.net")
    assert caught.value.code is Code.ACCESS


@pytest.mark.parametrize(
    "name", ["", ".", "a..b", "a" * 64, "a." * 200, "a b", "a\0b", "-x/", "x" * 10_000_000, "é" * 300, "1.2.3.4:80"]
)
def test_what_is_no_name(name: str) -> None:
    with pytest.raises(KernelError) as caught:
        HostNetwork(["*"]).resolve(name)
    assert caught.value.code is Code.INVALID


def test_addresses_in_text() -> None:
    network = HostNetwork()
    assert done(network.resolve("1.2.3.4")) == [b"\1\2\3\4"]
    assert done(network.resolve("[::1]")) == [bytes(15) + b"\1"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (socket.gaierror(socket.EAI_NONAME, "no"), Code.NO_ENTRY),
        (socket.gaierror(socket.EAI_AGAIN, "later"), Code.TRY_AGAIN),
        (socket.gaierror(socket.EAI_FAIL, "broken"), Code.IO),
        (OSError(5, "broken"), Code.NO_ENTRY),
        (UnicodeError("label too long"), Code.NO_ENTRY),
        (MemoryError(), Code.IO),
        (RuntimeError("what nobody thought of"), Code.IO),
    ],
)
def test_failures(resolver: dict[str, Answer], error: BaseException, code: Code) -> None:
    resolver["example.com"] = raises(error)
    network = HostNetwork(["*"])
    for _ in range(2 * MAX_THREADS):  # none of them takes a thread with it
        assert failed(network.resolve("example.com")) is code
    resolver["example.com"] = lambda name: ["1.1.1.1"]
    assert done(network.resolve("example.com")) == [b"\1\1\1\1"]


def test_a_failure_that_is_asked_about_again_and_again_does_not_grow(resolver: dict[str, Answer]) -> None:
    look_up = HostNetwork(["*"]).resolve("example.com")
    depths = []
    for _ in range(50):
        with pytest.raises(KernelError) as caught:
            done(look_up)
        depths.append(len(traceback.extract_tb(caught.value.__traceback__)))
    assert max(depths) == depths[0]


def test_look_ups_that_are_dropped_are_not_made(resolver: dict[str, Answer]) -> None:
    asked: list[str] = []
    gate = threading.Event()

    def answer(name: str) -> list[str]:
        asked.append(name)
        gate.wait(10)
        return ["1.1.1.1"]

    names = [f"n{number}.example.com" for number in range(MAX_THREADS + 5)]
    resolver.update(dict.fromkeys(names, answer))
    own = LookUps()
    all_of_them = [LookUp(name, list) for name in names]
    for each in all_of_them:
        own.begin(each)
    for each in all_of_them[MAX_THREADS:]:
        each.close()
        each.close()
    gate.set()
    for each in all_of_them[:MAX_THREADS]:
        assert done(each) == [b"\1\1\1\1"]
    for each in all_of_them[MAX_THREADS:]:
        assert each.when_ready() is not None
    assert sorted(asked) == sorted(names[:MAX_THREADS])


def test_so_many_may_wait(resolver: dict[str, Answer]) -> None:
    gate = threading.Event()
    resolver["example.com"] = lambda name: ["1.1.1.1"] if gate.wait(10) else []
    own = LookUps()
    under_way = [LookUp("example.com", list) for _ in range(MAX_THREADS)]
    for each in under_way:
        own.begin(each)
    while own._waiting:  # they are taken by threads
        threading.Event().wait(0.001)
    waiting = [LookUp("example.com", list) for _ in range(MAX_WAITING)]
    for each in waiting:
        own.begin(each)
    late = LookUp("example.com", list)
    own.begin(late)
    assert failed(late) is Code.TRY_AGAIN
    gate.set()
    for each in under_way + waiting:
        assert done(each) == [b"\1\1\1\1"]


def test_where_no_thread_can_be_started(monkeypatch: pytest.MonkeyPatch, resolver: dict[str, Answer]) -> None:
    resolver["example.com"] = lambda name: ["1.1.1.1"]
    own = LookUps()

    def no_thread(*arguments: object) -> int:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr("_thread.start_new_thread", no_thread)
        look_up = LookUp("example.com", list)
        own.begin(look_up)
        assert failed(look_up) is Code.TRY_AGAIN
    look_up = LookUp("example.com", list)
    own.begin(look_up)
    assert done(look_up) == [b"\1\1\1\1"]
