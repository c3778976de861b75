"""Waking a thread that sleeps in poll, by each of the means that hosts have."""

from __future__ import annotations

import importlib
import os
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

import pytest

from remit.kernel.poll import HostReady
from remit.kernel.wake import WakeChannel
from waiting import open_descriptors


@pytest.fixture(params=["eventfd", "pipe", "sockets"])
def channel(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[WakeChannel]:
    before = open_descriptors()
    if request.param == "eventfd" and not hasattr(os, "eventfd"):
        pytest.skip("this host has no eventfd")
    if request.param != "eventfd":
        monkeypatch.delattr(os, "eventfd", raising=False)
    if request.param == "sockets":
        importlib.import_module("socket")  # while the platform is the real one, which decides what it defines
        monkeypatch.setattr(sys, "platform", "win32")
    channel = WakeChannel()
    monkeypatch.undo()
    yield channel
    channel.close()
    assert open_descriptors() == before


def test_it_is_ready_from_wake_to_drain(channel: WakeChannel) -> None:
    ready = HostReady(channel.descriptor)
    channel.drain()
    assert not ready.ready()
    channel.wake()
    channel.wake()
    assert ready.ready()
    channel.drain()
    assert not ready.ready()
    channel.wake()
    assert ready.ready()


def test_any_number_of_wakes_neither_blocks_nor_fails(channel: WakeChannel) -> None:
    for _ in range(100_000):
        channel.wake()
    while HostReady(channel.descriptor).ready():
        channel.drain()


def test_children_do_not_inherit_it(channel: WakeChannel) -> None:
    assert not os.get_inheritable(channel.descriptor)


def test_waking_a_closed_channel_touches_no_descriptor(channel: WakeChannel) -> None:
    channel.close()
    channel.close()
    read, write = os.pipe()
    channel.wake()
    assert not HostReady(read).ready()
    os.close(read)
    os.close(write)


def test_a_handler_that_interrupts_a_wake_in_the_same_thread_does_not_deadlock(channel: WakeChannel) -> None:
    """A signal handler runs between any two instructions, also those of a wake; here it is a trace function."""
    nested = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal nested
        nested += 1
        sys.settrace(None)
        channel.wake()
        sys.settrace(trace)
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        channel.wake()
    finally:
        sys.settrace(before)
    assert nested > 3
    assert HostReady(channel.descriptor).ready()


def test_threads_may_wake_while_one_closes(channel: WakeChannel) -> None:
    start = threading.Barrier(4)

    def wake() -> None:
        start.wait()
        for _ in range(200):
            channel.wake()

    threads = [threading.Thread(target=wake) for _ in range(3)]
    for thread in threads:
        thread.start()
    start.wait()
    channel.close()
    for thread in threads:
        thread.join()
