"""Every test of WASI 0.1 runs through both previews."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

from interfaces.guest import PREVIEWS, Guest
from remit.filesystems.memory import MemoryFilesystem


@pytest.fixture(params=PREVIEWS, ids=lambda preview: preview.__name__.rpartition(".")[2])
def preview(request: pytest.FixtureRequest) -> ModuleType:
    module: ModuleType = request.param
    return module


@pytest.fixture
def make_guest(preview: ModuleType) -> Iterator[Callable[..., Guest]]:
    """Guests made to measure; each is closed after the test."""
    guests = []

    def make(**options: Any) -> Guest:
        guest = Guest(preview, **options)
        guests.append(guest)
        return guest

    yield make
    for guest in guests:
        guest.close()


@pytest.fixture
def guest(make_guest: Callable[..., Guest]) -> Guest:
    """A guest with an empty file system in memory."""
    return make_guest(filesystem=MemoryFilesystem())
