"""The worlds that every case of security is tried in."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from security.worlds import EVERYWHERE, NATIVE, ON_THE_HOST, World

if sys.platform != "linux":
    collect_ignore_glob = ["*"]


def made(request: pytest.FixtureRequest, base: Path) -> Iterator[World]:
    preview, rest = request.param.split("-", 1)
    kind, native = rest.rsplit("-", 1)
    world = World(base, preview, kind, native)
    yield world
    world.check()


@pytest.fixture(params=EVERYWHERE)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """Every preview × every filesystem × the fast path on and off."""
    yield from made(request, tmp_path / "world")


@pytest.fixture(params=ON_THE_HOST)
def host_world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """Every preview × both ways to walk on the host × the fast path on and off."""
    yield from made(request, tmp_path / "world")


@pytest.fixture(params=NATIVE)
def native(request: pytest.FixtureRequest) -> bool:
    """The fast path on and off."""
    on: bool = NATIVE[request.param]
    return on
