from __future__ import annotations

from collections.abc import Iterator

import pytest

from remit.kernel.reactor import Reactor


@pytest.fixture
def reactor() -> Iterator[Reactor]:
    """Who waits."""
    reactor = Reactor()
    yield reactor
    reactor.close()
