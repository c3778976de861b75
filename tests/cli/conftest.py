from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def cache_of_its_own(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Commands use a cache that no other test sees; so do the processes they are run in."""
    path = tmp_path_factory.mktemp("cache")
    path.chmod(0o700)
    monkeypatch.setenv("XDG_CACHE_HOME", str(path))
    return path


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that tests share, for programs that take seconds to compile: see `compiled_once`."""
    path = tmp_path_factory.mktemp("compiled")
    path.chmod(0o700)
    return path


@pytest.fixture
def compiled_once(compiled: Path, cache_of_its_own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests of large programs: they are compiled by the first of them."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(compiled))


@pytest.fixture
def guest(tmp_path: Path) -> Callable[[bytes], str]:
    """Keeps a module as a file; its path."""

    def write(wasm: bytes, name: str = "guest.wasm") -> str:
        path = tmp_path / name
        path.write_bytes(wasm)
        return str(path)

    return write
