"""All scenarios, by the module that has them."""

from __future__ import annotations

from wasi_0_2 import basics, files, http, sockets
from wasi_0_2.prelude import PRELUDE
from wasi_0_2.runner import Scenario

ALL = {
    "basics": basics.SCENARIOS,
    "files": files.SCENARIOS,
    "http": http.SCENARIOS,
    "sockets": sockets.SCENARIOS,
}


def whole(scenario: Scenario) -> Scenario:
    """With what every scenario may use before it."""
    return Scenario(
        scenario.name, PRELUDE + scenario.source, scenario.grants, trap=scenario.trap, status=scenario.status
    )
