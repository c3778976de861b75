"""Every scenario holds."""

from __future__ import annotations

import pytest

from wasi_0_2 import basics, files, http, sockets
from wasi_0_2.prelude import PRELUDE
from wasi_0_2.runner import Scenario, run

ALL = {
    "basics": basics.SCENARIOS,
    "files": files.SCENARIOS,
    "http": http.SCENARIOS,
    "sockets": sockets.SCENARIOS,
}


@pytest.mark.parametrize(
    "scenario",
    [pytest.param(each, id=f"{group}: {each.name}") for group, scenarios in ALL.items() for each in scenarios],
)
def test_it_holds(scenario: Scenario) -> None:
    whole = Scenario(
        scenario.name, PRELUDE + scenario.source, scenario.grants, trap=scenario.trap, status=scenario.status
    )
    run(whole)
