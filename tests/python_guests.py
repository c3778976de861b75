"""Components written in Python, for tests: built once, by componentize-py."""

from __future__ import annotations

import functools
import os
from pathlib import Path

import pytest

import remit
from tools.guests import python_components


@functools.cache
def component(name: str) -> remit.Component:
    """The component of ``tests/guests/components/NAME``. Skips the test where it cannot be built, but not in CI."""
    loaded: remit.Component = remit.load(component_file(name))
    return loaded


def component_file(name: str) -> Path:
    """The same, as a file."""
    reason = python_components.available()
    if reason is not None:
        # There, `make test` has just brought all that this machine can bring.
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return python_components.built(name)
