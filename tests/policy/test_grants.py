"""What can be granted, and that what cannot is refused with the name of it."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from remit.filesystems.memory import MemoryFilesystem
from remit.kernel.limits import Limits
from remit.policy.grants import Grants


def test_nothing_is_granted_by_default() -> None:
    grants = Grants()
    assert (grants.arguments, grants.env, grants.dirs, grants.sockets) == ((), (), {}, ())
    assert (grants.wall_clock, grants.monotonic_clock, grants.random) == (None, None, None)
    assert isinstance(grants.limits, Limits)


def test_text_becomes_bytes() -> None:
    grants = Grants(arguments=["ü", b"\xff"], env={"ü": "ß"})
    assert grants.arguments == (b"\xc3\xbc", b"\xff")
    assert grants.env == ((b"\xc3\xbc", b"\xc3\x9f"),)


@pytest.mark.parametrize("guest_path", ["/", ".", "/a/b", "a b", "/a/", "..", "C:\\x"])
def test_a_guest_path_is_any_name(guest_path: str) -> None:
    memory = MemoryFilesystem()
    assert Grants(dirs={guest_path: memory}).dirs == {guest_path: memory}


def test_host_directories_are_named_by_path() -> None:
    assert Grants(dirs={"/a": Path("x") / "y", "/b": "z"}).dirs == {"/a": str(Path("x") / "y"), "/b": "z"}


@pytest.mark.parametrize(
    ("grant", "error", "message"),
    [
        ({"arguments": [5]}, TypeError, "argument must be a str, not 5"),
        ({"dirs": {"/\udcff": "x"}}, ValueError, "dirs: the guest path '/.udcff' cannot be written as UTF-8"),
        ({"arguments": ["a\0"]}, ValueError, "argument 'a.x00' contains a NUL"),
        ({"arguments": ["\udc80"]}, ValueError, "UTF-8"),
        ({"env": {"A": 5}}, TypeError, "the value of the environment variable 'A' must be a str, not 5"),
        ({"env": {5: "A"}}, TypeError, "environment variable name must be a str, not 5"),
        ({"env": {"A=B": ""}}, ValueError, "'A=B' is empty or contains '='"),
        ({"env": {"": ""}}, ValueError, "'' is empty"),
        ({"env": ["A=B"]}, TypeError, "env must map names to values"),
        ({"dirs": "/x"}, TypeError, "dirs must map guest paths to directories"),
        ({"dirs": {"": "x"}}, ValueError, "'' is empty"),
        ({"dirs": {"a\0b": "x"}}, ValueError, "NUL"),
        ({"dirs": {5: "x"}}, TypeError, "a guest path must be a str, not 5"),
        ({"dirs": {"/x": 5}}, TypeError, r"dirs\['/x'\] must be the path of a host directory .* or a filesystem"),
        ({"dirs": {"/x": b"/tmp"}}, TypeError, r"dirs\['/x'\] must be .*, not b'/tmp'"),
        ({"dirs": {"/x": MemoryFilesystem().root()}}, TypeError, r"dirs\['/x'\] must be"),
        ({"dirs": {"/x": MemoryFilesystem}}, TypeError, r"dirs\['/x'\] must be"),
        ({"sockets": [5]}, TypeError, "sockets: each must be a socket.socket, not 5"),
        ({"wall_clock": 5}, TypeError, "wall_clock must be a Clock of remit.kernel.clocks, not 5"),
        ({"monotonic_clock": "x"}, TypeError, "monotonic_clock must be"),
        ({"random": "seed"}, TypeError, "random must be a RandomSource"),
        ({"limits": 5}, TypeError, "limits must be a remit.Limits, not 5"),
    ],
)
def test_what_cannot_be_granted(grant: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Grants(**grant)


def test_sockets_of_python() -> None:
    with socket.socket() as each:
        assert Grants(sockets=[each]).sockets == (each,)
