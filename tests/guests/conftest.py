"""The marker ``guest(name)``: the test needs a real program, and says which command brings it."""

from __future__ import annotations

import os

import pytest

from tools.guests.bring import client_present
from tools.guests.catalogue import GUESTS

# What differs is shown, as it is for a comparison in a test itself.
pytest.register_assert_rewrite("guests.side_by_side")


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("guest"):
        guest = GUESTS[marker.args[0]]
        if guest.present:
            continue
        reason = f"{guest.name} is not there: python -m tools.guests --only {guest.name}"
        # In continuous integration `make test` has just brought all that this machine can bring.
        if os.environ.get("CI") == "true" and not guest.heavy and client_present(guest.registry):
            pytest.fail(reason)
        pytest.skip(reason)
