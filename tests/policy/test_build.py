"""From grants to a process."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from remit.filesystems.memory import MemoryFilesystem
from remit.http.client import Client
from remit.http.watched import WatchedClient
from remit.kernel.limits import Limits
from remit.network.host import HostSocket
from remit.network.memory import Memory
from remit.network.watched import WatchedListener, WatchedNetwork
from remit.policy.build import build_process, open_ambient_listener
from remit.policy.grants import Grants
from remit.streams.memory import BytesInput, Capture
from waiting import open_descriptors


def test_descriptors_are_in_order(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        process = build_process(Grants(dirs={"/a": tmp_path, "/b": MemoryFilesystem()}, sockets=[listener]))
        table = process.descriptors
        assert len(table) == 6
        assert [getattr(table.get(number), "preopen", None) for number in range(6)] == [
            None, None, None, "/a", "/b", None,
        ]  # fmt: skip
        process.close()
        assert listener.fileno() == -1


def test_a_listener() -> None:
    with_port = open_ambient_listener("127.0.0.1:0")
    host, _, port = with_port.address.rpartition(":")
    with socket.create_connection((host, int(port))):
        process = build_process(Grants(sockets=[with_port]))
        assert getattr(process.descriptors.get(3), "file", None) is with_port
        process.close()
    with pytest.raises(ValueError, match="write HOST:PORT"):
        open_ambient_listener("127.0.0.1")


def test_streams_that_are_given() -> None:
    stdin, stdout = BytesInput(b""), Capture()
    process = build_process(Grants(stdin=stdin, stdout=stdout, stderr=stdout))
    files = [getattr(process.descriptors.get(number), "file", None) for number in range(3)]
    assert files == [stdin, stdout, stdout]
    process.close()


def test_nothing_stays_open_when_a_directory_is_missing(tmp_path: Path) -> None:
    before = open_descriptors()
    with pytest.raises(FileNotFoundError):
        build_process(Grants(dirs={"/a": tmp_path, "/b": tmp_path / "nowhere"}))
    assert open_descriptors() == before


def test_closing_gives_everything_back(tmp_path: Path) -> None:
    before = open_descriptors()
    process = build_process(Grants(dirs={"/a": tmp_path, "/b": tmp_path}))
    assert len(open_descriptors()) == len(before) + 2
    process.close()
    process.close()
    assert open_descriptors() == before


def test_more_than_the_limit_of_descriptors_is_said_before_anything_is_opened(tmp_path: Path) -> None:
    before = open_descriptors()
    dirs = {f"/{n}": tmp_path for n in range(6)}
    with pytest.raises(ValueError, match=r"are 9 descriptors, and it may have 8: .*--max-descriptors"):
        build_process(Grants(dirs=dirs, limits=Limits(descriptors=8)))
    assert open_descriptors() == before
    build_process(Grants(dirs=dirs, limits=Limits(descriptors=9))).close()


def test_nobody_is_told_unless_somebody_watches() -> None:
    network, client = Memory().member("a"), Client(Memory().member("b"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        process = build_process(Grants(network=network, http=client, sockets=[listener]))
        assert (process.network, process.http) == (network, client), "there is nothing in the way of what is used"
        assert type(getattr(process.descriptors.get(3), "file", None)) is HostSocket
        process.close()
    one, other = socket.socketpair()
    with other, socket.create_server(("127.0.0.1", 0)) as listener:
        grants = Grants(network=network, http=client, sockets=[listener, one], on_use=print)
        process = build_process(grants)
        files = [getattr(process.descriptors.get(number), "file", None) for number in (3, 4)]
        assert [type(each) for each in (process.network, process.http, *files)] == [
            *(WatchedNetwork, WatchedClient, WatchedListener, HostSocket),
        ]
        process.close()
