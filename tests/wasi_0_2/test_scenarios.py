"""Every scenario holds."""

from __future__ import annotations

import pytest

from wasi_0_2.runner import Scenario, run
from wasi_0_2.scenarios import ALL, whole


@pytest.mark.parametrize(
    "scenario",
    [pytest.param(each, id=f"{group}: {each.name}") for group, scenarios in ALL.items() for each in scenarios],
)
def test_it_holds(scenario: Scenario) -> None:
    run(whole(scenario))
